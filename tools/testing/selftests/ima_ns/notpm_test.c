// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - vTPMs on a host without a TPM
 *
 * For a boot without one (VM_TPM=0 scripts/vm): the first vTPM is tpm0 then,
 * and is the container's all the same.
 */

#include "replay.h"
#include "tpm_files.h"

#define SUBJECTS 30

/* host, without a TPM ── container */
FIXTURE(notpm)
{
	struct scratch scratch;
	struct agent agent;
	struct emulator emulator;
	long id;
};

FIXTURE_VARIANT(notpm)
{
	/* NULL: a TPM 1.2 */
	const char *banks;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(notpm, sha1_sha256) { "sha1,sha256" };
FIXTURE_VARIANT_ADD(notpm, sha384) { "sha384" };
FIXTURE_VARIANT_ADD(notpm, all_banks) { ALL_BANKS };
FIXTURE_VARIANT_ADD(notpm, tpm12) { NULL };
/* clang-format on */

FIXTURE_SETUP(notpm)
{
	struct binding host;

	if (!have_swtpm())
		SKIP(return, "needs swtpm and /dev/vtpmx");
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, binding_read(0, &host));
	ASSERT_STREQ("none", host.chip)
	{
		TH_LOG("The host has a TPM: boot it without one");
	}
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, CLONE_NEWNS));
	self->id = agent_number(&self->agent, "id");
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, emulator_start(&self->emulator, self->scratch.put, "tpm",
				    variant->banks));
}

FIXTURE_TEARDOWN(notpm)
{
	agent_stop(&self->agent);
	emulator_end(_metadata, &self->emulator);
	scratch_remove(&self->scratch);
}

static int exec_subjects(struct _test_data_notpm *self)
{
	char path[PATH_MAX], name[32];
	int i, err = 0;

	for (i = 0; i < SUBJECTS * scale() && !err; i++) {
		snprintf(name, sizeof(name), "subject.%d", i);
		err = scratch_subject(&self->scratch, name, OWNER_PLAIN, path) ?:
		      agent_exec(&self->agent, path, 0);
	}
	return err;
}

/* Asserts that the host has no chip, and a list that needs none. */
static void assert_host(struct __test_metadata *const _metadata)
{
	struct binding host;

	ASSERT_EQ(0, binding_read(0, &host));
	ASSERT_STREQ("none", host.chip);
	assert_bank_files(_metadata, NULL, IMA_DIR, "sha1");
}

/* "The namespace's list gives the PCR values of its chip", here too. */
TEST_F_TIMEOUT(notpm, replay, 100 * scale())
{
	assert_host(_metadata);
	ASSERT_EQ(0, agent_bind(&self->agent, &self->emulator));
	ASSERT_EQ(0, exec_subjects(self));
	ASSERT_LT(SUBJECTS, ns_number(self->id, "runtime_measurements_count"));
	assert_replay(_metadata, self->id, &self->emulator);
	assert_host(_metadata);
}

/* The digests of banks that no level had when an entry was made, as well. */
TEST_F_TIMEOUT(notpm, late_binding, 100 * scale())
{
	ASSERT_EQ(0, exec_subjects(self));
	ASSERT_EQ(0, bind_from_above(self->id, &self->emulator));
	ASSERT_LT(SUBJECTS, ns_number(self->id, "runtime_measurements_count"));
	assert_replay(_metadata, self->id, &self->emulator);
	assert_host(_metadata);
}

/* "A bank the host lacks appears in the container's directory." */
TEST_F(notpm, files)
{
	char above[PATH_MAX];

	ns_path(above, self->id, "");
	ASSERT_EQ(0, exec_subjects(self));
	assert_bank_files(_metadata, NULL, above, "sha1");
	assert_bank_files(_metadata, &self->agent, IMA_DIR, "sha1");
	ASSERT_EQ(0, agent_bind(&self->agent, &self->emulator));
	assert_bank_files(_metadata, NULL, above, self->emulator.banks);
	assert_bank_files(_metadata, &self->agent, IMA_DIR,
			  self->emulator.banks);
	assert_host(_metadata);
}

TEST_HARNESS_MAIN
