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

TEST_HARNESS_MAIN
