// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the object
 *
 * Made with a mount namespace, freed from a work item: the last reference may
 * be dropped in exit, in an error path or by a file, and the end of a child
 * may end any number of parents.
 */

#include <kunit/visibility.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/proc_ns.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

#include "ima.h"

static_assert(!(IMA_NS_TYPE & ~CSIGNAL));

static struct kmem_cache *ima_ns_cache __ro_after_init;

/* Ids tell namespaces apart for good, unlike inode numbers. */
static atomic64_t ima_ns_last_id;

/**
 * ima_ns_cache_init - make the cache of namespaces
 *
 * Context: once at boot, before any is made.
 */
void __init ima_ns_cache_init(void)
{
	ima_ns_cache = KMEM_CACHE(ima_namespace, SLAB_PANIC | SLAB_ACCOUNT);
}

static struct ima_namespace *to_ima_ns(struct ns_common *ns)
{
	return container_of(ns, struct ima_namespace, ns);
}

static struct ucounts *inc_ima_namespaces(struct user_namespace *user_ns)
{
	return inc_ucount(user_ns, current_euid(), UCOUNT_IMA_NAMESPACES);
}

static void dec_ima_namespaces(struct ucounts *ucounts)
{
	dec_ucount(ucounts, UCOUNT_IMA_NAMESPACES);
}

/**
 * get_ima_ns - take a reference
 * @ns: a namespace that the caller knows to be alive, or %NULL
 *
 * Context: any.
 * Return: @ns.
 */
struct ima_namespace *get_ima_ns(struct ima_namespace *ns)
{
	if (ns)
		refcount_inc(&ns->ns.count);
	return ns;
}

/* Frees @ns alone; the reference to its parent goes to the caller. */
static void free_ima_ns(struct ima_namespace *ns)
{
	ima_ns_tree_del(ns);
	ima_ns_chain_del(ns);
	ima_ns_status_free_ns(ns);
	ima_ns_hand_over(ns);
	ima_ns_tpm_free(ns);
	ima_ns_keys_free(ns);
	ima_ns_log_free(ns);
	ima_ns_who_free(ns);
	ima_ns_policy_free(ns);
	ns_free_inum(&ns->ns);
	ima_ns_owner_put(ns->owner);
	dec_ima_namespaces(ns->ucounts);
	put_user_ns(ns->user_ns);
	kmem_cache_free(ima_ns_cache, ns);
}

/**
 * free_ima_ns_chain - free a namespace, and what only it pinned
 * @ns: a namespace whose last reference is gone
 *
 * Goes up the chain by a loop, as its depth is the containers' choice.
 *
 * Context: process context, may sleep.
 */
VISIBLE_IF_KUNIT void free_ima_ns_chain(struct ima_namespace *ns)
{
	struct ima_namespace *parent;

	do {
		parent = ns->parent;
		free_ima_ns(ns);
		ns = parent;
	} while (refcount_dec_and_test(&ns->ns.count));
}

static void free_ima_ns_work(struct work_struct *work)
{
	free_ima_ns_chain(container_of(work, struct ima_namespace, free_work));
}

/**
 * put_ima_ns - drop a reference
 * @ns: the namespace, or %NULL
 *
 * Context: any; the last reference is dealt with in a work item.
 */
void put_ima_ns(struct ima_namespace *ns)
{
	if (ns && refcount_dec_and_test(&ns->ns.count))
		queue_work(system_unbound_wq, &ns->free_work);
}

static struct ima_namespace *alloc_ima_ns(void)
{
	struct ima_namespace *ns;
	int err;

	ns = kmem_cache_zalloc(ima_ns_cache, GFP_KERNEL);
	if (!ns)
		return ERR_PTR(-ENOMEM);

	err = ns_alloc_inum(&ns->ns);
	if (err) {
		kmem_cache_free(ima_ns_cache, ns);
		return ERR_PTR(err);
	}

	ns->ns.ops = &imans_operations;
	refcount_set(&ns->ns.count, 1);
	mutex_init(&ns->log.lock);
	INIT_LIST_HEAD(&ns->log.entries);
	INIT_LIST_HEAD(&ns->statuses);
	INIT_WORK(&ns->free_work, free_ima_ns_work);
	return ns;
}

/**
 * create_ima_ns - make a child
 * @user_ns: its owner
 * @parent: one level up
 * @ucounts: what it is charged to; stays with the namespace unless this fails
 *
 * Context: process context, may sleep.
 * Return: a referenced namespace, or -ENOMEM or -ENOSPC as copy_ima_ns().
 */
VISIBLE_IF_KUNIT struct ima_namespace *
create_ima_ns(struct user_namespace *user_ns, struct ima_namespace *parent,
	      struct ucounts *ucounts)
{
	struct ima_ns_owner *owner = ima_ns_owner_get(user_ns);
	struct ima_namespace *ns;

	if (IS_ERR(owner))
		return ERR_CAST(owner);

	ns = alloc_ima_ns();
	if (IS_ERR(ns)) {
		ima_ns_owner_put(owner);
		return ns;
	}

	ns->owner = owner;
	ns->user_ns = get_user_ns(user_ns);
	ns->ucounts = ucounts;
	ns->parent = get_ima_ns(parent);
	ns->level = parent->level + 1;
	ns->id = atomic64_inc_return(&ima_ns_last_id);
	ima_ns_policy_start(ns);
	ns->appraise.bound = ns->level;
	ima_ns_audit_start(ns);
	ima_ns_chain_add(ns);
	ima_ns_tree_add(ns);
	return ns;
}

/**
 * copy_ima_ns - the IMA namespace of a new mount namespace
 * @user_ns: owner of the mount namespace that is being made
 * @parent: IMA namespace of the mount namespace that is being copied
 *
 * Makes a child of @parent.  A namespace that nobody asked for by a flag of
 * its own must not make unshare() fail: beyond %IMA_NS_MAX_LEVEL and
 * user.max_ima_namespaces, or without memory to count it, @parent itself is
 * shared.  So it is for kernel threads, which unshare mounts before there is an
 * IMA.
 *
 * Context: process context, may sleep.
 * Return: a referenced namespace, or
 * - -ENOMEM: no memory for the namespace;
 * - -ENOSPC: no inode number left in /proc.
 */
struct ima_namespace *copy_ima_ns(struct user_namespace *user_ns,
				  struct ima_namespace *parent)
{
	struct ima_namespace *ns;
	struct ucounts *ucounts;

	if ((current->flags & PF_KTHREAD) || parent->level >= IMA_NS_MAX_LEVEL)
		return get_ima_ns(parent);

	ucounts = inc_ima_namespaces(user_ns);
	if (!ucounts)
		return get_ima_ns(parent);

	ns = create_ima_ns(user_ns, parent, ucounts);
	if (IS_ERR(ns))
		dec_ima_namespaces(ucounts);
	return ns;
}

/* /proc/PID/ns/ima */

static struct ns_common *imans_get(struct task_struct *task)
{
	struct ima_namespace *ns = NULL;
	struct nsproxy *nsproxy;

	task_lock(task);
	nsproxy = task->nsproxy;
	if (nsproxy)
		ns = get_ima_ns(nsproxy->ima_ns);
	task_unlock(task);

	return ns ? &ns->ns : NULL;
}

static void imans_put(struct ns_common *ns)
{
	put_ima_ns(to_ima_ns(ns));
}

/* One joins by the mount namespace, never by this file. */
static int imans_install(struct nsset *nsset, struct ns_common *ns)
{
	return -EINVAL;
}

static struct user_namespace *imans_owner(struct ns_common *ns)
{
	return to_ima_ns(ns)->user_ns;
}

/* Shows nobody what is above their own namespace. */
static struct ns_common *imans_get_parent(struct ns_common *ns)
{
	struct ima_namespace *parent = to_ima_ns(ns)->parent, *walker;
	struct ima_namespace *active = ima_ns_current();

	for (walker = parent; walker; walker = walker->parent) {
		if (walker == active)
			return &get_ima_ns(parent)->ns;
	}
	return ERR_PTR(-EPERM);
}

const struct proc_ns_operations imans_operations = {
	.name		= "ima",
	.type		= IMA_NS_TYPE,
	.get		= imans_get,
	.put		= imans_put,
	.install	= imans_install,
	.owner		= imans_owner,
	.get_parent	= imans_get_parent,
};
