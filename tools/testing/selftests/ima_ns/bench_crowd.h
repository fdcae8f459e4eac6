/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMA_NS_BENCH_CROWD_H
#define IMA_NS_BENCH_CROWD_H

/*
 * IMA namespace benchmark: files that many namespaces looked at
 *
 * Files are opened by their names alone, as finding mounts takes longer the more
 * there are.
 */

#define ROUNDS 9

static int crowd_fd, written_fd;
static int *members, home, made;

static int op_crowd_open(void)
{
	return close(open(FILE_CROWD, O_RDONLY | O_CLOEXEC));
}

static int map_fd(int fd)
{
	void *const map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			       fd, 0);

	return map == MAP_FAILED || munmap(map, 4096);
}

static int op_crowd_mmap(void)
{
	return map_fd(crowd_fd);
}

static int op_crowd_write(void)
{
	return close(open(FILE_CROWD, O_WRONLY | O_CLOEXEC));
}

/* Joining another mount namespace leaves one at its root. */
static void return_to(int dir)
{
	if (fchdir(dir))
		fail("fchdir");
}

/* In @count namespaces, the file is mapped to be executed. */
static void crowd_maps(int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (setns(members[i], CLONE_NEWNS) || op_crowd_mmap())
			fail("crowd");
	/* The last one has mapped another one, too; see armed_alone(). */
	if (map_fd(written_fd))
		fail("crowd");
	if (setns(home, CLONE_NEWNS))
		fail("setns");
}

static void crowd_grow(int count)
{
	for (; made < count; made++) {
		if (unshare(CLONE_NEWNS))
			fail("unshare");
		members[made] = ns_open(getpid(), "mnt");
		if (members[made] < 0 || setns(home, CLONE_NEWNS))
			fail("setns");
	}
}

/* Lets no worker interrupt who has enough to do. */
static void alone(bool on)
{
	const struct sched_param param = { .sched_priority = on };

	if (sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param))
		fail("scheduler");
}

/* The same as is measured, of a file that one other namespace has mapped again. */
static void armed_alone(void)
{
	const int reader = open(FILE_WRITTEN, O_RDONLY | O_CLOEXEC);
	const int writer = open(FILE_WRITTEN, O_WRONLY | O_CLOEXEC);

	if (close(writer) || close(reader))
		fail("armed");
}

/*
 * Of a file that all have mapped again: opened by a writer, and closed; if no allocator
 * has to get more memory.  A worker tells the others, which is not the writer's time.
 */
static void armed_report(int count, const char *suffix, int dir)
{
	const struct place place = { "root", 0 };
	double opens[ROUNDS], closes[ROUNDS];
	int reader, writer, i;
	char name[40];
	long start;

	for (i = 0; i < ROUNDS; i++) {
		crowd_maps(count);
		return_to(dir);
		reader = open(FILE_CROWD, O_RDONLY | O_CLOEXEC);
		alone(true);
		armed_alone();
		start = cpu_of(getpid());
		writer = open(FILE_CROWD, O_WRONLY | O_CLOEXEC);
		opens[i] = cpu_of(getpid()) - start;
		start = cpu_of(getpid());
		close(writer);
		closes[i] = cpu_of(getpid()) - start;
		alone(false);
		close(reader);
	}
	snprintf(name, sizeof(name), "crowd_armed_open_%s", suffix);
	report(name, &place, least(opens, ROUNDS));
	snprintf(name, sizeof(name), "crowd_armed_close_%s", suffix);
	report(name, &place, least(closes, ROUNDS));
}

static void crowd_one(int count, const char *suffix, int dir)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} ops[] = {
		{ "open", op_crowd_open },
		{ "mmap", op_crowd_mmap },
		{ "write", op_crowd_write },
	};
	const struct place place = { "root", 0 };
	char name[32];
	struct op op = { name, NULL, 100 };
	size_t i;

	crowd_grow(count);
	crowd_maps(count);
	return_to(dir);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		snprintf(name, sizeof(name), "crowd_%s_%s", ops[i].name, suffix);
		op.run = ops[i].run;
		op_report(&op, &place);
	}
	armed_report(count, suffix, dir);
}

/* With 1, 100... other namespaces, up to @most. */
static void crowd_report(int most)
{
	const int dir = open(".", O_PATH | O_CLOEXEC);
	char suffix[8];
	int count;

	members = calloc(most, sizeof(*members));
	home = ns_open(getpid(), "mnt");
	crowd_fd = open(FILE_CROWD, O_RDONLY | O_CLOEXEC);
	written_fd = open(FILE_WRITTEN, O_RDONLY | O_CLOEXEC);
	if (home < 0 || crowd_fd < 0 || written_fd < 0)
		fail("crowd");
	for (count = 1; count <= most; count *= 100) {
		snprintf(suffix, sizeof(suffix), "%d", count % 1000000);
		crowd_one(count, suffix, dir);
	}
}

#endif /* IMA_NS_BENCH_CROWD_H */
