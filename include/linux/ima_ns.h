/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: lifetime
 *
 * An IMA namespace is made together with a mount namespace, which owns a
 * reference to it; &nsproxy.ima_ns is a borrowed copy of that pointer.
 */
#ifndef _LINUX_IMA_NS_H
#define _LINUX_IMA_NS_H

#include <linux/errno.h>
#include <linux/types.h>

struct ima_namespace;
struct fs_context;
struct key;
struct super_block;
struct tpm_chip;
struct user_namespace;

/*
 * What NS_GET_NSTYPE answers.  No CLONE_NEW* value, since fs/nsfs.c takes
 * those as licence to cast; clone3(), unshare() and setns() refuse this bit.
 */
#define IMA_NS_TYPE	0x00000040

#ifdef CONFIG_IMA_NS

extern struct ima_namespace init_ima_ns;

struct ima_namespace *copy_ima_ns(struct user_namespace *user_ns,
				  struct ima_namespace *parent);
struct ima_namespace *get_ima_ns(struct ima_namespace *ns);
void put_ima_ns(struct ima_namespace *ns);

int ima_ns_get_tree(struct fs_context *fc);
bool ima_ns_kill_super(struct super_block *sb);

int ima_ns_tpm_bind_chip(struct tpm_chip *chip);
void ima_ns_tpm_chip_gone(struct tpm_chip *chip);

#else /* CONFIG_IMA_NS */

static inline struct ima_namespace *
copy_ima_ns(struct user_namespace *user_ns, struct ima_namespace *parent)
{
	return NULL;
}

static inline struct ima_namespace *get_ima_ns(struct ima_namespace *ns)
{
	return ns;
}

static inline void put_ima_ns(struct ima_namespace *ns)
{
}

static inline int ima_ns_get_tree(struct fs_context *fc)
{
	return -EPERM;
}

static inline bool ima_ns_kill_super(struct super_block *sb)
{
	return false;
}

static inline int ima_ns_tpm_bind_chip(struct tpm_chip *chip)
{
	return -ENOTTY;
}

static inline void ima_ns_tpm_chip_gone(struct tpm_chip *chip)
{
}

#endif /* CONFIG_IMA_NS */

#ifdef CONFIG_IMA_NS_KEYS
bool ima_ns_is_keyring(const struct key *keyring);
bool ima_ns_unrequestable(const struct key *keyring);
void ima_ns_key_changed(const struct key *key);
#else
static inline bool ima_ns_is_keyring(const struct key *keyring)
{
	return false;
}

static inline bool ima_ns_unrequestable(const struct key *keyring)
{
	return false;
}

static inline void ima_ns_key_changed(const struct key *key)
{
}
#endif /* CONFIG_IMA_NS_KEYS */

#endif /* _LINUX_IMA_NS_H */
