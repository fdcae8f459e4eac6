// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: what each of them did to an inode
 *
 * The initial namespace has its state embedded in the iint.  The others have
 * a status for each inode that a rule of theirs matched.  All statuses are in
 * one table, so that finding one does not depend on how many namespaces
 * looked at the inode; and on two lists, so that the inode's end and the
 * namespace's end each find those that go with them.  As most files are those of one
 * container, an iint also tells which status was last relied on.
 */

#include <linux/hash.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "ima.h"

static struct kmem_cache *ima_ns_status_cache __ro_after_init;
static struct rhashtable ima_ns_statuses;

/*
 * Protects the lists of every status.  A leaf, held for a few instructions.
 * Inodes are freed in softirq context, hence _bh.
 */
DEFINE_SPINLOCK(ima_ns_status_lock);

/* Looked up in the hot path.  Nobody chooses the addresses of what they access. */
static __always_inline u32 ima_ns_status_hash(const void *data, u32 len,
					      u32 seed)
{
	const struct ima_ns_status_key *key = data;

	return hash_64((key->iint ^ seed) + key->ns_id * GOLDEN_RATIO_64, 32);
}

static __always_inline int ima_ns_status_cmp(struct rhashtable_compare_arg *arg,
					     const void *obj)
{
	const struct ima_ns_status_key *key = arg->key;
	const struct ima_ns_status *status = obj;

	return ((key->iint ^ status->key.iint) |
		(key->ns_id ^ status->key.ns_id)) != 0;
}

static const struct rhashtable_params ima_ns_status_params = {
	.hashfn = ima_ns_status_hash,
	.obj_cmpfn = ima_ns_status_cmp,
	.key_len = sizeof(struct ima_ns_status_key),
	.key_offset = offsetof(struct ima_ns_status, key),
	.head_offset = offsetof(struct ima_ns_status, node),
	.automatic_shrinking = true,
};

/**
 * ima_ns_status_look_up - find the status of a pair
 * @ns: a namespace other than the initial one
 * @iint: of an inode that the caller keeps from being freed
 *
 * Context: any; in an RCU read-side critical section.
 * Return: the status, or %NULL if there is none.
 */
struct ima_ns_status *ima_ns_status_look_up(const struct ima_namespace *ns,
					    const struct ima_iint_cache *iint)
{
	const struct ima_ns_status_key key = {
		.iint = (uintptr_t)iint,
		.ns_id = ns->id,
	};

	return rhashtable_lookup(&ima_ns_statuses, &key, ima_ns_status_params);
}

static struct ima_ns_status *ima_ns_status_alloc(struct ima_namespace *ns,
						 struct ima_iint_cache *iint,
						 gfp_t gfp)
{
	struct ima_ns_status *status;

	status = kmem_cache_zalloc(ima_ns_status_cache, gfp);
	if (!status)
		return NULL;
	status->key.iint = (uintptr_t)iint;
	status->key.ns_id = ns->id;
	ima_state_init(&status->state);
	if (rhashtable_insert_fast(&ima_ns_statuses, &status->node,
				   ima_ns_status_params)) {
		kmem_cache_free(ima_ns_status_cache, status);
		return NULL;
	}

	spin_lock_bh(&ima_ns_status_lock);
	if (!iint->armed_period)
		iint->armed_period = 1;
	/* Behind those that wait for a last writer, see ima_ns_update_later(). */
	list_add_tail(&status->iint_node, &iint->statuses);
	list_add(&status->ns_node, &ns->statuses);
	spin_unlock_bh(&ima_ns_status_lock);
	return status;
}

/**
 * ima_ns_state_relied_on - expect an inode to be accessed from a namespace again
 * @ns: a namespace of the running task's chain
 * @iint: of an inode that the caller keeps from being freed
 * @state: what @ns did to the inode
 *
 * Context: iint->mutex is held.
 */
void ima_ns_state_relied_on(const struct ima_namespace *ns,
			    struct ima_iint_cache *iint,
			    struct ima_iint_state *state)
{
	struct ima_ns_status *status;

	if (ns == &init_ima_ns)
		return;

	status = container_of(state, struct ima_ns_status, state);
	if (rcu_access_pointer(iint->recent) != status)
		rcu_assign_pointer(iint->recent, status);
}

/**
 * ima_ns_state_get - find or make the state of a pair
 * @ns: a namespace of the running task's chain
 * @iint: of an inode that the caller keeps from being freed
 *
 * Context: the inode lock is held, which keeps a second one from being made.
 * Return: the state, or %NULL if there was no memory for a larger table.
 */
struct ima_iint_state *ima_ns_state_get(struct ima_namespace *ns,
					struct ima_iint_cache *iint)
{
	struct ima_iint_state *state = ima_ns_state_find(ns, iint);
	struct ima_ns_status *status;

	if (state)
		return state;

	/* Charged to, but not refused by, a container at its memory limit. */
	status = ima_ns_status_alloc(ns, iint, GFP_NOFS | __GFP_NOFAIL);
	return status ? &status->state : NULL;
}

/**
 * ima_ns_state_try - find or make the state of a pair, if that is easy
 * @ns: a namespace of the running task's chain
 * @inode: that the caller keeps from being freed
 * @iint: of @inode
 *
 * For what only saves time: nobody is to wait, or to reclaim memory, for that.
 *
 * Context: process context, without the inode lock.
 * Return: the state, or %NULL.
 */
struct ima_iint_state *ima_ns_state_try(struct ima_namespace *ns,
					struct inode *inode,
					struct ima_iint_cache *iint)
{
	struct ima_iint_state *state = ima_ns_state_find(ns, iint);
	struct ima_ns_status *status;

	if (state || !inode_trylock(inode))
		return state;

	state = ima_ns_state_find(ns, iint);
	if (!state) {
		status = ima_ns_status_alloc(ns, iint,
					     GFP_NOWAIT | __GFP_NOWARN);
		state = status ? &status->state : NULL;
	}
	inode_unlock(inode);
	return state;
}

static void ima_ns_status_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(ima_ns_status_cache,
			container_of(rcu, struct ima_ns_status, rcu));
}

/* Nobody finds it by the inode any more. */
static void ima_ns_status_leave_iint(struct ima_ns_status *status)
{
	struct ima_iint_cache *iint = (void *)(uintptr_t)status->key.iint;

	if (list_empty(&status->iint_node))
		return;

	list_del_init(&status->iint_node);
	/* Another one, if it was put there meanwhile, is found in the table all the same. */
	if (rcu_access_pointer(iint->recent) == status)
		RCU_INIT_POINTER(iint->recent, NULL);
	rhashtable_remove_fast(&ima_ns_statuses, &status->node,
			       ima_ns_status_params);
}

/**
 * ima_ns_status_free - take a status off everything
 * @status: the status
 *
 * Context: ima_ns_status_lock is held.
 */
void ima_ns_status_free(struct ima_ns_status *status)
{
	lockdep_assert_held(&ima_ns_status_lock);

	ima_ns_status_leave_iint(status);
	hlist_del_init(&status->armed_node);
	list_del(&status->ns_node);
	call_rcu(&status->rcu, ima_ns_status_free_rcu);
}

/**
 * ima_ns_status_free_iint - an inode ends
 * @iint: its iint, which nobody finds any more
 *
 * Context: RCU callback; the lock is given up after each status, as their
 * number is that of the namespaces that touched the inode.
 */
void ima_ns_status_free_iint(struct ima_iint_cache *iint)
{
	struct ima_ns_status *status;

	/* Where a child ever looked, one may be taking its status off now. */
	if (!iint->armed_period)
		return;

	spin_lock_bh(&ima_ns_status_lock);
	while ((status = list_first_entry_or_null(&iint->statuses,
						  struct ima_ns_status,
						  iint_node))) {
		/* What happened to the file is still to be recorded. */
		if (ima_ns_status_pending(status, iint))
			ima_ns_status_leave_iint(status);
		else
			ima_ns_status_free(status);
		spin_unlock_bh(&ima_ns_status_lock);
		spin_lock_bh(&ima_ns_status_lock);
	}
	spin_unlock_bh(&ima_ns_status_lock);
}

/**
 * ima_ns_status_free_ns - a namespace ends
 * @ns: the namespace, of which no task is a member any more
 *
 * Context: process context, may sleep: the lock is given up after each
 * status, as their number is that of the inodes that the namespace touched.
 */
void ima_ns_status_free_ns(struct ima_namespace *ns)
{
	struct ima_ns_status *status;

	might_sleep();

	spin_lock_bh(&ima_ns_status_lock);
	while ((status = list_first_entry_or_null(&ns->statuses,
						  struct ima_ns_status,
						  ns_node))) {
		ima_ns_status_free(status);
		spin_unlock_bh(&ima_ns_status_lock);
		cond_resched();
		spin_lock_bh(&ima_ns_status_lock);
	}
	spin_unlock_bh(&ima_ns_status_lock);
}

/**
 * ima_ns_status_init - make the cache and the table of the statuses
 *
 * Context: once at boot, before any hook is registered.
 */
void __init ima_ns_status_init(void)
{
	ima_ns_status_cache = KMEM_CACHE(ima_ns_status,
					 SLAB_PANIC | SLAB_ACCOUNT);
	if (rhashtable_init(&ima_ns_statuses, &ima_ns_status_params))
		panic("IMA: no memory for the table of statuses\n");
	ima_ns_entry_init();
	ima_ns_log_init();
	ima_ns_cache_init();
}
