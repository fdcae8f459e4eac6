// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Appraisal
 *
 * Each level judges what is done in it and below it by its own rules and keys,
 * and access needs all of them.
 */

#include <linux/nsfs.h>
#include <time.h>

#include "sign.h"
#include "audit.h"

/* The owner of files that namespaces have rules for. */
#define FILES 61700
/* Those that the host's rules are about: all levels, and levels as they say. */
#define FILES_HOST 61701
#define FILES_SELF 61702
#define FILES_ANY_HOOK 61703

#define SIGNED "appraise func=BPRM_CHECK fowner=61700 appraise_type=imasig\n"
#define SIGNED_ROOT \
	"appraise func=BPRM_CHECK fowner=61700 uid=0 appraise_type=imasig\n"
#define HASHED "appraise func=BPRM_CHECK fowner=61700\n"
#define MEASURED "measure func=BPRM_CHECK\n"

#define HOST_RULES \
	"appraise func=BPRM_CHECK fowner=61701 appraise_type=imasig\n" \
	"appraise func=MMAP_CHECK fowner=61701 appraise_type=imasig\n" \
	"appraise func=FILE_CHECK fowner=61701 appraise_type=imasig\n" \
	"appraise func=BPRM_CHECK fowner=61702 appraise_type=imasig ns=self\n" \
	"appraise func=MODULE_CHECK fowner=61702 appraise_type=imasig\n" \
	"appraise fowner=61703 appraise_type=imasig ns=self\n" \
	"measure func=BPRM_CHECK fowner=61700\n" \
	"measure func=CRITICAL_DATA label=ima_ns\n"

/*
 * host ─┬─ a ── below
 *       ├─ b
 *       └─ rootless: owned by a user namespace
 * second is in a, too.
 */
FIXTURE(verdict)
{
	struct scratch scratch;
	struct agent host, a, second, below, b, rootless;
	long id_a, id_b, id_below, id_rootless;
	int list_a, list_host;
	int files;
};

FIXTURE_VARIANT(verdict)
{
	enum scratch_fs fs;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(verdict, tmpfs) { FS_TMPFS };
FIXTURE_VARIANT_ADD(verdict, ext4) { FS_EXT4 };
FIXTURE_VARIANT_ADD(verdict, overlay) { FS_OVERLAY_LOWER };
/* clang-format on */

FIXTURE_SETUP(verdict)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(HOST_RULES, "fowner=61702"));
	ASSERT_EQ(0, scratch_make(&self->scratch, variant->fs));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->second, &self->a, 0));
	ASSERT_EQ(0, agent_start(&self->below, &self->a, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->b, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->rootless, NULL,
				 CLONE_NEWUSER | CLONE_NEWNS));
	self->id_a = agent_number(&self->a, "id");
	self->id_b = agent_number(&self->b, "id");
	self->id_below = agent_number(&self->below, "id");
	self->id_rootless = agent_number(&self->rootless, "id");
	ASSERT_LT(0, self->id_a);
	self->list_a = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	self->list_host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->list_a);
	ASSERT_LE(0, self->list_host);
}

FIXTURE_TEARDOWN(verdict)
{
	close(self->list_a);
	close(self->list_host);
	agent_stop(&self->rootless);
	agent_stop(&self->b);
	agent_stop(&self->below);
	agent_stop(&self->second);
	agent_stop(&self->a);
	agent_stop(&self->host);
	scratch_remove(&self->scratch);
}

/* Makes a program that nobody has seen, signed by a key unless NULL. */
static int program(struct _test_data_verdict *self, uid_t owner,
		   const char *key, char path[PATH_MAX])
{
	char name[32], put[PATH_MAX];
	int err;

	snprintf(name, sizeof(name), "file%d", self->files++);
	snprintf(put, sizeof(put), "%s/%s", self->scratch.put, name);
	err = scratch_subject(&self->scratch, name, 0, path);
	if (!err && key)
		err = sign_file(put, key, "sha256");
	/* The host may not let it be read from here on. */
	return err ?: chown(put, owner, owner) ? -errno : 0;
}

/* "Each runs its own and refuses the other's." */
TEST_F_TIMEOUT(verdict, own_keys, 360)
{
	char by_a[PATH_MAX], by_b[PATH_MAX], by_nobody[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_LT(0, give_key(&self->b, self->id_b, "b"));
	ASSERT_EQ(0, program(self, FILES, "a", by_a));
	ASSERT_EQ(0, program(self, FILES, "b", by_b));
	ASSERT_EQ(0, program(self, FILES, NULL, by_nobody));
	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	ASSERT_EQ(0, agent_load(&self->b, SIGNED));
	EXPECT_EQ(0, agent_exec(&self->a, by_a, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, by_b, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, by_nobody, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->b, by_a, 0));
	EXPECT_EQ(0, agent_exec(&self->b, by_b, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->b, by_nobody, 0));
	/* Users are judged as root is, and who is below as well. */
	EXPECT_EQ(0, agent_exec(&self->a, by_a, 61710));
	EXPECT_EQ(EACCES, agent_exec(&self->a, by_b, 61710));
	EXPECT_EQ(0, agent_exec(&self->below, by_a, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_b, 0));
	/* Nobody else is. */
	EXPECT_EQ(0, agent_exec(&self->host, by_nobody, 0));
	EXPECT_EQ(0, agent_exec(&self->rootless, by_nobody, 0));
	/* What was said before is remembered, and still so. */
	EXPECT_EQ(0, agent_exec(&self->a, by_a, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, by_b, 0));
}

/* "Every level judges with its own policy and its own keyring." */
TEST_F_TIMEOUT(verdict, all_levels, 360)
{
	char by_a[PATH_MAX], by_b[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_LT(0, give_key(&self->below, self->id_below, "b"));
	ASSERT_EQ(0, program(self, FILES, "a", by_a));
	ASSERT_EQ(0, program(self, FILES, "b", by_b));
	ASSERT_EQ(0, agent_load(&self->below, SIGNED));
	EXPECT_EQ(0, agent_exec(&self->below, by_b, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_a, 0));
	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_b, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_a, 0));
	EXPECT_EQ(0, agent_exec(&self->a, by_a, 0));
	ASSERT_LT(0, give_key(&self->a, self->id_a, "b"));
	EXPECT_EQ(0, agent_exec(&self->below, by_b, 0));
}

/* "A level that denies does not keep the other levels from recording." */
TEST_F(verdict, denied_is_recorded)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	int a, host;

	ASSERT_EQ(0, agent_load(&self->a, MEASURED));
	ASSERT_EQ(0, agent_load(&self->below, MEASURED SIGNED));
	a = fd_count(self->list_a);
	host = fd_count(self->list_host);
	ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	EXPECT_EQ(EACCES, agent_exec(&self->below, path, 0));
	assert_gain(_metadata, "a", self->list_a, a, 1, evidence);
	assert_gain(_metadata, "host", self->list_host, host, 1, evidence);
}

/* "xattrs kept across overlayfs copy-up", but for one that no child writes. */
TEST_F(verdict, evm_not_copied)
{
	char path[PATH_MAX], put[PATH_MAX];

	ASSERT_EQ(0, program(self, 0, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, setxattr(put, XATTR_EVM, "\003none", 5, 0));
	EXPECT_EQ(0, agent_append(&self->a, path, "x"));
	EXPECT_EQ(0, agent_append(&self->rootless, path, "x"));
}

/* "Hash-only files." */
TEST_F_TIMEOUT(verdict, hashes, 360)
{
	char path[PATH_MAX], put[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, agent_load(&self->a, HASHED));
	ASSERT_EQ(0, agent_load(&self->b, SIGNED));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, hash_file(put, "sha256"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->b, path, 0));
	/* The hash of something else, and then of another algorithm. */
	ASSERT_EQ(0, write_path(path, O_APPEND, "x", 1));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, hash_file(path, "sha512"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, removexattr(path, XATTR_IMA));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
}

/* Opens a file and closes it again: 0, or -errno. */
static int agent_opens(struct agent *agent, const char *path, int flags)
{
	const int fd = agent_open(agent, path, flags);

	return fd < 0 ? fd : close(fd);
}

/* What is looked for among the denials, and the last one that has it. */
struct denial {
	const char *text;
	int count;
	char line[2 * PATH_MAX];
};

static int note_denial(void *data, int type, const char *text)
{
	struct denial *denial = data;

	if (type == AUDIT_INTEGRITY_DATA && contains(text, denial->text)) {
		denial->count++;
		snprintf(denial->line, sizeof(denial->line), "%s", text);
	}
	return 0;
}

/* Denials that have a text, since the last time; -errno. */
static int denials(int audit, const char *text, struct denial *denial)
{
	int err;

	memset(denial, 0, sizeof(*denial));
	denial->text = text;
	err = audit_read(audit, note_denial, denial);
	return err ?: denial->count;
}

/* "An audit record with cause, hash or key, and namespace." */
TEST_F_TIMEOUT(verdict, explained, 360)
{
	char by_b[PATH_MAX], by_nobody[PATH_MAX], end[64];
	char digest[EVIDENCE_SIZE];
	const int audit = open_audit();
	struct denial denial;

	ASSERT_LE(0, audit);
	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, program(self, FILES, "b", by_b));
	ASSERT_EQ(0, program(self, FILES, NULL, by_nobody));
	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	EXPECT_EQ(EACCES, agent_exec(&self->below, by_nobody, 0));
	ASSERT_EQ(1, denials(audit, by_nobody, &denial));
	snprintf(end, sizeof(end), " res=0 errno=-61 ima_ns=%ld", self->id_a);
	EXPECT_TRUE(contains(denial.line, " op=appraise_data "));
	EXPECT_TRUE(contains(denial.line, " cause=IMA-signature-required "));
	EXPECT_TRUE(contains(denial.line, end))
	{
		TH_LOG("%s", denial.line);
	}

	EXPECT_EQ(EACCES, agent_exec(&self->a, by_b, 0));
	ASSERT_EQ(1, denials(audit, by_b, &denial));
	ASSERT_EQ(0, file_evidence(by_b, "", digest, sizeof(digest)));
	snprintf(end, sizeof(end), " errno=-126 ima_ns=%ld", self->id_a);
	EXPECT_TRUE(contains(denial.line, " cause=invalid-signature "));
	EXPECT_TRUE(contains(denial.line, " keyid="));
	/* " sha256:DIGEST " */
	EXPECT_TRUE(contains(denial.line, digest + 1));
	EXPECT_TRUE(contains(denial.line, end));
	/* What others may do is no news. */
	EXPECT_EQ(0, agent_exec(&self->b, by_b, 0));
	EXPECT_EQ(0, denials(audit, by_b, &denial));
	close(audit);
}

/* "So that a container cannot flood the log." */
TEST_F(verdict, not_flooded)
{
	const int audit = open_audit();
	struct denial denial;
	char path[PATH_MAX];
	int i;

	ASSERT_LE(0, audit);
	ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=FILE_CHECK fowner=61700\n"));
	for (i = 0; i < 300; i++)
		EXPECT_EQ(-EACCES, agent_open(&self->a, path, O_RDONLY));
	i = denials(audit, path, &denial);
	EXPECT_LT(0, i);
	/* 50 in 5 s; the machine may be slow. */
	EXPECT_GT(300, i);
	/* The next one says how many there were. */
	do {
		EXPECT_EQ(-EACCES, agent_open(&self->a, path, O_RDONLY));
	} while (!denials(audit, path, &denial));
	EXPECT_TRUE(contains(denial.line, " missed="))
	{
		TH_LOG("%s", denial.line);
	}
	close(audit);
}

/* Records by an audit rule that are about a directory. */
struct audited {
	const char *dir;
	int count;
	bool missed;
};

static int note_audited(void *data, int type, const char *text)
{
	struct audited *audited = data;

	if (type == AUDIT_INTEGRITY_RULE && contains(text, audited->dir)) {
		audited->count++;
		audited->missed |= contains(text, " missed=");
	}
	return 0;
}

/* Opens one of the programs that were made, by their order. */
static int open_numbered(struct _test_data_verdict *self, struct agent *agent,
			 int i)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/file%d", self->scratch.dir, i);
	return agent_opens(agent, path, O_RDONLY);
}

#define MANY 200

/* Nor by what it has audited; and what was left out is when it is used again. */
TEST_F_TIMEOUT(verdict, audit_not_flooded, 360)
{
	struct audited audited = { self->scratch.dir };
	const int audit = open_audit();
	char path[PATH_MAX];
	int i;

	ASSERT_LE(0, audit);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->b, "audit func=FILE_CHECK fowner=61700\n"));
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, open_numbered(self, &self->b, i));
	ASSERT_EQ(0, audit_read(audit, note_audited, &audited));
	EXPECT_LE(50, audited.count);
	EXPECT_GT(MANY, audited.count);
	for (i = 0; audited.count < MANY; i = (i + 1) % MANY) {
		ASSERT_EQ(0, open_numbered(self, &self->b, i));
		ASSERT_EQ(0, audit_read(audit, note_audited, &audited));
	}
	EXPECT_TRUE(audited.missed);
	EXPECT_EQ(MANY, audited.count);
	close(audit);
}

/* What was signed is not changed: neither content nor signature. */
TEST_F_TIMEOUT(verdict, changes, 360)
{
	char path[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	ASSERT_EQ(0, program(self, FILES, "a", path));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	/* Attributes may: the signature comes along when a layer is copied up. */
	ASSERT_EQ(0, chmod(path, 0711));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, sign_file(path, "b", "sha256"));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, sign_file(path, "a", "sha256"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, write_path(path, O_APPEND, "x", 1));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, sign_file(path, "a", "sha512"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, removexattr(path, XATTR_IMA));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
}

enum loss {
	UNLINKED,
	CLEARED,
	REVOKED,
	INVALIDATED,
	EXPIRED,
};

static int lose_key(struct agent *agent, long ring, long key, enum loss loss)
{
	switch (loss) {
	case UNLINKED:
		return agent_keyctl(agent, KEYCTL_UNLINK, key, ring, 0);
	case CLEARED:
		return agent_keyctl(agent, KEYCTL_CLEAR, ring, 0, 0);
	case REVOKED:
		return agent_keyctl(agent, KEYCTL_REVOKE, key, 0, 0);
	case INVALIDATED:
		return agent_keyctl(agent, KEYCTL_INVALIDATE, key, 0, 0);
	case EXPIRED:
		return agent_keyctl(agent, KEYCTL_SET_TIMEOUT, key, 1, 0);
	}
	return -EINVAL;
}

/*
 * "Unlink, revoke, invalidate, clear and expiry take effect on the next access,
 * also for verdicts given before."
 */
TEST_F_TIMEOUT(verdict, lost_keys, 360)
{
	char path[PATH_MAX];
	enum loss loss;
	long ring, key;

	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	ASSERT_EQ(0, program(self, FILES, "a", path));
	ring = agent_keyring(&self->a);
	/* Who possesses the keyring may do more to the keys that are in it. */
	ASSERT_LT(0, agent_keyctl(&self->a, KEYCTL_JOIN_SESSION_KEYRING, 0, 0,
				  0));
	ASSERT_EQ(0, agent_keyctl(&self->a, KEYCTL_LINK, ring,
				  KEY_SPEC_SESSION_KEYRING, 0));
	for (loss = UNLINKED; loss <= EXPIRED; loss++) {
		key = give_key(&self->a, self->id_a, "a");
		ASSERT_LT(0, key);
		ASSERT_EQ(0, agent_exec(&self->a, path, 0));
		ASSERT_EQ(0, agent_exec(&self->a, path, 0));
		ASSERT_EQ(0, lose_key(&self->a, ring, key, loss))
		{
			TH_LOG("Way %d", loss);
		}
		while (loss == EXPIRED && !agent_exec(&self->a, path, 0))
			usleep(10000);
		EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0))
		{
			TH_LOG("Way %d", loss);
		}
		EXPECT_EQ(EACCES, agent_exec(&self->second, path, 0));
	}
	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
}

static long do_plant(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return add_cert(call->text, call->path);
}

/* A keyring is not found by its name: one may call one's own as one likes. */
TEST_F_TIMEOUT(verdict, planted_keyring, 360)
{
	static const char *const names[] = { "_ima", "ima", ".ima" };
	struct agent *const planters[] = { &self->a, &self->host };
	char ours[PATH_MAX], hosts[PATH_MAX];
	size_t i, j;

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, agent_load(&self->a, SIGNED));
	ASSERT_EQ(0, program(self, FILES, "c", ours));
	ASSERT_EQ(0, program(self, FILES_HOST, "c", hosts));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (j = 0; j < ARRAY_SIZE(planters); j++) {
			struct call *const call = planters[j]->call;

			cert_path(call->path, "c");
			snprintf(call->text, TEXT_SIZE, "%s", names[i]);
			EXPECT_EQ(*names[i] == '.' ? -EPERM : 0,
				  agent_call(planters[j], do_plant, -1, NULL));
			EXPECT_EQ(EACCES, agent_exec(planters[j], j ? hosts : ours,
						     0));
		}
	}
}

/* A rule that demands more is not satisfied by a verdict that it did not ask. */
TEST_F_TIMEOUT(verdict, rules_differ, 360)
{
	char path[PATH_MAX], put[PATH_MAX];
	int i;

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, hash_file(put, "sha256"));
	ASSERT_EQ(0, agent_load(&self->a,
				SIGNED_ROOT HASHED));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, agent_exec(&self->a, path, 61710));
		EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	}
}

/* "appraise_algos=", each time that it is asked. */
TEST_F_TIMEOUT(verdict, algorithms, 360)
{
	char path[PATH_MAX], put[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	snprintf(put, sizeof(put), "%s/file0", self->scratch.put);
	ASSERT_EQ(0, agent_load(&self->a,
				"appraise func=BPRM_CHECK fowner=61700 appraise_algos=sha384,sha512\n"
				"appraise func=SETXATTR_CHECK appraise_algos=sha256\n"));
	ASSERT_EQ(0, hash_file(put, "sha256"));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	EXPECT_EQ(EACCES, agent_exec(&self->a, path, 0));
	ASSERT_EQ(0, hash_file(path, "sha512"));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
	EXPECT_EQ(0, agent_exec(&self->a, path, 0));
}

static long do_set_xattr(struct call *call, int fd)
{
	const size_t size = strlen(call->text + 32);

	if (fd >= 0)
		close(fd);
	if (!size)
		return removexattr(call->path, call->text) ? -errno : 0;
	return setxattr(call->path, call->text, call->text + 32, size, 0) ?
		-errno : 0;
}

/* Sets an extended attribute, or removes it if the value is empty. */
static int agent_xattr(struct agent *agent, const char *path, const char *name,
		       const char *value)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	snprintf(agent->call->text, 32, "%s", name);
	snprintf(agent->call->text + 32, 256, "%s", value);
	return agent_call(agent, do_set_xattr, -1, NULL);
}

/* A hash in security.ima, of an algorithm; the digits stand for a digest. */
#define HASH_SHA256 "\004\00401234567890123456789012345678901"
#define HASH_SHA512 "\004\0060123456789012345678901234567890101234567890123456789012345678901"

/* "SETXATTR_CHECK": those of a namespace bind those in it. */
TEST_F(verdict, setxattr_check)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=SETXATTR_CHECK appraise_algos=sha256\n"));
	EXPECT_EQ(-EACCES, agent_xattr(&self->a, path, XATTR_IMA,
				       HASH_SHA512));
	EXPECT_EQ(-EACCES, agent_xattr(&self->below, path, XATTR_IMA,
				       HASH_SHA512));
	EXPECT_EQ(0, agent_xattr(&self->a, path, XATTR_IMA, HASH_SHA256));
	EXPECT_EQ(0, agent_xattr(&self->b, path, XATTR_IMA, HASH_SHA512));
	EXPECT_EQ(0, agent_xattr(&self->host, path, XATTR_IMA, HASH_SHA512));
}

/* "Who may write security.ima and security.evm from a child." */
TEST_F(verdict, who_writes_xattrs)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, program(self, FILES, NULL, path));
	EXPECT_EQ(0, agent_xattr(&self->a, path, XATTR_IMA, HASH_SHA256));
	EXPECT_EQ(0, agent_xattr(&self->a, path, XATTR_IMA, ""));
	EXPECT_EQ(-EPERM, agent_xattr(&self->rootless, path, XATTR_IMA,
				      HASH_SHA256));
	EXPECT_EQ(0, agent_xattr(&self->host, path, XATTR_EVM, HASH_SHA256));
	EXPECT_EQ(-EPERM, agent_xattr(&self->a, path, XATTR_EVM, ""));
	EXPECT_EQ(-EPERM, agent_xattr(&self->a, path, XATTR_EVM, HASH_SHA512));
	EXPECT_EQ(-EPERM, agent_xattr(&self->below, path, XATTR_EVM, ""));
	EXPECT_EQ(-EPERM, agent_xattr(&self->rootless, path, XATTR_EVM, ""));
	EXPECT_EQ(0, agent_xattr(&self->host, path, XATTR_EVM, ""));
}

/* Maps a file executable, at once or by mprotect(). */
static long do_map(struct call *call, int fd)
{
	const int prot = call->flags ? PROT_READ : PROT_READ | PROT_EXEC;
	void *map;
	int err = 0;

	if (fd >= 0)
		close(fd);
	fd = open(call->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, prot, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		err = -errno;
	else if (call->flags && mprotect(map, 4096, PROT_READ | PROT_EXEC))
		err = -errno;
	if (map != MAP_FAILED)
		munmap(map, 4096);
	close(fd);
	return err;
}

static int agent_map(struct agent *agent, const char *path, bool later)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = later;
	return agent_call(agent, do_map, -1, NULL);
}

/* "MMAP_CHECK": what is mapped already is not appraised, but refused. */
TEST_F_TIMEOUT(verdict, mapping, 360)
{
	char good[PATH_MAX], bad[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, agent_load(&self->a,
				"appraise func=MMAP_CHECK fowner=61700 appraise_type=imasig\n"));
	ASSERT_EQ(0, program(self, FILES, "a", good));
	ASSERT_EQ(0, program(self, FILES, NULL, bad));
	EXPECT_EQ(0, agent_map(&self->a, good, false));
	EXPECT_EQ(-EACCES, agent_map(&self->a, bad, false));
	EXPECT_EQ(-EACCES, agent_map(&self->below, bad, false));
	EXPECT_EQ(-EPERM, agent_map(&self->a, good, true));
	EXPECT_EQ(-EPERM, agent_map(&self->below, good, true));
	EXPECT_EQ(0, agent_map(&self->b, bad, false));
	EXPECT_EQ(0, agent_map(&self->b, bad, true));
}

/* "FILE_CHECK": signed files are not opened for writing. */
TEST_F_TIMEOUT(verdict, opening, 360)
{
	char good[PATH_MAX], bad[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=FILE_CHECK fowner=61700\n"));
	ASSERT_EQ(0, program(self, FILES, "a", good));
	ASSERT_EQ(0, program(self, FILES, NULL, bad));
	EXPECT_EQ(0, agent_opens(&self->a, good, O_RDONLY));
	EXPECT_EQ(-EACCES, agent_opens(&self->a, good, O_WRONLY));
	EXPECT_EQ(0, agent_opens(&self->a, good, O_RDONLY));
	EXPECT_EQ(-EACCES, agent_opens(&self->a, bad, O_RDONLY));
	EXPECT_EQ(-EACCES, agent_opens(&self->a, bad, O_WRONLY));
	EXPECT_EQ(0, agent_opens(&self->b, good, O_WRONLY));
	EXPECT_EQ(0, agent_opens(&self->b, bad, O_RDONLY));
}

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

/* "POLICY_CHECK": by whoever loads it, also from above. */
TEST_F_TIMEOUT(verdict, policies, 360)
{
	static const char rule[] = MEASURED;
	char good[PATH_MAX], bad[PATH_MAX], file[PATH_MAX];

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	snprintf(good, sizeof(good), "%s/good", self->scratch.dir);
	snprintf(bad, sizeof(bad), "%s/bad", self->scratch.dir);
	ASSERT_EQ(0, write_path(good, O_CREAT, rule, strlen(rule)));
	ASSERT_EQ(0, write_path(bad, O_CREAT, rule, strlen(rule)));
	ASSERT_EQ(0, sign_file(good, "a", "sha256"));
	ASSERT_EQ(0, agent_load(&self->a, "appraise func=POLICY_CHECK appraise_type=imasig\n"));
	EXPECT_EQ(-EACCES, agent_load(&self->a, rule));
	EXPECT_EQ(-EACCES, agent_load(&self->a, bad));
	EXPECT_EQ(0, agent_load(&self->a, good));
	EXPECT_EQ(-EACCES, agent_load(&self->below, rule));
	EXPECT_EQ(-EACCES, agent_load(&self->below, bad));
	EXPECT_EQ(0, agent_load(&self->below, good));
	ns_file(file, self->id_a, "policy");
	EXPECT_EQ(-EACCES, write_path(file, 0, rule, strlen(rule)));
	EXPECT_EQ(-EACCES, write_path(file, 0, bad, strlen(bad)));
	EXPECT_EQ(0, write_path(file, 0, good, strlen(good)));
	EXPECT_EQ(0, agent_load(&self->b, rule));
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

/* Without extended attributes there is nothing to believe. */
TEST_F(verdict, no_xattrs)
{
	char dir[PATH_MAX], path[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/ramfs", self->scratch.put);
	ASSERT_EQ(0, mkdir(dir, 0755));
	ASSERT_EQ(0, mount("ramfs", dir, "ramfs", 0, NULL));
	snprintf(path, sizeof(path), "%.4000s/file", dir);
	EXPECT_EQ(0, make_subject(path, FILES));
	/* Those who were there before do not see the mount. */
	EXPECT_EQ(0, agent_unshare(&self->host, CLONE_NEWNS));
	EXPECT_EQ(0, agent_exec(&self->host, path, 0));
	EXPECT_EQ(0, agent_load(&self->host, HASHED));
	EXPECT_EQ(EACCES, agent_exec(&self->host, path, 0));
	EXPECT_EQ(0, umount2(dir, MNT_DETACH));
}

/* One namespace, for what is the same wherever files are. */
FIXTURE(signature)
{
	struct scratch scratch;
	struct agent agent;
	long id;
};

FIXTURE_SETUP(signature)
{
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, CLONE_NEWNS));
	self->id = agent_number(&self->agent, "id");
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(signature)
{
	agent_stop(&self->agent);
	scratch_remove(&self->scratch);
}

#define CONTAINERS 6
#define OPENS 60

/* "And 200 for all containers of one user", however many there are. */
TEST_F_TIMEOUT(signature, users_do_not_flood, 360)
{
	struct agent containers[CONTAINERS];
	const int audit = open_audit();
	struct timespec start, end;
	struct denial denial;
	char path[PATH_MAX];
	int i, j, n;

	ASSERT_LE(0, audit);
	ASSERT_EQ(0, scratch_subject(&self->scratch, "denied", 0, path));
	for (i = 0; i < CONTAINERS; i++) {
		ASSERT_EQ(0, agent_start(&containers[i], i ? &containers[0] : NULL,
					 i ? 0 : CLONE_NEWUSER | CLONE_NEWNS));
		if (i)
			ASSERT_EQ(0, agent_unshare(&containers[i], CLONE_NEWNS));
	}
	/* The first one is above the others, and would deny for them. */
	for (i = 1; i < CONTAINERS; i++)
		ASSERT_EQ(0, agent_load(&containers[i],
					"appraise func=FILE_CHECK fsmagic=0x01021994\n"));
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 1; i < CONTAINERS; i++)
		for (j = 0; j < OPENS; j++)
			ASSERT_EQ(-EACCES, agent_open(&containers[i], path,
						      O_RDONLY));
	clock_gettime(CLOCK_MONOTONIC, &end);
	n = denials(audit, path, &denial);
	EXPECT_LT(50, n);
	EXPECT_GE(200 * (1 + (end.tv_sec - start.tv_sec + 1) / 5), n);
	for (i = CONTAINERS; i--;)
		ASSERT_EQ(0, agent_stop(&containers[i]));
	close(audit);
}

struct algorithm {
	const char *key, *digest;
};

/* "RSA 2048 and 4096, ECDSA P-256 and P-384, sha256 to sha512." */
TEST_F_TIMEOUT(signature, algorithms, 800)
{
	static const struct algorithm all[] = {
		{ "rsa:2048", "sha256" }, { "rsa:4096", "sha512" },
		{ "prime256v1", "sha384" }, { "secp384r1", "sha512" },
	};
	char path[PATH_MAX], name[16];
	size_t i;

	ASSERT_EQ(0, agent_load(&self->agent, SIGNED));
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		ASSERT_EQ(0, make_cert("other", "authority", all[i].key));
		ASSERT_LT(0, give_key(&self->agent, self->id, "other"));
		snprintf(name, sizeof(name), "program%zu", i);
		ASSERT_EQ(0, scratch_subject(&self->scratch, name, FILES,
					     path));
		ASSERT_EQ(0, sign_file(path, "other", all[i].digest));
		EXPECT_EQ(0, agent_exec(&self->agent, path, 0))
		{
			TH_LOG("%s, %s", all[i].key, all[i].digest);
		}
		ASSERT_EQ(0, write_path(path, O_APPEND, "x", 1));
		EXPECT_EQ(EACCES, agent_exec(&self->agent, path, 0));
	}
}

TEST_HARNESS_MAIN
