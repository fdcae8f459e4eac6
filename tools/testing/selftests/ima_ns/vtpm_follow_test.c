// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - A vTPM follows the list
 *
 * That a chip is extended by what is in its namespace's list, in its order, and
 * what becomes of it in the end.
 */

#include <dirent.h>

#include "bound.h"

/*
 * "If it had entries, a further boot_aggregate line (the chip's) is appended";
 * "extends entry after entry in list order from the first one; violations
 * extend FF..FF".
 */
TEST_F_TIMEOUT(vtpm, late, 360)
{
	int before, i;

	ASSERT_EQ(0, agent_load(&self->a, RULES));
	for (i = 0; i < 100 * scale(); i++) {
		ASSERT_EQ(0, open_fresh(self, &self->a));
		if (i % 40 == 1)
			ASSERT_EQ(0, violate(self, &self->a));
	}
	before = fd_count(self->list_a);
	ASSERT_LE(103 * scale(), before);
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	EXPECT_TRUE(is_boot_aggregate(self->list_a, before));
	EXPECT_FALSE(is_boot_aggregate(self->list_a, 0));
	ASSERT_EQ(0, open_fresh(self, &self->a));
	ASSERT_EQ(0, violate(self, &self->a));
	EXPECT_LT(before + 3, assert_follows(_metadata, &self->a, self->id_a,
					     &self->v));
	EXPECT_EQ(agent_number(&self->a, "violations"),
		  vtpm_violations(&self->v));
	assert_replay(_metadata, &self->a, &self->v);
}

#define TASKS 8
#define TASK_FILES 12

/* Tasks open the files of call->path, a directory, each its own share. */
static long do_open_all(struct call *call, int fd)
{
	char path[PATH_MAX + 32];
	pid_t pids[TASKS];
	int task, i, err = 0;

	if (fd >= 0)
		close(fd);
	for (task = 0; task < TASKS; task++) {
		pids[task] = fork();
		if (pids[task])
			continue;
		for (i = 0; i < TASK_FILES; i++) {
			snprintf(path, sizeof(path), "%s/file%d", call->path,
				 task * TASK_FILES + i);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			err = err ?: fd < 0;
			close(fd);
		}
		_exit(err);
	}
	for (task = 0; task < TASKS; task++)
		err = reap(pids[task]) ?: err;
	return err;
}

/* "Always: under concurrency", and with a binding in the middle of it. */
TEST_F_TIMEOUT(vtpm, concurrent, 360)
{
	char path[PATH_MAX];
	pid_t pid;
	int i;

	ASSERT_EQ(0, agent_load(&self->a, RULES));
	for (i = 0; i < TASKS * TASK_FILES; i++)
		ASSERT_EQ(0, fresh_file(self, path));
	pid = fork_bind(self->id_a, &self->v);
	snprintf(self->a.call->path, PATH_MAX, "%s", self->scratch.dir);
	EXPECT_EQ(0, agent_call(&self->a, do_open_all, -1, NULL));
	EXPECT_EQ(0, reap(pid));
	EXPECT_LT(TASKS * TASK_FILES, assert_follows(_metadata, &self->a,
						     self->id_a, &self->v));
	assert_replay(_metadata, &self->a, &self->v);
}

/* A measurement is extended before the file is used. */
TEST_F(vtpm, extended_before_use)
{
	int i;

	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	ASSERT_EQ(0, agent_load(&self->a, RULES));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, open_fresh(self, &self->a));
		ASSERT_EQ(fd_count(self->list_a),
			  vtpm_get(self->v.shared->extends));
	}
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
}

/* "A level's record extends that level's chip and no other." */
TEST_F(vtpm, nested)
{
	struct agent below;
	long id;

	ASSERT_EQ(0, agent_start(&below, &self->a, CLONE_NEWNS));
	id = agent_number(&below, "id");
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	EXPECT_EQ(-EBUSY, write_own(&below, self->v.name));
	EXPECT_EQ(0, write_own(&below, self->other.name));
	EXPECT_EQ(1, tpm_records(self->list_a, "tpm-bound", id,
				 &self->other));
	ASSERT_EQ(0, agent_load(&self->a, RULES));
	ASSERT_EQ(0, agent_load(&below, RULES));
	EXPECT_EQ(0, open_fresh(self, &below));
	EXPECT_EQ(0, open_fresh(self, &self->a));
	EXPECT_EQ(0, violate(self, &below));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	assert_follows(_metadata, &below, id, &self->other);
	assert_replay(_metadata, &self->a, &self->v);
	assert_replay(_metadata, &below, &self->other);
	EXPECT_EQ(0, agent_stop(&below));
	/* What is above goes on. */
	EXPECT_TRUE(WAIT_FOR(vtpm_get(self->other.shared->hung_up), SOON_MS));
	EXPECT_EQ(0, open_fresh(self, &self->a));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
}

/* "pcr= rules: as on the host." */
TEST_F(vtpm, other_pcr)
{
	unsigned char value[VTPM_DIGEST], zero[VTPM_DIGEST] = {};

	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	ASSERT_EQ(0, agent_load(&self->a, RULES_PCR));
	ASSERT_EQ(0, open_fresh(self, &self->a));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	ASSERT_EQ(0, tpm_pcr_read(&self->v, 11, value));
	EXPECT_NE(0, memcmp(zero, value, VTPM_DIGEST));
}

/* "Then a critical-data record `tpm-bound`, in the ancestors' lists too." */
TEST_F(vtpm, recorded)
{
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	EXPECT_EQ(1, tpm_records(self->list_a, "tpm-bound", self->id_a,
				 &self->v));
	EXPECT_EQ(1, tpm_records(self->list_host, "tpm-bound", self->id_a,
				 &self->v));
	EXPECT_EQ(-EBUSY, write_own(&self->a, self->v.name));
	EXPECT_EQ(1, tpm_records(self->list_host, "tpm-bound", self->id_a,
				 &self->v));
}

/*
 * "End of the namespace: the server fd is hung up, so that the emulator sees
 * it and ends; a new chip can be bound again."
 */
TEST_F(vtpm, released)
{
	struct agent brief;
	char path[128];
	long id;

	ASSERT_EQ(0, agent_start(&brief, &self->host, CLONE_NEWNS));
	id = agent_number(&brief, "id");
	ASSERT_EQ(0, write_own(&brief, self->v.name));
	ASSERT_EQ(0, open_fresh(self, &brief));
	EXPECT_FALSE(vtpm_get(self->v.shared->hung_up));
	ASSERT_EQ(0, agent_stop(&brief));
	EXPECT_TRUE(WAIT_FOR(vtpm_get(self->v.shared->hung_up), SOON_MS));
	snprintf(path, sizeof(path), IMA_DIR "/namespaces/%ld", id);
	EXPECT_TRUE(WAIT_FOR(access(path, F_OK), SOON_MS));
	ASSERT_EQ(0, reap(self->v.pid));
	self->v.pid = 0;
	/* "A chip serves one namespace only, ever." */
	EXPECT_NE(0, ioctl_as(&self->a, KEEP_ALL, &self->v));
	assert_unbound(_metadata, &self->a);

	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	EXPECT_EQ(0, write_own(&self->a, self->other.name));
	assert_follows(_metadata, &self->a, self->id_a, &self->other);
}

/* Reads whatever can be read in its ima directory; how many files. */
static long do_read_all(struct call *call, int fd)
{
	DIR *dir = opendir(IMA_DIR);
	const struct dirent *entry;
	char path[PATH_MAX], *text;
	int n = 0;

	if (fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), IMA_DIR "/%s", entry->d_name);
		n += read_path(path, &text) > 0;
		free(text);
	}
	if (dir)
		closedir(dir);
	return n;
}

/* "Reading never extends, allocates lists or resets counters." */
TEST_F(vtpm, readers_change_nothing)
{
	char path[128], *text;
	int entries, extends, i;

	/* Nor does it begin a list: that of b is empty. */
	EXPECT_LT(8, agent_call(&self->b, do_read_all, -1, NULL));
	EXPECT_EQ(0, agent_number(&self->b, "runtime_measurements_count"));

	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	ASSERT_EQ(0, agent_load(&self->a, RULES));
	ASSERT_EQ(0, open_fresh(self, &self->a));
	ASSERT_EQ(0, violate(self, &self->a));
	entries = assert_follows(_metadata, &self->a, self->id_a, &self->v);
	extends = vtpm_get(self->v.shared->extends);
	snprintf(path, sizeof(path), "/sys/class/tpm/%s/pcr-sha256/10",
		 self->v.name);
	for (i = 0; i < 5; i++) {
		EXPECT_LT(8, agent_call(&self->a, do_read_all, -1, NULL));
		EXPECT_LT(0, read_path(path, &text));
		free(text);
	}
	EXPECT_EQ(entries, fd_count(self->list_a));
	EXPECT_EQ(1, agent_number(&self->a, "violations"));
	EXPECT_EQ(extends, vtpm_get(self->v.shared->extends));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
}

/* The namespace ends while a chip is bound to it. */
TEST_F_TIMEOUT(vtpm, ends_while_binding, 360)
{
	struct agent brief;
	pid_t pid;
	int i, err;

	for (i = 0; i < 10 * scale(); i++) {
		ASSERT_EQ(0, agent_start(&brief, &self->host, CLONE_NEWNS));
		ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
		pid = fork_bind(agent_number(&brief, "id"), &self->other);
		ASSERT_EQ(0, agent_stop(&brief));
		err = reap(pid);
		ASSERT_TRUE(!err || err == ENOENT || err == ENODEV)
		{
			TH_LOG("Round %d: %s", i, strerror(err));
		}
		if (!err)
			ASSERT_TRUE(WAIT_FOR(vtpm_get(self->other.shared->hung_up),
					     SOON_MS));
		vtpm_stop(&self->other);
	}
}

/* An open file of the namespace keeps the chip, as it keeps the namespace. */
TEST_F(vtpm, held_by_a_file)
{
	struct agent brief;
	int list;

	ASSERT_EQ(0, agent_start(&brief, &self->host, CLONE_NEWNS));
	list = agent_open(&brief, ASCII_LIST, O_RDONLY);
	ASSERT_LE(0, list);
	ASSERT_EQ(0, write_own(&brief, self->v.name));
	ASSERT_EQ(0, agent_stop(&brief));
	EXPECT_FALSE(WAIT_FOR(vtpm_get(self->v.shared->hung_up), 300));
	close(list);
	EXPECT_TRUE(WAIT_FOR(vtpm_get(self->v.shared->hung_up), SOON_MS));
}

/* /dev/tpmN goes on working: what is extended can be quoted. */
TEST_F(vtpm, device_is_usable)
{
	unsigned char value[VTPM_DIGEST];
	int i;

	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	ASSERT_EQ(0, agent_load(&self->a, RULES));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, open_fresh(self, &self->a));
		ASSERT_EQ(0, tpm_pcr_read(&self->v, 10, value));
		ASSERT_EQ(0, memcmp(self->v.shared->pcrs[10], value,
				    VTPM_DIGEST));
	}
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	assert_replay(_metadata, &self->a, &self->v);
}

/* "Per-bank list files of the namespace follow ITS chip." */
TEST_F(vtpm, bank_files)
{
	static const char sha384[] = IMA_DIR "/ascii_runtime_measurements_sha384";
	static const char *const names[] = {
		"ascii_runtime_measurements_sha1",
		"binary_runtime_measurements_sha1",
		"ascii_runtime_measurements_sha256",
		"binary_runtime_measurements_sha256",
	};
	const int host = open(sha384, O_RDONLY | O_CLOEXEC);
	const int host_err = host < 0 ? -errno : close(host);
	char path[128];
	size_t i;
	int fd;

	fd = agent_open(&self->b, sha384, O_RDONLY);
	EXPECT_EQ(host_err, fd < 0 ? fd : close(fd));
	ASSERT_EQ(0, write_own(&self->a, self->v.name));
	EXPECT_EQ(-ENOENT, agent_open(&self->a, sha384, O_RDONLY));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), IMA_DIR "/%s", names[i]);
		fd = agent_open(&self->a, path, O_RDONLY);
		ASSERT_LE(0, fd)
		{
			TH_LOG("%s", names[i]);
		}
		close(fd);
	}
	/* Nobody else's. */
	fd = agent_open(&self->b, sha384, O_RDONLY);
	EXPECT_EQ(host_err, fd < 0 ? fd : close(fd));
}

TEST_HARNESS_MAIN
