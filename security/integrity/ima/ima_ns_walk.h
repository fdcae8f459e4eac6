/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: what a level is asked, and whether a file changed without a word
 *
 * The latter is a fact of the file, for which a walk looks once.  For ima_main.c, and
 * its test.
 */
#ifndef _IMA_NS_WALK_H
#define _IMA_NS_WALK_H

#include <linux/evm.h>

#include "ima.h"

#ifdef CONFIG_IMA_NS
#define IMA_NS_STATIC
#else
/* There is no other caller, and the level is a constant. */
#define IMA_NS_STATIC	static

static int process_ns_measurement(struct ima_namespace *ns, struct ima_walk *walk,
				  struct file *file, const struct cred *cred,
				  u32 secid, char *buf, loff_t size, int mask,
				  enum ima_hooks func);

static inline int process_measurement(struct file *file,
				      const struct cred *cred, u32 secid,
				      char *buf, loff_t size, int mask,
				      enum ima_hooks func)
{
	return process_ns_measurement(&init_ima_ns, NULL, file, cred, secid,
				      buf, size, mask, func);
}
#endif /* CONFIG_IMA_NS */

/**
 * ima_get_action - appraise & measure decision based on policy.
 * @walk: who acts, and with what
 * @ns: the namespace whose policy decides
 * @idmap: idmap of the mount the inode was found from
 * @inode: the inode associated with the object being validated
 * @cred: credentials to validate
 * @secid: secid of the task being validated
 * @mask: MAY_READ, MAY_WRITE, MAY_EXEC, MAY_APPEND
 * @func: caller identifier
 * @pcr: set if a matched measure rule has pcr=, may be %NULL
 * @template_desc: set to that of a matched measure rule with template=, or to the
 *		   current one if it is none yet; may be %NULL
 * @func_data: func specific data, may be %NULL
 * @allowed_algos: allowlist of hash algorithms for the IMA xattr, may be %NULL
 *
 * The policy is defined in terms of key pairs:
 *		subj=, obj=, type=, func=, mask=, fsmagic=
 *	subj,obj, and type: are LSM specific.
 *	func: FILE_CHECK | BPRM_CHECK | CREDS_CHECK | MMAP_CHECK | MODULE_CHECK
 *	| KEXEC_CMDLINE | KEY_CHECK | CRITICAL_DATA | SETXATTR_CHECK
 *	| MMAP_CHECK_REQPROT
 *	mask: contains the permission mask
 *	fsmagic: hex value
 *
 * Inline, as its arguments would be copied for each level.
 *
 * Context: any hook; may read an xattr of a program that is executed.
 * Return: actions and flags, as ima_match_policy().
 */
static __always_inline int
ima_get_action(struct ima_walk *walk, struct ima_namespace *ns,
	       struct mnt_idmap *idmap, struct inode *inode,
	       const struct cred *cred, u32 secid, int mask, enum ima_hooks func,
	       int *pcr, struct ima_template_desc **template_desc,
	       const char *func_data, unsigned int *allowed_algos)
{
	int flags = IMA_MEASURE | IMA_AUDIT | IMA_APPRAISE | IMA_HASH;

	return ima_ns_get_action(walk, ns, idmap, inode, cred, secid, func, mask,
				 flags & ima_walk_policy_flag(walk, ns), pcr,
				 template_desc, func_data, allowed_algos);
}

/* Changes that the kernel is not told of, and has to look for. */
static inline bool
ima_may_have_changed(struct file *file, struct inode *real_inode,
		     struct ima_iint_cache *iint, int action)
{
	struct inode *inode = file_inode(file);
	unsigned long iflags = ima_sb_iflags(file);

	/* Those who closed it last took each other for the last one. */
	if (IS_ENABLED(CONFIG_IMA_NS) &&
	    test_bit(IMA_WRITER_LEFT, &iint->atomic_flags) &&
	    !inode_is_open_for_write(inode)) {
		clear_bit(IMA_WRITER_LEFT, &iint->atomic_flags);
		return true;
	}

	if (ima_written_uncounted(iint, file))
		return true;

	/* Limited to privileged mounted filesystems. */
	if ((iflags & SB_I_IMA_UNVERIFIABLE_SIGNATURE) &&
	    !(iflags & SB_I_UNTRUSTED_MOUNTER) &&
	    !(action & IMA_FAIL_UNVERIFIABLE_SIGS))
		return true;

	/* On stacked filesystems, data may change below once it was looked at. */
	return real_inode != inode && !ima_ns_version_unknown(iint) &&
	       !ima_same_below(iint, real_inode);
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
static inline void
ima_walk_check_changed(struct ima_walk *walk,
		       const struct ima_namespace *ns, struct file *file,
		       struct ima_iint_cache *iint,
		       struct ima_iint_state *state, int action)
{
	struct inode *inode = file_inode(file);
	struct inode *real_inode = d_real_inode(file_dentry(file));
	struct inode *metadata_inode;
	bool done = (state->flags & IMA_DONE_MASK) ||
		    (IS_ENABLED(CONFIG_IMA_NS) && ima_iint_collected(iint));

	lockdep_assert_held(&iint->mutex);

	/* A level that does nothing does not look, nor does it for the others. */
	if ((action & IMA_DO_MASK) && ima_walk_looks(walk) &&
	    ima_may_have_changed(file, real_inode, iint, action))
		ima_iint_changed(iint);
	ima_state_refresh(ns, iint, state);

	if (ima_ns_parent(ns) || !done || real_inode == inode ||
	    !(action & IMA_DO_MASK))
		return;

	/* Reset the EVM status when metadata changed. */
	metadata_inode = d_inode(d_real(file_dentry(file), D_REAL_METADATA));
	if (evm_metadata_changed(inode, metadata_inode))
		state->flags &= ~(IMA_APPRAISED | IMA_APPRAISED_SUBMASK);
}

#endif /* _IMA_NS_WALK_H */
