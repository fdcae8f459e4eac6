/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: files that are named by number
 */

#define MAX_MANY 1000

/* What lines say of files that are named by number. */
static char many[MAX_MANY][256];

/* To be called late: the host, too, reads them here. */
static inline int look_at_many(const char *dir, int n)
{
	char path[PATH_MAX];
	int i, err = 0;

	for (i = 0; i < n && !err; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", dir, i);
		err = file_evidence(path, path, many[i], sizeof(many[i]) - 1);
		strcat(many[i], "\n");
	}
	return err;
}

/* Number of them that are not in a list exactly once. */
static inline int count_unrecorded(int list, int n)
{
	int i, bad = 0;
	char *text;

	if (read_fd(list, &text) < 0)
		return -EIO;
	for (i = 0; i < n; i++) {
		const char *const found = strstr(text, many[i]);

		bad += !found || strstr(found + 1, many[i]);
	}
	free(text);
	return bad;
}

/* Files or programs named by number. */
static inline int make_many(const char *dir, int n, uid_t owner, bool programs)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	int i, err = 0;

	for (i = 0; i < n && !err; i++) {
		snprintf(path, sizeof(path), "%.4000s/%d", dir, i);
		err = programs ? make_subject(path, owner) :
				 fresh_text(path, owner, evidence);
	}
	return err;
}
