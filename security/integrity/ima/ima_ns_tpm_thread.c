// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the thread that talks to a vTPM
 *
 * It checks the chip, extends it with entry after entry, and once the chip is
 * lost sees to it that it cannot be taken for a good one.  Each of its
 * commands may take as long as the driver lets it, minutes even; the thread
 * holds no lock meanwhile and does not keep the namespace from ending.
 */

#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/sched.h>

#include "ima_ns_tpm.h"

/* How long to wait before a lost chip is tried again, at first and at most. */
#define RETRY_FIRST	(HZ / 10 + 1)
#define RETRY_MAX	(10 * HZ)

/* PCRs that can be extended from here; the others are for other localities. */
#define USABLE_PCRS	(GENMASK(16, 0) | BIT(23))

static bool is_released(const struct ima_ns_vtpm *vtpm)
{
	return READ_ONCE(vtpm->released);
}

/* What the binding task is told of a command that failed. */
static int bind_error(int rc)
{
	switch (rc) {
	case -ETIME:
		return -ETIMEDOUT;
	case -EPIPE:
	case -ECANCELED:
	case -ENODEV:
		return -ENODEV;
	default:
		return -EIO;
	}
}

static bool is_registered(const struct ima_ns_vtpm *vtpm)
{
	struct tpm_chip *chip = tpm_chip_get(dev_name(&vtpm->chip->dev));

	if (chip)
		put_device(&chip->dev);
	return chip == vtpm->chip;
}

/* Its emulator may be starting still: a chip is registered when it answers. */
static int wait_registered(struct ima_ns_vtpm *vtpm)
{
	unsigned long end = jiffies + ima_ns_vtpm_timeout();

	while (!is_registered(vtpm)) {
		if (ima_ns_vtpm_gone(vtpm))
			return -ENODEV;
		if (ima_ns_vtpm_state(vtpm) != VTPM_CHECKING ||
		    is_released(vtpm) || time_after(jiffies, end))
			return -ETIMEDOUT;
		schedule_timeout_idle(HZ / 100 + 1);
	}
	return 0;
}

/* Gets hold of the chip, and counts how long others have it meanwhile. */
static int get_chip(struct ima_ns_vtpm *vtpm)
{
	int rc;

	WRITE_ONCE(vtpm->queued, jiffies ?: 1);
	rc = tpm_try_get_ops_blocked(vtpm->chip);
	WRITE_ONCE(vtpm->others, vtpm->others + jiffies - vtpm->queued);
	WRITE_ONCE(vtpm->queued, 0);
	return rc;
}

/* A chip that has a past would give the list one that it does not tell of. */
static int check_chip(struct ima_ns_vtpm *vtpm)
{
	int rc;

	rc = wait_registered(vtpm);
	if (rc)
		return rc;

	ima_ns_banks_init(vtpm);
	if (!vtpm->nr_banks)
		return -EIO;

	rc = get_chip(vtpm);
	if (rc)
		return -ENODEV;
	rc = tpm_pcrs_are_zero(vtpm->chip, USABLE_PCRS);
	tpm_put_ops(vtpm->chip);
	if (rc < 0)
		return bind_error(rc);
	return rc ? 0 : -EBUSY;
}

/* The namespace, if it lives; to be put. */
static struct ima_namespace *get_ns(struct ima_ns_vtpm *vtpm)
{
	struct ima_namespace *ns;

	guard(mutex)(&vtpm->lock);

	ns = vtpm->ns;
	return ns && refcount_inc_not_zero(&ns->ns.count) ? ns : NULL;
}

static void record_settled(struct ima_ns_vtpm *vtpm, struct ima_namespace *ns,
			   int err)
{
	if (!ns)
		return;

	if (err) {
		ima_ns_vtpm_record_lost(vtpm, ns, err);
	} else {
		ima_ns_log_bound(ns);
		ima_ns_vtpm_record(vtpm, ns, "tpm-bound");
	}
}

static void settle(struct ima_ns_vtpm *vtpm, int err)
{
	int state = VTPM_BOUND;
	struct ima_namespace *ns;

	if (err)
		state = err == -ETIMEDOUT ? VTPM_LOST : VTPM_FAILED;
	if (ima_ns_vtpm_settle(vtpm, state, err) && state != VTPM_FAILED) {
		ns = get_ns(vtpm);
		record_settled(vtpm, ns, err);
		put_ima_ns(ns);
	}
	complete_all(&vtpm->settled);
}

/*
 * Gets the next entry's digests ready, if there is one.  The entry lives as
 * long as the namespace, which does not end while the lock is held.
 */
static bool take_next(struct ima_ns_vtpm *vtpm, u32 *pcr, int *err)
{
	struct ima_queue_entry *qe;

	guard(mutex)(&vtpm->lock);

	/* Pairs with ima_ns_tpm_appended(). */
	if (!vtpm->ns || vtpm->done >= smp_load_acquire(&vtpm->len))
		return false;

	qe = list_entry_rcu(vtpm->last->next, struct ima_queue_entry, later);
	vtpm->last = &qe->later;
	*pcr = qe->entry->pcr;
	*err = ima_ns_banks_extend(vtpm, qe->entry);
	return true;
}

/* The chip's time counts from when it is this command's turn. */
static int extend(struct ima_ns_vtpm *vtpm, u32 pcr)
{
	bool late;
	int rc;

	rc = get_chip(vtpm);
	if (rc)
		return rc;

	WRITE_ONCE(vtpm->sent, jiffies ?: 1);
	rc = tpm_pcr_extend_reserved(vtpm->chip, pcr, vtpm->digests);
	late = ima_ns_vtpm_overdue(vtpm);
	WRITE_ONCE(vtpm->sent, 0);
	tpm_put_ops(vtpm->chip);
	/* Of an error that is not the chip's it is not known what was done. */
	if (rc <= 0 && pcr < BITS_PER_TYPE(vtpm->pcrs))
		vtpm->pcrs |= BIT(pcr);
	return !rc && late ? -ETIME : rc;
}

static void lose(struct ima_ns_vtpm *vtpm, int error)
{
	struct ima_namespace *ns = get_ns(vtpm);

	ima_ns_vtpm_lose(vtpm, ns, error < 0 ? error : -EIO);
	put_ima_ns(ns);
}

/* Extends one entry, or finds that the chip is lost. */
static void follow_one(struct ima_ns_vtpm *vtpm)
{
	int rc = 0;
	u32 pcr;

	if (!take_next(vtpm, &pcr, &rc))
		return;

	/* Others' commands count anew for what has come meanwhile. */
	if (vtpm->done >= vtpm->mark) {
		vtpm->mark = READ_ONCE(vtpm->len);
		WRITE_ONCE(vtpm->others, 0);
	}
	if (!rc)
		rc = extend(vtpm, pcr);
	if (rc) {
		lose(vtpm, rc);
		return;
	}

	/* Whoever found it too late has said so: it is not done then. */
	if (ima_ns_vtpm_state(vtpm) != VTPM_BOUND)
		return;

	WRITE_ONCE(vtpm->done, vtpm->done + 1);
	wake_up_all(&vtpm->wait);
}

static bool has_work(const struct ima_ns_vtpm *vtpm)
{
	return vtpm->done < READ_ONCE(vtpm->len) || is_released(vtpm) ||
	       ima_ns_vtpm_gone(vtpm) || ima_ns_vtpm_state(vtpm) != VTPM_BOUND;
}

static void follow(struct ima_ns_vtpm *vtpm)
{
	while (ima_ns_vtpm_state(vtpm) == VTPM_BOUND && !is_released(vtpm)) {
		if (ima_ns_vtpm_gone(vtpm))
			lose(vtpm, -ENODEV);
		else
			follow_one(vtpm);
		wait_event_idle(vtpm->work, has_work(vtpm));
	}
}

/* Returns the PCRs that could not be extended; those may be tried again. */
static u32 poison_some(struct ima_ns_vtpm *vtpm, unsigned long pcrs)
{
	unsigned int pcr;
	u32 left = 0;

	ima_ns_banks_invalidate(vtpm);
	for_each_set_bit(pcr, &pcrs, BITS_PER_TYPE(left)) {
		if (extend(vtpm, pcr))
			left |= BIT(pcr);
	}
	return left;
}

/*
 * Verifiers accept a list that is ahead of the PCRs.  If a lost chip answers
 * again, an extend that no entry tells of keeps it from being believed.  Until
 * then it serves nobody else.
 */
static void poison(struct ima_ns_vtpm *vtpm)
{
	u32 left = vtpm->pcrs | BIT(CONFIG_IMA_MEASURE_PCR_IDX);
	long delay = RETRY_FIRST;

	while (!is_released(vtpm) && !ima_ns_vtpm_gone(vtpm)) {
		if (!vtpm->nr_banks && is_registered(vtpm))
			ima_ns_banks_init(vtpm);
		if (vtpm->nr_banks) {
			WRITE_ONCE(vtpm->chip->blocked, true);
			left = poison_some(vtpm, left);
		}
		if (!left)
			break;

		wait_event_idle_timeout(vtpm->work, is_released(vtpm), delay);
		delay = min(2 * delay, RETRY_MAX);
	}
	WRITE_ONCE(vtpm->chip->blocked, !!left);
}

/**
 * ima_ns_vtpm_thread - a life with a chip
 * @data: the &struct ima_ns_vtpm, with a reference for the thread
 *
 * Context: a thread of its own.
 * Return: 0.
 */
int ima_ns_vtpm_thread(void *data)
{
	struct ima_ns_vtpm *vtpm = data;

	settle(vtpm, check_chip(vtpm));
	follow(vtpm);
	if (ima_ns_vtpm_state(vtpm) == VTPM_LOST)
		poison(vtpm);
	ima_ns_vtpm_put(vtpm);
	return 0;
}
