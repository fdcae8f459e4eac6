// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: which one an open file in ima/ refers to
 *
 * Decided and pinned at open: a reader may change its namespace between two
 * reads, or hand the file to somebody else.  The pin is also what
 * keeps iterators valid, as lists are freed with their namespace.
 */

#include <linux/seq_file.h>

#include "ima.h"

/**
 * ima_ns_open - open a file that shows a value of a namespace
 * @inode: unused
 * @file: its private data becomes the namespace that it refers to
 *
 * Context: ->open().
 * Return: 0, or what ima_ns_of_file() failed with.
 */
int ima_ns_open(struct inode *inode, struct file *file)
{
	struct ima_namespace *ns = ima_ns_of_file(file);

	if (IS_ERR(ns))
		return PTR_ERR(ns);

	file->private_data = ns;
	return 0;
}

/**
 * ima_ns_release - undo ima_ns_open()
 * @inode: unused
 * @file: the file that is closed for the last time
 *
 * Context: ->release(), with no current namespace.
 * Return: 0.
 */
int ima_ns_release(struct inode *inode, struct file *file)
{
	put_ima_ns(file->private_data);
	return 0;
}

/**
 * ima_ns_seq_open - open a file that lists something of a namespace
 * @file: its seq_file's private data becomes a &struct ima_seq_file
 * @ops: what it lists
 *
 * Context: ->open().
 * Return: 0, -ENOMEM, or what ima_ns_of_file() failed with.
 */
int ima_ns_seq_open(struct file *file, const struct seq_operations *ops)
{
	struct ima_namespace *ns = ima_ns_of_file(file);
	struct ima_seq_file *sf;

	if (IS_ERR(ns))
		return PTR_ERR(ns);

	sf = __seq_open_private(file, ops, sizeof(*sf));
	if (!sf) {
		put_ima_ns(ns);
		return -ENOMEM;
	}

	sf->ns = ns;
	return 0;
}

/**
 * ima_ns_seq_release - undo ima_ns_seq_open()
 * @inode: the file's inode
 * @file: the file that is closed for the last time
 *
 * Context: ->release(), with no current namespace.
 * Return: 0.
 */
int ima_ns_seq_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct ima_seq_file *sf = m->private;

	put_ima_ns(sf->ns);
	return seq_release_private(inode, file);
}

/**
 * ima_ns_list_open - open a file that shows the list with the digests of a bank
 * @file: as for ima_ns_seq_open()
 * @ops: how entries are shown
 *
 * Context: ->open().
 * Return: 0, what ima_ns_seq_open() failed with, or -ENOENT: the namespace has
 * a chip that lacks the bank.
 */
int ima_ns_list_open(struct file *file, const struct seq_operations *ops)
{
	struct inode *inode = file_inode(file);
	struct ima_seq_file *sf;
	int err;

	err = ima_ns_seq_open(file, ops);
	if (err)
		return err;

	sf = ((struct seq_file *)file->private_data)->private;
	err = ima_ns_list_bank(sf->ns, inode->i_private, &sf->bank);
	if (err)
		ima_ns_seq_release(inode, file);
	return err;
}

/**
 * ima_ns_list_digest - the digest of an entry that a list shows
 * @m: what shows it; SHA-1's if that is no open file
 * @entry: the entry
 * @digest: has room for %TPM2_MAX_DIGEST_SIZE bytes
 * @size: set to the number of bytes, or to an error
 *
 * Context: ->show(); may sleep.
 * Return: where the digest is.
 */
u8 *ima_ns_list_digest(struct seq_file *m, struct ima_template_entry *entry,
		       u8 *digest, int *size)
{
	const struct ima_seq_file *sf = m->file ? m->private : NULL;
	unsigned long i = ima_sha1_idx;

	if (sf && sf->bank) {
		*size = ima_ns_bank_show(sf->bank, entry, digest);
		return digest;
	}

	/* The file is for children whose chip has the bank of that name. */
	if (sf && !((unsigned long)file_inode(m->file)->i_private &
		    IMA_NS_BANK_FILE))
		i = (unsigned long)file_inode(m->file)->i_private;
	*size = hash_digest_size[ima_algo_array[i].algo];
	return entry->digests[i].digest;
}
