/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: names in directories
 */
#ifndef IMA_NS_TEST_NAMES_H
#define IMA_NS_TEST_NAMES_H

#include <dirent.h>

/* Sorted names in a directory that are wanted, as text, a name a line; -errno. */
static inline int list_names(const char *path, bool (*wanted)(const char *name),
			     char *text, size_t size)
{
	struct dirent **names;
	int i, n, len = 0;

	n = scandir(path, &names, NULL, alphasort);
	if (n < 0)
		return -errno;
	text[0] = '\0';
	for (i = 0; i < n; i++) {
		if (wanted(names[i]->d_name))
			len += snprintf(text + len, size - len, "%s\n",
					names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}

#endif /* IMA_NS_TEST_NAMES_H */
