// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Container runtimes
 *
 * What the runtimes and nsenter(1) do, unchanged, lands in the container's
 * IMA namespace: they know of its mount namespace only.
 */

#include "world.h"
#include "run.h"

#define CONTAINER "ima_ns_test"

static const char config_json[] =
	"{ \"ociVersion\": \"1.0.2\", \"hostname\": \"" CONTAINER "\",\n"
	"  \"process\": { \"terminal\": false, \"cwd\": \"/\",\n"
	"    \"user\": { \"uid\": 0, \"gid\": 0 }, \"env\": [ \"PATH=/\" ],\n"
	"    \"args\": [ \"/subject\", \"wait\" ] },\n"
	"  \"root\": { \"path\": \"rootfs\", \"readonly\": false },\n"
	"  \"mounts\": [\n"
	"    { \"destination\": \"/proc\", \"type\": \"proc\",\n"
	"      \"source\": \"proc\" },\n"
	"    { \"destination\": \"/sys/kernel/security\",\n"
	"      \"type\": \"securityfs\", \"source\": \"securityfs\",\n"
	"      \"options\": [ \"nosuid\", \"noexec\", \"nodev\" ] } ],\n"
	"  \"linux\": { \"namespaces\": [ { \"type\": \"mount\" },\n"
	"    { \"type\": \"pid\" }, { \"type\": \"uts\" },\n"
	"    { \"type\": \"ipc\" } ] } }\n";

FIXTURE(container)
{
	struct scratch scratch;
	pid_t pid;
	char state[PATH_MAX];
	char bundle[PATH_MAX];
	char rootfs[PATH_MAX];
	char pid_file[PATH_MAX];
	/* What /proc/PID/ns/ima says of the container. */
	char link[64];
};

FIXTURE_VARIANT(container)
{
	const char *runtime;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(container, crun) { "crun" };
FIXTURE_VARIANT_ADD(container, runc) { "runc" };
/* clang-format on */

static int make_dirs(const char *rootfs)
{
	static const char *const names[] = { "",	    "/proc",
					     "/dev",	    "/sys",
					     "/sys/kernel", "/sys/kernel/security" };
	char path[PATH_MAX + 32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s%s", rootfs, names[i]);
		if (mkdir(path, 0755))
			return -errno;
	}
	return 0;
}

static int make_bundle(struct _test_data_container *self)
{
	const char *const dir = self->scratch.dir;
	char path[PATH_MAX];
	int err;

	snprintf(self->state, sizeof(self->state), "%s/state", dir);
	snprintf(self->bundle, sizeof(self->bundle), "%s", dir);
	snprintf(self->rootfs, sizeof(self->rootfs), "%s/rootfs", dir);
	snprintf(self->pid_file, sizeof(self->pid_file), "%s/pid", dir);
	snprintf(path, sizeof(path), "%s/config.json", dir);
	err = write_path(path, O_CREAT, config_json, strlen(config_json));
	if (!err)
		err = make_dirs(self->rootfs);
	snprintf(path, sizeof(path), "%s/rootfs/subject", dir);
	return err ?: make_subject(path, 0);
}

FIXTURE_SETUP(container)
{
	const char *const version[] = { variant->runtime, "--version", NULL };
	const char *const start[] = { variant->runtime, "--root", self->state,
				      "run", "-d", "--pid-file", self->pid_file,
				      "--bundle", self->bundle, CONTAINER,
				      NULL };
	char path[64], *text;
	ssize_t n;

	if (run(version, NULL, 0))
		SKIP(return, "needs %s", variant->runtime);
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, make_bundle(self));
	ASSERT_EQ(0, run(start, NULL, 0));
	ASSERT_LT(0, read_path(self->pid_file, &text));
	self->pid = atoi(text);
	snprintf(path, sizeof(path), "/proc/%d/ns/ima", self->pid);
	n = readlink(path, self->link, sizeof(self->link) - 1);
	ASSERT_LT(0, n);
	self->link[n] = '\0';
}

FIXTURE_TEARDOWN(container)
{
	const char *const stop[] = { variant->runtime, "--root", self->state,
				     "delete", "--force", CONTAINER, NULL };

	EXPECT_EQ(0, run(stop, NULL, 0));
	scratch_remove(&self->scratch);
}

/* "A container has an IMA namespace of its own", its own list in it. */
TEST_F_TIMEOUT(container, own_namespace, 360)
{
	ASSERT_NE(INIT_INUM, ns_inum(self->pid, "ima"));
	ASSERT_LE(1, ns_level(self->pid));
}

/* "`crun exec` and `runc exec` land in the container's namespace." */
TEST_F_TIMEOUT(container, exec_lands, 360)
{
	const char *const argv[] = { variant->runtime, "--root", self->state,
				     "exec", CONTAINER, "/subject", "link",
				     "/proc/self/ns/ima", NULL };
	char link[64];

	ASSERT_EQ(0, run(argv, link, sizeof(link)));
	ASSERT_STREQ(self->link, link);
}

/* "nsenter lands in the container's namespace." */
TEST_F_TIMEOUT(container, nsenter_lands, 360)
{
	char pid[16], link[64];
	const char *const some[] = { "nsenter", "-t", pid, "-m", "-p",
				     "/subject", "link", "/proc/self/ns/ima",
				     NULL };
	const char *const all[] = { "nsenter", "-t", pid, "-a", "/subject",
				    "link", "/proc/self/ns/ima", NULL };

	snprintf(pid, sizeof(pid), "%d", self->pid);
	ASSERT_EQ(0, run(some, link, sizeof(link)));
	ASSERT_STREQ(self->link, link);
	ASSERT_EQ(0, run(all, link, sizeof(link)));
	ASSERT_STREQ(self->link, link);
}

#define ENFORCED \
	"appraise func=BPRM_CHECK fowner=61740 appraise_type=imasig\n"

/* "A host that enforces appraisal enforces it" in containers, too. */
TEST_F_TIMEOUT(container, host_enforces, 360)
{
	const char *const argv[] = { variant->runtime, "--root", self->state,
				     "exec", CONTAINER, "/foreign", NULL };
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/foreign", self->rootfs);
	ASSERT_EQ(0, host_load_once(ENFORCED, "fowner=61740"));
	ASSERT_EQ(0, make_subject(path, 0));
	EXPECT_EQ(0, run(argv, NULL, 0));
	ASSERT_EQ(0, chown(path, 61740, 61740));
	EXPECT_NE(0, run(argv, NULL, 0));
	ASSERT_EQ(0, chown(path, 0, 0));
	EXPECT_EQ(0, run(argv, NULL, 0));
}

/* What is executed that way is in the container's list, once. */
TEST_F_TIMEOUT(container, exec_recorded, 360)
{
	const char *const other[] = { variant->runtime, "--root", self->state,
				      "exec", CONTAINER, "/other", NULL };
	const char *const print[] = { variant->runtime, "--root", self->state,
				      "exec", CONTAINER, "/subject", "cat",
				      ASCII_LIST, NULL };
	char path[PATH_MAX + 16], evidence[EVIDENCE_SIZE], text[1 << 16];
	struct list list = { .text = text };

	snprintf(path, sizeof(path), "%s/other", self->rootfs);
	ASSERT_EQ(0, make_subject(path, 0));
	ASSERT_EQ(0, file_evidence(path, "/other", evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, run(other, NULL, 0));
	ASSERT_EQ(0, run(other, NULL, 0));
	ASSERT_EQ(0, run(print, text, sizeof(text)));
	list.count = 1;
	assert_boot_aggregate(_metadata, &list);
	ASSERT_EQ(1, list_count_path(&list, " /subject"));
	ASSERT_EQ(1, list_count_path(&list, " /other"));
	ASSERT_TRUE(contains(text, evidence));
}

TEST_HARNESS_MAIN
