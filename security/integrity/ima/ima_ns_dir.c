// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: directories of their files in securityfs
 *
 * ima/namespaces/<id>/ and ima/host/ have the files that ima/ has, and so has
 * ima/ itself where securityfs is mounted in a user namespace.  All of it is
 * made on lookup and forgotten after use.  A directory remembers an id and
 * never a namespace, so that it keeps none alive.
 */

#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "ima.h"

/* Inode numbers from here on, 256 for each namespace. */
#define IMA_NS_FIRST_INO	(1UL << (BITS_PER_LONG - 2))
#define IMA_NS_FILE_INO		8	/* of the first file, among the 256 */
#define IMA_NS_BANK_FILES	(2 * TPM2_MAX_PCR_BANKS)
#define IMA_NS_MAX_FILES	(256 - IMA_NS_FILE_INO - IMA_NS_BANK_FILES)

/* The lists, with the digests of a bank: by what their names begin with. */
static const char * const list_names[] = {
	"ascii_runtime_measurements_",
	"binary_runtime_measurements_",
};

enum ima_ns_node_kind {
	NODE_ROOT,		/* of a user namespace's mount */
	NODE_IMA,		/* ima/ in such a mount */
	NODE_NAMESPACES,	/* ima/namespaces/ */
	NODE_ONE,		/* ima/namespaces/<id>/, or ima/host/ */
};

/**
 * struct ima_ns_node - what a directory is
 * @kind: tells what is in it.
 * @id: of the namespace that the files in it refer to, if %NODE_ONE.
 *
 * Hangs on the inode; those of ima/namespaces/<id>/ live as long as the
 * dentry, the others are constant.
 */
struct ima_ns_node {
	enum ima_ns_node_kind kind;
	u64 id;
};

/**
 * struct ima_ns_file - a file of ima/, as it is on the host
 * @name: its name.
 * @mode: its type and permissions.
 * @fops: its operations, %NULL of a symbolic link.
 * @data: what those find in the inode.
 * @link: where a symbolic link leads to, or %NULL.
 * @bank: is it a list with the digests of a bank?
 */
struct ima_ns_file {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
	void *data;
	const char *link;
	bool bank;
};

static struct ima_ns_file ima_ns_files[IMA_NS_MAX_FILES] __ro_after_init;
static unsigned int ima_ns_nr_files __ro_after_init;

/* The lists with SHA-1 digests, which are always there. */
static const struct ima_ns_file *
sha1_lists[ARRAY_SIZE(list_names)] __ro_after_init;

static const struct ima_ns_node root_node = { NODE_ROOT };
static const struct ima_ns_node ima_node = { NODE_IMA };
static const struct ima_ns_node namespaces_node = { NODE_NAMESPACES };
static const struct ima_ns_node host_node = { NODE_ONE };

static const struct inode_operations ima_ns_dir_iops;
static const struct inode_operations ima_ns_one_iops;
static const struct file_operations ima_ns_dir_fops;

/**
 * ima_ns_privileged - may these credentials administer a namespace?
 * @ns: the namespace
 * @cred: the credentials
 *
 * Context: any.
 * Return: whether they have CAP_SYS_ADMIN or CAP_MAC_ADMIN over the owner.
 */
bool ima_ns_privileged(const struct ima_namespace *ns, const struct cred *cred)
{
	return !security_capable(cred, ns->user_ns, CAP_SYS_ADMIN,
				 CAP_OPT_NOAUDIT) ||
	       !security_capable(cred, ns->user_ns, CAP_MAC_ADMIN,
				 CAP_OPT_NOAUDIT);
}

/*
 * May the current task, with @cred, look into the directory of @ns?  Who is
 * not above @ns is not told that it is there.
 */
static int may_reach(const struct ima_namespace *ns, const struct cred *cred)
{
	if (ns->parent && !ima_ns_is_below(ns, ima_ns_current()))
		return -ENOENT;

	return ima_ns_privileged(ns, cred) ? 0 : -EACCES;
}

/* The namespace of a directory, referenced, if @cred may look into it. */
static struct ima_namespace *node_ns(const struct ima_ns_node *node,
				     const struct cred *cred)
{
	struct ima_namespace *ns = ima_ns_find(node->id);
	int err;

	if (!ns)
		return ERR_PTR(-ENOENT);

	err = may_reach(ns, cred);
	if (err) {
		put_ima_ns(ns);
		return ERR_PTR(err);
	}
	return ns;
}

/*
 * In ima/ itself, a file is the opener's own in its own mount and in one that
 * it inherited; the mount's, if who opens it came from above.
 */
static struct ima_namespace *mount_ns(const struct super_block *sb)
{
	struct ima_namespace *mounted = sb->s_fs_info ?: &init_ima_ns;
	struct ima_namespace *own = ima_ns_current();

	if (own == mounted || ima_ns_is_below(own, mounted))
		return get_ima_ns(own);
	if (ima_ns_is_below(mounted, own))
		return get_ima_ns(mounted);
	return ERR_PTR(-EACCES);
}

/**
 * ima_ns_of_file - the namespace that a file in ima/ refers to
 * @file: the file, which is being opened
 *
 * Context: ->open(), by the task whose namespace counts.
 * Return: a referenced namespace, or
 * - -EACCES: the opener is neither in a namespace of that mount nor above it,
 *   or not privileged over the owner of the namespace that the path names;
 * - -ENOENT: the namespace that the path names is gone, or not below.
 */
struct ima_namespace *ima_ns_of_file(const struct file *file)
{
	const struct inode *dir = d_inode(file->f_path.dentry->d_parent);

	if (dir->i_op == &ima_ns_one_iops)
		return node_ns(dir->i_private, file->f_cred);
	return mount_ns(dir->i_sb);
}

/* Opening for writing truncates; there is nothing else to be changed. */
static int ima_ns_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			  struct iattr *attr)
{
	return attr->ia_valid & ATTR_SIZE ? 0 : -EPERM;
}

/* One mount for all who inherited it: what it looks like is the host's say. */
static int ima_ns_host_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			       struct iattr *attr)
{
	if (ima_ns_current() == &init_ima_ns)
		return simple_setattr(idmap, dentry, attr);
	return ima_ns_setattr(idmap, dentry, attr);
}

/*
 * Where a policy is loaded once, the host's file says by its mode that it was.
 * That says nothing about the policies of children.
 */
static int ima_ns_host_permission(struct mnt_idmap *idmap,
				  struct inode *inode, int mask)
{
	if (!IS_ENABLED(CONFIG_IMA_WRITE_POLICY) && (mask & MAY_WRITE) &&
	    ima_ns_current() != &init_ima_ns &&
	    uid_eq(current_fsuid(), inode->i_uid))
		mask &= ~MAY_WRITE;
	return generic_permission(idmap, inode, mask);
}

static const struct inode_operations ima_ns_file_iops = {
	.setattr = ima_ns_setattr,
};

static const struct inode_operations ima_ns_link_iops = {
	.get_link = simple_get_link,
	.setattr = ima_ns_setattr,
};

static const struct inode_operations ima_ns_host_iops = {
	.permission = ima_ns_host_permission,
	.setattr = ima_ns_host_setattr,
};

static unsigned long node_ino(const struct ima_ns_node *node)
{
	return IMA_NS_FIRST_INO + (node->id << 8) + node->kind;
}

static unsigned long file_ino(const struct ima_ns_node *node, unsigned int i)
{
	return IMA_NS_FIRST_INO + (node->id << 8) + IMA_NS_FILE_INO + i;
}

static struct inode *make_inode(struct super_block *sb, umode_t mode,
				unsigned long ino)
{
	struct inode *inode = new_inode(sb);

	if (inode) {
		inode->i_mode = mode;
		inode->i_ino = ino;
		simple_inode_init_ts(inode);
	}
	return inode;
}

static struct inode *make_dir(struct super_block *sb,
			      const struct ima_ns_node *node)
{
	struct inode *inode = make_inode(sb, S_IFDIR | 0555, node_ino(node));

	if (inode) {
		inode->i_op = node->kind == NODE_ONE ? &ima_ns_one_iops :
						       &ima_ns_dir_iops;
		inode->i_fop = &ima_ns_dir_fops;
		inode->i_private = (void *)node;
		set_nlink(inode, 2);
	}
	return inode;
}

static struct inode *make_file(struct super_block *sb,
			       const struct ima_ns_file *file,
			       unsigned long ino)
{
	struct inode *inode = make_inode(sb, file->mode, ino);

	if (!inode)
		return NULL;

	inode->i_private = file->data;
	if (!file->link) {
		inode->i_op = &ima_ns_file_iops;
		inode->i_fop = file->fops;
		return inode;
	}

	/* The inode's end frees the link. */
	inode->i_op = &ima_ns_link_iops;
	inode->i_link = kstrdup(file->link, GFP_KERNEL_ACCOUNT);
	if (!inode->i_link) {
		iput(inode);
		return NULL;
	}
	return inode;
}

/* The owner's root, or who made the owner if that has no root. */
static void set_owner(struct inode *inode, struct user_namespace *user_ns)
{
	inode->i_uid = make_kuid(user_ns, 0);
	if (!uid_valid(inode->i_uid))
		inode->i_uid = user_ns->owner;
	inode->i_gid = make_kgid(user_ns, 0);
	if (!gid_valid(inode->i_gid))
		inode->i_gid = user_ns->group;
}

static const struct ima_ns_file *host_file(const char *name)
{
	unsigned int i;

	for (i = 0; i < ima_ns_nr_files; i++) {
		if (!strcmp(ima_ns_files[i].name, name))
			return &ima_ns_files[i];
	}
	return NULL;
}

/* The host's banks are not those of a child that has a chip. */
static bool is_hidden(const struct ima_namespace *ns,
		      const struct ima_ns_file *file)
{
	return ns->parent && file->bank && ima_ns_bank_hidden(ns, file->data);
}

/*
 * Describes the list file number @n of the chip of @ns.  Returns whether there
 * is one that the host does not have.
 */
static bool bank_file(const struct ima_namespace *ns, unsigned int n,
		      struct ima_ns_file *file, char name[NAME_MAX + 1])
{
	unsigned int kind = n % ARRAY_SIZE(list_names);
	char bank[32];
	u16 alg_id;

	if (!ns->parent ||
	    !ima_ns_bank_name(ns, n / ARRAY_SIZE(list_names), &alg_id, bank,
			      sizeof(bank)))
		return false;

	snprintf(name, NAME_MAX + 1, "%s%s", list_names[kind], bank);
	*file = *sha1_lists[kind];
	file->name = name;
	file->data = (void *)(IMA_NS_BANK_FILE | (unsigned long)alg_id);
	return !host_file(name);
}

static struct inode *find_bank_file(struct super_block *sb,
				    const struct ima_ns_node *node,
				    const struct ima_namespace *ns,
				    const char *wanted)
{
	struct ima_ns_file file;
	char name[NAME_MAX + 1];
	unsigned int n;

	for (n = 0; n < IMA_NS_BANK_FILES; n++) {
		if (bank_file(ns, n, &file, name) && !strcmp(name, wanted))
			return make_file(sb, &file,
					 file_ino(node, ima_ns_nr_files + n)) ?:
			       ERR_PTR(-ENOMEM);
	}
	return ERR_PTR(-ENOENT);
}

/* The namespace that a directory of files refers to for the current task. */
static struct ima_namespace *dir_ns(const struct inode *dir)
{
	if (dir->i_op == &ima_ns_one_iops)
		return node_ns(dir->i_private, current_cred());
	return mount_ns(dir->i_sb);
}

static struct inode *find_file(struct inode *dir, const char *name)
{
	const struct ima_ns_file *file = host_file(name);
	struct ima_namespace *ns = dir_ns(dir);
	struct inode *inode;

	if (IS_ERR(ns))
		return ERR_CAST(ns);

	if (!file)
		inode = find_bank_file(dir->i_sb, dir->i_private, ns, name);
	else if (is_hidden(ns, file))
		inode = ERR_PTR(-ENOENT);
	else
		inode = make_file(dir->i_sb, file,
				  file_ino(dir->i_private,
					   file - ima_ns_files)) ?:
			ERR_PTR(-ENOMEM);
	put_ima_ns(ns);
	return inode;
}

static struct inode *make_one(struct super_block *sb, struct dentry *dentry,
			      const struct ima_namespace *ns)
{
	struct ima_ns_node *node;
	struct inode *inode;

	node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	if (!node)
		return ERR_PTR(-ENOMEM);

	node->kind = NODE_ONE;
	node->id = ns->id;
	inode = make_dir(sb, node);
	if (!inode) {
		kfree(node);
		return ERR_PTR(-ENOMEM);
	}
	set_owner(inode, ns->user_ns);
	dentry->d_fsdata = node;
	return inode;
}

/* Ids are decimal numbers, written in one way only. */
static struct inode *find_one(struct inode *dir, struct dentry *dentry)
{
	struct ima_namespace *ns;
	struct inode *inode;
	char canonical[24];
	u64 id;

	if (kstrtou64(dentry->d_name.name, 10, &id) || !id)
		return ERR_PTR(-ENOENT);

	snprintf(canonical, sizeof(canonical), "%llu", id);
	if (strcmp(canonical, dentry->d_name.name))
		return ERR_PTR(-ENOENT);

	ns = ima_ns_find(id);
	if (!ns)
		return ERR_PTR(-ENOENT);

	if (ima_ns_is_below(ns, ima_ns_current()))
		inode = make_one(dir->i_sb, dentry, ns);
	else
		inode = ERR_PTR(-ENOENT);
	put_ima_ns(ns);
	return inode;
}

static struct inode *find_child(struct inode *dir, struct dentry *dentry)
{
	const struct ima_ns_node *node = dir->i_private, *child = NULL;
	const char *name = dentry->d_name.name;

	if (node->kind == NODE_NAMESPACES)
		return find_one(dir, dentry);

	if (node->kind == NODE_ROOT && !strcmp(name, "ima"))
		child = &ima_node;
	if (node->kind == NODE_IMA && !strcmp(name, "namespaces"))
		child = &namespaces_node;
	if (child)
		return make_dir(dir->i_sb, child) ?: ERR_PTR(-ENOMEM);

	return node->kind == NODE_ROOT ? ERR_PTR(-ENOENT) :
					 find_file(dir, name);
}

/* On the host's superblock, a file of one child's chip is none of others. */
static int revalidate_file(const struct dentry *dentry)
{
	const struct inode *inode = d_inode(dentry);
	const struct ima_ns_bank *bank;

	if (!S_ISREG(inode->i_mode) ||
	    !((unsigned long)inode->i_private & IMA_NS_BANK_FILE) ||
	    inode->i_sb->s_fs_info)
		return 1;

	if (d_inode(dentry->d_parent)->i_op == &ima_ns_one_iops)
		return 1;
	return ima_ns_list_bank(ima_ns_current(), inode->i_private, &bank) ?: 1;
}

/*
 * Never trusts what was looked up for somebody else, and never takes it away
 * from them either: the host's working directory is not a container's to end.
 */
static int ima_ns_d_revalidate(struct dentry *dentry, unsigned int flags)
{
	const struct ima_ns_node *node;
	struct ima_namespace *ns;
	int ret = 1;

	if (flags & LOOKUP_RCU)
		return -ECHILD;

	node = dentry->d_fsdata;
	if (!node)
		return revalidate_file(dentry);

	ns = ima_ns_find(node->id);
	if (!ns)
		return 0;

	if (!ima_ns_is_below(ns, ima_ns_current()))
		ret = -ENOENT;
	put_ima_ns(ns);
	return ret;
}

static void ima_ns_d_release(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
}

static const struct dentry_operations ima_ns_dentry_ops = {
	.d_revalidate = ima_ns_d_revalidate,
	.d_delete = always_delete_dentry,
	.d_release = ima_ns_d_release,
};

static struct dentry *ima_ns_lookup(struct inode *dir, struct dentry *dentry,
				    unsigned int flags)
{
	const struct ima_ns_node *node = dir->i_private;
	struct inode *inode;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);

	d_set_d_op(dentry, &ima_ns_dentry_ops);
	inode = find_child(dir, dentry);
	/* What is not there now may be there the next time. */
	if (IS_ERR(inode))
		return ERR_CAST(inode);

	if (node->kind != NODE_NAMESPACES) {
		inode->i_uid = dir->i_uid;
		inode->i_gid = dir->i_gid;
	}
	return d_splice_alias(inode, dentry);
}

static int ima_ns_permission(struct mnt_idmap *idmap, struct inode *inode,
			     int mask)
{
	struct ima_namespace *ns;

	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;

	ns = node_ns(inode->i_private, current_cred());
	if (IS_ERR(ns))
		return PTR_ERR(ns);

	put_ima_ns(ns);
	return generic_permission(idmap, inode, mask);
}

static const struct inode_operations ima_ns_dir_iops = {
	.lookup = ima_ns_lookup,
	.setattr = ima_ns_setattr,
};

static const struct inode_operations ima_ns_one_iops = {
	.lookup = ima_ns_lookup,
	.permission = ima_ns_permission,
	.setattr = ima_ns_setattr,
};

static bool emit_dir(struct dir_context *ctx, const char *name,
		     const struct ima_ns_node *node)
{
	return dir_emit(ctx, name, strlen(name), node_ino(node), DT_DIR);
}

static bool emit_file(struct dir_context *ctx, const struct ima_ns_node *node,
		      const struct ima_ns_file *file)
{
	return dir_emit(ctx, file->name, strlen(file->name),
			file_ino(node, ctx->pos - 2),
			fs_umode_to_dtype(file->mode));
}

/* The host's files come first, then those of a child's own banks. */
static bool emit_files(struct dir_context *ctx, const struct ima_ns_node *node,
		       const struct ima_namespace *ns)
{
	const unsigned int end = ima_ns_nr_files + IMA_NS_BANK_FILES;
	struct ima_ns_file file;
	char name[NAME_MAX + 1];

	for (; ctx->pos - 2 < end; ctx->pos++) {
		unsigned int i = ctx->pos - 2;
		bool shown;

		if (i < ima_ns_nr_files) {
			file = ima_ns_files[i];
			shown = !is_hidden(ns, &file);
		} else {
			shown = bank_file(ns, i - ima_ns_nr_files, &file, name);
		}
		if (shown && !emit_file(ctx, node, &file))
			return false;
	}
	return true;
}

/* ima/ of a mount, whose files are the current task's. */
static int emit_ima(struct dir_context *ctx, const struct inode *dir,
		    const struct ima_ns_node *const dirs[], unsigned int count)
{
	static const char * const names[] = { "namespaces", "host" };
	const loff_t first = ima_ns_nr_files + IMA_NS_BANK_FILES + 2;
	struct ima_namespace *ns = mount_ns(dir->i_sb);
	bool more;

	if (IS_ERR(ns))
		return PTR_ERR(ns);

	more = emit_files(ctx, &ima_node, ns);
	put_ima_ns(ns);
	for (; more && ctx->pos - first < count; ctx->pos++) {
		if (!emit_dir(ctx, names[ctx->pos - first],
			      dirs[ctx->pos - first]))
			break;
	}
	return 0;
}

/* A position is the least id that was not looked at yet, after the dots. */
static int emit_namespaces(struct dir_context *ctx)
{
	struct ima_ns_node node = { NODE_ONE };
	struct ima_namespace *ns;
	char name[24];
	int err;

	while ((ns = ima_ns_find_from(ctx->pos - 2))) {
		node.id = ns->id;
		err = may_reach(ns, current_cred());
		put_ima_ns(ns);
		snprintf(name, sizeof(name), "%llu", node.id);
		if (!err && !emit_dir(ctx, name, &node))
			return 0;

		ctx->pos = node.id + 3;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int emit_one(struct dir_context *ctx, const struct ima_ns_node *node)
{
	struct ima_namespace *ns = node_ns(node, current_cred());

	if (IS_ERR(ns))
		return PTR_ERR(ns);

	emit_files(ctx, node, ns);
	put_ima_ns(ns);
	return 0;
}

static const struct ima_ns_node *const ima_dirs[] = {
	&namespaces_node, &host_node,
};

static int ima_ns_iterate(struct file *file, struct dir_context *ctx)
{
	const struct ima_ns_node *node = file_inode(file)->i_private;

	if (!dir_emit_dots(file, ctx))
		return 0;

	switch (node->kind) {
	case NODE_ROOT:
		if (ctx->pos == 2 && emit_dir(ctx, "ima", &ima_node))
			ctx->pos++;
		return 0;
	case NODE_IMA:
		return emit_ima(ctx, file_inode(file), ima_dirs, 1);
	case NODE_NAMESPACES:
		return emit_namespaces(ctx);
	case NODE_ONE:
		return emit_one(ctx, node);
	}
	return 0;
}

/* The superblock's limit may be less than the ids that positions tell. */
static loff_t ima_ns_dir_llseek(struct file *file, loff_t offset, int whence)
{
	return generic_file_llseek_size(file, offset, whence,
					MAX_LFS_FILESIZE, 0);
}

static const struct file_operations ima_ns_dir_fops = {
	.read = generic_read_dir,
	.iterate_shared = ima_ns_iterate,
	.llseek = ima_ns_dir_llseek,
};

/*
 * Asked for what the host does not have, but a child's chip may.  Leaves no
 * negative dentry, which would hold for all: nothing is added to ima/ later.
 */
static struct dentry *ima_ns_host_lookup(struct inode *dir,
					 struct dentry *dentry,
					 unsigned int flags)
{
	struct ima_namespace *ns = ima_ns_current();
	struct inode *inode;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);

	d_set_d_op(dentry, &ima_ns_dentry_ops);
	inode = find_bank_file(dir->i_sb, &ima_node, ns, dentry->d_name.name);
	if (IS_ERR(inode))
		return ERR_CAST(inode);

	return d_splice_alias(inode, dentry);
}

static const struct inode_operations ima_ns_host_dir_iops = {
	.lookup = ima_ns_host_lookup,
	.setattr = ima_ns_host_setattr,
};

/**
 * struct host_context - who reads the host's directory
 * @ctx: what dcache_readdir() is given.
 * @caller: where the host's own files go.
 */
struct host_context {
	struct dir_context ctx;
	struct dir_context *caller;
};

/* What a child has open is in the cache, too, but not the host's. */
static bool emit_to_host(struct dir_context *ctx, const char *name, int len,
			 loff_t pos, u64 ino, unsigned int type)
{
	struct host_context *host = container_of(ctx, struct host_context, ctx);

	if (type == DT_REG && !host_file(name))
		return true;

	host->caller->pos = ctx->pos;
	return host->caller->actor(host->caller, name, len, pos, ino, type);
}

static int iterate_host(struct file *file, struct dir_context *ctx)
{
	struct host_context host = {
		.ctx.actor = emit_to_host,
		.ctx.pos = ctx->pos,
		.caller = ctx,
	};
	int err = dcache_readdir(file, &host.ctx);

	ctx->pos = host.ctx.pos;
	return err;
}

/* ima/ on the host's superblock: what a child finds there is its own. */
static int ima_ns_host_iterate(struct file *file, struct dir_context *ctx)
{
	if (ima_ns_current() == &init_ima_ns)
		return iterate_host(file, ctx);

	if (!dir_emit_dots(file, ctx))
		return 0;
	return emit_ima(ctx, file_inode(file), ima_dirs, ARRAY_SIZE(ima_dirs));
}

static const struct file_operations ima_ns_host_dir_fops = {
	.open = dcache_dir_open,
	.release = dcache_dir_close,
	.llseek = dcache_dir_lseek,
	.read = generic_read_dir,
	.iterate_shared = ima_ns_host_iterate,
	.fsync = noop_fsync,
};

/**
 * ima_ns_make_root - the root directory of a user namespace's mount
 * @sb: the superblock, whose user namespace's root is to own everything
 *
 * Context: process context, may sleep.
 * Return: the inode, or %NULL if there is no memory.
 */
struct inode *ima_ns_make_root(struct super_block *sb)
{
	struct inode *inode = make_dir(sb, &root_node);

	if (inode)
		set_owner(inode, sb->s_user_ns);
	return inode;
}

static void __init adopt_list(struct ima_ns_file *file)
{
	unsigned int kind;

	for (kind = 0; kind < ARRAY_SIZE(list_names); kind++) {
		size_t len = strlen(list_names[kind]);

		if (strncmp(file->name, list_names[kind], len))
			continue;
		file->bank = true;
		if (!strcmp(file->name + len, "sha1"))
			sha1_lists[kind] = file;
	}
}

/* Remembers a file of the host's ima/, and keeps its looks to the host. */
static void __init adopt_file(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct ima_ns_file *file = &ima_ns_files[ima_ns_nr_files];

	if (WARN_ON(ima_ns_nr_files == IMA_NS_MAX_FILES))
		return;

	/* The name stays: nobody removes or renames it. */
	ima_ns_nr_files++;
	*file = (struct ima_ns_file) {
		.name = dentry->d_name.name,
		.mode = inode->i_mode,
		.fops = S_ISLNK(inode->i_mode) ? NULL : inode->i_fop,
		.data = inode->i_private,
		.link = S_ISLNK(inode->i_mode) ? inode->i_link : NULL,
	};
	if (S_ISLNK(inode->i_mode))
		return;

	inode->i_op = &ima_ns_host_iops;
	adopt_list(file);
}

static int __init add_dir(struct dentry *parent, const char *name,
			  const struct ima_ns_node *node)
{
	struct dentry *dentry;
	struct inode *inode;

	dentry = securityfs_create_file(name, S_IFDIR | 0555, parent,
					(void *)node, NULL);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);

	inode = d_inode(dentry);
	inode->i_op = node->kind == NODE_ONE ? &ima_ns_one_iops :
					       &ima_ns_dir_iops;
	inode->i_fop = &ima_ns_dir_fops;
	return 0;
}

/**
 * ima_ns_dir_init - add the directories of namespaces to the host's ima/
 * @dir: the ima directory, which has all of its files
 *
 * Context: once, when IMA starts, before there is anybody who looks.
 * Return: 0, or what securityfs_create_file() failed with.
 */
int __init ima_ns_dir_init(struct dentry *dir)
{
	struct dentry *child;
	int err;

	hlist_for_each_entry(child, &dir->d_children, d_sib)
		adopt_file(child);

	err = add_dir(dir, "namespaces", &namespaces_node) ?:
	      add_dir(dir, "host", &host_node);
	if (err)
		return err;

	d_inode(dir)->i_op = &ima_ns_host_dir_iops;
	d_inode(dir)->i_fop = &ima_ns_host_dir_fops;
	return 0;
}
