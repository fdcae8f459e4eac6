/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: one namespace that goes by signatures
 *
 * For what is the same wherever files are.
 */

#include "sign.h"

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
