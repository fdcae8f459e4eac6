// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: changes of a file's attributes
 *
 * Records may show owner, mode, ACLs and xattrs, and rules may ask for them.
 * Whoever changes one, every child that knows the file looks at it again.  The
 * initial namespace goes by what it always went by.
 */

#include <linux/fs.h>
#include <linux/lsm_hooks.h>
#include <linux/security.h>
#include <linux/xattr.h>

#include "ima.h"

static struct ima_iint_cache *known_file(struct inode *inode)
{
	return S_ISREG(inode->i_mode) ? ima_iint_find(inode) : NULL;
}

/* Counts an event for children; nobody at all is to be spared a look. */
static void count_for_children(struct ima_iint_cache *iint, atomic64_t *seq)
{
	/* A status that is missed here is a new one, with nothing done yet. */
	if (list_empty(&iint->statuses))
		ima_iint_event(iint);
	else
		ima_iint_count(iint, seq);
}

/**
 * ima_ns_attr_changed - an attribute of a file was changed
 * @inode: the file
 * @ia_valid: what was changed, as for notify_change()
 *
 * A new size is new content, of which whoever hashed the file since it was
 * announced has the old one.
 *
 * Context: any; the change is visible already.
 */
void ima_ns_attr_changed(struct inode *inode, int ia_valid)
{
	struct ima_iint_cache *iint = known_file(inode);

	if (iint)
		count_for_children(iint, ia_valid & ATTR_SIZE ?
					 &iint->xattr_seq : &iint->attr_seq);
}

/* A signature decides which algorithm the file is hashed with. */
static void ima_ns_xattr_changed(struct dentry *dentry, const char *name)
{
	struct ima_iint_cache *iint;

	if (strncmp(name, XATTR_SECURITY_PREFIX, XATTR_SECURITY_PREFIX_LEN))
		return;

	iint = known_file(d_backing_inode(dentry));
	if (iint)
		count_for_children(iint, &iint->xattr_seq);
}

static void ima_ns_post_setxattr(struct dentry *dentry, const char *name,
				 const void *value, size_t size, int flags)
{
	ima_ns_xattr_changed(dentry, name);
}

static void ima_ns_post_removexattr(struct dentry *dentry, const char *name)
{
	ima_ns_xattr_changed(dentry, name);
}

static void ima_ns_post_set_acl(struct dentry *dentry, const char *acl_name,
				struct posix_acl *kacl)
{
	ima_ns_attr_changed(d_backing_inode(dentry), 0);
}

static void ima_ns_post_remove_acl(struct mnt_idmap *idmap,
				   struct dentry *dentry, const char *acl_name)
{
	ima_ns_attr_changed(d_backing_inode(dentry), 0);
}

static void __maybe_unused ima_ns_post_setattr(struct mnt_idmap *idmap,
					       struct dentry *dentry,
					       int ia_valid)
{
	ima_ns_attr_changed(d_backing_inode(dentry), ia_valid);
}

/* With appraisal, its own setattr hook tells: an LSM has one of a kind. */
static struct security_hook_list ima_ns_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(bprm_creds_from_file, ima_ns_bprm_creds_from_file),
#ifdef CONFIG_IMA_NS_KEYS
	LSM_HOOK_INIT(key_permission, ima_ns_key_permission),
#endif
	LSM_HOOK_INIT(inode_post_setxattr, ima_ns_post_setxattr),
	LSM_HOOK_INIT(inode_post_removexattr, ima_ns_post_removexattr),
	LSM_HOOK_INIT(inode_post_set_acl, ima_ns_post_set_acl),
	LSM_HOOK_INIT(inode_post_remove_acl, ima_ns_post_remove_acl),
#ifdef CONFIG_IMA_APPRAISE
	LSM_HOOK_INIT(inode_copy_up_xattr, ima_ns_copy_up_xattr),
#else
	LSM_HOOK_INIT(inode_post_setattr, ima_ns_post_setattr),
#endif
};

/**
 * ima_ns_events_init - register the hooks that only children need
 * @lsmid: IMA's
 *
 * Context: once, early at boot.
 */
void __init ima_ns_events_init(const struct lsm_id *lsmid)
{
	security_add_hooks(ima_ns_hooks, ARRAY_SIZE(ima_ns_hooks), lsmid);
}
