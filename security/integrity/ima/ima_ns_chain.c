// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: what a level and all those above it say, in short
 *
 * An access is judged by every level, and most say nothing.  Each namespace has
 * for its whole chain which accesses there are rules about, and a number that
 * changes with whatever a decision of the chain rests on.  Whoever changes that
 * brings all descendants up to date, so that a hook looks at its own level alone; and
 * nobody else, or one tenant could slow down all others.
 */

#include <linux/list.h>
#include <linux/mutex.h>

#include "ima.h"

/* Is there a policy, or a child?  Never taken back; set before either counts. */
bool ima_ns_in_use __read_mostly;

/* Protects who is whose child, and the writing of every &struct ima_ns_chain. */
static DEFINE_MUTEX(ima_ns_chain_lock);

static const struct ima_ns_rules no_rules;

/* The next level up that does not go by the same rules. */
static struct ima_namespace *other_rules_above(const struct ima_namespace *ns)
{
	struct ima_namespace *parent = ns->parent;

	if (parent && rcu_access_pointer(parent->policy.rules) ==
		      rcu_access_pointer(ns->policy.rules))
		return parent->chain.above;
	return parent;
}

static void set_rules(struct ima_ns_rules *to, const struct ima_ns_rules *own,
		      const struct ima_ns_rules *above)
{
	WRITE_ONCE(to->asked, own->asked | above->asked);
	WRITE_ONCE(to->never, own->never | above->never);
	WRITE_ONCE(to->labels, own->labels | above->labels);
	WRITE_ONCE(to->mapped, own->mapped | above->mapped);
	WRITE_ONCE(to->ids, own->ids | above->ids);
	WRITE_ONCE(to->euid, own->euid | above->euid);
	WRITE_ONCE(to->egid, own->egid | above->egid);
}

/* Says anew what the chain of a namespace says; its parent's is up to date. */
static void chain_refresh(struct ima_namespace *ns)
{
	WRITE_ONCE(ns->chain.gen, ns->chain.gen + 1);
	/* Pairs with recalls(): who finds new rules finds the number odd, or new. */
	smp_wmb();
	set_rules(&ns->chain.rules, &ns->policy.about,
		  ns->parent ? &ns->parent->chain.rules : &no_rules);
	WRITE_ONCE(ns->chain.above, other_rules_above(ns));
	/* Who sees the number sees what it is about, and what that rests on. */
	smp_store_release(&ns->chain.gen, ns->chain.gen + 1);
}

static struct ima_namespace *first_child(struct ima_namespace *ns)
{
	return list_first_entry_or_null(&ns->chain.children,
					struct ima_namespace, chain.sibling);
}

/* The next one below @top, parents first, %NULL after the last one. */
static struct ima_namespace *next_below(struct ima_namespace *ns,
					const struct ima_namespace *top)
{
	struct ima_namespace *next = first_child(ns);

	for (; !next && ns != top; ns = ns->parent) {
		if (!list_is_last(&ns->chain.sibling, &ns->parent->chain.children))
			next = list_next_entry(ns, chain.sibling);
	}
	return next;
}

/* Numbers the walks; grows before one begins. */
static u64 walks;

/*
 * Did a walk that came by here begin later than that?  Those who wait for one
 * another's walks are done by the first of them.
 */
static bool was_walked(const struct ima_namespace *ns, u64 ticket)
{
	lockdep_assert_held(&ima_ns_chain_lock);

	for (; ns; ns = ns->parent) {
		if (ns->chain.walked > ticket)
			return true;
	}
	return false;
}

/**
 * ima_ns_chain_add - a namespace begins
 * @ns: a new child, with a policy, that nobody uses yet
 *
 * Context: process context, may sleep.
 */
void ima_ns_chain_add(struct ima_namespace *ns)
{
	INIT_LIST_HEAD(&ns->chain.children);
	spin_lock_init(&ns->chain.who_lock);
	WRITE_ONCE(ima_ns_in_use, true);

	mutex_lock(&ima_ns_chain_lock);
	chain_refresh(ns);
	list_add(&ns->chain.sibling, &ns->parent->chain.children);
	mutex_unlock(&ima_ns_chain_lock);
}

/**
 * ima_ns_chain_del - a namespace ends
 * @ns: a child that has no children any more
 *
 * Context: process context, may sleep.
 */
void ima_ns_chain_del(struct ima_namespace *ns)
{
	mutex_lock(&ima_ns_chain_lock);
	list_del(&ns->chain.sibling);
	mutex_unlock(&ima_ns_chain_lock);
}

/**
 * ima_ns_chain_changed - what decisions of a level rest on has changed
 * @ns: the level, whose new rules or keys are in force
 *
 * No access that begins later is spared the look at them, in @ns or below.
 *
 * Context: process context, may sleep; locks of the key facility may be held.
 */
void ima_ns_chain_changed(struct ima_namespace *ns)
{
	struct ima_namespace *pos;
	u64 ticket;

	/* The change is visible to every walk that begins after this. */
	smp_mb();
	ticket = READ_ONCE(walks);

	mutex_lock(&ima_ns_chain_lock);
	if (!was_walked(ns, ticket)) {
		WRITE_ONCE(walks, walks + 1);
		ns->chain.walked = walks;
		for (pos = ns; pos; pos = next_below(pos, ns)) {
			chain_refresh(pos);
			cond_resched();
		}
	}
	mutex_unlock(&ima_ns_chain_lock);
}

/**
 * ima_ns_chain_rules - a level has new rules
 * @ns: the level, or what levels have that have no rules of their own yet
 * @about: what accesses the rules are about
 *
 * Context: as ima_ns_chain_changed(); the one writer of the policy of @ns, or boot.
 */
void ima_ns_chain_rules(struct ima_namespace *ns,
			const struct ima_ns_rules *about)
{
	if (ns == &init_ima_ns && ns->policy.flag)
		WRITE_ONCE(ima_ns_in_use, true);

	mutex_lock(&ima_ns_chain_lock);
	set_rules(&ns->policy.about, about, &no_rules);
	mutex_unlock(&ima_ns_chain_lock);

	ima_ns_chain_changed(ns);
}

/**
 * ima_ns_chain_start_over - have other users told apart than so far
 * @ns: the namespace whose &ima_ns_chain.who is full
 *
 * The number is odd meanwhile, which says that nothing is to be relied on.
 *
 * Context: process context, may sleep.
 */
void ima_ns_chain_start_over(struct ima_namespace *ns)
{
	mutex_lock(&ima_ns_chain_lock);
	WRITE_ONCE(ns->chain.gen, ns->chain.gen + 1);
	/* Pairs with recalls(): who finds another one's slot finds this as well. */
	smp_wmb();
	ima_ns_who_clear(ns);
	/* Nor is what is put there from now on taken for what was there before. */
	smp_store_release(&ns->chain.gen, ns->chain.gen + 1);
	mutex_unlock(&ima_ns_chain_lock);
}
