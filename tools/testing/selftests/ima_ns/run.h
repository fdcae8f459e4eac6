/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: other programs
 */
#ifndef IMA_NS_TEST_RUN_H
#define IMA_NS_TEST_RUN_H

/* Runs a program and collects what it prints; NULL: nothing is wanted. */
static inline int run(const char *const argv[], char *text, size_t size)
{
	size_t n = 0;
	ssize_t got;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		const int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(text ? out[1] : null, STDOUT_FILENO);
		if (!text)
			dup2(null, STDERR_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(out[1]);
	while (text && n < size - 1 &&
	       (got = read(out[0], text + n, size - 1 - n)) > 0)
		n += got;
	if (text)
		text[n] = '\0';
	close(out[0]);
	return reap(pid);
}

#endif /* IMA_NS_TEST_RUN_H */
