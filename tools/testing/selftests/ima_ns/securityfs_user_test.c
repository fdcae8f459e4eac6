// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - The files in securityfs: ordinary users
 *
 * Who may do what in the directories of a user's container, which come and go.
 */

#include <dirent.h>

#include "securityfs.h"

/* As `unshare -Urm` does for an ordinary user. */
static int user_container(struct agent *agent, uid_t uid)
{
	const int err = agent_start(agent, NULL, 0);

	agent->call->uid = uid;
	return err ?: agent_call(agent, do_become, -1, NULL) ?:
	       agent_call(agent, do_enter_own, -1, NULL) ?:
	       agent_mount(agent);
}

/*
 * An ordinary user's container.  Uid 0 in it is uid 61500 outside, where an
 * unrelated user is uid 61501.
 */
FIXTURE(user)
{
	struct agent container, owner, other;
	long id;
	char path[128];
};

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, user_container(&self->container, 61500));
	self->id = agent_number(&self->container, "id");
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, agent_start(&self->owner, NULL, 0));
	ASSERT_EQ(0, agent_become(&self->owner, 61500));
	ASSERT_EQ(0, agent_start(&self->other, NULL, 0));
	ASSERT_EQ(0, agent_become(&self->other, 61501));
	snprintf(self->path, sizeof(self->path),
		 IMA_DIR "/namespaces/%ld/ascii_runtime_measurements",
		 self->id);
}

FIXTURE_TEARDOWN(user)
{
	agents_stop(&self->other, &self->owner, &self->container);
}

static void assert_readable(struct __test_metadata *const _metadata,
			    struct agent *agent, const char *path, int wanted)
{
	const int fd = agent_open(agent, path, O_RDONLY);

	EXPECT_EQ(wanted, fd < 0 ? fd : 0)
	{
		TH_LOG("%s", path);
	}
	close(fd);
}

/* "Container root reads and writes its own." */
TEST_F(user, own_files)
{
	char *policy;

	assert_readable(_metadata, &self->container, ASCII_LIST, 0);
	EXPECT_EQ(0, agent_load(&self->container, "measure func=BPRM_CHECK\n"));
	ASSERT_LT(0, agent_read(&self->container, POLICY, &policy));
	EXPECT_TRUE(contains(policy, "measure func=BPRM_CHECK"));
	free(policy);
}

/* "An ordinary container user gets EACCES": one who has no privilege left. */
TEST_F(user, without_privilege)
{
	struct agent inside;

	ASSERT_EQ(0, agent_start(&inside, &self->container, 0));
	inside.call->flags = -1;
	ASSERT_EQ(0, agent_call(&inside, do_harden, -1, NULL));
	/* It is still uid 0 there: files are its own, the policy is not. */
	assert_readable(_metadata, &inside, IMA_DIR "/id", 0);
	EXPECT_EQ(-EPERM, agent_open(&inside, POLICY, O_WRONLY));
	EXPECT_EQ(-EPERM, agent_open(&inside, POLICY, O_RDONLY));
	agent_stop(&inside);
}

/* Who owns the container looks into it from outside; nobody else does. */
TEST_F(user, from_outside)
{
	char policy[128];

	assert_readable(_metadata, &self->owner, self->path, 0);
	EXPECT_TRUE(has_id(agent_ls(&self->owner, IMA_DIR "/namespaces"),
			   self->id));
	assert_readable(_metadata, &self->other, self->path, -EACCES);
	EXPECT_FALSE(has_id(agent_ls(&self->other, IMA_DIR "/namespaces"),
			    self->id));
	snprintf(policy, sizeof(policy), IMA_DIR "/namespaces/%ld/policy",
		 self->id);
	EXPECT_EQ(-EACCES, agent_open(&self->other, policy, O_WRONLY));
	assert_readable(_metadata, &self->owner, ASCII_LIST, -EACCES);
	assert_readable(_metadata, &self->owner, IMA_DIR "/host/id", -EACCES);
}

/* Its mount is of its own, not the host's. */
TEST_F(user, mounting)
{
	struct agent nested;

	/* Once more is the same superblock, which mount() refuses there. */
	EXPECT_EQ(-EBUSY, agent_mount(&self->container));
	EXPECT_EQ(self->id, agent_number(&self->container, "id"));
	/* Without a user namespace, mounting is root's. */
	EXPECT_EQ(-EPERM, agent_mount(&self->owner));
	/* Beyond the limit, the namespace shared is not this root's. */
	ASSERT_EQ(0, agent_start(&nested, NULL, CLONE_NEWUSER));
	snprintf(nested.call->path, PATH_MAX,
		 "/proc/sys/user/max_ima_namespaces");
	snprintf(nested.call->text, TEXT_SIZE, "0\n");
	ASSERT_EQ(0, agent_call(&nested, do_append, -1, NULL));
	ASSERT_EQ(0, agent_unshare(&nested, CLONE_NEWNS));
	ASSERT_EQ(INIT_INUM, ns_inum(nested.pid, "ima"));
	EXPECT_EQ(-EPERM, agent_mount(&nested));
	agent_stop(&nested);
}

/* "Its own one superblock is the host's, whoever mounts securityfs besides." */
TEST_F(user, host_mounts_besides)
{
	struct stat st, mounted;

	ASSERT_EQ(0, mount("securityfs", "/mnt", "securityfs", 0, NULL));
	EXPECT_EQ(0, stat(IMA_DIR, &st));
	EXPECT_EQ(0, stat("/mnt/ima", &mounted));
	ASSERT_EQ(0, umount("/mnt"));
	EXPECT_EQ(st.st_dev, mounted.st_dev);
	EXPECT_EQ(st.st_ino, mounted.st_ino);
}

/* Makes and ends namespaces until told to stop. */
static long do_churn(struct call *call, int fd)
{
	char byte;
	int i = 0;

	do {
		const pid_t pid = fork();

		if (!pid) {
			_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) ||
			      do_mount_securityfs(call, -1));
		}
		if (pid < 0 || reap(pid)) {
			i = -EIO;
			break;
		}
		i++;
	} while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0);
	close(fd);
	return i;
}

static long do_churn_fork(struct call *call, int fd)
{
	const pid_t pid = clone_flags(CLONE_PARENT);

	if (!pid)
		_exit(do_churn(call, fd) <= 0);
	close(fd);
	return pid;
}

/* Looks into every directory there is; the number of those seen alive. */
static int look_around(struct __test_metadata *const _metadata)
{
	DIR *all = opendir(IMA_DIR "/namespaces");
	struct dirent *entry;
	int seen = 0;

	ASSERT_NE(NULL, all);
	while ((entry = readdir(all))) {
		char path[PATH_MAX];
		ssize_t size;
		char *text;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), IMA_DIR "/namespaces/%s/policy",
			 entry->d_name);
		size = read_path(path, &text);
		if (size >= 0) {
			seen++;
			ASSERT_TRUE(contains(text, "measure"));
		} else {
			ASSERT_EQ(-ENOENT, size);
		}
		free(text);
	}
	closedir(all);
	return seen;
}

/* "Safe against concurrent creation and destruction." */
TEST(churn)
{
	struct agent agent;
	int pair[2], seen = 0, i;
	pid_t pid;

	ASSERT_EQ(0, agent_start(&agent, NULL, 0));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				pair));
	pid = agent_call(&agent, do_churn_fork, pair[1], NULL);
	ASSERT_LT(0, pid);
	close(pair[1]);
	/* However slowly the other gets on, it is to be met alive. */
	for (i = 0; i < 500 * scale() || !seen; i++)
		seen += look_around(_metadata);
	close(pair[0]);
	EXPECT_EQ(0, reap(pid));
	agent_stop(&agent);
}

TEST_HARNESS_MAIN
