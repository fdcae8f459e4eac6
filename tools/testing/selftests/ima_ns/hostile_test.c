// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Attacks from one container: bombs
 */

#include <dirent.h>

#include "attacker.h"
#include "many.h"

#define DIVE 70
#define WIDE 200
#define READS MAX_MANY

/* Lists of all namespaces that have a text once; -EEXIST if one has it twice. */
static int count_lists(const char *text)
{
	DIR *dir = opendir(IMA_DIR "/namespaces");
	const struct dirent *entry;
	int lists = 0;

	while (lists >= 0 && (entry = readdir(dir))) {
		const long id = atol(entry->d_name);
		const int fd = id ? host_view(id) : -1;
		/* A namespace may have ended since. */
		const int n = fd < 0 ? 0 : fd_count_text(fd, text);

		if (fd >= 0)
			close(fd);
		lists = n > 1 ? -EEXIST : lists + n;
	}
	closedir(dir);
	return lists;
}

static long do_dive(struct call *call, int fd)
{
	int i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < DIVE; i++)
		if (unshare(CLONE_NEWNS))
			return -errno;
	return 0;
}

/* A deep bomb: what is executed at the bottom is in the list of each level. */
TEST_F_TIMEOUT(hostile, deep, 180)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	const int before = fd_count(self->w.list[HOST]);

	ASSERT_EQ(0, agent_call(self->actor, do_dive, -1, NULL));
	ASSERT_EQ(MAX_LEVEL, ns_level(self->actor->pid));
	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(self->actor, path, 0));
	assert_gain(_metadata, "host", self->w.list[HOST], before, 1, evidence);
	EXPECT_EQ(MAX_LEVEL, count_lists(evidence));
}

static pid_t wide[WIDE];

/* In a new namespace, executes a program that stays, when told. */
static void __noreturn wide_child(struct call *call, int ready, const int go[2])
{
	char *const argv[] = { call->path, "wait", NULL };
	char byte = 0;

	close(go[1]);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || unshare(CLONE_NEWNS) ||
	    write(ready, &byte, 1) != 1 || read(go[0], &byte, 1))
		_exit(1);
	execv(argv[0], argv);
	_exit(1);
}

/* Many at once; done when all have executed or failed. */
static long do_wide(struct call *call, int fd)
{
	int ready[2], go[2], i, n = 0;
	char byte;

	if (fd >= 0)
		close(fd);
	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		return -errno;
	for (i = 0; i < WIDE; i++) {
		wide[i] = fork();
		if (!wide[i])
			wide_child(call, ready[1], go);
	}
	close(ready[1]);
	while (n < WIDE && read(ready[0], &byte, 1) == 1)
		n++;
	close(go[0]);
	close(go[1]);
	/* They have the other end until they execute. */
	(void)!read(ready[0], &byte, 1);
	close(ready[0]);
	return n;
}

/* How many of them were still running. */
static long do_wide_end(struct call *call, int fd)
{
	int i, n = 0;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < WIDE; i++) {
		kill(wide[i], SIGKILL);
		n += reap(wide[i]) == -EINTR;
	}
	return n;
}

/* A wide bomb: all execute the same program at once, and each list has it once. */
TEST_F_TIMEOUT(hostile, wide, 360)
{
	char *const path = self->actor->call->path;
	const int before = fd_count(self->w.list[HOST]);
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	ASSERT_EQ(WIDE, agent_call(self->actor, do_wide, -1, NULL));
	assert_gain(_metadata, "host", self->w.list[HOST], before, 1, evidence);
	EXPECT_EQ(1, fd_count_text(self->list, evidence));
	/* The children's, and that of their parent. */
	EXPECT_EQ(WIDE + 1, count_lists(evidence));
	EXPECT_EQ(WIDE, agent_call(self->actor, do_wide_end, -1, NULL));
}

/* @n rules that match nothing, and one that leaves out everything. */
static void bomb_rules(char *text, int n)
{
	int i;

	for (i = 1; i <= n; i++)
		text += sprintf(text, "dont_measure fsmagic=0x%x\n", i);
	sprintf(text, "dont_measure\n");
}

/* A rule and more than 64 KiB of comments. */
static void bomb_text(char *text)
{
	int i;

	text += sprintf(text, "dont_measure\n");
	for (i = 0; i < 660; i++)
		text += sprintf(text, "# %097d\n", i);
}

/* A policy bomb: no larger than allowed, and blind to the host's rules. */
TEST_F_TIMEOUT(hostile, policy, 180)
{
	char *const text = malloc(TEXT_SIZE);
	int before[PARTIES];
	char path[PATH_MAX];

	ASSERT_EQ(0, attacker_loads(self, variant->actor, NULL));
	bomb_rules(text, 1024);
	ASSERT_EQ(-EDQUOT, agent_load(self->actor, text));
	ASSERT_EQ('w', self->actor->call->step);
	bomb_text(text);
	ASSERT_EQ(-EDQUOT, agent_load(self->actor, text));
	/* What was refused is not in force. */
	assert_exec(_metadata, &self->w, variant->actor);
	bomb_rules(text, 1023);
	ASSERT_EQ(0, agent_load(self->actor, text));
	ASSERT_EQ(-EDQUOT, agent_load(self->actor, "measure\n"));
	free(text);

	world_counts(&self->w, before);
	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, self->actor->call->text,
				   EVIDENCE_SIZE));
	ASSERT_EQ(0, agent_exec(self->actor, path, 0));
	/* As if the host had done it. */
	assert_recorded(_metadata, &self->w, before, HOST,
			self->actor->call->text);
}

static long do_read_many(struct call *call, int fd)
{
	char path[PATH_MAX];
	int i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < READS; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

/* A list bomb: its own list grows, and the host has all that its rule asks for. */
TEST_F_TIMEOUT(hostile, list, 360)
{
	int host, own;

	ASSERT_EQ(0, make_many(self->w.pit, READS, OWNER_READ, false));
	ASSERT_EQ(0, attacker_loads(self, variant->actor, RULE_READ));
	host = fd_count(self->w.list[HOST]);
	own = fd_count(self->list);
	set_path(self->actor->call, self->w.pit);
	ASSERT_EQ(0, agent_call(self->actor, do_read_many, -1, NULL));
	EXPECT_EQ(host + READS, fd_count(self->w.list[HOST]));
	ASSERT_EQ(0, look_at_many(self->w.pit, READS));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], READS));
	EXPECT_EQ(0, count_unrecorded(self->list, READS));
	EXPECT_EQ(own + READS, fd_count(self->list));
}

TEST_HARNESS_MAIN
