// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: records about namespaces themselves
 *
 * Critical data labelled "ima_ns", which only rules that name the label match:
 * in the list of the namespace that something happened to, and in those of its
 * ancestors whose policies ask for it.
 */

#include <linux/cred.h>
#include <linux/init_task.h>

#include "ima.h"

static const char policy_replaced[] = "policy-replaced";

/* Records what the rules in force, or failing these the new ones, ask for. */
static int record_policy(struct ima_namespace *ns, const char *text, size_t len)
{
	struct ima_walk walk = { .leaf = ns };
	int ret;

	ret = ima_measure_buffer(&walk, ns, ns->parent, &nop_mnt_idmap, NULL, text,
				 len, policy_replaced, CRITICAL_DATA, 0,
				 IMA_NS_LABEL, false, NULL, 0);
	if (ret == -ENOENT) {
		walk.loaded = true;
		ret = ima_measure_buffer(&walk, ns, ns->parent, &nop_mnt_idmap,
					 NULL, text, len, policy_replaced,
					 CRITICAL_DATA, 0, IMA_NS_LABEL, false,
					 NULL, 0);
	}
	/* Nobody asks for it, or the same text is in the list already. */
	return ret == -ENOENT || ret == -EEXIST || ret > 0 ? 0 : ret;
}

/* The ancestors need not keep what a container writes, but its digest. */
static void record_policy_above(struct ima_namespace *ns, const char *text,
				size_t len)
{
	struct ima_walk walk = { .leaf = ns };

	ima_measure_buffer(&walk, ns->parent, NULL, &nop_mnt_idmap, NULL, text,
			   len, policy_replaced, CRITICAL_DATA, 0,
			   IMA_NS_LABEL, true, NULL, 0);
}

/**
 * ima_ns_measure_policy - record a policy that is about to be put in force
 * @ns: the namespace that it is for, not the initial one
 * @cred: of who loads it
 * @text: the policy as it was written
 * @len: length of @text
 *
 * Context: the one writer of the policy of @ns, before publication; may sleep,
 * takes the list locks of the chain one after the other.
 * Return: 0, also if no rule asks for a record, or what the record of @ns
 * failed with, for want of memory.
 */
int ima_ns_measure_policy(struct ima_namespace *ns, const struct cred *cred,
			  const char *text, size_t len)
{
	const struct cred *old = override_creds(cred);
	int err;

	record_policy_above(ns, text, len);
	err = record_policy(ns, text, len);
	revert_creds(old);
	return err;
}

/**
 * ima_ns_measure_event - record what happened to a namespace
 * @ns: the namespace, not the initial one
 * @event: name of the record
 * @text: what it says
 *
 * In the list of @ns and in those of its ancestors, as far as rules ask for
 * it.  It is the kernel who tells, whatever task happens to run.
 *
 * Context: process context, may sleep; takes the list locks of the chain one
 * after the other.
 */
void ima_ns_measure_event(struct ima_namespace *ns, const char *event,
			  const char *text)
{
	const struct cred *old = override_creds(&init_cred);
	struct ima_walk walk = { .leaf = ns };

	ima_measure_buffer(&walk, ns, NULL, &nop_mnt_idmap, NULL, text,
			   strlen(text), event, CRITICAL_DATA, 0, IMA_NS_LABEL,
			   false, NULL, 0);
	revert_creds(old);
}
