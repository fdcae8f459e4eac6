// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - look at IMA namespaces, set them up, and prove their lists
 *
 * What it does goes through securityfs' ima directory, whose namespaces/<id>/
 * has the files of each namespace below the caller's: nothing of a container's
 * is executed, and nothing of it is believed that the kernel does not say.
 */
#include <stdio.h>
#include <string.h>

#include "imans.h"

int status_failed = 1;

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "list", cmd_list },
	{ "show", cmd_show },
	{ "verify", cmd_verify },
	{ "run", cmd_run },
	{ "set", cmd_set },
	{ "vtpm", cmd_vtpm },
	{ "oci-hook", cmd_oci_hook },
};

static const char usage_text[] =
	"usage: imans list [--json]\n"
	"       imans show [--json] ID|PID [FILE]\n"
	"       imans verify [--json] [--list DIR] ID|PID\n"
	"       imans run [SETUP]... [--] COMMAND [ARGUMENT]...\n"
	"       imans set [SETUP]... ID|PID\n"
	"       imans vtpm DIR\n"
	"       imans oci-hook [--under DIR]... < STATE\n"
	"SETUP: --policy FILE, --ca FILE, --cert FILE, --vtpm DIR|tpmN\n"
	"A number is an id if there is such a namespace, else a process in it;\n"
	"id:N and pid:N are one of them only.  See imans(8).\n";

int usage(void)
{
	fputs(usage_text, stderr);
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage_text, stdout);
		return 0;
	}
	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return usage();
}
