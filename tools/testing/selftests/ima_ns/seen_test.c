// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What was seen before: changes of the file, and rules
 *
 * "An access fully evaluated before returns at once": each test has one done so
 * often that it is remembered, changes something, and finds the change in the
 * list of every level that it concerns, by the very next access.
 */

#include "seen.h"
#include "xattr.h"

/* The host's rules stay for the boot: owners that nobody else uses. */
#define OWNER_SEEN 61900
#define OWNER_OPENED 61905
#define OWNER_SHOWN 61901
#define OWNER_SIGNED 61902
#define OWNER_NONE 61903
#define GROUP_SEEN 61904

#define RULES \
	"measure func=FILE_CHECK mask=MAY_READ fowner=61900\n" \
	"measure func=FILE_CHECK mask=^MAY_READ fowner=61905\n" \
	"measure func=BPRM_CHECK fowner=61900\n" \
	"measure func=MMAP_CHECK fowner=61900\n" \
	"measure func=FILE_CHECK mask=MAY_READ fowner=61901 template=evm-sig\n" \
	"measure func=FILE_CHECK mask=MAY_READ fowner=61902 template=ima-sig\n" \
	"measure func=FILE_CHECK mask=MAY_READ fgroup=61904\n"

/*
 * All levels have the same rules, and one of them acts.
 *
 * host ─┬─ [1] ── [2] ── [3]
 *       └─ sibling: has no rules
 */
FIXTURE(seen)
{
	struct scratch scratch;
	struct chain chain;
	struct agent sibling;
	struct agent *actor;
	/* Of the file, where it is used and where it is made. */
	char name[33], path[PATH_MAX], put[PATH_MAX];
};

FIXTURE_VARIANT(seen)
{
	enum scratch_fs fs;
	int level;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(seen, tmpfs_host) { FS_TMPFS, 0 };
FIXTURE_VARIANT_ADD(seen, tmpfs_child) { FS_TMPFS, 1 };
FIXTURE_VARIANT_ADD(seen, tmpfs_deep) { FS_TMPFS, 3 };
FIXTURE_VARIANT_ADD(seen, ext4_host) { FS_EXT4, 0 };
FIXTURE_VARIANT_ADD(seen, ext4_child) { FS_EXT4, 1 };
FIXTURE_VARIANT_ADD(seen, ext4_deep) { FS_EXT4, 3 };
FIXTURE_VARIANT_ADD(seen, upper) { FS_OVERLAY_UPPER, 3 };
FIXTURE_VARIANT_ADD(seen, lower) { FS_OVERLAY_LOWER, 3 };
/* clang-format on */

FIXTURE_SETUP(seen)
{
	const int err = scratch_make(&self->scratch, variant->fs);
	int unused, i;

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(RULES, "fgroup=61904"));
	ASSERT_EQ(0, chain_start(&self->chain, "----"));
	for (i = 1; i < self->chain.length; i++)
		ASSERT_EQ(0, agent_load(&self->chain.agent[i], RULES));
	ASSERT_EQ(0, level_start(&self->sibling, &self->chain.agent[0], '-',
				 &unused));
	close(unused);
	self->actor = &self->chain.agent[variant->level];
}

FIXTURE_TEARDOWN(seen)
{
	agent_stop(&self->sibling);
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

/* Makes another file, whose name is its own, too. */
static int make_file(struct _test_data_seen *self, uid_t owner)
{
	unique_text(self->name);
	snprintf(self->put, PATH_MAX, "%s/%s", self->scratch.put, self->name);
	return scratch_subject(&self->scratch, self->name, owner, self->path);
}

static void look(const struct _test_data_seen *self, int counts[MAX_CHAIN])
{
	int i;

	for (i = 0; i < self->chain.length; i++)
		counts[i] = fd_count_text(self->chain.lists[i], self->name);
}

/* The one who acts accesses the file; which levels have a record more. */
static void expect_gains(struct __test_metadata *const _metadata,
			 struct _test_data_seen *self, enum way way,
			 const int gains[MAX_CHAIN])
{
	int before[MAX_CHAIN], after[MAX_CHAIN], i;

	look(self, before);
	ASSERT_EQ(0, agent_access(self->actor, self->path, way, false));
	look(self, after);
	for (i = 0; i < self->chain.length; i++) {
		EXPECT_EQ(before[i] + gains[i], after[i])
		{
			TH_LOG("Level %d, way %d", i, way);
		}
	}
}

/* The host, and all others from the one who acts on up. */
static void expect_gain(struct __test_metadata *const _metadata,
			struct _test_data_seen *self, enum way way, int host,
			int others)
{
	const int level = self->actor - self->chain.agent;
	int gains[MAX_CHAIN] = { host }, i;

	for (i = 1; i <= level; i++)
		gains[i] = others;
	expect_gains(_metadata, self, way, gains);
}

/* Has it remembered; nothing is recorded but by the first access. */
static void remember(struct __test_metadata *const _metadata,
		     struct _test_data_seen *self, enum way way)
{
	ASSERT_EQ(0, agent_access(self->actor, self->path, way, true));
	expect_gain(_metadata, self, way, 0, 0);
}

/* Asserts that the levels from the one who acts on up have that content. */
static void expect_content(struct __test_metadata *const _metadata,
			   struct _test_data_seen *self)
{
	char evidence[EVIDENCE_SIZE];
	int i;

	/* The host looks at it by reading it, and so comes last. */
	for (i = self->actor - self->chain.agent; i >= 0; i--) {
		ASSERT_EQ(0, file_evidence(self->put, self->path, evidence,
					   sizeof(evidence)));
		EXPECT_EQ(1, fd_count_text(self->chain.lists[i], evidence));
	}
}

enum change { WRITE, REWRITE, TRUNCATE, FTRUNCATE, MMAP, CHANGES };

static int write_mapped(int fd)
{
	char *const map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			       fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	change_mapped(map);
	return munmap(map, 4096);
}

static long do_change(struct call *call, int fd)
{
	char unique[33];
	struct stat st;
	int err = 0;

	if (fd >= 0)
		close(fd);
	unique_text(unique);
	if (call->flags == TRUNCATE)
		return stat(call->path, &st) ||
		       truncate(call->path, st.st_size + 1) ? -errno : 0;
	fd = open(call->path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	switch (call->flags) {
	case WRITE:
		err = pwrite(fd, unique, 32, st.st_size) != 32;
		break;
	case REWRITE:
		err = pwrite(fd, unique, 32, st.st_size - 32) != 32;
		break;
	case FTRUNCATE:
		err = ftruncate(fd, st.st_size + 1);
		break;
	case MMAP:
		err = write_mapped(fd);
	}
	return close(fd) || err ? -EIO : 0;
}

static int agent_change(struct agent *agent, const char *path,
			enum change change)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = change;
	return agent_call(agent, do_change, -1, NULL);
}

/* "Content", whoever changes it, and however. */
static void expect_changes(struct __test_metadata *const _metadata,
			   struct _test_data_seen *self, struct agent *writer,
			   enum way way)
{
	enum change change;

	for (change = WRITE; change < CHANGES; change++) {
		ASSERT_EQ(0, make_file(self, OWNER_SEEN));
		expect_gain(_metadata, self, way, 1, 1);
		remember(_metadata, self, way);
		ASSERT_EQ(0, agent_change(writer, self->path, change))
		{
			TH_LOG("Change %d", change);
		}
		expect_gain(_metadata, self, way, 1, 1);
		expect_content(_metadata, self);
		remember(_metadata, self, way);
		ASSERT_EQ(0, unlink(self->path));
	}
}

TEST_F_TIMEOUT(seen, content_changed_inside, 360)
{
	enum way way;

	for (way = READ; way < WAYS; way++)
		expect_changes(_metadata, self, self->actor, way);
}

TEST_F_TIMEOUT(seen, content_changed_elsewhere, 360)
{
	expect_changes(_metadata, self, &self->sibling, READ);
	expect_changes(_metadata, self, &self->chain.agent[0], EXECUTE);
}

/* "The same content is one record", but it is looked at. */
TEST_F(seen, written_and_restored)
{
	const char *const text = self->name;
	int fd;

	ASSERT_EQ(0, make_file(self, OWNER_SEEN));
	remember(_metadata, self, READ);
	fd = agent_open(&self->sibling, self->path, O_WRONLY | O_TRUNC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(32, write(fd, text, 32));
	ASSERT_EQ(0, close(fd));
	expect_gain(_metadata, self, READ, 1, 1);
	expect_content(_metadata, self);
	fd = agent_open(&self->sibling, self->path, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(32, write(fd, text, 32));
	ASSERT_EQ(0, close(fd));
	expect_gain(_metadata, self, READ, 0, 0);
}

/* Writes to a mapping before and after the file is looked at; @fd: open all along. */
static void write_while_looked_at(struct __test_metadata *const _metadata,
				  struct _test_data_seen *self, int fd, int gain)
{
	char *const map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			       fd, 0);

	ASSERT_NE(MAP_FAILED, map);
	/* Behind the header of the program. */
	memcpy(map + 2048, self->name, 32);
	if (gain < 2)
		close(fd);
	expect_gain(_metadata, self, READ, gain, gain);
	memset(map + 2048, 'x', 32);
	ASSERT_EQ(0, munmap(map, 4096));
	if (gain == 2)
		close(fd);
	expect_gain(_metadata, self, READ, 1, 1);
	/* It has been copied up. */
	if (self->scratch.fs != FS_OVERLAY_LOWER)
		expect_content(_metadata, self);
	remember(_metadata, self, READ);
}

/* Opens a file for reading and writing, and does neither. */
static long do_look_writable(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	fd = open(call->path, O_RDWR | O_CLOEXEC);
	return fd < 0 || close(fd) ? -errno : 0;
}

static int agent_look_writable(struct agent *agent, const char *path)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	return agent_call(agent, do_look_writable, -1, NULL);
}

/*
 * Who maps a file later on writes to what was read before: that is counted nowhere on
 * tmpfs, and below an overlayfs nobody is warned.
 */
TEST_F(seen, mapped_below)
{
	const bool stacked = self->scratch.fs != FS_TMPFS &&
			     self->scratch.fs != FS_EXT4;
	char *map;
	int fd, i;

	ASSERT_EQ(0, make_file(self, OWNER_OPENED));
	expect_gain(_metadata, self, READ, 1, 1);
	remember(_metadata, self, READ);
	fd = open(self->put, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	/* Then the mapping is of the file below alone. */
	close(fd);
	for (i = 0; i < 3; i++) {
		change_mapped(map);
		if (!stacked)
			continue;
		expect_gain(_metadata, self, READ, 1, 1);
		expect_content(_metadata, self);
	}
	/*
	 * Nor is a look relied on in which somebody could write through overlayfs; who
	 * could write to a lower file would have a copy.
	 */
	for (i = 0; self->scratch.fs == FS_OVERLAY_UPPER && i < 2; i++) {
		change_mapped(map);
		ASSERT_EQ(0, agent_look_writable(self->actor, self->path));
		expect_content(_metadata, self);
		change_mapped(map);
		expect_gain(_metadata, self, READ, 1, 1);
		expect_content(_metadata, self);
	}
	change_mapped(map);
	ASSERT_EQ(0, munmap(map, 4096));
	expect_gain(_metadata, self, READ, 1, 1);
	expect_content(_metadata, self);
}

/*
 * Nor is a version believed that was there while somebody wrote: what is written later
 * to a mapping is not counted.
 */
TEST_F(seen, written_while_looked_at)
{
	const bool stacked = self->scratch.fs != FS_TMPFS &&
			     self->scratch.fs != FS_EXT4;
	int fd, mapped;

	for (mapped = 0; mapped <= stacked; mapped++) {
		ASSERT_EQ(0, make_file(self, OWNER_SEEN));
		fd = agent_open(&self->sibling, self->path, O_RDWR);
		ASSERT_LE(0, fd);
		/* A record and a violation; a mapping is of the file below alone. */
		write_while_looked_at(_metadata, self, fd, 2 - mapped);
		ASSERT_EQ(0, unlink(self->path));
	}
}

/*
 * As ever, the host looks again for another xattr or attribute only where
 * whatever happens to the file below makes it.
 */
static bool host_looks(const struct _test_data_seen *self)
{
	return self->scratch.fs == FS_OVERLAY_UPPER ||
	       self->scratch.fs == FS_OVERLAY_LOWER;
}

/*
 * "Any security.* xattr": a signature says with which algorithm the file is
 * hashed.
 */
TEST_F(seen, signature)
{
	static const struct {
		int algo;
		const char *digest;
	} signatures[] = {
		{ 4, " sha256:" }, { 6, " sha512:" }, { 6, " sha512:" },
		{ 4, " sha256:" },
	};
	char line[2 * PATH_MAX];
	struct list list;
	size_t i;

	ASSERT_EQ(0, make_file(self, OWNER_SIGNED));
	expect_gain(_metadata, self, READ, 1, 1);
	for (i = 0; i < ARRAY_SIZE(signatures); i++) {
		remember(_metadata, self, READ);
		ASSERT_EQ(0, set_signature(self->path, signatures[i].algo));
		expect_gain(_metadata, self, READ, host_looks(self), 1);
		if (self->actor == &self->chain.agent[0])
			continue;
		ASSERT_EQ(0, list_read(self->chain.lists[1], &list));
		ASSERT_EQ(0, list_line(&list, -1, line, sizeof(line)));
		EXPECT_TRUE(contains(line, signatures[i].digest));
		list_free(&list);
	}
}

/* "Attributes: owner, group, mode", where the record shows them, and ACLs. */
TEST_F(seen, attributes)
{
	ASSERT_EQ(0, make_file(self, OWNER_SHOWN));
	expect_gain(_metadata, self, READ, 1, 1);
	remember(_metadata, self, READ);
	ASSERT_EQ(0, chmod(self->path, 0711));
	expect_gain(_metadata, self, READ, host_looks(self), 1);
	remember(_metadata, self, READ);
	ASSERT_EQ(0, set_acl(self->path));
	expect_gain(_metadata, self, READ, host_looks(self), 1);
	remember(_metadata, self, READ);
	ASSERT_EQ(0, chown(self->path, -1, OWNER_NONE));
	expect_gain(_metadata, self, READ, host_looks(self), 1);
	remember(_metadata, self, READ);
}

/* The same where a rule depends on them: it begins to match, and ends to. */
TEST_F(seen, owner)
{
	const struct {
		uid_t owner;
		gid_t group;
	} whose[] = { { OWNER_SEEN, 0 }, { OWNER_NONE, GROUP_SEEN } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(whose); i++) {
		ASSERT_EQ(0, make_file(self, OWNER_NONE));
		expect_gain(_metadata, self, READ, 0, 0);
		remember(_metadata, self, READ);
		ASSERT_EQ(0, chown(self->path, whose[i].owner, whose[i].group));
		expect_gain(_metadata, self, READ, 1, 1);
		remember(_metadata, self, READ);
		ASSERT_EQ(0, chown(self->path, OWNER_NONE, 0));
		ASSERT_EQ(0, agent_change(&self->sibling, self->path, WRITE));
		expect_gain(_metadata, self, READ, 0, 0);
		remember(_metadata, self, READ);
	}
}

/* "A policy at any level": that of the level itself, or of any one above. */
TEST_F(seen, policy)
{
	const int level = self->actor - self->chain.agent;
	int gains[MAX_CHAIN] = {}, holder;
	char rule[128];
	uid_t owner;

	for (holder = 0; holder < MAX_CHAIN; holder++) {
		owner = fresh_id();
		snprintf(rule, sizeof(rule),
			 "measure func=FILE_CHECK mask=MAY_READ fowner=%d\n",
			 owner);
		ASSERT_EQ(0, make_file(self, owner));
		expect_gain(_metadata, self, READ, 0, 0);
		remember(_metadata, self, READ);
		ASSERT_EQ(0, agent_load(&self->sibling, rule));
		expect_gain(_metadata, self, READ, 0, 0);
		ASSERT_EQ(0, agent_load(&self->chain.agent[holder], rule));
		gains[holder] = holder <= level;
		expect_gains(_metadata, self, READ, gains);
		gains[holder] = 0;
		remember(_metadata, self, READ);
	}
}

/* Who accesses other files, or in another way, has not been seen. */
TEST_F(seen, other_ways_and_files)
{
	ASSERT_EQ(0, make_file(self, OWNER_NONE));
	remember(_metadata, self, EXECUTE);
	ASSERT_EQ(0, make_file(self, OWNER_SEEN));
	expect_gain(_metadata, self, READ, 1, 1);
	expect_gain(_metadata, self, EXECUTE, 0, 0);
	expect_gain(_metadata, self, MAP, 0, 0);
}

/*
 * What is read from the disk itself is not hashed: that it was looked at says
 * nothing of the next one who reads it, nor the other way round.
 */
TEST_F(seen, direct)
{
	char evidence[EVIDENCE_SIZE];
	int fd, i;

	ASSERT_EQ(0, make_file(self, OWNER_SEEN));
	for (i = 0; i < OFTEN; i++) {
		fd = agent_open(self->actor, self->path, O_RDONLY | O_DIRECT);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, close(fd));
	}
	expect_gain(_metadata, self, READ, 1, 1);
	expect_content(_metadata, self);
	remember(_metadata, self, READ);
	ASSERT_EQ(0, agent_change(&self->sibling, self->path, WRITE));
	ASSERT_EQ(0, agent_access(self->actor, self->path, READ, true));
	ASSERT_EQ(0, file_evidence(self->put, self->path, evidence,
				   sizeof(evidence)));
	fd = agent_open(self->actor, self->path, O_RDONLY | O_DIRECT);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));
	expect_content(_metadata, self);
}

/* The lower file changes, or the upper one appears; see layers_test, too. */
TEST_F(seen, lower_changed)
{
	if (variant->fs != FS_OVERLAY_LOWER)
		return;
	ASSERT_EQ(0, make_file(self, OWNER_SEEN));
	expect_gain(_metadata, self, EXECUTE, 1, 1);
	remember(_metadata, self, EXECUTE);
	ASSERT_EQ(0, agent_change(&self->sibling, self->put, REWRITE));
	expect_gain(_metadata, self, EXECUTE, 1, 1);
	remember(_metadata, self, EXECUTE);
	/* Copied up, as it is, and then changed. */
	ASSERT_EQ(0, chmod(self->path, 0711));
	expect_gain(_metadata, self, EXECUTE, 0, 0);
	remember(_metadata, self, EXECUTE);
	ASSERT_EQ(0, agent_change(&self->sibling, self->path, REWRITE));
	expect_gain(_metadata, self, EXECUTE, 1, 1);
}

TEST_HARNESS_MAIN
