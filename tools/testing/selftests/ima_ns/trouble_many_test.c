// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Many vTPMs in trouble
 *
 * "Many stopped ones: a healthy one binds and extends while they stay stopped."
 */

#include "trouble.h"

#define MANY 100

FIXTURE(many)
{
	struct place p;
	struct crowd crowd;
};

FIXTURE_SETUP(many)
{
	char path[PATH_MAX];

	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, place_make(&self->p, CLONE_NEWNS, false));
	ASSERT_EQ(0, fresh_file(&self->p, 0, path));
	ASSERT_EQ(0, crowd_start(&self->crowd, MANY * scale(), path));
}

FIXTURE_TEARDOWN(many)
{
	crowd_end(&self->crowd);
	place_remove(&self->p);
}

TEST_F_TIMEOUT(many, healthy_goes_on, 800)
{
	struct place *const p = &self->p;
	long id = agent_number(&p->b, "id"), start;
	int i;

	ASSERT_EQ(0, agent_load(&p->b, RULES));
	ASSERT_EQ(0, crowd_stop(&self->crowd));
	start = now_ms();
	ASSERT_EQ(0, vtpm_start(&p->other, 1, NULL));
	ASSERT_EQ(0, host_bind(id, &p->other));
	EXPECT_GT(2 * BOUND_MS, now_ms() - start);
	for (i = 0; i < 10; i++) {
		EXPECT_GT(TIMEOUT_MS, timed_fresh(p, &p->b, i % 4));
		EXPECT_GT(TIMEOUT_MS, timed_fresh(p, &p->a, i % 4));
		EXPECT_GT(TIMEOUT_MS, timed_fresh(p, &p->host, i % 4));
	}
	EXPECT_TRUE(tpm_is(id, "bound"));
	EXPECT_TRUE(tpm_is(p->id, "bound"));
	EXPECT_TRUE(WAIT_FOR(vtpm_get(p->other.shared->extends) >= 10,
			     SOON_MS));
	assert_crowd_lost(_metadata, &self->crowd);
}

TEST_HARNESS_MAIN
