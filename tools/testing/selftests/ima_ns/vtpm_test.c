// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - A vTPM for a namespace
 *
 * Which chip can be bound to which namespace, and by whom.
 */

#include "bound.h"

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
TEST_F_TIMEOUT(vtpm, used_pcrs, 360)
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

TEST_HARNESS_MAIN
