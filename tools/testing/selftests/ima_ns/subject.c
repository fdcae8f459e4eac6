// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program whose copies are measured
 *
 * Statically linked, so that its execution is one file, and small with nolibc,
 * as it is hashed over and over.  Without arguments it does nothing.
 */

#ifndef NOLIBC
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Prints a file, through a descriptor that this process opens. */
static int print_file(const char *path)
{
	const int fd = open(path, O_RDONLY);
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return 1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(STDOUT_FILENO, buf, n) != n)
			return 1;
	return n < 0;
}

static int print_link(const char *path)
{
	char target[4096];
	const ssize_t n = syscall(__NR_readlinkat, AT_FDCWD, path, target,
				  sizeof(target));

	return n < 0 || write(STDOUT_FILENO, target, n) != n;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && !strcmp(argv[1], "wait"))
		poll(NULL, 0, -1);
	if (argc == 3 && !strcmp(argv[1], "cat"))
		return print_file(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "link"))
		return print_link(argv[2]);
	return argc > 1;
}
