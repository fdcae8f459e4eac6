// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - A vTPM in trouble
 *
 * "The host and other namespaces do not suffer from it; a task of the
 * namespace waits for a limited time; and the loss can be seen."
 */

#include "trouble.h"

#define RULES_PCR "measure func=FILE_CHECK mask=MAY_READ fowner=61000 pcr=11\n"

FIXTURE(trouble)
{
	struct place p;
};

FIXTURE_VARIANT(trouble)
{
	enum trouble trouble;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(trouble, stopped) { STOPPED };
FIXTURE_VARIANT_ADD(trouble, killed) { KILLED };
FIXTURE_VARIANT_ADD(trouble, slow) { SLOW };
FIXTURE_VARIANT_ADD(trouble, silent) { SILENT };
FIXTURE_VARIANT_ADD(trouble, errors) { ERRORS };
FIXTURE_VARIANT_ADD(trouble, extend_errors) { EXTEND_ERRORS };
FIXTURE_VARIANT_ADD(trouble, retries) { RETRIES };
FIXTURE_VARIANT_ADD(trouble, closes) { CLOSES };
FIXTURE_VARIANT_ADD(trouble, inside) { INSIDE };
/* clang-format on */

FIXTURE_SETUP(trouble)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, place_make(&self->p, CLONE_NEWNS,
				variant->trouble == INSIDE));
	ASSERT_EQ(0, agent_load(&self->p.a, RULES));
	ASSERT_EQ(0, agent_load(&self->p.b, RULES));
	/* All is well so far. */
	ASSERT_LE(0, timed_fresh(&self->p, &self->p.a, ACCESS_READ));
	ASSERT_TRUE(WAIT_FOR(all_extended(&self->p), SOON_MS));
	ASSERT_TRUE(tpm_is(self->p.id, "bound"));
	/* Who serves the chip has the last descriptor of it. */
	vtpm_drop(&self->p.v);
}

FIXTURE_TEARDOWN(trouble)
{
	place_remove(&self->p);
}

static bool chip_is_gone(enum trouble trouble)
{
	return trouble == KILLED || trouble == CLOSES;
}

/* It ends, where it can. */
static void recover(struct place *p, enum trouble trouble)
{
	if (trouble == STOPPED)
		kill(p->v.pid, SIGCONT);
	vtpm_set(p->v.shared->opens[0], '\0');
	vtpm_behave(&p->v, VTPM_ANSWER, 0, 0);
}

/* The namespace's first access after it began, and its effect. */
static void lose(struct __test_metadata *const _metadata, struct place *p,
		 enum trouble trouble)
{
	ASSERT_EQ(0, befall(p, trouble));
	ASSERT_LE(0, timed_fresh(p, &p->a, ACCESS_READ));
	ASSERT_TRUE(WAIT_FOR(tpm_is(p->id, "lost"), SOON_MS));
}

/*
 * "Waits killably, 2 s at most"; "a chip that is lost is never waited for
 * again."
 */
TEST_F_TIMEOUT(trouble, waits_are_bounded, 180)
{
	static const enum access accesses[] = {
		ACCESS_READ, ACCESS_EXEC, ACCESS_MAP, ACCESS_WRITE,
	};
	long sum = 0, ms;
	int i;

	ASSERT_EQ(0, befall(&self->p, variant->trouble));
	for (i = 0; i < 20; i++) {
		ms = timed_fresh(&self->p, i % 3 ? &self->p.a :
				 &self->p.second, accesses[i % 4]);
		ASSERT_LE(0, ms);
		EXPECT_GT(BOUND_MS, ms)
		{
			TH_LOG("Access %d", i);
		}
		sum += ms;
	}
	EXPECT_GT(BOUND_MS + 20 * 50, sum);
	EXPECT_TRUE(WAIT_FOR(tpm_is(self->p.id, "lost"), SOON_MS));
}

/* The first one executes. */
TEST_F_TIMEOUT(trouble, exec_is_bounded, 180)
{
	long ms;

	ASSERT_EQ(0, befall(&self->p, variant->trouble));
	ms = timed_fresh(&self->p, &self->p.a, ACCESS_EXEC);
	ASSERT_LE(0, ms);
	EXPECT_GT(BOUND_MS, ms);
}

/* The first one is a violation: ToMToU. */
TEST_F_TIMEOUT(trouble, violation_is_bounded, 180)
{
	char path[PATH_MAX];
	int reader;
	long ms;

	ASSERT_EQ(0, fresh_file(&self->p, OWNER_PLAIN, path));
	reader = agent_open(&self->p.a, path, O_RDONLY);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, befall(&self->p, variant->trouble));
	ms = timed(&self->p.second, ACCESS_WRITE, path);
	ASSERT_LE(0, ms);
	EXPECT_GT(BOUND_MS, ms);
	EXPECT_EQ(1, agent_number(&self->p.a, "violations"));
	EXPECT_EQ(2, entries_of(self->p.list, path));
	close(reader);
}

/* "Nobody outside the namespace ever waits for it." */
TEST_F_TIMEOUT(trouble, others_do_not_wait, 180)
{
	char path[PATH_MAX], other[PATH_MAX];
	pid_t task;
	int i;

	ASSERT_EQ(0, fresh_file(&self->p, OWNER_PLAIN, path));
	ASSERT_EQ(0, befall(&self->p, variant->trouble));
	task = task_start(&self->p.a, ACCESS_READ, path);
	ASSERT_LT(0, task);
	ASSERT_TRUE(WAIT_FOR(entries_of(self->p.list, path), BOUND_MS));
	for (i = 0; i < 4; i++) {
		EXPECT_GT(AT_ONCE_MS, timed(&self->p.b, i, path));
		EXPECT_GT(AT_ONCE_MS, timed(&self->p.host, i, path));
		ASSERT_EQ(0, fresh_file(&self->p, OWNER_PLAIN, other));
		EXPECT_GT(AT_ONCE_MS, timed(&self->p.b, i, other));
		EXPECT_GT(AT_ONCE_MS, timed(&self->p.host, i, other));
	}
	EXPECT_TRUE(WAIT_FOR(task_ended(task), BOUND_MS));
	EXPECT_EQ(0, reap(task));
	EXPECT_TRUE(WAIT_FOR(tpm_is(self->p.id, "lost"), SOON_MS));
}

/*
 * "Lost after 17 entries; never comes back, the namespace can't be bound
 * again"; "record `tpm-lost`, list goes on."
 */
TEST_F_TIMEOUT(trouble, loss_is_seen, 180)
{
	struct place *const p = &self->p;
	struct tpm_line line, later;
	int before;

	lose(_metadata, p, variant->trouble);
	ASSERT_EQ(0, agent_tpm(&p->a, &line));
	EXPECT_STREQ("lost", line.state);
	EXPECT_STREQ(p->v.name, line.chip);
	EXPECT_STREQ("sha256", line.banks);
	EXPECT_LT(0, line.extended);
	EXPECT_TRUE(WAIT_FOR(tpm_records(p->list, "tpm-lost", p->id, &p->v),
			     SOON_MS));
	EXPECT_TRUE(WAIT_FOR(tpm_records(p->list_host, "tpm-lost", p->id,
					 &p->v), SOON_MS));
	EXPECT_GT(fd_count(p->list), line.extended);
	recover(p, variant->trouble);
	before = fd_count(p->list);
	ASSERT_LE(0, timed_fresh(p, &p->a, ACCESS_READ));
	EXPECT_EQ(before + 1, fd_count(p->list));
	ASSERT_EQ(0, vtpm_start(&p->other, 1, NULL));
	EXPECT_EQ(-EBUSY, host_bind(p->id, &p->other));
	EXPECT_EQ(0, vtpm_get(p->other.shared->extends));
	ASSERT_EQ(0, agent_tpm(&p->a, &later));
	EXPECT_STREQ("lost", later.state);
	EXPECT_EQ(line.extended, later.extended);
	EXPECT_EQ(1, tpm_records(p->list, "tpm-lost", p->id, &p->v));
	EXPECT_EQ(1, tpm_records(p->list_host, "tpm-lost", p->id, &p->v));
}

/*
 * "The kernel tries to extend each PCR that it had extended once more with
 * FF..FF, which no entry tells of", so that replay of the list, or of a part of
 * it, differs.
 */
TEST_F_TIMEOUT(trouble, poison, 360)
{
	struct place *const p = &self->p;
	struct list list;
	int fd;

	lose(_metadata, p, variant->trouble);
	recover(p, variant->trouble);
	if (chip_is_gone(variant->trouble))
		return;
	ASSERT_TRUE(WAIT_FOR(vtpm_violations(&p->v), SOON_MS));
	EXPECT_EQ(0, agent_number(&p->a, "violations"));
	/* "Once", and nothing else comes. */
	ASSERT_LE(0, timed_fresh(p, &p->a, ACCESS_READ));
	EXPECT_FALSE(WAIT_FOR(vtpm_violations(&p->v) > 1, 300));
	fd = agent_open(&p->a, LIST_SHA256, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, list_read(fd, &list));
	EXPECT_EQ(0, replay_matches(&list, p->v.shared->pcrs[10]))
	{
		TH_LOG("%s", list.text);
	}
	EXPECT_EQ(1, vtpm_violations(&p->v));
	list_free(&list);
	close(fd);
}

/*
 * The emulator is started again: a chip as any other one, which the namespace
 * cannot have, but another one can.
 */
TEST_F_TIMEOUT(trouble, started_again, 180)
{
	struct place *const p = &self->p;
	long id;

	lose(_metadata, p, variant->trouble);
	vtpm_kill(&p->v);
	ASSERT_EQ(0, vtpm_start(&p->other, 1, NULL));
	EXPECT_EQ(-EBUSY, host_bind(p->id, &p->other));
	ASSERT_LE(0, timed_fresh(p, &p->a, ACCESS_READ));
	EXPECT_EQ(0, vtpm_get(p->other.shared->extends));
	id = agent_number(&p->b, "id");
	EXPECT_EQ(0, host_bind(id, &p->other));
	EXPECT_TRUE(tpm_is(id, "bound"));
	EXPECT_TRUE(tpm_is(p->id, "lost"));
	EXPECT_GT(BOUND_MS, timed_fresh(p, &p->b, ACCESS_READ));
	EXPECT_TRUE(WAIT_FOR(vtpm_get(p->other.shared->extends) > 2, SOON_MS));
}

/* The namespace ends in the middle of it. */
TEST_F_TIMEOUT(trouble, namespace_ends, 180)
{
	struct place *const p = &self->p;
	struct agent brief;
	char path[PATH_MAX];
	pid_t task;
	long id;

	ASSERT_EQ(0, agent_start(&brief, &p->host, CLONE_NEWNS));
	id = agent_number(&brief, "id");
	vtpm_stop(&p->v);
	ASSERT_EQ(0, vtpm_start(&p->v, 0, variant->trouble == INSIDE ?
				&brief : NULL));
	ASSERT_EQ(0, host_bind(id, &p->v));
	ASSERT_EQ(0, agent_load(&brief, RULES));
	vtpm_drop(&p->v);
	ASSERT_EQ(0, fresh_file(p, OWNER_PLAIN, path));
	ASSERT_EQ(0, befall(p, variant->trouble));
	task = task_start(&brief, ACCESS_READ, path);
	ASSERT_EQ(0, agent_stop(&brief));
	EXPECT_TRUE(WAIT_FOR(task_ended(task), BOUND_MS));
	EXPECT_EQ(0, reap(task));
	if (variant->trouble == INSIDE)
		vtpm_kill(&p->v);
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld", id);
	EXPECT_TRUE(WAIT_FOR(access(path, F_OK), SOON_MS));
	recover(p, variant->trouble);
	if (!chip_is_gone(variant->trouble) && variant->trouble != INSIDE)
		EXPECT_TRUE(WAIT_FOR(vtpm_get(p->v.shared->hung_up), SOON_MS));
}

/*
 * "Visitors (cred->user_ns not the owner or below it) don't wait."
 */
FIXTURE(visited)
{
	struct place p;
	struct agent visitor;
};

FIXTURE_SETUP(visited)
{
	int fd;

	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, place_make(&self->p, CLONE_NEWUSER | CLONE_NEWNS, false));
	ASSERT_EQ(0, agent_start(&self->visitor, NULL, 0));
	fd = ns_open(self->p.a.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&self->visitor, fd, CLONE_NEWNS));
	close(fd);
	ASSERT_TRUE(WAIT_FOR(all_extended(&self->p), SOON_MS));
	ASSERT_EQ(0, set_timeout(60000));
	ASSERT_EQ(0, befall(&self->p, RETRIES));
}

FIXTURE_TEARDOWN(visited)
{
	agent_stop(&self->visitor);
	place_remove(&self->p);
}

/* The default policy measures what is executed. */
TEST_F(visited, visitor_does_not_wait)
{
	char path[PATH_MAX], other[PATH_MAX];
	pid_t task;

	ASSERT_EQ(ns_inum(self->p.a.pid, "ima"),
		  ns_inum(self->visitor.pid, "ima"));
	ASSERT_EQ(0, fresh_file(&self->p, 0, path));
	ASSERT_EQ(0, fresh_file(&self->p, 0, other));
	task = task_start(&self->p.a, ACCESS_EXEC, path);
	ASSERT_TRUE(WAIT_FOR(entries_of(self->p.list, path), BOUND_MS));
	EXPECT_GT(AT_ONCE_MS, timed(&self->visitor, ACCESS_EXEC, path));
	EXPECT_GT(AT_ONCE_MS, timed(&self->visitor, ACCESS_EXEC, other));
	EXPECT_EQ(1, entries_of(self->p.list, other));
	EXPECT_FALSE(task_ended(task));
	kill(task, SIGKILL);
	reap(task);
}

/*
 * The chip is busy with somebody else's long command, for which the driver
 * waits five minutes.
 */
FIXTURE(busy)
{
	struct place p;
	pid_t client;
};

FIXTURE_SETUP(busy)
{
	int before;

	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, place_make(&self->p, CLONE_NEWNS, false));
	ASSERT_EQ(0, agent_load(&self->p.a, RULES));
	ASSERT_EQ(0, agent_load(&self->p.b, RULES));
	ASSERT_TRUE(WAIT_FOR(all_extended(&self->p), SOON_MS));
	/* It ends with the server, so that it must not hold that. */
	vtpm_drop(&self->p.v);
	vtpm_behave(&self->p.v, VTPM_ANSWER, TPM_CC_CREATE_PRIMARY, 5000);
	before = vtpm_get(self->p.v.shared->commands);
	self->client = fork();
	if (!self->client) {
		struct tpm_message m;

		tpm_begin(&m, TPM_ST_NO_SESSIONS, TPM_CC_CREATE_PRIMARY);
		_exit(tpm_transact(&self->p.v, &m) != TPM_RC_COMMAND_CODE);
	}
	ASSERT_TRUE(WAIT_FOR(vtpm_get(self->p.v.shared->commands) > before,
			     BOUND_MS));
}

FIXTURE_TEARDOWN(busy)
{
	vtpm_stop(&self->p.v);
	if (self->client > 0)
		reap(self->client);
	place_remove(&self->p);
}

/* "A task waits 2 s at most and goes on; that is not lost." */
TEST_F(busy, not_lost)
{
	long first, sum = 0;
	int i;

	first = timed_fresh(&self->p, &self->p.a, ACCESS_READ);
	EXPECT_LE(TIMEOUT_MS - 100, first);
	EXPECT_GT(BOUND_MS, first);
	EXPECT_TRUE(tpm_is(self->p.id, "bound"));
	for (i = 0; i < 3; i++)
		sum += timed_fresh(&self->p, &self->p.b, ACCESS_READ);
	EXPECT_GT(AT_ONCE_MS, sum);
	EXPECT_EQ(0, reap(self->client));
	self->client = 0;
	EXPECT_TRUE(WAIT_FOR(all_extended(&self->p), SOON_MS));
	EXPECT_TRUE(tpm_is(self->p.id, "bound"));
	EXPECT_EQ(0, vtpm_violations(&self->p.v));
	EXPECT_GT(AT_ONCE_MS, timed_fresh(&self->p, &self->p.a, ACCESS_READ));
	EXPECT_EQ(0, tpm_records(self->p.list, "tpm-lost", self->p.id,
				 &self->p.v));
}

FIXTURE(plain)
{
	struct place p;
};

FIXTURE_SETUP(plain)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, place_make(&self->p, CLONE_NEWNS, false));
}

FIXTURE_TEARDOWN(plain)
{
	place_remove(&self->p);
}

/* An emulator that never was: the ioctl says so, and nothing waits for it. */
TEST_F(plain, never_started)
{
	struct place *const p = &self->p;
	long id, start, sum = 0;
	struct agent brief;
	int i;

	ASSERT_EQ(0, agent_start(&brief, &p->host, CLONE_NEWNS));
	id = agent_number(&brief, "id");
	ASSERT_EQ(0, agent_load(&brief, RULES));
	ASSERT_EQ(0, vtpm_new(&p->other, 1));
	start = now_ms();
	EXPECT_EQ(-ETIMEDOUT, agent_call(&brief, do_bind, p->other.fd, NULL));
	EXPECT_GT(BOUND_MS, now_ms() - start);
	EXPECT_TRUE(tpm_is(id, "lost"));
	for (i = 0; i < 8; i++)
		sum += timed_fresh(p, &brief, i % 4);
	EXPECT_GT(AT_ONCE_MS, sum);
	EXPECT_EQ(1, tpm_records(p->list_host, "tpm-lost", id, &p->other));
	EXPECT_EQ(0, agent_stop(&brief));
}

/* One time-out for all levels, of which each has a chip in trouble. */
TEST_F(plain, both_levels)
{
	struct place *const p = &self->p;
	struct agent below;
	long id, ms;

	ASSERT_EQ(0, agent_start(&below, &p->a, CLONE_NEWNS));
	id = agent_number(&below, "id");
	ASSERT_EQ(0, vtpm_start(&p->other, 1, NULL));
	ASSERT_EQ(0, host_bind(id, &p->other));
	ASSERT_EQ(0, agent_load(&p->a, RULES));
	ASSERT_EQ(0, agent_load(&below, RULES));
	ASSERT_LE(0, timed_fresh(p, &below, ACCESS_READ));
	vtpm_behave(&p->v, VTPM_RETRY, TPM_CC_PCR_EXTEND, 500);
	vtpm_behave(&p->other, VTPM_RETRY, TPM_CC_PCR_EXTEND, 500);
	ms = timed_fresh(p, &below, ACCESS_READ);
	EXPECT_LE(TIMEOUT_MS - 100, ms);
	EXPECT_GT(2 * TIMEOUT_MS - AT_ONCE_MS, ms);
	EXPECT_TRUE(WAIT_FOR(tpm_is(p->id, "lost"), SOON_MS));
	EXPECT_TRUE(WAIT_FOR(tpm_is(id, "lost"), SOON_MS));
	EXPECT_GT(AT_ONCE_MS, timed_fresh(p, &below, ACCESS_READ));
	EXPECT_EQ(0, agent_stop(&below));
}

/* That the emulator has ended is seen without anybody's access. */
TEST_F(plain, idle)
{
	struct place *const p = &self->p;

	ASSERT_TRUE(WAIT_FOR(all_extended(p), SOON_MS));
	vtpm_stop(&p->v);
	EXPECT_TRUE(WAIT_FOR(tpm_is(p->id, "lost"), SOON_MS));
	EXPECT_TRUE(WAIT_FOR(tpm_records(p->list, "tpm-lost", p->id, &p->v) ==
				     1, SOON_MS));
	EXPECT_TRUE(WAIT_FOR(tpm_records(p->list_host, "tpm-lost", p->id,
					 &p->v) == 1, SOON_MS));
}

static bool is_poisoned(const struct vtpm *v, __u32 pcr)
{
	const int extends = vtpm_get(v->shared->extends);
	int i, j;

	for (i = 0; i < extends && i < VTPM_LOG; i++) {
		const struct vtpm_extend *const extend = &v->shared->log[i];

		for (j = 0; j < VTPM_DIGEST && extend->digest[j] == 0xff; j++)
			;
		if (extend->pcr == pcr && j == VTPM_DIGEST)
			return true;
	}
	return false;
}

/* "FF..FF into each PCR that it has extended, PCR 10 at least." */
TEST_F_TIMEOUT(plain, poison_in_each_pcr, 180)
{
	struct place *const p = &self->p;

	ASSERT_EQ(0, agent_load(&p->a, RULES_PCR));
	ASSERT_LE(0, timed_fresh(p, &p->a, ACCESS_READ));
	ASSERT_TRUE(WAIT_FOR(all_extended(p), SOON_MS));
	ASSERT_EQ(0, befall(p, EXTEND_ERRORS));
	ASSERT_LE(0, timed_fresh(p, &p->a, ACCESS_READ));
	ASSERT_TRUE(WAIT_FOR(tpm_is(p->id, "lost"), SOON_MS));
	recover(p, EXTEND_ERRORS);
	EXPECT_TRUE(WAIT_FOR(is_poisoned(&p->v, 10), SOON_MS));
	EXPECT_TRUE(WAIT_FOR(is_poisoned(&p->v, 11), SOON_MS));
	EXPECT_FALSE(is_poisoned(&p->v, 12));
}

TEST_HARNESS_MAIN
