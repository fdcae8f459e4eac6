// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Scopes of rules, and root
 *
 * The truth table: scope × who acts × depth × action, for rules of the host,
 * of a child and of a container -> exactly which records, and where.
 */

#include <sys/fsuid.h>
#include <sys/xattr.h>

#include "world.h"
#include "audit.h"
#include "user.h"

#define USER 61210
#define OTHER 61211
/* Root of the container, as the host calls it. */
#define BOSS 61220

/* The container's users and groups; all but root keep their numbers. */
#define MAP "0 61220 1\n61210 61210 2\n61240 61240 32\n"

/* Subjects are told apart by group, as the owner is the program's. */
#define FIRST_GROUP 61240

#define MAX_DEPTH 3
#define MAX_LEVELS (1 + MAX_DEPTH + 1)

/* Replaces a level's default policy. */
#define RULE_NONE "dont_measure func=BPRM_CHECK\n"

/* Room for what one level records of all that is done at one depth. */
#define TEXT_ROOM (16 * 1024)

enum action { MEASURE, DONT_MEASURE, AUDIT, DONT_AUDIT, ACTIONS };

enum scope { NOT_SAID, SELF, CHILDREN, ALL, SCOPES };

static const char *const action_names[] = { "measure", "dont_measure", "audit",
					    "dont_audit" };

static const char *const scope_words[] = { "", " ns=self", " ns=children",
					   " ns=all" };

enum caps { NO_CAPS, ONE_CAP, ALL_CAPS };

/* Who acts; for executions also the program.  Ids are the host's. */
struct actor {
	const char *name;
	uid_t uid, euid, suid, fsuid;
	/* Permitted ones. */
	enum caps caps;
	/* In the container's user namespace, not in the initial one. */
	bool contained;
	bool no_new_privs;
	/* Of the program. */
	bool setuid, file_cap;
	uid_t owner;
};

/* clang-format off */
static const struct actor actors[] = {
	{ "user", USER, USER, USER, USER },
	{ "full_root", 0, 0, 0, 0, .caps = ALL_CAPS },
	{ "euid_root", USER, 0, USER, USER },
	{ "uid_root", 0, USER, USER, USER },
	{ "suid_root", USER, USER, 0, USER },
	{ "fsuid_root", USER, USER, USER, 0 },
	{ "capability", USER, USER, USER, USER, .caps = ONE_CAP },
	{ "setuid_root", USER, USER, USER, USER, .setuid = true, .owner = 0 },
	{ "setuid_other", USER, USER, USER, USER, .setuid = true, .owner = OTHER },
	{ "setuid_in_vain", USER, USER, USER, USER, .no_new_privs = true, .setuid = true },
	{ "file_capability", USER, USER, USER, USER, .file_cap = true },
	/* The container's root by its id alone: nobody to the host. */
	{ "boss_suid", USER, USER, BOSS, USER },
	{ "setuid_boss", USER, USER, USER, USER, .setuid = true, .owner = BOSS },
	/* The same kinds in the container, who are nobody to the host. */
	{ "contained_user", USER, USER, USER, USER, .contained = true },
	{ "contained_root", BOSS, BOSS, BOSS, BOSS, .caps = ALL_CAPS, .contained = true },
	{ "contained_suid_root", USER, USER, BOSS, USER, .contained = true },
	{ "contained_capability", USER, USER, USER, USER, .caps = ONE_CAP,
	  .contained = true },
	{ "contained_setuid_boss", USER, USER, USER, USER, .contained = true,
	  .setuid = true, .owner = BOSS },
	{ "contained_file_capability", USER, USER, USER, USER, .contained = true,
	  .file_cap = true },
	/* An id that the container does not have: the bit does nothing. */
	{ "contained_setuid_root", USER, USER, USER, USER, .contained = true,
	  .setuid = true, .owner = 0 },
};

/* clang-format on */

/* A cell of the table. */
struct cell {
	enum action action;
	int scope;
	/* The level that has the rules, and how far below it is acted. */
	int holder, depth;
	const struct actor *actor;
	/* Or else the subject is read. */
	bool exec;
	/* Whether the holder is to record it, and what a record says. */
	bool recorded;
	char evidence[EVIDENCE_SIZE];
};

static bool is_dont(const struct cell *cell)
{
	return cell->action == DONT_MEASURE || cell->action == DONT_AUDIT;
}

/* Where records are: in the measurement list (0), or in the audit log. */
static bool is_audit(const struct cell *cell)
{
	return cell->action == AUDIT || cell->action == DONT_AUDIT;
}

/*
 * "uid, euid, suid or fsuid is root of L's owner, or any permitted capability
 * in credentials whose user namespace is L's owner or an ancestor of it."
 * The owner is the container's user namespace, or else the initial one.
 */
static bool is_root(const struct actor *cred, bool owner_contained)
{
	const uid_t root = owner_contained ? BOSS : 0;

	if (cred->uid == root || cred->euid == root || cred->suid == root ||
	    cred->fsuid == root)
		return true;
	return cred->caps && (owner_contained || !cred->contained);
}

/* The credentials of the program, by execve(2) and capabilities(7). */
static struct actor exec_cred(const struct actor *actor)
{
	const uid_t root = actor->contained ? BOSS : 0;
	struct actor cred = *actor;

	if (actor->setuid && !actor->no_new_privs &&
	    !(actor->contained && !actor->owner))
		cred.euid = actor->owner;
	cred.suid = cred.euid;
	cred.fsuid = cred.euid;
	if (cred.uid == root || cred.euid == root)
		cred.caps = ALL_CAPS;
	else
		cred.caps = actor->file_cap ? ONE_CAP : NO_CAPS;
	return cred;
}

/* "For exec: by the current credentials or by bprm->cred." */
static bool acts_as_root(const struct cell *cell, bool owner_contained)
{
	const struct actor after = exec_cred(cell->actor);

	return is_root(cell->actor, owner_contained) ||
	       (cell->exec && is_root(&after, owner_contained));
}

/* What a dont_ rule does not cover meets a rule that covers everything. */
static bool policy_records(const struct cell *cell, int depth)
{
	const bool covered = cell->scope == SELF ? !depth :
			     cell->scope == CHILDREN ? depth > 0 : true;

	return covered != is_dont(cell);
}

/*
 * "What root does in a child is recorded if the level's policy would record it
 * there, or would record the same act done in the level itself: no scope, on a
 * rule or on a dont_ rule, hides root."
 */
static bool is_recorded(const struct cell *cell, bool owner_contained)
{
	return policy_records(cell, cell->depth) ||
	       (acts_as_root(cell, owner_contained) && policy_records(cell, 0));
}

/* The rules of the host stay, so it has groups of its own. */
static gid_t group_of(const struct cell *cell)
{
	return FIRST_GROUP + (cell->holder ? ACTIONS * SCOPES : 0) +
	       cell->action * SCOPES + cell->scope;
}

/* Writes the rules for executions and for reading. */
static void make_rules(const struct cell *cell, char *text)
{
	static const char *const hooks[] = { "BPRM_CHECK",
					     "FILE_CHECK mask=MAY_READ" };
	const char *const name = action_names[cell->action];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		text += sprintf(text, "%s func=%s fgroup=%d%s\n", name,
				hooks[i], group_of(cell),
				scope_words[cell->scope]);
		if (is_dont(cell))
			text += sprintf(text, "%s func=%s fgroup=%d ns=all\n",
					name + strlen("dont_"), hooks[i],
					group_of(cell));
	}
}

struct level {
	struct agent agent;
	int number;
	/* To enter it from the host. */
	int mnt;
	int list;
	long id;
	/* Owned by the container's user namespace. */
	bool contained;
	/* The list before what is done next. */
	char *before;
	/* The records since then, in the list and in the audit log. */
	char expected[2][TEXT_ROOM], seen[2][TEXT_ROOM];
};

FIXTURE(scope)
{
	struct scratch scratch;
	int audit;
	int count;
	struct level *levels;
};

/*
 *   host ── [1] ── [2] ── [3] ── [4]
 *
 * One level has rules, the others record nothing.  From the level container
 * on, if there is one, all levels are owned by its user namespace.
 */
FIXTURE_VARIANT(scope)
{
	int holder;
	int container;
	enum action action;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(scope, host_measure) { 0, 0, MEASURE };
FIXTURE_VARIANT_ADD(scope, host_dont_measure) { 0, 0, DONT_MEASURE };
FIXTURE_VARIANT_ADD(scope, host_audit) { 0, 0, AUDIT };
FIXTURE_VARIANT_ADD(scope, host_dont_audit) { 0, 0, DONT_AUDIT };
FIXTURE_VARIANT_ADD(scope, host_of_container_measure) { 0, 1, MEASURE };
FIXTURE_VARIANT_ADD(scope, host_of_container_dont_measure) { 0, 1, DONT_MEASURE };
FIXTURE_VARIANT_ADD(scope, host_of_container_audit) { 0, 1, AUDIT };
FIXTURE_VARIANT_ADD(scope, host_of_container_dont_audit) { 0, 1, DONT_AUDIT };
FIXTURE_VARIANT_ADD(scope, child_measure) { 1, 0, MEASURE };
FIXTURE_VARIANT_ADD(scope, child_dont_measure) { 1, 0, DONT_MEASURE };
FIXTURE_VARIANT_ADD(scope, child_audit) { 1, 0, AUDIT };
FIXTURE_VARIANT_ADD(scope, child_dont_audit) { 1, 0, DONT_AUDIT };
FIXTURE_VARIANT_ADD(scope, child_of_container_measure) { 1, 2, MEASURE };
FIXTURE_VARIANT_ADD(scope, child_of_container_dont_measure) { 1, 2, DONT_MEASURE };
FIXTURE_VARIANT_ADD(scope, child_of_container_audit) { 1, 2, AUDIT };
FIXTURE_VARIANT_ADD(scope, child_of_container_dont_audit) { 1, 2, DONT_AUDIT };
FIXTURE_VARIANT_ADD(scope, container_measure) { 1, 1, MEASURE };
FIXTURE_VARIANT_ADD(scope, container_dont_measure) { 1, 1, DONT_MEASURE };
FIXTURE_VARIANT_ADD(scope, container_audit) { 1, 1, AUDIT };
FIXTURE_VARIANT_ADD(scope, container_dont_audit) { 1, 1, DONT_AUDIT };
/* clang-format on */

/* Has the agent leave for a level; a container's first task is its root. */
static int leave(struct agent *agent, bool container)
{
	int err;

	agent->call->flags = CLONE_NEWNS | (container ? CLONE_NEWUSER : 0);
	err = agent_call(agent, do_unshare_only, -1, NULL);
	if (err || !container)
		return err;
	return map_ids(agent->pid, MAP) ?:
	       agent_call(agent, do_become_root, -1, NULL);
}

/* Loads the holder's rules; those of the host stay, so only once a boot. */
static int load_rules(struct agent *by, const struct cell *cell)
{
	char rules[512], group[32], *policy;
	bool loaded;
	ssize_t n;

	n = agent_read(by, POLICY, &policy);
	if (n < 0)
		return n;
	snprintf(group, sizeof(group), "fgroup=%d", group_of(cell));
	loaded = contains(policy, group);
	free(policy);
	make_rules(cell, rules);
	return loaded ? 0 : agent_load(by, rules);
}

/* Configures a level from within, by the host's root. */
static int configure(struct level *level, const struct cell *cell)
{
	struct agent visitor;
	int err = agent_start(&visitor, NULL, 0);

	if (err)
		return err;
	if (level->number)
		err = agent_setns(&visitor, level->mnt, CLONE_NEWNS);
	if (!err && level->number == cell->holder)
		err = load_rules(&visitor, cell);
	else if (!err && level->number)
		err = agent_load(&visitor, RULE_NONE);
	level->list = agent_open(&visitor, ASCII_LIST, O_RDONLY);
	level->id = agent_number(&visitor, "id");
	return agent_stop(&visitor) ?: err;
}

static int start_level(struct _test_data_scope *self, int container,
		       const struct cell *cell)
{
	struct level *const level = &self->levels[self->count];
	struct agent *const from = self->count ? &level[-1].agent : NULL;
	int err = agent_start(&level->agent, from, 0);

	if (err)
		return err;
	level->number = self->count++;
	level->contained = container && container <= level->number;
	if (from)
		err = leave(&level->agent, container == level->number);
	level->mnt = ns_open(level->agent.pid, "mnt");
	err = err ?: configure(level, cell);
	return err ?: level->list < 0 || level->id < 0 ? -EBADF : 0;
}

static void stop_levels(struct _test_data_scope *self)
{
	while (self->count) {
		struct level *const level = &self->levels[--self->count];

		close(level->list);
		close(level->mnt);
		agent_stop(&level->agent);
	}
}

/* Adds a record to what is seen of its level, in the form of a list's line. */
static int note_audit(struct _test_data_scope *self, const char *text)
{
	const char *const file = strstr(text, " file=\"");
	const char *const id = strstr(text, " ima_ns=");
	char path[PATH_MAX], digest[80], *seen;
	int i;

	if (!file || sscanf(file, " file=\"%4095[^\"]\" hash=\"%79[^\"]\"",
			    path, digest) != 2)
		return -EBADMSG;
	/* The host's records do not say where they are from. */
	if (id && !atol(id + 8))
		return -EBADMSG;
	for (i = 0; i < self->count; i++) {
		if (id ? self->levels[i].id != atol(id + 8) : i > 0)
			continue;
		seen = self->levels[i].seen[1];
		sprintf(seen + strlen(seen), " %s %s\n", digest, path);
		return 0;
	}
	return -ENOENT;
}

static int note_record(void *data, int type, const char *text)
{
	return type == AUDIT_INTEGRITY_RULE ? note_audit(data, text) : 0;
}

/* Reads all records of files that were audited since the last time. */
static int read_audit(struct _test_data_scope *self)
{
	return audit_read(self->audit, note_record, self);
}

/* Whom the actor's user namespace knows the id as. */
static uid_t actor_id(const struct actor *actor, uid_t id)
{
	return actor->contained && id == BOSS ? 0 : id;
}

/* Leaves one capability, and that one permitted only. */
static int permit_cap(int keep)
{
	int err = keep_cap(keep);
	cap_t caps = cap_get_proc();

	cap_clear_flag(caps, CAP_EFFECTIVE);
	if (!err && cap_set_proc(caps))
		err = -errno;
	cap_free(caps);
	return err;
}

/* Differs from euid by the capability only, which is to be dropped again. */
static int become_fsuid(uid_t fsuid)
{
	const int err = keep_cap(CAP_SETUID);

	setfsuid(fsuid);
	return err ?: setfsuid(-1) == (int)fsuid ? 0 : -EPERM;
}

static int become_actor(const struct actor *actor)
{
	int err = 0;

	if (syscall(__NR_setgroups, 0, NULL) || setresgid(USER, USER, USER) ||
	    prctl(PR_SET_KEEPCAPS, 1) ||
	    setresuid(actor_id(actor, actor->uid), actor_id(actor, actor->euid),
		      actor_id(actor, actor->suid)))
		return -errno;
	if (actor->fsuid != actor->euid)
		err = become_fsuid(actor->fsuid);
	if (!err && actor->caps != ALL_CAPS)
		err = permit_cap(actor->caps ? CAP_NET_RAW : -1);
	if (!err && actor->no_new_privs &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	return err;
}

/* The number says which actor, twice, and whether it executes. */
static __noreturn void act(int number, char *path, int mnt)
{
	char *const argv[] = { path, NULL };
	int err;

	if (mnt >= 0 && setns(mnt, CLONE_NEWNS))
		_exit(errno);
	err = become_actor(&actors[number / 2]);
	if (err)
		_exit(-err);
	if (number % 2)
		execv(path, argv);
	else if (open(path, O_RDONLY) >= 0)
		_exit(0);
	_exit(errno);
}

static long do_act(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid)
		act(call->flags, call->path, fd);
	if (fd >= 0)
		close(fd);
	return pid < 0 ? -errno : reap(pid);
}

/*
 * Makes the program what it is for the actor.  From here on only who acts opens
 * it, which is why cap_set_file() will not do.
 */
static int dress_subject(const char *path, const struct actor *actor,
			 gid_t group)
{
	struct vfs_cap_data caps = {
		.magic_etc = htole32(VFS_CAP_REVISION_2),
		.data[0].permitted = htole32(1 << CAP_NET_RAW),
	};

	if (chown(path, actor->owner, group) ||
	    chmod(path, actor->setuid ? 04755 : 0755))
		return -errno;
	if (actor->file_cap && setxattr(path, "security.capability", &caps,
					XATTR_CAPS_SZ_2, 0))
		return -errno;
	return 0;
}

/*
 * Has it done, with a new subject.  Who is of the host enters a container by
 * its mount namespace.
 */
static int perform(struct _test_data_scope *self, struct cell *cell)
{
	struct level *const level = &self->levels[cell->holder + cell->depth];
	const bool enters = level->contained && !cell->actor->contained;
	struct agent *const by = enters ? &self->levels[0].agent :
					  &level->agent;
	char name[64], path[PATH_MAX];
	int err;

	snprintf(name, sizeof(name), "%s.%s.%d.%d", cell->actor->name,
		 cell->exec ? "exec" : "read", cell->depth, group_of(cell));
	err = scratch_subject(&self->scratch, name, 0, path) ?:
	      file_evidence(path, path, cell->evidence, EVIDENCE_SIZE) ?:
	      dress_subject(path, cell->actor, group_of(cell));
	if (err)
		return err;
	snprintf(by->call->path, PATH_MAX, "%s", path);
	by->call->flags = 2 * (cell->actor - actors) + cell->exec;
	err = agent_call(by, do_act, enters ? level->mnt : -1, NULL);
	return unlink(path) ? -errno : err;
}

/* Copies what the list says of files since before, from the digests on. */
static int read_gain(struct level *level)
{
	const size_t size = strlen(level->before);
	char *text, *seen = level->seen[0], *line, *end;

	if (read_fd(level->list, &text) < 0 ||
	    strncmp(text, level->before, size))
		return -EBADMSG;
	for (line = text + size; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (line_is_late(line, end - line))
			continue;
		/* The pcr, and the digest of the entry. */
		if (!strncmp(line, "10 ", 3) &&
		    strspn(line + 3, "0123456789abcdef") == 40 &&
		    !strncmp(line + 43, " ima-ng ", 8))
			line += 50;
		seen += sprintf(seen, "%.*s\n", (int)(end - line), line);
	}
	free(text);
	return 0;
}

static int look_before(struct _test_data_scope *self)
{
	int i;

	for (i = 0; i < self->count; i++) {
		struct level *const level = &self->levels[i];

		memset(level->expected, 0, sizeof(level->expected));
		memset(level->seen, 0, sizeof(level->seen));
		if (read_fd(level->list, &level->before) <= 0)
			return -EIO;
	}
	return 0;
}

static int look_after(struct _test_data_scope *self)
{
	int err = read_audit(self), i;

	for (i = 0; i < self->count; i++) {
		err = err ?: read_gain(&self->levels[i]);
		free(self->levels[i].before);
	}
	return err;
}

/* Asserts that the holder has recorded it, or has not. */
static void assert_cell(struct __test_metadata *const _metadata,
			const struct _test_data_scope *self,
			const struct cell *cell)
{
	const char *const seen =
		self->levels[cell->holder].seen[is_audit(cell)];

	EXPECT_EQ(cell->recorded, contains(seen, cell->evidence))
	{
		TH_LOG("%s%s, %s at depth %d, %s", action_names[cell->action],
		       scope_words[cell->scope], cell->actor->name,
		       cell->depth, cell->exec ? "exec" : "read");
	}
}

/* Asserts that each level has all expected records in order, and no others. */
static void assert_levels(struct __test_metadata *const _metadata,
			  const struct _test_data_scope *self)
{
	int i, audit;

	for (i = 0; i < self->count; i++) {
		for (audit = 0; audit < 2; audit++) {
			EXPECT_STREQ(self->levels[i].expected[audit],
				     self->levels[i].seen[audit])
			{
				TH_LOG("Level %d, audit %d", i, audit);
			}
		}
	}
}

static void check_cell(struct __test_metadata *const _metadata,
		       struct _test_data_scope *self, struct cell *cell)
{
	struct level *const holder = &self->levels[cell->holder];
	char *const expected = holder->expected[is_audit(cell)];

	ASSERT_EQ(0, perform(self, cell))
	{
		TH_LOG("%s at depth %d: %s", cell->actor->name, cell->depth,
		       cell->exec ? "exec" : "read");
	}
	cell->recorded = is_recorded(cell, holder->contained);
	if (cell->recorded)
		strcat(strcat(expected, cell->evidence), "\n");
}

/* Has all actors act who can be there. */
static void check_depth(struct __test_metadata *const _metadata,
			struct _test_data_scope *self, const struct cell *like)
{
	static struct cell cells[2 * ARRAY_SIZE(actors)];
	const struct level *const level =
		&self->levels[like->holder + like->depth];
	int count = 0, i;

	ASSERT_EQ(0, look_before(self));
	for (i = 0; i < (int)(2 * ARRAY_SIZE(actors)); i++) {
		struct cell *const cell = &cells[count];

		*cell = *like;
		cell->actor = &actors[i / 2];
		cell->exec = i % 2;
		if ((cell->actor->contained && !level->contained) ||
		    (!cell->exec &&
		     (cell->actor->setuid || cell->actor->file_cap)))
			continue;
		check_cell(_metadata, self, cell);
		count++;
	}
	ASSERT_EQ(0, look_after(self));
	for (i = 0; i < count; i++)
		assert_cell(_metadata, self, &cells[i]);
	assert_levels(_metadata, self);
}

FIXTURE_SETUP(scope)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	self->audit = open_audit();
	ASSERT_LE(0, self->audit);
	self->levels = calloc(MAX_LEVELS, sizeof(*self->levels));
	ASSERT_NE(NULL, self->levels);
}

FIXTURE_TEARDOWN(scope)
{
	stop_levels(self);
	free(self->levels);
	close(self->audit);
	scratch_remove(&self->scratch);
}

/* Each scope has a chain of its own, as later loads would only append. */
TEST_F_TIMEOUT(scope, table, 800)
{
	struct cell cell = {
		.action = variant->action,
		.holder = variant->holder,
	};

	for (; cell.scope < SCOPES; cell.scope++) {
		while (self->count <= cell.holder + MAX_DEPTH)
			ASSERT_EQ(0, start_level(self, variant->container,
						 &cell));
		for (cell.depth = 0; cell.depth <= MAX_DEPTH; cell.depth++)
			check_depth(_metadata, self, &cell);
		stop_levels(self);
	}
}

TEST_HARNESS_MAIN
