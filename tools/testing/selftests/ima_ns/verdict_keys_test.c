// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Appraisal: keys
 *
 * Each level judges by its own, as long as it has them.
 */

#include "verdict.h"
#include "signature.h"

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
	ring = possess_keyring(&self->a);
	ASSERT_LT(0, ring);
	for (loss = UNLINKED; loss < LOSSES; loss++) {
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
