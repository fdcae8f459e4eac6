/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: ordinary users and their containers
 */
#ifndef IMA_NS_TEST_USER_H
#define IMA_NS_TEST_USER_H

/* Lets the ids of a process's user namespace be those of @map. */
static inline int map_ids(pid_t pid, const char *map)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	err = write_path(path, 0, map, strlen(map));
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	return err ?: write_path(path, 0, map, strlen(map));
}

static inline long do_become(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	/* What belongs to the task is its own, for the maps of ids. */
	return become(call->uid) ?: prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

/* Into a user namespace whose root is the user. */
static inline long do_enter_own(struct call *call, int fd)
{
	char map[32];
	int err;

	if (fd >= 0)
		close(fd);
	snprintf(map, sizeof(map), "0 %d 1", call->uid);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -errno;
	err = write_path("/proc/self/setgroups", 0, "deny", 4) ?:
	      write_path("/proc/self/uid_map", 0, map, strlen(map)) ?:
	      write_path("/proc/self/gid_map", 0, map, strlen(map));
	return err ?: setresuid(0, 0, 0) || setresgid(0, 0, 0) ? -errno : 0;
}

/* A user's container needs a mount of its own to load a policy. */
static inline long do_mount_securityfs(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return mount("securityfs", "/sys/kernel/security", "securityfs", 0,
		     NULL) ? -errno : 0;
}

/* Has a user's real uid, and is root by the others. */
static inline long do_look_like(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return syscall(__NR_setresuid, call->uid, 0, 0) ? -errno : 0;
}

/*
 * Starts an agent of a user's, where another is or the test itself, and one that is
 * root of a container of theirs.
 */
static inline int user_start_from(struct agent *user, struct agent *mine,
				  struct agent *from, uid_t uid)
{
	int err = agent_start(user, from, 0);

	user->call->uid = uid;
	err = err ?: agent_call(user, do_become, -1, NULL) ?:
	      agent_start(mine, user, 0);
	if (err)
		return err;
	mine->call->uid = uid;
	return agent_call(mine, do_enter_own, -1, NULL);
}

static inline int user_start(struct agent *user, struct agent *mine, uid_t uid)
{
	return user_start_from(user, mine, NULL, uid);
}

#endif /* IMA_NS_TEST_USER_H */
