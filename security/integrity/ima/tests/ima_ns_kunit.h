/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespaces: what KUnit tests are made of
 */
#ifndef IMA_NS_KUNIT_H
#define IMA_NS_KUNIT_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "../ima.h"
#include "../ima_ns_walk.h"

static inline struct ima_namespace *make_child(struct kunit *test,
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
static inline void drop(struct kunit *test, struct ima_namespace *ns)
{
	KUNIT_ASSERT_TRUE(test, refcount_dec_and_test(&ns->ns.count));
	free_ima_ns_chain(ns);
}

static inline struct ima_iint_cache *make_iint(struct kunit *test)
{
	struct ima_iint_cache *iint;

	iint = kunit_kzalloc(test, sizeof(*iint), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, iint);
	ima_ns_iint_init(iint);
	iint->version_seq = U64_MAX;
	return iint;
}

static inline void load_rule(struct kunit *test, struct ima_namespace *ns,
			     const char *text)
{
	char *rule = kunit_kstrdup(test, text, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rule);
	KUNIT_ASSERT_GT(test, ima_parse_add_rule(ns, &ns->policy.temp, rule), 0);
	ima_update_policy(ns);
}

#endif /* IMA_NS_KUNIT_H */
