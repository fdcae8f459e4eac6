// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Policies by path, and from the shell
 */

#include "policy.h"

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
