/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: keys
 */
#ifndef IMA_NS_TEST_KEYS_H
#define IMA_NS_TEST_KEYS_H

#include <linux/keyctl.h>

#define KEYRING_FILE IMA_DIR "/keyring"

/* Adds the certificate in a file to a keyring: its serial, or -errno. */
static inline long add_cert_to(int ring, const char *path)
{
	char *cert;
	const ssize_t size = read_path(path, &cert);
	long key;

	if (size < 0)
		return size;
	key = syscall(__NR_add_key, "asymmetric", "", cert, size, ring);
	key = key < 0 ? -errno : key;
	free(cert);
	return key;
}

/* Adds it to a new keyring, of a new session: 0, or -errno. */
static inline int add_cert(const char *keyring, const char *path)
{
	long ring, key;

	if (syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -errno;
	ring = syscall(__NR_add_key, "keyring", keyring, NULL, 0,
		       KEY_SPEC_SESSION_KEYRING);
	if (ring < 0)
		return -errno;
	key = add_cert_to(ring, path);
	return key < 0 ? key : 0;
}

static inline long do_add_cert(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return add_cert_to(call->flags, call->path);
}

/* The agent adds a certificate to a keyring: the key's serial, or -errno. */
static inline long agent_add_cert(struct agent *agent, int ring,
				  const char *path)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = ring;
	return agent_call(agent, do_add_cert, -1, NULL);
}

static inline long do_keyctl(struct call *call, int fd)
{
	long args[4], ret;

	if (fd >= 0)
		close(fd);
	memcpy(args, call->text, sizeof(args));
	ret = syscall(__NR_keyctl, args[0], args[1], args[2], args[3], 0);
	return ret < 0 ? -errno : ret;
}

static inline long agent_keyctl(struct agent *agent, int op, long a, long b,
				long c)
{
	const long args[4] = { op, a, b, c };

	memcpy(agent->call->text, args, sizeof(args));
	return agent_call(agent, do_keyctl, -1, NULL);
}

/* A file that tells of a keyring: its serial, 0 if there is none, or -errno. */
static inline long parse_keyring(int fd, bool *locked)
{
	char *text;
	const ssize_t n = read_fd(fd, &text);
	long ret = n;

	if (n >= 0) {
		ret = strcmp(text, "none\n") ? strtol(text, NULL, 10) : 0;
		*locked = contains(text, " locked\n");
	}
	free(text);
	close(fd);
	return ret;
}

/* The keyring of the agent's namespace, as the agent sees it. */
static inline long agent_keyring(struct agent *agent)
{
	const int fd = agent_open(agent, KEYRING_FILE, O_RDONLY);
	bool locked;

	return fd < 0 ? fd : parse_keyring(fd, &locked);
}

/* Who possesses a keyring may do more to the keys that are in it. */
static inline long possess_keyring(struct agent *agent)
{
	const long ring = agent_keyring(agent);
	long err = ring;

	if (err > 0)
		err = agent_keyctl(agent, KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0);
	if (err > 0)
		err = agent_keyctl(agent, KEYCTL_LINK, ring,
				   KEY_SPEC_SESSION_KEYRING, 0);
	return err ?: ring;
}

enum loss { UNLINKED, CLEARED, REVOKED, INVALIDATED, EXPIRED, LOSSES };

static inline int lose_key(struct agent *agent, long ring, long key,
			   enum loss loss)
{
	switch (loss) {
	case UNLINKED:
		return agent_keyctl(agent, KEYCTL_UNLINK, key, ring, 0);
	case CLEARED:
		return agent_keyctl(agent, KEYCTL_CLEAR, ring, 0, 0);
	case REVOKED:
		return agent_keyctl(agent, KEYCTL_REVOKE, key, 0, 0);
	case INVALIDATED:
		return agent_keyctl(agent, KEYCTL_INVALIDATE, key, 0, 0);
	default:
		return agent_keyctl(agent, KEYCTL_SET_TIMEOUT, key, 1, 0);
	}
}

/* Where the host has a file of a namespace. */
static inline void ns_file(char path[PATH_MAX], long id, const char *name)
{
	snprintf(path, PATH_MAX, IMA_DIR "/namespaces/%ld/%s", id, name);
}

static inline int ns_write(long id, const char *name, const void *data,
			   size_t size)
{
	char path[PATH_MAX];

	ns_file(path, id, name);
	return write_path(path, 0, data, size);
}

/* The host lets a certificate vouch for the keys of a namespace. */
static inline int host_add_ca(long id, const char *path)
{
	char *cert;
	const ssize_t size = read_path(path, &cert);
	int err = size;

	if (size >= 0)
		err = ns_write(id, "ca", cert, size);
	free(cert);
	return err;
}

#endif /* IMA_NS_TEST_KEYS_H */
