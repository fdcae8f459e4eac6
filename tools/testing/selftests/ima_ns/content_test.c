// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What is recorded: contents, hooks, filesystems, lists
 *
 * That a file is hashed once, however many levels record it, has no cheap
 * observable here: the KUnit tests count the hashing.
 */

#include <dirent.h>
#include <pthread.h>

#include "world.h"

#define RULE_MMAP "measure func=MMAP_CHECK mask=MAY_EXEC\n"
#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"
#define RULE_READ_SELF \
	"measure func=FILE_CHECK mask=MAY_READ fowner=61000 ns=self\n"

/*
 * A world of four namespaces, of which three measure:
 *
 *   host[-] ── parent[A] ─┬─ child[A]
 *                         └─ sibling[A]
 */
struct family {
	struct scratch scratch;
	struct chain chain;
	struct agent *host, *parent, *child;
	struct agent sibling;
	int parent_list, child_list, sibling_list;
	char path[PATH_MAX];
};

/* -ENODEV: the filesystem is not there. */
static int family_start(struct family *family, enum scratch_fs fs)
{
	struct chain *const chain = &family->chain;
	int err = scratch_make(&family->scratch, fs);

	if (!err)
		err = chain_start(chain, "-AA");
	if (err)
		return err;
	family->host = &chain->agent[0];
	family->parent = &chain->agent[1];
	family->child = &chain->agent[2];
	family->parent_list = chain->lists[1];
	family->child_list = chain->lists[2];
	err = level_start(&family->sibling, family->parent, 'A',
			  &family->sibling_list);
	if (err)
		return err;
	return scratch_subject(&family->scratch, "subject", OWNER_PLAIN,
			       family->path);
}

static void family_stop(struct family *family)
{
	agent_stop(&family->sibling);
	chain_stop(&family->chain);
	scratch_remove(&family->scratch);
}

/* Lets @actor do @act and asserts who of parent, child, sibling gains. */
static void expect_gains(struct __test_metadata *const _metadata,
			 const struct family *family,
			 int (*act)(struct agent *, const char *),
			 struct agent *actor, int parent, int child,
			 int sibling)
{
	const int host = fd_count(family->chain.lists[0]);
	const int p = fd_count(family->parent_list);
	const int c = fd_count(family->child_list);
	const int s = fd_count(family->sibling_list);
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, file_evidence(family->path, family->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, act(actor, family->path));
	assert_gain(_metadata, "parent", family->parent_list, p, parent,
		    evidence);
	assert_gain(_metadata, "child", family->child_list, c, child, evidence);
	assert_gain(_metadata, "sibling", family->sibling_list, s, sibling,
		    evidence);
	ASSERT_EQ(host, fd_count(family->chain.lists[0]));
}

static int act_exec(struct agent *agent, const char *path)
{
	return agent_exec(agent, path, 0);
}

static int act_open_read(struct agent *agent, const char *path)
{
	const int fd = agent_open(agent, path, O_RDONLY);

	return fd < 0 ? fd : close(fd);
}

static int act_open_write(struct agent *agent, const char *path)
{
	const int fd = agent_open(agent, path, O_WRONLY);

	return fd < 0 ? fd : close(fd);
}

static long do_mmap(struct call *call, int fd)
{
	void *map;

	if (fd >= 0)
		close(fd);
	fd = open(call->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, call->flags, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	return munmap(map, 4096) ? -errno : 0;
}

static int act_mmap(struct agent *agent, const char *path, int prot)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = prot;
	return agent_call(agent, do_mmap, -1, NULL);
}

static int act_mmap_exec(struct agent *agent, const char *path)
{
	return act_mmap(agent, path, PROT_READ | PROT_EXEC);
}

static int act_mmap_read(struct agent *agent, const char *path)
{
	return act_mmap(agent, path, PROT_READ);
}

/* Writes a file's own bytes over it. */
static int act_rewrite(struct agent *agent, const char *path)
{
	const int fd = agent_open(agent, path, O_RDWR);
	char *content;
	ssize_t size;

	if (fd < 0)
		return fd;
	size = read_fd(fd, &content);
	if (size > 0 && pwrite(fd, content, size, 0) != size)
		size = -EIO;
	free(content);
	close(fd);
	return size < 0 ? size : 0;
}

FIXTURE(modified)
{
	struct family family;
	struct agent *writer;
};

FIXTURE_VARIANT(modified)
{
	enum scratch_fs fs;
	/* 'c'hild, 'p'arent, 's'ibling or 'h'ost. */
	char writer;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(modified, tmpfs_inside) { FS_TMPFS, 'c' };
FIXTURE_VARIANT_ADD(modified, tmpfs_parent) { FS_TMPFS, 'p' };
FIXTURE_VARIANT_ADD(modified, tmpfs_sibling) { FS_TMPFS, 's' };
FIXTURE_VARIANT_ADD(modified, tmpfs_host) { FS_TMPFS, 'h' };
FIXTURE_VARIANT_ADD(modified, ext4_inside) { FS_EXT4, 'c' };
FIXTURE_VARIANT_ADD(modified, ext4_parent) { FS_EXT4, 'p' };
FIXTURE_VARIANT_ADD(modified, ext4_sibling) { FS_EXT4, 's' };
FIXTURE_VARIANT_ADD(modified, upper_inside) { FS_OVERLAY_UPPER, 'c' };
FIXTURE_VARIANT_ADD(modified, upper_parent) { FS_OVERLAY_UPPER, 'p' };
FIXTURE_VARIANT_ADD(modified, upper_sibling) { FS_OVERLAY_UPPER, 's' };
FIXTURE_VARIANT_ADD(modified, lower_inside) { FS_OVERLAY_LOWER, 'c' };
FIXTURE_VARIANT_ADD(modified, lower_sibling) { FS_OVERLAY_LOWER, 's' };
/* clang-format on */

FIXTURE_SETUP(modified)
{
	const int err = family_start(&self->family, variant->fs);

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
	switch (variant->writer) {
	case 'c':
		self->writer = self->family.child;
		break;
	case 'p':
		self->writer = self->family.parent;
		break;
	case 's':
		self->writer = &self->family.sibling;
		break;
	default:
		self->writer = self->family.host;
	}
}

FIXTURE_TEARDOWN(modified)
{
	family_stop(&self->family);
}

/*
 * "A file that changed is measured again in every namespace that measured it,
 * whoever changed it, in any namespace": exactly once more.
 */
TEST_F(modified, measured_again)
{
	const struct family *const f = &self->family;
	struct agent *const sibling = &self->family.sibling;
	char unique[33];

	expect_gains(_metadata, f, act_exec, f->child, 1, 1, 0);
	/* The parent has this content already. */
	expect_gains(_metadata, f, act_exec, sibling, 0, 0, 1);

	unique_text(unique);
	ASSERT_EQ(0, agent_append(self->writer, f->path, unique));
	expect_gains(_metadata, f, act_exec, f->child, 1, 1, 0);
	expect_gains(_metadata, f, act_exec, sibling, 0, 0, 1);
	expect_gains(_metadata, f, act_exec, f->child, 0, 0, 0);
	expect_gains(_metadata, f, act_exec, f->parent, 0, 0, 0);
	ASSERT_EQ(2, fd_count_path(f->parent_list, f->path));
	ASSERT_EQ(2, fd_count_path(f->child_list, f->path));
	ASSERT_EQ(2, fd_count_path(f->sibling_list, f->path));
}

/* "The same content under the same name is one entry of a list." */
TEST_F(modified, same_content)
{
	const struct family *const f = &self->family;

	expect_gains(_metadata, f, act_exec, f->child, 1, 1, 0);
	ASSERT_EQ(0, act_rewrite(self->writer, f->path));
	expect_gains(_metadata, f, act_exec, f->child, 0, 0, 0);
	expect_gains(_metadata, f, act_exec, f->parent, 0, 0, 0);
	ASSERT_EQ(1, fd_count_path(f->parent_list, f->path));
}

FIXTURE(hook)
{
	struct family family;
};

FIXTURE_VARIANT(hook)
{
	enum scratch_fs fs;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(hook, tmpfs) { FS_TMPFS };
FIXTURE_VARIANT_ADD(hook, ext4) { FS_EXT4 };
FIXTURE_VARIANT_ADD(hook, overlay_upper) { FS_OVERLAY_UPPER };
FIXTURE_VARIANT_ADD(hook, overlay_lower) { FS_OVERLAY_LOWER };
/* clang-format on */

FIXTURE_SETUP(hook)
{
	const int err = family_start(&self->family, variant->fs);

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(hook)
{
	family_stop(&self->family);
}

/* "What is executed is recorded by each level that asks." */
TEST_F(hook, execution)
{
	const struct family *const f = &self->family;

	expect_gains(_metadata, f, act_open_read, f->child, 0, 0, 0);
	expect_gains(_metadata, f, act_mmap_exec, f->child, 0, 0, 0);
	expect_gains(_metadata, f, act_exec, f->child, 1, 1, 0);
	expect_gains(_metadata, f, act_exec, f->parent, 0, 0, 0);
}

/* "What is mapped for execution is recorded by each level that asks." */
TEST_F(hook, executable_mapping)
{
	const struct family *const f = &self->family;

	ASSERT_EQ(0, agent_load(f->child, RULE_MMAP));
	expect_gains(_metadata, f, act_mmap_read, f->child, 0, 0, 0);
	expect_gains(_metadata, f, act_mmap_exec, f->child, 0, 1, 0);
	ASSERT_EQ(0, agent_load(f->parent, RULE_MMAP));
	expect_gains(_metadata, f, act_mmap_exec, f->child, 1, 0, 0);
}

/* "What is read is recorded by each level that asks." */
TEST_F(hook, reading)
{
	const struct family *const f = &self->family;

	ASSERT_EQ(0, agent_load(f->parent, RULE_READ));
	expect_gains(_metadata, f, act_open_write, f->child, 0, 0, 0);
	expect_gains(_metadata, f, act_open_read, f->child, 1, 0, 0);
	ASSERT_EQ(0, agent_load(f->child, RULE_READ));
	expect_gains(_metadata, f, act_open_read, f->child, 0, 1, 0);
	expect_gains(_metadata, f, act_open_read, f->child, 0, 0, 0);
}

static int act_open_direct(struct agent *agent, const char *path)
{
	const int fd = agent_open(agent, path, O_RDONLY | O_DIRECT);

	return fd < 0 ? fd : close(fd);
}

/*
 * What is opened for direct I/O is not hashed: each level that asks records that
 * by zeros, for root in a child, too, and has not measured the file by that.
 */
TEST_F(hook, direct)
{
	const struct family *const f = &self->family;
	char zeros[EVIDENCE_SIZE];
	int parent, child;

	ASSERT_EQ(0, agent_load(f->parent, RULE_READ_SELF));
	ASSERT_EQ(0, agent_load(f->child, RULE_READ));
	parent = fd_count(f->parent_list);
	child = fd_count(f->child_list);
	ASSERT_EQ(0, act_open_direct(f->child, f->path));
	snprintf(zeros, sizeof(zeros), " sha256:%064d %s", 0, f->path);
	assert_gain(_metadata, "parent", f->parent_list, parent, 1, zeros);
	assert_gain(_metadata, "child", f->child_list, child, 1, zeros);
	/* Neither level took that for the content, nor for having seen it. */
	expect_gains(_metadata, f, act_open_read, f->child, 1, 1, 0);
	expect_gains(_metadata, f, act_open_read, f->child, 0, 0, 0);
	/* The same record is there already. */
	ASSERT_EQ(0, act_open_direct(f->child, f->path));
	ASSERT_EQ(parent + 2, fd_count(f->parent_list));
}

struct closer {
	int fd;
	int go;
};

static void *close_when_told(void *data)
{
	struct closer *const closer = data;

	while (!__atomic_load_n(&closer->go, __ATOMIC_ACQUIRE))
		;
	close(closer->fd);
	return NULL;
}

/* Writes a file, and has two descriptors of it closed on two CPUs at once. */
static int write_and_close_twice(const char *path, const char *text)
{
	struct closer closer = { .fd = open(path, O_WRONLY | O_CLOEXEC) };
	const int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	pthread_t thread;
	int err = 0;

	if (fd < 0 || closer.fd < 0 || write(fd, text, strlen(text)) < 0 ||
	    pthread_create(&thread, NULL, close_when_told, &closer))
		return -errno;
	__atomic_store_n(&closer.go, 1, __ATOMIC_RELEASE);
	if (close(fd))
		err = -errno;
	pthread_join(thread, NULL);
	return err;
}

/* Two who close it at once, of whom neither is the last, hide no change. */
TEST_F_TIMEOUT(hook, closed_at_once, 800)
{
	const struct family *const f = &self->family;
	const int rounds = 300 * scale();
	int before = fd_count(f->child_list), i;
	char unique[33];

	for (i = 0; i < rounds; i++) {
		unique_text(unique);
		ASSERT_EQ(0, write_and_close_twice(f->path, unique));
		ASSERT_EQ(0, agent_exec(f->child, f->path, 0));
	}
	EXPECT_EQ(before + rounds, fd_count(f->child_list));
}

/* What a child had hashed is not taken by its parents for what they look at later. */
TEST_F(hook, digest_of_a_child)
{
	const struct family *const f = &self->family;
	char old[EVIDENCE_SIZE], new[EVIDENCE_SIZE];
	const int fd = open(f->path, O_RDWR | O_CLOEXEC);
	char *map;

	ASSERT_LE(0, fd);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, agent_load(f->child, RULE_READ));
	ASSERT_EQ(0, file_evidence(f->path, f->path, old, sizeof(old)));
	ASSERT_EQ(0, act_open_read(f->child, f->path));
	EXPECT_EQ(1, fd_count_text(f->child_list, old));

	map[100]++;
	ASSERT_EQ(0, agent_load(f->parent, RULE_READ));
	ASSERT_EQ(0, file_evidence(f->path, f->path, new, sizeof(new)));
	ASSERT_EQ(0, act_open_read(f->parent, f->path));
	EXPECT_EQ(0, fd_count_text(f->parent_list, old));
	EXPECT_EQ(1, fd_count_text(f->parent_list, new));
	ASSERT_EQ(0, munmap(map, 4096));
	ASSERT_EQ(0, close(fd));
}

/*
 * One descriptor, several namespaces: "the task's namespace counts", not the
 * one in which the file was opened.
 */
TEST_F(hook, passed_descriptor)
{
	const struct family *const f = &self->family;
	int fd, before;
	void *map;

	ASSERT_EQ(0, agent_load(f->child, RULE_MMAP));
	before = fd_count(f->child_list);
	fd = agent_open(f->child, f->path, O_RDONLY);
	ASSERT_LE(0, fd);
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map, 4096));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(before, fd_count(f->child_list));
	expect_gains(_metadata, f, act_mmap_exec, f->child, 0, 1, 0);
}

/* "tmpfs and memfd are not excluded by the default policy." */
TEST_F(hook, memfd)
{
	struct agent child;
	char evidence[EVIDENCE_SIZE];
	int list, before;

	ASSERT_EQ(0, level_start(&child, self->family.child, 'D', &list));
	ASSERT_EQ(0, file_evidence(self->family.path, "memfd:subject",
				   evidence, sizeof(evidence)));
	before = fd_count(self->family.parent_list);
	snprintf(child.call->path, PATH_MAX, "%s", self->family.path);
	child.call->uid = 0;
	ASSERT_EQ(0, agent_call(&child, do_exec_memfd, -1, NULL));
	assert_gain(_metadata, "grandchild", list, 0, 1, evidence);
	assert_gain(_metadata, "parent", self->family.parent_list, before, 1,
		    evidence);
	agent_stop(&child);
}

FIXTURE(lists)
{
	struct family family;
	struct agent agent;
	int list;
};

/* A namespace with the default policy, beside the family. */
FIXTURE_SETUP(lists)
{
	ASSERT_EQ(0, family_start(&self->family, FS_TMPFS));
	ASSERT_EQ(0, level_start(&self->agent, self->family.host, 'D',
				 &self->list));
}

FIXTURE_TEARDOWN(lists)
{
	agent_stop(&self->agent);
	family_stop(&self->family);
}

/* Fills the list: boot_aggregate and two contents of the subject. */
static void fill(struct __test_metadata *const _metadata,
		 struct _test_data_lists *self)
{
	char unique[33];

	unique_text(unique);
	ASSERT_EQ(0, agent_exec(&self->agent, self->family.path, 0));
	ASSERT_EQ(0, agent_append(&self->agent, self->family.path, unique));
	ASSERT_EQ(0, agent_exec(&self->agent, self->family.path, 1000));
	ASSERT_EQ(3, fd_count(self->list));
}

/* "A list that nobody wrote to is empty"; the first record changes that. */
TEST_F(lists, empty_until_first_record)
{
	struct list list;

	ASSERT_EQ(0, fd_count(self->list));
	ASSERT_EQ(0, agent_number(&self->agent, "runtime_measurements_count"));
	ASSERT_EQ(0, agent_number(&self->agent, "violations"));
	fill(_metadata, self);
	ASSERT_EQ(0, list_read(self->list, &list));
	assert_boot_aggregate(_metadata, &list);
	ASSERT_EQ(2, list_count_path(&list, self->family.path));
	ASSERT_EQ(3, agent_number(&self->agent, "runtime_measurements_count"));
	ASSERT_EQ(0, agent_number(&self->agent, "violations"));
	list_free(&list);
}

/* "A child's list starts with boot_aggregate", once. */
TEST_F(lists, one_boot_aggregate)
{
	fill(_metadata, self);
	ASSERT_EQ(1, fd_count_path(self->list, " boot_aggregate"));
}

/* Takes a native u32 off a binary list. */
static __u32 take_u32(const char **record)
{
	__u32 value;

	memcpy(&value, *record, sizeof(value));
	*record += sizeof(value);
	return value;
}

/*
 * Compares a binary list with the ascii one of the same bank: PCR, template
 * digest and template name of each record.  Returns the number of records, or
 * the negated number of the first that differs, from 1 on.
 */
static int compare_lists(const char *ascii, const char *binary, size_t size)
{
	const char *const end = binary + size;
	int count;

	for (count = 0; binary < end; count++) {
		char expected[512] = "", name[64] = "", hex[256];
		__u32 length;
		size_t i, n;

		if (sscanf(ascii, "%*d %255[0-9a-f]", hex) != 1)
			return -count - 1;
		n = snprintf(expected, sizeof(expected), "%2u ",
			     take_u32(&binary));
		for (i = 0; i < strlen(hex) / 2; i++)
			n += sprintf(expected + n, "%02x",
				     (unsigned char)*binary++);
		length = take_u32(&binary);
		memcpy(name, binary, length < 63 ? length : 63);
		binary += length;
		snprintf(expected + n, sizeof(expected) - n, " %s ", name);
		if (strncmp(ascii, expected, strlen(expected)))
			return -count - 1;
		length = take_u32(&binary);
		binary += length;
		ascii = strchr(ascii, '\n') + 1;
	}
	return binary == end && !*ascii ? count : -count - 1;
}

/* "Line and binary formats, per-bank files: exactly as on the host." */
TEST_F(lists, banks_agree)
{
	DIR *dir = opendir(IMA_DIR);
	const struct dirent *entry;
	int banks = 0;

	fill(_metadata, self);
	ASSERT_NE(0, !!dir);
	while ((entry = readdir(dir))) {
		char path[PATH_MAX], *ascii, *binary;
		ssize_t size;

		if (strncmp(entry->d_name, "ascii_", 6))
			continue;
		snprintf(path, sizeof(path), "%s/%s", IMA_DIR, entry->d_name);
		ASSERT_LT(0, agent_read(&self->agent, path, &ascii));
		snprintf(path, sizeof(path), "%s/binary_%s", IMA_DIR,
			 entry->d_name + strlen("ascii_"));
		size = agent_read(&self->agent, path, &binary);
		ASSERT_LT(0, size);
		ASSERT_EQ(3, compare_lists(ascii, binary, size))
		{
			TH_LOG("%s:\n%s", path, ascii);
		}
		free(ascii);
		free(binary);
		banks++;
	}
	/* At least one bank and the link to it. */
	ASSERT_LE(2, banks);
	closedir(dir);
}

/* "A reader sees the list of the namespace that opened, wherever it reads." */
TEST_F(lists, opener_counts)
{
	char *here, *there;
	struct list list;
	int fd;

	fill(_metadata, self);
	ASSERT_EQ(0, list_read(self->list, &list));
	ASSERT_LT(0, agent_read(&self->agent, ASCII_LIST, &there));
	ASSERT_STREQ(list.text, there);
	ASSERT_LT(0, read_path(ASCII_LIST, &here));
	ASSERT_STRNE(here, there);

	/* A descriptor of the host's list stays the host's in a child. */
	fd = open(ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, list_read(fd, &list));
	ASSERT_STREQ(here, list.text);
	ASSERT_EQ(0, read_path(ASCII_LIST, &there));
	ASSERT_EQ(0, close(fd));
}

/* "Whoever opens through /proc/PID/root is still the opener." */
TEST_F(lists, through_proc_root)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root%s/id", self->agent.pid,
		 IMA_DIR);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, read_number(fd));
	ASSERT_EQ(0, close(fd));

	snprintf(path, sizeof(path), "/proc/%d/root%s/id", getpid(), IMA_DIR);
	fd = agent_open(&self->agent, path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(agent_number(&self->agent, "id"), read_number(fd));
	ASSERT_EQ(0, close(fd));
}

/* A user namespace below changes nothing of who records. */
TEST_F(lists, rootless)
{
	char evidence[EVIDENCE_SIZE];
	struct agent rootless;
	int list;

	ASSERT_EQ(0, agent_start(&rootless, &self->agent,
				 CLONE_NEWUSER | CLONE_NEWNS));
	list = agent_open(&rootless, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, list);
	ASSERT_EQ(0, file_evidence(self->family.path, self->family.path,
				   evidence, sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(&rootless, self->family.path, 0));
	assert_gain(_metadata, "rootless", list, 0, 1, evidence);
	assert_gain(_metadata, "parent", self->list, 0, 1, evidence);
	ASSERT_EQ(0, agent_stop(&rootless));
}

/* What an agent has open and mapped, from before it left. */
static int held;
static void *mapped;

static long do_hold_and_leave(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	held = open(call->path, O_RDONLY);
	mapped = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, held, 0);
	return held < 0 || mapped == MAP_FAILED || unshare(CLONE_NEWNS) ?
		-errno : 0;
}

/* Uses it: 1 if it is what it was. */
static long do_use_held(struct call *call, int fd)
{
	char text[64];

	if (fd >= 0)
		close(fd);
	if (pread(held, text, sizeof(text), 0) != sizeof(text))
		return -EIO;
	return !memcmp(text, mapped, sizeof(text));
}

static long do_map_held(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, held, 0) ==
	       MAP_FAILED ? -errno : 0;
}

/* "What was opened or mapped before a namespace was made is in its parent's list." */
TEST_F(lists, before_it_began)
{
	struct agent leaver;
	int list;

	ASSERT_EQ(0, agent_start(&leaver, &self->agent, 0));
	snprintf(leaver.call->path, PATH_MAX, "%s", self->family.path);
	ASSERT_EQ(0, agent_call(&leaver, do_hold_and_leave, -1, NULL));
	ASSERT_EQ(2, ns_level(leaver.pid));
	ASSERT_EQ(2, fd_count(self->list));
	list = agent_open(&leaver, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, list);
	ASSERT_EQ(1, agent_call(&leaver, do_use_held, -1, NULL));
	EXPECT_EQ(0, fd_count(list));
	/* A new mapping is an act of its own, for who has not seen it yet. */
	ASSERT_EQ(0, agent_call(&leaver, do_map_held, -1, NULL));
	EXPECT_EQ(2, fd_count(list));
	EXPECT_EQ(1, fd_count_path(list, self->family.path));
	EXPECT_EQ(2, fd_count(self->list));
	close(list);
	ASSERT_EQ(0, agent_stop(&leaver));
}

FIXTURE(first)
{
	struct family family;
};

FIXTURE_VARIANT(first)
{
	/* CLONE_NEWNS at clone3(), or by unshare() in the child. */
	bool at_clone;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(first, clone) { .at_clone = true };
FIXTURE_VARIANT_ADD(first, unshare) { .at_clone = false };
/* clang-format on */

FIXTURE_SETUP(first)
{
	ASSERT_EQ(0, family_start(&self->family, FS_TMPFS));
}

FIXTURE_TEARDOWN(first)
{
	family_stop(&self->family);
}

/* "The default policy is in force from birth", for the very first exec. */
TEST_F(first, execution)
{
	char *const argv[] = { self->family.path, "cat", ASCII_LIST, NULL };
	char text[4096] = "", evidence[EVIDENCE_SIZE];
	struct list list = { .text = text, .count = 2 };
	int out[2], n, size = 0;
	pid_t pid;

	ASSERT_EQ(0, file_evidence(self->family.path, self->family.path,
				   evidence, sizeof(evidence)));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	pid = clone_flags(variant->at_clone ? CLONE_NEWNS : 0);
	if (!pid) {
		if (!variant->at_clone && unshare(CLONE_NEWNS))
			_exit(1);
		dup2(out[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(1);
	}
	close(out[1]);
	while ((n = read(out[0], text + size, sizeof(text) - 1 - size)) > 0)
		size += n;
	ASSERT_EQ(0, reap(pid));
	assert_boot_aggregate(_metadata, &list);
	ASSERT_TRUE(contains(strchr(text, '\n'), evidence))
	{
		TH_LOG("Expected%s, seen:\n%s", evidence, text);
	}
	/* These two lines and no other. */
	ASSERT_STREQ("\n", strrchr(text, '\n'));
	ASSERT_EQ(1, list_count_path(&list, self->family.path));
	ASSERT_TRUE(strchr(strchr(text, '\n') + 1, '\n') ==
		    strrchr(text, '\n'));
}

TEST_HARNESS_MAIN
