// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Many lists and their PCRs
 *
 * "Replaying a namespace's list gives exactly the PCR values of its chip,
 * always": in many namespaces at once, each with a real emulator.
 */

#include "replay.h"
#include "work.h"

#define NAMESPACES 20

/*
 * Many namespaces at once, each with a chip of its own.
 *
 * host ─┬─ agent[0] ── agent[1]
 *       ├─ agent[2] ── agent[3]
 *       └─ ...
 */
FIXTURE(crowd)
{
	struct scratch scratch;
	struct agent agent[NAMESPACES];
	struct emulator emulator[NAMESPACES];
	long id[NAMESPACES];
};

/* Starts an agent; there may be more of them than common.h's memory holds. */
static int crowd_agent(struct _test_data_crowd *self, int i)
{
	struct agent *const parent = i % 2 ? &self->agent[i - 1] : NULL;

	if (call_used == MAX_AGENTS && !(i % 2)) {
		call_pool = NULL;
		call_used = 0;
	}
	return agent_start(&self->agent[i], parent, CLONE_NEWNS);
}

FIXTURE_SETUP(crowd)
{
	char name[16];
	int i;

	if (!have_swtpm())
		SKIP(return, "needs swtpm and /dev/vtpmx");
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	for (i = 0; i < NAMESPACES; i++) {
		snprintf(name, sizeof(name), "tpm.%d", i);
		ASSERT_EQ(0, emulator_start(&self->emulator[i],
					    self->scratch.put, name,
					    ALL_BANKS));
		ASSERT_EQ(0, crowd_agent(self, i));
		self->id[i] = agent_number(&self->agent[i], "id");
		ASSERT_LT(0, self->id[i]);
	}
}

FIXTURE_TEARDOWN(crowd)
{
	int i;

	for (i = NAMESPACES - 1; i >= 0; i--)
		agent_stop(&self->agent[i]);
	for (i = 0; i < NAMESPACES; i++)
		emulator_end(_metadata, &self->emulator[i]);
	scratch_remove(&self->scratch);
}

/* "The host's TPM serves the initial namespace alone." */
static void assert_host(struct __test_metadata *const _metadata)
{
	struct emulator host = { .tpm2 = true };
	char value[2 * MAX_DIGEST + 1];
	const struct bank *bank;
	struct binding binding;
	struct replay replay;

	ASSERT_EQ(0, binding_read(0, &binding));
	if (!strcmp(binding.chip, "none"))
		return;
	ASSERT_STREQ("bound", binding.state);
	host.num = atoi(binding.chip + strlen("tpm"));
	bank = aggregate_bank(binding.banks);
	replay_ns(_metadata, 0, bank, &replay);
	ASSERT_EQ(binding.extended, replay.entries);
	ASSERT_EQ(0, chip_pcr(&host, bank, 10, value));
	ASSERT_STREQ(replay.value[10], value);
}

/* "The chip saw its own list only", the host's too. */
TEST_F_TIMEOUT(crowd, own_lists, 300 * scale())
{
	int i;

	assert_host(_metadata);
	for (i = 0; i < NAMESPACES; i++) {
		/* Some are bound late, and nested ones before their parents. */
		if (i % 3)
			ASSERT_EQ(0, bind_from_above(self->id[i],
						     &self->emulator[i]));
		ASSERT_EQ(0, work_begin(&self->agent[i], self->scratch.dir, 2,
					3 * scale()));
	}
	for (i = 0; i < NAMESPACES; i += 3)
		ASSERT_EQ(0, bind_from_above(self->id[i], &self->emulator[i]));
	for (i = 0; i < NAMESPACES; i++)
		ASSERT_EQ(0, work_end(&self->agent[i]));
	for (i = 0; i < NAMESPACES; i++)
		assert_replay(_metadata, self->id[i], &self->emulator[i]);
	assert_host(_metadata);
}

TEST_HARNESS_MAIN
