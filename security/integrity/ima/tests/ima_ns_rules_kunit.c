// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: KUnit tests of rules
 */

#include <linux/cred.h>

#include "ima_ns_kunit.h"

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

static struct kunit_case ima_ns_rules_cases[] = {
	KUNIT_CASE_PARAM(child_rule, rule_gen_params),
	KUNIT_CASE(policy_is_replaced_then_grows),
	KUNIT_CASE(scope_hides_nobody_but_users),
	KUNIT_CASE(lsm_rules_are_refreshed),
	{}
};

static struct kunit_suite ima_ns_rules_suite = {
	.name = "ima_ns_rules",
	.test_cases = ima_ns_rules_cases,
};

kunit_test_suite(ima_ns_rules_suite);
