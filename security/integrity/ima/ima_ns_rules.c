// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: what the rules of a child may be, how they are shown, and how
 * long they live
 */

#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "ima_rule.h"

/**
 * ima_ns_check_rule - is a rule, valid in itself, one that a policy may hold?
 * @ns: the namespace whose policy it is
 * @entry: the rule
 *
 * Context: the one writer of the policy of @ns.
 * Return: 0; -EINVAL if its scope would leave something to a child that is not a
 * child's; -EOPNOTSUPP if appraisal is off; -EPERM if its writer may not have what
 * children do audited.
 */
int ima_ns_check_rule(const struct ima_namespace *ns,
		      const struct ima_rule_entry *entry)
{
	bool appraise = entry->action & (APPRAISE | DONT_APPRAISE);
	bool hash = entry->action & (HASH | DONT_HASH);

	if (appraise && entry->scope && ima_acts_on_kernel(entry->func))
		return -EINVAL;
	if (ns == &init_ima_ns)
		return 0;

	/* Where appraisal is off, nothing should look as if it was not. */
	if ((appraise || hash) && !(ima_appraise & (IMA_APPRAISE_ENFORCE |
						    IMA_APPRAISE_FIX |
						    IMA_APPRAISE_LOG)))
		return -EOPNOTSUPP;
	if (entry->action == AUDIT && !ns->policy.may_audit)
		return -EPERM;
	return 0;
}

/* Counts policies of LSMs; from 1, as 0 says that there are no such rules. */
static atomic_long_t lsm_policies = ATOMIC_LONG_INIT(1);

/**
 * ima_ns_lsm_changed - an LSM has a new policy
 * @err: 0 if the initial namespace's rules about labels have been read for it
 *
 * Namespaces may be many, and so each other one refreshes its rules about labels by
 * itself, when it next goes by them.
 *
 * Context: process context, may sleep.
 */
void ima_ns_lsm_changed(int err)
{
	unsigned long seq = atomic_long_inc_return(&lsm_policies);

	/* Rules that are being loaded may have been read for the one before. */
	if (!err && READ_ONCE(init_ima_ns.policy.lsm_seq) &&
	    !test_bit(0, &init_ima_ns.policy.busy))
		WRITE_ONCE(init_ima_ns.policy.lsm_seq, seq);
	ima_ns_chain_changed(&init_ima_ns);
}

/**
 * ima_ns_lsm_rule_added - a rule about a label is about to be read
 * @ns: the namespace whose policy is loaded
 *
 * Context: the one writer of the policy of @ns.
 */
void ima_ns_lsm_rule_added(struct ima_namespace *ns)
{
	if (!ns->policy.lsm_seq)
		WRITE_ONCE(ns->policy.lsm_seq, atomic_long_read(&lsm_policies));
}

/* One grace period for all rules, as somebody's access waits for it. */
static void update_rules(struct ima_namespace *ns)
{
	struct ima_rule_entry *entry, *e, *fresh, *stale = NULL;
	int i;

	list_for_each_entry_safe(entry, e, &ns->policy.custom, list) {
		if (!ima_rule_contains_lsm_cond(entry))
			continue;
		/* Without memory for it, a label would look like one that is unknown. */
		fresh = ima_lsm_copy_rule(ns, entry,
					  GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
		list_replace_rcu(&entry->list, &fresh->list);
		entry->stale = stale;
		stale = entry;
	}
	if (!stale)
		return;

	synchronize_rcu();
	for (entry = stale; entry; entry = stale) {
		stale = entry->stale;
		for (i = 0; i < MAX_LSM_RULES; i++)
			ima_filter_rule_free(entry->lsm[i].rule);
		kfree(entry);
	}
}

/**
 * ima_ns_lsm_refresh - have rules about labels that the LSMs know
 * @ns: a child whose policy is about to be gone by
 *
 * While somebody loads a policy the rules stay as they are: stale ones match
 * nothing, or are read anew for each match, as on the host.
 *
 * Context: process context, may sleep.
 */
void ima_ns_lsm_refresh(struct ima_namespace *ns)
{
	unsigned long seq = atomic_long_read(&lsm_policies);
	unsigned long now = READ_ONCE(ns->policy.lsm_seq);

	if (likely(!now || now == seq))
		return;
	if (test_and_set_bit_lock(0, &ns->policy.busy))
		return;

	update_rules(ns);
	WRITE_ONCE(ns->policy.lsm_seq, seq);
	clear_bit_unlock(0, &ns->policy.busy);
}

/**
 * ima_ns_lsm_is_current - had all rules of a chain been read for today's labels?
 * @leaf: the lowest level
 *
 * What stale rules say may be a matter of the memory there was.  Levels that are not
 * asked about what happens are refreshed here.
 *
 * Context: process context, may sleep.
 * Return: false if there was a level whose rules about labels were stale.
 */
bool ima_ns_lsm_is_current(struct ima_namespace *leaf)
{
	const unsigned long now = atomic_long_read(&lsm_policies);
	struct ima_namespace *ns;
	bool current_before = true;

	for (ns = leaf; ns; ns = ns->parent) {
		unsigned long seq = READ_ONCE(ns->policy.lsm_seq);

		if (!seq || seq == now)
			continue;
		current_before = false;
		if (ns->parent)
			ima_ns_lsm_refresh(ns);
	}
	return current_before;
}

/**
 * ima_ns_policy_free - free the rules of a child
 * @ns: a namespace that is about to be freed
 *
 * Context: nobody uses @ns any more.
 */
void ima_ns_policy_free(struct ima_namespace *ns)
{
	ima_delete_rules(&ns->policy.custom);
	ima_ns_index_free(ns);
}

/**
 * ima_ns_shown_uid - how a rule's user id is shown
 * @m: the file, whose private data is a &struct ima_seq_file
 * @uid: the id, as the owner of the namespace calls it
 *
 * The host's file goes on showing large ids as negative ones.
 *
 * Context: ->show().
 * Return: the number to print.
 */
long long ima_ns_shown_uid(struct seq_file *m, kuid_t uid)
{
	struct ima_seq_file *sf = m->private;
	uid_t id = from_kuid_munged(seq_user_ns(m),
				    make_kuid(sf->ns->user_ns, __kuid_val(uid)));

	return sf->ns->parent ? (long long)id : (int)id;
}

/**
 * ima_ns_shown_gid - how a rule's group id is shown
 * @m: the file, whose private data is a &struct ima_seq_file
 * @gid: the id, as the owner of the namespace calls it
 *
 * Context: as ima_ns_shown_uid().
 * Return: the number to print.
 */
long long ima_ns_shown_gid(struct seq_file *m, kgid_t gid)
{
	struct ima_seq_file *sf = m->private;
	gid_t id = from_kgid_munged(seq_user_ns(m),
				    make_kgid(sf->ns->user_ns, __kgid_val(gid)));

	return sf->ns->parent ? (long long)id : (int)id;
}

/**
 * ima_ns_show_fsname - show the name of a file system in full
 * @m: the file, whose private data is a &struct ima_seq_file
 * @name: the name
 *
 * The host's file goes on cutting off what is too long for its buffer.
 *
 * Context: ->show().
 * Return: false if the caller is to show it in the host's way.
 */
bool ima_ns_show_fsname(struct seq_file *m, const char *name)
{
	struct ima_seq_file *sf = m->private;

	if (!sf->ns->parent)
		return false;
	seq_printf(m, "fsname=%s ", name);
	return true;
}
