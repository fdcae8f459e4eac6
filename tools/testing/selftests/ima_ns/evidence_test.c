// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What is left of a namespace
 *
 * A list dies with its namespace; the levels above have a record by which a copy
 * can be proven.
 */

#include "replay.h"
#include "user.h"

#define USER 61800
#define HOST_RULES "measure func=CRITICAL_DATA label=ima_ns\n"

/* host ── a ── below */
FIXTURE(evidence)
{
	struct scratch scratch;
	struct agent a, below, user, mine;
	int list_a, list_host;
	long id_below;
};

FIXTURE_SETUP(evidence)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(HOST_RULES, "label=ima_ns"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->below, &self->a, CLONE_NEWNS));
	ASSERT_EQ(0, user_start(&self->user, &self->mine, USER));
	self->id_below = agent_number(&self->below, "id");
	ASSERT_EQ(0, lists_open(&self->a, &self->list_a, &self->list_host));
}

FIXTURE_TEARDOWN(evidence)
{
	close(self->list_a);
	close(self->list_host);
	agent_stop(&self->mine);
	agent_stop(&self->user);
	if (self->below.pid)
		agent_stop(&self->below);
	agent_stop(&self->a);
	scratch_remove(&self->scratch);
}

/* What the data of a record says, if it is in the line. */
static void decode(const char *line, char text[1024])
{
	const char *const hex = strrchr(line, ' ') + 1;
	size_t n;

	for (n = 0; n < 1023 && sscanf(hex + 2 * n, "%2hhx",
				       (unsigned char *)&text[n]) == 1; n++)
		;
	text[n] = '\0';
}

/* Waits for the record of a namespace that ended; false if there is another. */
static bool find_end(int list, long id, char text[1024])
{
	static const char name[] = " namespace-ended ";
	char wanted[32], *all, *line, *end;
	bool found = false;

	snprintf(wanted, sizeof(wanted), "ima_ns=%ld ", id);
	if (read_fd(list, &all) < 0)
		return false;
	for (line = all; !found && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!contains(line, name))
			continue;
		decode(line, text);
		found = !strncmp(text, wanted, strlen(wanted));
	}
	free(all);
	return found;
}

static void await_end(int list, long id, char text[1024])
{
	while (!find_end(list, id, text))
		sched_yield();
}

/* The digits that a record has for a bank. */
static const char *digits_of(const char *text, const char *bank)
{
	char wanted[16];
	const char *found;

	snprintf(wanted, sizeof(wanted), " %s:", bank);
	found = strstr(text, wanted);
	return found ? found + strlen(wanted) : NULL;
}

/* Does a list give the digest that a record has for a bank? */
static bool proves(const char *text, const struct bank *bank, const char *list)
{
	const char *const digits = digits_of(text, bank->name);
	struct replay replay;

	return digits && !replay_text(bank, list, &replay) &&
	       !strncmp(digits, replay.value[10], 2 * bank->size);
}

/* "Proves a saved list of a dead container through the hand-over record." */
TEST_F(evidence, proves_a_list)
{
	const struct bank *const bank = aggregate_bank("sha256");
	char text[1024], above[1024], expected[128], *saved, *changed;

	ASSERT_EQ(0, run_fresh(&self->scratch, &self->below, 0, 5));
	ASSERT_LT(0, agent_read(&self->below, ASCII_LIST "_sha256", &saved));
	ASSERT_EQ(0, agent_stop(&self->below));
	self->below.pid = 0;
	await_end(self->list_a, self->id_below, text);
	snprintf(expected, sizeof(expected),
		 "ima_ns=%ld entries=6 violations=0 lost=0 ", self->id_below);
	EXPECT_EQ(0, strncmp(expected, text, strlen(expected)))
	{
		TH_LOG("%s", text);
	}
	EXPECT_TRUE(proves(text, bank, saved));
	/* "Fails when one line of it was changed." */
	changed = strchr(saved, '\n') + 10;
	*changed = *changed == '0' ? '1' : '0';
	EXPECT_FALSE(proves(text, bank, saved));
	free(saved);
	/* The host's list says the same. */
	await_end(self->list_host, self->id_below, above);
	EXPECT_STREQ(text, above);
}

/* sh -c QUOTE sh DIRECTORY NONCE: says what PCR 10 of the host's TPM is. */
static const char quote[] =
	"set -e\n"
	"cd \"$1\"\n"
	"export TPM2TOOLS_TCTI=device:/dev/tpmrm0\n"
	"tpm2_createek -Q -c ek.ctx -G ecc -u ek.pub\n"
	"tpm2_createak -Q -C ek.ctx -c ak.ctx -G ecc -s ecdsa -g sha256 \\\n"
	"	-u ak.pem -f pem -n ak.name\n"
	"tpm2_quote -Q -c ak.ctx -l sha256:10 -q $2 -m msg -s sig -o pcrs \\\n"
	"	-g sha256\n"
	"tpm2_checkquote -u ak.pem -m msg -s sig -f pcrs -g sha256 -q $2\n"
	"tpm2_flushcontext -t || :\n";

/* "Against the host's quote": the record itself is what the TPM vouches for. */
TEST_F_TIMEOUT(evidence, is_quoted, 360)
{
	const struct bank *const bank = aggregate_bank("sha256");
	char nonce[33], output[1 << 14], text[1024], *list, *value;
	const char *const argv[] = { "sh", "-c", quote, "sh", self->scratch.dir,
				     nonce, NULL };
	struct replay replay;

	ASSERT_EQ(0, run_fresh(&self->scratch, &self->below, 0, 1));
	ASSERT_EQ(0, agent_stop(&self->below));
	self->below.pid = 0;
	await_end(self->list_host, self->id_below, text);
	unique_text(nonce);
	ASSERT_EQ(0, run(argv, output, sizeof(output)));
	value = strstr(output, "10: 0x");
	ASSERT_NE(NULL, value)
	{
		TH_LOG("%s", output);
	}
	value += 6;
	value[strspn(value, "0123456789ABCDEF")] = '\0';
	ASSERT_LT(0, read_path(ASCII_LIST "_sha256", &list));
	ASSERT_EQ(0, replay_text(bank, list, &replay));
	free(list);
	EXPECT_EQ(0, strcasecmp(value, replay.value[10]));
}

/* Violations and a policy are told of, too. */
TEST_F(evidence, says_what_was)
{
	char text[1024], expected[128];

	ASSERT_EQ(0, agent_load(&self->below, "measure func=BPRM_CHECK\n"));
	ASSERT_EQ(0, agent_stop(&self->below));
	self->below.pid = 0;
	await_end(self->list_host, self->id_below, text);
	snprintf(expected, sizeof(expected),
		 "ima_ns=%ld entries=2 violations=0 lost=0 ", self->id_below);
	EXPECT_EQ(0, strncmp(expected, text, strlen(expected)))
	{
		TH_LOG("%s", text);
	}
}

static long do_loop(struct call *call, int fd)
{
	int n = call->flags, err = 0;

	if (fd >= 0)
		close(fd);
	while (n-- && !err) {
		const pid_t pid = fork();
		char *const argv[] = { "/bin/true", NULL };

		if (!pid) {
			if (!enter_new(CLONE_NEWUSER | CLONE_NEWNS))
				execv(argv[0], argv);
			_exit(1);
		}
		err = reap(pid);
	}
	return err;
}

/* "A loop of `unshare -Urm true` does not grow the host's list." */
TEST_F_TIMEOUT(evidence, loop, 800)
{
	char text[1024], *before, *after;
	long id;

	ASSERT_LT(0, read_fd(self->list_host, &before));
	self->a.call->flags = 200;
	ASSERT_EQ(0, agent_call(&self->a, do_loop, -1, NULL));
	/* Work is done in turn: when this one's is, that of the others is. */
	id = self->id_below;
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->below, 0, 1));
	ASSERT_EQ(0, agent_stop(&self->below));
	self->below.pid = 0;
	await_end(self->list_host, id, text);
	ASSERT_LT(0, read_fd(self->list_host, &after));
	EXPECT_GE(2, count_lines(after) - count_lines(before));
	free(before);
	free(after);
}

/* A user's container that was configured has a record as any other. */
TEST_F(evidence, of_users)
{
	const long id = agent_number(&self->mine, "id");
	char text[1024];

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_call(&self->mine, do_mount_securityfs, -1, NULL));
	ASSERT_EQ(0, agent_load(&self->mine, "measure func=BPRM_CHECK\n"));
	ASSERT_EQ(0, agent_stop(&self->mine));
	await_end(self->list_host, id, text);
	ASSERT_EQ(0, agent_start(&self->mine, NULL, 0));
}

TEST_HARNESS_MAIN
