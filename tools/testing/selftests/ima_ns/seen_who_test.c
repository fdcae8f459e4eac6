// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What was seen before: who does it, and through what
 *
 * "Credentials that differ in anything a rule of the chain looks at": what was
 * remembered for one does not hold for another one, whose access comes next.
 */

#include <sys/fsuid.h>

#include "seen.h"
#include "user.h"

#define USER 61921
#define OTHER 61922
/* Root of the container, as the host calls it. */
#define BOSS 61923
/* What the mount makes of the owner of files. */
#define MAPPED_FROM 61924
#define MAPPED_TO 61925

/* The container's ids; users keep their numbers. */
#define MAP_BOSS "0 61923 1\n61921 61921 2\n"

/*
 * host ─┬─ [1] ── [2]
 *       └─ container: owned by a user namespace
 */
FIXTURE(who)
{
	struct scratch scratch;
	struct chain chain;
	struct agent container;
	int container_list;
	char name[33], path[PATH_MAX];
	/* That the rules are about; no other rule of this boot is. */
	uid_t owner;
};

FIXTURE_VARIANT(who)
{
	enum scratch_fs fs;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(who, tmpfs) { FS_TMPFS };
FIXTURE_VARIANT_ADD(who, ext4) { FS_EXT4 };
FIXTURE_VARIANT_ADD(who, lower) { FS_OVERLAY_LOWER };
/* clang-format on */

/* In a new user namespace, whose ids are yet to be mapped. */
static int unmapped_start(struct agent *agent, int *list)
{
	int err = agent_start(agent, NULL, 0);

	agent->call->flags = CLONE_NEWUSER | CLONE_NEWNS;
	err = err ?: agent_call(agent, do_unshare_only, -1, NULL);
	*list = agent_open(agent, ASCII_LIST, O_RDONLY);
	return err ?: *list < 0 ? *list : 0;
}

FIXTURE_SETUP(who)
{
	const int err = scratch_make(&self->scratch, variant->fs);

	if (err == -ENODEV)
		SKIP(return, "needs an ext4 at /mnt/scratch or IMA_NS_SCRATCH");
	ASSERT_EQ(0, err);
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, chain_start(&self->chain, "---"));
	ASSERT_EQ(0, unmapped_start(&self->container, &self->container_list));
	ASSERT_EQ(0, map_ids(self->container.pid, MAP_BOSS));
	ASSERT_EQ(0, agent_call(&self->container, do_become_root, -1, NULL));
}

FIXTURE_TEARDOWN(who)
{
	close(self->container_list);
	agent_stop(&self->container);
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

static int make_file(struct _test_data_who *self)
{
	self->owner = fresh_id();
	unique_text(self->name);
	return scratch_subject(&self->scratch, self->name, self->owner,
			       self->path);
}

/* Loads a rule about who reads the file that was made last. */
static int load_rule(struct _test_data_who *self, struct agent *agent,
		     const char *action, const char *condition)
{
	char rule[256];

	snprintf(rule, sizeof(rule),
		 "%s func=FILE_CHECK mask=MAY_READ fowner=%d %s\n", action,
		 self->owner, condition);
	return agent_load(agent, rule);
}

/* Ids of users, and of groups; and a capability, or none if negative. */
struct ids {
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;
	int cap;
	/* Permitted, as opposed to effective. */
	bool idle;
	uid_t fsuid;
};

#define NOBODY .uid = OTHER, .euid = OTHER, .suid = OTHER, \
	       .gid = OTHER, .egid = OTHER, .sgid = OTHER, .cap = -1

/* Leaves one capability, or none. */
static int leave_cap(int cap, bool idle)
{
	int err = keep_cap(cap);
	cap_t caps;

	if (err || !idle)
		return err;
	caps = cap_get_proc();
	cap_clear_flag(caps, CAP_EFFECTIVE);
	err = cap_set_proc(caps) ? -errno : 0;
	cap_free(caps);
	return err;
}

static int become_ids(const struct ids *ids)
{
	if (syscall(__NR_setgroups, 0, NULL) ||
	    setresgid(ids->gid, ids->egid, ids->sgid) ||
	    prctl(PR_SET_KEEPCAPS, 1) ||
	    setresuid(ids->uid, ids->euid, ids->suid))
		return -errno;
	if (ids->fsuid) {
		/* Who keeps no other capability may say -1 for root. */
		if (keep_cap(CAP_SETUID))
			return -errno;
		setfsuid(ids->fsuid == (uid_t)-1 ? 0 : ids->fsuid);
	}
	return leave_cap(ids->cap, ids->idle);
}

struct act {
	struct ids ids;
	bool often;
};

/* Reads the file by other credentials, in the namespaces of who is asked. */
static long do_act(struct call *call, int fd)
{
	const struct act *const act = (struct act *)call->text;
	const pid_t pid = fork();
	int err, i;

	if (!pid) {
		err = fd >= 0 && setns(fd, CLONE_NEWNS) ? -errno : 0;
		err = err ?: become_ids(&act->ids);
		for (i = 0; i < (act->often ? OFTEN : 1) && !err; i++)
			err = access_once(call->path, READ);
		_exit(-err);
	}
	if (fd >= 0)
		close(fd);
	return pid < 0 ? -errno : -reap(pid);
}

/* Has it read by somebody, who may enter another mount namespace for it. */
static int agent_act(struct agent *agent, const char *path,
		     const struct ids *ids, bool often, int mnt)
{
	*(struct act *)agent->call->text = (struct act){ *ids, often };
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	return agent_call(agent, do_act, mnt, NULL);
}

struct difference {
	const char *condition;
	/* Whom it does not match, and whom it does. */
	struct ids before, after;
	/* Only where the rule is of a level above. */
	bool above;
};

/* clang-format off */
static const struct difference differences[] = {
	{ "uid=61921", { NOBODY }, { NOBODY, .uid = USER } },
	{ "uid=61921", { NOBODY, .euid = USER, .suid = USER }, { NOBODY, .uid = USER } },
	{ "uid<61922", { NOBODY }, { NOBODY, .uid = USER } },
	{ "euid=61921", { NOBODY, .uid = USER, .suid = USER }, { NOBODY, .euid = USER } },
	/* Who may become anyone is matched by whom it may become. */
	{ "euid=61921", { NOBODY, .suid = USER }, { NOBODY, .suid = USER, .cap = CAP_SETUID } },
	{ "euid=61921", { NOBODY, .uid = USER, .cap = CAP_SETUID, .idle = true },
	  { NOBODY, .uid = USER, .cap = CAP_SETUID } },
	{ "euid=61921", { NOBODY, .suid = USER, .cap = CAP_SETGID },
	  { NOBODY, .suid = USER, .cap = CAP_SETUID } },
	{ "gid=61921", { NOBODY, .egid = USER, .sgid = USER }, { NOBODY, .gid = USER } },
	{ "egid=61921", { NOBODY, .gid = USER, .sgid = USER }, { NOBODY, .egid = USER } },
	{ "egid=61921", { NOBODY, .sgid = USER, .cap = CAP_SETUID },
	  { NOBODY, .sgid = USER, .cap = CAP_SETGID } },
	/* Root is whoever has a part of it; a rule for others does not hide root. */
	{ "ns=self", { NOBODY }, { NOBODY, .uid = 0 }, true },
	{ "ns=self", { NOBODY }, { NOBODY, .euid = 0 }, true },
	{ "ns=self", { NOBODY }, { NOBODY, .suid = 0 }, true },
	{ "ns=self", { NOBODY }, { NOBODY, .fsuid = -1 }, true },
	{ "ns=self", { NOBODY }, { NOBODY, .cap = CAP_NET_RAW, .idle = true }, true },
	{ "ns=self", { NOBODY, .gid = 0, .egid = 0 }, { NOBODY, .cap = CAP_NET_RAW }, true },
};

/* clang-format on */

static void expect_count(struct __test_metadata *const _metadata,
			 const struct _test_data_who *self, int list,
			 int count, const char *what)
{
	EXPECT_EQ(count, fd_count_text(list, self->name))
	{
		TH_LOG("%s", what);
	}
}

/* What is remembered for one is not for another, nor the other way round. */
static void check_difference(struct __test_metadata *const _metadata,
			     struct _test_data_who *self,
			     struct agent *actor, int holder,
			     const struct difference *d)
{
	const int list = self->chain.lists[holder];

	ASSERT_EQ(0, make_file(self));
	ASSERT_EQ(0, load_rule(self, &self->chain.agent[holder], "measure",
			       d->condition));
	ASSERT_EQ(0, agent_act(actor, self->path, &d->before, true, -1));
	expect_count(_metadata, self, list, 0, d->condition);
	ASSERT_EQ(0, agent_act(actor, self->path, &d->after, false, -1));
	expect_count(_metadata, self, list, 1, d->condition);
	ASSERT_EQ(0, agent_act(actor, self->path, &d->after, true, -1));
	ASSERT_EQ(0, agent_append(&self->chain.agent[0], self->path, "x"));
	ASSERT_EQ(0, agent_act(actor, self->path, &d->before, true, -1));
	expect_count(_metadata, self, list, 1, d->condition);
	ASSERT_EQ(0, agent_act(actor, self->path, &d->after, false, -1));
	expect_count(_metadata, self, list, 2, d->condition);
}

/* For rules of the level itself, of one above, and of the host. */
TEST_F_TIMEOUT(who, ids, 360)
{
	const int actors[] = { 0, 1, 2, 2 }, holders[] = { 0, 1, 1, 0 };
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(actors); i++) {
		for (n = 0; n < ARRAY_SIZE(differences); n++) {
			if (differences[n].above && actors[i] == holders[i])
				continue;
			check_difference(_metadata, self,
					 &self->chain.agent[actors[i]],
					 holders[i], &differences[n]);
		}
	}
}

/* One task that becomes somebody else, and what it was. */
static long do_alternate(struct call *call, int fd)
{
	const uid_t users[] = { OTHER, USER };
	const pid_t pid = fork();
	int err = 0, i, n;

	if (pid)
		return pid < 0 ? -errno : -reap(pid);
	for (n = 0; n < call->flags && !err; n++) {
		if (setresuid(users[n % 2], 0, 0))
			_exit(errno);
		for (i = 0; i < OFTEN && !err; i++)
			err = access_once(call->path, READ);
	}
	_exit(-err);
}

TEST_F(who, alternating)
{
	struct agent *const actor = &self->chain.agent[2];
	int n;

	ASSERT_EQ(0, make_file(self));
	ASSERT_EQ(0, load_rule(self, &self->chain.agent[1], "measure",
			       "uid=61921"));
	for (n = 1; n <= 6; n++) {
		snprintf(actor->call->path, PATH_MAX, "%s", self->path);
		actor->call->flags = n;
		ASSERT_EQ(0, agent_call(actor, do_alternate, -1, NULL));
		/* The first time, nobody becomes the one. */
		expect_count(_metadata, self, self->chain.lists[1], n - 1,
			     "alternating");
		ASSERT_EQ(0, agent_append(&self->chain.agent[0], self->path,
					  "x"));
	}
}

/* More users than are told apart at a time, of whom rules are about some. */
#define USERS 80

TEST_F_TIMEOUT(who, many, 360)
{
	struct agent *const actor = &self->chain.agent[1];
	struct ids ids = { NOBODY };
	int round, expected = 0, i;

	ASSERT_EQ(0, make_file(self));
	ASSERT_EQ(0, load_rule(self, actor, "measure", "uid=70000"));
	for (round = 0; round < 4; round++) {
		for (i = 1; i < USERS; i++) {
			ids.uid = 70000 + i;
			ASSERT_EQ(0, agent_act(actor, self->path, &ids, true,
					       -1));
			if (i % 20 != 10 + round)
				continue;
			expect_count(_metadata, self, self->chain.lists[1],
				     expected, "others");
			ids.uid = 70000;
			ASSERT_EQ(0, agent_act(actor, self->path, &ids, false,
					       -1));
			expect_count(_metadata, self, self->chain.lists[1],
				     ++expected, "the one");
			ASSERT_EQ(0, agent_act(actor, self->path, &ids, true,
					       -1));
			ASSERT_EQ(0, agent_append(&self->chain.agent[0],
						  self->path, "x"));
		}
	}
}

static const struct ids root = { .cap = CAP_SYS_ADMIN };

/* "Host root that enters a container" is the host's root, and a visitor. */
TEST_F(who, visitor)
{
	struct agent *const host = &self->chain.agent[0];
	int mnt = ns_open(self->container.pid, "mnt");
	int i, list = self->chain.lists[0];

	ASSERT_LE(0, mnt);
	for (i = 1; i <= 2; i++) {
		ASSERT_EQ(0, make_file(self));
		ASSERT_EQ(0, load_rule(self, host, "measure",
				       i == 1 ? "ns=self" : "uid=0"));
		ASSERT_EQ(0, agent_act(&self->container, self->path, &root,
				       true, -1));
		expect_count(_metadata, self, list, 0, "root of the container");
		ASSERT_EQ(0, agent_act(host, self->path, &root, false, mnt));
		expect_count(_metadata, self, list, 1, "root of the host");
		ASSERT_EQ(0, agent_act(host, self->path, &root, true, mnt));
		ASSERT_EQ(0, agent_append(host, self->path, "x"));
		ASSERT_EQ(0, agent_act(&self->container, self->path, &root,
				       true, -1));
		expect_count(_metadata, self, list, 1, "root of the container");
		ASSERT_EQ(0, agent_act(host, self->path, &root, false, mnt));
		expect_count(_metadata, self, list, 2, "root of the host");
	}
	close(mnt);
}

/* "A user's container does not judge the admin who enters it", but itself. */
TEST_F(who, visitor_is_not_judged)
{
	struct agent *const host = &self->chain.agent[0];
	int mnt = ns_open(self->container.pid, "mnt"), i;
	char path[PATH_MAX];
	long id;

	ASSERT_LE(0, mnt);
	id = agent_number(&self->container, "id");
	ASSERT_LT(0, id);
	/* An owner that the container knows. */
	ASSERT_EQ(0, make_file(self));
	snprintf(path, sizeof(path), "%s/%s", self->scratch.put, self->name);
	ASSERT_EQ(0, chown(path, USER, USER));
	ASSERT_EQ(0, agent_act(&self->container, self->path, &root, true, -1));
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld/policy", id);
	ASSERT_EQ(0, write_path(path, 0,
				"appraise func=FILE_CHECK fowner=61921\n",
				strlen("appraise func=FILE_CHECK fowner=61921\n")));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, agent_act(host, self->path, &root, true, mnt));
		EXPECT_EQ(-EACCES, agent_act(&self->container, self->path,
					     &root, false, -1));
	}
	close(mnt);
}

/* Who is in a user namespace below is nobody's root above it. */
static long do_leave_and_read(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(-(enter_new(CLONE_NEWUSER) ?:
			access_once(call->path, READ)));
	return pid < 0 ? -errno : -reap(pid);
}

TEST_F(who, user_namespace_below)
{
	struct agent *const actor = &self->chain.agent[1];

	ASSERT_EQ(0, make_file(self));
	ASSERT_EQ(0, load_rule(self, actor, "appraise", ""));
	/* The host is not asked, nor who comes from there. */
	ASSERT_EQ(0, agent_act(&self->chain.agent[0], self->path, &root, true,
			       -1));
	snprintf(actor->call->path, PATH_MAX, "%s", self->path);
	EXPECT_EQ(-EACCES, agent_call(actor, do_leave_and_read, -1, NULL));
	EXPECT_EQ(-EACCES, agent_act(actor, self->path, &root, false, -1));
}

/* Without capabilities, who has no id there is nobody. */
static long do_read_powerless(struct call *call, int fd)
{
	const pid_t pid = fork();
	int err, i;

	if (pid)
		return pid < 0 ? -errno : -reap(pid);
	err = keep_cap(-1);
	for (i = 0; i < (call->flags ? OFTEN : 1) && !err; i++)
		err = access_once(call->path, READ);
	_exit(-err);
}

static int agent_read_powerless(struct agent *agent, const char *path,
				bool often)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = often;
	return agent_call(agent, do_read_powerless, -1, NULL);
}

/*
 * A namespace whose owner has its ids mapped late has no root before that.  From
 * then on, what root does further down is recorded.
 */
TEST_F(who, mapped_late)
{
	static const char rule[] =
		"measure func=FILE_CHECK mask=MAY_READ ns=self\n";
	struct agent late, below;
	char path[PATH_MAX];
	int list;
	long id;

	ASSERT_EQ(0, unmapped_start(&late, &list));
	ASSERT_EQ(0, agent_start(&below, &late, 0));
	below.call->flags = CLONE_NEWNS;
	ASSERT_EQ(0, agent_call(&below, do_unshare_only, -1, NULL));
	id = agent_number(&late, "id");
	ASSERT_LT(0, id);
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld/policy", id);
	ASSERT_EQ(0, write_path(path, 0, rule, strlen(rule)));
	ASSERT_EQ(0, make_file(self));
	ASSERT_EQ(0, agent_read_powerless(&below, self->path, true));
	expect_count(_metadata, self, list, 0, "without ids");
	ASSERT_EQ(0, map_ids(late.pid, "0 0 1\n"));
	ASSERT_EQ(0, agent_read_powerless(&below, self->path, false));
	expect_count(_metadata, self, list, 1, "with ids");
	ASSERT_EQ(0, agent_read_powerless(&below, self->path, true));
	expect_count(_metadata, self, list, 1, "again");
	close(list);
	ASSERT_EQ(0, agent_stop(&below));
	ASSERT_EQ(0, agent_stop(&late));
}

/* A user namespace that maps one owner to another one, for a mount. */
static int mapping_userns(struct __test_metadata *const _metadata)
{
	struct agent holder;
	int fd;

	ASSERT_EQ(0, agent_start(&holder, NULL, 0));
	holder.call->flags = CLONE_NEWUSER;
	ASSERT_EQ(0, agent_call(&holder, do_unshare_only, -1, NULL));
	ASSERT_EQ(0, map_ids(holder.pid, "61924 61925 1\n"));
	fd = ns_open(holder.pid, "user");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_stop(&holder));
	return fd;
}

/* Reads a file in a directory, through a mount that maps ids unless there is none. */
static long do_read_mapped(struct call *call, int userns)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = userns,
	};
	char path[PATH_MAX];
	const int tree = open_tree(AT_FDCWD, call->path,
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int err = 0, i;

	if (tree < 0 || (userns >= 0 &&
			 mount_setattr(tree, "", AT_EMPTY_PATH, &attr,
				       sizeof(attr))))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%.64s", tree,
		 call->text);
	for (i = 0; i < (call->flags ? OFTEN : 1) && !err; i++)
		err = access_once(path, READ);
	close(tree);
	if (userns >= 0)
		close(userns);
	return err;
}

static int agent_read_mapped(struct _test_data_who *self, struct agent *agent,
			     int userns, bool often)
{
	snprintf(agent->call->path, PATH_MAX, "%s", self->scratch.put);
	snprintf(agent->call->text, TEXT_SIZE, "%s", self->name);
	agent->call->flags = often;
	return agent_call(agent, do_read_mapped, userns, NULL);
}

/* "The mount's idmap": whose the file is there, a rule with fowner= asks. */
TEST_F(who, mapped_mount)
{
	const int userns = mapping_userns(_metadata);
	struct agent *const actor = &self->chain.agent[2];
	const int list = self->chain.lists[1];
	char path[PATH_MAX];
	int mapped, round;

	/* Not mapped by, nor in, layers. */
	if (variant->fs == FS_OVERLAY_LOWER) {
		close(userns);
		return;
	}
	for (mapped = 0; mapped < 2; mapped++) {
		ASSERT_EQ(0, make_file(self));
		snprintf(path, sizeof(path), "%s/%s", self->scratch.put,
			 self->name);
		ASSERT_EQ(0, chown(path, MAPPED_FROM, MAPPED_FROM));
		self->owner = mapped ? MAPPED_TO : MAPPED_FROM;
		ASSERT_EQ(0, load_rule(self, &self->chain.agent[1], "measure",
				       ""));
		for (round = 0; round < 2; round++) {
			/* Whose it is not, and whose it is. */
			ASSERT_EQ(0, agent_read_mapped(self, actor,
						       mapped ? -1 : userns,
						       true));
			expect_count(_metadata, self, list, round, "not its");
			ASSERT_EQ(0, agent_read_mapped(self, actor,
						       mapped ? userns : -1,
						       false));
			expect_count(_metadata, self, list, round + 1, "its");
			ASSERT_EQ(0, agent_read_mapped(self, actor,
						       mapped ? userns : -1,
						       true));
			ASSERT_EQ(0, agent_append(&self->chain.agent[0], path,
						  "x"));
		}
		/* The rules of this level stay, as it is the chain's. */
		ASSERT_EQ(0, unlink(path));
		if (!mapped) {
			chain_stop(&self->chain);
			ASSERT_EQ(0, chain_start(&self->chain, "---"));
		}
	}
	close(userns);
}

TEST_HARNESS_MAIN
