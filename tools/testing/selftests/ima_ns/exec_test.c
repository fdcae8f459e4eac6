// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - executions that make root in a way of their own
 *
 * "No scope hides root": the host's rules say ns=self, and what is executed in
 * a child by an ordinary user is recorded if, and only if, it makes root.
 */

#include "world.h"

/* The host's rules stay for the boot: an owner that nobody else uses. */
#define OWNER_SELF 61140
#define RULE_SELF "measure func=BPRM_CHECK fowner=61140 ns=self\n"
#define USER 61142
#define BINFMT "/proc/sys/fs/binfmt_misc"

FIXTURE(scoped)
{
	struct scratch scratch;
	struct agent child;
	int list;
	char interpreter[PATH_MAX], document[PATH_MAX], magic[33];
};

FIXTURE_SETUP(scoped)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->child, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, host_load_once(RULE_SELF, "fowner=61140"));
	self->list = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->list);

	/* A document of which the first bytes name the interpreter. */
	ASSERT_EQ(0, scratch_subject(&self->scratch, "interpreter", OWNER_SELF,
				     self->interpreter));
	unique_text(self->magic);
	snprintf(self->document, sizeof(self->document), "%s/document",
		 self->scratch.dir);
	ASSERT_EQ(0, write_path(self->document, O_CREAT, self->magic, 32));
}

FIXTURE_TEARDOWN(scoped)
{
	close(self->list);
	agent_stop(&self->child);
	scratch_remove(&self->scratch);
}

/* Registers the format, with credentials taken from the document. */
static int register_format(const struct _test_data_scoped *self)
{
	char rule[PATH_MAX + 128];

	snprintf(rule, sizeof(rule), ":ima_ns:M::%s::%.4000s:C", self->magic,
		 self->interpreter);
	return write_path(BINFMT "/register", 0, rule, strlen(rule));
}

/* How many records the host gains; the program's status says it was it. */
static int execute_document(struct _test_data_scoped *self)
{
	const int before = fd_count(self->list);
	const int status = agent_exec(&self->child, self->document, USER);

	return status == 1 ? fd_count(self->list) - before : -EIO;
}

/* The set-user-ID bit that counts is not the interpreter's. */
TEST_F(scoped, credentials_of_the_document)
{
	const bool mounted = !access(BINFMT "/register", F_OK);

	if (!mounted && mount("binfmt_misc", BINFMT, "binfmt_misc", 0, NULL))
		SKIP(return, "needs binfmt_misc");
	ASSERT_EQ(0, register_format(self));
	ASSERT_EQ(0, chmod(self->document, 0755));
	EXPECT_EQ(0, execute_document(self));
	ASSERT_EQ(0, chmod(self->document, 04755));
	EXPECT_EQ(1, execute_document(self));
	EXPECT_EQ(1, fd_count_path(self->list, self->interpreter));
	EXPECT_EQ(0, write_path(BINFMT "/ima_ns", 0, "-1", 2));
	if (!mounted)
		EXPECT_EQ(0, umount(BINFMT));
}

TEST_HARNESS_MAIN
