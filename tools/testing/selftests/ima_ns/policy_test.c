// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Policies
 */

#include "world.h"
#include "audit.h"

#define RULE_EXEC "measure func=BPRM_CHECK\n"
#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"
#define RULE_BAD "measure func=NO_SUCH_HOOK\n"

#define MAX_RULES 1024

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
	agent_stop(&self->child);
	agent_stop(&self->b);
	agent_stop(&self->a);
	scratch_remove(&self->scratch);
}

/* Asserts what an agent reads from its policy file. */
static void assert_policy(struct __test_metadata *const _metadata,
			  struct agent *agent, const char *text)
{
	char *now;

	ASSERT_LE(0, agent_read(agent, POLICY, &now));
	ASSERT_STREQ(text, now);
	free(now);
}

/* Asserts that nobody's policy but a's has changed. */
static void assert_others_untouched(struct __test_metadata *const _metadata,
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
static void assert_untouched(struct __test_metadata *const _metadata,
			     struct _test_data_policy *self)
{
	assert_policy(_metadata, &self->a, self->a_text);
	assert_others_untouched(_metadata, self);
}

/* Writes the policy to a file of the scratch directory. */
static int policy_file(struct _test_data_policy *self, const char *name,
		       const char *rules, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", self->scratch.dir, name);
	return write_path(path, O_CREAT | O_TRUNC, rules, strlen(rules));
}

/* How many entries of the subject its execution adds to a's list. */
static int exec_gains(struct _test_data_policy *self)
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
static int read_gains(struct _test_data_policy *self)
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

/* Writes the rule @times; each line is padded with blanks to @size. */
static char *repeat_rule(const char *rule, int times, int size)
{
	char *const text = malloc((size_t)times * size + 1);
	char *c = text;

	while (times--)
		c += sprintf(c, "%-*s\n", size - 1, rule);
	*c = '\0';
	return text;
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

/* How each rule that is read back ends. */
#define END "\x20\n"

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

/* What the record of a policy ends with: its name and the data, in hex. */
static void policy_evidence(const void *data, size_t size, char *text)
{
	const unsigned char *byte = data;

	text += sprintf(text, " policy-replaced ");
	while (size--)
		text += sprintf(text, "%02x", *byte++);
}

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

/*
 * "audit rules in a namespace not owned by the initial user namespace need
 * CAP_AUDIT_CONTROL in the initial one: EPERM."
 */
TEST_F(policy, audit_needs_capability)
{
	struct agent rootless;

	ASSERT_EQ(0, agent_start(&rootless, &self->a,
				 CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_EQ(-EPERM, agent_load(&rootless, "audit func=BPRM_CHECK\n"));
	ASSERT_EQ('w', rootless.call->step);
	assert_policy(_metadata, &rootless, self->a_text);
	ASSERT_EQ(0, agent_load(&rootless, "dont_audit func=BPRM_CHECK\n"));
	ASSERT_EQ(0, agent_stop(&rootless));
	ASSERT_EQ(0, agent_load(&self->a, "audit func=BPRM_CHECK\n"));
}

/*
 * "A namespace that demands signed policies takes no text any more, and no
 * file that it has no key for; nor do its children: EACCES."
 */
TEST_F(policy, signed_only)
{
	static const char signed_only[] =
		RULE_EXEC "appraise func=POLICY_CHECK appraise_type=imasig\n";
	char path[PATH_MAX];

	ASSERT_EQ(0, policy_file(self, "good", RULE_READ, path));
	ASSERT_EQ(0, agent_load(&self->a, signed_only));
	ASSERT_EQ(-EACCES, agent_load(&self->a, RULE_READ));
	ASSERT_EQ(-EACCES, agent_load(&self->a, path));
	ASSERT_EQ(-EACCES, agent_load(&self->child, RULE_READ));
	ASSERT_EQ(-EACCES, agent_load(&self->child, path));
	assert_policy(_metadata, &self->child, self->child_text);
	ASSERT_EQ(1, exec_gains(self));
	ASSERT_EQ(0, read_gains(self));
	/* It is nobody else's demand. */
	ASSERT_EQ(0, agent_load(&self->b, RULE_READ));
}

static long do_load_host(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_path(IMA_DIR "/host/policy", 0, call->path,
			  strlen(call->path));
}

/* "Host root who enters a rootless container is not judged by its policy." */
TEST_F(policy, visitor_is_not_judged)
{
	static const char signed_only[] =
		"appraise func=POLICY_CHECK appraise_type=imasig\n";
	struct agent rootless, visitor;
	char path[PATH_MAX];
	int fd;

	ASSERT_EQ(0, policy_file(self, "for-host",
				 "dont_measure fowner=61141\n", path));
	ASSERT_EQ(0, agent_start(&rootless, NULL, CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_EQ(0, agent_load(&rootless, signed_only));
	ASSERT_EQ(-EACCES, agent_load(&rootless, path));
	ASSERT_EQ(0, agent_start(&visitor, NULL, 0));
	fd = ns_open(rootless.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&visitor, fd, CLONE_NEWNS));
	close(fd);
	snprintf(visitor.call->path, PATH_MAX, "%s", path);
	EXPECT_EQ(0, agent_call(&visitor, do_load_host, -1, NULL));
	ASSERT_EQ(0, agent_stop(&visitor));
	ASSERT_EQ(0, agent_stop(&rootless));
}

/* Ids 1 to 9 are 100001 to 100009; 0 stays, so that files are accessible. */
static int map_range(struct agent *agent)
{
	static const char map[] = "0 0 1\n1 100001 9\n";
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", agent->pid);
	err = write_path(path, 0, map, strlen(map));
	snprintf(path, sizeof(path), "/proc/%d/gid_map", agent->pid);
	return err ?: write_path(path, 0, map, strlen(map));
}

static int start_mapped(struct _test_data_policy *self, struct agent *agent)
{
	int err = agent_start(agent, NULL, 0);

	if (err)
		return err;
	agent->call->flags = CLONE_NEWUSER | CLONE_NEWNS;
	return agent_call(agent, do_unshare_only, -1, NULL) ?:
	       map_range(agent) ?:
	       agent_call(agent, do_become_root, -1, NULL);
}

/* "Ids are those of the owner and shown in the reader's user namespace." */
TEST_F(policy, mapped_ids)
{
	static const char as_the_host[] =
		"measure func=BPRM_CHECK uid=100003 gid>100004 fowner<100005 fgroup=0" END;
	static const char rules[] =
		"measure func=BPRM_CHECK uid=3 gid>4 fowner<5 fgroup=0" END;
	struct agent mapped, rootless;
	char *text;
	int fd;

	ASSERT_EQ(0, start_mapped(self, &mapped));
	ASSERT_EQ(-EINVAL, agent_load(&mapped,
				      "measure func=BPRM_CHECK uid=10\n"));
	ASSERT_EQ(0, agent_load(&mapped, rules));
	assert_policy(_metadata, &mapped, rules);

	/* The host's root, joining, sees its own ids. */
	ASSERT_EQ(0, agent_start(&rootless, NULL, 0));
	fd = ns_open(mapped.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&rootless, fd, CLONE_NEWNS));
	close(fd);
	ASSERT_LT(0, agent_read(&rootless, POLICY, &text));
	ASSERT_STREQ(as_the_host, text);
	ASSERT_EQ(0, agent_stop(&rootless));
	ASSERT_EQ(0, agent_stop(&mapped));
}

/*
 * "Who has no id in the owner matches no rule about ids": not even uid<5,
 * though the host's uid 2 has the smaller number.
 */
TEST_F(policy, ids_compared_in_owner)
{
	struct agent mapped, visitor;
	int list, before, fd;

	ASSERT_EQ(0, start_mapped(self, &mapped));
	ASSERT_EQ(0, agent_load(&mapped,
				"measure func=BPRM_CHECK uid<5 ns=self\n"));
	list = agent_open(&mapped, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, list);
	before = fd_count(list);
	ASSERT_EQ(0, agent_start(&visitor, NULL, 0));
	fd = ns_open(mapped.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&visitor, fd, CLONE_NEWNS));
	close(fd);
	ASSERT_EQ(0, agent_exec(&visitor, self->path, 2));
	ASSERT_EQ(before, fd_count(list));
	ASSERT_EQ(0, agent_exec(&mapped, self->path, 7));
	ASSERT_EQ(before, fd_count(list));
	ASSERT_EQ(0, agent_exec(&mapped, self->path, 4));
	ASSERT_EQ(before + 1, fd_count(list));
	ASSERT_EQ(0, agent_stop(&visitor));
	ASSERT_EQ(0, agent_stop(&mapped));
}

/* "uid and gid parsed in the owner, unmapped ones EINVAL." */
TEST_F(policy, unmapped_ids)
{
	static const char *const rules[] = {
		"measure func=BPRM_CHECK uid=1000\n",
		"measure func=BPRM_CHECK euid=1000\n",
		"measure func=BPRM_CHECK gid=1000\n",
		"measure func=BPRM_CHECK fowner=1000\n",
	};
	struct agent rootless;
	size_t i;

	ASSERT_EQ(0, agent_start(&rootless, &self->a,
				 CLONE_NEWUSER | CLONE_NEWNS));
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		ASSERT_EQ(-EINVAL, agent_load(&rootless, rules[i]))
		{
			TH_LOG("Rule %zu", i);
		}
	}
	assert_policy(_metadata, &rootless, self->a_text);
	ASSERT_EQ(0, agent_load(&rootless,
				"measure func=BPRM_CHECK uid=0\n"));
	ASSERT_EQ(0, agent_stop(&rootless));
	assert_untouched(_metadata, self);
}

static long do_keep_cap(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return keep_cap(call->flags);
}

static int drop_caps_but(struct agent *agent, int cap)
{
	agent->call->flags = cap;
	return agent_call(agent, do_keep_cap, -1, NULL);
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

/* "The opener needs CAP_SYS_ADMIN or CAP_MAC_ADMIN over the owner: EPERM." */
TEST_F(policy, capabilities)
{
	static const struct {
		int cap;
		int err;
	} rows[] = {
		{ CAP_SYS_ADMIN, 0 },
		{ CAP_MAC_ADMIN, 0 },
		{ CAP_DAC_OVERRIDE, -EPERM },
		{ -1, -EPERM },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct agent actor;
		int fd;

		ASSERT_EQ(0, agent_start(&actor, &self->a, 0));
		ASSERT_EQ(0, drop_caps_but(&actor, rows[i].cap));
		ASSERT_EQ(rows[i].err, agent_load(&actor, RULE_EXEC))
		{
			TH_LOG("capability %d", rows[i].cap);
		}
		fd = agent_open(&actor, POLICY, O_RDONLY);
		ASSERT_EQ(rows[i].err, fd < 0 ? fd : close(fd));
		ASSERT_EQ(0, agent_stop(&actor));
	}
}

/* Root of a mere user namespace is not privileged over the owner. */
TEST_F(policy, foreign_root)
{
	struct agent actor;

	ASSERT_EQ(0, agent_start(&actor, &self->a, CLONE_NEWUSER));
	ASSERT_EQ(-EPERM, agent_load(&actor, RULE_EXEC));
	ASSERT_EQ('o', actor.call->step);
	ASSERT_EQ(-EPERM, agent_open(&actor, POLICY, O_RDONLY));
	assert_untouched(_metadata, self);
	ASSERT_EQ(0, agent_stop(&actor));
}

/* "Rules, or an absolute path", whose file the default policy records. */
TEST_F(policy, by_path)
{
	char path[PATH_MAX], record[512], *text;

	ASSERT_EQ(0, policy_file(self, "good", RULE_READ RULE_EXEC, path));
	ASSERT_EQ(0, agent_load(&self->a, path));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(2, count_lines(text));
	/* And then the rules in it. */
	ASSERT_EQ(1, fd_count_path(self->a_list, path));
	policy_evidence(RULE_READ RULE_EXEC, strlen(RULE_READ RULE_EXEC),
			record);
	assert_gain(_metadata, "a", self->a_list, 2, 1, record);
	ASSERT_EQ(1, exec_gains(self));
	ASSERT_EQ(1, read_gains(self));
	assert_others_untouched(_metadata, self);
}

/* Files whose last line ends with a page, not with a newline, are no trap. */
TEST_F(policy, by_path_fills_page)
{
	static const char rules[] = RULE_READ RULE_EXEC;
	char path[PATH_MAX], text[4096 + 1], *now;

	memset(text, '#', sizeof(text) - 1);
	memcpy(text, rules, strlen(rules));
	text[sizeof(text) - 1] = '\0';
	ASSERT_EQ(0, policy_file(self, "page", text, path));
	ASSERT_EQ(0, agent_load(&self->a, path));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &now));
	ASSERT_EQ(2, count_lines(now));
}

/* Lays a directory of one's own over another one, with a file in it. */
static long do_cover(struct call *call, int fd)
{
	char dir[PATH_MAX];

	if (fd >= 0)
		close(fd);
	snprintf(dir, sizeof(dir), "%s", call->path);
	*strrchr(dir, '/') = '\0';
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, NULL))
		return -errno;
	return write_path(call->path, O_CREAT, call->text, strlen(call->text));
}

/* "A path is looked up in the writer's root at the time of the write()." */
TEST_F(policy, by_path_of_the_writer)
{
	char path[PATH_MAX], *text;
	int fd;

	ASSERT_EQ(0, policy_file(self, "rules", RULE_READ, path));
	snprintf(self->a.call->path, PATH_MAX, "%s", path);
	snprintf(self->a.call->text, TEXT_SIZE, RULE_EXEC);
	ASSERT_EQ(0, agent_call(&self->a, do_cover, -1, NULL));
	/* By the test, with a descriptor of a's; it is not needed any more. */
	fd = agent_open(&self->a, POLICY, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_rules(fd, path));
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, close(fd));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	EXPECT_EQ(1, count_lines(text));
	EXPECT_TRUE(contains(text, "func=FILE_CHECK"));
	free(text);
	/* By itself. */
	ASSERT_EQ(0, agent_load(&self->a, path));
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	EXPECT_EQ(2, count_lines(text));
	EXPECT_TRUE(contains(text, "func=BPRM_CHECK"));
	free(text);
}

TEST_F(policy, by_path_refused)
{
	static const char rule[] = "measure func=BPRM_CHECK uid=1000";
	char path[PATH_MAX];

	ASSERT_EQ(-ENOENT, agent_load(&self->a, "/nonexistent/policy"));
	ASSERT_EQ(0, policy_file(self, "bad", RULE_READ RULE_BAD, path));
	ASSERT_EQ(-EINVAL, agent_load(&self->a, path));
	ASSERT_EQ(0, policy_file(self, "empty", "", path));
	ASSERT_GT(0, agent_load(&self->a, path));
	ASSERT_EQ(0, policy_file(self, "many",
				 repeat_rule(rule, MAX_RULES + 1,
					     strlen(rule) + 1), path));
	ASSERT_EQ(-EDQUOT, agent_load(&self->a, path));
	assert_untouched(_metadata, self);
}

/* What is empty is kept for the record, too, and has the same limit. */
TEST_F(policy, nothing_but_newlines)
{
	static char newlines[65536];
	char path[PATH_MAX], paths[2 * PATH_MAX + 2];

	memset(newlines, '\n', sizeof(newlines) - 1);
	ASSERT_EQ(0, policy_file(self, "newlines", newlines, path));
	snprintf(paths, sizeof(paths), "%s\n%s\n", path, path);
	ASSERT_EQ(-EDQUOT, agent_load(&self->a, paths));
	ASSERT_EQ('w', self->a.call->step);
	ASSERT_EQ(-EINVAL, agent_load(&self->a, path));
	ASSERT_EQ('c', self->a.call->step);
	assert_untouched(_metadata, self);
}

/*
 * "Files refer to the opener's IMA namespace, pinned at open": who else writes
 * to the descriptor does not matter.
 */
TEST_F(policy, passed_descriptor)
{
	int fd = agent_open(&self->a, POLICY, O_WRONLY);

	/* The test, in the initial namespace, writes and closes. */
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_rules(fd, RULE_READ));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, exec_gains(self));
	ASSERT_EQ(1, read_gains(self));
	assert_others_untouched(_metadata, self);
}

static long do_open_unshare_write(struct call *call, int fd)
{
	int err;

	if (fd >= 0)
		close(fd);
	fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || unshare(CLONE_NEWNS))
		return -errno;
	err = write_rules(fd, call->text);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* The same across unshare(): the old namespace is meant. */
TEST_F(policy, inherited_descriptor)
{
	struct agent mover;

	ASSERT_EQ(0, agent_start(&mover, &self->a, 0));
	snprintf(mover.call->text, TEXT_SIZE, "%s", RULE_READ);
	ASSERT_EQ(0, agent_call(&mover, do_open_unshare_write, -1, NULL));
	ASSERT_NE(ns_inum(self->a.pid, "ima"), ns_inum(mover.pid, "ima"));
	assert_policy(_metadata, &mover, self->a_text);
	ASSERT_EQ(0, exec_gains(self));
	ASSERT_EQ(1, read_gains(self));
	assert_others_untouched(_metadata, self);
	ASSERT_EQ(0, agent_stop(&mover));
}

/* Runs a shell command in the agent; its stderr goes to a file. */
static long do_shell(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid) {
		dup2(fd, STDERR_FILENO);
		execl(call->path, call->path, "-c", call->text, NULL);
		_exit(127);
	}
	close(fd);
	return pid < 0 ? -errno : reap(pid);
}

static int shell(struct agent *agent, const char *which, const char *command,
		 char *errors, size_t size)
{
	const int fd = memfd_create("stderr", MFD_CLOEXEC);
	int ret;
	ssize_t n;

	snprintf(agent->call->path, PATH_MAX, "%s", which);
	snprintf(agent->call->text, TEXT_SIZE, "%s", command);
	ret = agent_call(agent, do_shell, fd, NULL);
	n = pread(fd, errors, size - 1, 0);
	errors[n > 0 ? n : 0] = '\0';
	close(fd);
	return ret;
}

/*
 * "A bad line refuses the whole with EINVAL, which the shell's
 * `echo ... > policy` and `cat f > policy` report."
 */
TEST_F(policy, shell_reports)
{
	char command[3 * PATH_MAX], errors[1024], path[PATH_MAX];
	static const char invalid[] = "Invalid argument";

	snprintf(command, sizeof(command), "echo measure func=BAD > %s",
		 POLICY);
	ASSERT_LT(0, shell(&self->a, "/bin/bash", command, errors,
			   sizeof(errors)));
	ASSERT_TRUE(contains(errors, invalid));
	/* dash calls every failed write an I/O error. */
	ASSERT_LT(0, shell(&self->a, "/bin/sh", command, errors,
			   sizeof(errors)));
	ASSERT_NE('\0', errors[0]);

	ASSERT_EQ(0, policy_file(self, "bad", RULE_BAD, path));
	snprintf(command, sizeof(command), "cat %s > %s", path, POLICY);
	ASSERT_EQ(1, shell(&self->a, "/bin/sh", command, errors,
			   sizeof(errors)));
	ASSERT_TRUE(contains(errors, invalid));

	snprintf(command, sizeof(command),
		 "{ echo measure func=FILE_CHECK; cat %s; } > %s", path, POLICY);
	ASSERT_EQ(1, shell(&self->a, "/bin/sh", command, errors,
			   sizeof(errors)));
	ASSERT_TRUE(contains(errors, invalid));
	assert_untouched(_metadata, self);
}

/* And what is good is loaded, by the same commands. */
TEST_F(policy, shell_loads)
{
	char command[3 * PATH_MAX], errors[1024], path[PATH_MAX], *text;

	ASSERT_EQ(0, policy_file(self, "good", RULE_READ RULE_EXEC, path));
	snprintf(command, sizeof(command),
		 "echo 'dont_measure fsmagic=0x9fa0' > %s && cat %s > %s",
		 POLICY, path, POLICY);
	ASSERT_EQ(0, shell(&self->a, "/bin/sh", command, errors,
			   sizeof(errors)));
	ASSERT_STREQ("", errors);
	ASSERT_LT(0, agent_read(&self->a, POLICY, &text));
	ASSERT_EQ(3, count_lines(text));
	assert_others_untouched(_metadata, self);
}

TEST_HARNESS_MAIN
