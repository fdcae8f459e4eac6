// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Rules about labels, while an LSM loads another policy
 *
 * For a kernel with SELinux that was booted with lsm=selinux,integrity: all tasks
 * have the label of the kernel, which each policy gives another type.  checkpolicy
 * compiles the policies, which know no class that anything could be denied by.
 */

#include "world.h"

#define SELINUX_DIR "/sys/fs/selinux"

/* As many as the kernel knows by number. */
#define INITIAL_SIDS 27

/* The number of a type is that of its declaration. */
static const struct {
	const char *types[2], *kernel;
} policies[] = {
	{ { "one_t", "two_t" }, "one_t" },
	{ { "two_t", "one_t" }, "one_t" },
	{ { "one_t", "two_t" }, "two_t" },
	{ { "one_t" }, "one_t" },
};

/* Which policy; but for the last one, both types are known. */
enum { ONE, ONE_RENUMBERED, TWO, ONE_ALONE };

/*
 * host[-] ── one[subj_type=one_t] ── two[subj_type=two_t]
 */
FIXTURE(reload)
{
	struct scratch scratch;
	struct agent one, two;
	int one_list, two_list, files;
};

/* Writes what checkpolicy is to compile. */
static int write_policy(const char *path, int policy)
{
	const char *const kernel = policies[policy].kernel;
	FILE *const file = fopen(path, "w");
	int i;

	if (!file)
		return -errno;

	fprintf(file, "class process\n");
	for (i = 1; i <= INITIAL_SIDS; i++)
		fprintf(file, "sid initial%d\n", i);
	fprintf(file, "class process { transition dyntransition }\n");
	for (i = 0; i < 2 && policies[policy].types[i]; i++)
		fprintf(file, "type %s;\n", policies[policy].types[i]);
	fprintf(file, "role r;\nrole r types { %s %s };\n", policies[policy].types[0],
		policies[policy].types[1] ?: "");
	fprintf(file, "allow %s %s:process { transition };\n", kernel, kernel);
	fprintf(file, "user u roles { r };\n");
	for (i = 1; i <= INITIAL_SIDS; i++)
		fprintf(file, "sid initial%d u:r:%s\n", i, kernel);
	fprintf(file, "fs_use_trans tmpfs u:r:%s;\n", kernel);
	fprintf(file, "genfscon proc / u:r:%s\n", kernel);
	return fclose(file) ? -errno : 0;
}

/* Has SELinux go by a policy from now on. */
static int load_selinux(const struct scratch *scratch, int policy)
{
	char source[PATH_MAX], binary[PATH_MAX], command[3 * PATH_MAX], *data;
	ssize_t size;
	int err;

	snprintf(source, sizeof(source), "%s/policy.conf", scratch->dir);
	snprintf(binary, sizeof(binary), "%s/policy", scratch->dir);
	snprintf(command, sizeof(command),
		 "checkpolicy -U allow -o %s %s >/dev/null", binary, source);
	err = write_policy(source, policy);
	if (err || system(command))
		return err ?: -EIO;

	size = read_path(binary, &data);
	if (size < 0)
		return size;
	err = write_path(SELINUX_DIR "/load", 0, data, size);
	free(data);
	return err;
}

/* What a task of the lower one adds to both lists. */
static void expect_records(struct __test_metadata *const _metadata,
			   struct _test_data_reload *self, int one, int two)
{
	char name[32], path[PATH_MAX];

	snprintf(name, sizeof(name), "subject%d", self->files++);
	ASSERT_EQ(0, scratch_subject(&self->scratch, name, OWNER_PLAIN, path));
	ASSERT_EQ(0, agent_exec(&self->two, path, 0));
	EXPECT_EQ(one, fd_count_path(self->one_list, path));
	EXPECT_EQ(two, fd_count_path(self->two_list, path));
}

FIXTURE_SETUP(reload)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	if (mount("selinuxfs", SELINUX_DIR, "selinuxfs", 0, NULL))
		ASSERT_EQ(EBUSY, errno);
	/* One that somebody needs knows more classes, and could not be put back. */
	if (!access(SELINUX_DIR "/class/file", F_OK))
		SKIP(return, "not where SELinux has a policy");
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, load_selinux(&self->scratch, ONE));
	ASSERT_EQ(0, agent_start(&self->one, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->two, &self->one, CLONE_NEWNS));
	ASSERT_EQ(0, agent_load(&self->one,
				"measure func=BPRM_CHECK subj_type=one_t\n"));
	ASSERT_EQ(0, agent_load(&self->two,
				"measure func=BPRM_CHECK subj_type=two_t\n"));
	self->one_list = agent_open(&self->one, ASCII_LIST, O_RDONLY);
	self->two_list = agent_open(&self->two, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, self->one_list);
	ASSERT_LE(0, self->two_list);
}

FIXTURE_TEARDOWN(reload)
{
	agent_stop(&self->two);
	agent_stop(&self->one);
	scratch_remove(&self->scratch);
}

/* What a rule is about is what its words mean in the policy that is in force. */
TEST_F(reload, rules_follow)
{
	expect_records(_metadata, self, 1, 0);
	ASSERT_EQ(0, load_selinux(&self->scratch, ONE_RENUMBERED));
	expect_records(_metadata, self, 1, 0);
	ASSERT_EQ(0, load_selinux(&self->scratch, TWO));
	expect_records(_metadata, self, 0, 1);
	expect_records(_metadata, self, 0, 1);
	ASSERT_EQ(0, load_selinux(&self->scratch, ONE));
	expect_records(_metadata, self, 1, 0);
}

/* A word that means nothing matches nothing, until it has a meaning again. */
TEST_F(reload, unknown_meanwhile)
{
	ASSERT_EQ(0, load_selinux(&self->scratch, ONE_ALONE));
	expect_records(_metadata, self, 1, 0);
	ASSERT_EQ(0, load_selinux(&self->scratch, TWO));
	expect_records(_metadata, self, 0, 1);
}

/* And it is still in the policy that is shown. */
TEST_F(reload, rules_are_shown)
{
	const int fd = agent_open(&self->two, IMA_DIR "/policy", O_RDONLY);
	char *text;

	ASSERT_EQ(0, load_selinux(&self->scratch, TWO));
	expect_records(_metadata, self, 0, 1);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, read_fd(fd, &text));
	EXPECT_TRUE(contains(text, "measure func=BPRM_CHECK subj_type=two_t"))
	{
		TH_LOG("%s", text);
	}
	free(text);
	close(fd);
}

/* Has the rules asked many times. */
static long do_execute_often(struct call *call, int fd)
{
	int i, err = 0;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < call->flags && !err; i++)
		err = execute(call->path);
	return err;
}

/* Rules are replaced while others go by them. */
TEST_F_TIMEOUT(reload, meanwhile, 300)
{
	char path[PATH_MAX];
	pid_t pid;
	int i;

	ASSERT_EQ(0, scratch_subject(&self->scratch, "busy", OWNER_PLAIN, path));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (i = 0; i < 20; i++)
			if (load_selinux(&self->scratch, i % 2 ? TWO : ONE_RENUMBERED))
				_exit(1);
		_exit(0);
	}
	snprintf(self->two.call->path, PATH_MAX, "%s", path);
	self->two.call->flags = 50;
	EXPECT_EQ(0, agent_call(&self->two, do_execute_often, -1, NULL));
	EXPECT_EQ(0, reap(pid));
	ASSERT_EQ(0, load_selinux(&self->scratch, TWO));
	expect_records(_metadata, self, 0, 1);
}

TEST_HARNESS_MAIN
