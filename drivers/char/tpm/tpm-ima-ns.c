// SPDX-License-Identifier: GPL-2.0-only
/*
 * What IMA namespaces ask of a TPM: the chip by its name, PCRs that nobody has
 * extended yet, and its emulator to be let go
 */

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/string.h>
#include <linux/tpm.h>
#include <linux/unaligned.h>

#include "tpm.h"

/*
 * Where in the answer of TPM2_PCR_Read the digests begin: behind the update
 * counter, the one selection and the number of digests.
 */
#define READ_OUT_DIGESTS	(4 + (4 + 2 + 1 + TPM2_PCR_SELECT_MIN) + 4)

/**
 * tpm_chip_get() - find a registered TPM chip and get a reference to it
 * @name:	name of its device, such as "tpm1"
 *
 * Return: the chip, to be released by put_device(), or %NULL.
 */
struct tpm_chip *tpm_chip_get(const char *name)
{
	struct device *dev = class_find_device_by_name(&tpm_class, name);

	return dev ? container_of(dev, struct tpm_chip, dev) : NULL;
}

/**
 * tpm_chip_hangup() - let a chip's emulator know that it is not used any more
 * @chip:	a chip that the caller has a reference to
 *
 * Waits for no command of the chip.  Does nothing if no user space is behind it.
 */
void tpm_chip_hangup(struct tpm_chip *chip)
{
	down_read(&chip->ops_sem);
	if (chip->ops && chip->ops->hangup)
		chip->ops->hangup(chip);
	up_read(&chip->ops_sem);
}

/*
 * Eight PCRs of a bank at most.  Returns 1 if they are zero, 0 if one is not, -EFAULT
 * if the TPM did not tell all of them, else what the transmission failed with.
 */
static int tpm2_pcrs_are_zero(struct tpm_chip *chip,
			      const struct tpm_bank_info *bank, u32 pcrs)
{
	const __le32 select = cpu_to_le32(pcrs);
	size_t digest_size = sizeof(__be16) + bank->digest_size;
	unsigned int i, count = hweight32(pcrs);
	struct tpm_buf buf;
	u8 *digests;
	int rc;

	rc = tpm_buf_init(&buf, TPM2_ST_NO_SESSIONS, TPM2_CC_PCR_READ);
	if (rc)
		return rc;

	tpm_buf_append_u32(&buf, 1);
	tpm_buf_append_u16(&buf, bank->alg_id);
	tpm_buf_append_u8(&buf, TPM2_PCR_SELECT_MIN);
	tpm_buf_append(&buf, (const u8 *)&select, TPM2_PCR_SELECT_MIN);
	rc = tpm_transmit_cmd(chip, &buf, READ_OUT_DIGESTS +
			      count * digest_size, "attempting to read pcr values");
	if (rc) {
		rc = rc < 0 ? rc : -EIO;
		goto out;
	}

	digests = &buf.data[TPM_HEADER_SIZE + READ_OUT_DIGESTS];
	rc = get_unaligned_be32(digests - sizeof(__be32)) == count ? 1 : -EFAULT;
	for (i = 0; rc == 1 && i < count; i++, digests += digest_size) {
		if (get_unaligned_be16(digests) != bank->digest_size)
			rc = -EFAULT;
		else if (memchr_inv(digests + 2, 0, bank->digest_size))
			rc = 0;
	}
out:
	tpm_buf_destroy(&buf);
	return rc;
}

static int tpm1_pcrs_are_zero(struct tpm_chip *chip, unsigned long pcrs)
{
	u8 value[TPM_DIGEST_SIZE];
	unsigned int pcr;
	int rc;

	for_each_set_bit(pcr, &pcrs, TPM2_PLATFORM_PCR) {
		rc = tpm1_pcr_read(chip, pcr, value);
		if (rc)
			return rc < 0 ? rc : -EIO;
		if (memchr_inv(value, 0, sizeof(value)))
			return 0;
	}
	return 1;
}

static int tpm2_banks_are_zero(struct tpm_chip *chip, u32 pcrs)
{
	unsigned int bank, first;
	int rc = 1;

	/* A TPM tells eight PCRs at once. */
	for (bank = 0; bank < chip->nr_allocated_banks; bank++) {
		for (first = 0; first < TPM2_PLATFORM_PCR; first += 8) {
			if (!(pcrs & GENMASK(first + 7, first)))
				continue;
			rc = tpm2_pcrs_are_zero(chip,
						&chip->allocated_banks[bank],
						pcrs & GENMASK(first + 7, first));
			if (rc != 1)
				return rc;
		}
	}
	return rc;
}

/**
 * tpm_pcrs_are_zero - look whether PCRs are zero, in all banks
 * @chip:	a &struct tpm_chip instance, reserved by tpm_try_get_ops()
 * @pcrs:	indexes of PCRs, by bits
 *
 * Return: 1 if they are, 0 if one is not, a negative number for errors: -EIO
 * if the TPM answered with one.
 */
int tpm_pcrs_are_zero(struct tpm_chip *chip, u32 pcrs)
{
	if (chip->flags & TPM_CHIP_FLAG_TPM2)
		return tpm2_banks_are_zero(chip, pcrs);
	return tpm1_pcrs_are_zero(chip, pcrs);
}

/**
 * tpm_chip_disable() - make the driver of an unregistered chip uncallable
 * @chip:	a chip that was never registered
 */
void tpm_chip_disable(struct tpm_chip *chip)
{
	down_write(&chip->ops_sem);
	WRITE_ONCE(chip->ops, NULL);
	up_write(&chip->ops_sem);
}
EXPORT_SYMBOL_GPL(tpm_chip_disable);
