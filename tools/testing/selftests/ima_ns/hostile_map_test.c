// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Attacks from one container: mappings
 *
 * What is mapped, remapped, and changed while it is used.
 */

#include "attacker.h"

static void *map_file(const char *path, int prot)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *const map = mmap(NULL, 4096, prot, MAP_PRIVATE, fd, 0);

	close(fd);
	return map;
}

static long do_map_exec(struct call *call, int fd)
{
	void *const map = map_file(call->path, PROT_READ | PROT_EXEC);

	if (fd >= 0)
		close(fd);
	return map == MAP_FAILED || munmap(map, 4096) ? -errno : 0;
}

static long do_mprotect(struct call *call, int fd)
{
	void *const map = map_file(call->path, PROT_READ);
	int err = 0;

	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return -errno;
	if (mprotect(map, 4096, PROT_READ | PROT_EXEC))
		err = -errno;
	munmap(map, 4096);
	return err;
}

/* A program that everybody may write. */
static int fresh_mapped(struct world *w, uid_t owner, char path[PATH_MAX])
{
	return fresh_program(w, owner, path) ?: chmod(path, 0777) ? -errno : 0;
}

/* mprotect() is recorded nowhere, as without containers; mmap() is. */
TEST_F(hostile, mprotect)
{
	char *const path = self->actor->call->path;
	int before[PARTIES], after[PARTIES];
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_mapped(&self->w, OWNER_MAP, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	world_counts(&self->w, before);
	ASSERT_EQ(0, agent_call(self->actor, do_mprotect, -1, NULL));
	world_counts(&self->w, after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	assert_act(_metadata, &self->w, variant->actor, do_map_exec, -1,
		   evidence);
}

/* Where a level appraises mappings, mprotect() is refused. */
TEST_F(hostile, mprotect_appraised)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, fresh_mapped(&self->w, OWNER_MAP, path));
	ASSERT_EQ(0, attacker_loads(self, variant->actor,
				    "appraise func=MMAP_CHECK fsmagic=0x01021994\n"));
	set_path(self->actor->call, path);
	EXPECT_EQ(-EPERM, agent_call(self->actor, do_mprotect, -1, NULL));
	EXPECT_EQ(-EACCES, agent_call(self->actor, do_map_exec, -1, NULL));
	/* What was refused was recorded before. */
	EXPECT_EQ(1, fd_count_path(self->w.list[HOST], path));
}

/* Maps, changes and maps again what is mapped already. */
static long do_remap(struct call *call, int fd)
{
	void *const old = map_file(call->path, PROT_READ | PROT_EXEC);
	int err;

	if (fd >= 0)
		close(fd);
	if (old == MAP_FAILED)
		return -errno;
	err = write_path(call->path, O_APPEND, call->text, 32) ?:
	      do_map_exec(call, -1);
	munmap(old, 4096);
	return err;
}

/* What is mapped again after it was changed is recorded again. */
TEST_F(hostile, remap)
{
	char *const path = self->actor->call->path;
	char old[EVIDENCE_SIZE], new[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_mapped(&self->w, OWNER_MAP, path));
	ASSERT_EQ(0, file_evidence(path, path, old, sizeof(old)));
	unique_text(self->actor->call->text);
	ASSERT_EQ(0, agent_call(self->actor, do_remap, -1, NULL));
	ASSERT_EQ(0, file_evidence(path, path, new, sizeof(new)));
	EXPECT_EQ(1, fd_count_text(self->w.list[HOST], old));
	EXPECT_EQ(1, fd_count_text(self->w.list[HOST], new));
	EXPECT_EQ(1, fd_count_text(self->list, old));
	EXPECT_EQ(1, fd_count_text(self->list, new));
}

/* Maps a file for execution that it has open for writing. */
static long do_map_written(struct call *call, int fd)
{
	const int writer = open(call->path, O_WRONLY | O_CLOEXEC);
	long err;

	if (fd >= 0)
		close(fd);
	if (writer < 0)
		return -errno;
	err = do_map_exec(call, -1);
	close(writer);
	return err;
}

/* The same with a mapping instead of a descriptor. */
static long do_map_shared(struct call *call, int fd)
{
	const int writer = open(call->path, O_RDWR | O_CLOEXEC);
	char *const map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			       writer, 0);
	long err;

	if (fd >= 0)
		close(fd);
	close(writer);
	if (map == MAP_FAILED)
		return -errno;
	map[100] ^= 1;
	err = do_map_exec(call, -1);
	munmap(map, 4096);
	return err;
}

/* Opens a file for writing that it has open for reading. */
static long do_write_read(struct call *call, int fd)
{
	const int reader = open(call->path, O_RDONLY | O_CLOEXEC);
	const int writer = open(call->path, O_WRONLY | O_CLOEXEC);
	const int err = reader < 0 || writer < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	close(reader);
	close(writer);
	return err;
}

/* Executes a program, and again after it was written while no versions were counted. */
static int execute_uncounted(const char *path, const char *text)
{
	int err = execute(path);
	const int fd = open(path, O_RDWR | O_CLOEXEC);

	if (err || fd < 0 || mount(NULL, "/mnt", NULL, MS_REMOUNT, NULL))
		return err ?: -errno;
	if (pwrite(fd, text, 32, 2048) != 32 ||
	    mount(NULL, "/mnt", NULL, MS_REMOUNT | MS_I_VERSION, NULL) ||
	    close(fd))
		return -errno;
	return execute(path);
}

/* In a user namespace whose root call->uid is, on a tmpfs of its own. */
static int remount_inside(struct call *call, const char *program, ssize_t size)
{
	int err = call->uid ? become(call->uid) : 0;

	/* Who became another user may not write what is in /proc otherwise. */
	prctl(PR_SET_DUMPABLE, 1);
	err = err ?: enter_as(CLONE_NEWUSER | CLONE_NEWNS, call->uid);
	if (err || mount("tmpfs", "/mnt", "tmpfs", 0, NULL))
		return err ?: -errno;
	err = write_path(call->path, O_CREAT | O_EXCL, program, size);
	if (err || chmod(call->path, 0755))
		return err ?: -errno;
	return execute_uncounted(call->path, call->text);
}

static long do_remount(struct call *call, int fd)
{
	char *program;
	const ssize_t size = read_fd(fd, &program);
	const pid_t pid = fork();

	close(fd);
	if (!pid)
		_exit(-remount_inside(call, program, size));
	free(program);
	return pid < 0 ? -errno : -reap(pid);
}

/* Whoever mounted a tmpfs may have it count no versions: none of them is believed. */
TEST_F(hostile, remount)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	struct call *const call = self->actor->call;
	int fd;

	ASSERT_EQ(0, fresh_mapped(&self->w, OWNER_MAP, path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	snprintf(call->path, PATH_MAX, "/mnt%s", strrchr(path, '/'));
	unique_text(call->text);
	call->uid = variant->actor == MINE ? 0 : USER;
	ASSERT_EQ(0, agent_call(self->actor, do_remount, dup(fd), NULL));
	ASSERT_EQ(32, pwrite(fd, call->text, 32, 2048));
	ASSERT_EQ(0, file_evidence(path, call->path, evidence, sizeof(evidence)));
	EXPECT_EQ(1, fd_count_text(self->w.list[HOST], evidence));
	EXPECT_EQ(1, fd_count_text(self->list, evidence));
	close(fd);
}

struct violation {
	long (*act)(struct call *call, int fd);
	uid_t owner;
	/* Does the default policy of the container ask for it? */
	int own;
};

static const struct violation violations[] = {
	{ do_map_written, OWNER_MAP, 1 },
	{ do_map_shared, OWNER_MAP, 1 },
	{ do_write_read, OWNER_READ, 0 },
};

/* What is used while it may be changed is a violation. */
TEST_F(hostile, violations)
{
	char *const path = self->actor->call->path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(violations); i++) {
		const struct violation *const v = &violations[i];
		const long before = own_number("violations");

		ASSERT_EQ(0, fresh_mapped(&self->w, v->owner, path));
		ASSERT_EQ(0, agent_call(self->actor, v->act, -1, NULL));
		EXPECT_EQ(1, fd_count_violations(self->w.list[HOST], path))
		{
			TH_LOG("Violation %zu", i);
		}
		EXPECT_EQ(before + 1, own_number("violations"));
		EXPECT_EQ(v->own, fd_count_violations(self->list, path));
		/* What was measured is there, too. */
		EXPECT_EQ(2, fd_count_path(self->w.list[HOST], path));
	}
}

TEST_HARNESS_MAIN
