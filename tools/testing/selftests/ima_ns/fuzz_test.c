// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Policies at random
 *
 * Whatever is written, it is accepted or refused with an errno that the
 * documentation lists; what is accepted is read back and can be loaded again.
 *
 * FUZZ_SEED repeats a run, FUZZ_ROUNDS sets its length.
 */

#include <stdarg.h>
#include <time.h>

#include "bytes.h"

#define ROUNDS 10000
#define MAX_MUTANT 4096

/* Shared with the agent: what to do, and what came of it. */
struct board {
	__u64 seed;
	/* At most so many bytes a write(); no matter if 0. */
	size_t chunk;
	int rounds, accepted, refused, reloaded;
	char why[2 * MAX_MUTANT];
};

static struct board *board;

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
	board = shared_memory(sizeof(*board));
	ASSERT_NE(NULL, board);
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
