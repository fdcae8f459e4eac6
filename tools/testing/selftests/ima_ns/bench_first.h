/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMA_NS_BENCH_FIRST_H
#define IMA_NS_BENCH_FIRST_H

/*
 * IMA namespace benchmark: files that nobody looked at before, long lists, rules
 */

#define SMALL 4096
#define BIG (1024 * 1024)
#define SMALL_FILES 15
#define BIG_FILES 15

static char content[BIG];

/* Read by root and executed: so the host and each level by its default look at it. */
static int use(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *const map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			       fd, 0);

	return map == MAP_FAILED || munmap(map, 4096) || close(fd);
}

static double use_ns(const char *path)
{
	const long start = now_ns();

	if (use(path))
		fail(path);
	return now_ns() - start;
}

/* Paths are of one length, whoever they are for. */
static void fresh_path(char path[32], char kind, int level, int i)
{
	snprintf(path, 32, "fresh.%c.%02d.%03d", kind, level, i);
}

static void make_fresh(char kind, int level, int count, size_t size)
{
	char path[32];
	int i;

	for (i = 0; i < count; i++) {
		unique_text(content);
		fresh_path(path, kind, level, i);
		if (write_path(path, O_CREAT | O_EXCL, content, size))
			fail(path);
	}
}

static void remove_fresh(char kind, int level, int count)
{
	char path[32];

	while (count--) {
		fresh_path(path, kind, level, count);
		unlink(path);
	}
}

/* Uses the files for the first time; a tick of the clock is part of most. */
static double use_fresh(char kind, int level, int count)
{
	double values[SMALL_FILES];
	char path[32];
	int i;

	for (i = 0; i < count; i++) {
		fresh_path(path, kind, level, i);
		values[i] = use_ns(path);
	}
	remove_fresh(kind, level, count);
	return least(values, count);
}

static void first_report(const struct place *place)
{
	make_fresh('s', place->level, SMALL_FILES, SMALL);
	report("first_4k", place, use_fresh('s', place->level, SMALL_FILES));
	make_fresh('b', place->level, BIG_FILES, BIG);
	report("first_1m", place, use_fresh('b', place->level, BIG_FILES));
}

/* What opening a file takes for the first time, at level 0. */
static double first_small(void)
{
	static int called;
	double values[SMALL_FILES];
	char path[32];
	long start;
	int i;

	called++;
	make_fresh('r', called, SMALL_FILES, SMALL);
	for (i = 0; i < SMALL_FILES; i++) {
		fresh_path(path, 'r', called, i);
		start = now_ns();
		if (close(open(path, O_RDONLY | O_CLOEXEC)))
			fail(path);
		values[i] = now_ns() - start;
	}
	remove_fresh('r', called, SMALL_FILES);
	return median(values, SMALL_FILES);
}

/* Files that the host has used, in a namespace that has not. */
static void hashed_report(void)
{
	const struct place place = { "root", 1 };
	char path[32];
	pid_t pid;
	int i;

	make_fresh('h', 99, SMALL_FILES, SMALL);
	make_fresh('n', 99, 1, SMALL);
	for (i = 0; i < SMALL_FILES; i++) {
		fresh_path(path, 'h', 99, i);
		if (use(path))
			fail(path);
	}
	fresh_path(path, 'n', 99, 0);
	if (use(path))
		fail(path);
	pid = fork();
	if (!pid) {
		if (enter_new(CLONE_NEWNS))
			fail("unshare");
		/* It makes the list as well. */
		report("hashed_list", &place, use_fresh('n', 99, 1));
		report("hashed_4k", &place, use_fresh('h', 99, SMALL_FILES));
		_exit(0);
	}
	if (reap(pid))
		exit(1);
}

/* The same file again and again, changed each time; small, as each time is hashed. */
static void make_records(int count)
{
	char text[33];
	int fd, i;

	unique_text(text);
	if (write_path(FILE_RECORDED, O_CREAT | O_EXCL, text, sizeof(text)))
		fail("records");
	for (i = 0; i < count; i++) {
		fd = open(FILE_RECORDED, O_WRONLY | O_CLOEXEC);
		if (pwrite(fd, &i, sizeof(i), 0) != sizeof(i) || close(fd) ||
		    close(open(FILE_RECORDED, O_RDONLY | O_CLOEXEC)))
			fail("records");
	}
}

/* What one record takes in reading a list of @count and more. */
static void records_report(int count)
{
	const struct place place = { "root", 0 };
	static char text[1 << 16];
	long start, records;
	ssize_t n;
	int fd;

	make_records(count);
	records = own_number("runtime_measurements_count");
	/* Who has no policy has no records. */
	if (records < count)
		return;
	fd = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	start = now_ns();
	do {
		n = read(fd, text, sizeof(text));
	} while (n > 0);
	report("read_record", &place, (double)(now_ns() - start) / records);
	close(fd);
}

/* Of other kinds of accesses, as most of a long policy are; or of the same kind. */
static void load_many(int from, int to, bool same_kind)
{
	static const char *const funcs[] = {
		"MODULE_CHECK", "FIRMWARE_CHECK", "KEXEC_KERNEL_CHECK",
		"KEXEC_INITRAMFS_CHECK", "POLICY_CHECK",
	};
	char text[64 * 500] = "";
	int i;

	for (i = from; i < to; i++)
		sprintf(text + strlen(text), "measure func=%s fowner=%d\n",
			same_kind ? "FILE_CHECK" : funcs[i % ARRAY_SIZE(funcs)],
			60000 + i);
	load(text);
}

static void rules_one(const char *rules)
{
	const struct place place = { "root", 0 };
	struct op op = { "", op_open, 100 };
	char name[32];

	op.name = name;
	snprintf(name, sizeof(name), "%s_seen", rules);
	op_report(&op, &place);
	snprintf(name, sizeof(name), "%s_first", rules);
	report(name, &place, first_small());
}

/* The initial namespace's policy, which is that of the boot no more. */
static void rules_report(bool rules)
{
	if (rules) {
		load("measure func=FILE_CHECK mask=MAY_READ uid=0\n");
		load_many(0, 9, false);
	}
	rules_one("rules10");
	if (rules)
		load_many(9, 499, false);
	rules_one("rules500");
	if (rules)
		load_many(499, 989, true);
	rules_one("rules500_same");
}

#endif /* IMA_NS_BENCH_FIRST_H */
