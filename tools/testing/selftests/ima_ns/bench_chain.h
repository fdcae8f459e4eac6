/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMA_NS_BENCH_CHAIN_H
#define IMA_NS_BENCH_CHAIN_H

/*
 * IMA namespace benchmark: many levels, owners, users and rules
 */

#define MAX_DEPTH 32
#define USER 1000
#define OWNERS 8

static bool wanted(int level)
{
	/* 0 and the powers of two. */
	return !(level & (level - 1));
}

/* Into a level below; an ordinary user becomes root of a user namespace. */
static void go_down(bool user)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", geteuid());
	if (unshare(user ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS))
		fail("unshare");
	if (user && (write_path("/proc/self/setgroups", 0, "deny", 4) ||
		     write_path("/proc/self/uid_map", 0, map, strlen(map)) ||
		     write_path("/proc/self/gid_map", 0, map, strlen(map))))
		fail("uid_map");
}

static void descend(struct place place, bool user,
		    void (*act)(const struct place *place))
{
	pid_t pid;

	if (wanted(place.level))
		act(&place);
	if (place.level == MAX_DEPTH)
		return;
	pid = fork();
	if (!pid) {
		go_down(user);
		place.level++;
		descend(place, user, act);
		exit(0);
	}
	if (reap(pid))
		exit(1);
}

/* Does something at level 0 and in a chain below it, one process at each level. */
static void at_levels(const char *who, void (*act)(const struct place *place))
{
	const bool user = !strcmp(who, "user");
	const pid_t pid = fork();

	if (!pid) {
		/* What belongs to the task is its own, for the maps of ids. */
		if (user && (become(USER) || prctl(PR_SET_DUMPABLE, 1)))
			fail("become");
		descend((struct place){ who, 0 }, user, act);
		exit(0);
	}
	if (reap(pid))
		exit(1);
}

static void load(const char *rules)
{
	const int fd = open(POLICY, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write_rules(fd, rules) || close(fd))
		fail("policy");
}

/* Into a level of another owner, with another policy if there are any. */
static void own_level(int level, bool rules)
{
	char text[128];

	go_down(true);
	if (!rules)
		return;
	if (mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL))
		fail("securityfs");
	snprintf(text, sizeof(text), "dont_measure fsmagic=0x%x\n"
		 "measure func=FILE_CHECK mask=MAY_READ uid=0\n", level);
	load(text);
}

/* A process stays at each level. */
static void owners_report(bool rules)
{
	static const struct op op = { "owners", op_open, 100 };
	const struct place place = { "root", OWNERS };
	pid_t pid = fork();
	int level = 0;

	while (!pid && level < OWNERS) {
		own_level(++level, rules);
		pid = level < OWNERS ? fork() : 0;
	}
	if (!pid) {
		op_report(&op, &place);
		exit(0);
	}
	if (reap(pid))
		exit(1);
	if (level)
		exit(0);
}

static int all_users;

/* As each user, who may go back: without other processes, which take now more, now less. */
static int op_users(void)
{
	int i, err = 0;

	for (i = 1; i <= all_users; i++)
		err |= setresuid(USER + i, USER + i, 0) || op_mmap() ||
		       setresuid(0, 0, 0);
	return err;
}

/* Users who have access to the same file in turn: what each of them takes. */
static void users_report(int users)
{
	const struct op op = { "users", op_users, 100 };
	const struct place place = { "user", 0 };
	char name[32];

	all_users = users;
	ops_open();
	snprintf(name, sizeof(name), "users_%d", users);
	report(name, &place, op_cost(&op) / users);
	close(seen_fd);
}

/* A sibling that loads one more policy each time it is told to. */
static void reloader(int from, int to)
{
	char byte, text[128];
	int i;

	go_down(false);
	for (i = 1; read(from, &byte, 1) == 1; i++) {
		snprintf(text, sizeof(text), "measure func=BPRM_CHECK fowner=%d\n",
			 i);
		load(text);
		if (write(to, &byte, 1) != 1)
			break;
	}
	exit(0);
}

/* What opening a file takes just after. */
static void reload_report(bool reload)
{
	const struct place place = { "root", 0 };
	const struct op op = { "reload", op_open }, nothing = { "nothing", op_nothing, 50 };
	double values[50];
	int to[2], from[2];
	char byte = 0;
	pid_t pid;
	size_t i;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		fail("pipe");
	pid = fork();
	if (!pid) {
		close(to[1]);
		reloader(to[0], from[1]);
	}
	close(to[0]);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		if (reload && (write(to[1], &byte, 1) != 1 ||
			       read(from[0], &byte, 1) != 1))
			fail("reload");
		values[i] = once_ns(&op);
	}
	report(op.name, &place, median(values, ARRAY_SIZE(values)) -
	       usual_ns(&nothing));
	close(to[1]);
	close(from[0]);
	reap(pid);
}

static void label_open(const struct place *place)
{
	static const struct op op = { "label", op_open, 100 };

	op_report(&op, place);
}

/* In a kernel where each process has the label "_". */
static void label_report(bool rules)
{
	if (rules)
		load("measure func=FILE_CHECK mask=MAY_READ subj_user=_\n");
	at_levels("root", label_open);
}

#endif /* IMA_NS_BENCH_CHAIN_H */
