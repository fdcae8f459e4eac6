/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: audit records, as an audit daemon gets them
 */

#include <linux/audit.h>
#include <linux/netlink.h>

/* Hears all audit records from now on. */
static inline int open_audit(void)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1),
	};
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			      NETLINK_AUDIT);
	const int size = 4 * 1024 * 1024;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

/* Puts a text of ours behind all records that there are so far. */
static inline int mark_audit(int fd, const char *text)
{
	struct {
		struct nlmsghdr header;
		char text[36];
	} message = {
		.header = {
			.nlmsg_len = sizeof(message),
			.nlmsg_type = AUDIT_USER_AVC,
			.nlmsg_flags = NLM_F_REQUEST,
		},
	};

	snprintf(message.text, sizeof(message.text), "%s", text);
	return send(fd, &message, sizeof(message), 0) < 0 ? -errno : 0;
}

/* Gives all records since the last time to @note, until that returns an error. */
static inline int audit_read(int fd,
			     int (*note)(void *data, int type,
					 const char *text),
			     void *data)
{
	struct {
		struct nlmsghdr header;
		char text[2 * PATH_MAX];
	} message;
	char mark[33];
	ssize_t n;
	int err;

	unique_text(mark);
	err = mark_audit(fd, mark);
	while (!err) {
		n = recv(fd, &message, sizeof(message) - 1, 0);
		if (n < (ssize_t)sizeof(message.header))
			return n < 0 ? -errno : -EIO;
		((char *)&message)[n] = '\0';
		if (message.header.nlmsg_type == AUDIT_USER_AVC &&
		    contains(message.text, mark))
			return 0;
		err = note(data, message.header.nlmsg_type, message.text);
	}
	return err;
}

/* What is asked of the kernel's audit, and what it answers. */
struct audit_message {
	struct nlmsghdr header;
	struct audit_status status;
};

static inline int audit_send(int fd, int type, int flags,
			     const struct audit_status *status)
{
	const struct audit_message message = {
		.header = {
			.nlmsg_len = sizeof(message),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.status = *status,
	};

	return send(fd, &message, sizeof(message), 0) < 0 ? -errno : 0;
}

/* Asks for the state of the kernel's audit, or sets the members in its mask. */
static inline int audit_status(int type, struct audit_status *status)
{
	const struct timeval patience = { .tv_sec = 10 };
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct audit_message message;
	const struct nlmsgerr *const answer = NLMSG_DATA(&message.header);
	int err;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	err = audit_send(fd, type, type == AUDIT_SET ? NLM_F_ACK : 0, status);
	if (!err && recv(fd, &message, sizeof(message), 0) < 0)
		err = -errno;
	else if (!err && message.header.nlmsg_type == NLMSG_ERROR)
		err = answer->error;
	else if (!err)
		*status = message.status;
	close(fd);
	return err;
}

/* Is the audit daemon from now on, one that reads nothing. */
static inline int audit_daemon_asleep(void)
{
	const struct audit_status status = {
		.mask = AUDIT_STATUS_PID,
		.pid = getpid(),
	};
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	const int size = 1;
	int err = 0;

	/* The least that there is, so that it is full at once. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		err = -errno;
	return err ?: audit_send(fd, AUDIT_SET, 0, &status) ?: fd;
}
