// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - The tool imans, run as people and runtimes run it
 */

#include <pthread.h>

#include "imans.h"

#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"

/* A chain of namespaces, one of a user namespace beside it. */
FIXTURE(tree)
{
	struct scratch scratch;
	struct chain chain;
	struct agent user;
	long id[3], id_user;
};

FIXTURE_SETUP(tree)
{
	int i;

	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, chain_start(&self->chain, "-DA"));
	ASSERT_EQ(0, agent_start(&self->user, NULL,
				 CLONE_NEWUSER | CLONE_NEWNS));
	for (i = 0; i < 3; i++)
		self->id[i] = agent_number(&self->chain.agent[i], "id");
	self->id_user = agent_number(&self->user, "id");
	ASSERT_LT(0, self->id[2]);
	ASSERT_LT(0, self->id_user);
}

FIXTURE_TEARDOWN(tree)
{
	agent_stop(&self->user);
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

/* Does what the JSON says of a namespace meet a condition of jq's? */
static int __printf(2, 3) listed(long id, const char *format, ...)
{
	char condition[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(condition, sizeof(condition), format, args);
	va_end(args);
	return shell("$I list --json | tee /dev/stderr | jq -e '.[] |\n"
		     "select(.id == %ld) | (%s)'", id, condition);
}

#define EXPECT_LISTED(...)						\
do {									\
	const int status_ = listed(__VA_ARGS__);				\
									\
	EXPECT_EQ(0, status_)						\
	{								\
		TH_LOG("%.4000s", output);				\
	}								\
} while (0)

/* "A tree: id, level, parent, owner, processes, policy kind." */
TEST_F_TIMEOUT(tree, json, 120)
{
	const struct agent *const agents = self->chain.agent;

	EXPECT_LISTED(0, ".level == 0 and .parent == null and .inum == %ld\n"
		      "and (.processes | index(1)) and .tpm.chip == \"tpm0\"",
		      INIT_INUM);
	EXPECT_LISTED(self->id[1], ".level == 1 and .parent == 0 and\n"
		      ".processes == [%d] and .policy == \"exec\" and\n"
		      ".owner_uid == 0 and .owner_userns == %ld and\n"
		      ".tpm == null and .inum == %ld and .lost == 0 and\n"
		      "(.command | endswith(\"imans_test\"))",
		      agents[1].pid, ns_inum(0, "user"),
		      ns_inum(agents[1].pid, "ima"));
	EXPECT_LISTED(self->id[2], ".level == 2 and .parent == %ld and\n"
		      ".policy == \"own\" and .processes == [%d]",
		      self->id[1], agents[2].pid);
	EXPECT_LISTED(self->id_user, ".level == 1 and .parent == 0 and\n"
		      ".owner_userns == %ld", ns_inum(self->user.pid, "user"));
}

static long count(struct agent *agent)
{
	return agent_number(agent, "runtime_measurements_count");
}

/* The same for people: branches, and a row for each. */
TEST_F_TIMEOUT(tree, text, 120)
{
	char row[256];

	ASSERT_SHELL("$I list | sed 's/  */ /g'");
	snprintf(row, sizeof(row), "─%ld 1 0 0 1 %ld 0 0 exec - %d ",
		 self->id[1], count(&self->chain.agent[1]),
		 self->chain.agent[1].pid);
	EXPECT_TRUE(contains(output, row))
	{
		TH_LOG("not '%s': %s", row, output);
	}
	snprintf(row, sizeof(row), " └─%ld 2 %ld 0 1 %ld 0 0 own - %d ",
		 self->id[2], self->id[1], count(&self->chain.agent[2]),
		 self->chain.agent[2].pid);
	EXPECT_TRUE(contains(output, row))
	{
		TH_LOG("not '%s': %s", row, output);
	}
}

/* "Records, violations": what the kernel counts. */
TEST_F_TIMEOUT(tree, counts, 120)
{
	struct agent *const agent = &self->chain.agent[1];
	char path[PATH_MAX];
	int held;

	ASSERT_EQ(0, agent_load(agent, RULE_READ));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "violated", OWNER_PLAIN,
				     path));
	held = agent_open(agent, path, O_RDONLY);
	ASSERT_LE(0, held);
	ASSERT_EQ(0, agent_append(agent, path, "changed"));
	close(held);
	ASSERT_EQ(1, agent_number(agent, "violations"));
	EXPECT_LISTED(self->id[1], ".violations == 1 and .records == %ld and\n"
		      ".policy == \"own\"",
		      count(agent));
}

/* One without processes is there as long as its files are open. */
TEST_F_TIMEOUT(tree, no_process, 120)
{
	struct agent gone;
	long id, inum;
	int held;

	ASSERT_EQ(0, agent_start(&gone, NULL, CLONE_NEWNS));
	id = agent_number(&gone, "id");
	inum = ns_inum(gone.pid, "ima");
	held = agent_open(&gone, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, held);
	agent_stop(&gone);
	EXPECT_LISTED(id, ".processes == [] and .command == null and\n"
		      ".inum == %ld and .owner_uid == null", inum);
	close(held);
	EXPECT_TRUE(within(PATIENCE, listed(id, "true") == 4));
}

/* From inside, the tree begins with one's own, whose level nobody tells. */
TEST_F_TIMEOUT(tree, from_inside, 120)
{
	EXPECT_SAID(0, "true", "nsenter -t %d -m \"$I\" list --json |\n"
		    "jq '[.[] | .id] == [%ld, %ld] and\n"
		    ".[0].level == null and .[0].parent == 0'",
		    self->chain.agent[1].pid, self->id[1], self->id[2]);
}

/* "show: list, policy, keys", by id and by process. */
TEST_F_TIMEOUT(tree, show, 120)
{
	struct agent *const agent = &self->chain.agent[2];
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, scratch_subject(&self->scratch, "shown", OWNER_PLAIN,
				     path));
	ASSERT_EQ(0, agent_exec(agent, path, 0));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	EXPECT_SAID(0, evidence, "$I show id:%ld", self->id[2]);
	EXPECT_TRUE(contains(output, "\n  measure func=BPRM_CHECK"));
	EXPECT_TRUE(contains(output, "\npolicy: own\n"));
	EXPECT_TRUE(contains(output, "keyring none\n"));
	EXPECT_SAID(0, evidence, "$I show pid:%d", agent->pid);
	EXPECT_SHELL("$I show --json id:%ld | tee /dev/stderr |\n"
		     "jq -e '.records == (.list | length) and\n"
		     ".rules == [\"measure func=BPRM_CHECK\"] and\n"
		     ".list[0].fields[1] == \"boot_aggregate\" and\n"
		     ".list[-1].fields[1] == \"%s\" and .list[-1].pcr == 10 and\n"
		     "(.list[-1].digest | length) == 40'", self->id[2], path);
	/* A file as it is. */
	EXPECT_SHELL("$I show id:%ld binary_runtime_measurements |\n"
		     "cmp - $S/namespaces/%ld/binary_runtime_measurements",
		     self->id[2], self->id[2]);
}

/* Keys are shown, and looking at them makes no keyring. */
TEST_F_TIMEOUT(tree, show_keys, 120)
{
	struct agent *const agent = &self->chain.agent[1];
	const long id = self->id[1];

	EXPECT_SHELL("$I show --json id:%ld | jq -e '.keyring == \"none\"'", id);
	EXPECT_SAID(0, "keyring none\n", "$I show id:%ld", id);
	ASSERT_LT(0, give_key(agent, id, "a"));
	EXPECT_SHELL("$I show --json id:%ld | tee /dev/stderr |\n"
		     "jq -e '.authorities == 1 and .keyring.locked == false and\n"
		     ".keyring.serial == %ld and (.keyring.keys | length) == 1'",
		     id, agent_keyring(agent));
	/* A description may be as long as a page. */
	ASSERT_SHELL("nsenter -t %d -m keyctl padd asymmetric $(printf %%04090d 7) %ld <%s/a.der",
		     agent->pid, agent_keyring(agent), sign_dir);
	EXPECT_SHELL("$I show --json id:%ld | tee /dev/stderr |\n"
		     "jq -e '(.keyring.keys | length) == 2 and\n"
		     "([.keyring.keys[].description | length] | max) == 4090'", id);
	ASSERT_SHELL("echo locked >$S/namespaces/%ld/keyring", id);
	EXPECT_SAID(0, " locked\n", "$I show id:%ld", id);
}

/* Names are bytes, and JSON is not: it has to stay valid whatever they are. */
TEST_F_TIMEOUT(tree, odd_names, 120)
{
	static const char *const names[] = { "a\"b", "back\\slash",
					     "by\xff\xfe", "\xe2\x82", "tab\t",
					     "new\n 10 0000 ima-ng -", "esc\033[2J",
					     "csi\xc2\x9b\x32J" };
	struct agent *const agent = &self->chain.agent[2];
	const int before = count(agent);
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, scratch_subject(&self->scratch, names[i],
					     OWNER_PLAIN, path));
		ASSERT_EQ(0, agent_exec(agent, path, 0));
	}
	EXPECT_SHELL("$I show --json id:%ld | iconv -f utf-8 -t utf-8 |\n"
		     "jq -e '(.list | length) == %d and\n"
		     "(.list[%d].fields[1] | endswith(\"a\\\"b\")) and\n"
		     "(.list[%d].fields[1] | endswith(\"back\\\\slash\"))'",
		     self->id[2], before + (int)ARRAY_SIZE(names), before, before + 1);
	/* Nor does a name say more than one line, or anything to a terminal. */
	EXPECT_SAID(0, "/new?_10_0000_ima-ng_-\n", "$I show id:%ld", self->id[2]);
	EXPECT_TRUE(contains(output, "/esc?[2J\n"));
	EXPECT_TRUE(contains(output, "/csi??2J\n"));
	EXPECT_FALSE(contains(output, "\033"));
	EXPECT_FALSE(contains(output, "\xc2"));
}

static void *wait_for_end(void *arg)
{
	char byte;

	if (read(*(int *)arg, &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

/* A process whose first thread has ended, and a pipe that ends the other one. */
static long do_hide(struct call *call, int fd)
{
	int held[2];
	pid_t pid;

	if (fd >= 0)
		close(fd);
	if (pipe2(held, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		pthread_t thread;

		close(held[1]);
		if (pthread_create(&thread, NULL, wait_for_end, &held[0]))
			_exit(1);
		pthread_exit(NULL);
	}
	close(held[0]);
	call->fd = held[1];
	return pid;
}

static bool first_has_ended(pid_t pid)
{
	return !shell("grep -q '^State:.Z' /proc/%d/task/%d/status", pid, pid);
}

/* Nobody hides from the list, nor has it know less of the namespace. */
TEST_F_TIMEOUT(tree, threads, 120)
{
	struct agent *const agent = &self->chain.agent[1];
	int held;
	const pid_t pid = agent_call(agent, do_hide, -1, &held);

	ASSERT_LT(0, pid);
	EXPECT_TRUE(within(PATIENCE, first_has_ended(pid)));
	EXPECT_LISTED(self->id[1], ".processes == [%d, %d] or .processes == [%d, %d]",
		      agent->pid, pid, pid, agent->pid);
	close(held);
}

/* An id may be had on purpose that is the number of somebody else's process. */
TEST_F_TIMEOUT(tree, ambiguous, 240)
{
	struct agent *const other = &self->chain.agent[1];
	const long pid = self->chain.agent[2].pid;
	struct agent agent;
	pid_t child;
	long id;

	for (id = self->id_user + 1; id < pid; id++) {
		child = clone_flags(CLONE_NEWNS);
		if (!child)
			_exit(0);
		ASSERT_EQ(0, reap(child));
	}
	ASSERT_EQ(0, agent_start(&agent, other, CLONE_NEWNS));
	ASSERT_EQ(pid, agent_number(&agent, "id"));
	EXPECT_SAID(2, "say id:", "$I show %ld", pid);
	EXPECT_SHELL("[ $($I show pid:%ld id) = %ld ]", pid, self->id[2]);
	EXPECT_SHELL("[ $($I show id:%ld id) = %ld ]", pid, pid);
	agent_stop(&agent);
}

/* "pcr=30": no TPM has that, and nothing is forged. */
TEST_F_TIMEOUT(tree, verify_odd_pcr, 120)
{
	struct agent *const agent = &self->chain.agent[1];
	char path[PATH_MAX];

	ASSERT_EQ(0, agent_load(agent, "measure func=BPRM_CHECK pcr=30\n"));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "one", OWNER_PLAIN, path));
	ASSERT_EQ(0, agent_exec(agent, path, 0));
	EXPECT_SHELL("$I show --json id:%ld | jq -e '.list[-1].pcr == 30'", self->id[1]);
	EXPECT_SAID(4, "unproven: there is no TPM", "$I verify id:%ld", self->id[1]);
	EXPECT_SAID(1, "no list of a bank", "$I verify --list %s id:%ld",
		    self->scratch.dir, self->id[1]);
}

/* Without a TPM it is said what is proven and what is not. */
TEST_F_TIMEOUT(tree, verify_without_tpm, 120)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, scratch_subject(&self->scratch, "one", OWNER_PLAIN, path));
	ASSERT_EQ(0, agent_exec(&self->chain.agent[2], path, 0));
	EXPECT_SAID(4, "unproven: there is no TPM", "$I verify id:%ld",
		    self->id[2]);
	EXPECT_SHELL("$I verify --json id:%ld | tee /dev/stderr |\n"
		     "jq -e '.verdict == \"unproven\" and .tpm == null and\n"
		     ".lines == %ld and .line == null and\n"
		     "(.banks | length) == 4'", self->id[2],
		     count(&self->chain.agent[2]));
}

/* A file that somebody laid over the kernel's is not believed. */
TEST_F_TIMEOUT(tree, forged_file, 120)
{
	ASSERT_SHELL("cp $S/namespaces/%ld/violations %s/forged", self->id[2],
		     self->scratch.dir);
	EXPECT_SAID(1, "is not the kernel's",
		    "unshare -m sh -c 'mount --bind %s/forged $S/violations &&\n"
		    "\"$I\" list'", self->scratch.dir);
}

/* "Errors say what to do": exit status and words for what is wrong. */
static const struct {
	int status;
	const char *command;
	const char *said;
} wrong[] = {
	{ 2, "$I", "usage: imans list" },
	{ 2, "$I nothing", "usage:" },
	{ 0, "$I --help", "usage:" },
	{ 2, "$I list more", "usage:" },
	{ 2, "$I list --xml", "usage:" },
	{ 2, "$I show", "usage:" },
	{ 2, "$I show seven", "'seven' is neither an id nor a process" },
	{ 2, "$I show id:", "is neither" },
	{ 2, "$I show -- -1", "is neither" },
	{ 2, "$I show pid:99999999999999999999", "is neither" },
	{ 1, "$I show id:99999999", "no namespace 99999999" },
	{ 1, "$I show pid:99999999",
	  "no such process, or it may not be looked at: see 'imans list'" },
	{ 1, "$I show 99999999", "no such namespace, nor such a process" },
	{ 2, "$I show id:0 ../lockdown", "not the name of a file" },
	{ 1, "$I show id:0 nothing", "nothing: No such file" },
	{ 2, "$I show --json id:0 policy", "usage:" },
	{ 2, "$I verify", "usage:" },
	{ 2, "$I verify --list", "usage:" },
	{ 1, "$I verify --list /nowhere id:0", "copy the file of each bank" },
	{ 2, "$I run", "usage:" },
	{ 2, "$I run --policy", "usage:" },
	{ 125, "$I run --policy /nowhere true", "/nowhere: No such file" },
	{ 125, "$I run --policy /dev/null true", "there is nothing in it" },
	{ 125,
	  "echo measure it >p; $I run --policy p true",
	  "p:1: Invalid argument: not a valid rule" },
	{ 125, "echo '#' >p; $I run --policy p true", "there is no rule in it" },
	{ 125,
	  "echo -----BEGIN CERTIFICATE >p; $I run --cert p true",
	  "openssl x509 -in p -outform DER" },
	{ 125, "echo nothing >p; $I run --cert p true", "no X.509 certificate in DER" },
	{ 125, "echo nothing >p; $I run --ca p true", "no X.509 certificate in DER" },
	{ 125, "$I run --vtpm tpm77 true", "there is no such chip" },
	{ 125, "$I run --vtpm /proc/1/tpm true", "no directory for the TPM's state" },
	{ 125, "$I run --vtpm $PWD/a,b true", "no commas" },
	{ 125,
	  "cp $I .; setpriv --reuid 1000 --clear-groups ./imans run true",
	  "it takes CAP_SYS_ADMIN" },
	{ 126, "$I run /", "Permission denied" },
	{ 127, "$I run ./nowhere", "No such file" },
	{ 7, "$I run -- sh -c 'exit 7'", "" },
	{ 2, "$I set", "usage:" },
	{ 1, "$I set --policy /nowhere id:0", "/nowhere: No such file" },
	{ 2, "$I vtpm", "usage:" },
	{ 1, "$I set id:0", "is the caller's own" },
	{ 125, "unshare -m sh -c 'umount -l /sys/kernel/security && $I run true'",
	  "mount -t securityfs" },
	{ 1, "$I vtpm /proc/1/tpm", "no directory" },
	{ 1, "mkdir open && chmod 777 open && $I vtpm open", "others may write there" },
	{ 2, "$I oci-hook --under here", "usage:" },
	{ 2, "$I oci-hook more", "usage:" },
	{ 1, "$I oci-hook", "is not JSON" },
	{ 1, "echo '{' | $I oci-hook", "is not JSON" },
	{ 1, "echo '{} x' | $I oci-hook", "is not JSON" },
	{ 1, "echo '{\"pid\":01}' | $I oci-hook", "is not JSON" },
	{ 1, "echo '{\"a\":\"\\x\"}' | $I oci-hook", "is not JSON" },
	{ 1, "printf '{\"a\":\"\\001\"}' | $I oci-hook", "is not JSON" },
	{ 1, "yes [ | head -n 100000 | $I oci-hook", "is not JSON" },
	{ 1, "echo '[]' | $I oci-hook", "has no pid and bundle" },
	{ 1, "echo '{\"pid\":1.5,\"bundle\":\"/\"}' | $I oci-hook", "has no pid" },
	{ 1, "echo '{\"pid\":\"1\",\"bundle\":\"/\"}' | $I oci-hook", "has no pid" },
	{ 1, "echo '{\"pid\":1,\"bundle\":\"a\\u0000b\"}' | $I oci-hook", "has no pid" },
	{ 1, "echo '{\"pid\":1,\"bundle\":\"/nowhere\"}' | $I oci-hook", "bundle /nowhere" },
	{ 1, "echo '{\"pid\":1,\"bundle\":\"/proc\"}' | $I oci-hook", "/proc/config.json" },
	{ 1,
	  "echo '{}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\"}' | $I oci-hook",
	  "has no root.path" },
	{ 0,
	  "echo '{\"root\":{\"path\":\"r\"}}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\"}' | $I oci-hook",
	  "" },
	{ 1,
	  "echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.policy\":7}}' | $I oci-hook",
	  "it has to be a text" },
	{ 1,
	  "echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.policy\":\"no\\u0077here\"}}' | $I oci-hook",
	  "nowhere: No such file" },
	{ 1,
	  "echo measure >p; echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.policy\":\"p\"}}' | $I oci-hook",
	  "in no IMA namespace below" },
	{ 1,
	  "echo '{\"root\":{\"path\":\"r\"}}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.policy\":\"/dev/zero\"}}' | $I oci-hook",
	  "/dev/zero: Invalid argument" },
	{ 1,
	  "echo '{\"root\":{\"path\":\"r\"}}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.policy\":\"/etc/passwd\"}}' | $I oci-hook --under /etc/imans",
	  "directories of --under" },
	{ 1,
	  "echo '{\"root\":{\"path\":\"r\"}}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.policy\":\"'$PWD'/../p\"}}' | $I oci-hook --under $PWD",
	  "directories of --under" },
	{ 1,
	  "echo '{\"root\":{\"path\":\"r\"}}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.vtpm\":\"tpm7\"}}' | $I oci-hook --under $PWD",
	  "directories of --under" },
	{ 1,
	  "echo '{\"root\":{\"path\":\"r\"}}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.ca\":\"'$PWD'/p:/p\"}}' | $I oci-hook --under $PWD",
	  "directories of --under" },
	{ 1,
	  "echo '{\"root\":{\"path\":\"r\"}}' >config.json; echo '{\"pid\":1,\"bundle\":\"'$PWD'\",\"annotations\":{\"org.linux.ima.policy\":\"'$PWD'/p\"}}' | $I oci-hook --under /etc --under $PWD/",
	  "in no IMA namespace below" },
	{ 1,
	  "unshare -m sh -c 'umount -l /sys/kernel/security && $I list'",
	  "mount -t securityfs" },
	{ 1, "unshare -m sh -c 'umount -l /proc && $I list'", "mount -t proc" },
};

TEST_F_TIMEOUT(tree, wrong, 120)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_SAID(wrong[i].status, wrong[i].said, "cd %s; %s",
			    self->scratch.dir, wrong[i].command);
}

/* "Set a policy of a namespace that there is." */
TEST_F_TIMEOUT(tree, set, 120)
{
	struct agent *const agent = &self->chain.agent[1];
	char path[PATH_MAX];
	char *rules;

	snprintf(path, sizeof(path), "%s/policy", self->scratch.dir);
	ASSERT_EQ(0, write_path(path, O_CREAT, RULE_READ, strlen(RULE_READ)));
	EXPECT_SHELL("$I set --policy %s --ca %s/authority.der \\\n"
		     "--cert %s/a.der pid:%d", path, sign_dir, sign_dir,
		     agent->pid);
	ASSERT_LT(0, agent_read(agent, POLICY, &rules));
	EXPECT_TRUE(contains(rules, "mask=MAY_READ fowner=61000"));
	free(rules);
	EXPECT_SHELL("$I show --json id:%ld | jq -e '(.keyring.keys | length)\n"
		     "== 1 and .policy == \"own\"'", self->id[1]);
	/* Nobody vouches for that one. */
	EXPECT_SAID(1, "nobody vouches for it", "$I set --cert %s/c.der id:%ld",
		    sign_dir, self->id[1]);
}

/* What is started by imans, in a directory of its own. */
FIXTURE(run)
{
	struct scratch scratch;
};

FIXTURE_SETUP(run)
{
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
}

FIXTURE_TEARDOWN(run)
{
	scratch_remove(&self->scratch);
}

#define SIGNED_ONLY \
	"appraise func=BPRM_CHECK fowner=61000 appraise_type=imasig\n"

/* "A file signed by evmctl runs, another does not." */
TEST_F_TIMEOUT(run, signed_only, 120)
{
	const char *const dir = self->scratch.dir;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/policy", dir);
	ASSERT_EQ(0, write_path(path, O_CREAT, SIGNED_ONLY,
				strlen(SIGNED_ONLY)));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "unsigned", OWNER_PLAIN,
				     path));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "signed", OWNER_PLAIN,
				     path));
	ASSERT_EQ(0, sign_file(path, "a", "sha256"));
	EXPECT_SHELL("%s/unsigned", dir);
	EXPECT_SAID(0, "unsigned: 126, signed: 0\n",
		    "cd %s; $I run --policy policy --ca %s/authority.der \\\n"
		    "--cert %s/a.der -- sh -c './unsigned; u=$?; ./signed;"
		    " echo unsigned: $u, signed: $?'", dir, sign_dir, sign_dir);
	EXPECT_SAID(126, "unsigned: Permission denied",
		    "cd %s; $I run --policy policy ./unsigned", dir);
	/* Signed, but nobody gave the namespace a key. */
	EXPECT_SAID(126, "signed: Permission denied",
		    "cd %s; $I run --policy policy ./signed", dir);
}

/* The command is the first that its list tells of; imans is not in it. */
TEST_F_TIMEOUT(run, first, 120)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, scratch_subject(&self->scratch, "first", OWNER_PLAIN,
				     path));
	ASSERT_SHELL("$I run %s cat " ASCII_LIST, path);
	EXPECT_EQ(2, count_lines(output))
	{
		TH_LOG("%s", output);
	}
	EXPECT_TRUE(contains(output, " boot_aggregate"));
	EXPECT_TRUE(contains(output, path));
	ASSERT_SHELL("$I run %s link /proc/self/ns/ima", path);
	EXPECT_FALSE(contains(output, "4026531830"));
}

/* Of a TPM that nothing was extended into. */
static const char fresh_aggregate[] =
	" sha256:7b6436b0c98f62380866d9432c2af0ee08ce16a171bda6951aecd95ee1307d61 boot_aggregate";

/*
 * "verify: true", and false after "the PCR was extended by hand through the
 * container's TPM", which is where programs look for one.
 */
TEST_F_TIMEOUT(run, vtpm, 300)
{
	const char *const dir = self->scratch.dir;

	if (!have_swtpm())
		SKIP(return, "needs swtpm");
	ASSERT_SHELL("$I run --vtpm %s/tpm -- sh -c '\n"
		     "n=id:$(cat $S/id); head -n 2 " ASCII_LIST ";"
		     " \"$I\" verify $n; echo first: $?;"
		     " TPM2TOOLS_TCTI=device:/dev/tpmrm0 \\\n"
		     "tpm2_pcrextend 10:sha256=%064d;"
		     " echo extended: $?; \"$I\" verify $n; echo second: $?'",
		     dir, 1);
	EXPECT_TRUE(contains(output, fresh_aggregate));
	EXPECT_TRUE(contains(output, " tpm-bound "));
	EXPECT_TRUE(contains(output, "\nproven\nfirst: 0\nextended: 0\n"))
	{
		TH_LOG("%s", output);
	}
	EXPECT_TRUE(contains(output, "\nbroken: PCR 10 of tpm"))
	{
		TH_LOG("%s", output);
	}
	EXPECT_TRUE(contains(output, "second: 3\n"));
	EXPECT_TRUE(within(PATIENCE, emulator_ended(dir)));
}

/* An emulator does not stay behind when its namespace does not come to be. */
TEST_F_TIMEOUT(run, undone, 120)
{
	const char *const dir = self->scratch.dir;

	if (!have_swtpm())
		SKIP(return, "needs swtpm");
	EXPECT_SAID(125, "p:1: ", "cd %s; echo measure it >p;"
		    " $I run --vtpm tpm --policy p true", dir);
	ASSERT_SHELL("[ -e %s/tpm/log ]", dir);
	EXPECT_TRUE(within(PATIENCE, emulator_ended(dir)));
}

/* A namespace whose TPM was started and bound by imans. */
FIXTURE(bound)
{
	struct scratch scratch;
	struct agent agent;
	long id;
};

/* A copy of the list. */
static int copy_list(const char *dir, long id)
{
	return shell("mkdir -p %s/list && cp $S/namespaces/%ld/binary_* %s/list",
		     dir, id, dir);
}

FIXTURE_SETUP(bound)
{
	if (!have_swtpm())
		SKIP(return, "needs swtpm");
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, CLONE_NEWNS));
	self->id = agent_number(&self->agent, "id");
	ASSERT_SHELL("cd %s && chip=$($I vtpm tpm) && $I set --vtpm $chip id:%ld",
		     self->scratch.dir, self->id);
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->agent, OWNER_PLAIN, 3));
	/* boot_aggregate, tpm-bound, and three programs. */
	ASSERT_EQ(5, agent_number(&self->agent, "runtime_measurements_count"));
	ASSERT_EQ(0, copy_list(self->scratch.dir, self->id));
}

FIXTURE_TEARDOWN(bound)
{
	agent_stop(&self->agent);
	EXPECT_TRUE(within(PATIENCE, emulator_ended(self->scratch.dir)));
	scratch_remove(&self->scratch);
}

/* The kernel's list, and a copy of it, are what the chip has. */
static void expect_proven(struct __test_metadata *const _metadata,
			  const struct _test_data_bound *self)
{
	EXPECT_SAID(0, "\nproven\n", "$I verify id:%ld", self->id);
	EXPECT_SHELL("$I verify --json id:%ld | tee /dev/stderr | jq -e '\n"
		     ".verdict == \"proven\" and .lines == 5 and .reason == null\n"
		     "and ([.banks[] | .bank] == [\"sha1\", \"sha256\",\n"
		     "\"sha384\", \"sha512\"]) and\n"
		     "([.banks[] | .proven] == [5, 5, 5, 5])'", self->id);
	EXPECT_SAID(0, "\nproven\n", "$I verify --list %s/list id:%ld",
		    self->scratch.dir, self->id);
	EXPECT_LISTED(self->id, ".tpm.state == \"bound\" and .tpm.extended == 5\n"
		      "and .tpm.banks == [\"sha1\", \"sha256\", \"sha384\",\n"
		      "\"sha512\"]");
	/* The host's list, which is that of a TPM of another kind. */
	EXPECT_SAID(0, "\nproven\n", "$I verify id:0");
}

/*
 * What a forger does to a copy of the list: python that has the records of bank
 * b in r.  What comes of it, and what jq finds in the answer.
 */
/* clang-format off */
static const struct forgery {
	const char *python;
	int status;
	const char *condition;
} forgeries[] = {
	{ "pass", 0, ".line == null" },
	{ "if b == \"sha256\": r[3] = r[3][:-2] + b\"x\" + r[3][-1:]", 3,
	  ".line == 4 and .bank == \"sha256\" and\n"
	  "(.reason | contains(\"not that of its text\"))" },
	{ "if b == \"sha256\": r[2] = r[2][:4] + b\"x\" + r[2][5:]", 3,
	  ".line == 3 and .bank == \"sha256\"" },
	{ "if b == \"sha256\": del r[2]", 3,
	  ".line == 3 and .bank == \"sha256\" and\n"
	  "(.reason | contains(\"another bank\"))" },
	{ "del r[2]", 3,
	  ".line == null and (.reason | contains(\"lines are missing\"))" },
	{ "r[2], r[3] = r[3], r[2]", 3,
	  ".line == null and (.reason | contains(\"exchanged\"))" },
	{ "del r[4]", 3, ".line == null" },
	{ "r.append(r[4])", 4,
	  "(.reason | contains(\"does not have lines 6 to 6\"))" },
	{ "r[3] = r[3][:4] + bytes(n) + r[3][4 + n:]", 3,
	  ".violations == 1 and .line == null" },
	{ "r.clear()", 3, "(.reason | contains(\"has 0, and\"))" },
	{ "if b == \"sha256\": r.clear()", 3,
	  ".line == 1 and (.reason | contains(\"another bank has\"))" },
	{ "if b == \"sha256\": r[4] = r[4][:-3]", 3,
	  ".line == 5 and (.reason | contains(\"no record\"))" },
};

/* clang-format on */

/* Makes a copy of the list for each forgery: python is slow to start. */
static const char forger[] =
	"import os, struct, sys\n"
	"banks = {\"sha1\": 20, \"sha256\": 32, \"sha384\": 48, \"sha512\": 64}\n"
	"name = \"/binary_runtime_measurements_\"\n"
	"for k, act in enumerate(sys.argv[2:]):\n"
	"    forged = sys.argv[1] + str(k)\n"
	"    os.mkdir(forged)\n"
	"    for b, n in banks.items():\n"
	"        d, r = open(sys.argv[1] + name + b, \"rb\").read(), []\n"
	"        while d:\n"
	"            e = 4 + n\n"
	"            for i in range(2):\n"
	"                e += 4 + struct.unpack_from(\"=I\", d, e)[0]\n"
	"            r.append(d[:e])\n"
	"            d = d[e:]\n"
	"        exec(act)\n"
	"        open(forged + name + b, \"wb\").write(b\"\".join(r))\n";

/* "False after the list was tampered with", and it is said where. */
static void expect_forged(struct __test_metadata *const _metadata,
			  const struct _test_data_bound *self,
			  const struct forgery *forged, size_t number)
{
	const char *argv[4 + ARRAY_SIZE(forgeries) + 1] = { "python3", "-c",
							    forger };
	char path[PATH_MAX];
	size_t i;

	snprintf(path, sizeof(path), "%s/list", self->scratch.dir);
	argv[3] = path;
	for (i = 0; i < number; i++)
		argv[4 + i] = forged[i].python;
	ASSERT_EQ(0, run(argv, NULL, 0));
	for (i = 0; i < number; i++) {
		EXPECT_EQ(forged[i].status,
			  shell("cd %s; $I verify --json --list %s%zu id:%ld >json;"
				"r=$?; cat json; jq -e '%s' json && exit $r",
				self->scratch.dir, path, i, self->id,
				forged[i].condition))
		{
			TH_LOG("forgery %zu: %s", i, output);
		}
	}
}

/* What is no file may say something else when it is read once more. */
static void expect_files_alone(struct __test_metadata *const _metadata,
			       const struct _test_data_bound *self)
{
	EXPECT_SAID(1, "no regular file", "cd %s; mkdir pipes; for b in sha1 sha256 sha384 \\\n"
		    "sha512; do mkfifo pipes/binary_runtime_measurements_$b;"
		    " done; $I verify --list pipes id:%ld", self->scratch.dir, self->id);
}

/* One's list is not another's. */
static void expect_of_another(struct __test_metadata *const _metadata,
			      const struct _test_data_bound *self)
{
	EXPECT_SAID(3, "broken: ", "cd %s; mkdir other; for b in sha1 sha256 sha384 \\\n"
		    "sha512; do cp $S/binary_runtime_measurements_$b other;"
		    " done; $I verify --list other id:%ld", self->scratch.dir,
		    self->id);
}

/* All of that for one list, as an emulator takes its time to start. */
TEST_F_TIMEOUT(bound, lists, 120)
{
	expect_proven(_metadata, self);
	expect_of_another(_metadata, self);
	expect_files_alone(_metadata, self);
	expect_forged(_metadata, self, forgeries, ARRAY_SIZE(forgeries));
	EXPECT_SAID(1, "an emulator runs with that state", "cd %s; $I vtpm tpm",
		    self->scratch.dir);
}

/* A list from which all is gone that another PCR has. */
/* clang-format off */
static const struct forgery hidden[] = {
	{ "pass", 0, ".lines == 8" },
	{ "r[:] = [x for x in r if x[0] != 11]", 3,
	  "(.reason | contains(\"extended with 8\"))" },
	/* With one in its place that was extended by hand to fit. */
	{ "for i, x in enumerate(r):\n"
	  "    if x[0] == 11:\n"
	  "        r[i] = bytes([12]) + x[1:]\n"
	  "        os.system(f\"tpm2_pcrextend 12:{b}={x[4:4 + n].hex()}\")", 3,
	  "(.reason | contains(\"PCR 11\"))" },
	{ "r[:] = [x for x in r if x[0] != 10]", 3, "(.reason | contains(\"extended with 8\"))" },
};

/* clang-format on */
TEST_F_TIMEOUT(bound, hidden_pcr, 120)
{
	ASSERT_EQ(0, agent_load(&self->agent, "measure func=BPRM_CHECK pcr=11\n"));
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->agent, OWNER_PLAIN, 2));
	ASSERT_EQ(8, agent_number(&self->agent, "runtime_measurements_count"));
	EXPECT_SAID(0, "\nproven\n", "$I verify id:%ld", self->id);
	ASSERT_EQ(0, copy_list(self->scratch.dir, self->id));
	ASSERT_SHELL("chip=$(cut -d' ' -f1 $S/namespaces/%ld/tpm) &&\n"
		     "printf device:/dev/tpmrm${chip#tpm}", self->id);
	ASSERT_EQ(0, setenv("TPM2TOOLS_TCTI", output, 1));
	expect_forged(_metadata, self, hidden, ARRAY_SIZE(hidden));
}

/* A violation is in the list, and in the chip by all ones. */
TEST_F_TIMEOUT(bound, violation_and_lost, 120)
{
	char path[PATH_MAX];
	int held;

	ASSERT_EQ(0, agent_load(&self->agent, RULE_READ));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "violated", OWNER_PLAIN,
				     path));
	held = agent_open(&self->agent, path, O_RDONLY);
	ASSERT_LE(0, held);
	ASSERT_EQ(0, agent_append(&self->agent, path, "changed"));
	close(held);
	EXPECT_SAID(0, " 1 violations, ", "$I verify id:%ld", self->id);

	/* A chip that was lost proves nothing: that is no forgery either. */
	ASSERT_SHELL("kill -KILL $(cat %s/tpm/pid)", self->scratch.dir);
	ASSERT_EQ(0, run_fresh(&self->scratch, &self->agent, OWNER_PLAIN, 1));
	EXPECT_SAID(4, " was lost after ", "$I verify id:%ld", self->id);
	EXPECT_SAID(0, "!", "$I list");
	EXPECT_LISTED(self->id, ".tpm.state == \"lost\"");
}

TEST_HARNESS_MAIN
