/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: TPM emulators
 *
 * swtpm(8) serves a chip of its own, /dev/tpmN, which is bound to a namespace
 * from the initial one, where the emulator runs, too.
 */

#include <poll.h>
#include <time.h>

#include "world.h"
#include "run.h"

#define NAMESPACES_DIR IMA_DIR "/namespaces"
#define TPM_CLASS "/sys/class/tpm"

/* What a fresh TPM 2 of swtpm has; other banks take swtpm_setup(8). */
#define ALL_BANKS "sha1,sha256,sha384,sha512"

/* Where states with other banks are kept for the boot, as they cost time. */
#define STATES_DIR "/run/ima_ns_swtpm"

/* Seconds for what takes much less. */
#define PATIENCE 60

struct emulator {
	/* 0 when it was waited for. */
	pid_t pid;
	/* N of /dev/tpmN. */
	int num;
	bool tpm2;
	bool bound;
	/* As ima/tpm says them. */
	const char *banks;
	char state[512];
};

static inline double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Looks until a condition holds, for some seconds at most: whether it did. */
#define within(seconds, condition)				\
({								\
	const double end_ = now() + (seconds);			\
	bool held_;						\
								\
	while (!(held_ = (condition)) && now() < end_)		\
		poll(NULL, 0, 5);				\
	held_;							\
})

static inline bool have_swtpm(void)
{
	static const char *const version[] = { "swtpm", "--version", NULL };

	return !access("/dev/vtpmx", R_OK | W_OK) && !run(version, NULL, 0);
}

static inline int copy_file(const char *from, const char *to)
{
	char *content;
	const ssize_t size = read_path(from, &content);
	int err;

	if (size < 0)
		return size;
	err = write_path(to, O_CREAT | O_TRUNC, content, size);
	free(content);
	return err;
}

/* Makes a state with these banks; swtpm_setup takes no commas in paths. */
static inline int state_setup(const struct emulator *emulator)
{
	const char *const tpm2[] = { "swtpm_setup", "--tpmstate",
				     emulator->state, "--overwrite", "--runas",
				     "root", "--tpm2", "--pcr-banks",
				     emulator->banks, NULL };
	const char *const tpm12[] = { "swtpm_setup", "--tpmstate",
				      emulator->state, "--overwrite", "--runas",
				      "root", NULL };

	return run(emulator->tpm2 ? tpm2 : tpm12, NULL, 0) ? -EIO : 0;
}

/* Gives the emulator a fresh state. */
static inline int state_make(const struct emulator *emulator)
{
	char kept[128], state[640];
	int err;

	if (mkdir(emulator->state, 0700))
		return -errno;
	if (!strcmp(emulator->banks, ALL_BANKS))
		return 0;
	snprintf(kept, sizeof(kept), STATES_DIR "/%s%s",
		 emulator->tpm2 ? "" : "tpm12-", emulator->banks);
	snprintf(state, sizeof(state), "%s/%s-00.permall", emulator->state,
		 emulator->tpm2 ? "tpm2" : "tpm");
	if (!access(kept, R_OK))
		return copy_file(kept, state);
	err = state_setup(emulator);
	if (!err && mkdir(STATES_DIR, 0700) && errno != EEXIST)
		err = -errno;
	return err ?: copy_file(state, kept);
}

/* Becomes the emulator, which ends with the test at the latest. */
static inline void __noreturn emulator_exec(const struct emulator *emulator,
					    int out)
{
	char dir[640];
	const char *const argv[] = { "swtpm", "chardev", "--vtpm-proxy",
				     "--tpmstate", dir, "--seccomp",
				     "action=none",
				     emulator->tpm2 ? "--tpm2" : NULL, NULL };
	const int null = open("/dev/null", O_RDWR);

	snprintf(dir, sizeof(dir), "dir=%s", emulator->state);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close_range(3, ~0U, 0);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

/* The number of the chip, of which swtpm says "New TPM device: /dev/tpmN". */
static inline int read_num(int fd)
{
	static const char before[] = "New TPM device: /dev/tpm";
	char text[256], *found = NULL;
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(text) - 1 && !(found && strchr(found, '\n'))) {
		got = read(fd, text + n, sizeof(text) - 1 - n);
		if (got <= 0)
			return -ENODEV;
		n += got;
		text[n] = '\0';
		found = strstr(text, before);
	}
	return found ? atoi(found + strlen(before)) : -EBADMSG;
}

/* Has the kernel the chip?  Its second device is the last thing it makes. */
static inline bool chip_registered(const struct emulator *emulator)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/tpm%s%d",
		 emulator->tpm2 ? "rm" : "", emulator->num);
	return !access(path, R_OK | W_OK);
}

/* Has it these banks? */
static inline int chip_check(const struct emulator *emulator)
{
	const char *bank = emulator->banks;
	char path[128];
	int n;

	for (; *bank; bank += n + !!bank[n]) {
		n = strcspn(bank, ",");
		snprintf(path, sizeof(path), TPM_CLASS "/tpm%d/pcr-%.*s",
			 emulator->num, n, bank);
		if (access(path, X_OK))
			return -errno;
	}
	return 0;
}

static inline bool emulator_gone(struct emulator *emulator)
{
	int status;

	if (emulator->pid && waitpid(emulator->pid, &status, WNOHANG) > 0)
		emulator->pid = 0;
	return !emulator->pid;
}

/* Ends an emulator whatever it does. */
static inline void emulator_stop(struct emulator *emulator)
{
	if (emulator->pid <= 0)
		return;
	kill(emulator->pid, SIGKILL);
	reap(emulator->pid);
	emulator->pid = 0;
}

/* Is its chip there, or will that not come? */
static inline bool emulator_started(struct emulator *emulator)
{
	return chip_registered(emulator) || emulator_gone(emulator);
}

static inline int emulator_launch(struct emulator *emulator)
{
	int out[2];

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	emulator->pid = fork();
	if (!emulator->pid)
		emulator_exec(emulator, out[1]);
	close(out[1]);
	emulator->num = read_num(out[0]);
	close(out[0]);
	return emulator->num < 0 ? emulator->num : 0;
}

/*
 * Starts an emulator with these banks, of a TPM 1.2 if NULL, whose state is
 * below @dir, and waits for its chip.  It is hung up if its self-test takes
 * longer than the driver lets it, as on a busy machine: then one more is tried.
 */
static inline int emulator_start(struct emulator *emulator, const char *dir,
				 const char *name, const char *banks)
{
	int err, tries;

	emulator->tpm2 = !!banks;
	emulator->banks = banks ?: "sha1";
	snprintf(emulator->state, sizeof(emulator->state), "%s/%s", dir, name);
	err = state_make(emulator);
	for (tries = 3; !err && tries; tries--) {
		err = emulator_launch(emulator);
		if (!err && within(PATIENCE, emulator_started(emulator)) &&
		    emulator->pid)
			return chip_check(emulator);
		emulator_stop(emulator);
	}
	return err ?: -ETIMEDOUT;
}

/* "The emulator is hung up at the end of the namespace", and ends itself. */
static inline void emulator_end(struct __test_metadata *const _metadata,
				struct emulator *emulator)
{
	if (emulator->bound)
		EXPECT_TRUE(within(PATIENCE, emulator_gone(emulator)));
	emulator_stop(emulator);
}

/* The directory of a namespace's files, as the initial one sees it. */
static inline void ns_path(char path[PATH_MAX], long id, const char *name)
{
	if (id)
		snprintf(path, PATH_MAX, NAMESPACES_DIR "/%ld/%s", id, name);
	else
		snprintf(path, PATH_MAX, IMA_DIR "/%s", name);
}

static inline ssize_t ns_read(long id, const char *name, char **text)
{
	char path[PATH_MAX];

	ns_path(path, id, name);
	return read_path(path, text);
}

static inline long ns_number(long id, const char *name)
{
	char path[PATH_MAX];

	ns_path(path, id, name);
	return path_number(path);
}

/* What a namespace's ima/tpm says; a chip "none" has nothing else. */
struct binding {
	char chip[16];
	char banks[64];
	char state[16];
	long extended;
};

static inline int binding_parse(const char *text, struct binding *binding)
{
	char tail[2];
	int n;

	*binding = (struct binding){};
	if (!strcmp(text, "none\n")) {
		snprintf(binding->chip, sizeof(binding->chip), "none");
		return 0;
	}
	n = sscanf(text, "%15s %63s %15s %ld%1[\n]%1c", binding->chip,
		   binding->banks, binding->state, &binding->extended, tail,
		   tail + 1);
	return n == 5 ? 0 : -EBADMSG;
}

static inline int binding_read(long id, struct binding *binding)
{
	char *text;
	ssize_t size = ns_read(id, "tpm", &text);

	if (size >= 0)
		size = binding_parse(text, binding);
	free(text);
	return size;
}

/* Asserts whose chip, with which banks, is bound. */
static inline void assert_bound(struct __test_metadata *const _metadata,
				long id, const struct emulator *emulator)
{
	struct binding binding;
	char chip[16];

	snprintf(chip, sizeof(chip), "tpm%d", emulator->num);
	ASSERT_EQ(0, binding_read(id, &binding));
	ASSERT_STREQ(chip, binding.chip);
	ASSERT_STREQ(emulator->banks, binding.banks);
	ASSERT_STREQ("bound", binding.state);
}

/* Has the chip all that is in the list? */
static inline bool caught_up(long id)
{
	const long count = ns_number(id, "runtime_measurements_count");
	struct binding binding;

	return !binding_read(id, &binding) && binding.extended == count &&
	       count == ns_number(id, "runtime_measurements_count");
}

/* Binds from the initial namespace. */
static inline int bind_from_above(long id, struct emulator *emulator)
{
	char path[PATH_MAX], text[16];
	int err;

	ns_path(path, id, "tpm");
	snprintf(text, sizeof(text), "tpm%d\n", emulator->num);
	err = write_path(path, 0, text, strlen(text));
	emulator->bound |= !err;
	return err;
}

static long do_bind(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_path(IMA_DIR "/tpm", 0, call->text, strlen(call->text));
}

/* Binds from within the namespace. */
static inline int agent_bind(struct agent *agent, struct emulator *emulator)
{
	int err;

	sprintf(agent->call->text, "tpm%d", emulator->num);
	err = agent_call(agent, do_bind, -1, NULL);
	emulator->bound |= !err;
	return err;
}

static int bind_device(const char *from, const char *to)
{
	if (!strcmp(from, to))
		return 0;
	return mount(from, to, NULL, MS_BIND, NULL) ? -errno : 0;
}

static long do_devices(struct call *call, int fd)
{
	char path[64];
	int err;

	if (fd >= 0)
		close(fd);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	snprintf(path, sizeof(path), "/dev/tpm%d", call->flags);
	err = bind_device(path, "/dev/tpm0");
	snprintf(path, sizeof(path), "/dev/tpmrm%d", call->flags);
	return err ?: bind_device(path, "/dev/tpmrm0");
}

/* Makes /dev/tpm0 and /dev/tpmrm0 of the agent's mounts be the vTPM. */
static inline int agent_devices(struct agent *agent,
				const struct emulator *emulator)
{
	agent->call->flags = emulator->num;
	return agent_call(agent, do_devices, -1, NULL);
}
