/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: what happened to a file, and whether what is known of it still holds
 *
 * Included by ima_ns.h, not by anybody else.
 */
#ifndef _IMA_NS_IINT_H
#define _IMA_NS_IINT_H

#ifdef CONFIG_IMA_NS
/* Something happened to a file, and nobody is to rely on having seen it. */
static inline void ima_iint_event(struct ima_iint_cache *iint)
{
	/* Who sees the count sees the event; pairs with ima_iint_events(). */
	smp_mb__before_atomic();
	atomic64_inc(&iint->events);
	/* Whoever is no longer counted as a writer was counted as an event. */
	smp_mb__after_atomic();
}

static inline u64 ima_iint_events(const struct ima_iint_cache *iint)
{
	u64 events = atomic64_read(&iint->events);

	/* Pairs with ima_iint_event(): what is looked at now is no older. */
	smp_rmb();
	return events;
}
#else
static inline void ima_iint_event(struct ima_iint_cache *iint)
{
}
#endif

/* Counts an event after it has happened. */
static inline void ima_iint_count(struct ima_iint_cache *iint, atomic64_t *seq)
{
	/* Who sees the count sees the change; pairs with ima_iint_seq(). */
	smp_mb__before_atomic();
	atomic64_inc(seq);
	ima_iint_event(iint);
}

/* Counts a change of what the file holds. */
static inline void ima_iint_changed(struct ima_iint_cache *iint)
{
	ima_iint_count(iint, &iint->data_seq);
}

/* Both counters only grow, so that their sum tells any change of either. */
static inline u64 ima_iint_seq(const struct ima_iint_cache *iint)
{
	u64 seq = atomic64_read(&iint->data_seq);

	if (IS_ENABLED(CONFIG_IMA_NS))
		seq += atomic64_read(&iint->xattr_seq);

	/* Pairs with ima_iint_count(): what is looked at now is no older. */
	smp_rmb();
	return seq;
}

/* As ima_iint_seq(), with what a record may show but no digest depends on. */
static inline u64 ima_iint_state_seq(const struct ima_iint_cache *iint)
{
	u64 seq = atomic64_read(&iint->attr_seq);

	return seq + ima_iint_seq(iint);
}

/* Is the digest that of what the file holds now?  Needs iint->mutex. */
static inline bool ima_iint_collected(const struct ima_iint_cache *iint)
{
	return (iint->digest_flags & IMA_COLLECTED) &&
	       iint->digest_seq == ima_iint_seq(iint);
}

/* Is the digest, or is it to be, that of fs-verity? */
static inline bool ima_iint_verity(const struct ima_iint_cache *iint)
{
	return IMA_VERITY_REQUIRED &
	       (IS_ENABLED(CONFIG_IMA_NS) ? iint->digest_flags : iint->flags);
}

/* Is the digest one that a level above goes by?  Needs iint->mutex. */
static inline bool ima_iint_from_above(const struct ima_iint_cache *iint,
				       const struct ima_namespace *ns)
{
	do {
		ns = ima_ns_parent(ns);
	} while (ns && ns->id != iint->digest_ns);
	return ns;
}

/*
 * Drops a digest that a level must not use.  What it collected itself is good
 * until a change is counted, whatever algorithm it would choose now, as on any
 * host; and so is what a level above goes by.  What a lower level collected is good
 * in the walk that hashed the file (@fresh), and that of this one from then on, but
 * in no other walk: or a child could have harmless content hashed, and have it
 * taken for what the file holds when its parents first look.
 * Needs iint->mutex.  Returns whether there was a digest of no use.
 */
static inline bool ima_iint_want(struct ima_iint_cache *iint,
				 const struct ima_namespace *ns,
				 unsigned long verity, enum hash_algo algo,
				 bool fresh)
{
	bool changed;

	/* There is but one level, whose digest it always is. */
	if (!IS_ENABLED(CONFIG_IMA_NS))
		return false;

	changed = (iint->digest_flags & IMA_VERITY_REQUIRED) != verity;
	if (iint->digest_ns != ns->id && ima_iint_collected(iint) &&
	    (!(fresh || ima_iint_from_above(iint, ns)) ||
	     (!verity && iint->ima_hash->algo != algo)))
		changed = true;
	if (changed)
		iint->digest_flags = verity;
	if (fresh || !ima_iint_collected(iint))
		iint->digest_ns = ns->id;
	return changed;
}

/*
 * The log is written under the file's locks.  What a container causes does not wait
 * there for the daemon, as others would wait for these.
 */
static inline gfp_t ima_ns_audit_gfp(const struct ima_namespace *ns)
{
	return ima_ns_parent(ns) ? GFP_NOWAIT | __GFP_NOWARN : GFP_KERNEL;
}

/* What happens to children is no news to the host unless it asks for all. */
static inline int ima_ns_audit_info(const struct ima_namespace *ns, int info)
{
	return ima_ns_parent(ns) ? 1 : info;
}

/*
 * Forgets what was done to content that is no longer there.  The initial
 * namespace looks at security.ima only if it appraises, as it always did.
 * Needs iint->mutex.
 */
static inline void ima_state_refresh(const struct ima_namespace *ns,
				     const struct ima_iint_cache *iint,
				     struct ima_iint_state *state)
{
	u64 seq = ima_ns_parent(ns) ? ima_iint_state_seq(iint) :
			       atomic64_read(&iint->data_seq);

	if (state->seq == seq)
		return;

	state->flags &= ~IMA_DONE_MASK;
	state->measured_pcrs = 0;
	state->seq = seq;
	if (ima_ns_parent(ns))
		clear_bit(IMA_DIGSIG, &state->atomic_flags);
}

/* What acts on the one kernel is never left to a child. */
static inline bool ima_acts_on_kernel(enum ima_hooks func)
{
	return func == MODULE_CHECK || func == FIRMWARE_CHECK ||
	       func == KEXEC_KERNEL_CHECK || func == KEXEC_INITRAMFS_CHECK ||
	       func == POLICY_CHECK;
}

/* Is security.ima a hash, as opposed to a signature? */
static inline bool ima_xattr_is_hash(const struct evm_ima_xattr_data *value)
{
	return value->type == IMA_XATTR_DIGEST ||
	       value->type == IMA_XATTR_DIGEST_NG;
}

/* A violation has no digests, and ones are extended for them. */
static inline bool
ima_entry_is_violation(const struct ima_template_entry *entry)
{
	return !memchr_inv(entry->digests[ima_sha1_idx].digest, 0,
			   SHA1_DIGEST_SIZE);
}

/* Nothing is known before somebody has looked. */
static inline void ima_state_init(struct ima_iint_state *state)
{
	state->ima_file_status = INTEGRITY_UNKNOWN;
	state->ima_mmap_status = INTEGRITY_UNKNOWN;
	state->ima_bprm_status = INTEGRITY_UNKNOWN;
	state->ima_read_status = INTEGRITY_UNKNOWN;
	state->ima_creds_status = INTEGRITY_UNKNOWN;
}

/*
 * Does a level have the hash of a file kept up to date?  No hash is collected and
 * updated for digital signatures.
 */
static inline bool ima_wants_xattr(const struct ima_iint_state *state)
{
	return IS_ENABLED(CONFIG_IMA_APPRAISE) &&
	       !test_bit(IMA_DIGSIG, &state->atomic_flags) &&
	       (state->ima_file_status == INTEGRITY_PASS ||
		(state->flags & IMA_HASH));
}

/*
 * What is known of the file systems that content and attributes come from.  A
 * stacked one does not say what those below are: any user may mount it.
 */
static inline unsigned long ima_sb_iflags(const struct file *file)
{
	unsigned long iflags = file_inode(file)->i_sb->s_iflags;
	struct dentry *dentry;

	if (!IS_ENABLED(CONFIG_IMA_NS))
		return iflags;

	dentry = file_dentry(file);
	return iflags | d_real_inode(dentry)->i_sb->s_iflags |
	       d_real(dentry, D_REAL_METADATA)->d_sb->s_iflags;
}

/*
 * A file that was just made has no signature yet.  For a child that is said
 * once, whoever still holds it open as the one who made it.  Needs iint->mutex.
 */
static inline void ima_state_is_new(const struct ima_namespace *ns,
				    const struct ima_iint_cache *iint,
				    struct ima_iint_state *state)
{
	if (ima_ns_parent(ns) && state->new_seq)
		return;

	state->flags |= IMA_NEW_FILE;
	if (ima_ns_parent(ns))
		state->new_seq = 1 + atomic64_read(&iint->data_seq);
}

/*
 * Is it unknown which version of the file was looked at?  What is made and written
 * in one tick of the clock has the same version as what is empty.
 */
static inline bool ima_ns_version_unknown(const struct ima_iint_cache *iint)
{
	return IS_ENABLED(CONFIG_IMA_NS) && iint->version_seq == U64_MAX;
}

/* Is it what the initial namespace collected, and wants?  Needs iint->mutex. */
static inline bool
ima_iint_collected_for_host(const struct ima_iint_cache *iint)
{
	if (!ima_iint_collected(iint))
		return false;
	return !IS_ENABLED(CONFIG_IMA_NS) ||
	       (!iint->digest_ns &&
		!((iint->digest_flags ^ iint->flags) & IMA_VERITY_REQUIRED));
}

/* Is the version that was looked at that of what the file holds? */
static inline bool ima_iint_version_is_of(const struct ima_iint_cache *iint,
					  u64 data_seq)
{
	return IS_ENABLED(CONFIG_IMA_NS) && iint->version_seq == data_seq;
}

/* The digest is that of what the file held by then.  Needs iint->mutex. */
static inline void ima_iint_set_collected(struct ima_iint_cache *iint, u64 seq,
					  u64 data_seq)
{
	iint->digest_flags |= IMA_COLLECTED;
	iint->digest_seq = seq;
	if (IS_ENABLED(CONFIG_IMA_NS))
		iint->version_seq = data_seq;
}

/* Of files that no path leads to, such as a memfd, who writes is not counted. */
static inline bool ima_writers_uncounted(const struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;

	return IS_ENABLED(CONFIG_IMA_NS) && (sb->s_flags & SB_KERNMOUNT) &&
	       (sb->s_magic == TMPFS_MAGIC || sb->s_magic == HUGETLBFS_MAGIC);
}

/* Who mounted a file system may have it count versions now, and then not. */
static inline bool ima_version_is_doubtful(const struct inode *inode)
{
	return IS_ENABLED(CONFIG_IMA_NS) &&
	       inode->i_sb->s_user_ns != &init_user_ns;
}

/* Does a stacked file have the version that was looked at, and the same file below? */
static inline bool ima_same_below(const struct ima_iint_cache *iint,
				  const struct inode *real_inode)
{
	return IS_I_VERSION(real_inode) && !ima_version_is_doubtful(real_inode) &&
	       !integrity_inode_attrs_changed(&iint->real_inode, real_inode);
}

/* Is somebody else about to write, or has the file mapped to do so? */
static inline bool ima_others_write(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	/* Who opens it, or has just closed it, does not write meanwhile. */
	const int own = (file->f_mode & FMODE_WRITE) && file_count(file) <= 1;

	return atomic_read(&inode->i_writecount) > own ||
	       mapping_writably_mapped(inode->i_mapping);
}

/*
 * Is somebody about to write below a stacked file, or has the file there mapped to do so?
 * Each writer of the stacked file has opened the one below, too; a mapping that was made
 * through the stacked file, though, is of the one below alone.
 */
static inline bool ima_written_below(const struct inode *inode,
				     const struct inode *real_inode)
{
	return real_inode != inode &&
	       (mapping_writably_mapped(real_inode->i_mapping) ||
		atomic_read(&real_inode->i_writecount) >
		max(atomic_read(&inode->i_writecount), 0));
}

/*
 * The version that is to be remembered, by who is about to hash the file.  A write()
 * counts its version before its data are there, and what is written to a mapping later
 * may not be counted at all.  If somebody is about to write, the last one to close the
 * file does not believe the version; and if that will not be noticed, as the writer is
 * below a stacked file, @early is set, and the version is one that the file never has
 * again, so that the next access looks again.  Needs iint->mutex.
 */
static inline u64 ima_iint_version(struct ima_iint_cache *iint,
				   const struct file *file,
				   const struct inode *real_inode, u64 version,
				   bool *early)
{
	const struct inode *inode = file_inode(file);

	if (!IS_ENABLED(CONFIG_IMA_NS))
		return version;

	if (ima_others_write(file))
		set_bit(IMA_WRITER_THERE, &iint->atomic_flags);
	*early = ima_written_below(inode, real_inode);
	return *early ? version - 1 : version;
}

/*
 * May somebody have written to a file whose writers are not counted, and what they have
 * mapped or pinned neither?  Not once that it is sealed.  Needs iint->mutex.
 */
static inline bool ima_written_uncounted(struct ima_iint_cache *iint,
					 struct file *file)
{
	const int sealed = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
	long seals;

	if (!ima_writers_uncounted(file_inode(file)))
		return false;

	seals = memfd_fcntl(file, F_GET_SEALS, 0);
	if (seals >= 0 && (seals & sealed) == sealed) {
		/* Who sees the seals sees what was written before. */
		smp_rmb();
		return test_and_clear_bit(IMA_WRITER_THERE, &iint->atomic_flags);
	}
	set_bit(IMA_WRITER_THERE, &iint->atomic_flags);
	return true;
}

/*
 * Two who close a file at once are both not the last.  Returns whether the content may
 * differ from what was looked at, whatever the version says.  Needs iint->mutex.
 */
static inline bool ima_iint_closing(struct ima_iint_cache *iint,
				    const struct inode *inode, bool last)
{
	if (!IS_ENABLED(CONFIG_IMA_NS))
		return false;

	if (!last) {
		set_bit(IMA_WRITER_LEFT, &iint->atomic_flags);
		return false;
	}
	clear_bit(IMA_WRITER_LEFT, &iint->atomic_flags);
	return test_and_clear_bit(IMA_WRITER_THERE, &iint->atomic_flags) ||
	       ima_version_is_doubtful(inode);
}

#endif /* _IMA_NS_IINT_H */
