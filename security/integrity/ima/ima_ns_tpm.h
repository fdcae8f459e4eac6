/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: a vTPM that follows the list of a child
 */
#ifndef _IMA_NS_TPM_H
#define _IMA_NS_TPM_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/tpm.h>
#include <linux/wait.h>

#include "ima.h"

struct crypto_shash;

/**
 * struct ima_ns_bank - a PCR bank of a chip, and where its digests come from
 * @alg_id: the TPM's name of its algorithm.
 * @algo: IMA's name of it, %HASH_ALGO__LAST if it has none.
 * @size: bytes of a digest.
 * @used: bytes of a digest that are not padding.
 * @index: of the digest that an entry has for it, or has instead.
 * @tfm: computes the digest if entries have none, or %NULL.
 *
 * Constant from the moment when &ima_ns_vtpm.nr_banks says that it is there;
 * freed with the &struct ima_ns_vtpm.
 */
struct ima_ns_bank {
	u16 alg_id;
	u16 algo;
	u16 size;
	u16 used;
	int index;
	struct crypto_shash *tfm;
};

/* What became of a chip.  Only %VTPM_CHECKING and %VTPM_BOUND are left again. */
enum ima_ns_vtpm_state {
	VTPM_CHECKING,	/* it has to prove that it may be bound */
	VTPM_FAILED,	/* it may not, and nobody was bound */
	VTPM_BOUND,	/* it follows the list */
	VTPM_LOST,	/* it failed, or did not answer in time */
};

/**
 * struct ima_ns_vtpm - a chip that is bound to a namespace
 * @count: references of the namespace, of the thread and of the binding task.
 * @chip: the chip, whose device is referenced; reached through
 *	  tpm_try_get_ops() only, as its emulator may end at any time.
 * @claim: in the list of all chips in use, under ima_ns_tpm_mutex.
 * @lock: protects @ns and @last, and that @state leaves %VTPM_CHECKING.  Taken
 *	  before the list's lock; never held while the chip is waited for.
 * @ns: the namespace; borrowed, %NULL when that has ended.
 * @last: the entry that the thread took last, or the head of the list.
 * @state: an &enum ima_ns_vtpm_state.  Leaves %VTPM_CHECKING under @lock and
 *	   %VTPM_BOUND by cmpxchg(), read anywhere.
 * @error: what binding failed with; set before @settled.
 * @settled: completed when @state is no longer %VTPM_CHECKING.
 * @len: number of entries in the list.  Written under the list's lock, after
 *	 the entry was added.
 * @bound_len: what @len was when the chip was bound.
 * @done: number of entries that the chip was extended with, in their order.
 *	  Written by the thread.
 * @stalled: what @done was when a task waited in vain; as long as it is that,
 *	     nobody waits again.
 * @queued: since when the thread queues for the chip behind others' commands,
 *	    0 if it does not.  Written by the thread, as the following two.
 * @sent: when the command that the chip is working on was sent, 0 if there is
 *	  none.
 * @others: how long the thread has been kept from the chip by others' commands
 *	    since it was last as far as @mark.
 * @mark: number of entries by which @others begins anew.  The thread's own.
 * @released: the namespace has ended.  Set under @lock, read anywhere.
 * @pcrs: those that were extended, or may have been.  The thread's own.
 * @work: the thread waits here for entries, or for an end.
 * @wait: tasks wait here for @done.
 * @nr_banks: number of @banks, 0 before the chip told.  Set once, by the
 *	      thread, after @banks.
 * @banks: in the order of the chip's.
 * @digests: what is extended next.  The thread's own.
 */
struct ima_ns_vtpm {
	refcount_t count;
	struct tpm_chip *chip;
	struct list_head claim;

	struct mutex lock;	/* protects ns, last and the end of the check */
	struct ima_namespace *ns;
	struct list_head *last;

	int state;
	int error;
	struct completion settled;

	unsigned long len;
	unsigned long bound_len;
	unsigned long done;
	unsigned long stalled;
	unsigned long queued;
	unsigned long sent;
	unsigned long others;
	unsigned long mark;
	bool released;
	u32 pcrs;

	wait_queue_head_t work;
	wait_queue_head_t wait;

	unsigned int nr_banks;
	struct ima_ns_bank banks[TPM2_MAX_PCR_BANKS];
	struct tpm_digest digests[TPM2_MAX_PCR_BANKS];
};

void ima_ns_banks_init(struct ima_ns_vtpm *vtpm);
void ima_ns_banks_free(struct ima_ns_vtpm *vtpm);
int ima_ns_banks_extend(struct ima_ns_vtpm *vtpm,
			struct ima_template_entry *entry);
void ima_ns_banks_invalidate(struct ima_ns_vtpm *vtpm);

void ima_ns_vtpm_put(struct ima_ns_vtpm *vtpm);
bool ima_ns_vtpm_settle(struct ima_ns_vtpm *vtpm, int state, int error);
void ima_ns_vtpm_lose(struct ima_ns_vtpm *vtpm, struct ima_namespace *ns,
		      int error);
void ima_ns_vtpm_record(struct ima_ns_vtpm *vtpm, struct ima_namespace *ns,
			const char *event);
void ima_ns_vtpm_record_lost(struct ima_ns_vtpm *vtpm,
			     struct ima_namespace *ns, int error);
bool ima_ns_vtpm_overdue(const struct ima_ns_vtpm *vtpm);
unsigned long ima_ns_vtpm_timeout(void);
int ima_ns_vtpm_thread(void *data);

static inline int ima_ns_vtpm_state(const struct ima_ns_vtpm *vtpm)
{
	return READ_ONCE(vtpm->state);
}

/* Has its emulator ended?  Then the chip never answers again. */
static inline bool ima_ns_vtpm_gone(const struct ima_ns_vtpm *vtpm)
{
	return !READ_ONCE(vtpm->chip->ops);
}

#endif /* _IMA_NS_TPM_H */
