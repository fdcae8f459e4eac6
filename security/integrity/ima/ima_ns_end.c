// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: what is left of one
 *
 * A list dies with its namespace.  The levels above get a record by which a copy
 * of it can be proven later: its length, what is missing, and for each bank what
 * extending all its digests, one after the other, comes to.
 */

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "ima.h"

/* Namespaces that did nothing worth a record are counted for so long. */
#define COUNT_INTERVAL	(600 * HZ)

/* What is said of a namespace, its digests included. */
#define TEXT_SIZE	1024

static atomic64_t nr_ended;
static atomic64_t nr_entries;

static void count_ended(struct work_struct *work);
static DECLARE_DELAYED_WORK(count_work, count_ended);

static void count_ended(struct work_struct *work)
{
	struct ima_walk walk = { .leaf = &init_ima_ns };
	const struct cred *old;
	char text[80];

	scnprintf(text, sizeof(text), "namespaces=%llu entries=%llu",
		  atomic64_read(&nr_ended), atomic64_read(&nr_entries));
	old = override_creds(&init_cred);
	ima_measure_buffer(&walk, &init_ima_ns, NULL, &nop_mnt_idmap, NULL,
			   text, strlen(text), "namespaces-ended",
			   CRITICAL_DATA, 0, IMA_NS_LABEL, false, NULL, 0);
	revert_creds(old);
}

static bool is_configured(const struct ima_namespace *ns)
{
	return rcu_access_pointer(ns->policy.rules) == &ns->policy.custom ||
	       READ_ONCE(ns->keys.ca) || ns->keys.used || ns->keys.locked ||
	       ns->tpm.vtpm || ns->appraise.bound != ns->level;
}

/* Is it worth a record of its own, and is there one left for its user? */
static bool is_worthy(const struct ima_namespace *ns)
{
	if (is_configured(ns))
		return ima_ns_may_pay(ns->owner);

	return !ns->owner && (atomic_long_read(&ns->log.len) ||
			      atomic_long_read(&ns->log.lost));
}

/* As a PCR of that bank, which all entries are extended into. */
static int replay(struct ima_namespace *ns, int bank,
		  struct ima_digest_data *sum)
{
	const unsigned int size = hash_digest_size[sum->algo];
	u8 both[2 * HASH_MAX_DIGESTSIZE];
	struct ima_queue_entry *qe;
	int err;

	memset(sum->digest, 0, size);
	list_for_each_entry(qe, &ns->log.entries, later) {
		memcpy(both, sum->digest, size);
		if (ima_entry_is_violation(qe->entry))
			memset(both + size, 0xff, size);
		else
			memcpy(both + size, qe->entry->digests[bank].digest,
			       size);
		err = ima_calc_buffer_hash(both, 2 * size, sum);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static void print_banks(struct ima_namespace *ns, struct seq_buf *text)
{
	struct ima_max_digest_data hash;
	struct ima_digest_data *sum = container_of(&hash.hdr,
						   struct ima_digest_data, hdr);
	int bank;

	for (bank = 0; bank < NR_BANKS(ima_tpm_chip) + ima_extra_slots; bank++) {
		if (!ima_algo_array[bank].tfm)
			continue;
		sum->algo = ima_algo_array[bank].algo;
		sum->length = hash_digest_size[sum->algo];
		if (!replay(ns, bank, sum))
			seq_buf_printf(text, " %s:%*phN",
				       hash_algo_name[sum->algo], sum->length,
				       sum->digest);
	}
}

static void record_end(struct ima_namespace *ns, struct seq_buf *text)
{
	struct ima_walk walk = { .leaf = ns };
	const struct cred *old;

	seq_buf_printf(text, "ima_ns=%llu entries=%ld violations=%ld lost=%ld",
		       ns->id, atomic_long_read(&ns->log.len),
		       atomic_long_read(&ns->log.violations),
		       atomic_long_read(&ns->log.lost));
	print_banks(ns, text);

	old = override_creds(&init_cred);
	ima_measure_buffer(&walk, ns->parent, NULL, &nop_mnt_idmap, NULL,
			   text->buffer, seq_buf_used(text), "namespace-ended",
			   CRITICAL_DATA, 0, IMA_NS_LABEL, false, NULL, 0);
	revert_creds(old);
	ima_ns_pay(ns->owner);
}

/**
 * ima_ns_hand_over - leave a trace of a namespace that ends
 * @ns: the namespace, which nobody is in or finds any more
 *
 * Its own record gets one that was configured, as far as its user's quota
 * goes, and one of the host's root that has a list.  The others are counted.
 *
 * Context: process context, may sleep; takes the list locks of the levels above
 * one after the other.
 */
void ima_ns_hand_over(struct ima_namespace *ns)
{
	struct seq_buf text;
	char *buffer;

	buffer = is_worthy(ns) ? kmalloc(TEXT_SIZE, GFP_KERNEL) : NULL;
	if (buffer) {
		seq_buf_init(&text, buffer, TEXT_SIZE);
		record_end(ns, &text);
		kfree(buffer);
		return;
	}

	atomic64_inc(&nr_ended);
	atomic64_add(atomic_long_read(&ns->log.len), &nr_entries);
	schedule_delayed_work(&count_work, COUNT_INTERVAL);
}
