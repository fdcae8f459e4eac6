// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans verify - is the list what the chip says?
 *
 * Each bank's list is replayed: every digest has to be that of its record's
 * text, and extending them one after the other has to give the PCRs that the
 * chip has.  These are read before the list, which may be ahead of them.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "imans.h"
#include "verify.h"

#define TPM_CLASS "/sys/class/tpm"
#define MAX_BANKS 8
/* A chip that is behind gets so long: as long as a task would wait for it */
#define PATIENCE_MS 2000
#define STEP_MS 50

enum verdict { PROVEN, BROKEN, UNPROVEN };

static const char *const verdict_names[] = { "proven", "broken", "unproven" };
static const int verdict_status[] = { 0, STATUS_BROKEN, STATUS_UNPROVEN };

struct bank {
	char name[32];
	const struct sha *sha;	/* NULL: not known here */
	struct records records;
	bool used[PCRS];	/* by records */
	unsigned char chip[PCRS][MAX_DIGEST];
	size_t proven;		/* records, from the first on */
};

struct verify {
	const struct ns *ns;
	const char *dir;	/* of a copy of the list, or NULL */
	struct tpm tpm;
	struct bank banks[MAX_BANKS];
	size_t bank_count;
	size_t violations;
	enum verdict verdict;	/* the worst so far */
	size_t line;		/* where it breaks, from 1 on; 0: not known */
	char line_bank[32];
	char reason[512];
};

/* The worst is said, and of that the first */
static void conclude(struct verify *v, enum verdict worse, const char *format, ...)
{
	va_list args;

	if (v->verdict == BROKEN || v->verdict == worse)
		return;
	v->verdict = worse;
	va_start(args, format);
	vsnprintf(v->reason, sizeof(v->reason), format, args);
	va_end(args);
}

static void breaks_at(struct verify *v, const struct bank *bank, size_t index,
		      const char *why)
{
	char name[256] = "";

	if (v->verdict == BROKEN)
		return;
	if (index < bank->records.count)
		record_name(&bank->records.all[index], name, sizeof(name));
	v->line = index + 1;
	snprintf(v->line_bank, sizeof(v->line_bank), "%s", bank->name);
	conclude(v, BROKEN, "line %zu of bank %s (%s): %s", index + 1, bank->name,
		 name, why);
}

/* A copy may come from anybody: it has to be a file that says the same to all */
static char *read_copy(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode)))
		errx(STATUS_FAILED, "%s: it is no regular file: copy the list to one", path);
	return read_closing(fd, size);
}

static char *read_list(const struct verify *v, const struct bank *bank, size_t *size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%sbinary_runtime_measurements_%s",
		 v->dir ? v->dir : "", v->dir ? "/" : "", bank->name);
	return v->dir ? read_copy(path, size) : ns_read(v->ns, path, size);
}

/* A bank of the chip has to have its list; without a chip, some have one */
static bool load_records(struct verify *v, struct bank *bank)
{
	size_t size;

	bank->records.text = read_list(v, bank, &size);
	if (!bank->records.text && (*v->tpm.chip || errno != ENOENT))
		errx(STATUS_FAILED, "%s%sbinary_runtime_measurements_%s: %m: %s",
		     v->dir ? v->dir : "", v->dir ? "/" : "", bank->name,
		     v->dir ? "copy the file of each bank there" :
		     "it takes CAP_SYS_ADMIN or CAP_MAC_ADMIN over the namespace's owner");
	if (!bank->records.text)
		return false;
	if (!records_parse(&bank->records, size, sha_size(bank->sha)))
		breaks_at(v, bank, bank->records.count, "there is no record there");
	return true;
}

static void check_digests(struct verify *v, const struct bank *bank)
{
	size_t i, size = sha_size(bank->sha);
	const struct record *record;

	for (i = 0; i < bank->records.count; i++) {
		record = &bank->records.all[i];
		if (record_is_violation(record, size))
			continue;
		if (record_holds(record, bank->sha))
			continue;
		breaks_at(v, bank, i, "its digest is not that of its text");
		return;
	}
}

/* The first record that one has and the other has not, or has another one for */
static size_t first_difference(const struct records *a, const struct records *b)
{
	size_t line = 0;

	while (line < a->count && line < b->count && record_same(&a->all[line], &b->all[line]))
		line++;
	return line;
}

/*
 * All banks tell the same story: where one differs, it was changed.  What is read
 * from the kernel grows from one bank to the next, which a copy does not.
 */
static void compare_banks(struct verify *v)
{
	const struct records *first = &v->banks[0].records, *other;
	size_t i, line;

	for (i = 1; i < v->bank_count; i++) {
		other = &v->banks[i].records;
		line = first_difference(first, other);
		if (line < first->count && line < other->count)
			breaks_at(v, &v->banks[i], line,
				  "another bank has another record there");
		else if (v->dir && first->count != other->count)
			breaks_at(v, &v->banks[line < other->count ? 0 : i], line,
				  "another bank has a record there");
	}
}

static void count_violations(struct verify *v)
{
	const struct bank *bank = &v->banks[0];
	size_t i;

	v->violations = 0;
	for (i = 0; v->bank_count && i < bank->records.count; i++)
		if (record_is_violation(&bank->records.all[i], sha_size(bank->sha)))
			v->violations++;
}

/* Pairs of hexadecimal digits, whatever is between them */
static bool parse_hex(const char *text, unsigned char *bytes, size_t size)
{
	for (; size; size--, bytes++) {
		while (*text == ' ')
			text++;
		if (sscanf(text, "%2hhx", bytes) != 1)
			return false;
		text += 2;
	}
	return true;
}

static void read_pcr(const struct verify *v, struct bank *bank, int pcr)
{
	char path[128], *text;

	snprintf(path, sizeof(path), TPM_CLASS "/%s/pcr-%s/%d", v->tpm.chip,
		 bank->name, pcr);
	text = read_path(path, NULL);
	if (!text)
		errx(STATUS_FAILED, "%s: %m: %s", path, errno == ENOENT ?
		     "mount sysfs, or the emulator of the chip has ended" :
		     "it takes CAP_SYS_ADMIN on the host, and an emulator that answers");
	if (!parse_hex(text, bank->chip[pcr], sha_size(bank->sha)))
		errx(STATUS_FAILED, "%s: it is not the value of a PCR", path);
	free(text);
}

static void mark_used(struct bank *bank, const struct records *records)
{
	size_t i;

	for (i = 0; i < records->count; i++)
		if (records->all[i].pcr < PCRS)
			bank->used[records->all[i].pcr] = true;
}

/*
 * A copy that leaves out all that a PCR has would not have that looked at: which ones
 * there are, the kernel says as well.
 */
static void mark_kernels(const struct verify *v, struct bank *bank)
{
	struct records records = {};
	char file[64];
	size_t size;

	snprintf(file, sizeof(file), "binary_runtime_measurements_%s", bank->name);
	records.text = ns_must_read(v->ns, file, &size);
	records_parse(&records, size, sha_size(bank->sha));
	mark_used(bank, &records);
	records_free(&records);
}

/* Which PCRs are of interest is known from the list only: it is read twice */
static void read_pcrs(struct verify *v, struct bank *bank)
{
	int pcr;

	mark_used(bank, &bank->records);
	if (v->dir)
		mark_kernels(v, bank);
	for (pcr = 0; pcr < PCRS; pcr++)
		if (bank->used[pcr])
			read_pcr(v, bank, pcr);
}

/* The value after one more record */
static void extend(const struct bank *bank, const struct record *record,
		   unsigned char *value)
{
	size_t size = sha_size(bank->sha);
	unsigned char bytes[2 * MAX_DIGEST];

	memcpy(bytes, value, size);
	if (record_is_violation(record, size))
		memset(bytes + size, 0xff, size);
	else
		memcpy(bytes + size, record->digest, size);
	sha_digest(bank->sha, bytes, 2 * size, value);
}

/*
 * The number of records of the list that a PCR has, those of other PCRs that
 * stand before the next one of its own included; -1 if no number of them.
 */
static ssize_t replay(const struct bank *bank, uint32_t pcr)
{
	size_t size = sha_size(bank->sha), i;
	unsigned char value[MAX_DIGEST] = {};
	bool found = !memcmp(value, bank->chip[pcr], size);

	for (i = 0; i < bank->records.count; i++) {
		if (bank->records.all[i].pcr != pcr)
			continue;
		if (found)
			return i;
		extend(bank, &bank->records.all[i], value);
		found = !memcmp(value, bank->chip[pcr], size);
	}
	return found ? (ssize_t)i : -1;
}

static const char no_line_leads_there[] =
	"PCR %d of %s, bank %s, is not what any number of lines gives:\n"
	"lines are missing, were added or exchanged, which of them cannot be told;\n"
	"or the chip was extended by hand";

/* Up to the first record of a PCR that was not read, or that no chip has */
static size_t count_comparable(struct verify *v, const struct bank *bank)
{
	uint32_t pcr;
	size_t i;

	for (i = 0; i < bank->records.count; i++) {
		pcr = bank->records.all[i].pcr;
		if (pcr >= PCRS)
			conclude(v, UNPROVEN, "line %zu is for PCR %u, which no TPM has",
				 i + 1, pcr);
		if (pcr >= PCRS || !bank->used[pcr])
			break;
	}
	return i;
}

static void check_pcrs(struct verify *v, struct bank *bank)
{
	size_t count = bank->records.count;
	ssize_t has;
	int pcr;

	if ((long long)count < v->tpm.extended)
		conclude(v, BROKEN,
			 "lines are missing: bank %s has %zu, and %s was extended with %lld",
			 bank->name, count, v->tpm.chip, v->tpm.extended);
	bank->proven = count_comparable(v, bank);
	for (pcr = 0; pcr < PCRS; pcr++) {
		if (!bank->used[pcr])
			continue;
		has = replay(bank, pcr);
		if (has < 0) {
			bank->proven = 0;
			conclude(v, BROKEN, no_line_leads_there, pcr, v->tpm.chip,
				 bank->name);
		} else if ((size_t)has < bank->proven) {
			bank->proven = has;
		}
	}
}

/* The kernel said how many it had extended before the PCRs were read */
static void check_extended(struct verify *v, const struct bank *bank)
{
	size_t count = bank->records.count;

	if (v->verdict == BROKEN || bank->proven == count)
		return;
	if ((long long)bank->proven < v->tpm.extended)
		breaks_at(v, bank, bank->proven,
			  "the chip has lost it, or the list is of another chip");
	else
		conclude(v, UNPROVEN, "%s does not have lines %zu to %zu of bank %s yet",
			 v->tpm.chip, bank->proven + 1, count, bank->name);
}

static void reset_records(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->bank_count; i++)
		records_free(&v->banks[i].records);
}

static void load_all(struct verify *v)
{
	size_t i, kept = 0;

	for (i = 0; i < v->bank_count; i++)
		if (load_records(v, &v->banks[i]))
			v->banks[kept++] = v->banks[i];
	v->bank_count = kept;
	if (!kept)
		errx(STATUS_FAILED, "%s: there is no list of a bank that imans knows",
		     v->dir ? v->dir : IMA_DIR);
}

/* Those of the chip or, without one, those that are known and have a file */
static void find_banks(struct verify *v)
{
	char names[sizeof(v->tpm.banks)], *name, *next;
	const struct sha *sha;

	snprintf(names, sizeof(names), "%s", *v->tpm.chip ? v->tpm.banks :
		 "sha1,sha256,sha384,sha512");
	for (name = strtok_r(names, ",", &next); name && v->bank_count < MAX_BANKS;
	     name = strtok_r(NULL, ",", &next)) {
		sha = sha_by_name(name);
		if (!sha) {
			conclude(v, UNPROVEN, "bank %s is not known to imans", name);
			continue;
		}
		snprintf(v->banks[v->bank_count].name, sizeof(v->banks->name), "%s", name);
		v->banks[v->bank_count++].sha = sha;
	}
}

static void check_records(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->bank_count; i++)
		check_digests(v, &v->banks[i]);
	compare_banks(v);
	count_violations(v);
}

#define NOT_COMPLETE							\
	"each line's digest is that of its text,\n"			\
	"but that no line is missing is what this kernel says, and nothing proves"

static void conclude_without_chip(struct verify *v)
{
	size_t i;

	for (i = 0; i < v->bank_count; i++)
		v->banks[i].proven = 0;
	if (*v->tpm.chip)
		conclude(v, UNPROVEN, "%s was lost after %lld lines: " NOT_COMPLETE,
			 v->tpm.chip, v->tpm.extended);
	else
		conclude(v, UNPROVEN, "there is no TPM: " NOT_COMPLETE ";\n"
			 "bind one before the first program, as 'imans run --vtpm DIR' does");
}

/* Of a copy there is one reading, or it might say something else the second time */
static void load_and_check(struct verify *v, bool chip)
{
	long long lost;
	size_t i;

	load_all(v);
	for (i = 0; chip && i < v->bank_count; i++)
		read_pcrs(v, &v->banks[i]);
	if (!v->dir) {
		reset_records(v);
		load_all(v);
	}
	check_records(v);
	lost = ns_number(v->ns, "records_lost");
	if (lost == UNKNOWN)
		conclude(v, UNPROVEN, "whether records were lost cannot be read");
	if (lost > 0)
		conclude(v, UNPROVEN, "%lld records were lost (see user.max_ima_records):\n"
			 "what is in the list is not all", lost);
}

/* Reads the PCRs first, and the list again after them: it may be ahead only */
static void verify_once(struct verify *v)
{
	bool chip;
	size_t i;

	*v = (struct verify){ .ns = v->ns, .dir = v->dir };
	if (read_tpm(v->ns, &v->tpm))
		ns_must_read(v->ns, "tpm", NULL);
	chip = *v->tpm.chip && !strcmp(v->tpm.state, "bound");
	find_banks(v);
	load_and_check(v, chip);
	if (!chip) {
		conclude_without_chip(v);
		return;
	}
	for (i = 0; i < v->bank_count; i++)
		check_pcrs(v, &v->banks[i]);
	for (i = 0; i < v->bank_count; i++)
		check_extended(v, &v->banks[i]);
}

static bool is_behind(const struct verify *v)
{
	size_t i;

	for (i = 0; i < v->bank_count; i++)
		if (v->banks[i].proven < v->banks[i].records.count)
			return v->verdict == UNPROVEN && *v->tpm.chip &&
			       !strcmp(v->tpm.state, "bound");
	return false;
}

static size_t line_count(const struct verify *v)
{
	return v->bank_count ? v->banks[0].records.count : 0;
}

static void print_text(const struct verify *v)
{
	size_t i;

	printf("namespace %lld: %zu lines, %zu violations, %s%s\n", v->ns->id,
	       line_count(v), v->violations, *v->tpm.chip ? v->tpm.chip : "no TPM",
	       v->dir ? ", a copy of the list" : "");
	for (i = 0; i < v->bank_count; i++)
		printf("  %-7s %zu of %zu lines are in the TPM\n", v->banks[i].name,
		       v->banks[i].proven, v->banks[i].records.count);
	if (v->violations)
		printf("  what the violations are about has no digest: the kernel says so\n");
	printf("%s%s%s\n", verdict_names[v->verdict], *v->reason ? ": " : "", v->reason);
}

static void print_banks(const struct verify *v)
{
	size_t i;

	printf("\"banks\": [");
	for (i = 0; i < v->bank_count; i++) {
		printf("%s{", i ? ", " : "");
		print_member("bank", v->banks[i].name);
		printf(", \"lines\": %zu, \"proven\": %zu}", v->banks[i].records.count,
		       v->banks[i].proven);
	}
	printf("], ");
}

static void print_json(const struct verify *v)
{
	printf("{\"id\": %lld, \"lines\": %zu, \"violations\": %zu, ", v->ns->id,
	       line_count(v), v->violations);
	print_member("tpm", *v->tpm.chip ? v->tpm.chip : NULL);
	printf(", ");
	print_banks(v);
	print_member("verdict", verdict_names[v->verdict]);
	printf(", ");
	print_number_member("line", v->line ? (long long)v->line : UNKNOWN);
	printf(", ");
	print_member("bank", v->line ? v->line_bank : NULL);
	printf(", ");
	print_member("reason", *v->reason ? v->reason : NULL);
	printf("}\n");
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int verify(const struct ns *ns, const char *dir, bool json)
{
	struct verify *v = must_alloc(NULL, sizeof(*v));
	const long long start = now_ms();
	int status;

	v->ns = ns;
	v->dir = dir;
	for (;;) {
		verify_once(v);
		if (!is_behind(v) || dir || now_ms() - start >= PATIENCE_MS)
			break;
		reset_records(v);
		poll(NULL, 0, STEP_MS);
	}
	if (json)
		print_json(v);
	else
		print_text(v);
	status = verdict_status[v->verdict];
	reset_records(v);
	free(v);
	return status;
}

int cmd_verify(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "list", required_argument, NULL, 'l' },
		{}
	};
	const char *dir = NULL;
	bool json = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'l')
			dir = optarg;
		else
			return usage();
	}
	if (optind != argc - 1)
		return usage();
	open_dirs();
	scan_namespaces();
	status = verify(ns_by_name(argv[optind]), dir, json);
	finish_output();
	return status;
}
