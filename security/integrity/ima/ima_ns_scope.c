// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: whose acts a rule covers
 *
 * A rule may be limited to acts in its own namespace, or in the descendants.
 * That keeps a host's list short, and must not give root a place to hide: what
 * root does further down counts as done in the level itself, too.
 */

#include <linux/binfmts.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "ima_rule.h"

static const char * const scope_names[] = {
	[IMA_NS_SELF] = "self",
	[IMA_NS_CHILDREN] = "children",
	[IMA_NS_ALL] = "all",
};

/**
 * ima_ns_parse_scope - parse the word after ns=
 * @ns: the namespace that the rule is for
 * @name: the word
 * @entry: the rule, whose scope is 0 unless there was a ns= before
 *
 * Context: the one writer of the policy of @ns; the rule is not in force.
 * Return: 0, or -EINVAL if there is no such scope or the rule has one.
 */
int ima_ns_parse_scope(struct ima_namespace *ns, const char *name,
		       struct ima_rule_entry *entry)
{
	int found = match_string(scope_names + 1, IMA_NS_ALL, name);

	if (found < 0 || entry->scope)
		return -EINVAL;

	entry->scope = found + 1;
	/* Whoever finds the rule in force must find this set. */
	WRITE_ONCE(ns->policy.scoped, true);
	return 0;
}

/**
 * ima_ns_scope_name - the word for a scope
 * @scope: of a rule that has one
 *
 * Return: the word that ima_ns_parse_scope() takes for @scope.
 */
const char *ima_ns_scope_name(int scope)
{
	return scope_names[scope];
}

/**
 * ima_ns_is_root - do credentials make root, for a level?
 * @ns: the level
 * @cred: the credentials
 *
 * Root of the owner by any of the ids that could become the effective one, or
 * by a capability that counts there.  The owner's ids are looked up now, as it
 * has none yet when the namespace is made.
 *
 * Context: any.
 * Return: whether they do.
 */
bool ima_ns_is_root(const struct ima_namespace *ns, const struct cred *cred)
{
	kuid_t root = make_kuid(ns->user_ns, 0);

	if (uid_valid(root) &&
	    (uid_eq(cred->uid, root) || uid_eq(cred->euid, root) ||
	     uid_eq(cred->suid, root) || uid_eq(cred->fsuid, root)))
		return true;

	return !cap_isclear(cred->cap_permitted) &&
	       in_userns(cred->user_ns, ns->user_ns);
}

/*
 * Actions that a level takes on what happens further down as if it happened
 * in the level itself: appraisal, unless that was left to the child, and
 * root's traces.
 */
static int actions_of_level(const struct ima_walk *walk,
			    const struct ima_namespace *ns,
			    const struct cred *cred, enum ima_hooks func)
{
	int actions = ima_ns_released(walk, ns, func) ? 0 : IMA_APPRAISE;

	if (ima_ns_is_root(ns, cred) || (walk->made && ima_ns_is_root(ns, walk->made)))
		actions |= IMA_MEASURE | IMA_AUDIT;
	return actions;
}

/* None at all would mean that any algorithm will do. */
static unsigned int both_algos(unsigned int algos, unsigned int own)
{
	return algos & own ?: own;
}

/* What a rule allows must be allowed by the other one as well. */
static int both_actions(int action, int own)
{
	const int allowed = IMA_PERMIT_DIRECTIO | IMA_MODSIG_ALLOWED;

	if (action & own & IMA_APPRAISE) {
		action &= own | ~allowed;
		own &= action | ~allowed;
	}
	return action | own;
}

/* A user's policy does not judge who comes from outside of that user's. */
static int without_appraisal(int action)
{
	return action & ~(IMA_APPRAISE | IMA_APPRAISE_SUBMASK |
			  IMA_DIGSIG_REQUIRED | IMA_MODSIG_ALLOWED |
			  IMA_CHECK_BLACKLIST);
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
	int action, own;

	if (ns->parent)
		ima_ns_lsm_refresh(ns);

	action = ima_match_policy(ns, scope | rules, idmap, inode, cred, secid,
				  func, mask, flags, pcr, template_desc,
				  func_data, allowed_algos);
	if (scope == IMA_NS_CHILDREN && READ_ONCE(ns->policy.scoped)) {
		flags &= actions_of_level(walk, ns, cred, func);
		flags &= ~(action & (IMA_MEASURE | IMA_AUDIT));
		own = ima_match_policy(ns, IMA_NS_SELF | rules, idmap,
				       inode, cred, secid, func, mask, flags,
				       pcr, template_desc, func_data, &algos);
		action = both_actions(action, own);
		if (allowed_algos && algos)
			*allowed_algos = both_algos(*allowed_algos, algos);
	}
	return ns->parent && !ima_ns_binds(ns, cred) ?
			without_appraisal(action) : action;
}

/* Do these credentials make root, for a level that has to know? */
static bool makes_root(const struct cred *new)
{
	struct ima_namespace *ns;

	for (ns = ima_ns_current()->parent; ns; ns = ns->parent) {
		if (READ_ONCE(ns->policy.scoped) && ima_ns_is_root(ns, new) &&
		    !ima_ns_is_root(ns, current_cred()))
			return true;
	}
	return false;
}

static int measure_again(const struct linux_binprm *bprm, struct file *file)
{
	struct ima_walk walk = {
		.leaf = ima_ns_current(),
		.made = bprm->cred,
	};
	u32 secid;
	int ret;

	security_current_getsecid_subj(&secid);
	ret = ima_walk_file(&walk, file, current_cred(), secid, NULL, 0,
			    MAY_EXEC, BPRM_CHECK);
	if (ret)
		return ret;

	security_cred_getsecid(bprm->cred, &secid);
	return ima_walk_file(&walk, file, bprm->cred, secid, NULL, 0, MAY_EXEC,
			     CREDS_CHECK);
}

/**
 * ima_ns_bprm_creds_from_file - an execution is about to change credentials
 * @bprm: the execution, whose credentials are complete now
 * @file: the file that they were made from
 *
 * An execution is root's as well if it makes root.  When the program was
 * looked at first, nobody could tell: its set-user-ID bit may have been set
 * since, it may be another file's, and no_new_privs, ptrace, mounts and other
 * LSMs have their say.  What was recorded then is not recorded twice.
 *
 * Context: LSM hook, after the capabilities' own; may sleep.
 * Return: 0, or what denies the execution, as at the first look.
 */
int ima_ns_bprm_creds_from_file(struct linux_binprm *bprm,
				const struct file *file)
{
	int ret;

	if (!makes_root(bprm->cred))
		return 0;

	ret = measure_again(bprm, bprm->file);
	if (!ret && bprm->executable && bprm->executable != bprm->file)
		ret = measure_again(bprm, bprm->executable);
	return ret;
}
