// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Who waits for a vTPM
 *
 * "A task of the namespace waits for a limited time", and nobody else.
 */

#include "trouble.h"

/*
 * The chip is busy for more than six seconds with an extend that the driver
 * does not give up, and tasks are told to wait for it for a minute: what does
 * not wait can be told from what does.
 */
FIXTURE(waiting)
{
	struct place p;
	/* A file that is measured already, and open. */
	char held[PATH_MAX];
	int reader;
};

FIXTURE_SETUP(waiting)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, place_make(&self->p, CLONE_NEWNS, false));
	ASSERT_EQ(0, agent_load(&self->p.a, RULES));
	ASSERT_EQ(0, agent_load(&self->p.b, RULES));
	ASSERT_EQ(0, fresh_file(&self->p, OWNER_PLAIN, self->held));
	self->reader = agent_open(&self->p.a, self->held, O_RDONLY);
	ASSERT_LE(0, self->reader);
	ASSERT_TRUE(WAIT_FOR(all_extended(&self->p), SOON_MS));
	ASSERT_EQ(0, set_timeout(60000));
	ASSERT_EQ(0, befall(&self->p, RETRIES));
}

FIXTURE_TEARDOWN(waiting)
{
	close(self->reader);
	place_remove(&self->p);
}

/* Starts a task that accesses @path, and asserts that it waits. */
static pid_t assert_waits(struct __test_metadata *const _metadata,
			  struct place *p, const char *path,
			  enum access access)
{
	const int entries = entries_of(p->list, path);
	const int commands = vtpm_get(p->v.shared->commands);
	const pid_t task = task_start(&p->a, access, path);

	ASSERT_LT(0, task);
	ASSERT_TRUE(WAIT_FOR(entries_of(p->list, path) > entries, BOUND_MS));
	ASSERT_TRUE(WAIT_FOR(vtpm_get(p->v.shared->commands) > commands,
			     BOUND_MS));
	ASSERT_FALSE(WAIT_FOR(task_ended(task), 300));
	return task;
}

static pid_t assert_waiter(struct __test_metadata *const _metadata,
			   struct place *p, enum access access)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, fresh_file(p, OWNER_PLAIN, path));
	return assert_waits(_metadata, p, path, access);
}

/* "A waiting task dies on SIGKILL at once." */
static void assert_kill(struct __test_metadata *const _metadata,
			struct place *p, pid_t task)
{
	const long start = now_ms();
	int status;

	kill(task, SIGKILL);
	ASSERT_EQ(task, waitpid(task, &status, 0));
	EXPECT_GT(AT_ONCE_MS, now_ms() - start);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(tpm_is(p->id, "bound"));
}

TEST_F(waiting, killed_in_open)
{
	assert_kill(_metadata, &self->p,
		    assert_waiter(_metadata, &self->p, ACCESS_READ));
}

TEST_F(waiting, killed_in_exec)
{
	assert_kill(_metadata, &self->p,
		    assert_waiter(_metadata, &self->p, ACCESS_EXEC));
}

TEST_F(waiting, killed_in_mmap)
{
	assert_kill(_metadata, &self->p,
		    assert_waiter(_metadata, &self->p, ACCESS_MAP));
}

/* "Or which opens for writing": a ToMToU. */
TEST_F(waiting, killed_in_violation)
{
	assert_kill(_metadata, &self->p,
		    assert_waits(_metadata, &self->p, self->held,
				 ACCESS_WRITE));
	EXPECT_EQ(1, agent_number(&self->p.second, "violations"));
}

/* Waits until the driver gives up, and no longer. */
TEST_F(waiting, until_lost)
{
	const pid_t task = assert_waiter(_metadata, &self->p, ACCESS_READ);

	EXPECT_TRUE(WAIT_FOR(task_ended(task), 20000));
	EXPECT_EQ(0, reap(task));
	EXPECT_TRUE(tpm_is(self->p.id, "lost"));
}

/* Several wait at the same time, and so go on at the same time. */
TEST_F(waiting, many)
{
	pid_t tasks[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		char path[PATH_MAX];

		ASSERT_EQ(0, fresh_file(&self->p, OWNER_PLAIN, path));
		tasks[i] = task_start(&self->p.a, i % 2 ? ACCESS_READ :
				      ACCESS_EXEC, path);
		ASSERT_LT(0, tasks[i]);
		ASSERT_TRUE(WAIT_FOR(entries_of(self->p.list, path),
				     BOUND_MS));
	}
	ASSERT_FALSE(task_ended(tasks[0]));
	ASSERT_TRUE(WAIT_FOR(tpm_is(self->p.id, "lost"), 20000));
	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		EXPECT_TRUE(WAIT_FOR(task_ended(tasks[i]), AT_ONCE_MS));
		EXPECT_EQ(0, reap(tasks[i]));
	}
}

/* With the default time-out, it is the time-out that ends it. */
TEST_F(waiting, until_time_out)
{
	long ms;

	ASSERT_EQ(0, set_timeout(TIMEOUT_MS));
	ms = timed_fresh(&self->p, &self->p.a, ACCESS_READ);
	EXPECT_LE(TIMEOUT_MS - 100, ms);
	EXPECT_GT(BOUND_MS, ms);
	EXPECT_TRUE(WAIT_FOR(tpm_is(self->p.id, "lost"), BOUND_MS));
	EXPECT_GT(AT_ONCE_MS, timed_fresh(&self->p, &self->p.a, ACCESS_EXEC));
}

/* "Nobody outside the namespace ever waits for it." */
TEST_F(waiting, not_others)
{
	const pid_t task = assert_waiter(_metadata, &self->p, ACCESS_READ);
	int i;

	for (i = 0; i < 4; i++) {
		EXPECT_GT(AT_ONCE_MS,
			  timed_fresh(&self->p, &self->p.b, i));
		EXPECT_GT(AT_ONCE_MS,
			  timed_fresh(&self->p, &self->p.host, i));
	}
	EXPECT_FALSE(task_ended(task));
	kill(task, SIGKILL);
	reap(task);
}

/* A certificate of a key that nobody else has. */
static int make_certificate(struct place *p, char path[PATH_MAX])
{
	char command[PATH_MAX + 256];

	snprintf(path, PATH_MAX, "%s/certificate", p->scratch.put);
	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=trouble -keyout /dev/null -outform DER -out '%s' 2>/dev/null",
		 path);
	return system(command) ? -EIO : 0;
}

/* "Who adds a key" does not wait: its act is no access to a file. */
TEST_F_TIMEOUT(waiting, not_keys, 180)
{
	char path[PATH_MAX];
	pid_t task;
	int before;

	ASSERT_EQ(0, make_certificate(&self->p, path));
	task = assert_waiter(_metadata, &self->p, ACCESS_READ);
	before = fd_count(self->p.list);
	EXPECT_GT(AT_ONCE_MS, timed(&self->p.second, ACCESS_KEY, path));
	EXPECT_EQ(before + 1, fd_count(self->p.list));
	EXPECT_FALSE(task_ended(task));
	kill(task, SIGKILL);
	reap(task);
}

/* The agent's own: opening it would be an open for writing, which waits. */
static int policy;

static long do_policy_open(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	policy = open(POLICY, O_WRONLY | O_CLOEXEC);
	return policy < 0 ? -errno : 0;
}

static long do_policy_load(struct call *call, int fd)
{
	const int err = write_rules(policy, call->text);

	if (fd >= 0)
		close(fd);
	return close(policy) && !err ? -errno : err;
}

/* Nor does the loading of a policy, which is a record too. */
TEST_F(waiting, not_policies)
{
	pid_t task;
	long start;
	int before;

	ASSERT_EQ(0, agent_call(&self->p.second, do_policy_open, -1, NULL));
	task = assert_waiter(_metadata, &self->p, ACCESS_READ);
	before = fd_count(self->p.list);
	start = now_ms();
	snprintf(self->p.second.call->text, TEXT_SIZE, "%s",
		 RULES "measure func=FIRMWARE_CHECK\n");
	EXPECT_EQ(0, agent_call(&self->p.second, do_policy_load, -1, NULL));
	EXPECT_GT(AT_ONCE_MS, now_ms() - start);
	EXPECT_EQ(before + 1, fd_count(self->p.list));
	EXPECT_FALSE(task_ended(task));
	kill(task, SIGKILL);
	reap(task);
}

/* Nor who reads the list, the policy or the state. */
TEST_F(waiting, not_readers)
{
	const pid_t task = assert_waiter(_metadata, &self->p, ACCESS_READ);
	const long start = now_ms();
	struct tpm_line line;
	char *text;

	EXPECT_LT(0, agent_read(&self->p.second, ASCII_LIST, &text));
	EXPECT_LT(0, agent_read(&self->p.second, POLICY, &text));
	EXPECT_EQ(0, agent_tpm(&self->p.second, &line));
	EXPECT_GT(AT_ONCE_MS, now_ms() - start);
	EXPECT_FALSE(task_ended(task));
	kill(task, SIGKILL);
	reap(task);
}

TEST_HARNESS_MAIN
