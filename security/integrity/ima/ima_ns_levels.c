// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: one access, asked of all levels
 *
 * Each level decides by its own policy, from the one that the task is in up to the
 * initial one, and none is skipped for what another one said.  What the file holds
 * is a fact of the file, and it is hashed once.
 */

#include <linux/file.h>

#include "ima.h"

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

/**
 * ima_walk_file - measure, appraise and audit a file at all levels
 * @walk: who acts
 * @file: the file that is accessed
 * @cred: credentials that the rules are matched with
 * @secid: LSM label of the acting task
 * @buf: its content, if that was read already
 * @size: size of @buf
 * @mask: requested access
 * @func: the hook
 *
 * Each level decides by its own policy, and none is skipped for what another
 * one said: the first error is kept, the walk goes on.
 *
 * Context: process context, may sleep; takes the locks of the file.
 * Return: 0, or -EACCES if a level denies the access.
 */
int ima_walk_file(struct ima_walk *walk, struct file *file,
		  const struct cred *cred, u32 secid, char *buf, loff_t size,
		  int mask, enum ima_hooks func)
{
	struct ima_namespace *ns;
	int err, ret = 0;

	if (!S_ISREG(file_inode(file)->i_mode))
		return 0;

	walk->kind = walk->loaded ? -1 : ima_ns_kind(func, mask);
	ima_ns_open_for_write(file);
	for (ns = ima_ns_next(walk->leaf, walk->kind, file, cred); ns;
	     ns = ima_ns_next(ns->parent, walk->kind, file, cred)) {
		walk->warm = true;
		err = process_ns_measurement(ns, walk, file, cred, secid, buf,
					     size, mask, func);
		if (!ret)
			ret = err;
		if (!walk->warm)
			walk->cold = true;
	}
	if (func == FILE_CHECK)
		ima_ns_writer(file);
	ima_walk_wait(walk);
	ima_walk_forget_record(walk);
	if (!ret)
		ima_ns_remember(walk, file, cred, secid);
	return ret;
}

/**
 * ima_walk_levels - ima_walk_file() for an access that needs a look
 * @leaf: the level that the acting task is in
 * @now: when it began
 * @file: the file that is accessed
 * @cred: credentials that the rules are matched with
 * @secid: LSM label of the acting task
 * @buf: its content, if that was read already
 * @size: size of @buf
 * @mask: requested access
 * @func: the hook
 *
 * Context: as ima_walk_file().
 * Return: as ima_walk_file().
 */
int ima_walk_levels(struct ima_namespace *leaf, const struct ima_ns_when *now,
		    struct file *file, const struct cred *cred, u32 secid,
		    char *buf, loff_t size, int mask, enum ima_hooks func)
{
	struct ima_walk walk = { .leaf = leaf, .then = *now };

	return ima_walk_file(&walk, file, cred, secid, buf, size, mask, func);
}

/**
 * ima_measure_buffer - measure a buffer at the levels of a walk
 * @walk: who acts
 * @from: the level to start at
 * @end: the level to stop before, %NULL to go through all
 * @idmap: idmap of the mount the inode was found from
 * @inode: inode associated with the object being measured, or %NULL
 * @buf: what is measured
 * @size: size of @buf in bytes
 * @eventname: event name of the record
 * @func: IMA hook
 * @pcr: PCR to extend
 * @func_data: func specific data, may be %NULL
 * @buf_hash: measure the hash of the buffer instead
 * @digest: where to write the digest, may be %NULL
 * @digest_len: size of @digest
 *
 * Return: as process_buffer_measurement(), for the last level alone: what the
 * kernel asks is asked of the initial namespace.
 */
int ima_measure_buffer(struct ima_walk *walk, struct ima_namespace *from,
		       struct ima_namespace *end, struct mnt_idmap *idmap,
		       struct inode *inode, const void *buf, int size,
		       const char *eventname, enum ima_hooks func, int pcr,
		       const char *func_data, bool buf_hash, u8 *digest,
		       size_t digest_len)
{
	struct ima_namespace *ns;
	int ret = -ENOENT;

	for (ns = from; ns != end; ns = ns->parent)
		ret = process_ns_buffer(walk, ns, idmap, inode, buf, size,
					eventname, func, pcr, func_data,
					buf_hash, ns->parent ? NULL : digest,
					digest_len);
	ima_walk_forget_record(walk);
	return ret;
}

/**
 * process_buffer_measurement - Measure the buffer or the buffer data hash
 * @idmap: idmap of the mount the inode was found from
 * @inode: inode associated with the object being measured (NULL for KEY_CHECK)
 * @buf: pointer to the buffer that needs to be added to the log.
 * @size: size of buffer(in bytes).
 * @eventname: event name to be used for the buffer entry.
 * @func: IMA hook
 * @pcr: pcr to extend the measurement
 * @func_data: func specific data, may be NULL
 * @buf_hash: measure buffer data hash
 * @digest: buffer digest will be written to
 * @digest_len: buffer length
 *
 * Based on policy, either the buffer data or buffer data hash is measured
 *
 * Return: 0 if the buffer has been successfully measured, 1 if the digest
 * has been written to the passed location but not added to a measurement entry,
 * a negative value otherwise.
 */
int process_buffer_measurement(struct mnt_idmap *idmap,
			       struct inode *inode, const void *buf, int size,
			       const char *eventname, enum ima_hooks func,
			       int pcr, const char *func_data,
			       bool buf_hash, u8 *digest, size_t digest_len)
{
	struct ima_walk walk = { .leaf = ima_ns_current() };

	return ima_measure_buffer(&walk, walk.leaf, NULL, idmap, inode, buf, size,
				  eventname, func, pcr, func_data, buf_hash,
				  digest, digest_len);
}
