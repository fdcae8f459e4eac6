/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * imans verify - lists, digests and what a replay gives
 */
#ifndef IMANS_VERIFY_H
#define IMANS_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_DIGEST 64
#define PCRS 24

struct sha;

/* sha.c */
const struct sha *sha_by_name(const char *name);
size_t sha_size(const struct sha *sha);
void sha_digest(const struct sha *sha, const void *data, size_t size,
		unsigned char *digest);

/* One record of a binary list; what it points to is in the list */
struct record {
	uint32_t pcr;
	const unsigned char *digest;
	const char *template;
	uint32_t template_size;
	const unsigned char *data;
	uint32_t data_size;
};

/* records.c: a bank's list */
struct records {
	char *text;
	struct record *all;
	size_t count;
};

bool records_parse(struct records *records, size_t size, size_t digest_size);
void records_free(struct records *records);
bool record_is_violation(const struct record *record, size_t digest_size);
/* Is its digest that of its text? */
bool record_holds(const struct record *record, const struct sha *sha);
bool record_same(const struct record *a, const struct record *b);
/* What the record is about, for people */
void record_name(const struct record *record, char *text, size_t size);
/* How many lines it has in a text of the list, as names may have newlines */
size_t record_lines(const struct record *record);

#endif /* IMANS_VERIFY_H */
