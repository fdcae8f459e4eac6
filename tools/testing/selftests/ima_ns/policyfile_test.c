// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - How often a policy is loaded, and whether it is shown
 *
 * CONFIG_IMA_WRITE_POLICY and CONFIG_IMA_READ_POLICY say it for the host, and
 * in the same way for each namespace.  Loads a policy for the host, so that
 * this is a program for a machine of its own.
 */

#include "world.h"

#define RULE "measure func=BPRM_CHECK fowner=61600\n"

/* Does the running kernel's configuration have a line? */
static bool configured(const char *wanted)
{
	FILE *const config = popen("zcat /proc/config.gz", "r");
	bool found = false;
	char line[256];

	while (config && fgets(line, sizeof(line), config))
		found |= !strcmp(line, wanted);
	pclose(config);
	return found;
}

static long do_keep_cap(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return keep_cap(call->flags);
}

FIXTURE(file)
{
	struct agent host, child, other;
	bool write, read;
};

FIXTURE_SETUP(file)
{
	ASSERT_TRUE(configured("CONFIG_IMA_NS=y\n"));
	self->write = configured("CONFIG_IMA_WRITE_POLICY=y\n");
	self->read = configured("CONFIG_IMA_READ_POLICY=y\n");
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, agent_start(&self->child, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->other, NULL, CLONE_NEWNS));
}

FIXTURE_TEARDOWN(file)
{
	agents_stop(&self->other, &self->child, &self->host);
}

/* What opening the file of a namespace says. */
static void assert_open(struct __test_metadata *const _metadata,
			struct agent *agent, int flags, int wanted)
{
	const int fd = agent_open(agent, POLICY, flags);

	EXPECT_EQ(wanted, fd < 0 ? fd : 0);
	close(fd);
}

/* Loaded in one namespace, it is final there, and nowhere else. */
TEST_F(file, loaded_once)
{
	const int final = self->write ? 0 : self->read ? -EACCES : -ENOENT;
	const int shown = self->read ? 0 : -EACCES;

	assert_open(_metadata, &self->child, O_RDONLY, shown);
	EXPECT_EQ(0, agent_load(&self->child, RULE));
	EXPECT_EQ(final, agent_load(&self->child, RULE));
	assert_open(_metadata, &self->child, O_RDONLY, shown);
	EXPECT_EQ(0, agent_load(&self->other, RULE));
	EXPECT_EQ(final, agent_load(&self->other, RULE));
}

/*
 * The host's file is shared with those who inherited its mount.  What 6.12 says
 * of a second policy stays what it was, and is no answer for the children.
 */
TEST_F(file, of_the_host)
{
	const int final = self->write ? 0 : self->read ? -EBUSY : -ENOENT;
	struct stat st;

	EXPECT_EQ(0, agent_load(&self->host, RULE));
	EXPECT_EQ(final, agent_load(&self->host, RULE));
	ASSERT_EQ(0, stat(POLICY, &st));
	EXPECT_EQ(self->write || !self->read, !!(st.st_mode & 0200));

	EXPECT_EQ(0, agent_load(&self->child, RULE));
	/* Without the right to overrule modes, it is root's file still. */
	self->other.call->flags = CAP_SYS_ADMIN;
	ASSERT_EQ(0, agent_call(&self->other, do_keep_cap, -1, NULL));
	EXPECT_EQ(0, agent_load(&self->other, RULE));
}

TEST_HARNESS_MAIN
