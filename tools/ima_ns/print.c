// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - JSON of what is known
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "imans.h"

/* The length of the UTF-8 sequence at @text, 0 if it is none */
static size_t utf8_length(const unsigned char *text, size_t size)
{
	size_t len, i;

	if (*text < 0x80)
		return 1;
	len = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
	if (*text < 0xc2 || *text > 0xf4 || len > size)
		return 0;
	for (i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Neither longer than needed, nor half a pair, nor beyond Unicode */
	if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] > 0x9f) ||
	    (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] > 0x8f))
		return 0;
	return len;
}

/* Of U+0080 to U+009F, too, some terminals take orders */
static bool is_control(const unsigned char *c)
{
	return *c < ' ' || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0);
}

/* Has what a terminal may take for an order, and what is no UTF-8, be another character */
void tame(char *text, size_t size, char instead)
{
	unsigned char *c = (unsigned char *)text;
	size_t len;

	for (; size; c += len, size -= len) {
		len = utf8_length(c, size);
		if (len && !is_control(c))
			continue;
		len = len ?: 1;
		memset(c, instead, len);
	}
}

/* Names of files are bytes: what is no UTF-8 is replaced, as JSON has to be */
void print_string(const char *text, size_t size)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t len;

	putchar('"');
	for (; size; c += len, size -= len) {
		len = utf8_length(c, size);
		if (!len) {
			fputs("\\ufffd", stdout);
			len = 1;
		} else if (*c < ' ' || *c == 0x7f) {
			printf("\\u%04x", *c);
		} else if (is_control(c)) {
			printf("\\u%04x", c[1]);
		} else {
			if (*c == '"' || *c == '\\')
				putchar('\\');
			fwrite(c, 1, len, stdout);
		}
	}
	putchar('"');
}

void print_member(const char *key, const char *text)
{
	printf("\"%s\": ", key);
	if (text)
		print_string(text, strlen(text));
	else
		printf("null");
}

void print_number_member(const char *key, long long number)
{
	if (number == UNKNOWN)
		printf("\"%s\": null", key);
	else
		printf("\"%s\": %lld", key, number);
}

static void print_tpm(const struct tpm *tpm)
{
	char banks[sizeof(tpm->banks)], *bank, *next;
	const char *comma = "";

	if (!*tpm->chip) {
		printf("\"tpm\": null");
		return;
	}
	printf("\"tpm\": {");
	print_member("chip", tpm->chip);
	printf(", \"banks\": [");
	snprintf(banks, sizeof(banks), "%s", strcmp(tpm->banks, "-") ? tpm->banks : "");
	for (bank = strtok_r(banks, ",", &next); bank; bank = strtok_r(NULL, ",", &next)) {
		printf("%s", comma);
		print_string(bank, strlen(bank));
		comma = ", ";
	}
	printf("], ");
	print_member("state", tpm->state);
	printf(", ");
	print_number_member("extended", tpm->extended);
	printf("}");
}

static void print_processes(const struct ns *ns)
{
	char command[256];
	size_t i;

	printf("\"processes\": [");
	for (i = 0; i < ns->pid_count; i++)
		printf("%s%d", i ? ", " : "", ns->pids[i]);
	printf("], ");
	if (ns->pid_count)
		read_command(ns->pids[0], command, sizeof(command));
	print_member("command", ns->pid_count ? command : NULL);
}

/* The members that 'list' and 'show' have of a namespace */
void print_facts(const struct ns *ns)
{
	const struct {
		const char *key;
		long long number;
	} numbers[] = {
		{ "id", ns->id }, { "level", ns->level },
		{ "parent", ns->parent }, { "inum", ns->inum },
		{ "owner_uid", ns->owner_uid }, { "owner_userns", ns->owner_inum },
		{ "records", ns->entries }, { "violations", ns->violations },
		{ "lost", ns->lost },
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		print_number_member(numbers[i].key, numbers[i].number);
		printf(", ");
	}
	print_member("policy", policy_kind(ns));
	printf(", ");
	print_tpm(&ns->tpm);
	printf(", ");
	print_processes(ns);
}

void finish_output(void)
{
	if (fflush(stdout) || ferror(stdout))
		err(STATUS_FAILED, "standard output");
}
