// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - each allocation fails in turn
 *
 * "Every allocation fails in turn, until one run passes without a fault
 * injected": the right errno, nothing half-built, nothing leaked, which the
 * kernel's own checkers say at the end of the machine.
 */

#include "sign.h"
#include "swtpm.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define RULES                                                             \
	"measure func=BPRM_CHECK uid=61130 ns=self\n"                     \
	"dont_measure func=FILE_CHECK fsname=tmpfs\n"                     \
	"measure func=CRITICAL_DATA label=ima_ns:other template=ima-buf\n"

/* What one run came to. */
struct outcome {
	long err;
	/* The fault was injected: there may be one more to come. */
	bool injected;
	/* What was found afterwards, without faults. */
	int wrong;
};

/* Shared with the processes that run. */
static struct outcome *outcome;

FIXTURE(fault)
{
	char wait[16], verbose[16];
};

/* Files of debugfs cannot be read twice. */
static int get_file(const char *path, char text[16])
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd < 0 ? -1 : read(fd, text, 15);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -EIO;
}

static int set_file(const char *path, const char *text)
{
	return write_path(path, 0, text, strlen(text));
}

FIXTURE_SETUP(fault)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	if (access(FAILSLAB, F_OK) || access("/proc/self/fail-nth", F_OK))
		SKIP(return, "needs CONFIG_FAILSLAB");
	ASSERT_EQ(0, get_file(FAILSLAB "ignore-gfp-wait", self->wait));
	ASSERT_EQ(0, get_file(FAILSLAB "verbose", self->verbose));
	ASSERT_EQ(0, set_file(FAILSLAB "ignore-gfp-wait", "N"));
	ASSERT_EQ(0, set_file(FAILSLAB "verbose", "0"));
	outcome = shared_memory(sizeof(*outcome));
	ASSERT_NE(NULL, outcome);
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_EQ(0, set_file(FAILSLAB "ignore-gfp-wait", self->wait));
	EXPECT_EQ(0, set_file(FAILSLAB "verbose", self->verbose));
	munmap(outcome, sizeof(*outcome));
}

/* An act, with what goes before and what is looked at after it. */
struct act {
	int (*prepare)(void);
	long (*act)(void);
	/* 0 if all is as it should be after @err. */
	int (*look)(long err);
	/* It does not fail for want of memory, but says so elsewhere. */
	bool silent;
	/* An error that want of memory may have as well, or 0. */
	int also;
};

/* Runs in a process of its own; the fault counts what that one allocates. */
static __noreturn void run_one(const struct act *act, int nth)
{
	int fd, size;
	char text[16];

	if (act->prepare && act->prepare())
		_exit(1);
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	size = snprintf(text, sizeof(text), "%d", nth);
	if (fd < 0 || pwrite(fd, text, size, 0) != size)
		_exit(2);
	outcome->err = act->act();
	if (pread(fd, text, sizeof(text), 0) <= 0)
		_exit(3);
	outcome->injected = text[0] == '0';
	if (pwrite(fd, "0", 1, 0) != 1)
		_exit(4);
	outcome->wrong = act->look(outcome->err);
	_exit(0);
}

/* What the act may have failed with, knowing whether it did. */
static long expected_error(const struct act *act)
{
	if (!outcome->injected || !outcome->err)
		return 0;
	return act->also && outcome->err == act->also ? act->also : -ENOMEM;
}

/* Lets the first allocation fail, the second, and so on. */
static void each_in_turn(struct __test_metadata *const _metadata,
			 const struct act *act)
{
	int nth = 0, failed = 0;

	do {
		const pid_t pid = fork();

		nth++;
		if (!pid)
			run_one(act, nth);
		ASSERT_EQ(0, reap(pid))
		{
			TH_LOG("Allocation %d", nth);
		}
		ASSERT_EQ(0, outcome->wrong)
		{
			TH_LOG("Allocation %d: error %ld", nth, outcome->err);
		}
		ASSERT_EQ(expected_error(act), outcome->err)
		{
			TH_LOG("Allocation %d", nth);
		}
		failed += !!outcome->err;
	} while (outcome->injected);
	/* It was not all for nothing. */
	ASSERT_LT(act->silent ? -1 : 1, failed);
	ASSERT_LT(2, nth);
	TH_LOG("%d faults, %d of them told", nth - 1, failed);
}

static long inum_before, id_before;

static long my_id(void)
{
	const int fd = open(IMA_DIR "/id", O_RDONLY | O_CLOEXEC);
	const long id = fd < 0 ? -errno : read_number(fd);

	close(fd);
	return id;
}

static int prepare_unshare(void)
{
	inum_before = ns_inum(0, "ima");
	id_before = my_id();
	return inum_before < 0 || id_before < 0;
}

static long act_unshare(void)
{
	return unshare(CLONE_NEWNS) ? -errno : 0;
}

/* Either nothing has changed, or there is a namespace as any other. */
static int look_unshare(long err)
{
	const bool same = ns_inum(0, "ima") == inum_before;

	if (err)
		return !same || my_id() != id_before;
	return same || my_id() <= id_before || unshare(CLONE_NEWNS);
}

TEST_F_TIMEOUT(fault, creation, 800)
{
	static const struct act act = { prepare_unshare, act_unshare,
					look_unshare };

	each_in_turn(_metadata, &act);
}

static long act_unshare_user(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) ? -errno : 0;
}

static long mnt_before;
static int mnt_other;

static int prepare_join(void)
{
	const int home = ns_open(getpid(), "mnt");

	if (home < 0 || unshare(CLONE_NEWNS))
		return -errno;
	mnt_other = ns_open(getpid(), "mnt");
	if (mnt_other < 0 || setns(home, CLONE_NEWNS) || close(home))
		return -errno;
	mnt_before = ns_inum(0, "mnt");
	return prepare_unshare();
}

static long act_join(void)
{
	return setns(mnt_other, CLONE_NEWNS) ? -errno : 0;
}

/* Both namespaces are what they were, or none. */
static int look_join(long err)
{
	const bool same = ns_inum(0, "ima") == inum_before;

	if (same != (ns_inum(0, "mnt") == mnt_before) || same != !!err ||
	    same != (my_id() == id_before))
		return 1;
	return err && (act_join() || ns_inum(0, "ima") == inum_before) ? 2 : 0;
}

TEST_F_TIMEOUT(fault, joining, 800)
{
	static const struct act act = { prepare_join, act_join, look_join };

	each_in_turn(_metadata, &act);
}

/* What cannot be counted for want of memory is shared, and wholly so. */
static int look_unshare_user(long err)
{
	if (!err && ns_inum(0, "ima") == inum_before)
		return my_id() != id_before;
	return look_unshare(err);
}

TEST_F_TIMEOUT(fault, creation_with_owner, 800)
{
	static const struct act act = { prepare_unshare, act_unshare_user,
					look_unshare_user };

	each_in_turn(_metadata, &act);
}

static int prepare_mount(void)
{
	return enter_new(CLONE_NEWUSER | CLONE_NEWNS);
}

static long act_mount(void)
{
	return mount("securityfs", "/tmp", "securityfs", 0, NULL) ? -errno : 0;
}

/* What failed works now, and shows the files. */
static int look_mount(long err)
{
	char *text;
	ssize_t size;

	if (err && act_mount())
		return 1;
	size = read_path("/tmp/ima/policy", &text);
	free(text);
	return size <= 0;
}

TEST_F_TIMEOUT(fault, mounting, 800)
{
	static const struct act act = { prepare_mount, act_mount, look_mount };

	each_in_turn(_metadata, &act);
}

static char *policy_before;

static int prepare_policy(void)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	return read_path(POLICY, &policy_before) <= 0;
}

static long act_policy(void)
{
	const int fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write_rules(fd, RULES);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* How often the list says that the policy was replaced. */
static int count_replaced(void)
{
	const char *c;
	int count = 0;
	char *list;

	if (read_path(ASCII_LIST, &list) < 0)
		return -EIO;
	for (c = list; (c = strstr(c, " policy-replaced ")); c++)
		count++;
	free(list);
	return count;
}

/*
 * The old policy or the new one with its record, and it can be replaced or
 * added to.
 */
static int look_policy(long err)
{
	char *text;
	int wrong;

	if (count_replaced() != !err || read_path(POLICY, &text) <= 0)
		return 1;
	wrong = !strcmp(text, policy_before) != !!err ||
		contains(text, "uid=61130") != !err;
	free(text);
	if (wrong || act_policy() || read_path(POLICY, &text) <= 0)
		return 2;
	wrong = !contains(text, "uid=61130");
	free(text);
	return wrong;
}

TEST_F_TIMEOUT(fault, replacing_a_policy, 800)
{
	static const struct act act = { prepare_policy, act_policy,
					look_policy };

	each_in_turn(_metadata, &act);
}

static char child_policy[64];

/* A child to be looked at from here. */
static int prepare_directory(void)
{
	static struct agent agent;
	long id;

	if (agent_start(&agent, NULL, CLONE_NEWNS))
		return 1;
	id = agent_number(&agent, "id");
	snprintf(child_policy, sizeof(child_policy),
		 IMA_DIR "/namespaces/%ld/policy", id);
	return id <= 0;
}

static long act_directory(void)
{
	const int fd = open(child_policy, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	if (n <= 0)
		n = n ? -errno : -EIO;
	close(fd);
	return n < 0 ? n : 0;
}

static int look_directory(long err)
{
	return act_directory();
}

TEST_F_TIMEOUT(fault, directories, 800)
{
	static const struct act act = { prepare_directory, act_directory,
					look_directory };

	each_in_turn(_metadata, &act);
}

#define FRESH_FILE "/tmp/ima_ns_fault"

static int prepare_measurement(void)
{
	static const char rule[] = "measure func=FILE_CHECK mask=MAY_READ\n";
	const int fd = unshare(CLONE_NEWNS) ? -1 :
					      open(POLICY, O_WRONLY | O_CLOEXEC);
	char text[33];
	int err;

	err = fd < 0 ? -errno : write_rules(fd, rule);
	if (close(fd) || err)
		return 1;
	unique_text(text);
	return write_path(FRESH_FILE, O_CREAT | O_TRUNC, text, 32);
}

static long act_measurement(void)
{
	const int fd = open(FRESH_FILE, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : close(fd);
}

static bool list_has(const char *text)
{
	char *list;
	bool has;

	has = read_path(ASCII_LIST, &list) > 0 && contains(list, text);
	free(list);
	return has;
}

/* By its path, or by its name alone where there was no memory for that. */
static bool is_recorded(void)
{
	return list_has(" " FRESH_FILE "\n") || list_has(" ima_ns_fault\n");
}

/*
 * The record is there, or it is counted as lost and the list says so; and it is
 * there when the file is read again.
 */
static int look_measurement(long err)
{
	const long lost = own_number("records_lost");

	if (!err && !is_recorded() &&
	    (lost <= 0 || !list_has(" records-lost\n")))
		return 1;
	if (lost < 0 || (!lost && list_has(" records-lost\n")))
		return 2;
	if (act_measurement() || !is_recorded())
		return 3;
	return unlink(FRESH_FILE) ? 4 : 0;
}

TEST_F_TIMEOUT(fault, first_measurement, 800)
{
	static const struct act act = { prepare_measurement, act_measurement,
					look_measurement, true };

	each_in_turn(_metadata, &act);
}

/* A child whose keys are added by the host. */
static struct agent keeper;
static long keeper_id, keeper_ring;
static char keeper_cert[PATH_MAX];

static int prepare_keeper(void)
{
	if (agent_start(&keeper, NULL, CLONE_NEWNS))
		return 1;
	keeper_id = agent_number(&keeper, "id");
	return keeper_id <= 0;
}

static int prepare_key(void)
{
	char authority[PATH_MAX];

	if (prepare_keeper())
		return 1;
	cert_path(authority, "authority");
	cert_path(keeper_cert, "a");
	keeper_ring = agent_keyring(&keeper);
	return keeper_ring <= 0 || host_add_ca(keeper_id, authority);
}

static long act_key(void)
{
	const long key = add_cert_to(keeper_ring, keeper_cert);

	return key < 0 ? key : 0;
}

/* How many keys are in the keyring. */
static long keeper_keys(void)
{
	const long size = syscall(__NR_keyctl, KEYCTL_READ, keeper_ring, NULL, 0);

	return size < 0 ? -errno : size / (long)sizeof(int);
}

/*
 * The key is there or not, and can be added.  Who vouches for it is not found for
 * want of memory either: ENOKEY, as for the host's keyrings.
 */
static int look_key(long err)
{
	if (keeper_keys() != (err ? 0 : 1))
		return 1;
	return act_key() || keeper_keys() != 1 ? 2 : 0;
}

TEST_F_TIMEOUT(fault, key, 800)
{
	static const struct act act = { prepare_key, act_key, look_key, false,
					-ENOKEY };

	each_in_turn(_metadata, &act);
}

static long act_authority(void)
{
	char path[PATH_MAX];

	cert_path(path, "authority");
	return host_add_ca(keeper_id, path);
}

static int look_authority(long err)
{
	if (ns_number(keeper_id, "ca") != (err ? 0 : 1))
		return 1;
	return act_authority() || ns_number(keeper_id, "ca") != 1 ? 2 : 0;
}

TEST_F_TIMEOUT(fault, authority, 800)
{
	static const struct act act = { prepare_keeper, act_authority,
					look_authority };

	each_in_turn(_metadata, &act);
}

static struct emulator emulator;

static int prepare_binding(void)
{
	char dir[] = "/tmp/ima_ns_fault.XXXXXX";

	if (prepare_keeper() || !mkdtemp(dir))
		return 1;
	return emulator_start(&emulator, dir, "tpm", ALL_BANKS);
}

static long act_binding(void)
{
	return bind_from_above(keeper_id, &emulator);
}

/* Bound or not, and wholly so; and what was not can be. */
static int look_binding(long err)
{
	struct binding binding;

	if (binding_read(keeper_id, &binding) ||
	    !strcmp(binding.chip, "none") != !!err)
		return 1;
	if (err && act_binding())
		return 2;
	if (!within(PATIENCE, caught_up(keeper_id)))
		return 3;
	agent_stop(&keeper);
	return within(PATIENCE, emulator_gone(&emulator)) ? 0 : 4;
}

TEST_F_TIMEOUT(fault, binding, 800)
{
	static const struct act act = { prepare_binding, act_binding,
					look_binding };

	if (!have_swtpm())
		SKIP(return, "needs swtpm");
	each_in_turn(_metadata, &act);
}

TEST_HARNESS_MAIN
