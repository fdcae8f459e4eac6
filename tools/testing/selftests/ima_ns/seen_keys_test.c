// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What was seen before: verdicts
 *
 * Who was let pass often is not, as soon as what the verdict rests on is gone;
 * who was denied is let pass, as soon as nothing says otherwise.
 */

#include "sign.h"
#include "seen.h"

/* The host's rules stay for the boot: owners that nobody else uses. */
#define OWNER_SELF 61931

#define HOST_RULES \
	"appraise func=BPRM_CHECK fowner=61931 appraise_type=imasig ns=self\n"

/*
 * host ── a ── below
 */
FIXTURE(verdict)
{
	struct scratch scratch;
	struct agent host, a, below;
	long id_a, id_below;
	struct agent *actor;
	enum way way;
	uid_t owner;
	char path[PATH_MAX], put[PATH_MAX];
};

/* Rules and keys are a's. */
FIXTURE_VARIANT(verdict)
{
	enum scratch_fs fs;
	bool below;
	enum way way;
	const char *func;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(verdict, tmpfs_read) { FS_TMPFS, false, READ, "FILE_CHECK" };
FIXTURE_VARIANT_ADD(verdict, tmpfs_exec) { FS_TMPFS, false, EXECUTE, "BPRM_CHECK" };
FIXTURE_VARIANT_ADD(verdict, tmpfs_creds) { FS_TMPFS, false, EXECUTE, "CREDS_CHECK" };
FIXTURE_VARIANT_ADD(verdict, tmpfs_map) { FS_TMPFS, false, MAP, "MMAP_CHECK" };
FIXTURE_VARIANT_ADD(verdict, tmpfs_below) { FS_TMPFS, true, READ, "FILE_CHECK" };
FIXTURE_VARIANT_ADD(verdict, ext4_exec) { FS_EXT4, false, EXECUTE, "BPRM_CHECK" };
FIXTURE_VARIANT_ADD(verdict, ext4_below) { FS_EXT4, true, READ, "FILE_CHECK" };
FIXTURE_VARIANT_ADD(verdict, lower_below) { FS_OVERLAY_LOWER, true, READ, "FILE_CHECK" };
/* clang-format on */

FIXTURE_SETUP(verdict)
{
	const int err = scratch_make(&self->scratch, variant->fs);

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(HOST_RULES, "fowner=61931"));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, namespace_start(&self->a, NULL, CLONE_NEWNS,
				     &self->id_a));
	ASSERT_EQ(0, namespace_start(&self->below, &self->a, CLONE_NEWNS,
				     &self->id_below));
	self->actor = variant->below ? &self->below : &self->a;
	self->way = variant->way;
	self->owner = fresh_id();
	ASSERT_EQ(0, scratch_subject(&self->scratch, "file", self->owner,
				     self->path));
	snprintf(self->put, PATH_MAX, "%s/file", self->scratch.put);
}

FIXTURE_TEARDOWN(verdict)
{
	agents_stop(&self->below, &self->a, &self->host);
	scratch_remove(&self->scratch);
}

static int load_rule(struct _test_data_verdict *self, struct agent *agent,
		     const char *func, const char *more)
{
	char rule[256];

	snprintf(rule, sizeof(rule), "appraise func=%s fowner=%d %s\n", func,
		 self->owner, more);
	return agent_load(agent, rule);
}

static int access_as(struct _test_data_verdict *self, bool often)
{
	return agent_access(self->actor, self->path, self->way, often);
}

/* Opens it as the actor does, and closes it again. */
static int open_as(struct _test_data_verdict *self, int flags)
{
	const int fd = agent_open(self->actor, self->path, flags);

	return fd < 0 ? fd : close(fd);
}

/*
 * "Key removal", in every way, in the actor's level or in the one above, which
 * has been asked often; and that a key is there again.
 */
TEST_F_TIMEOUT(verdict, lost_keys, 360)
{
	enum loss loss;
	long ring, key;

	ASSERT_EQ(0, load_rule(self, &self->a, variant->func,
			       "appraise_type=imasig"));
	ASSERT_EQ(0, sign_file(self->put, "a", "sha256"));
	ring = possess_keyring(&self->a);
	ASSERT_LT(0, ring);
	for (loss = UNLINKED; loss < LOSSES; loss++) {
		EXPECT_EQ(-EACCES, access_as(self, false));
		key = give_key(&self->a, self->id_a, "a");
		ASSERT_LT(0, key);
		ASSERT_EQ(0, access_as(self, true));
		ASSERT_EQ(0, lose_key(&self->a, ring, key, loss));
		/* Nothing tells when its time is up. */
		while (loss == EXPIRED && !access_as(self, true))
			usleep(10000);
		EXPECT_EQ(-EACCES, access_as(self, false))
		{
			TH_LOG("Way %d", loss);
		}
	}
}

/* A key that has a time to live when the verdict is made. */
TEST_F_TIMEOUT(verdict, limited_key, 180)
{
	long key;

	ASSERT_EQ(0, load_rule(self, &self->a, variant->func,
			       "appraise_type=imasig"));
	ASSERT_EQ(0, sign_file(self->put, "a", "sha256"));
	ASSERT_LT(0, possess_keyring(&self->a));
	key = give_key(&self->a, self->id_a, "a");
	ASSERT_LT(0, key);
	ASSERT_EQ(0, agent_keyctl(&self->a, KEYCTL_SET_TIMEOUT, key, 2, 0));
	ASSERT_EQ(0, access_as(self, true));
	while (!access_as(self, true))
		usleep(10000);
	EXPECT_EQ(-EACCES, access_as(self, false));
}

/* What the file holds, and what is said of it. */
TEST_F_TIMEOUT(verdict, changed_file, 180)
{
	ASSERT_EQ(0, load_rule(self, &self->a, variant->func, ""));
	EXPECT_EQ(-EACCES, access_as(self, false));
	ASSERT_EQ(0, hash_file(self->put, "sha256"));
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, agent_append(&self->host, self->path, "x"));
	EXPECT_EQ(-EACCES, access_as(self, false));
	ASSERT_EQ(0, hash_file(self->path, "sha512"));
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, truncate(self->path, 8192));
	EXPECT_EQ(-EACCES, access_as(self, false));
	ASSERT_EQ(0, hash_file(self->path, "sha256"));
	/* It is no program any more, which is found after the verdict. */
	self->way = self->way == EXECUTE ? READ : self->way;
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, removexattr(self->path, XATTR_IMA));
	if (variant->way == self->way)
		EXPECT_EQ(-EACCES, access_as(self, false));
}

/* "A policy at any level": of a, of who is below, and where it demands more. */
TEST_F_TIMEOUT(verdict, new_rules, 180)
{
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, load_rule(self, &self->a, variant->func, ""));
	EXPECT_EQ(-EACCES, access_as(self, false));
	ASSERT_EQ(0, hash_file(self->put, "sha256"));
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, load_rule(self, &self->below, variant->func,
			       "appraise_type=imasig"));
	EXPECT_EQ(variant->below ? -EACCES : 0, access_as(self, false));
}

/* "Each time that it is asked": an algorithm that one user must not have. */
TEST_F_TIMEOUT(verdict, rules_of_users, 180)
{
	int i;

	if (variant->way != EXECUTE)
		return;
	ASSERT_EQ(0, load_rule(self, &self->a, variant->func,
			       "uid=0 appraise_type=imasig"));
	ASSERT_EQ(0, load_rule(self, &self->a, variant->func, ""));
	ASSERT_EQ(0, hash_file(self->put, "sha256"));
	for (i = 0; i < OFTEN; i++)
		ASSERT_EQ(0, agent_exec(self->actor, self->path, 61933));
	EXPECT_EQ(EACCES, agent_exec(self->actor, self->path, 0));
	for (i = 0; i < OFTEN; i++)
		ASSERT_EQ(0, agent_exec(self->actor, self->path, 61933));
	EXPECT_EQ(EACCES, agent_exec(self->actor, self->path, 0));
}

/*
 * "FILE_CHECK": signed files are not opened for writing, however often they were
 * read.  Nor are those past the page cache that were not permitted to.
 */
TEST_F_TIMEOUT(verdict, opened_otherwise, 180)
{
	if (variant->way != READ)
		return;
	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, load_rule(self, &self->a, variant->func, ""));
	ASSERT_EQ(0, sign_file(self->put, "a", "sha256"));
	ASSERT_EQ(0, access_as(self, true));
	EXPECT_EQ(-EACCES, open_as(self, O_WRONLY));
	EXPECT_EQ(-EACCES, open_as(self, O_RDWR));
	EXPECT_EQ(-EACCES, open_as(self, O_WRONLY | O_APPEND));
	ASSERT_EQ(0, access_as(self, true));
	EXPECT_EQ(-EACCES, open_as(self, O_RDWR));
	ASSERT_EQ(0, setxattr(self->path, XATTR_IMA, "\004", 1, 0));
	EXPECT_EQ(-EACCES, open_as(self, O_RDONLY | O_DIRECT));
	EXPECT_EQ(-EACCES, access_as(self, false));
}

static long do_delegate(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return ns_write(call->flags, "appraise", "delegate\n", 9);
}

static int delegate(struct agent *agent, long id)
{
	agent->call->flags = id;
	return agent_call(agent, do_delegate, -1, NULL);
}

/* "delegate": at once, for who is admitted; from then on its own rules count. */
TEST_F_TIMEOUT(verdict, delegated, 180)
{
	if (variant->way != EXECUTE)
		return;
	self->owner = OWNER_SELF;
	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, sign_file(self->put, "a", "sha256"));
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, chown(self->path, OWNER_SELF, 0));
	EXPECT_EQ(-EACCES, access_as(self, false));
	ASSERT_EQ(0, delegate(&self->host, self->id_a));
	ASSERT_EQ(0, access_as(self, true));
	/* The host, for itself, and a's own, from now on. */
	EXPECT_EQ(-EACCES, agent_access(&self->host, self->path, EXECUTE,
					false));
	ASSERT_EQ(0, load_rule(self, &self->a, variant->func,
			       "appraise_type=imasig"));
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, sign_file(self->path, "c", "sha256"));
	EXPECT_EQ(-EACCES, access_as(self, false));
}

/* a's rules with ns=self bind who is below until somebody above says otherwise. */
TEST_F_TIMEOUT(verdict, delegated_below, 180)
{
	ASSERT_EQ(0, load_rule(self, &self->a, variant->func, "ns=self"));
	EXPECT_EQ(-EACCES, access_as(self, false));
	ASSERT_EQ(0, hash_file(self->put, "sha256"));
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, delegate(&self->a, self->id_below));
	ASSERT_EQ(0, access_as(self, true));
	ASSERT_EQ(0, removexattr(self->path, XATTR_IMA));
	EXPECT_EQ(variant->below ? 0 : -EACCES, access_as(self, false));
}

TEST_HARNESS_MAIN
