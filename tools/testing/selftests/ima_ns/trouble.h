/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: a vTPM in trouble, and who is to wait for it
 */

#include "vtpm.h"
#include "keys.h"

#define KEYRING "ima_ns_trouble"
#define RULES "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n" \
	      "measure func=BPRM_CHECK fowner=61000\n" \
	      "measure func=MMAP_CHECK fowner=61000\n" \
	      "measure func=KEY_CHECK keyrings=" KEYRING "\n" \
	      "measure func=CRITICAL_DATA label=ima_ns\n"

#define RULES_PCR "measure func=FILE_CHECK mask=MAY_READ fowner=61000 pcr=11\n"

enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_EXEC,
	ACCESS_MAP,
	ACCESS_KEY,
};

static inline int access_exec(const char *path)
{
	const pid_t pid = fork();

	if (!pid) {
		execl(path, path, NULL);
		_exit(errno);
	}
	return pid < 0 ? -errno : -reap(pid);
}

static inline int access_open(const char *path, enum access access)
{
	const int flags = access == ACCESS_WRITE ? O_WRONLY : O_RDONLY;
	const int fd = open(path, flags | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (access == ACCESS_MAP &&
	    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) ==
		    MAP_FAILED)
		err = -errno;
	close(fd);
	return err;
}

static inline int access_path(const char *path, enum access access)
{
	if (access == ACCESS_EXEC)
		return access_exec(path);
	if (access == ACCESS_KEY)
		return add_cert(KEYRING, path);
	return access_open(path, access);
}

static inline long do_access(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return access_path(call->path, call->flags);
}

/* Lets the agent access a file: how many ms it took, or -errno. */
static inline long timed(struct agent *agent, enum access access, const char *path)
{
	const long start = now_ms();
	long err;

	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = access;
	err = agent_call(agent, do_access, -1, NULL);
	return err ?: now_ms() - start;
}

/* Does so in a task of its own, which executes if it executes. */
static inline long do_task(struct call *call, int fd)
{
	const pid_t pid = clone_flags(CLONE_PARENT);

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (call->flags != ACCESS_EXEC)
			_exit(-access_path(call->path, call->flags));
		execl(call->path, call->path, NULL);
		_exit(errno);
	}
	if (fd >= 0)
		close(fd);
	return pid;
}

/* @path may be changed when this returns only if the task is seen to wait. */
static inline pid_t task_start(struct agent *agent, enum access access,
			       const char *path)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = access;
	return agent_call(agent, do_task, -1, NULL);
}

static inline bool task_ended(pid_t pid)
{
	siginfo_t info = {};

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid == pid;
}

/* What the tests have in common. */
struct place {
	struct scratch scratch;
	struct agent host, a, second, b;
	long id;
	int list, list_host;
	struct vtpm v, other;
	int files;
};

/*
 * host ─┬─ a: has the chip; second is in it too
 *       └─ b: measures the same files
 */
static inline int place_make(struct place *p, int flags, bool inside)
{
	int err;

	p->v.fd = -1;
	p->other.fd = -1;
	err = vtpms_init() ?: scratch_make(&p->scratch, FS_TMPFS) ?:
	      host_tpm_rules() ?: agent_start(&p->host, NULL, 0) ?:
	      agent_start(&p->a, NULL, flags) ?:
	      agent_start(&p->second, &p->a, 0) ?:
	      agent_start(&p->b, NULL, CLONE_NEWNS) ?:
	      vtpm_start(&p->v, 0, inside ? &p->a : NULL);
	if (err)
		return err;
	p->id = agent_number(&p->a, "id");
	p->list = agent_open(&p->a, ASCII_LIST, O_RDONLY);
	p->list_host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	if (p->id <= 0 || p->list < 0 || p->list_host < 0)
		return -EIO;
	return host_bind(p->id, &p->v);
}

static inline void place_remove(struct place *p)
{
	set_timeout(TIMEOUT_MS);
	close(p->list);
	close(p->list_host);
	vtpm_stop(&p->v);
	vtpm_stop(&p->other);
	agents_stop(&p->b, &p->second, &p->a, &p->host);
	scratch_remove(&p->scratch);
}

/* Makes a file that nobody has seen. */
static inline int fresh_file(struct place *p, uid_t owner, char path[PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof(name), "file%d", p->files++);
	return scratch_subject(&p->scratch, name, owner, path);
}

static inline long timed_fresh(struct place *p, struct agent *agent,
			       enum access access)
{
	char path[PATH_MAX];
	const int err = fresh_file(p, OWNER_PLAIN, path);

	return err ?: timed(agent, access, path);
}

static inline bool all_extended(const struct place *p)
{
	struct tpm_line line;

	return !host_tpm(p->id, &line) && line.extended == fd_count(p->list);
}

/* Entries of a list about a path. */
static inline int entries_of(int list, const char *path)
{
	char evidence[PATH_MAX];

	snprintf(evidence, sizeof(evidence), " %.4000s", path);
	return fd_count_path(list, evidence);
}

/* What befalls the chip. */
enum trouble {
	STOPPED,
	KILLED,
	/* One answer a second. */
	SLOW,
	SILENT,
	ERRORS,
	EXTEND_ERRORS,
	RETRIES,
	CLOSES,
	/* Its process is in the namespace, and opens what is measured. */
	INSIDE,
};

/* Now it begins. */
static inline int befall(struct place *p, enum trouble trouble)
{
	char path[PATH_MAX];
	int status;

	switch (trouble) {
	case STOPPED:
		kill(p->v.pid, SIGSTOP);
		return waitpid(p->v.pid, &status, WUNTRACED) != p->v.pid;
	case KILLED:
		vtpm_kill(&p->v);
		return 0;
	case SLOW:
		vtpm_behave(&p->v, VTPM_ANSWER, 0, 1000);
		return 0;
	case SILENT:
		vtpm_behave(&p->v, VTPM_SILENT, 0, 0);
		return 0;
	case ERRORS:
		vtpm_behave(&p->v, VTPM_ERROR, 0, 0);
		return 0;
	case EXTEND_ERRORS:
		vtpm_behave(&p->v, VTPM_ERROR, TPM_CC_PCR_EXTEND, 0);
		return 0;
	case RETRIES:
		vtpm_behave(&p->v, VTPM_RETRY, TPM_CC_PCR_EXTEND, 500);
		return 0;
	case CLOSES:
		vtpm_behave(&p->v, VTPM_CLOSE, 0, 0);
		return 0;
	case INSIDE:
		if (fresh_file(p, OWNER_PLAIN, path))
			return -EIO;
		memcpy(p->v.shared->opens + 1, path + 1, PATH_MAX - 1);
		vtpm_set(p->v.shared->opens[0], path[0]);
		return 0;
	}
	return -EINVAL;
}

/* A namespace with its chip, and a task that acts when it is told to. */
struct cell {
	struct vtpm v;
	pid_t pid;
	int sock;
	long id;
};

/* Many of them, next to the place. */
struct crowd {
	struct vtpm_shared *shared;
	struct cell *cells;
	int count;
};

/* Tells its id, and then, each time that it is asked, what it took. */
static __noreturn void cell_main(int sock, const char *path)
{
	long answer;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(sock, 3);
	close_range(4, ~0U, 0);
	if (unshare(CLONE_NEWNS))
		_exit(1);
	answer = own_number("id");
	while (write(3, &answer, sizeof(answer)) == sizeof(answer) &&
	       read(3, &byte, 1) == 1) {
		const long start = now_ms();

		answer = access_path(path, ACCESS_MAP) ?: now_ms() - start;
	}
	_exit(0);
}

static inline int cell_start(struct cell *cell, struct vtpm_shared *shared,
			     const char *path)
{
	int err, pair[2];

	err = vtpm_new_in(&cell->v, shared) ?: vtpm_serve(&cell->v, NULL);
	vtpm_drop(&cell->v);
	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	cell->sock = pair[0];
	cell->pid = fork();
	if (!cell->pid)
		cell_main(pair[1], path);
	close(pair[1]);
	return read(cell->sock, &cell->id, sizeof(cell->id)) ==
			       sizeof(cell->id) ? 0 : -EIO;
}

/* Entries that the chip is not extended with, or -errno. */
static inline long cell_behind(const struct cell *cell)
{
	struct tpm_line line;
	char path[128];
	long entries;
	int fd, err;

	snprintf(path, sizeof(path),
		 IMA_DIR "/namespaces/%ld/runtime_measurements_count",
		 cell->id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	entries = read_number(fd);
	close(fd);
	err = host_tpm(cell->id, &line);
	return err || entries < 0 ? err ?: entries : entries - line.extended;
}

static inline int cell_bind(struct cell *cell)
{
	int err = vtpm_ready(&cell->v) ?: host_bind(cell->id, &cell->v);

	if (!err && !WAIT_FOR(!cell_behind(cell), SOON_MS))
		err = -ETIMEDOUT;
	return err;
}

/* Starts them, each with a chip that has followed its list so far. */
static inline int crowd_start(struct crowd *crowd, int count, const char *path)
{
	int i, err = 0;

	crowd->shared = shared_memory(sizeof(*crowd->shared) * count);
	crowd->cells = calloc(count, sizeof(*crowd->cells));
	if (!crowd->shared || !crowd->cells)
		return -ENOMEM;
	for (i = 0; i < count && !err; i++) {
		crowd->count = i + 1;
		err = cell_start(&crowd->cells[i], &crowd->shared[i], path);
	}
	for (i = 0; i < count && !err; i++)
		err = cell_bind(&crowd->cells[i]);
	return err;
}

static inline void crowd_end(struct crowd *crowd)
{
	int i;

	for (i = 0; i < crowd->count; i++) {
		vtpm_kill(&crowd->cells[i].v);
		close(crowd->cells[i].sock);
		reap(crowd->cells[i].pid);
	}
}

/* Stops all emulators, and then has all tasks act at the same time. */
static inline int crowd_stop(struct crowd *crowd)
{
	int i, status;

	for (i = 0; i < crowd->count; i++) {
		const pid_t pid = crowd->cells[i].v.pid;

		kill(pid, SIGSTOP);
		if (waitpid(pid, &status, WUNTRACED) != pid)
			return -ECHILD;
	}
	for (i = 0; i < crowd->count; i++)
		if (write(crowd->cells[i].sock, "", 1) != 1)
			return -EPIPE;
	return 0;
}

/* Each task went on in time, and its chip is lost. */
static inline void assert_crowd_lost(struct __test_metadata *const _metadata,
				     struct crowd *crowd)
{
	long ms;
	int i;

	for (i = 0; i < crowd->count; i++) {
		ASSERT_EQ((ssize_t)sizeof(ms),
			  read(crowd->cells[i].sock, &ms, sizeof(ms)));
		EXPECT_LE(0, ms);
		EXPECT_GT(BOUND_MS, ms);
		EXPECT_TRUE(WAIT_FOR(tpm_is(crowd->cells[i].id, "lost"),
				     SOON_MS));
	}
}
