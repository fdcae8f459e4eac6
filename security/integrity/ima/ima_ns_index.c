// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the rules of a policy by what they are about
 *
 * Most accesses are of few kinds, and most rules are about others.  When a policy is
 * loaded its rules are listed by kind, and what is fast to tell of each is put next
 * to it, so that a hook need not look at the rules that cannot match.
 */

#include <linux/hash.h>
#include <linux/slab.h>

#include "ima_ns_index.h"

/* A few bits tell most file systems that a rule is not about. */
static u64 magic_bit(unsigned long magic)
{
	return BIT_ULL(hash_long(magic, 6));
}

/* May a rule match, for all that can be told at once? */
static bool slot_may_match(const struct ima_rule_slot *slot,
			   const struct cred *cred)
{
	switch (slot->by) {
	case IMA_UID:
		return uid_eq(slot->uid, cred->uid);
	case IMA_EUID:
		return uid_eq(slot->uid, cred->euid) ||
		       uid_eq(slot->uid, cred->suid) ||
		       uid_eq(slot->uid, cred->uid);
	default:
		return true;
	}
}

/**
 * ima_ns_may_ask - may a level have a rule that asks for something?
 * @ns: the level, which has rules about such accesses
 * @kind: of the access, see ima_ns_kind()
 * @inode: what is accessed
 * @cred: credentials that the rules are matched with
 *
 * Spares the look at the rules themselves where none of them will match.
 *
 * Context: any.
 * Return: false if ima_match_policy() would find nothing to do.
 */
bool ima_ns_may_ask(const struct ima_namespace *ns, int kind,
		    const struct inode *inode, const struct cred *cred)
{
	const unsigned long magic = inode->i_sb->s_magic;
	const struct ima_rule_slot *slot, *end;
	const struct ima_rule_index *index;
	unsigned int excluded = 0;
	bool may = false;
	int seen;

	rcu_read_lock();
	index = rcu_dereference(ns->policy.index);
	if (!index || !(index->indexed & BIT(kind))) {
		rcu_read_unlock();
		return true;
	}

	seen = ima_seen_kind(kind);
	slot = index->slots + (index->excluded[seen] & magic_bit(magic) ?
				index->start[seen] : index->first[seen]);
	end = index->slots + index->start[seen + 1];
	for (; slot < end && !may; slot++) {
		if (slot->fsmagic && slot->fsmagic != magic)
			continue;
		if (!slot->excludes) {
			may = (slot->action & IMA_DO_MASK & ~excluded) &&
			      slot_may_match(slot, cred);
			continue;
		}
		excluded |= slot->action >> 1;
		if (!(READ_ONCE(ns->policy.flag) & IMA_DO_MASK & ~excluded))
			break;
		/* Few exclude it twice, of which no more than time is lost. */
		slot = max(slot, index->slots + index->first[seen] - 1);
	}
	rcu_read_unlock();
	return may;
}

/* Those of the accesses FILE_CHECK that have a bit in their mask, by its number. */
static const u32 files_with_bit[] = { 0xaaaa, 0xcccc, 0xf0f0, 0xff00 };
static_assert(BIT(ARRAY_SIZE(files_with_bit)) == IMA_KIND_BPRM);

/* The accesses that FILE_CHECK is about, by the masks of a rule. */
static u32 file_kinds(const struct ima_rule_entry *entry)
{
	const unsigned long wanted = entry->mask;
	u32 kinds = GENMASK(IMA_KIND_BPRM - 1, 0);
	u32 any = 0;
	int bit;

	if (entry->flags & IMA_MASK)
		kinds &= entry->mask < IMA_KIND_BPRM ? BIT(entry->mask) : 0;
	if (entry->flags & IMA_INMASK) {
		for_each_set_bit(bit, &wanted, ARRAY_SIZE(files_with_bit))
			any |= files_with_bit[bit];
		kinds &= any;
	}
	return kinds;
}

/* Which accesses a rule is about, of whatever files and by whomever. */
static u32 rule_kinds(const struct ima_rule_entry *entry)
{
	const u32 files = file_kinds(entry);
	u32 others = 0;

	/* What is executed is asked for by no other mask. */
	if (files & BIT(MAY_EXEC))
		others = GENMASK(IMA_KINDS - 1, IMA_KIND_BPRM);

	if (!(entry->flags & IMA_FUNC))
		return files | others;
	switch (entry->func) {
	case FILE_CHECK:
		return files;
	case BPRM_CHECK:
		return others & BIT(IMA_KIND_BPRM);
	case CREDS_CHECK:
		return others & BIT(IMA_KIND_CREDS);
	case MMAP_CHECK:
		return others & BIT(IMA_KIND_MMAP);
	case MMAP_CHECK_REQPROT:
		return others & BIT(IMA_KIND_REQPROT);
	default:
		return 0;
	}
}

static void fill_slot(const struct ima_namespace *ns,
		      struct ima_rule_slot *slot, struct ima_rule_entry *entry)
{
	const unsigned int about = IMA_FUNC | IMA_MASK | IMA_INMASK;
	const unsigned int by = entry->flags & (IMA_UID | IMA_EUID);

	slot->entry = entry;
	slot->fsmagic = entry->flags & IMA_FSMAGIC ? entry->fsmagic : 0;
	slot->action = entry->action;
	slot->excludes = !(entry->action & IMA_DO_MASK) && !entry->scope &&
			 slot->fsmagic &&
			 (entry->flags & ~about) == IMA_FSMAGIC;
	/* Ids of other owners' rules are not those in credentials. */
	if ((by == IMA_UID || by == IMA_EUID) && entry->uid_op == &uid_eq &&
	    ns == &init_ima_ns) {
		slot->by = by;
		slot->uid = entry->uid;
	}
}

static void find_excluded(struct ima_rule_index *index)
{
	unsigned int i;
	int seen;

	for (seen = 0; seen < IMA_SEEN_KINDS; seen++) {
		for (i = index->start[seen]; i < index->start[seen + 1]; i++) {
			if (!index->slots[i].excludes)
				break;
			index->excluded[seen] |= magic_bit(index->slots[i].fsmagic);
		}
		index->first[seen] = i;
	}
}

/* The kinds by ima_seen_kind(). */
static const int seen_kinds[IMA_SEEN_KINDS] = {
	MAY_EXEC, MAY_READ, IMA_KIND_BPRM, IMA_KIND_CREDS, IMA_KIND_MMAP,
	IMA_KIND_REQPROT,
};

/* How many slots it takes to list the rules about some kinds. */
static size_t count_rules(const struct ima_namespace *ns, u32 kinds)
{
	struct ima_rule_entry *entry;
	struct list_head *rules;
	size_t n = 0;
	int seen;

	rcu_read_lock();
	rules = rcu_dereference(ns->policy.rules);
	list_for_each_entry_rcu(entry, rules, list) {
		for (seen = 0; seen < IMA_SEEN_KINDS; seen++)
			n += !!(rule_kinds(entry) & kinds & BIT(seen_kinds[seen]));
	}
	rcu_read_unlock();
	return n;
}

/*
 * Lists them.  Rules about labels may be replaced meanwhile, and are not among them;
 * false if there are more than were counted all the same.
 */
static bool list_rules(const struct ima_namespace *ns,
		       struct ima_rule_index *index, size_t count)
{
	struct ima_rule_entry *entry;
	struct list_head *rules;
	size_t n = 0;
	int seen;

	rcu_read_lock();
	rules = rcu_dereference(ns->policy.rules);
	for (seen = 0; seen < IMA_SEEN_KINDS; seen++) {
		u32 kind = index->indexed & BIT(seen_kinds[seen]);

		index->start[seen] = n;
		list_for_each_entry_rcu(entry, rules, list) {
			if (!(rule_kinds(entry) & kind))
				continue;
			if (n < count)
				fill_slot(ns, &index->slots[n], entry);
			n++;
		}
	}
	rcu_read_unlock();
	index->start[IMA_SEEN_KINDS] = n;
	return n <= count;
}

/* Without memory for an index the rules are looked through, as there are. */
static void index_rules(struct ima_namespace *ns,
			const struct ima_ns_rules *about)
{
	struct ima_rule_index *index, *old;
	u32 kinds = about->asked & ~(about->never | about->labels);
	const size_t count = count_rules(ns, kinds);

	index = kvzalloc(struct_size(index, slots, count), GFP_KERNEL_ACCOUNT);
	if (index) {
		index->shared = !ns->parent && ns != &init_ima_ns;
		index->indexed = kinds;
		if (list_rules(ns, index, count)) {
			find_excluded(index);
		} else {
			kvfree(index);
			index = NULL;
		}
	}
	old = rcu_replace_pointer(ns->policy.index, index, true);
	if (old && !old->shared)
		kvfree_rcu(old, rcu);
}

/*
 * Is a rule about nothing but labels of tasks that a number stands for as long as the
 * kernel runs?  SELinux and Smack never give it to another one.  AppArmor does, and its
 * rules are those about roles.
 */
static bool label_is_lasting(const struct ima_rule_entry *entry)
{
	int i;

	for (i = 0; i < MAX_LSM_RULES; i++) {
		if (entry->lsm[i].args_p && i != LSM_SUBJ_USER &&
		    i != LSM_SUBJ_TYPE)
			return false;
	}
	return true;
}

/* Adds a rule to what there are rules about. */
static void note_rule(struct ima_ns_rules *about, bool scoped,
		      struct ima_rule_entry *entry)
{
	const u32 kinds = rule_kinds(entry);

	if (entry->action & IMA_DO_MASK)
		about->asked |= kinds;
	if ((entry->flags & IMA_FSUUID) || !label_is_lasting(entry))
		about->never |= kinds;
	if (ima_rule_contains_lsm_cond(entry)) {
		about->labels |= kinds;
		about->ids |= kinds;
	}
	if (entry->flags & (IMA_FOWNER | IMA_FGROUP))
		about->mapped |= kinds;
	if (scoped || (entry->flags & (IMA_UID | IMA_EUID | IMA_GID | IMA_EGID)))
		about->ids |= kinds;
	if (entry->flags & IMA_EUID)
		about->euid |= kinds;
	if (entry->flags & IMA_EGID)
		about->egid |= kinds;
}

/**
 * ima_ns_rules_changed - tell what the rules of a level are about
 * @ns: the level, or what levels have that have no rules of their own yet
 * @flag: union of the actions of the rules
 *
 * Context: process context, may sleep; the one writer of the policy of @ns, or boot.
 */
void ima_ns_rules_changed(struct ima_namespace *ns, int flag)
{
	struct ima_ns_rules about = {};
	struct ima_rule_entry *entry;
	int appraise = 0, hashes = 0;
	struct list_head *rules;

	rcu_read_lock();
	rules = rcu_dereference(ns->policy.rules);
	list_for_each_entry_rcu(entry, rules, list) {
		if (entry->func == SETXATTR_CHECK)
			continue;
		note_rule(&about, ns->policy.scoped, entry);
		if (entry->action != APPRAISE)
			continue;
		if (ns->parent)
			appraise |= ima_appraise_flag(entry->func);
		if (!(entry->flags & IMA_DIGSIG_REQUIRED))
			hashes |= entry->scope == IMA_NS_SELF ?
					IMA_NS_SELF : IMA_NS_CHILDREN;
	}
	rcu_read_unlock();

	WRITE_ONCE(ns->policy.appraise, appraise);
	WRITE_ONCE(ns->policy.hashes, hashes);
	WRITE_ONCE(ns->policy.flag, flag);
	index_rules(ns, &about);
	ima_ns_chain_rules(ns, &about);
}

/**
 * ima_ns_index_free - free what the rules of a child are about
 * @ns: a namespace that is about to be freed
 *
 * Context: nobody uses @ns any more.
 */
void ima_ns_index_free(struct ima_namespace *ns)
{
	struct ima_rule_index *index = rcu_access_pointer(ns->policy.index);

	if (index && !index->shared)
		kvfree(index);
}
