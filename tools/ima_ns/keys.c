// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - a namespace's keyring, and who vouches for keys in it
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imans.h"

static const char *key_hint(int error)
{
	switch (error) {
	case EACCES:
		return "it takes CAP_SYS_ADMIN or CAP_MAC_ADMIN over the namespace's owner";
	case EBADMSG:
		return "it is no X.509 certificate in DER: openssl x509 -in FILE -outform DER";
	case EDQUOT:
		return "the key quota, see /proc/key-users, or 16 authorities, are used up";
	case EKEYREVOKED:
	case ENOENT:
		return "the namespace has ended";
	case ENOKEY:
		return "nobody vouches for it, see --ca, or it is for another purpose";
	case ENOPKG:
		return "the kernel has no such algorithm";
	case EPERM:
		return "the keyring is locked";
	default:
		return "nothing was added";
	}
}

static const char *ca_hint(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "it takes CAP_SYS_ADMIN over the owners of the namespace and its parent";
	case EFBIG:
		return "a certificate has 16 KiB at most";
	case ENOKEY:
		return "it is not one that may certify others: CA:TRUE, keyCertSign";
	default:
		return key_hint(error);
	}
}

static bool complain(const struct ns *ns, const struct file *cert, const char *what,
		     const char *(*hint)(int error))
{
	warnx("namespace %lld: %s %s: %s: %s", ns->id, what, cert->path,
	      strerror(errno), hint(errno));
	return false;
}

/* Opening that file makes the keyring, if there was none */
bool keys_add(const struct ns *ns, const struct file *cert)
{
	char *text = ns_read(ns, "keyring", NULL);
	long ring = text ? strtol(text, NULL, 10) : 0;

	free(text);
	if (!text || !ring)
		return complain(ns, cert, "no keyring for", key_hint);
	if (syscall(__NR_add_key, "asymmetric", "", cert->content, cert->size, ring) >= 0)
		return true;
	return complain(ns, cert, "key", key_hint);
}

bool keys_add_ca(const struct ns *ns, const struct file *cert)
{
	int fd = ns_open(ns, "ca", O_WRONLY);
	bool added = fd >= 0 && write(fd, cert->content, cert->size) >= 0;

	if (!added)
		complain(ns, cert, "authority", ca_hint);
	if (fd >= 0)
		close(fd);
	return added;
}

static int join(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : setns(fd, CLONE_NEWNS);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};

	return syscall(__NR_capset, &header, none);
}

/* In a child: what the file says to a member without privilege */
static void tell_keyring(const void *arg, int out)
{
	const struct ns *ns = arg;
	char text[64];
	ssize_t len;
	int fd;

	if (!ns->own && (!ns->pid_count || join(ns->tid)))
		_exit(1);
	if (process_inum(getpid()) != ns->inum || drop_capabilities())
		_exit(1);
	fd = openat(ima_fd, "keyring", O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text));
	_exit(len <= 0 || write(out, text, len) != len);
}

/*
 * Who is privileged cannot read that file without making a keyring, which
 * would be a change.  A member without privilege can.  NULL: nobody knows.
 */
static char *read_keyring(const struct ns *ns)
{
	return read_child(tell_keyring, ns);
}

/*
 * What keyctl(2) gives of a key, to be freed, or NULL.  It copies nothing where that
 * takes more room, as there may have come more since it was asked how much it takes.
 */
static void *ask_key(int command, int key, long *len)
{
	void *answer = NULL;
	long room = 0;

	while ((*len = syscall(__NR_keyctl, command, key, answer, room, 0)) > room) {
		room = *len;
		answer = must_alloc(answer, room);
	}
	if (*len > 0)
		return answer;
	free(answer);
	return NULL;
}

/* Keys come as their type;uid;gid;permissions;description, of which the last is any text */
static const char *description_of(char *text, long len)
{
	int i;

	text[len - 1] = '\0';
	for (i = 0; text && i < 4; i++) {
		text = strchr(text, ';');
		text = text ? text + 1 : NULL;
	}
	return text;
}

static void show_key(int key, bool json, bool first)
{
	long len;
	char *text = ask_key(KEYCTL_DESCRIBE, key, &len);
	const char *description = text ? description_of(text, len) : NULL;

	if (json) {
		printf("%s{", first ? "" : ", ");
		print_number_member("serial", key);
		printf(", ");
		print_member("description", description);
		printf("}");
	} else {
		if (description)
			tame(text, len - 1, '?');
		printf("  %d %s\n", key, description ?: "?");
	}
	free(text);
}

static void show_ring(int ring, bool json)
{
	long len, i;
	int *keys = ask_key(KEYCTL_READ, ring, &len);

	if (len < 0)
		warn("the keyring cannot be read");
	for (i = 0; keys && i < len / (long)sizeof(*keys); i++)
		show_key(keys[i], json, !i);
	free(keys);
}

/* Without processes, and without the right to join them, it is not known */
void keys_show(const struct ns *ns, bool json)
{
	char *text = read_keyring(ns), *ca = ns_read(ns, "ca", NULL);
	int ring = text ? atoi(text) : 0;
	bool locked = text && strstr(text, " locked");

	if (json) {
		printf("\"authorities\": %s, \"keyring\": ", ca ? strtok(ca, "\n") : "null");
		if (ring)
			printf("{\"serial\": %d, \"locked\": %s, \"keys\": [", ring,
			       locked ? "true" : "false");
		else
			print_string(text ? "none" : "unknown", text ? 4 : 7);
	} else {
		printf("keys: %s authorities, keyring %s", ca ? strtok(ca, "\n") : "?",
		       text ? text : "unknown, as there is no process that could be asked\n");
	}
	if (ring)
		show_ring(ring, json);
	if (json && ring)
		printf("]}");
	free(text);
	free(ca);
}
