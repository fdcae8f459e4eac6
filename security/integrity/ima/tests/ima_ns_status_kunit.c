// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: KUnit tests of what is known of an inode
 */

#include <linux/file.h>
#include <linux/shmem_fs.h>

#include "ima_ns_kunit.h"

static void status_is_of_the_pair(struct kunit *test)
{
	struct ima_namespace *a = make_child(test, &init_ima_ns);
	struct ima_namespace *b = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_iint_state *state;

	KUNIT_EXPECT_PTR_EQ(test, ima_ns_state_get(&init_ima_ns, iint),
			    &iint->state);
	KUNIT_EXPECT_NULL(test, ima_ns_state_find(a, iint));

	state = ima_ns_state_get(a, iint);
	KUNIT_ASSERT_NOT_NULL(test, state);
	KUNIT_EXPECT_PTR_NE(test, state, &iint->state);
	KUNIT_EXPECT_PTR_EQ(test, ima_ns_state_find(a, iint), state);
	KUNIT_EXPECT_PTR_EQ(test, ima_ns_state_get(a, iint), state);
	KUNIT_EXPECT_NULL(test, ima_ns_state_find(b, iint));

	ima_ns_status_free_iint(iint);
	KUNIT_EXPECT_NULL(test, ima_ns_state_find(a, iint));
	KUNIT_EXPECT_TRUE(test, list_empty(&a->statuses));
	drop(test, a);
	drop(test, b);
}

static void namespace_end_frees_statuses(struct kunit *test)
{
	struct ima_namespace *a = make_child(test, &init_ima_ns);
	struct ima_namespace *b = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint[8];
	int i;

	for (i = 0; i < ARRAY_SIZE(iint); i++) {
		iint[i] = make_iint(test);
		KUNIT_ASSERT_NOT_NULL(test, ima_ns_state_get(a, iint[i]));
		KUNIT_ASSERT_NOT_NULL(test, ima_ns_state_get(b, iint[i]));
	}

	drop(test, a);
	for (i = 0; i < ARRAY_SIZE(iint); i++) {
		KUNIT_EXPECT_TRUE(test,
				  list_is_singular(&iint[i]->statuses));
		KUNIT_EXPECT_NOT_NULL(test, ima_ns_state_find(b, iint[i]));
	}

	drop(test, b);
	for (i = 0; i < ARRAY_SIZE(iint); i++)
		KUNIT_EXPECT_TRUE(test, list_empty(&iint[i]->statuses));
}

/* A writer takes what was armed; whoever measures again is armed again. */
static void armed_until_a_writer_comes(struct kunit *test)
{
	struct ima_namespace *a = make_child(test, &init_ima_ns);
	struct ima_namespace *b = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_iint_state *state = ima_ns_state_get(a, iint);
	struct ima_iint_state *other = ima_ns_state_get(b, iint);

	KUNIT_ASSERT_NOT_NULL(test, state);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_FALSE(test, ima_ns_state_disarm(a, state));
	KUNIT_EXPECT_FALSE(test, ima_ns_state_arm(a, iint, state));
	KUNIT_EXPECT_FALSE(test, ima_ns_state_arm(a, iint, state));
	KUNIT_EXPECT_FALSE(test, ima_ns_state_arm(b, iint, other));
	KUNIT_EXPECT_TRUE(test, ima_ns_state_disarm(a, state));
	KUNIT_EXPECT_FALSE(test, ima_ns_state_disarm(a, state));
	KUNIT_EXPECT_FALSE(test, ima_ns_state_arm(a, iint, state));

	/* Both ends take what is armed with them. */
	drop(test, a);
	KUNIT_EXPECT_FALSE(test, hlist_empty(&iint->armed));
	ima_ns_status_free_iint(iint);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&iint->armed));
	KUNIT_EXPECT_TRUE(test, list_empty(&b->statuses));
	drop(test, b);
}

static void change_outdates_all(struct kunit *test)
{
	struct ima_namespace *child = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_iint_state *state = ima_ns_state_get(child, iint);

	KUNIT_ASSERT_NOT_NULL(test, state);
	iint->digest_flags = IMA_COLLECTED;
	state->flags = IMA_MEASURED | IMA_MEASURE;
	state->measured_pcrs = BIT(10);
	iint->state.flags = IMA_MEASURED;

	ima_state_refresh(child, iint, state);
	KUNIT_EXPECT_EQ(test, state->measured_pcrs, BIT(10));
	KUNIT_EXPECT_TRUE(test, ima_iint_collected(iint));

	ima_iint_changed(iint);
	KUNIT_EXPECT_FALSE(test, ima_iint_collected(iint));
	ima_state_refresh(child, iint, state);
	KUNIT_EXPECT_EQ(test, state->flags, IMA_MEASURE);
	KUNIT_EXPECT_EQ(test, state->measured_pcrs, 0);

	/* The child that looked first has not used the change up. */
	KUNIT_EXPECT_EQ(test, iint->state.flags, IMA_MEASURED);
	ima_state_refresh(&init_ima_ns, iint, &iint->state);
	KUNIT_EXPECT_EQ(test, iint->state.flags, 0);

	ima_ns_status_free_iint(iint);
	drop(test, child);
}

static void xattr_change_is_for_children(struct kunit *test)
{
	struct ima_namespace *child = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_iint_state state = { .flags = IMA_MEASURED };

	iint->state.flags = IMA_MEASURED;
	atomic64_inc(&iint->xattr_seq);
	ima_state_refresh(child, iint, &state);
	ima_state_refresh(&init_ima_ns, iint, &iint->state);
	KUNIT_EXPECT_EQ(test, state.flags, 0);
	KUNIT_EXPECT_EQ(test, iint->state.flags, IMA_MEASURED);
	drop(test, child);
}

/* An attribute changed: the digest stays, what was done is forgotten. */
static void attr_change_is_for_children(struct kunit *test)
{
	struct ima_namespace *child = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_iint_state state = { .flags = IMA_MEASURED };

	iint->digest_flags = IMA_COLLECTED;
	iint->state.flags = IMA_MEASURED;
	atomic64_inc(&iint->attr_seq);
	ima_state_refresh(child, iint, &state);
	ima_state_refresh(&init_ima_ns, iint, &iint->state);
	KUNIT_EXPECT_EQ(test, state.flags, 0);
	KUNIT_EXPECT_EQ(test, iint->state.flags, IMA_MEASURED);
	KUNIT_EXPECT_TRUE(test, ima_iint_collected(iint));
	drop(test, child);
}

static void digest_kinds_do_not_mix(struct kunit *test)
{
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_namespace *host = &init_ima_ns;

	iint->digest_flags = IMA_COLLECTED;
	KUNIT_EXPECT_FALSE(test, ima_iint_want(iint, host, 0, HASH_ALGO_SHA256,
					       false));
	KUNIT_EXPECT_TRUE(test, ima_iint_collected(iint));
	KUNIT_EXPECT_TRUE(test, ima_iint_want(iint, host, IMA_VERITY_REQUIRED,
					      HASH_ALGO_SHA256, false));
	KUNIT_EXPECT_FALSE(test, ima_iint_collected(iint));
	KUNIT_EXPECT_EQ(test, iint->digest_flags, IMA_VERITY_REQUIRED);
}

static int collect(struct ima_iint_cache *iint, struct file *file)
{
	struct ima_iint_state level = {};
	struct ima_walk walk = {};
	int rc;

	mutex_lock(&iint->mutex);
	rc = ima_walk_collect(&walk, &init_ima_ns, iint, &level, file, NULL, 0,
			      ima_hash_algo, NULL);
	mutex_unlock(&iint->mutex);
	return rc;
}

/* An algorithm that a child chose is not the host's, but its own stays. */
static void digest_algorithms_do_not_mix(struct kunit *test)
{
	struct ima_namespace *child = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_digest_data hash = { .algo = HASH_ALGO_SHA1 };

	iint->ima_hash = &hash;
	iint->digest_flags = IMA_COLLECTED;
	iint->digest_ns = child->id;
	KUNIT_EXPECT_FALSE(test, ima_iint_want(iint, child, 0,
					       HASH_ALGO_SHA256, false));
	KUNIT_EXPECT_FALSE(test, ima_iint_want(iint, &init_ima_ns, 0,
					       HASH_ALGO_SHA1, true));
	KUNIT_EXPECT_EQ(test, iint->digest_ns, 0);
	iint->digest_ns = child->id;
	KUNIT_EXPECT_TRUE(test, ima_iint_want(iint, &init_ima_ns, 0,
					      HASH_ALGO_SHA256, true));
	KUNIT_EXPECT_FALSE(test, ima_iint_collected(iint));
	KUNIT_EXPECT_EQ(test, iint->digest_ns, 0);
	drop(test, child);
}

/* What a child had hashed some time ago is not what the host looks at now. */
static void host_hashes_itself(struct kunit *test)
{
	struct ima_namespace *child = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_digest_data hash = { .algo = HASH_ALGO_SHA256 };

	iint->ima_hash = &hash;
	iint->digest_flags = IMA_COLLECTED;
	iint->digest_ns = child->id;
	KUNIT_EXPECT_TRUE(test, ima_iint_want(iint, &init_ima_ns, 0,
					      HASH_ALGO_SHA256, false));
	KUNIT_EXPECT_FALSE(test, ima_iint_collected(iint));
	drop(test, child);
}

/* What the host goes by is good for those below, and for nobody beside it. */
static void digest_comes_from_above(struct kunit *test)
{
	struct ima_namespace *child = make_child(test, &init_ima_ns);
	struct ima_namespace *sibling = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_digest_data hash = { .algo = HASH_ALGO_SHA256 };

	iint->ima_hash = &hash;
	iint->digest_flags = IMA_COLLECTED;
	KUNIT_EXPECT_FALSE(test, ima_iint_want(iint, child, 0,
					       HASH_ALGO_SHA256, false));
	KUNIT_EXPECT_EQ(test, iint->digest_ns, 0);
	iint->digest_ns = sibling->id;
	KUNIT_EXPECT_TRUE(test, ima_iint_want(iint, child, 0,
					      HASH_ALGO_SHA256, false));
	drop(test, sibling);
	drop(test, child);
}

/* A rule that does nothing must not keep the other levels from looking. */
static void dont_rule_does_not_look(struct kunit *test)
{
	struct ima_namespace *child = make_child(test, &init_ima_ns);
	struct ima_iint_cache *iint = make_iint(test);
	struct ima_iint_state state = {};
	struct ima_walk walk = {};
	struct file *file;

	mutex_init(&iint->mutex);
	file = shmem_kernel_file_setup("ima_ns_kunit", PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);

	mutex_lock(&iint->mutex);
	ima_walk_check_changed(&walk, child, file, iint, &state,
			       IMA_PERMIT_DIRECTIO);
	KUNIT_EXPECT_FALSE(test, walk.checked);
	ima_walk_check_changed(&walk, child, file, iint, &state, IMA_MEASURE);
	KUNIT_EXPECT_TRUE(test, walk.checked);
	mutex_unlock(&iint->mutex);

	fput(file);
	drop(test, child);
}

/* Content that changes behind IMA's back shows whether it was read again. */
static void file_is_hashed_once(struct kunit *test)
{
	struct ima_iint_cache *iint = make_iint(test);
	u8 digest[IMA_MAX_DIGEST_SIZE];
	struct file *file;
	loff_t pos = 0;

	mutex_init(&iint->mutex);
	file = shmem_kernel_file_setup("ima_ns_kunit", PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);

	KUNIT_EXPECT_EQ(test, kernel_write(file, "a", 1, &pos), 1);
	KUNIT_ASSERT_EQ(test, collect(iint, file), 0);
	memcpy(digest, iint->ima_hash->digest, iint->ima_hash->length);

	KUNIT_EXPECT_EQ(test, kernel_write(file, "b", 1, &pos), 1);
	KUNIT_ASSERT_EQ(test, collect(iint, file), 0);
	KUNIT_EXPECT_MEMEQ(test, digest, iint->ima_hash->digest,
			   iint->ima_hash->length);

	ima_iint_changed(iint);
	KUNIT_ASSERT_EQ(test, collect(iint, file), 0);
	KUNIT_EXPECT_MEMNEQ(test, digest, iint->ima_hash->digest,
			    iint->ima_hash->length);

	fput(file);
	kfree(iint->ima_hash);
}

/* Or the last writer would find nothing changed, for any level. */
static void collecting_again_keeps_version(struct kunit *test)
{
	struct ima_iint_cache *iint = make_iint(test);
	const u64 mark = 1000000;
	struct file *file;

	mutex_init(&iint->mutex);
	file = shmem_kernel_file_setup("ima_ns_kunit", PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);

	KUNIT_ASSERT_EQ(test, collect(iint, file), 0);
	iint->real_inode.version = mark;

	atomic64_inc(&iint->xattr_seq);
	KUNIT_EXPECT_FALSE(test, ima_iint_collected(iint));
	KUNIT_ASSERT_EQ(test, collect(iint, file), 0);
	KUNIT_EXPECT_EQ(test, iint->real_inode.version, mark);

	ima_iint_changed(iint);
	KUNIT_ASSERT_EQ(test, collect(iint, file), 0);
	KUNIT_EXPECT_NE(test, iint->real_inode.version, mark);

	fput(file);
	kfree(iint->ima_hash);
}

static struct kunit_case ima_ns_status_cases[] = {
	KUNIT_CASE(status_is_of_the_pair),
	KUNIT_CASE(namespace_end_frees_statuses),
	KUNIT_CASE(armed_until_a_writer_comes),
	KUNIT_CASE(change_outdates_all),
	KUNIT_CASE(xattr_change_is_for_children),
	KUNIT_CASE(attr_change_is_for_children),
	KUNIT_CASE(digest_kinds_do_not_mix),
	KUNIT_CASE(digest_algorithms_do_not_mix),
	KUNIT_CASE(host_hashes_itself),
	KUNIT_CASE(digest_comes_from_above),
	KUNIT_CASE(dont_rule_does_not_look),
	KUNIT_CASE(file_is_hashed_once),
	KUNIT_CASE(collecting_again_keeps_version),
	{}
};

static struct kunit_suite ima_ns_status_suite = {
	.name = "ima_ns_status",
	.test_cases = ima_ns_status_cases,
};

kunit_test_suite(ima_ns_status_suite);
