// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Limits and failed creations
 *
 * All in a fresh user namespace, whose sysctls are its own: the machine's
 * stay as they are.
 */

#include "world.h"

/* Freeing happens in a work item: how often one looks for its end. */
#define PATIENCE 100000

FIXTURE(limit)
{
	/* Root of the user namespace, still in the initial IMA namespace. */
	struct agent owner;
};

FIXTURE_SETUP(limit)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, agent_start(&self->owner, NULL, CLONE_NEWUSER));
	ASSERT_EQ(INIT_INUM, ns_inum(self->owner.pid, "ima"));
}

FIXTURE_TEARDOWN(limit)
{
	agent_stop(&self->owner);
}

static long do_set_limit(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_path(call->path, 0, call->text, strlen(call->text));
}

static int set_user_sysctl(struct agent *agent, const char *name, int limit)
{
	snprintf(agent->call->path, PATH_MAX, "/proc/sys/user/%s", name);
	snprintf(agent->call->text, TEXT_SIZE, "%d\n", limit);
	return agent_call(agent, do_set_limit, -1, NULL);
}

static int set_limit(struct agent *agent, const char *what, int limit)
{
	char name[64];

	snprintf(name, sizeof(name), "max_%s_namespaces", what);
	return set_user_sysctl(agent, name, limit);
}

/* Starts an agent that unshares its mounts, and asserts that it shares. */
static void assert_shares(struct __test_metadata *const _metadata,
			  struct agent *agent, struct agent *from)
{
	ASSERT_EQ(0, agent_start(agent, from, CLONE_NEWNS));
	ASSERT_NE(ns_inum(from->pid, "mnt"), ns_inum(agent->pid, "mnt"));
	ASSERT_EQ(ns_inum(from->pid, "ima"), ns_inum(agent->pid, "ima"));
	ASSERT_EQ(agent_number(from, "id"), agent_number(agent, "id"));
}

/* The opposite. */
static void assert_own(struct __test_metadata *const _metadata,
		       struct agent *agent, struct agent *from)
{
	ASSERT_EQ(0, agent_start(agent, from, CLONE_NEWNS));
	ASSERT_LT(0, ns_inum(agent->pid, "ima"));
	ASSERT_NE(ns_inum(from->pid, "ima"), ns_inum(agent->pid, "ima"));
	ASSERT_EQ(agent_number(from, "id"), agent_number(agent, "parent"));
}

/* Unshares until the agent has a level of its own. */
static int unshare_until_own(struct agent *agent, long shared)
{
	int tries;

	for (tries = 0; tries < PATIENCE; tries++) {
		const int err = agent_unshare(agent, CLONE_NEWNS);

		if (err)
			return err;
		if (ns_inum(agent->pid, "ima") != shared)
			return 0;
		sched_yield();
	}
	return -ETIMEDOUT;
}

/*
 * "Beyond user.max_ima_namespaces, unshare() still succeeds and the new mount
 * namespace shares its parent's IMA namespace."
 */
TEST_F(limit, exhausted_shares)
{
	struct agent a, b, c;

	ASSERT_EQ(0, set_limit(&self->owner, "ima", 2));
	assert_own(_metadata, &a, &self->owner);
	assert_own(_metadata, &b, &self->owner);
	assert_shares(_metadata, &c, &self->owner);
	ASSERT_EQ(0, agent_stop(&c));
	assert_shares(_metadata, &c, &a);
	ASSERT_EQ(0, agent_stop(&c));
	ASSERT_EQ(0, agent_stop(&b));
	ASSERT_EQ(0, agent_stop(&a));
}

/* "A level of its own again", when the limit is raised. */
TEST_F(limit, raised)
{
	struct agent a, b;

	ASSERT_EQ(0, set_limit(&self->owner, "ima", 0));
	assert_shares(_metadata, &a, &self->owner);
	ASSERT_EQ(0, set_limit(&self->owner, "ima", 1));
	assert_own(_metadata, &b, &self->owner);
	/* Who shares goes on sharing. */
	ASSERT_EQ(INIT_INUM, ns_inum(a.pid, "ima"));
	ASSERT_EQ(0, agent_stop(&b));
	ASSERT_EQ(0, agent_stop(&a));
}

/* "A level of its own again", when another was freed. */
TEST_F(limit, freed)
{
	struct agent a, b;

	ASSERT_EQ(0, set_limit(&self->owner, "ima", 1));
	assert_own(_metadata, &a, &self->owner);
	assert_shares(_metadata, &b, &self->owner);
	ASSERT_EQ(0, agent_stop(&a));
	ASSERT_EQ(0, unshare_until_own(&b, INIT_INUM));
	ASSERT_EQ(1, ns_level(b.pid));
	ASSERT_EQ(0, agent_stop(&b));
}

/* An open list keeps the namespace, and so its place in the count. */
TEST_F(limit, open_list_counts)
{
	struct agent a, b;
	int fd, i;

	ASSERT_EQ(0, set_limit(&self->owner, "ima", 1));
	assert_own(_metadata, &a, &self->owner);
	fd = agent_open(&a, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_stop(&a));
	assert_shares(_metadata, &b, &self->owner);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, agent_unshare(&b, CLONE_NEWNS));
		ASSERT_EQ(INIT_INUM, ns_inum(b.pid, "ima"));
	}
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, unshare_until_own(&b, INIT_INUM));
	ASSERT_EQ(0, agent_stop(&b));
}

/*
 * "user.max_ima_records bounds a child's own list"; "what an ancestor keeps
 * cannot be prevented by it"; "a record that cannot be stored is counted,
 * extends a violation and shows".
 */
TEST_F_TIMEOUT(limit, records, 180)
{
	struct scratch scratch;
	struct agent child;
	int list, host, before, lost;
	char *max;

	ASSERT_LT(0, read_path("/proc/sys/user/max_ima_records", &max));
	EXPECT_STREQ("65536\n", max);
	free(max);
	ASSERT_EQ(0, host_rules());
	ASSERT_EQ(0, scratch_make(&scratch, FS_TMPFS));
	ASSERT_EQ(0, set_user_sysctl(&self->owner, "max_ima_records", 10));
	assert_own(_metadata, &child, &self->owner);
	list = agent_open(&child, ASCII_LIST, O_RDONLY);
	host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	before = fd_count(host);
	ASSERT_EQ(0, run_fresh(&scratch, &child, OWNER_HOST_ALL, 9));
	EXPECT_EQ(10, fd_count(list));
	EXPECT_EQ(0, agent_number(&child, "records_lost"));
	EXPECT_EQ(0, agent_number(&child, "violations"));
	ASSERT_EQ(0, run_fresh(&scratch, &child, OWNER_HOST_ALL, 5));
	EXPECT_EQ(11, fd_count(list));
	EXPECT_EQ(1, fd_count_text(list, " records-lost\n"));
	EXPECT_EQ(1, fd_count_text(list, " 0000000000000000000000000000000000000000 "));
	/* It is tried again each time that the file is looked at. */
	lost = agent_number(&child, "records_lost");
	EXPECT_LE(5, lost);
	EXPECT_EQ(1, agent_number(&child, "violations"));
	EXPECT_EQ(before + 14, fd_count(host));
	/* With more room, it goes on. */
	ASSERT_EQ(0, set_user_sysctl(&self->owner, "max_ima_records", 100));
	ASSERT_EQ(0, run_fresh(&scratch, &child, OWNER_HOST_ALL, 2));
	EXPECT_EQ(13, fd_count(list));
	EXPECT_EQ(lost, agent_number(&child, "records_lost"));
	close(host);
	close(list);
	ASSERT_EQ(0, agent_stop(&child));
	scratch_remove(&scratch);
}

/* Nothing leaks: far more namespaces, one after the other, than allowed. */
TEST_F_TIMEOUT(limit, destroyed, 60 * scale())
{
	int round;

	ASSERT_EQ(0, set_limit(&self->owner, "ima", 1));
	for (round = 0; round < 50 * scale(); round++) {
		struct agent leaver;

		ASSERT_EQ(0, agent_start(&leaver, &self->owner, 0));
		ASSERT_EQ(0, unshare_until_own(&leaver, INIT_INUM));
		ASSERT_EQ(0, agent_stop(&leaver));
	}
}

static long do_clone_fails(struct call *call, int fd)
{
	pid_t pid;

	if (fd >= 0)
		close(fd);
	pid = clone_flags(call->flags);
	if (!pid)
		_exit(0);
	if (pid > 0)
		return reap(pid) ?: -EEXIST;
	return pid;
}

/*
 * A clone() or unshare() that fails after the mount namespace was made leaves
 * no IMA namespace behind, and the caller where it was.
 */
TEST_F(limit, failed_creation)
{
	const int flags = CLONE_NEWNS | CLONE_NEWNET;
	struct agent child;
	int i;

	ASSERT_EQ(0, set_limit(&self->owner, "net", 0));
	ASSERT_EQ(0, set_limit(&self->owner, "ima", 1));
	for (i = 0; i < 10; i++) {
		self->owner.call->flags = flags;
		ASSERT_EQ(-ENOSPC, agent_call(&self->owner, do_clone_fails, -1,
					      NULL));
		ASSERT_EQ(-ENOSPC, agent_unshare(&self->owner, flags));
		ASSERT_EQ(INIT_INUM, ns_inum(self->owner.pid, "ima"));
		ASSERT_EQ(ns_inum(0, "mnt"), ns_inum(self->owner.pid, "mnt"));
	}
	/* The one place is free again. */
	ASSERT_EQ(0, agent_start(&child, &self->owner, 0));
	ASSERT_EQ(0, unshare_until_own(&child, INIT_INUM));
	ASSERT_EQ(0, agent_stop(&child));
}

TEST_HARNESS_MAIN
