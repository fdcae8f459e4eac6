// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What today's verifiers expect of a list
 *
 * Each test states an expectation of Keylime (keylime/ima/ast.py, and the
 * agent's reader of the list) or of LTP's scripts (ima_setup.sh,
 * ima_measurements.sh, ima_tpm.sh), written here anew from what these do: that a
 * container's list is one that they can read.  Whether the host's template is
 * ima-ng or ima-sig is a matter of the boot.
 */

#include <ctype.h>

#include "sign.h"
#include "replay.h"

#define RULES								\
	"measure func=BPRM_CHECK\n"					\
	"measure func=CRITICAL_DATA label=ima_ns\n"			\
	"measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"

/* One line of an ASCII list, as Keylime takes it apart. */
struct entry {
	char pcr[8];
	char digest[2 * MAX_DIGEST + 1];
	char template[32];
	/* "sha256", and hexadecimal digits. */
	char algo[16];
	char hash[2 * MAX_DIGEST + 1];
	char name[PATH_MAX];
	/* A signature or a buffer in hexadecimal digits; may be empty. */
	const char *third;
	bool has_third;
};

FIXTURE(expect)
{
	struct scratch scratch;
	struct agent agent;
	long id;
	const char *template;
	char plain[PATH_MAX], signed_file[PATH_MAX], spaces[PATH_MAX];
};

/* The kernel's default template: what the boot parameter says, or ima-ng. */
static const char *default_template(void)
{
	const char *template = "ima-ng";
	char *text;

	if (read_path("/proc/cmdline", &text) > 0 &&
	    contains(text, "ima_template=ima-sig"))
		template = "ima-sig";
	free(text);
	return template;
}

/* A file that is read while it is changed. */
static int violate(struct agent *agent, const struct scratch *scratch)
{
	char path[PATH_MAX];
	int held, err;

	err = scratch_subject(scratch, "violated", OWNER_PLAIN, path);
	if (err)
		return err;
	held = agent_open(agent, path, O_RDONLY);
	if (held < 0)
		return held;
	err = agent_append(agent, path, "changed");
	close(held);
	return err;
}

FIXTURE_SETUP(expect)
{
	struct agent *const agent = &self->agent;

	self->template = default_template();
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(agent, NULL, CLONE_NEWNS));
	self->id = agent_number(agent, "id");
	ASSERT_EQ(0, agent_load(agent, RULES));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "plain", 0, self->plain));
	ASSERT_EQ(0, agent_exec(agent, self->plain, 0));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "signed", 0,
				     self->signed_file));
	ASSERT_EQ(0, sign_file(self->signed_file, "a", "sha256"));
	ASSERT_EQ(0, agent_exec(agent, self->signed_file, 0));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "with two spaces", 0,
				     self->spaces));
	ASSERT_EQ(0, agent_exec(agent, self->spaces, 0));
	ASSERT_EQ(0, violate(agent, &self->scratch));
	ASSERT_EQ(1, agent_number(agent, "violations"));
}

FIXTURE_TEARDOWN(expect)
{
	agent_stop(&self->agent);
	scratch_remove(&self->scratch);
}

/* Copies a word up to the next blank; what follows that, or NULL. */
static const char *word(const char *text, char *copy, size_t size)
{
	const size_t n = strcspn(text, " ");

	if (!n || n >= size || text[n] != ' ')
		return NULL;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return text + n + 1;
}

static bool is_hex(const char *text, size_t n)
{
	return strspn(text, "0123456789abcdef") == n;
}

/* "sha256:DIGEST". */
static bool split_digest(const char *field, struct entry *entry)
{
	const char *const colon = strchr(field, ':');

	if (!colon || colon == field || colon - field >= 16)
		return false;
	snprintf(entry->algo, sizeof(entry->algo), "%.*s", (int)(colon - field),
		 field);
	snprintf(entry->hash, sizeof(entry->hash), "%s", colon + 1);
	return strlen(entry->hash) >= 40 &&
	       is_hex(entry->hash, strlen(entry->hash));
}

/* Takes a line apart as Entry() does: fields are what single blanks separate. */
static bool parse_entry(char *line, struct entry *entry)
{
	char digest[160];
	const char *rest = line;
	char *blank;

	rest = word(rest, entry->pcr, sizeof(entry->pcr));
	rest = rest ? word(rest, entry->digest, sizeof(entry->digest)) : NULL;
	rest = rest ? word(rest, entry->template, sizeof(entry->template)) : NULL;
	rest = rest ? word(rest, digest, sizeof(digest)) : NULL;
	if (!rest || !split_digest(digest, entry))
		return false;
	blank = strchr(rest, ' ');
	entry->has_third = blank;
	entry->third = blank ? blank + 1 : "";
	snprintf(entry->name, sizeof(entry->name), "%.*s",
		 (int)strcspn(rest, " "), rest);
	return *entry->name && !strchr(entry->third, ' ') &&
	       is_hex(entry->third, strlen(entry->third));
}

static size_t put_size(unsigned char *to, size_t size)
{
	int i;

	for (i = 0; i < 4; i++)
		to[i] = size >> (8 * i);
	return 4;
}

/* What the template's digest is of: Mode.bytes(). */
static size_t entry_bytes(const struct entry *entry, unsigned char *to)
{
	const size_t hash = strlen(entry->hash) / 2;
	const size_t algo = strlen(entry->algo);
	const size_t name = strlen(entry->name) + 1;
	const size_t third = strlen(entry->third) / 2;
	size_t n = put_size(to, algo + 2 + hash);

	n += sprintf((char *)to + n, "%s:", entry->algo) + 1;
	from_hex(entry->hash, to + n, hash);
	n += hash;
	n += put_size(to + n, name);
	memcpy(to + n, entry->name, name);
	n += name;
	if (strcmp(entry->template, "ima-ng")) {
		n += put_size(to + n, third);
		from_hex(entry->third, to + n, third);
		n += third;
	}
	return n;
}

/* Runs @check on each line of a bank's list: the number of lines. */
static int each_entry(struct __test_metadata *const _metadata, long id,
		      const struct bank *bank,
		      void (*check)(struct __test_metadata *const _metadata,
				    const struct bank *bank,
				    const struct entry *entry))
{
	char file[64], *text, *line, *next;
	struct entry entry;
	int count = 0;

	snprintf(file, sizeof(file), "ascii_runtime_measurements_%s", bank->name);
	ASSERT_LT(0, ns_read(id, file, &text));
	for (line = strtok_r(text, "\n", &next); line;
	     line = strtok_r(NULL, "\n", &next)) {
		ASSERT_TRUE(parse_entry(line, &entry))
		{
			TH_LOG("%s: '%s'", bank->name, line);
		}
		check(_metadata, bank, &entry);
		count++;
	}
	free(text);
	return count;
}

static void check_fields(struct __test_metadata *const _metadata,
			 const struct bank *bank, const struct entry *entry)
{
	ASSERT_STREQ("10", entry->pcr);
	ASSERT_TRUE(is_hex(entry->digest, 2 * bank->size));
	if (!strcmp(entry->template, "ima-buf")) {
		ASSERT_TRUE(entry->has_third && *entry->third);
		return;
	}
	ASSERT_STREQ(default_template(), entry->template);
	ASSERT_EQ(!strcmp(entry->template, "ima-sig"), entry->has_third);
}

/*
 * Keylime, Entry(): four words, of which the third is ima, ima-ng, ima-sig or
 * ima-buf; Entry.invalid(): PCR 10 in every line.
 */
TEST_F_TIMEOUT(expect, keylime_fields, 120)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_banks); i++)
		ASSERT_EQ(agent_number(&self->agent,
				       "runtime_measurements_count"),
			  each_entry(_metadata, self->id, &all_banks[i],
				     check_fields));
}

static int violations;

static void check_digest(struct __test_metadata *const _metadata,
			 const struct bank *bank, const struct entry *entry)
{
	unsigned char bytes[4 * PATH_MAX];
	char hex[2 * MAX_DIGEST + 1];

	if (strspn(entry->digest, "0") == 2 * bank->size) {
		violations++;
		ASSERT_EQ(strlen(entry->hash), strspn(entry->hash, "0"));
		return;
	}
	sha_hex(bank->sha, bytes, entry_bytes(entry, bytes), hex);
	ASSERT_STREQ(hex, entry->digest)
	{
		TH_LOG("%s, %s, of %s", bank->name, entry->template, entry->name);
	}
}

/*
 * Keylime, Entry.invalid(): the second word is the digest of what the others
 * say, by the algorithm of the file; or zeros, which stand for a violation.
 */
TEST_F_TIMEOUT(expect, keylime_digests, 120)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_banks); i++) {
		violations = 0;
		each_entry(_metadata, self->id, &all_banks[i], check_digest);
		ASSERT_EQ(1, violations);
	}
}

/* Keylime, the default path and log_hash_alg: the file without a bank is SHA-1's. */
TEST_F_TIMEOUT(expect, keylime_default_is_sha1, 120)
{
	char *plain, *sha1_list;

	ASSERT_LT(0, agent_read(&self->agent, ASCII_LIST, &plain));
	ASSERT_LT(0, agent_read(&self->agent, ASCII_LIST "_sha1", &sha1_list));
	ASSERT_STREQ(sha1_list, plain);
	free(plain);
	free(sha1_list);
}

/*
 * The Keylime agent opens the list anew, seeks to the byte where it was, and
 * reads on: what was read stays as it is, and what it gets are whole lines.
 */
TEST_F_TIMEOUT(expect, keylime_agent_seeks, 120)
{
	char *before, *after, more[4096];
	ssize_t size, n;
	int list;

	size = agent_read(&self->agent, ASCII_LIST, &before);
	ASSERT_LT(0, size);
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->agent, 0, 1));
	list = agent_open(&self->agent, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, list);
	ASSERT_EQ(size, lseek(list, size, SEEK_SET));
	n = read(list, more, sizeof(more) - 1);
	ASSERT_LT(0, n);
	more[n] = '\0';
	ASSERT_EQ(0, strncmp(more, "10 ", 3));
	ASSERT_EQ(1, count_lines(more));
	ASSERT_LT(0, read_fd(list, &after));
	ASSERT_EQ(0, strncmp(before, after, size));
	ASSERT_STREQ(more, after + size);
	close(list);
	free(before);
	free(after);
}

/* The last line of the container's list about a path, as LTP greps for it. */
static void last_line(struct __test_metadata *const _metadata,
		      struct agent *agent, const char *path, char *line)
{
	char *text, *c, *end;

	*line = '\0';
	ASSERT_LT(0, agent_read(agent, ASCII_LIST, &text));
	for (c = text; (end = strchr(c, '\n')); c = end + 1) {
		*end = '\0';
		if (contains(c, path))
			snprintf(line, 4 * PATH_MAX, "%s", c);
	}
	free(text);
	ASSERT_NE('\0', *line);
}

/* LTP, ima_setup.sh: `cut -d' ' -f4` is "algorithm:digest" of ima-ng and ima-sig. */
TEST_F_TIMEOUT(expect, ltp_digest_column, 120)
{
	char line[4 * PATH_MAX], evidence[EVIDENCE_SIZE], column[EVIDENCE_SIZE];
	const char *c = line;
	int i;

	last_line(_metadata, &self->agent, self->plain, line);
	for (i = 1; i < 4; i++) {
		c = strchr(c, ' ');
		ASSERT_NE(NULL, c);
		c++;
	}
	snprintf(column, sizeof(column), " %.*s %s", (int)strcspn(c, " "), c,
		 self->plain);
	ASSERT_EQ(0, file_evidence(self->plain, self->plain, evidence,
				   sizeof(evidence)));
	ASSERT_STREQ(evidence, column);
}

/* LTP, ima_tpm.sh: the first line is the boot_aggregate, `%2d` and blanks as ever. */
TEST_F_TIMEOUT(expect, ltp_first_line, 120)
{
	struct list list;
	char line[PATH_MAX];
	size_t len;

	list.count = agent_read(&self->agent, ASCII_LIST, &list.text);
	ASSERT_LT(0, list.count);
	list.count = count_lines(list.text);
	ASSERT_EQ(0, list_line(&list, 0, line, sizeof(line)));
	ASSERT_EQ(0, strncmp(line, "10 ", 3));
	ASSERT_TRUE(contains(line, " boot_aggregate"));
	/* An empty field still has its blank. */
	len = strlen(line);
	ASSERT_EQ(!strcmp(self->template, "ima-sig"), line[len - 1] == ' ');
	list_free(&list);
}

/* "Spaces in path names are replaced by `_`", so that words can be counted. */
TEST_F_TIMEOUT(expect, spaces, 120)
{
	char line[4 * PATH_MAX];

	last_line(_metadata, &self->agent, "/with_two_spaces", line);
	ASSERT_FALSE(contains(line, "with two"));
}

/* evmctl and Keylime look for the signature in the fifth word after the name. */
TEST_F_TIMEOUT(expect, signature, 120)
{
	unsigned char value[1024];
	char line[4 * PATH_MAX], hex[2 * sizeof(value) + 2] = " ";
	const ssize_t size = getxattr(self->signed_file, XATTR_IMA, value,
				      sizeof(value));

	ASSERT_LT(0, size);
	to_hex(value, size, hex + 1);
	last_line(_metadata, &self->agent, self->signed_file, line);
	ASSERT_EQ(!strcmp(self->template, "ima-sig"), contains(line, hex))
	{
		TH_LOG("%s", line);
	}
}

TEST_HARNESS_MAIN
