// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: securityfs of a user namespace
 *
 * Mounted by the root of a user namespace, securityfs has the directory ima
 * and nothing of other security modules, which know no namespaces.
 */

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/magic.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "ima.h"

static void ima_ns_free_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	free_inode_nonrcu(inode);
}

static const struct super_operations ima_ns_super_operations = {
	.statfs = simple_statfs,
	.free_inode = ima_ns_free_inode,
};

static int ima_ns_test_super(struct super_block *sb, struct fs_context *fc)
{
	return sb->s_fs_info == fc->s_fs_info && sb->s_user_ns == fc->user_ns;
}

static int ima_ns_fill_super(struct super_block *sb)
{
	sb->s_magic = SECURITYFS_MAGIC;
	sb->s_op = &ima_ns_super_operations;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_time_gran = 1;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	sb->s_root = d_make_root(ima_ns_make_root(sb));
	if (!sb->s_root)
		return -ENOMEM;

	sb->s_flags |= SB_ACTIVE;
	return 0;
}

/**
 * ima_ns_get_tree - mount securityfs in a user namespace
 * @fc: the context, of a user namespace other than the initial one
 *
 * One superblock for each pair of IMA namespace and user namespace.  It pins
 * the IMA namespace, which knows nothing of it.
 *
 * Context: ->get_tree() of securityfs.
 * Return: 0, or
 * - -EPERM: the IMA namespace belongs to a user namespace above, as it does
 *   beyond user.max_ima_namespaces: its files are not for this mount's root;
 * - -ENOMEM: no memory.
 */
int ima_ns_get_tree(struct fs_context *fc)
{
	struct ima_namespace *ns = ima_ns_current();
	struct super_block *sb;
	int err = 0;

	if (!ns_capable(ns->user_ns, CAP_SYS_ADMIN))
		return -EPERM;

	fc->s_fs_info = get_ima_ns(ns);
	sb = sget_fc(fc, ima_ns_test_super, set_anon_super_fc);
	/* A new superblock took the reference over. */
	put_ima_ns(fc->s_fs_info);
	fc->s_fs_info = NULL;
	if (IS_ERR(sb))
		return PTR_ERR(sb);

	if (!sb->s_root)
		err = ima_ns_fill_super(sb);
	if (err) {
		deactivate_locked_super(sb);
		return err;
	}
	fc->root = dget(sb->s_root);
	return 0;
}

/**
 * ima_ns_kill_super - undo ima_ns_get_tree()
 * @sb: a superblock of securityfs
 *
 * Context: ->kill_sb() of securityfs.
 * Return: whether @sb was that of a user namespace.
 */
bool ima_ns_kill_super(struct super_block *sb)
{
	struct ima_namespace *ns = sb->s_fs_info;

	if (!ns)
		return false;

	kill_anon_super(sb);
	put_ima_ns(ns);
	return true;
}
