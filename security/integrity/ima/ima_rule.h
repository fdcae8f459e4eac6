/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of a policy, for those who look into them
 */
#ifndef _IMA_RULE_H
#define _IMA_RULE_H

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <linux/uuid.h>

#include "ima.h"

/* flags definitions */
#define IMA_FUNC	0x0001
#define IMA_MASK	0x0002
#define IMA_FSMAGIC	0x0004
#define IMA_UID		0x0008
#define IMA_FOWNER	0x0010
#define IMA_FSUUID	0x0020
#define IMA_INMASK	0x0040
#define IMA_EUID	0x0080
#define IMA_PCR		0x0100
#define IMA_FSNAME	0x0200
#define IMA_KEYRINGS	0x0400
#define IMA_LABEL	0x0800
#define IMA_VALIDATE_ALGOS	0x1000
#define IMA_GID		0x2000
#define IMA_EGID	0x4000
#define IMA_FGROUP	0x8000

#define UNKNOWN		0
#define MEASURE		0x0001	/* same as IMA_MEASURE */
#define DONT_MEASURE	0x0002
#define APPRAISE	0x0004	/* same as IMA_APPRAISE */
#define DONT_APPRAISE	0x0008
#define AUDIT		0x0040
#define DONT_AUDIT	(IS_ENABLED(CONFIG_IMA_NS) ? 0x0080 : 0)
#define HASH		0x0100
#define DONT_HASH	0x0200

#define MAX_LSM_RULES 6
enum lsm_rule_types { LSM_OBJ_USER, LSM_OBJ_ROLE, LSM_OBJ_TYPE,
	LSM_SUBJ_USER, LSM_SUBJ_ROLE, LSM_SUBJ_TYPE
};

struct ima_rule_opt_list {
	size_t count;
	char *items[] __counted_by(count);
};

struct ima_rule_entry {
	struct list_head list;
	int action;
	unsigned int flags;
	enum ima_hooks func;
	int mask;
	unsigned long fsmagic;
	uuid_t fsuuid;
	kuid_t uid;
	kgid_t gid;
	kuid_t fowner;
	kgid_t fgroup;
	bool (*uid_op)(kuid_t cred_uid, kuid_t rule_uid);    /* Handlers for operators       */
	bool (*gid_op)(kgid_t cred_gid, kgid_t rule_gid);
	/* vfsuid_eq_kuid(), vfsuid_gt_kuid(), vfsuid_lt_kuid() and those of groups */
	bool (*fowner_op)(vfsuid_t vfsuid, kuid_t rule_uid);
	bool (*fgroup_op)(vfsgid_t vfsgid, kgid_t rule_gid);
	int pcr;
	unsigned int allowed_algos; /* bitfield of allowed hash algorithms */
	struct {
		void *rule;	/* LSM file metadata specific */
		char *args_p;	/* audit value */
		int type;	/* audit type */
	} lsm[MAX_LSM_RULES];
	char *fsname;
	struct ima_rule_opt_list *keyrings; /* Measure keys added to these keyrings */
	struct ima_rule_opt_list *label; /* Measure data grouped under this label */
	struct ima_template_desc *template;
#ifdef CONFIG_IMA_NS
	int scope;	/* whose acts it covers, 0 if all: IMA_NS_SELF, ... */
	struct ima_rule_entry *stale;	/* the next of those to be freed */
#endif
};

struct ima_rule_entry *ima_lsm_copy_rule(struct ima_namespace *ns,
					 struct ima_rule_entry *entry,
					 gfp_t gfp);

static inline bool ima_rule_contains_lsm_cond(struct ima_rule_entry *entry)
{
	int i;

	for (i = 0; i < MAX_LSM_RULES; i++)
		if (entry->lsm[i].args_p)
			return true;

	return false;
}

static inline int ima_appraise_flag(enum ima_hooks func)
{
	if (func == MODULE_CHECK)
		return IMA_APPRAISE_MODULES;
	else if (func == FIRMWARE_CHECK)
		return IMA_APPRAISE_FIRMWARE;
	else if (func == POLICY_CHECK)
		return IMA_APPRAISE_POLICY;
	else if (func == KEXEC_KERNEL_CHECK)
		return IMA_APPRAISE_KEXEC;
	return 0;
}

/* Does the owner of a policy call ids as the initial user namespace does? */
static inline bool ima_rule_ids_are_global(const struct ima_namespace *ns)
{
	return !IS_ENABLED(CONFIG_IMA_NS) || ns->user_ns == &init_user_ns;
}

/* Ids of rules, and those they are compared with, are the owner's. */
static inline bool ima_rule_match_uid(const struct ima_namespace *ns,
				      const struct ima_rule_entry *rule,
				      kuid_t uid)
{
	if (!ima_rule_ids_are_global(ns)) {
		uid = ima_ns_uid(ns, uid);
		if (!uid_valid(uid))
			return false;
	}
	return rule->uid_op(uid, rule->uid);
}

static inline bool ima_rule_match_gid(const struct ima_namespace *ns,
				      const struct ima_rule_entry *rule,
				      kgid_t gid)
{
	if (!ima_rule_ids_are_global(ns)) {
		gid = ima_ns_gid(ns, gid);
		if (!gid_valid(gid))
			return false;
	}
	return rule->gid_op(gid, rule->gid);
}

/* Who may change the effective id at will is matched by any of its ids. */
static inline bool ima_rule_match_euid(const struct ima_namespace *ns,
				       const struct ima_rule_entry *rule,
				       const struct cred *cred)
{
	return ima_rule_match_uid(ns, rule, cred->euid) ||
	       (has_ns_capability_noaudit(current, ns->user_ns, CAP_SETUID) &&
		(ima_rule_match_uid(ns, rule, cred->suid) ||
		 ima_rule_match_uid(ns, rule, cred->uid)));
}

static inline bool ima_rule_match_egid(const struct ima_namespace *ns,
				       const struct ima_rule_entry *rule,
				       const struct cred *cred)
{
	return ima_rule_match_gid(ns, rule, cred->egid) ||
	       (has_ns_capability_noaudit(current, ns->user_ns, CAP_SETGID) &&
		(ima_rule_match_gid(ns, rule, cred->sgid) ||
		 ima_rule_match_gid(ns, rule, cred->gid)));
}

static inline bool ima_rule_match_fowner(const struct ima_namespace *ns,
					 const struct ima_rule_entry *rule,
					 vfsuid_t vfsuid)
{
	if (!ima_rule_ids_are_global(ns)) {
		vfsuid = VFSUIDT_INIT(ima_ns_uid(ns, vfsuid_into_kuid(vfsuid)));
		if (!vfsuid_valid(vfsuid))
			return false;
	}
	return rule->fowner_op(vfsuid, rule->fowner);
}

static inline bool ima_rule_match_fgroup(const struct ima_namespace *ns,
					 const struct ima_rule_entry *rule,
					 vfsgid_t vfsgid)
{
	if (!ima_rule_ids_are_global(ns)) {
		vfsgid = VFSGIDT_INIT(ima_ns_gid(ns, vfsgid_into_kgid(vfsgid)));
		if (!vfsgid_valid(vfsgid))
			return false;
	}
	return rule->fgroup_op(vfsgid, rule->fgroup);
}

/* The initial namespace reads ids as its writer means them, as ever. */
static inline kuid_t ima_rule_uid(const struct ima_namespace *ns, uid_t uid)
{
	return ima_ns_is_init(ns) ? make_kuid(current_user_ns(), uid) :
		ima_ns_uid(ns, make_kuid(ns->user_ns, uid));
}

static inline kgid_t ima_rule_gid(const struct ima_namespace *ns, gid_t gid)
{
	return ima_ns_is_init(ns) ? make_kgid(current_user_ns(), gid) :
		ima_ns_gid(ns, make_kgid(ns->user_ns, gid));
}

#ifdef CONFIG_IMA_NS
static inline int ima_rule_scope(const struct ima_rule_entry *entry)
{
	return entry->scope;
}

int ima_ns_parse_scope(struct ima_namespace *ns, const char *name,
		       struct ima_rule_entry *entry);
int ima_ns_check_rule(const struct ima_namespace *ns,
		      const struct ima_rule_entry *entry);
long long ima_ns_shown_uid(struct seq_file *m, kuid_t uid);
long long ima_ns_shown_gid(struct seq_file *m, kgid_t gid);
bool ima_ns_show_fsname(struct seq_file *m, const char *name);
#else
static inline int ima_rule_scope(const struct ima_rule_entry *entry)
{
	return 0;
}

static inline int ima_ns_parse_scope(struct ima_namespace *ns, const char *name,
				     struct ima_rule_entry *entry)
{
	return -EINVAL;
}

static inline int ima_ns_check_rule(const struct ima_namespace *ns,
				    const struct ima_rule_entry *entry)
{
	return 0;
}

static inline long long ima_ns_shown_uid(struct seq_file *m, kuid_t uid)
{
	return (int)__kuid_val(uid);
}

static inline long long ima_ns_shown_gid(struct seq_file *m, kgid_t gid)
{
	return (int)__kgid_val(gid);
}

static inline bool ima_ns_show_fsname(struct seq_file *m, const char *name)
{
	return false;
}
#endif

#endif /* _IMA_RULE_H */
