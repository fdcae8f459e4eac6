// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the policy that a child is born with
 *
 * One constant list for all of them, so that it costs a child nothing and is
 * in force from the first instruction.
 */

#include <linux/user_namespace.h>

#include "ima.h"

/*
 * What is run, mapped to be run, or read by the kernel.  Not tmpfs, which a
 * host's ima_policy=tcb leaves out: that is where a container would hide.
 */
static const char * const exec_rules[] __initconst = {
	"dont_measure fsmagic=0x9fa0",		/* proc */
	"dont_measure fsmagic=0x62656572",	/* sysfs */
	"dont_measure fsmagic=0x64626720",	/* debugfs */
	"dont_measure fsmagic=0x1cd1",		/* devpts */
	"dont_measure fsmagic=0x42494e4d",	/* binfmt_misc */
	"dont_measure fsmagic=0x73636673",	/* securityfs */
	"dont_measure fsmagic=0xf97cff8c",	/* selinux */
	"dont_measure fsmagic=0x43415d53",	/* smack */
	"dont_measure fsmagic=0x27e0eb",	/* cgroup */
	"dont_measure fsmagic=0x63677270",	/* cgroup2 */
	"dont_measure fsmagic=0x6e736673",	/* nsfs */
	"dont_measure fsmagic=0xde5e81e4",	/* efivarfs */
	"measure func=BPRM_CHECK mask=MAY_EXEC",
	"measure func=MMAP_CHECK mask=MAY_EXEC",
	"measure func=MODULE_CHECK",
	"measure func=FIRMWARE_CHECK",
	"measure func=KEXEC_KERNEL_CHECK",
	"measure func=KEXEC_INITRAMFS_CHECK",
	"measure func=POLICY_CHECK",
};

/*
 * A namespace that nobody is in, whose rules all children start with.
 * Constant once IMA has started, never freed.
 */
static struct ima_namespace default_ns = {
	.user_ns = &init_user_ns,
	.policy = {
		.rules = (struct list_head __rcu *)&default_ns.policy.custom,
		.custom = LIST_HEAD_INIT(default_ns.policy.custom),
		/* From the start, for who is born before the rules are read. */
		.flag = IMA_MEASURE,
	},
};

/* Parsing writes into the text, and the init section may be read-only. */
static int __init add_default_rule(const char *text)
{
	char rule[64];

	if (strscpy(rule, text, sizeof(rule)) < 0)
		return -E2BIG;

	return ima_parse_add_rule(&default_ns, &default_ns.policy.custom, rule);
}

/**
 * ima_ns_policy_init - read the default policy of children
 *
 * Context: once, when IMA starts; user space does not run yet.
 */
void __init ima_ns_policy_init(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(exec_rules); i++) {
		ret = add_default_rule(exec_rules[i]);
		if (ret < 0)
			pr_err("default policy of namespaces: \"%s\": %d\n",
			       exec_rules[i], ret);
	}
}

/**
 * ima_ns_policy_start - put the default policy in force
 * @ns: a namespace that is being made
 *
 * Context: nobody but the caller knows @ns yet.
 */
void ima_ns_policy_start(struct ima_namespace *ns)
{
	INIT_LIST_HEAD(&ns->policy.custom);
	INIT_LIST_HEAD(&ns->policy.temp);
	RCU_INIT_POINTER(ns->policy.rules,
			 (struct list_head __rcu *)&default_ns.policy.custom);
	ns->policy.flag = default_ns.policy.flag;
}
