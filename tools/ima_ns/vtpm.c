// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans vtpm - an emulator, its chip, and the namespace whose list it follows
 *
 * The emulator belongs outside of the namespace, whose list would else wait for
 * it.  It ends when the namespace does: nobody has to stop it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imans.h"

#define TRIES 3
#define REGISTERED_MS 30000
#define STEP_MS 20

bool is_chip_name(const char *name)
{
	return !strncmp(name, "tpm", 3) && name[3] &&
	       !name[3 + strspn(name + 3, "0123456789")];
}

static void exec_swtpm(const void *arg, int out)
{
	const char *dir = arg;
	char state[PATH_MAX + 16], pid[PATH_MAX + 16], log[PATH_MAX + 16];
	const char *const argv[] = {
		"swtpm", "chardev", "--tpm2", "--vtpm-proxy", "--tpmstate", state,
		"--daemon", "--pid", pid, "--log", log, NULL
	};
	sigset_t none;

	snprintf(state, sizeof(state), "dir=%s", dir);
	snprintf(pid, sizeof(pid), "file=%s/pid", dir);
	snprintf(log, sizeof(log), "file=%s/log", dir);
	/* Runtimes run their hooks with signals blocked */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(out, STDOUT_FILENO);
	execvp(argv[0], (char *const *)argv);
	warnx("swtpm: %s: install it (Debian: swtpm)", strerror(errno));
	_exit(STATUS_NOT_FOUND);
}

/* Runs swtpm until it has become a daemon: what it said of its chip, or NULL */
static char *run_swtpm(const char *dir)
{
	return read_child(exec_swtpm, dir);
}

static bool parse_chip(const char *said, char chip[16])
{
	const char *found = said ? strstr(said, "/dev/tpm") : NULL;

	return found && sscanf(found, "/dev/%15[a-z0-9]", chip) == 1 &&
	       is_chip_name(chip);
}

static pid_t read_pid(const char *pid_file)
{
	char *text = read_path(pid_file, NULL);
	pid_t pid = text ? atoi(text) : 0;

	free(text);
	return pid;
}

void vtpm_kill(const char *pid_file)
{
	pid_t pid = read_pid(pid_file);

	if (pid > 0)
		kill(pid, SIGKILL);
}

/* swtpm makes that file some time after its chip, and removes it as it ends */
static bool has_ended(const char *pid_file, bool *seen)
{
	pid_t pid = read_pid(pid_file);

	*seen |= pid > 0;
	return *seen && (pid <= 0 || (kill(pid, 0) && errno == ESRCH));
}

/* The second device of a chip is the last thing that the kernel makes of it */
static bool wait_registered(const char *chip, const char *pid_file)
{
	bool seen = false;
	char path[64];
	struct stat st;
	int waited;

	snprintf(path, sizeof(path), "/dev/tpmrm%s", chip + 3);
	for (waited = 0; waited < REGISTERED_MS; waited += STEP_MS) {
		if (!stat(path, &st) && S_ISCHR(st.st_mode))
			return true;
		/* The kernel hangs up on one whose self-test takes too long */
		if (has_ended(pid_file, &seen))
			return false;
		poll(NULL, 0, STEP_MS);
	}
	vtpm_kill(pid_file);
	return false;
}

/* Its number may be another's now, which has another name */
static bool is_running(const char *pid_file)
{
	char path[64], *name;
	pid_t pid = read_pid(pid_file);
	bool running;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	name = pid > 0 ? read_path(path, NULL) : NULL;
	running = name && !strcmp(name, "swtpm\n");
	free(name);
	return running;
}

/* mkdir -p, for root alone: the state has the keys of the TPM */
static bool make_dir(const char *dir)
{
	char path[PATH_MAX];
	size_t i;

	if (snprintf(path, sizeof(path), "%s/", dir) >= (int)sizeof(path))
		return false;
	for (i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return false;
		path[i] = '/';
	}
	return true;
}

static bool find_dir(const char *dir, char path[PATH_MAX])
{
	struct stat st;

	if (!make_dir(dir) || !realpath(dir, path) || stat(path, &st)) {
		warn("%s: no directory for the TPM's state", dir);
		return false;
	}
	if (st.st_uid != geteuid() || st.st_mode & 022) {
		warnx("%s: others may write there: chown and chmod 700 it", path);
		return false;
	}
	if (!strchr(path, ','))
		return true;
	warnx("%s: swtpm takes no commas in the path of its state: choose another one", path);
	return false;
}

/* Starts an emulator with its state in @dir and waits for its chip */
bool vtpm_start(const char *dir, char chip[16], char pid_file[4096])
{
	char path[PATH_MAX], *said;
	bool started;
	int try;

	if (!find_dir(dir, path))
		return false;
	if (access("/dev/vtpmx", R_OK | W_OK)) {
		warn("/dev/vtpmx: 'modprobe tpm_vtpm_proxy' as root of the host");
		return false;
	}
	snprintf(pid_file, PATH_MAX, "%.*s/pid", PATH_MAX - 5, path);
	if (is_running(pid_file)) {
		warnx("%s: an emulator runs with that state", path);
		return false;
	}
	for (try = 0; try < TRIES; try++) {
		/* One that was killed left it, and its number may be another's now */
		unlink(pid_file);
		said = run_swtpm(path);
		started = parse_chip(said, chip);
		free(said);
		if (!started)
			break;
		if (wait_registered(chip, pid_file))
			return true;
	}
	warnx("the emulator with its state in %s did not start: see %s/log", path, path);
	return false;
}

static const char *bind_hint(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "it takes CAP_SYS_ADMIN or CAP_MAC_ADMIN on the host";
	case EAGAIN:
		return "commands of others kept the chip busy, try again";
	case EBUSY:
		return "it had a list, or the namespace a chip, or PCRs are used: start another";
	case EINVAL:
		return "it is no chip of tpm_vtpm_proxy";
	case EIO:
		return "the chip answers with an error, see dmesg";
	case ENODEV:
		return "there is no such chip, or its emulator is gone";
	case ENOENT:
		return "the namespace has ended";
	case ETIMEDOUT:
		return "the chip did not answer in time: the namespace has lost it";
	default:
		return "see dmesg";
	}
}

bool vtpm_bind(const struct ns *ns, const char *chip)
{
	int fd = ns_open(ns, "tpm", O_WRONLY);

	if (fd >= 0 && write(fd, chip, strlen(chip)) >= 0)
		return !close(fd);
	warnx("namespace %lld: binding %s: %s: %s", ns->id, chip, strerror(errno),
	      bind_hint(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

int cmd_vtpm(int argc, char **argv)
{
	char chip[16], pid_file[4096];

	if (argc != 2 || argv[1][0] == '-')
		return usage();
	if (!vtpm_start(argv[1], chip, pid_file))
		return STATUS_FAILED;
	puts(chip);
	finish_output();
	return 0;
}
