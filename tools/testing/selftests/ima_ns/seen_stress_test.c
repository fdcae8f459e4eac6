// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What was seen before: all at the same time
 *
 * Readers in several namespaces open one file in a tight loop while it is written,
 * and while whatever they rely on changes.  Each version of the file says which
 * one it is, so that a reader knows what it saw; and the writer says when it has
 * the file open, so that a reader knows when it was alone with it.
 *
 * Whatever the interleaving: what a reader saw alone is in the list of its level
 * and of all those above, and what it saw besides is there, or else a violation is
 * for each such version.  SCALE multiplies the versions.
 */

#include <sys/xattr.h>

#include "seen.h"
#include "keys.h"

#define OWNER_STRESS 61940
#define USER 61941

/* What root reads is recorded, and what the user does is not. */
#define RULES "measure func=FILE_CHECK mask=MAY_READ fowner=61940 uid=0\n"

#define READERS 4
#define DISTURBERS 4
#define VERSIONS (200 * scale())
#define MAX_VERSIONS 65536
/* Times that each reader is alone with every other version. */
#define TIMES 6
/* There is room for a thousand. */
#define MAX_RULES 500

/* What all processes of the test share. */
static struct shared {
	/* Odd while the writer has the file open; half of it is the version. */
	unsigned int turn;
	bool stop, failed;
	unsigned int alone[READERS];
	/* Versions that a reader saw when it was alone with the file, or not. */
	bool saw_alone[READERS][MAX_VERSIONS], saw[READERS][MAX_VERSIONS];
} *shared;

/*
 * host ── [1] ─┬─ [2]
 *              └─ sibling
 *
 * A reader is in each; the host writes.  In [1] and [2] are who disturb.
 */
FIXTURE(race)
{
	struct scratch scratch;
	struct chain chain;
	struct agent sibling;
	int sibling_list;
	pid_t pids[READERS + DISTURBERS];
	char name[33], path[PATH_MAX];
};

static int version_text(char text[64], const char *name, unsigned int version)
{
	return snprintf(text, 64, "%s %08u\n", name, version);
}

static int write_version(const char *path, const char *name,
			 unsigned int version)
{
	char text[64];
	const int size = version_text(text, name, version);

	return write_path(path, O_TRUNC, text, size);
}

FIXTURE_SETUP(race)
{
	struct chain *const chain = &self->chain;
	int i;

	/* Before there are agents, who share it, too. */
	shared = shared_memory(sizeof(*shared));
	ASSERT_NE(NULL, shared);
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, host_load_once(RULES, "fowner=61940"));
	ASSERT_EQ(0, chain_start(chain, "---"));
	ASSERT_EQ(0, level_start(&self->sibling, &chain->agent[1], '-',
				 &self->sibling_list));
	for (i = 1; i < chain->length; i++)
		ASSERT_EQ(0, agent_load(&chain->agent[i], RULES));
	ASSERT_EQ(0, agent_load(&self->sibling, RULES));

	unique_text(self->name);
	snprintf(self->path, PATH_MAX, "%s/%s", self->scratch.dir, self->name);
	ASSERT_EQ(0, write_path(self->path, O_CREAT, "", 0));
	ASSERT_EQ(0, chown(self->path, OWNER_STRESS, OWNER_STRESS));
	ASSERT_EQ(0, write_version(self->path, self->name, 0));
}

FIXTURE_TEARDOWN(race)
{
	close(self->sibling_list);
	agent_stop(&self->sibling);
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

static unsigned int now(void)
{
	return __atomic_load_n(&shared->turn, __ATOMIC_SEQ_CST);
}

static void next_turn(void)
{
	__atomic_add_fetch(&shared->turn, 1, __ATOMIC_SEQ_CST);
}

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&shared->failed, __ATOMIC_ACQUIRE);
}

static __noreturn void finish(bool failed, int line)
{
	if (failed)
		__atomic_store_n(&shared->failed, true, __ATOMIC_RELEASE);
	_exit(failed ? line : 0);
}

/* The version that a file has, or -1 if none is whole. */
static int read_version(const char *path, const char *name)
{
	char text[65] = "", expected[64];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int version;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, 64);
	close(fd);
	if (n < 33 || sscanf(text + 32, " %u\n", &version) != 1)
		return -1;
	version_text(expected, name, version);
	return strcmp(expected, text) || version >= MAX_VERSIONS ? -1 :
								    (int)version;
}

/* Reads it as root, and notes what it was; false: not what was written last. */
static bool read_as_root(int reader, const char *path, const char *name)
{
	const unsigned int before = now();
	const int version = read_version(path, name);

	if (version >= 0)
		shared->saw[reader][version] = true;
	if (before % 2 || before != now())
		return true;
	if (version != (int)before / 2)
		return false;
	shared->saw_alone[reader][version] = true;
	__atomic_add_fetch(&shared->alone[reader], 1, __ATOMIC_SEQ_CST);
	return true;
}

/* In between as somebody whose accesses are nobody's business. */
static __noreturn void read_on(int reader, const char *path, const char *name)
{
	int i;

	for (i = 0; !stopped(); i++) {
		if (i % 3 != 2) {
			if (!read_as_root(reader, path, name))
				finish(true, __LINE__);
			continue;
		}
		if (setresuid(USER, 0, 0))
			finish(true, __LINE__);
		read_version(path, name);
		if (setresuid(0, 0, 0))
			finish(true, __LINE__);
	}
	finish(false, 0);
}

static int load_here(const char *rule)
{
	const int fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write_rules(fd, rule);
	return close(fd) || err;
}

/* The next one of a thing that decisions rest on is different. */
static int disturb_once(int which, const char *path, int i, long ring)
{
	char rule[64];

	switch (which) {
	case 0:
		return chmod(path, i % 2 ? 0644 : 0600);
	case 1:
		return setxattr(path, "security.ima", "\004", 1, 0) ||
		       removexattr(path, "security.ima");
	case 2:
		return syscall(__NR_keyctl, KEYCTL_CLEAR, ring, 0, 0, 0);
	default:
		if (i >= MAX_RULES)
			return 0;
		snprintf(rule, sizeof(rule), "measure func=BPRM_CHECK uid=%d\n",
			 70000 + i);
		return load_here(rule);
	}
}

/* Disturbs each version a few times. */
static __noreturn void disturb(int which, const char *path)
{
	const int ring_file = open(KEYRING_FILE, O_RDONLY | O_CLOEXEC);
	unsigned int before;
	bool locked;
	long ring;
	int i;

	ring = parse_keyring(ring_file, &locked);
	if (ring <= 0 ||
	    syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(__NR_keyctl, KEYCTL_LINK, ring, KEY_SPEC_SESSION_KEYRING))
		finish(true, __LINE__);
	for (i = 0; !stopped(); i++) {
		before = now();
		if (disturb_once(which, path, i, ring))
			finish(true, __LINE__);
		while (i % 3 == 2 && before == now() && !stopped())
			sched_yield();
	}
	finish(false, 0);
}

/* Runs in the agent: a process of its own, which the test reaps. */
static long do_start(struct call *call, int fd)
{
	/* The next call may be on its way before the child looks. */
	char path[PATH_MAX], name[33];
	const int which = call->flags;
	pid_t pid;

	snprintf(path, sizeof(path), "%s", call->path);
	snprintf(name, sizeof(name), "%.32s", call->text);
	pid = clone_flags(CLONE_PARENT);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (which < READERS)
		read_on(which, path, name);
	disturb(which - READERS, path);
}

static void start_all(struct __test_metadata *const _metadata,
		      struct _test_data_race *self)
{
	struct agent *const level = self->chain.agent;
	struct agent *const where[] = {
		&level[0], &level[1], &level[2], &self->sibling,
		&level[2], &level[1], &level[2], &level[1],
	};
	int i;

	for (i = 0; i < READERS + DISTURBERS; i++) {
		snprintf(where[i]->call->path, PATH_MAX, "%s", self->path);
		snprintf(where[i]->call->text, TEXT_SIZE, "%s", self->name);
		where[i]->call->flags = i;
		self->pids[i] = agent_call(where[i], do_start, -1, NULL);
		ASSERT_LT(0, self->pids[i]);
	}
}

/* Lets each reader be alone with the file. */
static void wait_for_readers(void)
{
	unsigned int alone[READERS];
	int i;

	memcpy(alone, shared->alone, sizeof(alone));
	for (i = 0; i < READERS; i++) {
		while (!stopped() &&
		       __atomic_load_n(&shared->alone[i], __ATOMIC_SEQ_CST) -
		       alone[i] < TIMES)
			sched_yield();
	}
}

/* Asserts that a list has all that these readers, by bits, saw. */
static void check_list(struct __test_metadata *const _metadata,
		       struct _test_data_race *self, int fd, int readers)
{
	char text[64], hex[65], evidence[128];
	struct list list;
	int version, i, unlisted = 0, missing = 0;

	ASSERT_EQ(0, list_read(fd, &list));
	for (version = 0; version <= VERSIONS; version++) {
		bool saw = false, alone = false;

		for (i = 0; i < READERS; i++) {
			if (!(readers & 1 << i))
				continue;
			saw |= shared->saw[i][version];
			alone |= shared->saw_alone[i][version];
		}
		sha256_hex(text, version_text(text, self->name, version), hex);
		snprintf(evidence, sizeof(evidence), " sha256:%s ", hex);
		if (contains(list.text, evidence))
			continue;
		unlisted += saw;
		missing += alone;
	}
	list_free(&list);
	EXPECT_EQ(0, missing)
	{
		TH_LOG("Readers %x", readers);
	}
	EXPECT_GE(fd_count_violations(fd, self->name), unlisted)
	{
		TH_LOG("Readers %x", readers);
	}
}

TEST_F_TIMEOUT(race, all, 400 * scale())
{
	int version, i;

	ASSERT_GT(MAX_VERSIONS, VERSIONS);
	start_all(_metadata, self);
	for (version = 1; version <= VERSIONS && !stopped(); version++) {
		next_turn();
		EXPECT_EQ(0, write_version(self->path, self->name, version));
		next_turn();
		/* The others are written whoever is at it. */
		if (version % 2)
			wait_for_readers();
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < READERS + DISTURBERS; i++) {
		EXPECT_EQ(0, reap(self->pids[i]))
		{
			TH_LOG("Process %d, and the line where it ended", i);
		}
	}
	ASSERT_FALSE(shared->failed);
	/* Each level has what was read in it, and below. */
	check_list(_metadata, self, self->chain.lists[0], 15);
	check_list(_metadata, self, self->chain.lists[1], 14);
	check_list(_metadata, self, self->chain.lists[2], 4);
	check_list(_metadata, self, self->sibling_list, 8);
}

TEST_HARNESS_MAIN
