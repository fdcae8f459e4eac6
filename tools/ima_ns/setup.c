// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans set - give a namespace a TPM, keys and a policy, from above
 *
 * In this order: the TPM has the records of keys and policy, and keys are
 * there before a policy asks for signatures.  Whatever can be read is read
 * before anything is done.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imans.h"

#define MAX_CERTS (sizeof(((struct setup *)0)->certs) / sizeof(struct file))

const struct option setup_options[] = {
	{ "policy", required_argument, NULL, 'p' },
	{ "cert", required_argument, NULL, 'c' },
	{ "ca", required_argument, NULL, 'a' },
	{ "vtpm", required_argument, NULL, 'v' },
	{}
};

/* What the kernel takes is much less */
#define MAX_FILE 1048576

/* A descriptor, or -1 and errno */
static int open_file(const struct setup *setup, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | (setup->wary ? O_NONBLOCK : 0));
	struct stat st = {};

	if (fd < 0 || !setup->wary)
		return fd;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE)
		return fd;
	close(fd);
	errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	return -1;
}

static bool read_file(const struct setup *setup, struct file *file, const char *path)
{
	file->path = path;
	file->content = read_closing(open_file(setup, path), &file->size);
	if (file->content && file->size)
		return true;
	warnx("%s: %s", path, file->content ? "there is nothing in it" : strerror(errno));
	return false;
}

/* Certificates are binary: what begins with dashes is PEM */
static bool read_cert(const struct setup *setup, struct file *files, size_t *count,
		      const char *path)
{
	if (*count == MAX_CERTS) {
		warnx("%s: more than %zu certificates of a kind", path, MAX_CERTS);
		return false;
	}
	if (!read_file(setup, &files[*count], path))
		return false;
	if (!strncmp(files[*count].content, "-----BEGIN", 10)) {
		warnx("%s is PEM, and the kernel takes DER: openssl x509 -in %s -outform DER",
		      path, path);
		return false;
	}
	(*count)++;
	return true;
}

bool setup_option(struct setup *setup, int option, char *argument)
{
	switch (option) {
	case 'p':
		return read_file(setup, &setup->policy, argument);
	case 'c':
		return read_cert(setup, setup->certs, &setup->cert_count, argument);
	case 'a':
		return read_cert(setup, setup->cas, &setup->ca_count, argument);
	default:
		setup->vtpm = argument;
		return true;
	}
}

/* What has to be there before the namespace: an emulator outside of it */
bool setup_start(struct setup *setup)
{
	if (!setup->vtpm)
		return true;
	if (!is_chip_name(setup->vtpm))
		return vtpm_start(setup->vtpm, setup->chip, setup->emulator);
	snprintf(setup->chip, sizeof(setup->chip), "%s", setup->vtpm);
	return true;
}

/* Of use until the namespace has the chip; later, it ends with that */
void setup_undo(const struct setup *setup)
{
	if (*setup->emulator)
		vtpm_kill(setup->emulator);
}

static const char *policy_hint(int error)
{
	switch (error) {
	case EACCES:
	case ENOENT:
		return "it takes no more policies (CONFIG_IMA_WRITE_POLICY), or signed ones only";
	case EPERM:
		return "it takes CAP_SYS_ADMIN over the owner, CAP_AUDIT_CONTROL for 'audit' rules";
	case EBUSY:
		return "somebody else is loading a policy there, try again";
	case EINVAL:
		return "not a valid rule, see Documentation/ABI/testing/ima_policy";
	case EOPNOTSUPP:
		return "appraisal is off: boot without ima_appraise=off";
	case EDQUOT:
		return "a child's policy has 1024 rules and 64 KiB of text at most";
	default:
		return "nothing was put in force";
	}
}

/* The kernel takes a line at a time: so it is known which one it refused */
static bool write_lines(int fd, const struct file *policy, bool quiet)
{
	const char *line = policy->content, *end = line + policy->size;
	size_t number = 1, len;

	for (; line < end; line += len, number++) {
		len = (const char *)memchr(line, '\n', end - line) - line + 1;
		if (!memchr(line, '\n', end - line))
			len = end - line;
		if (write(fd, line, len) >= 0)
			continue;
		warnx("%s:%zu: %s: %s%s%.*s", policy->path, number, strerror(errno),
		      policy_hint(errno), quiet ? "" : "\n",
		      quiet ? 0 : (int)strcspn(line, "\n"), line);
		return false;
	}
	return true;
}

static bool load_policy(const struct ns *ns, const struct file *policy, bool quiet)
{
	int fd = ns_open(ns, "policy", O_WRONLY);
	bool written;

	if (fd < 0) {
		warnx("namespace %lld: policy: %s: %s", ns->id, strerror(errno),
		      policy_hint(errno));
		return false;
	}
	written = write_lines(fd, policy, quiet);
	if (!close(fd) || !written)
		return written;
	warnx("%s: %s: %s", policy->path, strerror(errno), errno == EINVAL ?
	      "there is no rule in it" : policy_hint(errno));
	return false;
}

bool setup_apply(const struct setup *setup, const struct ns *ns)
{
	size_t i;

	if (*setup->chip && !vtpm_bind(ns, setup->chip))
		return false;
	for (i = 0; i < setup->ca_count; i++)
		if (!keys_add_ca(ns, &setup->cas[i]))
			return false;
	for (i = 0; i < setup->cert_count; i++)
		if (!keys_add(ns, &setup->certs[i]))
			return false;
	return !setup->policy.content || load_policy(ns, &setup->policy, setup->wary);
}

int cmd_set(int argc, char **argv)
{
	struct setup setup = {};
	const struct ns *ns;
	struct tpm tpm;
	int option;

	while ((option = getopt_long(argc, argv, "", setup_options, NULL)) != -1) {
		if (option == '?')
			return usage();
		if (!setup_option(&setup, option, optarg))
			return STATUS_FAILED;
	}
	if (optind != argc - 1)
		return usage();
	open_dirs();
	scan_namespaces();
	ns = ns_by_name(argv[optind]);
	/* As it is where a process got no level of its own, which goes without a word */
	if (ns->own)
		errx(STATUS_FAILED,
		     "namespace %lld is the caller's own: where a level was expected, there are 64, or user.max_ima_namespaces is too low",
		     ns->id);
	if (!setup_start(&setup))
		return STATUS_FAILED;
	if (setup_apply(&setup, ns))
		return 0;
	/* A chip that is bound stays: the namespace gets no other one */
	if (read_tpm(ns, &tpm) || strcmp(tpm.chip, setup.chip))
		setup_undo(&setup);
	return STATUS_FAILED;
}
