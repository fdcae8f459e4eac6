// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What was seen before: violations, and writers
 *
 * "ToMToU stays armed": who reads what was remembered is in danger of a writer as
 * whoever read it first.
 */

#include <sys/xattr.h>

#include "seen.h"

/* The host's rules stay for the boot: owners that nobody else uses. */
#define OWNER_READ 61905
#define OWNER_MAPPED 61906

#define RULES \
	"measure func=FILE_CHECK mask=MAY_READ fowner=61905\n" \
	"measure func=MMAP_CHECK fowner=61906\n" \
	"measure func=FILE_CHECK mask=MAY_READ fowner=61906\n"

/*
 * host ─┬─ [1] ── [2] ── below
 *       └─ sibling: has no rules
 *
 * One level reads; second is in the same one, below is in a child of [2].
 */
FIXTURE(reader)
{
	struct scratch scratch;
	struct chain chain;
	struct agent second, below, sibling;
	struct agent *actor;
	int level;
	char name[33], path[PATH_MAX];
};

FIXTURE_VARIANT(reader)
{
	enum scratch_fs fs;
	int level;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(reader, tmpfs_host) { FS_TMPFS, 0 };
FIXTURE_VARIANT_ADD(reader, tmpfs_child) { FS_TMPFS, 1 };
FIXTURE_VARIANT_ADD(reader, tmpfs_deep) { FS_TMPFS, 2 };
FIXTURE_VARIANT_ADD(reader, ext4_host) { FS_EXT4, 0 };
FIXTURE_VARIANT_ADD(reader, ext4_deep) { FS_EXT4, 2 };
FIXTURE_VARIANT_ADD(reader, upper) { FS_OVERLAY_UPPER, 2 };
/* clang-format on */

FIXTURE_SETUP(reader)
{
	const int err = scratch_make(&self->scratch, variant->fs);
	int list, i;

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(RULES, "fowner=61906"));
	ASSERT_EQ(0, chain_start(&self->chain, "---"));
	for (i = 1; i < self->chain.length; i++)
		ASSERT_EQ(0, agent_load(&self->chain.agent[i], RULES));
	self->level = variant->level;
	self->actor = &self->chain.agent[self->level];
	ASSERT_EQ(0, agent_start(&self->second, self->actor, 0));
	ASSERT_EQ(0, level_start(&self->below, &self->chain.agent[2], '-',
				 &list));
	close(list);
	ASSERT_EQ(0, level_start(&self->sibling, &self->chain.agent[0], '-',
				 &list));
	close(list);
	unique_text(self->name);
	ASSERT_EQ(0, scratch_subject(&self->scratch, self->name, OWNER_READ,
				     self->path));
}

FIXTURE_TEARDOWN(reader)
{
	agents_stop(&self->sibling, &self->below, &self->second);
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

static long do_nothing(struct call *call, int fd)
{
	return 0;
}

/* Opens a file as somebody; the test alone has it open then, and closes it. */
static int hold(struct __test_metadata *const _metadata, struct agent *agent,
		const char *path, int flags)
{
	const int fd = agent_open(agent, path, flags);

	ASSERT_LE(0, fd);
	/* Who answers has closed what was passed on before. */
	ASSERT_EQ(0, agent_call(agent, do_nothing, -1, NULL));
	return fd;
}

/* Asserts how many violations each level has that measured the reader. */
static void expect_violations(struct __test_metadata *const _metadata,
			      struct _test_data_reader *self, int count,
			      const char *what)
{
	int i;

	for (i = 0; i < self->chain.length; i++) {
		EXPECT_EQ(i <= self->level ? count : 0,
			  fd_count_violations(self->chain.lists[i], self->name))
		{
			TH_LOG("Level %d, %s", i, what);
		}
	}
}

static void remember(struct __test_metadata *const _metadata,
		     struct _test_data_reader *self)
{
	ASSERT_EQ(0, agent_access(self->actor, self->path, READ, true));
}

struct writer {
	struct agent *agent;
	const char *where;
};

/* Opens it for writing and closes it; how many violations there are then. */
static void expect_writer(struct __test_metadata *const _metadata,
			  struct _test_data_reader *self,
			  const struct writer *writer, int flags, int count)
{
	close(hold(_metadata, writer->agent, self->path, flags));
	expect_violations(_metadata, self, count, writer->where);
}

/*
 * What readers and a writer do, who is new to them; there are @count violations
 * before, and as many more then as it returns.
 */
typedef int violate_t(struct __test_metadata *const _metadata,
		      struct _test_data_reader *self,
		      const struct writer *writer, int count);

/* "The writer is in the same level, in another one, or on the host." */
static void with_each_writer(struct __test_metadata *const _metadata,
			     struct _test_data_reader *self, violate_t *violate)
{
	const struct writer writers[] = {
		{ &self->second, "the same level" },
		{ &self->below, "below" },
		{ &self->sibling, "a sibling" },
		{ &self->chain.agent[0], "the host" },
	};
	int count = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		remember(_metadata, self);
		count += violate(_metadata, self, &writers[i], count);
	}
}

static int tomtou(struct __test_metadata *const _metadata,
		  struct _test_data_reader *self, const struct writer *writer,
		  int count)
{
	const int reader = hold(_metadata, self->actor, self->path, O_RDONLY);

	expect_violations(_metadata, self, count, "nobody writes");
	expect_writer(_metadata, self, writer, O_WRONLY, count + 1);
	/* The second writer is no news to a reader that was warned. */
	expect_writer(_metadata, self, writer, O_WRONLY, count + 1);
	close(reader);
	return 1;
}

/* A reader that was let pass, and a writer: each time that there is one. */
TEST_F_TIMEOUT(reader, tomtou, 180)
{
	with_each_writer(_metadata, self, tomtou);
}

static int tomtou_after_quiet_writer(struct __test_metadata *const _metadata,
				     struct _test_data_reader *self,
				     const struct writer *writer, int count)
{
	int reader;

	close(hold(_metadata, writer->agent, self->path, O_WRONLY));
	expect_violations(_metadata, self, count, "nobody reads");
	reader = hold(_metadata, self->actor, self->path, O_RDONLY);
	expect_writer(_metadata, self, writer, O_WRONLY, count + 1);
	close(reader);
	remember(_metadata, self);
	reader = hold(_metadata, self->actor, self->path, O_RDONLY);
	expect_writer(_metadata, self, writer, O_RDWR, count + 2);
	close(reader);
	return 2;
}

/* Readers that were let pass, each again by what the one before made so. */
TEST_F_TIMEOUT(reader, tomtou_after_quiet_writer, 180)
{
	with_each_writer(_metadata, self, tomtou_after_quiet_writer);
}

static int open_writers(struct __test_metadata *const _metadata,
			struct _test_data_reader *self,
			const struct writer *writer, int count)
{
	const int fd = hold(_metadata, writer->agent, self->path, O_WRONLY);

	expect_violations(_metadata, self, count, "nobody reads");
	ASSERT_EQ(0, agent_access(self->actor, self->path, READ, false));
	expect_violations(_metadata, self, count + 1, writer->where);
	/* That there is one is not what is remembered. */
	remember(_metadata, self);
	expect_violations(_metadata, self, count + 1, writer->where);
	close(fd);
	remember(_metadata, self);
	expect_violations(_metadata, self, count + 1, "nobody writes");
	return 1;
}

/* "open_writers": a writer that is there, once until it is gone. */
TEST_F_TIMEOUT(reader, open_writers, 180)
{
	with_each_writer(_metadata, self, open_writers);
}

/* What was seen by one level says nothing of another one. */
TEST_F(reader, another_level_reads)
{
	struct agent *const other = &self->chain.agent[1];
	int before, reader;

	if (self->level < 2)
		return;
	remember(_metadata, self);
	ASSERT_EQ(0, agent_access(other, self->path, READ, true));
	reader = hold(_metadata, other, self->path, O_RDONLY);
	before = fd_count_violations(self->chain.lists[1], self->name);
	close(hold(_metadata, &self->sibling, self->path, O_WRONLY));
	EXPECT_EQ(before + 1,
		  fd_count_violations(self->chain.lists[1], self->name));
	close(reader);
}

/* Makes a memfd of a program, which belongs to call->uid. */
static long do_memfd(struct call *call, int fd)
{
	char *program;
	const ssize_t size = read_path(call->path, &program);

	if (fd >= 0)
		close(fd);
	if (size < 0)
		return size;
	call->fd = memfd_create(call->text, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (write(call->fd, program, size) != size ||
	    fchown(call->fd, call->uid, call->uid))
		return -errno;
	free(program);
	return 0;
}

/* The one who acts maps a memfd that it is given, executable and not written. */
static long do_map_given(struct call *call, int fd)
{
	char path[64];
	int err = 0, i;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (i = 0; i < (call->uid ? OFTEN : 1) && !err; i++)
		err = access_once(path, call->flags);
	close(fd);
	return err;
}

static int agent_map_given(struct agent *agent, int fd, enum way way,
			   bool often)
{
	agent->call->flags = way;
	agent->call->uid = often;
	return agent_call(agent, do_map_given, fd, NULL);
}

static int make_memfd(struct _test_data_reader *self, uid_t owner)
{
	int fd, err;

	snprintf(self->actor->call->path, PATH_MAX, "%s", self->path);
	snprintf(self->actor->call->text, TEXT_SIZE, "%s", self->name);
	self->actor->call->uid = owner;
	err = agent_call(self->actor, do_memfd, -1, &fd);
	return err ?: fd;
}

/*
 * Who made a memfd writes to it without being counted as a writer.  That it maps
 * it for execution is a violation for who reads it, who is to be warned of the
 * next writer all the same.
 */
TEST_F(reader, memfd_mapped_by_writer)
{
	int count, fd, reader, writer;
	char path[64];
	void *map;

	if (self->actor != &self->chain.agent[0])
		return;
	fd = make_memfd(self, OWNER_MAPPED);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_EQ(0, access_once(path, READ));
	ASSERT_EQ(0, agent_map_given(self->actor, fd, READ, true));
	reader = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, reader);
	count = fd_count_violations(self->chain.lists[0], self->name);
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map, 4096));
	EXPECT_EQ(count + 1,
		  fd_count_violations(self->chain.lists[0], self->name));

	ASSERT_EQ(0, access_once(path, READ));
	writer = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, writer);
	EXPECT_EQ(count + 2,
		  fd_count_violations(self->chain.lists[0], self->name));
	close(writer);
	close(reader);
	close(fd);
}

/* The digest of a memfd's content, as security.ima has it. */
static int set_hash(int fd, const char *path)
{
	unsigned char value[34] = { 4, 4 };
	char *content, hex[65];
	const ssize_t size = read_path(path, &content);
	int i;

	if (size < 0)
		return size;
	sha256_hex(content, size, hex);
	free(content);
	for (i = 0; i < 32; i++) {
		if (sscanf(hex + 2 * i, "%2hhx", &value[2 + i]) != 1)
			return -EINVAL;
	}
	return fsetxattr(fd, "security.ima", value, sizeof(value), 0) ?
		-errno : 0;
}

/* "What is mapped for writing is not mapped for execution", if appraised. */
TEST_F(reader, memfd_mapped_writable)
{
	const uid_t owner = fresh_id();
	char rule[128];
	void *map;
	int fd;

	if (self->level < 1)
		return;
	snprintf(rule, sizeof(rule), "appraise func=MMAP_CHECK fowner=%d\n",
		 owner);
	ASSERT_EQ(0, agent_load(&self->chain.agent[1], rule));
	fd = make_memfd(self, owner);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, set_hash(fd, self->path));
	ASSERT_EQ(0, agent_map_given(self->actor, fd, MAP, true));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-EACCES, agent_map_given(self->actor, fd, MAP, false));
	ASSERT_EQ(0, munmap(map, 4096));
	EXPECT_EQ(0, agent_map_given(self->actor, fd, MAP, true));
	close(fd);
}

/* The one who acts looks at it, and so do those above. */
static void expect_memfd(struct __test_metadata *const _metadata,
			 struct _test_data_reader *self, int fd)
{
	char path[64], evidence[EVIDENCE_SIZE], name[64];
	int i;

	ASSERT_EQ(0, agent_map_given(self->actor, fd, READ, false));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snprintf(name, sizeof(name), "memfd:%s", self->name);
	/* The host looks at it by reading it, and so comes last. */
	for (i = self->level; i >= 0; i--) {
		ASSERT_EQ(0, file_evidence(path, name, evidence, sizeof(evidence)));
		EXPECT_EQ(1, fd_count_text(self->chain.lists[i], evidence))
		{
			TH_LOG("Level %d", i);
		}
	}
}

/* What nobody is counted for is seen all the same, by the next access. */
TEST_F(reader, memfd_written)
{
	char *map;
	int fd, i;

	fd = make_memfd(self, OWNER_READ);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_map_given(self->actor, fd, READ, true));
	ASSERT_EQ(32, write(fd, self->name, 32));
	expect_memfd(_metadata, self, fd);
	ASSERT_EQ(0, agent_map_given(self->actor, fd, READ, true));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	/* While it is mapped, and after that. */
	for (i = 0; i < 2; i++) {
		change_mapped(map);
		expect_memfd(_metadata, self, fd);
	}
	change_mapped(map);
	ASSERT_EQ(0, munmap(map, 4096));
	expect_memfd(_metadata, self, fd);
	close(fd);
}

/* What was written before it was sealed is seen, too; and then it stays as it is. */
TEST_F(reader, memfd_sealed)
{
	struct stat st;
	char *map;
	int fd;

	fd = make_memfd(self, OWNER_READ);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_map_given(self->actor, fd, READ, true));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	change_mapped(map);
	ASSERT_EQ(0, munmap(map, 4096));
	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	expect_memfd(_metadata, self, fd);
	/* Now it can be made longer, but not written. */
	ASSERT_EQ(0, fstat(fd, &st));
	ASSERT_EQ(0, fallocate(fd, 0, st.st_size, 32));
	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
	expect_memfd(_metadata, self, fd);
	expect_memfd(_metadata, self, fd);
	close(fd);
}

TEST_HARNESS_MAIN
