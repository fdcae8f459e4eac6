// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Appraisal: what the host enforces
 *
 * And what it leaves to containers, and who is a container's to judge.
 */

#include <linux/nsfs.h>

#include "verdict.h"

/* "A host that enforces appraisal enforces it in every child." */
TEST_F(verdict, host_enforces)
{
	struct agent *const all[] = { &self->host, &self->a, &self->below,
				      &self->b, &self->rootless };
	char path[PATH_MAX], self_only[PATH_MAX];
	size_t i;

	ASSERT_EQ(0, program(self, FILES_HOST, NULL, path));
	ASSERT_EQ(0, program(self, FILES_SELF, NULL, self_only));
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		EXPECT_EQ(EACCES, agent_exec(all[i], path, 0));
		EXPECT_EQ(-EACCES, agent_map(all[i], path, false));
		EXPECT_EQ(-EACCES, agent_opens(all[i], path, O_RDONLY));
		/* "Whoever merely unshares stays bound." */
		EXPECT_EQ(EACCES, agent_exec(all[i], self_only, 0));
	}
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 61710));
	EXPECT_EQ(EACCES, agent_exec(&self->a, self_only, 61710));
}

static long do_delegate(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return ns_write(call->flags, "appraise", "delegate\n", 9);
}

static int agent_delegate(struct agent *agent, long id)
{
	agent->call->flags = id;
	return agent_call(agent, do_delegate, -1, NULL);
}

/* What ima/appraise says of a namespace. */
static bool appraise_says(long id, const char *word)
{
	char path[PATH_MAX], *text;
	bool same;

	ns_file(path, id, "appraise");
	same = read_path(path, &text) > 0 && !strcmp(text, word);
	free(text);
	return same;
}

/*
 * "An admitted container runs by its own keys, and its nested containers by its
 * policy"; "ns=self delegates to those alone that a privileged ancestor
 * admitted".
 */
TEST_F_TIMEOUT(verdict, delegated, 360)
{
	char by_a[PATH_MAX], by_nobody[PATH_MAX], always[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, agent_load(&self->a,
				"appraise func=BPRM_CHECK fowner=61702 appraise_type=imasig\n"));
	ASSERT_EQ(0, program(self, FILES_SELF, "a", by_a));
	ASSERT_EQ(0, program(self, FILES_SELF, NULL, by_nobody));
	ASSERT_EQ(0, program(self, FILES_HOST, "a", always));
	EXPECT_EQ(EACCES, agent_exec(&self->a, by_a, 0));
	EXPECT_TRUE(appraise_says(self->id_a, "bound\n"));
	/* Not by itself, not by others, and not from between. */
	EXPECT_EQ(-EPERM, agent_open(&self->a, IMA_DIR "/appraise", O_WRONLY));
	EXPECT_EQ(-ENOENT, agent_delegate(&self->b, self->id_a));
	EXPECT_EQ(0, agent_delegate(&self->a, self->id_below));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_a, 0));
	EXPECT_EQ(-EINVAL, ns_write(self->id_a, "appraise", "delegated", 9));

	ASSERT_EQ(0, agent_delegate(&self->host, self->id_a));
	EXPECT_TRUE(appraise_says(self->id_a, "delegated\n"));
	EXPECT_TRUE(appraise_says(self->id_b, "bound\n"));
	EXPECT_EQ(0, agent_exec(&self->a, by_a, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, by_nobody, 0));
	EXPECT_EQ(0, agent_exec(&self->below, by_a, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_nobody, 0));
	/* It is about rules with ns=self, and about this one namespace. */
	EXPECT_EQ(EACCES, agent_exec(&self->a, always, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->b, by_a, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->host, by_a, 0));
}

/* How one gets into the host's mount namespace. */
enum way { BY_PROC, BY_PIDFD, BY_ITERATION, WAYS };

/* From mount namespace to mount namespace, as their ids go, back to the host's. */
static int iterate_to(long inum)
{
	int fd = ns_open(getpid(), "mnt"), before;

	while (fd >= 0 && fd_inum(fd) != inum) {
		before = ioctl(fd, NS_MNT_GET_PREV, NULL);
		close(fd);
		fd = before < 0 ? -errno : before;
	}
	return fd;
}

static long do_escape(struct call *call, int fd)
{
	const pid_t host = call->uid;

	if (fd >= 0)
		close(fd);
	if (call->flags == BY_PROC)
		fd = ns_open(host, "mnt");
	else if (call->flags == BY_PIDFD)
		fd = syscall(__NR_pidfd_open, host, 0);
	else
		fd = iterate_to(ns_inum(host, "mnt"));
	if (fd < 0)
		return fd;
	return setns(fd, CLONE_NEWNS) || close(fd) ? -errno : 0;
}

/* "A task that enters the host's mount namespace is under the host's policy." */
TEST_F(verdict, escaping)
{
	struct agent escapee;
	char path[PATH_MAX];
	enum way way;

	ASSERT_EQ(0, program(self, FILES_SELF, NULL, path));
	ASSERT_EQ(0, agent_delegate(&self->host, self->id_a));
	for (way = 0; way < WAYS; way++) {
		ASSERT_EQ(0, agent_start(&escapee, &self->a, 0));
		EXPECT_EQ(0, agent_exec(&escapee, path, 0));
		escapee.call->flags = way;
		escapee.call->uid = self->host.pid;
		ASSERT_EQ(0, agent_call(&escapee, do_escape, -1, NULL))
		{
			TH_LOG("Way %d", way);
		}
		EXPECT_EQ(INIT_INUM, ns_inum(escapee.pid, "ima"));
		EXPECT_EQ(EACCES, agent_exec(&escapee, path, 0));
		ASSERT_EQ(0, agent_stop(&escapee));
	}
}

/* Delegation is recorded, below and above. */
TEST_F(verdict, delegation_is_recorded)
{
	const int host = fd_count(self->list_host);

	ASSERT_EQ(0, agent_delegate(&self->host, self->id_a));
	assert_gain(_metadata, "a", self->list_a, 0, 1, " appraise-delegated ");
	assert_gain(_metadata, "host", self->list_host, host, 1,
		    " appraise-delegated ");
	ASSERT_EQ(0, agent_delegate(&self->host, self->id_a));
	assert_gain(_metadata, "host", self->list_host, host + 1, 0, NULL);
}

/* A module's file is unsigned: "modules are never delegated". */
static long do_load_module(struct call *call, int fd)
{
	char *module;
	ssize_t size;
	long err = 0;

	if (fd >= 0)
		close(fd);
	if (call->flags) {
		size = read_path(call->path, &module);
		if (size < 0)
			return size;
		if (syscall(__NR_init_module, module, size, ""))
			err = -errno;
		free(module);
		return err;
	}
	fd = open(call->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(__NR_finit_module, fd, "", 0))
		err = -errno;
	close(fd);
	return err;
}

static int agent_load_module(struct agent *agent, const char *path, bool memory)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = memory;
	return agent_call(agent, do_load_module, -1, NULL);
}

/* "MODULE_CHECK": from a file and from memory; and never delegated. */
TEST_F(verdict, modules)
{
	char ours[PATH_MAX], hosts[PATH_MAX], any[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, ours));
	ASSERT_EQ(0, program(self, FILES_SELF, NULL, hosts));
	/* It is no module at all, which is what those who may are told. */
	EXPECT_EQ(-ENOEXEC, agent_load_module(&self->a, ours, false));
	ASSERT_EQ(0, agent_load(&self->a,
				"appraise func=MODULE_CHECK fowner=61700 appraise_type=imasig\n"));
	EXPECT_EQ(-EACCES, agent_load_module(&self->a, ours, false));
	EXPECT_EQ(-EACCES, agent_load_module(&self->below, ours, false));
	EXPECT_EQ(-EACCES, agent_load_module(&self->a, ours, true));
	EXPECT_EQ(-ENOEXEC, agent_load_module(&self->b, ours, false));
	ASSERT_EQ(0, agent_delegate(&self->host, self->id_a));
	EXPECT_EQ(-EACCES, agent_load_module(&self->a, hosts, false));
	/* By a rule that says nothing of modules, and so of all hooks. */
	ASSERT_EQ(0, program(self, FILES_ANY_HOOK, NULL, any));
	EXPECT_EQ(0, agent_exec(&self->a, any, 0));
	EXPECT_EQ(-EACCES, agent_load_module(&self->a, any, false));
	EXPECT_EQ(EACCES, agent_exec(&self->b, any, 0));
}

/* "Host root entering a rootless container is not at its mercy." */
TEST_F(verdict, visitors)
{
	struct agent visitor;
	char path[PATH_MAX];
	int fd;

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->rootless,
				"appraise func=BPRM_CHECK uid=0 appraise_type=imasig\n"));
	EXPECT_EQ(EACCES, agent_exec(&self->rootless, path, 0));
	ASSERT_EQ(0, agent_start(&visitor, NULL, 0));
	fd = ns_open(self->rootless.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&visitor, fd, CLONE_NEWNS));
	close(fd);
	EXPECT_EQ(0, agent_exec(&visitor, path, 0));
	ASSERT_EQ(0, agent_stop(&visitor));
	/* A privileged container judges whoever enters it. */
	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	ASSERT_EQ(0, agent_start(&visitor, NULL, 0));
	fd = ns_open(self->a.pid, "mnt");
	ASSERT_EQ(0, agent_setns(&visitor, fd, CLONE_NEWNS));
	close(fd);
	EXPECT_EQ(EACCES, agent_exec(&visitor, path, 0));
	ASSERT_EQ(0, agent_stop(&visitor));
}

TEST_HARNESS_MAIN
