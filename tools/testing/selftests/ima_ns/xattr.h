/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: extended attributes of files
 */
#ifndef IMA_NS_TEST_XATTR_H
#define IMA_NS_TEST_XATTR_H

#include <sys/xattr.h>

#define XATTR_IMA "security.ima"
#define XATTR_EVM "security.evm"

/* Version 2; user rwx, user 7 r--, group r-x, mask r--, other --- */
static inline int set_acl(const char *path)
{
	static const unsigned char acl[] = {
		2, 0, 0, 0,
		1, 0, 7, 0, 255, 255, 255, 255,
		2, 0, 4, 0, 7, 0, 0, 0,
		4, 0, 5, 0, 255, 255, 255, 255,
		16, 0, 4, 0, 255, 255, 255, 255,
		32, 0, 0, 0, 255, 255, 255, 255,
	};

	return setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0) ?
		-errno : 0;
}

/* Version 2, over a digest of an algorithm, that no key made. */
static inline int set_signature(const char *path, int algo)
{
	unsigned char sig[25] = { 3, 2, algo, 1, 2, 3, 4, 0, 16 };

	if (getrandom(sig + 9, 16, 0) != 16)
		return -EIO;
	return setxattr(path, XATTR_IMA, sig, sizeof(sig), 0) ? -errno : 0;
}

#endif /* IMA_NS_TEST_XATTR_H */
