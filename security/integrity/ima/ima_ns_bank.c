// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: PCR banks of a child's chip
 *
 * An entry has digests for the banks of the host's chip, for SHA-1 and for
 * IMA's own algorithm.  Those for other banks that a child's chip has are
 * computed when they are needed, and are stored nowhere.
 */

#include <crypto/hash.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "ima_ns_tpm.h"

/* PCRs that boot_aggregate covers; SHA-1's are fewer, as on any host. */
#define AGGREGATE_PCRS		10
#define AGGREGATE_PCRS_SHA1	8

/* What boot_aggregate is made of: a chip is bound with its PCRs at reset. */
static const u8 reset_pcrs[AGGREGATE_PCRS * TPM2_MAX_DIGEST_SIZE];

/* Index of the digest that entries have for an algorithm, or -1. */
static int entry_index(u16 algo)
{
	int i;

	for (i = 0; i < NR_BANKS(ima_tpm_chip) + ima_extra_slots; i++) {
		if (ima_algo_array[i].tfm && ima_algo_array[i].algo == algo)
			return i;
	}
	return -1;
}

static void bank_init(struct ima_ns_bank *bank,
		      const struct tpm_bank_info *info)
{
	struct crypto_shash *tfm;

	bank->alg_id = info->alg_id;
	bank->algo = info->crypto_id;
	bank->size = info->digest_size;
	bank->used = bank->size;
	bank->index = ima_sha1_idx;

	/* As on the host: a padded SHA-1 for what the kernel does not know. */
	if (bank->algo == HASH_ALGO__LAST) {
		bank->used = SHA1_DIGEST_SIZE;
		return;
	}

	bank->index = entry_index(bank->algo);
	if (bank->index >= 0)
		return;

	bank->index = ima_sha1_idx;
	tfm = crypto_alloc_shash(hash_algo_name[bank->algo], 0, 0);
	if (!IS_ERR(tfm))
		bank->tfm = tfm;
}

/**
 * ima_ns_banks_init - learn a chip's banks
 * @vtpm: a chip that is registered
 *
 * Context: the thread of @vtpm, once; may sleep.
 */
void ima_ns_banks_init(struct ima_ns_vtpm *vtpm)
{
	const struct tpm_chip *chip = vtpm->chip;
	unsigned int i;

	for (i = 0; i < chip->nr_allocated_banks; i++)
		bank_init(&vtpm->banks[i], &chip->allocated_banks[i]);
	/* Pairs with nr_banks(). */
	smp_store_release(&vtpm->nr_banks, chip->nr_allocated_banks);
}

static unsigned int nr_banks(const struct ima_ns_vtpm *vtpm)
{
	/* Pairs with ima_ns_banks_init(): these banks are complete. */
	return smp_load_acquire(&vtpm->nr_banks);
}

/**
 * ima_ns_banks_free - forget a chip's banks
 * @vtpm: a chip that nobody uses any more
 *
 * Context: process context.
 */
void ima_ns_banks_free(struct ima_ns_vtpm *vtpm)
{
	unsigned int i;

	for (i = 0; i < vtpm->nr_banks; i++)
		crypto_free_shash(vtpm->banks[i].tfm);
}

/* The digest of an entry that a list shows: zeros for a violation. */
static int bank_digest(const struct ima_ns_bank *bank,
		       struct ima_template_entry *entry, u8 *digest)
{
	size_t size = bank->size;

	memset(digest, 0, TPM2_MAX_DIGEST_SIZE);
	if (ima_entry_is_violation(entry))
		return 0;

	if (bank->tfm)
		return ima_calc_field_array_hash_tfm(entry->template_data,
						     entry, bank->tfm, digest);

	if (bank->index == ima_sha1_idx)
		size = SHA1_DIGEST_SIZE;
	memcpy(digest, entry->digests[bank->index].digest, size);
	return 0;
}

/**
 * ima_ns_banks_extend - prepare what a chip is extended with
 * @vtpm: the chip, whose digests are set
 * @entry: the entry
 *
 * Context: the thread of @vtpm, which keeps @entry from being freed; may sleep.
 * Return: 0, or what the computation of a digest failed with.
 */
int ima_ns_banks_extend(struct ima_ns_vtpm *vtpm,
			struct ima_template_entry *entry)
{
	unsigned int i;
	int err;

	if (ima_entry_is_violation(entry)) {
		ima_ns_banks_invalidate(vtpm);
		return 0;
	}

	for (i = 0; i < vtpm->nr_banks; i++) {
		vtpm->digests[i].alg_id = vtpm->banks[i].alg_id;
		err = bank_digest(&vtpm->banks[i], entry,
				  vtpm->digests[i].digest);
		if (err)
			return err;
	}
	return 0;
}

/**
 * ima_ns_banks_invalidate - prepare to extend a chip with what no entry has
 * @vtpm: the chip, whose digests are set
 *
 * Context: the thread of @vtpm.
 */
void ima_ns_banks_invalidate(struct ima_ns_vtpm *vtpm)
{
	unsigned int i;

	memset(vtpm->digests, 0, sizeof(vtpm->digests));
	for (i = 0; i < vtpm->nr_banks; i++) {
		vtpm->digests[i].alg_id = vtpm->banks[i].alg_id;
		memset(vtpm->digests[i].digest, 0xff, vtpm->banks[i].used);
	}
}

/* Are its digests what their name says, and no padded SHA-1? */
static bool is_computed(const struct ima_ns_bank *bank)
{
	return bank->tfm || bank->algo == HASH_ALGO_SHA1 ||
	       bank->index != ima_sha1_idx;
}

/* IMA's own algorithm, else SHA-256, else SHA-1, else what there is. */
static const struct ima_ns_bank *
aggregate_bank(const struct ima_ns_vtpm *vtpm)
{
	const u16 wanted[] = { ima_hash_algo, HASH_ALGO_SHA256, HASH_ALGO_SHA1 };
	unsigned int i, bank;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		for (bank = 0; bank < nr_banks(vtpm); bank++) {
			if (vtpm->banks[bank].algo == wanted[i] &&
			    is_computed(&vtpm->banks[bank]))
				return &vtpm->banks[bank];
		}
	}
	for (bank = 0; bank < nr_banks(vtpm); bank++) {
		if (is_computed(&vtpm->banks[bank]))
			return &vtpm->banks[bank];
	}
	return NULL;
}

/**
 * ima_ns_tpm_aggregate - compute boot_aggregate of a child
 * @vtpm: its chip, or %NULL
 * @hash: set to zeros of IMA's algorithm if there is no chip, or none with a
 *	  bank that the kernel computes, else to the digest of the chip's PCRs
 *
 * Context: process context, may sleep.
 * Return: 0, or what the computation failed with.
 */
int ima_ns_tpm_aggregate(const struct ima_ns_vtpm *vtpm,
			 struct ima_digest_data *hash)
{
	const struct ima_ns_bank *bank = vtpm ? aggregate_bank(vtpm) : NULL;
	unsigned int pcrs = AGGREGATE_PCRS;

	hash->algo = ima_hash_algo;
	hash->length = hash_digest_size[ima_hash_algo];
	if (!bank)
		return 0;

	if (bank->alg_id == TPM_ALG_SHA1)
		pcrs = AGGREGATE_PCRS_SHA1;
	hash->algo = bank->algo;
	return ima_calc_buffer_hash(reset_pcrs, pcrs * bank->size, hash);
}

/* The algorithm of a file that lists digests, by what its inode says. */
static u16 list_alg(const void *inode_private)
{
	unsigned long value = (unsigned long)inode_private;

	if (value & IMA_NS_BANK_FILE)
		return value;
	return value < NR_BANKS(ima_tpm_chip) ?
		       ima_tpm_chip->allocated_banks[value].alg_id :
		       TPM_ALG_SHA1;
}

static const struct ima_ns_bank *find_bank(const struct ima_ns_vtpm *vtpm,
					   u16 alg_id)
{
	unsigned int i;

	for (i = 0; i < nr_banks(vtpm); i++) {
		if (vtpm->banks[i].alg_id == alg_id)
			return &vtpm->banks[i];
	}
	return NULL;
}

/**
 * ima_ns_list_bank - the bank whose digests a list file shows
 * @ns: the namespace that the file refers to
 * @inode_private: what the inode of the file says
 * @bank: set to the bank, or to %NULL if the digests are those that entries
 *	  have
 *
 * Context: any; @bank lives as long as @ns.
 * Return: 0, or -ENOENT: the chip of @ns has no such bank.
 */
int ima_ns_list_bank(const struct ima_namespace *ns, const void *inode_private,
		     const struct ima_ns_bank **bank)
{
	const struct ima_ns_vtpm *vtpm = ima_ns_vtpm(ns);
	u16 alg_id = list_alg(inode_private);

	*bank = vtpm ? find_bank(vtpm, alg_id) : NULL;
	if (*bank)
		return 0;

	if (vtpm && nr_banks(vtpm))
		return alg_id == TPM_ALG_SHA1 ? 0 : -ENOENT;
	return (unsigned long)inode_private & IMA_NS_BANK_FILE ? -ENOENT : 0;
}

/**
 * ima_ns_bank_show - the digest of an entry in a bank
 * @bank: the bank
 * @entry: the entry
 * @digest: has room for %TPM2_MAX_DIGEST_SIZE bytes
 *
 * Context: process context, may sleep.
 * Return: number of bytes, or what the computation failed with.
 */
int ima_ns_bank_show(const struct ima_ns_bank *bank,
		     struct ima_template_entry *entry, u8 *digest)
{
	int err = bank_digest(bank, entry, digest);

	return err ?: bank->used;
}

/**
 * ima_ns_alg_name - what files call an algorithm
 * @alg_id: the TPM's name of it
 * @algo: IMA's name of it, or %HASH_ALGO__LAST
 * @name: set to the name
 * @size: size of @name
 *
 * Context: any.
 * Return: length of @name.
 */
int ima_ns_alg_name(u16 alg_id, u16 algo, char *name, size_t size)
{
	return algo == HASH_ALGO__LAST ?
		       scnprintf(name, size, "tpm_alg_%x", alg_id) :
		       scnprintf(name, size, "%s", hash_algo_name[algo]);
}

/**
 * ima_ns_bank_name - what files call a bank of a namespace's chip
 * @ns: the namespace
 * @i: number of the bank
 * @alg_id: set to the TPM's name of its algorithm
 * @name: set to the end of file names
 * @size: size of @name
 *
 * Context: any.
 * Return: whether there is such a bank.
 */
bool ima_ns_bank_name(const struct ima_namespace *ns, unsigned int i,
		      u16 *alg_id, char *name, size_t size)
{
	const struct ima_ns_vtpm *vtpm = ima_ns_vtpm(ns);
	const struct ima_ns_bank *bank;

	if (!vtpm || i >= nr_banks(vtpm))
		return false;

	bank = &vtpm->banks[i];
	*alg_id = bank->alg_id;
	ima_ns_alg_name(bank->alg_id, bank->algo, name, size);
	return true;
}

/**
 * ima_ns_bank_hidden - is a list file of the host's none of a namespace's?
 * @ns: the namespace
 * @inode_private: what the inode of the file says
 *
 * Context: any.
 * Return: whether the chip of @ns lacks the bank of that file.
 */
bool ima_ns_bank_hidden(const struct ima_namespace *ns,
			const void *inode_private)
{
	const struct ima_ns_bank *bank;

	return ima_ns_list_bank(ns, inode_private, &bank) != 0;
}
