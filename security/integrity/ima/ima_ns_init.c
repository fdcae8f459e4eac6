// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the initial one
 *
 * Valid from the first instruction, since hooks run before IMA is started.
 * Without CONFIG_IMA_NS it is the only one, and the home of IMA's state.
 */

#include <linux/proc_ns.h>
#include <linux/user_namespace.h>

#include "ima.h"

struct ima_namespace init_ima_ns = {
	.ns = {
		.inum = PROC_IMA_INIT_INO,
		.count = REFCOUNT_INIT(1),
#ifdef CONFIG_IMA_NS
		.ops = &imans_operations,
#endif
	},
	.user_ns = &init_user_ns,
	.chain = {
		.children = LIST_HEAD_INIT(init_ima_ns.chain.children),
		.who_lock = __SPIN_LOCK_UNLOCKED(init_ima_ns.chain.who_lock),
	},
	.policy = {
		.rules = (struct list_head __rcu *)&ima_default_rules,
		.custom = LIST_HEAD_INIT(init_ima_ns.policy.custom),
		.temp = LIST_HEAD_INIT(init_ima_ns.policy.temp),
	},
	.log = {
		.lock = __MUTEX_INITIALIZER(init_ima_ns.log.lock),
		.entries = LIST_HEAD_INIT(init_ima_ns.log.entries),
		.table = &ima_htable,
	},
	.statuses = LIST_HEAD_INIT(init_ima_ns.statuses),
};
