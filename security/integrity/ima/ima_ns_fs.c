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
