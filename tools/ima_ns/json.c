// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - reading the JSON of container runtimes (RFC 8259)
 *
 * A text is checked as a whole first; what looks into it then needs no care.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imans.h"

#define MAX_DEPTH 128

static const char *skip_space(const char *c)
{
	return c + strspn(c, " \t\r\n");
}

static int hex_digits(const char *c)
{
	char text[5] = {};

	if (strspn(c, "0123456789abcdefABCDEF") < 4)
		return -1;
	memcpy(text, c, 4);
	return strtol(text, NULL, 16);
}

/* These return what follows, or NULL if there is none of its kind. */

static const char *skip_string(const char *c)
{
	if (*c++ != '"')
		return NULL;
	for (; *c != '"'; c++) {
		if ((unsigned char)*c < ' ')
			return NULL;
		if (*c != '\\')
			continue;
		c++;
		if (!*c || !strchr("\"\\/bfnrtu", *c))
			return NULL;
		if (*c == 'u' && hex_digits(c + 1) < 0)
			return NULL;
	}
	return c + 1;
}

static const char *skip_digits(const char *c)
{
	size_t len = strspn(c, "0123456789");

	return len ? c + len : NULL;
}

static const char *skip_number(const char *c)
{
	if (*c == '-')
		c++;
	c = *c == '0' ? c + 1 : skip_digits(c);
	if (c && *c == '.')
		c = skip_digits(c + 1);
	if (c && (*c == 'e' || *c == 'E')) {
		c++;
		c = skip_digits(*c == '+' || *c == '-' ? c + 1 : c);
	}
	return c;
}

static const char *skip_word(const char *c)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(c, words[i], strlen(words[i])))
			return c + strlen(words[i]);
	return NULL;
}

static const char *skip_value(const char *c, int depth);

static const char *skip_key(const char *c)
{
	c = skip_string(c);
	if (!c)
		return NULL;
	c = skip_space(c);
	return *c == ':' ? skip_space(c + 1) : NULL;
}

/* An object or an array, whose opening bracket is at @c */
static const char *skip_compound(const char *c, int depth)
{
	char end = *c == '{' ? '}' : ']';

	c = skip_space(c + 1);
	if (*c == end)
		return c + 1;
	for (;;) {
		if (end == '}')
			c = skip_key(c);
		c = c ? skip_value(c, depth + 1) : NULL;
		if (!c)
			return NULL;
		c = skip_space(c);
		if (*c == end)
			return c + 1;
		if (*c != ',')
			return NULL;
		c = skip_space(c + 1);
	}
}

static const char *skip_value(const char *c, int depth)
{
	if (depth > MAX_DEPTH)
		return NULL;
	switch (*c) {
	case '{':
	case '[':
		return skip_compound(c, depth);
	case '"':
		return skip_string(c);
	case 't':
	case 'f':
	case 'n':
		return skip_word(c);
	default:
		return skip_number(c);
	}
}

bool json_valid(const char *text)
{
	const char *end = skip_value(skip_space(text), 0);

	return end && !*skip_space(end);
}

static bool is_key(const char *c, const char *key)
{
	char *name = json_string(c);
	bool same = name && !strcmp(name, key);

	free(name);
	return same;
}

/* The value of a member, the last one if there are several, or NULL */
const char *json_member(const char *object, const char *key)
{
	const char *c = skip_space(object), *found = NULL, *value;

	if (*c != '{')
		return NULL;
	c = skip_space(c + 1);
	while (*c == '"') {
		value = skip_key(c);
		if (is_key(c, key))
			found = value;
		c = skip_space(skip_value(value, 0));
		if (*c == ',')
			c = skip_space(c + 1);
	}
	return found;
}

const char *json_path(const char *text, const char *const keys[])
{
	for (; text && *keys; keys++)
		text = json_member(text, *keys);
	return text;
}

static char *put_utf8(char *to, unsigned int code)
{
	if (code < 0x80) {
		*to++ = code;
		return to;
	}
	if (code < 0x800) {
		*to++ = 0xc0 | code >> 6;
	} else if (code < 0x10000) {
		*to++ = 0xe0 | code >> 12;
		*to++ = 0x80 | (code >> 6 & 0x3f);
	} else {
		*to++ = 0xf0 | code >> 18;
		*to++ = 0x80 | (code >> 12 & 0x3f);
		*to++ = 0x80 | (code >> 6 & 0x3f);
	}
	*to++ = 0x80 | (code & 0x3f);
	return to;
}

/* The digits of \u, two of them if they are a pair; 0 if they are no character */
static unsigned int unicode(const char **c)
{
	unsigned int code = hex_digits(*c), low;

	*c += 4;
	if (code < 0xd800 || code > 0xdfff)
		return code;
	if (code > 0xdbff || (*c)[0] != '\\' || (*c)[1] != 'u')
		return 0;
	low = hex_digits(*c + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*c += 6;
	return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

static char unescape(char c)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *found = strchr(from, c);

	return found ? to[found - from] : c;
}

/* To be freed; NULL if it is no string, or one with a NUL in it */
char *json_string(const char *value)
{
	const char *c = skip_space(value);
	char *text, *to;
	unsigned int code;

	if (*c++ != '"')
		return NULL;
	text = must_alloc(NULL, strlen(c) + 1);
	to = text;
	while (*c != '"') {
		if (*c != '\\') {
			*to++ = *c++;
		} else if (c[1] != 'u') {
			*to++ = unescape(c[1]);
			c += 2;
		} else {
			c += 2;
			code = unicode(&c);
			if (!code) {
				free(text);
				return NULL;
			}
			to = put_utf8(to, code);
		}
	}
	*to = '\0';
	return text;
}

/* UNKNOWN if it is no whole number */
long long json_number(const char *value)
{
	const char *c = skip_space(value);
	char *end;
	long long number;

	if (*c != '-' && (*c < '0' || *c > '9'))
		return UNKNOWN;
	errno = 0;
	number = strtoll(c, &end, 10);
	return errno || *end == '.' || *end == 'e' || *end == 'E' ? UNKNOWN : number;
}
