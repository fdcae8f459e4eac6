// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - File systems that a process serves
 *
 * Whoever serves a file may show another content each time, or none at all.
 */

#include <linux/fuse.h>
#include <linux/magic.h>
#include <sys/xattr.h>

#include "world.h"
#include "user.h"
#include "audit.h"

#define DEVICE "/dev/fuse"

#define USER 61760
#define HOST_RULES "appraise func=BPRM_CHECK fowner=61760\n"
#define RULE_OPEN "appraise func=FILE_CHECK fsmagic=0x%lx\n"
#define RULE_EXEC "measure func=BPRM_CHECK\n"

#define XATTR_IMA "security.ima"
/* What it holds: a hash, of that algorithm. */
#define IMA_HASH 4
#define ALGO_SHA256 4

/* The one file of the file system, and its name. */
#define FILE_ID 2
#define FILE_NAME "file"

/* Shared with those that serve it. */
struct served {
	uid_t owner;
	/* Who reads it waits, and the pipe tells. */
	bool hangs;
	size_t size;
	unsigned char hash[34];
	char content[1 << 16];
};

static struct served *served;

static void served_attr(__u64 id, struct fuse_attr *attr)
{
	attr->ino = id;
	attr->nlink = 1;
	attr->uid = served->owner;
	attr->gid = served->owner;
	attr->blksize = 4096;
	attr->mode = id == FILE_ID ? S_IFREG | 0755 : S_IFDIR | 0755;
	attr->size = id == FILE_ID ? served->size : 0;
}

static int serve_lookup(__u64 id, const char *name, struct fuse_entry_out *out)
{
	if (id == FILE_ID || strcmp(name, FILE_NAME))
		return -ENOENT;
	out->nodeid = FILE_ID;
	served_attr(FILE_ID, &out->attr);
	return sizeof(*out);
}

static int serve_read(const struct fuse_read_in *in, char *out, int told)
{
	size_t n = served->size;

	if (served->hangs && write(told, "", 1) == 1)
		pause();
	if (in->offset >= n)
		return 0;
	n -= in->offset;
	if (n > in->size)
		n = in->size;
	memcpy(out, served->content + in->offset, n);
	return n;
}

static int serve_xattr(__u64 id, const struct fuse_getxattr_in *in, void *out)
{
	const struct fuse_getxattr_out size = { .size = sizeof(served->hash) };

	if (id != FILE_ID || strcmp((const char *)(in + 1), XATTR_IMA))
		return -ENODATA;
	if (!in->size)
		memcpy(out, &size, sizeof(size));
	else
		memcpy(out, served->hash, sizeof(served->hash));
	return in->size ? sizeof(served->hash) : sizeof(size);
}

/* Size of an answer that begins at @out, or -errno. */
static int serve_one(const struct fuse_in_header *in, void *out, int told)
{
	const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};

	switch (in->opcode) {
	case FUSE_INIT:
		memcpy(out, &init, sizeof(init));
		return sizeof(init);
	case FUSE_LOOKUP:
		return serve_lookup(in->nodeid, (const char *)(in + 1), out);
	case FUSE_GETATTR:
		served_attr(in->nodeid, &((struct fuse_attr_out *)out)->attr);
		return sizeof(struct fuse_attr_out);
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		return sizeof(struct fuse_open_out);
	case FUSE_READ:
		return serve_read((const struct fuse_read_in *)(in + 1), out, told);
	case FUSE_GETXATTR:
		return serve_xattr(in->nodeid,
				   (const struct fuse_getxattr_in *)(in + 1), out);
	case FUSE_STATFS:
		return sizeof(struct fuse_statfs_out);
	case FUSE_ACCESS:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		return 0;
	}
	return -EOPNOTSUPP;
}

/* Answers the kernel until there is nothing to answer any more. */
static void __noreturn serve(int dev, int told)
{
	static char request[1 << 17], answer[1 << 17];
	const struct fuse_in_header *const in = (void *)request;
	struct fuse_out_header *const out = (void *)answer;
	int n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(dev, request, sizeof(request)) > 0) {
		if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET ||
		    in->opcode == FUSE_INTERRUPT)
			continue;
		memset(answer, 0, sizeof(answer));
		n = serve_one(in, out + 1, told);
		out->unique = in->unique;
		out->error = n < 0 ? n : 0;
		out->len = sizeof(*out) + (n < 0 ? 0 : n);
		if (write(dev, answer, out->len) < 0 && errno != ENOENT)
			break;
	}
	_exit(0);
}

/*
 * Mounts the file system at call->path, for nobody else to see: the process that
 * serves it, or -errno.
 */
static long do_mount(struct call *call, int told)
{
	const int dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	char options[4 * PATH_MAX];
	pid_t pid;

	if (dev < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", dev);
	if (mount("served", call->path, "fuse.served", 0, options))
		return -errno;
	pid = fork();
	if (!pid)
		serve(dev, told);
	close(dev);
	close(told);
	return pid;
}

/* Mounts an overlay at call->path, whose lower layer is call->text. */
static long do_overlay(struct call *call, int fd)
{
	char path[PATH_MAX + 8], options[4 * PATH_MAX];

	if (fd >= 0)
		close(fd);
	if (mount("tmpfs", call->path, "tmpfs", 0, NULL))
		return -errno;
	snprintf(path, sizeof(path), "%s/upper", call->path);
	if (mkdir(path, 0755))
		return -errno;
	snprintf(options, sizeof(options),
		 "lowerdir=%.4000s,upperdir=%.4000s/upper,workdir=%.4000s/work",
		 call->text, call->path, call->path);
	snprintf(path, sizeof(path), "%s/work", call->path);
	if (mkdir(path, 0755))
		return -errno;
	return mount("overlay", call->path, "overlay", 0, options) ? -errno : 0;
}

/* Puts a content there with its hash; the program, unless there is a text. */
static int serve_content(const char *path, const char *text)
{
	char *content, hex[65];
	ssize_t size = 0;
	int i;

	if (text) {
		size = strlen(text);
		content = strdup(text);
	} else {
		size = read_path(path, &content);
	}
	if (size < 0 || size > (ssize_t)sizeof(served->content))
		return -EFBIG;
	served->size = size;
	memcpy(served->content, content, size);
	sha256_hex(content, size, hex);
	free(content);
	served->hash[0] = IMA_HASH;
	served->hash[1] = ALGO_SHA256;
	for (i = 0; i < 32; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &served->hash[2 + i]) != 1)
			return -EINVAL;
	return 0;
}

/*
 * host ─┬─ root: a privileged container
 *       ├─ second, another process in it
 *       ├─ b
 *       └─ mine: an ordinary user's, who is `user` outside
 */
FIXTURE(fuse)
{
	struct scratch scratch;
	struct agent host, root, second, b, user, mine;
	char fuse[PATH_MAX], overlay[PATH_MAX];
	/* The server, who tells by the pipe that somebody waits. */
	pid_t pid;
	int told[2];
	/* Of the device. */
	mode_t mode;
};

static int make_dirs(struct _test_data_fuse *self)
{
	snprintf(self->fuse, PATH_MAX, "%s/fuse", self->scratch.dir);
	snprintf(self->overlay, PATH_MAX, "%s/overlay", self->scratch.dir);
	return mkdir(self->fuse, 0755) || mkdir(self->overlay, 0755) ||
	       chmod(self->fuse, 0777) || chmod(self->overlay, 0777) ? -errno : 0;
}

FIXTURE_SETUP(fuse)
{
	char program[PATH_MAX];
	struct stat st;

	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	if (stat(DEVICE, &st))
		SKIP(return, "needs CONFIG_FUSE_FS");
	/* As udev has it: anybody's. */
	self->mode = st.st_mode & 0777;
	ASSERT_EQ(0, chmod(DEVICE, 0666));
	ASSERT_EQ(0, host_load_once(HOST_RULES, "fowner=61760"));
	served = shared_memory(sizeof(*served));
	ASSERT_NE(NULL, served);
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, make_dirs(self));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "program", 0, program));
	ASSERT_EQ(0, serve_content(program, NULL));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, agent_start(&self->root, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->second, &self->root, 0));
	ASSERT_EQ(0, agent_start(&self->b, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, user_start(&self->user, &self->mine, USER));
	ASSERT_EQ(0, pipe2(self->told, O_CLOEXEC));
}

FIXTURE_TEARDOWN(fuse)
{
	if (self->pid > 0)
		kill(self->pid, SIGKILL);
	EXPECT_EQ(0, chmod(DEVICE, self->mode));
	close(self->told[0]);
	close(self->told[1]);
	agents_stop(&self->mine, &self->user, &self->b, &self->second,
		    &self->root, &self->host);
	scratch_remove(&self->scratch);
	munmap(served, sizeof(*served));
}

/* The agent serves and mounts it, itself and as the lower layer of an overlay. */
static void assert_mounts(struct __test_metadata *const _metadata,
			  struct _test_data_fuse *self, struct agent *agent)
{
	/* By the ids of who serves it. */
	served->owner = agent == &self->mine ? 0 : USER;
	snprintf(agent->call->path, PATH_MAX, "%s", self->fuse);
	self->pid = agent_call(agent, do_mount, self->told[1], NULL);
	ASSERT_LT(0, self->pid);
	snprintf(agent->call->path, PATH_MAX, "%s", self->overlay);
	snprintf(agent->call->text, TEXT_SIZE, "%s", self->fuse);
	ASSERT_EQ(0, agent_call(agent, do_overlay, -1, NULL));
}

static int exec_in(struct agent *agent, const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/" FILE_NAME, dir);
	return agent_exec(agent, path, 0);
}

static int open_in(struct agent *agent, const char *dir)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%.4000s/" FILE_NAME, dir);
	fd = agent_open(agent, path, O_RDONLY);
	return fd < 0 ? fd : close(fd);
}

static int count_unverifiable(void *data, int type, const char *text)
{
	int *const counts = data;

	if (type == AUDIT_INTEGRITY_DATA &&
	    contains(text, " cause=unverifiable-signature "))
		counts[contains(text, " ima_ns=")]++;
	return 0;
}

/* "FUSE that a user has mounted cannot be verified through an overlayfs either." */
TEST_F(fuse, of_users)
{
	const char *const dirs[] = { self->fuse, self->overlay };
	const long magics[] = { FUSE_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC };
	char rules[256];
	size_t i;

	assert_mounts(_metadata, self, &self->mine);
	ASSERT_EQ(0, agent_call(&self->mine, do_mount_securityfs, -1, NULL));
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		int counts[2] = {};
		const int audit = open_audit();

		ASSERT_LE(0, audit);
		/* By the host's rule, */
		EXPECT_EQ(EACCES, exec_in(&self->mine, dirs[i]));
		/* and by the container's own. */
		EXPECT_EQ(0, open_in(&self->mine, dirs[i]));
		snprintf(rules, sizeof(rules), RULE_OPEN, magics[i]);
		ASSERT_EQ(0, agent_load(&self->mine, rules));
		EXPECT_EQ(-EACCES, open_in(&self->mine, dirs[i]));
		ASSERT_EQ(0, audit_read(audit, count_unverifiable, counts));
		EXPECT_EQ(1, counts[0]);
		EXPECT_EQ(1, counts[1]);
		close(audit);
	}
}

/* What root has mounted is looked at each time, as nobody tells of a change. */
TEST_F(fuse, of_root)
{
	const char *const dirs[] = { self->fuse, self->overlay };
	size_t i;

	assert_mounts(_metadata, self, &self->root);
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		EXPECT_EQ(0, exec_in(&self->root, dirs[i]));
		EXPECT_EQ(0, exec_in(&self->root, dirs[i]));
		served->content[served->size - 1] ^= 1;
		EXPECT_EQ(EACCES, exec_in(&self->root, dirs[i]));
		served->content[served->size - 1] ^= 1;
		EXPECT_EQ(0, exec_in(&self->root, dirs[i]));
	}
}

/* "A path on a FUSE mount that never answers" is nobody else's trouble. */
TEST_F(fuse, policy_that_hangs)
{
	struct agent *const root = &self->root;
	char *before, *after, byte;
	int fd;

	assert_mounts(_metadata, self, root);
	ASSERT_EQ(0, serve_content(NULL, "dont_measure\n"));
	served->hangs = true;
	ASSERT_LT(0, agent_read(&self->second, POLICY, &before));
	snprintf(root->call->text, TEXT_SIZE, "%s/" FILE_NAME, self->fuse);
	root->call->fn = do_load;
	ASSERT_EQ(0, send_fd(root->sock, -1));
	ASSERT_EQ(1, read(self->told[0], &byte, 1));

	EXPECT_EQ(0, agent_load(&self->b, RULE_EXEC));
	EXPECT_EQ(0, agent_load(&self->host, "dont_measure fowner=61761\n"));
	EXPECT_EQ(-EBUSY, agent_load(&self->second, RULE_EXEC));
	ASSERT_EQ(0, kill(self->pid, SIGKILL));
	ASSERT_EQ(0, recv_fd(root->sock, &fd));
	EXPECT_GT(0, root->call->ret);
	EXPECT_EQ('w', root->call->step);
	ASSERT_LT(0, agent_read(&self->second, POLICY, &after));
	EXPECT_STREQ(before, after);
	EXPECT_EQ(0, agent_load(&self->second, RULE_EXEC));
	free(before);
	free(after);
}

TEST_HARNESS_MAIN
