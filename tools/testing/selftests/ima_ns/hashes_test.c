// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Hashes that the kernel keeps in security.ima
 *
 * For whom it does, and who goes by them: whoever has a hash written could have
 * it written over anything.  To be run before the host has rules that go by
 * hashes, as they stay, and no child has any written then.
 */

#include "sign.h"

#define TMPFS "fsmagic=0x1021994"
#define FILES 61790

/* rootless has files of its own in /mnt; inner is in it, and in its own owner. */
FIXTURE(hashes)
{
	struct agent rootless, below, inner, visitor, b;
	/* Where the host finds the file of @rootless. */
	char path[PATH_MAX];
};

static long do_mount_own(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return mount("tmpfs", "/mnt", "tmpfs", 0, NULL) ? -errno : 0;
}

static int agent_mount_own(struct agent *agent)
{
	return agent_call(agent, do_mount_own, -1, NULL);
}

FIXTURE_SETUP(hashes)
{
	int fd;

	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_FALSE(host_has_rule("uid=61121"))
	{
		TH_LOG("Not after hooks_test in one boot");
	}
	ASSERT_EQ(0, agent_start(&self->rootless, NULL,
				 CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_EQ(0, agent_mount_own(&self->rootless));
	ASSERT_EQ(0, agent_start(&self->below, &self->rootless, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->inner, &self->rootless,
				 CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->visitor, NULL, 0));
	fd = ns_open(self->rootless.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&self->visitor, fd, CLONE_NEWNS));
	close(fd);
	ASSERT_EQ(0, agent_start(&self->b, NULL, CLONE_NEWNS));
	snprintf(self->path, sizeof(self->path), "/proc/%d/root/mnt/file",
		 self->rootless.pid);
}

FIXTURE_TEARDOWN(hashes)
{
	agents_stop(&self->b, &self->visitor, &self->inner, &self->below,
		    &self->rootless);
}

/* Ways to make a file. */
enum way {
	BY_OPEN,
	BY_MKNOD,
	BY_TMPFILE,
};

#define OWN_FILE "/mnt/file"

static int write_tmpfile(const char *text)
{
	const int fd = open("/mnt", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	char path[64];
	int err = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 ||
	    linkat(AT_FDCWD, path, AT_FDCWD, OWN_FILE, AT_SYMLINK_FOLLOW))
		err = -errno;
	close(fd);
	return err;
}

static int write_new(enum way way, const char *text)
{
	if (way == BY_TMPFILE)
		return write_tmpfile(text);
	if (way == BY_MKNOD && mknod(OWN_FILE, S_IFREG | 0600, 0))
		return -errno;
	return write_path(OWN_FILE, O_CREAT, text, strlen(text));
}

/* Is security.ima the sha256 digest of what is in the file? */
static bool has_right_hash(const char *path, const char *text)
{
	char value[128], hex[65], want[65];
	int i;

	if (getxattr(path, XATTR_IMA, value, sizeof(value)) != 34)
		return false;
	for (i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)value[2 + i]);
	sha256_hex(text, strlen(text), want);
	return !strcmp(hex, want);
}

/* Writes a file and reads it: is its hash where it should be? */
static long do_write_own(struct call *call, int fd)
{
	int err;

	if (fd >= 0)
		close(fd);
	err = write_new(call->flags, call->text);
	if (!err) {
		fd = open(OWN_FILE, O_RDONLY | O_CLOEXEC);
		err = fd < 0 ? -errno : close(fd);
	}
	if (!err && !has_right_hash(OWN_FILE, call->text))
		err = -ENODATA;
	unlink(OWN_FILE);
	return err;
}

static int agent_write_own(struct agent *agent, enum way way)
{
	unique_text(agent->call->text);
	agent->call->flags = way;
	return agent_call(agent, do_write_own, -1, NULL);
}

#define APPRAISED "appraise func=FILE_CHECK " TMPFS " fowner=0\n"
#define HASHED "hash func=FILE_CHECK " TMPFS "\n"

/*
 * "The kernel writes security.ima for a level whose owner is that of the file
 * system, or above it; on those of the initial user namespace for the initial
 * level alone."
 */
TEST_F(hashes, new_files)
{
	enum way way;

	ASSERT_EQ(0, agent_load(&self->rootless, APPRAISED));
	ASSERT_EQ(0, agent_mount_own(&self->b));
	ASSERT_EQ(0, agent_load(&self->b, APPRAISED));
	for (way = BY_OPEN; way <= BY_TMPFILE; way++) {
		EXPECT_EQ(0, agent_write_own(&self->rootless, way))
		{
			TH_LOG("Way %d", way);
		}
		EXPECT_EQ(-EACCES, agent_write_own(&self->b, way))
		{
			TH_LOG("Way %d", way);
		}
	}
}

/* "A hash rule of a child matches only files on superblocks of its owner." */
TEST_F(hashes, hash_rules)
{
	enum way way;

	EXPECT_EQ(-ENODATA, agent_write_own(&self->rootless, BY_OPEN));
	ASSERT_EQ(0, agent_load(&self->rootless, HASHED));
	ASSERT_EQ(0, agent_mount_own(&self->b));
	ASSERT_EQ(0, agent_load(&self->b, HASHED));
	for (way = BY_OPEN; way <= BY_TMPFILE; way++) {
		EXPECT_EQ(0, agent_write_own(&self->rootless, way))
		{
			TH_LOG("Way %d", way);
		}
		EXPECT_EQ(-ENODATA, agent_write_own(&self->b, way));
	}
}

/* Others who look at the file meanwhile do not stand in the way. */
TEST_F(hashes, among_others)
{
	ASSERT_EQ(0, agent_load(&self->rootless, "measure func=FILE_CHECK " TMPFS "\n"));
	ASSERT_EQ(0, agent_load(&self->below, HASHED));
	EXPECT_EQ(0, agent_write_own(&self->below, BY_OPEN));
}

static long do_run(struct call *call, int fd)
{
	const char *const argv[] = { "sh", "-c", call->text, NULL };

	if (fd >= 0)
		close(fd);
	return run(argv, NULL, 0);
}

static int agent_run(struct agent *agent, const char *script)
{
	snprintf(agent->call->text, TEXT_SIZE, "%s", script);
	return agent_call(agent, do_run, -1, NULL);
}

/* A file that was made and not written has the hash of nothing. */
TEST_F(hashes, empty_files)
{
	ASSERT_EQ(0, agent_load(&self->rootless, APPRAISED));
	ASSERT_EQ(0, agent_run(&self->rootless, ": >" OWN_FILE));
	EXPECT_TRUE(has_right_hash(self->path, ""));
}

static long do_write_new(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_new(call->flags, call->text);
}

/*
 * On a stacked file system it is a new file all the same.  No hash is written
 * there: who mounted it may not do so to what is below.
 */
TEST_F(hashes, stacked)
{
	static const char overlay[] =
		"cd /mnt && mkdir l u w &&\n"
		"mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none /mnt";

	ASSERT_EQ(0, agent_run(&self->rootless, overlay));
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=FILE_CHECK fsmagic=0x794c7630\n"));
	unique_text(self->rootless.call->text);
	self->rootless.call->flags = BY_MKNOD;
	EXPECT_EQ(0, agent_call(&self->rootless, do_write_new, -1, NULL));
}

/* A visitor signs what they write before they close it. */
static long do_write_signed(struct call *call, int fd)
{
	static const char sig[] = "\003\002 signed";
	int err = 0;

	if (fd >= 0)
		close(fd);
	fd = open(OWN_FILE, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, call->text, strlen(call->text)) < 0 ||
	    fsetxattr(fd, XATTR_IMA, sig, sizeof(sig), 0))
		err = -errno;
	close(fd);
	return err;
}

/* What was signed meanwhile keeps its signature. */
TEST_F(hashes, not_over_signatures)
{
	ASSERT_EQ(0, agent_load(&self->rootless, HASHED));
	unique_text(self->visitor.call->text);
	ASSERT_EQ(0, agent_call(&self->visitor, do_write_signed, -1, NULL));
	EXPECT_TRUE(has_ima_xattr(self->path, IMA_SIGNATURE));
}

/* Maps a file executable while it can be written, and writes it then. */
static long do_map_and_write(struct call *call, int fd)
{
	void *map;
	int err = 0;

	if (fd >= 0)
		close(fd);
	fd = open(OWN_FILE, O_RDWR | O_CLOEXEC);
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		err = -errno;
	else
		munmap(map, 4096);
	if (!err && write(fd, "something else", 14) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* What was appraised for being mapped is not vouched for when it is written. */
TEST_F(hashes, not_for_other_hooks)
{
	ASSERT_EQ(0, agent_run(&self->rootless, "echo content >" OWN_FILE));
	ASSERT_EQ(0, hash_file(self->path, "sha256"));
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=MMAP_CHECK " TMPFS "\n"));
	EXPECT_EQ(0, agent_call(&self->rootless, do_map_and_write, -1, NULL));
	EXPECT_TRUE(has_ima_xattr(self->path, IMA_HASH));
	EXPECT_EQ(-EACCES, agent_call(&self->rootless, do_map_and_write, -1,
				      NULL));
}

/* Makes a file, has another descriptor write it, and maps it by the first. */
static long do_map_written(struct call *call, int fd)
{
	void *map;
	int err;

	if (fd >= 0)
		close(fd);
	fd = open(OWN_FILE, O_CREAT | O_RDONLY | O_CLOEXEC, 0755);
	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	err = map == MAP_FAILED ? -errno : 0;
	if (!err)
		err = write_path(OWN_FILE, 0, call->text, strlen(call->text));
	if (!err) {
		map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd,
			   0);
		err = map == MAP_FAILED ? -errno : -EEXIST;
	}
	close(fd);
	return err;
}

/* A file is new once: "its own rules refuse from then on". */
TEST_F(hashes, new_once)
{
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=MMAP_CHECK " TMPFS "\n"
				"appraise func=BPRM_CHECK " TMPFS "\n"));
	unique_text(self->rootless.call->text);
	EXPECT_EQ(-EACCES, agent_call(&self->rootless, do_map_written, -1,
				      NULL));
	EXPECT_EQ(EACCES, agent_exec(&self->rootless, OWN_FILE, 0));
}

/* Nobody below has a hash written that a level above goes by. */
TEST_F(hashes, above_not_deceived)
{
	ASSERT_EQ(0, agent_load(&self->below, HASHED));
	EXPECT_EQ(0, agent_write_own(&self->below, BY_OPEN));
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=BPRM_CHECK " TMPFS "\n"));
	EXPECT_EQ(-ENODATA, agent_write_own(&self->below, BY_OPEN));
}

/* The same if its rules are about others, whom nobody can release from them. */
TEST_F(hashes, above_not_deceived_by_delegates)
{
	ASSERT_EQ(0, agent_load(&self->below, HASHED));
	ASSERT_EQ(0, ns_write(agent_number(&self->below, "id"), "appraise",
			      "delegate\n", 9));
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=BPRM_CHECK ns=self " TMPFS "\n"));
	EXPECT_EQ(0, agent_write_own(&self->below, BY_OPEN));
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=BPRM_CHECK ns=children " TMPFS "\n"));
	EXPECT_EQ(-ENODATA, agent_write_own(&self->below, BY_OPEN));
}

/* Nor does a level go by hashes where others may have had them written. */
TEST_F(hashes, others_not_trusted)
{
	ASSERT_EQ(0, agent_mount_own(&self->inner));
	ASSERT_EQ(0, agent_load(&self->inner,
				"hash func=FILE_CHECK " TMPFS "\n"
				"appraise func=BPRM_CHECK " TMPFS "\n"));
	ASSERT_EQ(0, agent_run(&self->inner,
			       "cp /bin/true " OWN_FILE " && echo >>" OWN_FILE));
	EXPECT_EQ(0, agent_exec(&self->inner, OWN_FILE, 0));
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=BPRM_CHECK " TMPFS "\n"));
	EXPECT_EQ(EACCES, agent_exec(&self->inner, OWN_FILE, 0));
}

/* Nor does the host, whose rule this is from here on. */
TEST_F(hashes, host_not_deceived)
{
	static const char host[] =
		"appraise func=BPRM_CHECK fowner=61790 " TMPFS "\n";

	ASSERT_EQ(0, agent_load(&self->rootless, HASHED APPRAISED));
	if (!host_has_rule("fowner=61790"))
		EXPECT_EQ(0, agent_write_own(&self->rootless, BY_OPEN));
	ASSERT_EQ(0, host_load_once(host, "fowner=61790"));
	EXPECT_EQ(-EACCES, agent_write_own(&self->rootless, BY_OPEN));
}

TEST_HARNESS_MAIN
