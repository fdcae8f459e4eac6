// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What others can make an access cost
 *
 * For a machine whose time is counted in instructions, as that of
 * scripts/vm -i, in which time passes at once when there is nothing to do.
 */

#include <poll.h>
#include <sys/resource.h>
#include <time.h>

#include "world.h"

#define OWNER 61880
#define OWNER_HOST 61881
#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61880\n"
#define HOST_RULES "measure func=FILE_CHECK mask=MAY_READ fowner=61881\n" \
		   "measure func=CRITICAL_DATA label=ima_ns\n"

/* Of a list's table. */
#define BUCKETS 1024

#define RECORDS 1000
#define LAST 200

/* Namespaces that do nothing, and such that measured the same file. */
#define IDLE 5000
#define READERS 500
#define ROUNDS 5
#define OPENS 500

/*
 * host ─┬─ flooded: its records are chosen
 *       ├─ plain: its records are not
 *       └─ crowd: makes many namespaces, which stay as long as the agent
 */
FIXTURE(cost)
{
	struct scratch scratch;
	struct agent host, flooded, plain, crowd;
	char path[PATH_MAX];
};

FIXTURE_SETUP(cost)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(HOST_RULES, "fowner=61881"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "file", OWNER_HOST,
				     self->path));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, agent_start(&self->flooded, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->plain, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->crowd, NULL, 0));
	ASSERT_EQ(0, agent_load(&self->flooded, RULE_READ));
	ASSERT_EQ(0, agent_load(&self->plain, RULE_READ));
}

FIXTURE_TEARDOWN(cost)
{
	agents_stop(&self->crowd, &self->plain, &self->flooded, &self->host);
	scratch_remove(&self->scratch);
}

static long cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Files that a list is flooded with: all of one content, named by numbers. */
struct flood {
	char dir[64];
	unsigned char content[64];
	size_t size;
	int from, to;
	__u32 numbers[RECORDS];
};

static void flood_path(const struct flood *flood, __u32 number, char path[128])
{
	snprintf(path, 128, "%s/%08u", flood->dir, number);
}

/*
 * What the digest of a record is made of, padded for SHA-256: sizes and fields, of
 * which only the number at the end of the path is not the same for all.
 */
struct record {
	unsigned char data[128];
	char *number;
	__u64 first[8];
};

static void add_field(struct record *record, size_t *n, const void *field,
		      __u32 size)
{
	memcpy(record->data + *n, &size, sizeof(size));
	memcpy(record->data + *n + sizeof(size), field, size);
	*n += sizeof(size) + size;
}

static int record_make(const struct flood *flood, struct record *record)
{
	unsigned char content[40] = "sha256:";
	char hex[65], path[128];
	size_t n = 0;
	int i;

	sha256_hex(flood->content, flood->size, hex);
	for (i = 0; i < 32; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &content[8 + i]) != 1)
			return -EINVAL;
	flood_path(flood, 0, path);
	memset(record, 0, sizeof(*record));
	add_field(record, &n, content, sizeof(content));
	add_field(record, &n, path, strlen(path) + 1);
	/* The number is in the second block, and so is the end. */
	if (n < 64 + 9 || n >= 128 - 8)
		return -EINVAL;
	record->number = (char *)record->data + n - 9;
	record->data[n] = 0x80;
	record->data[126] = 8 * n >> 8;
	record->data[127] = 8 * n;
	memcpy(record->first, sha256_init, sizeof(record->first));
	sha256_block(record->first, record->data);
	return 0;
}

/* Where stock IMA puts a record: by the first two bytes of its digest. */
static unsigned int place_of(__u32 digest)
{
	return (digest >> 24 | (digest >> 16 & 0xff) << 8) % BUCKETS;
}

static unsigned int place_of_number(struct record *record, __u32 number)
{
	__u64 state[8];
	int i;

	for (i = 8; i--; number /= 10)
		record->number[i] = '0' + number % 10;
	memcpy(state, record->first, sizeof(state));
	sha256_block(state, record->data + 64);
	return place_of(state[0]);
}

/* Finds names so that all records have the same place. */
static int find_numbers(struct flood *flood)
{
	struct record record;
	const int err = record_make(flood, &record);
	__u32 number = 0;
	unsigned int place;
	int n = 0;

	if (err)
		return err;
	place = place_of_number(&record, number);
	while (n < RECORDS) {
		if (place_of_number(&record, number) == place)
			flood->numbers[n++] = number;
		number++;
	}
	return 0;
}

/* How many records of a list have the place of the last one. */
static int count_in_place(int list)
{
	unsigned int digest, places[BUCKETS] = {}, place = 0;
	char *text, *line;

	if (read_fd(list, &text) < 0)
		return -EIO;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "%*d %8x", &digest) != 1)
			return -EBADMSG;
		place = place_of(digest);
		places[place]++;
	}
	free(text);
	return places[place];
}

static int make_files(const struct flood *flood)
{
	char path[128];
	int i, err = 0;

	for (i = 0; i < RECORDS && !err; i++) {
		flood_path(flood, flood->numbers[i], path);
		err = write_path(path, O_CREAT | O_EXCL, flood->content,
				 flood->size);
		if (!err && chown(path, OWNER, OWNER))
			err = -errno;
	}
	return err;
}

/* Opens some of the files: what one takes, or -errno. */
static long do_open_some(struct call *call, int fd)
{
	const struct flood *const flood = (void *)call->text;
	const long start = cpu_ns();
	char path[128];
	int i;

	if (fd >= 0)
		close(fd);
	for (i = flood->from; i < flood->to; i++) {
		flood_path(flood, flood->numbers[i], path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return (cpu_ns() - start) / (flood->to - flood->from);
}

/* The agent opens all of the files; what one of the last takes. */
static long open_all(struct agent *agent, const struct flood *flood)
{
	struct flood *const mine = (void *)agent->call->text;
	long err;

	*mine = *flood;
	mine->from = 0;
	mine->to = RECORDS - LAST;
	err = agent_call(agent, do_open_some, -1, NULL);
	if (err < 0)
		return err;
	mine->from = RECORDS - LAST;
	mine->to = RECORDS;
	return agent_call(agent, do_open_some, -1, NULL);
}

/* Makes a directory with files, whose records stock IMA keeps in one place. */
static int flood_make(struct flood *flood, const struct scratch *scratch,
		      bool one_place)
{
	int i;

	memset(flood, 0, sizeof(*flood));
	snprintf(flood->dir, sizeof(flood->dir), "%.40s/%c", scratch->dir,
		 one_place ? 'f' : 'p');
	unique_text((char *)flood->content);
	flood->size = 32;
	if (mkdir(flood->dir, 0755))
		return -errno;
	for (i = 0; i < RECORDS && !one_place; i++)
		flood->numbers[i] = (i + 1) * BUCKETS;
	return (one_place ? find_numbers(flood) : 0) ?: make_files(flood);
}

/* "Hash-bucket flooding of a list does not slow appends." */
TEST_F_TIMEOUT(cost, of_chosen_records, 800)
{
	static struct flood flood, plain;
	long chosen, others;
	int list;

	ASSERT_EQ(0, flood_make(&flood, &self->scratch, true));
	ASSERT_EQ(0, flood_make(&plain, &self->scratch, false));
	others = open_all(&self->plain, &plain);
	chosen = open_all(&self->flooded, &flood);
	TH_LOG("%ld ns, and %ld ns if chosen", others, chosen);
	ASSERT_LT(0, others);
	EXPECT_GT(others * 11 / 10, chosen);
	/* They were chosen well. */
	list = agent_open(&self->flooded, ASCII_LIST "_sha256", O_RDONLY);
	ASSERT_LE(0, list);
	EXPECT_LE(RECORDS, count_in_place(list));
	close(list);
	list = agent_open(&self->plain, ASCII_LIST "_sha256", O_RDONLY);
	ASSERT_LE(0, list);
	EXPECT_GT(RECORDS / 10, count_in_place(list));
	close(list);
}

static int map_exec(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *const map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			       fd, 0);

	close(fd);
	return map == MAP_FAILED || munmap(map, 4096) ? -errno : 0;
}

/* The mount namespaces of the crowd. */
static int crowd[IDLE];

/* Makes call->flags of them, all with the same parent. */
static long do_crowd(struct call *call, int fd)
{
	const struct rlimit limit = { IDLE + 100, IDLE + 100 };
	int i;

	if (fd >= 0)
		close(fd);
	fd = ns_open(getpid(), "mnt");
	if (fd < 0 || setrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	for (i = 0; i < call->flags; i++) {
		if (unshare(CLONE_NEWNS))
			return -errno;
		crowd[i] = ns_open(getpid(), "mnt");
		if (crowd[i] < 0 || setns(fd, CLONE_NEWNS))
			return -errno;
	}
	close(fd);
	return 0;
}

/* In the first call->flags of them, maps a file, which is measured. */
static long do_crowd_maps(struct call *call, int fd)
{
	int i, err = 0;

	if (fd >= 0)
		close(fd);
	fd = ns_open(getpid(), "mnt");
	for (i = 0; i < call->flags && !err; i++) {
		if (setns(crowd[i], CLONE_NEWNS))
			return -errno;
		err = map_exec(call->path);
	}
	if (setns(fd, CLONE_NEWNS))
		err = -errno;
	close(fd);
	return err;
}

static int crowd_do(struct agent *agent, long (*act)(struct call *, int), int n,
		    const char *path)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = n;
	return agent_call(agent, act, -1, NULL);
}

/*
 * What it takes to open a file as call->flags say, or -errno.  By its name alone, as
 * finding mounts takes longer the more there are.
 */
static long do_open_often(struct call *call, int fd)
{
	char *const name = strrchr(call->path, '/');
	int dir, i;
	long start;

	if (fd >= 0)
		close(fd);
	*name = '\0';
	dir = open(call->path, O_PATH | O_CLOEXEC);
	start = cpu_ns();
	for (i = 0; i < call->uid; i++) {
		fd = openat(dir, name + 1, call->flags | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	close(dir);
	return (cpu_ns() - start) / call->uid;
}

static long open_often(struct agent *agent, const char *path, int flags, int n)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = flags;
	agent->call->uid = n;
	return agent_call(agent, do_open_often, -1, NULL);
}

/* "The cost of an access does not grow with the number of namespaces." */
TEST_F_TIMEOUT(cost, of_idle_namespaces, 800)
{
	struct agent *const agents[] = { &self->host, &self->plain };
	long before[ARRAY_SIZE(agents)], now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(agents); i++) {
		ASSERT_LT(0, open_often(agents[i], self->path, O_RDONLY, 1));
		before[i] = open_often(agents[i], self->path, O_RDONLY, OPENS);
		ASSERT_LT(0, before[i]);
	}
	/* What was looked at before is let pass, as if nobody looked at all. */
	now = open_often(&self->plain, self->path, O_PATH, OPENS);
	TH_LOG("%ld ns where nobody looks", now);
	EXPECT_GT(now + 1400, before[1]);
	ASSERT_EQ(0, crowd_do(&self->crowd, do_crowd, IDLE, ""));
	for (i = 0; i < ARRAY_SIZE(agents); i++) {
		now = open_often(agents[i], self->path, O_RDONLY, OPENS);
		TH_LOG("Level %zu: %ld ns before, %ld ns now", i, before[i], now);
		EXPECT_GT(before[i] * 21 / 20, now);
	}
}

/* What the open of a writer takes who is a violation for n others. */
static long writer_once(struct __test_metadata *const _metadata,
			struct _test_data_cost *self, const char *path, int n)
{
	int reader;
	long ns;

	ASSERT_EQ(0, crowd_do(&self->crowd, do_crowd_maps, n, path));
	reader = agent_open(&self->host, path, O_RDONLY);
	ASSERT_LE(0, reader);
	ns = open_often(&self->host, path, O_WRONLY, 1);
	ASSERT_LT(0, ns);
	close(reader);
	return ns;
}

/*
 * What it takes at least.  The one before leaves the allocators as another one finds
 * them, whatever the others had to have allocated.
 */
static long writer_cost(struct __test_metadata *const _metadata,
			struct _test_data_cost *self, const char *other, int n)
{
	long least = LONG_MAX, ns;
	int reader, i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, crowd_do(&self->crowd, do_crowd_maps, n,
				      self->path));
		reader = agent_open(&self->host, self->path, O_RDONLY);
		ASSERT_LE(0, reader);
		writer_once(_metadata, self, other, 2);
		ns = open_often(&self->host, self->path, O_WRONLY, 1);
		ASSERT_LT(0, ns);
		close(reader);
		least = ns < least ? ns : least;
	}
	return least;
}

/* "A writer's open does not cost more because many namespaces measured the file." */
TEST_F_TIMEOUT(cost, of_many_readers, 800)
{
	char other[PATH_MAX];
	long few, many;

	ASSERT_EQ(0, scratch_subject(&self->scratch, "other", OWNER_HOST, other));
	ASSERT_EQ(0, crowd_do(&self->crowd, do_crowd, READERS, ""));
	few = writer_cost(_metadata, self, other, 2);
	many = writer_cost(_metadata, self, other, READERS);
	TH_LOG("%ld ns for 2, %ld ns for %d", few, many, READERS);
	EXPECT_GT(few * 11 / 10, many);
}

/* What the last record says of those that ended without one of their own. */
static int count_ended(int list, long *namespaces, long *entries)
{
	static const char name[] = " namespaces-ended ";
	char *text, *line = NULL, *next, said[128] = "";
	size_t n;

	if (read_fd(list, &text) < 0)
		return -EIO;
	for (next = text; (next = strstr(next, name)); next += strlen(name))
		line = next + strlen(name);
	for (n = 0; line && n < sizeof(said) - 1 &&
	     sscanf(line + 2 * n, "%2hhx", (unsigned char *)&said[n]) == 1; n++)
		;
	free(text);
	return sscanf(said, "namespaces=%ld entries=%ld", namespaces,
		      entries) == 2 ? 0 : -ENOENT;
}

/* "How many others have ended so far, and how many entries they had." */
TEST_F_TIMEOUT(cost, of_users_is_counted, 800)
{
	const int list = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	long namespaces = 0, entries = 0, before;
	struct agent user;
	int seconds;

	ASSERT_LE(0, list);
	(void)count_ended(list, &namespaces, &entries);
	before = entries;
	ASSERT_EQ(0, agent_start(&user, NULL, CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_EQ(0, run_fresh(&self->scratch, &user, 0, 3));
	ASSERT_EQ(0, agent_stop(&user));
	/* "At most one in ten minutes", which take no time here. */
	for (seconds = 0; seconds < 700 && entries == before; seconds++) {
		poll(NULL, 0, 1000);
		(void)count_ended(list, &namespaces, &entries);
	}
	EXPECT_LT(0, namespaces);
	/* With the boot_aggregate. */
	EXPECT_EQ(before + 4, entries);
	close(list);
}

TEST_HARNESS_MAIN
