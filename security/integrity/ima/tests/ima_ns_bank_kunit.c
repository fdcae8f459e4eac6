// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: KUnit tests of PCR banks
 */

#include <kunit/test.h>
#include <linux/slab.h>

#include "../ima_ns_tpm.h"

/**
 * struct bank_row - a chip with one bank
 * @name: of the bank.
 * @info: what the chip says of it.
 * @used: bytes of its digests that are not padding.
 * @aggregate: boot_aggregate of an unused chip, in hexadecimal digits, or
 *	       %NULL if it is as without a chip.
 */
struct bank_row {
	const char *name;
	struct tpm_bank_info info;
	u16 used;
	const char *aggregate;
};

static const struct bank_row bank_rows[] = {
	{ "sha1", { TPM_ALG_SHA1, 20, HASH_ALGO_SHA1 }, 20,
	  "9797edf8d0eed36b1cf92547816051c8af4e45ee" },
	{ "sha256", { TPM_ALG_SHA256, 32, HASH_ALGO_SHA256 }, 32,
	  "7b6436b0c98f62380866d9432c2af0ee08ce16a171bda6951aecd95ee1307d61" },
	{ "sha384", { TPM_ALG_SHA384, 48, HASH_ALGO_SHA384 }, 48,
	  "112397cbc0c7fc31a4acd54403f62cf0807330f380d4b5586391fcfdf1629d7bfd4a9e2c4dc33d88119480978230f8f3",
	},
	{ "sha512", { TPM_ALG_SHA512, 64, HASH_ALGO_SHA512 }, 64,
	  "aa79444dee5810832cae9935b883c71557be3d3b048ae1005c5104a43559345bbea963771375065c88210ab12e14b25b83930d9f75f9666028aa1fd0df7c2225",
	},
	{ "unknown", { 0x27, 32, HASH_ALGO__LAST }, 20, NULL },
};

static void bank_desc(const struct bank_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bank, bank_rows, bank_desc);

static struct ima_ns_vtpm *make_vtpm(struct kunit *test,
				     const struct bank_row *row)
{
	struct ima_ns_vtpm *vtpm;

	vtpm = kunit_kzalloc(test, sizeof(*vtpm), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vtpm);
	vtpm->chip = kunit_kzalloc(test, sizeof(*vtpm->chip), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vtpm->chip);
	vtpm->chip->nr_allocated_banks = 1;
	vtpm->chip->allocated_banks[0] = row->info;
	ima_ns_banks_init(vtpm);
	return vtpm;
}

static struct ima_template_entry *make_entry(struct kunit *test)
{
	struct ima_max_digest_data hash = {};
	struct ima_iint_cache iint = {
		.ima_hash = container_of(&hash.hdr, struct ima_digest_data,
					 hdr),
	};
	struct ima_event_data event = { .iint = &iint, .filename = "file" };
	struct ima_template_entry *entry;

	iint.ima_hash->algo = HASH_ALGO_SHA1;
	iint.ima_hash->length = SHA1_DIGEST_SIZE;
	KUNIT_ASSERT_EQ(test, ima_alloc_init_template(&event, &entry, NULL), 0);
	return entry;
}

/* "A padded SHA-1 for what the kernel does not know, as on the host." */
static void entry_is_mapped(struct kunit *test)
{
	const struct bank_row *row = test->param_value;
	struct ima_ns_vtpm *vtpm = make_vtpm(test, row);
	struct ima_template_entry *entry = make_entry(test);
	static const u8 zeros[TPM2_MAX_DIGEST_SIZE];
	u8 *digest = vtpm->digests[0].digest, shown[TPM2_MAX_DIGEST_SIZE];

	KUNIT_ASSERT_EQ(test, vtpm->nr_banks, 1);
	KUNIT_ASSERT_EQ(test,
			ima_calc_field_array_hash(entry->template_data, entry),
			0);
	KUNIT_EXPECT_EQ(test, ima_ns_banks_extend(vtpm, entry), 0);
	KUNIT_EXPECT_EQ(test, vtpm->digests[0].alg_id, row->info.alg_id);
	KUNIT_EXPECT_TRUE(test, memchr_inv(digest, 0, row->used));
	KUNIT_EXPECT_MEMEQ(test, digest + row->used, zeros,
			   TPM2_MAX_DIGEST_SIZE - row->used);
	if (row->used == SHA1_DIGEST_SIZE)
		KUNIT_EXPECT_MEMEQ(test, digest,
				   entry->digests[ima_sha1_idx].digest,
				   SHA1_DIGEST_SIZE);
	if (row->info.crypto_id == ima_hash_algo)
		KUNIT_EXPECT_MEMEQ(test, digest,
				   entry->digests[ima_hash_algo_idx].digest,
				   row->used);

	KUNIT_EXPECT_EQ(test, ima_ns_bank_show(&vtpm->banks[0], entry, shown),
			row->used);
	KUNIT_EXPECT_MEMEQ(test, shown, digest, row->used);
	ima_free_template_entry(entry);
	ima_ns_banks_free(vtpm);
}

/* "Zeros in the list, FF..FF of the bank's size in the PCR." */
static void violation_is_all_ones(struct kunit *test)
{
	const struct bank_row *row = test->param_value;
	struct ima_ns_vtpm *vtpm = make_vtpm(test, row);
	struct ima_template_entry *entry = make_entry(test);
	u8 *digest = vtpm->digests[0].digest, shown[TPM2_MAX_DIGEST_SIZE];

	KUNIT_EXPECT_EQ(test, ima_ns_banks_extend(vtpm, entry), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(digest, 0xff, row->used));
	KUNIT_EXPECT_NULL(test, memchr_inv(digest + row->used, 0,
					   TPM2_MAX_DIGEST_SIZE - row->used));
	KUNIT_EXPECT_EQ(test, ima_ns_bank_show(&vtpm->banks[0], entry, shown),
			row->used);
	KUNIT_EXPECT_NULL(test, memchr_inv(shown, 0, row->used));
	ima_free_template_entry(entry);
	ima_ns_banks_free(vtpm);
}

static void aggregate_is_the_chips(struct kunit *test)
{
	const struct bank_row *row = test->param_value;
	struct ima_ns_vtpm *vtpm = make_vtpm(test, row);
	struct ima_max_digest_data max = {};
	struct ima_digest_data *hash = container_of(&max.hdr,
						    struct ima_digest_data,
						    hdr);
	u8 expected[TPM2_MAX_DIGEST_SIZE] = {};
	u16 algo = ima_hash_algo;

	if (row->aggregate) {
		algo = row->info.crypto_id;
		KUNIT_ASSERT_EQ(test, hex2bin(expected, row->aggregate,
					      row->info.digest_size), 0);
	}
	KUNIT_ASSERT_EQ(test, ima_ns_tpm_aggregate(vtpm, hash), 0);
	KUNIT_EXPECT_EQ(test, hash->algo, algo);
	KUNIT_EXPECT_EQ(test, hash->length, hash_digest_size[algo]);
	KUNIT_EXPECT_MEMEQ(test, hash->digest, expected, hash->length);
	ima_ns_banks_free(vtpm);
}

static struct kunit_case ima_ns_bank_cases[] = {
	KUNIT_CASE_PARAM(entry_is_mapped, bank_gen_params),
	KUNIT_CASE_PARAM(violation_is_all_ones, bank_gen_params),
	KUNIT_CASE_PARAM(aggregate_is_the_chips, bank_gen_params),
	{}
};

static struct kunit_suite ima_ns_bank_suite = {
	.name = "ima_ns_bank",
	.test_cases = ima_ns_bank_cases,
};

kunit_test_suite(ima_ns_bank_suite);
