/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: the list files of a chip's banks
 */

#include "names.h"

#define FILES_SIZE 4096

static const char list_name[] = "runtime_measurements";

static inline bool is_list(const char *name)
{
	return contains(name, list_name) && !contains(name, "count");
}

/* Names with list_name in them, a line each. */
static inline int ls_lists(const char *path, char *text, size_t size)
{
	return list_names(path, is_list, text, size);
}

static long do_ls_lists(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return ls_lists(call->path, call->text, FILES_SIZE);
}

/* The list files in a directory as the agent sees it, or the test if NULL. */
static inline void list_files(struct __test_metadata *const _metadata,
			      struct agent *agent, const char *dir, char *text)
{
	if (!agent) {
		ASSERT_EQ(0, ls_lists(dir, text, FILES_SIZE));
		return;
	}
	snprintf(agent->call->path, PATH_MAX, "%s", dir);
	ASSERT_EQ(0, agent_call(agent, do_ls_lists, -1, NULL));
	snprintf(text, FILES_SIZE, "%.4000s", agent->call->text);
}

static inline void assert_files(struct __test_metadata *const _metadata,
				struct agent *agent, const char *dir,
				const char *wanted)
{
	char text[FILES_SIZE];

	list_files(_metadata, agent, dir, text);
	ASSERT_STREQ(wanted, text)
	{
		TH_LOG("In %s, seen by %s", dir, agent ? "agent" : "host");
	}
}

static inline ssize_t read_list(struct agent *agent, const char *dir,
				const char *kind, const char *bank, char **text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/%s_%s%s%s", dir, kind, list_name,
		 bank ? "_" : "", bank ?: "");
	return agent ? agent_read(agent, path, text) : read_path(path, text);
}

/* A record's digest in a binary list; moves on to the next record. */
static inline int next_record(const char **c, const char *end, size_t digest,
			      __u32 *pcr, char *hex)
{
	__u32 size;

	if (end - *c < (ssize_t)(digest + 8))
		return -EBADMSG;
	memcpy(pcr, *c, 4);
	to_hex((const unsigned char *)*c + 4, digest, hex);
	*c += 4 + digest;
	/* The name of the template, then its data. */
	memcpy(&size, *c, 4);
	if ((size_t)(end - *c) < 8 + (size_t)size)
		return -EBADMSG;
	*c += 4 + size;
	memcpy(&size, *c, 4);
	if ((size_t)(end - *c) < 4 + (size_t)size)
		return -EBADMSG;
	*c += 4 + size;
	return 0;
}

/* Asserts that the binary list says the PCRs and digests of the ASCII one. */
static inline void assert_same_list(struct __test_metadata *const _metadata,
				    const char *binary, ssize_t size,
				    const char *ascii, const struct bank *bank)
{
	const char *const end = binary + size;
	char hex[2 * MAX_DIGEST + 1], start[2 * MAX_DIGEST + 16];
	__u32 pcr;

	while (binary < end) {
		ASSERT_EQ(0, next_record(&binary, end, bank->size, &pcr, hex));
		snprintf(start, sizeof(start), "%2d %s ", pcr, hex);
		ASSERT_EQ(0, strncmp(start, ascii, strlen(start)));
		ascii = strchr(ascii, '\n') + 1;
	}
	ASSERT_EQ(0, *ascii);
}

/* "Exactly those of the chip, and sha1": all others are ENOENT. */
static inline void assert_bank_file(struct __test_metadata *const _metadata,
				    struct agent *agent, const char *dir,
				    const struct bank *bank, bool there)
{
	char *ascii, *binary;
	ssize_t size;

	size = read_list(agent, dir, "binary", bank->name, &binary);
	if (!there) {
		ASSERT_EQ(-ENOENT, size);
		ASSERT_EQ(-ENOENT, read_list(agent, dir, "ascii", bank->name,
					     &ascii));
		return;
	}
	ASSERT_LT(0, size);
	ASSERT_LT(0, read_list(agent, dir, "ascii", bank->name, &ascii));
	assert_same_list(_metadata, binary, size, ascii, bank);
	free(ascii);
	free(binary);
}

/* "The unsuffixed ones are still the sha1 view." */
static inline void assert_unsuffixed(struct __test_metadata *const _metadata,
				     struct agent *agent, const char *dir)
{
	char *plain, *sha1, path[PATH_MAX], target[128];
	ssize_t size;

	ASSERT_LT(0, read_list(agent, dir, "ascii", NULL, &plain));
	ASSERT_LT(0, read_list(agent, dir, "ascii", "sha1", &sha1));
	ASSERT_STREQ(sha1, plain);
	free(plain);
	free(sha1);
	size = read_list(agent, dir, "binary", "sha1", &sha1);
	ASSERT_EQ(size, read_list(agent, dir, "binary", NULL, &plain));
	ASSERT_EQ(0, memcmp(sha1, plain, size));
	free(plain);
	free(sha1);
	snprintf(path, sizeof(path), "%.4000s/ascii_%s", dir, list_name);
	size = readlink(path, target, sizeof(target) - 1);
	ASSERT_LT(0, size);
	target[size] = '\0';
	ASSERT_STREQ("ascii_runtime_measurements_sha1", target);
}

/* Asserts what is in a directory of a namespace whose chip has these banks. */
static inline void assert_bank_files(struct __test_metadata *const _metadata,
				     struct agent *agent, const char *dir,
				     const char *banks)
{
	static const char *const kinds[] = { "ascii", "binary" };
	char wanted[FILES_SIZE];
	size_t i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		n += sprintf(wanted + n, "%s_%s\n", kinds[i], list_name);
		for (j = 0; j < ARRAY_SIZE(all_banks); j++)
			if (!j || in_banks(banks, all_banks[j].name))
				n += sprintf(wanted + n, "%s_%s_%s\n",
					     kinds[i], list_name,
					     all_banks[j].name);
	}
	assert_files(_metadata, agent, dir, wanted);
	for (j = 0; j < ARRAY_SIZE(all_banks); j++)
		assert_bank_file(_metadata, agent, dir, &all_banks[j],
				 !j || in_banks(banks, all_banks[j].name));
	assert_unsuffixed(_metadata, agent, dir);
}
