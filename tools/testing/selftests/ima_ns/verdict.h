/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: namespaces that appraise, below a host that does
 */

#include "sign.h"

/* The owner of files that namespaces have rules for. */
#define FILES 61700
/* Those that the host's rules are about: all levels, and levels as they say. */
#define FILES_HOST 61701
#define FILES_SELF 61702
#define FILES_ANY_HOOK 61703

#define SIGNED "appraise func=BPRM_CHECK fowner=61700 appraise_type=imasig\n"
#define SIGNED_ROOT \
	"appraise func=BPRM_CHECK fowner=61700 uid=0 appraise_type=imasig\n"
#define HASHED "appraise func=BPRM_CHECK fowner=61700\n"
#define MEASURED "measure func=BPRM_CHECK\n"

#define HOST_RULES \
	"appraise func=BPRM_CHECK fowner=61701 appraise_type=imasig\n" \
	"appraise func=MMAP_CHECK fowner=61701 appraise_type=imasig\n" \
	"appraise func=FILE_CHECK fowner=61701 appraise_type=imasig\n" \
	"appraise func=BPRM_CHECK fowner=61702 appraise_type=imasig ns=self\n" \
	"appraise func=MODULE_CHECK fowner=61702 appraise_type=imasig\n" \
	"appraise fowner=61703 appraise_type=imasig ns=self\n" \
	"measure func=BPRM_CHECK fowner=61700\n" \
	"measure func=CRITICAL_DATA label=ima_ns\n"

/*
 * host ─┬─ a ── below
 *       ├─ b
 *       └─ rootless: owned by a user namespace
 * second is in a, too.
 */
FIXTURE(verdict)
{
	struct scratch scratch;
	struct agent host, a, second, below, b, rootless;
	long id_a, id_b, id_below, id_rootless;
	int list_a, list_host;
	int files;
};

FIXTURE_VARIANT(verdict)
{
	enum scratch_fs fs;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(verdict, tmpfs) { FS_TMPFS };
FIXTURE_VARIANT_ADD(verdict, ext4) { FS_EXT4 };
FIXTURE_VARIANT_ADD(verdict, overlay) { FS_OVERLAY_LOWER };
/* clang-format on */

FIXTURE_SETUP(verdict)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	ASSERT_EQ(0, host_load_once(HOST_RULES, "fowner=61702"));
	ASSERT_EQ(0, scratch_make(&self->scratch, variant->fs));
	ASSERT_EQ(0, agent_start(&self->host, NULL, 0));
	ASSERT_EQ(0, namespace_start(&self->a, NULL, CLONE_NEWNS,
				     &self->id_a));
	ASSERT_EQ(0, agent_start(&self->second, &self->a, 0));
	ASSERT_EQ(0, namespace_start(&self->below, &self->a, CLONE_NEWNS,
				     &self->id_below));
	ASSERT_EQ(0, namespace_start(&self->b, NULL, CLONE_NEWNS,
				     &self->id_b));
	ASSERT_EQ(0, namespace_start(&self->rootless, NULL,
				     CLONE_NEWUSER | CLONE_NEWNS,
				     &self->id_rootless));
	ASSERT_EQ(0, lists_open(&self->a, &self->list_a, &self->list_host));
}

FIXTURE_TEARDOWN(verdict)
{
	close(self->list_a);
	close(self->list_host);
	agents_stop(&self->rootless, &self->b, &self->below, &self->second,
		    &self->a, &self->host);
	scratch_remove(&self->scratch);
}

/* Makes a program that nobody has seen, signed by a key unless NULL. */
static inline int program(struct _test_data_verdict *self, uid_t owner,
			  const char *key, char path[PATH_MAX])
{
	char name[32], put[PATH_MAX];
	int err;

	snprintf(name, sizeof(name), "file%d", self->files++);
	snprintf(put, sizeof(put), "%s/%s", self->scratch.put, name);
	err = scratch_subject(&self->scratch, name, 0, path);
	if (!err && key)
		err = sign_file(put, key, "sha256");
	/* The host may not let it be read from here on. */
	return err ?: chown(put, owner, owner) ? -errno : 0;
}

/* Opens a file and closes it again: 0, or -errno. */
static inline int agent_opens(struct agent *agent, const char *path, int flags)
{
	const int fd = agent_open(agent, path, flags);

	return fd < 0 ? fd : close(fd);
}

/* Maps a file executable, at once or by mprotect(). */
static inline long do_map(struct call *call, int fd)
{
	const int prot = call->flags ? PROT_READ : PROT_READ | PROT_EXEC;
	void *map;
	int err = 0;

	if (fd >= 0)
		close(fd);
	fd = open(call->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, prot, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		err = -errno;
	else if (call->flags && mprotect(map, 4096, PROT_READ | PROT_EXEC))
		err = -errno;
	if (map != MAP_FAILED)
		munmap(map, 4096);
	close(fd);
	return err;
}

static inline int agent_map(struct agent *agent, const char *path, bool later)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = later;
	return agent_call(agent, do_map, -1, NULL);
}
