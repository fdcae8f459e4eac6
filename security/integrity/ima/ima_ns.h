/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: what they hold, and how the hooks walk them
 *
 * Order of locks: iint->mutex, then the inode lock (appraisal), then the log
 * mutex of one namespace; ima_ns_status_lock is a leaf.  Never two
 * namespaces' locks at once.  Apart from these, ima_ns_tpm_mutex, then the lock
 * of one chip, then the log mutex.  Included by ima.h, not by anybody else.
 */
#ifndef _IMA_NS_H
#define _IMA_NS_H

#include <linux/backing-dev.h>
#include <linux/cleanup.h>
#include <linux/ima_ns.h>
#include <linux/iversion.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/rbtree_types.h>
#include <linux/ratelimit_types.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable-types.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>

struct key;
struct linux_binprm;
struct user_namespace;
struct ucounts;

/* The deepest level; a mount namespace below it shares its parent's. */
#define IMA_NS_MAX_LEVEL		64

/* Limits of the policy of a child namespace, all that it loads together. */
#define IMA_NS_POLICY_MAX_RULES		1024
#define IMA_NS_POLICY_MAX_SIZE		65536

/**
 * struct ima_ns_rules - what rules there are, by bits of ima_ns_kind()
 * @asked: accesses that any rule is about that does something.
 * @never: those of them whose decisions are not remembered: the label of a file, or
 *	   the UUID of a file system, changes without a word.
 * @labels: those where it matters which label the acting task has.
 * @mapped: those where the owner of a file matters, which the mount may map.
 * @ids: those where it matters whose access it is.
 * @euid: those where that is a matter of who could become whom.
 * @egid: the same of groups.
 */
struct ima_ns_rules {
	u32 asked;
	u32 never;
	u32 labels;
	u32 mapped;
	u32 ids;
	u32 euid;
	u32 egid;
};

/* Kinds of accesses: a FILE_CHECK by its mask, and what is executed. */
#define IMA_KIND_BPRM		16
#define IMA_KIND_CREDS		17
#define IMA_KIND_MMAP		18
#define IMA_KIND_REQPROT	19
#define IMA_KINDS		20

/* The kind of an access, or -1 if it is a rare one. */
static inline int ima_ns_kind(enum ima_hooks func, int mask)
{
	switch (func) {
	case FILE_CHECK:
		/* Who only asks what there would be to do gives another mask. */
		return mask < IMA_KIND_BPRM ? mask : -1;
	case BPRM_CHECK:
		return IMA_KIND_BPRM;
	case CREDS_CHECK:
		return IMA_KIND_CREDS;
	case MMAP_CHECK:
		return IMA_KIND_MMAP;
	case MMAP_CHECK_REQPROT:
		return IMA_KIND_REQPROT;
	default:
		return -1;
	}
}

/* Those that are remembered; others are rare, or about writing. */
static inline int ima_seen_kind(int kind)
{
	switch (kind) {
	case MAY_READ:
		return 1;
	case MAY_EXEC:
		return 0;
	case IMA_KIND_BPRM ... IMA_KIND_REQPROT:
		return kind - IMA_KIND_BPRM + 2;
	default:
		return -1;
	}
}

/* Credentials that are told apart in one namespace at a time; a power of two. */
#define IMA_NS_WHOS		32

struct ima_ns_who;
struct ima_rule_index;

/**
 * struct ima_ns_chain - what a level and all those above it say, in short
 * @gen: changes with whatever decisions of the chain rest on, odd while what is in
 *	 @who is of no use.  It only grows.
 * @rules: of all levels of the chain.
 * @above: the next level up that goes by other rules, %NULL above the last.
 * @who: credentials that have a number, %NULL before the first.  Set once, freed
 *	 with the namespace.
 * @who_lock: taken to give credentials a number; a leaf.
 * @started: jiffies when @who was last emptied.
 * @walked: which of the walks from one namespace down last began here.
 * @children: namespaces one level down, which take themselves off.
 * @sibling: in @children of the parent.
 *
 * Written under ima_ns_chain_lock, read without.
 */
struct ima_ns_chain {
	u64 gen;
	struct ima_ns_rules rules;
	struct ima_namespace *above;
	struct ima_ns_who *who;
	spinlock_t who_lock;	/* protects the filling of @who */
	unsigned long started;
	u64 walked;
	struct list_head children;
	struct list_head sibling;
};

/**
 * struct ima_ns_policy - the rules that a namespace goes by
 * @rules: head of the rules in force: a built-in list until a policy is
 *	   loaded, then @custom.  Read under RCU, set under @busy.
 * @custom: rules loaded, in the order of loading; grows by whole policies,
 *	    shrinks never.  Owned by the namespace and freed with it.
 * @temp: rules read so far by the one writer; belongs to who holds @busy.
 * @size: bytes of text that @custom was loaded from; belongs to who holds
 *	  @busy, as @nr_rules does.
 * @nr_rules: number of rules in @custom.
 * @flag: union of the actions of @rules.  Written with @rules, read without
 *	  a lock as the first thing that a hook does.
 * @busy: bit 0 is held by the open file that is loading a policy.
 * @scoped: a rule with ns= was ever read.  Set before the rule is published,
 *	    never taken back.
 * @about: what accesses @rules are about.  Written with @flag.
 * @index: @rules by what they are about, %NULL if there was no memory for it.
 *	   Read under RCU, set with @flag, freed with the namespace.
 * @lsm_seq: LSM policy that the rules about labels were read for, 0 if there
 *	     are none.  Written by who holds @busy, and for the initial namespace by
 *	     who tells of another LSM policy.
 * @may_audit: the one writer may load audit rules; belongs to who holds @busy.
 * @appraise: what the rules demand of loading modules, firmware, kexec images
 *	      and policies, as in ima_appraise; 0 in the initial one.  Written
 *	      with @flag.
 * @hashes: whether appraise rules go by hashes: IMA_NS_SELF if such a rule has
 *	    ns=self, IMA_NS_CHILDREN if one has not.  Written with @flag.
 * @setxattr_algos: hash algorithms that security.ima may be set with, 0 if any.
 *		    Set once, by who holds @busy.
 */
struct ima_ns_policy {
	struct list_head __rcu *rules;
	struct list_head custom;
	struct list_head temp;
	size_t size;
	unsigned int nr_rules;
	int flag;
	unsigned long busy;
	bool scoped;
	bool may_audit;
	int appraise;
	int hashes;
	atomic_t setxattr_algos;
	struct ima_ns_rules about;
	struct ima_rule_index __rcu *index;
	unsigned long lsm_seq;
};

/* Whose acts a rule of a level covers, and on whose behalf it is asked. */
#define IMA_NS_SELF		0x01	/* tasks of the level itself */
#define IMA_NS_CHILDREN		0x02	/* tasks of its descendants */
#define IMA_NS_ALL		(IMA_NS_SELF | IMA_NS_CHILDREN)
#define IMA_NS_LOADED		0x04	/* ask the rules that are being loaded */

/* The label of critical data that is about namespaces themselves. */
#define IMA_NS_LABEL		"ima_ns"

/**
 * struct ima_ns_log - the measurement list
 * @lock: makes append and PCR extend one step; taken after iint->mutex and
 *	  the inode lock.
 * @entries: the records in their order.  Appended under @lock, read under
 *	     RCU; a reader's open file pins the namespace.
 * @table: the same records by digest, %NULL in a child until its first
 *	   record.  Set and changed under @lock.
 * @len: number of records in @entries.
 * @violations: number of violations, an indicator only.
 * @lost: number of records of a child that could not be stored.
 * @spare: the record that says so, kept from the beginning, as there may be no
 *	   memory for it then; %NULL if it is in @entries.  Under @lock.
 */
struct ima_ns_log {
	struct mutex lock;	/* protects what follows */
	struct list_head entries;
	struct ima_h_table *table;
	atomic_long_t len;
	atomic_long_t violations;
	atomic_long_t lost;
	struct ima_template_entry *spare;
};

/* Set in the inode of a list file that is there for a child's chip alone. */
#define IMA_NS_BANK_FILE	0x10000

struct ima_ns_bank;
struct ima_ns_vtpm;

/**
 * struct ima_ns_tpm - the chip that follows the list
 * @chip: the initial namespace's, extended with each record; %NULL if there is
 *	  none, and in children.  Set once, before the first record.
 * @binding: a child's, from the moment on when binding begins; referenced,
 *	     under ima_ns_tpm_mutex.
 * @vtpm: the same once that it is bound or lost.  Set once, under the chip's
 *	  lock and the list's; see ima_ns_vtpm().
 */
struct ima_ns_tpm {
	struct tpm_chip *chip;
	struct ima_ns_vtpm *binding;
	struct ima_ns_vtpm *vtpm;
};

/**
 * struct ima_ns_keys - the keys of a child
 * @ring: its .ima keyring, %NULL until somebody asks for it.  Set once,
 *	  referenced; revoked when the namespace ends.
 * @ca: certificates that vouch for others in @ring, %NULL if there are none.
 *	As @ring.
 * @gen: counts what makes keys come and go, after it has happened.
 * @locked: nothing is added to @ring any more.  Set once.
 * @used: a key was added to @ring.  Set once.
 * @begun: who made the namespace has given the one certificate that is theirs
 *	   to give, or is about to; changed by xchg().
 */
struct ima_ns_keys {
	struct key *ring;
	struct key *ca;
	atomic64_t gen;
	bool locked;
	bool used;
	bool begun;
};

/**
 * struct ima_ns_appraise - whose verdicts bind a child
 * @bound: the levels above, from the initial one on, whose rules with ns=self
 *	   bind this namespace all the same, as none that is privileged there
 *	   has left it to itself.  Grows smaller only; changed by cmpxchg().
 * @audit: keeps a container from flooding the host's log.
 */
struct ima_ns_appraise {
	unsigned int bound;
	struct ratelimit_state audit;
};

/**
 * struct ima_namespace - one level of measurement
 * @ns: reference count, /proc inode number and operations.  References are
 *	held by mount namespaces, children, nsfs and open files in ima/.
 * @user_ns: the owner, in which uids of rules and privileges are judged.
 *	     Referenced, fixed at creation.
 * @ucounts: whom the namespace is charged to, %NULL in the initial one.
 * @owner: the user that what it does to others is counted for, %NULL if that is
 *	   the host's root.  Referenced, fixed at creation.
 * @parent: one level up, %NULL in the initial one.  Referenced, fixed at
 *	    creation: walking up takes no reference.
 * @id: names the namespace in records; never used again in a boot.
 * @level: distance from the initial namespace.
 * @chain: see &struct ima_ns_chain.
 * @policy: see &struct ima_ns_policy.
 * @log: see &struct ima_ns_log.
 * @tpm: see &struct ima_ns_tpm.
 * @keys: see &struct ima_ns_keys.
 * @appraise: see &struct ima_ns_appraise.
 * @tree_node: in the tree of all children by id, which holds no reference.
 * @statuses: what was done to inodes here, see &struct ima_ns_status;
 *	      protected by ima_ns_status_lock.
 * @free_work: frees the namespace, and those parents that only it pinned.
 */
struct ima_namespace {
	struct ns_common ns;
	struct user_namespace *user_ns;
	struct ucounts *ucounts;
	struct ima_ns_owner *owner;
	struct ima_namespace *parent;
	u64 id;
	unsigned int level;
	struct ima_ns_chain chain;

	struct ima_ns_policy policy;
	struct ima_ns_log log;
	struct ima_ns_tpm tpm;
	struct ima_ns_keys keys;
	struct ima_ns_appraise appraise;

	struct rb_node tree_node;
	struct list_head statuses;
	struct work_struct free_work;
};

/* One level up, %NULL from the initial namespace, which may be all there is. */
static inline struct ima_namespace *
ima_ns_parent(const struct ima_namespace *ns)
{
	return IS_ENABLED(CONFIG_IMA_NS) ? ns->parent : NULL;
}

/* Also without CONFIG_IMA_NS, as the home of IMA's own state. */
extern struct ima_namespace init_ima_ns;

/* Is it the initial one, which may be all there is? */
static inline bool ima_ns_is_init(const struct ima_namespace *ns)
{
	return !IS_ENABLED(CONFIG_IMA_NS) || ns == &init_ima_ns;
}

extern struct list_head ima_default_rules;
extern struct ima_h_table ima_htable;

/* The policy of the initial namespace. */
#define ima_policy_flag		(init_ima_ns.policy.flag)
#define ima_setxattr_allowed_hash_algorithms \
				(init_ima_ns.policy.setxattr_algos)

/**
 * struct ima_ns_when - what a decision rests on
 * @gen: the number of the chain, 0 if the decision is not to be remembered.
 * @event: what had happened to the file by then.
 */
struct ima_ns_when {
	u64 gen;
	u64 event;
};

/**
 * struct ima_walk - what the levels of one walk share
 * @leaf: the level that the acting task is in.
 * @made: credentials that an execution is about to get, or %NULL before it is
 *	  known what they are.
 * @loaded: ask the rules that are being loaded, not those in force.
 * @checked: changes of the file were looked for already, by a lower level.
 * @fresh: the file was hashed in this walk.
 * @collect_rc: what the last attempt to collect the digest failed with.
 * @waits: levels whose chip is to be waited for, by bits from level 1 on.
 * @record: what a lower level recorded, referenced, or %NULL.
 * @then: when the walk began, if the decision may be remembered.
 * @kind: of the access, see ima_ns_kind().
 * @warm: the last level that was asked had nothing to do, nor would it again.
 * @cold: another level was not like that.
 */
struct ima_walk {
	struct ima_namespace *leaf;
#ifdef CONFIG_IMA_NS
	const struct cred *made;
	u64 waits;
	struct ima_template_entry *record;
	struct ima_ns_when then;
	int kind;
	bool warm;
	bool cold;
	bool loaded;
	bool checked;
	bool fresh;
	int collect_rc;
#endif
};

/**
 * struct ima_seq_file - private data of an open file that lists something
 * @ns: the opener's namespace, referenced.
 * @rules: the rules in force when reading began; they live as long as @ns.
 * @bank: of the chip of @ns, whose digests a list shows; %NULL if it shows
 *	  those that entries have.  Lives as long as @ns.
 */
struct ima_seq_file {
	struct ima_namespace *ns;
	struct list_head *rules;
	const struct ima_ns_bank *bank;
};

#include "ima_ns_iint.h"

#ifdef CONFIG_IMA_NS

/**
 * struct ima_ns_status - what a namespace other than the initial did to a file
 * @state: the same as the initial namespace has embedded in the iint.
 * @key: the pair that owns this.
 * @key.iint: address of the owner, which frees the status when it goes
 *	      itself; a u64, so that the key has no padding anywhere.
 * @key.ns_id: see &ima_namespace.id.
 * @node: in the table of all statuses, looked up under RCU.
 * @iint_node: in &ima_iint_cache.statuses, under ima_ns_status_lock; empty
 *	       when the inode is gone and a violation is pending.
 * @ns_node: in &ima_namespace.statuses, under ima_ns_status_lock: whichever
 *	     of inode and namespace ends first frees the status.
 * @armed_node: in &ima_iint_cache.armed while a writer would be a violation,
 *		or among those that the work item is to tell; under
 *		ima_ns_status_lock.
 * @period: tells which of the two, see ima_ns_status_pending().
 * @rcu: delays freeing until lookups have passed.
 */
struct ima_ns_status {
	struct ima_iint_state state;
	struct ima_ns_status_key {
		u64 iint;
		u64 ns_id;
	} key;
	struct rhash_head node;
	struct list_head iint_node;
	struct list_head ns_node;
	struct hlist_node armed_node;
	unsigned long period;
	struct rcu_head rcu;
};

/**
 * ima_ns_current - the IMA namespace of the running task
 *
 * Only for hooks that a task runs on its own behalf, and for opening files.
 * A task that is past exit_task_namespaces() has none and counts as being in
 * the initial one; what runs that late (the final fput()) must go by the
 * inode's own state instead.
 *
 * Return: a namespace that stays valid while the task does not change its
 * mount namespace.
 */
static inline struct ima_namespace *ima_ns_current(void)
{
	return current->nsproxy ? current->nsproxy->ima_ns : &init_ima_ns;
}

static inline void ima_ns_iint_init(struct ima_iint_cache *iint)
{
	INIT_LIST_HEAD(&iint->statuses);
	INIT_HLIST_HEAD(&iint->armed);
	iint->armed_period = 0;
	RCU_INIT_POINTER(iint->recent, NULL);
	memset(&iint->seen, 0, sizeof(iint->seen));
	atomic64_set(&iint->events, 0);
}

struct ima_ns_status *ima_ns_status_look_up(const struct ima_namespace *ns,
					    const struct ima_iint_cache *iint);
struct ima_iint_state *ima_ns_state_get(struct ima_namespace *ns,
					struct ima_iint_cache *iint);
void ima_ns_state_relied_on(const struct ima_namespace *ns,
			    struct ima_iint_cache *iint,
			    struct ima_iint_state *state);
struct ima_iint_state *ima_ns_state_try(struct ima_namespace *ns,
					struct inode *inode,
					struct ima_iint_cache *iint);

/**
 * ima_ns_state_find - what a namespace did to an inode so far
 * @ns: a namespace of the running task's chain
 * @iint: of an inode that the caller keeps from being freed
 *
 * Both ends of the pair are pinned by the caller, so that the result stays
 * when RCU is left.
 *
 * Context: any; change the result under iint->mutex or the inode lock only.
 * Return: the state, or %NULL if @ns has none.
 */
static __always_inline struct ima_iint_state *
ima_ns_state_find(const struct ima_namespace *ns, struct ima_iint_cache *iint)
{
	struct ima_ns_status *status;

	if (!ns->parent)
		return &iint->state;

	rcu_read_lock();
	status = rcu_dereference(iint->recent);
	if (!status || status->key.ns_id != ns->id)
		status = ima_ns_status_look_up(ns, iint);
	rcu_read_unlock();
	return status ? &status->state : NULL;
}

#if IS_ENABLED(CONFIG_KUNIT)
struct ima_namespace *create_ima_ns(struct user_namespace *user_ns,
				    struct ima_namespace *parent,
				    struct ucounts *ucounts);
void free_ima_ns_chain(struct ima_namespace *ns);
#endif

/* Without memory for a state, all is done again rather than not at all. */
static inline struct ima_iint_state *
ima_ns_state_or(struct ima_namespace *ns, struct ima_iint_cache *iint,
		struct ima_iint_state *uncached)
{
	return ima_ns_state_get(ns, iint) ?: uncached;
}

/* Actions of the policy that a level is asked about. */
static inline int ima_walk_policy_flag(const struct ima_walk *walk,
				       const struct ima_namespace *ns)
{
	return walk->loaded ? IMA_MEASURE : READ_ONCE(ns->policy.flag);
}

/* A walk has looked before it asks its levels. */
static inline bool ima_walk_is_regular(const struct file *file)
{
	return true;
}

/* Changes without a word are looked for once in a walk. */
static inline bool ima_walk_looks(struct ima_walk *walk)
{
	const bool first = !walk->checked;

	walk->checked = true;
	return first;
}

/* A level has something to do about an access, or might have the next time. */
static inline void ima_walk_is_cold(struct ima_walk *walk)
{
	walk->warm = false;
}

/* A level has done all that it ever will about such an access to that file. */
static inline void ima_walk_is_warm(struct ima_walk *walk,
				    const struct ima_namespace *ns,
				    const struct ima_iint_state *state)
{
	walk->warm = !ima_ns_parent(ns) || (state->key_expiry == TIME64_MAX &&
				     !(state->atomic_flags & BIT(IMA_UNCACHED)));
}

extern bool ima_ns_in_use;
extern spinlock_t ima_ns_status_lock;

void ima_ns_status_free(struct ima_ns_status *status);
void ima_ns_status_free_iint(struct ima_iint_cache *iint);
void ima_ns_status_free_ns(struct ima_namespace *ns);
void __init ima_ns_status_init(void);
void __init ima_ns_cache_init(void);

bool ima_ns_status_pending(const struct ima_ns_status *status,
			   const struct ima_iint_cache *iint);
bool ima_ns_state_arm(const struct ima_namespace *ns,
		      struct ima_iint_cache *iint,
		      struct ima_iint_state *state);
bool ima_ns_state_disarm(const struct ima_namespace *ns,
			 struct ima_iint_state *state);
void ima_ns_writer(const struct file *file);
void ima_ns_violations_drain(const struct ima_namespace *ns);

void __init ima_ns_log_init(void);
u64 ima_ns_hash_key(const u8 *digest);
int ima_ns_log_prepare(struct ima_namespace *ns);
int ima_ns_log_room(const struct ima_namespace *ns,
		    const struct ima_ns_owner *payer);
void ima_ns_record_lost(struct ima_namespace *ns);
void ima_ns_not_stored(struct ima_namespace *ns, struct ima_ns_owner *payer,
		       int err);
void ima_ns_log_bound(struct ima_namespace *ns);
void ima_ns_log_free(struct ima_namespace *ns);

void __init ima_ns_entry_init(void);
struct ima_queue_entry *ima_queue_entry_alloc(const struct ima_namespace *ns);
void ima_entry_charge(struct ima_template_entry *entry,
		      const struct ima_namespace *ns);
bool ima_entry_put(struct ima_template_entry *entry);
int ima_walk_store(struct ima_walk *walk, struct ima_namespace *ns,
		   struct ima_template_entry **entry, struct inode *inode,
		   const unsigned char *filename, int pcr);
void ima_walk_forget_record(struct ima_walk *walk);

/**
 * ima_ns_vtpm - the chip of a child
 * @ns: a namespace that the caller keeps from ending
 *
 * Return: the chip, bound or lost, which lives as long as @ns, or %NULL.
 */
static inline struct ima_ns_vtpm *ima_ns_vtpm(const struct ima_namespace *ns)
{
	/* Pairs with the publication when binding ends. */
	return smp_load_acquire(&ns->tpm.vtpm);
}

void ima_ns_tpm_free(struct ima_namespace *ns);
void ima_ns_tpm_appended(struct ima_namespace *ns);
void ima_ns_tpm_wait(struct ima_walk *walk);
int ima_ns_tpm_aggregate(const struct ima_ns_vtpm *vtpm,
			 struct ima_digest_data *hash);

int ima_ns_list_bank(const struct ima_namespace *ns, const void *inode_private,
		     const struct ima_ns_bank **bank);
int ima_ns_bank_show(const struct ima_ns_bank *bank,
		     struct ima_template_entry *entry, u8 *digest);
int ima_ns_alg_name(u16 alg_id, u16 algo, char *name, size_t size);
bool ima_ns_bank_name(const struct ima_namespace *ns, unsigned int i,
		      u16 *alg_id, char *name, size_t size);
bool ima_ns_bank_hidden(const struct ima_namespace *ns,
			const void *inode_private);

/* Remembers a level that was asked to measure, and has a chip. */
static inline void ima_walk_measures(struct ima_walk *walk,
				     const struct ima_namespace *ns)
{
	if (ima_ns_parent(ns) && READ_ONCE(ns->tpm.vtpm))
		walk->waits |= BIT_ULL(ns->level - 1);
}

/* Has the task wait for the chips, later, when it holds nothing. */
static inline void ima_walk_wait(struct ima_walk *walk)
{
	if (walk->waits)
		ima_ns_tpm_wait(walk);
}

struct ima_ns_owner *ima_ns_owner_get(const struct user_namespace *user_ns);
void ima_ns_owner_put(struct ima_ns_owner *owner);
struct ima_ns_owner *ima_ns_payer(const struct ima_namespace *ns);
bool ima_ns_may_pay(const struct ima_ns_owner *owner);
void ima_ns_pay(struct ima_ns_owner *owner);
void ima_ns_quota_exceeded(struct ima_namespace *ns, struct ima_ns_owner *owner);
bool ima_ns_may_report(struct ima_namespace *ns, int *missed);
void ima_ns_not_reported(struct ima_namespace *ns, int missed);
void ima_ns_hand_over(struct ima_namespace *ns);
void ima_ns_audit_start(struct ima_namespace *ns);
void ima_ns_audit_end(const struct ima_namespace *ns, struct audit_buffer *ab,
		      int missed);
bool ima_ns_is_root(const struct ima_namespace *ns, const struct cred *cred);
bool ima_ns_binds(const struct ima_namespace *ns, const struct cred *cred);
bool ima_ns_released(const struct ima_walk *walk,
		     const struct ima_namespace *ns, enum ima_hooks func);
void ima_ns_verdict_refresh(struct ima_namespace *ns,
			    struct ima_iint_cache *iint,
			    struct ima_iint_state *state, int action,
			    unsigned int algos);
bool ima_ns_left_alone(const struct ima_namespace *leaf,
		       const struct ima_namespace *ns);
bool ima_ns_may_update(const struct ima_namespace *ns,
		       const struct inode *inode);
bool ima_ns_trusts_hash(const struct ima_namespace *ns,
			const struct inode *inode);
void ima_ns_update_later(const struct ima_namespace *ns,
			 struct ima_iint_cache *iint, const struct inode *inode,
			 struct ima_iint_state *state);
bool ima_ns_last_writer(struct ima_iint_cache *iint, bool *fresh);
void ima_ns_update_xattr(struct ima_iint_cache *iint, struct file *file);
void ima_ns_file_created(struct mnt_idmap *idmap, struct inode *inode,
			 bool writing);
int ima_ns_copy_up_xattr(struct dentry *src, const char *name);
bool ima_ns_load_denied(int appraise);
bool ima_ns_setxattr_allowed(enum hash_algo algo);
void ima_ns_audit_verdict(struct ima_namespace *ns,
			  const struct ima_iint_cache *iint,
			  struct inode *inode, const unsigned char *filename,
			  const char *cause, int result,
			  const struct evm_ima_xattr_data *xattr_value,
			  int xattr_len);
void ima_ns_audit_denied(struct ima_namespace *ns, struct inode *inode,
			 const unsigned char *filename, const char *op,
			 const char *cause, int result);

void __init ima_ns_policy_init(void);
void ima_ns_policy_start(struct ima_namespace *ns);
void ima_ns_policy_free(struct ima_namespace *ns);
int ima_ns_policy_open(struct ima_namespace *ns, struct file *file);

const char *ima_ns_scope_name(int scope);
int ima_ns_get_action(struct ima_walk *walk, struct ima_namespace *ns,
		      struct mnt_idmap *idmap, struct inode *inode,
		      const struct cred *cred, u32 secid, enum ima_hooks func,
		      int mask, int flags, int *pcr,
		      struct ima_template_desc **template_desc,
		      const char *func_data, unsigned int *allowed_algos);

void ima_ns_lsm_changed(int err);
bool ima_ns_lsm_is_current(struct ima_namespace *leaf);
void ima_ns_lsm_rule_added(struct ima_namespace *ns);
void ima_ns_lsm_refresh(struct ima_namespace *ns);

int ima_ns_measure_policy(struct ima_namespace *ns, const struct cred *cred,
			  const char *text, size_t len);
void ima_ns_measure_event(struct ima_namespace *ns, const char *event,
			  const char *text);

int ima_ns_bprm_creds_from_file(struct linux_binprm *bprm,
				const struct file *file);
void __init ima_ns_events_init(const struct lsm_id *lsmid);
void ima_ns_attr_changed(struct inode *inode, int ia_valid);

/* Does a rule cover what is asked for?  A rule that does not say covers all. */
static inline bool ima_ns_in_scope(int rule, int scope)
{
	return !rule || (rule & scope);
}

/* Does a rule have to name the label to match it? */
static inline bool ima_ns_label(const char *label)
{
	return label && !strcmp(label, IMA_NS_LABEL);
}

/* Ids as the owner calls them; invalid ones if it has no name for them. */
static inline kuid_t ima_ns_uid(const struct ima_namespace *ns, kuid_t uid)
{
	return ns->user_ns == &init_user_ns ?
			uid : KUIDT_INIT(from_kuid(ns->user_ns, uid));
}

static inline kgid_t ima_ns_gid(const struct ima_namespace *ns, kgid_t gid)
{
	return ns->user_ns == &init_user_ns ?
			gid : KGIDT_INIT(from_kgid(ns->user_ns, gid));
}

bool ima_ns_seen(struct ima_namespace *leaf, struct file *file,
		 const struct cred *cred, u32 secid, int kind,
		 struct ima_ns_when *now);
void ima_ns_remember(struct ima_walk *walk, struct file *file,
		     const struct cred *cred, u32 secid);
void ima_ns_who_clear(struct ima_namespace *ns);
void ima_ns_who_free(struct ima_namespace *ns);
void ima_ns_chain_add(struct ima_namespace *ns);
void ima_ns_chain_del(struct ima_namespace *ns);
void ima_ns_chain_changed(struct ima_namespace *ns);
void ima_ns_chain_rules(struct ima_namespace *ns,
			const struct ima_ns_rules *about);
void ima_ns_chain_start_over(struct ima_namespace *ns);
void ima_ns_open_for_write(const struct file *file);

void ima_ns_rules_changed(struct ima_namespace *ns, int flag);
void ima_ns_index_free(struct ima_namespace *ns);
bool ima_ns_may_ask(const struct ima_namespace *ns, int kind,
		    const struct inode *inode, const struct cred *cred);
struct ima_namespace *ima_ns_next(struct ima_namespace *ns, int kind,
				  const struct file *file,
				  const struct cred *cred);
int ima_walk_levels(struct ima_namespace *leaf, const struct ima_ns_when *now,
		    struct file *file, const struct cred *cred, u32 secid,
		    char *buf, loff_t size, int mask, enum ima_hooks func);
int ima_walk_file(struct ima_walk *walk, struct file *file,
		  const struct cred *cred, u32 secid, char *buf, loff_t size,
		  int mask, enum ima_hooks func);
int ima_measure_buffer(struct ima_walk *walk, struct ima_namespace *from,
		       struct ima_namespace *end, struct mnt_idmap *idmap,
		       struct inode *inode, const void *buf, int size,
		       const char *eventname, enum ima_hooks func, int pcr,
		       const char *func_data, bool buf_hash, u8 *digest,
		       size_t digest_len);
int process_buffer_measurement(struct mnt_idmap *idmap,
			       struct inode *inode, const void *buf, int size,
			       const char *eventname, enum ima_hooks func,
			       int pcr, const char *func_data,
			       bool buf_hash, u8 *digest, size_t digest_len);
int ima_walk_collect(struct ima_walk *walk, const struct ima_namespace *ns,
		     struct ima_iint_cache *iint,
		     const struct ima_iint_state *state, struct file *file,
		     void *buf, loff_t size, enum hash_algo algo,
		     struct modsig *modsig);

int process_ns_measurement(struct ima_namespace *ns, struct ima_walk *walk,
			   struct file *file, const struct cred *cred,
			   u32 secid, char *buf, loff_t size, int mask,
			   enum ima_hooks func);

/* Is no rule of the chain about such an access?  Others may ask who writes. */
static __always_inline bool ima_ns_unasked(const struct ima_namespace *leaf,
					   const struct file *file, int kind)
{
	return kind >= 0 && !(file->f_mode & FMODE_WRITE) &&
	       !(READ_ONCE(leaf->chain.rules.asked) & BIT(kind));
}

/* Inline, as each hook is known to be of a kind of accesses. */
static __always_inline int process_measurement(struct file *file,
					       const struct cred *cred,
					       u32 secid, char *buf,
					       loff_t size, int mask,
					       enum ima_hooks func)
{
	const int kind = ima_ns_kind(func, mask);
	struct ima_ns_when now __uninitialized;
	struct ima_namespace *leaf;

	if (!READ_ONCE(ima_ns_in_use) || !S_ISREG(file_inode(file)->i_mode))
		return 0;

	leaf = ima_ns_current();
	if (ima_ns_unasked(leaf, file, kind) ||
	    ima_ns_seen(leaf, file, cred, secid, kind, &now))
		return 0;
	return ima_walk_levels(leaf, &now, file, cred, secid, buf, size, mask,
			      func);
}

/**
 * ima_ns_events_wanted - may any namespace have state of inodes?
 *
 * Spares a host that has neither a policy nor containers the look at the inode, as
 * ever; once that there were any, the inode alone knows, since who changes a file
 * need not be in a namespace that measured it.
 *
 * Return: false if no inode can have an iint.
 */
static inline bool ima_ns_events_wanted(void)
{
	return READ_ONCE(ima_ns_in_use);
}

/*
 * Pages of a file system that writes nothing back are never made read-only again, and who
 * has read one may write to it unseen: that it is mapped has to count.  Who looks at the
 * file from now on is told of the writer, see ima_iint_version().
 */
static inline void ima_ns_mapped(const struct file *file, unsigned long flags)
{
	struct inode *inode;

	if (!(flags & MAP_SHARED) || !(file->f_mode & FMODE_WRITE) ||
	    !READ_ONCE(ima_ns_in_use) || !S_ISREG(file_inode(file)->i_mode))
		return;

	inode = d_real_inode(file_dentry(file));
	if (IS_I_VERSION(inode) && !mapping_can_writeback(inode->i_mapping))
		inode_inc_iversion(inode);
}

void ima_ns_tree_add(struct ima_namespace *ns);
void ima_ns_tree_del(struct ima_namespace *ns);
struct ima_namespace *ima_ns_find(u64 id);
struct ima_namespace *ima_ns_find_from(u64 id);

bool ima_ns_privileged(const struct ima_namespace *ns, const struct cred *cred);
struct ima_namespace *ima_ns_of_file(const struct file *file);
struct inode *ima_ns_make_root(struct super_block *sb);

extern const struct file_operations ima_ns_tpm_ops;
extern const struct file_operations ima_ns_keyring_ops;
extern const struct file_operations ima_ns_ca_ops;
extern const struct file_operations ima_ns_appraise_ops;

/* Is @ns a proper descendant of @above? */
static inline bool ima_ns_is_below(const struct ima_namespace *ns,
				   const struct ima_namespace *above)
{
	while (ns->level > above->level + 1)
		ns = ns->parent;
	return ns->parent == above;
}

int ima_ns_open(struct inode *inode, struct file *file);
int ima_ns_release(struct inode *inode, struct file *file);
int ima_ns_seq_open(struct file *file, const struct seq_operations *ops);
int ima_ns_list_open(struct file *file, const struct seq_operations *ops);
u8 *ima_ns_list_digest(struct seq_file *m, struct ima_template_entry *entry,
		       u8 *digest, int *size);
int ima_ns_seq_release(struct inode *inode, struct file *file);

/* The namespace that an open file refers to. */
static inline struct ima_namespace *ima_file_ns(const struct file *file)
{
	return file->private_data;
}

static inline struct ima_namespace *ima_seq_ns(const struct seq_file *m)
{
	struct ima_seq_file *sf = m->private;

	return sf->ns;
}

/* The rules that a file shows: those in force when reading began.  Needs RCU. */
static inline struct list_head *ima_seq_rules(const struct seq_file *m, bool begin)
{
	struct ima_seq_file *sf = m->private;

	if (begin)
		sf->rules = rcu_dereference(sf->ns->policy.rules);
	return sf->rules;
}

/* Is it the end of these rules? */
static inline bool ima_seq_rules_end(const struct seq_file *m,
				     const struct list_head *pos)
{
	struct ima_seq_file *sf = m->private;

	return pos == sf->rules;
}

int __init ima_ns_dir_init(struct dentry *dir);
int __init ima_ns_fs_init(struct dentry *dir);

/* A lease on a file that all share would let one keep the others waiting. */
#define ima_ns_setlease		simple_nosetlease
#else
#include "ima_ns_off.h"
#endif /* CONFIG_IMA_NS */

#ifdef CONFIG_IMA_NS_KEYS
void ima_ns_keys_free(struct ima_namespace *ns);
int ima_ns_key_permission(key_ref_t key_ref, const struct cred *cred,
			  enum key_need_perm need_perm);
bool ima_ns_key_added(struct key *keyring, struct key *key,
		      const void *payload, size_t size);
bool ima_ns_verifies(void);
int ima_ns_digsig_verify(struct ima_namespace *ns, struct ima_iint_state *state,
			 const char *sig, int siglen, const char *digest,
			 int digestlen);
int ima_ns_modsig_verify(struct ima_namespace *ns, struct ima_iint_state *state,
			 const struct modsig *modsig);
#else
static inline void ima_ns_keys_free(struct ima_namespace *ns)
{
}

static inline bool ima_ns_key_added(struct key *keyring, struct key *key,
				    const void *payload, size_t size)
{
	return false;
}

static inline bool ima_ns_verifies(void)
{
	return false;
}

static inline int ima_ns_digsig_verify(struct ima_namespace *ns,
				       struct ima_iint_state *state,
				       const char *sig, int siglen,
				       const char *digest, int digestlen)
{
	return -ENOKEY;
}

static inline int ima_ns_modsig_verify(struct ima_namespace *ns,
				       struct ima_iint_state *state,
				       const struct modsig *modsig)
{
	return -ENOKEY;
}
#endif /* CONFIG_IMA_NS_KEYS */

/* Tells the host's log who denied what. */
static inline void ima_audit_denied(struct ima_namespace *ns,
				    struct inode *inode,
				    const unsigned char *filename,
				    const char *op, const char *cause,
				    int result)
{
	if (ima_ns_parent(ns))
		ima_ns_audit_denied(ns, inode, filename, op, cause, result);
	else
		integrity_audit_msg(AUDIT_INTEGRITY_DATA, inode, filename, op,
				    cause, result, 0);
}

/* What the file holds when it is closed is to be in security.ima. */
static inline void ima_state_update_later(const struct ima_namespace *ns,
					  struct ima_iint_cache *iint,
					  const struct inode *inode,
					  struct ima_iint_state *state)
{
	if (ima_ns_parent(ns))
		ima_ns_update_later(ns, iint, inode, state);
	else
		set_bit(IMA_UPDATE_XATTR, &state->atomic_flags);
}

/* Has a policy been loaded where that is possible once, and not readable? */
static inline bool ima_ns_policy_is_final(const struct ima_namespace *ns)
{
	return !IS_ENABLED(CONFIG_IMA_WRITE_POLICY) &&
	       !IS_ENABLED(CONFIG_IMA_READ_POLICY) &&
	       rcu_access_pointer(ns->policy.rules) == &ns->policy.custom;
}

/*
 * Beyond the limits, a container shares the initial namespace: its root must
 * not come by the host's policy that way.
 */
static inline bool ima_ns_may_write_policy(const struct ima_namespace *ns)
{
	return !IS_ENABLED(CONFIG_IMA_NS) || !current->nsproxy ||
	       current->nsproxy->mnt_ns == init_nsproxy.mnt_ns ||
	       ns_capable(ns->user_ns, CAP_SYS_ADMIN);
}

/* On the host as ever; in a child, what may load a policy may read it. */
static inline bool ima_ns_may_read_policy(const struct ima_namespace *ns)
{
	return ns_capable(ns->user_ns, CAP_SYS_ADMIN) ||
	       (ima_ns_parent(ns) && ns_capable(ns->user_ns, CAP_MAC_ADMIN));
}

DEFINE_FREE(put_ima_ns, struct ima_namespace *, put_ima_ns(IS_ERR(_T) ? NULL : _T))

#endif /* _IMA_NS_H */
