// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the measurement list of a child
 *
 * Nothing of it exists until the first record, as most mount namespaces never
 * have one.
 */

#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "ima.h"

/* Records in the list of a child, unless user.max_ima_records says more. */
#define DEFAULT_MAX_RECORDS	65536

/* Whoever chooses what is recorded does not choose where it is in a table. */
static siphash_aligned_key_t table_key __ro_after_init;

/**
 * ima_ns_hash_key - where in a list's table a record is
 * @digest: of the record, at least 16 bytes
 *
 * Return: a number of 64 bits.
 */
u64 ima_ns_hash_key(const u8 *digest)
{
	return siphash(digest, 16, &table_key);
}

/**
 * ima_ns_log_init - be ready for lists
 *
 * Context: once at boot, before the first record.
 */
void __init ima_ns_log_init(void)
{
	get_random_bytes(&table_key, sizeof(table_key));
	init_user_ns.ucount_max[UCOUNT_IMA_RECORDS] = DEFAULT_MAX_RECORDS;
}

static long max_records(const struct ima_namespace *ns)
{
	const struct user_namespace *user_ns;
	long max = LONG_MAX;

	for (user_ns = ns->user_ns; user_ns; user_ns = user_ns->parent)
		max = min(max, READ_ONCE(user_ns->ucount_max[UCOUNT_IMA_RECORDS]));
	return max;
}

/**
 * ima_ns_log_room - may one more record be added to a list?
 * @ns: whose list it is
 * @payer: the user who adds to a list above, or %NULL
 *
 * Context: the list's lock is held.
 * Return: 0, or
 * - -EDQUOT: @payer has added as many as a user may;
 * - -ENOSPC: @ns has as many as a list may.
 */
int ima_ns_log_room(const struct ima_namespace *ns,
		    const struct ima_ns_owner *payer)
{
	if (!ima_ns_may_pay(payer))
		return -EDQUOT;
	if (ns->parent && atomic_long_read(&ns->log.len) >= max_records(ns))
		return -ENOSPC;
	return 0;
}

/* Has the list say that records are lost; needs its lock, and a table. */
static void tell_lost(struct ima_namespace *ns)
{
	lockdep_assert_held(&ns->log.lock);

	if (!ns->log.spare || !atomic_long_read(&ns->log.lost) ||
	    ima_add_digest_entry(ns, ns->log.spare, false))
		return;

	ns->log.spare = NULL;
	atomic_long_inc(&ns->log.violations);
}

/**
 * ima_ns_record_lost - a record could not be stored
 * @ns: in whose list it is missing
 *
 * It is counted, and the list says so by a violation: once, as what is missing
 * after the first is not known either.  The initial namespace's list is what it
 * was without children.
 *
 * Context: process context, may sleep; takes the list's lock.
 */
void ima_ns_record_lost(struct ima_namespace *ns)
{
	if (!ns->parent)
		return;

	atomic_long_inc(&ns->log.lost);
	if (ima_ns_log_prepare(ns))
		return;

	mutex_lock(&ns->log.lock);
	tell_lost(ns);
	mutex_unlock(&ns->log.lock);
}

/**
 * ima_ns_not_stored - a record was refused
 * @ns: in whose list it is missing
 * @payer: the user who would have added it to a list above, or %NULL
 * @err: why it was
 *
 * Context: process context, may sleep; no list's lock is held.
 */
void ima_ns_not_stored(struct ima_namespace *ns, struct ima_ns_owner *payer,
		       int err)
{
	if (err == -EDQUOT)
		ima_ns_quota_exceeded(ns, payer);
	else if (err != -EEXIST)
		ima_ns_record_lost(ns);
}

/* As on a host: that of the chip, or zeros where there is none. */
static struct ima_template_entry *
alloc_boot_aggregate(const struct ima_ns_vtpm *vtpm)
{
	struct ima_template_entry *entry;
	struct ima_max_digest_data hash = {};
	struct ima_iint_cache iint = {
		.ima_hash = container_of(&hash.hdr, struct ima_digest_data,
					 hdr),
	};
	struct ima_event_data event_data = {
		.iint = &iint,
		.filename = boot_aggregate_name,
	};
	int err;

	err = ima_ns_tpm_aggregate(vtpm, iint.ima_hash);
	if (err)
		return ERR_PTR(err);

	err = ima_alloc_init_template(&event_data, &entry, NULL);
	if (err)
		return ERR_PTR(err);

	err = ima_calc_field_array_hash(entry->template_data, entry);
	if (err) {
		ima_free_template_entry(entry);
		return ERR_PTR(err);
	}
	entry->pcr = CONFIG_IMA_MEASURE_PCR_IDX;
	return entry;
}

/* A violation that stands for what is not there. */
static struct ima_template_entry *alloc_spare(void)
{
	struct ima_template_entry *entry;
	struct ima_event_data event_data = {
		.filename = "records-lost",
		.violation = "records-lost",
	};
	int err;

	err = ima_alloc_init_template(&event_data, &entry, NULL);
	if (err)
		return ERR_PTR(err);

	entry->pcr = CONFIG_IMA_MEASURE_PCR_IDX;
	return entry;
}

/*
 * Puts the first entry and the table in place, unless another task did or a
 * chip was bound meanwhile.
 */
static int ima_ns_log_start(struct ima_namespace *ns, struct ima_h_table *table,
			    struct ima_template_entry *entry,
			    struct ima_template_entry *spare,
			    const struct ima_ns_vtpm *vtpm)
{
	int err = -EEXIST;

	mutex_lock(&ns->log.lock);
	if (ima_ns_vtpm(ns) != vtpm) {
		err = -EAGAIN;
	} else if (!ns->log.table) {
		err = ima_add_digest_entry(ns, entry, false);
		if (!err) {
			ns->log.spare = spare;
			WRITE_ONCE(ns->log.table, table);
			tell_lost(ns);
		}
	}
	mutex_unlock(&ns->log.lock);
	return err;
}

static int make_log(struct ima_namespace *ns)
{
	const struct ima_ns_vtpm *vtpm = ima_ns_vtpm(ns);
	struct ima_template_entry *entry, *spare;
	struct ima_h_table *table;
	int err;

	/* Charged to, but not refused by, a container at its memory limit. */
	table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);

	entry = alloc_boot_aggregate(vtpm);
	if (IS_ERR(entry)) {
		kfree(table);
		return PTR_ERR(entry);
	}

	spare = alloc_spare();
	err = IS_ERR(spare) ? PTR_ERR(spare) :
			      ima_ns_log_start(ns, table, entry, spare, vtpm);
	if (err) {
		ima_free_template_entry(entry);
		if (!IS_ERR(spare))
			ima_free_template_entry(spare);
		kfree(table);
	}
	return err;
}

/**
 * ima_ns_log_prepare - have a list to append to
 * @ns: the namespace whose list it is
 *
 * Makes the list with boot_aggregate as its first entry, if there is none.
 *
 * Context: process context, may sleep; takes the namespace's log lock.
 * Return: 0, or
 * - -ENOMEM: no memory for the entry;
 * - what the hash of the entry failed with.
 */
int ima_ns_log_prepare(struct ima_namespace *ns)
{
	int err;

	/* What it points to is used under the lock that it was set under. */
	if (likely(READ_ONCE(ns->log.table)))
		return 0;

	do {
		err = make_log(ns);
	} while (err == -EAGAIN);
	return err == -EEXIST ? 0 : err;
}

/**
 * ima_ns_log_bound - a chip was bound: have its boot_aggregate in the list
 * @ns: the namespace, whose chip it is
 *
 * As the first entry if there was none yet, else as a further one, as after
 * kexec.  For want of memory there is none, and what the list says of its
 * chip is what it said before.
 *
 * Context: process context, may sleep; takes the namespace's log lock.
 */
void ima_ns_log_bound(struct ima_namespace *ns)
{
	struct ima_template_entry *entry;
	struct ima_queue_entry *first;

	if (ima_ns_log_prepare(ns))
		return;

	entry = alloc_boot_aggregate(ima_ns_vtpm(ns));
	if (IS_ERR(entry))
		return;

	first = list_first_entry(&ns->log.entries, struct ima_queue_entry,
				 later);
	if (!memcmp(first->entry->digests[ima_sha1_idx].digest,
		    entry->digests[ima_sha1_idx].digest, SHA1_DIGEST_SIZE) ||
	    ima_store_template(ns, entry, 0, NULL, boot_aggregate_name,
			       entry->pcr))
		ima_free_template_entry(entry);
}

/**
 * ima_ns_log_free - free a list whose namespace ends
 * @ns: the namespace; nobody reads or appends any more
 *
 * Context: process context, may sleep.
 */
void ima_ns_log_free(struct ima_namespace *ns)
{
	struct ima_queue_entry *qe, *next;

	list_for_each_entry_safe(qe, next, &ns->log.entries, later) {
		ima_free_template_entry(qe->entry);
		kfree(qe);
		cond_resched();
	}
	if (ns->log.spare)
		ima_free_template_entry(ns->log.spare);
	kfree(ns->log.table);
}
