// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Who loads policies, and whose ids they have
 */

#include "policy.h"
#include "user.h"

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
static int start_mapped(struct _test_data_policy *self, struct agent *agent)
{
	int err = agent_start(agent, NULL, 0);

	if (err)
		return err;
	agent->call->flags = CLONE_NEWUSER | CLONE_NEWNS;
	return agent_call(agent, do_unshare_only, -1, NULL) ?:
	       map_ids(agent->pid, "0 0 1\n1 100001 9\n") ?:
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

struct could {
	int cap;
	/* Become root of a user namespace of its own. */
	bool below;
};

/* Reads the file as 7, who was 3. */
static long do_read_as(struct call *call, int fd)
{
	const struct could *const could = (struct could *)call->text;
	const pid_t pid = fork();
	int err;

	if (fd >= 0)
		close(fd);
	if (!pid) {
		err = prctl(PR_SET_KEEPCAPS, 1) || setresuid(7, 7, 3) ?
			-errno : keep_cap(could->cap);
		if (!err && could->below && unshare(CLONE_NEWUSER))
			err = -errno;
		if (!err && open(call->path, O_RDONLY | O_CLOEXEC) < 0)
			err = -errno;
		_exit(-err);
	}
	return pid < 0 ? -errno : -reap(pid);
}

static int agent_read_as(struct agent *agent, const char *path, int cap,
			 bool below)
{
	*(struct could *)agent->call->text = (struct could){ cap, below };
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	return agent_call(agent, do_read_as, -1, NULL);
}

/*
 * "euid= also matches by real and saved id if the task has CAP_SETUID over the
 * owner", not over the initial user namespace, and not over one below.
 */
TEST_F(policy, could_become)
{
	struct agent mapped;
	int list;

	ASSERT_EQ(0, start_mapped(self, &mapped));
	ASSERT_EQ(0, agent_load(&mapped,
				"measure func=FILE_CHECK mask=MAY_READ euid=3\n"));
	list = agent_open(&mapped, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, list);
	ASSERT_EQ(0, agent_read_as(&mapped, self->path, -1, false));
	ASSERT_EQ(0, agent_read_as(&mapped, self->path, CAP_SETGID, false));
	ASSERT_EQ(0, agent_read_as(&mapped, self->path, -1, true));
	EXPECT_EQ(0, fd_count_path(list, self->path));
	ASSERT_EQ(0, agent_read_as(&mapped, self->path, CAP_SETUID, false));
	EXPECT_EQ(1, fd_count_path(list, self->path));
	close(list);
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

TEST_HARNESS_MAIN
