// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - The keys of a namespace
 *
 * Which keys enter its keyring, by whom, and who may use it.
 */

#include "sign.h"
#include "user.h"

/* Of the ordinary user, and of whom the user's containers are. */
#define USER 61300

#define HOST_KEYS "measure func=KEY_CHECK keyrings=.ima_ns\n"

/*
 * host ─┬─ a ── below
 *       ├─ b
 *       └─ mine: an ordinary user's
 * user is in the initial namespace.
 */
FIXTURE(certs)
{
	struct agent host, a, below, b, user, mine;
	long id_a, id_b, id_mine;
	int list_a, list_b, list_host;
	char a_der[PATH_MAX], b_der[PATH_MAX], c_der[PATH_MAX];
	char authority[PATH_MAX];
	/* The limit that a test changed, to be put back. */
	char *maxkeys;
};

FIXTURE_SETUP(certs)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(HOST_KEYS, "keyrings=.ima_ns"));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, namespace_start(&self->a, NULL, CLONE_NEWNS,
				     &self->id_a));
	ASSERT_EQ(0, agent_start(&self->below, &self->a, CLONE_NEWNS));
	ASSERT_EQ(0, namespace_start(&self->b, NULL, CLONE_NEWNS,
				     &self->id_b));
	ASSERT_EQ(0, user_start(&self->user, &self->mine, USER));
	self->id_mine = agent_number(&self->mine, "id");
	ASSERT_LT(0, self->id_mine);
	self->list_a = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	self->list_b = agent_open(&self->b, ASCII_LIST, O_RDONLY);
	self->list_host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->list_a);
	ASSERT_LE(0, self->list_b);
	ASSERT_LE(0, self->list_host);
	cert_path(self->a_der, "a");
	cert_path(self->b_der, "b");
	cert_path(self->c_der, "c");
	cert_path(self->authority, "authority");
}

#define MAXKEYS "/proc/sys/kernel/keys/maxkeys"

FIXTURE_TEARDOWN(certs)
{
	if (self->maxkeys)
		write_path(MAXKEYS, 0, self->maxkeys, strlen(self->maxkeys));
	free(self->maxkeys);
	close(self->list_a);
	close(self->list_b);
	close(self->list_host);
	agents_stop(&self->mine, &self->user, &self->b, &self->below, &self->a,
		    &self->host);
}

static long do_read_weak(struct call *call, int fd)
{
	const pid_t pid = fork();
	bool locked;

	if (fd >= 0)
		close(fd);
	if (!pid) {
		if (keep_cap(-1))
			_exit(2);
		fd = open(KEYRING_FILE, O_RDONLY | O_CLOEXEC);
		_exit(fd < 0 ? 3 : parse_keyring(fd, &locked) != 0);
	}
	return pid < 0 ? -errno : reap(pid);
}

/* How the host sees the keyring of a namespace. */
static long host_keyring(long id, bool *locked)
{
	char path[PATH_MAX];
	int fd;

	ns_file(path, id, "keyring");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : parse_keyring(fd, locked);
}

/* "Made on first use, found through ima/keyring." */
TEST_F_TIMEOUT(certs, made_on_first_use, 300)
{
	bool locked;
	long ring;

	/* Who may not use it does not have it made. */
	EXPECT_EQ(0, agent_call(&self->a, do_read_weak, -1, NULL));
	ring = agent_keyring(&self->a);
	ASSERT_LT(0, ring);
	EXPECT_EQ(ring, agent_keyring(&self->a));
	EXPECT_EQ(ring, host_keyring(self->id_a, &locked));
	EXPECT_FALSE(locked);
	EXPECT_NE(ring, agent_keyring(&self->b));
	EXPECT_NE(ring, agent_keyring(&self->below));
	EXPECT_LT(0, agent_keyring(&self->mine));
}

/* "Certified by default"; "a container's own root cannot certify itself." */
TEST_F_TIMEOUT(certs, certified, 300)
{
	const long ring = agent_keyring(&self->a);

	ASSERT_LT(0, ring);
	EXPECT_EQ(-ENOKEY, agent_add_cert(&self->a, ring, self->a_der));
	EXPECT_EQ(-EPERM, agent_open(&self->a, IMA_DIR "/ca", O_WRONLY));
	ASSERT_EQ(0, host_add_ca(self->id_a, self->authority));
	EXPECT_LT(0, agent_add_cert(&self->a, ring, self->a_der));
	EXPECT_LT(0, agent_add_cert(&self->a, ring, self->b_der));
	/* Of its own making, and the authority itself, which signs no files. */
	EXPECT_EQ(-ENOKEY, agent_add_cert(&self->a, ring, self->c_der));
	EXPECT_EQ(-ENOKEY, agent_add_cert(&self->a, ring, self->authority));
	/* It is nobody else's authority. */
	EXPECT_EQ(-ENOKEY, agent_add_cert(&self->b, agent_keyring(&self->b),
					  self->a_der));
	EXPECT_EQ(-ENOKEY, agent_add_cert(&self->below,
					  agent_keyring(&self->below),
					  self->a_der));
}

/* "The same key in two namespaces" is two keys. */
TEST_F_TIMEOUT(certs, same_key_twice, 300)
{
	const long key_a = give_key(&self->a, self->id_a, "a");
	const long key_b = give_key(&self->b, self->id_b, "a");

	ASSERT_LT(0, key_a);
	ASSERT_LT(0, key_b);
	EXPECT_NE(key_a, key_b);
	EXPECT_EQ(0, agent_keyctl(&self->a, KEYCTL_UNLINK, key_a,
				  agent_keyring(&self->a), 0));
	EXPECT_LT(0, agent_keyctl(&self->b, KEYCTL_DESCRIBE, key_b, 0, 0));
}

/* What is no certificate of an authority. */
TEST_F_TIMEOUT(certs, bad_authority, 300)
{
	static char garbage[32768] = "no certificate";
	const long id = self->id_a;

	EXPECT_EQ(-EBADMSG, ns_write(id, "ca", garbage, 14));
	EXPECT_EQ(-EFBIG, ns_write(id, "ca", garbage, sizeof(garbage)));
	EXPECT_EQ(-ENOKEY, host_add_ca(id, self->a_der));
	EXPECT_EQ(0, host_add_ca(id, self->authority));
	EXPECT_EQ(-EPERM, write_path(IMA_DIR "/ca", 0, garbage, 14));
}

static long do_add_ca(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (fd >= 0)
		close(fd);
	if (!pid) {
		if (call->uid && keep_cap(-1))
			_exit(ENOTRECOVERABLE);
		_exit(-host_add_ca(call->flags, call->path));
	}
	return pid < 0 ? -errno : -reap(pid);
}

/* An agent lets the authority vouch; without capabilities if @weak. */
static int agent_add_ca(struct agent *agent, long id, const char *cert,
			bool weak)
{
	snprintf(agent->call->path, PATH_MAX, "%s", cert);
	agent->call->flags = id;
	agent->call->uid = weak;
	return agent_call(agent, do_add_ca, -1, NULL);
}

/* "Privileged over the parent's owner and this one's." */
TEST_F_TIMEOUT(certs, authority_from_above, 300)
{
	const long id = agent_number(&self->below, "id");

	EXPECT_EQ(-EACCES, agent_add_ca(&self->host, id, self->authority, true));
	EXPECT_EQ(-ENOENT, agent_add_ca(&self->b, id, self->authority, false));
	EXPECT_EQ(-EACCES, agent_add_ca(&self->user, id, self->authority, false));
	EXPECT_EQ(0, agent_add_ca(&self->a, id, self->authority, false));
	EXPECT_LT(0, agent_add_cert(&self->below, agent_keyring(&self->below),
				    self->a_der));
}

/* "May get one CA from its creator before its first key." */
TEST_F_TIMEOUT(certs, users_own_authority, 300)
{
	const long ring = agent_keyring(&self->mine);

	ASSERT_LT(0, ring);
	/* The file is the host's root's, to begin with. */
	EXPECT_EQ(-EACCES, agent_open(&self->mine, IMA_DIR "/ca", O_WRONLY));
	/* What came to nothing does not count. */
	EXPECT_EQ(-ENOKEY, agent_add_ca(&self->user, self->id_mine, self->a_der,
					false));
	EXPECT_EQ(0, agent_add_ca(&self->user, self->id_mine, self->authority,
				  false));
	EXPECT_EQ(-EPERM, agent_add_ca(&self->user, self->id_mine,
				       self->authority, false));
	EXPECT_LT(0, agent_add_cert(&self->mine, ring, self->a_der));
	/* The host may give another one. */
	EXPECT_EQ(0, host_add_ca(self->id_mine, self->authority));
}

/* Nor where somebody above goes by keys, as these would be good for them, too. */
TEST_F_TIMEOUT(certs, no_authority_where_appraised, 300)
{
	struct agent user, inner;
	long id;

	ASSERT_EQ(0, agent_load(&self->b,
				"appraise func=BPRM_CHECK fowner=61999\n"));
	ASSERT_EQ(0, user_start_from(&user, &inner, &self->b, USER));
	id = agent_number(&inner, "id");
	EXPECT_LT(0, id);
	EXPECT_EQ(-EPERM, agent_add_ca(&user, id, self->authority, false));
	agents_stop(&inner, &user);
}

/* Writes a word to a file of its own ima directory. */
static long do_write_word(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return write_path(call->path, 0, call->text, strlen(call->text));
}

static int agent_write(struct agent *agent, const char *path, const char *word)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	snprintf(agent->call->text, TEXT_SIZE, "%s", word);
	return agent_call(agent, do_write_word, -1, NULL);
}

/* "`locked`": nothing is added any more, and lists say so. */
TEST_F_TIMEOUT(certs, locked, 300)
{
	static const char *const words[] = {
		"lock", "lockedx", "locked\n\n", " locked", "unlocked", "\n",
	};
	const int a = fd_count(self->list_a);
	const long key = give_key(&self->a, self->id_a, "a");
	bool locked;
	long ring;
	size_t i;

	ASSERT_LT(0, key);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		EXPECT_EQ(-EINVAL, agent_write(&self->a, KEYRING_FILE,
					       words[i]));
	EXPECT_EQ(0, agent_write(&self->a, KEYRING_FILE, "locked\n"));
	EXPECT_EQ(0, agent_write(&self->a, KEYRING_FILE, "locked"));
	ring = host_keyring(self->id_a, &locked);
	EXPECT_TRUE(locked);
	EXPECT_EQ(-EPERM, agent_add_cert(&self->a, ring, self->b_der));
	EXPECT_EQ(-EPERM, agent_add_cert(&self->host, ring, self->b_der));
	EXPECT_EQ(0, agent_keyctl(&self->a, KEYCTL_UNLINK, key, ring, 0));
	/* boot_aggregate, authority, key, and that it is locked: once. */
	EXPECT_EQ(a + 4, fd_count(self->list_a));
	/* It is the namespace's, not the initial one's. */
	EXPECT_EQ(-EPERM, agent_write(&self->host, KEYRING_FILE, "locked"));
}

/* "KEYCTL_LINK and KEYCTL_MOVE refused": keys are added, and measured. */
TEST_F_TIMEOUT(certs, not_linked, 300)
{
	const long ring = agent_keyring(&self->a);
	long key;

	ASSERT_LT(0, give_key(&self->a, self->id_a, "a"));
	ASSERT_LT(0, agent_keyctl(&self->a, KEYCTL_JOIN_SESSION_KEYRING, 0, 0,
				  0));
	key = agent_add_cert(&self->a, KEY_SPEC_SESSION_KEYRING, self->b_der);
	ASSERT_LT(0, key);
	EXPECT_EQ(-EPERM, agent_keyctl(&self->a, KEYCTL_LINK, key, ring, 0));
	EXPECT_EQ(-EPERM, agent_keyctl(&self->a, KEYCTL_MOVE, key,
				       KEY_SPEC_SESSION_KEYRING, ring));
	/* Nor does another kind of key get there. */
	EXPECT_EQ(-EACCES, agent_keyctl(&self->a, KEYCTL_RESTRICT_KEYRING, ring,
					0, 0));
}

static long do_request_key(struct call *call, int fd)
{
	const char *const answer = *call->text ? call->text : NULL;
	const long key = syscall(__NR_request_key, "asymmetric", call->path,
				 answer, call->flags);

	if (fd >= 0)
		close(fd);
	return key < 0 ? -errno : key;
}

/* Asks for a key, of whoever answers if there is something to tell them. */
static long agent_request_key(struct agent *agent, const char *name,
			      const char *answer, long ring)
{
	snprintf(agent->call->path, PATH_MAX, "%s", name);
	snprintf(agent->call->text, TEXT_SIZE, "%s", answer);
	agent->call->flags = ring;
	return agent_call(agent, do_request_key, -1, NULL);
}

/* Nor does one get there that is asked for, whether it exists or not. */
TEST_F_TIMEOUT(certs, not_requested, 300)
{
	const long ring = agent_keyring(&self->a);
	char *const described = self->a.call->path;
	char name[PATH_MAX];
	long key;

	ASSERT_LT(0, agent_keyctl(&self->a, KEYCTL_JOIN_SESSION_KEYRING, 0, 0,
				  0));
	key = agent_add_cert(&self->a, KEY_SPEC_SESSION_KEYRING, self->b_der);
	ASSERT_LT(0, key);
	ASSERT_LT(0, agent_keyctl(&self->a, KEYCTL_DESCRIBE, key,
				  (long)described, PATH_MAX));
	snprintf(name, sizeof(name), "%s", strrchr(described, ';') + 1);
	EXPECT_EQ(key, agent_request_key(&self->a, name, "", 0));
	EXPECT_EQ(-EPERM, agent_request_key(&self->a, name, "", ring));
	EXPECT_EQ(-EPERM, agent_request_key(&self->a, "nothing", "answer", ring));
	EXPECT_EQ(0, agent_keyctl(&self->a, KEYCTL_READ, ring, 0, 0));
}

/* "Uid 0 of a sibling container gets nothing." */
TEST_F_TIMEOUT(certs, others_keys, 300)
{
	const long key = give_key(&self->a, self->id_a, "a");
	const long ring = agent_keyring(&self->a);
	struct agent *const others[] = { &self->b, &self->below, &self->mine,
					 &self->user };
	size_t i;

	ASSERT_LT(0, key);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_EQ(-EACCES, agent_add_cert(others[i], ring,
						  self->b_der));
		EXPECT_EQ(-EACCES, agent_keyctl(others[i], KEYCTL_DESCRIBE,
						ring, 0, 0));
		EXPECT_EQ(-ENOKEY, agent_keyctl(others[i], KEYCTL_READ, ring,
						0, 0));
		EXPECT_EQ(-EACCES, agent_keyctl(others[i], KEYCTL_CLEAR, ring,
						0, 0));
		EXPECT_EQ(-EACCES, agent_keyctl(others[i], KEYCTL_UNLINK, key,
						ring, 0));
		EXPECT_EQ(-EACCES, agent_keyctl(others[i], KEYCTL_LINK, ring,
						KEY_SPEC_PROCESS_KEYRING, 0));
	}
	/* Who is above, and privileged, may. */
	EXPECT_LT(0, agent_keyctl(&self->host, KEYCTL_DESCRIBE, ring, 0, 0));
	EXPECT_LT(0, agent_add_cert(&self->host, ring, self->b_der));
}

/* The serial of a keyring of the kernel's, as uid 0 sees it; 0 if there is none. */
static long system_keyring(const char *name)
{
	char wanted[64], *text, *end;
	long serial = 0;

	snprintf(wanted, sizeof(wanted), " keyring   %s:", name);
	if (read_path("/proc/keys", &text) < 0)
		return 0;
	end = strstr(text, wanted);
	if (end) {
		while (end > text && end[-1] != '\n')
			end--;
		serial = strtol(end, NULL, 16);
	}
	free(text);
	return serial;
}

static long do_keyctl_weak(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid) {
		if (keep_cap(-1))
			_exit(ENOTRECOVERABLE);
		_exit(-do_keyctl(call, -1));
	}
	if (fd >= 0)
		close(fd);
	return pid < 0 ? -errno : -reap(pid);
}

/* Without capabilities, as uid 0 in a container is. */
static long weak_keyctl(struct agent *agent, int op, long a)
{
	const long args[4] = { op, a };

	memcpy(agent->call->text, args, sizeof(args));
	return agent_call(agent, do_keyctl_weak, -1, NULL);
}

/* "Uid 0 of one container is not uid 0" of the host. */
TEST_F_TIMEOUT(certs, kernels_keyrings, 300)
{
	static const char *const names[] = { ".ima",
					     ".secondary_trusted_keys" };
	struct agent *const root = &self->a;
	long ring;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ring = system_keyring(names[i]);
		ASSERT_NE(0, ring);
		EXPECT_EQ(-EACCES, weak_keyctl(root, KEYCTL_CLEAR, ring));
		EXPECT_EQ(-EACCES, weak_keyctl(root, KEYCTL_INVALIDATE, ring));
		EXPECT_EQ(-EACCES, weak_keyctl(root, KEYCTL_REVOKE, ring));
		EXPECT_LE(0, agent_keyctl(root, KEYCTL_DESCRIBE, ring, 0, 0));
		EXPECT_EQ(-EPERM, agent_request_key(root, "no such", "answer",
						    ring));
		EXPECT_EQ(-ENOKEY, agent_request_key(root, "no such", "",
						     ring));
	}
}

#define ANSWERS "/etc/request-key.conf"

/* Writes a file into the directory of the keys; it can be executed. */
static int key_file(const char *name, const char *text, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", sign_dir, name);
	return write_path(path, O_CREAT | O_TRUNC, text, strlen(text));
}

/* Has request-key(8) answer who asks for keys by a command, for the key $1. */
static int answer_by(const char *command)
{
	char path[PATH_MAX], text[3 * PATH_MAX];
	int err;

	snprintf(text, sizeof(text), "#!/bin/sh\nexec >%s/answer 2>&1\n%s\n",
		 sign_dir, command);
	err = key_file("answerer", text, path);
	snprintf(text, sizeof(text), "create asymmetric * * %s %%k\n", path);
	err = err ?: key_file("answers", text, path);
	return err ?: mount(path, ANSWERS, NULL, MS_BIND, NULL) ? -errno : 0;
}

/* From within somebody's mounts, makes the key out of a certificate. */
static int answer_within(const struct agent *inside, const char *cert, long ring)
{
	char command[PATH_MAX + 128];

	snprintf(command, sizeof(command),
		 "nsenter -t %d -m keyctl pinstantiate $1 %ld <%s", inside->pid,
		 ring, cert);
	return answer_by(command);
}

/* What the command was told. */
static bool was_answered(const char *what)
{
	char path[PATH_MAX], *text;
	bool found;

	snprintf(path, sizeof(path), "%s/answer", sign_dir);
	found = read_path(path, &text) >= 0 && contains(text, what);
	if (!found)
		fprintf(stderr, "# Answer: %s\n", text ?: "none");
	free(text);
	return found;
}

struct answer {
	const struct agent *inside;
	const char *cert;
	long ring;
	const char *error;
};

/* Nor by whoever is asked for one, if that is done from a container. */
TEST_F_TIMEOUT(certs, not_instantiated, 300)
{
	/* Later, the namespace's has the same name. */
	const long ima = system_keyring(".ima");
	const long ring = agent_keyring(&self->a);
	const long secondary = system_keyring(".secondary_trusted_keys");
	const struct answer answers[] = {
		/* A certificate that could be added. */
		{ &self->a, self->a_der, ring, "not permitted" },
		{ &self->host, self->a_der, ring, "not permitted" },
		/* Ones that could not, for what they are. */
		{ &self->a, self->c_der, ima, "not permitted" },
		{ &self->host, self->c_der, ima, "not available" },
		{ &self->a, self->c_der, secondary, "not permitted" },
		{ &self->host, self->c_der, secondary, "not available" },
	};
	char name[16];
	size_t i;

	ASSERT_LT(0, ring);
	ASSERT_LT(0, ima);
	ASSERT_LT(0, secondary);
	ASSERT_EQ(0, host_add_ca(self->id_a, self->authority));
	ASSERT_LT(0, agent_keyctl(&self->a, KEYCTL_JOIN_SESSION_KEYRING, 0, 0,
				  0));
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		const struct answer *const a = &answers[i];

		snprintf(name, sizeof(name), "asked%zu", i);
		ASSERT_EQ(0, answer_within(a->inside, a->cert, a->ring));
		EXPECT_EQ(-ENOKEY, agent_request_key(&self->a, name, "answer", 0));
		EXPECT_TRUE(was_answered(a->error))
		{
			TH_LOG("Answer %zu", i);
		}
		EXPECT_EQ(0, umount(ANSWERS));
	}
	EXPECT_EQ(0, agent_keyctl(&self->a, KEYCTL_READ, ring, 0, 0));
	/* It is the keyring that is refused. */
	ASSERT_EQ(0, answer_within(&self->a, self->a_der, 0));
	EXPECT_LT(0, agent_request_key(&self->a, "asked", "answer", 0));
	EXPECT_EQ(0, umount(ANSWERS));
}

/* "So are the programs that the kernel starts, whoever caused that." */
TEST_F_TIMEOUT(certs, kernels_programs, 300)
{
	ASSERT_EQ(0, answer_by("readlink /proc/self/ns/ima"));
	EXPECT_EQ(-ENOKEY, agent_request_key(&self->a, "whose", "answer", 0));
	EXPECT_TRUE(was_answered("ima:[4026531830]"));
	EXPECT_EQ(0, umount(ANSWERS));
}

/* Lines of a list about a key of a keyring. */
static int key_lines(int list, const char *keyring)
{
	char needle[64];
	struct list l;
	const char *c;
	int n = 0;

	if (list_read(list, &l))
		return -1;
	snprintf(needle, sizeof(needle), " %s 3082", keyring);
	for (c = l.text; (c = strstr(c, needle)); c++)
		n++;
	list_free(&l);
	return n;
}

/*
 * "Key loads are measured by func=KEY_CHECK in the namespace and in its
 * ancestors", whoever added the key; "keyrings= name the namespace's own".
 */
TEST_F_TIMEOUT(certs, measured, 300)
{
	const int host = key_lines(self->list_host, ".ima_ns");
	const int ima = key_lines(self->list_host, ".ima");
	const long ring = agent_keyring(&self->a);
	char path[PATH_MAX];

	ASSERT_EQ(0, agent_load(&self->a,
				"measure func=KEY_CHECK keyrings=.ima\n"));
	/* Fresh ones: a list has a line once. */
	ASSERT_EQ(0, make_cert("d", "authority", "prime256v1"));
	ASSERT_EQ(0, make_cert("e", "authority", "prime256v1"));
	ASSERT_LT(0, give_key(&self->a, self->id_a, "d"));
	EXPECT_EQ(1, key_lines(self->list_a, ".ima"));
	cert_path(path, "e");
	ASSERT_LT(0, agent_add_cert(&self->host, ring, path));
	EXPECT_EQ(2, key_lines(self->list_a, ".ima"));
	EXPECT_EQ(0, key_lines(self->list_b, ".ima"));
	EXPECT_LE(host + 2, key_lines(self->list_host, ".ima_ns"));
	EXPECT_EQ(ima, key_lines(self->list_host, ".ima"));
}

/* Real tools: keyctl and evmctl, by the serial that the file tells. */
TEST_F_TIMEOUT(certs, tools, 300)
{
	char serial[16], pem[PATH_MAX], out[4096];
	const char *const import[] = { "evmctl", "import", self->a_der, serial,
				       NULL };
	const char *const show[] = { "keyctl", "rlist", serial, NULL };
	long ring, key;

	ASSERT_EQ(0, host_add_ca(self->id_a, self->authority));
	ring = agent_keyring(&self->a);
	snprintf(serial, sizeof(serial), "%ld", ring);
	snprintf(pem, sizeof(pem), "%s/a.pem", sign_dir);
	ASSERT_EQ(0, run(import, out, sizeof(out)));
	ASSERT_EQ(0, run(show, out, sizeof(out)));
	key = strtol(out, NULL, 10);
	EXPECT_LT(0, key);
	EXPECT_LT(0, agent_keyctl(&self->a, KEYCTL_DESCRIBE, key, 0, 0));
}

/* "A keyring at its quota": that of the owner's root. */
TEST_F_TIMEOUT(certs, quota, 300)
{
	const char *const one = "1\n";
	long ring;

	ASSERT_LT(0, read_path(MAXKEYS, &self->maxkeys));
	ASSERT_EQ(0, host_add_ca(self->id_mine, self->authority));
	/* The one that the user has. */
	ASSERT_LT(0, agent_keyctl(&self->user, KEYCTL_JOIN_SESSION_KEYRING, 0,
				  0, 0));
	ASSERT_EQ(0, write_path(MAXKEYS, 0, one, strlen(one)));
	EXPECT_EQ(-EDQUOT, agent_open(&self->mine, KEYRING_FILE, O_RDONLY));
	ASSERT_EQ(0, write_path(MAXKEYS, 0, self->maxkeys,
				strlen(self->maxkeys)));
	ring = agent_keyring(&self->mine);
	EXPECT_LT(0, ring);
	ASSERT_EQ(0, write_path(MAXKEYS, 0, one, strlen(one)));
	EXPECT_EQ(-EDQUOT, agent_add_cert(&self->mine, ring, self->a_der));
	ASSERT_EQ(0, write_path(MAXKEYS, 0, self->maxkeys,
				strlen(self->maxkeys)));
	EXPECT_LT(0, agent_add_cert(&self->mine, ring, self->a_der));
}

/* The end: whoever linked the keyring has an empty one. */
TEST_F_TIMEOUT(certs, ends_with_namespace, 300)
{
	struct agent brief;
	long id, ring;

	ASSERT_EQ(0, agent_start(&brief, &self->host, CLONE_NEWNS));
	id = agent_number(&brief, "id");
	ASSERT_LT(0, give_key(&brief, id, "a"));
	ring = agent_keyring(&brief);
	ASSERT_LT(0, agent_keyctl(&self->host, KEYCTL_JOIN_SESSION_KEYRING, 0,
				  0, 0));
	ASSERT_EQ(0, agent_keyctl(&self->host, KEYCTL_LINK, ring,
				  KEY_SPEC_SESSION_KEYRING, 0));
	ASSERT_EQ(0, agent_stop(&brief));
	while (agent_keyctl(&self->host, KEYCTL_READ, ring, 0, 0) >= 0)
		usleep(1000);
	EXPECT_EQ(-EKEYREVOKED, agent_add_cert(&self->host, ring,
					       self->a_der));
}

TEST_HARNESS_MAIN
