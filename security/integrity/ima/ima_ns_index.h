/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: the rules of a policy by what they are about
 */
#ifndef _IMA_NS_INDEX_H
#define _IMA_NS_INDEX_H

#include <linux/rculist.h>

#include "ima_rule.h"

#ifdef CONFIG_IMA_NS
/**
 * struct ima_rule_slot - a rule about a kind of accesses, and what is fast to tell
 * @entry: the rule.
 * @fsmagic: of the file system it is about, 0 if all.
 * @uid: the user it is about, where @by says so.
 * @action: what it asks for.
 * @by: IMA_UID or IMA_EUID if it is about one user of the initial user namespace
 *	in that way, else 0.
 * @excludes: it asks for nothing, for all of that file system.
 *
 * Constant; lives as long as the index that it is in.
 */
struct ima_rule_slot {
	struct ima_rule_entry *entry;
	unsigned long fsmagic;
	kuid_t uid;
	unsigned short action;
	unsigned short by;
	bool excludes;
};

/**
 * struct ima_rule_index - the rules about each of the frequent kinds of accesses
 * @rcu: delays freeing until nobody reads it.
 * @shared: it is of those rules that all children begin with, and not freed.
 * @indexed: kinds, by bits of ima_ns_kind(), that have all of their rules here.
 * @start: where in @slots the rules of each begin, and at last where they end.
 * @first: where the first of them is that does more than to exclude a file system.
 * @excluded: file systems that those before it exclude, by bits of a hash.
 * @slots: the rules, in their order in the policy.
 *
 * Constant once it is published in &ima_ns_policy.index, and read under RCU.
 */
struct ima_rule_index {
	struct rcu_head rcu;
	bool shared;
	u32 indexed;
	unsigned int start[IMA_SEEN_KINDS + 1];
	unsigned int first[IMA_SEEN_KINDS];
	u64 excluded[IMA_SEEN_KINDS];
	struct ima_rule_slot slots[];
};

/**
 * struct ima_rule_iter - the rules that may match an access, one after the other
 * @head: of the list of rules, %NULL if those of the index are gone through.
 * @pos: the next one in that list.
 * @slot: the next one in the index, @end if there is none.
 * @end: behind the last one in the index.
 * @fsmagic: of the file system of what is accessed.
 *
 * On the stack of who goes through them, under RCU.
 */
struct ima_rule_iter {
	struct list_head *head;
	struct list_head *pos;
	const struct ima_rule_slot *slot;
	const struct ima_rule_slot *end;
	unsigned long fsmagic;
};

/* Begins with the rules that may match an access. */
static inline struct ima_rule_iter
ima_rule_begin(struct ima_namespace *ns, int scope, const struct inode *inode,
	       enum ima_hooks func, int mask)
{
	const int kind = ima_ns_kind(func, mask), seen = ima_seen_kind(kind);
	const struct ima_rule_index *index = rcu_dereference(ns->policy.index);
	struct ima_rule_iter iter = {};

	if (index && seen >= 0 && (index->indexed & BIT(kind)) &&
	    !(scope & IMA_NS_LOADED)) {
		iter.slot = index->slots + index->start[seen];
		iter.end = index->slots + index->start[seen + 1];
		iter.fsmagic = inode->i_sb->s_magic;
		return iter;
	}

	iter.head = scope & IMA_NS_LOADED ? &ns->policy.temp :
					    rcu_dereference(ns->policy.rules);
	iter.pos = rcu_dereference(list_next_rcu(iter.head));
	return iter;
}

/* The next of them, %NULL after the last one. */
static inline struct ima_rule_entry *ima_rule_next(struct ima_rule_iter *iter)
{
	const struct ima_rule_slot *slot;
	struct list_head *pos;

	while (iter->slot != iter->end) {
		slot = iter->slot++;
		if (!slot->fsmagic || slot->fsmagic == iter->fsmagic)
			return slot->entry;
	}

	pos = iter->pos;
	if (pos == iter->head)
		return NULL;
	iter->pos = rcu_dereference(list_next_rcu(pos));
	return list_entry(pos, struct ima_rule_entry, list);
}

/* Those of the rules of @ns that may match an access, under RCU. */
#define ima_for_each_rule(entry, ns, scope, inode, func, mask)			\
	for (struct ima_rule_iter __iter = ima_rule_begin(ns, scope, inode,	\
							  func, mask);		\
	     ((entry) = ima_rule_next(&__iter));)
#else
static inline struct list_head *
ima_rule_head(struct ima_namespace *ns, int scope, const struct inode *inode,
	      enum ima_hooks func, int mask)
{
	return rcu_dereference(ns->policy.rules);
}

/* The head is read once: another policy may be put in force meanwhile. */
#define ima_for_each_rule(entry, ns, scope, inode, func, mask)			\
	for (struct list_head *__head = ima_rule_head(ns, scope, inode, func,	\
						      mask);			\
	     __head; __head = NULL)						\
		list_for_each_entry_rcu(entry, __head, list)
#endif

#endif /* _IMA_NS_INDEX_H */
