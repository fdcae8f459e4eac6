// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Many at the same time
 *
 * Namespaces come, measure and go while the files that they share, and those
 * of their own, change and vanish: food for lockdep, KASAN and kmemleak.  What
 * must hold whatever the interleaving is asserted.  SCALE multiplies it.
 */

#include "world.h"

#define WORKERS 6
#define ROUNDS 10
#define FILES 100
#define NAMESPACES 50
/* What the allocator counts as in use though it is not. */
#define SLACK 1000

FIXTURE(stress)
{
	struct scratch scratch;
	char shared[PATH_MAX];
};

FIXTURE_SETUP(stress)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "shared", OWNER_PLAIN,
				     self->shared));
}

FIXTURE_TEARDOWN(stress)
{
	scratch_remove(&self->scratch);
}

/* Maps a file for execution, which no writer keeps from happening. */
static int map_exec(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	return munmap(map, 4096) ? -errno : 0;
}

/*
 * One life: what is mapped is in the list when mmap() returns, the list opens
 * with the boot_aggregate, and it never shrinks.  0, or the line that failed.
 */
static int live(const char *shared, const char *own)
{
	struct list list;
	int fd, before, i;

	if (make_subject(own, OWNER_PLAIN) || map_exec(own))
		return __LINE__;
	fd = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_count_path(fd, own) != 1)
		return __LINE__;
	before = fd_count(fd);
	for (i = 0; i < 3; i++) {
		if (map_exec(shared) || fd_count_path(fd, shared) < 1)
			return __LINE__;
		if (fd_count(fd) < before)
			return __LINE__;
	}
	/* The inode goes while the namespace still has a status of it. */
	if (unlink(own) || list_read(fd, &list) || list.count < 3)
		return __LINE__;
	if (!strstr(list.text, " boot_aggregate\n"))
		return __LINE__;
	return 0;
}

/* Lives one life after the other, each in a namespace of its own. */
static int work(const char *shared, const char *dir, int worker)
{
	char own[PATH_MAX];
	int round;

	for (round = 0; round < ROUNDS * scale(); round++) {
		const pid_t pid = clone_flags(CLONE_NEWNS);
		int ret;

		snprintf(own, sizeof(own), "%s/own%d.%d", dir, worker, round);
		if (!pid)
			_exit(live(shared, own));
		ret = reap(pid);
		if (ret)
			return ret;
	}
	return 0;
}

/* Changes the shared file until killed. */
static void __noreturn disturb(const char *shared)
{
	char unique[33];

	for (;;) {
		unique_text(unique);
		if (write_path(shared, O_APPEND, unique, 32) ||
		    truncate(shared, 16384))
			_exit(1);
	}
}

TEST_F_TIMEOUT(stress, lives, 200 * scale())
{
	pid_t workers[WORKERS], writer;
	int i;

	writer = fork();
	if (!writer)
		disturb(self->shared);
	for (i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		if (!workers[i])
			_exit(work(self->shared, self->scratch.dir, i));
	}
	for (i = 0; i < WORKERS; i++) {
		EXPECT_EQ(0, reap(workers[i]))
		{
			TH_LOG("Line of live() that failed, from worker %d", i);
		}
	}
	/* Killed by the test, not gone by itself. */
	ASSERT_EQ(0, kill(writer, SIGKILL));
	ASSERT_EQ(-EINTR, reap(writer));
}

/* A chain of namespaces that ends from the top, the middle or the bottom. */
TEST_F_TIMEOUT(stress, chains_end, 100 * scale())
{
	int round, order;

	for (round = 0; round < ROUNDS * scale(); round++) {
		for (order = 0; order < 3; order++) {
			struct agent level[3];
			int i;

			for (i = 0; i < 3; i++)
				ASSERT_EQ(0, agent_start(&level[i],
							 i ? &level[i - 1] :
							     NULL,
							 CLONE_NEWNS));
			ASSERT_EQ(0, agent_exec(&level[2], self->shared, 0));
			for (i = 0; i < 3; i++)
				ASSERT_EQ(0, agent_stop(&level[(order + i) %
							       3]));
			call_used = 0;
		}
	}
}

static void subject_path(char path[PATH_MAX], const char *dir, int i)
{
	snprintf(path, PATH_MAX, "%.4000s/many.%d", dir, i);
}

/* Looks at all files in many namespaces, which last as long as the agent. */
static long do_visit(struct call *call, int fd)
{
	static int kept[NAMESPACES];
	char path[PATH_MAX];
	int i, j, err = 0;

	if (fd >= 0)
		close(fd);
	fd = ns_open(getpid(), "mnt");
	for (i = 0; i < NAMESPACES && !err; i++) {
		if (unshare(CLONE_NEWNS))
			return -errno;
		kept[i] = ns_open(getpid(), "mnt");
		for (j = 0; j < FILES && !err; j++) {
			subject_path(path, call->path, j);
			err = map_exec(path);
		}
		if (kept[i] < 0 || setns(fd, CLONE_NEWNS))
			return -errno;
	}
	close(fd);
	return err;
}

/*
 * "Statuses go with their inode or their namespace, whichever ends first":
 * nothing but the time that the test may take limits the wait for that.
 */
static void assert_no_residue(struct __test_metadata *const _metadata,
			      const struct scratch *scratch, bool files_first)
{
	char path[PATH_MAX];
	struct agent agent;
	long peak;
	int i;

	for (i = 0; i < FILES; i++) {
		subject_path(path, scratch->dir, i);
		ASSERT_EQ(0, make_subject(path, OWNER_PLAIN));
	}
	ASSERT_EQ(0, agent_start(&agent, NULL, 0));
	snprintf(agent.call->path, PATH_MAX, "%s", scratch->dir);
	ASSERT_EQ(0, agent_call(&agent, do_visit, -1, NULL));
	peak = count_statuses();
	ASSERT_LE(FILES * NAMESPACES, peak);
	if (!files_first)
		ASSERT_EQ(0, agent_stop(&agent));
	for (i = 0; i < FILES && files_first; i++) {
		subject_path(path, scratch->dir, i);
		ASSERT_EQ(0, unlink(path));
	}
	while (count_statuses() > peak - FILES * NAMESPACES + SLACK)
		sched_yield();
	if (files_first)
		ASSERT_EQ(0, agent_stop(&agent));
}

TEST_F_TIMEOUT(stress, files_end_first, 300)
{
	assert_no_residue(_metadata, &self->scratch, true);
}

TEST_F_TIMEOUT(stress, namespaces_end_first, 300)
{
	assert_no_residue(_metadata, &self->scratch, false);
}

TEST_HARNESS_MAIN
