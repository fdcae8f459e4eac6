// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - whole files
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
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

char *read_closing(int fd, size_t *size)
{
	char *text;
	int error;

	if (fd < 0)
		return NULL;
	text = read_fd(fd, size);
	error = errno;
	close(fd);
	errno = error;
	return text;
}

char *read_path(const char *path, size_t *size)
{
	return read_closing(open(path, O_RDONLY | O_CLOEXEC), size);
}

char *read_child(void (*child)(const void *arg, int out), const void *arg)
{
	int out[2], status;
	char *text;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		err(STATUS_FAILED, "pipe");
	pid = fork();
	if (pid < 0)
		err(STATUS_FAILED, "fork");
	if (!pid) {
		child(arg, out[1]);
		_exit(STATUS_FAILED);
	}
	close(out[1]);
	text = read_closing(out[0], NULL);
	if (waitpid(pid, &status, 0) == pid && !status)
		return text;
	free(text);
	return NULL;
}
