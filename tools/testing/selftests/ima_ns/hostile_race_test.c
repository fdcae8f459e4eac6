// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Attacks from one container: races
 */

#include "attacker.h"
#include "many.h"

#define HOPS 500
#define RACES 100

/* Two namespaces of an agent's, and where it executed what. */
struct hops {
	int fd[2];
	long id[2];
	unsigned char where[HOPS];
};

static int hops_start(struct hops *hops)
{
	const int home = ns_open(getpid(), "mnt");
	int i;

	for (i = 0; i < 2; i++) {
		if (unshare(CLONE_NEWNS))
			return -errno;
		hops->fd[i] = ns_open(getpid(), "mnt");
		hops->id[i] = own_number("id");
		if (setns(home, CLONE_NEWNS))
			return -errno;
	}
	close(home);
	return getrandom(hops->where, HOPS, 0) == HOPS ? 0 : -EIO;
}

static long do_hops(struct call *call, int fd)
{
	struct hops *const hops = (struct hops *)call->text;
	int i, err = hops_start(hops);
	char path[PATH_MAX];

	if (fd >= 0)
		close(fd);
	for (i = 0; i < HOPS && !err; i++) {
		hops->where[i] &= 1;
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		if (setns(hops->fd[hops->where[i]], CLONE_NEWNS))
			return -errno;
		err = copy_program(path, call->uid) ?: execute(path);
	}
	return err;
}

/* Number of programs that are in a list though they should not, or vice versa. */
static int count_wrong(const struct hops *hops, int where)
{
	const int fd = host_view(hops->id[where]);
	struct list list;
	int i, bad = 0;

	if (fd < 0 || list_read(fd, &list))
		return -EIO;
	for (i = 0; i < HOPS; i++)
		bad += contains(list.text, many[i]) !=
		       (hops->where[i] == where);
	list_free(&list);
	close(fd);
	return bad;
}

/* Ping-pong between two namespaces: each execution is where it happened. */
TEST_F_TIMEOUT(hostile, ping_pong, 600)
{
	const struct hops *const hops = (void *)self->actor->call->text;
	const int host = fd_count(self->w.list[HOST]);

	set_path(self->actor->call, self->w.pit);
	self->actor->call->uid = variant->actor == MINE ? 0 : USER;
	ASSERT_EQ(0, agent_call(self->actor, do_hops, -1, NULL));
	EXPECT_EQ(host + HOPS, fd_count(self->w.list[HOST]));
	ASSERT_EQ(0, look_at_many(self->w.pit, HOPS));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], HOPS));
	EXPECT_EQ(0, count_unrecorded(self->list, HOPS));
	EXPECT_EQ(0, count_wrong(hops, 0));
	EXPECT_EQ(0, count_wrong(hops, 1));
}

static int execute_many(const char *dir, int n)
{
	char path[PATH_MAX];
	int i, err = 0;

	for (i = 0; i < n && !err; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", dir, i);
		err = execute(path);
	}
	return err;
}

/* Loads policies while a child executes: how many, or an error. */
static long do_race_policy(struct call *call, int fd)
{
	const pid_t pid = fork();
	int status, loads = 0, err = 0;

	if (!pid)
		_exit(execute_many(call->path, RACES));
	if (fd >= 0)
		close(fd);
	while (!waitpid(pid, &status, WNOHANG)) {
		if (loads < 1000)
			err = do_load(call, -1);
		if (err)
			return err;
		loads += loads < 1000;
	}
	return status ? -EIO : loads;
}

/* Executions against new policies, of which the old and the new one ask for it. */
TEST_F_TIMEOUT(hostile, race_policy, 300)
{
	struct call *const call = self->actor->call;

	ASSERT_EQ(0, make_many(self->w.pit, RACES, USER, true));
	ASSERT_EQ(0, attacker_loads(self, variant->actor, NULL));
	set_path(call, self->w.pit);
	set_text(call, "measure func=BPRM_CHECK\n");
	EXPECT_LT(0, agent_call(self->actor, do_race_policy, -1, NULL));
	ASSERT_EQ(0, look_at_many(self->w.pit, RACES));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], RACES));
	EXPECT_EQ(0, count_unrecorded(self->list, RACES));
}

/* In a new namespace, whose maker leaves at once, executes a program. */
static void __noreturn orphan_child(char *path)
{
	char *const argv[] = { path, NULL };

	if (unshare(CLONE_NEWNS) || clone_flags(CLONE_PARENT) < 0)
		_exit(1);
	/* Both: one executes, and none stays. */
	execv(path, argv);
	_exit(1);
}

/* Waits for all children: 0 if all were successful. */
static int reap_all(void)
{
	int status, bad = 0;

	while (waitpid(-1, &status, 0) > 0)
		bad += status != 0;
	return bad;
}

static long do_orphans(struct call *call, int fd)
{
	char path[PATH_MAX];
	int i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < RACES; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		if (!fork())
			orphan_child(path);
	}
	return reap_all();
}

/* Executions that are all that a namespace lives for, and the last of it. */
TEST_F_TIMEOUT(hostile, race_end, 300)
{
	ASSERT_EQ(0, make_many(self->w.pit, RACES, USER, true));
	set_path(self->actor->call, self->w.pit);
	ASSERT_EQ(0, agent_call(self->actor, do_orphans, -1, NULL));
	ASSERT_EQ(0, look_at_many(self->w.pit, RACES));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], RACES));
	EXPECT_EQ(0, count_unrecorded(self->list, RACES));
}

/* Does a program come to its end in a namespace that is killed, unless negative, soon? */
static bool survives(char *path, int patience)
{
	char *const argv[] = { path, NULL };
	int go[2];
	pid_t pid;
	char byte;

	if (pipe2(go, O_CLOEXEC))
		return false;
	pid = clone_flags(CLONE_NEWNS);
	if (!pid) {
		close(go[0]);
		close(go[1]);
		execv(path, argv);
		_exit(1);
	}
	close(go[1]);
	/* It is about to execute. */
	(void)!read(go[0], &byte, 1);
	close(go[0]);
	if (patience >= 0) {
		while (patience--)
			sched_yield();
		kill(pid, SIGKILL);
	}
	return !reap(pid);
}

/* call->text says which programs came to their end. */
static long do_kills(struct call *call, int fd)
{
	char path[PATH_MAX];
	int i, n = 0;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < RACES; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		call->text[i] = survives(path, i < RACES - 1 ? i * i / 8 : -1);
		n += call->text[i];
	}
	return n;
}

/* Whatever was killed when: what ran is in the list, and nothing is there twice. */
TEST_F_TIMEOUT(hostile, race_kill, 300)
{
	int i, n;

	ASSERT_EQ(0, make_many(self->w.pit, RACES, USER, true));
	set_path(self->actor->call, self->w.pit);
	/* Some do, the last one at least. */
	ASSERT_LT(0, agent_call(self->actor, do_kills, -1, NULL));
	ASSERT_EQ(0, look_at_many(self->w.pit, RACES));
	for (i = 0; i < RACES; i++) {
		n = fd_count_text(self->w.list[HOST], many[i]);
		EXPECT_GE(1, n);
		EXPECT_LE(self->actor->call->text[i], n);
	}
}

TEST_HARNESS_MAIN
