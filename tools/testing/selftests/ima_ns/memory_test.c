// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Memory
 *
 * What only a container keeps is charged to it, and what the host keeps is not:
 * a container at its limit hides nothing.
 */

#include "world.h"

#define CGROUPS "/sys/fs/cgroup"
#define FILES 61830
#define RULE "measure func=FILE_CHECK mask=MAY_READ\n"
#define OTHERS 61831
#define HOST_RULES "measure func=FILE_CHECK mask=MAY_READ fowner=61830\n"
#define MAX_FILES 6000

FIXTURE(memory)
{
	struct scratch scratch;
	struct agent a;
	char cgroup[PATH_MAX];
	int list_host;
};

static int cgroup_write(const char *cgroup, const char *file, const char *text)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	return write_path(path, 0, text, strlen(text));
}

/* A number of a cgroup's, by its name if a file has several. */
static long cgroup_number(const char *cgroup, const char *file,
			  const char *name)
{
	char path[2 * PATH_MAX], *text, *found;
	long n = -ENOENT;

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	if (read_path(path, &text) < 0)
		return -errno;
	found = name ? strstr(text, name) : text;
	if (found)
		n = strtol(found + (name ? strlen(name) : 0), NULL, 10);
	free(text);
	return n;
}

FIXTURE_SETUP(memory)
{
	char pid[16];

	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(HOST_RULES, "fowner=61830"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, cgroup_write(CGROUPS, "cgroup.subtree_control",
				  "+memory"));
	snprintf(self->cgroup, sizeof(self->cgroup), CGROUPS "/ima_ns_test");
	ASSERT_EQ(0, mkdir(self->cgroup, 0755));
	ASSERT_EQ(0, agent_start(&self->a, NULL, 0));
	snprintf(pid, sizeof(pid), "%d", self->a.pid);
	ASSERT_EQ(0, cgroup_write(self->cgroup, "cgroup.procs", pid));
	ASSERT_EQ(0, agent_unshare(&self->a, CLONE_NEWNS));
	self->list_host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->list_host);
}

FIXTURE_TEARDOWN(memory)
{
	close(self->list_host);
	agent_stop(&self->a);
	EXPECT_EQ(0, cgroup_write(self->cgroup, "cgroup.kill", "1"));
	while (rmdir(self->cgroup) && errno == EBUSY)
		sched_yield();
	scratch_remove(&self->scratch);
}

/*
 * Files that nobody has seen, made by who is in no cgroup of ours; of one owner and
 * of the other in turn.
 */
static int make_files(const char *dir, int owner, int other, int n)
{
	char path[PATH_MAX], text[33];
	int err = 0;

	while (n-- && !err) {
		unique_text(text);
		snprintf(path, sizeof(path), "%.4000s/%d", dir, n);
		unlink(path);
		err = write_path(path, O_CREAT, text, 32);
		if (!err && chown(path, n % 2 ? owner : other, 0))
			err = -errno;
	}
	return err;
}

/* Opens file after file, in a process that may be killed; counts them. */
static long do_open_all(struct call *call, int fd)
{
	const pid_t pid = fork();
	char path[2 * PATH_MAX];
	int n, status;

	if (fd >= 0)
		close(fd);
	for (n = call->flags; !pid && n--;) {
		snprintf(path, sizeof(path), "%s/%d", call->path, n);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			_exit(1);
		close(fd);
		call->uid++;
	}
	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -errno : 0;
}

/* How many files were opened. */
static int open_all(struct agent *agent, const char *dir, int n)
{
	snprintf(agent->call->path, PATH_MAX, "%s", dir);
	agent->call->flags = n;
	agent->call->uid = 0;
	/* It may have been the agent that was killed. */
	agent_call(agent, do_open_all, -1, NULL);
	return agent->call->uid;
}

/* "Container in a 2 MiB memcg, at its limit": the host has what it did. */
TEST_F_TIMEOUT(memory, at_the_limit, 360)
{
	int before, opened, gained;

	/* Every other one only the container records, and pays for. */
	ASSERT_EQ(0, make_files(self->scratch.dir, FILES, OTHERS, MAX_FILES));
	ASSERT_EQ(0, agent_load(&self->a, RULE));
	/* Loading it may be recorded, too. */
	before = fd_count(self->list_host);
	ASSERT_EQ(0, cgroup_write(self->cgroup, "memory.max", "2M"));
	opened = open_all(&self->a, self->scratch.dir, MAX_FILES);
	TH_LOG("%d opened, %ld bytes charged, limit met %ld times", opened,
	       cgroup_number(self->cgroup, "memory.current", NULL),
	       cgroup_number(self->cgroup, "memory.events", "\nmax "));
	EXPECT_LT(0, opened);
	EXPECT_LT(0, cgroup_number(self->cgroup, "memory.events", "\nmax "));
	gained = fd_count(self->list_host) - before;
	/* One may have been killed in between. */
	EXPECT_LE(opened / 2, gained);
	EXPECT_GE(opened / 2 + 1, gained);
}

#define NR 1000

/* What is charged for each of NR fresh files that the agent opens. */
static long charged(struct __test_metadata *const _metadata,
		    struct _test_data_memory *self, struct agent *agent, int owner)
{
	long before, after;

	ASSERT_EQ(0, make_files(self->scratch.dir, owner, owner, NR));
	/* The first record brings a list. */
	ASSERT_EQ(1, open_all(agent, self->scratch.dir, 1));
	before = cgroup_number(self->cgroup, "memory.stat", "\nkernel ");
	ASSERT_EQ(NR, open_all(agent, self->scratch.dir, NR));
	after = cgroup_number(self->cgroup, "memory.stat", "\nkernel ");
	return (after - before) / (NR - 1);
}

/* "What only a child keeps is charged to its memcg", and what the host keeps is not. */
TEST_F_TIMEOUT(memory, charged, 360)
{
	long alone, with_host;

	ASSERT_EQ(0, agent_load(&self->a, RULE));
	alone = charged(_metadata, self, &self->a, OTHERS);
	with_host = charged(_metadata, self, &self->a, FILES);
	TH_LOG("%ld bytes for each record and status, %ld if the host has the record",
	       alone, with_host);
	/* A status is the lesser part of it. */
	EXPECT_LT(600, alone);
	EXPECT_GT(2000, alone);
	EXPECT_LT(300, alone - with_host);
}

#define LEVELS 8

/* Bytes of an object of a cache, or -errno. */
static long size_of(const char *cache)
{
	long size = -ENOENT;
	char *text, *line;

	if (read_path("/proc/slabinfo", &text) < 0)
		return -errno;
	line = strstr(text, cache);
	if (line)
		sscanf(line, " %*s %*d %*d %ld", &size);
	free(text);
	return size;
}

/* "One more level that keeps the same record: 64 bytes." */
TEST_F_TIMEOUT(memory, further_level, 360)
{
	const long status = size_of("\nima_ns_status ");
	/* 40, if the kernel does not check it. */
	const long place = size_of("\nima_queue_entry ");
	struct agent levels[LEVELS];
	long one, all, further;
	int i;

	ASSERT_LT(0, status);
	ASSERT_LT(0, place);
	ASSERT_EQ(0, agent_load(&self->a, RULE));
	one = charged(_metadata, self, &self->a, OTHERS);
	for (i = 0; i < LEVELS; i++) {
		ASSERT_EQ(0, agent_start(&levels[i], i ? &levels[i - 1] : &self->a,
					 CLONE_NEWNS));
		ASSERT_EQ(0, agent_load(&levels[i], RULE));
	}
	all = charged(_metadata, self, &levels[LEVELS - 1], OTHERS);
	/* The rest is what each level remembers of the file. */
	further = (all - one) / LEVELS - status;
	TH_LOG("%ld bytes, %ld at %d more levels: %ld for a record, %ld for a status",
	       one, all, LEVELS, further, status);
	EXPECT_LT(0, further);
	EXPECT_GE(64 - 40, further - place);
	for (i = LEVELS; i--;)
		agent_stop(&levels[i]);
}

#define RULES 1000

/* So are the rules of a policy, and the text that is kept for its record. */
TEST_F_TIMEOUT(memory, policy_charged, 360)
{
	char *const text = malloc(TEXT_SIZE), *c = text;
	long before, after;
	int i;

	for (i = 1; i <= RULES; i++)
		c += sprintf(c, "dont_measure fsmagic=0x%x\n", i);
	before = cgroup_number(self->cgroup, "memory.stat", "\nkernel ");
	ASSERT_EQ(0, agent_load(&self->a, text));
	after = cgroup_number(self->cgroup, "memory.stat", "\nkernel ");
	free(text);
	TH_LOG("%ld bytes for each rule", (after - before) / RULES);
	EXPECT_LT(RULES * 128L, after - before);
}

TEST_HARNESS_MAIN
