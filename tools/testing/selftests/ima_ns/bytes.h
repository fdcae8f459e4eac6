/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: policies of any bytes
 *
 * What is loaded need not be text, and what comes of it is told call by call.
 */

#include "world.h"

#define FSUUID "fsuuid=6a1b8d3c-0000-4000-8000-000000000000"

/* What the calls said; 0 or a negative errno each. */
struct attempt {
	int open_err, write_err, close_err;
	/* Lines that were taken for rules, those about labels among them. */
	int rules, labels;
	/* What was refused is a path, not a rule. */
	bool path;
};

/* Counts what a write() took, as the kernel is to see it. */
static inline void count_rule(struct attempt *attempt, const char *text, size_t size)
{
	while (size && (*text == ' ' || *text == '\t')) {
		text++;
		size--;
	}
	if (!size || *text == '#' || *text == '\n')
		return;
	attempt->rules++;
	attempt->labels += memmem(text, size, "obj_", 4) ||
			   memmem(text, size, "subj_", 5);
}

static inline void write_bytes(struct attempt *attempt, int fd, const char *text,
			       size_t size, size_t chunk)
{
	while (size) {
		const size_t part = chunk && chunk < size ? chunk : size;
		const ssize_t n = write(fd, text, part);

		if (n <= 0 || (size_t)n > part) {
			attempt->write_err = n < 0 ? -errno : -EIO;
			attempt->path = *text == '/';
			return;
		}
		count_rule(attempt, text, n);
		text += n;
		size -= n;
	}
}

/* Unlike do_load(), loads any bytes, and tells what each call said. */
static inline struct attempt load_bytes(const char *text, size_t size, size_t chunk)
{
	struct attempt attempt = {};
	const int fd = open(POLICY, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		attempt.open_err = -errno;
		return attempt;
	}
	write_bytes(&attempt, fd, text, size, chunk);
	attempt.close_err = close(fd) ? -errno : 0;
	return attempt;
}

/*
 * Leaves for a new namespace below the initial one: much the same as a new
 * agent, in a fraction of the time.
 */
static inline int enter_fresh(void)
{
	static int home = -1;

	if (home < 0)
		home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	else if (setns(home, CLONE_NEWNS))
		return -errno;
	if (home < 0 || unshare(CLONE_NEWNS))
		return -errno;
	return ns_inum(0, "ima") == INIT_INUM ? -ENOENT : 0;
}
