// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What was seen before: the kernel's lock statistics
 *
 * "An access measured before takes no mutex and no spinlock in IMA": neither those of
 * IMA nor the inode's, at any level, as the kernel counts how often each is taken.
 * What has to be looked at takes them, by the same count.
 */

#include "seen.h"

#define OWNER_LOCKS 61960
#define RULES "measure fowner=61960\n"

#define LOCK_STAT "/proc/lock_stat"
#define LOCK_STAT_ON "/proc/sys/kernel/lock_stat"

#define ROUNDS 200
/* The rest of the machine takes some, too. */
#define FEW (ROUNDS / 10)
/* Such as none is. */
#define NO_LEVEL MAX_LEVEL

/*
 * What is in the names of the locks that IMA has or takes, and from which level on they
 * are taken by a look.
 */
static const struct {
	const char *name;
	int level;
} locks[] = {
	{ "i_mutex_key", 0 },
	{ "ima_iint_mutex_key", 0 },
	{ "log.lock", 0 },
	{ "ima_ns_status_lock", 1 },
	{ "ima_", 0 },
	{ "who_lock", NO_LEVEL },
	{ "owners_lock", NO_LEVEL },
	{ "vtpm->lock", NO_LEVEL },
	{ "template_list", NO_LEVEL },
};

/* host ── [1] ── [2] ── [3], which all have the same rules; one of them acts. */
FIXTURE(locks)
{
	struct scratch scratch;
	struct chain chain;
	struct agent *actor;
	char was_on[2], path[PATH_MAX];
};

FIXTURE_VARIANT(locks)
{
	int level;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(locks, host) { 0 };
FIXTURE_VARIANT_ADD(locks, deep) { 3 };
/* clang-format on */

FIXTURE_SETUP(locks)
{
	char name[33], *text;
	int i;

	if (access(LOCK_STAT, F_OK))
		SKIP(return, "needs CONFIG_LOCK_STAT");
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(RULES, "fowner=61960"));
	ASSERT_EQ(0, chain_start(&self->chain, "----"));
	for (i = 1; i < self->chain.length; i++)
		ASSERT_EQ(0, agent_load(&self->chain.agent[i], RULES));
	self->actor = &self->chain.agent[variant->level];

	unique_text(name);
	ASSERT_EQ(0, scratch_subject(&self->scratch, name, OWNER_LOCKS, self->path));
	ASSERT_LT(0, read_path(LOCK_STAT_ON, &text));
	self->was_on[0] = *text;
	free(text);
	ASSERT_EQ(0, write_path(LOCK_STAT_ON, 0, "1", 1));
}

FIXTURE_TEARDOWN(locks)
{
	EXPECT_EQ(0, write_path(LOCK_STAT_ON, 0, self->was_on, 1));
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

/* A line of a class has its name and twelve numbers; the eighth is how often. */
static long line_acquisitions(const char *line, const char *name)
{
	const char *const colon = strrchr(line, ':');
	const char *const found = strstr(line, name);
	long times;

	if (!colon || !found || found > colon ||
	    sscanf(colon + 1, "%*s %*s %*s %*s %*s %*s %*s %ld", &times) != 1)
		return 0;
	return times;
}

/* How often all locks with such a name were taken since they were last counted anew. */
static long acquisitions(const char *name)
{
	char *text, *line, *rest;
	long sum = 0;

	if (read_path(LOCK_STAT, &text) < 0)
		return -EIO;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		sum += line_acquisitions(line, name);
	free(text);
	return sum;
}

/* In a tight loop, with what makes each of them one to look at, if so wanted. */
static long do_rounds(struct call *call, int fd)
{
	const bool change = call->uid;
	int err = 0, i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < ROUNDS && !err; i++) {
		if (change)
			err = write_path(call->path, O_APPEND, &i, sizeof(i));
		if (!err)
			err = access_once(call->path, call->flags);
	}
	return err;
}

static int act(struct _test_data_locks *self, enum way way, bool change)
{
	struct call *const call = self->actor->call;

	snprintf(call->path, PATH_MAX, "%s", self->path);
	call->flags = way;
	call->uid = change;
	if (write_path(LOCK_STAT, 0, "0", 1))
		return -EIO;
	return agent_call(self->actor, do_rounds, -1, NULL);
}

static void expect_no_lock(struct __test_metadata *const _metadata,
			   struct _test_data_locks *self, enum way way)
{
	size_t i;

	ASSERT_EQ(0, agent_access(self->actor, self->path, way, true));
	ASSERT_EQ(0, act(self, way, false));
	for (i = 0; i < ARRAY_SIZE(locks); i++) {
		EXPECT_GT(FEW, acquisitions(locks[i].name))
		{
			TH_LOG("%s is taken, way %d", locks[i].name, way);
		}
	}
}

TEST_F_TIMEOUT(locks, opening, 120)
{
	expect_no_lock(_metadata, self, READ);
}

TEST_F_TIMEOUT(locks, mapping, 120)
{
	expect_no_lock(_metadata, self, MAP);
}

TEST_F_TIMEOUT(locks, executing, 300)
{
	expect_no_lock(_metadata, self, EXECUTE);
}

/* Or the above would find nothing because locks have other names. */
TEST_F_TIMEOUT(locks, of_what_changed, 300)
{
	size_t i;

	ASSERT_EQ(0, act(self, READ, true));
	for (i = 0; i < ARRAY_SIZE(locks); i++) {
		if (variant->level < locks[i].level)
			continue;
		EXPECT_LE(ROUNDS, acquisitions(locks[i].name))
		{
			TH_LOG("%s is not taken", locks[i].name);
		}
	}
}

TEST_HARNESS_MAIN
