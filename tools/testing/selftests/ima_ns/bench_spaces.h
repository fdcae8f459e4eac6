/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMA_NS_BENCH_SPACES_H
#define IMA_NS_BENCH_SPACES_H

/*
 * IMA namespace benchmark: making, joining and leaving namespaces
 */

/* What a runtime asks for. */
#define CONTAINER (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | \
		   CLONE_NEWNET | CLONE_NEWCGROUP)

/* Files whose state and records are weighed. */
#define KEPT 1000
#define KEPT_SIZE 64

static int mnt[2];

static int op_unshare(void)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(unshare(CLONE_NEWNS));
	return reap(pid);
}

static int op_clone(void)
{
	const pid_t pid = clone_flags(CONTAINER);

	if (!pid)
		_exit(0);
	return reap(pid);
}

static int op_clone_user(void)
{
	const pid_t pid = clone_flags(CONTAINER | CLONE_NEWUSER);

	if (!pid)
		_exit(0);
	return reap(pid);
}

static int op_setns(void)
{
	return setns(mnt[1], CLONE_NEWNS) || setns(mnt[0], CLONE_NEWNS);
}

/* There and back; the other one is a child of this one. */
static void setns_report(const struct place *place)
{
	static const struct op op = { "setns", op_setns, 100 };
	int ready[2], go[2];
	pid_t pid;
	char byte;

	if (pipe(ready) || pipe(go))
		fail("pipe");
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (unshare(CLONE_NEWNS))
			fail("unshare");
		_exit(write(ready[1], "", 1) != 1 || read(go[0], &byte, 1));
	}
	if (read(ready[0], &byte, 1) != 1)
		fail("setns");
	mnt[0] = ns_open(getpid(), "mnt");
	mnt[1] = ns_open(pid, "mnt");
	op_report(&op, place);
	close(mnt[0]);
	close(mnt[1]);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(go[1]);
	reap(pid);
}

static void spaces_report(const struct place *place)
{
	static const struct op make = { "unshare", op_unshare, 9, 20 };
	static const struct op container = { "clone", op_clone, 9, 20 };
	static const struct op user = { "clone_user", op_clone_user, 9, 20 };

	op_report_busy(&make, place);
	op_report_busy(&container, place);
	if (place->level < MAX_DEPTH)
		op_report_busy(&user, place);
	setns_report(place);
}

static long slab_kb(void)
{
	char *text, *line;
	long kb = 0;

	if (read_path("/proc/meminfo", &text) < 0)
		fail("meminfo");
	line = strstr(text, "\nSlab:");
	if (!line || sscanf(line, " Slab: %ld", &kb) != 1)
		fail("meminfo");
	free(text);
	return kb;
}

/*
 * What those caches of the kernel take whose names begin like that.  Large blocks, such
 * as tables of what is in the caches, are in none.
 */
static long caches_kb(const char *prefix)
{
	static const char format[] =
		" %*s %*d %*d %*d %*d %ld : tunables %*d %*d %*d : slabdata %*d %ld";
	long pages, slabs, sum = 0;
	char *text, *line, *save;

	if (read_path("/proc/slabinfo", &text) < 0)
		fail("slabinfo");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, prefix, strlen(prefix)) &&
		    sscanf(line, format, &pages, &slabs) == 2)
			sum += pages * slabs;
	}
	free(text);
	return sum * (sysconf(_SC_PAGESIZE) / 1024);
}

static void make_idle(int *fds, int count, int home)
{
	int i;

	for (i = 0; i < count; i++) {
		if (unshare(CLONE_NEWNS))
			fail("unshare");
		fds[i] = ns_open(getpid(), "mnt");
		if (fds[i] < 0 || setns(home, CLONE_NEWNS))
			fail("setns");
	}
}

/*
 * Bytes of slab that each of @count namespaces takes in which nothing happens.  As
 * many are made before, which take what others have left.
 */
static void idle_report(int count)
{
	const struct place place = { "root", 0 };
	int *fds = calloc(2 * count, sizeof(*fds));
	const int home = ns_open(getpid(), "mnt");
	long before;

	make_idle(fds, count, home);
	before = slab_kb();
	make_idle(fds + count, count, home);
	report("idle_bytes", &place, 1024.0 * (slab_kb() - before) / count);
	/* The end of this process closes them. */
	free(fds);
}

static void use_all(int level, int from, int to)
{
	char path[32];

	for (; from < to; from++) {
		fresh_path(path, 'k', level, from);
		if (use(path))
			fail(path);
	}
}

/*
 * Bytes that looking at a file for the first time takes, at all levels, of caches that
 * IMA uses; and those of what each level remembers of the file, which are not of the
 * record.
 */
static void kept_report(const struct place *place)
{
	long all, status;

	make_fresh('k', place->level, 2 * KEPT, KEPT_SIZE);
	use_all(place->level, 0, KEPT);
	status = caches_kb("ima_ns_status ");
	all = caches_kb("ima_") + caches_kb("kmalloc-");
	use_all(place->level, KEPT, 2 * KEPT);
	all = caches_kb("ima_") + caches_kb("kmalloc-") - all;
	status = caches_kb("ima_ns_status ") - status;
	report("kept_bytes", place, 1024.0 * (all - status) / KEPT);
	report("status_bytes", place, 1024.0 * status / KEPT);
	remove_fresh('k', place->level, 2 * KEPT);
}

#endif /* IMA_NS_BENCH_SPACES_H */
