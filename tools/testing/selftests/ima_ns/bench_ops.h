/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMA_NS_BENCH_OPS_H
#define IMA_NS_BENCH_OPS_H

/*
 * IMA namespace benchmark: accesses to files that were looked at before
 */

/* In the working directory, which is on ext4. */
#define FILE_SEEN "seen"
#define FILE_WRITTEN "written"
#define FILE_PROGRAM "program"
#define FILE_CROWD "crowd"
#define FILE_RECORDED "recorded"
/* On tmpfs, which is left out by a rule. */
#define EXCLUDED "/tmp/bench.excluded"

static int seen_fd;

static int op_open(void)
{
	return close(open(FILE_SEEN, O_RDONLY | O_CLOEXEC));
}

static int op_open_excluded(void)
{
	return close(open(EXCLUDED, O_RDONLY | O_CLOEXEC));
}

static int op_open_overlay(void)
{
	return close(open("merged/lower", O_RDONLY | O_CLOEXEC));
}

static int op_write(void)
{
	return close(open(FILE_WRITTEN, O_WRONLY | O_CLOEXEC));
}

static int op_mmap(void)
{
	void *const map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			       seen_fd, 0);

	return map == MAP_FAILED || munmap(map, 4096);
}

/* Without a copy of this process, which would take most of it. */
static int op_exec(void)
{
	char *const argv[] = { FILE_PROGRAM, NULL };
	const pid_t pid = vfork();

	if (!pid) {
		execv(FILE_PROGRAM, argv);
		_exit(1);
	}
	return reap(pid);
}

/*
 * As far as the kernel finds that it is no program: what IMA does but for mapping it,
 * without a process that begins and ends, which takes now more and now less.
 */
static int op_exec_refused(void)
{
	char *const argv[] = { FILE_SEEN, NULL };

	execv(FILE_SEEN, argv);
	return errno != ENOEXEC;
}

static void make_file(const char *path)
{
	char text[4096];

	memset(text, 0, sizeof(text));
	unique_text(text);
	if (write_path(path, O_CREAT | O_EXCL, text, sizeof(text)) ||
	    chmod(path, 0777))
		fail(path);
}

static void ops_prepare(void)
{
	static const char *const dirs[] = { "low", "up", "work", "merged" };
	size_t i;

	make_file(FILE_SEEN);
	make_file(FILE_WRITTEN);
	make_file(FILE_CROWD);
	make_file(EXCLUDED);
	if (make_subject(FILE_PROGRAM, 0))
		fail(FILE_PROGRAM);
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], 0755))
			fail(dirs[i]);
	make_file("low/lower");
	if (mount("overlay", "merged", "overlay", 0,
		  "lowerdir=low,upperdir=up,workdir=work"))
		fail("overlay");
}

/* Once by whoever measures: a mapping's descriptor is not to be looked at again. */
static void ops_open(void)
{
	seen_fd = open(FILE_SEEN, O_RDONLY | O_CLOEXEC);
	if (seen_fd < 0)
		fail(FILE_SEEN);
}

static void ops_report(const struct place *place)
{
	static const struct op ops[] = {
		{ "open", op_open, 100 },
		{ "open_excluded", op_open_excluded, 100 },
		{ "open_overlay", op_open_overlay, 100 },
		{ "mmap", op_mmap, 100 },
		{ "write", op_write, 100 },
		{ "exec", op_exec, 100 },
		{ "exec_refused", op_exec_refused, 100 },
	};
	size_t i;

	ops_open();
	close(open(FILE_WRITTEN, O_RDONLY | O_CLOEXEC));
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		op_report(&ops[i], place);
	close(seen_fd);
}

#endif /* IMA_NS_BENCH_OPS_H */
