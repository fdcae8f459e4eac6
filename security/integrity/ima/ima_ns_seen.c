// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: accesses that need no second look
 *
 * Once that all levels found nothing to do about an access, it is remembered in
 * the state of the file and the task's own level: which kind of access it was, by
 * which credentials, what the chain's decisions rested on, and what had happened to
 * the file.  As long as all that is the same, the next one like it is let pass
 * without a lock, a walk or a write to memory that is shared.
 *
 * All of it is values: what may be freed and made again could be taken for what it
 * was.  Both numbers only grow, and so who finds both of them unchanged finds what
 * was remembered for them, or later ones:
 *
 *	remember				look up
 *
 *	done[...] = 0				gen, event are the current ones
 *	smp_wmb()				(acquire)
 *	event, gen				done[...]
 *	(release)
 *	done[...] |= class
 */

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/magic.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "ima.h"

/* Between two times of telling users apart anew, in one namespace. */
#define START_OVER_INTERVAL	HZ

/* Whom rules and scopes may tell apart: all ids, as they stand in credentials. */
struct ima_ns_who {
	u64 ids[4];
	u64 kind;	/* with the task's label in the upper half; 0 while it is free */
};

/* What the user namespace of credentials is to a level, and what it holds. */
#define WHO_OWN		1	/* that of the level's owner */
#define WHO_HOST	2	/* the initial one */
#define WHO_CAPABLE	4	/* has capabilities there */
#define WHO_SETUID	8	/* the task may take any of its user ids */
#define WHO_SETGID	16	/* and of its group ids */

/*
 * The numbers where ids are of no interest.  Of one kind of access they either are or
 * are not, as long as the number of the chain is the same: others are not taken for
 * them.
 */
#define ANYBODY_OWN	0
#define ANYBODY_HOST	1

static_assert(BITS_PER_BYTE * sizeof_field(struct ima_ns_seen, done[0]) >= IMA_NS_WHOS);

static __always_inline u64 pair(kuid_t uid, kgid_t gid)
{
	return (u64)__kgid_val(gid) << 32 | __kuid_val(uid);
}

/*
 * Rules may ask whether the task could become another user, with whatever other
 * LSMs say of it today.  Adds that to what kind of credentials they are, if it is known.
 */
static noinline bool describe_power(const struct ima_ns_rules *rules,
				    const struct cred *cred,
				    unsigned int access, u64 *kind)
{
	/* Of host root in a container each owner may be told something else. */
	if (cred != current_real_cred() || (*kind & WHO_HOST))
		return false;

	if ((READ_ONCE(rules->euid) & access) &&
	    has_ns_capability_noaudit(current, cred->user_ns, CAP_SETUID))
		*kind |= WHO_SETUID;
	if ((READ_ONCE(rules->egid) & access) &&
	    has_ns_capability_noaudit(current, cred->user_ns, CAP_SETGID))
		*kind |= WHO_SETGID;
	return true;
}

/* Does it matter whether a task could become another user? */
static __always_inline bool power_matters(const struct ima_ns_rules *rules,
					  const struct cred *cred,
					  unsigned int access)
{
	const u64 ids = pair(cred->uid, cred->gid);

	/* Who has but one user id and one group id, could not. */
	if (likely(ids == pair(cred->suid, cred->sgid) &&
		   ids == pair(cred->euid, cred->egid)))
		return false;
	return (READ_ONCE(rules->euid) | READ_ONCE(rules->egid)) & access;
}

static __always_inline unsigned int slot_of(const struct cred *cred, u64 kind)
{
	return (__kuid_val(cred->euid) + kind + (kind >> 32)) % IMA_NS_WHOS;
}

static __always_inline bool same_ids(const struct ima_ns_who *who,
				     const struct cred *cred)
{
	return !((who->ids[0] ^ pair(cred->uid, cred->gid)) |
		 (who->ids[1] ^ pair(cred->suid, cred->sgid)) |
		 (who->ids[2] ^ pair(cred->euid, cred->egid)) |
		 (who->ids[3] ^ pair(cred->fsuid, cred->fsgid)));
}

/* The number of credentials, or -1 if they have none. */
static __always_inline int find_who(const struct ima_namespace *ns,
				    const struct cred *cred, u64 kind)
{
	/* Pairs with alloc_whos(). */
	const struct ima_ns_who *slots = smp_load_acquire(&ns->chain.who);
	unsigned int i, slot = slot_of(cred, kind);

	if (!slots)
		return -1;

	for (i = 0; i < IMA_NS_WHOS; i++) {
		/* Pairs with insert_who(). */
		u64 found = smp_load_acquire(&slots[slot].kind);

		/* Emptied and filled anew meanwhile, the chain has another number. */
		if (found == kind && data_race(same_ids(&slots[slot], cred)))
			return slot;
		if (!found)
			return -1;
		slot = (slot + 1) % IMA_NS_WHOS;
	}
	return -1;
}

static int insert_who(struct ima_ns_who *slots, const struct cred *cred,
		      u64 kind)
{
	unsigned int i, slot = slot_of(cred, kind);

	for (i = 0; i < IMA_NS_WHOS; i++) {
		struct ima_ns_who *who = &slots[slot];

		if (who->kind == kind && same_ids(who, cred))
			return slot;
		if (!who->kind) {
			who->ids[0] = pair(cred->uid, cred->gid);
			who->ids[1] = pair(cred->suid, cred->sgid);
			who->ids[2] = pair(cred->euid, cred->egid);
			who->ids[3] = pair(cred->fsuid, cred->fsgid);
			/* Pairs with find_who(). */
			smp_store_release(&who->kind, kind);
			return slot;
		}
		slot = (slot + 1) % IMA_NS_WHOS;
	}
	return -1;
}

static bool alloc_whos(struct ima_namespace *ns)
{
	struct ima_ns_who *slots;

	if (READ_ONCE(ns->chain.who))
		return true;

	slots = kcalloc(IMA_NS_WHOS, sizeof(*slots),
			ns->parent ? GFP_KERNEL_ACCOUNT : GFP_KERNEL);
	if (!slots)
		return false;
	/* Pairs with find_who(). */
	if (cmpxchg_release(&ns->chain.who, NULL, slots))
		kfree(slots);
	else
		WRITE_ONCE(ns->chain.started, jiffies);
	return true;
}

/* Gives credentials a number, or -1 if there is none left. */
static int add_who(struct ima_namespace *ns, const struct cred *cred, u64 kind)
{
	int number = find_who(ns, cred, kind);

	if (number >= 0 || !alloc_whos(ns))
		return number;

	spin_lock(&ns->chain.who_lock);
	number = insert_who(ns->chain.who, cred, kind);
	spin_unlock(&ns->chain.who_lock);
	if (number >= 0)
		return number;

	if (time_after(jiffies, READ_ONCE(ns->chain.started) + START_OVER_INTERVAL)) {
		WRITE_ONCE(ns->chain.started, jiffies);
		ima_ns_chain_start_over(ns);
	}
	return -1;
}

/*
 * The number of credentials, which @add gives them if they have none; or -1.  Those of
 * any other user namespace have none.
 */
static __always_inline int number_of(struct ima_namespace *ns,
				     const struct cred *cred, u32 secid,
				     unsigned int access, bool add)
{
	const struct ima_ns_rules *rules = &ns->chain.rules;
	bool own = cred->user_ns == ns->user_ns;
	u64 kind;

	if (!own && cred->user_ns != &init_user_ns)
		return -1;
	if (!(READ_ONCE(rules->ids) & access))
		return own ? ANYBODY_OWN : ANYBODY_HOST;

	kind = own ? WHO_OWN : WHO_HOST;
	if (!cap_isclear(cred->cap_permitted))
		kind |= WHO_CAPABLE;
	if (READ_ONCE(rules->labels) & access)
		kind |= (u64)secid << 32;
	if (power_matters(rules, cred, access) &&
	    !describe_power(rules, cred, access, &kind))
		return -1;
	return add ? add_who(ns, cred, kind) : find_who(ns, cred, kind);
}

/**
 * ima_ns_who_clear - forget which credentials have which number
 * @ns: the namespace, whose number of the chain says that none is valid
 *
 * Context: see ima_ns_chain_start_over().
 */
void ima_ns_who_clear(struct ima_namespace *ns)
{
	int i;

	spin_lock(&ns->chain.who_lock);
	for (i = 0; i < IMA_NS_WHOS; i++)
		WRITE_ONCE(ns->chain.who[i].kind, 0);
	spin_unlock(&ns->chain.who_lock);
}

/**
 * ima_ns_who_free - free what tells users apart
 * @ns: a namespace that is about to be freed
 *
 * Context: any.
 */
void ima_ns_who_free(struct ima_namespace *ns)
{
	kfree(ns->chain.who);
}

/*
 * Is a stacked file not that of which the digest is known?  What @iint says is read
 * without a lock: who sees what was written there for newer content sees that it was
 * counted as an event, too.
 */
static bool may_differ_below(const struct file *file,
			     const struct ima_iint_cache *iint)
{
	const struct inode *real_inode = d_real_inode(file_dentry(file));

	/* EVM has more to look for, see ima_walk_check_changed(). */
	if (real_inode == file_inode(file) || (ima_policy_flag & IMA_APPRAISE) ||
	    READ_ONCE(iint->version_seq) == U64_MAX)
		return true;

	/* Changed under iint->mutex meanwhile, it is of no use, or newer: see above. */
	return data_race(!ima_same_below(iint, real_inode));
}

/* What the kernel is not told of has to be looked for each time. */
static bool is_doubtful(const struct file *file, const struct ima_iint_cache *iint)
{
	const struct inode *inode = file_inode(file);

	return inode_is_open_for_write(inode) ||
	       (inode->i_sb->s_iflags & SB_I_IMA_UNVERIFIABLE_SIGNATURE) ||
	       (inode->i_sb->s_stack_depth && may_differ_below(file, iint));
}

/* Is what was remembered for this file and level that very access? */
static __always_inline bool recalls(const struct ima_ns_seen *seen,
				    struct ima_namespace *leaf,
				    const struct ima_ns_when *now,
				    const struct cred *cred, u32 secid,
				    int kind, int seen_kind)
{
	unsigned int done;
	int number;

	/* Pairs with remember(). */
	if (smp_load_acquire(&seen->gen) != now->gen ||
	    READ_ONCE(seen->event) != now->event)
		return false;
	/* Pairs with remember(), too. */
	smp_rmb();
	done = READ_ONCE(seen->done[seen_kind]);
	if (!done)
		return false;

	number = number_of(leaf, cred, secid, BIT(kind), false);
	if (number < 0 || !(done & BIT(number)))
		return false;

	/* Pairs with ima_ns_chain_start_over(). */
	smp_rmb();
	return READ_ONCE(leaf->chain.gen) == now->gen;
}

/* Who is root of an owner is known once that its ids are mapped. */
static bool owners_are_mapped(const struct ima_namespace *ns)
{
	for (; ns->parent; ns = ns->parent) {
		if (!READ_ONCE(ns->user_ns->uid_map.nr_extents) ||
		    !READ_ONCE(ns->user_ns->gid_map.nr_extents))
			return false;
	}
	return true;
}

/* On others the owner of a file may change without a word. */
static bool is_local(const struct super_block *sb)
{
	return (sb->s_type->fs_flags & FS_REQUIRES_DEV) ||
	       sb->s_magic == TMPFS_MAGIC;
}

/* Can a decision about such an access be remembered at all? */
static __always_inline bool is_lasting(const struct ima_namespace *leaf,
				       struct file *file, int kind,
				       int seen_kind)
{
	const struct ima_ns_rules *rules = &leaf->chain.rules;
	const u32 doubts = READ_ONCE(rules->never) | READ_ONCE(rules->mapped);

	if (seen_kind < 0 || (file->f_flags & O_DIRECT))
		return false;
	return likely(!(doubts & BIT(kind))) ||
	       (!(READ_ONCE(rules->never) & BIT(kind)) &&
		file_mnt_idmap(file) == &nop_mnt_idmap &&
		is_local(file_inode(file)->i_sb));
}

/* Is a file opened for writing that nobody looked at, nor wants to? */
static bool is_new_to_all(struct ima_namespace *leaf, const struct file *file,
			  const struct cred *cred, int kind)
{
	/* Who looks at it from now on sees the writer; pairs with ima_ns_state_arm(). */
	smp_mb();
	return !IS_IMA(file_inode(file)) && !ima_ns_next(leaf, kind, file, cred);
}

/**
 * ima_ns_seen - has an access like this one been looked at by all levels?
 * @leaf: the level of the acting task; see ima_ns_unasked(), which comes first
 * @file: the file that is accessed
 * @cred: credentials that the rules are matched with
 * @secid: LSM label that they are matched with
 * @kind: of the access, see ima_ns_kind()
 * @now: set to what a decision rests on, for ima_ns_remember()
 *
 * Context: process context, may sleep, but takes no lock, if it has not been.
 * Return: whether no level has anything to do, or to say, about it.
 */
bool ima_ns_seen(struct ima_namespace *leaf, struct file *file,
		 const struct cred *cred, u32 secid, int kind,
		 struct ima_ns_when *now)
{
	const int seen_kind = ima_seen_kind(kind);
	const struct ima_iint_state *state;
	struct ima_iint_cache *iint;

	now->gen = 0;
	if (kind < 0)
		return false;
	if (file->f_mode & FMODE_WRITE)
		return is_new_to_all(leaf, file, cred, kind);
	if (!IS_IMA(file_inode(file)))
		return !ima_ns_next(leaf, kind, file, cred);
	if (!is_lasting(leaf, file, kind, seen_kind))
		return false;

	iint = ima_inode_get_iint(file_inode(file));
	/* The reader was counted; pairs with ima_ns_open_for_write(). */
	smp_mb();
	if (!iint || is_doubtful(file, iint))
		return false;
	/* What was looked at was no newer than what is counted now. */
	smp_rmb();
	now->event = ima_iint_events(iint);
	/* Pairs with chain_refresh(). */
	now->gen = smp_load_acquire(&leaf->chain.gen);

	state = ima_ns_state_find(leaf, iint);
	if (state && recalls(&state->seen, leaf, now, cred, secid, kind, seen_kind))
		return true;

	/* Before the walk looks at them. */
	if ((now->gen & 1) || !owners_are_mapped(leaf) ||
	    ((READ_ONCE(leaf->chain.rules.labels) & BIT(kind)) &&
	     !ima_ns_lsm_is_current(leaf)))
		now->gen = 0;
	return false;
}

static void remember(const struct ima_walk *walk, struct ima_iint_cache *iint,
		     struct ima_ns_seen *seen, int kind, int number)
{
	int i;

	lockdep_assert_held(&iint->mutex);

	/* Never back to what was before; see the top of this file. */
	if (READ_ONCE(walk->leaf->chain.gen) != walk->then.gen ||
	    ima_iint_events(iint) != walk->then.event)
		return;

	if (seen->gen != walk->then.gen || seen->event != walk->then.event) {
		for (i = 0; i < IMA_SEEN_KINDS; i++)
			WRITE_ONCE(seen->done[i], 0);
		/* Pairs with recalls(). */
		smp_wmb();
		WRITE_ONCE(seen->event, walk->then.event);
		/* Pairs with recalls(). */
		smp_store_release(&seen->gen, walk->then.gen);
	}
	/* Nor may a bit be seen before the numbers that it is for. */
	smp_wmb();
	WRITE_ONCE(seen->done[kind], seen->done[kind] | BIT(number));
}

/**
 * ima_ns_remember - no level had anything to do about an access
 * @walk: the walk that found this out
 * @file: the file that was accessed
 * @cred: credentials that the rules were matched with
 * @secid: LSM label that they were matched with
 *
 * Context: process context, may sleep; takes the locks of the file.
 */
void ima_ns_remember(struct ima_walk *walk, struct file *file,
		     const struct cred *cred, u32 secid)
{
	struct ima_namespace *leaf = walk->leaf;
	struct inode *inode = file_inode(file);
	struct ima_iint_cache *iint = ima_iint_find(inode);
	struct ima_iint_state *state;
	int number;

	if (!walk->then.gen || walk->cold ||
	    (ima_sb_iflags(file) & SB_I_IMA_UNVERIFIABLE_SIGNATURE))
		return;

	if ((READ_ONCE(leaf->chain.rules.labels) & BIT(walk->kind)) &&
	    !ima_ns_lsm_is_current(leaf))
		return;

	number = number_of(leaf, cred, secid, BIT(walk->kind), true);
	if (number < 0)
		return;

	state = ima_ns_state_try(leaf, inode, iint);
	if (!state || !mutex_trylock(&iint->mutex))
		return;

	/* What @number rests on is looked at before the number of the chain. */
	smp_rmb();
	remember(walk, iint, &state->seen, ima_seen_kind(walk->kind), number);
	ima_ns_state_relied_on(leaf, iint, state);
	mutex_unlock(&iint->mutex);
}
