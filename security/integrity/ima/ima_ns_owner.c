// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: what users' containers cost others
 *
 * A user makes as many namespaces as they like, so that what these may add to
 * lists above, and to the host's log, is counted for the user.  Who made the
 * outermost user namespace is the user; those that the host's root made are
 * each counted for themselves, as they are different tenants.
 */

#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "ima.h"

/* Records that a user may add to lists above, unless ima_ns_quota= says more. */
#define DEFAULT_QUOTA	65536

/*
 * Reports about one namespace within so many jiffies, unless ima_ns_audit= says
 * otherwise, and how many times as many about all of a user.
 */
#define AUDIT_INTERVAL	(5 * HZ)
#define AUDIT_BURST	50
#define AUDIT_SHARES	4

/**
 * struct ima_ns_owner - a user with containers
 * @node: in the table of all of them, under owners_lock.
 * @uid: who made the outermost user namespace; constant.
 * @outer: that one, if it was the host's root who made it, else %NULL; for
 *	   telling them apart only.  Constant.
 * @users: namespaces that refer to this one, under owners_lock.
 * @above: records that were added to lists above.  What was added stays, and so
 *	   does this, for a user who comes again.
 * @told: levels whose lists have the record that there was no more; by bits.
 * @telling: the task that adds that record, which is not counted.
 * @audit: keeps a user from flooding the host's log.
 */
struct ima_ns_owner {
	struct hlist_node node;
	kuid_t uid;
	const struct user_namespace *outer;
	unsigned long users;
	atomic_long_t above;
	DECLARE_BITMAP(told, IMA_NS_MAX_LEVEL);
	struct task_struct *telling;
	struct ratelimit_state audit;
};

static DEFINE_HASHTABLE(owners, 6);
static DEFINE_SPINLOCK(owners_lock);

static unsigned long quota __ro_after_init = DEFAULT_QUOTA;

static int __init ima_ns_quota_setup(char *text)
{
	if (kstrtoul(text, 10, &quota))
		pr_err("ima_ns_quota=%s: not a number\n", text);
	return 1;
}
__setup("ima_ns_quota=", ima_ns_quota_setup);

static int audit_burst __ro_after_init = AUDIT_BURST;

static int __init ima_ns_audit_setup(char *text)
{
	int number;

	if (kstrtoint(text, 10, &number) || number < 1 ||
	    number > INT_MAX / AUDIT_SHARES)
		pr_err("ima_ns_audit=%s: not such a number\n", text);
	else
		audit_burst = number;
	return 1;
}
__setup("ima_ns_audit=", ima_ns_audit_setup);

static void start_reports(struct ratelimit_state *audit, int shares)
{
	ratelimit_state_init(audit, AUDIT_INTERVAL, shares * audit_burst);
	/* What was suppressed is no news to the kernel's own log. */
	ratelimit_set_flags(audit, RATELIMIT_MSG_ON_RELEASE);
}

/**
 * ima_ns_audit_start - prepare a namespace for reports about it
 * @ns: a namespace that is being made
 *
 * Context: nobody but the caller knows @ns yet.
 */
void ima_ns_audit_start(struct ima_namespace *ns)
{
	start_reports(&ns->appraise.audit, 1);
}

static const struct user_namespace *outermost(const struct user_namespace *ns)
{
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	return ns;
}

static struct ima_ns_owner *find_owner(const struct ima_ns_owner *like)
{
	struct ima_ns_owner *owner;

	hash_for_each_possible(owners, owner, node, __kuid_val(like->uid)) {
		if (uid_eq(owner->uid, like->uid) && owner->outer == like->outer)
			return owner;
	}
	return NULL;
}

/**
 * ima_ns_owner_get - the user that a new namespace is counted for
 * @user_ns: its owner
 *
 * Context: process context, may sleep.
 * Return: a referenced user, %NULL if it is the host's own, or -ENOMEM.
 */
struct ima_ns_owner *ima_ns_owner_get(const struct user_namespace *user_ns)
{
	struct ima_ns_owner *owner, *new;

	if (user_ns == &init_user_ns)
		return NULL;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return ERR_PTR(-ENOMEM);

	user_ns = outermost(user_ns);
	new->uid = user_ns->owner;
	new->outer = uid_eq(new->uid, GLOBAL_ROOT_UID) ? user_ns : NULL;
	start_reports(&new->audit, AUDIT_SHARES);

	spin_lock(&owners_lock);
	owner = find_owner(new);
	if (!owner) {
		owner = new;
		hash_add(owners, &new->node, __kuid_val(new->uid));
	}
	owner->users++;
	spin_unlock(&owners_lock);

	if (owner != new)
		kfree(new);
	return owner;
}

/**
 * ima_ns_owner_put - a namespace is counted for a user no more
 * @owner: the user, or %NULL
 *
 * Context: process context.
 */
void ima_ns_owner_put(struct ima_ns_owner *owner)
{
	bool gone;

	if (!owner)
		return;

	spin_lock(&owners_lock);
	gone = !--owner->users &&
	       (owner->outer || !atomic_long_read(&owner->above));
	if (gone)
		hash_del(&owner->node);
	spin_unlock(&owners_lock);

	if (gone)
		kfree(owner);
}

/**
 * ima_ns_payer - who is to pay for a record
 * @ns: the namespace in whose list it is to be
 *
 * Context: the task that does what is recorded.
 * Return: the user, or %NULL: it is the list of their own, or root's act, or
 * not that of a container below @ns.
 */
struct ima_ns_owner *ima_ns_payer(const struct ima_namespace *ns)
{
	const struct ima_namespace *leaf = ima_ns_current();

	if (!leaf->owner || leaf->owner == ns->owner ||
	    !ima_ns_is_below(leaf, ns) ||
	    ima_ns_is_root(ns, current_real_cred()))
		return NULL;
	return leaf->owner;
}

/**
 * ima_ns_may_pay - may a user add one more record to a list above?
 * @owner: the user, or %NULL
 *
 * Context: any.
 * Return: whether their quota is not used up, or it is the record that says so.
 */
bool ima_ns_may_pay(const struct ima_ns_owner *owner)
{
	return !owner || READ_ONCE(owner->telling) == current ||
	       atomic_long_read(&owner->above) < quota;
}

/**
 * ima_ns_pay - a user added a record to a list above
 * @owner: the user, or %NULL
 *
 * Context: any.
 */
void ima_ns_pay(struct ima_ns_owner *owner)
{
	if (owner)
		atomic_long_inc(&owner->above);
}

/**
 * ima_ns_quota_exceeded - have a list say that a user may not add to it
 * @ns: whose list it is
 * @owner: the user
 *
 * Once for each level, by an ordinary record that no policy has to ask for.
 *
 * Context: process context, may sleep; no list's lock is held.
 */
void ima_ns_quota_exceeded(struct ima_namespace *ns, struct ima_ns_owner *owner)
{
	struct ima_walk walk = { .leaf = ns };
	char text[64];

	if (test_bit(ns->level, owner->told) ||
	    cmpxchg(&owner->telling, NULL, current))
		return;

	if (!test_and_set_bit(ns->level, owner->told)) {
		scnprintf(text, sizeof(text), "uid=%u ima_ns=%llu",
			  from_kuid(&init_user_ns, owner->uid),
			  ima_ns_current()->id);
		if (ima_measure_buffer(&walk, ns, ns->parent, &nop_mnt_idmap,
				       NULL, text, strlen(text),
				       "quota-exceeded", NONE, 0, NULL, false,
				       NULL, 0))
			clear_bit(ns->level, owner->told);
	}
	WRITE_ONCE(owner->telling, NULL);
}

/**
 * ima_ns_may_report - may the host's log have one more record about a child?
 * @ns: the child
 * @missed: set to how many it did not have since the last one
 *
 * Context: any.
 * Return: whether neither @ns nor the user that it is of had too many.
 */
bool ima_ns_may_report(struct ima_namespace *ns, int *missed)
{
	struct ratelimit_state *own = &ns->appraise.audit;

	if (!__ratelimit(own))
		return false;
	if (ns->owner && !__ratelimit(&ns->owner->audit))
		return false;

	*missed = xchg(&own->missed, 0);
	if (ns->owner)
		*missed += xchg(&ns->owner->audit.missed, 0);
	return true;
}

/**
 * ima_ns_not_reported - a record could not be had after all
 * @ns: the namespace it would have been about
 * @missed: what ima_ns_may_report() said
 *
 * Context: any.
 */
void ima_ns_not_reported(struct ima_namespace *ns, int missed)
{
	struct ratelimit_state *own = &ns->appraise.audit;
	unsigned long flags;

	if (!ns->parent)
		return;

	raw_spin_lock_irqsave(&own->lock, flags);
	own->missed += missed + 1;
	raw_spin_unlock_irqrestore(&own->lock, flags);
}
