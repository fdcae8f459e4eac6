// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - What containers share: a lower layer of overlayfs
 */

#include "world.h"

/* The host's rules stay for the boot: an owner that nobody else uses. */
#define OWNER_LAYERS 61410

#define RULE_LAYERS "measure func=BPRM_CHECK fowner=61410\n"

/*
 * Two siblings, each with an overlay of its own at the same path:
 *
 *   host[fowner] ─┬─ a[A]  merged = a/upper over lower
 *                 └─ b[A]  merged = b/upper over lower
 */
FIXTURE(layers)
{
	struct scratch scratch;
	struct agent host, a, b;
	int host_list, a_list, b_list;
	/* The file in the layers, and where both containers see it. */
	char lower[PATH_MAX], a_upper[PATH_MAX], b_upper[PATH_MAX];
	char path[PATH_MAX];
};

FIXTURE_VARIANT(layers)
{
	enum scratch_fs fs;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(layers, tmpfs) { FS_TMPFS };
FIXTURE_VARIANT_ADD(layers, ext4) { FS_EXT4 };
/* clang-format on */

/* Mounts an overlay that neither the host nor the sibling gets to see. */
static long do_mount_overlay(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("overlay", call->path, "overlay", 0, call->text))
		return -errno;
	return 0;
}

static int mount_overlay(struct agent *agent, const char *base,
			 const char *name)
{
	snprintf(agent->call->path, PATH_MAX, "%s/merged", base);
	snprintf(agent->call->text, TEXT_SIZE,
		 "lowerdir=%s/lower,upperdir=%s/%s/upper,workdir=%s/%s/work",
		 base, base, name, base, name);
	return agent_call(agent, do_mount_overlay, -1, NULL);
}

static int make_directories(const char *base)
{
	static const char *const names[] = {
		"lower", "merged", "a", "a/upper", "a/work", "b", "b/upper",
		"b/work",
	};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", base, names[i]);
		if (mkdir(path, 0755))
			return -errno;
	}
	return 0;
}

FIXTURE_SETUP(layers)
{
	const char *const base = self->scratch.base;

	ASSERT_EQ(0, scratch_make(&self->scratch, variant->fs));
	ASSERT_EQ(0, make_directories(base));
	snprintf(self->lower, PATH_MAX, "%s/lower/subject", base);
	snprintf(self->a_upper, PATH_MAX, "%s/a/upper/subject", base);
	snprintf(self->b_upper, PATH_MAX, "%s/b/upper/subject", base);
	snprintf(self->path, PATH_MAX, "%s/merged/subject", base);
	ASSERT_EQ(0, make_subject(self->lower, OWNER_LAYERS));
	ASSERT_EQ(0, host_load_once(RULE_LAYERS, "fowner=61410"));
	ASSERT_EQ(0, level_start(&self->host, NULL, '-', &self->host_list));
	ASSERT_EQ(0, level_start(&self->a, &self->host, 'A', &self->a_list));
	ASSERT_EQ(0, level_start(&self->b, &self->host, 'A', &self->b_list));
	ASSERT_EQ(0, mount_overlay(&self->a, base, "a"));
	ASSERT_EQ(0, mount_overlay(&self->b, base, "b"));
}

FIXTURE_TEARDOWN(layers)
{
	agents_stop(&self->b, &self->a, &self->host);
	scratch_remove(&self->scratch);
}

/*
 * Executes the file in a container and asserts which lists gain a record of
 * the content of @real.
 */
static void expect_gains(struct __test_metadata *const _metadata,
			 struct _test_data_layers *self, struct agent *actor,
			 const char *real, int host, int a, int b)
{
	const int h_before = fd_count(self->host_list);
	const int a_before = fd_count(self->a_list);
	const int b_before = fd_count(self->b_list);
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, file_evidence(real, self->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(actor, self->path, 0));
	assert_gain(_metadata, "host", self->host_list, h_before, host,
		    evidence);
	assert_gain(_metadata, "a", self->a_list, a_before, a, evidence);
	assert_gain(_metadata, "b", self->b_list, b_before, b, evidence);
}

/* Copies the last line that ends with @evidence; returns their number. */
static int find_line(int fd, const char *evidence, char *line, size_t size)
{
	const size_t tail = strlen(evidence);
	char candidate[2 * PATH_MAX];
	struct list list;
	int count = 0, i;

	if (list_read(fd, &list))
		return -EIO;
	for (i = 0; !list_line(&list, i, candidate, sizeof(candidate)); i++) {
		const size_t length = strlen(candidate);

		if (length < tail || strcmp(candidate + length - tail, evidence))
			continue;
		snprintf(line, size, "%s", candidate);
		count++;
	}
	list_free(&list);
	return count;
}

/* Asserts that two lists have one and the same line about @real's content. */
static void expect_same_line(struct __test_metadata *const _metadata,
			     struct _test_data_layers *self, int one,
			     int other, const char *real)
{
	char evidence[EVIDENCE_SIZE];
	char one_line[2 * PATH_MAX], other_line[2 * PATH_MAX];

	ASSERT_EQ(0, file_evidence(real, self->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(1, find_line(one, evidence, one_line, sizeof(one_line)));
	ASSERT_EQ(1, find_line(other, evidence, other_line,
			       sizeof(other_line)));
	ASSERT_STREQ(one_line, other_line);
}

/* Asserts that a list has no line about @real's content. */
static void expect_no_line(struct __test_metadata *const _metadata,
			   struct _test_data_layers *self, int list,
			   const char *real)
{
	char evidence[EVIDENCE_SIZE], line[2 * PATH_MAX];

	ASSERT_EQ(0, file_evidence(real, self->path, evidence,
				   sizeof(evidence)));
	ASSERT_EQ(0, find_line(list, evidence, line, sizeof(line)));
}

/* Both containers execute the file of the lower layer for the first time. */
static void both_execute(struct __test_metadata *const _metadata,
			 struct _test_data_layers *self)
{
	expect_gains(_metadata, self, &self->a, self->lower, 1, 1, 0);
	/* The host has this content already. */
	expect_gains(_metadata, self, &self->b, self->lower, 0, 0, 1);
}

/* Nothing changed since: no list gains. */
static void expect_quiet(struct __test_metadata *const _metadata,
			 struct _test_data_layers *self)
{
	expect_gains(_metadata, self, &self->a, self->lower, 0, 0, 0);
	expect_gains(_metadata, self, &self->b, self->lower, 0, 0, 0);
}

/* The lower file is the same in each list, and was executed by both. */
static void expect_shared(struct __test_metadata *const _metadata,
			  struct _test_data_layers *self)
{
	expect_same_line(_metadata, self, self->a_list, self->b_list,
			 self->lower);
	expect_same_line(_metadata, self, self->a_list, self->host_list,
			 self->lower);
	expect_quiet(_metadata, self);
}

/* Writes other unique bytes over those at the end of a subject. */
static int overwrite(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	char unique[33];
	int err = 0;

	if (fd < 0)
		return -errno;
	unique_text(unique);
	if (lseek(fd, -32, SEEK_END) < 0 || write(fd, unique, 32) != 32)
		err = -EIO;
	close(fd);
	return err;
}

/* Appends more than fits into the last page of what the file was. */
static int grow(const char *path)
{
	char more[2 * 4096];

	if (getrandom(more, sizeof(more), 0) != sizeof(more))
		return -EIO;
	return write_path(path, O_APPEND, more, sizeof(more));
}

/* Changes a container's own copy, which the first write makes. */
static int change_copy(struct agent *agent, const char *path)
{
	char unique[33];

	unique_text(unique);
	return agent_append(agent, path, unique);
}

/*
 * "A lower file shared by two containers": each list has it, with the same
 * digest and the same line, and the host's has it once.
 */
TEST_F(layers, shared_file)
{
	both_execute(_metadata, self);
	expect_shared(_metadata, self);
	ASSERT_EQ(1, fd_count_path(self->host_list, self->path));
}

/* A copy-up concerns the container that caused it, and the levels above. */
TEST_F(layers, copied_up)
{
	both_execute(_metadata, self);
	ASSERT_EQ(0, change_copy(&self->a, self->path));
	expect_gains(_metadata, self, &self->b, self->lower, 0, 0, 0);
	expect_gains(_metadata, self, &self->a, self->a_upper, 1, 1, 0);
	expect_gains(_metadata, self, &self->b, self->lower, 0, 0, 0);
	expect_same_line(_metadata, self, self->a_list, self->host_list,
			 self->a_upper);
	expect_no_line(_metadata, self, self->b_list, self->a_upper);
	expect_same_line(_metadata, self, self->a_list, self->b_list,
			 self->lower);
}

/* The lower file changes underneath: both containers have it new. */
TEST_F(layers, lower_changed)
{
	both_execute(_metadata, self);
	expect_quiet(_metadata, self);
	ASSERT_EQ(0, overwrite(self->lower));
	both_execute(_metadata, self);
	expect_shared(_metadata, self);
}

/* The overlay knows the size that the file had: the digest is of all of it. */
TEST_F(layers, lower_grown)
{
	both_execute(_metadata, self);
	ASSERT_EQ(0, grow(self->lower));
	both_execute(_metadata, self);
	expect_same_line(_metadata, self, self->a_list, self->b_list,
			 self->lower);
}

/* What happens to the lower file no longer concerns who has a copy. */
TEST_F(layers, lower_changed_below_copy)
{
	both_execute(_metadata, self);
	ASSERT_EQ(0, change_copy(&self->a, self->path));
	expect_gains(_metadata, self, &self->a, self->a_upper, 1, 1, 0);
	ASSERT_EQ(0, overwrite(self->lower));
	expect_gains(_metadata, self, &self->a, self->a_upper, 0, 0, 0);
	expect_gains(_metadata, self, &self->b, self->lower, 1, 0, 1);
	expect_no_line(_metadata, self, self->a_list, self->lower);
}

/* Each container has its own content only, the host has both. */
TEST_F(layers, both_copied_up)
{
	ASSERT_EQ(0, change_copy(&self->a, self->path));
	ASSERT_EQ(0, change_copy(&self->b, self->path));
	expect_gains(_metadata, self, &self->a, self->a_upper, 1, 1, 0);
	expect_gains(_metadata, self, &self->b, self->b_upper, 1, 0, 1);
	expect_same_line(_metadata, self, self->a_list, self->host_list,
			 self->a_upper);
	expect_same_line(_metadata, self, self->b_list, self->host_list,
			 self->b_upper);
	expect_no_line(_metadata, self, self->a_list, self->b_upper);
	expect_no_line(_metadata, self, self->b_list, self->a_upper);
	ASSERT_EQ(1, fd_count_path(self->a_list, self->path));
	ASSERT_EQ(1, fd_count_path(self->b_list, self->path));
	ASSERT_EQ(2, fd_count_path(self->host_list, self->path));
}

TEST_HARNESS_MAIN
