// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - setns() and the nsfs file
 */

#include "world.h"

/* What ns/ima says for NS_GET_NSTYPE: no CLONE_NEW* flag. */
#define IMA_TYPE 0x40

/* From <linux/nsfs.h> and <linux/mount.h>, which may be older. */
struct test_mnt_ns_info {
	__u32 size;
	__u32 nr_mounts;
	__u64 mnt_ns_id;
};

struct test_mnt_id_req {
	__u32 size;
	__u32 mnt_ns_fd;
	__u64 mnt_id;
	__u64 param;
	__u64 mnt_ns_id;
};

#define TEST_GET_MNTNS_ID _IOR(0xb7, 0x5, __u64)
#define TEST_MNT_GET_INFO _IOR(0xb7, 10, struct test_mnt_ns_info)
#define TEST_MNT_GET_NEXT _IOR(0xb7, 11, struct test_mnt_ns_info)
#define TEST_MNT_GET_PREV _IOR(0xb7, 12, struct test_mnt_ns_info)
#define TEST_NR_STATMOUNT 457
#define TEST_NR_LISTMOUNT 458
#define TEST_LSMT_ROOT ~0ULL

/* How the visitor enters the target's mount namespace. */
enum way {
	BY_FD,
	BY_FD_TYPED,
	BY_PIDFD,
	BY_PIDFD_WITH_UTS,
};

/*
 * host[-] ─┬─ target[D], with a UTS namespace of its own
 *          └  visitor: a process of the host that enters and leaves
 */
FIXTURE(join)
{
	struct scratch scratch;
	struct agent target, visitor;
	int list;
	long ima, mnt;
	char path[PATH_MAX];
};

FIXTURE_VARIANT(join)
{
	enum way way;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(join, fd) { BY_FD };
FIXTURE_VARIANT_ADD(join, fd_typed) { BY_FD_TYPED };
FIXTURE_VARIANT_ADD(join, pidfd) { BY_PIDFD };
FIXTURE_VARIANT_ADD(join, pidfd_with_uts) { BY_PIDFD_WITH_UTS };
/* clang-format on */

FIXTURE_SETUP(join)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
	ASSERT_EQ(0, agent_start(&self->target, NULL,
				 CLONE_NEWNS | CLONE_NEWUTS));
	self->list = agent_open(&self->target, ASCII_LIST, O_RDONLY);
	ASSERT_EQ(0, fd_count(self->list));
	ASSERT_EQ(0, agent_start(&self->visitor, NULL, 0));
	self->ima = ns_inum(self->target.pid, "ima");
	self->mnt = ns_inum(self->target.pid, "mnt");
	ASSERT_LT(0, self->ima);
}

FIXTURE_TEARDOWN(join)
{
	agent_stop(&self->visitor);
	agent_stop(&self->target);
	scratch_remove(&self->scratch);
}

/* Lets @agent join the mount namespace of @pid. */
static int join(struct agent *agent, pid_t pid, enum way way)
{
	const bool by_pidfd = way == BY_PIDFD || way == BY_PIDFD_WITH_UTS;
	int flags = way == BY_FD ? 0 : CLONE_NEWNS;
	int fd, err;

	if (way == BY_PIDFD_WITH_UTS)
		flags |= CLONE_NEWUTS;
	fd = by_pidfd ? syscall(__NR_pidfd_open, pid, 0) : ns_open(pid, "mnt");
	if (fd < 0)
		return by_pidfd ? -errno : fd;
	err = agent_setns(agent, fd, flags);
	close(fd);
	return err;
}

/* "setns() to a mount namespace switches the IMA namespace with it." */
TEST_F(join, enters)
{
	const long uts = ns_inum(self->visitor.pid, "uts");

	ASSERT_EQ(INIT_INUM, ns_inum(self->visitor.pid, "ima"));
	ASSERT_EQ(0, join(&self->visitor, self->target.pid, variant->way));
	ASSERT_EQ(self->mnt, ns_inum(self->visitor.pid, "mnt"));
	ASSERT_EQ(self->ima, ns_inum(self->visitor.pid, "ima"));
	ASSERT_EQ(agent_number(&self->target, "id"),
		  agent_number(&self->visitor, "id"));
	ASSERT_EQ(variant->way == BY_PIDFD_WITH_UTS,
		  uts != ns_inum(self->visitor.pid, "uts"));
}

/* What the visitor executes is recorded where it is, and only there. */
TEST_F(join, recorded_while_inside)
{
	char evidence[EVIDENCE_SIZE];
	struct agent home;

	ASSERT_EQ(0, agent_start(&home, NULL, 0));
	ASSERT_EQ(0, file_evidence(self->path, self->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(&self->visitor, self->path, 0));
	ASSERT_EQ(0, fd_count(self->list));

	ASSERT_EQ(0, join(&self->visitor, self->target.pid, variant->way));
	ASSERT_EQ(0, agent_exec(&self->visitor, self->path, 0));
	assert_gain(_metadata, "visited", self->list, 0, 1, evidence);

	/* Left: a new content does not concern the target any more. */
	ASSERT_EQ(0, join(&self->visitor, home.pid, variant->way));
	ASSERT_EQ(INIT_INUM, ns_inum(self->visitor.pid, "ima"));
	ASSERT_EQ(-ENODATA, agent_number(&self->visitor, "parent"));
	ASSERT_EQ(0, agent_append(&home, self->path, "left"));
	ASSERT_EQ(0, agent_exec(&self->visitor, self->path, 0));
	ASSERT_EQ(2, fd_count(self->list));

	/* And back. */
	ASSERT_EQ(0, file_evidence(self->path, self->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, join(&self->visitor, self->target.pid, variant->way));
	ASSERT_EQ(self->ima, ns_inum(self->visitor.pid, "ima"));
	ASSERT_EQ(0, agent_exec(&self->visitor, self->path, 0));
	assert_gain(_metadata, "visited again", self->list, 2, 1, evidence);
	ASSERT_EQ(0, agent_stop(&home));
}

static long do_drop_root(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return become(call->uid);
}

static int drop_root(struct agent *agent)
{
	agent->call->uid = 1000;
	return agent_call(agent, do_drop_root, -1, NULL);
}

/* What an agent is in, seen from outside. */
struct place {
	long ima, mnt, uts;
};

static void locate(const struct agent *agent, struct place *place)
{
	place->ima = ns_inum(agent->pid, "ima");
	place->mnt = ns_inum(agent->pid, "mnt");
	place->uts = ns_inum(agent->pid, "uts");
}

static void assert_place(struct __test_metadata *const _metadata,
			 const struct agent *agent, const struct place *place)
{
	struct place now;

	locate(agent, &now);
	ASSERT_LT(0, now.ima);
	ASSERT_EQ(place->ima, now.ima);
	ASSERT_EQ(place->mnt, now.mnt);
	ASSERT_EQ(place->uts, now.uts);
}

/* A setns() that is refused changes neither ns/mnt nor ns/ima. */
TEST_F(join, refused)
{
	struct place before;

	ASSERT_EQ(0, drop_root(&self->visitor));
	locate(&self->visitor, &before);
	ASSERT_EQ(-EPERM, join(&self->visitor, self->target.pid, variant->way));
	assert_place(_metadata, &self->visitor, &before);
}

/* Entering another namespace of the target leaves ns/ima alone. */
TEST_F(join, other_types)
{
	static const char *const names[] = { "uts",  "ipc",    "net",
					     "cgroup", "pid", "time" };
	size_t i;

	ASSERT_EQ(0, agent_unshare(&self->target, CLONE_NEWIPC | CLONE_NEWNET |
							  CLONE_NEWCGROUP));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const int fd = ns_open(self->target.pid, names[i]);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, agent_setns(&self->visitor, fd, 0));
		ASSERT_EQ(INIT_INUM, ns_inum(self->visitor.pid, "ima"));
		ASSERT_EQ(0, close(fd));
	}
	ASSERT_EQ(ns_inum(self->target.pid, "uts"),
		  ns_inum(self->visitor.pid, "uts"));
}

/* From one child to another, without passing through the parent. */
TEST_F(join, sideways)
{
	struct agent other;

	ASSERT_EQ(0, agent_start(&other, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, join(&other, self->target.pid, variant->way));
	ASSERT_EQ(self->ima, ns_inum(other.pid, "ima"));
	/* A child that is made there is a child of the joined one. */
	ASSERT_EQ(0, agent_unshare(&other, CLONE_NEWNS));
	ASSERT_EQ(agent_number(&self->target, "id"),
		  agent_number(&other, "parent"));
	ASSERT_EQ(0, agent_stop(&other));
}

/*
 * host ─┬─ parent ── child
 *       └─ sibling
 */
FIXTURE(file)
{
	struct agent parent, child, sibling, visitor;
	/* ns/ima of the child. */
	int fd;
};

FIXTURE_SETUP(file)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, agent_start(&self->parent, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->child, &self->parent, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->sibling, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->visitor, NULL, 0));
	self->fd = ns_open(self->child.pid, "ima");
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(file)
{
	agents_stop(&self->visitor, &self->sibling, &self->child,
		    &self->parent);
}

/* "setns() on that fd is EINVAL with any flags", for whomever. */
TEST_F(file, setns_refused)
{
	static const int flags[] = { 0, IMA_TYPE, CLONE_NEWNS, CLONE_NEWUSER,
				     CLONE_NEWNS | CLONE_NEWUTS, -1,
				     0x5ca1ab1e };
	struct place before;
	size_t i;
	int by;

	locate(&self->visitor, &before);
	for (by = 0; by < 2; by++) {
		/* The second time without privileges. */
		ASSERT_EQ(0, by ? drop_root(&self->visitor) : 0);
		for (i = 0; i < ARRAY_SIZE(flags); i++) {
			ASSERT_EQ(-EINVAL, agent_setns(&self->visitor, self->fd,
						       flags[i]))
			{
				TH_LOG("flags %#x", flags[i]);
			}
			assert_place(_metadata, &self->visitor, &before);
		}
	}
}

/* A pidfd with the type as a flag joins nothing either. */
TEST_F(file, type_is_no_pidfd_flag)
{
	const int pidfd = syscall(__NR_pidfd_open, self->child.pid, 0);
	struct place before;

	ASSERT_LE(0, pidfd);
	locate(&self->visitor, &before);
	ASSERT_EQ(-EINVAL, agent_setns(&self->visitor, pidfd, IMA_TYPE));
	ASSERT_EQ(-EINVAL, agent_setns(&self->visitor, pidfd,
				       IMA_TYPE | CLONE_NEWNS));
	assert_place(_metadata, &self->visitor, &before);
	ASSERT_EQ(0, close(pidfd));
}

/* What a pidfd has installed already is undone if a later one is refused. */
TEST_F(file, refused_in_part)
{
	const int pidfd = syscall(__NR_pidfd_open, self->child.pid, 0);
	struct agent inner;
	struct place before;

	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, agent_unshare(&self->visitor, CLONE_NEWPID));
	ASSERT_EQ(0, agent_start(&inner, &self->visitor, 0));
	locate(&inner, &before);
	/* Mounts come first; there is no way up to the child's processes. */
	ASSERT_EQ(-EINVAL, agent_setns(&inner, pidfd,
				       CLONE_NEWNS | CLONE_NEWPID));
	assert_place(_metadata, &inner, &before);
	ASSERT_EQ(0, agent_setns(&inner, pidfd, CLONE_NEWNS));
	ASSERT_EQ(ns_inum(self->child.pid, "ima"), ns_inum(inner.pid, "ima"));
	ASSERT_EQ(0, close(pidfd));
	ASSERT_EQ(0, agent_stop(&inner));
}

/* "NS_GET_NSTYPE answers 0x40", no CLONE_NEW* value. */
TEST_F(file, type)
{
	ASSERT_EQ(IMA_TYPE, ioctl(self->fd, NS_GET_NSTYPE));
}

/* "NS_GET_USERNS works": the owner is that of the mount namespace. */
TEST_F(file, owner)
{
	struct agent rootless;
	int fd;

	ASSERT_EQ(ns_inum(0, "user"), ns_related(self->fd, NS_GET_USERNS));
	ASSERT_EQ(0, agent_start(&rootless, &self->parent,
				 CLONE_NEWUSER | CLONE_NEWNS));
	fd = ns_open(rootless.pid, "ima");
	ASSERT_LE(0, fd);
	ASSERT_EQ(ns_inum(rootless.pid, "user"),
		  ns_related(fd, NS_GET_USERNS));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, agent_stop(&rootless));
}

/* A user namespace made later does not become the owner. */
TEST_F(file, owner_is_fixed)
{
	ASSERT_EQ(0, agent_unshare(&self->child, CLONE_NEWUSER));
	ASSERT_EQ(ns_inum(0, "user"), ns_related(self->fd, NS_GET_USERNS));
}

static long do_parent_of(struct call *call, int fd)
{
	const long ret = ns_related(fd, NS_GET_PARENT);

	close(fd);
	return ret;
}

/* The parent of @of's namespace, as @who sees it. */
static long parent_of(struct agent *who, const struct agent *of)
{
	const int fd = ns_open(of->pid, "ima");
	long ret;

	if (fd < 0)
		return fd;
	ret = agent_call(who, do_parent_of, fd, NULL);
	close(fd);
	return ret;
}

/* "NS_GET_PARENT: EPERM above the caller's own namespace." */
TEST_F(file, parent)
{
	const long inum = ns_inum(self->parent.pid, "ima");

	ASSERT_EQ(inum, parent_of(&self->visitor, &self->child));
	ASSERT_EQ(INIT_INUM, parent_of(&self->visitor, &self->parent));
	ASSERT_EQ(-EPERM, parent_of(&self->visitor, &self->visitor));

	ASSERT_EQ(inum, parent_of(&self->parent, &self->child));
	ASSERT_EQ(-EPERM, parent_of(&self->parent, &self->parent));
	ASSERT_EQ(-EPERM, parent_of(&self->parent, &self->sibling));
	ASSERT_EQ(-EPERM, parent_of(&self->parent, &self->visitor));

	ASSERT_EQ(-EPERM, parent_of(&self->child, &self->child));
	ASSERT_EQ(-EPERM, parent_of(&self->child, &self->parent));
	ASSERT_EQ(-EPERM, parent_of(&self->sibling, &self->child));
}

/*
 * The ioctls of mount, user and pid namespaces "fail cleanly": the file is
 * taken for none of them.
 */
TEST_F(file, ioctls_of_others)
{
	struct test_mnt_ns_info info = { .size = sizeof(info) };
	__u64 id = 0;
	uid_t uid = 0;

	ASSERT_EQ(-1, ioctl(self->fd, TEST_GET_MNTNS_ID, &id));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, ioctl(self->fd, TEST_MNT_GET_INFO, &info));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, ioctl(self->fd, TEST_MNT_GET_NEXT, &info));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, ioctl(self->fd, TEST_MNT_GET_PREV, &info));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, ioctl(self->fd, NS_GET_OWNER_UID, &uid));
	ASSERT_EQ(EINVAL, errno);
	/* NS_GET_PID_FROM_PIDNS to NS_GET_TGID_IN_PIDNS */
	ASSERT_EQ(-1, ioctl(self->fd, _IOR(0xb7, 0x6, int), getpid()));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, ioctl(self->fd, _IOR(0xb7, 0x9, int), getpid()));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(0ULL, id);
	ASSERT_EQ(0ULL, info.mnt_ns_id);
}

/* statmount() and listmount() take a mount namespace, and only that. */
TEST_F(file, statmount)
{
	struct test_mnt_id_req req = {
		.size = sizeof(req),
		.mnt_id = TEST_LSMT_ROOT,
		.mnt_ns_fd = self->fd,
	};
	__u64 ids[8], buf[64];
	int mnt;

	ASSERT_EQ(-1, syscall(TEST_NR_LISTMOUNT, &req, ids, ARRAY_SIZE(ids), 0));
	ASSERT_EQ(EINVAL, errno);
	mnt = ns_open(self->child.pid, "mnt");
	ASSERT_LE(0, mnt);
	req.mnt_ns_fd = mnt;
	ASSERT_LT(0, syscall(TEST_NR_LISTMOUNT, &req, ids, ARRAY_SIZE(ids), 0));

	req.mnt_id = ids[0];
	req.param = 1;
	req.mnt_ns_fd = self->fd;
	ASSERT_EQ(-1, syscall(TEST_NR_STATMOUNT, &req, buf, sizeof(buf), 0));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(0, close(mnt));
}

/* The link's text and its inode number are one. */
TEST_F(file, link)
{
	char path[64], target[64], expected[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/ima", self->child.pid);
	n = readlink(path, target, sizeof(target) - 1);
	ASSERT_LT(0, n);
	target[n] = '\0';
	snprintf(expected, sizeof(expected), "ima:[%ld]", fd_inum(self->fd));
	ASSERT_STREQ(expected, target);

	n = readlink("/proc/self/ns/ima", target, sizeof(target) - 1);
	ASSERT_LT(0, n);
	target[n] = '\0';
	ASSERT_STREQ("ima:[4026531830]", target);
}

TEST_HARNESS_MAIN
