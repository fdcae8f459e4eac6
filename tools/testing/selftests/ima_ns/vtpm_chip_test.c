// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Who else uses the chip
 *
 * What the devices and files of a bound chip do for others, and what others do
 * to the kernel's own use of it.
 */

#include <poll.h>

#include "bound.h"

/* Shorter time-outs, so that what takes several of them does not last. */
#define SHORT_MS 200
#define QUEUED 64

/* A command that the TPM double knows nothing of, and refuses. */
static void begin_foreign(struct tpm_message *m)
{
	tpm_begin(m, TPM_ST_NO_SESSIONS, TPM_CC_CREATE_PRIMARY);
	tpm_end(m);
}

static long transact_foreign(const struct vtpm *v)
{
	struct tpm_message m;

	begin_foreign(&m);
	return tpm_transact(v, &m);
}

/* The same without waiting: 0, or what reading the answer fails with. */
static int transact_later(const struct vtpm *v)
{
	const int fd = tpm_open(v);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct tpm_message m;
	int err = 0;

	if (fd < 0)
		return fd;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	begin_foreign(&m);
	if (write(fd, m.data, m.size) != (ssize_t)m.size)
		err = -errno;
	else if (poll(&poll_fd, 1, SOON_MS) != 1)
		err = -ETIMEDOUT;
	else if (read(fd, m.data, sizeof(m.data)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Has it begun to work on a command? */
static bool is_busy(const struct vtpm *v, int before)
{
	return vtpm_get(v->shared->commands) > before;
}

/* Forks who sends a command that takes so long, and waits until it is sent. */
static pid_t keep_busy(struct vtpm *v, int ms)
{
	const int before = vtpm_get(v->shared->commands);
	pid_t pid;

	vtpm_behave(v, VTPM_ANSWER, TPM_CC_CREATE_PRIMARY, ms);
	pid = fork();
	if (!pid)
		_exit(transact_foreign(v) != TPM_RC_COMMAND_CODE);
	return WAIT_FOR(is_busy(v, before), SOON_MS) ? pid : -ETIMEDOUT;
}

/* Asserts that nobody gets an answer of a chip that is not believed. */
static void assert_blocked(struct __test_metadata *const _metadata,
			   struct vtpm *v)
{
	unsigned char value[VTPM_DIGEST];

	EXPECT_EQ(-EPIPE, transact_foreign(v));
	EXPECT_EQ(-EPIPE, tpm_pcr_read(v, 10, value));
	EXPECT_EQ(-EIO, transact_later(v));
}

/* "It refuses the commands of everybody else from then on", until poisoned. */
TEST_F(vtpm, lost_is_blocked)
{
	unsigned char value[VTPM_DIGEST];

	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	ASSERT_EQ(0, agent_load(&self->a, RULES));
	ASSERT_EQ(0, tpm_pcr_read(&self->v, 10, value));
	vtpm_behave(&self->v, VTPM_ERROR, TPM_CC_PCR_EXTEND, 0);
	ASSERT_EQ(0, open_fresh(self, &self->a));
	ASSERT_TRUE(WAIT_FOR(tpm_is(self->id_a, "lost"), SOON_MS));
	/* The error is the answer to extends, of which the kernel tries more. */
	assert_blocked(_metadata, &self->v);

	vtpm_behave(&self->v, VTPM_ANSWER, 0, 0);
	EXPECT_TRUE(WAIT_FOR(!tpm_pcr_read(&self->v, 10, value), SOON_MS));
	EXPECT_EQ(1, vtpm_violations(&self->v));
	EXPECT_EQ(TPM_RC_COMMAND_CODE, transact_foreign(&self->v));
	EXPECT_EQ(0, transact_later(&self->v));
}

/* Likewise if it never was bound, as it did not answer in time. */
TEST_F(vtpm, lost_when_bound_is_blocked)
{
	ASSERT_EQ(0, set_timeout(SHORT_MS));
	/* It is at its first command when it is given up, and long after. */
	vtpm_behave(&self->v, VTPM_ANSWER, TPM_CC_PCR_READ, 600);
	EXPECT_EQ(-ETIMEDOUT, write_own(&self->a, self->v.name));
	assert_blocked(_metadata, &self->v);
	vtpm_behave(&self->v, VTPM_ANSWER, 0, 0);
	EXPECT_TRUE(WAIT_FOR(transact_foreign(&self->v) == TPM_RC_COMMAND_CODE,
			     SOON_MS));
	EXPECT_EQ(1, vtpm_violations(&self->v));
}

/* "If commands of others keep the chip from being extended for 15 time-outs." */
TEST_F_TIMEOUT(vtpm, kept_by_others, 180)
{
	long start;
	pid_t pid;

	ASSERT_EQ(0, set_timeout(SHORT_MS));
	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	ASSERT_EQ(0, agent_load(&self->a, RULES));
	pid = keep_busy(&self->v, 15 * SHORT_MS + 4000);
	ASSERT_LT(0, pid);
	start = now_ms();
	ASSERT_EQ(0, open_fresh(self, &self->a));
	EXPECT_TRUE(tpm_is(self->id_a, "bound"));
	EXPECT_TRUE(WAIT_FOR(tpm_is(self->id_a, "lost"), SOON_MS));
	EXPECT_LE(15 * SHORT_MS, now_ms() - start);
	/* Readers change nothing: who is measured next finds that it is lost. */
	ASSERT_EQ(0, open_fresh(self, &self->a));
	EXPECT_EQ(1, tpm_records(self->list_host, "tpm-lost", self->id_a,
				 &self->v));
	EXPECT_EQ(0, reap(pid));
	EXPECT_TRUE(WAIT_FOR(vtpm_violations(&self->v), SOON_MS));
}

/* A command that does not take that long costs a wait, and nothing else. */
TEST_F(vtpm, busy_for_a_while)
{
	pid_t pid;

	ASSERT_EQ(0, set_timeout(SHORT_MS));
	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	ASSERT_EQ(0, agent_load(&self->a, RULES));
	pid = keep_busy(&self->v, 3 * SHORT_MS);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, open_fresh(self, &self->a));
	EXPECT_EQ(0, reap(pid));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	EXPECT_TRUE(tpm_is(self->id_a, "bound"));
}

/* "EAGAIN: it was busy with others' commands." */
TEST_F(vtpm, busy_when_bound)
{
	pid_t pid;
	int err;

	ASSERT_EQ(0, set_timeout(SHORT_MS));
	pid = keep_busy(&self->v, 5000);
	ASSERT_LT(0, pid);
	EXPECT_EQ(-EAGAIN, write_own(&self->a, self->v.name));
	assert_unbound(_metadata, &self->a);
	/* The first attempt still queues for it: there is no second meanwhile. */
	EXPECT_EQ(-EBUSY, write_own(&self->a, self->v.name));
	EXPECT_EQ(-EBUSY, write_own(&self->b, self->v.name));
	EXPECT_EQ(0, reap(pid));
	EXPECT_TRUE(WAIT_FOR((err = write_own(&self->a, self->v.name)) !=
			     -EBUSY, SOON_MS));
	EXPECT_EQ(0, err);
	assert_bound(_metadata, &self->a, &self->v);
}

/* Opens the chip's device that many may open, and leaves a command there. */
static int queue_command(const struct vtpm *v)
{
	struct tpm_message m;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/tpmrm%u", v->num);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	begin_foreign(&m);
	return fd < 0 ? -errno :
	       write(fd, m.data, m.size) == (ssize_t)m.size ? 0 : -errno;
}

static __noreturn void queue_commands(const struct vtpm *v, int sock)
{
	char status = 0;
	int i;

	for (i = 0; i < QUEUED && !status; i++)
		status = -queue_command(v);
	if (write(sock, &status, 1) == 1)
		pause();
	_exit(1);
}

/* Who leaves many commands with one chip dies all the same, and at once. */
TEST_F(vtpm, queue_is_left)
{
	long start;
	int pair[2];
	char status;
	pid_t pid;

	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	vtpm_behave(&self->v, VTPM_ANSWER, 0, 500);
	pid = fork();
	if (!pid)
		queue_commands(&self->v, pair[1]);
	ASSERT_EQ(1, read(pair[0], &status, 1));
	ASSERT_EQ(0, status);
	/* What others ask of another chip is not in that queue. */
	start = now_ms();
	EXPECT_EQ(0, transact_later(&self->other));
	EXPECT_GT(BOUND_MS, now_ms() - start);
	start = now_ms();
	kill(pid, SIGKILL);
	EXPECT_EQ(-EINTR, reap(pid));
	/* One is being worked on; all of them take half a minute. */
	EXPECT_GT(BOUND_MS, now_ms() - start);
	close(pair[0]);
	close(pair[1]);
	vtpm_behave(&self->v, VTPM_ANSWER, 0, 0);
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
}

static int read_sysfs_pcr(const struct vtpm *v, int keep)
{
	char path[64], *text;
	ssize_t n;
	pid_t pid;

	snprintf(path, sizeof(path), "/sys/class/tpm/%s/pcr-sha256/10",
		 v->name);
	pid = fork();
	if (pid)
		return -reap(pid);
	if (keep != KEEP_ALL && keep_cap(keep))
		_exit(ENOTRECOVERABLE);
	n = read_path(path, &text);
	_exit(n < 0 ? -n : 0);
}

/* Each read is a command, and the file is everybody's to open. */
TEST_F(vtpm, sysfs_is_not_for_all)
{
	const int before = vtpm_get(self->v.shared->commands);

	EXPECT_EQ(-EPERM, read_sysfs_pcr(&self->v, -1));
	EXPECT_EQ(-EPERM, read_sysfs_pcr(&self->v, CAP_MAC_ADMIN));
	EXPECT_EQ(before, vtpm_get(self->v.shared->commands));
	EXPECT_EQ(0, read_sysfs_pcr(&self->v, CAP_SYS_ADMIN));
	EXPECT_EQ(0, read_sysfs_pcr(&self->v, KEEP_ALL));
	EXPECT_LT(before, vtpm_get(self->v.shared->commands));
}

TEST_HARNESS_MAIN
