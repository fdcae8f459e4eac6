// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Attacks between containers
 *
 * What one of them passes, traces, starves or adds, and another one uses.
 */

#include <sys/ptrace.h>

#include "hostile.h"

/* Between containers. */
FIXTURE(between)
{
	struct world w;
};

FIXTURE_SETUP(between)
{
	ASSERT_EQ(0, world_start(&self->w));
}

FIXTURE_TEARDOWN(between)
{
	world_end(_metadata, &self->w);
}

/* Executes what it is given. */
static long do_exec_fd(struct call *call, int fd)
{
	char *const argv[] = { "subject", NULL };
	const pid_t pid = fork();

	if (!pid) {
		syscall(__NR_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
		_exit(errno);
	}
	close(fd);
	return pid < 0 ? -errno : reap(pid);
}

/* What is passed on open is recorded where it is executed, not where it came from. */
TEST_F_TIMEOUT(between, passed, 300)
{
	static const int flags[] = { O_RDONLY, O_PATH };
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	int from, to, i, fd;

	for (i = 0; i < PARTIES * PARTIES * 2; i++) {
		from = i / 2 % PARTIES;
		to = i / 2 / PARTIES;
		ASSERT_EQ(0, fresh_program(&self->w, USER, path));
		fd = agent_open(&self->w.agent[from], path, flags[i % 2]);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, file_evidence(path, path, evidence,
					   sizeof(evidence)));
		assert_act(_metadata, &self->w, to, do_exec_fd, fd, evidence);
		close(fd);
	}
}

/* A mount that no other container has. */
static long do_private(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount("tmpfs", call->path, "tmpfs", 0, "mode=0755") ? -errno : 0;
}

/* A program of one's own, in one's own mount. */
static long do_copy_program(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return copy_program(call->path, call->uid);
}

/* Has a party make a program, and says how it is called and how the host gets there. */
static int private_program(struct world *w, enum party who, char path[PATH_MAX],
			   char real[PATH_MAX])
{
	struct agent *const agent = &w->agent[who];

	snprintf(path, PATH_MAX, "%s/private%d", w->pit, w->files++);
	snprintf(real, PATH_MAX, "/proc/%d/root%.4000s", agent->pid, path);
	set_path(agent->call, path);
	agent->call->uid = who == MINE ? 0 : USER;
	return agent_call(agent, do_copy_program, -1, NULL);
}

struct pair {
	enum party actor, target;
	/* What the actor gets. */
	int err;
};

static const struct pair root_pairs[] = {
	{ HOST, ROOT, 0 },	{ HOST, MINE, 0 },
	{ ROOT, SIBLING, 0 },	{ SIBLING, ROOT, 0 },
	{ ROOT, HOST, 0 },	{ ROOT, MINE, 0 },
	{ OUTSIDE, MINE, 0 },	{ MINE, MINE, 0 },
	{ MINE, ROOT, EACCES }, { OUTSIDE, SIBLING, EACCES },
	{ MINE, HOST, EACCES },
};

/* Through /proc/PID/root: the list of who executes, by the name that it has there. */
TEST_F(between, proc_root)
{
	char path[PATH_MAX], real[PATH_MAX], evidence[EVIDENCE_SIZE];
	int i, before;

	for (i = 0; i < PARTIES; i++) {
		set_path(self->w.agent[i].call, self->w.pit);
		if (!is_host(i))
			ASSERT_EQ(0, agent_call(&self->w.agent[i], do_private,
						-1, NULL));
	}
	for (i = 0; i < (int)ARRAY_SIZE(root_pairs); i++) {
		const struct pair *const p = &root_pairs[i];
		struct agent *const actor = &self->w.agent[p->actor];

		ASSERT_EQ(0, private_program(&self->w, p->target, path, real));
		ASSERT_EQ(0, file_evidence(real, path, evidence,
					   sizeof(evidence)));
		set_path(actor->call, real);
		actor->call->uid = 0;
		before = fd_count(self->w.list[HOST]);
		if (!p->err) {
			assert_act(_metadata, &self->w, p->actor, do_exec, -1,
				   evidence);
			continue;
		}
		EXPECT_EQ(p->err, agent_call(actor, do_exec, -1, NULL));
		EXPECT_EQ(before, fd_count(self->w.list[HOST]));
	}
}

static pid_t tracee;

/* What it executes, nothing at first: at the same address in all processes. */
static long tracee_path[PATH_MAX / sizeof(long)];

/* Starts a process that executes when it is told by a pipe. */
static long do_start_tracee(struct call *call, int fd)
{
	char *const argv[] = { (char *)tracee_path, NULL };
	char byte;

	tracee = fork();
	if (!tracee) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || read(fd, &byte, 1) != 1)
			_exit(1);
		execv(argv[0], argv);
		_exit(errno);
	}
	close(fd);
	return tracee < 0 ? -errno : tracee;
}

static long do_reap_tracee(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return reap(tracee);
}

/* Stops a process and has it execute something else than it was to. */
static int misguide(pid_t pid, const char *path)
{
	const size_t words = strlen(path) / sizeof(long) + 1;
	int status;
	size_t i;

	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXEC) ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, &status, __WALL) != pid)
		return -errno;
	for (i = 0; i < words; i++)
		if (ptrace(PTRACE_POKEDATA, pid, tracee_path + i,
			   ((const long *)path)[i]))
			return -errno;
	return ptrace(PTRACE_CONT, pid, NULL, NULL) ? -errno : 0;
}

/* Sees a process through an execution, from before it to the end. */
static long do_trace(struct call *call, int fd)
{
	const pid_t pid = call->flags;
	int status, err = misguide(pid, call->path);
	char byte = 0;

	if (err || write(fd, &byte, 1) != 1)
		return err ?: -errno;
	close(fd);
	if (waitpid(pid, &status, __WALL) != pid ||
	    status >> 8 != (SIGTRAP | (PTRACE_EVENT_EXEC << 8)))
		return -ECHILD;
	if (ptrace(PTRACE_CONT, pid, NULL, NULL))
		return -errno;
	return reap(pid);
}

static const struct pair trace_pairs[] = {
	{ HOST, ROOT },	   { HOST, MINE }, { ROOT, SIBLING },
	{ OUTSIDE, MINE }, { ROOT, MINE }, { ROOT, HOST },
};

/* What a tracee is made to execute is recorded where the tracee is, not the tracer. */
TEST_F(between, traced)
{
	char evidence[EVIDENCE_SIZE];
	int before[PARTIES], go[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trace_pairs); i++) {
		const struct pair *const p = &trace_pairs[i];
		struct agent *const tracer = &self->w.agent[p->actor];
		struct agent *const victim = &self->w.agent[p->target];
		char *const path = tracer->call->path;

		ASSERT_EQ(0, fresh_program(&self->w, USER, path));
		ASSERT_EQ(0, file_evidence(path, path, evidence,
					   sizeof(evidence)));
		world_counts(&self->w, before);
		ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
		tracer->call->flags = agent_call(victim, do_start_tracee, go[0],
						 NULL);
		ASSERT_LT(0, tracer->call->flags);
		ASSERT_EQ(0, agent_call(tracer, do_trace, go[1], NULL));
		ASSERT_EQ(0, agent_call(victim, do_reap_tracee, -1, NULL));
		close(go[0]);
		close(go[1]);
		assert_recorded(_metadata, &self->w, before, p->target,
				evidence);
	}
}

/* Allows oneself no namespaces and no records. */
static long do_starve(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_path("/proc/sys/user/max_ima_records", 0, "0\n", 2) ?:
	       write_path("/proc/sys/user/max_ima_namespaces", 0, "0\n", 2);
}

/* Who allows oneself no records has none, and the host has them all the same. */
TEST_F(between, starved)
{
	struct agent *const mine = &self->w.agent[MINE];
	const int host = fd_count(self->w.list[HOST]);
	char path[PATH_MAX], evidence[EVIDENCE_SIZE], *lost;
	const long id = agent_number(mine, "id");

	ASSERT_EQ(0, agent_call(mine, do_starve, -1, NULL));
	ASSERT_EQ(0, agent_unshare(mine, CLONE_NEWNS));
	ASSERT_EQ(id, agent_number(mine, "id"));
	ASSERT_EQ(0, fresh_program(&self->w, USER, mine->call->path));
	ASSERT_EQ(0, file_evidence(mine->call->path, mine->call->path, evidence,
				   sizeof(evidence)));
	mine->call->uid = 0;
	ASSERT_EQ(0, agent_call(mine, do_exec, -1, NULL));
	assert_gain(_metadata, "host", self->w.list[HOST], host, 1, evidence);
	EXPECT_EQ(0, fd_count_text(self->w.list[MINE], evidence));
	ns_file(path, id, "records_lost");
	ASSERT_LT(0, read_path(path, &lost));
	EXPECT_STRNE("0\n", lost);
	free(lost);
}

/* A user's own binfmt_misc, with an interpreter that is opened beforehand. */
static long do_binfmt(struct call *call, int fd)
{
	char path[PATH_MAX];

	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), "%.4000s/register", call->path);
	if (mount("binfmt_misc", call->path, "binfmt_misc", 0, NULL))
		return -errno;
	return write_path(path, 0, call->text, strlen(call->text));
}

/* What is executed by a format of one's own, and its interpreter. */
TEST_F(between, binfmt)
{
	struct agent *const mine = &self->w.agent[MINE];
	char interpreter[PATH_MAX], path[PATH_MAX], text[64] = "HOSTILE";
	char first[EVIDENCE_SIZE], second[EVIDENCE_SIZE];
	const int host = fd_count(self->w.list[HOST]);

	ASSERT_EQ(0, fresh_program(&self->w, USER, interpreter));
	snprintf(path, sizeof(path), "%s/file", self->w.scratch.dir);
	unique_text(text + strlen(text));
	ASSERT_EQ(0, write_path(path, O_CREAT | O_EXCL, text, strlen(text)));
	ASSERT_EQ(0, chown(path, USER, USER));
	ASSERT_EQ(0, file_evidence(path, path, first, sizeof(first)));
	ASSERT_EQ(0, file_evidence(interpreter, interpreter, second,
				   sizeof(second)));
	set_path(mine->call, self->w.pit);
	snprintf(mine->call->text, TEXT_SIZE, ":hostile:M::HOSTILE::%s:F",
		 interpreter);
	ASSERT_EQ(0, agent_call(mine, do_binfmt, -1, NULL));
	ASSERT_EQ(host, fd_count(self->w.list[HOST]));
	/* The subject's status, as it gets an argument. */
	ASSERT_EQ(1, agent_exec(mine, path, 0));
	EXPECT_EQ(host + 2, fd_count(self->w.list[HOST]));
	EXPECT_EQ(1, fd_count_text(self->w.list[HOST], first));
	EXPECT_EQ(1, fd_count_text(self->w.list[HOST], second));
	EXPECT_EQ(1, fd_count_text(self->w.list[MINE], first));
	EXPECT_EQ(1, fd_count_text(self->w.list[MINE], second));
}

/* Makes keys of no use until that is refused. */
static long do_fill_keys(struct call *call, int fd)
{
	char name[32];
	int i;

	if (fd >= 0)
		close(fd);
	if (syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -errno;
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "hostile%d", i);
		if (syscall(__NR_add_key, "user", name, name, sizeof(name),
			    KEY_SPEC_SESSION_KEYRING) < 0)
			return -errno;
	}
	return 0;
}

/* Keys that nobody vouches for, and such that are none, to a ring. */
static long do_refused_keys(struct call *call, int fd)
{
	int i, refused = 0;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < 200; i++) {
		refused += add_cert_to(call->flags, call->path) == -ENOKEY;
		refused += syscall(__NR_add_key, "user", "hostile", "", 1,
				   call->flags) < 0 && errno == EOPNOTSUPP;
	}
	return refused;
}

/* A key bomb: of its maker's keyrings alone. */
TEST_F(between, keys)
{
	struct agent *const mine = &self->w.agent[MINE];
	const long id = agent_number(mine, "id");
	const long others = agent_keyring(&self->w.agent[ROOT]);
	char path[PATH_MAX];
	long ring;

	cert_path(path, "authority");
	ASSERT_EQ(0, host_add_ca(id, path));
	ASSERT_EQ(0, agent_call(mine, do_mount_securityfs, -1, NULL));
	ring = agent_keyring(mine);
	ASSERT_LT(0, ring);
	ASSERT_LT(0, others);
	cert_path(mine->call->path, "c");
	mine->call->flags = ring;
	EXPECT_EQ(400, agent_call(mine, do_refused_keys, -1, NULL));
	EXPECT_EQ(-EDQUOT, agent_call(mine, do_fill_keys, -1, NULL));
	cert_path(path, "a");
	EXPECT_EQ(-EDQUOT, agent_add_cert(mine, ring, path));
	/* The others go on. */
	EXPECT_EQ(0, agent_keyctl(&self->w.agent[ROOT], KEYCTL_READ, others, 0,
				  0));
	EXPECT_EQ(0, agent_keyctl(&self->w.agent[HOST], KEYCTL_READ, ring, 0,
				  0));
	EXPECT_LT(0, give_key(&self->w.agent[SIBLING],
			      agent_number(&self->w.agent[SIBLING], "id"),
			      "a"));
	assert_exec(_metadata, &self->w, MINE);
}

TEST_HARNESS_MAIN
