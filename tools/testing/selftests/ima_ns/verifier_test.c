// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What verifiers make of it
 *
 * Today's tools, unchanged, inside of a container that has its vTPM as
 * /dev/tpm0 and /dev/tpmrm0: evmctl compares the container's list with the
 * vTPM's PCRs, tpm2-tools make and check quotes of them.
 */

#include <dirent.h>
#include <stdarg.h>

#include "replay.h"
#include "tpm_files.h"

#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"
#define RULE_EXEC "measure func=BPRM_CHECK\n"

/* Subjects executed before tools come: enough to tell one list from another. */
#define SUBJECTS 10
/* What is only looked for in the digests of this bank. */
#define BANK "sha256"
#define OUTPUT_SIZE (64 * 1024)

/* The PCRs in a file, from tpm2_pcrread: much faster than a tool for each. */
#define SED "sed -n 's/^ *\\([0-9]*\\) *: *0x\\(.*\\)$/\\1 \\2/p'"
#define AWK "awk '{printf \"PCR-%%02d: %%s\\n\", $1, tolower($2)}'"
#define MAKE_PCRS "tpm2_pcrread " BANK " | " SED " | " AWK " > pcrs"
#define USE_PCRS "--pcrs " BANK ",$PWD/pcrs"
#define EVMCTL "evmctl -v ima_measurement"

/* As in the documentation, but for the kind of keys. */
#define CREATE_EK "tpm2_createek -Q -c ek.ctx -G %s -u ek.pub"
#define CREATE_AK						\
	"tpm2_createak -Q -C ek.ctx -c ak.ctx -G %s -s %s"	\
	" -g sha256 -u ak.pem -f pem -n ak.name"
#define QUOTE							\
	"tpm2_quote -Q -c ak.ctx -l sha256:10 -q %s"		\
	" -m q.msg -s q.sig -o q.pcrs -g sha256"
#define CHECK_QUOTE						\
	"exec 2>&1; cd %s && tpm2_checkquote -u %s/ak.pem"	\
	" -m q.msg -s q.sig -f q.pcrs -g sha256 -q %s"

static const char matched[] = "Matched per TPM bank calculated digest(s).";
static const char mismatched[] = "Failed to match per TPM bank";

/* A container with a vTPM. */
struct container {
	struct agent agent;
	struct emulator emulator;
	long id;
	/* Where its tools leave their files. */
	char dir[256];
};

static bool have_tools(void)
{
	static const char *const argv[] = {
		"which", "evmctl", "tsspcrread", "tpm2_createek",
		"tpm2_createak", "tpm2_quote", "tpm2_checkquote", NULL
	};

	return have_swtpm() && !run(argv, NULL, 0);
}

/* Where IBM's and Intel's software look for the TPM. */
static void set_environment(void)
{
	setenv("TPM_INTERFACE_TYPE", "dev", 1);
	setenv("TPM_DEVICE", "/dev/tpmrm0", 1);
	setenv("TPM2TOOLS_TCTI", "device:/dev/tpmrm0", 1);
}

static int container_exec(struct container *container, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", container->dir, name);
	return make_subject(path, OWNER_PLAIN) ?:
	       agent_exec(&container->agent, path, 0);
}

static int container_work(struct container *container)
{
	char name[32];
	int i, err = 0;

	for (i = 0; i < SUBJECTS && !err; i++) {
		snprintf(name, sizeof(name), "subject.%d", i);
		err = container_exec(container, name);
	}
	return err;
}

static int container_bind(struct container *container)
{
	return bind_from_above(container->id, &container->emulator) ?:
	       agent_devices(&container->agent, &container->emulator);
}

/* Starts a container that did something; bound first, or last if @late. */
static int container_start(struct container *container, const char *dir,
			   const char *name, const char *banks, bool late)
{
	int err;

	snprintf(container->dir, sizeof(container->dir), "%s/%s", dir, name);
	if (mkdir(container->dir, 0755))
		return -errno;
	err = emulator_start(&container->emulator, container->dir, "tpm",
			     banks);
	if (!err)
		err = agent_start(&container->agent, NULL, CLONE_NEWNS);
	if (err)
		return err;
	container->id = agent_number(&container->agent, "id");
	if (!late)
		err = container_bind(container);
	if (!err)
		err = container_work(container);
	return err || !late ? err : container_bind(container);
}

static void container_stop(struct __test_metadata *const _metadata,
			   struct container *container)
{
	agent_stop(&container->agent);
	emulator_end(_metadata, &container->emulator);
}

/* Runs a command with all that it prints: its exit status. */
static int shell(const char *command, char *text, size_t size)
{
	const char *const argv[] = { "sh", "-c", command, NULL };

	return run(argv, text, size);
}

static long do_shell(struct call *call, int fd)
{
	char command[PATH_MAX];

	if (fd >= 0)
		close(fd);
	snprintf(command, sizeof(command), "exec 2>&1; cd %.*s && %.*s", 256,
		 call->path, 2048, call->text);
	return shell(command, call->text, OUTPUT_SIZE);
}

/* The same in a container; what it printed is in the text of its call. */
static long __printf(2, 3) container_shell(struct container *container,
					   const char *format, ...)
{
	struct call *const call = container->agent.call;
	va_list args;

	va_start(args, format);
	vsnprintf(call->text, TEXT_SIZE, format, args);
	va_end(args);
	snprintf(call->path, PATH_MAX, "%s", container->dir);
	return agent_call(&container->agent, do_shell, -1, NULL);
}

static const char *printed(const struct container *container)
{
	return container->agent.call->text;
}

/* The entry at which evmctl found a bank's PCR 10, or -1. */
static int matched_entry(const char *text, const char *bank)
{
	char wanted[64];
	const char *found;

	snprintf(wanted, sizeof(wanted), "%s PCR-10: succeed at entry ", bank);
	found = strstr(text, wanted);
	return found ? atoi(found + strlen(wanted)) : -1;
}

static long evmctl(struct container *container, const char *options,
		   const char *list)
{
	return container_shell(container,
			       MAKE_PCRS " && " EVMCTL " %s " USE_PCRS " %s",
			       options, list);
}

static const char own_list[] = IMA_DIR "/binary_runtime_measurements";

static long count(const struct container *container)
{
	return ns_number(container->id, "runtime_measurements_count");
}

/* Asserts that evmctl found the PCRs at the end of the container's list. */
static void assert_matched(struct __test_metadata *const _metadata,
			   struct container *container)
{
	const char *const text = printed(container);

	ASSERT_TRUE(contains(text, matched))
	{
		TH_LOG("%s", text);
	}
	ASSERT_LT(SUBJECTS, count(container));
	ASSERT_EQ(count(container), matched_entry(text, BANK))
	{
		TH_LOG("%s", text);
	}
}

/* Asserts that it looked at PCRs and list, and that they differ. */
static void assert_mismatched(struct __test_metadata *const _metadata,
			      struct container *container)
{
	ASSERT_FALSE(contains(printed(container), matched));
	ASSERT_TRUE(contains(printed(container), mismatched))
	{
		TH_LOG("%s", printed(container));
	}
}

/*
 * Asserts that evmctl accepts the list when its own execution, and what that
 * takes, was measured: that is the second time.
 */
static void assert_evmctl(struct __test_metadata *const _metadata,
			  struct container *container, const char *options)
{
	evmctl(container, options, own_list);
	ASSERT_EQ(0, evmctl(container, options, own_list))
	{
		TH_LOG("%s", printed(container));
	}
	assert_matched(_metadata, container);
}

/* The quoted PCR 10, as tpm2_checkquote prints it. */
static int quoted_pcr(const char *text, char *value)
{
	const char *const found = strstr(text, "10: 0x");

	if (!found)
		return -ENOENT;
	plain_hex(found + strlen("10: 0x"), MAX_DIGEST, value);
	return 0;
}

/* Keys for quotes: those of the documentation, or others that take less. */
static void make_keys(struct __test_metadata *const _metadata,
		      struct container *container, bool rsa)
{
	const char *const group = rsa ? "rsa" : "ecc";
	const char *const scheme = rsa ? "rsassa" : "ecdsa";

	ASSERT_EQ(0, container_shell(container, CREATE_EK, group))
	{
		TH_LOG("%s", printed(container));
	}
	ASSERT_EQ(0, container_shell(container, CREATE_AK, group, scheme))
	{
		TH_LOG("%s", printed(container));
	}
}

/* Quotes PCR 10, the second time with the tool in the list already. */
static void make_quote(struct __test_metadata *const _metadata,
		       struct container *container, const char *nonce)
{
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, container_shell(container, QUOTE, nonce))
		{
			TH_LOG("%s", printed(container));
		}
}

/* Off the box: does a quote stand, by whose key, with which nonce? */
static int check_quote(const struct container *of, const struct container *key,
		       const char *nonce, char *text)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), CHECK_QUOTE, of->dir, key->dir,
		 nonce);
	return shell(command, text, OUTPUT_SIZE);
}

static const struct bank *quoted_bank(void)
{
	return aggregate_bank(BANK);
}

/* The list of a container in the quoted bank, taken after the quote. */
static void take_list(struct __test_metadata *const _metadata,
		      const struct container *container, char **text)
{
	ASSERT_LT(0, ns_read(container->id, "ascii_runtime_measurements_" BANK,
			     text));
}

/* Makes and checks a quote, and replays the list against it. */
static void assert_quote(struct __test_metadata *const _metadata,
			 struct container *container)
{
	char value[2 * MAX_DIGEST + 1], nonce[33], output[OUTPUT_SIZE], *list;

	unique_text(nonce);
	make_quote(_metadata, container, nonce);
	take_list(_metadata, container, &list);
	ASSERT_EQ(0, check_quote(container, container, nonce, output))
	{
		TH_LOG("%s", output);
	}
	ASSERT_EQ(0, quoted_pcr(output, value));
	ASSERT_LT(SUBJECTS, count_lines(list));
	ASSERT_EQ(count_lines(list),
		  replay_find(quoted_bank(), list, 10, value));
	free(list);
}

/* What tools say of a container that was bound early, or late. */
FIXTURE(verifier)
{
	struct scratch scratch;
	struct container container;
};

FIXTURE_VARIANT(verifier)
{
	bool late;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(verifier, bound_early) { false };
FIXTURE_VARIANT_ADD(verifier, bound_late) { true };
/* clang-format on */

FIXTURE_SETUP(verifier)
{
	if (!have_tools())
		SKIP(return, "needs swtpm, evmctl, tss2 and tpm2-tools");
	set_environment();
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, container_start(&self->container, self->scratch.dir, "a",
				     BANK, variant->late));
}

FIXTURE_TEARDOWN(verifier)
{
	container_stop(_metadata, &self->container);
	scratch_remove(&self->scratch);
}

/* "evmctl ima_measurement inside a container verifies its list." */
TEST_F_TIMEOUT(verifier, evmctl, 300)
{
	assert_evmctl(_metadata, &self->container, "");
	if (!variant->late)
		return;
	/* As it reads the PCRs itself, which takes a tool for each of them. */
	ASSERT_EQ(0, container_shell(&self->container,
				     "tsspcrread -halg " BANK " -ha 10"));
	ASSERT_EQ(0, container_shell(&self->container, EVMCTL " %s", own_list));
	assert_matched(_metadata, &self->container);
}

/* Violations verify with the flag for them, and don't without it. */
TEST_F_TIMEOUT(verifier, evmctl_violations, 300)
{
	struct agent *const agent = &self->container.agent;
	char path[PATH_MAX];
	int held;

	ASSERT_EQ(0, agent_load(agent, RULE_EXEC RULE_READ));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "violated", OWNER_PLAIN,
				     path));
	held = agent_open(agent, path, O_RDONLY);
	ASSERT_LE(0, held);
	ASSERT_EQ(0, agent_append(agent, path, "changed"));
	close(held);
	ASSERT_EQ(1, ns_number(self->container.id, "violations"));
	assert_evmctl(_metadata, &self->container, "--ignore-violations");
	evmctl(&self->container, "", own_list);
	assert_mismatched(_metadata, &self->container);
}

/* Who extends by hand what the list does not tell is found out. */
TEST_F_TIMEOUT(verifier, extended_by_hand, 300)
{
	assert_evmctl(_metadata, &self->container, "");
	ASSERT_EQ(0, container_shell(&self->container,
				     "tpm2_pcrextend 10:" BANK "=%064d", 1));
	evmctl(&self->container, "", own_list);
	assert_mismatched(_metadata, &self->container);
}

/* "It must equal the digest of the last boot_aggregate line." */
TEST_F_TIMEOUT(verifier, evmctl_boot_aggregate, 300)
{
	char *list, *line, *next, digest[256];

	ASSERT_LT(0, ns_read(self->container.id, "ascii_runtime_measurements",
			     &list));
	line = strstr(without_empty_fields(list), " boot_aggregate\n");
	ASSERT_NE(NULL, line);
	while ((next = strstr(line + 1, " boot_aggregate\n")))
		line = next;
	*line = '\0';
	line = strrchr(list, ' ');
	ASSERT_NE(NULL, line);
	snprintf(digest, sizeof(digest), "%s", line + 1);
	free(list);
	ASSERT_EQ(0, container_shell(&self->container, MAKE_PCRS
				     " && evmctl ima_boot_aggregate " USE_PCRS));
	ASSERT_TRUE(contains(printed(&self->container), digest))
	{
		TH_LOG("%s is not in\n%s", digest, printed(&self->container));
	}
}

/* A quote of PCR 10 with a nonce, and the list that leads to it. */
TEST_F_TIMEOUT(verifier, quote, 300)
{
	make_keys(_metadata, &self->container, true);
	assert_quote(_metadata, &self->container);
}

/* What a forger does to a list. */
enum forgery { DROPPED, CHANGED, SWAPPED, ADDED, TRUNCATED };

static const char *const forgeries[] = {
	"dropped", "changed", "swapped", "added", "truncated",
};

/* A list with its entries apart. */
struct entries {
	const char *start[1024];
	size_t size[1024];
	int count;
};

static void split_ascii(const char *text, struct entries *entries)
{
	const char *end;

	for (entries->count = 0; entries->count < 1024; text = end + 1) {
		end = strchr(text, '\n');
		if (!end)
			break;
		entries->start[entries->count] = text;
		entries->size[entries->count++] = end + 1 - text;
	}
}

static void split_binary(const char *text, ssize_t size,
			 struct entries *entries)
{
	char hex[2 * MAX_DIGEST + 1];
	const char *next = text;
	__u32 pcr;

	for (entries->count = 0; entries->count < 1024; text = next) {
		if (next_record(&next, text + size, 20, &pcr, hex))
			break;
		size -= next - text;
		entries->start[entries->count] = text;
		entries->size[entries->count++] = next - text;
	}
}

static void swap_entries(struct entries *entries, int a, int b)
{
	const char *const start = entries->start[a];
	const size_t size = entries->size[a];

	entries->start[a] = entries->start[b];
	entries->size[a] = entries->size[b];
	entries->start[b] = start;
	entries->size[b] = size;
}

static void drop_entry(struct entries *entries, int n)
{
	for (; n < entries->count - 1; n++)
		swap_entries(entries, n, n + 1);
	entries->count--;
}

/* Another digest and another path, in either kind of list. */
static void change_entry(struct entries *entries, int n)
{
	char *const copy = malloc(entries->size[n]);
	char *const digest = copy + 5, *path = copy + entries->size[n] - 2;

	memcpy(copy, entries->start[n], entries->size[n]);
	*digest = *digest == '0' ? '1' : '0';
	*path = *path == 'x' ? 'y' : 'x';
	entries->start[n] = copy;
}

static void add_entry(struct entries *entries)
{
	const int last = entries->count++;

	entries->start[last] = entries->start[last - 1];
	entries->size[last] = entries->size[last - 1];
	change_entry(entries, last);
}

static void forge(struct entries *entries, enum forgery forgery)
{
	const int middle = entries->count / 2;

	switch (forgery) {
	case DROPPED:
		drop_entry(entries, middle);
		break;
	case CHANGED:
		change_entry(entries, middle);
		break;
	case SWAPPED:
		swap_entries(entries, middle, middle + 1);
		break;
	case ADDED:
		add_entry(entries);
		break;
	case TRUNCATED:
		entries->count -= 3;
		break;
	}
}

/* Puts the entries together again; terminated. */
static char *join(const struct entries *entries, size_t *size)
{
	char *text;
	int i;

	for (i = 0, *size = 0; i < entries->count; i++)
		*size += entries->size[i];
	text = malloc(*size + 1);
	text[*size] = '\0';
	for (i = 0, *size = 0; i < entries->count; i++) {
		memcpy(text + *size, entries->start[i], entries->size[i]);
		*size += entries->size[i];
	}
	return text;
}

FIXTURE(forged)
{
	struct scratch scratch;
	struct container container;
};

FIXTURE_SETUP(forged)
{
	if (!have_tools())
		SKIP(return, "needs swtpm, evmctl, tss2 and tpm2-tools");
	set_environment();
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, container_start(&self->container, self->scratch.dir, "a",
				     BANK, false));
}

FIXTURE_TEARDOWN(forged)
{
	container_stop(_metadata, &self->container);
	scratch_remove(&self->scratch);
}

/* Does evmctl find a list's end in the PCRs?  What it says goes to the log. */
static bool evmctl_accepts(struct __test_metadata *const _metadata,
			   struct container *container,
			   const struct entries *entries)
{
	const char *const text = printed(container);
	char path[PATH_MAX], *list;
	size_t size;

	snprintf(path, sizeof(path), "%s/list", container->dir);
	list = join(entries, &size);
	ASSERT_EQ(0, write_path(path, O_CREAT | O_TRUNC, list, size));
	free(list);
	evmctl(container, "", path);
	TH_LOG("evmctl: matched %d, entry %d of %d", contains(text, matched),
	       matched_entry(text, BANK), entries->count);
	if (!contains(text, matched))
		assert_mismatched(_metadata, container);
	return contains(text, matched) &&
	       matched_entry(text, BANK) == entries->count;
}

/* A forged binary list does not stand before evmctl. */
TEST_F_TIMEOUT(forged, evmctl, 600)
{
	size_t i;
	struct entries entries;
	ssize_t size;
	char *list;

	/* Its own execution is measured first. */
	evmctl(&self->container, "", own_list);
	size = ns_read(self->container.id, "binary_runtime_measurements",
		       &list);
	ASSERT_LT(0, size);
	split_binary(list, size, &entries);
	ASSERT_EQ(count(&self->container), entries.count);
	ASSERT_TRUE(evmctl_accepts(_metadata, &self->container, &entries));
	for (i = 0; i < ARRAY_SIZE(forgeries); i++) {
		struct entries forged = entries;

		forge(&forged, i);
		EXPECT_FALSE(evmctl_accepts(_metadata, &self->container,
					    &forged))
		{
			TH_LOG("accepted: %s", forgeries[i]);
		}
	}
}

/* Does the list lead to the value, to its last entry? */
static bool replay_accepts(const struct entries *entries, const char *value)
{
	size_t size;
	char *const list = join(entries, &size);
	const int found = replay_find(quoted_bank(), list, 10, value);

	free(list);
	return found == entries->count;
}

/* Nor does a forged ASCII list before who has a quote. */
TEST_F_TIMEOUT(forged, quote, 300)
{
	char value[2 * MAX_DIGEST + 1], nonce[33], output[OUTPUT_SIZE], *list;
	size_t i;
	struct entries entries;

	make_keys(_metadata, &self->container, false);
	unique_text(nonce);
	make_quote(_metadata, &self->container, nonce);
	take_list(_metadata, &self->container, &list);
	ASSERT_EQ(0, check_quote(&self->container, &self->container, nonce,
				 output));
	ASSERT_EQ(0, quoted_pcr(output, value));
	split_ascii(list, &entries);
	ASSERT_TRUE(replay_accepts(&entries, value));
	for (i = 0; i < ARRAY_SIZE(forgeries); i++) {
		struct entries forged = entries;

		forge(&forged, i);
		EXPECT_FALSE(replay_accepts(&forged, value))
		{
			TH_LOG("accepted: %s", forgeries[i]);
		}
	}
	free(list);
}

/* Two containers, whose evidence is not each other's. */
FIXTURE(others)
{
	struct scratch scratch;
	struct container a, b;
	char nonce[33];
};

FIXTURE_SETUP(others)
{
	if (!have_tools())
		SKIP(return, "needs swtpm, evmctl, tss2 and tpm2-tools");
	set_environment();
	unique_text(self->nonce);
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, container_start(&self->a, self->scratch.dir, "a",
				     ALL_BANKS, false));
	ASSERT_EQ(0, container_start(&self->b, self->scratch.dir, "b",
				     ALL_BANKS, false));
	make_keys(_metadata, &self->a, false);
	make_quote(_metadata, &self->a, self->nonce);
}

FIXTURE_TEARDOWN(others)
{
	container_stop(_metadata, &self->b);
	container_stop(_metadata, &self->a);
	scratch_remove(&self->scratch);
}

/* A quote that was made before is not taken for a new one. */
TEST_F_TIMEOUT(others, stale_nonce, 300)
{
	char output[OUTPUT_SIZE], nonce[33];

	unique_text(nonce);
	ASSERT_EQ(0, check_quote(&self->a, &self->a, self->nonce, output));
	ASSERT_EQ(1, check_quote(&self->a, &self->a, nonce, output));
}

/* A quote of another container fits neither the key nor the list. */
TEST_F_TIMEOUT(others, quote_of_another, 300)
{
	char value[2 * MAX_DIGEST + 1], output[OUTPUT_SIZE], *list;

	make_keys(_metadata, &self->b, false);
	make_quote(_metadata, &self->b, self->nonce);
	ASSERT_EQ(0, check_quote(&self->b, &self->b, self->nonce, output));
	ASSERT_EQ(1, check_quote(&self->b, &self->a, self->nonce, output));
	ASSERT_EQ(0, check_quote(&self->b, &self->b, self->nonce, output));
	ASSERT_EQ(0, quoted_pcr(output, value));
	take_list(_metadata, &self->b, &list);
	ASSERT_EQ(count_lines(list),
		  replay_find(quoted_bank(), list, 10, value));
	free(list);
	take_list(_metadata, &self->a, &list);
	ASSERT_EQ(-1, replay_find(quoted_bank(), list, 10, value));
	free(list);
}

/* Nor does evmctl in one container take the other's list. */
TEST_F_TIMEOUT(others, list_of_another, 300)
{
	char path[PATH_MAX];

	assert_evmctl(_metadata, &self->a, "");
	ASSERT_EQ(0, container_shell(&self->b, "cat %s > list", own_list));
	snprintf(path, sizeof(path), "%s/list", self->b.dir);
	evmctl(&self->a, "", path);
	assert_mismatched(_metadata, &self->a);
}

TEST_HARNESS_MAIN
