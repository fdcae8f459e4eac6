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

TEST_HARNESS_MAIN
