// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Malformed policies
 *
 * What is refused is refused with an errno that the documentation lists, and
 * leaves no trace; what is accepted is read back and can be loaded again.
 *
 * FUZZ_SEED repeats a run of the random part, FUZZ_ROUNDS sets its length.
 */

#include <stdarg.h>
#include <sys/uio.h>
#include <time.h>

#include "world.h"

#define RULE "measure func=BPRM_CHECK fowner=61450"
#define RULE_MORE "dont_measure func=FILE_CHECK fowner=61451"

/* How each rule that is read back ends. */
#define END "\x20\n"

#define FSUUID "fsuuid=6a1b8d3c-0000-4000-8000-000000000000"

#define ROUNDS 10000
#define MAX_MUTANT 4096
#define MAX_TEXT (128 * 1024)

/* What the calls said; 0 or a negative errno each. */
struct attempt {
	int open_err, write_err, close_err;
	/* Lines that were taken for rules, those about labels among them. */
	int rules, labels;
	/* What was refused is a path, not a rule. */
	bool path;
};

/* Shared with the agents: what to load, and what came of it. */
struct board {
	struct attempt got;
	size_t size;
	/* At most so many bytes a write(); no matter if 0. */
	size_t chunk;
	char text[MAX_TEXT];
	/* Of the random part. */
	__u64 seed;
	int rounds, accepted, refused, reloaded;
	char why[2 * MAX_MUTANT];
};

static struct board *board;

/* Counts what a write() took, as the kernel is to see it. */
static void count_rule(struct attempt *attempt, const char *text, size_t size)
{
	while (size && (*text == ' ' || *text == '\t')) {
		text++;
		size--;
	}
	if (!size || *text == '#' || *text == '\n')
		return;
	attempt->rules++;
	attempt->labels += memmem(text, size, "obj_", 4) ||
			   memmem(text, size, "subj_", 5);
}

static void write_bytes(struct attempt *attempt, int fd, const char *text,
			size_t size, size_t chunk)
{
	while (size) {
		const size_t part = chunk && chunk < size ? chunk : size;
		const ssize_t n = write(fd, text, part);

		if (n <= 0 || (size_t)n > part) {
			attempt->write_err = n < 0 ? -errno : -EIO;
			attempt->path = *text == '/';
			return;
		}
		count_rule(attempt, text, n);
		text += n;
		size -= n;
	}
}

/* Unlike do_load(), loads any bytes, and tells what each call said. */
static struct attempt load_bytes(const char *text, size_t size, size_t chunk)
{
	struct attempt attempt = {};
	const int fd = open(POLICY, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		attempt.open_err = -errno;
		return attempt;
	}
	write_bytes(&attempt, fd, text, size, chunk);
	attempt.close_err = close(fd) ? -errno : 0;
	return attempt;
}

/*
 * Leaves for a new namespace below the initial one: much the same as a new
 * agent, in a fraction of the time.
 */
static int enter_fresh(void)
{
	static int home = -1;

	if (home < 0)
		home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	else if (setns(home, CLONE_NEWNS))
		return -errno;
	if (home < 0 || unshare(CLONE_NEWNS))
		return -errno;
	return ns_inum(0, "ima") == INIT_INUM ? -ENOENT : 0;
}

static long do_enter_fresh(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return enter_fresh();
}

static long do_load_board(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	board->got = load_bytes(board->text, board->size, board->chunk);
	return 0;
}

FIXTURE(malformed)
{
	struct scratch scratch;
	struct agent agent;
	char *text;
};

FIXTURE_VARIANT(malformed)
{
	/* The policy before, NULL for the default one. */
	const char *before;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(malformed, first) { NULL };
FIXTURE_VARIANT_ADD(malformed, later) { RULE END RULE_MORE END };
/* clang-format on */

static int board_init(void)
{
	void *const area = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return -errno;
	board = area;
	return 0;
}

FIXTURE_SETUP(malformed)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, board_init());
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, 0));
}

FIXTURE_TEARDOWN(malformed)
{
	agent_stop(&self->agent);
	scratch_remove(&self->scratch);
}

/* Gives the agent a new namespace, with the policy of the variant. */
static void start_over(struct __test_metadata *const _metadata,
		       struct _test_data_malformed *self, const char *before)
{
	ASSERT_EQ(0, agent_call(&self->agent, do_enter_fresh, -1, NULL));
	ASSERT_NE(INIT_INUM, ns_inum(self->agent.pid, "ima"));
	if (before)
		ASSERT_EQ(0, agent_load(&self->agent, before));
	free(self->text);
	ASSERT_LT(0, agent_read(&self->agent, POLICY, &self->text));
}

static void assert_text(struct __test_metadata *const _metadata,
			struct _test_data_malformed *self, const char *text)
{
	char *now;

	ASSERT_LT(0, agent_read(&self->agent, POLICY, &now));
	ASSERT_STREQ(text, now);
	free(now);
}

/* Asserts that nothing came of what was tried, and that the next load works. */
static void assert_no_trace(struct __test_metadata *const _metadata,
			    struct _test_data_malformed *self,
			    const char *before)
{
	char expected[1024];

	assert_text(_metadata, self, self->text);
	ASSERT_EQ(0, agent_load(&self->agent, RULE));
	snprintf(expected, sizeof(expected), "%s" RULE END, before ?: "");
	assert_text(_metadata, self, expected);
}

static struct attempt try_bytes(struct _test_data_malformed *self,
				const char *text, size_t size, size_t chunk)
{
	memcpy(board->text, text, size);
	board->size = size;
	board->chunk = chunk;
	agent_call(&self->agent, do_load_board, -1, NULL);
	return board->got;
}

/* Asserts that write() fails, and close() with the same. */
static void assert_refused(struct __test_metadata *const _metadata,
			   struct _test_data_malformed *self,
			   const char *before, const char *text, size_t size,
			   int err)
{
	struct attempt got;

	start_over(_metadata, self, before);
	got = try_bytes(self, text, size, 0);
	EXPECT_EQ(0, got.open_err);
	EXPECT_EQ(err, got.write_err)
	{
		TH_LOG("%.80s", text);
	}
	EXPECT_EQ(err, got.close_err)
	{
		TH_LOG("%.80s", text);
	}
	if (got.close_err)
		assert_no_trace(_metadata, self, before);
}

static const struct {
	int err;
	const char *text;
} bad_lines[] = {
	/* Words */
	{ -EINVAL, "measure_all func=BPRM_CHECK" },
	{ -EINVAL, "MEASURE func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK unknown=1" },
	{ -EINVAL, "measure func=BPRM_CHECK unknown" },
	{ -EINVAL, "measure func=bprm_check" },
	{ -EINVAL, "measure func=BPRM_CHECKS" },
	{ -EINVAL, "measure func=POST_SETATTR" },
	{ -EINVAL, "measure func = BPRM_CHECK" },
	{ -EINVAL, "measure,func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK\r" },
	{ -EINVAL, "measure\vfunc=BPRM_CHECK" },
	{ -EINVAL, "func=BPRM_CHECK" },
	{ -EINVAL, "func=BPRM_CHECK fowner=61450" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=MAY_FLY" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=^" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=^^MAY_READ" },
	/* No value */
	{ -EINVAL, "measure func=" },
	{ -EINVAL, "measure func" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=" },
	{ -EINVAL, "measure func=BPRM_CHECK uid>" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=" },
	{ -EINVAL, "measure func=BPRM_CHECK fsname=" },
	{ -EINVAL, "measure func=BPRM_CHECK fsuuid=" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=" },
	{ -EINVAL, "measure func=BPRM_CHECK template=" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=|" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=.ima||.evm" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=a|" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=|a" },
	/* Ids */
	{ -EINVAL, "measure func=BPRM_CHECK uid=4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=0x10" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=1000x" },
	{ -EINVAL, "measure func=BPRM_CHECK uid>4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK uid<4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=>5" },
	{ -EINVAL, "measure func=BPRM_CHECK euid=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK gid=4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK gid=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK egid=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=abc" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK fgroup=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK fgroup=18446744073709551615" },
	/* Other numbers */
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=xyz" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=0x" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=64" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=4294967306" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=ten" },
	{ -EINVAL, "measure func=BPRM_CHECK fsuuid=1-2-3" },
	{ -EINVAL, "measure fsuuid=6a1b8d3c-0000-4000-8000-00000000000" },
	{ -EINVAL, "measure fsuuid=6a1b8d3cx0000-4000-8000-000000000000" },
	{ -EINVAL, "measure fsuuid=ga1b8d3c-0000-4000-8000-000000000000" },
	/* Templates */
	{ -EINVAL, "measure func=BPRM_CHECK template=no_such" },
	{ -EINVAL, "measure func=BPRM_CHECK template=n-ng|d-ng|" },
	{ -EINVAL, "measure func=BPRM_CHECK template=../ima" },
	{ -EINVAL, "template=ima-ng measure func=BPRM_CHECK" },
	{ -EINVAL, "dont_measure func=BPRM_CHECK template=ima-ng" },
	/* The same twice */
	{ -EINVAL, "measure measure func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=MAY_EXEC mask=MAY_EXEC" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=0 uid=0" },
	{ -EINVAL, "measure func=BPRM_CHECK uid>5 uid<9" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=0 euid=0" },
	{ -EINVAL, "measure func=BPRM_CHECK gid=0 gid=0" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=0 fowner=0" },
	{ -EINVAL, "measure func=BPRM_CHECK fgroup=0 fgroup=0" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=1 fsmagic=1" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=a label=a" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=a keyrings=a" },
	{ -EINVAL, "measure func=BPRM_CHECK template=ima-ng template=ima-ng" },
	{ -EINVAL, "measure " FSUUID " " FSUUID },
	/* What contradicts */
	{ -EINVAL, "measure dont_measure func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK audit" },
	{ -EINVAL, "dont_measure func=BPRM_CHECK pcr=10" },
	{ -EINVAL, "measure func=BPRM_CHECK appraise_type=imasig" },
	{ -EINVAL, "measure func=BPRM_CHECK label=a" },
	{ -EINVAL, "measure func=BPRM_CHECK keyrings=.ima" },
	{ -EINVAL, "measure func=CRITICAL_DATA keyrings=.ima" },
	{ -EINVAL, "measure func=CRITICAL_DATA mask=MAY_READ" },
	{ -EINVAL, "measure func=KEY_CHECK fowner=61450" },
	{ -EINVAL, "measure func=KEXEC_CMDLINE mask=MAY_READ" },
	{ -EINVAL, "measure func=SETXATTR_CHECK" },
	{ -EINVAL, "audit func=KEY_CHECK" },
	{ -EINVAL, "measure func=MODULE_CHECK digest_type=verity" },
	{ -EINVAL, "measure func=BPRM_CHECK digest_type=sha256" },
	{ -EINVAL, "appraise func=POLICY_CHECK appraise_type=no_such" },
	/* No text at all */
	{ -EINVAL, "measure func=BPRM_CHECK \x7f\x45\x4c\x46\x02\x01" },
	{ -EINVAL, "\xff\xfe\xfd\x80\x81\x90\xf0\xaa" },
	{ -EINVAL, "measure func=BPRM_CHECK \xc3\xbc=1" },
	{ -EINVAL, "\xef\xbb\xbfmeasure func=BPRM_CHECK" },
	/* Appraisal */
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=none" },
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=" },
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=sha256,,sha512" },
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=md4" },
	{ -EINVAL, "appraise func=SETXATTR_CHECK" },
	{ -EINVAL, "appraise func=SETXATTR_CHECK appraise_algos=sha256 uid=0" },
	{ -EINVAL, "measure func=SETXATTR_CHECK appraise_algos=sha256" },
	{ -EINVAL, "appraise func=BPRM_CHECK appraise_type=sigv3" },
	{ -EINVAL, "appraise func=BPRM_CHECK digest_type=verity" },
	{ -EINVAL, "appraise func=BPRM_CHECK appraise_type=imasig|modsig" },
	{ -EINVAL, "appraise func=BPRM_CHECK appraise_type=any" },
	{ -EINVAL, "appraise func=BPRM_CHECK template=ima-ng" },
	{ -EINVAL, "appraise func=BPRM_CHECK pcr=11" },
	{ -EINVAL, "appraise func=KEY_CHECK" },
	{ -EINVAL, "appraise func=MODULE_CHECK ns=self" },
	/* Paths, and what is none */
	{ -ENOENT, "/no_such_file" },
	{ -ENOENT, "/tmp/../no_such_file" },
	{ -ENOENT, "/ " RULE },
	{ -ENOTDIR, "/proc/self/status/policy" },
	{ -EINVAL, "/" },
	{ -EINVAL, "/tmp" },
	{ -EINVAL, "/dev/null" },
	{ -EINVAL, "tmp/policy" },
	{ -EINVAL, "./policy" },
	{ -EINVAL, "../policy" },
	{ -EINVAL, " /tmp" },
	{ -EINVAL, "file:///tmp" },
};

/* Each bad line alone, and as the last of several, which then do not count. */
TEST_F_TIMEOUT(malformed, lines, 360)
{
	char text[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_lines); i++) {
		const char *const line = bad_lines[i].text;
		const int err = bad_lines[i].err;

		assert_refused(_metadata, self, variant->before, line,
			       strlen(line), err);
		snprintf(text, sizeof(text), RULE_MORE "\n# also\n%s\n" RULE,
			 line);
		assert_refused(_metadata, self, variant->before, text,
			       strlen(text), err);
	}
}

/* "EINVAL: not a valid rule", also for a number that no type has room for. */
TEST_F(malformed, huge_numbers)
{
	static const char *const names[] = { "uid", "euid", "gid", "egid",
					     "fowner", "fgroup", "fsmagic",
					     "pcr" };
	char text[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text),
			 "measure func=BPRM_CHECK %s=99999999999999999999",
			 names[i]);
		assert_refused(_metadata, self, variant->before, text,
			       strlen(text), -EINVAL);
	}
}

/* A rule that is cut off, or hides behind a NUL, is not that rule. */
TEST_F(malformed, nul)
{
	static const char *const lines[] = {
		RULE "@",
		"@" RULE,
		RULE "@\n" RULE,
		RULE " @uid=0\n",
		RULE "\n@",
		"@\n" RULE,
		"# a comment@\n" RULE,
		"measure@func=BPRM_CHECK\n",
	};
	char text[256], *c;
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		size = strlen(lines[i]);
		memcpy(text, lines[i], size + 1);
		for (c = text; (c = strchr(c, '@')); c++)
			*c = '\0';
		assert_refused(_metadata, self, variant->before, text, size,
			       -EINVAL);
	}
}

/* Writes a good policy to a file of the scratch directory. */
static void good_file(struct __test_metadata *const _metadata,
		      struct _test_data_malformed *self, const char *rules,
		      char path[PATH_MAX])
{
	char unique[33];

	unique_text(unique);
	snprintf(path, PATH_MAX, "%s/%s", self->scratch.dir, unique);
	ASSERT_EQ(0, write_path(path, O_CREAT | O_EXCL, rules, strlen(rules)));
}

/* The same for a path. */
TEST_F(malformed, nul_in_path)
{
	char path[PATH_MAX];
	size_t size;

	good_file(_metadata, self, RULE_MORE, path);
	size = strlen(path);
	memcpy(path + size + 1, "/behind\n", strlen("/behind\n"));
	assert_refused(_metadata, self, variant->before, path,
		       size + 1 + strlen("/behind\n"), -EINVAL);
}

/* And for a path that does not fit: what is left of it is another one. */
TEST_F(malformed, cut_path)
{
	char path[PATH_MAX], text[2 * PATH_MAX];
	size_t size;

	good_file(_metadata, self, RULE_MORE, path);
	size = strlen(path);
	memset(text, '/', sizeof(text));
	memcpy(text + 4095 - size, path, size);
	text[4095] = '#';
	assert_refused(_metadata, self, variant->before, text, 4200, -EINVAL);
}

/*
 * "One rule per line and per write(), ... or an absolute path": a write() that
 * says that it took the line after a path has to mean it.
 */
TEST_F(malformed, line_after_path)
{
	char path[PATH_MAX], text[PATH_MAX + 64], expected[1024];
	struct attempt got;

	good_file(_metadata, self, RULE_MORE, path);
	snprintf(text, sizeof(text), "%s\n" RULE "\n", path);
	start_over(_metadata, self, variant->before);
	got = try_bytes(self, text, strlen(text), 0);
	ASSERT_EQ(got.write_err, got.close_err);
	if (got.close_err) {
		assert_no_trace(_metadata, self, variant->before);
		return;
	}
	snprintf(expected, sizeof(expected), "%s" RULE_MORE END RULE END,
		 variant->before ?: "");
	assert_text(_metadata, self, expected);
}

/* Files are held to the same rules as text. */
TEST_F(malformed, files)
{
	char path[PATH_MAX], *const text = malloc(MAX_TEXT);

	good_file(_metadata, self, RULE_MORE "\n/tmp/policy\n", path);
	assert_refused(_metadata, self, variant->before, path, strlen(path),
		       -EINVAL);
	good_file(_metadata, self, "\177ELF\2\1\1", path);
	assert_refused(_metadata, self, variant->before, path, strlen(path),
		       -EINVAL);
	/* Comments are text. */
	memset(text, '#', MAX_TEXT);
	text[64 * 1024 + 1] = '\0';
	good_file(_metadata, self, text, path);
	assert_refused(_metadata, self, variant->before, path, strlen(path),
		       -EDQUOT);
	free(text);
}

/* No write() has room for these, whatever they begin with. */
TEST_F(malformed, endless_line)
{
	static const size_t sizes[] = { 4095, 4096, 4097, 65535, 65536, 65537,
					100000 };
	char *const text = malloc(MAX_TEXT);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(text, 'a', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memset(text, ' ', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memcpy(text, RULE, strlen(RULE));
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memset(text, '#', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memset(text, '/', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
	}
	free(text);
}

/* Comments and blank lines count against "64 KiB of text" too. */
TEST_F(malformed, too_many_comments)
{
	char *const text = malloc(MAX_TEXT);
	size_t i;

	memset(text, '#', MAX_TEXT);
	for (i = 0; i < MAX_TEXT; i += 100)
		text[i] = '\n';
	assert_refused(_metadata, self, variant->before, text, MAX_TEXT,
		       -EDQUOT);
	free(text);
}

/* Half a rule a write() is two lines, of which the second one is bad. */
TEST_F(malformed, cut)
{
	struct attempt got;
	size_t cut;

	for (cut = 1; cut < strlen(RULE); cut++) {
		start_over(_metadata, self, variant->before);
		got = try_bytes(self, RULE "\n", strlen(RULE) + 1, cut);
		ASSERT_EQ(-EINVAL, got.write_err)
		{
			TH_LOG("cut after %.*s", (int)cut, RULE);
		}
		ASSERT_EQ(-EINVAL, got.close_err);
		assert_no_trace(_metadata, self, variant->before);
	}
}

/* A rule that goes on with many times the same. */
static char *long_rule(const char *rule, const char *again, int times,
		       const char *end)
{
	char *const text = malloc(strlen(rule) + times * strlen(again) +
				  strlen(end) + 1);
	char *c = stpcpy(text, rule);

	while (times--)
		c = stpcpy(c, again);
	stpcpy(c, end);
	return text;
}

/* As long as a line may be, and yet nothing. */
TEST_F(malformed, long_values)
{
	static const struct {
		const char *rule, *again, *end;
	} rows[] = {
		{ "measure func=", "BPRM_CHECK", "" },
		{ "measure func=BPRM_CHECK uid=", "0", "x" },
		{ "measure func=BPRM_CHECK pcr=", "0", "64" },
		{ "measure func=BPRM_CHECK template=", "ima-ng", "" },
		{ "measure func=KEY_CHECK keyrings=", "k|", "" },
		{ "measure func=CRITICAL_DATA label=", "l|", "|l" },
		{ "measure func=BPRM_CHECK fsuuid=", "0", "" },
		{ "measure func=BPRM_CHECK", " uid=0", "" },
	};
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		text = long_rule(rows[i].rule, rows[i].again, 400,
				 rows[i].end);
		assert_refused(_metadata, self, variant->before, text,
			       strlen(text), -EINVAL);
		free(text);
	}
}

/* "Reading shows the rules in force", as they were written. */
static void assert_shown(struct __test_metadata *const _metadata,
			 struct _test_data_malformed *self,
			 const char *before, const char *rule)
{
	char expected[8192], *now;

	start_over(_metadata, self, before);
	ASSERT_EQ(0, agent_load(&self->agent, rule));
	snprintf(expected, sizeof(expected), "%s%s", before ?: "", rule);
	ASSERT_LT(0, agent_read(&self->agent, POLICY, &now));
	EXPECT_STREQ(expected, now);
	free(now);
}

TEST_F(malformed, long_shown)
{
	static const char *const rules[][2] = {
		{ "measure func=CRITICAL_DATA label=", "label" },
		{ "measure func=CRITICAL_DATA label=l", "|l" },
		{ "measure func=KEY_CHECK keyrings=.ima", "|.evm" },
		{ "measure fsname=", "fs" },
	};
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		text = long_rule(rules[i][0], rules[i][1], 400, END);
		assert_shown(_metadata, self, variant->before, text);
		free(text);
	}
}

TEST_F(malformed, extremes_shown)
{
	static const char *const rules[] = {
		"measure func=BPRM_CHECK uid=2147483647" END,
		"measure func=BPRM_CHECK uid=2147483648" END,
		"measure func=BPRM_CHECK euid>4294967294" END,
		"measure func=BPRM_CHECK gid<4294967294" END,
		"measure func=BPRM_CHECK egid=4294967294" END,
		"measure func=BPRM_CHECK fowner=4294967294" END,
		"measure func=BPRM_CHECK fgroup=4294967294" END,
		"measure func=BPRM_CHECK fsmagic=0xffffffffffffffff" END,
		"measure func=BPRM_CHECK pcr=0" END,
		"measure func=BPRM_CHECK pcr=23" END,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		assert_shown(_metadata, self, variant->before, rules[i]);
}

/* The ways to write: each returns the error of write(), or of close(). */
static struct attempt result(int write_err, int close_err)
{
	const struct attempt attempt = {
		.write_err = write_err,
		.close_err = close_err,
	};

	return attempt;
}

static int write_errno(ssize_t ret, size_t size)
{
	if (ret < 0)
		return -errno;
	return (size_t)ret == size ? 0 : -EIO;
}

static int put(int fd, const char *text)
{
	return write_errno(write(fd, text, strlen(text)), strlen(text));
}

static struct attempt way_pwrite(int fd)
{
	const int err = write_errno(pwrite(fd, RULE_MORE, strlen(RULE_MORE),
					   1), strlen(RULE_MORE));

	return result(err, close(fd) ? -errno : 0);
}

/* The good one before is lost as well. */
static struct attempt way_pwrite_second(int fd)
{
	const int first = put(fd, RULE_MORE);
	const int err = write_errno(pwrite(fd, RULE, strlen(RULE), 4096),
				    strlen(RULE));

	return result(first ?: err, close(fd) ? -errno : 0);
}

static struct attempt way_seek(int fd)
{
	const int err = lseek(fd, 1, SEEK_SET) == 1 ? put(fd, RULE_MORE) :
						      -errno;

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_nothing(int fd)
{
	return result(0, close(fd) ? -errno : 0);
}

static struct attempt way_empty(int fd)
{
	const int err = write_errno(write(fd, "", 0), 0);

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_blank(int fd)
{
	const int err = put(fd, "\t \t\n") ?: put(fd, "\t# x\n") ?:
			put(fd, "\n") ?: put(fd, " ") ?: put(fd, "#");

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_bad_address(int fd)
{
	char *const page = mmap(NULL, 4096, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const int first = put(fd, RULE_MORE);
	const int err = write_errno(write(fd, page, 10), 10);

	munmap(page, 4096);
	return result(first ?: err, close(fd) ? -errno : 0);
}

/* The error is told again by each write() and by each close(). */
static struct attempt way_dup(int fd)
{
	const int other = dup(fd);
	const int err = put(fd, "appraise func=MODULE_CHECK ns=self\n");
	const int again = put(other, RULE_MORE);
	const int first = close(fd) ? -errno : 0;
	const int second = close(other) ? -errno : 0;

	if (other < 0 || again != err || first != err)
		return result(-EIO, 0);
	return result(err, second);
}

static struct attempt way_writev(int fd)
{
	struct iovec parts[] = {
		{ RULE_MORE "\n", strlen(RULE_MORE "\n") },
		{ "bad\n", strlen("bad\n") },
	};
	/* What was taken before the error is what it returns. */
	const int err = write_errno(writev(fd, parts, 2), parts[0].iov_len);

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_pwritev(int fd)
{
	struct iovec part = { RULE_MORE "\n", strlen(RULE_MORE "\n") };
	const int err = write_errno(pwritev(fd, &part, 1, 8), part.iov_len);

	return result(err, close(fd) ? -errno : 0);
}

static const struct way {
	const char *name;
	struct attempt (*fn)(int fd);
	int write_err, close_err;
} ways[] = {
	{ "pwrite()", way_pwrite, -EINVAL, -EINVAL },
	{ "pwrite() after a rule", way_pwrite_second, -EINVAL, -EINVAL },
	{ "lseek()", way_seek, -EINVAL, -EINVAL },
	{ "nothing", way_nothing, 0, -EINVAL },
	{ "an empty write", way_empty, 0, -EINVAL },
	{ "blanks", way_blank, 0, -EINVAL },
	{ "a bad address", way_bad_address, -EFAULT, -EFAULT },
	{ "dup()", way_dup, -EINVAL, -EINVAL },
	{ "writev()", way_writev, 0, -EINVAL },
	{ "pwritev()", way_pwritev, -EINVAL, -EINVAL },
};

/* call->flags says which of the ways, call->uid the flags of open(). */
static long do_way(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	fd = open(POLICY, O_WRONLY | O_CLOEXEC | call->uid);
	if (fd < 0)
		return -errno;
	board->got = ways[call->flags].fn(fd);
	return 0;
}

TEST_F(malformed, ways)
{
	static const int flags[] = { 0, O_APPEND, O_TRUNC, O_CREAT,
				     O_NONBLOCK, O_SYNC };
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(ways) * ARRAY_SIZE(flags); i++) {
		n = i % ARRAY_SIZE(ways);
		start_over(_metadata, self, variant->before);
		self->agent.call->flags = n;
		self->agent.call->uid = flags[i / ARRAY_SIZE(ways)];
		ASSERT_EQ(0, agent_call(&self->agent, do_way, -1, NULL));
		ASSERT_EQ(ways[n].write_err, board->got.write_err)
		{
			TH_LOG("%s", ways[n].name);
		}
		ASSERT_EQ(ways[n].close_err, board->got.close_err)
		{
			TH_LOG("%s", ways[n].name);
		}
		assert_no_trace(_metadata, self, variant->before);
	}
}

/* "EACCES: opened for reading and writing", which stops nobody else. */
TEST_F(malformed, open_flags)
{
	start_over(_metadata, self, variant->before);
	ASSERT_EQ(-EACCES, agent_open(&self->agent, POLICY, O_RDWR));
	ASSERT_EQ(-EACCES, agent_open(&self->agent, POLICY, O_RDWR | O_APPEND));
	ASSERT_EQ(-EACCES, agent_open(&self->agent, POLICY, O_RDWR | O_TRUNC));
	ASSERT_EQ(-EEXIST, agent_open(&self->agent, POLICY,
				      O_WRONLY | O_CREAT | O_EXCL));
	ASSERT_EQ(-ENOTDIR, agent_open(&self->agent, POLICY,
				       O_WRONLY | O_DIRECTORY));
	assert_no_trace(_metadata, self, variant->before);
}

/* A rule a part of a writev(), and an empty write() in between, is well. */
static long do_good_ways(struct call *call, int fd)
{
	struct iovec parts[] = {
		{ RULE "\n", strlen(RULE "\n") },
		{ "", 0 },
		{ RULE_MORE "\n", strlen(RULE_MORE "\n") },
	};
	int other, err;

	if (fd >= 0)
		close(fd);
	fd = open(POLICY, O_WRONLY | O_CLOEXEC | O_APPEND);
	other = dup(fd);
	if (fd < 0 || other < 0)
		return -errno;
	err = write_errno(writev(fd, parts, 3),
			  parts[0].iov_len + parts[2].iov_len) ?:
	      write_errno(write(fd, "", 0), 0) ?:
	      write_errno(pwrite(fd, RULE "\n", strlen(RULE "\n"), 0),
			  strlen(RULE "\n"));
	if (close(fd) && !err)
		err = -errno;
	/* It is still being written. */
	fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	if (!err && (fd >= 0 || errno != EBUSY))
		err = -EIO;
	err = err ?: put(other, RULE_MORE);
	if (close(other) && !err)
		err = -errno;
	return err;
}

TEST_F(malformed, good_ways)
{
	char expected[1024];

	start_over(_metadata, self, variant->before);
	ASSERT_EQ(0, agent_call(&self->agent, do_good_ways, -1, NULL));
	snprintf(expected, sizeof(expected),
		 "%s" RULE END RULE_MORE END RULE END RULE_MORE END,
		 variant->before ?: "");
	assert_text(_metadata, self, expected);
}

/* What the mutants descend from: every option, each rule a line. */
static const char *const seeds[] = {
	"measure func=BPRM_CHECK",
	"measure func=BPRM_CHECK mask=MAY_EXEC fowner=61450",
	"measure func=BPRM_CHECK uid=0 gid=0 ns=self",
	"measure func=BPRM_CHECK uid>61450 gid<61460",
	"measure func=BPRM_CHECK euid=61451 egid>5 ns=children",
	"measure func=FILE_CHECK mask=^MAY_READ euid<7 fowner<61452",
	"measure func=FILE_CHECK mask=MAY_WRITE fgroup=61453 permit_directio",
	"measure func=FILE_CHECK mask=MAY_APPEND fgroup>61454 pcr=11",
	"measure func=PATH_CHECK fsname=tmpfs template=ima-sig",
	"measure func=FILE_CHECK template=ima-ngv2 digest_type=verity",
	"measure func=MMAP_CHECK mask=MAY_EXEC fgroup<61455",
	"measure func=MMAP_CHECK_REQPROT egid<61456",
	"measure func=FILE_MMAP " FSUUID,
	"measure func=CREDS_CHECK euid>61457 ns=all",
	"measure func=MODULE_CHECK gid>61458",
	"measure func=FIRMWARE_CHECK",
	"measure func=KEXEC_KERNEL_CHECK template=ima-modsig",
	"measure func=KEXEC_INITRAMFS_CHECK pcr=12",
	"measure func=KEXEC_CMDLINE uid<61459",
	"measure func=POLICY_CHECK fowner>61460",
	"measure func=KEY_CHECK keyrings=.ima|.builtin_trusted_keys",
	"measure func=CRITICAL_DATA label=ima_ns|selinux uid=0",
	"measure func=FILE_CHECK obj_type=lib_t subj_user=system_u",
	"measure fsmagic=0x1021994 egid=61461",
	"dont_measure fsmagic=0x9fa0",
	"dont_measure func=FILE_CHECK obj_role=object_r subj_type=_",
	"audit func=BPRM_CHECK fowner=61462",
	"dont_audit func=MMAP_CHECK ns=self",
	"appraise func=POLICY_CHECK appraise_type=imasig",
	"appraise func=BPRM_CHECK fowner=61463 appraise_type=imasig ns=self",
	"appraise func=MODULE_CHECK appraise_type=imasig|modsig",
	"appraise func=FILE_CHECK fowner=61464 appraise_algos=sha256,sha512",
	"appraise func=MMAP_CHECK digest_type=verity appraise_type=sigv3 uid=9",
	"appraise func=SETXATTR_CHECK appraise_algos=sha256",
	"dont_appraise fsmagic=0x9fa0 permit_directio",
	"# a comment",
	"",
};

static const char *const numbers[] = {
	"0", "1", "10", "23", "24", "63", "64", "61463", "-1", "+5", "007",
	"0x10", "65536", "2147483647", "2147483648", "4294967294",
	"4294967295", "4294967296", "9223372036854775808",
	"18446744073709551615", "18446744073709551616",
	"340282366920938463463374607431768211456",
};

/* Texts that are inserted, too; the last one is a NUL. */
static const char *const pieces[] = {
	"\n", "=", " ", "\t", "#", "|", "^", "<", ">", "/", "%s%n", "\n/", "",
};

struct mutant {
	char text[MAX_MUTANT];
	int size;
};

static __u64 state;

/* Xorshift: the same everywhere, so that a seed is enough to repeat a run. */
static unsigned int below(unsigned int limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state * 0x2545F4914F6CDD1DULL >> 33) % limit;
}

static void cut(struct mutant *m, int at, int size)
{
	memmove(m->text + at, m->text + at + size, m->size - at - size);
	m->size -= size;
}

static void insert(struct mutant *m, int at, const char *text, int size)
{
	char copy[MAX_MUTANT];

	if (m->size + size > MAX_MUTANT)
		return;
	memcpy(copy, text, size);
	memmove(m->text + at + size, m->text + at, m->size - at);
	memcpy(m->text + at, copy, size);
	m->size += size;
}

static bool in_token(char c, bool number)
{
	return number ? c >= '0' && c <= '9' : c != ' ' && c != '\n';
}

/* Finds a token, or a number, near a random place; its size, 0 if none. */
static int find_token(const struct mutant *m, bool number, int *at)
{
	int start = below(m->size), end;

	while (start < m->size && !in_token(m->text[start], number))
		start++;
	for (end = start; end < m->size && in_token(m->text[end], number);)
		end++;
	while (start && in_token(m->text[start - 1], number))
		start--;
	*at = start;
	return end - start;
}

static void mutate_bytes(struct mutant *m, int kind)
{
	const int at = below(m->size);
	const char byte = below(256);

	if (kind == 0)
		m->text[at] ^= 1 << below(8);
	else if (kind == 1)
		m->text[at] = byte;
	else if (kind == 2)
		insert(m, at, &byte, 1);
	else if (kind == 3)
		cut(m, at, 1 + below(m->size - at));
	else
		m->size = 1 + at;
}

static void mutate_tokens(struct mutant *m, int kind)
{
	char first[MAX_MUTANT], second[MAX_MUTANT];
	int at, other, size, other_size;

	size = find_token(m, false, &at);
	other_size = find_token(m, false, &other);
	memcpy(first, m->text + at, size);
	if (kind == 0) {
		insert(m, at, " ", 1);
		insert(m, at, first, size);
		return;
	}
	if (at + size > other || m->size + size > MAX_MUTANT)
		return;
	/* The later one first, so that the earlier one stays where it is. */
	memcpy(second, m->text + other, other_size);
	cut(m, other, other_size);
	insert(m, other, first, size);
	cut(m, at, size);
	insert(m, at, second, other_size);
}

static void mutate_number(struct mutant *m)
{
	const char *const number = numbers[below(ARRAY_SIZE(numbers))];
	int at, size;

	size = find_token(m, true, &at);
	cut(m, at, size);
	insert(m, at, number, strlen(number));
}

static void mutate_insert(struct mutant *m)
{
	const int n = below(ARRAY_SIZE(pieces));

	insert(m, below(m->size), pieces[n], strlen(pieces[n]) ?: 1);
}

static void valid_policy(struct mutant *m)
{
	const int count = 1 + below(5);
	int i;

	m->size = snprintf(m->text, sizeof(m->text), "%s\n",
			   seeds[below(ARRAY_SIZE(seeds) - 2)]);
	for (i = 1; i < count; i++)
		m->size += snprintf(m->text + m->size,
				    sizeof(m->text) - m->size, "%s\n",
				    seeds[below(ARRAY_SIZE(seeds))]);
}

/* The beginning of one, and the end of another policy. */
static void mutate_splice(struct mutant *m)
{
	struct mutant other;
	int at;

	valid_policy(&other);
	at = below(other.size);
	m->size = 1 + below(m->size);
	insert(m, m->size, other.text + at, other.size - at);
}

static void mutate(struct mutant *m)
{
	const int kind = below(11);

	if (kind < 5)
		mutate_bytes(m, kind);
	else if (kind < 7)
		mutate_tokens(m, kind - 5);
	else if (kind == 7)
		mutate_splice(m);
	else if (kind == 8)
		mutate_insert(m);
	else
		mutate_number(m);
	/* The others want something to begin with. */
	if (!m->size)
		insert(m, 0, "\n", 1);
}

/* What the random part knows about the namespace it is in. */
struct fuzz {
	struct mutant mutant;
	/* The policy as it was read last, the default one if fresh. */
	char *text;
	bool fresh;
};

/* Notes what was wrong with the mutant, printable. */
static bool complain(const struct fuzz *fuzz, const char *format, ...)
{
	char *c = board->why;
	va_list args;
	int i;

	va_start(args, format);
	c += vsprintf(c, format, args);
	va_end(args);
	c += sprintf(c, ", chunk %zu: ", board->chunk);
	for (i = 0; i < fuzz->mutant.size; i++) {
		const unsigned char byte = fuzz->mutant.text[i];

		if (c - board->why > (int)sizeof(board->why) - 8)
			break;
		c += sprintf(c, byte < ' ' || byte > '~' ? "\\x%02x" : "%c",
			     byte);
	}
	return false;
}

static int fuzz_start_over(struct fuzz *fuzz)
{
	const int err = enter_fresh();

	free(fuzz->text);
	fuzz->fresh = true;
	return err ?: read_path(POLICY, &fuzz->text) <= 0 ? -EIO : 0;
}

/* The errors that the documentation lists for write(). */
static bool is_documented(const struct attempt *got)
{
	switch (got->write_err) {
	case -EINVAL:
	case -EOPNOTSUPP:
	case -EDQUOT:
		return true;
	case -EACCES:
		return got->path;
	case -ENOENT:
	case -ENOTDIR:
	case -ENAMETOOLONG:
		return got->path;
	}
	return false;
}

/* Loads what was read into another namespace, where it reads the same. */
static bool reload(struct fuzz *fuzz)
{
	char *const text = strdup(fuzz->text);
	struct attempt got;
	bool same;

	if (fuzz_start_over(fuzz))
		return complain(fuzz, "no namespace");
	got = load_bytes(text, strlen(text), 0);
	if (got.write_err || got.close_err)
		return complain(fuzz, "reloading: %d, %d: %.2000s",
				got.write_err, got.close_err, text);
	free(fuzz->text);
	if (read_path(POLICY, &fuzz->text) <= 0)
		return complain(fuzz, "not readable");
	same = !strcmp(text, fuzz->text);
	if (!same)
		return complain(fuzz, "read %.2000s, then %.2000s", text,
				fuzz->text);
	free(text);
	board->reloaded++;
	return !fuzz_start_over(fuzz);
}

/* Rules about labels that no LSM knows are in force, but not shown. */
static bool judge_accepted(struct fuzz *fuzz, const struct attempt *got,
			   char *now)
{
	const size_t old = fuzz->fresh ? 0 : strlen(fuzz->text);
	int more;

	if (strncmp(fuzz->text, now, old))
		return complain(fuzz, "not appended");
	more = count_lines(now + old);
	if (more > got->rules || more < got->rules - got->labels)
		return complain(fuzz, "%d rules, %d shown", got->rules, more);
	free(fuzz->text);
	fuzz->text = now;
	fuzz->fresh = false;
	board->accepted++;
	if (board->accepted % 100 == 0 && *now)
		return reload(fuzz);
	/* Some are appended to what is there, up to some length. */
	if (strlen(now) > 1000 || !below(4))
		return !fuzz_start_over(fuzz);
	return true;
}

static bool judge_refused(struct fuzz *fuzz, const struct attempt *got,
			  char *now)
{
	const bool same = !strcmp(fuzz->text, now);

	free(now);
	board->refused++;
	return same || complain(fuzz, "%d, and a new policy", got->close_err);
}

/* @now is what is read after the load. */
static bool judge(struct fuzz *fuzz, const struct attempt *got, char *now)
{
	/* Without a rule, only close() can tell. */
	const int expected = got->write_err ?: got->rules ? 0 : -EINVAL;

	if (got->open_err)
		return complain(fuzz, "open: %d", got->open_err);
	if (got->write_err && !is_documented(got))
		return complain(fuzz, "write: %d", got->write_err);
	if (got->close_err != expected)
		return complain(fuzz, "write: %d, close: %d", got->write_err,
				got->close_err);
	return expected ? judge_refused(fuzz, got, now) :
			  judge_accepted(fuzz, got, now);
}

/* Whoever goes by that may be denied anything, ima/policy included. */
static bool appraises(const struct mutant *m)
{
	return memmem(m->text, m->size, "appraise", strlen("appraise"));
}

static bool fuzz_round(struct fuzz *fuzz)
{
	/*
	 * Some are left as they are: these have to be taken.  Only some, as
	 * putting a policy in force takes a grace period.
	 */
	const int mutations = below(16) ? 1 + below(4) : 0;
	struct attempt got;
	char *now;
	int i;

	valid_policy(&fuzz->mutant);
	for (i = 0; i < mutations; i++)
		mutate(&fuzz->mutant);
	board->chunk = mutations && !below(8) ? 1 + below(fuzz->mutant.size) :
						0;
	got = load_bytes(fuzz->mutant.text, fuzz->mutant.size, board->chunk);
	if (!mutations && got.close_err)
		return complain(fuzz, "valid, but %d", got.close_err);
	if (!got.close_err && appraises(&fuzz->mutant)) {
		board->accepted++;
		return !fuzz_start_over(fuzz);
	}
	if (read_path(POLICY, &now) < 0)
		return complain(fuzz, "not readable");
	return judge(fuzz, &got, now);
}

static long do_fuzz(struct call *call, int fd)
{
	struct fuzz fuzz = {};
	int i;

	if (fd >= 0)
		close(fd);
	state = board->seed;
	if (fuzz_start_over(&fuzz))
		return -1;
	for (i = 0; i < board->rounds; i++) {
		if (!fuzz_round(&fuzz))
			return i + 1;
	}
	return 0;
}

FIXTURE(random)
{
	struct agent agent;
};

FIXTURE_SETUP(random)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, board_init());
	ASSERT_EQ(0, agent_start(&self->agent, NULL, 0));
}

FIXTURE_TEARDOWN(random)
{
	agent_stop(&self->agent);
}

/* 0 is what a xorshift never leaves. */
static __u64 fuzz_seed(void)
{
	const char *const given = getenv("FUZZ_SEED");
	__u64 seed = given ? strtoull(given, NULL, 0) : 0;

	while (!seed) {
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			abort();
	}
	return seed;
}

/*
 * "A policy is put in force as a whole, or not at all": whatever is written,
 * it is one or the other, and what is in force is what can be read.
 */
TEST_F_TIMEOUT(random, mutants, 800)
{
	const char *const rounds = getenv("FUZZ_ROUNDS");
	const time_t start = time(NULL);
	long bad;

	board->seed = fuzz_seed();
	board->rounds = rounds ? atoi(rounds) : ROUNDS * scale();
	TH_LOG("FUZZ_SEED=%#llx, %d rounds", board->seed, board->rounds);
	bad = agent_call(&self->agent, do_fuzz, -1, NULL);
	ASSERT_EQ(0, bad)
	{
		TH_LOG("Round %ld: %s", bad, board->why);
	}
	TH_LOG("%d accepted, %d refused, %d loaded again, in %ld s",
	       board->accepted, board->refused, board->reloaded,
	       time(NULL) - start);
	ASSERT_EQ(board->rounds, board->accepted + board->refused);
	/* Little of each, and enough to see that it was tried. */
	ASSERT_LT(board->rounds / 20, board->accepted);
	ASSERT_LT(board->rounds / 20, board->refused);
	ASSERT_LE(board->rounds / 4000, board->reloaded);
}

TEST_HARNESS_MAIN
