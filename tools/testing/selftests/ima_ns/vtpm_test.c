// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - A vTPM for a namespace
 *
 * Which chip can be bound to which namespace, by whom, and that the chip is
 * extended by what is in the namespace's list, in its order.
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
	ASSERT_EQ(0, agent_start(&self->a, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->b, NULL, CLONE_NEWNS));
	ASSERT_EQ(0, agent_start(&self->rootless, NULL,
				 CLONE_NEWUSER | CLONE_NEWNS));
	self->id_a = agent_number(&self->a, "id");
	self->id_b = agent_number(&self->b, "id");
	self->id_rootless = agent_number(&self->rootless, "id");
	ASSERT_LT(0, self->id_a);
	self->list_a = agent_open(&self->a, ASCII_LIST, O_RDONLY);
	self->list_host = open(ASCII_LIST, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->list_a);
	ASSERT_LE(0, self->list_host);
	ASSERT_EQ(0, vtpm_start(&self->v, 0, NULL));
	self->other.fd = -1;
}

FIXTURE_TEARDOWN(vtpm)
{
	close(self->list_a);
	close(self->list_host);
	vtpm_stop(&self->v);
	vtpm_stop(&self->other);
	agent_stop(&self->rootless);
	agent_stop(&self->b);
	agent_stop(&self->a);
	agent_stop(&self->host);
	set_timeout(TIMEOUT_MS);
	scratch_remove(&self->scratch);
}

/* Writes call->text to @fd, or to call->path, with less capabilities. */
static int write_tpm(struct call *call, int fd)
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

static int ioctl_tpm(struct call *call, int fd)
{
	if (call->flags != KEEP_ALL && keep_cap(call->flags))
		return -ENOTRECOVERABLE;
	return ioctl(fd, VTPM_PROXY_IOC_BIND_IMA_NS) ? -errno : 0;
}

static long do_write_tpm(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(-write_tpm(call, fd));
	if (fd >= 0)
		close(fd);
	return pid < 0 ? -errno : -reap(pid);
}

static long do_ioctl_tpm(struct call *call, int fd)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(-ioctl_tpm(call, fd));
	close(fd);
	return pid < 0 ? -errno : -reap(pid);
}

/* A write by the agent, of which all that it keeps is @keep. */
static int write_as(struct agent *agent, int keep, int fd, const char *path,
		    const char *text)
{
	agent->call->flags = keep;
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	snprintf(agent->call->text, TEXT_SIZE, "%s", text);
	return agent_call(agent, do_write_tpm, fd, NULL);
}

/* Binds by the agent's own file. */
static int write_own(struct agent *agent, const char *text)
{
	return write_as(agent, KEEP_ALL, -1, IMA_DIR "/tpm", text);
}

/* Binds by the ioctl, with a descriptor that is passed to the agent. */
static int ioctl_as(struct agent *agent, int keep, const struct vtpm *v)
{
	agent->call->flags = keep;
	return agent_call(agent, do_ioctl_tpm, v->fd, NULL);
}

/* Makes a file that nobody has seen. */
static int fresh_file(struct _test_data_vtpm *self, char path[PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof(name), "file%d", self->files++);
	return scratch_subject(&self->scratch, name, OWNER_PLAIN, path);
}

/* The agent opens such a file: 0, or -errno. */
static int open_fresh(struct _test_data_vtpm *self, struct agent *agent)
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
static int violate(struct _test_data_vtpm *self, struct agent *agent)
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
static void assert_unbound(struct __test_metadata *const _metadata,
			   struct agent *agent)
{
	struct tpm_line line;

	ASSERT_EQ(0, agent_tpm(agent, &line));
	ASSERT_STREQ("none", line.state);
	ASSERT_EQ(0, agent_number(agent, "runtime_measurements_count"));
}

static void assert_bound(struct __test_metadata *const _metadata,
			 struct agent *agent, const struct vtpm *v)
{
	struct tpm_line line;

	ASSERT_EQ(0, agent_tpm(agent, &line));
	ASSERT_STREQ(v->name, line.chip);
	ASSERT_STREQ("sha256", line.banks);
	ASSERT_STREQ("bound", line.state);
}

static bool all_extended(long id, int list)
{
	struct tpm_line line;

	return !host_tpm(id, &line) && line.extended == fd_count(list);
}

/*
 * Asserts that the chip gets every line of the namespace's list, in its order,
 * and nothing else.  Returns the number of lines.
 */
static int assert_follows(struct __test_metadata *const _metadata,
			  struct agent *agent, long id, const struct vtpm *v)
{
	const int fd = agent_open(agent, LIST_SHA256, O_RDONLY);
	struct list list;
	int n;

	ASSERT_LE(0, fd);
	ASSERT_TRUE(WAIT_FOR(all_extended(id, fd), SOON_MS));
	ASSERT_EQ(0, list_read(fd, &list));
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
static void assert_replay(struct __test_metadata *const _metadata,
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
static bool is_boot_aggregate(int fd, int n)
{
	char line[2 * PATH_MAX] = "";
	struct list list;

	if (!list_read(fd, &list))
		list_line(&list, n, line, sizeof(line));
	list_free(&list);
	return contains(line, " sha256:" VTPM_BOOT_AGGREGATE " boot_aggregate");
}

/* "If the list was empty it now starts with the chip's boot_aggregate." */
TEST_F(vtpm, file_binds)
{
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	assert_bound(_metadata, &self->a, &self->v);
	EXPECT_TRUE(is_boot_aggregate(self->list_a, 0));
	EXPECT_EQ(0, open_fresh(self, &self->a));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	assert_replay(_metadata, &self->a, &self->v);
	assert_unbound(_metadata, &self->b);
}

/* "Write tpmN (optional newline)." */
TEST_F(vtpm, newline)
{
	char text[32];

	snprintf(text, sizeof(text), "%s\n", self->v.name);
	EXPECT_EQ(0, write_own(&self->a, text));
	assert_bound(_metadata, &self->a, &self->v);
}

/* "ima/namespaces/<id>/tpm: like ima/policy it means <id>." */
TEST_F(vtpm, host_binds)
{
	EXPECT_EQ(0, host_bind(self->id_a, &self->v));
	assert_bound(_metadata, &self->a, &self->v);
	EXPECT_TRUE(tpm_is(self->id_a, "bound"));
	EXPECT_TRUE(tpm_is(self->id_b, "none"));
	EXPECT_TRUE(is_boot_aggregate(self->list_a, 0));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
}

/* "Binds that chip to the CALLER's IMA namespace." */
TEST_F(vtpm, ioctl_binds)
{
	EXPECT_EQ(0, ioctl_as(&self->a, KEEP_ALL, &self->v));
	assert_bound(_metadata, &self->a, &self->v);
	EXPECT_TRUE(is_boot_aggregate(self->list_a, 0));
	EXPECT_EQ(0, open_fresh(self, &self->a));
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	assert_unbound(_metadata, &self->b);
}

/* "Holding the fd is the authority over the chip": a container's root. */
TEST_F(vtpm, ioctl_by_rootless)
{
	struct tpm_line line;

	EXPECT_EQ(-EPERM, ioctl_as(&self->rootless, -1, &self->v));
	EXPECT_TRUE(tpm_is(self->id_rootless, "none"));
	EXPECT_EQ(0, ioctl_as(&self->rootless, KEEP_ALL, &self->v));
	ASSERT_EQ(0, host_tpm(self->id_rootless, &line));
	EXPECT_STREQ(self->v.name, line.chip);
	EXPECT_STREQ("bound", line.state);
	assert_follows(_metadata, &self->rootless, self->id_rootless,
		       &self->v);
}

/* "Needs CAP_SYS_ADMIN or CAP_MAC_ADMIN over the namespace's owner." */
TEST_F(vtpm, ioctl_needs_capability)
{
	EXPECT_EQ(-EPERM, ioctl_as(&self->a, -1, &self->v));
	EXPECT_EQ(-EPERM, ioctl_as(&self->a, CAP_SYS_CHROOT, &self->v));
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, ioctl_as(&self->a, CAP_MAC_ADMIN, &self->v));
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	EXPECT_EQ(0, ioctl_as(&self->b, CAP_SYS_ADMIN, &self->other));
	assert_bound(_metadata, &self->a, &self->v);
	assert_bound(_metadata, &self->b, &self->other);
}

/* "EPERM: opener lacks CAP_SYS_ADMIN and CAP_MAC_ADMIN over the INITIAL one." */
TEST_F(vtpm, file_needs_capability)
{
	static const char own[] = IMA_DIR "/tpm";

	EXPECT_EQ(-EPERM, write_as(&self->a, -1, -1, own, self->v.name));
	EXPECT_EQ('w', self->a.call->step);
	EXPECT_EQ(-EPERM, write_as(&self->a, CAP_SYS_CHROOT, -1, own,
				   self->v.name));
	EXPECT_EQ(-EPERM, write_own(&self->rootless, self->v.name));
	EXPECT_EQ('w', self->rootless.call->step);
	EXPECT_TRUE(tpm_is(self->id_rootless, "none"));
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, write_as(&self->a, CAP_MAC_ADMIN, -1, own,
			      self->v.name));
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	EXPECT_EQ(0, write_as(&self->b, CAP_SYS_ADMIN, -1, own,
			      self->other.name));
}

/* Opens a namespace's file as the host does. */
static int host_open_tpm(long id)
{
	char path[128];

	tpm_path(path, sizeof(path), id);
	return open(path, O_WRONLY | O_CLOEXEC);
}

/* It is the opener's rights that count, whoever writes. */
TEST_F(vtpm, opener_is_judged)
{
	const int own = agent_open(&self->rootless, IMA_DIR "/tpm", O_WRONLY);
	const int fd = host_open_tpm(self->id_rootless);

	ASSERT_LE(0, own);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, write_as(&self->host, KEEP_ALL, own, "",
				   self->v.name));
	EXPECT_TRUE(tpm_is(self->id_rootless, "none"));
	EXPECT_EQ(0, write_as(&self->rootless, -1, fd, "", self->v.name));
	EXPECT_TRUE(tpm_is(self->id_rootless, "bound"));
	close(own);
	close(fd);
}

/* "EPERM: the file is the initial namespace's", which shows its own chip. */
TEST_F(vtpm, initial_namespace)
{
	struct tpm_line before, line;

	ASSERT_EQ(0, host_tpm(0, &before));
	EXPECT_EQ(-EPERM, host_bind(0, &self->v));
	EXPECT_EQ(-EPERM, ioctl_as(&self->host, KEEP_ALL, &self->v));
	ASSERT_EQ(0, host_tpm(0, &line));
	EXPECT_STREQ(before.state, line.state);
	EXPECT_STREQ(before.chip, line.chip);
	if (strcmp(line.state, "none")) {
		EXPECT_STREQ("bound", line.state);
		EXPECT_STREQ("tpm0", line.chip);
		EXPECT_EQ(own_number("runtime_measurements_count"),
			  line.extended);
	}
	/* The chip is as good as before. */
	EXPECT_EQ(0, host_bind(self->id_a, &self->v));
}

/* "EINVAL: a chip that is not a tpm_vtpm_proxy one." */
TEST_F(vtpm, hardware_chip)
{
	struct tpm_line line;

	ASSERT_EQ(0, host_tpm(0, &line));
	if (strcmp(line.chip, "tpm0"))
		SKIP(return, "needs a TPM of the host's");
	EXPECT_EQ(-EINVAL, write_own(&self->a, "tpm0"));
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
}

/* "EINVAL: no such text." */
TEST_F(vtpm, malformed)
{
	static const char *const texts[] = {
		"\n", "tpm", "tpm\n", "tpmx", "TPM1", "1", "none", "tpm 1",
		"tpm-1", "tpm+1", "tpm1x", "tpm1 ", " tpm1", "tpm1\n\n",
		"tpm1\ntpm1\n", "tpmrm1", "/dev/tpm1", "tpm0x1",
		"tpm99999999999999999999",
	};
	char *const text = malloc(8192);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		EXPECT_EQ(-EINVAL, write_own(&self->a, texts[i]))
		{
			TH_LOG("Text %zu: '%s'", i, texts[i]);
		}
	}
	memset(text, '1', 8191);
	memcpy(text, "tpm", 3);
	text[8191] = '\0';
	EXPECT_EQ(-EINVAL, write_own(&self->a, text));
	free(text);
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
}

/* "ENODEV: no chip of that name." */
TEST_F(vtpm, no_such_chip)
{
	EXPECT_EQ(-ENODEV, write_own(&self->a, "tpm65000"));
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
}

/* "ENODEV: its emulator is gone." */
TEST_F(vtpm, closed_server)
{
	vtpm_stop(&self->v);
	EXPECT_EQ(-ENODEV, write_own(&self->a, self->v.name));
	assert_unbound(_metadata, &self->a);
	ASSERT_EQ(0, vtpm_start(&self->v, 0, NULL));
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
}

/* Likewise, if the kernel gave the chip up because it did not start. */
TEST_F(vtpm, not_registered)
{
	ASSERT_EQ(0, vtpm_new(&self->other, 1));
	vtpm_behave(&self->other, VTPM_ERROR, 0, 0);
	ASSERT_EQ(0, vtpm_serve(&self->other, NULL));
	ASSERT_TRUE(WAIT_FOR(vtpm_get(self->other.shared->hung_up), SOON_MS));
	EXPECT_EQ(-ENODEV, ioctl_as(&self->a, KEEP_ALL, &self->other));
	EXPECT_EQ(-ENODEV, write_own(&self->a, self->other.name));
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
}

/* "The ioctl waits for the chip to be registered." */
TEST_F(vtpm, ioctl_waits_for_registration)
{
	ASSERT_EQ(0, vtpm_new(&self->other, 1));
	ASSERT_EQ(0, vtpm_serve(&self->other, NULL));
	EXPECT_EQ(0, ioctl_as(&self->a, KEEP_ALL, &self->other));
	assert_bound(_metadata, &self->a, &self->other);
	assert_follows(_metadata, &self->a, self->id_a, &self->other);
}

/* "EBUSY: the namespace has or had a chip." */
TEST_F(vtpm, twice)
{
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	EXPECT_EQ(-EBUSY, write_own(&self->a, self->v.name));
	EXPECT_EQ(-EBUSY, write_own(&self->a, self->other.name));
	EXPECT_EQ(-EBUSY, host_bind(self->id_a, &self->other));
	EXPECT_EQ(-EBUSY, ioctl_as(&self->a, KEEP_ALL, &self->v));
	EXPECT_EQ(-EBUSY, ioctl_as(&self->a, KEEP_ALL, &self->other));
	assert_bound(_metadata, &self->a, &self->v);
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	/* The other one is as good as before. */
	EXPECT_EQ(0, write_own(&self->b, self->other.name));
}

/* "EBUSY: the chip serves another namespace." */
TEST_F(vtpm, two_namespaces)
{
	EXPECT_EQ(0, ioctl_as(&self->a, KEEP_ALL, &self->v));
	EXPECT_EQ(-EBUSY, ioctl_as(&self->b, KEEP_ALL, &self->v));
	EXPECT_EQ(-EBUSY, write_own(&self->b, self->v.name));
	EXPECT_EQ(-EBUSY, host_bind(self->id_rootless, &self->v));
	assert_unbound(_metadata, &self->b);
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	EXPECT_EQ(0, write_own(&self->b, self->other.name));
}

/*
 * "EBUSY: any of its PCRs 0-16, 23 is not at its reset value: then the
 * namespace stays unbound."
 */
TEST_F_TIMEOUT(vtpm, used_pcrs, 120)
{
	static const int pcrs[] = { 0, 7, 10, 15, 16, 23 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pcrs); i++) {
		ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
		ASSERT_EQ(0, tpm_pcr_extend(&self->other, pcrs[i], 0xaa));
		EXPECT_EQ(-EBUSY, write_own(&self->a, self->other.name))
		{
			TH_LOG("PCR %d", pcrs[i]);
		}
		EXPECT_EQ(-EBUSY, ioctl_as(&self->a, KEEP_ALL, &self->other));
		assert_unbound(_metadata, &self->a);
		EXPECT_EQ(1, vtpm_get(self->other.shared->extends));
		vtpm_stop(&self->other);
	}
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	assert_bound(_metadata, &self->a, &self->v);
	assert_follows(_metadata, &self->a, self->id_a, &self->v);
}

/* Those of the dynamic root of trust are nobody's business. */
TEST_F(vtpm, dynamic_pcrs)
{
	ASSERT_EQ(0, tpm_pcr_extend(&self->v, 17, 0xaa));
	ASSERT_EQ(0, tpm_pcr_extend(&self->v, 22, 0xaa));
	EXPECT_EQ(0, write_own(&self->a, self->v.name));
	assert_bound(_metadata, &self->a, &self->v);
}

/* "EIO: the chip answers with an error: stays unbound." */
TEST_F(vtpm, answers_errors)
{
	vtpm_behave(&self->v, VTPM_ERROR, 0, 0);
	EXPECT_EQ(-EIO, write_own(&self->a, self->v.name));
	EXPECT_EQ(-EIO, ioctl_as(&self->a, KEEP_ALL, &self->v));
	assert_unbound(_metadata, &self->a);
	EXPECT_EQ(0, vtpm_get(self->v.shared->extends));
	/* Another chip may do better, or this one, later. */
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	EXPECT_EQ(0, write_own(&self->a, self->other.name));
	vtpm_behave(&self->v, VTPM_ANSWER, 0, 0);
	EXPECT_EQ(0, write_own(&self->b, self->v.name));
	assert_follows(_metadata, &self->b, self->id_b, &self->v);
}

/*
 * "ETIMEDOUT: the chip did not answer in time: the namespace's TPM is then
 * `lost`", and "never comes back".
 */
static void assert_timed_out(struct __test_metadata *const _metadata,
			     struct _test_data_vtpm *self, bool by_ioctl)
{
	const long start = now_ms();

	ASSERT_EQ(-ETIMEDOUT, by_ioctl ?
		  ioctl_as(&self->a, KEEP_ALL, &self->other) :
		  write_own(&self->a, self->other.name));
	EXPECT_GT(BOUND_MS, now_ms() - start);
	EXPECT_TRUE(tpm_is(self->id_a, "lost"));
	EXPECT_EQ(1, tpm_records(self->list_a, "tpm-lost", self->id_a,
				 &self->other));
	EXPECT_EQ(1, tpm_records(self->list_host, "tpm-lost", self->id_a,
				 &self->other));
	EXPECT_EQ(-EBUSY, write_own(&self->a, self->v.name));
	EXPECT_EQ(-EBUSY, ioctl_as(&self->a, KEEP_ALL, &self->v));
	EXPECT_TRUE(tpm_is(self->id_a, "lost"));
	EXPECT_EQ(0, open_fresh(self, &self->a));
	EXPECT_EQ(0, write_own(&self->b, self->v.name));
}

TEST_F(vtpm, silent)
{
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	vtpm_behave(&self->other, VTPM_SILENT, 0, 0);
	assert_timed_out(_metadata, self, false);
}

TEST_F(vtpm, silent_ioctl)
{
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	vtpm_behave(&self->other, VTPM_SILENT, 0, 0);
	assert_timed_out(_metadata, self, true);
}

/*
 * An answer each second does not prolong it.  "If it ever answers, one FF..FF
 * is extended without an entry."
 */
TEST_F(vtpm, slow)
{
	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	vtpm_behave(&self->other, VTPM_ANSWER, 0, 1000);
	assert_timed_out(_metadata, self, false);
	vtpm_behave(&self->other, VTPM_ANSWER, 0, 0);
	EXPECT_TRUE(WAIT_FOR(vtpm_violations(&self->other), SOON_MS));
	EXPECT_EQ(1, vtpm_get(self->other.shared->extends));
}

/* "The ioctl waits for the chip to be registered, 2 s at most." */
TEST_F(vtpm, never_started)
{
	struct tpm_line line;

	ASSERT_EQ(0, vtpm_new(&self->other, 1));
	assert_timed_out(_metadata, self, true);
	/* "Banks are - if the chip was lost before it told them." */
	ASSERT_EQ(0, host_tpm(self->id_a, &line));
	EXPECT_STREQ("-", line.banks);
	EXPECT_EQ(0, line.extended);
}

static pid_t fork_bind(long id, const struct vtpm *v)
{
	const pid_t pid = fork();

	if (!pid)
		_exit(-host_bind(id, v));
	return pid;
}

/* "EBUSY: is just being bound", and so is the chip. */
TEST_F(vtpm, being_bound)
{
	int before;
	pid_t pid;

	ASSERT_EQ(0, vtpm_start(&self->other, 1, NULL));
	before = vtpm_get(self->v.shared->commands);
	/* It reads three times. */
	vtpm_behave(&self->v, VTPM_ANSWER, TPM_CC_PCR_READ, 400);
	pid = fork_bind(self->id_a, &self->v);
	ASSERT_TRUE(WAIT_FOR(vtpm_get(self->v.shared->commands) > before,
			     BOUND_MS));
	EXPECT_EQ(-EBUSY, write_own(&self->a, self->other.name));
	EXPECT_EQ(-EBUSY, ioctl_as(&self->b, KEEP_ALL, &self->v));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(0, reap(pid));
	assert_bound(_metadata, &self->a, &self->v);
	EXPECT_EQ(0, write_own(&self->b, self->other.name));
}

/* "Waits (killably)." */
TEST_F(vtpm, killed_while_binding)
{
	int before, status;
	long start;
	pid_t pid;

	ASSERT_EQ(0, set_timeout(60000));
	before = vtpm_get(self->v.shared->commands);
	vtpm_behave(&self->v, VTPM_SILENT, 0, 0);
	pid = fork_bind(self->id_a, &self->v);
	ASSERT_TRUE(WAIT_FOR(vtpm_get(self->v.shared->commands) > before,
			     BOUND_MS));
	ASSERT_EQ(0, waitpid(pid, NULL, WNOHANG));
	start = now_ms();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(AT_ONCE_MS, now_ms() - start);
	EXPECT_TRUE(WIFSIGNALED(status));
	/* Whatever became of it, tasks of the namespace go on. */
	ASSERT_EQ(0, set_timeout(TIMEOUT_MS));
	start = now_ms();
	EXPECT_EQ(0, open_fresh(self, &self->a));
	EXPECT_GT(BOUND_MS, now_ms() - start);
}

/*
 * "If it had entries, a further boot_aggregate line (the chip's) is appended";
 * "extends entry after entry in list order from the first one; violations
 * extend FF..FF".
 */
TEST_F_TIMEOUT(vtpm, late, 120)
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
TEST_F_TIMEOUT(vtpm, concurrent, 120)
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

/* The namespace ends while a chip is bound to it. */
TEST_F_TIMEOUT(vtpm, ends_while_binding, 120)
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
