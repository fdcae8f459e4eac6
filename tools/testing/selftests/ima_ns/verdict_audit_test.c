// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Appraisal: what the audit log says
 */

#include <time.h>

#include "verdict.h"
#include "signature.h"
#include "audit.h"

/* What is looked for among the denials, and the last one that has it. */
struct denial {
	const char *text;
	int count;
	char line[2 * PATH_MAX];
};

static int note_denial(void *data, int type, const char *text)
{
	struct denial *denial = data;

	if (type == AUDIT_INTEGRITY_DATA && contains(text, denial->text)) {
		denial->count++;
		snprintf(denial->line, sizeof(denial->line), "%s", text);
	}
	return 0;
}

/* Denials that have a text, since the last time; -errno. */
static int denials(int audit, const char *text, struct denial *denial)
{
	int err;

	memset(denial, 0, sizeof(*denial));
	denial->text = text;
	err = audit_read(audit, note_denial, denial);
	return err ?: denial->count;
}

/* "An audit record with cause, hash or key, and namespace." */
TEST_F_TIMEOUT(verdict, explained, 360)
{
	char by_b[PATH_MAX], by_nobody[PATH_MAX], end[64];
	char digest[EVIDENCE_SIZE];
	const int audit = open_audit();
	struct denial denial;

	ASSERT_LE(0, audit);
	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, program(self, FILES, "b", by_b));
	ASSERT_EQ(0, program(self, FILES, NULL, by_nobody));
	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_nobody, 0));
	ASSERT_EQ(1, denials(audit, by_nobody, &denial));
	snprintf(end, sizeof(end), " res=0 errno=-61 ima_ns=%ld", self->id_a);
	EXPECT_TRUE(contains(denial.line, " op=appraise_data "));
	EXPECT_TRUE(contains(denial.line, " cause=IMA-signature-required "));
	EXPECT_TRUE(contains(denial.line, end))
	{
		TH_LOG("%s", denial.line);
	}

	EXPECT_EQ(EACCES, agent_exec(&self->a, by_b, 0));
	ASSERT_EQ(1, denials(audit, by_b, &denial));
	ASSERT_EQ(0, file_evidence(by_b, "", digest, sizeof(digest)));
	snprintf(end, sizeof(end), " errno=-126 ima_ns=%ld", self->id_a);
	EXPECT_TRUE(contains(denial.line, " cause=invalid-signature "));
	EXPECT_TRUE(contains(denial.line, " keyid="));
	/* " sha256:DIGEST " */
	EXPECT_TRUE(contains(denial.line, digest + 1));
	EXPECT_TRUE(contains(denial.line, end));
	/* What others may do is no news. */
	EXPECT_EQ(0, agent_exec(&self->b, by_b, 0));
	EXPECT_EQ(0, denials(audit, by_b, &denial));
	close(audit);
}

/* "So that a container cannot flood the log." */
TEST_F_TIMEOUT(verdict, not_flooded, 360)
{
	const int audit = open_audit();
	struct denial denial;
	char path[PATH_MAX];
	int i;

	ASSERT_LE(0, audit);
	ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=FILE_CHECK fowner=61700\n"));
	for (i = 0; i < 300; i++)
		EXPECT_EQ(-EACCES, agent_open(&self->a, path, O_RDONLY));
	i = denials(audit, path, &denial);
	EXPECT_LT(0, i);
	/* 50 in 5 s; the machine may be slow. */
	EXPECT_GT(300, i);
	/* One of the next ones, if not one of these, says how many were left out. */
	while (!contains(denial.line, " missed=")) {
		ASSERT_EQ(-EACCES, agent_open(&self->a, path, O_RDONLY));
		denials(audit, path, &denial);
	}
	close(audit);
}

/* Records by an audit rule that are about a directory. */
struct audited {
	const char *dir;
	int count;
	bool missed;
};

static int note_audited(void *data, int type, const char *text)
{
	struct audited *audited = data;

	if (type == AUDIT_INTEGRITY_RULE && contains(text, audited->dir)) {
		audited->count++;
		audited->missed |= contains(text, " missed=");
	}
	return 0;
}

/* Opens one of the programs that were made, by their order. */
static int open_numbered(struct _test_data_verdict *self, struct agent *agent,
			 int i)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/file%d", self->scratch.dir, i);
	return agent_opens(agent, path, O_RDONLY);
}

#define MANY 200

/* Nor by what it has audited; and what was left out is when it is used again. */
TEST_F_TIMEOUT(verdict, audit_not_flooded, 360)
{
	struct audited audited = { self->scratch.dir };
	const int audit = open_audit();
	char path[PATH_MAX];
	int i;

	ASSERT_LE(0, audit);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->b, "audit func=FILE_CHECK fowner=61700\n"));
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, open_numbered(self, &self->b, i));
	ASSERT_EQ(0, audit_read(audit, note_audited, &audited));
	EXPECT_LE(50, audited.count);
	EXPECT_GT(MANY, audited.count);
	for (i = 0; audited.count < MANY; i = (i + 1) % MANY) {
		ASSERT_EQ(0, open_numbered(self, &self->b, i));
		ASSERT_EQ(0, audit_read(audit, note_audited, &audited));
	}
	EXPECT_TRUE(audited.missed);
	EXPECT_EQ(MANY, audited.count);
	close(audit);
}

/* Nor does it wait for a daemon, with the file's locks held, when the log is full. */
TEST_F_TIMEOUT(verdict, log_is_full, 360)
{
	struct audit_status before = {}, full = {
		.mask = AUDIT_STATUS_BACKLOG_LIMIT | AUDIT_STATUS_BACKLOG_WAIT_TIME,
		.backlog_limit = 1,
		.backlog_wait_time = 60 * sysconf(_SC_CLK_TCK),
	}, after = {};
	struct timespec start, end;
	char path[PATH_MAX];
	int daemon, i;

	for (i = 0; i < 40; i++)
		ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->b, "audit func=FILE_CHECK fowner=61700\n"));
	ASSERT_EQ(0, audit_status(AUDIT_GET, &before));
	if (before.pid)
		SKIP(return, "not where there is an audit daemon");
	ASSERT_EQ(0, audit_status(AUDIT_SET, &full));
	daemon = audit_daemon_asleep();
	EXPECT_LE(0, daemon);

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < 40; i++)
		EXPECT_EQ(0, open_numbered(self, &self->b, i));
	clock_gettime(CLOCK_MONOTONIC, &end);

	EXPECT_EQ(0, audit_status(AUDIT_GET, &after));
	EXPECT_EQ(getpid(), after.pid);
	/* It was full, and each that waits would do so for half a second. */
	EXPECT_LT(before.lost, after.lost);
	EXPECT_GT(5, end.tv_sec - start.tv_sec);
	before.mask = full.mask;
	EXPECT_EQ(0, audit_status(AUDIT_SET, &before));
	before.mask = AUDIT_STATUS_PID;
	EXPECT_EQ(0, audit_status(AUDIT_SET, &before));
	close(daemon);
}

#define CONTAINERS 6
#define OPENS 60

/* "And 200 for all containers of one user", however many there are. */
TEST_F_TIMEOUT(signature, users_do_not_flood, 360)
{
	struct agent containers[CONTAINERS];
	const int audit = open_audit();
	struct timespec start, end;
	struct denial denial;
	char path[PATH_MAX];
	int i, j, n;

	ASSERT_LE(0, audit);
	ASSERT_EQ(0, scratch_subject(&self->scratch, "denied", 0, path));
	for (i = 0; i < CONTAINERS; i++) {
		ASSERT_EQ(0, agent_start(&containers[i], i ? &containers[0] : NULL,
					 i ? 0 : CLONE_NEWUSER | CLONE_NEWNS));
		if (i)
			ASSERT_EQ(0, agent_unshare(&containers[i], CLONE_NEWNS));
	}
	/* The first one is above the others, and would deny for them. */
	for (i = 1; i < CONTAINERS; i++)
		ASSERT_EQ(0, agent_load(&containers[i],
					"appraise func=FILE_CHECK fsmagic=0x01021994\n"));
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 1; i < CONTAINERS; i++)
		for (j = 0; j < OPENS; j++)
			ASSERT_EQ(-EACCES, agent_open(&containers[i], path,
						      O_RDONLY));
	clock_gettime(CLOCK_MONOTONIC, &end);
	n = denials(audit, path, &denial);
	EXPECT_LT(50, n);
	EXPECT_GE(200 * (1 + (end.tv_sec - start.tv_sec + 1) / 5), n);
	for (i = CONTAINERS; i--;)
		ASSERT_EQ(0, agent_stop(&containers[i]));
	close(audit);
}

TEST_HARNESS_MAIN
