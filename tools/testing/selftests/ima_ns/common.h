/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: namespaces, agents, subjects
 *
 * An agent is a process that lives in an IMA namespace of its own and runs
 * functions of this program on request.  The test itself never leaves the
 * initial namespaces, so that it sees every level from outside.
 *
 * Helpers that probe return -errno; helpers that assert take _metadata.
 */
#ifndef IMA_NS_TEST_COMMON_H
#define IMA_NS_TEST_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define IMA_DIR "/sys/kernel/security/ima"
#define ASCII_LIST IMA_DIR "/ascii_runtime_measurements"
#define POLICY IMA_DIR "/policy"

/* What the kernel's PROC_IMA_INIT_INO says. */
#define INIT_INUM 0xEFFFFFF6L
#define MAX_LEVEL 64

#ifndef NS_GET_USERNS
#define NS_GET_USERNS _IO(0xb7, 0x1)
#define NS_GET_PARENT _IO(0xb7, 0x2)
#define NS_GET_NSTYPE _IO(0xb7, 0x3)
#define NS_GET_OWNER_UID _IO(0xb7, 0x4)
#endif

#define MAX_AGENTS 12
#define TEXT_SIZE (256 * 1024)

/* A request to an agent, in memory that the agent shares with the test. */
struct call {
	long (*fn)(struct call *call, int fd);
	long ret;
	/* Returned to the test, then closed in the agent, unless -1. */
	int fd;
	/* The step of do_load() that failed first: open, write or close. */
	char step;
	int flags;
	uid_t uid;
	/* The area of the agent to be started. */
	struct call *next;
	char path[PATH_MAX];
	char text[TEXT_SIZE];
};

struct agent {
	pid_t pid;
	int sock;
	struct call *call;
};

static struct call *call_pool;
static int call_used;

static inline int scale(void)
{
	const char *const value = getenv("SCALE");

	return value && atoi(value) > 0 ? atoi(value) : 1;
}

static inline bool contains(const char *text, const char *wanted)
{
	return !!strstr(text, wanted);
}

static inline int count_lines(const char *text)
{
	int count = 0;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

/* Reads a whole file into a new, terminated buffer; -errno on error. */
static inline ssize_t read_fd(int fd, char **text)
{
	size_t size = 0, room = 1 << 16;
	ssize_t n;

	*text = malloc(room + 1);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while ((n = read(fd, *text + size, room - size)) > 0) {
		size += n;
		if (size == room) {
			room *= 2;
			*text = realloc(*text, room + 1);
		}
	}
	(*text)[size] = '\0';
	return n < 0 ? -errno : (ssize_t)size;
}

static inline ssize_t read_path(const char *path, char **text)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t ret;

	*text = NULL;
	if (fd < 0)
		return -errno;
	ret = read_fd(fd, text);
	close(fd);
	return ret;
}

static inline int write_path(const char *path, int flags,
			     const void *text, size_t size)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0755);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = write(fd, text, size);
	err = n < 0 ? -errno : 0;
	if (!err && (size_t)n != size)
		err = -EIO;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Inode number of a namespace of a process ("self" is 0), or -errno. */
static inline long ns_inum(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", name);
	return stat(path, &st) ? -errno : (long)st.st_ino;
}

static inline int ns_open(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline long fd_inum(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -errno : (long)st.st_ino;
}

/* The answer of an nsfs ioctl that opens a namespace, as inode number. */
static inline long ns_related(int fd, unsigned long request)
{
	const int related = ioctl(fd, request);
	long inum;

	if (related < 0)
		return -errno;
	inum = fd_inum(related);
	close(related);
	return inum;
}

/* Steps from a namespace to the initial one, or -errno. */
static inline int ns_level(pid_t pid)
{
	int fd = ns_open(pid, "ima"), level = 0;

	while (fd >= 0 && fd_inum(fd) != INIT_INUM) {
		const int parent = ioctl(fd, NS_GET_PARENT);
		const int err = -errno;

		close(fd);
		if (parent < 0)
			return err;
		fd = parent;
		level++;
	}
	if (fd < 0)
		return fd;
	close(fd);
	return level;
}

/* A file that holds one decimal number; an empty one is -ENODATA. */
static inline long read_number(int fd)
{
	char text[32];
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -errno;
	if (!n)
		return -ENODATA;
	text[n] = '\0';
	if (text[n - 1] != '\n')
		return -EBADMSG;
	return strtol(text, NULL, 10);
}

static inline long path_number(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = read_number(fd);
	close(fd);
	return ret;
}

static inline long own_number(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", IMA_DIR, name);
	return path_number(path);
}

/* clone3() without a stack, that is, fork() with flags. */
static inline pid_t clone_flags(__u64 flags)
{
	const struct clone_args args = {
		.flags = flags,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	const pid_t pid = syscall(__NR_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : pid;
}

/* Exit status of a child, -EINTR if a signal killed it. */
static inline int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* Leaves for new namespaces; in a new user namespace, @id becomes root, and is all. */
static inline int enter_as(int flags, uid_t id)
{
	char map[32];
	int err;

	if (unshare(flags))
		return -errno;
	if (!(flags & CLONE_NEWUSER))
		return 0;
	snprintf(map, sizeof(map), "0 %u 1", id);
	err = write_path("/proc/self/setgroups", 0, "deny", 4);
	if (!err)
		err = write_path("/proc/self/uid_map", 0, map, strlen(map));
	if (!err)
		err = write_path("/proc/self/gid_map", 0, map, strlen(map));
	return err;
}

/*
 * Leaves for new namespaces.  In a new user namespace the caller is root, and
 * id 0 is the only one: it keeps its meaning, so that root's files stay
 * accessible.
 */
static inline int enter_new(int flags)
{
	return enter_as(flags, 0);
}

/* Gives up all privileges, for good. */
static inline int become(uid_t uid)
{
	if (syscall(__NR_setgroups, 0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/* Keeps one capability, or none if @keep is negative. */
static inline int keep_cap(int keep)
{
	const cap_value_t cap = keep;
	cap_t caps = cap_init();
	int err = 0;

	if (keep >= 0) {
		cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET);
		cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET);
	}
	if (cap_set_proc(caps))
		err = -errno;
	cap_free(caps);
	return err;
}

static int send_fd(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == 1 ? 0 : -EPIPE;
}

/* Waits for a message; *fd is -1 if none came with it. */
static int recv_fd(int sock, int *fd)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	*fd = -1;
	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -EPIPE;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cmsg), sizeof(*fd));
	return 0;
}

/* Serves requests until the test goes away. */
static __noreturn void agent_main(int sock, struct call *call)
{
	int fd;

	/* No descriptor of the test may be kept open by an agent. */
	dup3(sock, 100, O_CLOEXEC);
	close_range(3, 99, 0);
	close_range(101, ~0U, 0);
	while (!recv_fd(100, &fd)) {
		call->fd = -1;
		call->ret = call->fn(call, fd);
		send_fd(100, call->fd);
		if (call->fd < 0)
			continue;
		/* The test's is the only one, once it goes on. */
		close(call->fd);
		send_fd(100, -1);
	}
	_exit(0);
}

/* Runs @fn in the agent; an fd that it returns is stored if wanted. */
static inline long agent_call(struct agent *agent,
			      long (*fn)(struct call *, int),
			      int fd_in, int *fd_out)
{
	int fd, none;

	agent->call->fn = fn;
	if (send_fd(agent->sock, fd_in) || recv_fd(agent->sock, &fd))
		return -EPIPE;
	if (agent->call->fd >= 0 && recv_fd(agent->sock, &none))
		return -EPIPE;
	if (fd_out)
		*fd_out = fd;
	else if (fd >= 0)
		close(fd);
	return agent->call->ret;
}

/* Forks an agent for the test: CLONE_PARENT makes it the test's to reap. */
static long do_fork_agent(struct call *call, int fd)
{
	/* The next one may be on its way before the child looks. */
	struct call *const next = call->next;
	const pid_t pid = clone_flags(CLONE_PARENT);

	if (!pid)
		agent_main(fd, next);
	close(fd);
	return pid;
}

/* Memory that agents share with the test, or NULL. */
static inline void *shared_memory(size_t size)
{
	void *const area = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
				-1, 0);

	return area == MAP_FAILED ? NULL : area;
}

static int agents_init(void)
{
	call_pool = shared_memory(sizeof(*call_pool) * MAX_AGENTS);
	return call_pool ? 0 : -errno;
}

static long do_enter_new(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return enter_new(call->flags);
}

/* For who maps the ids of the new user namespace from outside. */
static inline long do_unshare_only(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return unshare(call->flags) ? -errno : 0;
}

static inline long do_become_root(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return setresgid(0, 0, 0) || setresuid(0, 0, 0) ? -errno : 0;
}

static inline int agent_unshare(struct agent *agent, int flags)
{
	agent->call->flags = flags;
	return agent_call(agent, do_enter_new, -1, NULL);
}

/*
 * Starts an agent in the namespaces of another one (of the test if NULL),
 * from where it leaves for new ones if there are flags.
 */
static inline int agent_start(struct agent *agent,
			      struct agent *from, int flags)
{
	int pair[2];

	if (!call_pool && agents_init())
		return -ENOMEM;
	if (call_used == MAX_AGENTS ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -EMFILE;
	agent->call = &call_pool[call_used++];
	agent->sock = pair[0];
	if (from) {
		from->call->next = agent->call;
		agent->pid = agent_call(from, do_fork_agent, pair[1], NULL);
	} else {
		agent->pid = clone_flags(0);
		if (!agent->pid)
			agent_main(pair[1], agent->call);
	}
	close(pair[1]);
	if (agent->pid < 0)
		return agent->pid;
	return flags ? agent_unshare(agent, flags) : 0;
}

/* Lets an agent exit; done when its namespaces are put. */
static inline int agent_stop(struct agent *agent)
{
	close(agent->sock);
	if (agent->call == &call_pool[call_used - 1])
		call_used--;
	return reap(agent->pid);
}

static inline void agents_stop_all(struct agent *const agents[])
{
	while (*agents)
		agent_stop(*agents++);
}

/* Lets agents exit, in the order in which they are given. */
#define agents_stop(...) \
	agents_stop_all((struct agent *[]){ __VA_ARGS__, NULL })

static long do_open(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	call->fd = open(call->path, call->flags | O_CLOEXEC, 0755);
	return call->fd < 0 ? -errno : 0;
}

/* Opens a file as the agent does and returns the descriptor, or -errno. */
static inline int agent_open(struct agent *agent, const char *path,
			     int flags)
{
	long err;
	int fd;

	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = flags;
	err = agent_call(agent, do_open, -1, &fd);
	return err ? err : fd;
}

/* Reads a whole file that the agent opens. */
static inline ssize_t agent_read(struct agent *agent, const char *path,
				 char **text)
{
	const int fd = agent_open(agent, path, O_RDONLY);
	ssize_t ret;

	*text = NULL;
	if (fd < 0)
		return fd;
	ret = read_fd(fd, text);
	close(fd);
	return ret;
}

/* The number in a file below the agent's ima directory. */
static inline long agent_number(struct agent *agent, const char *name)
{
	char path[PATH_MAX];
	long ret;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", IMA_DIR, name);
	fd = agent_open(agent, path, O_RDONLY);
	if (fd < 0)
		return fd;
	ret = read_number(fd);
	close(fd);
	return ret;
}

/* Starts an agent in a new IMA namespace, and tells that one's id. */
static inline int namespace_start(struct agent *agent, struct agent *from,
				  int flags, long *id)
{
	const int err = agent_start(agent, from, flags);

	if (err)
		return err;
	*id = agent_number(agent, "id");
	return *id > 0 ? 0 : *id ?: -EXDEV;
}

static long do_setns(struct call *call, int fd)
{
	const int err = setns(fd, call->flags) ? -errno : 0;

	close(fd);
	return err;
}

static inline int agent_setns(struct agent *agent, int fd, int flags)
{
	agent->call->flags = flags;
	return agent_call(agent, do_setns, fd, NULL);
}

static long do_exec(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid) {
		char *const argv[] = { call->path, NULL };

		if (call->uid && become(call->uid))
			_exit(126);
		execv(call->path, argv);
		_exit(errno);
	}
	if (fd >= 0)
		close(fd);
	return pid < 0 ? -errno : reap(pid);
}

/* Executes a subject and waits for it: 0, or the errno of execve(). */
static inline int agent_exec(struct agent *agent, const char *path,
			     uid_t uid)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->uid = uid;
	return agent_call(agent, do_exec, -1, NULL);
}

static long do_append(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_path(call->path, O_APPEND, call->text,
			  strlen(call->text));
}

/* Appends text to a file, from within the agent's namespace. */
static inline int agent_append(struct agent *agent, const char *path,
			       const char *text)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	snprintf(agent->call->text, TEXT_SIZE, "%s", text);
	return agent_call(agent, do_append, -1, NULL);
}

/* Writes rules, one per write() as the interface asks; -errno. */
static inline int write_rules(int fd, const char *rules)
{
	while (*rules) {
		const ssize_t n = write(fd, rules, strlen(rules));

		if (n <= 0)
			return n ? -errno : -EIO;
		rules += n;
	}
	return 0;
}

/* Loads rules: the first error of open, write or close ('o', 'w', 'c'). */
static long do_load(struct call *call, int fd)
{
	int err;

	if (fd >= 0)
		close(fd);
	call->step = 'o';
	fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	call->step = 'w';
	err = write_rules(fd, call->text);
	if (!err)
		call->step = 'c';
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static inline int agent_load(struct agent *agent, const char *rules)
{
	snprintf(agent->call->text, TEXT_SIZE, "%s", rules);
	return agent_call(agent, do_load, -1, NULL);
}

/* 32 hexadecimal digits that no other run has seen. */
static inline void unique_text(char text[33])
{
	unsigned char bytes[16];
	int i;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		abort();
	for (i = 0; i < 16; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

/* Where the programs of this directory are. */
static inline void sibling_path(char path[PATH_MAX], const char *name)
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[n > 0 ? n : 0] = '\0';
	while (n > 0 && path[n - 1] != '/')
		path[--n] = '\0';
	strncat(path, name, PATH_MAX - n - 1);
}

/*
 * Copies the subject program to @path with unique bytes at its end: IMA
 * deduplicates by digest, and a content that was seen before proves nothing.
 */
static inline int make_subject(const char *path, uid_t owner)
{
	char from[PATH_MAX], unique[33], *program;
	ssize_t size;
	int err;

	sibling_path(from, "subject");
	size = read_path(from, &program);
	if (size < 0)
		return size;
	unique_text(unique);
	err = write_path(path, O_CREAT | O_EXCL, program, size);
	free(program);
	if (!err)
		err = write_path(path, O_APPEND, unique, 32);
	if (!err && chown(path, owner, owner))
		err = -errno;
	return err;
}

#endif /* IMA_NS_TEST_COMMON_H */
