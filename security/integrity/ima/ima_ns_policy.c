// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: the policy that a child is born with
 *
 * One constant list for all of them, so that it costs a child nothing and is
 * in force from the first instruction.
 */

#include <linux/bitops.h>
#include <linux/init.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "ima.h"

/*
 * What is run, mapped to be run, or read by the kernel, which keys there are
 * and what became of the namespace itself.  tmpfs is not left out as a host's
 * ima_policy=tcb does: that is where a container would hide.
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
	"measure func=KEXEC_CMDLINE",
	"measure func=POLICY_CHECK",
#ifdef CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS
	"measure func=KEY_CHECK",
#endif
	"measure func=CRITICAL_DATA label=" IMA_NS_LABEL,
};

/* And what root reads.  Ids in these rules are those of each one's owner. */
static const char * const tcb_rules[] __initconst = {
	"measure func=FILE_CHECK mask=^MAY_READ euid=0",
	"measure func=FILE_CHECK mask=^MAY_READ uid=0",
};

enum default_policy {
	POLICY_EXEC,
	POLICY_TCB,
	POLICY_NONE,
};

static const char * const default_policies[] __initconst = {
	[POLICY_EXEC] = "exec",
	[POLICY_TCB] = "tcb",
	[POLICY_NONE] = "none",
};

static char default_policy[8] __initdata = CONFIG_IMA_NS_DEFAULT_POLICY;

static int __init default_policy_setup(char *name)
{
	if (match_string(default_policies, ARRAY_SIZE(default_policies),
			 name) < 0)
		pr_err("ima_ns_policy=%s: no such policy, it is %s\n", name,
		       default_policy);
	else
		strscpy(default_policy, name);
	return 1;
}
__setup("ima_ns_policy=", default_policy_setup);

/*
 * A namespace that nobody is in, whose rules all children start with.
 * Constant once IMA has started, never freed.
 */
static struct ima_namespace default_ns = {
	.user_ns = &init_user_ns,
	.chain = {
		.children = LIST_HEAD_INIT(default_ns.chain.children),
		.who_lock = __SPIN_LOCK_UNLOCKED(default_ns.chain.who_lock),
	},
	.policy = {
		.rules = (struct list_head __rcu *)&default_ns.policy.custom,
		.custom = LIST_HEAD_INIT(default_ns.policy.custom),
		/* From the start, for who is born before the rules are read. */
		.flag = IMA_MEASURE,
		.about = { .asked = GENMASK(IMA_KINDS - 1, 0) },
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

static void __init add_default_rules(const char * const *rules, size_t count)
{
	size_t i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = add_default_rule(rules[i]);
		if (ret < 0)
			pr_err("default policy of namespaces: \"%s\": %d\n",
			       rules[i], ret);
	}
}

/**
 * ima_ns_policy_init - read the default policy of children
 *
 * Context: once, when IMA starts; user space does not run yet.
 */
void __init ima_ns_policy_init(void)
{
	int policy = match_string(default_policies,
				  ARRAY_SIZE(default_policies), default_policy);

	if (policy != POLICY_NONE)
		add_default_rules(exec_rules, ARRAY_SIZE(exec_rules));
	if (policy == POLICY_TCB)
		add_default_rules(tcb_rules, ARRAY_SIZE(tcb_rules));
	ima_update_policy_flags(&default_ns);
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
	ns->policy.about = default_ns.policy.about;
	RCU_INIT_POINTER(ns->policy.index,
			 rcu_access_pointer(default_ns.policy.index));
}
