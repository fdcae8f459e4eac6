// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the measurement list of a child
 *
 * Nothing of it exists until the first record, as most mount namespaces never
 * have one.
 */

#include <linux/slab.h>

#include "ima.h"

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

/*
 * Puts the first entry and the table in place, unless another task did or a
 * chip was bound meanwhile.
 */
static int ima_ns_log_start(struct ima_namespace *ns, struct ima_h_table *table,
			    struct ima_template_entry *entry,
			    const struct ima_ns_vtpm *vtpm)
{
	int err = -EEXIST;

	mutex_lock(&ns->log.lock);
	if (ima_ns_vtpm(ns) != vtpm) {
		err = -EAGAIN;
	} else if (!ns->log.table) {
		err = ima_add_digest_entry(ns, entry, false);
		if (!err)
			WRITE_ONCE(ns->log.table, table);
	}
	mutex_unlock(&ns->log.lock);
	return err;
}

static int make_log(struct ima_namespace *ns)
{
	const struct ima_ns_vtpm *vtpm = ima_ns_vtpm(ns);
	struct ima_template_entry *entry;
	struct ima_h_table *table;
	int err;

	/* Charged to, but not refused by, a container at its memory limit. */
	table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);

	entry = alloc_boot_aggregate(vtpm);
	if (IS_ERR(entry)) {
		kfree(table);
		return PTR_ERR(entry);
	}

	err = ima_ns_log_start(ns, table, entry, vtpm);
	if (err) {
		ima_free_template_entry(entry);
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
	kfree(ns->log.table);
}
