// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Rules about labels of other LSMs
 *
 * For a kernel that was booted with lsm=smack,integrity: every process has the
 * label "_" there until it is given another one.
 */

#include "world.h"

/*
 * host[-] ── a ── child
 */
FIXTURE(label)
{
	struct scratch scratch;
	struct agent a, child;
	int a_list, child_list;
	char path[PATH_MAX];
};

FIXTURE_SETUP(label)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->child, &self->a, CLONE_NEWNS));
	self->a_list = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	self->child_list = agent_open(&self->child, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, self->a_list);
	ASSERT_LE(0, self->child_list);
}

FIXTURE_TEARDOWN(label)
{
	agent_stop(&self->child);
	agent_stop(&self->a);
	scratch_remove(&self->scratch);
}

/* "Rules about labels work in a child as on the host", at each level. */
TEST_F(label, subject)
{
	ASSERT_EQ(0, agent_load(&self->a,
				"measure func=BPRM_CHECK subj_user=_\n"));
	ASSERT_EQ(0, agent_load(&self->child,
				"measure func=BPRM_CHECK subj_user=Other\n"));
	ASSERT_EQ(0, agent_exec(&self->child, self->path, 0));
	ASSERT_EQ(1, fd_count_path(self->a_list, self->path));
	ASSERT_EQ(0, fd_count_path(self->child_list, self->path));
}

static long do_relabel(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_path("/proc/self/attr/smack/current", 0, "Other", 5);
}

/* It is the label of the acting process that counts. */
TEST_F(label, subject_changes)
{
	int i;

	ASSERT_EQ(0, agent_load(&self->child,
				"measure func=BPRM_CHECK subj_user=Other\n"));
	/* By then it is remembered that nobody asks. */
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, agent_exec(&self->child, self->path, 0));
	ASSERT_EQ(0, fd_count_path(self->child_list, self->path));
	ASSERT_EQ(0, agent_call(&self->child, do_relabel, -1, NULL));
	ASSERT_EQ(0, agent_exec(&self->child, self->path, 0));
	ASSERT_EQ(1, fd_count_path(self->child_list, self->path));
}

TEST_HARNESS_MAIN
