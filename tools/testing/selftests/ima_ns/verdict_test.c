// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Appraisal
 *
 * Each level judges what is done in it and below it by its own rules and keys,
 * and access needs all of them.
 */

#include "verdict.h"

/* "A level that denies does not keep the other levels from recording." */
TEST_F(verdict, denied_is_recorded)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	int a, host;

	ASSERT_EQ(0, agent_load(&self->a, MEASURED));
	ASSERT_EQ(0, agent_load(&self->below, MEASURED SIGNED));
	a = fd_count(self->list_a);
	host = fd_count(self->list_host);
	ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	EXPECT_EQ(EACCES, agent_exec(&self->below, path, 0));
	assert_gain(_metadata, "a", self->list_a, a, 1, evidence);
	assert_gain(_metadata, "host", self->list_host, host, 1, evidence);
}

/* "xattrs kept across overlayfs copy-up", but for one that no child writes. */
TEST_F(verdict, evm_not_copied)
{
	char path[PATH_MAX], put[PATH_MAX];

	ASSERT_EQ(0, program(self, 0, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, setxattr(put, XATTR_EVM, "\003none", 5, 0));
	EXPECT_EQ(0, agent_append(&self->a, path, "x"));
	EXPECT_EQ(0, agent_append(&self->rootless, path, "x"));
}

/* "Hash-only files." */
TEST_F_TIMEOUT(verdict, hashes, 360)
{
	char path[PATH_MAX], put[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, agent_load(&self->a, HASHED));
	ASSERT_EQ(0, agent_load(&self->b, SIGNED));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, hash_file(put, "sha256"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->b, path, 0));
	/* The hash of something else, and then of another algorithm. */
	ASSERT_EQ(0, write_path(path, O_APPEND, "x", 1));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, hash_file(path, "sha512"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, removexattr(path, XATTR_IMA));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
}

/* A rule that demands more is not satisfied by a verdict that it did not ask. */
TEST_F_TIMEOUT(verdict, rules_differ, 360)
{
	char path[PATH_MAX], put[PATH_MAX];
	int i;

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, hash_file(put, "sha256"));
	ASSERT_EQ(0, agent_load(&self->a,
				SIGNED_ROOT HASHED));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, agent_exec(&self->a, path, 61710));
		EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	}
}

/* "appraise_algos=", each time that it is asked. */
TEST_F_TIMEOUT(verdict, algorithms, 360)
{
	char path[PATH_MAX], put[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, agent_load(&self->a,
				"appraise func=BPRM_CHECK fowner=61700 appraise_algos=sha384,sha512\n"
				"appraise func=SETXATTR_CHECK appraise_algos=sha256\n"));
	ASSERT_EQ(0, hash_file(put, "sha256"));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, hash_file(path, "sha512"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
}

static long do_set_xattr(struct call *call, int fd)
{
	const size_t size = strlen(call->text + 32);

	if (fd >= 0)
		close(fd);
	if (!size)
		return removexattr(call->path, call->text) ? -errno : 0;
	return setxattr(call->path, call->text, call->text + 32, size, 0) ?
		-errno : 0;
}

/* Sets an extended attribute, or removes it if the value is empty. */
static int agent_xattr(struct agent *agent, const char *path, const char *name,
		       const char *value)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	snprintf(agent->call->text, 32, "%s", name);
	snprintf(agent->call->text + 32, 256, "%s", value);
	return agent_call(agent, do_set_xattr, -1, NULL);
}

/* A hash in security.ima, of an algorithm; the digits stand for a digest. */
#define HASH_SHA256 "\004\00401234567890123456789012345678901"
#define HASH_SHA512 "\004\0060123456789012345678901234567890101234567890123456789012345678901"

/* "SETXATTR_CHECK": those of a namespace bind those in it. */
TEST_F(verdict, setxattr_check)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=SETXATTR_CHECK appraise_algos=sha256\n"));
	EXPECT_EQ(-EACCES, agent_xattr(&self->a, path, XATTR_IMA,
				       HASH_SHA512));
	EXPECT_EQ(-EACCES, agent_xattr(&self->below, path, XATTR_IMA,
				       HASH_SHA512));
	EXPECT_EQ(0, agent_xattr(&self->a, path, XATTR_IMA, HASH_SHA256));
	EXPECT_EQ(0, agent_xattr(&self->b, path, XATTR_IMA, HASH_SHA512));
	EXPECT_EQ(0, agent_xattr(&self->host, path, XATTR_IMA, HASH_SHA512));
}

/* "Who may write security.ima and security.evm from a child." */
TEST_F(verdict, who_writes_xattrs)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	EXPECT_EQ(0, agent_xattr(&self->a, path, XATTR_IMA, HASH_SHA256));
	EXPECT_EQ(0, agent_xattr(&self->a, path, XATTR_IMA, ""));
	EXPECT_EQ(-EPERM, agent_xattr(&self->rootless, path, XATTR_IMA,
				      HASH_SHA256));
	EXPECT_EQ(0, agent_xattr(&self->host, path, XATTR_EVM, HASH_SHA256));
	EXPECT_EQ(-EPERM, agent_xattr(&self->a, path, XATTR_EVM, ""));
	EXPECT_EQ(-EPERM, agent_xattr(&self->a, path, XATTR_EVM, HASH_SHA512));
	EXPECT_EQ(-EPERM, agent_xattr(&self->below, path, XATTR_EVM, ""));
	EXPECT_EQ(-EPERM, agent_xattr(&self->rootless, path, XATTR_EVM, ""));
	EXPECT_EQ(0, agent_xattr(&self->host, path, XATTR_EVM, ""));
}

/* "MMAP_CHECK": what is mapped already is not appraised, but refused. */
TEST_F_TIMEOUT(verdict, mapping, 360)
{
	char good[PATH_MAX], bad[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, agent_load(&self->a,
				"appraise func=MMAP_CHECK fowner=61700 appraise_type=imasig\n"));
	ASSERT_EQ(0, program(self, FILES, "a", good));
	ASSERT_EQ(0, program(self, FILES, NULL, bad));
	EXPECT_EQ(0, agent_map(&self->a, good, false));
	EXPECT_EQ(-EACCES, agent_map(&self->a, bad, false));
	EXPECT_EQ(-EACCES, agent_map(&self->below, bad, false));
	EXPECT_EQ(-EPERM, agent_map(&self->a, good, true));
	EXPECT_EQ(-EPERM, agent_map(&self->below, good, true));
	EXPECT_EQ(0, agent_map(&self->b, bad, false));
	EXPECT_EQ(0, agent_map(&self->b, bad, true));
}

/* "FILE_CHECK": signed files are not opened for writing. */
TEST_F_TIMEOUT(verdict, opening, 360)
{
	char good[PATH_MAX], bad[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=FILE_CHECK fowner=61700\n"));
	ASSERT_EQ(0, program(self, FILES, "a", good));
	ASSERT_EQ(0, program(self, FILES, NULL, bad));
	EXPECT_EQ(0, agent_opens(&self->a, good, O_RDONLY));
	EXPECT_EQ(-EACCES, agent_opens(&self->a, good, O_WRONLY));
	EXPECT_EQ(0, agent_opens(&self->a, good, O_RDONLY));
	EXPECT_EQ(-EACCES, agent_opens(&self->a, bad, O_RDONLY));
	EXPECT_EQ(-EACCES, agent_opens(&self->a, bad, O_WRONLY));
	EXPECT_EQ(0, agent_opens(&self->b, good, O_WRONLY));
	EXPECT_EQ(0, agent_opens(&self->b, bad, O_RDONLY));
}

/* "POLICY_CHECK": by whoever loads it, also from above. */
TEST_F_TIMEOUT(verdict, policies, 360)
{
	static const char rule[] = MEASURED;
	char good[PATH_MAX], bad[PATH_MAX], file[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	snprintf(good, sizeof(good), "%s/good", self->scratch.dir);
	snprintf(bad, sizeof(bad), "%s/bad", self->scratch.dir);
	ASSERT_EQ(0, write_path(good, O_CREAT, rule, strlen(rule)));
	ASSERT_EQ(0, write_path(bad, O_CREAT, rule, strlen(rule)));
	ASSERT_EQ(0, sign_file(good, "a", "sha256"));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=POLICY_CHECK appraise_type=imasig\n"));
	EXPECT_EQ(-EACCES, agent_load(&self->a, rule));
	EXPECT_EQ(-EACCES, agent_load(&self->a, bad));
	EXPECT_EQ(0, agent_load(&self->a, good));
	EXPECT_EQ(-EACCES, agent_load(&self->below, rule));
	EXPECT_EQ(-EACCES, agent_load(&self->below, bad));
	EXPECT_EQ(0, agent_load(&self->below, good));
	ns_file(file, self->id_a, "policy");
	EXPECT_EQ(-EACCES, write_path(file, 0, rule, strlen(rule)));
	EXPECT_EQ(-EACCES, write_path(file, 0, bad, strlen(bad)));
	EXPECT_EQ(0, write_path(file, 0, good, strlen(good)));
	EXPECT_EQ(0, agent_load(&self->b, rule));
}

/* Without extended attributes there is nothing to believe. */
TEST_F(verdict, no_xattrs)
{
	char dir[PATH_MAX], path[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/ramfs", self->scratch.put);
	ASSERT_EQ(0, mkdir(dir, 0755));
	ASSERT_EQ(0, mount("ramfs", dir, "ramfs", 0, NULL));
	snprintf(path, sizeof(path), "%.4000s/file", dir);
	EXPECT_EQ(0, make_subject(path, FILES));
	/* Those who were there before do not see the mount. */
	EXPECT_EQ(0, agent_unshare(&self->host, CLONE_NEWNS));
	EXPECT_EQ(0, agent_exec(&self->host, path, 0));
	EXPECT_EQ(0, agent_load(&self->host, HASHED));
	EXPECT_EQ(EACCES, agent_exec(&self->host, path, 0));
	EXPECT_EQ(0, umount2(dir, MNT_DETACH));
}

TEST_HARNESS_MAIN
