// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: who is told that a measured file is opened for writing
 *
 * The levels of the writer's chain record the violation at once, as the host
 * does.  Other namespaces may have measured the file too, any number of them:
 * the writer hands their statuses over to a work item, all in one step, so
 * that its open does not cost more because there are many.
 *
 * A status is armed (on the iint's list) from a measured open on.  The writer
 * moves the list as a whole and changes the iint's period, by which a status
 * on the list of a work item differs from an armed one.  What is pending there
 * belongs to the receiver's list before anything that comes later: whoever is
 * first to look, the work item, a reader of the list, or the next one to open
 * the file in that namespace, records it.  Only what is measured in the very
 * moment in which the work item does may come first.
 */

#include <linux/ctype.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "ima.h"

/**
 * struct ima_ns_late - statuses whose namespaces are to be told of a writer
 * @node: in ima_ns_late_list, then on the list of the running work item.
 * @statuses: those not yet told, by &ima_ns_status.armed_node.
 * @name: of the file, without the path that the writer used, which is not for
 *	  others to know.
 *
 * All under ima_ns_status_lock; freed by the work item.
 */
struct ima_ns_late {
	struct list_head node;
	struct hlist_head statuses;
	char name[NAME_MAX + 1];
};

static LIST_HEAD(ima_ns_late_list);

static void ima_ns_late_work(struct work_struct *work);
static DECLARE_WORK(ima_ns_late, ima_ns_late_work);

static struct ima_ns_status *to_status(struct ima_iint_state *state)
{
	return container_of(state, struct ima_ns_status, state);
}

/**
 * ima_ns_status_pending - is a status on its way to its namespace?
 * @status: a status, armed or not
 * @iint: its inode's
 *
 * Context: ima_ns_status_lock is held.
 * Return: whether the work item is to record a violation for it.
 */
bool ima_ns_status_pending(const struct ima_ns_status *status,
			   const struct ima_iint_cache *iint)
{
	lockdep_assert_held(&ima_ns_status_lock);

	return !hlist_unhashed(&status->armed_node) &&
	       status->period != iint->armed_period;
}

/**
 * ima_ns_state_arm - remember that a file is measured while it is read
 * @ns: the level that measures it
 * @iint: the inode's
 * @state: of the pair
 *
 * Context: the inode lock is held; the reader counts as one already.
 * Return: whether @ns has yet to record a writer that came before; the caller
 * is to do it.
 */
bool ima_ns_state_arm(const struct ima_namespace *ns,
		      struct ima_iint_cache *iint,
		      struct ima_iint_state *state)
{
	struct ima_ns_status *status;
	bool pending;

	if (!ns->parent) {
		set_bit(IMA_MAY_EMIT_TOMTOU, &state->atomic_flags);
		/* As below. */
		smp_mb__after_atomic();
		return false;
	}

	/* There was no memory to remember anything. */
	if (test_bit(IMA_UNCACHED, &state->atomic_flags))
		return false;

	status = to_status(state);
	spin_lock_bh(&ima_ns_status_lock);
	pending = ima_ns_status_pending(status, iint);
	if (pending)
		hlist_del_init(&status->armed_node);
	if (hlist_unhashed(&status->armed_node)) {
		hlist_add_head(&status->armed_node, &iint->armed);
		status->period = iint->armed_period;
	}
	spin_unlock_bh(&ima_ns_status_lock);

	/*
	 * Pairs with the writer, who counts as one before it looks at @iint:
	 * either it finds the status armed, or the reader finds the writer.
	 */
	smp_mb();
	return pending;
}

/**
 * ima_ns_state_disarm - a writer comes, or came
 * @ns: a level of its chain
 * @state: of the pair
 *
 * Context: the inode lock is held.
 * Return: whether @ns measured the file and is to record a violation, which
 * the caller does.
 */
bool ima_ns_state_disarm(const struct ima_namespace *ns,
			 struct ima_iint_state *state)
{
	struct ima_ns_status *status;
	bool armed;

	if (!ns->parent)
		return test_and_clear_bit(IMA_MAY_EMIT_TOMTOU,
					  &state->atomic_flags);

	if (test_bit(IMA_UNCACHED, &state->atomic_flags))
		return false;

	status = to_status(state);
	spin_lock_bh(&ima_ns_status_lock);
	armed = !hlist_unhashed(&status->armed_node);
	hlist_del_init(&status->armed_node);
	spin_unlock_bh(&ima_ns_status_lock);
	return armed;
}

/* The writer names the file: no lines of its own in the lists of others. */
static void copy_name(char *to, const unsigned char *from)
{
	strscpy(to, from, NAME_MAX + 1);
	for (; *to; to++) {
		if (iscntrl(*to))
			*to = '_';
	}
}

/**
 * ima_ns_open_for_write - nobody is to rely on having seen a file
 * @file: the file that is opened, or mapped, by who may write to it
 *
 * Either a reader sees that, and looks again, or is seen by who looks for readers
 * after this.
 *
 * Context: process context, before the levels look.
 */
void ima_ns_open_for_write(const struct file *file)
{
	struct ima_iint_cache *iint;

	if (!(file->f_mode & FMODE_WRITE))
		return;

	iint = ima_iint_find(file_inode(file));
	if (iint)
		ima_iint_event(iint);
	/* Pairs with ima_ns_seen() and ima_ns_state_arm(). */
	smp_mb();
}

/**
 * ima_ns_writer - tell the namespaces that are not in the writer's chain
 * @file: the file that was opened for writing
 *
 * Context: process context, may sleep; after the writer's own chain.
 */
void ima_ns_writer(const struct file *file)
{
	struct inode *inode = file_inode(file);
	struct ima_iint_cache *iint;
	struct name_snapshot name;
	struct ima_ns_late *late;

	if (!(file->f_mode & FMODE_WRITE) || !IS_IMA(inode) ||
	    !atomic_read(&inode->i_readcount))
		return;

	/* Ordered after the writer was counted, by that. */
	iint = ima_iint_find(inode);
	if (!iint || hlist_empty(&iint->armed))
		return;

	late = kmalloc(sizeof(*late), GFP_KERNEL | __GFP_NOFAIL);
	take_dentry_name_snapshot(&name, file->f_path.dentry);
	copy_name(late->name, name.name.name);
	release_dentry_name_snapshot(&name);

	spin_lock_bh(&ima_ns_status_lock);
	hlist_move_list(&iint->armed, &late->statuses);
	iint->armed_period++;
	ima_iint_event(iint);
	list_add_tail(&late->node, &ima_ns_late_list);
	spin_unlock_bh(&ima_ns_status_lock);

	queue_work(system_unbound_wq, &ima_ns_late);
}

/* Takes one status off @todo, and tells whose it is. */
static bool next_late(struct list_head *todo, u64 *ns_id, char *name)
{
	struct ima_ns_status *status;
	struct ima_ns_late *late;

	lockdep_assert_held(&ima_ns_status_lock);

	while ((late = list_first_entry_or_null(todo, struct ima_ns_late,
						node))) {
		if (!hlist_empty(&late->statuses))
			break;
		list_del(&late->node);
		kfree(late);
	}
	if (!late)
		return false;

	status = hlist_entry(late->statuses.first, struct ima_ns_status,
			     armed_node);
	*ns_id = status->key.ns_id;
	strscpy(name, late->name, NAME_MAX + 1);
	hlist_del_init(&status->armed_node);
	/* Its inode is gone, it was kept for this. */
	if (list_empty(&status->iint_node))
		ima_ns_status_free(status);
	return true;
}

static void ima_ns_late_work(struct work_struct *work)
{
	struct ima_namespace *ns;
	char name[NAME_MAX + 1];
	LIST_HEAD(todo);
	u64 ns_id;

	/* What comes now is for the next run, or readers might wait for ever. */
	spin_lock_bh(&ima_ns_status_lock);
	list_splice_init(&ima_ns_late_list, &todo);
	while (next_late(&todo, &ns_id, name)) {
		spin_unlock_bh(&ima_ns_status_lock);

		ns = ima_ns_find(ns_id);
		if (ns)
			ima_add_violation(ns, NULL, name, NULL, "invalid_pcr",
					  "ToMToU");
		put_ima_ns(ns);
		cond_resched();

		spin_lock_bh(&ima_ns_status_lock);
	}
	spin_unlock_bh(&ima_ns_status_lock);
}

/**
 * ima_ns_violations_drain - have all violations in the list that belong there
 * @ns: whose list is about to be read
 *
 * For who reads a list: what happened before is in it.  The initial namespace
 * is never told late, and its readers wait for nobody.
 *
 * Context: process context, sleeps while the work item works.
 */
void ima_ns_violations_drain(const struct ima_namespace *ns)
{
	if (ns->parent)
		flush_work(&ima_ns_late);
}
