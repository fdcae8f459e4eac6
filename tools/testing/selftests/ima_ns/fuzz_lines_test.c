// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespace tests - Malformed policies: their text
 *
 * What is refused is refused with an errno that the documentation lists, and
 * leaves no trace.
 */

#include "malformed.h"

static long do_load_board(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	board->got = load_bytes(board->text, board->size, board->chunk);
	return 0;
}

static struct attempt try_bytes(struct _test_data_malformed *self,
				const char *text, size_t size, size_t chunk)
{
	memcpy(board->text, text, size);
	board->size = size;
	board->chunk = chunk;
	agent_call(&self->agent, do_load_board, -1, NULL);
	return board->got;
}

/* Asserts that write() fails, and close() with the same. */
static void assert_refused(struct __test_metadata *const _metadata,
			   struct _test_data_malformed *self,
			   const char *before, const char *text, size_t size,
			   int err)
{
	struct attempt got;

	start_over(_metadata, self, before);
	got = try_bytes(self, text, size, 0);
	EXPECT_EQ(0, got.open_err);
	EXPECT_EQ(err, got.write_err)
	{
		TH_LOG("%.80s", text);
	}
	EXPECT_EQ(err, got.close_err)
	{
		TH_LOG("%.80s", text);
	}
	if (got.close_err)
		assert_no_trace(_metadata, self, before);
}

static const struct {
	int err;
	const char *text;
} bad_lines[] = {
	/* Words */
	{ -EINVAL, "measure_all func=BPRM_CHECK" },
	{ -EINVAL, "MEASURE func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK unknown=1" },
	{ -EINVAL, "measure func=BPRM_CHECK unknown" },
	{ -EINVAL, "measure func=bprm_check" },
	{ -EINVAL, "measure func=BPRM_CHECKS" },
	{ -EINVAL, "measure func=POST_SETATTR" },
	{ -EINVAL, "measure func = BPRM_CHECK" },
	{ -EINVAL, "measure,func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK\r" },
	{ -EINVAL, "measure\vfunc=BPRM_CHECK" },
	{ -EINVAL, "func=BPRM_CHECK" },
	{ -EINVAL, "func=BPRM_CHECK fowner=61450" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=MAY_FLY" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=^" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=^^MAY_READ" },
	/* No value */
	{ -EINVAL, "measure func=" },
	{ -EINVAL, "measure func" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=" },
	{ -EINVAL, "measure func=BPRM_CHECK uid>" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=" },
	{ -EINVAL, "measure func=BPRM_CHECK fsname=" },
	{ -EINVAL, "measure func=BPRM_CHECK fsuuid=" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=" },
	{ -EINVAL, "measure func=BPRM_CHECK template=" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=|" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=.ima||.evm" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=a|" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=|a" },
	/* Ids */
	{ -EINVAL, "measure func=BPRM_CHECK uid=4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=0x10" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=1000x" },
	{ -EINVAL, "measure func=BPRM_CHECK uid>4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK uid<4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=>5" },
	{ -EINVAL, "measure func=BPRM_CHECK euid=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK gid=4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK gid=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK egid=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=abc" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=4294967295" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=4294967296" },
	{ -EINVAL, "measure func=BPRM_CHECK fgroup=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK fgroup=18446744073709551615" },
	/* Other numbers */
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=xyz" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=0x" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=-1" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=64" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=4294967306" },
	{ -EINVAL, "measure func=BPRM_CHECK pcr=ten" },
	{ -EINVAL, "measure func=BPRM_CHECK fsuuid=1-2-3" },
	{ -EINVAL, "measure fsuuid=6a1b8d3c-0000-4000-8000-00000000000" },
	{ -EINVAL, "measure fsuuid=6a1b8d3cx0000-4000-8000-000000000000" },
	{ -EINVAL, "measure fsuuid=ga1b8d3c-0000-4000-8000-000000000000" },
	/* Templates */
	{ -EINVAL, "measure func=BPRM_CHECK template=no_such" },
	{ -EINVAL, "measure func=BPRM_CHECK template=n-ng|d-ng|" },
	{ -EINVAL, "measure func=BPRM_CHECK template=../ima" },
	{ -EINVAL, "template=ima-ng measure func=BPRM_CHECK" },
	{ -EINVAL, "dont_measure func=BPRM_CHECK template=ima-ng" },
	/* The same twice */
	{ -EINVAL, "measure measure func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK mask=MAY_EXEC mask=MAY_EXEC" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=0 uid=0" },
	{ -EINVAL, "measure func=BPRM_CHECK uid>5 uid<9" },
	{ -EINVAL, "measure func=BPRM_CHECK uid=0 euid=0" },
	{ -EINVAL, "measure func=BPRM_CHECK gid=0 gid=0" },
	{ -EINVAL, "measure func=BPRM_CHECK fowner=0 fowner=0" },
	{ -EINVAL, "measure func=BPRM_CHECK fgroup=0 fgroup=0" },
	{ -EINVAL, "measure func=BPRM_CHECK fsmagic=1 fsmagic=1" },
	{ -EINVAL, "measure func=CRITICAL_DATA label=a label=a" },
	{ -EINVAL, "measure func=KEY_CHECK keyrings=a keyrings=a" },
	{ -EINVAL, "measure func=BPRM_CHECK template=ima-ng template=ima-ng" },
	{ -EINVAL, "measure " FSUUID " " FSUUID },
	/* What contradicts */
	{ -EINVAL, "measure dont_measure func=BPRM_CHECK" },
	{ -EINVAL, "measure func=BPRM_CHECK audit" },
	{ -EINVAL, "dont_measure func=BPRM_CHECK pcr=10" },
	{ -EINVAL, "measure func=BPRM_CHECK appraise_type=imasig" },
	{ -EINVAL, "measure func=BPRM_CHECK label=a" },
	{ -EINVAL, "measure func=BPRM_CHECK keyrings=.ima" },
	{ -EINVAL, "measure func=CRITICAL_DATA keyrings=.ima" },
	{ -EINVAL, "measure func=CRITICAL_DATA mask=MAY_READ" },
	{ -EINVAL, "measure func=KEY_CHECK fowner=61450" },
	{ -EINVAL, "measure func=KEXEC_CMDLINE mask=MAY_READ" },
	{ -EINVAL, "measure func=SETXATTR_CHECK" },
	{ -EINVAL, "audit func=KEY_CHECK" },
	{ -EINVAL, "measure func=MODULE_CHECK digest_type=verity" },
	{ -EINVAL, "measure func=BPRM_CHECK digest_type=sha256" },
	{ -EINVAL, "appraise func=POLICY_CHECK appraise_type=no_such" },
	/* No text at all */
	{ -EINVAL, "measure func=BPRM_CHECK \x7f\x45\x4c\x46\x02\x01" },
	{ -EINVAL, "\xff\xfe\xfd\x80\x81\x90\xf0\xaa" },
	{ -EINVAL, "measure func=BPRM_CHECK \xc3\xbc=1" },
	{ -EINVAL, "\xef\xbb\xbfmeasure func=BPRM_CHECK" },
	/* Appraisal */
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=none" },
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=" },
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=sha256,,sha512" },
	{ -EINVAL, "appraise func=FILE_CHECK appraise_algos=md4" },
	{ -EINVAL, "appraise func=SETXATTR_CHECK" },
	{ -EINVAL, "appraise func=SETXATTR_CHECK appraise_algos=sha256 uid=0" },
	{ -EINVAL, "measure func=SETXATTR_CHECK appraise_algos=sha256" },
	{ -EINVAL, "appraise func=BPRM_CHECK appraise_type=sigv3" },
	{ -EINVAL, "appraise func=BPRM_CHECK digest_type=verity" },
	{ -EINVAL, "appraise func=BPRM_CHECK appraise_type=imasig|modsig" },
	{ -EINVAL, "appraise func=BPRM_CHECK appraise_type=any" },
	{ -EINVAL, "appraise func=BPRM_CHECK template=ima-ng" },
	{ -EINVAL, "appraise func=BPRM_CHECK pcr=11" },
	{ -EINVAL, "appraise func=KEY_CHECK" },
	{ -EINVAL, "appraise func=MODULE_CHECK ns=self" },
	/* Paths, and what is none */
	{ -ENOENT, "/no_such_file" },
	{ -ENOENT, "/tmp/../no_such_file" },
	{ -ENOENT, "/ " RULE },
	{ -ENOTDIR, "/proc/self/status/policy" },
	{ -EINVAL, "/" },
	{ -EINVAL, "/tmp" },
	{ -EINVAL, "/dev/null" },
	{ -EINVAL, "tmp/policy" },
	{ -EINVAL, "./policy" },
	{ -EINVAL, "../policy" },
	{ -EINVAL, " /tmp" },
	{ -EINVAL, "file:///tmp" },
};

/* Each bad line alone, and as the last of several, which then do not count. */
TEST_F_TIMEOUT(malformed, lines, 360)
{
	char text[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_lines); i++) {
		const char *const line = bad_lines[i].text;
		const int err = bad_lines[i].err;

		assert_refused(_metadata, self, variant->before, line,
			       strlen(line), err);
		snprintf(text, sizeof(text), RULE_MORE "\n# also\n%s\n" RULE,
			 line);
		assert_refused(_metadata, self, variant->before, text,
			       strlen(text), err);
	}
}

/* "EINVAL: not a valid rule", also for a number that no type has room for. */
TEST_F(malformed, huge_numbers)
{
	static const char *const names[] = { "uid", "euid", "gid", "egid",
					     "fowner", "fgroup", "fsmagic",
					     "pcr" };
	char text[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text),
			 "measure func=BPRM_CHECK %s=99999999999999999999",
			 names[i]);
		assert_refused(_metadata, self, variant->before, text,
			       strlen(text), -EINVAL);
	}
}

/* A rule that is cut off, or hides behind a NUL, is not that rule. */
TEST_F(malformed, nul)
{
	static const char *const lines[] = {
		RULE "@",
		"@" RULE,
		RULE "@\n" RULE,
		RULE " @uid=0\n",
		RULE "\n@",
		"@\n" RULE,
		"# a comment@\n" RULE,
		"measure@func=BPRM_CHECK\n",
	};
	char text[256], *c;
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		size = strlen(lines[i]);
		memcpy(text, lines[i], size + 1);
		for (c = text; (c = strchr(c, '@')); c++)
			*c = '\0';
		assert_refused(_metadata, self, variant->before, text, size,
			       -EINVAL);
	}
}

/* Writes a good policy to a file of the scratch directory. */
static void good_file(struct __test_metadata *const _metadata,
		      struct _test_data_malformed *self, const char *rules,
		      char path[PATH_MAX])
{
	char unique[33];

	unique_text(unique);
	snprintf(path, PATH_MAX, "%s/%s", self->scratch.dir, unique);
	ASSERT_EQ(0, write_path(path, O_CREAT | O_EXCL, rules, strlen(rules)));
}

/* The same for a path. */
TEST_F(malformed, nul_in_path)
{
	char path[PATH_MAX];
	size_t size;

	good_file(_metadata, self, RULE_MORE, path);
	size = strlen(path);
	memcpy(path + size + 1, "/behind\n", strlen("/behind\n"));
	assert_refused(_metadata, self, variant->before, path,
		       size + 1 + strlen("/behind\n"), -EINVAL);
}

/* And for a path that does not fit: what is left of it is another one. */
TEST_F(malformed, cut_path)
{
	char path[PATH_MAX], text[2 * PATH_MAX];
	size_t size;

	good_file(_metadata, self, RULE_MORE, path);
	size = strlen(path);
	memset(text, '/', sizeof(text));
	memcpy(text + 4095 - size, path, size);
	text[4095] = '#';
	assert_refused(_metadata, self, variant->before, text, 4200, -EINVAL);
}

/*
 * "One rule per line and per write(), ... or an absolute path": a write() that
 * says that it took the line after a path has to mean it.
 */
TEST_F(malformed, line_after_path)
{
	char path[PATH_MAX], text[PATH_MAX + 64], expected[1024];
	struct attempt got;

	good_file(_metadata, self, RULE_MORE, path);
	snprintf(text, sizeof(text), "%s\n" RULE "\n", path);
	start_over(_metadata, self, variant->before);
	got = try_bytes(self, text, strlen(text), 0);
	ASSERT_EQ(got.write_err, got.close_err);
	if (got.close_err) {
		assert_no_trace(_metadata, self, variant->before);
		return;
	}
	snprintf(expected, sizeof(expected), "%s" RULE_MORE END RULE END,
		 variant->before ?: "");
	assert_text(_metadata, self, expected);
}

/* Files are held to the same rules as text. */
TEST_F(malformed, files)
{
	char path[PATH_MAX], *const text = malloc(MAX_TEXT);

	good_file(_metadata, self, RULE_MORE "\n/tmp/policy\n", path);
	assert_refused(_metadata, self, variant->before, path, strlen(path),
		       -EINVAL);
	good_file(_metadata, self, "\177ELF\2\1\1", path);
	assert_refused(_metadata, self, variant->before, path, strlen(path),
		       -EINVAL);
	/* Comments are text. */
	memset(text, '#', MAX_TEXT);
	text[64 * 1024 + 1] = '\0';
	good_file(_metadata, self, text, path);
	assert_refused(_metadata, self, variant->before, path, strlen(path),
		       -EDQUOT);
	free(text);
}

/* No write() has room for these, whatever they begin with. */
TEST_F(malformed, endless_line)
{
	static const size_t sizes[] = { 4095, 4096, 4097, 65535, 65536, 65537,
					100000 };
	char *const text = malloc(MAX_TEXT);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(text, 'a', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memset(text, ' ', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memcpy(text, RULE, strlen(RULE));
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memset(text, '#', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
		memset(text, '/', sizes[i]);
		assert_refused(_metadata, self, variant->before, text,
			       sizes[i], -EINVAL);
	}
	free(text);
}

/* Comments and blank lines count against "64 KiB of text" too. */
TEST_F(malformed, too_many_comments)
{
	char *const text = malloc(MAX_TEXT);
	size_t i;

	memset(text, '#', MAX_TEXT);
	for (i = 0; i < MAX_TEXT; i += 100)
		text[i] = '\n';
	assert_refused(_metadata, self, variant->before, text, MAX_TEXT,
		       -EDQUOT);
	free(text);
}

/* Half a rule a write() is two lines, of which the second one is bad. */
TEST_F(malformed, cut)
{
	struct attempt got;
	size_t cut;

	for (cut = 1; cut < strlen(RULE); cut++) {
		start_over(_metadata, self, variant->before);
		got = try_bytes(self, RULE "\n", strlen(RULE) + 1, cut);
		ASSERT_EQ(-EINVAL, got.write_err)
		{
			TH_LOG("cut after %.*s", (int)cut, RULE);
		}
		ASSERT_EQ(-EINVAL, got.close_err);
		assert_no_trace(_metadata, self, variant->before);
	}
}

/* A rule that goes on with many times the same. */
static char *long_rule(const char *rule, const char *again, int times,
		       const char *end)
{
	char *const text = malloc(strlen(rule) + times * strlen(again) +
				  strlen(end) + 1);
	char *c = stpcpy(text, rule);

	while (times--)
		c = stpcpy(c, again);
	stpcpy(c, end);
	return text;
}

/* As long as a line may be, and yet nothing. */
TEST_F(malformed, long_values)
{
	static const struct {
		const char *rule, *again, *end;
	} rows[] = {
		{ "measure func=", "BPRM_CHECK", "" },
		{ "measure func=BPRM_CHECK uid=", "0", "x" },
		{ "measure func=BPRM_CHECK pcr=", "0", "64" },
		{ "measure func=BPRM_CHECK template=", "ima-ng", "" },
		{ "measure func=KEY_CHECK keyrings=", "k|", "" },
		{ "measure func=CRITICAL_DATA label=", "l|", "|l" },
		{ "measure func=BPRM_CHECK fsuuid=", "0", "" },
		{ "measure func=BPRM_CHECK", " uid=0", "" },
	};
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		text = long_rule(rows[i].rule, rows[i].again, 400,
				 rows[i].end);
		assert_refused(_metadata, self, variant->before, text,
			       strlen(text), -EINVAL);
		free(text);
	}
}

/* "Reading shows the rules in force", as they were written. */
static void assert_shown(struct __test_metadata *const _metadata,
			 struct _test_data_malformed *self,
			 const char *before, const char *rule)
{
	char expected[8192], *now;

	start_over(_metadata, self, before);
	ASSERT_EQ(0, agent_load(&self->agent, rule));
	snprintf(expected, sizeof(expected), "%s%s", before ?: "", rule);
	ASSERT_LT(0, agent_read(&self->agent, POLICY, &now));
	EXPECT_STREQ(expected, now);
	free(now);
}

TEST_F(malformed, long_shown)
{
	static const char *const rules[][2] = {
		{ "measure func=CRITICAL_DATA label=", "label" },
		{ "measure func=CRITICAL_DATA label=l", "|l" },
		{ "measure func=KEY_CHECK keyrings=.ima", "|.evm" },
		{ "measure fsname=", "fs" },
	};
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		text = long_rule(rules[i][0], rules[i][1], 400, END);
		assert_shown(_metadata, self, variant->before, text);
		free(text);
	}
}

TEST_F(malformed, extremes_shown)
{
	static const char *const rules[] = {
		"measure func=BPRM_CHECK uid=2147483647" END,
		"measure func=BPRM_CHECK uid=2147483648" END,
		"measure func=BPRM_CHECK euid>4294967294" END,
		"measure func=BPRM_CHECK gid<4294967294" END,
		"measure func=BPRM_CHECK egid=4294967294" END,
		"measure func=BPRM_CHECK fowner=4294967294" END,
		"measure func=BPRM_CHECK fgroup=4294967294" END,
		"measure func=BPRM_CHECK fsmagic=0xffffffffffffffff" END,
		"measure func=BPRM_CHECK pcr=0" END,
		"measure func=BPRM_CHECK pcr=23" END,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		assert_shown(_metadata, self, variant->before, rules[i]);
}

TEST_HARNESS_MAIN
