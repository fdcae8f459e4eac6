// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - The default policies
 *
 * Rule by rule, for the one that the machine was booted with: `exec` is what
 * the kernel has by itself, the others come by ima_ns_policy=.
 */

#include "sign.h"

#define PSEUDO "dont_measure fsmagic="

FIXTURE(policy)
{
	struct scratch scratch;
	struct agent agent, rootless;
	int list;
	bool exec, tcb;
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
};

FIXTURE_SETUP(policy)
{
	char *line;

	ASSERT_LT(0, read_path("/proc/cmdline", &line));
	self->tcb = contains(line, "ima_ns_policy=tcb");
	self->exec = self->tcb || !contains(line, "ima_ns_policy=none");
	free(line);
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->rootless, NULL,
				 CLONE_NEWUSER | CLONE_NEWNS));
	self->list = agent_open(&self->agent, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, self->list);
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject", OWNER_PLAIN,
				     self->path));
	ASSERT_EQ(0, file_evidence(self->path, self->path, self->evidence,
				   sizeof(self->evidence)));
}

FIXTURE_TEARDOWN(policy)
{
	close(self->list);
	agent_stop(&self->rootless);
	agent_stop(&self->agent);
	scratch_remove(&self->scratch);
}

static int count_evidence(int fd, const char *evidence)
{
	struct list list;
	int count = 0;
	char *c;

	if (list_read(fd, &list))
		return -1;
	for (c = list.text; (c = strstr(c, evidence)); c++)
		count++;
	list_free(&list);
	return count;
}

/* The text says all: those file systems, then those hooks, in that order. */
TEST_F(policy, text)
{
	static const char *const exec[] = {
		"measure func=BPRM_CHECK mask=MAY_EXEC",
		"measure func=MMAP_CHECK mask=MAY_EXEC",
		"measure func=MODULE_CHECK",
		"measure func=FIRMWARE_CHECK",
		"measure func=KEXEC_KERNEL_CHECK",
		"measure func=KEXEC_INITRAMFS_CHECK",
		"measure func=KEXEC_CMDLINE",
		"measure func=POLICY_CHECK",
		"measure func=KEY_CHECK",
		"measure func=CRITICAL_DATA label=ima_ns",
	};
	static const char *const tcb[] = {
		"measure func=FILE_CHECK mask=^MAY_READ euid=0",
		"measure func=FILE_CHECK mask=^MAY_READ uid=0",
	};
	char *policy, *line, *rest;
	unsigned int pseudo = 0, n = 0;

	ASSERT_LE(0, agent_read(&self->agent, POLICY, &policy));
	rest = policy;
	while ((line = strsep(&rest, "\n")) && *line) {
		const char *wanted = PSEUDO;

		if (!strncmp(line, PSEUDO, strlen(PSEUDO)) && !n) {
			pseudo++;
			continue;
		}
		ASSERT_TRUE(self->exec);
		ASSERT_LT(n, ARRAY_SIZE(exec) + (self->tcb ? 2 : 0));
		wanted = n < ARRAY_SIZE(exec) ? exec[n] :
						tcb[n - ARRAY_SIZE(exec)];
		EXPECT_EQ(0, strncmp(wanted, line, strlen(wanted)))
		{
			TH_LOG("%s instead of %s", line, wanted);
		}
		n++;
	}
	EXPECT_EQ(self->exec ? ARRAY_SIZE(exec) + (self->tcb ? 2 : 0) : 0, n);
	EXPECT_EQ(self->exec ? 12 : 0, pseudo);
	free(policy);
}

/* BPRM_CHECK: anybody's executions, once each. */
TEST_F(policy, execution)
{
	EXPECT_EQ(0, agent_exec(&self->agent, self->path, 1000));
	EXPECT_EQ(0, agent_exec(&self->agent, self->path, 0));
	EXPECT_EQ(self->exec, count_evidence(self->list, self->evidence));
}

static long do_map(struct call *call, int fd)
{
	void *const map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			       fd, 0);

	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	return munmap(map, 4096) ? -errno : 0;
}

/* MMAP_CHECK */
TEST_F(policy, executable_mapping)
{
	const int fd = open(self->path, O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, agent_call(&self->agent, do_map, fd, NULL));
	close(fd);
	EXPECT_EQ(self->exec, count_evidence(self->list, self->evidence));
}

static long do_read_as(struct call *call, int fd)
{
	pid_t pid;

	if (fd >= 0)
		close(fd);
	pid = fork();
	if (!pid) {
		if (call->uid && become(call->uid))
			_exit(126);
		_exit(open(call->path, O_RDONLY) < 0);
	}
	return pid < 0 ? -errno : reap(pid);
}

static long agent_read_as(struct agent *agent, const char *path, uid_t uid)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->uid = uid;
	return agent_call(agent, do_read_as, -1, NULL);
}

/* FILE_CHECK: what root reads, under `tcb` alone; nobody else's reading. */
TEST_F(policy, reading)
{
	ASSERT_EQ(0, chmod(self->path, 0644));
	EXPECT_EQ(0, agent_read_as(&self->agent, self->path, 1000));
	EXPECT_EQ(0, count_evidence(self->list, self->evidence));
	EXPECT_EQ(0, agent_read_as(&self->agent, self->path, 0));
	EXPECT_EQ(self->tcb, count_evidence(self->list, self->evidence));
}

/* Root is the owner's root, whatever uid that is on the host. */
TEST_F(policy, root_of_the_owner)
{
	int list;

	list = agent_open(&self->rootless, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, list);
	EXPECT_EQ(0, agent_read_as(&self->rootless, self->path, 0));
	EXPECT_EQ(self->tcb, count_evidence(list, self->evidence));
	close(list);
}

/* CRITICAL_DATA label=ima_ns: the policy that comes instead is recorded. */
TEST_F(policy, replacement)
{
	EXPECT_EQ(0, agent_load(&self->agent, "measure func=BPRM_CHECK\n"));
	EXPECT_EQ(self->exec, count_evidence(self->list, " policy-replaced "));
}

/* POLICY_CHECK: a policy that comes as a file is one more record. */
TEST_F(policy, policy_file)
{
	char path[PATH_MAX + 16], evidence[EVIDENCE_SIZE], text[64], unique[33];

	unique_text(unique);
	snprintf(text, sizeof(text), "# %s\nmeasure func=BPRM_CHECK\n", unique);
	snprintf(path, sizeof(path), "%s/rules", self->scratch.put);
	ASSERT_EQ(0, write_path(path, O_CREAT, text, strlen(text)));
	snprintf(path, sizeof(path), "%s/rules", self->scratch.dir);
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	EXPECT_EQ(0, agent_load(&self->agent, path));
	EXPECT_EQ(self->exec, count_evidence(self->list, evidence));
}

#define EARLY "ima_ns_early"

static long do_add_early(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return add_cert(EARLY, call->path);
}

/*
 * "Keys that the kernel queues until the host has a custom policy are queued for
 * the initial namespace alone; the other levels measure them at once", and those
 * of a namespace's own keyring are not queued at all.
 */
TEST_F(policy, keys_before_the_hosts_policy)
{
	static const char rule[] = "measure func=KEY_CHECK keyrings=" EARLY
				   "|.ima_ns\n";
	const int host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	const int ours = fd_count_text(host, " .ima_ns 3082");
	const int others = fd_count_text(host, " " EARLY " 3082");
	char *loaded;
	bool early;

	ASSERT_LE(0, host);
	ASSERT_LE(0, read_path(POLICY, &loaded));
	early = !*loaded;
	free(loaded);
	/* Whoever comes too late for the queue sees what there is without it. */
	if (!early)
		ASSERT_EQ(0, host_load_once(rule, EARLY));
	ASSERT_LT(0, give_key(&self->agent, agent_number(&self->agent, "id"),
			      "a"));
	cert_path(self->agent.call->path, "b");
	ASSERT_EQ(0, agent_call(&self->agent, do_add_early, -1, NULL));
	EXPECT_EQ(self->exec, fd_count_text(self->list, " .ima 3082"));
	EXPECT_EQ(self->exec, fd_count_text(self->list, " " EARLY " 3082"));
	EXPECT_EQ(others + !early, fd_count_text(host, " " EARLY " 3082"));
	if (early) {
		ASSERT_EQ(0, host_load_once(rule, EARLY));
		EXPECT_EQ(others + 1, fd_count_text(host, " " EARLY " 3082"));
		EXPECT_EQ(ours, fd_count_text(host, " .ima_ns 3082"));
	}
	close(host);
}

TEST_HARNESS_MAIN
