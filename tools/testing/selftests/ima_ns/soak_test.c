// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Endurance
 *
 * Random acts of many processes in many namespaces, for SOAK_SECONDS (60 unless
 * set); what must hold is looked at all along and at the end.  SOAK_NAMESPACES
 * is how many are made one after the other.
 */

#include <dirent.h>

#include "replay.h"
#include "work.h"

#define WORKERS 8
#define ACTS_OF_A_LIFE 40
/* What the allocator counts as in use though it is not. */
#define SLACK 1000

static long setting(const char *name, long otherwise)
{
	const char *const value = getenv(name);

	return value && atol(value) > 0 ? atol(value) : otherwise;
}

/* What workers share with the test: where each lives now. */
struct shared {
	pid_t pids[WORKERS];
	double end;
};

FIXTURE(soak)
{
	struct scratch scratch;
	struct shared *shared;
	struct agent bound;
	struct emulator emulator;
	long id;
	char file[PATH_MAX];
	/* What there was before. */
	long statuses;
	int namespaces;
};

/* How many child namespaces there are, as the host sees it. */
static int count_namespaces(void)
{
	DIR *dir = opendir(NAMESPACES_DIR);
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += *entry->d_name != '.';
	if (dir)
		closedir(dir);
	return dir ? n : -errno;
}

FIXTURE_SETUP(soak)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	if (!have_swtpm())
		SKIP(return, "needs swtpm and /dev/vtpmx");
	self->statuses = count_statuses();
	self->namespaces = count_namespaces();
	ASSERT_LE(0, self->statuses);
	ASSERT_LE(0, self->namespaces);
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_EXT4));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "shared", 0, self->file));
	self->shared = shared_memory(sizeof(*self->shared));
	ASSERT_NE(NULL, self->shared);
	ASSERT_EQ(0, emulator_start(&self->emulator, self->scratch.dir, "tpm",
				    ALL_BANKS));
	ASSERT_EQ(0, agent_start(&self->bound, NULL, CLONE_NEWNS));
	self->id = agent_number(&self->bound, "id");
	ASSERT_EQ(0, bind_from_above(self->id, &self->emulator));
}

FIXTURE_TEARDOWN(soak)
{
	agent_stop(&self->bound);
	emulator_end(_metadata, &self->emulator);
	munmap(self->shared, sizeof(*self->shared));
	scratch_remove(&self->scratch);
	/* "No residue after all is gone." */
	EXPECT_TRUE(within(PATIENCE, count_namespaces() <= self->namespaces));
	EXPECT_TRUE(within(PATIENCE, count_statuses() <= self->statuses + SLACK));
}

/* A life's own part. */
struct life {
	struct shared *shared;
	const char *dir, *file;
	unsigned int seed;
	int worker, files;
};

static unsigned int pick(struct life *life, unsigned int n)
{
	return rand_r(&life->seed) % n;
}

/* "Whole lines": a PCR, digits and so on, from boot_aggregate on. */
static int check_list(const char *path)
{
	char *list, *line, *end;
	int err = 0;

	if (read_path(path, &list) < 0)
		return 0;
	if (*list && !contains(list, " boot_aggregate\n"))
		err = __LINE__;
	for (line = list; !err && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end || strncmp(line, "10 ", 3) ||
		    strspn(line + 3, "0123456789abcdef") != 40)
			err = __LINE__;
		if (!end)
			break;
	}
	free(list);
	return err;
}

static int act_execute_fresh(struct life *life)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/%d.%d.%d", life->dir, life->worker,
		 getpid(), life->files++);
	err = make_subject(path, 0) ? __LINE__ : 0;
	if (!err && execute(path))
		err = __LINE__;
	if (unlink(path) && !err)
		err = __LINE__;
	return err;
}

static int act_enter_other(struct life *life)
{
	const int fd = ns_open(life->shared->pids[pick(life, WORKERS)], "mnt");

	/* Whoever lived there may be gone, or be in a user namespace. */
	if (fd >= 0) {
		(void)!setns(fd, CLONE_NEWNS);
		close(fd);
	}
	return 0;
}

static int act_load_policy(void)
{
	static const char rules[] = "measure func=BPRM_CHECK\n"
				    "measure func=FILE_CHECK mask=MAY_READ uid=0\n"
				    "measure func=CRITICAL_DATA label=ima_ns\n";
	int fd;

	/* Never the host's, whom one enters by a worker that is about to leave. */
	if (ns_inum(0, "ima") == INIT_INUM)
		return 0;
	fd = open(POLICY, O_WRONLY | O_CLOEXEC);
	/* Another one may be loading it. */
	if (fd < 0)
		return errno == EBUSY || errno == EACCES ? 0 : __LINE__;
	(void)!write_rules(fd, rules);
	close(fd);
	return 0;
}

static int act_use_shared(struct life *life, bool write)
{
	char text[33];

	unique_text(text);
	if (write)
		(void)!write_path(life->file, O_APPEND, text, 32);
	else
		(void)!execute(life->file);
	/* Not while somebody executes it. */
	if (!pick(life, 50))
		(void)!truncate(life->file, 16384);
	return 0;
}

/* Someone else's list, as far as it may be read. */
static int act_look_below(struct life *life)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), NAMESPACES_DIR "/%u/ascii_runtime_measurements",
		 pick(life, 1000));
	return check_list(path);
}

static int act(struct life *life)
{
	switch (pick(life, 10)) {
	case 0:
		return unshare(CLONE_NEWNS) ? __LINE__ : 0;
	case 1:
		return act_load_policy();
	case 2:
	case 3:
		return act_execute_fresh(life);
	case 4:
		return act_enter_other(life);
	case 5:
		return check_list(ASCII_LIST);
	case 6:
		return act_look_below(life);
	case 7:
		return act_use_shared(life, true);
	default:
		return act_use_shared(life, false);
	}
}

/* 0, or the line that is wrong. */
static int live(struct life *life)
{
	int n = ACTS_OF_A_LIFE, err;

	err = pick(life, 4) ? unshare(CLONE_NEWNS) : enter_new(CLONE_NEWUSER |
							       CLONE_NEWNS);
	if (err)
		return __LINE__;
	while (n-- && !err)
		err = act(life);
	return err;
}

/* Lives one life after the other until it is time; the line that is wrong. */
static int work(struct life *life)
{
	int err = 0;

	while (!err && now() < life->shared->end) {
		const pid_t pid = fork();

		life->seed++;
		life->files = 0;
		if (!pid)
			_exit(live(life));
		life->shared->pids[life->worker] = pid;
		err = reap(pid);
	}
	return err;
}

/* "Random operations by many processes in many namespaces." */
TEST_F_TIMEOUT(soak, random, 100 + setting("SOAK_SECONDS", 60) * 2)
{
	const unsigned int seed = setting("SOAK_SEED", time(NULL));
	pid_t workers[WORKERS];
	int i;

	TH_LOG("SOAK_SEED=%u", seed);
	self->shared->end = now() + setting("SOAK_SECONDS", 60);
	for (i = 0; i < WORKERS; i++) {
		struct life life = { self->shared, self->scratch.dir, self->file,
				     seed + 1000 * i, i };

		self->shared->pids[i] = self->bound.pid;
		workers[i] = fork();
		if (!workers[i])
			_exit(work(&life));
	}
	while (now() < self->shared->end)
		ASSERT_EQ(0, work_begin(&self->bound, "/tmp", 2, 5) ?:
			     work_end(&self->bound));
	for (i = 0; i < WORKERS; i++) {
		EXPECT_EQ(0, reap(workers[i]))
		{
			TH_LOG("The line that is wrong, of worker %d", i);
		}
	}
	/* "Replay == PCR." */
	assert_replay(_metadata, self->id, &self->emulator);
}

/* "Create/destroy with slab counts back where they began." */
TEST_F_TIMEOUT(soak, create_destroy,
	       800 + setting("SOAK_NAMESPACES", 2000) / 50)
{
	const long rounds = setting("SOAK_NAMESPACES", 2000);
	const char *const shared = self->file;
	long n;

	for (n = 0; n < rounds; n++) {
		const pid_t pid = clone_flags(n % 2 ? CLONE_NEWNS | CLONE_NEWUSER :
						      CLONE_NEWNS);
		int fd;

		if (!pid) {
			fd = open(shared, O_RDONLY);
			_exit(fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_EXEC,
					     MAP_PRIVATE, fd, 0) == MAP_FAILED);
		}
		ASSERT_EQ(0, reap(pid));
	}
}

TEST_HARNESS_MAIN
