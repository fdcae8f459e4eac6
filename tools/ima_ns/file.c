// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - whole files
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "imans.h"

void *must_alloc(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new)
		errx(STATUS_FAILED, "out of memory");
	return new;
}

/* Terminated, so that it can be taken for a text; NULL and errno. */
char *read_fd(int fd, size_t *size)
{
	size_t room = 1 << 14, used = 0;
	char *text = must_alloc(NULL, room + 1);
	ssize_t len;

	while ((len = read(fd, text + used, room - used)) != 0) {
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			free(text);
			return NULL;
		}
		used += len;
		if (used == room) {
			room *= 2;
			text = must_alloc(text, room + 1);
		}
	}
	text[used] = '\0';
	if (size)
		*size = used;
	return text;
}

char *read_path(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	char *text;

	if (fd < 0)
		return NULL;
	text = read_fd(fd, size);
	error = errno;
	close(fd);
	errno = error;
	return text;
}
