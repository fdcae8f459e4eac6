// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: KUnit tests
 */

#include "ima_ns_kunit.h"

static void kthread_shares(struct kunit *test)
{
	unsigned int count = refcount_read(&init_ima_ns.ns.count);

	KUNIT_EXPECT_PTR_EQ(test, copy_ima_ns(&init_user_ns, &init_ima_ns),
			    &init_ima_ns);
	KUNIT_EXPECT_EQ(test, refcount_read(&init_ima_ns.ns.count), count + 1);
	put_ima_ns(&init_ima_ns);
}

static void ids_and_levels(struct kunit *test)
{
	struct ima_namespace *first = make_child(test, &init_ima_ns);
	struct ima_namespace *second = make_child(test, first);
	u64 last = second->id;

	KUNIT_EXPECT_EQ(test, first->level, 1);
	KUNIT_EXPECT_EQ(test, second->level, 2);
	KUNIT_EXPECT_PTR_EQ(test, second->parent, first);
	KUNIT_EXPECT_GT(test, second->id, first->id);
	put_ima_ns(first);
	drop(test, second);

	first = make_child(test, &init_ima_ns);
	KUNIT_EXPECT_GT(test, first->id, last);
	drop(test, first);
}

static void deep_chain_is_freed(struct kunit *test)
{
	unsigned int count = refcount_read(&init_ima_ns.ns.count);
	struct ima_namespace *child, *ns = get_ima_ns(&init_ima_ns);
	int i;

	for (i = 0; i < IMA_NS_MAX_LEVEL; i++) {
		child = make_child(test, ns);
		put_ima_ns(ns);
		ns = child;
	}
	KUNIT_EXPECT_EQ(test, ns->level, IMA_NS_MAX_LEVEL);
	KUNIT_EXPECT_EQ(test, refcount_read(&init_ima_ns.ns.count), count + 1);
	drop(test, ns);
	KUNIT_EXPECT_EQ(test, refcount_read(&init_ima_ns.ns.count), count);
}

static void found_while_alive(struct kunit *test)
{
	struct ima_namespace *first = make_child(test, &init_ima_ns);
	struct ima_namespace *second = make_child(test, &init_ima_ns);
	struct ima_namespace *found;
	u64 id = first->id;

	found = ima_ns_find(id);
	KUNIT_EXPECT_PTR_EQ(test, found, first);
	put_ima_ns(found);
	found = ima_ns_find_from(id + 1);
	KUNIT_EXPECT_PTR_EQ(test, found, second);
	put_ima_ns(found);

	/* Its last reference is gone, but it is not yet freed. */
	KUNIT_ASSERT_TRUE(test, refcount_dec_and_test(&first->ns.count));
	KUNIT_EXPECT_NULL(test, ima_ns_find(id));
	found = ima_ns_find_from(id);
	KUNIT_EXPECT_PTR_EQ(test, found, second);
	put_ima_ns(found);

	free_ima_ns_chain(first);
	KUNIT_EXPECT_NULL(test, ima_ns_find(id));
	drop(test, second);
}

static void list_starts_with_boot_aggregate(struct kunit *test)
{
	struct ima_namespace *ns = make_child(test, &init_ima_ns);
	struct ima_queue_entry *qe;
	long host = atomic_long_read(&init_ima_ns.log.len);

	KUNIT_EXPECT_NULL(test, ns->log.table);
	KUNIT_EXPECT_EQ(test, ima_ns_log_prepare(ns), 0);
	KUNIT_EXPECT_EQ(test, ima_ns_log_prepare(ns), 0);
	KUNIT_ASSERT_EQ(test, atomic_long_read(&ns->log.len), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&init_ima_ns.log.len), host);

	qe = list_first_entry(&ns->log.entries, struct ima_queue_entry, later);
	KUNIT_EXPECT_EQ(test, qe->entry->pcr, CONFIG_IMA_MEASURE_PCR_IDX);
	KUNIT_EXPECT_NOT_NULL(test, strstr(qe->entry->template_data[1].data,
					   boot_aggregate_name));
	drop(test, ns);
}

static struct kunit_case ima_ns_cases[] = {
	KUNIT_CASE(kthread_shares),
	KUNIT_CASE(ids_and_levels),
	KUNIT_CASE(deep_chain_is_freed),
	KUNIT_CASE(found_while_alive),
	KUNIT_CASE(list_starts_with_boot_aggregate),
	{}
};

static struct kunit_suite ima_ns_suite = {
	.name = "ima_ns",
	.test_cases = ima_ns_cases,
};

kunit_test_suite(ima_ns_suite);

MODULE_DESCRIPTION("KUnit tests of IMA namespaces");
MODULE_LICENSE("GPL");
