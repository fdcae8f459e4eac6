// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: binding a vTPM, and waiting for it
 *
 * A chip is bound once, to one namespace, and follows its list by a thread of
 * its own: whatever an emulator does or fails to do, it is that thread that
 * it happens to.  Others wait for the thread alone, for a bounded time, and
 * with no lock held.
 */

#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/user_namespace.h>

#include "ima_ns_tpm.h"

/*
 * Protects the list of chips in use and &ima_ns_tpm.binding of all namespaces.
 * Taken before &ima_ns_vtpm.lock; never held while anybody is waited for.
 */
static DEFINE_MUTEX(ima_ns_tpm_mutex);
static LIST_HEAD(ima_ns_vtpms);

/* Less would lose chips that merely had to be scheduled; milliseconds. */
#define MIN_TIMEOUT	100u

/* How many times as long others may keep the thread from a chip. */
#define OTHERS_FACTOR	15

static unsigned int ima_ns_tpm_timeout = 2000;
module_param_named(ns_tpm_timeout, ima_ns_tpm_timeout, uint, 0644);
MODULE_PARM_DESC(ns_tpm_timeout,
		 "Milliseconds that a namespace's TPM has to answer");

/**
 * ima_ns_vtpm_timeout - how long a chip is waited for
 *
 * Context: any.
 * Return: the time in jiffies.
 */
unsigned long ima_ns_vtpm_timeout(void)
{
	return msecs_to_jiffies(max(READ_ONCE(ima_ns_tpm_timeout),
				    MIN_TIMEOUT));
}

/**
 * ima_ns_vtpm_put - drop a reference
 * @vtpm: the chip
 *
 * Context: process context.
 */
void ima_ns_vtpm_put(struct ima_ns_vtpm *vtpm)
{
	if (!refcount_dec_and_test(&vtpm->count))
		return;

	mutex_lock(&ima_ns_tpm_mutex);
	list_del(&vtpm->claim);
	mutex_unlock(&ima_ns_tpm_mutex);

	ima_ns_banks_free(vtpm);
	put_device(&vtpm->chip->dev);
	kfree(vtpm);
}

static struct ima_ns_vtpm *alloc_vtpm(struct ima_namespace *ns,
				      struct tpm_chip *chip)
{
	struct ima_ns_vtpm *vtpm = kzalloc(sizeof(*vtpm), GFP_KERNEL_ACCOUNT);

	if (!vtpm)
		return NULL;

	refcount_set(&vtpm->count, 1);
	get_device(&chip->dev);
	vtpm->chip = chip;
	INIT_LIST_HEAD(&vtpm->claim);
	mutex_init(&vtpm->lock);
	vtpm->ns = ns;
	vtpm->last = &ns->log.entries;
	init_completion(&vtpm->settled);
	vtpm->stalled = ULONG_MAX;
	init_waitqueue_head(&vtpm->work);
	init_waitqueue_head(&vtpm->wait);
	return vtpm;
}

static bool is_claimed(const struct tpm_chip *chip)
{
	const struct ima_ns_vtpm *vtpm;

	list_for_each_entry(vtpm, &ima_ns_vtpms, claim) {
		if (vtpm->chip == chip)
			return true;
	}
	return chip == init_ima_ns.tpm.chip;
}

/* From here on, nobody else binds the chip, nor another one to @ns. */
static int claim(struct ima_namespace *ns, struct ima_ns_vtpm *vtpm)
{
	guard(mutex)(&ima_ns_tpm_mutex);

	if (ns->tpm.binding || is_claimed(vtpm->chip))
		return -EBUSY;

	list_add(&vtpm->claim, &ima_ns_vtpms);
	refcount_inc(&vtpm->count);
	ns->tpm.binding = vtpm;
	return 0;
}

/* The check failed: the namespace and the chip are free for others. */
static void unclaim(struct ima_ns_vtpm *vtpm)
{
	struct ima_namespace *ns;

	guard(mutex)(&ima_ns_tpm_mutex);

	/* One thread at a time queues for a chip, however often that is tried. */
	if (!READ_ONCE(vtpm->queued))
		list_del_init(&vtpm->claim);
	mutex_lock(&vtpm->lock);
	ns = vtpm->ns;
	vtpm->ns = NULL;
	mutex_unlock(&vtpm->lock);
	if (!ns)
		return;

	ns->tpm.binding = NULL;
	/* The caller, or who it works for, has another reference. */
	refcount_dec(&vtpm->count);
}

/* From here on, appending tells the thread. */
static void publish(struct ima_ns_vtpm *vtpm)
{
	struct ima_namespace *ns = vtpm->ns;

	lockdep_assert_held(&vtpm->lock);

	if (!ns)
		return;

	mutex_lock(&ns->log.lock);
	vtpm->len = atomic_long_read(&ns->log.len);
	vtpm->bound_len = vtpm->len;
	/* Pairs with ima_ns_vtpm(): who finds it finds it complete. */
	smp_store_release(&ns->tpm.vtpm, vtpm);
	mutex_unlock(&ns->log.lock);
}

/**
 * ima_ns_vtpm_settle - end the check of a chip
 * @vtpm: the chip
 * @state: what becomes of it
 * @error: what the binding task is told
 *
 * Context: the thread of @vtpm, or the binding task.
 * Return: whether it was the caller who ended it.
 */
bool ima_ns_vtpm_settle(struct ima_ns_vtpm *vtpm, int state, int error)
{
	mutex_lock(&vtpm->lock);
	if (ima_ns_vtpm_state(vtpm) != VTPM_CHECKING) {
		mutex_unlock(&vtpm->lock);
		return false;
	}
	vtpm->error = error;
	WRITE_ONCE(vtpm->state, state);
	if (state == VTPM_LOST)
		WRITE_ONCE(vtpm->chip->blocked, true);
	if (state != VTPM_FAILED)
		publish(vtpm);
	mutex_unlock(&vtpm->lock);

	if (state == VTPM_FAILED)
		unclaim(vtpm);
	return true;
}

/* Starts the check, to be done by a thread that may wait as long as it takes. */
static int run_thread(struct ima_ns_vtpm *vtpm)
{
	struct task_struct *thread;
	int err;

	refcount_inc(&vtpm->count);
	thread = kthread_run(ima_ns_vtpm_thread, vtpm, "ima_%s",
			     dev_name(&vtpm->chip->dev));
	if (!IS_ERR(thread))
		return 0;

	ima_ns_vtpm_put(vtpm);
	err = PTR_ERR(thread) == -EINTR ? -EINTR : -ENOMEM;
	ima_ns_vtpm_settle(vtpm, VTPM_FAILED, err);
	return err;
}

static int wait_settled(struct ima_ns_vtpm *vtpm, struct ima_namespace *ns)
{
	long left;

	left = wait_for_completion_killable_timeout(&vtpm->settled,
						    ima_ns_vtpm_timeout());
	/* The thread goes on: whoever looks at ima/tpm is told what came of it. */
	if (left < 0)
		return -EINTR;

	/* If it has not been this thread's turn yet, nothing is known of it. */
	if (!left && READ_ONCE(vtpm->queued))
		ima_ns_vtpm_settle(vtpm, VTPM_FAILED, -EAGAIN);
	else if (!left && ima_ns_vtpm_settle(vtpm, VTPM_LOST, -ETIMEDOUT))
		ima_ns_vtpm_record_lost(vtpm, ns, -ETIMEDOUT);
	return vtpm->error;
}

static int bind_chip(struct ima_namespace *ns, struct tpm_chip *chip)
{
	struct ima_ns_vtpm *vtpm;
	int err;

	/* Others hold what real machines rely on. */
	if (!(chip->flags & TPM_CHIP_FLAG_VIRTUAL))
		return -EINVAL;

	vtpm = alloc_vtpm(ns, chip);
	if (!vtpm)
		return -ENOMEM;

	err = claim(ns, vtpm);
	if (!err)
		err = run_thread(vtpm);
	if (!err)
		err = wait_settled(vtpm, ns);
	ima_ns_vtpm_put(vtpm);
	return err;
}

/**
 * ima_ns_tpm_bind_chip - bind a chip to the IMA namespace of the running task
 * @chip: the chip, of whose server side the caller has an open file
 *
 * That file is the authority over the chip; it takes none over the initial
 * user namespace.
 *
 * Context: process context; waits for the chip, killably and for a bounded
 * time.
 * Return: 0, or
 * - -EPERM: the task is not privileged over the owner of its IMA namespace,
 *   or that is the initial one;
 * - -EINVAL: no chip of an emulator;
 * - -EBUSY: namespace or chip have been bound before, or PCRs of the chip are
 *   not at their reset values;
 * - -ENODEV: the emulator has ended;
 * - -EIO: the chip answered with an error;
 * - -ETIMEDOUT: it did not answer in time, and is lost;
 * - -EAGAIN: it was busy with others' commands all the time;
 * - -EINTR: killed; - -ENOMEM: no memory.
 */
int ima_ns_tpm_bind_chip(struct tpm_chip *chip)
{
	struct ima_namespace *ns = ima_ns_current();

	if (!ns->parent || !ima_ns_privileged(ns, current_cred()))
		return -EPERM;

	return bind_chip(ns, chip);
}
EXPORT_SYMBOL_GPL(ima_ns_tpm_bind_chip);

/**
 * ima_ns_tpm_chip_gone - the emulator behind a chip has ended
 * @chip: the chip, whose driver cannot be called any more
 *
 * Context: process context; waits for nobody.
 */
void ima_ns_tpm_chip_gone(struct tpm_chip *chip)
{
	struct ima_ns_vtpm *vtpm;

	guard(mutex)(&ima_ns_tpm_mutex);

	list_for_each_entry(vtpm, &ima_ns_vtpms, claim) {
		if (vtpm->chip == chip)
			wake_up_all(&vtpm->work);
	}
}
EXPORT_SYMBOL_GPL(ima_ns_tpm_chip_gone);

/**
 * ima_ns_tpm_free - let go of the chip of a namespace that ends
 * @ns: the namespace; nobody reads its list or appends to it any more
 *
 * Context: process context; waits for no emulator.
 */
void ima_ns_tpm_free(struct ima_namespace *ns)
{
	struct ima_ns_vtpm *vtpm;

	mutex_lock(&ima_ns_tpm_mutex);
	vtpm = ns->tpm.binding;
	if (vtpm) {
		mutex_lock(&vtpm->lock);
		vtpm->ns = NULL;
		WRITE_ONCE(vtpm->released, true);
		mutex_unlock(&vtpm->lock);
	}
	mutex_unlock(&ima_ns_tpm_mutex);
	if (!vtpm)
		return;

	wake_up_all(&vtpm->work);
	tpm_chip_hangup(vtpm->chip);
	ima_ns_vtpm_put(vtpm);
}

/* The banks, as ima/tpm and records name them. */
static void banks_text(const struct ima_namespace *ns, char *text, size_t size)
{
	unsigned int i;
	char name[32];
	int len = 0;
	u16 alg_id;

	for (i = 0; ima_ns_bank_name(ns, i, &alg_id, name, sizeof(name)); i++)
		len += scnprintf(text + len, size - len, "%s%s", i ? "," : "",
				 name);
	if (!len)
		strscpy(text, "-", size);
}

/**
 * ima_ns_vtpm_record - record what became of a chip
 * @vtpm: the chip, which is bound or lost
 * @ns: its namespace, kept from ending by the caller
 * @event: name of the record
 *
 * It is the kernel that tells, not the task that happened to find out.
 *
 * Context: process context, may sleep; takes the list locks of the chain one
 * after the other.
 */
void ima_ns_vtpm_record(struct ima_ns_vtpm *vtpm, struct ima_namespace *ns,
			const char *event)
{
	char banks[128], text[256];

	banks_text(ns, banks, sizeof(banks));
	scnprintf(text, sizeof(text), "ima_ns=%llu tpm=%s banks=%s extended=%lu",
		  ns->id, dev_name(&vtpm->chip->dev), banks,
		  READ_ONCE(vtpm->done));
	ima_ns_measure_event(ns, event, text);
}

/**
 * ima_ns_vtpm_record_lost - tell everybody that a chip was given up
 * @vtpm: the chip
 * @ns: its namespace, kept from ending by the caller
 * @error: why
 *
 * Context: as ima_ns_vtpm_record().
 */
void ima_ns_vtpm_record_lost(struct ima_ns_vtpm *vtpm,
			     struct ima_namespace *ns, int error)
{
	integrity_audit_message(AUDIT_INTEGRITY_PCR, NULL,
				dev_name(&vtpm->chip->dev), "extend_vtpm",
				"lost", error, 0, error);
	ima_ns_vtpm_record(vtpm, ns, "tpm-lost");
}

/**
 * ima_ns_vtpm_lose - give up on a chip
 * @vtpm: the chip
 * @ns: its namespace, kept from ending by the caller, or %NULL if it is ending
 * @error: why
 *
 * Nobody else can use the chip until it is made sure that it is not believed.
 *
 * Context: process context, may sleep, with no lock held.
 */
void ima_ns_vtpm_lose(struct ima_ns_vtpm *vtpm, struct ima_namespace *ns,
		      int error)
{
	if (cmpxchg(&vtpm->state, VTPM_BOUND, VTPM_LOST) != VTPM_BOUND)
		return;

	WRITE_ONCE(vtpm->chip->blocked, true);
	wake_up_all(&vtpm->wait);
	wake_up_all(&vtpm->work);
	if (ns)
		ima_ns_vtpm_record_lost(vtpm, ns, error);
}

/**
 * ima_ns_vtpm_overdue - has a chip not been extended in time?
 * @vtpm: the chip
 *
 * Neither by an emulator that does not answer, nor by a container that keeps
 * its TPM busy, may files be used for ever before their measurements are in
 * the PCRs.  The thread will lose such a chip, if nobody else does.
 *
 * Context: any.
 * Return: whether it is to be given up.
 */
bool ima_ns_vtpm_overdue(const struct ima_ns_vtpm *vtpm)
{
	unsigned long timeout = ima_ns_vtpm_timeout();
	unsigned long sent = READ_ONCE(vtpm->sent);
	unsigned long queued = READ_ONCE(vtpm->queued);
	unsigned long others = READ_ONCE(vtpm->others);

	if (queued)
		others += jiffies - queued;
	return (sent && time_after(jiffies, sent + timeout)) ||
	       others > OTHERS_FACTOR * timeout;
}

/**
 * ima_ns_tpm_appended - tell a chip that its list has grown
 * @ns: the namespace whose list it is
 *
 * Context: the namespace's list lock is held.
 */
void ima_ns_tpm_appended(struct ima_namespace *ns)
{
	struct ima_ns_vtpm *vtpm = ima_ns_vtpm(ns);

	if (!vtpm)
		return;

	lockdep_assert_held(&ns->log.lock);
	/* Pairs with take_next(): who reads this finds the entry. */
	smp_store_release(&vtpm->len, atomic_long_read(&ns->log.len));
	wake_up_all(&vtpm->work);
}

static bool has_passed(const struct ima_ns_vtpm *vtpm, unsigned long len)
{
	return READ_ONCE(vtpm->done) >= len ||
	       ima_ns_vtpm_state(vtpm) != VTPM_BOUND;
}

/*
 * A chip can be busy with a command of the container's own, such as making a
 * key.  That is not its failure; but one wait in vain is enough.  For what was
 * in the list before the chip was bound nobody waits: it was used already.
 */
static bool has_to_wait(const struct ima_ns_vtpm *vtpm, unsigned long len)
{
	unsigned long done = READ_ONCE(vtpm->done);

	return !has_passed(vtpm, len) && done >= vtpm->bound_len &&
	       READ_ONCE(vtpm->stalled) != done;
}

static int wait_for_chip(struct ima_namespace *ns, unsigned long end)
{
	struct ima_ns_vtpm *vtpm = ima_ns_vtpm(ns);
	unsigned long len = READ_ONCE(vtpm->len);
	unsigned long now = jiffies;
	long left;

	if (has_to_wait(vtpm, len) && time_before(now, end)) {
		left = wait_event_killable_timeout(vtpm->wait,
						   has_passed(vtpm, len),
						   end - now);
		if (left)
			return left < 0 ? -EINTR : 0;
		WRITE_ONCE(vtpm->stalled, READ_ONCE(vtpm->done));
	}
	if (!has_passed(vtpm, len) && ima_ns_vtpm_overdue(vtpm))
		ima_ns_vtpm_lose(vtpm, ns, -ETIMEDOUT);
	return 0;
}

/**
 * struct tpm_wait - a task is to wait for chips before it leaves the kernel
 * @head: in the task's list of work.
 * @leaf: the level whose chain it is about; referenced.
 * @levels: those to wait for, by bits from level 1 on.
 *
 * Belongs to the task, which frees it.
 */
struct tpm_wait {
	struct callback_head head;
	struct ima_namespace *leaf;
	u64 levels;
};

/* Who visits a level that is owned by others does not wait for their chip. */
static bool is_waited_for(const struct tpm_wait *wait,
			  const struct ima_namespace *ns)
{
	return (wait->levels & BIT_ULL(ns->level - 1)) &&
	       in_userns(ns->user_ns, current_user_ns());
}

/* One time-out for all levels, and for all that was measured meanwhile. */
static void wait_work(struct callback_head *head)
{
	struct tpm_wait *wait = container_of(head, struct tpm_wait, head);
	unsigned long end = jiffies + ima_ns_vtpm_timeout();
	struct ima_namespace *ns;

	for (ns = wait->leaf; ns->parent; ns = ns->parent) {
		if (is_waited_for(wait, ns) && wait_for_chip(ns, end))
			break;
	}
	put_ima_ns(wait->leaf);
	kfree(wait);
}

static struct tpm_wait *get_wait(struct ima_namespace *leaf)
{
	struct callback_head *head;
	struct tpm_wait *wait;

	head = task_work_cancel_func(current, wait_work);
	if (head) {
		wait = container_of(head, struct tpm_wait, head);
		if (wait->leaf == leaf)
			return wait;
		/* It has left that namespace within one system call. */
		put_ima_ns(wait->leaf);
		kfree(wait);
	}

	wait = kzalloc(sizeof(*wait), GFP_KERNEL | __GFP_NOFAIL);
	wait->leaf = get_ima_ns(leaf);
	init_task_work(&wait->head, wait_work);
	return wait;
}

/* Levels whose chip does not have all yet. */
static u64 levels_behind(const struct ima_walk *walk)
{
	const struct ima_ns_vtpm *vtpm;
	struct ima_namespace *ns;
	u64 levels = 0;

	for (ns = walk->leaf; ns->parent; ns = ns->parent) {
		if (!(walk->waits & BIT_ULL(ns->level - 1)))
			continue;
		vtpm = ima_ns_vtpm(ns);
		if (!has_passed(vtpm, READ_ONCE(vtpm->len)))
			levels |= BIT_ULL(ns->level - 1);
	}
	return levels;
}

/**
 * ima_ns_tpm_wait - have a task wait until what was measured is in the PCRs
 * @walk: the walk, in which levels with a chip were asked to measure
 *
 * It waits before it goes back to user space, since here the task may hold
 * what others wait for: an execution's lock, a file system's freeze
 * protection, or whatever a driver holds that has firmware loaded.
 *
 * Context: the task that was measured, after all locks of the walk were
 * dropped; may sleep.
 */
void ima_ns_tpm_wait(struct ima_walk *walk)
{
	const u64 levels = levels_behind(walk);
	struct tpm_wait *wait;

	if (!levels)
		return;

	/* Nor is another access to begin before it is there. */
	walk->cold = true;
	if (current->flags & (PF_KTHREAD | PF_EXITING))
		return;

	wait = get_wait(walk->leaf);
	wait->levels |= levels;
	if (!task_work_add(current, &wait->head, TWA_RESUME))
		return;

	put_ima_ns(wait->leaf);
	kfree(wait);
}

/* ima/tpm */

static int show_chip(char *text, size_t size, const struct tpm_chip *chip,
		     const char *banks, const char *state, unsigned long done)
{
	return scnprintf(text, size, "%s %s %s %lu\n", dev_name(&chip->dev),
			 banks, state, done);
}

/* The initial namespace's chip was chosen at boot. */
static int show_host(char *text, size_t size)
{
	const struct tpm_chip *chip = init_ima_ns.tpm.chip;
	char banks[128] = "-";
	const struct tpm_bank_info *bank;
	unsigned int i;
	int len = 0;

	if (!chip)
		return scnprintf(text, size, "none\n");

	for (i = 0; i < chip->nr_allocated_banks; i++) {
		bank = &chip->allocated_banks[i];
		len += scnprintf(banks + len, sizeof(banks) - len, "%s",
				 i ? "," : "");
		len += ima_ns_alg_name(bank->alg_id, bank->crypto_id,
				       banks + len, sizeof(banks) - len);
	}
	return show_chip(text, size, chip, banks, "bound",
			 atomic_long_read(&init_ima_ns.log.len));
}

static int show_child(struct ima_namespace *ns, char *text, size_t size)
{
	const struct ima_ns_vtpm *vtpm = ima_ns_vtpm(ns);
	char banks[128];
	bool lost;

	if (!vtpm)
		return scnprintf(text, size, "none\n");

	/* A reader changes nothing, not even what it is the first to see. */
	lost = ima_ns_vtpm_state(vtpm) != VTPM_BOUND ||
	       ima_ns_vtpm_overdue(vtpm) || ima_ns_vtpm_gone(vtpm);
	banks_text(ns, banks, sizeof(banks));
	return show_chip(text, size, vtpm->chip, banks,
			 lost ? "lost" : "bound", READ_ONCE(vtpm->done));
}

static ssize_t ima_ns_tpm_read(struct file *file, char __user *buf,
			       size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;
	char text[256];
	int len;

	len = ns->parent ? show_child(ns, text, sizeof(text)) :
			   show_host(text, sizeof(text));
	return simple_read_from_buffer(buf, count, ppos, text, len);
}

/* "tpm" and a number, and perhaps a newline. */
static int chip_name(char *name, size_t size, const char __user *buf,
		     size_t count)
{
	size_t i;

	if (!count || count >= size)
		return -EINVAL;
	if (copy_from_user(name, buf, count))
		return -EFAULT;

	if (name[count - 1] == '\n')
		count--;
	name[count] = '\0';
	if (count < 4 || strncmp(name, "tpm", 3))
		return -EINVAL;

	for (i = 3; i < count; i++) {
		if (!isdigit(name[i]))
			return -EINVAL;
	}
	return 0;
}

static ssize_t ima_ns_tpm_write(struct file *file, const char __user *buf,
				size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;
	struct tpm_chip *chip;
	char name[16];
	int err;

	/* Chips are the host's to give away, and its own is not. */
	if (!ns->parent || !ima_ns_privileged(&init_ima_ns, file->f_cred))
		return -EPERM;
	if (*ppos)
		return -EINVAL;

	err = chip_name(name, sizeof(name), buf, count);
	if (err)
		return err;

	chip = tpm_chip_get(name);
	if (!chip)
		return -ENODEV;

	err = bind_chip(ns, chip);
	put_device(&chip->dev);
	return err ?: count;
}

/* What ima/tpm does. */
const struct file_operations ima_ns_tpm_ops = {
	.open = ima_ns_open,
	.read = ima_ns_tpm_read,
	.write = ima_ns_tpm_write,
	.release = ima_ns_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};
