// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - One record in the lists of several levels
 *
 * Levels that record the same share it.  Nobody who reads a list can tell.
 */

#include "world.h"

#define OWNER 61836
#define RULE "measure func=FILE_CHECK mask=MAY_READ fowner=61836"
#define LINE_SIZE 512

/* host ── a ── b ── c, which reads the file */
FIXTURE(records)
{
	struct scratch scratch;
	struct agent a, b, c;
	int lists[4];
	char path[PATH_MAX];
	char lines[4][LINE_SIZE];
};

FIXTURE_SETUP(records)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(RULE "\n", "fowner=61836"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "file", OWNER, self->path));
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->b, &self->a, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->c, &self->b, CLONE_NEWNS));
	self->lists[0] = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	self->lists[1] = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	self->lists[2] = agent_open(&self->b, ASCII_LIST, O_RDONLY);
	self->lists[3] = agent_open(&self->c, ASCII_LIST, O_RDONLY);
}

FIXTURE_TEARDOWN(records)
{
	int i;

	for (i = 0; i < 4; i++)
		close(self->lists[i]);
	agents_stop(&self->c, &self->b, &self->a);
	scratch_remove(&self->scratch);
}

/* Copies the only line of a list that names a path. */
static int copy_line(int list, const char *path, char line[LINE_SIZE])
{
	char *text, *one, *place;
	int n = 0;

	if (read_fd(list, &text) < 0)
		return -EIO;
	for (one = strtok_r(text, "\n", &place); one;
	     one = strtok_r(NULL, "\n", &place)) {
		if (!strstr(one, path))
			continue;
		snprintf(line, LINE_SIZE, "%s", one);
		n++;
	}
	free(text);
	return n == 1 ? 0 : -EBADMSG;
}

static int copy_lines(struct _test_data_records *self)
{
	int i, err = 0;

	for (i = 0; i < 4 && !err; i++)
		err = copy_line(self->lists[i], self->path, self->lines[i]);
	return err;
}

static int read_file(struct agent *agent, const char *path)
{
	const int fd = agent_open(agent, path, O_RDONLY);

	return fd < 0 ? fd : close(fd);
}

/* The same line everywhere, which stays when those who made it are gone. */
TEST_F(records, same)
{
	char line[LINE_SIZE];

	ASSERT_EQ(0, agent_load(&self->a, RULE "\n"));
	ASSERT_EQ(0, agent_load(&self->b, RULE "\n"));
	ASSERT_EQ(0, agent_load(&self->c, RULE "\n"));
	ASSERT_EQ(0, read_file(&self->c, self->path));
	ASSERT_EQ(0, copy_lines(self));
	EXPECT_STREQ(self->lines[0], self->lines[1]);
	EXPECT_STREQ(self->lines[0], self->lines[2]);
	EXPECT_STREQ(self->lines[0], self->lines[3]);

	close(self->lists[3]);
	close(self->lists[2]);
	EXPECT_EQ(0, agent_stop(&self->c));
	EXPECT_EQ(0, agent_stop(&self->b));
	ASSERT_EQ(0, copy_line(self->lists[1], self->path, line));
	EXPECT_STREQ(self->lines[1], line);
	ASSERT_EQ(0, copy_line(self->lists[0], self->path, line));
	EXPECT_STREQ(self->lines[0], line);
}

/* Each as the level's own rule says. */
TEST_F(records, differ)
{
	ASSERT_EQ(0, agent_load(&self->a, RULE " template=ima-sig\n"));
	ASSERT_EQ(0, agent_load(&self->b, RULE " pcr=11\n"));
	ASSERT_EQ(0, agent_load(&self->c, RULE "\n"));
	ASSERT_EQ(0, read_file(&self->c, self->path));
	ASSERT_EQ(0, copy_lines(self));
	EXPECT_TRUE(contains(self->lines[1], " ima-sig "));
	EXPECT_FALSE(contains(self->lines[0], " ima-sig "));
	EXPECT_EQ(0, strncmp(self->lines[2], "11 ", 3));
	EXPECT_STREQ(self->lines[3] + 3, self->lines[2] + 3);
	EXPECT_EQ(0, strncmp(self->lines[3], "10 ", 3));
	EXPECT_STREQ(self->lines[3], self->lines[0]);
}

TEST_HARNESS_MAIN
