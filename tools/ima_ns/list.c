// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans list - the tree of IMA namespaces, from one's own down
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "imans.h"

static void print_number(int width, long long number)
{
	if (number == UNKNOWN)
		printf(" %*s", width, "-");
	else
		printf(" %*lld", width, number);
}

static void print_row(const struct ns *ns, int depth)
{
	char tpm[32] = "-", command[41] = "-";
	int used = 2 * depth + printf("%lld", ns->id);

	printf("%*s", used < 12 ? 12 - used : 0, "");
	print_number(5, ns->level);
	print_number(6, ns->parent);
	print_number(6, ns->owner_uid);
	print_number(5, ns->pid_count);
	print_number(7, ns->entries);
	print_number(5, ns->violations);
	print_number(4, ns->lost);
	if (*ns->tpm.chip)
		snprintf(tpm, sizeof(tpm), "%s%s", ns->tpm.chip,
			 strcmp(ns->tpm.state, "bound") ? "!" : "");
	printf("  %-6s  %-5s  ", policy_kind(ns), tpm);
	if (ns->pid_count) {
		read_command(ns->pids[0], command, sizeof(command));
		printf("%d ", ns->pids[0]);
	}
	printf("%s\n", *command ? command : "-");
}

/* The first child of @parent at or after @i, ns_count if there is none */
static size_t next_child(long long parent, size_t i)
{
	while (i < ns_count && (namespaces[i].parent != parent || !namespaces[i].id))
		i++;
	return i;
}

static void print_tree(size_t index, int depth, const char *indent)
{
	long long id = namespaces[index].id;
	char deeper[512];
	size_t i, next;

	print_row(&namespaces[index], depth);
	for (i = next_child(id, 0); i < ns_count; i = next) {
		next = next_child(id, i + 1);
		printf("%s%s", indent, next < ns_count ? "├─" : "└─");
		snprintf(deeper, sizeof(deeper), "%s%s", indent,
			 next < ns_count ? "│ " : "  ");
		print_tree(i, depth + 1, deeper);
	}
}

/* One whose parent may not be seen, or is above, begins a tree */
static void print_trees(void)
{
	size_t i;

	printf("%-12s %5s %6s %6s %5s %7s %5s %4s  %-6s  %-5s  %s\n", "NAMESPACE",
	       "LEVEL", "PARENT", "OWNER", "PROCS", "RECORDS", "VIOL", "LOST",
	       "POLICY", "TPM", "FIRST PROCESS");
	for (i = 0; i < ns_count; i++)
		if (!namespaces[i].id || !ns_by_id(namespaces[i].parent))
			print_tree(i, 0, "");
}

static void print_array(void)
{
	size_t i;

	printf("[");
	for (i = 0; i < ns_count; i++) {
		printf("%s\n  {", i ? "," : "");
		print_facts(&namespaces[i]);
		printf("}");
	}
	printf("\n]\n");
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = { { "json", 0, NULL, 'j' }, {} };
	int option;
	bool json = false;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return usage();
		json = true;
	}
	if (optind != argc)
		return usage();
	open_dirs();
	scan_namespaces();
	scan_processes();
	if (json)
		print_array();
	else
		print_trees();
	finish_output();
	return 0;
}
