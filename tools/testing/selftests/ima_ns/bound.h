/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: namespaces that a vTPM can be bound to
 */

#include "vtpm.h"

#define RULES "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n" \
	      "measure func=CRITICAL_DATA label=ima_ns\n"
#define RULES_PCR "measure func=FILE_CHECK mask=MAY_READ fowner=61000 pcr=11\n"

/* Gives up no capability; -1 keeps none, else the one that is kept. */
#define KEEP_ALL -2

/*
 * host ─┬─ a
 *       ├─ b
 *       └─ rootless: owned by a user namespace
 */
FIXTURE(vtpm)
{
	struct scratch scratch;
	struct agent host, a, b, rootless;
	long id_a, id_b, id_rootless;
	int list_a, list_host;
	struct vtpm v, other;
	/* Files that were made. */
	int files;
};

FIXTURE_SETUP(vtpm)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "needs CONFIG_TCG_VTPM_PROXY");
	ASSERT_EQ(0, vtpms_init());
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, host_tpm_rules());
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, namespace_start(&self->a, NULL, CLONE_NEWNS,
				     &self->id_a));
	ASSERT_EQ(0, namespace_start(&self->b, NULL, CLONE_NEWNS,
				     &self->id_b));
	ASSERT_EQ(0, namespace_start(&self->rootless, NULL,
				     CLONE_NEWUSER | CLONE_NEWNS,
				     &self->id_rootless));
	ASSERT_EQ(0, lists_open(&self->a, &self->list_a, &self->list_host));
	ASSERT_EQ(0, vtpm_start(&self->v, 0, NULL));
	self->other.fd = -1;
}

FIXTURE_TEARDOWN(vtpm)
{
	close(self->list_a);
	close(self->list_host);
	vtpm_stop(&self->v);
	vtpm_stop(&self->other);
	agents_stop(&self->rootless, &self->b, &self->a, &self->host);
	set_timeout(TIMEOUT_MS);
	scratch_remove(&self->scratch);
}

/* Writes call->text to @fd, or to call->path, with less capabilities. */
static inline int write_tpm(struct call *call, int fd)
{
	const size_t size = strlen(call->text);

	if (call->flags != KEEP_ALL && keep_cap(call->flags))
		return -ENOTRECOVERABLE;
	call->step = 'o';
	if (fd < 0)
		fd = open(call->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	call->step = 'w';
	return write(fd, call->text, size) == (ssize_t)size ? 0 : -errno;
}

static inline int ioctl_tpm(struct call *call, int fd)
{
	if (call->flags != KEEP_ALL && keep_cap(call->flags))
		return -ENOTRECOVERABLE;
	return ioctl(fd, VTPM_PROXY_IOC_BIND_IMA_NS) ? -errno : 0;
}

static inline long do_write_tpm(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(-write_tpm(call, fd));
	if (fd >= 0)
		close(fd);
	return pid < 0 ? -errno : -reap(pid);
}

static inline long do_ioctl_tpm(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(-ioctl_tpm(call, fd));
	close(fd);
	return pid < 0 ? -errno : -reap(pid);
}

/* A write by the agent, of which all that it keeps is @keep. */
static inline int write_as(struct agent *agent, int keep, int fd, const char *path,
			   const char *text)
{
	agent->call->flags = keep;
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	snprintf(agent->call->text, TEXT_SIZE, "%s", text);
	return agent_call(agent, do_write_tpm, fd, NULL);
}

/* Binds by the agent's own file. */
static inline int write_own(struct agent *agent, const char *text)
{
	return write_as(agent, KEEP_ALL, -1, IMA_DIR "/tpm", text);
}

/* Binds by the ioctl, with a descriptor that is passed to the agent. */
static inline int ioctl_as(struct agent *agent, int keep, const struct vtpm *v)
{
	agent->call->flags = keep;
	return agent_call(agent, do_ioctl_tpm, v->fd, NULL);
}

/* Makes a file that nobody has seen. */
static inline int fresh_file(struct _test_data_vtpm *self, char path[PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof(name), "file%d", self->files++);
	return scratch_subject(&self->scratch, name, OWNER_PLAIN, path);
}

/* The agent opens such a file: 0, or -errno. */
static inline int open_fresh(struct _test_data_vtpm *self, struct agent *agent)
{
	char path[PATH_MAX];
	int err = fresh_file(self, path);

	if (!err)
		err = agent_open(agent, path, O_RDONLY);
	if (err < 0)
		return err;
	close(err);
	return 0;
}

/* A ToMToU of the agent's: it opens a file for writing that it reads. */
static inline int violate(struct _test_data_vtpm *self, struct agent *agent)
{
	char path[PATH_MAX];
	int reader, writer;

	if (fresh_file(self, path))
		return -EIO;
	reader = agent_open(agent, path, O_RDONLY);
	writer = agent_open(agent, path, O_WRONLY);
	close(reader);
	close(writer);
	return reader < 0 || writer < 0 ? -EIO : 0;
}

/* Asserts that a namespace has no chip, and that nothing was recorded. */
static inline void assert_unbound(struct __test_metadata *const _metadata,
				  struct agent *agent)
{
	struct tpm_line line;

	ASSERT_EQ(0, agent_tpm(agent, &line));
	ASSERT_STREQ("none", line.state);
	ASSERT_EQ(0, agent_number(agent, "runtime_measurements_count"));
}

static inline void assert_bound(struct __test_metadata *const _metadata,
				struct agent *agent, const struct vtpm *v)
{
	struct tpm_line line;

	ASSERT_EQ(0, agent_tpm(agent, &line));
	ASSERT_STREQ(v->name, line.chip);
	ASSERT_STREQ("sha256", line.banks);
	ASSERT_STREQ("bound", line.state);
}

static inline bool all_extended(long id, int fd)
{
	struct tpm_line line;
	struct list list;
	bool all;

	all = !list_read_all(fd, &list) && !host_tpm(id, &line) &&
	      line.extended == list.count;
	list_free(&list);
	return all;
}

/*
 * Asserts that the chip gets every line of the namespace's list, in its order,
 * and nothing else.  Returns the number of lines.
 */
static inline int assert_follows(struct __test_metadata *const _metadata,
				 struct agent *agent, long id, const struct vtpm *v)
{
	const int fd = agent_open(agent, LIST_SHA256, O_RDONLY);
	struct list list;
	int n;

	ASSERT_LE(0, fd);
	ASSERT_TRUE(WAIT_FOR(all_extended(id, fd), SOON_MS));
	ASSERT_EQ(0, list_read_all(fd, &list));
	ASSERT_EQ(list.count, vtpm_get(v->shared->extends))
	{
		TH_LOG("%s", list.text);
	}
	for (n = 0; n < list.count; n++) {
		ASSERT_TRUE(extend_follows(v, &list, n))
		{
			TH_LOG("Line %d of\n%s", n, list.text);
		}
	}
	n = list.count;
	list_free(&list);
	close(fd);
	return n;
}

/* "Replaying a namespace's list gives exactly the PCR values of its chip." */
static inline void assert_replay(struct __test_metadata *const _metadata,
				 struct agent *agent, const struct vtpm *v)
{
	const int fd = agent_open(agent, LIST_SHA256, O_RDONLY);
	unsigned char value[VTPM_DIGEST];
	struct list list;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, tpm_pcr_read(v, 10, value));
	ASSERT_EQ(0, list_read(fd, &list));
	EXPECT_EQ(list.count, replay_matches(&list, value))
	{
		TH_LOG("%s", list.text);
	}
	list_free(&list);
	close(fd);
}

/* Is line @n of a list the boot_aggregate of a chip that is new? */
static inline bool is_boot_aggregate(int fd, int n)
{
	char line[2 * PATH_MAX] = "";
	struct list list;

	if (!list_read(fd, &list))
		list_line(&list, n, line, sizeof(line));
	list_free(&list);
	return contains(line, " sha256:" VTPM_BOOT_AGGREGATE " boot_aggregate");
}

static inline pid_t fork_bind(long id, const struct vtpm *v)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(-host_bind(id, v));
	return pid;
}
