// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Malformed policies: the ways to write
 *
 * However it is written, a policy is loaded rule by rule and from its beginning,
 * or not at all.
 */

#include <sys/uio.h>

#include "malformed.h"

/* The ways to write: each returns the error of write(), or of close(). */
static struct attempt result(int write_err, int close_err)
{
	const struct attempt attempt = {
		.write_err = write_err,
		.close_err = close_err,
	};

	return attempt;
}

static int write_errno(ssize_t ret, size_t size)
{
	if (ret < 0)
		return -errno;
	return (size_t)ret == size ? 0 : -EIO;
}

static int put(int fd, const char *text)
{
	return write_errno(write(fd, text, strlen(text)), strlen(text));
}

static struct attempt way_pwrite(int fd)
{
	const int err = write_errno(pwrite(fd, RULE_MORE, strlen(RULE_MORE),
					   1), strlen(RULE_MORE));

	return result(err, close(fd) ? -errno : 0);
}

/* The good one before is lost as well. */
static struct attempt way_pwrite_second(int fd)
{
	const int first = put(fd, RULE_MORE);
	const int err = write_errno(pwrite(fd, RULE, strlen(RULE), 4096),
				    strlen(RULE));

	return result(first ?: err, close(fd) ? -errno : 0);
}

static struct attempt way_seek(int fd)
{
	const int err = lseek(fd, 1, SEEK_SET) == 1 ? put(fd, RULE_MORE) :
						      -errno;

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_nothing(int fd)
{
	return result(0, close(fd) ? -errno : 0);
}

static struct attempt way_empty(int fd)
{
	const int err = write_errno(write(fd, "", 0), 0);

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_blank(int fd)
{
	const int err = put(fd, "\t \t\n") ?: put(fd, "\t# x\n") ?:
			put(fd, "\n") ?: put(fd, " ") ?: put(fd, "#");

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_bad_address(int fd)
{
	char *const page = mmap(NULL, 4096, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const int first = put(fd, RULE_MORE);
	const int err = write_errno(write(fd, page, 10), 10);

	munmap(page, 4096);
	return result(first ?: err, close(fd) ? -errno : 0);
}

/* The error is told again by each write() and by each close(). */
static struct attempt way_dup(int fd)
{
	const int other = dup(fd);
	const int err = put(fd, "appraise func=MODULE_CHECK ns=self\n");
	const int again = put(other, RULE_MORE);
	const int first = close(fd) ? -errno : 0;
	const int second = close(other) ? -errno : 0;

	if (other < 0 || again != err || first != err)
		return result(-EIO, 0);
	return result(err, second);
}

static struct attempt way_writev(int fd)
{
	struct iovec parts[] = {
		{ RULE_MORE "\n", strlen(RULE_MORE "\n") },
		{ "bad\n", strlen("bad\n") },
	};
	/* What was taken before the error is what it returns. */
	const int err = write_errno(writev(fd, parts, 2), parts[0].iov_len);

	return result(err, close(fd) ? -errno : 0);
}

static struct attempt way_pwritev(int fd)
{
	struct iovec part = { RULE_MORE "\n", strlen(RULE_MORE "\n") };
	const int err = write_errno(pwritev(fd, &part, 1, 8), part.iov_len);

	return result(err, close(fd) ? -errno : 0);
}

static const struct way {
	const char *name;
	struct attempt (*fn)(int fd);
	int write_err, close_err;
} ways[] = {
	{ "pwrite()", way_pwrite, -EINVAL, -EINVAL },
	{ "pwrite() after a rule", way_pwrite_second, -EINVAL, -EINVAL },
	{ "lseek()", way_seek, -EINVAL, -EINVAL },
	{ "nothing", way_nothing, 0, -EINVAL },
	{ "an empty write", way_empty, 0, -EINVAL },
	{ "blanks", way_blank, 0, -EINVAL },
	{ "a bad address", way_bad_address, -EFAULT, -EFAULT },
	{ "dup()", way_dup, -EINVAL, -EINVAL },
	{ "writev()", way_writev, 0, -EINVAL },
	{ "pwritev()", way_pwritev, -EINVAL, -EINVAL },
};

/* call->flags says which of the ways, call->uid the flags of open(). */
static long do_way(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	fd = open(POLICY, O_WRONLY | O_CLOEXEC | call->uid);
	if (fd < 0)
		return -errno;
	board->got = ways[call->flags].fn(fd);
	return 0;
}

TEST_F(malformed, ways)
{
	static const int flags[] = { 0, O_APPEND, O_TRUNC, O_CREAT,
				     O_NONBLOCK, O_SYNC };
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(ways) * ARRAY_SIZE(flags); i++) {
		n = i % ARRAY_SIZE(ways);
		start_over(_metadata, self, variant->before);
		self->agent.call->flags = n;
		self->agent.call->uid = flags[i / ARRAY_SIZE(ways)];
		ASSERT_EQ(0, agent_call(&self->agent, do_way, -1, NULL));
		ASSERT_EQ(ways[n].write_err, board->got.write_err)
		{
			TH_LOG("%s", ways[n].name);
		}
		ASSERT_EQ(ways[n].close_err, board->got.close_err)
		{
			TH_LOG("%s", ways[n].name);
		}
		assert_no_trace(_metadata, self, variant->before);
	}
}

/* "EACCES: opened for reading and writing", which stops nobody else. */
TEST_F(malformed, open_flags)
{
	start_over(_metadata, self, variant->before);
	ASSERT_EQ(-EACCES, agent_open(&self->agent, POLICY, O_RDWR));
	ASSERT_EQ(-EACCES, agent_open(&self->agent, POLICY, O_RDWR | O_APPEND));
	ASSERT_EQ(-EACCES, agent_open(&self->agent, POLICY, O_RDWR | O_TRUNC));
	ASSERT_EQ(-EEXIST, agent_open(&self->agent, POLICY,
				      O_WRONLY | O_CREAT | O_EXCL));
	ASSERT_EQ(-ENOTDIR, agent_open(&self->agent, POLICY,
				       O_WRONLY | O_DIRECTORY));
	assert_no_trace(_metadata, self, variant->before);
}

/* A rule a part of a writev(), and an empty write() in between, is well. */
static long do_good_ways(struct call *call, int fd)
{
	struct iovec parts[] = {
		{ RULE "\n", strlen(RULE "\n") },
		{ "", 0 },
		{ RULE_MORE "\n", strlen(RULE_MORE "\n") },
	};
	int other, err;

	if (fd >= 0)
		close(fd);
	fd = open(POLICY, O_WRONLY | O_CLOEXEC | O_APPEND);
	other = dup(fd);
	if (fd < 0 || other < 0)
		return -errno;
	err = write_errno(writev(fd, parts, 3),
			  parts[0].iov_len + parts[2].iov_len) ?:
	      write_errno(write(fd, "", 0), 0) ?:
	      write_errno(pwrite(fd, RULE "\n", strlen(RULE "\n"), 0),
			  strlen(RULE "\n"));
	if (close(fd) && !err)
		err = -errno;
	/* It is still being written. */
	fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	if (!err && (fd >= 0 || errno != EBUSY))
		err = -EIO;
	err = err ?: put(other, RULE_MORE);
	if (close(other) && !err)
		err = -errno;
	return err;
}

TEST_F(malformed, good_ways)
{
	char expected[1024];

	start_over(_metadata, self, variant->before);
	ASSERT_EQ(0, agent_call(&self->agent, do_good_ways, -1, NULL));
	snprintf(expected, sizeof(expected),
		 "%s" RULE END RULE_MORE END RULE END RULE_MORE END,
		 variant->before ?: "");
	assert_text(_metadata, self, expected);
}

TEST_HARNESS_MAIN
