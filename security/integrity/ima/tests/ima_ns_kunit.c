// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: KUnit tests
 */

#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "../ima.h"
#include "../ima_ns_walk.h"

static struct ima_namespace *make_child(struct kunit *test,
					struct ima_namespace *parent)
{
	struct ima_namespace *ns;
	struct ucounts *ucounts;

	ucounts = inc_ucount(&init_user_ns, GLOBAL_ROOT_UID,
			     UCOUNT_IMA_NAMESPACES);
	KUNIT_ASSERT_NOT_NULL(test, ucounts);
	ns = create_ima_ns(&init_user_ns, parent, ucounts);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ns);
	return ns;
}

/* Frees at once what put_ima_ns() would leave to a work item. */
static void drop(struct kunit *test, struct ima_namespace *ns)
{
	KUNIT_ASSERT_TRUE(test, refcount_dec_and_test(&ns->ns.count));
	free_ima_ns_chain(ns);
}

static struct ima_iint_cache *make_iint(struct kunit *test)
{
	struct ima_iint_cache *iint;

	iint = kunit_kzalloc(test, sizeof(*iint), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, iint);
	ima_ns_iint_init(iint);
	iint->version_seq = U64_MAX;
	return iint;
}

/* The object */

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

/* What was done to an inode */

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

/* The list */

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

/* The policy */

struct rule_case {
	const char *text;
	int err;
};

static const struct rule_case rule_cases[] = {
	{ "measure func=BPRM_CHECK", 0 },
	{ "measure func=BPRM_CHECK mask=MAY_EXEC uid=0 pcr=11", 0 },
	{ "dont_measure fsmagic=0x9fa0", 0 },
	{ "measure func=FILE_CHECK template=ima-sig", 0 },
	{ "measure func=BPRM_CHECK uid=4294967296", -EINVAL },
	{ "measure func=NO_SUCH_HOOK", -EINVAL },
	{ "measure pcr=64", -EINVAL },
	{ "measure measure", -EINVAL },
	{ "measure fsname=ext4 fsname=tmpfs", 0 },
	{ "func=BPRM_CHECK", -EINVAL },
	{ "nonsense", -EINVAL },
	{ "appraise func=BPRM_CHECK", 0 },
	{ "dont_appraise fsmagic=0x9fa0", 0 },
	{ "appraise func=POLICY_CHECK", 0 },
	{ "appraise func=POLICY_CHECK appraise_type=imasig", 0 },
	{ "appraise func=POLICY_CHECK appraise_type=imasig ns=all", -EINVAL },
	{ "audit func=BPRM_CHECK", -EPERM },
	{ "dont_audit func=BPRM_CHECK", 0 },
	{ "hash func=FILE_CHECK", 0 },
	{ "measure func=KEXEC_CMDLINE", 0 },
	{ "measure subj_type=any", 0 },
	{ "measure func=BPRM_CHECK appraise_algos=none", -EINVAL },
	{ "measure func=CRITICAL_DATA label=ima_ns", 0 },
	{ "measure func=BPRM_CHECK ns=self", 0 },
	{ "measure func=BPRM_CHECK ns=children", 0 },
	{ "measure func=BPRM_CHECK ns=all", 0 },
	{ "measure func=BPRM_CHECK ns=", -EINVAL },
	{ "measure func=BPRM_CHECK ns=self ns=all", -EINVAL },
};

static void rule_desc(const struct rule_case *rule, char *desc)
{
	strscpy(desc, rule->text, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rule, rule_cases, rule_desc);

static void child_rule(struct kunit *test)
{
	const struct rule_case *param = test->param_value;
	struct ima_namespace *ns = make_child(test, &init_ima_ns);
	char *text = kunit_kstrdup(test, param->text, GFP_KERNEL);
	int appraise = ima_appraise;
	ssize_t ret;

	KUNIT_ASSERT_NOT_NULL(test, text);
	ret = ima_parse_add_rule(ns, &ns->policy.temp, text);
	KUNIT_EXPECT_EQ(test, ret, param->err ?: strlen(param->text) + 1);
	KUNIT_EXPECT_EQ(test, list_empty(&ns->policy.temp), !!param->err);
	KUNIT_EXPECT_EQ(test, ima_appraise, appraise);
	ima_delete_rules(&ns->policy.temp);
	drop(test, ns);
}

static void policy_is_replaced_then_grows(struct kunit *test)
{
	struct ima_namespace *ns = make_child(test, &init_ima_ns);
	struct list_head __rcu *born_with = ns->policy.rules;
	char first[] = "measure func=FILE_CHECK";
	char second[] = "measure func=BPRM_CHECK";

	KUNIT_EXPECT_EQ(test, ns->policy.flag, IMA_MEASURE);
	KUNIT_EXPECT_EQ(test, ima_check_policy(ns), -EINVAL);
	KUNIT_EXPECT_GT(test, ima_parse_add_rule(ns, &ns->policy.temp, first), 0);
	KUNIT_EXPECT_EQ(test, ima_check_policy(ns), 0);
	KUNIT_EXPECT_PTR_EQ(test, ns->policy.rules, born_with);

	ima_update_policy(ns);
	KUNIT_EXPECT_PTR_NE(test, ns->policy.rules, born_with);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&ns->policy.custom));
	KUNIT_EXPECT_TRUE(test, list_empty(&ns->policy.temp));

	KUNIT_EXPECT_GT(test, ima_parse_add_rule(ns, &ns->policy.temp, second), 0);
	ima_update_policy(ns);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&ns->policy.custom), 2);
	drop(test, ns);
}

/* What root and who is not root do in a child, for a rule of its parent. */
static int parent_action(struct kunit *test, const char *text, uid_t uid)
{
	struct ima_namespace *parent = make_child(test, &init_ima_ns);
	struct ima_namespace *child = make_child(test, parent);
	char *rule = kunit_kstrdup(test, text, GFP_KERNEL);
	struct ima_walk walk = { .leaf = child };
	struct cred *cred = prepare_kernel_cred(&init_task);
	int action;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(uid);
	cred->euid = cred->uid;
	cred->suid = cred->uid;
	cred->fsuid = cred->uid;
	cap_clear(cred->cap_permitted);
	KUNIT_ASSERT_GT(test, ima_parse_add_rule(parent, &parent->policy.temp,
						 rule), 0);
	ima_update_policy(parent);
	action = ima_get_action(&walk, parent, &nop_mnt_idmap, NULL, cred, 0, 0,
				CRITICAL_DATA, NULL, NULL, "kunit", NULL);
	abort_creds(cred);
	put_ima_ns(parent);
	drop(test, child);
	return action;
}

static void scope_hides_nobody_but_users(struct kunit *test)
{
	static const char self[] = "measure func=CRITICAL_DATA ns=self";
	static const char children[] = "measure func=CRITICAL_DATA ns=children";
	static const char all[] = "measure func=CRITICAL_DATA ns=all";

	KUNIT_EXPECT_EQ(test, parent_action(test, self, 1000), 0);
	KUNIT_EXPECT_EQ(test, parent_action(test, self, 0), IMA_MEASURE);
	KUNIT_EXPECT_EQ(test, parent_action(test, children, 1000), IMA_MEASURE);
	KUNIT_EXPECT_EQ(test, parent_action(test, children, 0), IMA_MEASURE);
	KUNIT_EXPECT_EQ(test, parent_action(test, all, 1000), IMA_MEASURE);
	KUNIT_EXPECT_EQ(test, parent_action(test, all, 0), IMA_MEASURE);
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

/* Rules about labels are read anew when they are next gone by, and once. */
static void lsm_rules_are_refreshed(struct kunit *test)
{
	struct ima_namespace *ns = make_child(test, &init_ima_ns);
	char text[] = "measure subj_type=any";
	struct list_head *rule;

	KUNIT_ASSERT_GT(test, ima_parse_add_rule(ns, &ns->policy.temp, text), 0);
	ima_update_policy(ns);
	rule = ns->policy.custom.next;
	ima_ns_lsm_refresh(ns);
	KUNIT_EXPECT_PTR_EQ(test, ns->policy.custom.next, rule);

	ima_ns_lsm_changed(0);
	set_bit(0, &ns->policy.busy);
	ima_ns_lsm_refresh(ns);
	KUNIT_EXPECT_PTR_EQ(test, ns->policy.custom.next, rule);
	clear_bit(0, &ns->policy.busy);

	ima_ns_lsm_refresh(ns);
	KUNIT_EXPECT_PTR_NE(test, ns->policy.custom.next, rule);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&ns->policy.custom));
	rule = ns->policy.custom.next;
	ima_ns_lsm_refresh(ns);
	KUNIT_EXPECT_PTR_EQ(test, ns->policy.custom.next, rule);
	drop(test, ns);
}

/* What was seen before */

/* A child of a child, and a file that is open for reading alone. */
struct seen_world {
	struct ima_namespace *parent, *child;
	struct file *file;
	struct ima_iint_cache *iint;
	u32 secid;	/* of who acts */
};

static void load_rule(struct kunit *test, struct ima_namespace *ns,
		      const char *text)
{
	char *rule = kunit_kstrdup(test, text, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rule);
	KUNIT_ASSERT_GT(test, ima_parse_add_rule(ns, &ns->policy.temp, rule), 0);
	ima_update_policy(ns);
}

/* On a mount like any user's: of the kernel's own, nothing is remembered. */
static struct file *make_file(void)
{
	struct file_system_type *type = get_fs_type("tmpfs");
	struct vfsmount *mnt;
	struct file *file;

	if (!type)
		return NULL;
	mnt = vfs_kern_mount(type, 0, type->name, NULL);
	put_filesystem(type);
	if (IS_ERR(mnt))
		return ERR_CAST(mnt);
	file = shmem_file_setup_with_mnt(mnt, "ima_ns_kunit", PAGE_SIZE, 0);
	mntput(mnt);
	return file;
}

static void make_seen_world(struct kunit *test, struct seen_world *world)
{
	struct file *made = make_file();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, made);
	world->file = dentry_open(&made->f_path, O_RDONLY, current_cred());
	fput(made);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, world->file);
	world->secid = 1;
	world->parent = make_child(test, &init_ima_ns);
	world->child = make_child(test, world->parent);
	load_rule(test, world->parent, "measure func=FILE_CHECK");
	load_rule(test, world->child, "measure func=FILE_CHECK");
}

static void drop_seen_world(struct kunit *test, struct seen_world *world)
{
	fput(world->file);
	put_ima_ns(world->parent);
	drop(test, world->child);
}

static bool seen_by(const struct seen_world *world, struct ima_ns_when *now,
		    const struct cred *cred)
{
	const int kind = ima_ns_kind(FILE_CHECK, MAY_READ);

	return ima_ns_unasked(world->child, world->file, kind) ||
	       ima_ns_seen(world->child, world->file, cred, world->secid, kind,
			   now);
}

static bool seen(const struct seen_world *world)
{
	struct ima_ns_when now;

	return seen_by(world, &now, current_cred());
}

/* As the hook does it, until there is nothing to do any more; how often that is. */
static int access_until_seen(struct kunit *test, struct seen_world *world)
{
	struct ima_ns_when now;
	int count;

	for (count = 0; !seen_by(world, &now, current_cred()) && count < 5; count++) {
		struct ima_walk walk = { .leaf = world->child, .then = now };

		KUNIT_EXPECT_EQ(test, ima_walk_file(&walk, world->file, current_cred(),
						    world->secid, NULL, 0, MAY_READ,
						    FILE_CHECK), 0);
	}
	world->iint = ima_iint_find(file_inode(world->file));
	KUNIT_ASSERT_NOT_NULL(test, world->iint);
	return count;
}

/* The thread holds all that the slow way needs: lockdep tells of what is taken. */
static bool seen_under_locks(struct seen_world *world)
{
	struct inode *inode = file_inode(world->file);
	bool ret;

	mutex_lock(&world->iint->mutex);
	inode_lock(inode);
	mutex_lock(&world->child->log.lock);
	spin_lock_bh(&ima_ns_status_lock);
	ret = seen(world);
	spin_unlock_bh(&ima_ns_status_lock);
	mutex_unlock(&world->child->log.lock);
	inode_unlock(inode);
	mutex_unlock(&world->iint->mutex);
	return ret;
}

/*
 * The first access does the work, the second finds nothing to do, the third needs no
 * lock; and what it leaves in the list is nothing.
 */
static void seen_takes_no_lock(struct kunit *test)
{
	struct seen_world world;
	long len;

	make_seen_world(test, &world);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 2);
	len = atomic_long_read(&world.child->log.len);
	/* The boot_aggregate, and the file. */
	KUNIT_EXPECT_EQ(test, len, 2);
	KUNIT_EXPECT_TRUE(test, seen_under_locks(&world));
	KUNIT_EXPECT_TRUE(test, seen_under_locks(&world));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&world.child->log.len), len);
	drop_seen_world(test, &world);
}

/* An event is for all levels, whoever counts it. */
static void seen_until_an_event(struct kunit *test)
{
	struct seen_world world;

	make_seen_world(test, &world);
	access_until_seen(test, &world);
	ima_iint_event(world.iint);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	/* Nothing has changed: it is remembered at the first look. */
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_iint_changed(world.iint);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 2);
	ima_ns_attr_changed(file_inode(world.file), ATTR_MODE);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	drop_seen_world(test, &world);
}

/* Where a rule is about labels, those who have another one are others. */
static void seen_by_label(struct kunit *test)
{
	struct seen_world world;

	make_seen_world(test, &world);
	load_rule(test, world.parent, "measure func=FILE_CHECK subj_type=any");
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen_under_locks(&world));
	world.secid = 2;
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	world.secid = 1;
	KUNIT_EXPECT_TRUE(test, seen(&world));
	drop_seen_world(test, &world);
}

/* Another policy of an LSM may say something else, and stale rules say nothing. */
static void seen_until_labels_change(struct kunit *test)
{
	struct seen_world world;

	make_seen_world(test, &world);
	load_rule(test, world.parent, "measure func=FILE_CHECK subj_user=any");
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen(&world));
	ima_ns_lsm_changed(0);
	/* That reads the rules anew, and what they say counts from then on. */
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);

	set_bit(0, &world.parent->policy.busy);
	ima_ns_lsm_changed(0);
	access_until_seen(test, &world);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	clear_bit(0, &world.parent->policy.busy);
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen(&world));
	drop_seen_world(test, &world);
}

/* What a label is, of a file or of AppArmor, is looked at each time. */
static void labels_never_seen(struct kunit *test)
{
	static const char *const rules[] = {
		"measure func=FILE_CHECK obj_type=any",
		"measure func=FILE_CHECK subj_role=any",
		"measure func=FILE_CHECK subj_user=any obj_user=any",
	};
	struct seen_world world;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		make_seen_world(test, &world);
		load_rule(test, world.parent, rules[i]);
		access_until_seen(test, &world);
		KUNIT_EXPECT_FALSE_MSG(test, seen(&world), "%s", rules[i]);
		drop_seen_world(test, &world);
	}
}

/* What changes above is for those below, not for those beside. */
static void seen_until_the_chain_changes(struct kunit *test)
{
	struct ima_namespace *sibling;
	struct seen_world world;

	make_seen_world(test, &world);
	sibling = make_child(test, world.parent);
	access_until_seen(test, &world);
	load_rule(test, sibling, "measure func=FILE_CHECK");
	ima_ns_chain_changed(sibling);
	KUNIT_EXPECT_TRUE(test, seen(&world));
	drop(test, sibling);
	KUNIT_EXPECT_TRUE(test, seen(&world));

	ima_ns_chain_changed(world.child);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_ns_chain_changed(world.parent);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_ns_chain_changed(&init_ima_ns);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	load_rule(test, world.parent, "measure func=FILE_CHECK uid=1");
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_ns_chain_start_over(world.child);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	drop_seen_world(test, &world);
}

/* Users are told apart where a rule asks for them, and only there. */
static void seen_by_whom(struct kunit *test)
{
	struct cred *cred = prepare_kernel_cred(&init_task);
	struct seen_world world;
	struct ima_ns_when now;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(1000);
	make_seen_world(test, &world);
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen_by(&world, &now, cred));
	load_rule(test, world.parent, "measure func=FILE_CHECK uid=1");
	access_until_seen(test, &world);
	KUNIT_EXPECT_FALSE(test, seen_by(&world, &now, cred));
	cred->uid = current_uid();
	KUNIT_EXPECT_TRUE(test, seen_by(&world, &now, cred));
	cap_clear(cred->cap_permitted);
	KUNIT_EXPECT_FALSE(test, seen_by(&world, &now, cred));
	drop_seen_world(test, &world);
	abort_creds(cred);
}

static struct kunit_case ima_ns_cases[] = {
	KUNIT_CASE(kthread_shares),
	KUNIT_CASE(ids_and_levels),
	KUNIT_CASE(deep_chain_is_freed),
	KUNIT_CASE(found_while_alive),
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
	KUNIT_CASE(list_starts_with_boot_aggregate),
	KUNIT_CASE_PARAM(child_rule, rule_gen_params),
	KUNIT_CASE(policy_is_replaced_then_grows),
	KUNIT_CASE(scope_hides_nobody_but_users),
	KUNIT_CASE(lsm_rules_are_refreshed),
	KUNIT_CASE(seen_takes_no_lock),
	KUNIT_CASE(seen_until_an_event),
	KUNIT_CASE(seen_by_label),
	KUNIT_CASE(seen_until_labels_change),
	KUNIT_CASE(labels_never_seen),
	KUNIT_CASE(seen_until_the_chain_changes),
	KUNIT_CASE(seen_by_whom),
	{}
};

static struct kunit_suite ima_ns_suite = {
	.name = "ima_ns",
	.test_cases = ima_ns_cases,
};

kunit_test_suite(ima_ns_suite);

MODULE_DESCRIPTION("KUnit tests of IMA namespaces");
MODULE_LICENSE("GPL");
