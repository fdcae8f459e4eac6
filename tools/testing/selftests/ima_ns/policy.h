/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: who loads a policy, and what comes of it
 */

#include "world.h"

#define RULE_EXEC "measure func=BPRM_CHECK\n"
#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"
#define RULE_BAD "measure func=NO_SUCH_HOOK\n"

#define MAX_RULES 1024

/* How each rule that is read back ends. */
#define END "\x20\n"

/*
 * host[-] ─┬─ a[D] ── child[D]
 *          └─ b[D]
 */
FIXTURE(policy)
{
	struct scratch scratch;
	struct agent a, b, child;
	int a_list;
	/* The policies of host, a, b and child before the test. */
	char *host_text, *a_text, *b_text, *child_text;
	char path[PATH_MAX];
};

FIXTURE_SETUP(policy)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	self->a_list = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	ASSERT_EQ(0, agent_start(&self->b, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->child, &self->a, CLONE_NEWNS));
	ASSERT_LE(0, read_path(POLICY, &self->host_text));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &self->a_text));
	ASSERT_LT(0, agent_read(&self->b, POLICY, &self->b_text));
	ASSERT_LT(0, agent_read(&self->child, POLICY, &self->child_text));
}

FIXTURE_TEARDOWN(policy)
{
	agents_stop(&self->child, &self->b, &self->a);
	scratch_remove(&self->scratch);
}

/* Asserts what an agent reads from its policy file. */
static inline void assert_policy(struct __test_metadata *const _metadata,
				 struct agent *agent, const char *text)
{
	char *now;

	ASSERT_LE(0, agent_read(agent, POLICY, &now));
	ASSERT_STREQ(text, now);
	free(now);
}

/* Asserts that nobody's policy but a's has changed. */
static inline void assert_others_untouched(struct __test_metadata *const _metadata,
					   struct _test_data_policy *self)
{
	char *now;

	ASSERT_LE(0, read_path(POLICY, &now));
	ASSERT_STREQ(self->host_text, now);
	free(now);
	assert_policy(_metadata, &self->b, self->b_text);
	assert_policy(_metadata, &self->child, self->child_text);
}

/* Asserts that a load by @a failed and that nothing came of it. */
static inline void assert_untouched(struct __test_metadata *const _metadata,
				    struct _test_data_policy *self)
{
	assert_policy(_metadata, &self->a, self->a_text);
	assert_others_untouched(_metadata, self);
}

/* Writes the policy to a file of the scratch directory. */
static inline int policy_file(struct _test_data_policy *self, const char *name,
			      const char *rules, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", self->scratch.dir, name);
	return write_path(path, O_CREAT | O_TRUNC, rules, strlen(rules));
}

/* How many entries of the subject its execution adds to a's list. */
static inline int exec_gains(struct _test_data_policy *self)
{
	char unique[33];
	int before;

	unique_text(unique);
	if (agent_append(&self->b, self->path, unique))
		return -EIO;
	before = fd_count_path(self->a_list, self->path);
	if (agent_exec(&self->a, self->path, 0))
		return -ENOEXEC;
	return fd_count_path(self->a_list, self->path) - before;
}

/* The same for its being read. */
static inline int read_gains(struct _test_data_policy *self)
{
	char unique[33];
	int before, fd;

	unique_text(unique);
	if (agent_append(&self->b, self->path, unique))
		return -EIO;
	before = fd_count_path(self->a_list, self->path);
	fd = agent_open(&self->a, self->path, O_RDONLY);
	if (fd < 0)
		return fd;
	close(fd);
	return fd_count_path(self->a_list, self->path) - before;
}

/* Writes the rule @times; each line is padded with blanks to @size. */
static inline char *repeat_rule(const char *rule, int times, int size)
{
	char *const text = malloc((size_t)times * size + 1);
	char *c = text;

	while (times--)
		c += sprintf(c, "%-*s\n", size - 1, rule);
	*c = '\0';
	return text;
}

/* What the record of a policy ends with: its name and the data, in hex. */
static inline void policy_evidence(const void *data, size_t size, char *text)
{
	const unsigned char *byte = data;

	text += sprintf(text, " policy-replaced ");
	while (size--)
		text += sprintf(text, "%02x", *byte++);
}
