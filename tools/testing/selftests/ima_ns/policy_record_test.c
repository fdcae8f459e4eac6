// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What is recorded of policies
 */

#include "policy.h"
#include "audit.h"

/*
 * "The text of a policy is a record in the namespace's list before it is in
 * force, its hash in those of the ancestors that ask for label=ima_ns."
 */
TEST_F(policy, recorded)
{
	static const char rules[] = "# own\n" RULE_READ;
	char evidence[512], hex[65];
	int list, host_list, before, host_before;

	list = agent_open(&self->child, ASCII_LIST, O_RDONLY);
	host_list = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, list);
	ASSERT_LE(0, host_list);
	before = fd_count(self->a_list);
	host_before = fd_count(host_list);
	ASSERT_EQ(0, agent_load(&self->child, rules));

	policy_evidence(rules, strlen(rules), evidence);
	assert_gain(_metadata, "child", list, 0, 1, evidence);
	sha256_hex(rules, strlen(rules), hex);
	snprintf(evidence, sizeof(evidence), " policy-replaced %s", hex);
	assert_gain(_metadata, "a", self->a_list, before, 1, evidence);
	/* No rule of the host names the label. */
	ASSERT_EQ(host_before, fd_count(host_list));
}

/* "Under the old or the new policy, whichever says so", and else under none. */
TEST_F(policy, recorded_by_old_or_new)
{
	static const char label[] =
		"measure func=CRITICAL_DATA label=ima_ns\n";
	static const char any[] = "measure func=CRITICAL_DATA\n";
	char evidence[512];

	/* The default policy names the label, this one does not: */
	ASSERT_EQ(0, agent_load(&self->a, RULE_READ));
	policy_evidence(RULE_READ, strlen(RULE_READ), evidence);
	assert_gain(_metadata, "a", self->a_list, 0, 1, evidence);
	/* A rule without a label does not cover this one. */
	ASSERT_EQ(0, agent_load(&self->a, any));
	ASSERT_EQ(2, fd_count(self->a_list));
	ASSERT_EQ(0, agent_load(&self->a, label));
	policy_evidence(label, strlen(label), evidence);
	assert_gain(_metadata, "a", self->a_list, 2, 1, evidence);
	ASSERT_EQ(0, agent_load(&self->a, RULE_EXEC));
	policy_evidence(RULE_EXEC, strlen(RULE_EXEC), evidence);
	assert_gain(_metadata, "a", self->a_list, 3, 1, evidence);
}

/* A policy that is refused leaves no record. */
TEST_F(policy, refused_not_recorded)
{
	ASSERT_EQ(-EINVAL, agent_load(&self->a, RULE_EXEC RULE_BAD));
	ASSERT_EQ(0, fd_count(self->a_list));
}

static int note_policy_record(void *data, int type, const char *text)
{
	int *const records = data;

	*records += type == AUDIT_INTEGRITY_POLICY_RULE ||
		    type == AUDIT_INTEGRITY_STATUS;
	return 0;
}

/* Lines about IMA that the kernel's log got since the last time. */
static int kmsg_lines(int kmsg)
{
	char line[1024];
	int count = 0;
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		count += contains(line, ";ima: ");
	}
	return count;
}

/* "Rules of children are not audited when they are parsed", nor told to the log. */
TEST_F(policy, quiet)
{
	const int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const int audit = open_audit();
	struct agent host;
	int records = 0;

	ASSERT_LE(0, audit);
	ASSERT_LE(0, kmsg);
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
	ASSERT_EQ(-EINVAL, agent_load(&self->a, RULE_BAD));
	ASSERT_EQ(-EINVAL, agent_load(&self->a, "appraise func=BPRM_CHECK appraise_algos=none\n"));
	ASSERT_EQ(-EINVAL, agent_load(&self->a, ""));
	ASSERT_EQ(0, agent_load(&self->a, RULE_READ));
	ASSERT_EQ(0, agent_load(&self->a, RULE_EXEC));
	ASSERT_EQ(0, audit_read(audit, note_policy_record, &records));
	EXPECT_EQ(0, records);
	EXPECT_EQ(0, kmsg_lines(kmsg));
	/* Those of the host are. */
	ASSERT_EQ(0, agent_start(&host, NULL, 0));
	ASSERT_EQ(0, agent_load(&host, "dont_measure fowner=61142\n"));
	ASSERT_EQ(0, audit_read(audit, note_policy_record, &records));
	EXPECT_LE(1, records);
	EXPECT_LE(1, kmsg_lines(kmsg));
	ASSERT_EQ(0, agent_stop(&host));
	close(kmsg);
	close(audit);
}

TEST_HARNESS_MAIN
