// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Violations
 *
 * open_writers: a measured file is opened for reading while it is open for
 * writing.  ToMToU: a measured file is opened for writing while a reader
 * holds it open.  The rules ask for what is read of the subject's owner.
 */

#include "world.h"

#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"

/*
 * host[-] ── parent[read] ── child[read]
 */
FIXTURE(violation)
{
	struct scratch scratch;
	struct chain chain;
	struct agent *parent, *child;
	/* A second process in the child's namespace. */
	struct agent second;
	char path[PATH_MAX];
};

FIXTURE_VARIANT(violation)
{
	enum scratch_fs fs;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(violation, tmpfs) { FS_TMPFS };
FIXTURE_VARIANT_ADD(violation, ext4) { FS_EXT4 };
FIXTURE_VARIANT_ADD(violation, overlay) { FS_OVERLAY_UPPER };
/* clang-format on */

FIXTURE_SETUP(violation)
{
	const int err = scratch_make(&self->scratch, variant->fs);

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, chain_start(&self->chain, "---"));
	self->parent = &self->chain.agent[1];
	self->child = &self->chain.agent[2];
	ASSERT_EQ(0, agent_start(&self->second, self->child, 0));
	ASSERT_EQ(0, agent_load(self->parent, RULE_READ));
	ASSERT_EQ(0, agent_load(self->child, RULE_READ));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
}

FIXTURE_TEARDOWN(violation)
{
	agent_stop(&self->second);
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

/* What the levels' lists and counters say at one moment. */
struct state {
	int entries[MAX_CHAIN];
	long violations[MAX_CHAIN];
};

static void look(struct chain *chain, struct state *state)
{
	int i;

	chain_counts(chain, state->entries);
	for (i = 0; i < chain->length; i++)
		state->violations[i] = agent_number(&chain->agent[i],
						    "violations");
}

/*
 * Asserts that a level's list got one violation of the file since (a template
 * digest of zeros), or none.
 */
static void assert_violation(struct __test_metadata *const _metadata,
			     struct chain *chain, int level,
			     const struct state *before, int gain,
			     const char *path)
{
	char zeros[80], line[PATH_MAX];
	struct list list;
	size_t n;

	ASSERT_EQ(0, list_read(chain->lists[level], &list));
	ASSERT_EQ(before->entries[level] + gain, list.count)
	{
		TH_LOG("Level %d:\n%s", level, list.text);
	}
	ASSERT_EQ(before->violations[level] + gain,
		  agent_number(&chain->agent[level], "violations"));
	if (gain) {
		n = snprintf(zeros, sizeof(zeros), "10 %040d", 0);
		ASSERT_EQ(0, list_line(&list, -1, line, sizeof(line)));
		ASSERT_EQ(0, strncmp(zeros, line, n));
		ASSERT_TRUE(strlen(line) > strlen(path));
		ASSERT_STREQ(path, line + strlen(line) - strlen(path));
	}
	list_free(&list);
}

/* Opens, and keeps open, the subject; asserts that it could. */
static int hold(struct __test_metadata *const _metadata, struct agent *agent,
		const char *path, int flags)
{
	const int fd = agent_open(agent, path, flags);

	ASSERT_LE(0, fd);
	return fd;
}

/*
 * "open_writers is recorded by each level that measures the file", and by no
 * other, once while the writer stays.
 */
TEST_F(violation, open_writers)
{
	struct state before;
	int writer, i;

	close(hold(_metadata, self->child, self->path, O_RDONLY));
	writer = hold(_metadata, &self->second, self->path, O_WRONLY);
	look(&self->chain, &before);
	for (i = 0; i < 2; i++) {
		close(hold(_metadata, self->child, self->path, O_RDONLY));
		assert_violation(_metadata, &self->chain, 0, &before, 0, "");
		assert_violation(_metadata, &self->chain, 1, &before, 1,
				 self->path);
		assert_violation(_metadata, &self->chain, 2, &before, 1,
				 self->path);
	}
	close(writer);
}

/* Each period in which the file is open for writing is a violation of its own. */
TEST_F(violation, open_writers_again)
{
	struct state before;
	int writer, i;

	close(hold(_metadata, self->child, self->path, O_RDONLY));
	for (i = 0; i < 2; i++) {
		look(&self->chain, &before);
		writer = hold(_metadata, &self->second, self->path, O_WRONLY);
		close(hold(_metadata, self->child, self->path, O_RDONLY));
		close(writer);
		assert_violation(_metadata, &self->chain, 0, &before, 0, "");
		assert_violation(_metadata, &self->chain, 1, &before, 1,
				 self->path);
		assert_violation(_metadata, &self->chain, 2, &before, 1,
				 self->path);
	}
}

/* The writer may be anywhere: here in the initial namespace. */
TEST_F(violation, open_writers_elsewhere)
{
	struct state before;
	int writer;

	close(hold(_metadata, self->parent, self->path, O_RDONLY));
	writer = hold(_metadata, &self->chain.agent[0], self->path, O_WRONLY);
	look(&self->chain, &before);
	close(hold(_metadata, self->parent, self->path, O_RDONLY));
	assert_violation(_metadata, &self->chain, 0, &before, 0, "");
	assert_violation(_metadata, &self->chain, 1, &before, 1, self->path);
	/* The child did not read: nothing of it is measured there. */
	assert_violation(_metadata, &self->chain, 2, &before, 0, "");
	close(writer);
}

/* "ToMToU is recorded in the writer's own chain by who measured the file." */
TEST_F(violation, tomtou)
{
	struct state before;
	int reader;

	reader = hold(_metadata, self->child, self->path, O_RDONLY);
	look(&self->chain, &before);
	close(hold(_metadata, &self->second, self->path, O_WRONLY));
	assert_violation(_metadata, &self->chain, 0, &before, 0, "");
	assert_violation(_metadata, &self->chain, 1, &before, 1, self->path);
	assert_violation(_metadata, &self->chain, 2, &before, 1, self->path);
	close(reader);
}

/* The ancestor that measured gets it; the writer's namespace did not. */
TEST_F(violation, tomtou_by_descendant)
{
	struct state before;
	int reader;

	reader = hold(_metadata, self->parent, self->path, O_RDONLY);
	look(&self->chain, &before);
	close(hold(_metadata, self->child, self->path, O_WRONLY));
	assert_violation(_metadata, &self->chain, 0, &before, 0, "");
	assert_violation(_metadata, &self->chain, 1, &before, 1, self->path);
	assert_violation(_metadata, &self->chain, 2, &before, 0, "");
	close(reader);
}

/* A reader whom nobody measures is no violation when a writer comes. */
TEST_F(violation, not_measured)
{
	struct state before;
	int reader;

	ASSERT_EQ(0, chown(self->path, OWNER_PLAIN + 500, 0));
	look(&self->chain, &before);
	reader = hold(_metadata, self->child, self->path, O_RDONLY);
	close(hold(_metadata, &self->second, self->path, O_WRONLY));
	assert_violation(_metadata, &self->chain, 1, &before, 0, "");
	assert_violation(_metadata, &self->chain, 2, &before, 0, "");
	close(reader);
}

/*
 * Those whom the writer's chain does not reach.
 *
 * host ── a ── below
 *      ├─ b
 *      └─ idle: asks for the same, and never reads the file
 */
FIXTURE(sideways)
{
	struct scratch scratch;
	struct agent host, a, below, b, idle;
	int list_a, list_below, list_b, list_idle;
	char path[PATH_MAX];
};

/* A namespace that measures what is read, with its list. */
static int reader_start(struct agent *agent, struct agent *from, int *list)
{
	int err = agent_start(agent, from, CLONE_NEWNS);

	if (!err)
		err = agent_load(agent, RULE_READ);
	if (err)
		return err;
	*list = agent_open(agent, ASCII_LIST, O_RDONLY);
	return *list < 0 ? *list : 0;
}

FIXTURE_SETUP(sideways)
{
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, reader_start(&self->a, &self->host, &self->list_a));
	ASSERT_EQ(0, reader_start(&self->below, &self->a, &self->list_below));
	ASSERT_EQ(0, reader_start(&self->b, &self->host, &self->list_b));
	ASSERT_EQ(0, reader_start(&self->idle, &self->host, &self->list_idle));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
}

FIXTURE_TEARDOWN(sideways)
{
	close(self->list_a);
	close(self->list_below);
	close(self->list_b);
	close(self->list_idle);
	agents_stop(&self->idle, &self->b, &self->below, &self->a, &self->host);
	scratch_remove(&self->scratch);
}

/* Violations in a list whose name ends so: "/subject" tells a full path. */
static int violations_of(int fd, const char *name)
{
	static const char zeros[] = "10 0000000000000000000000000000000000000000 ";
	const char *line, *end;
	struct list list;
	int count = 0;

	if (list_read(fd, &list))
		return -1;
	for (line = list.text; (end = strchr(line, '\n')); line = end + 1) {
		const size_t n = strlen(name);

		if (!strncmp(line, zeros, strlen(zeros)) &&
		    end - line > (ssize_t)n && !strncmp(end - n, name, n))
			count++;
	}
	list_free(&list);
	return count;
}

/* "Sibling, parent and child readers all get their ToMToU, once each." */
TEST_F(sideways, tomtou_for_all)
{
	int in_a, in_below, in_b, i;

	in_a = hold(_metadata, &self->a, self->path, O_RDONLY);
	in_below = hold(_metadata, &self->below, self->path, O_RDONLY);
	in_b = hold(_metadata, &self->b, self->path, O_RDONLY);
	/* The second one is in the same period. */
	for (i = 0; i < 2; i++) {
		close(hold(_metadata, &self->a, self->path, O_WRONLY));
		EXPECT_EQ(1, violations_of(self->list_a, self->path));
		EXPECT_EQ(1, violations_of(self->list_below, " subject"));
		EXPECT_EQ(1, violations_of(self->list_b, " subject"));
		EXPECT_EQ(0, violations_of(self->list_idle, "subject"));
	}
	EXPECT_EQ(1, agent_number(&self->b, "violations"));
	EXPECT_EQ(0, agent_number(&self->idle, "violations"));

	/* Measured again, it is a period of its own. */
	close(in_b);
	in_b = hold(_metadata, &self->b, self->path, O_RDONLY);
	close(hold(_metadata, &self->host, self->path, O_WRONLY));
	EXPECT_EQ(1, violations_of(self->list_a, "subject"));
	EXPECT_EQ(1, violations_of(self->list_below, "subject"));
	EXPECT_EQ(2, violations_of(self->list_b, " subject"));
	EXPECT_EQ(0, violations_of(self->list_idle, "subject"));
	close(in_a);
	close(in_below);
	close(in_b);
}

/* The writer is the host's, and the path that it used is nobody's business. */
TEST_F(sideways, path_of_the_writer_is_its_own)
{
	char elsewhere[PATH_MAX];
	int in_b;

	snprintf(elsewhere, sizeof(elsewhere), "%s/secret", self->scratch.put);
	ASSERT_EQ(0, mkdir(elsewhere, 0700));
	strncat(elsewhere, "/name", sizeof(elsewhere) - strlen(elsewhere) - 1);
	ASSERT_EQ(0, link(self->path, elsewhere));
	in_b = hold(_metadata, &self->b, self->path, O_RDONLY);
	close(hold(_metadata, &self->host, elsewhere, O_WRONLY));
	EXPECT_EQ(1, violations_of(self->list_b, " name"));
	EXPECT_EQ(0, violations_of(self->list_b, "/name"));
	close(in_b);
}

/* Nor does a name that the writer chose make lines in the lists of others. */
TEST_F(sideways, name_of_the_writer_is_one_word)
{
	char elsewhere[PATH_MAX];
	int in_b;

	snprintf(elsewhere, sizeof(elsewhere), "%s/a\n10 0\tb\x7f",
		 self->scratch.put);
	ASSERT_EQ(0, link(self->path, elsewhere));
	in_b = hold(_metadata, &self->b, self->path, O_RDONLY);
	close(hold(_metadata, &self->host, elsewhere, O_WRONLY));
	EXPECT_EQ(1, violations_of(self->list_b, " a_10_0_b_"));
	close(in_b);
}

/* What happened is recorded, even if the file is gone before it is. */
TEST_F(sideways, file_goes_first)
{
	int in_b, in_below, i;

	for (i = 0; i < 100 * scale(); i++) {
		in_b = hold(_metadata, &self->b, self->path, O_RDONLY);
		in_below = hold(_metadata, &self->below, self->path, O_RDONLY);
		close(hold(_metadata, &self->host, self->path, O_WRONLY));
		close(in_b);
		close(in_below);
		ASSERT_EQ(0, unlink(self->path));
		ASSERT_EQ(0, scratch_subject(&self->scratch, "subject",
					     OWNER_PLAIN, self->path));
	}
	EXPECT_EQ(i, violations_of(self->list_b, " subject"));
	EXPECT_EQ(i, violations_of(self->list_below, " subject"));
	EXPECT_EQ(0, violations_of(self->list_idle, "subject"));
}

/* A namespace that ends with a violation on its way takes it along. */
TEST_F(sideways, namespace_goes_first)
{
	struct agent brief;
	int list, reader, i;

	for (i = 0; i < 50 * scale(); i++) {
		ASSERT_EQ(0, reader_start(&brief, &self->host, &list));
		close(list);
		reader = hold(_metadata, &brief, self->path, O_RDONLY);
		close(hold(_metadata, &self->host, self->path, O_WRONLY));
		close(reader);
		agent_stop(&brief);
	}
	EXPECT_EQ(0, violations_of(self->list_idle, "subject"));
}

TEST_HARNESS_MAIN
