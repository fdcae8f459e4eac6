// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - imans as a hook of container runtimes
 *
 * "crun run and runc run need nothing else but the hook": policy, keys and TPM
 * are there before the first program, by annotations alone.
 */

#include "imans.h"

#define CONTAINER "ima_ns_hook"

/* Where the hook's words go, annotations, imans, and namespaces: with commas. */
static const char config_json[] =
	"{ \"ociVersion\": \"1.0.2\", \"hostname\": \"" CONTAINER "\",\n"
	"  \"process\": { \"terminal\": false, \"cwd\": \"/\",\n"
	"    \"user\": { \"uid\": 0, \"gid\": 0 }, \"env\": [ \"PATH=/\" ],\n"
	"    \"args\": [ \"/subject\", \"wait\" ] },\n"
	"  \"root\": { \"path\": \"rootfs\", \"readonly\": false },\n"
	"  \"mounts\": [\n"
	"    { \"destination\": \"/proc\", \"type\": \"proc\",\n"
	"      \"source\": \"proc\" },\n"
	"    { \"destination\": \"/dev\", \"type\": \"tmpfs\",\n"
	"      \"source\": \"tmpfs\", \"options\": [ \"nosuid\", \"mode=755\" ] } ],\n"
	"  \"annotations\": { \"run.oci.hooks.stderr\": \"%s/said\"%s },\n"
	"  \"hooks\": { \"createRuntime\": [ { \"path\": \"%s\",\n"
	"    \"args\": [ \"imans\", \"oci-hook\" ] } ] },\n"
	"  \"linux\": { \"namespaces\": [ { \"type\": \"mount\" },\n"
	"    { \"type\": \"pid\" }, { \"type\": \"uts\" },\n"
	"    { \"type\": \"ipc\" }%s ] } }\n";

/* One in a user namespace of its own, whose root is uid 1000 outside. */
static const char userns[] =
	", { \"type\": \"user\" } ],\n"
	"  \"uidMappings\": [ { \"hostID\": 1000, \"containerID\": 0, \"size\": 1 } ],\n"
	"  \"gidMappings\": [ { \"hostID\": 1000, \"containerID\": 0, \"size\": 1 }";

FIXTURE(hook)
{
	struct scratch scratch;
};

FIXTURE_VARIANT(hook)
{
	const char *runtime;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(hook, crun) { "crun" };
FIXTURE_VARIANT_ADD(hook, runc) { "runc" };
/* clang-format on */

FIXTURE_SETUP(hook)
{
	char path[PATH_MAX];

	if (!have_swtpm() || shell("%s --version", variant->runtime))
		SKIP(return, "needs swtpm and %s", variant->runtime);
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_SHELL("cd %s && mkdir -p rootfs/proc rootfs/dev",
		     self->scratch.dir);
	ASSERT_EQ(0, scratch_subject(&self->scratch, "rootfs/subject",
				     OWNER_PLAIN, path));
	ASSERT_EQ(0, sign_file(path, "a", "sha256"));
	ASSERT_SHELL("cd %s && cp %s/authority.der %s/a.der %s/b.der .",
		     self->scratch.dir, sign_dir, sign_dir, sign_dir);
}

FIXTURE_TEARDOWN(hook)
{
	EXPECT_SHELL("%s --root %s/state delete --force " CONTAINER " || :",
		     variant->runtime, self->scratch.dir);
	scratch_remove(&self->scratch);
}

/*
 * Runs a container with these annotations: the exit status of the runtime,
 * which is the container's if that is not in the background.
 */
static int run_container(const struct _test_data_hook *self, const char *runtime,
			 const char *options, const char *policy,
			 const char *annotations, const char *namespaces)
{
	char path[PATH_MAX], imans[PATH_MAX], text[3 * PATH_MAX];
	int err;

	sibling_path(imans, "imans");
	snprintf(path, sizeof(path), "%s/policy", self->scratch.dir);
	err = write_path(path, O_CREAT | O_TRUNC, policy, strlen(policy));
	snprintf(path, sizeof(path), "%s/config.json", self->scratch.dir);
	snprintf(text, sizeof(text), config_json, self->scratch.dir, annotations,
		 imans, namespaces);
	err = err ?: write_path(path, O_CREAT | O_TRUNC, text, strlen(text));
	return err ?: shell("cd %s && %s --root state run %s " CONTAINER
			    " >out 2>&1 </dev/null; r=$?; cat out said; exit $r",
			    self->scratch.dir, runtime, options);
}

static pid_t container_pid(const struct _test_data_hook *self)
{
	return shell("cat %s/pid", self->scratch.dir) ? -1 : atoi(output);
}

#define BACKGROUND "-d --pid-file pid"
#define SIGNED_ONLY "appraise func=BPRM_CHECK appraise_type=imasig\n"
#define MEASURED "measure func=BPRM_CHECK\n"

#define VTPM ", \"org.linux.ima.vtpm\": \"tpm\""
#define POLICY_FILE ", \"org.linux.ima.policy\": \"policy\""
#define KEYS							\
	", \"org.linux.ima.ca\": \"authority.der\""		\
	", \"org.linux.ima.cert\": \"a.der:b\\u002eder\""

/* All of it: the first program is in the TPM, and had to be signed. */
TEST_F_TIMEOUT(hook, all, 120)
{
	pid_t pid;

	ASSERT_EQ(0, run_container(self, variant->runtime, BACKGROUND, SIGNED_ONLY MEASURED,
				   VTPM POLICY_FILE KEYS, ""))
	{
		TH_LOG("%s", output);
	}
	pid = container_pid(self);
	EXPECT_SHELL("$I show --json pid:%d | tee /dev/stderr | jq -e '\n"
		     ".tpm.state == \"bound\" and (.rules | length) == 2 and\n"
		     ".rules[1] == \"measure func=BPRM_CHECK\" and\n"
		     "(.keyring.keys | length) == 2 and\n"
		     ".authorities == 1 and .tpm.extended == .records and\n"
		     ".list[1].fields[1] == \"tpm-bound\" and\n"
		     ".list[-1].fields[1] == \"/subject\"'", pid);
	EXPECT_SAID(0, "\nproven\n", "$I verify pid:%d", pid);
	/* Its TPM, where programs look for one. */
	EXPECT_SHELL("n=$($I show --json pid:%d | jq -r .tpm.chip) &&\n"
		     "for d in tpm tpmrm; do\n"
		     "[ $(stat -c %%t:%%T /proc/%d/root/dev/${d}0) = \\\n"
		     "$(stat -c %%t:%%T /dev/$d${n#tpm}) ] || exit 1; done",
		     pid, pid);
	ASSERT_SHELL("%s --root %s/state delete --force " CONTAINER,
		     variant->runtime, self->scratch.dir);
	EXPECT_TRUE(within(PATIENCE, emulator_ended(self->scratch.dir)));
}

/* What is not signed by the key of the annotation does not begin. */
TEST_F_TIMEOUT(hook, not_signed, 120)
{
	char path[PATH_MAX];

	ASSERT_SHELL("rm %s/rootfs/subject", self->scratch.dir);
	ASSERT_EQ(0, scratch_subject(&self->scratch, "rootfs/subject",
				     OWNER_PLAIN, path));
	ASSERT_EQ(0, sign_file(path, "c", "sha256"));
	/* In the foreground, as a runtime tells nothing of exec otherwise. */
	EXPECT_NE(0, run_container(self, variant->runtime, "", SIGNED_ONLY,
				   POLICY_FILE KEYS, ""));
	EXPECT_TRUE(contains(output, "ermission denied"))
	{
		TH_LOG("%s", output);
	}
}

/* A hook that cannot do what was asked for ends the container, and its TPM. */
TEST_F_TIMEOUT(hook, refused, 120)
{
	EXPECT_NE(0, run_container(self, variant->runtime, BACKGROUND, "measure it\n",
				   VTPM POLICY_FILE, ""));
	EXPECT_TRUE(contains(output, "policy:1: Invalid argument"))
	{
		TH_LOG("%s", output);
	}
	EXPECT_SHELL("[ -e %s/tpm/log ]", self->scratch.dir);
	EXPECT_TRUE(within(PATIENCE, emulator_ended(self->scratch.dir)));
}

/* Containers that ask for nothing run as they would. */
TEST_F_TIMEOUT(hook, without_annotations, 120)
{
	ASSERT_EQ(0, run_container(self, variant->runtime, BACKGROUND, MEASURED, "", ""))
	{
		TH_LOG("%s", output);
	}
	EXPECT_SHELL("$I show --json pid:%d | jq -e '.policy == \"exec\" and\n"
		     ".tpm == null and .keyring == \"none\"'",
		     container_pid(self));
}

/* With a user namespace, all but the nodes of a TPM. */
TEST_F_TIMEOUT(hook, user_namespace, 120)
{
	EXPECT_NE(0, run_container(self, variant->runtime, BACKGROUND, MEASURED, VTPM, userns));
	EXPECT_TRUE(contains(output, "of no use in a user namespace"))
	{
		TH_LOG("%s", output);
	}
	ASSERT_SHELL("%s --root %s/state delete --force " CONTAINER " || :;"
		     " chown -R 1000:1000 %s", variant->runtime,
		     self->scratch.dir, self->scratch.dir);
	ASSERT_EQ(0, run_container(self, variant->runtime, BACKGROUND, MEASURED,
				   POLICY_FILE KEYS, userns))
	{
		TH_LOG("%s", output);
	}
	EXPECT_SHELL("$I show --json pid:%d | tee /dev/stderr | jq -e '\n"
		     ".policy == \"own\" and (.keyring.keys | length) == 2'",
		     container_pid(self));
}

/* An image's link does not lead the nodes out of the container. */
TEST_F_TIMEOUT(hook, link_out, 120)
{
	const char *const dir = self->scratch.dir;

	ASSERT_SHELL("cd %s && mkdir out rootfs/out && rmdir rootfs/dev &&\n"
		     "ln -s ../../../../../../../..%s/out rootfs/dev", dir, dir);
	run_container(self, variant->runtime, BACKGROUND, MEASURED, VTPM, "");
	EXPECT_SHELL("[ -z \"$(ls %s/out)\" ]", dir);
}

TEST_HARNESS_MAIN
