// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: whose acts a rule covers
 *
 * A rule may be limited to acts in its own namespace, or in the descendants.
 * That keeps a host's list short, and must not give root a place to hide: what
 * root does further down counts as done in the level itself, too.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "ima.h"

static const char * const scope_names[] = {
	[IMA_NS_SELF] = "self",
	[IMA_NS_CHILDREN] = "children",
	[IMA_NS_ALL] = "all",
};

/**
 * ima_ns_parse_scope - parse the word after ns=
 * @ns: the namespace that the rule is for
 * @name: the word
 * @scope: of the rule; 0 unless there was a ns= before
 *
 * Context: the one writer of the policy of @ns; the rule is not in force.
 * Return: 0, or -EINVAL if there is no such scope or the rule has one.
 */
int ima_ns_parse_scope(struct ima_namespace *ns, const char *name, int *scope)
{
	int found = match_string(scope_names + 1, IMA_NS_ALL, name);

	if (found < 0 || *scope)
		return -EINVAL;

	*scope = found + 1;
	/* Whoever finds the rule in force must find this set. */
	WRITE_ONCE(ns->policy.scoped, true);
	return 0;
}

/**
 * ima_ns_scope_name - the word for a scope
 * @scope: of a rule that has one
 *
 * Return: what ima_ns_parse_scope() takes for @scope.
 */
const char *ima_ns_scope_name(int scope)
{
	return scope_names[scope];
}

/*
 * Root of the owner by any of the ids that could become the effective one, or
 * by a capability that counts there.  The owner's ids are looked up now, as it
 * has none yet when the namespace is made.
 */
static bool is_root(const struct ima_namespace *ns, const struct cred *cred)
{
	kuid_t root = make_kuid(ns->user_ns, 0);

	if (uid_valid(root) &&
	    (uid_eq(cred->uid, root) || uid_eq(cred->euid, root) ||
	     uid_eq(cred->suid, root) || uid_eq(cred->fsuid, root)))
		return true;

	return !cap_isclear(cred->cap_permitted) &&
	       in_userns(cred->user_ns, ns->user_ns);
}

static bool has_root_bit(struct file *program, kuid_t root)
{
	struct inode *inode = file_inode(program);
	vfsuid_t vfsuid = i_uid_into_vfsuid(file_mnt_idmap(program), inode);

	return mnt_may_suid(program->f_path.mnt) &&
	       (READ_ONCE(inode->i_mode) & S_ISUID) && uid_valid(root) &&
	       vfsuid_eq_kuid(vfsuid, root) &&
	       vfsuid_has_mapping(current_user_ns(), vfsuid);
}

static bool has_file_caps(struct file *program)
{
	struct cpu_vfs_cap_data caps;

	return mnt_may_suid(program->f_path.mnt) &&
	       current_in_userns(program->f_path.mnt->mnt_sb->s_user_ns) &&
	       !get_vfs_caps_from_disk(file_mnt_idmap(program),
				       file_dentry(program), &caps);
}

/* Who is, or becomes, root of the own user namespace gets capabilities there. */
static bool gains_caps(struct file *program)
{
	kuid_t root = make_kuid(current_user_ns(), 0);

	return uid_eq(current_uid(), root) || uid_eq(current_euid(), root) ||
	       has_root_bit(program, root) || has_file_caps(program);
}

/*
 * An execution is root's as well if it makes root.  The credentials of the
 * program do not tell, as they are completed only after the hooks.
 */
static bool makes_root(const struct ima_namespace *ns, struct file *program)
{
	if (!program || task_no_new_privs(current))
		return false;
	return has_root_bit(program, make_kuid(ns->user_ns, 0)) ||
	       (in_userns(current_user_ns(), ns->user_ns) &&
		gains_caps(program));
}

/*
 * Actions that a level takes on what happens further down as if it happened
 * in the level itself: appraisal, which is left to a child by nobody but the
 * admin who knows it, and root's traces.
 */
static int actions_of_level(const struct ima_walk *walk,
			    const struct ima_namespace *ns,
			    const struct cred *cred)
{
	if (is_root(ns, cred) || makes_root(ns, walk->program))
		return IMA_APPRAISE | IMA_MEASURE | IMA_AUDIT;
	return IMA_APPRAISE;
}

/* None at all would mean that any algorithm will do. */
static unsigned int both_algos(unsigned int algos, unsigned int own)
{
	return algos & own ?: own;
}

/* Signatures of files are verified by no key of a child's, so far. */
static int without_appraisal(struct ima_walk *walk, int action)
{
	if (action & IMA_APPRAISE)
		walk->denied = true;
	return action & ~(IMA_APPRAISE | IMA_APPRAISE_SUBMASK |
			  IMA_DIGSIG_REQUIRED | IMA_CHECK_BLACKLIST);
}

/**
 * ima_ns_get_action - what a level does about an act
 * @walk: who acts, and with what
 * @ns: the level
 * @idmap: idmap of the mount the inode was found from
 * @inode: what is accessed, or %NULL
 * @cred: credentials that the rules are matched with
 * @secid: LSM label of the acting task
 * @func: the hook
 * @mask: requested access
 * @flags: actions to consider
 * @pcr: set if a measure rule has pcr=, may be %NULL
 * @template_desc: set to the template of the rule, may be %NULL
 * @func_data: what the hook compares beyond the inode, may be %NULL
 * @allowed_algos: set to the hash algorithms that may be used, may be %NULL
 *
 * Context: any hook; may read an xattr of a program that is executed.
 * Return: actions and flags, as ima_match_policy().
 */
int ima_ns_get_action(struct ima_walk *walk, struct ima_namespace *ns,
		      struct mnt_idmap *idmap, struct inode *inode,
		      const struct cred *cred, u32 secid, enum ima_hooks func,
		      int mask, int flags, int *pcr,
		      struct ima_template_desc **template_desc,
		      const char *func_data, unsigned int *allowed_algos)
{
	int scope = walk->leaf == ns ? IMA_NS_SELF : IMA_NS_CHILDREN;
	int rules = walk->loaded ? IMA_NS_LOADED : 0;
	unsigned int algos = 0;
	int action;

	if (ns->parent)
		ima_ns_lsm_refresh(ns);

	action = ima_match_policy(ns, scope | rules, idmap, inode, cred, secid,
				  func, mask, flags, pcr, template_desc,
				  func_data, allowed_algos);
	if (scope == IMA_NS_CHILDREN && READ_ONCE(ns->policy.scoped)) {
		flags &= actions_of_level(walk, ns, cred);
		flags &= ~(action & (IMA_MEASURE | IMA_AUDIT));
		action |= ima_match_policy(ns, IMA_NS_SELF | rules, idmap,
					   inode, cred, secid, func, mask,
					   flags, pcr, template_desc, func_data,
					   &algos);
		if (allowed_algos && algos)
			*allowed_algos = both_algos(*allowed_algos, algos);
	}
	return ns->parent ? without_appraisal(walk, action) : action;
}
