// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: for whom the kernel keeps a file's hash in security.ima
 *
 * A child has it written on file systems that are its owner's or below, when
 * the last writer of a file closes it.  Whoever has a hash written could have
 * it written over anything, so that no level goes by a hash that others, who
 * have less to say, may have had written.
 */

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "ima.h"

/* Statuses that are looked at before others may have the lock. */
#define MAX_BATCH	64

/* Does a level above go by hashes, where it has a say? */
static bool hashes_count_above(const struct ima_namespace *ns)
{
	const struct ima_namespace *above;
	int hashes;

	for (above = ns->parent; above; above = above->parent) {
		hashes = READ_ONCE(above->policy.hashes);
		if ((hashes & IMA_NS_CHILDREN) ||
		    (hashes && !ima_ns_left_alone(ns, above)))
			return true;
	}
	return false;
}

/**
 * ima_ns_may_update - may security.ima be written for a child?
 * @ns: the child
 * @inode: the file
 *
 * On file systems of the initial user namespace the kernel does so for the
 * initial level alone.
 *
 * Context: any.
 * Return: whether the owner of @ns is that of the file system, or above it,
 * and no level above @ns would be deceived.
 */
bool ima_ns_may_update(const struct ima_namespace *ns, const struct inode *inode)
{
	const struct user_namespace *user_ns = inode->i_sb->s_user_ns;

	return user_ns != &init_user_ns && in_userns(ns->user_ns, user_ns) &&
	       !hashes_count_above(ns);
}

/**
 * ima_ns_trusts_hash - does a child go by a hash in security.ima?
 * @ns: the child
 * @inode: the file
 *
 * Context: any.
 * Return: false if the file system is of a user namespace that the owner of
 * @ns is not in, and in which others may have it written.
 */
bool ima_ns_trusts_hash(const struct ima_namespace *ns, const struct inode *inode)
{
	return in_userns(inode->i_sb->s_user_ns, ns->user_ns);
}

/**
 * ima_ns_update_later - have security.ima written when the last writer closes
 * @ns: the child that wants it
 * @iint: of the file, which the caller keeps from being freed
 * @inode: the file
 * @state: what @ns did to it
 *
 * Those who want it are in front of the others in the inode's list.
 *
 * Context: any in which softirqs are enabled.
 */
void ima_ns_update_later(const struct ima_namespace *ns,
			 struct ima_iint_cache *iint, const struct inode *inode,
			 struct ima_iint_state *state)
{
	struct ima_ns_status *status =
		container_of(state, struct ima_ns_status, state);

	if (test_bit(IMA_UNCACHED, &state->atomic_flags) ||
	    test_bit(IMA_UPDATE_XATTR, &state->atomic_flags) ||
	    !ima_ns_may_update(ns, inode))
		return;

	spin_lock_bh(&ima_ns_status_lock);
	set_bit(IMA_UPDATE_XATTR, &state->atomic_flags);
	list_move(&status->iint_node, &iint->statuses);
	spin_unlock_bh(&ima_ns_status_lock);
}

/* Takes the next one off those who want it; needs the lock. */
static struct ima_ns_status *next_wanting(struct ima_iint_cache *iint)
{
	struct ima_ns_status *status;

	status = list_first_entry_or_null(&iint->statuses, struct ima_ns_status,
					  iint_node);
	if (!status || !test_and_clear_bit(IMA_UPDATE_XATTR,
					   &status->state.atomic_flags))
		return NULL;

	list_move_tail(&status->iint_node, &iint->statuses);
	return status;
}

static bool is_new(const struct ima_iint_cache *iint,
		   const struct ima_iint_state *state)
{
	return (state->flags & IMA_NEW_FILE) &&
	       state->new_seq == 1 + atomic64_read(&iint->data_seq);
}

/**
 * ima_ns_last_writer - do children want the hash of a file that is complete?
 * @iint: of the file
 * @fresh: set if the file was made and has no hash yet, wanted or not; left as it is
 *	   if not
 *
 * Whoever closes it: what counts is which levels let it be written.
 *
 * Context: iint->mutex is held; the lock of the statuses is given up every now
 * and then, as their number is that of namespaces that had it open for writing.
 * Return: whether a level that it may be written for wants it.
 */
bool ima_ns_last_writer(struct ima_iint_cache *iint, bool *fresh)
{
	struct ima_ns_status *status;
	bool wanted = false;
	int n = 0;

	lockdep_assert_held(&iint->mutex);

	if (list_empty(&iint->statuses))
		return false;

	spin_lock_bh(&ima_ns_status_lock);
	while ((status = next_wanting(iint))) {
		wanted |= ima_wants_xattr(&status->state);
		*fresh |= is_new(iint, &status->state);
		if (!(++n % MAX_BATCH)) {
			spin_unlock_bh(&ima_ns_status_lock);
			spin_lock_bh(&ima_ns_status_lock);
		}
	}
	spin_unlock_bh(&ima_ns_status_lock);
	return wanted;
}

/**
 * ima_ns_update_xattr - write the hash of a file to its security.ima
 * @iint: of the file
 * @file: the file, which its last writer closes
 *
 * Not over a signature, which somebody has just set.
 *
 * Context: iint->mutex is held; takes the inode's lock.
 */
void ima_ns_update_xattr(struct ima_iint_cache *iint, struct file *file)
{
	struct evm_ima_xattr_data *value = NULL;
	int len;

	len = ima_read_xattr(file_dentry(file), &value, 0);
	if (len == -ENODATA || !len || (len > 0 && ima_xattr_is_hash(value)))
		ima_update_xattr(iint, file);
	/* Nobody's: it is a child's rule that had it collected. */
	iint->digest_ns = U64_MAX;
	kfree(value);
}

static void mark_new(struct ima_walk *walk, struct ima_namespace *ns,
		     struct mnt_idmap *idmap, struct inode *inode, u32 secid,
		     bool writing)
{
	const int flags = IMA_APPRAISE | IMA_HASH;
	struct ima_iint_cache *iint;
	struct ima_iint_state *state;

	if (!(READ_ONCE(ns->policy.flag) & flags) ||
	    !ima_ns_get_action(walk, ns, idmap, inode, current_cred(), secid,
			       FILE_CHECK, MAY_ACCESS, flags, NULL, NULL,
			       NULL, NULL))
		return;

	/* Without memory it is no new file, and denied rather than not. */
	inode_lock_nested(inode, I_MUTEX_CHILD);
	iint = ima_inode_get(inode);
	state = iint ? ima_ns_state_get(ns, iint) : NULL;
	inode_unlock(inode);
	if (!state)
		return;

	mutex_lock(&iint->mutex);
	ima_state_is_new(ns, iint, state);
	/* It is open already, and no hook will tell what is written. */
	if (writing)
		state->ima_file_status = INTEGRITY_PASS;
	mutex_unlock(&iint->mutex);
	if (writing)
		ima_ns_update_later(ns, iint, inode, state);
}

/**
 * ima_ns_file_created - a file was made by mknod() or O_TMPFILE
 * @idmap: idmap of the mount it was made through
 * @inode: the file
 * @writing: it is open for writing, as one of O_TMPFILE is
 *
 * Context: process context, may sleep; the directory may be locked, @inode is
 * not.
 */
void ima_ns_file_created(struct mnt_idmap *idmap, struct inode *inode,
			 bool writing)
{
	struct ima_walk walk = { .leaf = ima_ns_current() };
	struct ima_namespace *ns;
	u32 secid;

	if (!walk.leaf->parent || !S_ISREG(inode->i_mode))
		return;

	security_current_getsecid_subj(&secid);
	for (ns = walk.leaf; ns->parent; ns = ns->parent)
		mark_new(&walk, ns, idmap, inode, secid, writing);
}

/**
 * ima_ns_copy_up_xattr - is an extended attribute copied to an upper layer?
 * @src: what is copied
 * @name: of the attribute
 *
 * A child does not write security.evm, nor does it carry one along: the copy
 * would fail, and so would what needed it.
 *
 * Context: LSM hook; process context.
 * Return: -ECANCELED to leave it out, -EOPNOTSUPP to have others decide.
 */
int ima_ns_copy_up_xattr(struct dentry *src, const char *name)
{
	return ima_ns_current()->parent && !strcmp(name, XATTR_NAME_EVM) ?
			-ECANCELED : -EOPNOTSUPP;
}
