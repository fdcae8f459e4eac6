// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Lifetime
 *
 * SCALE in the environment multiplies the rounds of the long tests.
 */

#include <dirent.h>
#include <pthread.h>

#include "world.h"

/*
 * A process that waits in new namespaces until the pipe is closed.  Unlike an
 * agent it costs next to nothing, and there may be hundreds.
 */
static pid_t idler_start(__u64 flags, const int leave[2])
{
	const pid_t pid = clone_flags(flags);
	char byte;

	if (!pid) {
		close(leave[1]);
		(void)!read(leave[0], &byte, 1);
		_exit(0);
	}
	return pid;
}

/* What a process knows of its own IMA namespace. */
struct identity {
	long inum;
	long id;
	/* -ENODATA in the initial namespace. */
	long parent;
};

static void identify(struct identity *self)
{
	self->inum = ns_inum(0, "ima");
	self->id = own_number("id");
	self->parent = own_number("parent");
}

/* Identifies a new process of those flags, through a pipe. */
static int identify_new(__u64 clone3_flags, int unshare_flags,
			struct identity *child)
{
	int out[2], ret;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	pid = clone_flags(clone3_flags);
	if (!pid) {
		if (unshare_flags && unshare(unshare_flags))
			_exit(errno);
		identify(child);
		_exit(write(out[1], child, sizeof(*child)) != sizeof(*child));
	}
	close(out[1]);
	ret = read(out[0], child, sizeof(*child)) == sizeof(*child) ? 0 : -EIO;
	close(out[0]);
	return reap(pid) ?: ret;
}

FIXTURE(create)
{
	struct identity self;
};

FIXTURE_VARIANT(create)
{
	int unshare_flags;
	__u64 clone_flags;
	bool old_clone;
	bool creates;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(create, clone) {
	.clone_flags = CLONE_NEWNS, .old_clone = true, .creates = true };
FIXTURE_VARIANT_ADD(create, clone3) {
	.clone_flags = CLONE_NEWNS, .creates = true };
FIXTURE_VARIANT_ADD(create, unshare) {
	.unshare_flags = CLONE_NEWNS, .creates = true };
FIXTURE_VARIANT_ADD(create, clone_userns) {
	.clone_flags = CLONE_NEWNS | CLONE_NEWUSER, .creates = true };
FIXTURE_VARIANT_ADD(create, unshare_userns) {
	.unshare_flags = CLONE_NEWNS | CLONE_NEWUSER, .creates = true };
FIXTURE_VARIANT_ADD(create, unshare_all) {
	.unshare_flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWNET | CLONE_NEWCGROUP, .creates = true };
FIXTURE_VARIANT_ADD(create, not_fork) { .creates = false };
FIXTURE_VARIANT_ADD(create, not_vfork) { .clone_flags = CLONE_VFORK };
FIXTURE_VARIANT_ADD(create, not_fs) { .unshare_flags = CLONE_FS };
FIXTURE_VARIANT_ADD(create, not_uts) { .unshare_flags = CLONE_NEWUTS };
FIXTURE_VARIANT_ADD(create, not_ipc) { .unshare_flags = CLONE_NEWIPC };
FIXTURE_VARIANT_ADD(create, not_net) { .unshare_flags = CLONE_NEWNET };
FIXTURE_VARIANT_ADD(create, not_pid) { .unshare_flags = CLONE_NEWPID };
FIXTURE_VARIANT_ADD(create, not_pid_clone) { .clone_flags = CLONE_NEWPID };
FIXTURE_VARIANT_ADD(create, not_cgroup) { .unshare_flags = CLONE_NEWCGROUP };
FIXTURE_VARIANT_ADD(create, not_user) { .unshare_flags = CLONE_NEWUSER };
FIXTURE_VARIANT_ADD(create, not_time) { .unshare_flags = CLONE_NEWTIME };
/* clang-format on */

FIXTURE_SETUP(create)
{
	identify(&self->self);
	ASSERT_EQ(INIT_INUM, self->self.inum);
	ASSERT_EQ(0, self->self.id);
	ASSERT_EQ(-ENODATA, self->self.parent);
}

FIXTURE_TEARDOWN(create)
{
}

/* clone() as programs call it: the flags are its first argument. */
static pid_t old_clone(unsigned long flags)
{
	return syscall(__NR_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static int identify_old_clone(unsigned long flags, struct identity *child)
{
	struct identity *const shared = shared_memory(sizeof(*shared));
	const pid_t pid = old_clone(flags);
	int ret;

	if (!pid) {
		identify(shared);
		_exit(0);
	}
	ret = reap(pid);
	*child = *shared;
	munmap(shared, sizeof(*shared));
	return ret;
}

/*
 * "A mount namespace made by clone(), clone3() or unshare() owns a new IMA
 * namespace, a child of the creator's"; no other namespace does.
 */
TEST_F(create, identity)
{
	struct identity child = {};
	int err;

	if (variant->old_clone)
		err = identify_old_clone(variant->clone_flags, &child);
	else
		err = identify_new(variant->clone_flags,
				   variant->unshare_flags, &child);
	ASSERT_EQ(0, err);
	if (variant->creates) {
		ASSERT_LT(0, child.inum);
		ASSERT_NE(self->self.inum, child.inum);
		ASSERT_LT(0, child.id);
		ASSERT_EQ(self->self.id, child.parent);
	} else {
		ASSERT_EQ(self->self.inum, child.inum);
		ASSERT_EQ(self->self.id, child.id);
		ASSERT_EQ(-ENODATA, child.parent);
	}
}

FIXTURE(life)
{
	struct scratch scratch;
	char path[PATH_MAX];
	struct agent agent;
};

/* One level below the initial namespace, with the default policy. */
FIXTURE_SETUP(life)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, CLONE_NEWNS));
}

FIXTURE_TEARDOWN(life)
{
	agent_stop(&self->agent);
	scratch_remove(&self->scratch);
}

/* NS_GET_PARENT walks the way that the ids tell. */
TEST_F(life, parents)
{
	struct agent child;
	int fd;

	ASSERT_EQ(0, agent_start(&child, &self->agent, CLONE_NEWNS));
	ASSERT_EQ(0, ns_level(getpid()));
	ASSERT_EQ(1, ns_level(self->agent.pid));
	ASSERT_EQ(2, ns_level(child.pid));
	fd = ns_open(child.pid, "ima");
	ASSERT_LE(0, fd);
	ASSERT_EQ(ns_inum(self->agent.pid, "ima"),
		  ns_related(fd, NS_GET_PARENT));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(agent_number(&self->agent, "id"),
		  agent_number(&child, "parent"));
	ASSERT_EQ(0, agent_number(&self->agent, "parent"));
	ASSERT_EQ(0, agent_stop(&child));
}

/* "Processes and threads share the namespace of their mount namespace." */
TEST_F(life, fork_shares)
{
	struct agent same;

	ASSERT_EQ(0, agent_start(&same, &self->agent, 0));
	ASSERT_LT(0, ns_inum(same.pid, "ima"));
	ASSERT_EQ(ns_inum(self->agent.pid, "ima"), ns_inum(same.pid, "ima"));
	ASSERT_EQ(agent_number(&self->agent, "id"), agent_number(&same, "id"));
	ASSERT_EQ(0, agent_stop(&same));
}

struct thread_view {
	struct identity shared, own;
	int err;
};

static void *thread_main(void *data)
{
	struct thread_view *const view = data;

	identify(&view->shared);
	view->err = unshare(CLONE_NEWNS) ? -errno : 0;
	identify(&view->own);
	return NULL;
}

TEST_F(life, threads)
{
	struct identity before, after;
	struct thread_view view = {};
	pthread_t thread;

	identify(&before);
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_main, &view));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	identify(&after);

	/* A thread shares, until it unshares for itself alone. */
	ASSERT_EQ(0, view.err);
	ASSERT_EQ(before.inum, view.shared.inum);
	ASSERT_EQ(before.id, view.shared.id);
	ASSERT_NE(before.inum, view.own.inum);
	ASSERT_EQ(before.id, view.own.parent);
	ASSERT_EQ(before.inum, after.inum);
	ASSERT_EQ(before.id, after.id);
}

/* "Ids are never reused in a boot." */
TEST_F_TIMEOUT(life, ids_never_repeat, 60 * scale())
{
	long last = agent_number(&self->agent, "id");
	int round;

	for (round = 0; round < 100 * scale(); round++) {
		struct identity child;

		ASSERT_EQ(0, identify_new(CLONE_NEWNS, 0, &child));
		ASSERT_LT(last, child.id);
		ASSERT_EQ(0, child.parent);
		last = child.id;
	}
}

/* A process that nests as deep as it goes and tells what happened. */
struct dive {
	int err;
	struct identity deepest, beyond;
	long mnt, mnt_beyond;
};

static void dive(struct dive *view)
{
	int level;

	for (level = 0; level < MAX_LEVEL && !view->err; level++) {
		const long above = own_number("id");

		if (unshare(CLONE_NEWNS))
			view->err = -errno;
		else if (own_number("parent") != above)
			view->err = -EXDEV;
	}
	identify(&view->deepest);
	view->mnt = ns_inum(0, "mnt");
	if (!view->err && unshare(CLONE_NEWNS))
		view->err = -errno;
	identify(&view->beyond);
	view->mnt_beyond = ns_inum(0, "mnt");
}

/*
 * "Beyond 64 levels, unshare() still succeeds and the new mount namespace
 * shares its parent's IMA namespace."
 */
TEST_F(life, levels_end)
{
	struct dive *const view = shared_memory(sizeof(*view));
	int ready[2], leave[2];
	char byte = 0;
	pid_t pid;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(leave, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		close(leave[1]);
		dive(view);
		(void)!write(ready[1], &byte, 1);
		(void)!read(leave[0], &byte, 1);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, view->err);
	ASSERT_EQ(MAX_LEVEL, ns_level(pid));
	ASSERT_NE(view->mnt, view->mnt_beyond);
	ASSERT_EQ(view->deepest.inum, view->beyond.inum);
	ASSERT_EQ(view->deepest.id, view->beyond.id);
	ASSERT_EQ(view->deepest.parent, view->beyond.parent);
	ASSERT_EQ(0, close(leave[1]));
	ASSERT_EQ(0, reap(pid));
}

/* "An open list file keeps the list readable after the last task." */
TEST_F(life, list_outlives_tasks)
{
	char evidence[EVIDENCE_SIZE];
	struct agent child;
	struct list list;
	int fd, binary, count;

	ASSERT_EQ(0, file_evidence(self->path, self->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, agent_start(&child, &self->agent, CLONE_NEWNS));
	ASSERT_EQ(0, agent_exec(&child, self->path, 0));
	fd = agent_open(&child, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, fd);
	binary = agent_open(&child, IMA_DIR "/binary_runtime_measurements",
			    O_RDONLY);
	ASSERT_LE(0, binary);
	count = agent_open(&child, IMA_DIR "/runtime_measurements_count",
			   O_RDONLY);
	ASSERT_LE(0, count);
	ASSERT_EQ(0, agent_stop(&child));

	/* Another namespace comes and goes: memory would be reused. */
	ASSERT_EQ(0, agent_start(&child, &self->agent, CLONE_NEWNS));
	ASSERT_EQ(0, agent_stop(&child));

	assert_gain(_metadata, "of nobody", fd, 0, 1, evidence);
	ASSERT_EQ(0, list_read(fd, &list));
	ASSERT_EQ(2, list.count);
	ASSERT_EQ(2, read_number(count));
	ASSERT_LT(0, read_fd(binary, &list.text));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, close(binary));
	ASSERT_EQ(0, close(count));
}

/* "A namespace lives as long as an open fd of it refers to it." */
TEST_F(life, nsfs_fd_keeps)
{
	const long parent = ns_inum(self->agent.pid, "ima");
	struct agent child;
	long inum;
	int fd;

	ASSERT_EQ(0, agent_start(&child, &self->agent, CLONE_NEWNS));
	inum = ns_inum(child.pid, "ima");
	fd = ns_open(child.pid, "ima");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_stop(&child));
	ASSERT_EQ(inum, fd_inum(fd));
	ASSERT_EQ(parent, ns_related(fd, NS_GET_PARENT));
	ASSERT_EQ(0, close(fd));
}

/* The child pins the parent, whose last task may be gone long before. */
TEST_F(life, child_pins_parent)
{
	struct agent middle, leaf;
	long inum;
	int fd;

	ASSERT_EQ(0, agent_start(&middle, &self->agent, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&leaf, &middle, CLONE_NEWNS));
	inum = ns_inum(middle.pid, "ima");
	ASSERT_EQ(0, agent_stop(&middle));
	fd = ns_open(leaf.pid, "ima");
	ASSERT_LE(0, fd);
	ASSERT_EQ(inum, ns_related(fd, NS_GET_PARENT));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(3, ns_level(leaf.pid));
	ASSERT_EQ(0, agent_stop(&leaf));
}

FIXTURE(bind)
{
	struct scratch scratch;
	struct agent agent;
	char path[PATH_MAX];
	char pin[PATH_MAX];
};

FIXTURE_VARIANT(bind)
{
	const char *name;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(bind, ima) { "ima" };
FIXTURE_VARIANT_ADD(bind, mnt) { "mnt" };
/* clang-format on */

FIXTURE_SETUP(bind)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, mount(NULL, self->scratch.dir, NULL, MS_PRIVATE, NULL));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
	snprintf(self->pin, sizeof(self->pin), "%s/pin", self->scratch.dir);
	ASSERT_EQ(0, write_path(self->pin, O_CREAT, "", 0));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, CLONE_NEWNS));
}

FIXTURE_TEARDOWN(bind)
{
	(void)umount2(self->pin, MNT_DETACH);
	scratch_remove(&self->scratch);
}

/* "A bind mount of its files keeps a namespace", and its list with it. */
TEST_F(bind, keeps)
{
	const long ima = ns_inum(self->agent.pid, "ima");
	const long inum = ns_inum(self->agent.pid, variant->name);
	char proc[64];
	struct agent visitor;
	int fd, list;

	ASSERT_EQ(0, agent_exec(&self->agent, self->path, 0));
	snprintf(proc, sizeof(proc), "/proc/%d/ns/%s", self->agent.pid,
		 variant->name);
	ASSERT_EQ(0, mount(proc, self->pin, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, agent_stop(&self->agent));

	fd = open(self->pin, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(inum, fd_inum(fd));
	if (strcmp(variant->name, "mnt")) {
		ASSERT_EQ(INIT_INUM, ns_related(fd, NS_GET_PARENT));
	} else {
		ASSERT_EQ(0, agent_start(&visitor, NULL, 0));
		ASSERT_EQ(0, agent_setns(&visitor, fd, 0));
		ASSERT_EQ(ima, ns_inum(visitor.pid, "ima"));
		list = agent_open(&visitor, ASCII_LIST, O_RDONLY);
		ASSERT_EQ(2, fd_count(list));
		ASSERT_EQ(1, fd_count_path(list, self->path));
		ASSERT_EQ(0, agent_stop(&visitor));
	}
	ASSERT_EQ(0, close(fd));
}

/* Leaves a file open for writing, and dirty, until the agent exits. */
static long do_dirty(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	fd = open(call->path, O_WRONLY | O_APPEND);
	if (fd < 0)
		return -errno;
	return write(fd, call->text, strlen(call->text)) < 0 ? -errno : 0;
}

/*
 * The last writer's exit puts the file when the task has no namespaces any
 * more; "a file that changed is measured again" all the same.
 */
TEST_F(life, exit_with_dirty_file)
{
	char evidence[EVIDENCE_SIZE];
	struct agent writer;
	int list;

	list = agent_open(&self->agent, ASCII_LIST, O_RDONLY);
	ASSERT_EQ(0, agent_exec(&self->agent, self->path, 0));
	ASSERT_EQ(2, fd_count(list));

	ASSERT_EQ(0, agent_start(&writer, &self->agent, 0));
	snprintf(writer.call->path, PATH_MAX, "%s", self->path);
	unique_text(writer.call->text);
	ASSERT_EQ(0, agent_call(&writer, do_dirty, -1, NULL));
	ASSERT_EQ(ETXTBSY, agent_exec(&self->agent, self->path, 0));
	ASSERT_EQ(0, agent_stop(&writer));

	ASSERT_EQ(0, file_evidence(self->path, self->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(&self->agent, self->path, 0));
	assert_gain(_metadata, "1", list, 2, 1, evidence);
}

/* The same when the writer is the last task of its namespace. */
TEST_F(life, last_exit_with_dirty_file)
{
	struct agent writer;
	int list;

	ASSERT_EQ(0, agent_start(&writer, &self->agent, CLONE_NEWNS));
	list = agent_open(&self->agent, ASCII_LIST, O_RDONLY);
	ASSERT_EQ(0, agent_exec(&writer, self->path, 0));
	ASSERT_EQ(2, fd_count(list));

	snprintf(writer.call->path, PATH_MAX, "%s", self->path);
	unique_text(writer.call->text);
	ASSERT_EQ(0, agent_call(&writer, do_dirty, -1, NULL));
	ASSERT_EQ(0, agent_stop(&writer));
	ASSERT_EQ(0, agent_exec(&self->agent, self->path, 0));
	ASSERT_EQ(3, fd_count(list));
	ASSERT_EQ(2, fd_count_path(list, self->path));
}

static int compare_longs(const void *a, const void *b)
{
	const long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* Many namespaces at once are as many namespaces. */
TEST_F_TIMEOUT(life, a_hundred_at_once, 60 * scale())
{
	long inums[100];
	pid_t pids[ARRAY_SIZE(inums)];
	size_t i;
	int round;

	for (round = 0; round < scale(); round++) {
		int leave[2];

		ASSERT_EQ(0, pipe2(leave, O_CLOEXEC));
		for (i = 0; i < ARRAY_SIZE(pids); i++) {
			pids[i] = idler_start(CLONE_NEWNS, leave);
			inums[i] = ns_inum(pids[i], "ima");
			ASSERT_LT(0, inums[i]);
			ASSERT_NE(INIT_INUM, inums[i]);
		}
		qsort(inums, ARRAY_SIZE(inums), sizeof(*inums), compare_longs);
		for (i = 1; i < ARRAY_SIZE(inums); i++)
			ASSERT_NE(inums[i - 1], inums[i]);
		ASSERT_EQ(0, close(leave[1]));
		for (i = 0; i < ARRAY_SIZE(pids); i++)
			ASSERT_EQ(0, reap(pids[i]));
		ASSERT_EQ(0, close(leave[0]));
	}
}

/* The kernel thread of that name, or -ESRCH. */
static pid_t find_kthread(const char *name)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t pid = -ESRCH;

	while (proc && pid < 0 && (entry = readdir(proc))) {
		char path[PATH_MAX], *comm;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (read_path(path, &comm) < 0)
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		if (!strcmp(comm, name))
			pid = atoi(entry->d_name);
		free(comm);
	}
	if (proc)
		closedir(proc);
	return pid;
}

/* "A kernel thread that unshares its mounts makes no level." */
TEST_F(life, kernel_thread)
{
	const pid_t pid = find_kthread("kdevtmpfs");

	ASSERT_LT(0, pid);
	ASSERT_NE(ns_inum(0, "mnt"), ns_inum(pid, "mnt"));
	ASSERT_EQ(INIT_INUM, ns_inum(pid, "ima"));
}

TEST_HARNESS_MAIN
