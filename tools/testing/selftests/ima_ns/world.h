/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: a scratch directory and a chain of levels
 */
#ifndef IMA_NS_TEST_WORLD_H
#define IMA_NS_TEST_WORLD_H

#include <sys/statfs.h>

#include "list.h"

#define EXT4_MAGIC 0xEF53

/*
 * Owners of subjects.  The initial namespace's rules stay for the boot, so
 * they only match files of owners that nobody else uses.
 */
#define OWNER_PLAIN 61000
#define OWNER_HOST_ALL 61001
#define OWNER_HOST_ROOT 61002

#define MAX_CHAIN 4

/* Statuses in use, by the kernel's allocator, or -errno. */
static inline long count_statuses(void)
{
	long count = -ENOENT;
	char *text, *line;

	if (read_path("/proc/slabinfo", &text) < 0)
		return -EIO;
	line = strstr(text, "\nima_ns_status ");
	if (line && sscanf(line, " %*s %ld", &count) != 1)
		count = -EINVAL;
	free(text);
	return count;
}

enum scratch_fs {
	FS_TMPFS,
	FS_EXT4,
	/* On overlayfs, files are put into the upper layer... */
	FS_OVERLAY_UPPER,
	/* ...or into the lower one, from where writing copies them up. */
	FS_OVERLAY_LOWER,
};

struct scratch {
	char base[64];
	/* Where files are made and where they are used. */
	char put[128];
	char dir[128];
	enum scratch_fs fs;
	/* Cleans up when the test, which holds the pipe open, is gone. */
	pid_t keeper;
	int alive;
};

static int scratch_mount_overlay(struct scratch *s)
{
	static const char *const names[] = { "lower", "upper", "work",
					     "merged" };
	char path[128], options[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->base, names[i]);
		if (mkdir(path, 0755))
			return -errno;
	}
	snprintf(options, sizeof(options),
		 "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 s->base, s->base, s->base);
	snprintf(s->dir, sizeof(s->dir), "%s/merged", s->base);
	snprintf(s->put, sizeof(s->put), "%s/%s", s->base,
		 s->fs == FS_OVERLAY_LOWER ? "lower" : "merged");
	return mount("overlay", s->dir, "overlay", 0, options) ? -errno : 0;
}

static void scratch_clean(const struct scratch *s)
{
	char command[128];

	if (s->fs == FS_EXT4) {
		snprintf(command, sizeof(command), "rm -rf '%s'", s->base);
		(void)!system(command);
		return;
	}
	if (s->fs != FS_TMPFS)
		(void)umount2(s->dir, MNT_DETACH);
	(void)umount2(s->base, MNT_DETACH);
	(void)rmdir(s->base);
}

/*
 * Leaves the cleaning to a process that outlives the test, however that ends:
 * a failed setup, a failed assertion and a time-out leave nothing behind.
 */
static int scratch_keeper(struct scratch *s)
{
	int alive[2];
	char byte;

	if (pipe2(alive, O_CLOEXEC))
		return -errno;
	s->keeper = fork();
	if (!s->keeper) {
		dup2(alive[0], STDIN_FILENO);
		close_range(3, ~0U, 0);
		while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
			;
		scratch_clean(s);
		_exit(0);
	}
	close(alive[0]);
	s->alive = alive[1];
	return s->keeper < 0 ? -errno : 0;
}

static inline void scratch_remove(struct scratch *s)
{
	close(s->alive);
	reap(s->keeper);
}

static int scratch_mount(struct scratch *s)
{
	if (mount("tmpfs", s->base, "tmpfs", 0, "mode=0755"))
		return -errno;
	return s->fs == FS_TMPFS ? 0 : scratch_mount_overlay(s);
}

/* -ENODEV: the scratch disk is not there. */
static inline int scratch_make(struct scratch *s, enum scratch_fs fs)
{
	const char *const disk = getenv("IMA_NS_SCRATCH") ?: "/mnt/scratch";
	struct statfs st;
	int err;

	if (fs == FS_EXT4 && (statfs(disk, &st) || st.f_type != EXT4_MAGIC))
		return -ENODEV;
	s->fs = fs;
	snprintf(s->base, sizeof(s->base), "%s/ima_ns.XXXXXX",
		 fs == FS_EXT4 ? disk : "/tmp");
	if (!mkdtemp(s->base) || chmod(s->base, 0755))
		return -errno;
	snprintf(s->put, sizeof(s->put), "%s", s->base);
	snprintf(s->dir, sizeof(s->dir), "%s", s->base);
	err = fs == FS_EXT4 ? 0 : scratch_mount(s);
	/* The keeper copies the paths, so it comes last; it also undoes. */
	return scratch_keeper(s) ?: err;
}

/* Makes a subject with unique content; @path is where it is used. */
static inline int scratch_subject(const struct scratch *s,
				  const char *name, uid_t owner,
				  char path[PATH_MAX])
{
	char put[PATH_MAX];

	snprintf(put, sizeof(put), "%s/%s", s->put, name);
	snprintf(path, PATH_MAX, "%s/%s", s->dir, name);
	return make_subject(put, owner);
}

/* Does a rule of the initial namespace have this in it? */
static bool host_has_rule(const char *text)
{
	char *policy;
	bool found;

	if (read_path(POLICY, &policy) < 0)
		return false;
	found = contains(policy, text);
	free(policy);
	return found;
}

/*
 * Appends rules to the initial namespace's, from where they cannot be taken
 * away: once in a boot, which is told by @id, a part of the last one.
 */
static int host_load_once(const char *rules, const char *id)
{
	int fd, err;

	if (host_has_rule(id))
		return 0;
	fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_rules(fd, rules);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Executes a program and waits for it: 0, or the errno of execve(). */
static inline int execute(const char *path)
{
	char *const argv[] = { (char *)path, NULL };
	const pid_t pid = fork();

	if (!pid) {
		execv(path, argv);
		_exit(errno);
	}
	return pid < 0 ? -errno : reap(pid);
}

/* Executes the subject from a memfd, which belongs to call->uid if not 0. */
static inline long do_exec_memfd(struct call *call, int fd)
{
	char *const argv[] = { "subject", NULL };
	char *program;
	const ssize_t size = read_path(call->path, &program);
	pid_t pid;

	if (fd >= 0)
		close(fd);
	if (size < 0)
		return size;
	fd = memfd_create("subject", MFD_CLOEXEC);
	if (write(fd, program, size) != size ||
	    (call->uid && fchown(fd, call->uid, call->uid)))
		return -errno;
	free(program);
	pid = fork();
	if (!pid) {
		/* A file that is open for writing is ETXTBSY. */
		snprintf(call->path, PATH_MAX, "/proc/self/fd/%d", fd);
		fd = open(call->path, O_RDONLY | O_CLOEXEC);
		close_range(3, fd - 1, 0);
		fexecve(fd, argv, environ);
		_exit(errno);
	}
	close(fd);
	return reap(pid);
}

/* The agent executes programs that nobody has seen. */
static inline int run_fresh(const struct scratch *s, struct agent *agent,
			    uid_t owner, int n)
{
	static int files;
	char name[32], path[PATH_MAX];
	int err = 0;

	while (n-- && !err) {
		snprintf(name, sizeof(name), "fresh%d", files++);
		err = scratch_subject(s, name, owner, path) ?:
		      agent_exec(agent, path, 0) ?: unlink(path);
	}
	return err;
}

/* The rules that select subjects for the initial namespace. */
static int host_rules(void)
{
	return host_load_once("measure func=BPRM_CHECK fowner=61001\n"
			      "measure func=BPRM_CHECK uid=0 fowner=61002\n",
			      "fowner=61002");
}

/*
 * One level's rule: '-' measures nothing, 'A' everybody's executions, 'R'
 * those of root, 'D' is the default policy, which measures executions too.
 */
static const char *rule_text(char rule)
{
	switch (rule) {
	case 'A':
		return "measure func=BPRM_CHECK\n";
	case 'R':
		return "measure func=BPRM_CHECK uid=0\n";
	case '-':
		return "dont_measure func=BPRM_CHECK\n";
	}
	return NULL;
}

/* The whole meaning of a rule in the tables. */
static inline int rule_gains(char rule, uid_t uid)
{
	return rule == 'A' || rule == 'D' || (rule == 'R' && !uid);
}

static inline uid_t rule_owner(char host_rule)
{
	if (host_rule == 'A')
		return OWNER_HOST_ALL;
	return host_rule == 'R' ? OWNER_HOST_ROOT : OWNER_PLAIN;
}

/*
 * A chain: agent[0] is in the initial namespace, each further one in a child
 * of the one before.  lists[n] is the measurement list of level n.
 */
struct chain {
	int length;
	struct agent agent[MAX_CHAIN];
	int lists[MAX_CHAIN];
};

/* Starts one more level below @from and opens its list. */
static inline int level_start(struct agent *agent, struct agent *from,
			      char rule, int *list)
{
	const char *const text = rule_text(rule);
	int err = agent_start(agent, from, from ? CLONE_NEWNS : 0);

	/* On a kernel without the feature, rules would go to the host. */
	if (!err && from && ns_inum(agent->pid, "ima") < 0)
		err = -ENOENT;
	if (!err && from && text)
		err = agent_load(agent, text);
	if (err)
		return err;
	*list = agent_open(agent, ASCII_LIST, O_RDONLY);
	return *list < 0 ? *list : 0;
}

/* @rules has a character per level, the initial namespace's first. */
static inline int chain_start(struct chain *chain, const char *rules)
{
	int err = 0, i;

	if (rules[0] != '-')
		err = host_rules();
	chain->length = 0;
	for (i = 0; rules[i] && !err; i++) {
		err = level_start(&chain->agent[i],
				  i ? &chain->agent[i - 1] : NULL, rules[i],
				  &chain->lists[i]);
		if (!err)
			chain->length++;
	}
	return err;
}

static inline void chain_counts(const struct chain *chain, int *counts)
{
	int i;

	for (i = 0; i < chain->length; i++)
		counts[i] = fd_count(chain->lists[i]);
}

/* Ends all levels, the deepest first. */
static inline void chain_stop(struct chain *chain)
{
	while (chain->length--) {
		close(chain->lists[chain->length]);
		agent_stop(&chain->agent[chain->length]);
	}
}

#endif /* IMA_NS_TEST_WORLD_H */
