// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Attacks from one container
 *
 * Bombs, other ways to execute and to read, races, and forged files.
 */

#include <dirent.h>
#include <linux/io_uring.h>
#include <pthread.h>

#include "hostile.h"

/* What is read of a tmpfs: a user's container knows no other owner than itself. */
#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fsmagic=0x01021994\n"

#define DIVE 70
#define WIDE 200
#define READS 1000
#define MAX_MANY READS
#define HOPS 500
#define RACES 100

/* Who attacks. */
FIXTURE(hostile)
{
	struct world w;
	struct agent *actor;
	int list;
};

FIXTURE_VARIANT(hostile)
{
	enum party actor;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(hostile, root) { ROOT };
FIXTURE_VARIANT_ADD(hostile, user) { MINE };
/* clang-format on */

FIXTURE_SETUP(hostile)
{
	ASSERT_EQ(0, world_start(&self->w));
	self->actor = &self->w.agent[variant->actor];
	self->list = self->w.list[variant->actor];
}

FIXTURE_TEARDOWN(hostile)
{
	world_end(_metadata, &self->w);
}

/* A user's container needs a securityfs of its own to load a policy. */
static int attacker_loads(struct _test_data_hostile *self, enum party actor,
			  const char *rules)
{
	int err = 0;

	if (actor == MINE)
		err = agent_call(self->actor, do_mount_securityfs, -1, NULL);
	return err ?: rules ? agent_load(self->actor, rules) : 0;
}

/* Lists of all namespaces that have a text once; -EEXIST if one has it twice. */
static int count_lists(const char *text)
{
	DIR *dir = opendir(IMA_DIR "/namespaces");
	const struct dirent *entry;
	int lists = 0;

	while (lists >= 0 && (entry = readdir(dir))) {
		const long id = atol(entry->d_name);
		const int fd = id ? host_view(id) : -1;
		/* A namespace may have ended since. */
		const int n = fd < 0 ? 0 : fd_count_text(fd, text);

		if (fd >= 0)
			close(fd);
		lists = n > 1 ? -EEXIST : lists + n;
	}
	closedir(dir);
	return lists;
}

static long do_dive(struct call *call, int fd)
{
	int i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < DIVE; i++)
		if (unshare(CLONE_NEWNS))
			return -errno;
	return 0;
}

/* A deep bomb: what is executed at the bottom is in the list of each level. */
TEST_F_TIMEOUT(hostile, deep, 180)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	const int before = fd_count(self->w.list[HOST]);

	ASSERT_EQ(0, agent_call(self->actor, do_dive, -1, NULL));
	ASSERT_EQ(MAX_LEVEL, ns_level(self->actor->pid));
	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(self->actor, path, 0));
	assert_gain(_metadata, "host", self->w.list[HOST], before, 1, evidence);
	EXPECT_EQ(MAX_LEVEL, count_lists(evidence));
}

static pid_t wide[WIDE];

/* In a new namespace, executes a program that stays, when told. */
static void __noreturn wide_child(struct call *call, int ready, const int go[2])
{
	char *const argv[] = { call->path, "wait", NULL };
	char byte = 0;

	close(go[1]);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || unshare(CLONE_NEWNS) ||
	    write(ready, &byte, 1) != 1 || read(go[0], &byte, 1))
		_exit(1);
	execv(argv[0], argv);
	_exit(1);
}

/* Many at once; done when all have executed or failed. */
static long do_wide(struct call *call, int fd)
{
	int ready[2], go[2], i, n = 0;
	char byte;

	if (fd >= 0)
		close(fd);
	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		return -errno;
	for (i = 0; i < WIDE; i++) {
		wide[i] = fork();
		if (!wide[i])
			wide_child(call, ready[1], go);
	}
	close(ready[1]);
	while (n < WIDE && read(ready[0], &byte, 1) == 1)
		n++;
	close(go[0]);
	close(go[1]);
	/* They have the other end until they execute. */
	(void)!read(ready[0], &byte, 1);
	close(ready[0]);
	return n;
}

/* How many of them were still running. */
static long do_wide_end(struct call *call, int fd)
{
	int i, n = 0;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < WIDE; i++) {
		kill(wide[i], SIGKILL);
		n += reap(wide[i]) == -EINTR;
	}
	return n;
}

/* A wide bomb: all execute the same program at once, and each list has it once. */
TEST_F_TIMEOUT(hostile, wide, 360)
{
	char *const path = self->actor->call->path;
	const int before = fd_count(self->w.list[HOST]);
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	ASSERT_EQ(WIDE, agent_call(self->actor, do_wide, -1, NULL));
	assert_gain(_metadata, "host", self->w.list[HOST], before, 1, evidence);
	EXPECT_EQ(1, fd_count_text(self->list, evidence));
	/* The children's, and that of their parent. */
	EXPECT_EQ(WIDE + 1, count_lists(evidence));
	EXPECT_EQ(WIDE, agent_call(self->actor, do_wide_end, -1, NULL));
}

/* @n rules that match nothing, and one that leaves out everything. */
static void bomb_rules(char *text, int n)
{
	int i;

	for (i = 1; i <= n; i++)
		text += sprintf(text, "dont_measure fsmagic=0x%x\n", i);
	sprintf(text, "dont_measure\n");
}

/* A rule and more than 64 KiB of comments. */
static void bomb_text(char *text)
{
	int i;

	text += sprintf(text, "dont_measure\n");
	for (i = 0; i < 660; i++)
		text += sprintf(text, "# %097d\n", i);
}

/* A policy bomb: no larger than allowed, and blind to the host's rules. */
TEST_F_TIMEOUT(hostile, policy, 180)
{
	char *const text = malloc(TEXT_SIZE);
	int before[PARTIES];
	char path[PATH_MAX];

	ASSERT_EQ(0, attacker_loads(self, variant->actor, NULL));
	bomb_rules(text, 1024);
	ASSERT_EQ(-EDQUOT, agent_load(self->actor, text));
	ASSERT_EQ('w', self->actor->call->step);
	bomb_text(text);
	ASSERT_EQ(-EDQUOT, agent_load(self->actor, text));
	/* What was refused is not in force. */
	assert_exec(_metadata, &self->w, variant->actor);
	bomb_rules(text, 1023);
	ASSERT_EQ(0, agent_load(self->actor, text));
	ASSERT_EQ(-EDQUOT, agent_load(self->actor, "measure\n"));
	free(text);

	world_counts(&self->w, before);
	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, self->actor->call->text,
				   EVIDENCE_SIZE));
	ASSERT_EQ(0, agent_exec(self->actor, path, 0));
	/* As if the host had done it. */
	assert_recorded(_metadata, &self->w, before, HOST,
			self->actor->call->text);
}

/* What lines say of files that are named by number. */
static char many[MAX_MANY][256];

/* To be called late: the host, too, reads them here. */
static int look_at_many(const char *dir, int n)
{
	char path[PATH_MAX];
	int i, err = 0;

	for (i = 0; i < n && !err; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", dir, i);
		err = file_evidence(path, path, many[i], sizeof(many[i]) - 1);
		strcat(many[i], "\n");
	}
	return err;
}

/* Number of them that are not in a list exactly once. */
static int count_unrecorded(int list, int n)
{
	int i, bad = 0;
	char *text;

	if (read_fd(list, &text) < 0)
		return -EIO;
	for (i = 0; i < n; i++) {
		const char *const found = strstr(text, many[i]);

		bad += !found || strstr(found + 1, many[i]);
	}
	free(text);
	return bad;
}

/* Files or programs named by number. */
static int make_many(const char *dir, int n, uid_t owner, bool programs)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	int i, err = 0;

	for (i = 0; i < n && !err; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", dir, i);
		err = programs ? make_subject(path, owner) :
				 fresh_text(path, owner, evidence);
	}
	return err;
}

static long do_read_many(struct call *call, int fd)
{
	char path[PATH_MAX];
	int i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < READS; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

/* A list bomb: its own list grows, and the host has all that its rule asks for. */
TEST_F_TIMEOUT(hostile, list, 360)
{
	int host, own;

	ASSERT_EQ(0, make_many(self->w.pit, READS, OWNER_READ, false));
	ASSERT_EQ(0, attacker_loads(self, variant->actor, RULE_READ));
	host = fd_count(self->w.list[HOST]);
	own = fd_count(self->list);
	set_path(self->actor->call, self->w.pit);
	ASSERT_EQ(0, agent_call(self->actor, do_read_many, -1, NULL));
	EXPECT_EQ(host + READS, fd_count(self->w.list[HOST]));
	ASSERT_EQ(0, look_at_many(self->w.pit, READS));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], READS));
	EXPECT_EQ(0, count_unrecorded(self->list, READS));
	EXPECT_EQ(own + READS, fd_count(self->list));
}

/* What is executed from a memfd, which no path leads to. */
TEST_F(hostile, memfd)
{
	char *const path = self->actor->call->path;
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, "memfd:subject", evidence,
				   sizeof(evidence)));
	/* A user's are the user's. */
	self->actor->call->uid = variant->actor == MINE ? 0 : USER;
	assert_act(_metadata, &self->w, variant->actor, do_exec_memfd, -1,
		   evidence);
}

/* A script and its interpreter are both recorded, once each. */
TEST_F(hostile, script)
{
	char interpreter[PATH_MAX], script[PATH_MAX], text[2 * PATH_MAX];
	char unique[33], first[EVIDENCE_SIZE], second[EVIDENCE_SIZE];
	const int host = fd_count(self->w.list[HOST]);

	ASSERT_EQ(0, fresh_program(&self->w, USER, interpreter));
	snprintf(script, sizeof(script), "%s/script", self->w.pit);
	unique_text(unique);
	snprintf(text, sizeof(text), "#!%s\n%s\n", interpreter, unique);
	ASSERT_EQ(0, write_path(script, O_CREAT | O_EXCL, text, strlen(text)));
	ASSERT_EQ(0, chown(script, USER, USER));
	ASSERT_EQ(0, file_evidence(script, script, first, sizeof(first)));
	ASSERT_EQ(0, file_evidence(interpreter, interpreter, second,
				   sizeof(second)));
	/* The subject's status, as it gets an argument. */
	ASSERT_EQ(1, agent_exec(self->actor, script, 0));
	EXPECT_EQ(1, fd_count_text(self->w.list[HOST], first));
	EXPECT_EQ(1, fd_count_text(self->w.list[HOST], second));
	EXPECT_EQ(host + 2, fd_count(self->w.list[HOST]));
	EXPECT_EQ(1, fd_count_text(self->list, first));
	EXPECT_EQ(1, fd_count_text(self->list, second));
	/* The boot_aggregate, too. */
	EXPECT_EQ(3, fd_count(self->list));
}

/* Executes a program that is gone by then. */
static long do_exec_unlinked(struct call *call, int fd)
{
	char *const argv[] = { call->path, NULL };
	pid_t pid;

	if (fd >= 0)
		close(fd);
	fd = open(call->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || unlink(call->path))
		return -errno;
	pid = fork();
	if (!pid) {
		fexecve(fd, argv, environ);
		_exit(errno);
	}
	close(fd);
	return reap(pid);
}

/* What is executed after its name is gone. */
TEST_F(hostile, unlinked)
{
	char *const path = self->actor->call->path;
	char evidence[EVIDENCE_SIZE];

	snprintf(path, PATH_MAX, "%s/unlinked", self->w.pit);
	ASSERT_EQ(0, make_subject(path, USER));
	/* Of whoever may remove it. */
	ASSERT_EQ(0, chown(self->w.pit, USER, USER));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	assert_act(_metadata, &self->w, variant->actor, do_exec_unlinked, -1,
		   evidence);
	EXPECT_EQ(-1, access(path, F_OK));
}

/* Mounts one file over another, for this container alone. */
static long do_disguise(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount(call->text, call->path, NULL, MS_BIND, NULL) ? -errno : 0;
}

/* What is executed by the name of something known: the digest is its own. */
TEST_F(hostile, disguised)
{
	char *const known = self->actor->call->path;
	char *const evil = self->actor->call->text;
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_program(&self->w, USER, known));
	ASSERT_EQ(0, fresh_program(&self->w, USER, evil));
	ASSERT_EQ(0, agent_exec(&self->w.agent[HOST], known, 0));
	ASSERT_EQ(0, file_evidence(evil, known, evidence, sizeof(evidence)));
	ASSERT_EQ(0, agent_call(self->actor, do_disguise, -1, NULL));
	self->actor->call->uid = 0;
	assert_act(_metadata, &self->w, variant->actor, do_exec, -1, evidence);
}

/* Leaves the other threads for a new namespace, and executes. */
static void *thread_main(void *path)
{
	char *const argv[] = { path, NULL };

	if (!unshare(CLONE_NEWNS))
		execv(path, argv);
	_exit(errno);
}

static long do_exec_thread(struct call *call, int fd)
{
	const pid_t pid = fork();
	pthread_t thread;

	if (!pid) {
		if (!pthread_create(&thread, NULL, thread_main, call->path))
			pthread_join(thread, NULL);
		_exit(1);
	}
	if (fd >= 0)
		close(fd);
	return reap(pid);
}

/* What is executed by a thread that was in a namespace of its own. */
TEST_F(hostile, thread)
{
	char *const path = self->actor->call->path;
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_program(&self->w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	assert_act(_metadata, &self->w, variant->actor, do_exec_thread, -1,
		   evidence);
}

/* An io_uring; the rings of submissions and completions are one mapping. */
struct ring {
	int fd;
	struct io_uring_params params;
	char *rings;
	struct io_uring_sqe *sqes;
};

static struct ring ring;

static __u32 *ring_field(__u32 offset)
{
	return (__u32 *)(ring.rings + offset);
}

static void *ring_map(size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		    offset);
}

static int ring_start(__u32 flags)
{
	struct io_uring_params *const p = &ring.params;
	size_t size;

	memset(&ring, 0, sizeof(ring));
	p->flags = flags;
	p->sq_thread_idle = 1000;
	ring.fd = syscall(__NR_io_uring_setup, 4, p);
	if (ring.fd < 0)
		return -errno;
	size = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	if (size < p->sq_off.array + p->sq_entries * sizeof(__u32))
		size = p->sq_off.array + p->sq_entries * sizeof(__u32);
	ring.rings = ring_map(size, IORING_OFF_SQ_RING);
	ring.sqes = ring_map(p->sq_entries * sizeof(*ring.sqes), IORING_OFF_SQES);
	return ring.rings == MAP_FAILED || ring.sqes == MAP_FAILED ? -ENOMEM : 0;
}

/* Submits one request and returns the result of it. */
static int ring_do(const struct io_uring_sqe *sqe)
{
	const struct io_sqring_offsets *const sq = &ring.params.sq_off;
	const struct io_cqring_offsets *const cq = &ring.params.cq_off;
	const bool polled = ring.params.flags & IORING_SETUP_SQPOLL;
	const __u32 tail = *ring_field(sq->tail);
	const __u32 head = *ring_field(cq->head);
	const __u32 slot = tail & *ring_field(sq->ring_mask);
	const struct io_uring_cqe *const cqes = (void *)ring_field(cq->cqes);
	int submit = !polled, ret;

	ring.sqes[slot] = *sqe;
	ring_field(sq->array)[slot] = slot;
	__atomic_store_n(ring_field(sq->tail), tail + 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(ring_field(cq->tail), __ATOMIC_ACQUIRE) == head) {
		ret = syscall(__NR_io_uring_enter, ring.fd, submit, 1,
			      IORING_ENTER_GETEVENTS |
			      (polled ? IORING_ENTER_SQ_WAKEUP : 0), NULL, 0);
		if (ret < 0 && errno != EINTR)
			return -errno;
		submit -= ret > 0 && submit;
	}
	ret = cqes[head & *ring_field(cq->ring_mask)].res;
	__atomic_store_n(ring_field(cq->head), head + 1, __ATOMIC_RELEASE);
	return ret;
}

/* Opens and reads a file of 32 bytes, by nothing but the ring. */
static int ring_read(const char *path, __u8 flags)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.flags = flags,
		.fd = AT_FDCWD,
		.addr = (unsigned long)path,
		.open_flags = O_RDONLY | O_CLOEXEC,
	};
	const int fd = ring_do(&sqe);
	char text[64];
	int n;

	if (fd < 0)
		return fd;
	sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.flags = flags,
		.fd = fd,
		.addr = (unsigned long)text,
		.len = sizeof(text),
	};
	n = ring_do(&sqe);
	close(fd);
	return n < 0 ? n : n == 32 ? 0 : -EIO;
}

static long do_ring_start(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return ring_start(call->flags);
}

/* Reads a file by the ring that is there, which is gone then. */
static long do_ring_read(struct call *call, int fd)
{
	int err;

	if (fd >= 0)
		close(fd);
	err = ring_read(call->path, call->flags);
	close(ring.fd);
	return err;
}

struct ring_mode {
	__u32 setup;
	__u8 request;
};

/* By the task itself, by a worker of its, and by a thread that polls. */
static const struct ring_mode ring_modes[] = {
	{ 0, 0 },
	{ 0, IOSQE_ASYNC },
	{ IORING_SETUP_SQPOLL, 0 },
	{ IORING_SETUP_SQPOLL, IOSQE_ASYNC },
};

/* What is read by io_uring. */
TEST_F(hostile, io_uring)
{
	char *const path = self->actor->call->path;
	char evidence[EVIDENCE_SIZE];
	size_t i;

	ASSERT_EQ(0, attacker_loads(self, variant->actor, RULE_READ));
	for (i = 0; i < ARRAY_SIZE(ring_modes); i++) {
		self->actor->call->flags = ring_modes[i].setup;
		ASSERT_EQ(0, agent_call(self->actor, do_ring_start, -1, NULL));
		snprintf(path, PATH_MAX, "%s/read%zu", self->w.pit, i);
		ASSERT_EQ(0, fresh_text(path, OWNER_READ, evidence));
		self->actor->call->flags = ring_modes[i].request;
		assert_act(_metadata, &self->w, variant->actor, do_ring_read,
			   -1, evidence);
	}
}

/* A thread that polls is left behind, and what it does is seen there. */
TEST_F(hostile, left_behind)
{
	char *const path = self->actor->call->path;
	char evidence[EVIDENCE_SIZE];
	int list;

	ASSERT_EQ(0, attacker_loads(self, variant->actor, RULE_READ));
	self->actor->call->flags = IORING_SETUP_SQPOLL;
	ASSERT_EQ(0, agent_call(self->actor, do_ring_start, -1, NULL));
	ASSERT_EQ(0, agent_unshare(self->actor, CLONE_NEWNS));
	ASSERT_EQ(2, ns_level(self->actor->pid));
	ASSERT_EQ(0, agent_load(self->actor, RULE_READ));
	list = host_view(agent_number(self->actor, "id"));
	ASSERT_LE(0, list);
	snprintf(path, PATH_MAX, "%s/read", self->w.pit);
	ASSERT_EQ(0, fresh_text(path, OWNER_READ, evidence));
	self->actor->call->flags = 0;
	assert_act(_metadata, &self->w, variant->actor, do_ring_read, -1,
		   evidence);
	EXPECT_EQ(0, fd_count_text(list, evidence));
	close(list);
}

/* Two namespaces of an agent's, and where it executed what. */
struct hops {
	int fd[2];
	long id[2];
	unsigned char where[HOPS];
};

static int hops_start(struct hops *hops)
{
	const int home = ns_open(getpid(), "mnt");
	int i;

	for (i = 0; i < 2; i++) {
		if (unshare(CLONE_NEWNS))
			return -errno;
		hops->fd[i] = ns_open(getpid(), "mnt");
		hops->id[i] = own_number("id");
		if (setns(home, CLONE_NEWNS))
			return -errno;
	}
	close(home);
	return getrandom(hops->where, HOPS, 0) == HOPS ? 0 : -EIO;
}

static int execute(const char *path)
{
	char *const argv[] = { (char *)path, NULL };
	const pid_t pid = fork();

	if (!pid) {
		execv(path, argv);
		_exit(errno);
	}
	return pid < 0 ? -errno : reap(pid);
}

static long do_hops(struct call *call, int fd)
{
	struct hops *const hops = (struct hops *)call->text;
	int i, err = hops_start(hops);
	char path[PATH_MAX];

	if (fd >= 0)
		close(fd);
	for (i = 0; i < HOPS && !err; i++) {
		hops->where[i] &= 1;
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		if (setns(hops->fd[hops->where[i]], CLONE_NEWNS))
			return -errno;
		err = copy_program(path, call->uid) ?: execute(path);
	}
	return err;
}

/* Number of programs that are in a list though they should not, or vice versa. */
static int count_wrong(const struct hops *hops, int where)
{
	const int fd = host_view(hops->id[where]);
	struct list list;
	int i, bad = 0;

	if (fd < 0 || list_read(fd, &list))
		return -EIO;
	for (i = 0; i < HOPS; i++)
		bad += contains(list.text, many[i]) !=
		       (hops->where[i] == where);
	list_free(&list);
	close(fd);
	return bad;
}

/* Ping-pong between two namespaces: each execution is where it happened. */
TEST_F_TIMEOUT(hostile, ping_pong, 600)
{
	const struct hops *const hops = (void *)self->actor->call->text;
	const int host = fd_count(self->w.list[HOST]);

	set_path(self->actor->call, self->w.pit);
	self->actor->call->uid = variant->actor == MINE ? 0 : USER;
	ASSERT_EQ(0, agent_call(self->actor, do_hops, -1, NULL));
	EXPECT_EQ(host + HOPS, fd_count(self->w.list[HOST]));
	ASSERT_EQ(0, look_at_many(self->w.pit, HOPS));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], HOPS));
	EXPECT_EQ(0, count_unrecorded(self->list, HOPS));
	EXPECT_EQ(0, count_wrong(hops, 0));
	EXPECT_EQ(0, count_wrong(hops, 1));
}

static int execute_many(const char *dir, int n)
{
	char path[PATH_MAX];
	int i, err = 0;

	for (i = 0; i < n && !err; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", dir, i);
		err = execute(path);
	}
	return err;
}

/* Loads policies while a child executes: how many, or an error. */
static long do_race_policy(struct call *call, int fd)
{
	const pid_t pid = fork();
	int status, loads = 0, err = 0;

	if (!pid)
		_exit(execute_many(call->path, RACES));
	if (fd >= 0)
		close(fd);
	while (!waitpid(pid, &status, WNOHANG)) {
		if (loads < 1000)
			err = do_load(call, -1);
		if (err)
			return err;
		loads += loads < 1000;
	}
	return status ? -EIO : loads;
}

/* Executions against new policies, of which the old and the new one ask for it. */
TEST_F_TIMEOUT(hostile, race_policy, 300)
{
	struct call *const call = self->actor->call;

	ASSERT_EQ(0, make_many(self->w.pit, RACES, USER, true));
	ASSERT_EQ(0, attacker_loads(self, variant->actor, NULL));
	set_path(call, self->w.pit);
	set_text(call, "measure func=BPRM_CHECK\n");
	EXPECT_LT(0, agent_call(self->actor, do_race_policy, -1, NULL));
	ASSERT_EQ(0, look_at_many(self->w.pit, RACES));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], RACES));
	EXPECT_EQ(0, count_unrecorded(self->list, RACES));
}

/* In a new namespace, whose maker leaves at once, executes a program. */
static void __noreturn orphan_child(char *path)
{
	char *const argv[] = { path, NULL };

	if (unshare(CLONE_NEWNS) || clone_flags(CLONE_PARENT) < 0)
		_exit(1);
	/* Both: one executes, and none stays. */
	execv(path, argv);
	_exit(1);
}

/* Waits for all children: 0 if all were successful. */
static int reap_all(void)
{
	int status, bad = 0;

	while (waitpid(-1, &status, 0) > 0)
		bad += status != 0;
	return bad;
}

static long do_orphans(struct call *call, int fd)
{
	char path[PATH_MAX];
	int i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < RACES; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		if (!fork())
			orphan_child(path);
	}
	return reap_all();
}

/* Executions that are all that a namespace lives for, and the last of it. */
TEST_F_TIMEOUT(hostile, race_end, 300)
{
	ASSERT_EQ(0, make_many(self->w.pit, RACES, USER, true));
	set_path(self->actor->call, self->w.pit);
	ASSERT_EQ(0, agent_call(self->actor, do_orphans, -1, NULL));
	ASSERT_EQ(0, look_at_many(self->w.pit, RACES));
	EXPECT_EQ(0, count_unrecorded(self->w.list[HOST], RACES));
	EXPECT_EQ(0, count_unrecorded(self->list, RACES));
}

/* Does a program come to its end in a namespace that is killed, unless negative, soon? */
static bool survives(char *path, int patience)
{
	char *const argv[] = { path, NULL };
	int go[2];
	pid_t pid;
	char byte;

	if (pipe2(go, O_CLOEXEC))
		return false;
	pid = clone_flags(CLONE_NEWNS);
	if (!pid) {
		close(go[0]);
		close(go[1]);
		execv(path, argv);
		_exit(1);
	}
	close(go[1]);
	/* It is about to execute. */
	(void)!read(go[0], &byte, 1);
	close(go[0]);
	if (patience >= 0) {
		while (patience--)
			sched_yield();
		kill(pid, SIGKILL);
	}
	return !reap(pid);
}

/* call->text says which programs came to their end. */
static long do_kills(struct call *call, int fd)
{
	char path[PATH_MAX];
	int i, n = 0;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < RACES; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", call->path, i);
		call->text[i] = survives(path, i < RACES - 1 ? i * i / 8 : -1);
		n += call->text[i];
	}
	return n;
}

/* Whatever was killed when: what ran is in the list, and nothing is there twice. */
TEST_F_TIMEOUT(hostile, race_kill, 300)
{
	int i, n;

	ASSERT_EQ(0, make_many(self->w.pit, RACES, USER, true));
	set_path(self->actor->call, self->w.pit);
	/* Some do, the last one at least. */
	ASSERT_LT(0, agent_call(self->actor, do_kills, -1, NULL));
	ASSERT_EQ(0, look_at_many(self->w.pit, RACES));
	for (i = 0; i < RACES; i++) {
		n = fd_count_text(self->w.list[HOST], many[i]);
		EXPECT_GE(1, n);
		EXPECT_LE(self->actor->call->text[i], n);
	}
}

/* Lays a list of one's own over the true one. */
static long do_forge(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "/sys/kernel/security", "tmpfs", 0, NULL) ||
	    mkdir(IMA_DIR, 0755))
		return -errno;
	return write_path(ASCII_LIST, O_CREAT, call->text, strlen(call->text));
}

/* A forged list fools who looks from within, and nobody else. */
TEST_F(hostile, forged_list)
{
	char *seen;

	set_text(self->actor->call, "10 forged\n");
	ASSERT_EQ(0, agent_call(self->actor, do_forge, -1, NULL));
	assert_exec(_metadata, &self->w, variant->actor);
	ASSERT_LT(0, agent_read(self->actor, ASCII_LIST, &seen));
	EXPECT_STREQ("10 forged\n", seen);
	free(seen);
	EXPECT_EQ(0, fd_count_text(self->list, "forged"));
}

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

/* Lines of violations about a file: the template's digest is zeros. */
static int count_violations(int fd, const char *path)
{
	char zeros[64], *line;
	struct list list;
	int n, count = 0;

	n = snprintf(zeros, sizeof(zeros), "10 %040d ", 0);
	if (list_read(fd, &list))
		return -EIO;
	for (line = strtok(list.text, "\n"); line; line = strtok(NULL, "\n"))
		count += !strncmp(line, zeros, n) &&
			 !strcmp(strrchr(line, ' ') + 1, path);
	list_free(&list);
	return count;
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
		EXPECT_EQ(1, count_violations(self->w.list[HOST], path))
		{
			TH_LOG("Violation %zu", i);
		}
		EXPECT_EQ(before + 1, own_number("violations"));
		EXPECT_EQ(v->own, count_violations(self->list, path));
		/* What was measured is there, too. */
		EXPECT_EQ(2, fd_count_path(self->w.list[HOST], path));
	}
}

TEST_HARNESS_MAIN
