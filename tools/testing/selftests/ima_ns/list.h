/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: measurement lists
 *
 * A list is looked at through a descriptor that was opened in its namespace:
 * the opener's namespace counts, and reading adds nothing to anybody's list.
 */
#ifndef IMA_NS_TEST_LIST_H
#define IMA_NS_TEST_LIST_H

#include "common.h"
#include "sha.h"

/* Room for a digest and a path. */
#define EVIDENCE_SIZE (PATH_MAX + 128)

/* The list of one level at one moment. */
struct list {
	char *text;
	int count;
};

/* Is it about a namespace that ended, whenever a work item came to it? */
static inline bool line_is_late(const char *line, size_t size)
{
	return memmem(line, size, " namespace-ended ", 17) ||
	       memmem(line, size, " namespaces-ended ", 18);
}

/* Has lines end in their last field: with ima_template=ima-sig that is mostly empty */
static inline char *without_empty_fields(char *text)
{
	char *from = text, *to = text;

	for (; *from; from++) {
		if (*from == '\n' && to > text && to[-1] == ' ')
			to--;
		*to++ = *from;
	}
	*to = '\0';
	return text;
}

/* Reads a list as it is. */
static inline int list_read_all(int fd, struct list *list)
{
	const ssize_t size = read_fd(fd, &list->text);

	list->count = size < 0 ? 0 : count_lines(list->text);
	return size < 0 ? size : 0;
}

/* Reads a list, without what is said of namespaces of other tests. */
static inline int list_read(int fd, struct list *list)
{
	const ssize_t size = read_fd(fd, &list->text);
	char *from = list->text, *to = list->text, *end;

	list->count = 0;
	if (size < 0)
		return size;
	for (; (end = strchr(from, '\n')); from = end + 1) {
		if (line_is_late(from, end - from))
			continue;
		memmove(to, from, end + 1 - from);
		to += end + 1 - from;
		list->count++;
	}
	*to = '\0';
	return 0;
}

static inline void list_free(struct list *list)
{
	free(list->text);
	list->text = NULL;
}

/* Copies line @n (the last one if negative), without its newline. */
static inline int list_line(const struct list *list, int n, char *line,
			    size_t size)
{
	const char *c = list->text, *end;

	if (n < 0)
		n += list->count;
	if (n < 0 || n >= list->count)
		return -ENOENT;
	while (n--)
		c = strchr(c, '\n') + 1;
	end = strchr(c, '\n');
	snprintf(line, size, "%.*s", (int)(end - c), c);
	return 0;
}

/* Number of lines for a path, whatever their digests. */
static inline int list_count_path(const struct list *list,
				  const char *path)
{
	char needle[PATH_MAX + 2];
	const char *c = list->text;
	int count = 0;

	snprintf(needle, sizeof(needle), "%s\n", path);
	while ((c = strstr(c, needle))) {
		count++;
		c += strlen(needle);
	}
	return count;
}

/* Number of times that a list has a text. */
static inline int fd_count_text(int fd, const char *text)
{
	const char *c;
	struct list list;
	const int err = list_read(fd, &list);
	int count = 0;

	for (c = list.text; !err && (c = strstr(c, text)); c++)
		count++;
	list_free(&list);
	return err ?: count;
}

static inline int fd_count_path(int fd, const char *path)
{
	struct list list;
	int ret = list_read(fd, &list);

	if (!ret)
		ret = list_count_path(&list, path);
	list_free(&list);
	return ret;
}

/* Violations in a list: template digests of zeros, of a file with that name. */
static inline int fd_count_violations(int fd, const char *name)
{
	static const char zeros[] = "10 0000000000000000000000000000000000000000 ";
	const char *line, *end;
	struct list list;
	int count = 0;

	if (list_read(fd, &list))
		return -EIO;
	for (line = list.text; (end = strchr(line, '\n')); line = end + 1) {
		if (!strncmp(line, zeros, strlen(zeros)) &&
		    memmem(line, end - line, name, strlen(name)))
			count++;
	}
	list_free(&list);
	return count;
}

static inline int fd_count(int fd)
{
	struct list list;
	const int ret = list_read(fd, &list);

	list_free(&list);
	return ret ? ret : list.count;
}

/* Opens the list of an agent's namespace, and that of the host. */
static inline int lists_open(struct agent *agent, int *own, int *host)
{
	*own = agent_open(agent, ASCII_LIST, O_RDONLY);
	if (*own < 0)
		return *own;
	*host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	return *host < 0 ? -errno : 0;
}

/* What a line says of a file: " sha256:DIGEST PATH". */
static inline int file_evidence(const char *real, const char *path,
				char *text, size_t size)
{
	char *content, hex[65];
	const ssize_t n = read_path(real, &content);

	if (n < 0)
		return n;
	sha256_hex(content, n, hex);
	free(content);
	snprintf(text, size, " sha256:%s %s", hex, path);
	return 0;
}

/* Asserts that a list opens with a boot_aggregate of zeros. */
static inline void
assert_boot_aggregate(struct __test_metadata *const _metadata,
		      const struct list *list)
{
	char line[PATH_MAX], expected[128];

	snprintf(expected, sizeof(expected), " sha256:%064d boot_aggregate",
		 0);
	ASSERT_EQ(0, list_line(list, 0, line, sizeof(line)));
	ASSERT_TRUE(contains(line, expected))
	{
		TH_LOG("First line: %s", line);
	}
}

/*
 * Asserts that the list behind @fd had @before entries and gained exactly
 * @gain (0 or 1) since, and that the last line ends with @evidence.  The
 * first record of a child's list brings the boot_aggregate along.
 */
static inline void assert_gain(struct __test_metadata *const _metadata,
			       const char *level, int fd, int before,
			       int gain, const char *evidence)
{
	char line[2 * PATH_MAX];
	struct list list;

	ASSERT_EQ(0, list_read(fd, &list));
	if (gain && !before) {
		assert_boot_aggregate(_metadata, &list);
		before = 1;
	}
	ASSERT_EQ(before + gain, list.count)
	{
		TH_LOG("Level %s, about%s:\n%s", level, evidence, list.text);
	}
	if (gain) {
		ASSERT_EQ(0, list_line(&list, -1, line, sizeof(line)));
		ASSERT_TRUE(contains(line, evidence))
		{
			TH_LOG("Level %s, expected%s, seen: %s", level,
			       evidence, line);
		}
	}
	list_free(&list);
}

#endif /* IMA_NS_TEST_LIST_H */
