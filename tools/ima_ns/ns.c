// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans - the namespaces that may be seen, and what the kernel says of them
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "imans.h"

struct ns *namespaces;
size_t ns_count;
int proc_fd = -1, ima_fd = -1;

void open_dirs(void)
{
	struct statfs fs;

	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0 || fstatfs(proc_fd, &fs) || fs.f_type != PROC_SUPER_MAGIC)
		errx(STATUS_FAILED, "/proc is not mounted: mount -t proc none /proc");
	if (faccessat(proc_fd, "self/ns/ima", F_OK, 0))
		errx(STATUS_FAILED,
		     "this kernel has no IMA namespaces: boot one built with CONFIG_IMA_NS=y");
	ima_fd = open(IMA_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ima_fd < 0 || fstatfs(ima_fd, &fs) || fs.f_type != SECURITYFS_MAGIC)
		errx(STATUS_FAILED,
		     "no " IMA_DIR ": mount -t securityfs none /sys/kernel/security");
}

/* Whoever may mount can lay a file of their own over the kernel's. */
static void must_be_kernels(int fd, const char *path)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) || fs.f_type != SECURITYFS_MAGIC)
		errx(STATUS_FAILED,
		     "%s/%s is not the kernel's: something is mounted over it, unmount that",
		     IMA_DIR, path);
}

int ns_open(const struct ns *ns, const char *file, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (ns->own)
		snprintf(path, sizeof(path), "%s", file);
	else
		snprintf(path, sizeof(path), "namespaces/%lld/%s", ns->id, file);
	fd = openat(ima_fd, path, flags | O_CLOEXEC);
	if (fd >= 0)
		must_be_kernels(fd, path);
	return fd;
}

char *ns_read(const struct ns *ns, const char *file, size_t *size)
{
	return read_closing(ns_open(ns, file, O_RDONLY), size);
}

static const char *read_hint(const char *file, int error)
{
	if (error == ENOENT && !strcmp(file, "policy"))
		return ": it was loaded, and the kernel has no CONFIG_IMA_READ_POLICY";
	if (error == ENOENT)
		return ": the namespace has ended, or has no such file";
	if (error != EACCES && error != EPERM)
		return "";
	if (!strcmp(file, "policy"))
		return ": it takes root, and a kernel with CONFIG_IMA_READ_POLICY=y";
	return ": it takes CAP_SYS_ADMIN or CAP_MAC_ADMIN over the namespace's owner";
}

char *ns_must_read(const struct ns *ns, const char *file, size_t *size)
{
	char *text = ns_read(ns, file, size);

	if (!text)
		errx(STATUS_FAILED, "namespace %lld: %s: %s%s", ns->id, file,
		     strerror(errno), read_hint(file, errno));
	return text;
}

long long ns_number(const struct ns *ns, const char *file)
{
	char *text = ns_read(ns, file, NULL);
	long long number = UNKNOWN;

	if (text && *text)
		number = strtoll(text, NULL, 10);
	free(text);
	return number;
}

int read_tpm(const struct ns *ns, struct tpm *tpm)
{
	char *text = ns_read(ns, "tpm", NULL);
	int fields;

	*tpm = (struct tpm){ .extended = UNKNOWN };
	if (!text)
		return -1;
	fields = sscanf(text, "%15s %255s %15s %lld", tpm->chip, tpm->banks,
			tpm->state, &tpm->extended);
	free(text);
	if (fields != 4)
		*tpm = (struct tpm){ .extended = UNKNOWN };
	return 0;
}

/* Adds a namespace, unless it has just ended */
static void add_namespace(long long id, bool own)
{
	struct ns ns = {
		.id = id, .own = own, .level = UNKNOWN,
		.owner_uid = UNKNOWN, .owner_inum = UNKNOWN, .owner_fd = -1,
	};

	ns.inum = ns_number(&ns, "inum");
	if (ns.inum == UNKNOWN)
		return;
	ns.id = ns_number(&ns, "id");
	ns.parent = ns_number(&ns, "parent");
	ns.entries = ns_number(&ns, "runtime_measurements_count");
	ns.violations = ns_number(&ns, "violations");
	ns.lost = ns_number(&ns, "records_lost");
	read_tpm(&ns, &ns.tpm);
	namespaces = must_alloc(namespaces, (ns_count + 1) * sizeof(ns));
	namespaces[ns_count++] = ns;
}

static int by_id(const void *a, const void *b)
{
	const struct ns *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

/* A parent has a lesser id than its children: it is known before them */
static void find_levels(void)
{
	const struct ns *parent;
	size_t i;

	for (i = 0; i < ns_count; i++) {
		parent = ns_by_id(namespaces[i].parent);
		if (!namespaces[i].id)
			namespaces[i].level = 0;
		else if (parent && parent->level != UNKNOWN)
			namespaces[i].level = parent->level + 1;
	}
}

void scan_namespaces(void)
{
	int fd = openat(ima_fd, "namespaces", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	ns_count = 0;
	add_namespace(0, true);
	while (dir && (entry = readdir(dir)))
		if (*entry->d_name > '0' && *entry->d_name <= '9')
			add_namespace(strtoll(entry->d_name, NULL, 10), false);
	if (dir)
		closedir(dir);
	if (ns_count)
		qsort(namespaces, ns_count, sizeof(*namespaces), by_id);
	find_levels();
}

const struct ns *ns_by_id(long long id)
{
	size_t i;

	for (i = 0; i < ns_count; i++)
		if (namespaces[i].id == id)
			return &namespaces[i];
	return NULL;
}

static struct ns *ns_by_inum(long long inum)
{
	size_t i;

	for (i = 0; i < ns_count; i++)
		if (namespaces[i].inum == inum)
			return &namespaces[i];
	return NULL;
}

long long process_inum(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%d/ns/ima", pid);
	return fstatat(proc_fd, path, &st, 0) ? UNKNOWN : (long long)st.st_ino;
}

const struct ns *ns_of_process(pid_t pid)
{
	const struct ns *ns = ns_by_inum(process_inum(pid));

	return ns && !ns->own ? ns : NULL;
}

static const struct ns *ns_by_pid(const char *name, long long pid)
{
	const struct ns *ns;
	long long inum;

	inum = pid > 0 && pid <= INT_MAX ? process_inum(pid) : UNKNOWN;
	if (inum == UNKNOWN)
		errx(STATUS_FAILED,
		     "%s: %s, or it may not be looked at: see 'imans list'", name,
		     strncmp(name, "pid:", 4) ?
		     "there is no such namespace, nor such a process" :
		     "there is no such process");
	ns = ns_by_inum(inum);
	if (!ns)
		errx(STATUS_FAILED,
		     "process %lld is in no IMA namespace that is seen from here: ask as its root, or as one above it",
		     pid);
	return ns;
}

/* Ids are given one after the other: somebody may have wanted that of a process */
static void must_be_clear(const struct ns *ns, long long number)
{
	long long inum = number > 0 && number <= INT_MAX ? process_inum(number) : UNKNOWN;

	if (inum == UNKNOWN || inum == ns->inum || inum == process_inum(getpid()))
		return;
	warnx("%lld is a namespace, and a process in another one: say id:%lld or pid:%lld",
	      number, number, number);
	exit(STATUS_USAGE);
}

const struct ns *ns_by_name(const char *name)
{
	bool is_pid = !strncmp(name, "pid:", 4);
	bool is_id = !strncmp(name, "id:", 3);
	const char *digits = name + (is_pid ? 4 : is_id ? 3 : 0);
	const struct ns *ns;
	long long number;
	char *end;

	errno = 0;
	number = strtoll(digits, &end, 10);
	if (*digits < '0' || *digits > '9' || *end || errno) {
		warnx("'%s' is neither an id nor a process: see 'imans list'", name);
		exit(STATUS_USAGE);
	}
	ns = is_pid ? NULL : ns_by_id(number);
	if (ns && !is_id)
		must_be_clear(ns, number);
	if (ns)
		return ns;
	if (is_id)
		errx(STATUS_FAILED,
		     "there is no namespace %lld here, or not any more: see 'imans list'",
		     number);
	return ns_by_pid(name, number);
}

/* Each process is there once, whichever of its threads are in it */
static void add_thread(pid_t pid, pid_t tid)
{
	struct ns *ns = ns_by_inum(process_inum(tid));

	if (!ns || (ns->pid_count && ns->pids[ns->pid_count - 1] == pid))
		return;
	if (!ns->pid_count || pid < ns->pids[0])
		ns->tid = tid;
	ns->pids = must_alloc(ns->pids, (ns->pid_count + 1) * sizeof(pid));
	ns->pids[ns->pid_count++] = pid;
}

/* One may be in another namespace, or be left when the first one has ended */
static void add_process(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%d/task", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			add_thread(pid, atoi(entry->d_name));
	if (dir)
		closedir(dir);
}

static int by_number(const void *a, const void *b)
{
	const pid_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void read_owner(struct ns *ns, int fd)
{
	struct stat st;
	uid_t uid;
	int owner;

	/* A process that has ended may have left its number to another one */
	if (fstat(fd, &st) || (long long)st.st_ino != ns->inum)
		return;
	owner = ioctl(fd, NS_GET_USERNS);
	if (owner < 0)
		return;
	if (!fstat(owner, &st))
		ns->owner_inum = st.st_ino;
	if (!ioctl(owner, NS_GET_OWNER_UID, &uid))
		ns->owner_uid = uid;
	close(owner);
}

/* The owner is told by a descriptor: a process has one, a child its parent's */
static void find_owner(struct ns *ns)
{
	struct ns *parent = (struct ns *)ns_by_id(ns->parent);
	int fd = ns->owner_fd;
	char path[64];

	if (fd < 0 && ns->pid_count) {
		snprintf(path, sizeof(path), "%d/ns/ima", ns->tid);
		fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return;
	read_owner(ns, fd);
	if (parent && parent != ns && !parent->pid_count && parent->owner_fd < 0)
		parent->owner_fd = ioctl(fd, NS_GET_PARENT);
	close(fd);
	ns->owner_fd = -1;
}

void scan_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t i;

	if (!dir)
		err(STATUS_FAILED, "/proc");
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			add_process(atoi(entry->d_name));
	closedir(dir);
	for (i = ns_count; i-- > 0;) {
		if (namespaces[i].pid_count)
			qsort(namespaces[i].pids, namespaces[i].pid_count,
			      sizeof(pid_t), by_number);
		find_owner(&namespaces[i]);
	}
}

/* What a process calls itself; a kernel thread has a name only */
void read_command(pid_t pid, char *text, size_t size)
{
	char path[64];
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, size - 1);
		close(fd);
	}
	/* A process chooses its own words: keep them off the terminal */
	tame(text, len > 0 ? len : 0, ' ');
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len > 0 ? len : 0] = '\0';
}

/* The rules that both default policies have; the others measure more. */
static const char exec_policy[] =
	"dont_measure fsmagic=0x9fa0\n"
	"dont_measure fsmagic=0x62656572\n"
	"dont_measure fsmagic=0x64626720\n"
	"dont_measure fsmagic=0x1cd1\n"
	"dont_measure fsmagic=0x42494e4d\n"
	"dont_measure fsmagic=0x73636673\n"
	"dont_measure fsmagic=0xf97cff8c\n"
	"dont_measure fsmagic=0x43415d53\n"
	"dont_measure fsmagic=0x27e0eb\n"
	"dont_measure fsmagic=0x63677270\n"
	"dont_measure fsmagic=0x6e736673\n"
	"dont_measure fsmagic=0xde5e81e4\n"
	"measure func=BPRM_CHECK mask=MAY_EXEC\n"
	"measure func=MMAP_CHECK mask=MAY_EXEC\n"
	"measure func=MODULE_CHECK\n"
	"measure func=FIRMWARE_CHECK\n"
	"measure func=KEXEC_KERNEL_CHECK\n"
	"measure func=KEXEC_INITRAMFS_CHECK\n"
	"measure func=KEXEC_CMDLINE\n"
	"measure func=POLICY_CHECK\n";

/* With keys or without, as the kernel was configured */
static const char keys_rule[] = "measure func=KEY_CHECK\n";
static const char label_rule[] = "measure func=CRITICAL_DATA label=ima_ns\n";
/* With the owner's root, as whoever reads it sees that */
static const char tcb_rules[] =
	"measure func=FILE_CHECK mask=^MAY_READ euid=%lld\n"
	"measure func=FILE_CHECK mask=^MAY_READ uid=%lld\n";

/* Removes the blanks at the ends of lines, which the kernel has there */
static void trim_lines(char *text)
{
	char *from = text, *to = text;

	for (; *from; from++) {
		while (*from == '\n' && to > text && to[-1] == ' ')
			to--;
		*to++ = *from;
	}
	*to = '\0';
}

static bool skip(const char **text, const char *rules)
{
	size_t len = strlen(rules);

	if (strncmp(*text, rules, len))
		return false;
	*text += len;
	return true;
}

static bool is_tcb(const char *text, long long root)
{
	char rules[2 * sizeof(tcb_rules)];

	snprintf(rules, sizeof(rules), tcb_rules, root, root);
	return !strcmp(text, rules);
}

static const char *kind_of_rules(const char *text, long long owner)
{
	if (!*text)
		return "none";
	if (!skip(&text, exec_policy))
		return "own";
	skip(&text, keys_rule);
	if (!skip(&text, label_rule))
		return "own";
	if (!*text)
		return "exec";
	return is_tcb(text, 0) || is_tcb(text, owner) ? "tcb" : "own";
}

const char *policy_kind(const struct ns *ns)
{
	char *text = ns_read(ns, "policy", NULL);
	const char *kind;

	/* A kernel that lets nobody read or append removes it after loading */
	if (!text)
		return errno == ENOENT ? "own" : "-";
	trim_lines(text);
	kind = ns->id ? kind_of_rules(text, ns->owner_uid) : *text ? "own" : "none";
	free(text);
	return kind;
}
