/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: keys
 */

#include <linux/keyctl.h>

/* Adds the certificate in a file to a new keyring, of a new session: 0, or -errno. */
static inline int add_cert(const char *keyring, const char *path)
{
	char *cert;
	const ssize_t size = read_path(path, &cert);
	long ring, key;

	if (size < 0)
		return size;
	if (syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -errno;
	ring = syscall(__NR_add_key, "keyring", keyring, NULL, 0,
		       KEY_SPEC_SESSION_KEYRING);
	if (ring < 0)
		return -errno;
	key = syscall(__NR_add_key, "asymmetric", "key", cert, size, ring);
	free(cert);
	return key < 0 ? -errno : 0;
}
