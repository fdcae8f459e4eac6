// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - A kernel without CONFIG_IMA_NS
 *
 * IMA is there, and nothing of its namespaces.  All other tests fail on such a
 * kernel, this one fails on all others.
 */

#include "list.h"

/* "/proc/PID/ns/ima does not exist without CONFIG_IMA_NS." */
TEST(no_proc_file)
{
	ASSERT_EQ(-ENOENT, ns_inum(0, "ima"));
	ASSERT_LT(0, ns_inum(0, "mnt"));
}

TEST(no_sysctl)
{
	ASSERT_EQ(-1, access("/proc/sys/user/max_ima_namespaces", F_OK));
	ASSERT_EQ(ENOENT, errno);
	ASSERT_EQ(0, access("/proc/sys/user/max_mnt_namespaces", F_OK));
}

TEST(no_ids)
{
	ASSERT_EQ(-ENOENT, own_number("id"));
	ASSERT_EQ(-ENOENT, own_number("parent"));
	ASSERT_LT(0, own_number("runtime_measurements_count"));
}

/* The one list is everybody's, in a new mount namespace too. */
TEST(one_list)
{
	struct agent child;
	struct list host;
	char *text;

	ASSERT_EQ(0, agent_start(&child, NULL, CLONE_NEWNS));
	ASSERT_NE(ns_inum(0, "mnt"), ns_inum(child.pid, "mnt"));
	ASSERT_LT(0, read_path(ASCII_LIST, &host.text));
	ASSERT_TRUE(contains(host.text, " boot_aggregate\n"));
	ASSERT_LT(0, agent_read(&child, ASCII_LIST, &text));
	ASSERT_EQ(0, strncmp(host.text, text, strlen(host.text)));
	ASSERT_EQ(own_number("runtime_measurements_count"),
		  agent_number(&child, "runtime_measurements_count"));
	ASSERT_EQ(0, agent_stop(&child));
}

/* Mount namespaces work as ever. */
TEST(namespaces_work)
{
	struct agent child, visitor;
	int fd;

	ASSERT_EQ(0, agent_start(&child, NULL, CLONE_NEWNS | CLONE_NEWUSER));
	ASSERT_EQ(0, agent_start(&visitor, NULL, 0));
	fd = ns_open(child.pid, "mnt");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_setns(&visitor, fd, CLONE_NEWNS));
	ASSERT_EQ(ns_inum(child.pid, "mnt"), ns_inum(visitor.pid, "mnt"));
	ASSERT_EQ(0, agent_stop(&visitor));
	ASSERT_EQ(0, agent_stop(&child));
}

/* The policy file is the host's, with the host's rules for opening it. */
TEST(policy_file)
{
	struct agent child;
	char *host, *text;

	ASSERT_EQ(0, agent_start(&child, NULL, CLONE_NEWNS));
	ASSERT_LE(0, read_path(POLICY, &host));
	ASSERT_LE(0, agent_read(&child, POLICY, &text));
	ASSERT_STREQ(host, text);
	ASSERT_EQ(0, agent_stop(&child));
}

TEST_HARNESS_MAIN
