/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMA_NS_BENCH_SCALE_H
#define IMA_NS_BENCH_SCALE_H

/*
 * IMA namespace benchmark: several processors at the same time
 *
 * For a machine with as many, whose time is that of a clock.
 */

#define SCALE_CPUS 4
#define SCALE_ROUNDS 5000
#define SCALE_TIMES 5

/* When told, opens a file over and over on a processor of its own. */
static __noreturn void scale_work(int cpu, int start)
{
	cpu_set_t cpus;
	char byte;
	int i;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || op_open() ||
	    read(start, &byte, 1))
		_exit(1);
	for (i = 0; i < SCALE_ROUNDS; i++)
		if (op_open())
			_exit(1);
	_exit(0);
}

/* The time for each of what so many processors do at once. */
static double scale_once(int cpus)
{
	pid_t pids[SCALE_CPUS];
	int start[2], i;
	long begin;

	if (pipe2(start, O_CLOEXEC))
		fail("pipe");
	for (i = 0; i < cpus; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			close(start[1]);
			scale_work(i, start[0]);
		}
	}
	close(start[0]);
	begin = now_ns();
	close(start[1]);
	for (i = 0; i < cpus; i++)
		if (reap(pids[i]))
			fail("scale");
	return (double)(now_ns() - begin) / SCALE_ROUNDS / cpus;
}

static void scale_report(const struct place *place)
{
	double values[SCALE_TIMES];
	char name[32];
	int cpus, i;

	for (cpus = 1; cpus <= SCALE_CPUS; cpus *= 2) {
		for (i = 0; i < SCALE_TIMES; i++)
			values[i] = scale_once(cpus);
		snprintf(name, sizeof(name), "scale_%d", cpus);
		report(name, place, least(values, SCALE_TIMES));
	}
}

#endif /* IMA_NS_BENCH_SCALE_H */
