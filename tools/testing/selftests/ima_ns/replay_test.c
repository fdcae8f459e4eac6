// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - List and PCRs are the same
 *
 * "Replaying a namespace's list gives exactly the PCR values of its chip,
 * always": in each bank of real emulators, whatever happens at the same time.
 */

#include "replay.h"
#include "tpm_files.h"
#include "work.h"

#define ENTRIES 200
#define WRITERS 64
#define POLICIES 20

/*
 * host ── container, with two processes, and an emulator whose chip is bound
 *         when the test says so
 */
FIXTURE(replay)
{
	struct scratch scratch;
	struct agent agent, second;
	struct emulator emulator;
	long id;
};

FIXTURE_VARIANT(replay)
{
	/* NULL: a TPM 1.2 */
	const char *banks;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(replay, sha1_sha256) { "sha1,sha256" };
FIXTURE_VARIANT_ADD(replay, sha256) { "sha256" };
FIXTURE_VARIANT_ADD(replay, sha384) { "sha384" };
FIXTURE_VARIANT_ADD(replay, all_banks) { ALL_BANKS };
FIXTURE_VARIANT_ADD(replay, tpm12) { NULL };
/* clang-format on */

FIXTURE_SETUP(replay)
{
	if (!have_swtpm())
		SKIP(return, "needs swtpm and /dev/vtpmx");
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->second, &self->agent, 0));
	self->id = agent_number(&self->agent, "id");
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, emulator_start(&self->emulator, self->scratch.put, "tpm",
				    variant->banks));
}

FIXTURE_TEARDOWN(replay)
{
	/* A test that failed may have left writers. */
	agent_work(&self->second)->stop = 1;
	agent_stop(&self->second);
	agent_stop(&self->agent);
	emulator_end(_metadata, &self->emulator);
	scratch_remove(&self->scratch);
}

/* Lines of a namespace's list that end so, whatever is before. */
static int count_lines_of(struct __test_metadata *const _metadata, long id,
			  const char *end)
{
	struct list list;

	ASSERT_LE(0, ns_read(id, "ascii_runtime_measurements", &list.text));
	without_empty_fields(list.text);
	list.count = list_count_path(&list, end);
	list_free(&list);
	return list.count;
}

/* The chip's boot_aggregate, as a line of the list says it. */
static void aggregate_line(const struct emulator *emulator, char text[256])
{
	const struct bank *const bank = aggregate_bank(emulator->banks);

	snprintf(text, 256, " %s:%s boot_aggregate", bank->name,
		 bank->aggregate);
}

/* Asserts that the list starts with the chip's boot_aggregate, the only one. */
static void assert_starts(struct __test_metadata *const _metadata, long id,
			  const struct emulator *emulator)
{
	char wanted[256], line[PATH_MAX];
	struct list list;

	ASSERT_LE(0, ns_read(id, "ascii_runtime_measurements", &list.text));
	without_empty_fields(list.text);
	list.count = entries(id);
	aggregate_line(emulator, wanted);
	ASSERT_EQ(0, list_line(&list, 0, line, sizeof(line)));
	ASSERT_LT(strlen(wanted), strlen(line));
	ASSERT_STREQ(wanted, line + strlen(line) - strlen(wanted));
	ASSERT_EQ(1, list_count_path(&list, " boot_aggregate"));
	list_free(&list);
}

/* "If it was empty it starts with the chip's boot_aggregate"; then many more. */
TEST_F_TIMEOUT(replay, many_entries, 200 * scale())
{
	const int files = ENTRIES / 2 * scale();

	ASSERT_EQ(0, entries(self->id));
	ASSERT_EQ(0, agent_bind(&self->agent, &self->emulator));
	assert_replay(_metadata, self->id, &self->emulator);
	assert_starts(_metadata, self->id, &self->emulator);
	load_rules(_metadata, &self->agent);
	ASSERT_EQ(0, work_all(&self->agent, self->scratch.dir, 1, files));
	ASSERT_LE(files, entries(self->id));
	assert_replay(_metadata, self->id, &self->emulator);
}

/* What violates the measurement of a file, in both ways. */
static void violate(struct __test_metadata *const _metadata,
		    struct agent *reader, struct agent *writer,
		    const char *path)
{
	int held, fd;

	/* ToMToU */
	held = agent_open(reader, path, O_RDONLY);
	ASSERT_LE(0, held);
	fd = agent_open(writer, path, O_WRONLY);
	ASSERT_LE(0, fd);
	close(held);
	/* open_writers */
	held = agent_open(reader, path, O_RDONLY);
	ASSERT_LE(0, held);
	close(held);
	close(fd);
}

/* "Violations extend ones of the bank's size" and are zeros in the list. */
TEST_F_TIMEOUT(replay, violations, 300)
{
	char path[PATH_MAX], name[16];
	int i;

	ASSERT_EQ(0, bind_from_above(self->id, &self->emulator));
	load_rules(_metadata, &self->agent);
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "violated.%d", i);
		ASSERT_EQ(0, scratch_subject(&self->scratch, name, OWNER_PLAIN,
					     path));
		violate(_metadata, &self->agent, &self->second, path);
	}
	ASSERT_EQ(2 * i, ns_number(self->id, "violations"));
	assert_replay(_metadata, self->id, &self->emulator);
	ASSERT_EQ(0, work_all(&self->agent, self->scratch.dir, 1, 5));
	assert_replay(_metadata, self->id, &self->emulator);
}

/*
 * "If it had entries, a further boot_aggregate line is appended", and the
 * chip gets what was in the list before, while measurement goes on.
 */
TEST_F_TIMEOUT(replay, late_binding, 200 * scale())
{
	const int files = ENTRIES * scale();
	char line[256];
	long before;

	load_rules(_metadata, &self->agent);
	ASSERT_EQ(0, work_all(&self->agent, self->scratch.dir, 1, files / 2));
	ASSERT_EQ(0, work_begin(&self->second, self->scratch.dir, 4, -1));
	ASSERT_TRUE(within(PATIENCE * scale(), entries(self->id) >= files));
	ASSERT_EQ(0, agent_bind(&self->agent, &self->emulator));
	before = entries(self->id);
	ASSERT_TRUE(within(PATIENCE, entries(self->id) >= before + 20));
	ASSERT_EQ(0, work_stop(&self->second));
	assert_replay(_metadata, self->id, &self->emulator);
	ASSERT_EQ(2, count_lines_of(_metadata, self->id, " boot_aggregate"));
	aggregate_line(&self->emulator, line);
	ASSERT_EQ(1, count_lines_of(_metadata, self->id, line));
}

/* "Under concurrency": the order of the list is the order of the extends. */
TEST_F_TIMEOUT(replay, many_writers, 200 * scale())
{
	const int files = 2 * scale();

	load_rules(_metadata, &self->agent);
	ASSERT_EQ(0, bind_from_above(self->id, &self->emulator));
	ASSERT_EQ(0, work_all(&self->agent, self->scratch.dir, WRITERS, files));
	ASSERT_LE(WRITERS * files, entries(self->id));
	ASSERT_LE(WRITERS / USES, ns_number(self->id, "violations"));
	assert_replay(_metadata, self->id, &self->emulator);
}

/* A policy that is replaced, and appended to, changes nothing of it. */
TEST_F_TIMEOUT(replay, policy_replaced, 200 * scale())
{
	char rules[128];
	int i;

	ASSERT_EQ(0, agent_bind(&self->agent, &self->emulator));
	ASSERT_EQ(0, work_begin(&self->second, self->scratch.dir, 4, -1));
	for (i = 0; i < POLICIES * scale(); i++) {
		snprintf(rules, sizeof(rules),
			 "dont_measure fowner=%d\n" RULE_READ, 62000 + i);
		if (i == POLICIES / 2)
			load_rules(_metadata, &self->agent);
		ASSERT_EQ(0, agent_load(&self->agent, rules));
	}
	ASSERT_EQ(0, work_stop(&self->second));
	assert_replay(_metadata, self->id, &self->emulator);
}

/* The owner of a file says into which PCR it goes. */
static const char rules_by_pcr[] =
	"measure func=FILE_CHECK mask=MAY_READ fowner=61010\n"
	"measure func=FILE_CHECK mask=MAY_READ fowner=61011 pcr=11\n"
	"measure func=FILE_CHECK mask=MAY_READ fowner=61012 pcr=12\n"
	"measure func=FILE_CHECK mask=MAY_READ fowner=61013 pcr=13\n"
	"measure func=FILE_CHECK mask=MAY_READ fowner=61014 pcr=14\n"
	"measure func=FILE_CHECK mask=MAY_READ fowner=61015 pcr=15\n";

/* "pcr= rules: as on the host": each PCR has what its entries say. */
TEST_F_TIMEOUT(replay, each_pcr, 300)
{
	char path[PATH_MAX], name[16];
	struct replay replay;
	int i, fd;

	ASSERT_EQ(0, bind_from_above(self->id, &self->emulator));
	ASSERT_EQ(0, agent_load(&self->agent, rules_by_pcr));
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "pcr.%d", i);
		ASSERT_EQ(0, scratch_subject(&self->scratch, name,
					     61010 + i % 6, path));
		fd = agent_open(&self->agent, path, O_RDONLY);
		ASSERT_LE(0, fd);
		close(fd);
	}
	assert_replay(_metadata, self->id, &self->emulator);
	replay_ns(_metadata, self->id, aggregate_bank(self->emulator.banks),
		  &replay);
	for (i = 11; i < 16; i++)
		ASSERT_EQ(5, replay.extends[i]);
	ASSERT_LE(5, replay.extends[10]);
}

/* "The per-bank list files of the namespace follow its chip." */
TEST_F(replay, files)
{
	char host[PATH_MAX], above[PATH_MAX], before[FILES_SIZE];

	ns_path(above, self->id, "");
	ns_path(host, 0, "");
	list_files(_metadata, NULL, host, before);
	/* "No chip: the host's set." */
	assert_files(_metadata, NULL, above, before);
	assert_files(_metadata, &self->agent, IMA_DIR, before);

	ASSERT_EQ(0, agent_bind(&self->agent, &self->emulator));
	ASSERT_EQ(0, work_all(&self->agent, self->scratch.dir, 1, 5));
	assert_bank_files(_metadata, NULL, above, self->emulator.banks);
	assert_bank_files(_metadata, &self->agent, IMA_DIR,
			  self->emulator.banks);
	assert_files(_metadata, NULL, host, before);
}

TEST_HARNESS_MAIN
