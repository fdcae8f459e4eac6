// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Attacks from one container: other ways
 *
 * What is executed and read in unusual ways, and a forged list.
 */

#include <linux/io_uring.h>
#include <pthread.h>

#include "attacker.h"

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

TEST_HARNESS_MAIN
