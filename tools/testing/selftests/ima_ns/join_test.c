// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Joining namespaces of all the other types
 *
 * "Joining or making any other kind of namespace changes nothing here": not
 * where a task is, not what is recorded, not whose ids a policy speaks of.
 */

#include "world.h"

/*
 * Owners of subjects, each of which the host's policy selects.  The further
 * ones come with a rule about the uid of who acts.
 */
#define OWNER_ROOT 61400
#define OWNER_ACTOR 61401
#define OWNER_SEVEN 61402

/* Who acts, as the host calls it; where it is joined, it is 7. */
#define ACTOR 61410
#define SEVEN 7

/* How each rule that is read back ends. */
#define END "\x20\n"

/* What differs between a namespace of the host's and one of a container's. */
struct owner {
	bool rootless;
	/* The actor's id in the owner. */
	uid_t actor;
	/* Of the user namespace to be joined, in ids of the owner. */
	const char *map;
	const char *rules;
	/* A rule with an id that the owner has, and with one that it has not. */
	const char *good, *bad;
};

static const struct owner host_owned = {
	.actor = ACTOR,
	.map = "0 0 1\n7 61410 1\n",
	.rules = "measure func=BPRM_CHECK uid=0 fowner=61400" END
		 "measure func=BPRM_CHECK uid=61410 fowner=61401" END
		 "measure func=BPRM_CHECK uid=7 fowner=61402" END,
	.good = "measure func=FILE_CHECK uid=61419" END,
	.bad = "measure func=FILE_CHECK uid=4294967295" END,
};

/* The owner's map, from the host's ids: 1 is 61400, 11 is 61410. */
#define ROOTLESS_MAP "0 0 1\n1 61400 20\n"

static const struct owner rootless_owned = {
	.rootless = true,
	.actor = ACTOR - 61399,
	.map = "0 0 1\n7 11 1\n",
	.rules = "measure func=BPRM_CHECK uid=0 fowner=1" END
		 "measure func=BPRM_CHECK uid=11 fowner=2" END
		 "measure func=BPRM_CHECK uid=7 fowner=3" END,
	.good = "measure func=FILE_CHECK uid=20" END,
	/* The host's id for the same user. */
	.bad = "measure func=FILE_CHECK uid=61419" END,
};

/*
 * host ── target, maker, inner, visitor and child, all in one IMA namespace
 *
 * The maker unshares the namespace to be joined, the inner agent is its
 * child and in it for sure.  The visitor joins it, and has a child then.
 */
struct party {
	const struct owner *owner;
	struct agent target, maker, inner, visitor, child;
	/* Of target's namespace, and of the host's. */
	int list, host_list;
	long ima, id, user;
};

FIXTURE(join)
{
	struct scratch scratch;
	struct party party;
};

FIXTURE_VARIANT(join)
{
	const char *name;
	int flag;
	const struct owner *owner;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(join, user) { "user", CLONE_NEWUSER, &host_owned };
FIXTURE_VARIANT_ADD(join, pid) { "pid", CLONE_NEWPID, &host_owned };
FIXTURE_VARIANT_ADD(join, net) { "net", CLONE_NEWNET, &host_owned };
FIXTURE_VARIANT_ADD(join, ipc) { "ipc", CLONE_NEWIPC, &host_owned };
FIXTURE_VARIANT_ADD(join, uts) { "uts", CLONE_NEWUTS, &host_owned };
FIXTURE_VARIANT_ADD(join, cgroup) { "cgroup", CLONE_NEWCGROUP, &host_owned };
FIXTURE_VARIANT_ADD(join, time) { "time", CLONE_NEWTIME, &host_owned };
/* The same in a namespace that a user namespace with a small map owns. */
FIXTURE_VARIANT_ADD(join, rootless_user) { "user", CLONE_NEWUSER, &rootless_owned };
FIXTURE_VARIANT_ADD(join, rootless_pid) { "pid", CLONE_NEWPID, &rootless_owned };
FIXTURE_VARIANT_ADD(join, rootless_net) { "net", CLONE_NEWNET, &rootless_owned };
FIXTURE_VARIANT_ADD(join, rootless_ipc) { "ipc", CLONE_NEWIPC, &rootless_owned };
FIXTURE_VARIANT_ADD(join, rootless_uts) { "uts", CLONE_NEWUTS, &rootless_owned };
FIXTURE_VARIANT_ADD(join, rootless_cgroup) { "cgroup", CLONE_NEWCGROUP, &rootless_owned };
FIXTURE_VARIANT_ADD(join, rootless_time) { "time", CLONE_NEWTIME, &rootless_owned };
/* clang-format on */

/* Has the host record all subjects. */
static int select_for_host(void)
{
	return host_load_once("measure func=BPRM_CHECK fowner=61400\n"
			      "measure func=BPRM_CHECK fowner=61401\n"
			      "measure func=BPRM_CHECK fowner=61402\n",
			      "fowner=61402");
}

/* Unlike agent_unshare(), leaves the maps to somebody else. */
static int unshare_only(struct agent *agent, int flags)
{
	agent->call->flags = flags;
	return agent_call(agent, do_unshare_only, -1, NULL);
}

/* Only who is in the parent may write a map. */
static int write_maps(struct agent *by, const struct agent *of,
		      const char *map)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", of->pid);
	err = agent_append(by, path, map);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", of->pid);
	return err ?: agent_append(by, path, map);
}

/* Starts the target in an IMA namespace that the right one owns. */
static int target_start(struct party *party)
{
	struct agent host;
	int err;

	if (!party->owner->rootless)
		return agent_start(&party->target, NULL, CLONE_NEWNS);
	err = agent_start(&party->target, NULL, 0) ?:
	      unshare_only(&party->target, CLONE_NEWUSER | CLONE_NEWNS) ?:
	      agent_start(&host, NULL, 0);
	if (err)
		return err;
	err = write_maps(&host, &party->target, ROOTLESS_MAP);
	return agent_stop(&host) ?: err ?:
	       agent_call(&party->target, do_become_root, -1, NULL);
}

static int maker_start(struct party *party, int flag)
{
	int err = agent_start(&party->maker, &party->target, 0) ?:
		  unshare_only(&party->maker, flag);

	if (!err && flag == CLONE_NEWUSER)
		err = write_maps(&party->target, &party->maker,
				 party->owner->map);
	return err ?: agent_start(&party->inner, &party->maker, 0);
}

/* What is to stay the same. */
static int party_look(struct party *party)
{
	const int fd = ns_open(party->target.pid, "ima");

	if (fd < 0)
		return fd;
	party->user = ns_related(fd, NS_GET_USERNS);
	close(fd);
	party->ima = ns_inum(party->target.pid, "ima");
	party->id = agent_number(&party->target, "id");
	party->list = agent_open(&party->target, ASCII_LIST, O_RDONLY);
	party->host_list = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	return party->list < 0 || party->host_list < 0 ? -EBADF : 0;
}

FIXTURE_SETUP(join)
{
	struct party *const party = &self->party;

	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, select_for_host());
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	party->owner = variant->owner;
	ASSERT_EQ(0, target_start(party));
	ASSERT_NE(INIT_INUM, ns_inum(party->target.pid, "ima"));
	ASSERT_EQ(0, agent_load(&party->target, party->owner->rules));
	ASSERT_EQ(0, maker_start(party, variant->flag));
	ASSERT_EQ(0, agent_start(&party->visitor, &party->target, 0));
	ASSERT_EQ(0, party_look(party));
	ASSERT_LT(0, party->ima);
	ASSERT_LT(0, party->id);
	ASSERT_EQ(ns_inum(party->target.pid, "user"), party->user);
}

FIXTURE_TEARDOWN(join)
{
	close(self->party.host_list);
	close(self->party.list);
	agents_stop(&self->party.visitor, &self->party.inner,
		    &self->party.maker, &self->party.target);
	scratch_remove(&self->scratch);
}

/*
 * The visitor joins, its child is in the namespace: pid and time take their
 * effect on children.
 */
static void party_join(struct __test_metadata *const _metadata,
		       struct party *party, const char *name, int flag)
{
	const int fd = ns_open(party->inner.pid, name);
	const long joined = ns_inum(party->inner.pid, name);

	ASSERT_LE(0, fd);
	ASSERT_LT(0, joined);
	ASSERT_NE(joined, ns_inum(party->visitor.pid, name));
	ASSERT_EQ(0, agent_setns(&party->visitor, fd, flag));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, agent_start(&party->child, &party->visitor, 0));
	ASSERT_EQ(joined, ns_inum(party->child.pid, name));
}

static long do_own_inum(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return ns_inum(0, "ima");
}

/* Asserts that an agent is where it was, seen from both sides. */
static void assert_place(struct __test_metadata *const _metadata,
			 const struct party *party, struct agent *agent)
{
	const int fd = ns_open(agent->pid, "ima");

	ASSERT_LE(0, fd);
	ASSERT_EQ(party->ima, fd_inum(fd));
	ASSERT_EQ(party->user, ns_related(fd, NS_GET_USERNS));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(party->ima, agent_call(agent, do_own_inum, -1, NULL));
	ASSERT_EQ(party->id, agent_number(agent, "id"));
}

/* Asserts what an agent reads from its policy file, or that it may not. */
static void assert_policy(struct __test_metadata *const _metadata,
			  struct agent *agent, int err, const char *text)
{
	char *now;

	if (err) {
		ASSERT_EQ(err, agent_open(agent, POLICY, O_RDONLY));
		return;
	}
	ASSERT_LT(0, agent_read(agent, POLICY, &now));
	ASSERT_STREQ(text, now);
	free(now);
}

/*
 * The place, the owner and the policy are what they were.  Who joined a user
 * namespace has no privileges over the owner any more.
 */
TEST_F(join, changes_nothing)
{
	const int err = variant->flag == CLONE_NEWUSER ? -EPERM : 0;
	struct party *const party = &self->party;
	const char *const rules = party->owner->rules;

	party_join(_metadata, party, variant->name, variant->flag);
	assert_place(_metadata, party, &party->visitor);
	assert_place(_metadata, party, &party->child);
	assert_place(_metadata, party, &party->target);
	assert_policy(_metadata, &party->visitor, err, rules);
	assert_policy(_metadata, &party->child, err, rules);
	assert_policy(_metadata, &party->target, 0, rules);
	ASSERT_EQ(0, agent_stop(&party->child));
}

/* Has an agent execute a new subject and looks at both lists. */
static void assert_exec(struct __test_metadata *const _metadata,
			struct _test_data_join *self, struct agent *agent,
			uid_t owner, uid_t uid, int gain)
{
	const int before = fd_count(self->party.list);
	const int host_before = fd_count(self->party.host_list);
	char evidence[EVIDENCE_SIZE], path[PATH_MAX], unique[33];

	unique_text(unique);
	ASSERT_EQ(0, scratch_subject(&self->scratch, unique, owner, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(agent, path, uid));
	assert_gain(_metadata, "target", self->party.list, before, gain,
		    evidence);
	assert_gain(_metadata, "host", self->party.host_list, host_before, 1,
		    evidence);
}

/* What is executed there is recorded in the same lists. */
TEST_F(join, recorded)
{
	struct party *const party = &self->party;

	assert_exec(_metadata, self, &party->visitor, OWNER_ROOT, 0, 1);
	party_join(_metadata, party, variant->name, variant->flag);
	assert_exec(_metadata, self, &party->visitor, OWNER_ROOT, 0, 1);
	assert_exec(_metadata, self, &party->child, OWNER_ROOT, 0, 1);
	/* Nothing came of it for who stayed. */
	assert_exec(_metadata, self, &party->target, OWNER_ROOT, 0, 1);
	ASSERT_EQ(0, agent_stop(&party->child));
}

/*
 * The ids of rules are those of the owner.  In the user namespace that is
 * joined the actor is 7, which is not the 7 that a rule names.
 */
TEST_F(join, uid_rules)
{
	struct party *const party = &self->party;
	const uid_t actor = party->owner->actor;
	const bool user = variant->flag == CLONE_NEWUSER;
	struct agent *const agents[] = { &party->visitor, &party->child };
	size_t i;

	assert_exec(_metadata, self, &party->visitor, OWNER_ACTOR, actor, 1);
	assert_exec(_metadata, self, &party->visitor, OWNER_ACTOR, SEVEN, 0);
	assert_exec(_metadata, self, &party->visitor, OWNER_SEVEN, SEVEN, 1);
	party_join(_metadata, party, variant->name, variant->flag);
	for (i = 0; i < ARRAY_SIZE(agents); i++) {
		assert_exec(_metadata, self, agents[i], OWNER_ACTOR,
			    user ? SEVEN : actor, 1);
		assert_exec(_metadata, self, agents[i], OWNER_SEVEN,
			    user ? SEVEN : actor, 0);
		assert_exec(_metadata, self, agents[i], OWNER_SEVEN, 0, 0);
		if (!user)
			assert_exec(_metadata, self, agents[i], OWNER_SEVEN,
				    SEVEN, 1);
	}
	ASSERT_EQ(0, agent_stop(&party->child));
}

/* Asserts a failed, then a successful load, by who may load. */
static void assert_loads(struct __test_metadata *const _metadata,
			 const struct party *party, struct agent *agent,
			 char *text)
{
	ASSERT_EQ(-EINVAL, agent_load(agent, party->owner->bad));
	ASSERT_EQ('w', agent->call->step);
	assert_policy(_metadata, agent, 0, text);
	ASSERT_EQ(0, agent_load(agent, party->owner->good));
	strcat(text, party->owner->good);
	assert_policy(_metadata, agent, 0, text);
}

/*
 * An id that the owner has not is refused, one that it has is shown as it was
 * written, wherever else the writer is.
 */
TEST_F(join, loads)
{
	struct party *const party = &self->party;
	struct agent *const agents[] = { &party->visitor, &party->child,
					 &party->target };
	char text[1024];
	size_t i;

	snprintf(text, sizeof(text), "%s", party->owner->rules);
	party_join(_metadata, party, variant->name, variant->flag);
	for (i = 0; i < ARRAY_SIZE(agents); i++) {
		if (variant->flag != CLONE_NEWUSER ||
		    agents[i] == &party->target) {
			assert_loads(_metadata, party, agents[i], text);
			continue;
		}
		ASSERT_EQ(-EPERM, agent_load(agents[i], party->owner->good));
		ASSERT_EQ('o', agents[i]->call->step);
		assert_policy(_metadata, &party->target, 0, text);
	}
	ASSERT_EQ(0, agent_stop(&party->child));
}

TEST_HARNESS_MAIN
