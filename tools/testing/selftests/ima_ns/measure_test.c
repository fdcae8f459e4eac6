// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Who records what
 *
 * The truth table: depth × who has a rule × who acts -> which lists gain
 * exactly one entry, and which entry.
 */

#include "world.h"

/*
 * "What a task in a namespace does is evaluated by every level's own policy,
 * from its own namespace up to the initial one; each level that asks gets its
 * own record."
 *
 * A row is one character per level, the initial namespace first, the actor's
 * level last:
 *
 *   '-'  no rule that matches     -> never gains
 *   'A'  a rule for everybody     -> gains
 *   'R'  a rule for root (uid=0)  -> gains if the actor is root
 *   'D'  the default policy       -> gains (an execution)
 *
 *   host ── child ── grandchild ── great-grandchild
 *    [0]     [1]        [2]             [3]
 */
FIXTURE(table)
{
	struct scratch scratch;
	struct chain chain;
	struct agent sibling;
	int sibling_list;
	char path[PATH_MAX];
};

FIXTURE_VARIANT(table)
{
	const char *rules;
	uid_t uid;
};

/* Depth 1 */
/* clang-format off */
FIXTURE_VARIANT_ADD(table, nobody_root) { .rules = "--", .uid = 0 };
FIXTURE_VARIANT_ADD(table, child_root) { .rules = "-A", .uid = 0 };
FIXTURE_VARIANT_ADD(table, child_user) { .rules = "-A", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, default_root) { .rules = "-D", .uid = 0 };
FIXTURE_VARIANT_ADD(table, default_user) { .rules = "-D", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, for_root_by_root) { .rules = "-R", .uid = 0 };
FIXTURE_VARIANT_ADD(table, for_root_by_user) { .rules = "-R", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, host_root) { .rules = "A-", .uid = 0 };
FIXTURE_VARIANT_ADD(table, host_user) { .rules = "A-", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, host_for_root_by_root) { .rules = "R-", .uid = 0 };
FIXTURE_VARIANT_ADD(table, host_for_root_by_user) { .rules = "R-", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, both_root) { .rules = "AA", .uid = 0 };
FIXTURE_VARIANT_ADD(table, both_user) { .rules = "RA", .uid = 1000 };

/* Depth 2 */
FIXTURE_VARIANT_ADD(table, depth2_child) { .rules = "--A", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth2_parent) { .rules = "-A-", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth2_host) { .rules = "A--", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, depth2_not_parent) { .rules = "A-A", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth2_all) { .rules = "AAA", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth2_root_above) { .rules = "RRA", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, depth2_defaults) { .rules = "-DD", .uid = 1000 };

/* Depth 3 */
FIXTURE_VARIANT_ADD(table, depth3_child) { .rules = "---A", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth3_parent) { .rules = "--A-", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth3_grandparent) { .rules = "-A--", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth3_host) { .rules = "A---", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth3_all) { .rules = "AAAA", .uid = 0 };
FIXTURE_VARIANT_ADD(table, depth3_alternate) { .rules = "A-A-", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, depth3_mixed) { .rules = "RAR-", .uid = 1000 };
FIXTURE_VARIANT_ADD(table, depth3_mixed_root) { .rules = "RAR-", .uid = 0 };
/* clang-format on */

FIXTURE_SETUP(table)
{
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
	ASSERT_EQ(0, chain_start(&self->chain, variant->rules));
	/* Not in the chain: measures all that it is asked for, nothing comes. */
	ASSERT_EQ(0, level_start(&self->sibling, &self->chain.agent[0], 'A',
				 &self->sibling_list));
	ASSERT_EQ(0, scratch_subject(&self->scratch, "subject",
				     rule_owner(variant->rules[0]),
				     self->path));
}

FIXTURE_TEARDOWN(table)
{
	agent_stop(&self->sibling);
	chain_stop(&self->chain);
	scratch_remove(&self->scratch);
}

/* Runs the subject in the deepest level and looks at all lists. */
static void check_row(struct __test_metadata *const _metadata,
		      struct chain *chain, const char *rules, uid_t uid,
		      const char *path)
{
	char evidence[EVIDENCE_SIZE], level[32];
	int before[MAX_CHAIN], i;

	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	chain_counts(chain, before);
	ASSERT_EQ(0, agent_exec(&chain->agent[chain->length - 1], path, uid));
	for (i = 0; i < chain->length; i++) {
		snprintf(level, sizeof(level), "%d of %s", i, rules);
		assert_gain(_metadata, level, chain->lists[i], before[i],
			    rule_gains(rules[i], uid), evidence);
	}
}

TEST_F(table, gains)
{
	const int before = fd_count(self->sibling_list);

	ASSERT_LE(0, before);
	check_row(_metadata, &self->chain, variant->rules, variant->uid,
		  self->path);
	ASSERT_EQ(before, fd_count(self->sibling_list));
}

/* "A file that did not change is not measured again, at any level." */
TEST_F(table, again_unchanged)
{
	int before[MAX_CHAIN], i;

	check_row(_metadata, &self->chain, variant->rules, variant->uid,
		  self->path);
	chain_counts(&self->chain, before);
	ASSERT_EQ(0, agent_exec(&self->chain.agent[self->chain.length - 1],
				self->path, variant->uid));
	for (i = 0; i < self->chain.length; i++)
		ASSERT_EQ(before[i], fd_count(self->chain.lists[i]));
}

/*
 * "Measured in one namespace is not measured in another": after a descendant
 * executed the file, each ancestor that executes it itself records it if, and
 * only if, its list has no such record yet.
 */
TEST_F(table, ancestors_follow)
{
	const struct chain *const chain = &self->chain;
	int before[MAX_CHAIN], level, i;

	check_row(_metadata, &self->chain, variant->rules, variant->uid,
		  self->path);
	for (level = chain->length - 1; level >= 0; level--) {
		chain_counts(chain, before);
		ASSERT_EQ(0, agent_exec(&self->chain.agent[level], self->path,
					0));
		for (i = 0; i < chain->length; i++) {
			const int already = fd_count_path(chain->lists[i],
							  self->path);
			const int had = rule_gains(variant->rules[i],
						   variant->uid);
			const int asks = i <= level &&
					 rule_gains(variant->rules[i], 0);

			/* At most one record of one content. */
			ASSERT_GE(1, already);
			if (had || asks)
				ASSERT_EQ(1, already);
			if (i > level)
				ASSERT_EQ(before[i],
					  fd_count(chain->lists[i]));
		}
	}
}

/* All rows of depth 3 below a host without a rule, both actors. */
FIXTURE(all_rows)
{
	struct scratch scratch;
};

FIXTURE_SETUP(all_rows)
{
	ASSERT_EQ(0, scratch_make(&self->scratch, FS_TMPFS));
}

FIXTURE_TEARDOWN(all_rows)
{
	scratch_remove(&self->scratch);
}

TEST_F_TIMEOUT(all_rows, gains, 800)
{
	static const char rule[] = "-AR";
	char rules[MAX_CHAIN + 1] = "-";
	char path[PATH_MAX], name[32];
	struct chain chain;
	int row;

	for (row = 0; row < 27 * 2; row++) {
		const uid_t uid = row & 1 ? 1000 : 0;
		const int n = row / 2;

		rules[1] = rule[n % 3];
		rules[2] = rule[n / 3 % 3];
		rules[3] = rule[n / 9];
		snprintf(name, sizeof(name), "row%d", row);
		ASSERT_EQ(0, scratch_subject(&self->scratch, name,
					     OWNER_PLAIN, path));
		ASSERT_EQ(0, chain_start(&chain, rules));
		check_row(_metadata, &chain, rules, uid, path);
		chain_stop(&chain);
	}
}

TEST_HARNESS_MAIN
