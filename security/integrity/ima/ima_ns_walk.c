// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: what the levels of one walk do once for all of them
 *
 * Each level decides by its own policy, but looking for changes and hashing
 * are facts of the file, and a walk does either once.
 */

#include <linux/evm.h>
#include <linux/file.h>

#include "ima.h"

#ifdef CONFIG_IMA_NS
/* Has a level nothing to do about an access? */
static bool is_indifferent(const struct ima_namespace *ns, int kind,
			   const struct file *file, const struct cred *cred)
{
	const struct inode *inode = file_inode(file);

	if (kind < 0)
		return false;

	/* Who reads it may have to be told of who writes. */
	if ((file->f_mode & FMODE_WRITE) && IS_IMA(inode) &&
	    atomic_read(&inode->i_readcount))
		return false;

	return !(READ_ONCE(ns->policy.about.asked) & BIT(kind)) ||
	       (ima_seen_kind(kind) >= 0 &&
		!ima_ns_may_ask(ns, kind, inode, cred));
}

/**
 * ima_ns_next - the next level that may have to do something about an access
 * @ns: the level to begin with, or %NULL
 * @kind: of the access, see ima_ns_kind()
 * @file: the file that is accessed
 * @cred: credentials that the rules are matched with
 *
 * Levels with the same rules are asked once: what there is to tell without looking
 * at the rules is the same for all children.
 *
 * Context: any.
 * Return: @ns or a level above it, or %NULL if no level has.
 */
struct ima_namespace *ima_ns_next(struct ima_namespace *ns, int kind,
				  const struct file *file,
				  const struct cred *cred)
{
	while (ns && is_indifferent(ns, kind, file, cred))
		ns = READ_ONCE(ns->chain.above);
	return ns;
}
#endif

/* Changes that the kernel is not told of, and has to look for. */
static bool may_have_changed(struct file *file, struct inode *real_inode,
			     struct ima_iint_cache *iint, int action)
{
	struct inode *inode = file_inode(file);
	unsigned long iflags = ima_sb_iflags(file);

	/* Those who closed it last took each other for the last one. */
	if (test_bit(IMA_WRITER_LEFT, &iint->atomic_flags) &&
	    !inode_is_open_for_write(inode)) {
		clear_bit(IMA_WRITER_LEFT, &iint->atomic_flags);
		return true;
	}

	/* Limited to privileged mounted filesystems. */
	if ((iflags & SB_I_IMA_UNVERIFIABLE_SIGNATURE) &&
	    !(iflags & SB_I_UNTRUSTED_MOUNTER) &&
	    !(action & IMA_FAIL_UNVERIFIABLE_SIGS))
		return true;

	/* On stacked filesystems, data may change below once it was looked at. */
	return real_inode != inode && iint->version_seq != U64_MAX &&
	       (!IS_I_VERSION(real_inode) ||
		integrity_inode_attrs_changed(&iint->real_inode, real_inode));
}

/**
 * ima_walk_check_changed - forget what was done to content that is gone
 * @walk: the walk, in which a lower level may have looked already
 * @ns: the level
 * @file: the file that is accessed
 * @iint: its inode's
 * @state: what @ns did to it so far
 * @action: what the policy of @ns asks for
 *
 * What a lower level found is in the counters, for all the others to see.
 *
 * Context: iint->mutex is held.
 */
void ima_walk_check_changed(struct ima_walk *walk,
			    const struct ima_namespace *ns, struct file *file,
			    struct ima_iint_cache *iint,
			    struct ima_iint_state *state, int action)
{
	struct inode *inode = file_inode(file);
	struct inode *real_inode = d_real_inode(file_dentry(file));
	struct inode *metadata_inode;
	bool done = (state->flags & IMA_DONE_MASK) || ima_iint_collected(iint);

	lockdep_assert_held(&iint->mutex);

	/* A level that does nothing does not look, nor does it for the others. */
	if (!walk->checked && (action & IMA_DO_MASK)) {
		if (may_have_changed(file, real_inode, iint, action))
			ima_iint_changed(iint);
		walk->checked = true;
	}
	ima_state_refresh(ns, iint, state);

	if (ns->parent || !done || real_inode == inode ||
	    !(action & IMA_DO_MASK))
		return;

	/* Reset the EVM status when metadata changed. */
	metadata_inode = d_inode(d_real(file_dentry(file), D_REAL_METADATA));
	if (evm_metadata_changed(inode, metadata_inode))
		state->flags &= ~(IMA_APPRAISED | IMA_APPRAISED_SUBMASK);
}

/**
 * ima_walk_collect - have the digest that a level wants
 * @walk: the walk, in which a lower level may have failed to hash the file
 * @ns: the level
 * @iint: the inode's, which keeps the digest
 * @state: of the level, telling which kind of digest it wants
 * @file: the file that is accessed
 * @buf: its content, if that was read already
 * @size: size of @buf
 * @algo: hash algorithm
 * @modsig: appended signature, if any
 *
 * Context: iint->mutex is held; may read the whole file.
 * Return: what ima_collect_measurement() returned, now or for a lower level.
 */
int ima_walk_collect(struct ima_walk *walk, const struct ima_namespace *ns,
		     struct ima_iint_cache *iint,
		     const struct ima_iint_state *state, struct file *file,
		     void *buf, loff_t size, enum hash_algo algo,
		     struct modsig *modsig)
{
	lockdep_assert_held(&iint->mutex);

	/*
	 * A failure to get one kind of digest says nothing about the other.
	 * The initial level tries again, as it is the one that audits it.
	 */
	if (ima_iint_want(iint, ns, state->flags & IMA_VERITY_REQUIRED, algo,
			  walk->fresh))
		walk->collect_rc = 0;
	if (ns->parent && walk->collect_rc && iint->ima_hash &&
	    !ima_iint_collected(iint))
		return walk->collect_rc;

	if (!ima_iint_collected(iint))
		walk->fresh = true;
	walk->collect_rc = ima_collect_measurement(iint, file, buf, size, algo,
						   modsig);
	return walk->collect_rc;
}
