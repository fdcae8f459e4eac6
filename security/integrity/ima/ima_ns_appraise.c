// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: whose verdict binds whom, and how long it holds
 *
 * Each level judges by its own rules and keys, and access needs all of them.
 * What a child decides binds those who are in its owner and below, so that a
 * user's container does not judge the admin who enters it.
 */

#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>

#include "ima.h"

/**
 * ima_ns_binds - do the verdicts of a level bind a task?
 * @ns: the level
 * @cred: the task's credentials
 *
 * Context: any.
 * Return: false for visitors, who come from outside of the owner.
 */
bool ima_ns_binds(const struct ima_namespace *ns, const struct cred *cred)
{
	return in_userns(ns->user_ns, cred->user_ns);
}

/**
 * ima_ns_left_alone - is what is done in a level left to those below another?
 * @leaf: the level
 * @ns: a level above it
 *
 * So it is if somebody who may say so for @ns, or for a level above, said it
 * of @leaf or of a level between.
 *
 * Context: any.
 * Return: whether appraise rules of @ns with ns=self have no say.
 */
bool ima_ns_left_alone(const struct ima_namespace *leaf,
		       const struct ima_namespace *ns)
{
	for (; leaf != ns; leaf = leaf->parent) {
		if (READ_ONCE(leaf->appraise.bound) <= ns->level)
			return true;
	}
	return false;
}

/**
 * ima_ns_released - is an act left to those below a level?
 * @walk: who acts
 * @ns: a level above that of the acting task
 * @func: the hook
 *
 * Context: any.
 * Return: whether appraise rules of @ns with ns=self have no say.
 */
bool ima_ns_released(const struct ima_walk *walk,
		     const struct ima_namespace *ns, enum ima_hooks func)
{
	return !ima_acts_on_kernel(func) && ima_ns_left_alone(walk->leaf, ns);
}

/* Do rules demand now what they did not when the verdict was made? */
static bool rules_differ(const struct ima_iint_state *state, int action)
{
	return (action & IMA_APPRAISE) &&
	       ((state->flags ^ action) & IMA_NONACTION_RULE_FLAGS);
}

static void forget(struct ima_iint_state *state, int action)
{
	state->flags &= ~(IMA_APPRAISED | IMA_APPRAISED_SUBMASK);
	if (action & IMA_APPRAISE)
		state->flags &= ~IMA_NONACTION_RULE_FLAGS;
}

/**
 * ima_ns_verdict_refresh - forget verdicts that do not hold any more
 * @ns: the level
 * @iint: of the file
 * @state: what @ns did to it
 * @action: what the policy of @ns asks for now
 * @algos: hash algorithms that it allows, 0 if all
 *
 * A verdict rests on keys, which may have gone or expired, and on what the
 * rule demanded that it was made for.  It does not tell of the algorithm.  The
 * host's rules differ by who acts only if they have a scope, too.
 *
 * Context: iint->mutex is held.
 */
void ima_ns_verdict_refresh(struct ima_namespace *ns,
			    struct ima_iint_cache *iint,
			    struct ima_iint_state *state, int action,
			    unsigned int algos)
{
	u64 gen;

	lockdep_assert_held(&iint->mutex);

	if (!ns->parent) {
		/* What a child was left to must not do for the host as well. */
		if (READ_ONCE(ns->policy.scoped) && rules_differ(state, action))
			forget(state, action);
		return;
	}

	if (state->new_seq != 1 + atomic64_read(&iint->data_seq))
		state->flags &= ~IMA_NEW_FILE;

	gen = atomic64_read(&ns->keys.gen);
	/* Pairs with ima_ns_key_changed(): keys are no older than this. */
	smp_rmb();
	if (state->key_gen == gen && !algos && !rules_differ(state, action) &&
	    ktime_get_real_seconds() < state->key_expiry)
		return;

	forget(state, action);
	state->key_gen = gen;
	state->key_expiry = TIME64_MAX;
}

/**
 * ima_ns_load_denied - does a child deny what cannot be appraised?
 * @appraise: what the kernel is about to load without a file, as a bit of
 *	      ima_appraise
 *
 * Context: process context.
 * Return: whether a level above the task, other than the initial one, wants
 * that appraised.
 */
bool ima_ns_load_denied(int appraise)
{
	struct ima_namespace *ns;

	for (ns = ima_ns_current(); ns->parent; ns = ns->parent) {
		if ((READ_ONCE(ns->policy.appraise) & appraise) &&
		    ima_ns_binds(ns, current_cred())) {
			ima_ns_audit_denied(ns, NULL, NULL, "appraise_data",
					    "no-file", -EACCES);
			return true;
		}
	}
	return false;
}

/**
 * ima_ns_setxattr_allowed - may security.ima be of an algorithm?
 * @algo: the algorithm
 *
 * Context: process context.
 * Return: whether no child that the task is in rules it out.
 */
bool ima_ns_setxattr_allowed(enum hash_algo algo)
{
	struct ima_namespace *ns;
	unsigned int algos;

	for (ns = ima_ns_current(); ns->parent; ns = ns->parent) {
		algos = atomic_read(&ns->policy.setxattr_algos);
		if (algos && !(algos & BIT(algo)) &&
		    ima_ns_binds(ns, current_cred()))
			return false;
	}
	return true;
}

static struct audit_buffer *
start_report(struct ima_namespace *ns, struct inode *inode,
	     const unsigned char *filename, const char *op, const char *cause,
	     int *missed)
{
	struct audit_buffer *ab;
	char name[TASK_COMM_LEN];

	if (!ima_ns_may_report(ns, missed))
		return NULL;

	ab = integrity_audit_log_start(audit_context(), ima_ns_audit_gfp(ns),
				       AUDIT_INTEGRITY_DATA);
	if (!ab) {
		ima_ns_not_reported(ns, *missed);
		return NULL;
	}

	audit_log_format(ab, "pid=%d uid=%u auid=%u ses=%u",
			 task_pid_nr(current),
			 from_kuid(&init_user_ns, current_uid()),
			 from_kuid(&init_user_ns, audit_get_loginuid(current)),
			 audit_get_sessionid(current));
	audit_log_task_context(ab);
	audit_log_format(ab, " op=%s cause=%s comm=", op, cause);
	audit_log_untrustedstring(ab, get_task_comm(name, current));
	if (filename) {
		audit_log_format(ab, " name=");
		audit_log_untrustedstring(ab, filename);
	}
	if (inode) {
		audit_log_format(ab, " dev=");
		audit_log_untrustedstring(ab, inode->i_sb->s_id);
		audit_log_format(ab, " ino=%lu", inode->i_ino);
	}
	return ab;
}

/**
 * ima_ns_audit_end - say which child a report is about
 * @ns: the child
 * @ab: the report
 * @missed: reports that there were no more of, 0 if none
 *
 * Context: any.
 */
void ima_ns_audit_end(const struct ima_namespace *ns, struct audit_buffer *ab,
		      int missed)
{
	if (missed)
		audit_log_format(ab, " missed=%d", missed);
	audit_log_format(ab, " ima_ns=%llu", ns->id);
	audit_log_end(ab);
}

static void end_report(struct ima_namespace *ns, struct audit_buffer *ab,
		       int result, int missed)
{
	audit_log_format(ab, " res=0 errno=%d", result);
	ima_ns_audit_end(ns, ab, missed);
}

/**
 * ima_ns_audit_denied - report that a child denied something
 * @ns: the child
 * @inode: what was accessed, or %NULL
 * @filename: its name, or %NULL
 * @op: what was being done
 * @cause: why it is denied
 * @result: the error
 *
 * Context: process context, may sleep.  Rate-limited per namespace.
 */
void ima_ns_audit_denied(struct ima_namespace *ns, struct inode *inode,
			 const unsigned char *filename, const char *op,
			 const char *cause, int result)
{
	struct audit_buffer *ab;
	int missed;

	ab = start_report(ns, inode, filename, op, cause, &missed);
	if (ab)
		end_report(ns, ab, result, missed);
}

/* The key that a signature names, whether or not anybody has it. */
static void report_key(struct audit_buffer *ab,
		       const struct evm_ima_xattr_data *xattr_value,
		       int xattr_len)
{
	const struct signature_v2_hdr *sig = (const void *)xattr_value;

	if (!xattr_value || xattr_len <= (int)sizeof(*sig) ||
	    (xattr_value->type != EVM_IMA_XATTR_DIGSIG &&
	     xattr_value->type != IMA_VERITY_DIGSIG))
		return;

	audit_log_format(ab, " keyid=%08x", be32_to_cpu(sig->keyid));
}

/**
 * ima_ns_audit_verdict - report that a file failed a child's appraisal
 * @ns: the child
 * @iint: of the file
 * @inode: the file
 * @filename: its name
 * @cause: why it failed
 * @result: what verifying it failed with
 * @xattr_value: its security.ima, or %NULL
 * @xattr_len: bytes of @xattr_value
 *
 * Context: iint->mutex is held.  Rate-limited per namespace.
 */
void ima_ns_audit_verdict(struct ima_namespace *ns,
			  const struct ima_iint_cache *iint,
			  struct inode *inode, const unsigned char *filename,
			  const char *cause, int result,
			  const struct evm_ima_xattr_data *xattr_value,
			  int xattr_len)
{
	struct audit_buffer *ab;
	int missed;

	ab = start_report(ns, inode, filename, "appraise_data", cause, &missed);
	if (!ab)
		return;

	if (iint->ima_hash && (iint->digest_flags & IMA_COLLECTED)) {
		audit_log_format(ab, " hash=%s:%*phN",
				 hash_algo_name[iint->ima_hash->algo],
				 iint->ima_hash->length,
				 iint->ima_hash->digest);
	}
	report_key(ab, xattr_value, xattr_len);
	end_report(ns, ab, result, missed);
}
