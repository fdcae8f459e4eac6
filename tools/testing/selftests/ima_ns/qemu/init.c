// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of scripts/vm's machine
 *
 * Lays a tmpfs over the host's root file system, which comes read-only by 9p,
 * runs the one command that the file /job names, passes its output and its
 * exit status out by three virtio-serial ports and powers off.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_STRINGS 4096
#define KMEMLEAK "/sys/kernel/debug/kmemleak"

struct mount_entry {
	const char *type, *source, *target, *options;
	unsigned long flags;
	int optional;
};

#define NODEV_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* In the order in which the new root is put together below /new. */
static const struct mount_entry root_mounts[] = {
	{ "devtmpfs", "dev", "/dev", NULL, MS_NOSUID, 1 },
	{ "9p", "root", "/lower",
	  "trans=virtio,version=9p2000.L,msize=262144,cache=loose", MS_RDONLY },
	{ "tmpfs", "upper", "/upper", "mode=755" },
	{ "overlay", "root", "/new",
	  "lowerdir=/lower,upperdir=/upper/upper,workdir=/upper/work" },
	{ "devtmpfs", "dev", "/new/dev", NULL, MS_NOSUID },
	{ "devpts", "devpts", "/new/dev/pts", "gid=5,mode=620,ptmxmode=666",
	  MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "shm", "/new/dev/shm", NULL, MS_NOSUID | MS_NODEV },
	{ "mqueue", "mqueue", "/new/dev/mqueue", NULL, NODEV_FLAGS },
	{ "proc", "proc", "/new/proc", NULL, NODEV_FLAGS },
	{ "sysfs", "sysfs", "/new/sys", NULL, NODEV_FLAGS },
	{ "securityfs", "securityfs", "/new/sys/kernel/security", NULL, NODEV_FLAGS },
	{ "debugfs", "debugfs", "/new/sys/kernel/debug", NULL, NODEV_FLAGS, 1 },
	{ "cgroup2", "cgroup2", "/new/sys/fs/cgroup", NULL, NODEV_FLAGS },
	{ "tmpfs", "run", "/new/run", "mode=755", MS_NOSUID | MS_NODEV },
	{ "ext4", "/dev/vda", "/new/mnt/scratch", NULL },
};

static char *job[MAX_STRINGS + 1];

static void die(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void make_dir(const char *path)
{
	char part[4096];
	size_t i;

	for (i = 1; path[i - 1] && i < sizeof(part); i++) {
		if (path[i] != '/' && path[i])
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		mkdir(part, 0755);
	}
}

static void mount_one(const struct mount_entry *entry)
{
	make_dir(entry->target);
	if (mount(entry->source, entry->target, entry->type, entry->flags,
		  entry->options) && !entry->optional)
		die(entry->target);
}

/*
 * /tmp is a tmpfs of its own.  What the command needs of the host's /tmp, the
 * repository for instance, is bound in at its place.
 */
static void mount_tmp(char *const paths[], int count)
{
	const struct mount_entry tmp = {
		"tmpfs", "tmp", "/new/tmp", "mode=1777", MS_NOSUID | MS_NODEV
	};
	char from[4096], to[4096];
	int i;

	make_dir("/host-tmp");
	if (mount("/new/tmp", "/host-tmp", NULL, MS_BIND, NULL))
		die("/host-tmp");
	mount_one(&tmp);
	for (i = 0; i < count; i++) {
		if (strncmp(paths[i], "/tmp/", 5))
			continue;
		snprintf(from, sizeof(from), "/host-tmp%s", paths[i] + 4);
		snprintf(to, sizeof(to), "/new%s", paths[i]);
		make_dir(to);
		if (mount(from, to, NULL, MS_BIND, NULL))
			die(to);
	}
}

static void read_job(void)
{
	static char text[1 << 20];
	size_t used;
	FILE *file;
	char *next;
	int i = 0;

	file = fopen("/job", "r");
	if (!file)
		die("/job");
	used = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	for (next = text; next < text + used && i < MAX_STRINGS;
	     next += strlen(next) + 1)
		job[i++] = next;
}

/* The ports are known by the names that QEMU's command line gives them. */
static int open_port(const char *wanted)
{
	char path[600], name[64];
	struct dirent *entry;
	int fd = -1, len, sysfs;
	DIR *dir;

	dir = opendir("/sys/class/virtio-ports");
	while (dir && fd < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
			 entry->d_name);
		sysfs = open(path, O_RDONLY | O_CLOEXEC);
		if (sysfs < 0)
			continue;
		len = read(sysfs, name, sizeof(name) - 1);
		close(sysfs);
		name[len > 0 ? len - 1 : 0] = '\0';
		if (strcmp(name, wanted))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	if (fd < 0)
		die(wanted);
	return fd;
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		die("lo");
	close(fd);
}

static void enter_root(void)
{
	size_t i;

	make_dir("/upper");
	for (i = 0; i < ARRAY_SIZE(root_mounts); i++) {
		mount_one(&root_mounts[i]);
		if (!strcmp(root_mounts[i].target, "/upper")) {
			make_dir("/upper/upper");
			make_dir("/upper/work");
		}
	}
	mount_tmp(job, 3);
	if (chdir("/new") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		die("new root");
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("/proc/self/fd/0", "/dev/stdin");
	(void)!symlink("/proc/self/fd/1", "/dev/stdout");
	(void)!symlink("/proc/self/fd/2", "/dev/stderr");
	(void)!sethostname("ima-ns", 6);
	raise_loopback();
}

static pid_t start_command(const int out[2], const int err[2])
{
	static char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "USER=root", "LANG=C.UTF-8", "TERM=dumb",
		"XDG_RUNTIME_DIR=/run",
		/* Without these, evmctl and tpm2-tools look for a TPM on the network. */
		"TPM_INTERFACE_TYPE=dev", "TPM_DEVICE=/dev/tpmrm0",
		"TPM2TOOLS_TCTI=device:/dev/tpmrm0", NULL
	};
	pid_t pid = fork();
	int null;

	if (pid)
		return pid;
	setsid();
	null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	dup2(out[1], 1);
	dup2(err[1], 2);
	if (null > 2)
		close(null);
	if (chdir(job[2]))
		fprintf(stderr, "vm: %s: %s\n", job[2], strerror(errno));
	environ = (char **)env;
	execvp(job[3], job + 3);
	fprintf(stderr, "vm: %s: %s\n", job[3], strerror(errno));
	_exit(127);
}

/* Returns whether there may be more to read; an end of file is not polled again. */
static int pump(struct pollfd *from, int to)
{
	char buffer[16384];
	ssize_t len, done, part;

	len = read(from->fd, buffer, sizeof(buffer));
	if (!len)
		from->fd = -1;
	for (done = 0; done < len; done += part) {
		part = write(to, buffer + done, len - done);
		if (part < 0)
			die("output");
	}
	return len > 0;
}

/*
 * Passes output on until the command itself ends.  A daemon that it left may
 * hold the pipes open for ever, so their end is not waited for.
 */
static int run_command(void)
{
	int out[2], err[2], port[2] = { open_port("out"), open_port("err") };
	int status = 0;
	struct pollfd fds[2];
	pid_t command, pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		die("pipe");
	command = start_command(out, err);
	close(out[1]);
	close(err[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	fds[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = err[0], .events = POLLIN };

	do {
		poll(fds, 2, 50);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0 && pid != command)
			;
		while (pump(&fds[0], port[0]) | pump(&fds[1], port[1]))
			;
	} while (pid != command);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int write_string(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 || write(fd, text, strlen(text)) < 0;

	if (fd >= 0)
		close(fd);
	return ret ? -1 : 0;
}

/*
 * Copies kmemleak's findings to the console and tells whether there are any.
 * It names what two scans found lost and what is older than five seconds.
 */
static int report_leaks(void)
{
	char buffer[4096];
	int found = 0;
	ssize_t len;
	int fd;

	if (write_string(KMEMLEAK, "scan"))
		return 0;
	sleep(6);
	if (write_string(KMEMLEAK, "scan"))
		die(KMEMLEAK);
	fd = open(KMEMLEAK, O_RDONLY);
	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		(void)!write(STDERR_FILENO, buffer, len);
		found = 1;
	}
	close(fd);
	return found;
}

int main(void)
{
	int status, control;

	read_job();
	if (!job[3])
		die("no command");
	enter_root();
	control = open_port("status");
	dprintf(control, "boot\n");
	status = run_command();

	/* What the command left is part of the run: its end is watched, too. */
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
	dprintf(control, "exit %d\n", status);
	if (report_leaks())
		dprintf(control, "kmemleak\n");
	dprintf(control, "end\n");
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
