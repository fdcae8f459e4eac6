// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Appraise rules of a namespace, hook by hook
 *
 * What its rules may say beyond what verdict_test has: other hooks, kinds of
 * signatures and conditions.
 */

#include <linux/fs.h>
#include <linux/fsverity.h>

#include "sign.h"
#include "loads.h"

#define FILES 61750

#define RULE(hook, what) "appraise func=" hook " fowner=61750 " what "\n"

/* a has a key and rules; b, beside it, has what a test gives it. */
FIXTURE(rules)
{
	struct scratch scratch;
	struct agent a, below, b;
	long id_a, id_b;
	int list_a;
};

FIXTURE_SETUP(rules)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_EXT4));
	ASSERT_EQ(0, namespace_start(&self->a, NULL, CLONE_NEWNS,
				     &self->id_a));
	ASSERT_EQ(0, agent_start(&self->below, &self->a, CLONE_NEWNS));
	ASSERT_EQ(0, namespace_start(&self->b, NULL, CLONE_NEWNS,
				     &self->id_b));
	self->list_a = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, self->list_a);
	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
}

FIXTURE_TEARDOWN(rules)
{
	close(self->list_a);
	agents_stop(&self->b, &self->below, &self->a);
	scratch_remove(&self->scratch);
}

/* A file that nobody has seen, signed by a key unless NULL. */
static int make_file(struct _test_data_rules *self, const char *name,
		     const char *key, char path[PATH_MAX])
{
	return scratch_subject(&self->scratch, name, FILES, path) ?:
	       key ? sign_file(path, key, "sha256") : 0;
}

enum act {
	ACT_MODULE,
	ACT_FIRMWARE,
	ACT_KERNEL,
	ACT_INITRAMFS,
	ACT_KERNEL_FROM_MEMORY,
	ACT_DIRECT,
};

/* The kernel that runs, which an initramfs can go with. */
static int load_initramfs(const char *path)
{
	char image[PATH_MAX];
	int kernel, initrd, err;

	build_path(image, "arch/x86/boot/bzImage");
	kernel = open(image, O_RDONLY | O_CLOEXEC);
	initrd = open(path, O_RDONLY | O_CLOEXEC);
	err = kernel < 0 || initrd < 0 ? -errno :
					 load_kernel(kernel, initrd, "");
	close(kernel);
	close(initrd);
	return err;
}

static int open_as(const char *path, int flags)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

	return fd < 0 ? -errno : close(fd);
}

static int load_image(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const int err = load_kernel(fd, -1, "");

	close(fd);
	return err;
}

static long do_act(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	switch (call->flags) {
	case ACT_MODULE:
		return load_module(call->path);
	case ACT_FIRMWARE:
		return load_firmware(call->path);
	case ACT_KERNEL:
		return load_image(call->path);
	case ACT_INITRAMFS:
		return load_initramfs(call->path);
	case ACT_KERNEL_FROM_MEMORY:
		return syscall(__NR_kexec_load, 0, 0, NULL, 0) ? -errno : 0;
	case ACT_DIRECT:
		return open_as(call->path, O_DIRECT);
	}
	return -EINVAL;
}

static int agent_act(struct agent *agent, enum act act, const char *path)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = act;
	return agent_call(agent, do_act, -1, NULL);
}

/* FIRMWARE_CHECK: who asks for it is who is asked. */
TEST_F_TIMEOUT(rules, firmware, 360)
{
	char good[PATH_MAX], bad[PATH_MAX];
	int err;

	ASSERT_EQ(0, make_file(self, "good", "a", good));
	ASSERT_EQ(0, make_file(self, "bad", NULL, bad));
	ASSERT_EQ(0, agent_load(&self->a, RULE("FIRMWARE_CHECK", "appraise_type=imasig")));
	err = firmware_start(self->scratch.dir);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, agent_act(&self->a, ACT_FIRMWARE, good));
	/* The driver looks elsewhere, and finds nothing. */
	EXPECT_EQ(-ENOENT, agent_act(&self->a, ACT_FIRMWARE, bad));
	EXPECT_EQ(-ENOENT, agent_act(&self->below, ACT_FIRMWARE, bad));
	EXPECT_EQ(0, agent_act(&self->b, ACT_FIRMWARE, bad));
	EXPECT_EQ(0, firmware_stop());
}

/* KEXEC_KERNEL_CHECK, from a file and from memory; they are no kernels. */
TEST_F_TIMEOUT(rules, kernels, 360)
{
	char good[PATH_MAX], bad[PATH_MAX];

	ASSERT_EQ(0, make_file(self, "good", "a", good));
	ASSERT_EQ(0, make_file(self, "bad", NULL, bad));
	EXPECT_EQ(0, agent_act(&self->a, ACT_KERNEL_FROM_MEMORY, ""));
	ASSERT_EQ(0, agent_load(&self->a, RULE("KEXEC_KERNEL_CHECK", "appraise_type=imasig")));
	EXPECT_EQ(-ENOEXEC, agent_act(&self->a, ACT_KERNEL, good));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_KERNEL, bad));
	EXPECT_EQ(-EACCES, agent_act(&self->below, ACT_KERNEL, bad));
	EXPECT_EQ(-ENOEXEC, agent_act(&self->b, ACT_KERNEL, bad));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_KERNEL_FROM_MEMORY, ""));
	EXPECT_EQ(-EACCES, agent_act(&self->below, ACT_KERNEL_FROM_MEMORY, ""));
	EXPECT_EQ(0, agent_act(&self->b, ACT_KERNEL_FROM_MEMORY, ""));
}

/* KEXEC_INITRAMFS_CHECK. */
TEST_F_TIMEOUT(rules, initramfs, 720)
{
	char good[PATH_MAX], bad[PATH_MAX];

	ASSERT_EQ(0, make_file(self, "good", "a", good));
	ASSERT_EQ(0, make_file(self, "bad", NULL, bad));
	ASSERT_EQ(0, agent_load(&self->a, RULE("KEXEC_INITRAMFS_CHECK", "appraise_type=imasig")));
	EXPECT_EQ(0, agent_act(&self->a, ACT_INITRAMFS, good));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_INITRAMFS, bad));
	EXPECT_EQ(0, agent_act(&self->b, ACT_INITRAMFS, bad));
}

/* CREDS_CHECK. */
TEST_F_TIMEOUT(rules, creds, 360)
{
	char good[PATH_MAX], bad[PATH_MAX];

	ASSERT_EQ(0, make_file(self, "good", "a", good));
	ASSERT_EQ(0, make_file(self, "bad", NULL, bad));
	ASSERT_EQ(0, agent_load(&self->a, RULE("CREDS_CHECK", "uid=0 appraise_type=imasig")));
	EXPECT_EQ(0, agent_exec(&self->a, good, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, bad, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->below, bad, 0));
	EXPECT_EQ(0, agent_exec(&self->a, bad, FILES));
	EXPECT_EQ(0, agent_exec(&self->b, bad, 0));
}

/* Appends the signature of a key to a file, as modules have it. */
static int append_signature(const char *path, const char *key)
{
	char tool[PATH_MAX], key_path[PATH_MAX], cert[PATH_MAX], owned[PATH_MAX];
	const char *const argv[] = { tool, "sha256", key_path, cert, owned,
				     NULL };

	build_path(tool, "scripts/sign-file");
	snprintf(key_path, sizeof(key_path), "%s/%s.key", sign_dir, key);
	snprintf(owned, sizeof(owned), "%s", path);
	cert_path(cert, key);
	return run(argv, NULL, 0) ?: chown(path, FILES, FILES);
}

/* "imasig|modsig": a signature within the file, by a key of the namespace. */
TEST_F_TIMEOUT(rules, modsig, 360)
{
	char good[PATH_MAX], other[PATH_MAX], bad[PATH_MAX], xattr[PATH_MAX];
	const long ring = agent_keyring(&self->a);

	ASSERT_EQ(0, make_file(self, "good", NULL, good));
	ASSERT_EQ(0, make_file(self, "other", NULL, other));
	ASSERT_EQ(0, make_file(self, "bad", NULL, bad));
	ASSERT_EQ(0, append_signature(good, "a"));
	ASSERT_EQ(0, append_signature(other, "b"));
	ASSERT_EQ(0, make_file(self, "xattr", "a", xattr));
	ASSERT_EQ(0, agent_load(&self->a, RULE("MODULE_CHECK", "appraise_type=imasig|modsig")));
	ASSERT_EQ(0, agent_load(&self->b, RULE("MODULE_CHECK", "appraise_type=imasig|modsig")));
	/* They are no modules. */
	EXPECT_EQ(-ENOEXEC, agent_act(&self->a, ACT_MODULE, good));
	EXPECT_EQ(-ENOEXEC, agent_act(&self->a, ACT_MODULE, good));
	EXPECT_EQ(-ENOEXEC, agent_act(&self->a, ACT_MODULE, xattr));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_MODULE, other));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_MODULE, bad));
	/* Without a keyring, and with another one. */
	EXPECT_EQ(-EACCES, agent_act(&self->b, ACT_MODULE, good));
	ASSERT_LT(0, give_key(&self->b, self->id_b, "b"));
	EXPECT_EQ(-EACCES, agent_act(&self->b, ACT_MODULE, good));
	EXPECT_EQ(-ENOEXEC, agent_act(&self->b, ACT_MODULE, other));
	/* Gone is the key. */
	ASSERT_EQ(0, agent_keyctl(&self->a, KEYCTL_CLEAR, ring, 0, 0));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_MODULE, good));
}

/* A key that expires takes its verdicts along, whatever kind they are of. */
TEST_F_TIMEOUT(rules, modsig_expires, 360)
{
	char path[PATH_MAX];
	long key;

	ASSERT_EQ(0, make_file(self, "file", NULL, path));
	ASSERT_EQ(0, append_signature(path, "b"));
	ASSERT_EQ(0, agent_load(&self->a, RULE("MODULE_CHECK", "appraise_type=imasig|modsig")));
	ASSERT_LT(0, agent_keyctl(&self->a, KEYCTL_JOIN_SESSION_KEYRING, 0, 0,
				  0));
	ASSERT_EQ(0, agent_keyctl(&self->a, KEYCTL_LINK,
				  agent_keyring(&self->a),
				  KEY_SPEC_SESSION_KEYRING, 0));
	key = give_key(&self->a, self->id_a, "b");
	ASSERT_LT(0, key);
	ASSERT_EQ(0, agent_keyctl(&self->a, KEYCTL_SET_TIMEOUT, key, 2, 0));
	EXPECT_EQ(-ENOEXEC, agent_act(&self->a, ACT_MODULE, path));
	while (agent_act(&self->a, ACT_MODULE, path) == -ENOEXEC)
		usleep(10000);
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_MODULE, path));
}

/* What fs-verity says of a file, after it was told to look after it. */
static int verity_digest(const char *path, struct fsverity_digest *digest)
{
	const struct fsverity_enable_arg arg = {
		.version = 1,
		.hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
		.block_size = 4096,
	};
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) ||
	    ioctl(fd, FS_IOC_MEASURE_VERITY, digest))
		err = -errno;
	close(fd);
	return err;
}

/* The signature of a key over a digest, as evmctl prints it. */
static int sign_digest(const char *key, const char hex[65], char *sig, size_t size)
{
	char command[512], out[4096];
	const char *const argv[] = { "sh", "-c", command, NULL };
	char *last;

	snprintf(command, sizeof(command),
		 "echo %s file | evmctl sign_hash -a sha256 --key %s/%s.key",
		 hex, sign_dir, key);
	if (run(argv, out, sizeof(out)))
		return -EIO;
	out[strcspn(out, "\n")] = '\0';
	last = strrchr(out, ' ');
	if (!last)
		return -EBADMSG;
	snprintf(sig, size, "%s", last + 1);
	return 0;
}

/* What is signed with version 3: a type, an algorithm and a digest. */
struct file_id {
	unsigned char type, algo, digest[32];
};

#define VERITY_SIGNATURE 6
#define ALGO_SHA256 4

/* Signs what fs-verity says of a file. */
static int sign_verity(const char *path, const char *key)
{
	struct fsverity_digest *const digest =
		alloca(sizeof(*digest) + sizeof(((struct file_id *)0)->digest));
	struct file_id id = { VERITY_SIGNATURE, ALGO_SHA256 };
	unsigned char value[1024];
	char hex[65], sig[2048];
	size_t n;
	int err;

	digest->digest_size = sizeof(id.digest);
	err = verity_digest(path, digest);
	if (err)
		return err;
	memcpy(id.digest, digest->digest, sizeof(id.digest));
	sha256_hex(&id, sizeof(id), hex);
	err = sign_digest(key, hex, sig, sizeof(sig));
	for (n = 0; !err && sscanf(sig + 2 * n, "%2hhx", &value[n]) == 1; n++)
		;
	value[0] = VERITY_SIGNATURE;
	value[1] = 3;
	if (!err && setxattr(path, XATTR_IMA, value, n, 0))
		err = -errno;
	return err;
}

#define VERITY "digest_type=verity appraise_type=sigv3"

/* "sigv3", "digest_type=verity". */
TEST_F_TIMEOUT(rules, verity, 360)
{
	char good[PATH_MAX], other[PATH_MAX], bad[PATH_MAX], xattr[PATH_MAX];

	ASSERT_EQ(0, make_file(self, "good", NULL, good));
	ASSERT_EQ(0, make_file(self, "other", NULL, other));
	ASSERT_EQ(0, make_file(self, "bad", NULL, bad));
	ASSERT_EQ(0, make_file(self, "xattr", "a", xattr));
	ASSERT_EQ(0, sign_verity(good, "a"));
	ASSERT_EQ(0, sign_verity(other, "b"));
	ASSERT_EQ(0, agent_load(&self->a, RULE("BPRM_CHECK", VERITY)));
	ASSERT_EQ(0, agent_load(&self->b, RULE("BPRM_CHECK", "appraise_type=imasig")));
	ASSERT_LT(0, give_key(&self->b, self->id_b, "a"));
	EXPECT_EQ(0, agent_exec(&self->a, good, 0));
	EXPECT_EQ(0, agent_exec(&self->a, good, 0));
	EXPECT_EQ(0, agent_exec(&self->below, good, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, other, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, bad, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, xattr, 0));
	/* One level goes by one kind of digest, another by the other. */
	EXPECT_EQ(EACCES, agent_exec(&self->b, good, 0));
	EXPECT_EQ(0, agent_exec(&self->b, xattr, 0));
	EXPECT_EQ(0, agent_exec(&self->a, good, 0));
}

/* Has the host reject a program, as whoever signs the kernel's modules may. */
static int reject(const char *digest)
{
	/* DIRECTORY DIGEST CERTIFICATE */
	static const char script[] =
		"set -e\n"
		"cd \"$1\"\n"
		"printf %s \"bin:$2\" >entry\n"
		"openssl smime -sign -in entry -out entry.der -signer \"$3\" \\\n"
		"	-noattr -binary -outform DER\n"
		"keyctl padd blacklist \"bin:$2\" %:.blacklist <entry.der\n";
	char cert[PATH_MAX];
	const char *const argv[] = { "sh", "-c", script, "sh", sign_dir, digest,
				     cert, NULL };

	build_path(cert, "certs/signing_key.pem");
	return run(argv, NULL, 0);
}

#define CHECKED "appraise_type=imasig appraise_flag=check_blacklist"

/* "appraise_flag=": what the host rejects, a namespace does not accept. */
TEST_F_TIMEOUT(rules, blacklisted, 360)
{
	char good[PATH_MAX], bad[PATH_MAX], *content, hex[65];
	ssize_t size;

	ASSERT_EQ(0, make_file(self, "good", "a", good));
	ASSERT_EQ(0, make_file(self, "bad", "a", bad));
	size = read_path(bad, &content);
	ASSERT_LT(0, size);
	sha256_hex(content, size, hex);
	free(content);
	ASSERT_EQ(0, reject(hex));
	ASSERT_EQ(0, agent_load(&self->a, "measure func=BPRM_CHECK\n"
				RULE("BPRM_CHECK", CHECKED)));
	EXPECT_EQ(0, agent_exec(&self->a, good, 0));
	EXPECT_EQ(0, fd_count_path(self->list_a, " blacklisted-hash "));
	EXPECT_EQ(EACCES, agent_exec(&self->a, bad, 0));
	EXPECT_EQ(1, fd_count_path(self->list_a, " blacklisted-hash "));
	EXPECT_EQ(EACCES, agent_exec(&self->below, bad, 0));
	EXPECT_EQ(0, agent_exec(&self->b, bad, 0));
}

#define DIRECT "appraise_type=imasig permit_directio"

/* "permit_directio". */
TEST_F_TIMEOUT(rules, direct_io, 360)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, make_file(self, "file", "a", path));
	ASSERT_LT(0, give_key(&self->b, self->id_b, "a"));
	ASSERT_EQ(0, agent_load(&self->a, RULE("FILE_CHECK", "appraise_type=imasig")));
	ASSERT_EQ(0, agent_load(&self->b, RULE("FILE_CHECK", DIRECT)));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_DIRECT, path));
	EXPECT_EQ(-EACCES, agent_act(&self->below, ACT_DIRECT, path));
	EXPECT_EQ(0, agent_act(&self->b, ACT_DIRECT, path));
	/* What one permits does not stick to the file. */
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_DIRECT, path));
	EXPECT_EQ(-EACCES, agent_act(&self->below, ACT_DIRECT, path));
}

#define FILES_SCOPED 61751
#define HOST_DIRECT \
	"appraise func=FILE_CHECK fowner=61751 appraise_type=imasig permit_directio ns=self\n" \
	"appraise func=FILE_CHECK fowner=61751 appraise_type=imasig ns=children\n"

/* What one of two rules permits that bind a child, the other has to, too. */
TEST_F_TIMEOUT(rules, direct_io_by_scope, 360)
{
	struct agent host;
	char path[PATH_MAX];

	ASSERT_EQ(0, host_load_once(HOST_DIRECT, "fowner=61751"));
	ASSERT_EQ(0, make_file(self, "file", NULL, path));
	ASSERT_EQ(0, chown(path, FILES_SCOPED, FILES_SCOPED));
	ASSERT_EQ(0, agent_start(&host, NULL, 0));
	EXPECT_EQ(0, agent_act(&host, ACT_DIRECT, path));
	EXPECT_EQ(-EACCES, agent_act(&self->a, ACT_DIRECT, path));
	ASSERT_EQ(0, agent_stop(&host));
}

#define FILES_LEFT 61752
#define HOST_LEFT \
	"appraise func=BPRM_CHECK fowner=61752 appraise_type=imasig ns=self\n" \
	"appraise func=BPRM_CHECK fowner=61752 ns=children\n"

/* What the host's laxer rule lets a delegated child do is no verdict for itself. */
TEST_F_TIMEOUT(rules, verdict_by_scope, 360)
{
	struct agent host;
	char path[PATH_MAX];

	ASSERT_EQ(0, host_load_once(HOST_LEFT, "fowner=61752"));
	ASSERT_EQ(0, make_file(self, "file", NULL, path));
	ASSERT_EQ(0, hash_file(path, "sha256"));
	ASSERT_EQ(0, chown(path, FILES_LEFT, FILES_LEFT));
	ASSERT_EQ(0, ns_write(self->id_b, "appraise", "delegate\n", 9));
	ASSERT_EQ(0, agent_start(&host, NULL, 0));
	EXPECT_EQ(0, agent_exec(&self->b, path, 0));
	EXPECT_EQ(EACCES, agent_exec(&host, path, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	EXPECT_EQ(0, agent_exec(&self->b, path, 0));
	ASSERT_EQ(0, agent_stop(&host));
}

/* "fsuuid". */
TEST_F_TIMEOUT(rules, uuid, 360)
{
	char path[PATH_MAX], text[40], rule[256];
	struct fsuuid2 uuid;
	int fd, i, n = 0;

	ASSERT_EQ(0, make_file(self, "file", NULL, path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, ioctl(fd, FS_IOC_GETFSUUID, &uuid));
	close(fd);
	for (i = 0; i < 16; i++)
		n += sprintf(text + n, "%s%02x", i == 4 || i == 6 || i == 8 ||
			     i == 10 ? "-" : "", uuid.uuid[i]);
	snprintf(rule, sizeof(rule), RULE("BPRM_CHECK", "fsuuid=%s"), text);
	ASSERT_EQ(0, agent_load(&self->a, rule));
	text[0] = text[0] == '0' ? '1' : '0';
	snprintf(rule, sizeof(rule), RULE("BPRM_CHECK", "fsuuid=%s"), text);
	ASSERT_EQ(0, agent_load(&self->b, rule));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	EXPECT_EQ(0, agent_exec(&self->b, path, 0));
}

TEST_HARNESS_MAIN
