/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: replaying a list
 *
 * A verifier that is independent of the kernel and of other programs, and that
 * knows nothing of a list but the first two columns of the bank's own file:
 * PCR and template digest.
 */

#include "swtpm.h"

#define MAX_DIGEST 64
#define MAX_PCR 24

struct bank {
	const char *name;
	size_t size;
	const struct sha *sha;
	/* The boot_aggregate of a TPM whose PCRs are at reset. */
	const char *aggregate;
};

/* clang-format off */

static const struct bank all_banks[] = {
	{ "sha1", 20, &sha1,
	  "9797edf8d0eed36b1cf92547816051c8af4e45ee",
	},
	{ "sha256", 32, &sha256,
	  "7b6436b0c98f62380866d9432c2af0ee08ce16a171bda6951aecd95ee1307d61",
	},
	{ "sha384", 48, &sha384,
	  "112397cbc0c7fc31a4acd54403f62cf0807330f380d4b5586391fcfdf1629d7bfd4a9e2c4dc33d88119480978230f8f3",
	},
	{ "sha512", 64, &sha512,
	  "aa79444dee5810832cae9935b883c71557be3d3b048ae1005c5104a43559345bbea963771375065c88210ab12e14b25b83930d9f75f9666028aa1fd0df7c2225",
	},
};

/* clang-format on */

/* Is the name one of those that commas separate? */
static inline bool in_banks(const char *banks, const char *name)
{
	char all[80], wanted[16];

	snprintf(all, sizeof(all), ",%s,", banks);
	snprintf(wanted, sizeof(wanted), ",%s,", name);
	return contains(all, wanted);
}

static inline int from_hex(const char *hex, unsigned char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
			return -EBADMSG;
	return 0;
}

static inline void to_hex(const unsigned char *bytes, size_t size, char *hex)
{
	size_t i;

	for (i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
}

/* The state of a TPM's bank; values are in hexadecimal digits. */
struct replay {
	int entries;
	int extends[MAX_PCR];
	char value[MAX_PCR][2 * MAX_DIGEST + 1];
};

/* The value of a PCR at reset. */
static inline void replay_reset(const struct bank *bank, struct replay *replay)
{
	int i;

	*replay = (struct replay){};
	for (i = 0; i < MAX_PCR; i++)
		memset(replay->value[i], '0', 2 * bank->size);
}

/* value = H(value || digest), where the digest of a violation is all ones. */
static inline int replay_extend(const struct bank *bank, char *value,
				const char *digest)
{
	unsigned char bytes[2 * MAX_DIGEST];

	if (from_hex(value, bytes, bank->size) ||
	    from_hex(digest, bytes + bank->size, bank->size))
		return -EBADMSG;
	if (strspn(digest, "0") >= 2 * bank->size)
		memset(bytes + bank->size, 0xff, bank->size);
	sha_hex(bank->sha, bytes, 2 * bank->size, value);
	return 0;
}

/* Replays one line; the digest must be as long as the bank's. */
static inline int replay_line(const struct bank *bank, const char *line,
			      struct replay *replay)
{
	const size_t size = 2 * bank->size;
	char *digest;
	long pcr;

	pcr = strtol(line, &digest, 10);
	if (digest == line || pcr < 0 || pcr >= MAX_PCR || *digest++ != ' ' ||
	    strspn(digest, "0123456789abcdef") != size || digest[size] != ' ')
		return -EBADMSG;
	replay->entries++;
	replay->extends[pcr]++;
	return replay_extend(bank, replay->value[pcr], digest);
}

static inline int replay_text(const struct bank *bank, const char *text,
			      struct replay *replay)
{
	int err = 0;

	replay_reset(bank, replay);
	while (*text && !err) {
		err = replay_line(bank, text, replay);
		text = strchr(text, '\n');
		if (!text)
			return -EBADMSG;
		text++;
	}
	return err;
}

/* The number of entries after which PCR @pcr has this value first, or -1. */
static inline int replay_find(const struct bank *bank, const char *text,
			      int pcr, const char *value)
{
	struct replay replay;

	replay_reset(bank, &replay);
	while (text && *text) {
		if (replay_line(bank, text, &replay))
			return -1;
		if (!strcmp(replay.value[pcr], value))
			return replay.entries;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return -1;
}

/* Keeps what are hexadecimal digits, in lower case. */
static inline void plain_hex(const char *from, size_t size, char *value)
{
	size_t n = 0;

	for (; *from && *from != '\n' && n < 2 * size; from++)
		if (strchr("0123456789abcdefABCDEF", *from))
			value[n++] = *from | 0x20;
	value[n] = '\0';
}

/* A PCR as the chip tells it. */
static inline int chip_pcr(const struct emulator *emulator,
			   const struct bank *bank, int pcr, char *value)
{
	char path[128], *text;
	ssize_t size;

	snprintf(path, sizeof(path), TPM_CLASS "/tpm%d/pcr-%s/%d",
		 emulator->num, bank->name, pcr);
	size = read_path(path, &text);
	if (size >= 0)
		plain_hex(text, bank->size, value);
	free(text);
	return size < 0 || strlen(value) != 2 * bank->size ? -EIO : 0;
}

/* Asserts what a bank of the chip has, in all PCRs that are at zero first. */
static inline void assert_bank(struct __test_metadata *const _metadata,
			       const struct emulator *emulator,
			       const struct bank *bank,
			       const struct replay *replay)
{
	char value[2 * MAX_DIGEST + 1];
	int i;

	for (i = 0; i < MAX_PCR; i++) {
		/* Those of dynamic launch start at ones. */
		if (i >= 17 && i <= 22)
			continue;
		ASSERT_EQ(0, chip_pcr(emulator, bank, i, value));
		ASSERT_STREQ(replay->value[i], value)
		{
			TH_LOG("tpm%d %s PCR %d after %d entries",
			       emulator->num, bank->name, i, replay->entries);
		}
	}
}

static inline void replay_ns(struct __test_metadata *const _metadata, long id,
			     const struct bank *bank, struct replay *replay)
{
	char name[64], *text;

	snprintf(name, sizeof(name), "ascii_runtime_measurements_%s",
		 bank->name);
	ASSERT_LE(0, ns_read(id, name, &text));
	ASSERT_EQ(0, replay_text(bank, text, replay))
	{
		TH_LOG("%s after %d entries", name, replay->entries);
	}
	free(text);
}

/*
 * "Replaying a namespace's list gives exactly the PCR values of its chip,
 * always": in each bank and each PCR, so nobody else extended it either.
 */
static inline void assert_replay(struct __test_metadata *const _metadata,
				 long id, const struct emulator *emulator)
{
	struct replay replay;
	size_t i;

	ASSERT_TRUE(within(PATIENCE, caught_up(id)));
	assert_bound(_metadata, id, emulator);
	for (i = 0; i < ARRAY_SIZE(all_banks); i++) {
		if (!in_banks(emulator->banks, all_banks[i].name))
			continue;
		replay_ns(_metadata, id, &all_banks[i], &replay);
		ASSERT_EQ(ns_number(id, "runtime_measurements_count"),
			  replay.entries);
		assert_bank(_metadata, emulator, &all_banks[i], &replay);
	}
}

/* The bank whose boot_aggregate opens the list of a chip with these banks. */
static inline const struct bank *aggregate_bank(const char *banks)
{
	static const char *const preferred[] = { "sha256", "sha1" };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(preferred); i++)
		for (j = 0; j < ARRAY_SIZE(all_banks); j++)
			if (!strcmp(preferred[i], all_banks[j].name) &&
			    in_banks(banks, preferred[i]))
				return &all_banks[j];
	for (j = 0; j < ARRAY_SIZE(all_banks) - 1; j++)
		if (in_banks(banks, all_banks[j].name))
			break;
	return &all_banks[j];
}
