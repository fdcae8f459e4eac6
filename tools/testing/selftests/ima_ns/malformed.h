/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: what is refused leaves no trace
 *
 * Each policy is loaded into a new namespace, where it is the first one or a
 * later one.
 */

#include "bytes.h"

#define RULE "measure func=BPRM_CHECK fowner=61450"
#define RULE_MORE "dont_measure func=FILE_CHECK fowner=61451"

/* How each rule that is read back ends. */
#define END "\x20\n"

#define MAX_TEXT (128 * 1024)

/* Shared with the agents: what to load, and what came of it. */
struct board {
	struct attempt got;
	size_t size;
	/* At most so many bytes a write(); no matter if 0. */
	size_t chunk;
	char text[MAX_TEXT];
};

static struct board *board;

static inline long do_enter_fresh(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return enter_fresh();
}

FIXTURE(malformed)
{
	struct scratch scratch;
	struct agent agent;
	char *text;
};

FIXTURE_VARIANT(malformed)
{
	/* The policy before, NULL for the default one. */
	const char *before;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(malformed, first) { NULL };
FIXTURE_VARIANT_ADD(malformed, later) { RULE END RULE_MORE END };
/* clang-format on */

FIXTURE_SETUP(malformed)
{
	ASSERT_EQ(INIT_INUM, ns_inum(0, "ima"));
	board = shared_memory(sizeof(*board));
	ASSERT_NE(NULL, board);
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, agent_start(&self->agent, NULL, 0));
}

FIXTURE_TEARDOWN(malformed)
{
	agent_stop(&self->agent);
	scratch_remove(&self->scratch);
}

/* Gives the agent a new namespace, with the policy of the variant. */
static inline void start_over(struct __test_metadata *const _metadata,
			      struct _test_data_malformed *self, const char *before)
{
	ASSERT_EQ(0, agent_call(&self->agent, do_enter_fresh, -1, NULL));
	ASSERT_NE(INIT_INUM, ns_inum(self->agent.pid, "ima"));
	if (before)
		ASSERT_EQ(0, agent_load(&self->agent, before));
	free(self->text);
	ASSERT_LT(0, agent_read(&self->agent, POLICY, &self->text));
}

static inline void assert_text(struct __test_metadata *const _metadata,
			       struct _test_data_malformed *self, const char *text)
{
	char *now;

	ASSERT_LT(0, agent_read(&self->agent, POLICY, &now));
	ASSERT_STREQ(text, now);
	free(now);
}

/* Asserts that nothing came of what was tried, and that the next load works. */
static inline void assert_no_trace(struct __test_metadata *const _metadata,
				   struct _test_data_malformed *self,
				   const char *before)
{
	char expected[1024];

	assert_text(_metadata, self, self->text);
	ASSERT_EQ(0, agent_load(&self->agent, RULE));
	snprintf(expected, sizeof(expected), "%s" RULE END, before ?: "");
	assert_text(_metadata, self, expected);
}
