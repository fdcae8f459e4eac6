// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans run - a command in a namespace that was set up before it
 *
 * This process makes the namespace and becomes the command.  What sets it up is
 * a child that stays outside, as keys are vouched for from above, and as what
 * is done there is in no list of the command's.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imans.h"

/* The command finds its TPM where programs look for one */
static bool put_device(const char *prefix, const char *number)
{
	char from[32], to[32];

	snprintf(from, sizeof(from), "/dev/%s%s", prefix, number);
	snprintf(to, sizeof(to), "/dev/%s0", prefix);
	if (!strcmp(from, to))
		return true;
	if (!mount(from, to, NULL, MS_BIND, NULL))
		return true;
	if (errno == ENOENT) {
		warnx("there is no %s to put the TPM at: it is %s", to, from);
		return true;
	}
	warn("%s at %s", from, to);
	return false;
}

static bool enter(const struct setup *setup)
{
	if (unshare(CLONE_NEWNS)) {
		warn("a new namespace: it takes CAP_SYS_ADMIN, as root has it");
		return false;
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		warn("keeping mounts apart");
		return false;
	}
	return !*setup->chip || (put_device("tpm", setup->chip + 3) &&
				 put_device("tpmrm", setup->chip + 3));
}

/* In the child, which is outside: 0, or an exit status */
static int set_up(const struct setup *setup, pid_t member)
{
	const struct ns *ns;

	scan_namespaces();
	ns = ns_of_process(member);
	if (!ns) {
		warnx("no level was made: there are 64, or user.max_ima_namespaces is too low");
		return STATUS_FAILED;
	}
	return setup_apply(setup, ns) ? 0 : STATUS_FAILED;
}

/* Forks the one that stays outside; it begins when the pipe says so */
static pid_t start_helper(const struct setup *setup, int *begin)
{
	pid_t member = getpid(), pid;
	int fds[2];
	char byte;

	if (pipe2(fds, O_CLOEXEC))
		err(STATUS_RUN, "pipe");
	pid = fork();
	if (pid < 0)
		err(STATUS_RUN, "fork");
	if (!pid) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? set_up(setup, member) :
		      STATUS_FAILED);
	}
	close(fds[0]);
	*begin = fds[1];
	return pid;
}

static bool make_namespace(const struct setup *setup)
{
	int begin, status = -1;
	pid_t helper = start_helper(setup, &begin);
	bool entered = enter(setup);

	if (entered && write(begin, "", 1) != 1)
		warn("pipe");
	close(begin);
	return waitpid(helper, &status, 0) == helper && !status && entered;
}

int cmd_run(int argc, char **argv)
{
	struct setup setup = {};
	int option;

	status_failed = STATUS_RUN;
	while ((option = getopt_long(argc, argv, "+", setup_options, NULL)) != -1) {
		if (option == '?')
			return usage();
		if (!setup_option(&setup, option, optarg))
			return STATUS_RUN;
	}
	if (optind == argc)
		return usage();
	open_dirs();
	if (!setup_start(&setup))
		return STATUS_RUN;
	if (!make_namespace(&setup)) {
		setup_undo(&setup);
		return STATUS_RUN;
	}
	execvp(argv[optind], argv + optind);
	warn("%s", argv[optind]);
	return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}
