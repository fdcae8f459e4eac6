// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: finding one by its id
 *
 * The tree holds no references: a namespace takes itself out when it is freed,
 * and who finds it before that gets it only if it still lives.
 */

#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include "ima.h"

/* Protects the tree.  A leaf, held for a few steps down. */
static DEFINE_SPINLOCK(ima_ns_tree_lock);
static struct rb_root ima_ns_tree = RB_ROOT;

static bool ima_ns_less(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct ima_namespace, tree_node)->id <
	       rb_entry(other, struct ima_namespace, tree_node)->id;
}

/**
 * ima_ns_tree_add - let a namespace be found
 * @ns: a new namespace, which has its id
 *
 * Context: process context.
 */
void ima_ns_tree_add(struct ima_namespace *ns)
{
	spin_lock(&ima_ns_tree_lock);
	rb_add(&ns->tree_node, &ima_ns_tree, ima_ns_less);
	spin_unlock(&ima_ns_tree_lock);
}

/**
 * ima_ns_tree_del - let a namespace be found no more
 * @ns: a namespace that is about to be freed
 *
 * Context: process context.
 */
void ima_ns_tree_del(struct ima_namespace *ns)
{
	spin_lock(&ima_ns_tree_lock);
	rb_erase(&ns->tree_node, &ima_ns_tree);
	spin_unlock(&ima_ns_tree_lock);
}

/**
 * ima_ns_find_from - the first child namespace from an id on
 * @id: the least id that will do
 *
 * Context: process context.
 * Return: a referenced namespace that was alive, or %NULL if there is none.
 */
struct ima_namespace *ima_ns_find_from(u64 id)
{
	struct ima_namespace *ns, *found = NULL;
	struct rb_node *node, *best = NULL;

	spin_lock(&ima_ns_tree_lock);
	for (node = ima_ns_tree.rb_node; node; ) {
		ns = rb_entry(node, struct ima_namespace, tree_node);
		if (ns->id >= id) {
			best = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}

	for (; best && !found; best = rb_next(best)) {
		ns = rb_entry(best, struct ima_namespace, tree_node);
		if (refcount_inc_not_zero(&ns->ns.count))
			found = ns;
	}
	spin_unlock(&ima_ns_tree_lock);
	return found;
}

/**
 * ima_ns_find - the namespace with an id
 * @id: its id, 0 for the initial one
 *
 * Context: process context.
 * Return: a referenced namespace, or %NULL if there is none or it is gone.
 */
struct ima_namespace *ima_ns_find(u64 id)
{
	struct ima_namespace *ns;

	if (!id)
		return get_ima_ns(&init_ima_ns);

	ns = ima_ns_find_from(id);
	if (ns && ns->id != id) {
		put_ima_ns(ns);
		ns = NULL;
	}
	return ns;
}
