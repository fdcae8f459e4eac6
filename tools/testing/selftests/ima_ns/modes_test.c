// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Boot parameters of appraisal
 *
 * For a boot with ima_appraise=off, log or fix, or with ima_ns_keys=any: what
 * that means in a namespace.
 */

#include "sign.h"

#define FILES 61500
#define HASHED "appraise func=BPRM_CHECK fowner=61500\n"

FIXTURE(modes)
{
	struct scratch scratch;
	struct agent host, a;
	long id;
	char *cmdline;
	char path[PATH_MAX];
};

FIXTURE_SETUP(modes)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_LT(0, read_path("/proc/cmdline", &self->cmdline));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	self->id = agent_number(&self->a, "id");
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, scratch_subject(&self->scratch, "program", FILES,
				     self->path));
}

FIXTURE_TEARDOWN(modes)
{
	free(self->cmdline);
	agent_stop(&self->a);
	agent_stop(&self->host);
	scratch_remove(&self->scratch);
}

static bool booted_with(const struct _test_data_modes *self, const char *word)
{
	return contains(self->cmdline, word);
}

/*
 * "Fix and log modes are the initial namespace's", whose own denial is none;
 * with appraisal off, "appraise is EOPNOTSUPP".
 */
TEST_F(modes, verdict)
{
	const bool off = booted_with(self, "ima_appraise=off");
	const bool lenient = off || booted_with(self, "ima_appraise=log") ||
			     booted_with(self, "ima_appraise=fix");

	ASSERT_EQ(off ? -EOPNOTSUPP : 0,
		  agent_load(&self->a, "hash func=FILE_CHECK fowner=61500\n"));
	ASSERT_EQ(off ? -EOPNOTSUPP : 0, agent_load(&self->a, HASHED));
	EXPECT_EQ(off ? 0 : EACCES, agent_exec(&self->a, self->path, 0));
	/* The kernel did not mend it for the child. */
	EXPECT_FALSE(has_ima_xattr(self->path, IMA_HASH));
	ASSERT_EQ(0, host_load_once(HASHED, "fowner=61500"));
	EXPECT_EQ(lenient ? 0 : EACCES,
		  agent_exec(&self->host, self->path, 0));
	EXPECT_EQ(booted_with(self, "ima_appraise=fix"),
		  has_ima_xattr(self->path, IMA_HASH));
	/* What the host mended is good for the child, too. */
	EXPECT_EQ(off || has_ima_xattr(self->path, IMA_HASH) ? 0 : EACCES,
		  agent_exec(&self->a, self->path, 0));
}

/* "ima_ns_keys=any": a certificate that nobody vouches for. */
TEST_F(modes, keys)
{
	const bool any = booted_with(self, "ima_ns_keys=any");
	char cert[PATH_MAX];
	long key;

	cert_path(cert, "c");
	key = agent_add_cert(&self->a, agent_keyring(&self->a), cert);
	EXPECT_EQ(any ? 0 : -ENOKEY, key > 0 ? 0 : key);
}

TEST_HARNESS_MAIN
