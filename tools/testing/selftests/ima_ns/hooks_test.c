// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - each hook, as root three levels down
 *
 * "Not one hook is left at the current namespace only": what a privileged
 * process does in the deepest namespace is recorded by the levels above that
 * ask for it, whatever its own level and the others between make of it.
 */

#include <sys/xattr.h>

#include "world.h"
#include "keys.h"
#include "loads.h"

/*
 * The host's rules stay for the boot: each is for files of an owner, or for
 * actors of a uid, that nobody else uses.  The actor has that uid as its real
 * one, and is root by the others.
 */
#define ID_CHANGED 61120
#define ID_NEW 61121
#define ID_MPROTECT 61122
#define ID_MODULE 61123

#define KEYRING "ima_ns_hooks"

enum act {
	ACT_READ,
	ACT_EXEC,
	ACT_MMAP,
	ACT_MODULE,
	ACT_FIRMWARE,
	ACT_KEXEC,
	ACT_POLICY_PATH,
	ACT_POLICY,
	ACT_KEY,
	ACT_APPEND,
	ACT_SIGN,
	ACT_MKNOD,
	ACT_TMPFILE,
	ACT_MPROTECT,
	ACT_MODULE_FROM_MEMORY,
};

/* What a record is about. */
enum about {
	OF_FILE,
	OF_INITRD,
	/* From here on, no owner of a file can select it. */
	OF_CMDLINE,
	OF_KEY,
	OF_POLICY,
};

static int act_read(const struct call *call)
{
	const int fd = open(call->path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : close(fd);
}

static int act_exec(const struct call *call)
{
	char path[PATH_MAX];
	char *const argv[] = { path, NULL };

	snprintf(path, sizeof(path), "%s", call->path);
	execv(path, argv);
	return -errno;
}

static int act_mmap(const struct call *call)
{
	const int fd = open(call->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) ==
	       MAP_FAILED ? -errno : 0;
}

static int act_module(const struct call *call)
{
	return load_module(call->path) ?: unload_module("test_module");
}

static int act_firmware(const struct call *call)
{
	return load_firmware(call->path);
}

static int act_kexec(const struct call *call)
{
	char initramfs[PATH_MAX + 8];
	int kernel, initrd;

	snprintf(initramfs, sizeof(initramfs), "%s.initrd", call->path);
	kernel = open(call->path, O_RDONLY | O_CLOEXEC);
	initrd = open(initramfs, O_RDONLY | O_CLOEXEC);
	if (kernel < 0 || initrd < 0)
		return -errno;
	return load_kernel(kernel, initrd, call->text);
}

static int act_policy_path(const struct call *call)
{
	return write_path(POLICY, 0, call->path, strlen(call->path));
}

static int act_policy(const struct call *call)
{
	const int fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write_rules(fd, call->text);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static int act_key(const struct call *call)
{
	return add_cert(KEYRING, call->path);
}

static int act_append(const struct call *call)
{
	return write_path(call->path, O_APPEND, call->text,
			  strlen(call->text));
}

/* A signature, version 2 over sha256, that no key made. */
static int act_sign(const struct call *call)
{
	unsigned char sig[25] = { 3, 2, 4, 1, 2, 3, 4, 0, 16 };

	memcpy(sig + 9, call->text, 16);
	return setxattr(call->path, "security.ima", sig, sizeof(sig), 0) ?
		-errno : 0;
}

/* A new file that is opened, and then written, while it is empty. */
static int act_mknod(const struct call *call)
{
	if (mknod(call->path, S_IFREG | 0644, 0))
		return -errno;
	return act_append(call) ?: act_read(call);
}

/* A file that has its name after its content. */
static int act_tmpfile(const struct call *call)
{
	char dir[PATH_MAX], self[64];
	int fd;

	snprintf(dir, sizeof(dir), "%s", call->path);
	*strrchr(dir, '/') = '\0';
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, call->text, 32) != 32 ||
	    linkat(AT_FDCWD, self, AT_FDCWD, call->path, AT_SYMLINK_FOLLOW) ||
	    close(fd))
		return -errno;
	return act_read(call);
}

static int act_mprotect(const struct call *call)
{
	const int fd = open(call->path, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	return mprotect(map, 4096, PROT_READ | PROT_EXEC) ? -errno : 0;
}

static int act_module_from_memory(const struct call *call)
{
	char *module;
	const ssize_t size = read_path(call->path, &module);

	if (size < 0)
		return size;
	if (syscall(__NR_init_module, module, size, ""))
		return -errno;
	return unload_module("test_module");
}

static int (*const acts[])(const struct call *call) = {
	[ACT_READ] = act_read,
	[ACT_EXEC] = act_exec,
	[ACT_MMAP] = act_mmap,
	[ACT_MODULE] = act_module,
	[ACT_FIRMWARE] = act_firmware,
	[ACT_KEXEC] = act_kexec,
	[ACT_POLICY_PATH] = act_policy_path,
	[ACT_POLICY] = act_policy,
	[ACT_KEY] = act_key,
	[ACT_APPEND] = act_append,
	[ACT_SIGN] = act_sign,
	[ACT_MKNOD] = act_mknod,
	[ACT_TMPFILE] = act_tmpfile,
	[ACT_MPROTECT] = act_mprotect,
	[ACT_MODULE_FROM_MEMORY] = act_module_from_memory,
};

/* Acts as root with another real uid: 0, or the errno. */
static long do_act(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid) {
		if (syscall(__NR_setresuid, call->uid, 0, 0))
			_exit(EPERM);
		_exit(-acts[call->flags](call));
	}
	if (fd >= 0)
		close(fd);
	return pid < 0 ? -errno : reap(pid);
}

/* Copies a file of the build to @path with unique bytes at its end. */
static int copy_unique(const char *from, const char *path, uid_t owner)
{
	char unique[33], *content;
	ssize_t size;
	int err;

	size = read_path(from, &content);
	if (size < 0)
		return size;
	unique_text(unique);
	err = write_path(path, O_CREAT | O_EXCL, content, size);
	free(content);
	if (!err)
		err = write_path(path, O_APPEND, unique, 32);
	if (!err && chown(path, owner, owner))
		err = -errno;
	return err;
}

/* A certificate of a key that nobody else has. */
static int make_certificate(const char *path)
{
	char command[PATH_MAX + 256];

	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=hooks -keyout /dev/null -outform DER -out '%s' 2>/dev/null",
		 path);
	return system(command) ? -EIO : 0;
}

/*
 * host[measure] ── level 1[dont_measure] ── level 2[measure] ── level 3
 *                                                     [dont_measure]
 */
FIXTURE(hook)
{
	struct scratch scratch;
	struct agent agent[4];
	int lists[4];
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
};

FIXTURE_VARIANT(hook)
{
	/* The host's rule is for this owner, or for this actor. */
	uid_t id;
	const char *func, *also;
	enum act act;
	enum about about;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(hook, file_open) { 61100, "FILE_CHECK", "mask=MAY_READ", ACT_READ, OF_FILE };
FIXTURE_VARIANT_ADD(hook, mmap) { 61101, "MMAP_CHECK", "", ACT_MMAP, OF_FILE };
FIXTURE_VARIANT_ADD(hook, mmap_reqprot) { 61102, "MMAP_CHECK_REQPROT", "", ACT_MMAP, OF_FILE };
FIXTURE_VARIANT_ADD(hook, bprm) { 61103, "BPRM_CHECK", "", ACT_EXEC, OF_FILE };
FIXTURE_VARIANT_ADD(hook, creds) { 61104, "CREDS_CHECK", "", ACT_EXEC, OF_FILE };
FIXTURE_VARIANT_ADD(hook, module) { 61105, "MODULE_CHECK", "", ACT_MODULE, OF_FILE };
FIXTURE_VARIANT_ADD(hook, firmware) { 61106, "FIRMWARE_CHECK", "", ACT_FIRMWARE, OF_FILE };
FIXTURE_VARIANT_ADD(hook, kexec_kernel) { 61107, "KEXEC_KERNEL_CHECK", "", ACT_KEXEC, OF_FILE };
FIXTURE_VARIANT_ADD(hook, initrd) { 61108, "KEXEC_INITRAMFS_CHECK", "", ACT_KEXEC, OF_INITRD };
FIXTURE_VARIANT_ADD(hook, kexec_cmdline) { 61109, "KEXEC_CMDLINE", "", ACT_KEXEC, OF_CMDLINE };
FIXTURE_VARIANT_ADD(hook, policy_file) { 61110, "POLICY_CHECK", "", ACT_POLICY_PATH, OF_FILE };
FIXTURE_VARIANT_ADD(hook, policy) { 61111, "CRITICAL_DATA", "label=ima_ns", ACT_POLICY, OF_POLICY };
FIXTURE_VARIANT_ADD(hook, key) { 61112, "KEY_CHECK", "keyrings=" KEYRING, ACT_KEY, OF_KEY };
/* clang-format on */

static bool by_actor(const struct _fixture_variant_hook *variant)
{
	return variant->about >= OF_CMDLINE;
}

static void load_rules(struct __test_metadata *const _metadata,
		       struct _test_data_hook *self,
		       const struct _fixture_variant_hook *variant)
{
	char rule[256], id[32];
	int level;

	snprintf(id, sizeof(id), "%s=%u", by_actor(variant) ? "uid" : "fowner",
		 variant->id);
	snprintf(rule, sizeof(rule), "measure func=%s %s %s\n", variant->func,
		 variant->also, id);
	ASSERT_EQ(0, host_load_once(rule, id));
	for (level = 1; level < 4; level++) {
		snprintf(rule, sizeof(rule), "%smeasure func=%s %s\n",
			 level == 2 ? "" : "dont_", variant->func,
			 variant->also);
		ASSERT_EQ(0, agent_load(&self->agent[level], rule));
	}
}

/* Makes what is acted on at self->path. */
static void make_object(struct __test_metadata *const _metadata,
			struct _test_data_hook *self,
			const struct _fixture_variant_hook *variant)
{
	const uid_t owner = by_actor(variant) ? 0 : variant->id;
	char from[PATH_MAX], other[PATH_MAX + 8], text[80], unique[33];

	snprintf(self->path, sizeof(self->path), "%s/object",
		 self->scratch.dir);
	unique_text(unique);
	switch (variant->act) {
	case ACT_MODULE:
		build_path(from, "lib/test_module.ko");
		ASSERT_EQ(0, copy_unique(from, self->path, owner))
		{
			TH_LOG("Needs %s", from);
		}
		break;
	case ACT_KEXEC:
		build_path(from, "arch/x86/boot/bzImage");
		ASSERT_EQ(0, copy_unique(from, self->path, owner))
		{
			TH_LOG("Needs %s", from);
		}
		snprintf(other, sizeof(other), "%s.initrd", self->path);
		ASSERT_EQ(0, make_subject(other, owner));
		break;
	case ACT_POLICY_PATH:
		snprintf(text, sizeof(text),
			 "dont_measure func=MODULE_CHECK\n#%s\n", unique);
		ASSERT_EQ(0, write_path(self->path, O_CREAT | O_EXCL, text,
					strlen(text)));
		ASSERT_EQ(0, chown(self->path, owner, owner));
		break;
	case ACT_KEY:
		ASSERT_EQ(0, make_certificate(self->path));
		break;
	default:
		ASSERT_EQ(0, make_subject(self->path, owner));
	}
}

/* What a record says of a buffer: " sha256:DIGEST NAME ". */
static void buffer_evidence(const void *data, size_t size, const char *name,
			    char *text)
{
	char hex[65];

	sha256_hex(data, size, hex);
	snprintf(text, EVIDENCE_SIZE, " sha256:%s %s ", hex, name);
}

/* Ancestors keep the digest of a policy's text. */
static void policy_evidence(const char *rules, char *text)
{
	char hex[65];

	sha256_hex(rules, strlen(rules), hex);
	snprintf(text, EVIDENCE_SIZE, " policy-replaced %s", hex);
}

static void expect_about(struct __test_metadata *const _metadata,
			 struct _test_data_hook *self, enum about about,
			 const char *text)
{
	char path[PATH_MAX], *cert;
	ssize_t size;

	switch (about) {
	case OF_INITRD:
		snprintf(path, sizeof(path), "%.4000s.initrd", self->path);
		ASSERT_EQ(0, file_evidence(path, path, self->evidence,
					   sizeof(self->evidence)));
		break;
	case OF_CMDLINE:
		buffer_evidence(text, strlen(text), "kexec-cmdline",
				self->evidence);
		break;
	case OF_KEY:
		size = read_path(self->path, &cert);
		ASSERT_LT(0, size);
		buffer_evidence(cert, size, KEYRING, self->evidence);
		free(cert);
		break;
	case OF_POLICY:
		policy_evidence(text, self->evidence);
		break;
	default:
		ASSERT_EQ(0, file_evidence(self->path, self->path,
					   self->evidence,
					   sizeof(self->evidence)));
	}
}

FIXTURE_SETUP(hook)
{
	int level;

	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	for (level = 0; level < 4; level++)
		ASSERT_EQ(0, level_start(&self->agent[level],
					 level ? &self->agent[level - 1] : NULL,
					 'D', &self->lists[level]));
	load_rules(_metadata, self, variant);
	make_object(_metadata, self, variant);
	if (variant->act == ACT_FIRMWARE)
		ASSERT_EQ(0, firmware_start(self->scratch.dir));
}

FIXTURE_TEARDOWN(hook)
{
	int level;

	if (variant->act == ACT_FIRMWARE)
		EXPECT_EQ(0, firmware_stop());
	for (level = 4; level--;) {
		close(self->lists[level]);
		agent_stop(&self->agent[level]);
	}
	scratch_remove(&self->scratch);
}

/*
 * "A privileged process in a child must not be able to load a module, a
 * policy, a key or a kexec image out of sight of the host's policy."
 */
TEST_F(hook, walks)
{
	static const char *const names[] = { "0", "1", "2", "3" };
	struct agent *const actor = &self->agent[3];
	int before[4], level;
	char unique[33];

	unique_text(unique);
	snprintf(actor->call->path, PATH_MAX, "%s", self->path);
	snprintf(actor->call->text, TEXT_SIZE, variant->act == ACT_POLICY ?
		 "dont_measure func=MODULE_CHECK\n#%s\n" : "unique=%s", unique);
	actor->call->uid = by_actor(variant) ? variant->id : 0;
	actor->call->flags = variant->act;

	for (level = 0; level < 4; level++)
		before[level] = fd_count(self->lists[level]);
	ASSERT_EQ(0, agent_call(actor, do_act, -1, NULL));
	/* Looked at afterwards only, as the host would record that, too. */
	expect_about(_metadata, self, variant->about, actor->call->text);
	for (level = 0; level < 4; level++)
		assert_gain(_metadata, names[level], self->lists[level],
			    before[level], level % 2 == 0, self->evidence);
}

/* The actor of the deepest of four levels, whose host has the rules. */
FIXTURE(deep)
{
	struct scratch scratch;
	struct agent agent[4], *actor;
	int lists[4];
	char path[PATH_MAX];
};

FIXTURE_SETUP(deep)
{
	const int err = scratch_make(&self->scratch, FS_EXT4);
	int level;

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	for (level = 0; level < 4; level++)
		ASSERT_EQ(0, level_start(&self->agent[level],
					 level ? &self->agent[level - 1] : NULL,
					 'D', &self->lists[level]));
	/* A host that appraises nothing does not follow signatures, as ever. */
	ASSERT_EQ(0, host_load_once("appraise func=FILE_CHECK uid=61121\n",
				    "uid=61121"));
	self->actor = &self->agent[3];
	snprintf(self->path, sizeof(self->path), "%s/object",
		 self->scratch.dir);
}

FIXTURE_TEARDOWN(deep)
{
	int level;

	for (level = 4; level--;) {
		close(self->lists[level]);
		agent_stop(&self->agent[level]);
	}
	scratch_remove(&self->scratch);
}

static long deep_act(struct _test_data_deep *self, enum act act, uid_t uid)
{
	snprintf(self->actor->call->path, PATH_MAX, "%s", self->path);
	unique_text(self->actor->call->text);
	self->actor->call->uid = uid;
	self->actor->call->flags = act;
	return agent_call(self->actor, do_act, -1, NULL);
}

/* Acts, then reads: the host and level 2 have one record more, of @evidence. */
static void expect_again(struct __test_metadata *const _metadata,
			 struct _test_data_deep *self, enum act act)
{
	static const char *const names[] = { "0", "1", "2", "3" };
	char evidence[EVIDENCE_SIZE];
	int before[4], level;

	for (level = 0; level < 4; level++)
		before[level] = fd_count(self->lists[level]);
	ASSERT_EQ(0, deep_act(self, act, 0));
	ASSERT_EQ(0, deep_act(self, ACT_READ, 0));
	ASSERT_EQ(0, file_evidence(self->path, self->path, evidence,
				   sizeof(evidence)));
	for (level = 0; level < 4; level++)
		assert_gain(_metadata, names[level], self->lists[level],
			    before[level], level % 2 == 0, evidence);
}

/* What is changed down there, content or signature, is looked at again. */
TEST_F(deep, changes)
{
	static const char rule[] =
		"measure func=FILE_CHECK mask=MAY_READ fowner=61120 template=ima-sig\n";
	static const char none[] = "dont_measure func=FILE_CHECK\n";

	ASSERT_EQ(0, host_load_once(rule, "fowner=61120"));
	ASSERT_EQ(0, agent_load(&self->agent[1], none));
	ASSERT_EQ(0, agent_load(&self->agent[2], rule));
	ASSERT_EQ(0, agent_load(&self->agent[3], none));
	ASSERT_EQ(0, make_subject(self->path, ID_CHANGED));

	expect_again(_metadata, self, ACT_READ);
	expect_again(_metadata, self, ACT_APPEND);
	expect_again(_metadata, self, ACT_SIGN);
	expect_again(_metadata, self, ACT_APPEND);
}

/*
 * The host appraises what the actor opens: a file without a signature is
 * refused, one that it made itself is not and gets a digest when it is closed.
 */
TEST_F(deep, new_files)
{
	static const enum act makers[] = { ACT_MKNOD, ACT_TMPFILE };
	size_t i;

	ASSERT_EQ(0, make_subject(self->path, 0));
	ASSERT_EQ(EACCES, deep_act(self, ACT_READ, ID_NEW));
	ASSERT_EQ(0, deep_act(self, ACT_READ, 0));
	for (i = 0; i < ARRAY_SIZE(makers); i++) {
		ASSERT_EQ(0, unlink(self->path));
		ASSERT_EQ(0, deep_act(self, makers[i], ID_NEW));
		ASSERT_EQ(34, getxattr(self->path, "security.ima", NULL, 0));
	}
}

/* What is mapped already cannot be looked at: a host that appraises refuses. */
TEST_F(deep, mprotect)
{
	static const char rule[] = "appraise func=MMAP_CHECK uid=61122\n";

	ASSERT_EQ(0, host_load_once(rule, "uid=61122"));
	ASSERT_EQ(0, make_subject(self->path, 0));
	ASSERT_EQ(EPERM, deep_act(self, ACT_MPROTECT, ID_MPROTECT));
	ASSERT_EQ(0, deep_act(self, ACT_MPROTECT, 0));
}

/* A module that no file stands for cannot be appraised: likewise. */
TEST_F(deep, module_from_memory)
{
	static const char rule[] =
		"appraise func=MODULE_CHECK appraise_type=imasig fowner=61123\n";
	char from[PATH_MAX];

	build_path(from, "lib/test_module.ko");
	ASSERT_EQ(0, copy_unique(from, self->path, 0))
	{
		TH_LOG("Needs %s", from);
	}
	if (!host_has_rule("fowner=61123"))
		ASSERT_EQ(0, deep_act(self, ACT_MODULE_FROM_MEMORY, 0));
	ASSERT_EQ(0, host_load_once(rule, "fowner=61123"));
	ASSERT_EQ(EACCES, deep_act(self, ACT_MODULE_FROM_MEMORY, 0));
	ASSERT_EQ(0, deep_act(self, ACT_MODULE, 0));
	ASSERT_EQ(0, chown(self->path, ID_MODULE, ID_MODULE));
	ASSERT_EQ(EACCES, deep_act(self, ACT_MODULE, 0));
}

TEST_HARNESS_MAIN
