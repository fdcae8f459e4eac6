/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMA_NS_BENCH_CLOCK_H
#define IMA_NS_BENCH_CLOCK_H

/*
 * IMA namespace benchmark: what an operation takes
 *
 * In a machine that counts instructions, a nanosecond of the clock is one.  There,
 * idle time passes as well, so that of what sleeps the CPU time is taken, of this
 * process, its children and the kernel's threads.
 */

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>

#include "common.h"

#define MAX_ROUNDS 1000

/* What is done over and over, and is as long each time. */
struct op {
	const char *name;
	/* Returns 0, or an error. */
	int (*run)(void);
	/* How often it is measured; and how many of them at once, if it leaves work. */
	int rounds, times;
};

/* Who does it, and how many levels are above. */
struct place {
	const char *who;
	int level;
};

static __noreturn void fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A line of its own at once, as children write some too. */
static void report(const char *name, const struct place *place, double value)
{
	dprintf(STDOUT_FILENO, "%s %s %d %.1f\n", name, place->who, place->level,
		value);
}

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, int count)
{
	qsort(values, count, sizeof(*values), compare_doubles);
	return values[count / 2];
}

/* What one took that came upon nothing else. */
static double least(const double *values, int count)
{
	double min = *values;

	while (--count > 0)
		if (values[count] < min)
			min = values[count];
	return min;
}

/* What one takes now, the clock included. */
static long once_ns(const struct op *op)
{
	const long start = now_ns();

	if (op->run())
		fail(op->name);
	return now_ns() - start;
}

static int op_nothing(void)
{
	return 0;
}

/*
 * What a tenth of them take at most, and for most operations nearly all do; others
 * come upon an interrupt, or an allocator or faults that have more to do.
 */
static double usual_ns(const struct op *op)
{
	double values[MAX_ROUNDS];
	int i;

	/* Caches of the kernel fill. */
	for (i = 0; i < op->rounds / 4; i++)
		once_ns(op);
	for (i = 0; i < op->rounds; i++)
		values[i] = once_ns(op);
	qsort(values, op->rounds, sizeof(*values), compare_doubles);
	return values[op->rounds / 10];
}

/* What one takes. */
static double op_cost(const struct op *op)
{
	const struct op nothing = { "nothing", op_nothing, op->rounds };

	return usual_ns(op) - usual_ns(&nothing);
}

static void op_report(const struct op *op, const struct place *place)
{
	report(op->name, place, op_cost(op));
}

/* CPU time of a process, which may have ended already. */
static long cpu_of(pid_t pid)
{
	struct timespec ts;

	/* What clock_getcpuclockid() would give. */
	if (clock_gettime((clockid_t)(~(unsigned int)pid << 3 | 2), &ts))
		return 0;
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* CPU time of the children that were waited for, in whole microseconds. */
static long cpu_of_children(void)
{
	struct timespec ts = {};
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	ts.tv_sec = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
	ts.tv_nsec = 1000 * (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The kernel's threads are the children of the one that makes them. */
static long cpu_of_kernel(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	char path[300], *text;
	long sum = 0;
	int parent;

	while (dir && (entry = readdir(dir))) {
		if (!atoi(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		if (read_path(path, &text) < 0)
			continue;
		if (sscanf(strrchr(text, ')'), ") %*c %d", &parent) == 1 &&
		    parent == 2)
			sum += cpu_of(atoi(entry->d_name));
		free(text);
	}
	closedir(dir);
	return sum;
}

static void settle(void)
{
	const struct timespec while_it_works = { .tv_nsec = 200000000 };

	nanosleep(&while_it_works, NULL);
}

/* All that some take, with what they left to be done by the kernel. */
static double busy_ns(const struct op *op, int times)
{
	long before, children;
	double sum;

	before = cpu_of_kernel();
	children = cpu_of_children() + cpu_of(getpid());
	while (times--)
		if (op->run())
			fail(op->name);
	/* Reading what the kernel's threads took is not part of it. */
	sum = cpu_of_children() + cpu_of(getpid()) - children;
	settle();
	return sum + cpu_of_kernel() - before;
}

static void op_report_busy(const struct op *op, const struct place *place)
{
	double values[MAX_ROUNDS];
	int i;

	busy_ns(op, op->times);
	settle();
	for (i = 0; i < op->rounds; i++)
		values[i] = (busy_ns(op, op->times) - busy_ns(op, 0)) / op->times;
	report(op->name, place, median(values, op->rounds));
}

#endif /* IMA_NS_BENCH_CLOCK_H */
