// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace benchmark: what IMA adds to operations
 *
 * Usage: bench none|tcb|label [many|spaces|scale]
 *
 * For scripts/bench, which runs it as root on kernels that were booted with no
 * policy anywhere, with ima_policy=tcb, or with lsm=smack,integrity; with few other
 * namespaces or with many, or only what makes namespaces, or what several processors do
 * at once.  A line is a name, who acts, at which level, and the nanoseconds of one
 * operation, which are instructions if those are counted.
 */

#include <sys/personality.h>

#include "bench_clock.h"
#include "bench_ops.h"
#include "bench_chain.h"
#include "bench_first.h"
#include "bench_spaces.h"
#include "bench_crowd.h"
#include "bench_scale.h"

#define RECORDS 100000
#define MANY 10000
#define IDLE 1000

/* Of what there may be so many, by default, depends on memory. */
static void raise_limits(void)
{
	static const char *const names[] = {
		"/proc/sys/user/max_mnt_namespaces",
		"/proc/sys/user/max_ima_namespaces",
	};
	const struct rlimit files = { 2 * MANY, 2 * MANY };
	size_t i;
	int err;

	if (setrlimit(RLIMIT_NOFILE, &files))
		fail("files");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		err = write_path(names[i], 0, "100000", 6);
		if (err && err != -ENOENT)
			fail(names[i]);
	}
}

/*
 * What a policy reads to hash it is in memory, and then takes fewer faults: so it is
 * in any case.  Nor is it left to chance where programs are in theirs, or whether a
 * file is written to because it was read.
 */
static void make_even(const char *disk)
{
	char *program;

	if (read_path("/proc/self/exe", &program) < 0)
		fail("program");
	free(program);
	if (mount(NULL, disk, NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL))
		fail(disk);
	if (personality(ADDR_NO_RANDOMIZE) < 0)
		fail("personality");
}

static void in_child(void (*act)(int), int argument)
{
	const pid_t pid = fork();

	if (!pid) {
		act(argument);
		exit(0);
	}
	if (reap(pid))
		exit(1);
}

static void all(bool tcb, bool many)
{
	const bool ours = !access("/proc/self/ns/ima", F_OK);

	at_levels("root", ops_report);
	at_levels("user", ops_report);
	at_levels("root", first_report);
	at_levels("root", spaces_report);
	hashed_report();
	owners_report(tcb && ours);
	users_report(2);
	users_report(8);
	reload_report(tcb && ours);
	at_levels("root", kept_report);
	in_child(idle_report, IDLE);
	in_child(crowd_report, many ? MANY : 1);
	if (tcb)
		records_report(RECORDS);
	/* The last, as a policy that was replaced does not come back. */
	rules_report(tcb);
}

int main(int argc, char *argv[])
{
	const char *const mode = argc > 1 ? argv[1] : "";
	const char *const what = argc > 2 ? argv[2] : "";
	const char *const disk = getenv("IMA_NS_SCRATCH") ?: "/mnt/scratch";

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || chdir(disk))
		fail(disk);
	raise_limits();
	make_even(disk);
	ops_prepare();
	if (!strcmp(mode, "label")) {
		label_report(false);
		dprintf(STDOUT_FILENO, "rules\n");
		label_report(true);
	} else if (!strcmp(what, "spaces")) {
		at_levels("root", spaces_report);
	} else if (!strcmp(what, "scale")) {
		at_levels("root", scale_report);
	} else {
		all(!strcmp(mode, "tcb"), !strcmp(what, "many"));
	}
	return 0;
}
