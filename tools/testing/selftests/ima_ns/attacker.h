/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: who attacks from one container
 */

#include "hostile.h"

/* What is read of a tmpfs: a user's container knows no other owner than itself. */
#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fsmagic=0x01021994\n"

/* Who attacks. */
FIXTURE(hostile)
{
	struct world w;
	struct agent *actor;
	int list;
};

FIXTURE_VARIANT(hostile)
{
	enum party actor;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(hostile, root) { ROOT };
FIXTURE_VARIANT_ADD(hostile, user) { MINE };
/* clang-format on */

FIXTURE_SETUP(hostile)
{
	ASSERT_EQ(0, world_start(&self->w));
	self->actor = &self->w.agent[variant->actor];
	self->list = self->w.list[variant->actor];
}

FIXTURE_TEARDOWN(hostile)
{
	world_end(_metadata, &self->w);
}

/* A user's container needs a securityfs of its own to load a policy. */
static inline int attacker_loads(struct _test_data_hostile *self, enum party actor,
				 const char *rules)
{
	int err = 0;

	if (actor == MINE)
		err = agent_call(self->actor, do_mount_securityfs, -1, NULL);
	return err ?: rules ? agent_load(self->actor, rules) : 0;
}
