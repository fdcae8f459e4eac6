// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - security.ima: who writes it, and who looks at it again
 */

#include "world.h"
#include "xattr.h"

/* The host's rules stay for the boot: an owner that nobody else uses. */
#define OWNER_HASH 61010
#define OWNER_MODE 61011
#define OWNER_SIG 61012

#define RULE_HASH "hash func=FILE_CHECK fowner=61010\n"
#define RULES_SHOW "measure func=FILE_CHECK mask=MAY_READ fowner=61011 " \
		   "template=evm-sig\n" \
		   "measure func=FILE_CHECK mask=MAY_READ fowner=61012 " \
		   "template=ima-sig\n"

/*
 * host[hash] ─┬─ a[show] ── child[show]
 *             └─ b[D]
 */
FIXTURE(xattr)
{
	struct scratch scratch;
	struct agent host, a, child, b;
	int a_list, child_list;
	char path[PATH_MAX];
};

FIXTURE_VARIANT(xattr)
{
	enum scratch_fs fs;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(xattr, ext4) { FS_EXT4 };
FIXTURE_VARIANT_ADD(xattr, tmpfs) { FS_TMPFS };
FIXTURE_VARIANT_ADD(xattr, overlay_upper) { FS_OVERLAY_UPPER };
FIXTURE_VARIANT_ADD(xattr, overlay_lower) { FS_OVERLAY_LOWER };
/* clang-format on */

FIXTURE_SETUP(xattr)
{
	ASSERT_EQ(0, scratch_make(&self->scratch, variant->fs));
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->child, &self->a, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->b, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_load(&self->a, RULES_SHOW));
	ASSERT_EQ(0, agent_load(&self->child, RULES_SHOW));
	self->a_list = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	self->child_list = agent_open(&self->child, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, self->a_list);
	ASSERT_LE(0, self->child_list);
}

FIXTURE_TEARDOWN(xattr)
{
	agents_stop(&self->b, &self->child, &self->a, &self->host);
	scratch_remove(&self->scratch);
}

/* Type, algorithm (04 is sha256) and digest, as the kernel writes a hash. */
static void assert_hash_xattr(struct __test_metadata *const _metadata,
			      const char *path)
{
	unsigned char value[128];
	char *content, hex[65], seen[65];
	ssize_t size;
	int i;

	size = read_path(path, &content);
	ASSERT_LE(0, size);
	sha256_hex(content, size, hex);
	ASSERT_EQ(34, getxattr(path, XATTR_IMA, value, sizeof(value)));
	ASSERT_EQ(4, value[0]);
	ASSERT_EQ(4, value[1]);
	for (i = 0; i < 32; i++)
		sprintf(seen + 2 * i, "%02x", value[i + 2]);
	ASSERT_STREQ(hex, seen);
}

/*
 * "The kernel writes security.ima by the file's own state: a file of the host
 * that a container has written does not go stale."
 */
TEST_F(xattr, host_hash_rule)
{
	char unique[33], lower[PATH_MAX];

	ASSERT_EQ(0, host_load_once(RULE_HASH, "fowner=61010"));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "hashed", OWNER_HASH,
				     self->path));
	unique_text(unique);
	ASSERT_EQ(0, agent_append(&self->host, self->path, unique));
	assert_hash_xattr(_metadata, self->path);
	unique_text(unique);
	ASSERT_EQ(0, agent_append(&self->child, self->path, unique));
	assert_hash_xattr(_metadata, self->path);
	if (variant->fs != FS_OVERLAY_LOWER)
		return;
	/* What it says is of the copy: the layer below stays as it was. */
	snprintf(lower, sizeof(lower), "%s/hashed", self->scratch.put);
	ASSERT_EQ(-1, getxattr(lower, XATTR_IMA, NULL, 0));
	ASSERT_EQ(ENODATA, errno);
}

static long do_append_hashed(struct call *call, int fd)
{
	int err;

	if (fd >= 0)
		close(fd);
	err = write_path(call->path, O_CREAT, call->text, strlen(call->text));
	if (!err)
		err = write_path(call->path, O_APPEND, "more", 4);
	if (err)
		return err;
	return getxattr(call->path, XATTR_IMA, NULL, 0) < 0 ?
		-errno : 0;
}

/*
 * "A user's hash rule does not make the kernel sign off files" of file systems that
 * are not the user's: it matches none there.
 */
TEST_F(xattr, no_hash_for_users)
{
	struct agent rootless;

	ASSERT_EQ(0, agent_start(&rootless, &self->a,
				 CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_EQ(0, agent_load(&rootless, "hash func=FILE_CHECK\n"));
	snprintf(rootless.call->path, PATH_MAX, "%s/mine", self->scratch.dir);
	unique_text(rootless.call->text);
	ASSERT_EQ(-ENODATA, agent_call(&rootless, do_append_hashed, -1, NULL));
	ASSERT_EQ(0, agent_stop(&rootless));
}

static long do_set_ima(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return setxattr(call->path, XATTR_IMA, "\x04\x04", 2, 0) ?
		-errno : 0;
}

/* "setxattr from a child asks for what it always did." */
TEST_F(xattr, set_needs_capability)
{
	struct agent rootless;

	ASSERT_EQ(0, scratch_subject(&self->scratch, "own", 0, self->path));
	ASSERT_EQ(0, agent_start(&rootless, &self->a,
				 CLONE_NEWUSER | CLONE_NEWNS));
	snprintf(rootless.call->path, PATH_MAX, "%s", self->path);
	ASSERT_EQ(-EPERM, agent_call(&rootless, do_set_ima, -1, NULL));
	snprintf(self->child.call->path, PATH_MAX, "%s", self->path);
	ASSERT_EQ(0, agent_call(&self->child, do_set_ima, -1, NULL));
	ASSERT_EQ(0, agent_stop(&rootless));
}

/* Lines of a list that name the file, wherever in the line. */
static int count_named(int fd, const char *path)
{
	struct list list;
	const char *c;
	int count = 0;

	if (list_read(fd, &list))
		return -EIO;
	for (c = list.text; (c = strstr(c, path)); c += strlen(path))
		count++;
	list_free(&list);
	return count;
}

/* Reads the file in a and in its child; how many records each list gains. */
static void expect_records(struct __test_metadata *const _metadata,
			   struct _test_data_xattr *self, int gain)
{
	const int a = count_named(self->a_list, self->path);
	const int c = count_named(self->child_list, self->path);
	int fd;

	fd = agent_open(&self->child, self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(a + gain, count_named(self->a_list, self->path));
	ASSERT_EQ(c + gain, count_named(self->child_list, self->path));
}

static long do_chmod(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return chmod(call->path, 0711) ? -errno : 0;
}

static long do_set_acl(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return set_acl(call->path);
}

/* The algorithm is sha256. */
static long do_set_sig(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return set_signature(call->path, 4);
}

static long do_remove_sig(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return removexattr(call->path, XATTR_IMA) ? -errno : 0;
}

/* Lets b, a sibling, change the file; a and its child record it again. */
static void expect_change(struct __test_metadata *const _metadata,
			  struct _test_data_xattr *self,
			  long (*change)(struct call *, int), int gain)
{
	snprintf(self->b.call->path, PATH_MAX, "%s", self->path);
	ASSERT_EQ(0, agent_call(&self->b, change, -1, NULL));
	expect_records(_metadata, self, gain);
	expect_records(_metadata, self, 0);
}

/*
 * "Whoever changes an attribute, an ACL or a security xattr, in whatever
 * namespace, every child that knows the file looks at it again."
 */
TEST_F(xattr, mode_changed_by_sibling)
{
	ASSERT_EQ(0, scratch_subject(&self->scratch, "mode", OWNER_MODE,
				     self->path));
	expect_records(_metadata, self, 1);
	expect_records(_metadata, self, 0);
	expect_change(_metadata, self, do_chmod, 1);
	expect_change(_metadata, self, do_set_acl, 1);
}

TEST_F(xattr, signature_changed_by_sibling)
{
	ASSERT_EQ(0, scratch_subject(&self->scratch, "signed", OWNER_SIG,
				     self->path));
	expect_records(_metadata, self, 1);
	expect_change(_metadata, self, do_set_sig, 1);
	expect_change(_metadata, self, do_set_sig, 1);
	/* Without one it is what it was: the record is there already. */
	expect_change(_metadata, self, do_remove_sig, 0);
}

TEST_HARNESS_MAIN
