// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - The files in securityfs
 *
 * Which namespace a file refers to, by whose mount it is in and by who opens
 * it; what is in the directories; who may do what there.
 */

#include "securityfs.h"

#define SECURITYFS "/sys/kernel/security"
/* A rule that no other policy has. */
#define RULE "measure func=BPRM_CHECK fsmagic=0x61500"

/* Runs in the agent: opens call->path below the directory @fd. */
static long do_openat(struct call *call, int fd)
{
	call->fd = openat(fd, call->path, call->flags | O_CLOEXEC);
	close(fd);
	return call->fd < 0 ? -errno : 0;
}

/* @dir stays the caller's. */
static int agent_openat(struct agent *agent, int dir, const char *path,
			int flags)
{
	long err;
	int fd;

	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = flags;
	err = agent_call(agent, do_openat, dir, &fd);
	return err ? err : fd;
}

/* A number in a file below the directory @dir, as the agent opens it. */
static long agent_number_at(struct agent *agent, int dir, const char *path)
{
	const int fd = agent_openat(agent, dir, path, O_RDONLY);
	long ret;

	if (fd < 0)
		return fd;
	ret = read_number(fd);
	close(fd);
	return ret;
}

/* Root of a user namespace of its own, with its own mount. */
static int rootless_start(struct agent *agent, struct agent *from)
{
	const int err = agent_start(agent, from, CLONE_NEWUSER | CLONE_NEWNS);

	return err ?: agent_mount(agent);
}

/*
 *   H ── A ── AA          each but H in a user namespace of its own, with
 *    └── B                a mount of its own
 */
enum { H, A, AA, B, NR };

FIXTURE(family)
{
	struct agent agent[NR];
	long id[NR];
	/* The directory ima/ of each one's mount, opened by itself. */
	int dir[NR];
};

FIXTURE_SETUP(family)
{
	int i;

	ASSERT_EQ(0, agent_start(&self->agent[H], NULL, 0));
	ASSERT_EQ(0, rootless_start(&self->agent[A], NULL));
	ASSERT_EQ(0, rootless_start(&self->agent[AA], &self->agent[A]));
	ASSERT_EQ(0, rootless_start(&self->agent[B], NULL));
	for (i = 0; i < NR; i++) {
		self->id[i] = agent_number(&self->agent[i], "id");
		ASSERT_LE(0, self->id[i]);
		self->dir[i] = agent_open(&self->agent[i], IMA_DIR,
					  O_RDONLY | O_DIRECTORY);
		ASSERT_LE(0, self->dir[i]);
	}
	ASSERT_EQ(0, self->id[H]);
	ASSERT_EQ(self->id[A], agent_number(&self->agent[AA], "parent"));
	ASSERT_EQ(0, agent_number(&self->agent[B], "parent"));
}

FIXTURE_TEARDOWN(family)
{
	int i;

	for (i = 0; i < NR; i++)
		close(self->dir[i]);
	agents_stop(&self->agent[B], &self->agent[AA], &self->agent[A],
		    &self->agent[H]);
}

/*
 * "The opener's namespace if that is the superblock's or below it, otherwise
 * the superblock's if that is below the opener's, otherwise EACCES."
 */
TEST_F(family, mount_by_opener)
{
	static const int refers_to[NR][NR] = {
		/*	    H	A	AA	B   opens */
		[H]  = {    H,	A,	AA,	B },
		[A]  = {    A,	A,	AA,	-EACCES },
		[AA] = {    AA,	AA,	AA,	-EACCES },
		[B]  = {    B,	-EACCES, -EACCES, B },
	};
	static const char *const names[] = {
		"id", "ascii_runtime_measurements", "policy", "violations",
	};
	int mount, opener, i;

	for (mount = 0; mount < NR; mount++) {
		for (opener = 0; opener < NR; opener++) {
			const int wanted = refers_to[mount][opener];
			struct agent *const agent = &self->agent[opener];

			EXPECT_EQ(wanted < 0 ? wanted : self->id[wanted],
				  agent_number_at(agent, self->dir[mount], "id"))
			{
				TH_LOG("Mount %d, opener %d", mount, opener);
			}
			for (i = 0; i < 4; i++) {
				const int fd = agent_openat(agent,
							    self->dir[mount],
							    names[i], O_RDONLY);

				EXPECT_EQ(wanted < 0 ? wanted : 0,
					  fd < 0 ? fd : 0);
				close(fd);
			}
		}
	}
}

/* The host's mount, inherited and bound elsewhere, is "mine" in a container. */
TEST_F(family, inherited_mount)
{
	struct scratch scratch;
	struct agent agent;
	char path[PATH_MAX + 4];
	long id;

	ASSERT_EQ(0, scratch_make(&scratch, FS_TMPFS));
	ASSERT_EQ(0, mount(IMA_DIR, scratch.dir, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, agent_start(&agent, NULL, CLONE_NEWNS));
	id = agent_number(&agent, "id");
	EXPECT_LT(0, id);
	/* Bound before it was born, and gone from the host's mounts since. */
	ASSERT_EQ(0, umount(scratch.dir));
	snprintf(path, sizeof(path), "%s/id", scratch.dir);
	EXPECT_EQ(id, agent_number_at(&agent, -1, path));
	agent_stop(&agent);
	scratch_remove(&scratch);
}

/* From the host, a path through the process leads to the container's files. */
TEST_F(family, through_proc_root)
{
	char path[PATH_MAX], *policy;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root" IMA_DIR "/id",
		 self->agent[A].pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->id[A], read_number(fd));
	close(fd);

	snprintf(path, sizeof(path), "/proc/%d/root" POLICY,
		 self->agent[A].pid);
	fd = open(path, O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, write_rules(fd, RULE "\n"));
	EXPECT_EQ(0, close(fd));
	ASSERT_LT(0, agent_read(&self->agent[A], POLICY, &policy));
	EXPECT_EQ(0, strncmp(RULE, policy, strlen(RULE)));
	free(policy);
	ASSERT_LE(0, read_path(POLICY, &policy));
	EXPECT_FALSE(contains(policy, RULE));
	free(policy);
}

/* "With the ima directory only", and in it what the host's has. */
TEST_F(family, what_is_there)
{
	static char host[TEXT_SIZE], own[TEXT_SIZE];
	const char *const top = agent_ls(&self->agent[A], SECURITYFS);
	char path[64], *c;

	ASSERT_NE(NULL, top);
	EXPECT_STREQ("ima\n", top);
	EXPECT_TRUE(has_line(agent_ls(&self->agent[H], SECURITYFS), "lsm"));
	EXPECT_TRUE(has_line(agent_ls(&self->agent[H], SECURITYFS), "integrity"));

	snprintf(host, sizeof(host), "%s",
		 agent_ls(&self->agent[H], IMA_DIR));
	snprintf(own, sizeof(own), "%s", agent_ls(&self->agent[A], IMA_DIR));
	c = strstr(host, "host\n");
	ASSERT_NE(NULL, c);
	memmove(c, c + 5, strlen(c + 5) + 1);
	EXPECT_STREQ(host, own);

	c = strstr(host, "namespaces\n");
	ASSERT_NE(NULL, c);
	memmove(c, c + 11, strlen(c + 11) + 1);
	EXPECT_STREQ(host, agent_ls(&self->agent[H], IMA_DIR "/host"));
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld", self->id[A]);
	EXPECT_STREQ(host, agent_ls(&self->agent[H], path));
}

/* Each sees those below it, and nobody else. */
TEST_F(family, who_is_listed)
{
	static const bool sees[NR][NR] = {
		[H] = { false, true, true, true },
		[A] = { false, false, true, false },
	};
	char path[64];
	int i, j;

	for (i = 0; i < NR; i++) {
		for (j = 0; j < NR; j++) {
			EXPECT_EQ(sees[i][j],
				  has_id(agent_ls(&self->agent[i], IMA_DIR
						  "/namespaces"), self->id[j]));
			snprintf(path, sizeof(path), "namespaces/%ld/id",
				 self->id[j]);
			EXPECT_EQ(sees[i][j] ? self->id[j] : -ENOENT,
				  agent_number_at(&self->agent[i],
						  self->dir[i], path))
			{
				TH_LOG("%d looks for %d", i, j);
			}
		}
	}
}

/* The names are ids, written in one way. */
TEST_F(family, names_of_nothing)
{
	static const char *const names[] = {
		"0", "00", "-1", "x", "host", "18446744073709551615",
		"18446744073709551616", "99999999999999999999999999",
	};
	char path[PATH_MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), IMA_DIR "/namespaces/%s", names[i]);
		EXPECT_EQ(-1, access(path, F_OK));
		EXPECT_EQ(ENOENT, errno);
	}
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/0%ld", self->id[A]);
	EXPECT_EQ(-1, access(path, F_OK));
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/+%ld", self->id[A]);
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(-1, mkdir(path, 0755));
	EXPECT_EQ(-1, open(path, O_CREAT | O_WRONLY, 0600));
}

/* Files say who a namespace is: as /proc does, and who its parent is. */
TEST_F(family, identity)
{
	char path[64];

	snprintf(path, sizeof(path), "namespaces/%ld/inum", self->id[AA]);
	EXPECT_EQ(ns_inum(self->agent[AA].pid, "ima"),
		  agent_number_at(&self->agent[H], self->dir[H], path));
	snprintf(path, sizeof(path), "namespaces/%ld/parent", self->id[AA]);
	EXPECT_EQ(self->id[A],
		  agent_number_at(&self->agent[H], self->dir[H], path));
	EXPECT_EQ(ns_inum(self->agent[A].pid, "ima"),
		  agent_number(&self->agent[A], "inum"));
	EXPECT_EQ(INIT_INUM, agent_number(&self->agent[H], "inum"));
}

/* A policy is loaded from above; what is executed then is in that list. */
TEST_F(family, configured_from_above)
{
	char path[128], subject[PATH_MAX], evidence[EVIDENCE_SIZE];
	char *list;
	int fd;

	snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld/policy",
		 self->id[A]);
	fd = open(path, O_WRONLY | O_TRUNC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, write_rules(fd, "measure func=BPRM_CHECK fowner=0\n"));
	/* One writer per namespace, whichever file it came by. */
	EXPECT_EQ(-EBUSY, agent_open(&self->agent[A], POLICY, O_WRONLY));
	EXPECT_EQ(0, close(fd));

	/* Where the container sees it as well. */
	snprintf(subject, sizeof(subject), "/tmp/ima_ns.%d", getpid());
	ASSERT_EQ(0, make_subject(subject, 0));
	ASSERT_EQ(0, file_evidence(subject, subject, evidence,
				   sizeof(evidence)));
	EXPECT_EQ(0, agent_exec(&self->agent[A], subject, 0));
	EXPECT_EQ(0, unlink(subject));

	snprintf(path, sizeof(path),
		 IMA_DIR "/namespaces/%ld/ascii_runtime_measurements",
		 self->id[A]);
	ASSERT_LT(0, read_path(path, &list));
	EXPECT_TRUE(contains(list, " policy-replaced "));
	EXPECT_TRUE(contains(list, evidence));
	free(list);
}

/* What was looked up before is no way in later, nor for somebody else. */
TEST_F(family, directory_passed_on)
{
	struct agent user;
	char path[64];
	int dir;

	snprintf(path, sizeof(path), "namespaces/%ld", self->id[A]);
	dir = agent_openat(&self->agent[H], self->dir[H], path,
			   O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, dir);
	EXPECT_EQ(self->id[A], agent_number_at(&self->agent[H], dir, "id"));
	EXPECT_EQ(-ENOENT, agent_number_at(&self->agent[A], dir, "id"));
	EXPECT_EQ(-ENOENT, agent_number_at(&self->agent[AA], dir, "id"));
	EXPECT_EQ(-ENOENT, agent_number_at(&self->agent[B], dir, "id"));

	ASSERT_EQ(0, agent_start(&user, NULL, 0));
	ASSERT_EQ(0, agent_become(&user, 1000));
	EXPECT_EQ(-EACCES, agent_number_at(&user, dir, "id"));
	EXPECT_EQ(-EACCES, agent_number_at(&user, self->dir[H], path));
	EXPECT_FALSE(has_id(agent_ls(&user, IMA_DIR "/namespaces"),
			    self->id[A]));
	agent_stop(&user);
	close(dir);
}

/* A descriptor goes on meaning what it meant, with its opener's rights. */
TEST_F(family, file_passed_on)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "namespaces/%ld/id", self->id[A]);
	fd = agent_openat(&self->agent[H], self->dir[H], path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, agent_setns(&self->agent[H],
				 ns_open(self->agent[B].pid, "mnt"), 0));
	EXPECT_EQ(self->id[A], read_number(fd));
	close(fd);
}

/* "Stable while a namespace lives, gone afterwards." */
TEST_F(family, gone_afterwards)
{
	struct stat before, after;
	struct agent brief;
	char path[64];
	int dir, list;
	long id;

	ASSERT_EQ(0, rootless_start(&brief, NULL));
	id = agent_number(&brief, "id");
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld", id);
	ASSERT_EQ(0, stat(path, &before));
	ASSERT_EQ(0, stat(path, &after));
	EXPECT_EQ(before.st_ino, after.st_ino);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	list = openat(dir, "ascii_runtime_measurements", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, list);
	agent_stop(&brief);
	/* An open list keeps it; a directory does not. */
	EXPECT_EQ(id, agent_number_at(&self->agent[H], dir, "id"));
	close(list);
	while (agent_number_at(&self->agent[H], dir, "id") == id)
		sched_yield();
	EXPECT_EQ(-ENOENT, agent_number_at(&self->agent[H], dir, "id"));
	EXPECT_EQ(-1, stat(path, &after));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_FALSE(has_id(agent_ls(&self->agent[H], IMA_DIR "/namespaces"),
			    id));
	close(dir);
}

static long do_chdir(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return chdir(call->path) ? -errno : 0;
}

static long do_getcwd(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return getcwd(call->text, TEXT_SIZE) ? 0 : -errno;
}

/* A sibling's look must not take the host's working directory away. */
TEST_F(family, others_disturb_nobody)
{
	struct agent *const host = &self->agent[H];
	char name[64];

	snprintf(name, sizeof(name), "namespaces/%ld", self->id[A]);
	snprintf(host->call->path, PATH_MAX, "%s/%s", IMA_DIR, name);
	ASSERT_EQ(0, agent_call(host, do_chdir, -1, NULL));
	EXPECT_EQ(-ENOENT, agent_openat(&self->agent[B], self->dir[H], name,
					O_RDONLY));
	EXPECT_EQ(0, agent_call(host, do_getcwd, -1, NULL));
	EXPECT_TRUE(contains(host->call->text, name));
}

static long do_chmod(struct call *call, int fd)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	int refused = 0;

	if (fd >= 0)
		close(fd);
	refused += chmod(call->path, 0777) && errno == EPERM;
	refused += chown(call->path, 0, 0) && errno == EPERM;
	refused += utimensat(AT_FDCWD, call->path, times, 0) && errno == EPERM;
	return refused;
}

/* Changes of attributes that are refused, of the three that are tried. */
static long agent_chmod(struct agent *agent, const char *path)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	return agent_call(agent, do_chmod, -1, NULL);
}

/* A container's root does not loosen what all have in common. */
TEST_F(family, looks_stay)
{
	struct stat before, after;
	struct agent inside;

	ASSERT_EQ(0, stat(POLICY, &before));
	ASSERT_EQ(0, agent_start(&inside, NULL, CLONE_NEWNS));
	EXPECT_EQ(3, agent_chmod(&inside, POLICY));
	EXPECT_EQ(3, agent_chmod(&inside, IMA_DIR));
	EXPECT_EQ(3, agent_chmod(&inside, ASCII_LIST));
	EXPECT_EQ(3, agent_chmod(&self->agent[A], POLICY));
	EXPECT_EQ(3, agent_chmod(&self->agent[A], IMA_DIR));
	ASSERT_EQ(0, stat(POLICY, &after));
	EXPECT_EQ(before.st_mode, after.st_mode);
	agent_stop(&inside);

	/* The host's own are as they ever were. */
	EXPECT_EQ(0, chmod(POLICY, 0640));
	ASSERT_EQ(0, stat(POLICY, &after));
	EXPECT_EQ(0640, after.st_mode & 0777);
	EXPECT_EQ(0, chmod(POLICY, before.st_mode & 0777));
}

/* "Lists are append-only", and what is appended is what the kernel saw. */
TEST_F(family, nothing_is_written)
{
	static const char entry[] = "10 forged\n";
	static const char *const names[] = {
		"ascii_runtime_measurements", "binary_runtime_measurements",
		"runtime_measurements_count", "violations", "records_lost", "id",
		"parent", "inum",
	};
	char path[PATH_MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), IMA_DIR "/%s", names[i]);
		EXPECT_EQ(-EINVAL, write_path(path, 0, entry, strlen(entry)));
		EXPECT_GT(0, agent_append(&self->agent[A], path, entry));
		snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld/%s",
			 self->id[A], names[i]);
		EXPECT_EQ(-EINVAL, write_path(path, 0, entry, strlen(entry)))
		{
			TH_LOG("%s", path);
		}
	}
}

/* A lease would keep the host waiting for a container. */
TEST_F(family, no_leases)
{
	static const char *const names[] = {
		"policy", "id", "parent", "inum", "violations",
		"ascii_runtime_measurements", "binary_runtime_measurements",
		"runtime_measurements_count",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const int fd = agent_openat(&self->agent[A], self->dir[A],
					    names[i], O_RDONLY);

		ASSERT_LE(0, fd);
		EXPECT_EQ(-1, fcntl(fd, F_SETLEASE, F_RDLCK));
		EXPECT_EQ(EINVAL, errno);
		close(fd);
	}
}

static int service_start(struct agent *agent, int cap)
{
	const int err = agent_start(agent, NULL, CLONE_NEWNS);

	agent->call->flags = cap;
	return err ?: agent_call(agent, do_harden, -1, NULL);
}

/* "ima/host always means the initial namespace", also from such a service. */
TEST_F(family, host_directory)
{
	struct agent service;
	char *seen, *host;

	ASSERT_EQ(0, service_start(&service, CAP_MAC_ADMIN));
	EXPECT_LT(0, agent_number(&service, "id"));
	EXPECT_EQ(0, agent_number(&service, "host/id"));
	ASSERT_LT(0, agent_read(&service, IMA_DIR "/host/violations", &seen));
	ASSERT_LT(0, read_path(IMA_DIR "/violations", &host));
	EXPECT_STREQ(host, seen);
	free(seen);
	ASSERT_LT(0, agent_read(&service, IMA_DIR
				"/host/ascii_runtime_measurements", &seen));
	EXPECT_TRUE(contains(seen, " boot_aggregate"));
	/* The host has a chip, whose aggregate is none of zeros. */
	EXPECT_FALSE(contains(seen, "00000000 boot_aggregate"));
	free(seen);
	free(host);
	agent_stop(&service);

	ASSERT_EQ(0, service_start(&service, CAP_NET_ADMIN));
	EXPECT_EQ(-EACCES, agent_number(&service, "host/id"));
	agent_stop(&service);

	/* Root in user namespaces is nobody here. */
	EXPECT_EQ(-EACCES, agent_number_at(&self->agent[A], self->dir[H],
					   "host/id"));
	EXPECT_EQ(-EACCES, agent_number_at(&self->agent[A], self->dir[H],
					   "host/ascii_runtime_measurements"));
}

TEST_HARNESS_MAIN
