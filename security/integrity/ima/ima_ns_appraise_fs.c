// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the files by which keys and verdicts are administered
 *
 * ima/keyring is the namespace's own.  ima/ca and ima/appraise are written from
 * above only: a container neither vouches for its own keys nor leaves itself
 * to itself.
 */

#include <linux/fs.h>
#include <linux/key.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "ima_ns_keys.h"

/* A certificate; those of the largest keys in use take a few KiB. */
#define MAX_CA_SIZE	SZ_16K

/* Is what was written this word, perhaps with a newline? */
static int expect_word(const char __user *ubuf, size_t count, loff_t pos,
		       const char *word)
{
	const size_t len = strlen(word);
	char text[16] = {};

	if (pos || count < len || count > len + 1 || count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, ubuf, count))
		return -EFAULT;
	if (strncmp(text, word, len) || (count > len && text[len] != '\n'))
		return -EINVAL;
	return 0;
}

/* ima/keyring */

static int ima_ns_keyring_open(struct inode *inode, struct file *file)
{
	struct ima_namespace *ns;
	struct key *ring;
	int err;

	err = ima_ns_open(inode, file);
	if (err)
		return err;

	ns = file->private_data;
	if (!ns->parent || !ima_ns_privileged(ns, file->f_cred))
		return 0;

	ring = ima_ns_keys_ring(ns);
	if (!IS_ERR(ring))
		return 0;

	put_ima_ns(ns);
	return PTR_ERR(ring);
}

static ssize_t ima_ns_keyring_read(struct file *file, char __user *buf,
				   size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;
	const struct key *ring = READ_ONCE(ns->keys.ring);
	char text[32];
	int len;

	if (ring)
		len = scnprintf(text, sizeof(text), "%d%s\n", key_serial(ring),
				READ_ONCE(ns->keys.locked) ? " locked" : "");
	else
		len = scnprintf(text, sizeof(text), "none\n");
	return simple_read_from_buffer(buf, count, ppos, text, len);
}

/* Who is adding a key is done with it, or refused. */
static int lock_ring(struct ima_namespace *ns)
{
	struct key *ring = ima_ns_keys_ring(ns);
	bool first;

	if (IS_ERR(ring))
		return PTR_ERR(ring);

	down_write(&ring->sem);
	first = !xchg(&ns->keys.locked, true);
	up_write(&ring->sem);
	return first;
}

static ssize_t ima_ns_keyring_write(struct file *file, const char __user *buf,
				    size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;
	char text[64];
	int err;

	if (!ns->parent || !ima_ns_privileged(ns, file->f_cred))
		return -EPERM;

	err = expect_word(buf, count, *ppos, "locked");
	if (err)
		return err;

	err = lock_ring(ns);
	if (err < 0)
		return err;
	if (err) {
		scnprintf(text, sizeof(text), "ima_ns=%llu", ns->id);
		ima_ns_measure_event(ns, "keyring-locked", text);
	}
	return count;
}

/* What ima/keyring does. */
const struct file_operations ima_ns_keyring_ops = {
	.open = ima_ns_keyring_open,
	.read = ima_ns_keyring_read,
	.write = ima_ns_keyring_write,
	.release = ima_ns_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};

/* The files that are written from above */

/**
 * struct from_above - an open file that is written from above
 * @ns: the namespace that it refers to, referenced.
 * @level: the least level that the opener is privileged over, together with
 *	   all between it and @ns, at or below its own; that of @ns if it is
 *	   over none.
 *
 * Constant; belongs to the open file.
 */
struct from_above {
	struct ima_namespace *ns;
	unsigned int level;
};

/* See @level above. */
static unsigned int least_level(const struct ima_namespace *ns,
				const struct ima_namespace *own,
				const struct cred *cred)
{
	unsigned int least = ns->level;

	for (ns = ns->parent; ns && ns->level >= own->level; ns = ns->parent) {
		if (!ima_ns_privileged(ns, cred))
			break;
		least = ns->level;
	}
	return least;
}

static int ima_ns_above_open(struct inode *inode, struct file *file)
{
	struct from_above *above;
	int err;

	err = ima_ns_open(inode, file);
	if (err)
		return err;

	above = kzalloc(sizeof(*above), GFP_KERNEL_ACCOUNT);
	if (!above) {
		put_ima_ns(file->private_data);
		return -ENOMEM;
	}

	above->ns = file->private_data;
	above->level = above->ns->level;
	file->private_data = above;
	if (!(file->f_mode & FMODE_WRITE))
		return 0;

	/* In ima/ itself it is the opener's own. */
	if (!ima_ns_is_below(above->ns, ima_ns_current()) ||
	    !ima_ns_privileged(above->ns, file->f_cred)) {
		put_ima_ns(above->ns);
		kfree(above);
		return -EPERM;
	}
	above->level = least_level(above->ns, ima_ns_current(), file->f_cred);
	return 0;
}

static int ima_ns_above_release(struct inode *inode, struct file *file)
{
	struct from_above *above = file->private_data;

	put_ima_ns(above->ns);
	kfree(above);
	return 0;
}

/* ima/appraise */

static ssize_t ima_ns_appraise_read(struct file *file, char __user *buf,
				    size_t count, loff_t *ppos)
{
	const struct from_above *above = file->private_data;
	const struct ima_namespace *ns = above->ns;
	const char *text = "bound\n";

	if (ns->parent && READ_ONCE(ns->appraise.bound) < ns->level)
		text = "delegated\n";
	return simple_read_from_buffer(buf, count, ppos, text, strlen(text));
}

/* Leaves @ns to itself as far as those from @level on are concerned. */
static bool delegate(struct ima_namespace *ns, unsigned int level)
{
	unsigned int bound = READ_ONCE(ns->appraise.bound);

	do {
		if (bound <= level)
			return false;
	} while (!try_cmpxchg(&ns->appraise.bound, &bound, level));
	ima_ns_chain_changed(ns);
	return true;
}

static ssize_t ima_ns_appraise_write(struct file *file, const char __user *buf,
				     size_t count, loff_t *ppos)
{
	const struct from_above *above = file->private_data;
	struct ima_namespace *ns = above->ns;
	char text[64];
	int err;

	if (above->level == ns->level)
		return -EPERM;

	err = expect_word(buf, count, *ppos, "delegate");
	if (err)
		return err;

	if (delegate(ns, above->level)) {
		scnprintf(text, sizeof(text), "ima_ns=%llu from_level=%u",
			  ns->id, above->level);
		ima_ns_measure_event(ns, "appraise-delegated", text);
	}
	return count;
}

/* What ima/appraise does. */
const struct file_operations ima_ns_appraise_ops = {
	.open = ima_ns_above_open,
	.read = ima_ns_appraise_read,
	.write = ima_ns_appraise_write,
	.release = ima_ns_above_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};

/* ima/ca */

static unsigned long count_cas(const struct ima_namespace *ns)
{
	const struct key *ca = READ_ONCE(ns->keys.ca);

	return ca ? READ_ONCE(ca->keys.nr_leaves_on_tree) : 0;
}

static ssize_t ima_ns_ca_read(struct file *file, char __user *buf,
			      size_t count, loff_t *ppos)
{
	const struct from_above *above = file->private_data;
	char text[24];
	int len;

	len = scnprintf(text, sizeof(text), "%lu\n", count_cas(above->ns));
	return simple_read_from_buffer(buf, count, ppos, text, len);
}

/*
 * A user may vouch for the keys of containers of theirs that nobody above
 * appraises: once, before there is a key.
 */
static bool begin(struct ima_namespace *ns)
{
	const struct ima_namespace *above;

	if (ns->user_ns == ns->parent->user_ns || count_cas(ns) ||
	    READ_ONCE(ns->keys.used))
		return false;

	for (above = ns->parent; above; above = above->parent) {
		if (READ_ONCE(above->policy.flag) & IMA_APPRAISE)
			return false;
	}
	return !xchg(&ns->keys.begun, true);
}

/* What came to nothing was not the one time. */
static int add_first_ca(struct ima_namespace *ns, const void *cert, size_t size)
{
	int err;

	if (!begin(ns))
		return -EPERM;

	err = ima_ns_keys_add_ca(ns, cert, size);
	if (err)
		WRITE_ONCE(ns->keys.begun, false);
	return err;
}

static ssize_t ima_ns_ca_write(struct file *file, const char __user *buf,
			       size_t count, loff_t *ppos)
{
	const struct from_above *above = file->private_data;
	struct ima_namespace *ns = above->ns;
	void *cert;
	int err;

	if (*ppos || !count)
		return -EINVAL;
	if (count > MAX_CA_SIZE)
		return -EFBIG;

	cert = memdup_user(buf, count);
	if (IS_ERR(cert))
		return PTR_ERR(cert);

	err = above->level == ns->level ? add_first_ca(ns, cert, count) :
					  ima_ns_keys_add_ca(ns, cert, count);
	kfree(cert);
	return err ?: count;
}

/* What ima/ca does. */
const struct file_operations ima_ns_ca_ops = {
	.open = ima_ns_above_open,
	.read = ima_ns_ca_read,
	.write = ima_ns_ca_write,
	.release = ima_ns_above_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};
