// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans show - what a namespace is, its policy, its keys and its list
 */
#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imans.h"
#include "verify.h"

#define LIST "ascii_runtime_measurements"
#define BINARY "binary_runtime_measurements"
#define BINARY_DIGEST 20

/* A file as it is */
static int show_file(const struct ns *ns, const char *file)
{
	size_t size;
	char *text;

	if (strchr(file, '/'))
		errx(STATUS_USAGE, "'%s' is not the name of a file in " IMA_DIR, file);
	text = ns_must_read(ns, file, &size);
	fwrite(text, 1, size, stdout);
	free(text);
	return 0;
}

static void show_number(const char *name, long long number)
{
	if (number == UNKNOWN)
		printf("%s: -\n", name);
	else
		printf("%s: %lld\n", name, number);
}

static void show_facts(const struct ns *ns)
{
	char command[256] = "";

	printf("namespace: %lld\n", ns->id);
	show_number("level", ns->level);
	show_number("parent", ns->parent);
	show_number("inum", ns->inum);
	show_number("owner", ns->owner_uid);
	printf("processes: %zu", ns->pid_count);
	if (ns->pid_count) {
		read_command(ns->pids[0], command, sizeof(command));
		printf(", the first is %d %s", ns->pids[0], command);
	}
	printf("\n");
	show_number("records", ns->entries);
	show_number("violations", ns->violations);
	show_number("lost", ns->lost);
	if (*ns->tpm.chip)
		printf("tpm: %s, %s, has %lld of them, banks %s\n", ns->tpm.chip,
		       ns->tpm.state, ns->tpm.extended, ns->tpm.banks);
	else
		printf("tpm: none\n");
}

static void show_lines(char *text)
{
	int len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		tame(text, len, '?');
		printf("  %.*s\n", len, text);
	}
}

/*
 * The list as a text with a line for each record: who names files may have put
 * newlines there, to have the list say what is not in it.  What is a record is told by
 * the binary list, which is read first and so has no more of them than the text.
 */
static char *read_list(const struct ns *ns)
{
	struct records records;
	size_t size, i, lines;
	char *text, *end;

	records.text = ns_must_read(ns, BINARY, &size);
	text = ns_must_read(ns, LIST, NULL);
	if (!records_parse(&records, size, BINARY_DIGEST))
		errx(STATUS_FAILED, "namespace %lld: " BINARY ": it is no list", ns->id);
	for (end = text, i = 0; i < records.count; i++) {
		for (lines = record_lines(&records.all[i]); lines; lines--) {
			end = strchrnul(end, '\n');
			if (*end && lines > 1)
				*end = '?';
			end += !!*end;
		}
	}
	*end = '\0';
	records_free(&records);
	return text;
}

static void show_text(const struct ns *ns)
{
	char *policy = ns_read(ns, "policy", NULL);
	char *list = read_list(ns);

	show_facts(ns);
	printf("policy: %s\n", policy_kind(ns));
	if (policy)
		show_lines(policy);
	keys_show(ns, false);
	printf("list:\n");
	show_lines(list);
	free(policy);
	free(list);
}

static void print_rules(char *policy)
{
	char *rule, *next;
	const char *comma = "";
	size_t len;

	printf("\"rules\": %s", policy ? "[" : "null");
	for (rule = policy ? strtok_r(policy, "\n", &next) : NULL; rule;
	     rule = strtok_r(NULL, "\n", &next)) {
		len = strlen(rule);
		while (len && rule[len - 1] == ' ')
			len--;
		printf("%s", comma);
		print_string(rule, len);
		comma = ", ";
	}
	printf("%s, ", policy ? "]" : "");
}

/* PCR, digest, name of the template, and its fields, of which names have no blanks */
static void print_line(char *line)
{
	char *pcr, *digest, *template, *field;
	const char *comma = "";

	while (*line == ' ')
		line++;
	pcr = strsep(&line, " ");
	digest = strsep(&line, " ");
	template = strsep(&line, " ");
	printf("\n    {\"pcr\": %d, ", atoi(pcr));
	print_member("digest", digest);
	printf(", ");
	print_member("template", template);
	printf(", \"fields\": [");
	while ((field = strsep(&line, " "))) {
		printf("%s", comma);
		print_string(field, strlen(field));
		comma = ", ";
	}
	printf("]}");
}

static void print_list(char *list)
{
	char *line, *next;
	const char *comma = "";

	printf("\"list\": [");
	for (line = strtok_r(list, "\n", &next); line;
	     line = strtok_r(NULL, "\n", &next)) {
		printf("%s", comma);
		print_line(line);
		comma = ",";
	}
	printf("]");
}

static void show_json(const struct ns *ns)
{
	char *policy = ns_read(ns, "policy", NULL);
	char *list = read_list(ns);

	printf("{");
	print_facts(ns);
	printf(", ");
	print_rules(policy);
	keys_show(ns, true);
	printf(", ");
	print_list(list);
	printf("}\n");
	free(policy);
	free(list);
}

int cmd_show(int argc, char **argv)
{
	static const struct option options[] = { { "json", 0, NULL, 'j' }, {} };
	const struct ns *ns;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return usage();
		json = true;
	}
	if (argc - optind != 1 && (json || argc - optind != 2))
		return usage();
	open_dirs();
	scan_namespaces();
	scan_processes();
	ns = ns_by_name(argv[optind]);
	if (argc - optind == 2)
		show_file(ns, argv[optind + 1]);
	else if (json)
		show_json(ns);
	else
		show_text(ns);
	finish_output();
	return 0;
}
