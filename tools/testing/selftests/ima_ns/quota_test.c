// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What users may add to lists above
 *
 * For a boot with ima_ns_quota=40.
 */

#include "world.h"
#include "user.h"

#define FIRST 61810
#define SECOND 61811
#define QUOTA 40

#define HOST_RULES \
	"measure func=BPRM_CHECK uid=61810\n" \
	"measure func=BPRM_CHECK uid=61811\n"

FIXTURE(quota)
{
	struct scratch scratch;
	struct agent first, own, second, other, again;
	int list;
};

FIXTURE_SETUP(quota)
{
	char *cmdline;

	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_LT(0, read_path("/proc/cmdline", &cmdline));
	ASSERT_TRUE(contains(cmdline, "ima_ns_quota=40"));
	free(cmdline);
	ASSERT_EQ(0, host_load_once(HOST_RULES, "uid=61811"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	self->list = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->list);
	ASSERT_EQ(0, user_start(&self->first, &self->own, FIRST));
	ASSERT_EQ(0, user_start(&self->second, &self->other, SECOND));
}

FIXTURE_TEARDOWN(quota)
{
	close(self->list);
	agents_stop(&self->other, &self->second, &self->own, &self->first);
	scratch_remove(&self->scratch);
}

/* "Quotas bound what tenants add to an ancestor's list." */
TEST_F_TIMEOUT(quota, bounds, 360)
{
	const int before = fd_count(self->list);
	struct agent visitor;
	int fd, now;

	ASSERT_EQ(0, run_fresh(&self->scratch, &self->own, 0, QUOTA / 2));
	EXPECT_EQ(before + QUOTA / 2, fd_count(self->list));
	/* A new namespace does not begin anew. */
	ASSERT_EQ(0, agent_start(&self->again, &self->own, CLONE_NEWNS));
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->again, 0, QUOTA));
	ASSERT_EQ(0, agent_stop(&self->again));
	/* "One visible, ordinary record." */
	now = fd_count(self->list);
	EXPECT_EQ(before + QUOTA + 1, now);
	EXPECT_EQ(1, fd_count_text(self->list, " quota-exceeded "));
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->own, 0, 3));
	EXPECT_EQ(now, fd_count(self->list));
	/* Others have their own, */
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->other, 0, 1));
	EXPECT_EQ(now + 1, fd_count(self->list));
	/* what the user does outside of containers is the host's, */
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->first, 0, 1));
	EXPECT_EQ(now + 2, fd_count(self->list));
	/* "root is exempt", also in there. */
	ASSERT_EQ(0, agent_start(&visitor, NULL, 0));
	fd = ns_open(self->own.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&visitor, fd, CLONE_NEWNS));
	close(fd);
	visitor.call->uid = FIRST;
	ASSERT_EQ(0, agent_call(&visitor, do_look_like, -1, NULL));
	ASSERT_EQ(0, run_fresh(&self->scratch, &visitor, 0, 1));
	EXPECT_EQ(now + 3, fd_count(self->list));
	ASSERT_EQ(0, agent_stop(&visitor));
}

/* Who comes again finds what they have used. */
TEST_F_TIMEOUT(quota, stays, 360)
{
	const int before = fd_count(self->list);

	ASSERT_EQ(0, run_fresh(&self->scratch, &self->own, 0, 3));
	EXPECT_EQ(before, fd_count(self->list));
}

TEST_HARNESS_MAIN
