// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: one record in the lists of several levels
 *
 * Levels that record the same share it, so that a further one costs no more than a
 * place in its list.  The memory of a record is charged to the container that made
 * it as long as only children have it, and to nobody once the initial list does.
 */

#include <linux/memcontrol.h>
#include <linux/slab.h>

#include "ima.h"

static struct kmem_cache *place_cache __ro_after_init;

/**
 * ima_ns_entry_init - be ready for the records of children
 *
 * Context: once at boot, before the first child has a record.
 */
void __init ima_ns_entry_init(void)
{
	place_cache = KMEM_CACHE(ima_queue_entry, SLAB_PANIC | SLAB_ACCOUNT);
}

/**
 * ima_queue_entry_alloc - have a place in a list
 * @ns: whose list it is
 *
 * Context: process context, may sleep; the list's lock may be held.
 * Return: the place, which kfree() frees, or %NULL where there is no memory for one
 * in the initial list.
 */
struct ima_queue_entry *ima_queue_entry_alloc(const struct ima_namespace *ns)
{
	if (!ns->parent)
		return kmalloc(sizeof(struct ima_queue_entry), GFP_KERNEL);

	/* Charged to, but not refused by, a container at its memory limit. */
	return kmem_cache_alloc(place_cache, GFP_KERNEL | __GFP_NOFAIL);
}

#ifdef CONFIG_MEMCG
static size_t entry_size(const struct ima_template_entry *entry)
{
	const struct ima_template_desc *const desc = entry->template_desc;
	size_t size;
	int i;

	size = kmalloc_size_roundup(struct_size(entry, template_data,
						desc->num_fields));
	size += kmalloc_size_roundup(sizeof(*entry->digests) *
				     (NR_BANKS(ima_tpm_chip) + ima_extra_slots));
	for (i = 0; i < desc->num_fields; i++)
		size += kmalloc_size_roundup(entry->template_data[i].len + 1);
	return size;
}

static void charge(struct ima_template_entry *entry)
{
	entry->charged = get_obj_cgroup_from_current();
	/* Charged to, but not refused by, a container at its memory limit. */
	if (entry->charged)
		obj_cgroup_charge(entry->charged, GFP_KERNEL | __GFP_NOFAIL,
				  entry_size(entry));
}

static void uncharge(struct ima_template_entry *entry)
{
	obj_cgroup_uncharge(entry->charged, entry_size(entry));
	obj_cgroup_put(entry->charged);
	entry->charged = NULL;
}
#else
static void charge(struct ima_template_entry *entry)
{
}

static void uncharge(struct ima_template_entry *entry)
{
}
#endif

/**
 * ima_entry_charge - have the memory of a record charged to whom it is to be
 * @entry: the record, which a list is about to take
 * @ns: whose list it is
 *
 * The initial namespace comes last in a walk, so that nothing is charged again.
 *
 * Context: process context, may sleep; the list's lock may be held, and nobody
 * but the task charges @entry.
 */
void ima_entry_charge(struct ima_template_entry *entry,
		      const struct ima_namespace *ns)
{
	if (ns->parent && !entry->charged)
		charge(entry);
	else if (!ns->parent && entry->charged)
		uncharge(entry);
}

/**
 * ima_entry_put - give back a reference to a record
 * @entry: the record
 *
 * Context: any that may free memory.
 * Return: whether it was the last one, so that @entry is to be freed.
 */
bool ima_entry_put(struct ima_template_entry *entry)
{
	if (atomic_dec_return(&entry->others) >= 0)
		return false;

	if (entry->charged)
		uncharge(entry);
	return true;
}

/* Would two records look the same in a list? */
static bool is_same(const struct ima_template_entry *a,
		    const struct ima_template_entry *b)
{
	const struct ima_field_data *x = a->template_data, *y = b->template_data;
	int i;

	if (a->template_desc != b->template_desc ||
	    a->template_data_len != b->template_data_len)
		return false;

	for (i = 0; i < a->template_desc->num_fields; i++)
		if (x[i].len != y[i].len || memcmp(x[i].data, y[i].data, x[i].len))
			return false;
	return true;
}

/**
 * ima_walk_forget_record - the levels of a walk have what they recorded
 * @walk: the walk
 *
 * Context: process context.
 */
void ima_walk_forget_record(struct ima_walk *walk)
{
	if (walk->record)
		ima_free_template_entry(walk->record);
	walk->record = NULL;
}

/* For the levels above, which often record the same. */
static void remember_record(struct ima_walk *walk, struct ima_template_entry *entry)
{
	ima_walk_forget_record(walk);
	atomic_inc(&entry->others);
	walk->record = entry;
}

/**
 * ima_walk_store - store a record, which may be that of a lower level
 * @walk: the walk
 * @ns: in whose list
 * @entry: the record, no violation; where it is the same as that of the lower level,
 *	   it is freed, and that one, hashed already, takes its place
 * @inode: what is measured, or %NULL
 * @filename: its name
 * @pcr: to be extended
 *
 * Context: process context, may sleep; takes the list's lock.
 * Return: as ima_store_template(): the caller has to free @entry unless it is 0.
 */
int ima_walk_store(struct ima_walk *walk, struct ima_namespace *ns,
		   struct ima_template_entry **entry, struct inode *inode,
		   const unsigned char *filename, int pcr)
{
	struct ima_template_entry *const record = walk->record;
	int ret;

	if (record && record->pcr == pcr && is_same(record, *entry)) {
		ima_free_template_entry(*entry);
		atomic_inc(&record->others);
		*entry = record;
		return ima_add_template_entry(ns, record, 0, "add_template_measure",
					      inode, filename);
	}

	ret = ima_store_template(ns, *entry, 0, inode, filename, pcr);
	if (ns->parent && (!ret || ret == -EEXIST))
		remember_record(walk, *entry);
	return ret;
}
