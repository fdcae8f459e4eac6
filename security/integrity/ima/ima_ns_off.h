/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: what is left of them without CONFIG_IMA_NS
 *
 * Included by ima_ns.h, not by anybody else.
 */
#ifndef _IMA_NS_OFF_H
#define _IMA_NS_OFF_H

static inline struct ima_namespace *ima_ns_current(void)
{
	return &init_ima_ns;
}

static inline void ima_ns_iint_init(struct ima_iint_cache *iint)
{
}

static inline struct ima_iint_state *
ima_ns_state_find(const struct ima_namespace *ns, struct ima_iint_cache *iint)
{
	return &iint->state;
}

static inline struct ima_iint_state *
ima_ns_state_or(struct ima_namespace *ns, struct ima_iint_cache *iint,
		struct ima_iint_state *uncached)
{
	return &iint->state;
}

static inline int ima_walk_policy_flag(const struct ima_walk *walk,
				       const struct ima_namespace *ns)
{
	return ima_policy_flag;
}

static inline void ima_walk_is_warm(struct ima_walk *walk,
				    const struct ima_namespace *ns,
				    const struct ima_iint_state *state)
{
}

static inline void ima_walk_is_cold(struct ima_walk *walk)
{
}

static inline bool ima_walk_is_regular(const struct file *file)
{
	return S_ISREG(file_inode(file)->i_mode);
}

static inline bool ima_walk_looks(struct ima_walk *walk)
{
	return true;
}

static inline int ima_walk_collect(struct ima_walk *walk,
				   const struct ima_namespace *ns,
				   struct ima_iint_cache *iint,
				   const struct ima_iint_state *state,
				   struct file *file, void *buf, loff_t size,
				   enum hash_algo algo, struct modsig *modsig)
{
	ima_iint_want(iint, ns, state->flags & IMA_VERITY_REQUIRED, algo, false);
	return ima_collect_measurement(iint, file, buf, size, algo, modsig);
}

static inline int
ima_measure_buffer(struct ima_walk *walk, struct ima_namespace *from,
		   struct ima_namespace *end, struct mnt_idmap *idmap,
		   struct inode *inode, const void *buf, int size,
		   const char *eventname, enum ima_hooks func, int pcr,
		   const char *func_data, bool buf_hash, u8 *digest,
		   size_t digest_len)
{
	/* There is but one level, and nothing to remember in a walk. */
	return process_ns_buffer(NULL, &init_ima_ns, idmap, inode, buf, size,
				 eventname, func, pcr, func_data, buf_hash,
				 digest, digest_len);
}

static inline int
process_buffer_measurement(struct mnt_idmap *idmap, struct inode *inode,
			   const void *buf, int size, const char *eventname,
			   enum ima_hooks func, int pcr, const char *func_data,
			   bool buf_hash, u8 *digest, size_t digest_len)
{
	return process_ns_buffer(NULL, &init_ima_ns, idmap, inode, buf, size,
				 eventname, func, pcr, func_data, buf_hash,
				 digest, digest_len);
}

static inline void ima_ns_status_free_iint(struct ima_iint_cache *iint)
{
}

static inline bool ima_ns_state_arm(const struct ima_namespace *ns,
				    struct ima_iint_cache *iint,
				    struct ima_iint_state *state)
{
	set_bit(IMA_MAY_EMIT_TOMTOU, &state->atomic_flags);
	return false;
}

static inline bool ima_ns_state_disarm(const struct ima_namespace *ns,
				       struct ima_iint_state *state)
{
	return test_and_clear_bit(IMA_MAY_EMIT_TOMTOU, &state->atomic_flags);
}

static inline void ima_ns_chain_changed(struct ima_namespace *ns)
{
}

static inline void ima_ns_rules_changed(struct ima_namespace *ns, int flag)
{
	WRITE_ONCE(ns->policy.flag, flag);
}

static inline void ima_ns_violations_drain(const struct ima_namespace *ns)
{
}

static inline void ima_ns_status_init(void)
{
}

static inline int ima_ns_log_prepare(struct ima_namespace *ns)
{
	return 0;
}

static inline int ima_ns_log_room(const struct ima_namespace *ns,
				  const struct ima_ns_owner *payer)
{
	return 0;
}

static inline struct ima_queue_entry *
ima_queue_entry_alloc(const struct ima_namespace *ns)
{
	return kmalloc(sizeof(struct ima_queue_entry), GFP_KERNEL);
}

static inline void ima_entry_charge(struct ima_template_entry *entry,
				    const struct ima_namespace *ns)
{
}

static inline bool ima_entry_put(struct ima_template_entry *entry)
{
	return true;
}

static inline int ima_walk_store(struct ima_walk *walk, struct ima_namespace *ns,
				 struct ima_template_entry **entry,
				 struct inode *inode,
				 const unsigned char *filename, int pcr)
{
	return ima_store_template(ns, *entry, 0, inode, filename, pcr);
}

static inline void ima_ns_record_lost(struct ima_namespace *ns)
{
}

static inline void ima_ns_not_stored(struct ima_namespace *ns,
				     struct ima_ns_owner *payer, int err)
{
}

static inline struct ima_ns_owner *ima_ns_payer(const struct ima_namespace *ns)
{
	return NULL;
}

static inline void ima_ns_pay(struct ima_ns_owner *owner)
{
}

static inline bool ima_ns_may_report(struct ima_namespace *ns, int *missed)
{
	return true;
}

static inline void ima_ns_not_reported(struct ima_namespace *ns, int missed)
{
}

static inline void ima_ns_audit_end(const struct ima_namespace *ns,
				    struct audit_buffer *ab, int missed)
{
	audit_log_end(ab);
}

static inline void ima_ns_tpm_appended(struct ima_namespace *ns)
{
}

static inline void ima_walk_measures(struct ima_walk *walk,
				     const struct ima_namespace *ns)
{
}

static inline void ima_ns_policy_init(void)
{
}

static inline int ima_ns_policy_open(struct ima_namespace *ns,
				     struct file *file)
{
	return -EOPNOTSUPP;
}

static inline void ima_ns_mapped(const struct file *file, unsigned long flags)
{
}

static inline const char *ima_ns_scope_name(int scope)
{
	return NULL;
}

static inline int
ima_ns_get_action(struct ima_walk *walk, struct ima_namespace *ns,
		  struct mnt_idmap *idmap, struct inode *inode,
		  const struct cred *cred, u32 secid, enum ima_hooks func,
		  int mask, int flags, int *pcr,
		  struct ima_template_desc **template_desc,
		  const char *func_data, unsigned int *allowed_algos)
{
	return ima_match_policy(ns, IMA_NS_SELF, idmap, inode, cred, secid,
				func, mask, flags, pcr, template_desc,
				func_data, allowed_algos);
}

static inline void ima_ns_lsm_changed(int err)
{
}

static inline void ima_ns_lsm_rule_added(struct ima_namespace *ns)
{
}

static inline void ima_ns_events_init(const struct lsm_id *lsmid)
{
}

static inline void ima_ns_attr_changed(struct inode *inode, int ia_valid)
{
}

static inline void ima_ns_verdict_refresh(struct ima_namespace *ns,
					  struct ima_iint_cache *iint,
					  struct ima_iint_state *state,
					  int action, unsigned int algos)
{
}

static inline bool ima_ns_may_update(const struct ima_namespace *ns,
				     const struct inode *inode)
{
	return false;
}

static inline bool ima_ns_trusts_hash(const struct ima_namespace *ns,
				      const struct inode *inode)
{
	return true;
}

static inline void ima_ns_update_later(const struct ima_namespace *ns,
				       struct ima_iint_cache *iint,
				       const struct inode *inode,
				       struct ima_iint_state *state)
{
}

static inline bool ima_ns_last_writer(struct ima_iint_cache *iint, bool *fresh)
{
	return false;
}

static inline void ima_ns_update_xattr(struct ima_iint_cache *iint,
				       struct file *file)
{
}

static inline void ima_ns_file_created(struct mnt_idmap *idmap,
				       struct inode *inode, bool writing)
{
}

static inline bool ima_ns_load_denied(int appraise)
{
	return false;
}

static inline bool ima_ns_setxattr_allowed(enum hash_algo algo)
{
	return true;
}

static inline void
ima_ns_audit_verdict(struct ima_namespace *ns,
		     const struct ima_iint_cache *iint, struct inode *inode,
		     const unsigned char *filename, const char *cause,
		     int result, const struct evm_ima_xattr_data *xattr_value,
		     int xattr_len)
{
}

static inline void ima_ns_audit_denied(struct ima_namespace *ns,
				       struct inode *inode,
				       const unsigned char *filename,
				       const char *op, const char *cause,
				       int result)
{
}

static inline bool ima_ns_in_scope(int rule, int scope)
{
	return true;
}

static inline bool ima_ns_label(const char *label)
{
	return false;
}

static inline kuid_t ima_ns_uid(const struct ima_namespace *ns, kuid_t uid)
{
	return uid;
}

static inline kgid_t ima_ns_gid(const struct ima_namespace *ns, kgid_t gid)
{
	return gid;
}

static inline struct ima_namespace *ima_ns_of_file(const struct file *file)
{
	return &init_ima_ns;
}

static inline struct ima_namespace *ima_seq_ns(const struct seq_file *m)
{
	return &init_ima_ns;
}

static inline struct list_head *ima_seq_rules(const struct seq_file *m, bool begin)
{
	return rcu_dereference(init_ima_ns.policy.rules);
}

/* Another policy may have been put in force since reading began. */
static inline bool ima_seq_rules_end(const struct seq_file *m,
				     const struct list_head *pos)
{
	return pos == &ima_default_rules || pos == &init_ima_ns.policy.custom;
}

static inline struct ima_namespace *ima_file_ns(const struct file *file)
{
	return &init_ima_ns;
}

static inline int ima_ns_seq_open(struct file *file,
				  const struct seq_operations *ops)
{
	return seq_open(file, ops);
}

static inline int ima_ns_list_open(struct file *file,
				   const struct seq_operations *ops)
{
	return seq_open(file, ops);
}

#define ima_ns_open		NULL
#define ima_ns_release		NULL
#define ima_ns_seq_release	seq_release

static inline u8 *ima_ns_list_digest(struct seq_file *m,
				     struct ima_template_entry *entry,
				     u8 *digest, int *size)
{
	unsigned long i = ima_sha1_idx;

	if (m->file)
		i = (unsigned long)file_inode(m->file)->i_private;
	*size = hash_digest_size[ima_algo_array[i].algo];
	return entry->digests[i].digest;
}

static inline bool ima_ns_events_wanted(void)
{
	return ima_policy_flag;
}

static inline int ima_ns_fs_init(struct dentry *dir)
{
	return 0;
}

#define ima_ns_setlease		NULL

#endif /* _IMA_NS_OFF_H */
