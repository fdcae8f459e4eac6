// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Policies: how they are loaded, and their scopes
 */

#include "policy.h"

/* The default policy, as the documentation lists it. */
TEST_F(policy, default_text)
{
	static const char *const measured[] = {
		"func=BPRM_CHECK", "func=MMAP_CHECK", "func=MODULE_CHECK",
		"func=FIRMWARE_CHECK", "func=KEXEC_KERNEL_CHECK",
		"func=KEXEC_INITRAMFS_CHECK", "func=POLICY_CHECK",
	};
	/* proc, sysfs, securityfs, devpts, cgroup2, nsfs */
	static const char *const excluded[] = {
		"fsmagic=0x9fa0", "fsmagic=0x62656572", "fsmagic=0x73636673",
		"fsmagic=0x1cd1", "fsmagic=0x63677270", "fsmagic=0x6e736673",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(measured); i++)
		ASSERT_TRUE(contains(self->a_text, measured[i]));
	for (i = 0; i < ARRAY_SIZE(excluded); i++)
		ASSERT_TRUE(contains(self->a_text, excluded[i]));
	/* tmpfs is not excluded. */
	ASSERT_FALSE(contains(self->a_text, "fsmagic=0x1021994"));
	ASSERT_STREQ(self->a_text, self->b_text);
	ASSERT_STREQ(self->a_text, self->child_text);
	ASSERT_EQ(1, exec_gains(self));
	ASSERT_EQ(0, read_gains(self));
}

/* "The first load replaces the default policy, later ones append." */
TEST_F(policy, replace_then_append)
{
	char *text;

	ASSERT_EQ(0, agent_load(&self->a, RULE_READ));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(1, count_lines(text));
	ASSERT_TRUE(contains(text, "func=FILE_CHECK"));
	ASSERT_EQ(0, exec_gains(self));
	ASSERT_EQ(1, read_gains(self));

	ASSERT_EQ(0, agent_load(&self->a, RULE_EXEC));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(2, count_lines(text));
	ASSERT_TRUE(contains(text, "func=FILE_CHECK"));
	ASSERT_TRUE(contains(text, "func=BPRM_CHECK"));
	ASSERT_EQ(1, exec_gains(self));
	ASSERT_EQ(1, read_gains(self));
	assert_others_untouched(_metadata, self);
}

/* "The namespace is active from birth": a child gets the default policy. */
TEST_F(policy, not_inherited)
{
	struct agent later;

	ASSERT_EQ(0, agent_load(&self->a, RULE_READ));
	ASSERT_EQ(0, agent_start(&later, &self->a, CLONE_NEWNS));
	assert_policy(_metadata, &later, self->a_text);
	ASSERT_EQ(0, agent_stop(&later));
}

/* Several rules, comments and empty lines in one load. */
TEST_F(policy, many_rules)
{
	char *text;

	ASSERT_EQ(0, agent_load(&self->a, "# a comment\n\n" RULE_EXEC
				"dont_measure fsmagic=0x9fa0\n" RULE_READ));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(3, count_lines(text));
	ASSERT_EQ(1, exec_gains(self));
	ASSERT_EQ(1, read_gains(self));
}

/* A last rule needs no newline. */
TEST_F(policy, no_newline)
{
	ASSERT_EQ(0, agent_load(&self->a, "measure func=BPRM_CHECK"));
	ASSERT_EQ(1, exec_gains(self));
}

/*
 * "One writer at a time per namespace: a second open for write is EBUSY", and
 * nobody else's business.
 */
TEST_F(policy, one_writer)
{
	struct agent second;
	int fd, other;

	ASSERT_EQ(0, agent_start(&second, &self->a, 0));
	fd = agent_open(&self->a, POLICY, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(-EBUSY, agent_open(&self->a, POLICY, O_WRONLY));
	ASSERT_EQ(-EBUSY, agent_open(&second, POLICY, O_WRONLY));
	ASSERT_EQ(-EBUSY, agent_open(&second, POLICY, O_WRONLY | O_TRUNC));

	/* Readers, other namespaces and the host are free. */
	assert_untouched(_metadata, self);
	ASSERT_EQ(0, agent_load(&self->b, RULE_READ));
	ASSERT_EQ(0, agent_load(&self->child, RULE_READ));
	other = open(POLICY, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, other);
	(void)close(other);

	ASSERT_EQ(0, write_rules(fd, RULE_READ));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, agent_load(&second, RULE_EXEC));
	ASSERT_EQ(0, agent_stop(&second));
}

/* Nothing is in force before the file is closed. */
TEST_F(policy, published_at_close)
{
	const int fd = agent_open(&self->a, POLICY, O_WRONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_rules(fd, RULE_READ));
	ASSERT_EQ(1, exec_gains(self));
	assert_untouched(_metadata, self);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, exec_gains(self));
}

/*
 * "A bad line: write() fails EINVAL, nothing of that open is published,
 * close() fails EINVAL too."
 */
TEST_F(policy, bad_line)
{
	int fd = agent_open(&self->a, POLICY, O_WRONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_rules(fd, RULE_READ));
	ASSERT_EQ(-EINVAL, write_rules(fd, RULE_BAD));
	/* Too late for good rules. */
	(void)write_rules(fd, RULE_READ);
	ASSERT_EQ(-1, close(fd));
	ASSERT_EQ(EINVAL, errno);
	assert_untouched(_metadata, self);
	ASSERT_EQ(1, exec_gains(self));
	ASSERT_EQ(0, read_gains(self));

	/* The old policy stays after a second, and a first, load too. */
	ASSERT_EQ(0, agent_load(&self->a, RULE_READ));
	ASSERT_EQ(-EINVAL, agent_load(&self->a, RULE_EXEC RULE_BAD));
	ASSERT_EQ('w', self->a.call->step);
	ASSERT_EQ(0, exec_gains(self));
	ASSERT_EQ(1, read_gains(self));
	assert_others_untouched(_metadata, self);
}

/* A refused load does not count as the first one. */
TEST_F(policy, bad_then_good)
{
	char *text;

	ASSERT_EQ(-EINVAL, agent_load(&self->a, RULE_BAD));
	ASSERT_EQ(0, agent_load(&self->a, RULE_READ));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(1, count_lines(text));
}

/* "An empty policy (no rule): close() fails EINVAL." */
TEST_F(policy, empty)
{
	static const char *const nothing[] = { "", "\n", "# a comment\n" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nothing); i++) {
		ASSERT_EQ(-EINVAL, agent_load(&self->a, nothing[i]));
		ASSERT_EQ('c', self->a.call->step);
	}
	assert_untouched(_metadata, self);
	ASSERT_EQ(0, agent_load(&self->a, RULE_READ));
}

/* "More than 1024 rules or 64 KiB of text: EDQUOT." */
TEST_F(policy, too_many_rules)
{
	static const char rule[] = "measure func=BPRM_CHECK uid=1000";
	const int size = strlen(rule) + 1;
	char *text;

	ASSERT_EQ(-EDQUOT, agent_load(&self->a, repeat_rule(rule, MAX_RULES + 1,
							    size)));
	assert_untouched(_metadata, self);
	ASSERT_EQ(0, agent_load(&self->a, repeat_rule(rule, MAX_RULES, size)));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(MAX_RULES, count_lines(text));
}

/* The limits hold for the namespace, however many loads it takes. */
TEST_F(policy, too_many_appended)
{
	static const char rule[] = "measure func=BPRM_CHECK uid=1000";
	const int size = strlen(rule) + 1;
	char *text;

	ASSERT_EQ(0, agent_load(&self->a, repeat_rule(rule, MAX_RULES, size)));
	ASSERT_EQ(-EDQUOT, agent_load(&self->a, RULE_EXEC));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(MAX_RULES, count_lines(text));
	assert_others_untouched(_metadata, self);
}

TEST_F(policy, too_much_text)
{
	static const char rule[] = "measure func=BPRM_CHECK uid=1000";

	ASSERT_EQ(-EDQUOT, agent_load(&self->a, repeat_rule(rule, 17, 4000)));
	assert_untouched(_metadata, self);
	ASSERT_EQ(0, agent_load(&self->a, repeat_rule(rule, 16, 4000)));
	ASSERT_EQ(-EDQUOT, agent_load(&self->a, repeat_rule(rule, 1, 4000)));
}

/* One rule a call to read(), so that others can come between. */
static long do_count_rules(struct call *call, int fd)
{
	char line[128];
	int count = 0;
	ssize_t n;

	if (fd >= 0)
		close(fd);
	fd = open(POLICY, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, line, sizeof(line))) > 0) {
		while (n--)
			count += line[n] == '\n';
	}
	close(fd);
	return n < 0 ? -errno : count;
}

static __noreturn void load_forever(int ready)
{
	static const char rules[] =
		RULE_EXEC RULE_EXEC RULE_EXEC RULE_EXEC RULE_EXEC
		RULE_EXEC RULE_EXEC RULE_EXEC RULE_EXEC RULE_EXEC;
	int fd;

	do {
		fd = open(POLICY, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write_rules(fd, rules))
			break;
		(void)!write(ready, "", 1);
	} while (!close(fd));
	_exit(0);
}

static long do_load_forever(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid)
		load_forever(fd);
	close(fd);
	return pid;
}

static long do_reap(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return reap(call->flags);
}

/* "A policy is published as a whole: no reader sees half of it." */
TEST_F(policy, readers_see_whole)
{
	const int born = count_lines(self->a_text);
	long count = 0;
	int ready[2];
	char byte;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	self->a.call->flags = agent_call(&self->a, do_load_forever, ready[1],
					 NULL);
	close(ready[1]);
	ASSERT_LT(0, self->a.call->flags);
	/* One look at least for each load, until the limit ends them. */
	while (read(ready[0], &byte, 1) == 1) {
		count = agent_call(&self->a, do_count_rules, -1, NULL);
		ASSERT_LT(0, count);
		ASSERT_TRUE(count == born || !(count % 10))
		{
			TH_LOG("%ld rules", count);
		}
	}
	ASSERT_EQ(0, agent_call(&self->a, do_reap, -1, NULL));
	ASSERT_EQ(MAX_RULES / 10 * 10,
		  agent_call(&self->a, do_count_rules, -1, NULL));
}

/* A rule that does not fit into one write() is not loaded in part. */
TEST_F(policy, long_line)
{
	char *const text = repeat_rule("measure func=BPRM_CHECK", 1, 5000);

	ASSERT_EQ(-EINVAL, agent_load(&self->a, text));
	memcpy(text + 4500, "uid=1000", strlen("uid=1000"));
	ASSERT_EQ(-EINVAL, agent_load(&self->a, text));
	assert_untouched(_metadata, self);
}

/* "ns=self, ns=children or ns=all, shown back where it was given." */
TEST_F(policy, scopes_shown)
{
	static const char rules[] =
		"measure func=BPRM_CHECK ns=self" END
		"dont_measure func=MMAP_CHECK ns=children" END
		"audit func=FILE_CHECK ns=all" END
		"dont_audit func=MODULE_CHECK" END
		"measure func=CRITICAL_DATA label=ima_ns ns=self" END;

	ASSERT_EQ(0, agent_load(&self->a, rules));
	assert_policy(_metadata, &self->a, rules);
	assert_others_untouched(_metadata, self);
}

TEST_F(policy, bad_scopes)
{
	static const char *const rules[] = {
		"measure func=BPRM_CHECK ns=\n",
		"measure func=BPRM_CHECK ns=both\n",
		"measure func=BPRM_CHECK ns=selfish\n",
		"measure func=BPRM_CHECK ns=self ns=self\n",
		"measure func=BPRM_CHECK ns\n",
		"appraise func=POLICY_CHECK appraise_type=imasig ns=all\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		ASSERT_EQ(-EINVAL, agent_load(&self->a, rules[i]))
		{
			TH_LOG("Rule %zu", i);
		}
	assert_untouched(_metadata, self);
}

/*
 * "ns= on appraise rules of what acts on the one kernel is EINVAL", also for
 * the host, whose policy stays as it is.
 */
TEST_F(policy, bad_scopes_host)
{
	static const char *const hooks[] = {
		"MODULE_CHECK", "FIRMWARE_CHECK", "KEXEC_KERNEL_CHECK",
		"KEXEC_INITRAMFS_CHECK", "POLICY_CHECK",
	};
	struct agent host;
	char rule[128];
	size_t i;

	ASSERT_EQ(0, agent_start(&host, NULL, 0));
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		snprintf(rule, sizeof(rule), "appraise func=%s ns=self\n",
			 hooks[i]);
		ASSERT_EQ(-EINVAL, agent_load(&host, rule));
		snprintf(rule, sizeof(rule),
			 "dont_appraise func=%s ns=children\n", hooks[i]);
		ASSERT_EQ(-EINVAL, agent_load(&host, rule));
	}
	ASSERT_EQ(0, agent_stop(&host));
	assert_untouched(_metadata, self);
}

TEST_HARNESS_MAIN
