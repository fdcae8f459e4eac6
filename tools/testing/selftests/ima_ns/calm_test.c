// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What others feel of a vTPM in trouble
 *
 * "The 99th percentile of opens and executions of the same files in another
 * namespace and on the host stays within twice its value before."
 *
 * For a machine whose time is counted in instructions, as that of
 * scripts/vm -i: in any other one, what is measured is the machine.
 */

#include "trouble.h"

#define OPENS 1000
#define EXECS 200
#define MANY 100

static long elapsed_ns(const struct timespec *from)
{
	struct timespec to;

	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from->tv_sec) * 1000000000 +
	       to.tv_nsec - from->tv_nsec;
}

static int compare_long(const void *a, const void *b)
{
	const long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

/* The 99th percentile of the time of many accesses, in ns, or -errno. */
static long do_percentile(struct call *call, int fd)
{
	const int n = call->flags == ACCESS_EXEC ? EXECS : OPENS;
	struct timespec start;
	long ns[OPENS];
	int i, err;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		err = access_path(call->path, call->flags);
		if (err)
			return err;
		ns[i] = elapsed_ns(&start);
	}
	qsort(ns, n, sizeof(*ns), compare_long);
	return ns[n * 99 / 100 - 1];
}

/* What is measured, in this order. */
enum { OPEN_SIBLING, OPEN_HOST, EXEC_SIBLING, EXEC_HOST, VALUES };

struct values {
	long ns[VALUES];
};

FIXTURE(calm)
{
	struct place p;
	struct crowd crowd;
	char path[PATH_MAX];
	pid_t client;
};

FIXTURE_SETUP(calm)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, place_make(&self->p, CLONE_NEWNS, false));
	ASSERT_EQ(0, agent_load(&self->p.a, RULES));
	ASSERT_EQ(0, agent_load(&self->p.b, RULES));
	ASSERT_EQ(0, fresh_file(&self->p, OWNER_PLAIN, self->path));
	ASSERT_TRUE(WAIT_FOR(all_extended(&self->p), SOON_MS));
	vtpm_drop(&self->p.v);
}

FIXTURE_TEARDOWN(calm)
{
	crowd_end(&self->crowd);
	vtpm_stop(&self->p.v);
	if (self->client > 0)
		reap(self->client);
	place_remove(&self->p);
}

static struct values measure(struct __test_metadata *const _metadata,
			     struct _test_data_calm *self)
{
	struct values values;
	int i;

	for (i = 0; i < VALUES; i++) {
		struct agent *const agent =
			i % 2 ? &self->p.host : &self->p.b;

		snprintf(agent->call->path, PATH_MAX, "%s", self->path);
		agent->call->flags =
			i < EXEC_SIBLING ? ACCESS_READ : ACCESS_EXEC;
		values.ns[i] = agent_call(agent, do_percentile, -1, NULL);
		ASSERT_LT(0, values.ns[i]);
	}
	return values;
}

static void expect_twice(struct __test_metadata *const _metadata,
			 struct _test_data_calm *self,
			 const struct values *before)
{
	static const char *const names[VALUES] = {
		[OPEN_SIBLING] = "open, sibling",
		[OPEN_HOST] = "open, host",
		[EXEC_SIBLING] = "exec, sibling",
		[EXEC_HOST] = "exec, host",
	};
	const struct values now = measure(_metadata, self);
	int i;

	for (i = 0; i < VALUES; i++) {
		TH_LOG("%s: %ld ns before, %ld ns now", names[i],
		       before->ns[i], now.ns[i]);
		EXPECT_GE(2 * before->ns[i], now.ns[i]);
	}
}

/* Tasks of the namespace wait for a chip that is busy for ever. */
TEST_F_TIMEOUT(calm, waited_for, 800)
{
	struct place *const p = &self->p;
	const int commands = vtpm_get(p->v.shared->commands);
	struct values before;
	pid_t tasks[4];
	size_t i;

	before = measure(_metadata, self);
	ASSERT_EQ(0, set_timeout(240000));
	vtpm_behave(&p->v, VTPM_SILENT, TPM_CC_CREATE_PRIMARY, 0);
	self->client = fork();
	if (!self->client) {
		struct tpm_message m;

		tpm_begin(&m, TPM_ST_NO_SESSIONS, TPM_CC_CREATE_PRIMARY);
		_exit(tpm_transact(&p->v, &m) >= 0);
	}
	ASSERT_TRUE(WAIT_FOR(vtpm_get(p->v.shared->commands) > commands,
			     BOUND_MS));
	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		tasks[i] = task_start(&p->a, i % 2 ? ACCESS_READ :
				      ACCESS_EXEC, self->path);
		ASSERT_LT(0, tasks[i]);
	}
	ASSERT_TRUE(WAIT_FOR(entries_of(p->list, self->path), BOUND_MS));
	expect_twice(_metadata, self, &before);
	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		EXPECT_FALSE(task_ended(tasks[i]));
		kill(tasks[i], SIGKILL);
		reap(tasks[i]);
	}
}

static bool all_waited_for(const struct crowd *crowd)
{
	int i;

	for (i = 0; i < crowd->count; i++)
		if (cell_behind(&crowd->cells[i]) <= 0 ||
		    !tpm_is(crowd->cells[i].id, "bound"))
			return false;
	return true;
}

/* "While 100 emulators are stopped": waited for at first, and lost then. */
TEST_F_TIMEOUT(calm, stopped, 800)
{
	struct crowd *const crowd = &self->crowd;
	struct values before;

	ASSERT_EQ(0, crowd_start(crowd, MANY, self->path));
	before = measure(_metadata, self);
	ASSERT_EQ(0, crowd_stop(crowd));
	ASSERT_TRUE(WAIT_FOR(all_waited_for(crowd), BOUND_MS));
	expect_twice(_metadata, self, &before);
	assert_crowd_lost(_metadata, crowd);
	expect_twice(_metadata, self, &before);
}

TEST_HARNESS_MAIN
