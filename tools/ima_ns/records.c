// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - binary measurement lists
 *
 * A record is the PCR, a digest of the bank's size, the template's name and its
 * data: fields with their lengths.  The first template of all, "ima", has a
 * digest of 20 bytes and a name there, and no length of the whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imans.h"
#include "verify.h"

#define OLD_DIGEST 20
#define OLD_NAME 256

/* What is left of a list */
struct rest {
	const unsigned char *at;
	size_t size;
};

static const void *take(struct rest *rest, size_t size)
{
	const void *taken = rest->at;

	if (size > rest->size)
		return NULL;
	rest->at += size;
	rest->size -= size;
	return taken;
}

static bool take_number(struct rest *rest, uint32_t *number)
{
	const void *bytes = take(rest, sizeof(*number));

	if (bytes)
		memcpy(number, bytes, sizeof(*number));
	return bytes;
}

static bool is_old(const struct record *record)
{
	return record->template_size == 3 && !memcmp(record->template, "ima", 3);
}

static bool take_old_data(struct rest *rest, struct record *record)
{
	const unsigned char *start = rest->at;
	uint32_t name_size;

	if (!take(rest, OLD_DIGEST) || !take_number(rest, &name_size) ||
	    name_size >= OLD_NAME || !take(rest, name_size))
		return false;
	record->data = start;
	record->data_size = rest->at - start;
	return true;
}

static bool take_data(struct rest *rest, struct record *record)
{
	if (is_old(record))
		return take_old_data(rest, record);
	if (!take_number(rest, &record->data_size))
		return false;
	record->data = take(rest, record->data_size);
	return record->data;
}

static bool take_record(struct rest *rest, struct record *record, size_t digest_size)
{
	if (!take_number(rest, &record->pcr))
		return false;
	record->digest = take(rest, digest_size);
	if (!record->digest || !take_number(rest, &record->template_size))
		return false;
	record->template = take(rest, record->template_size);
	return record->template && take_data(rest, record);
}

/* False if it is no list; its first records are there then */
bool records_parse(struct records *records, size_t size, size_t digest_size)
{
	struct rest rest = { (const unsigned char *)records->text, size };
	size_t room = 0;

	records->all = NULL;
	records->count = 0;
	while (rest.size) {
		if (records->count == room) {
			room = room ? 2 * room : 256;
			records->all = must_alloc(records->all, room * sizeof(*records->all));
		}
		if (!take_record(&rest, &records->all[records->count], digest_size))
			return false;
		records->count++;
	}
	return true;
}

void records_free(struct records *records)
{
	free(records->all);
	free(records->text);
	*records = (struct records){};
}

bool record_is_violation(const struct record *record, size_t digest_size)
{
	static const unsigned char zeros[MAX_DIGEST];

	return !memcmp(record->digest, zeros, digest_size);
}

/* The name is hashed with zeros up to the size that it may have */
static void digest_old(const struct record *record, const struct sha *sha,
		       unsigned char *digest)
{
	unsigned char data[OLD_DIGEST + OLD_NAME] = {};

	memcpy(data, record->data, OLD_DIGEST);
	memcpy(data + OLD_DIGEST, record->data + OLD_DIGEST + 4,
	       record->data_size - OLD_DIGEST - 4);
	sha_digest(sha, data, sizeof(data), digest);
}

bool record_holds(const struct record *record, const struct sha *sha)
{
	unsigned char digest[MAX_DIGEST];

	if (is_old(record))
		digest_old(record, sha, digest);
	else
		sha_digest(sha, record->data, record->data_size, digest);
	return !memcmp(digest, record->digest, sha_size(sha));
}

bool record_same(const struct record *a, const struct record *b)
{
	return a->pcr == b->pcr && a->template_size == b->template_size &&
	       a->data_size == b->data_size &&
	       !memcmp(a->template, b->template, a->template_size) &&
	       !memcmp(a->data, b->data, a->data_size);
}

/* The second field, which is a name in all templates that Linux has; NULL: there is none */
static const unsigned char *name_of(const struct record *record, uint32_t *len)
{
	struct rest rest = { record->data, record->data_size };

	if (is_old(record))
		take(&rest, OLD_DIGEST);
	else if (take_number(&rest, len))
		take(&rest, *len);
	return take_number(&rest, len) ? take(&rest, *len) : NULL;
}

void record_name(const struct record *record, char *text, size_t size)
{
	const unsigned char *name;
	uint32_t len;
	size_t i;

	name = name_of(record, &len);
	for (i = 0; name && i < len && i < size - 1 && name[i]; i++)
		text[i] = name[i];
	text[i] = '\0';
	tame(text, i, '_');
}

/* In a text of the list, a name has as many lines, and no other field has a second one */
size_t record_lines(const struct record *record)
{
	const unsigned char *name;
	size_t lines = 1;
	uint32_t len, i;

	name = name_of(record, &len);
	for (i = 0; name && i < len && name[i]; i++)
		lines += name[i] == '\n';
	return lines;
}
