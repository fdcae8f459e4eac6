// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: loading the policy of a child, and telling who one is
 *
 * The same conventions as for the host's policy file: one rule or one path a
 * write(), published as a whole when the file is closed.  What differs is
 * that errors reach the writer, that there are limits, and that nothing a
 * writer does is seen outside of the namespace.
 */

#include <linux/kernel_read_file.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/vmalloc.h>

#include "ima.h"

/**
 * struct ima_ns_policy_load - an open file that is loading a policy
 * @ns: what it is loaded for, fixed and referenced at open.
 * @lock: one write() at a time, as the file may be open in several tasks.
 * @size: bytes of text, those of earlier policies of @ns included.
 * @nr_rules: number of rules, those of earlier policies of @ns included.
 * @error: the first failure; from then on nothing of this is published.
 * @text: the lines as they were written, for the record of them.
 * @len: bytes used of @text.
 * @room: bytes that @text has room for.
 * @recorded: bytes of @text that there is a record of.
 */
struct ima_ns_policy_load {
	struct ima_namespace *ns;
	struct mutex lock;	/* protects what follows */
	size_t size;
	unsigned int nr_rules;
	int error;
	char *text;
	size_t len;
	size_t room;
	size_t recorded;
};

/* Keeps a line; bounded by the limit on what a namespace loads. */
static int keep_line(struct ima_ns_policy_load *load, const char *line,
		     size_t len)
{
	size_t need = load->len + len + 1;
	char *text;

	if (need > load->room) {
		need = round_up(max(need, 2 * load->room), SZ_512);
		text = kvrealloc(load->text, need, GFP_KERNEL_ACCOUNT);
		if (!text)
			return -ENOMEM;
		load->text = text;
		load->room = need;
	}
	memcpy(load->text + load->len, line, len);
	load->text[load->len + len] = '\n';
	load->len += len + 1;
	return 0;
}

/* Judges one line, of which all that is kept counts against the limit. */
static ssize_t load_rule(struct ima_ns_policy_load *load, char *line,
			 size_t len)
{
	struct list_head *temp = &load->ns->policy.temp;
	struct list_head *last = temp->prev;
	ssize_t ret;

	load->size += len + 1;
	if (load->size > IMA_NS_POLICY_MAX_SIZE)
		return -EDQUOT;

	/* Parsing writes into the line. */
	ret = keep_line(load, line, len);
	if (ret < 0)
		return ret;

	ret = ima_parse_add_rule(load->ns, temp, line);
	/* A number beyond all limits is as invalid as one beyond its own. */
	if (ret == -ERANGE)
		ret = -EINVAL;
	if (ret < 0 || temp->prev == last)
		return ret;

	return ++load->nr_rules > IMA_NS_POLICY_MAX_RULES ? -EDQUOT : ret;
}

/*
 * The length of the first line of @buf, of which one write() or one file has
 * @size bytes.  What was cut off, or hides behind a NUL, is not what is meant.
 */
static ssize_t line_length(const char *buf, size_t size)
{
	const char *end = memchr(buf, '\n', size);
	size_t len = end ? end - buf : size;

	if (memchr(buf, '\0', len) || (!end && size >= PAGE_SIZE - 1))
		return -EINVAL;
	return len;
}

/* The first line of @buf, with its newline if there is one. */
static ssize_t load_line(struct ima_ns_policy_load *load, char *buf,
			 size_t size)
{
	ssize_t len = line_length(buf, size), ret;

	if (len < 0)
		return len;

	buf[len] = '\0';
	ret = load_rule(load, buf, len);
	return ret < 0 ? ret : len + (len < size);
}

static int load_text(struct ima_ns_policy_load *load, char *text, size_t size)
{
	while (size) {
		ssize_t len = load_line(load, text, size);

		if (len < 0)
			return len;
		text += len;
		size -= len;
	}
	return 0;
}

/*
 * What a level wants of policies binds those who load one for it from above,
 * too, whose own levels have been asked by then.
 */
static int appraise_policy(struct ima_ns_policy_load *load, struct file *file,
			   void *data, ssize_t size)
{
	struct ima_walk walk = { .leaf = load->ns };
	u32 secid;

	if (load->ns == ima_ns_current())
		return 0;

	security_current_getsecid_subj(&secid);
	return ima_walk_file(&walk, file, current_cred(), secid, data, size,
			     MAY_READ, POLICY_CHECK);
}

static ssize_t read_policy(struct ima_ns_policy_load *load, const char *path,
			   void **data)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	ssize_t size;
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);

	size = kernel_read_file(file, 0, data, IMA_NS_POLICY_MAX_SIZE, NULL,
				READING_POLICY);
	err = size < 0 ? 0 : appraise_policy(load, file, *data, size);
	if (err) {
		vfree(*data);
		*data = NULL;
		size = err;
	}
	fput(file);
	return size;
}

/* The path is looked up in the writer's own root, now and never again. */
static ssize_t load_path(struct ima_ns_policy_load *load, char *path,
			 size_t size)
{
	ssize_t len = line_length(path, size), ret;
	void *data = NULL;
	char *text;

	if (len < 0)
		return len;

	path[len] = '\0';
	ret = read_policy(load, path, &data);
	if (ret == -EFBIG)
		return -EDQUOT;
	if (ret < 0)
		return ret;

	/* Parsing terminates the last line, for which @data has no room. */
	text = kmemdup_nul(data, ret, GFP_KERNEL_ACCOUNT);
	vfree(data);
	if (!text)
		return -ENOMEM;

	ret = load_text(load, text, ret);
	kfree(text);
	return ret < 0 ? ret : len + (len < size);
}

/*
 * Is the policy to be in a file that can be appraised?  A host that wants that
 * wants it of children's, too, and so does a child of what is below it.
 */
static bool wants_file(const struct ima_namespace *ns)
{
	for (; ns->parent; ns = ns->parent) {
		if (READ_ONCE(ns->policy.appraise) & IMA_APPRAISE_POLICY)
			return true;
	}
	return ima_appraise & IMA_APPRAISE_POLICY;
}

static ssize_t load_one(struct ima_ns_policy_load *load, char *buf,
			size_t size)
{
	if (buf[0] == '/')
		return load_path(load, buf, size);

	if (wants_file(load->ns))
		return -EACCES;

	return load_line(load, buf, size);
}

static ssize_t load_user(struct ima_ns_policy_load *load,
			 const char __user *ubuf, size_t size, loff_t pos)
{
	ssize_t ret;
	char *buf;

	if (pos)
		return -EINVAL;

	size = min(size, PAGE_SIZE - 1);
	if (!size)
		return 0;

	buf = memdup_user_nul(ubuf, size);
	if (IS_ERR(buf))
		return PTR_ERR(buf);

	ret = load_one(load, buf, size);
	kfree(buf);
	return ret;
}

/* Whatever a write fails with, a policy without that rule is not the policy. */
static ssize_t ima_ns_policy_write(struct file *file, const char __user *ubuf,
				   size_t size, loff_t *ppos)
{
	struct ima_ns_policy_load *load = file->private_data;
	ssize_t ret;

	ret = mutex_lock_interruptible(&load->lock);
	if (ret)
		return ret;

	ret = load->error ?: load_user(load, ubuf, size, *ppos);
	/* The next write is not the one that the signal was for. */
	if (ret == -ERESTARTSYS)
		ret = -EINTR;
	if (ret < 0)
		load->error = ret;
	mutex_unlock(&load->lock);
	return ret;
}

/* What is not recorded is not put in force. */
static int record(struct ima_ns_policy_load *load, const struct cred *cred)
{
	int err;

	if (load->recorded == load->len)
		return 0;

	err = ima_ns_measure_policy(load->ns, cred, load->text, load->len);
	if (err)
		load->error = err;
	else
		load->recorded = load->len;
	return err;
}

/*
 * Called on each close of each duplicate: tells, and publishes nothing.  Does not
 * wait for a writer, who may be stuck in a path for as long as it likes; only
 * the last close can say that there is no rule.
 */
static int ima_ns_policy_flush(struct file *file, fl_owner_t id)
{
	struct ima_ns_policy_load *load = file->private_data;
	int err;

	if (!mutex_trylock(&load->lock))
		return 0;

	err = load->error;
	if (!err && file_count(file) == 1)
		err = ima_check_policy(load->ns) ?: record(load, file->f_cred);
	mutex_unlock(&load->lock);
	return err;
}

static int ima_ns_policy_release(struct inode *inode, struct file *file)
{
	struct ima_ns_policy_load *load = file->private_data;
	struct ima_namespace *ns = load->ns;

	if (load->error || ima_check_policy(ns) < 0 ||
	    record(load, file->f_cred)) {
		ima_delete_rules(&ns->policy.temp);
	} else {
		ns->policy.size = load->size;
		ns->policy.nr_rules = load->nr_rules;
		ima_update_policy(ns);
	}

	/* Pairs with ima_ns_policy_open(): the next writer finds no rules. */
	clear_bit_unlock(0, &ns->policy.busy);
	put_ima_ns(ns);
	kvfree(load->text);
	kfree(load);
	return 0;
}

static const struct file_operations ima_ns_policy_ops = {
	.write = ima_ns_policy_write,
	.flush = ima_ns_policy_flush,
	.release = ima_ns_policy_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};

/* May a policy be loaded, given what was loaded before? */
static int may_load(struct ima_namespace *ns)
{
	if (ima_ns_policy_is_final(ns))
		return -ENOENT;

	if (!IS_ENABLED(CONFIG_IMA_WRITE_POLICY) &&
	    !list_empty(&ns->policy.custom))
		return -EACCES;

	return 0;
}

/**
 * ima_ns_policy_open - open the policy file of a child
 * @ns: the namespace that the file refers to, not the initial one
 * @file: open file; from here on it acts on @ns, with the opener's rights
 *
 * Context: ->open() of the policy file.
 * Return: 0 if a policy may be written to @file, 1 if @file is open for
 * reading and the caller is to go on, or
 * - -EPERM: the opener lacks CAP_SYS_ADMIN and CAP_MAC_ADMIN over the owner;
 * - -EBUSY: another open file is loading a policy for @ns;
 * - -EACCES, -ENOENT: @ns has its policy, and may not get another;
 * - -ENOMEM: no memory.
 */
int ima_ns_policy_open(struct ima_namespace *ns, struct file *file)
{
	struct ima_ns_policy_load *load;
	int err;

	if (!ima_ns_privileged(ns, file->f_cred))
		return -EPERM;

	if (!(file->f_flags & O_WRONLY))
		return 1;

	load = kzalloc(sizeof(*load), GFP_KERNEL_ACCOUNT);
	if (!load)
		return -ENOMEM;

	if (test_and_set_bit_lock(0, &ns->policy.busy)) {
		kfree(load);
		return -EBUSY;
	}

	err = may_load(ns);
	if (err) {
		clear_bit_unlock(0, &ns->policy.busy);
		kfree(load);
		return err;
	}

	mutex_init(&load->lock);
	load->ns = get_ima_ns(ns);
	ns->policy.may_audit = ns->user_ns == &init_user_ns ||
			       file_ns_capable(file, &init_user_ns,
					       CAP_AUDIT_CONTROL);
	load->size = ns->policy.size;
	load->nr_rules = ns->policy.nr_rules;
	file->private_data = load;
	replace_fops(file, &ima_ns_policy_ops);
	return 0;
}

/* ima/id, ima/parent, ima/inum and ima/records_lost */

static ssize_t show_number(u64 number, char __user *buf, size_t count,
			   loff_t *ppos)
{
	char text[24];
	int len = scnprintf(text, sizeof(text), "%llu\n", number);

	return simple_read_from_buffer(buf, count, ppos, text, len);
}

static ssize_t ima_ns_id_read(struct file *file, char __user *buf,
			      size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;

	return show_number(ns->id, buf, count, ppos);
}

static ssize_t ima_ns_parent_read(struct file *file, char __user *buf,
				  size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;

	/* The initial one has none, and an empty file. */
	return ns->parent ? show_number(ns->parent->id, buf, count, ppos) : 0;
}

static ssize_t ima_ns_inum_read(struct file *file, char __user *buf,
				size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;

	return show_number(ns->ns.inum, buf, count, ppos);
}

static ssize_t ima_ns_lost_read(struct file *file, char __user *buf,
				size_t count, loff_t *ppos)
{
	struct ima_namespace *ns = file->private_data;

	return show_number(atomic_long_read(&ns->log.lost), buf, count, ppos);
}

static const struct file_operations ima_ns_lost_ops = {
	.open = ima_ns_open,
	.read = ima_ns_lost_read,
	.release = ima_ns_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};

static const struct file_operations ima_ns_id_ops = {
	.open = ima_ns_open,
	.read = ima_ns_id_read,
	.release = ima_ns_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};

static const struct file_operations ima_ns_parent_ops = {
	.open = ima_ns_open,
	.read = ima_ns_parent_read,
	.release = ima_ns_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};

static const struct file_operations ima_ns_inum_ops = {
	.open = ima_ns_open,
	.read = ima_ns_inum_read,
	.release = ima_ns_release,
	.llseek = generic_file_llseek,
	.setlease = ima_ns_setlease,
};

/**
 * struct ns_file - a file that only namespaces have
 * @name: its name.
 * @mode: its permissions.
 * @fops: its operations.
 *
 * Constant, gone when the kernel has started.
 */
struct ns_file {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
};

static const struct ns_file ns_files[] __initconst = {
	{ "id", 0444, &ima_ns_id_ops },
	{ "parent", 0444, &ima_ns_parent_ops },
	{ "inum", 0444, &ima_ns_inum_ops },
	{ "records_lost", 0440, &ima_ns_lost_ops },
	{ "tpm", 0644, &ima_ns_tpm_ops },
#ifdef CONFIG_IMA_NS_KEYS
	{ "keyring", 0644, &ima_ns_keyring_ops },
	{ "ca", 0644, &ima_ns_ca_ops },
	{ "appraise", 0644, &ima_ns_appraise_ops },
#endif
};

/**
 * ima_ns_fs_init - add the files that only namespaces have
 * @dir: the ima directory; the caller removes it if this fails
 *
 * Context: once, when IMA starts.
 * Return: 0, or what securityfs_create_file() failed with.
 */
int __init ima_ns_fs_init(struct dentry *dir)
{
	struct dentry *dentry;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ns_files); i++) {
		dentry = securityfs_create_file(ns_files[i].name,
						ns_files[i].mode, dir, NULL,
						ns_files[i].fops);
		if (IS_ERR(dentry))
			return PTR_ERR(dentry);
	}
	return ima_ns_dir_init(dir);
}
