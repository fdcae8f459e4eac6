// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - look at IMA namespaces and set their policy, from outside
 *
 * The files in securityfs' ima directory refer to the IMA namespace of the
 * task that opens them, and that one follows the mount namespace. So imans
 * opens the directory of its own securityfs first, then joins the mount
 * namespace of a member and opens a file below that directory: it speaks of
 * the member's namespace, and nothing of the container's is executed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "imans.h"

#define IMA_DIR "/sys/kernel/security/ima"

int proc_fd, ima_fd;

static void open_dirs(void)
{
	struct statfs fs;

	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0 || faccessat(proc_fd, "self", F_OK, 0))
		errx(1, "/proc is not mounted: mount -t proc none /proc");
	if (faccessat(proc_fd, "self/ns/ima", F_OK, 0))
		errx(1, "this kernel has no IMA namespaces: boot one built with CONFIG_IMA_NS=y");
	ima_fd = open(IMA_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ima_fd < 0 || fstatfs(ima_fd, &fs) || fs.f_type != SECURITYFS_MAGIC)
		errx(1, "no " IMA_DIR ": mount -t securityfs none /sys/kernel/security");
}

static ino_t ns_inum(const char *path)
{
	struct stat st;

	return fstatat(proc_fd, path, &st, 0) ? 0 : st.st_ino;
}

int join(int pid)
{
	char path[64];
	ino_t wanted;
	int fd;

	snprintf(path, sizeof(path), "%d/ns/ima", pid);
	wanted = ns_inum(path);
	if (wanted && wanted == ns_inum("self/ns/ima"))
		return 0;
	snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (setns(fd, CLONE_NEWNS))
		return errno;
	/* The process may have moved or ended, and its pid be another's now */
	return ns_inum("self/ns/ima") == wanted ? 0 : ESRCH;
}

static void join_or_die(int pid)
{
	int error = join(pid);

	if (error == EPERM || error == EACCES)
		errx(1, "process %d: %s: it takes CAP_SYS_ADMIN and CAP_SYS_CHROOT",
		     pid, strerror(error));
	if (error == ENOENT || error == ESRCH)
		errx(1, "process %d is not there any more: see 'imans list'", pid);
	if (error)
		errx(1, "process %d: %s", pid, strerror(error));
}

static int cmd_show(int pid, const char *file)
{
	char buf[65536];
	ssize_t len;
	int fd;

	if (strchr(file, '/'))
		errx(1, "'%s' is not the name of a file in " IMA_DIR, file);
	join_or_die(pid);
	fd = openat(ima_fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		errx(1, "%s: %m%s", file, errno == ENOENT ?
		    ": see 'ls " IMA_DIR "' for what there is" :
		    ": reading it takes root, and a policy CONFIG_IMA_READ_POLICY=y");
	while ((len = read(fd, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, len, stdout) != (size_t)len)
			errx(1, "standard output: %m");
	if (len < 0)
		errx(1, "%s: %m", file);
	return fflush(stdout) ? 1 : 0;
}

static const char *policy_hint(int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return "it takes root, and from the second time on CONFIG_IMA_WRITE_POLICY=y";
	case EBUSY:
		return "somebody else is writing this policy, try again later";
	case EINVAL:
		return "no valid rule, see Documentation/ABI/testing/ima_policy";
	case EOPNOTSUPP:
		return "a child's policy takes 'measure' and 'dont_measure' of files only";
	case EDQUOT:
		return "a child's policy takes 1024 rules and 64 KiB of text";
	default:
		return "nothing was changed";
	}
}

/* Comments and blank lines count for the line number only */
static int write_rules(int fd)
{
	size_t size = 0, number = 0, rules = 0;
	char *line = NULL;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 0) {
		number++;
		if (line[strspn(line, " \t\n")] == '\0' || line[0] == '#')
			continue;
		if (write(fd, line, len) < 0)
			errx(1, "line %zu: %s: %s\nimans: the line: %.*s", number,
			     strerror(errno), policy_hint(errno),
			     (int)strcspn(line, "\n"), line);
		rules++;
	}
	free(line);
	if (ferror(stdin))
		errx(1, "standard input: %m");
	return rules;
}

static int cmd_policy(int pid)
{
	int fd, rules;

	join_or_die(pid);
	fd = openat(ima_fd, "policy", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		errx(1, "policy: %s: %s", strerror(errno), policy_hint(errno));
	rules = write_rules(fd);
	if (close(fd))
		errx(1, "policy refused: %s: %s", strerror(errno), rules ?
		    policy_hint(errno) : "there is no rule in it");
	return 0;
}

static int parse_pid(const char *text)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (end == text || *end || pid <= 0 || pid > INT_MAX)
		errx(1, "'%s' is not a process id: see 'imans list'", text);
	return pid;
}

static int help(void)
{
	fputs("usage: imans list\n"
	      "       imans show PID [FILE]     (ascii_runtime_measurements)\n"
	      "       imans policy PID < FILE\n"
	      "PID is any process in the IMA namespace meant.\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (!strcmp(command, "list") && argc == 2) {
		open_dirs();
		return cmd_list();
	}
	if (!strcmp(command, "show") && (argc == 3 || argc == 4)) {
		open_dirs();
		return cmd_show(parse_pid(argv[2]), argc == 4 ? argv[3] :
				"ascii_runtime_measurements");
	}
	if (!strcmp(command, "policy") && argc == 3) {
		open_dirs();
		return cmd_policy(parse_pid(argv[2]));
	}
	return help();
}
