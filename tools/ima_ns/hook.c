// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans oci-hook - a createRuntime hook of the OCI runtime specification
 *
 * The container's namespaces are there by then, and its mounts below what will
 * be its root; its first program has not begun.  The runtime aborts the
 * container if the hook fails.  No program of the container is run: its list
 * would have it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "imans.h"

#define PREFIX "org.linux.ima."

/* Where files of annotations have to be, if it is said: as many directories */
#define MAX_DIRS 8

struct hook {
	const char *dirs[MAX_DIRS];
	size_t dir_count;
	char *state, *config;
	char *bundle, *root;
	pid_t pid;
};

/* The runtime's word comes before the file's; to be freed, NULL: there is none */
static char *annotation(const struct hook *hook, const char *name)
{
	const char *const path[] = { "annotations", name, NULL };
	const char *value = json_path(hook->state, path);

	if (!value)
		value = json_path(hook->config, path);
	if (!value)
		return NULL;
	value = json_string(value);
	if (!value || !*value)
		errx(STATUS_FAILED, "%s: it has to be a text", name);
	return (char *)value;
}

static char *text_at(const char *json, const char *const path[])
{
	const char *value = json_path(json, path);

	return value ? json_string(value) : NULL;
}

static void read_state(struct hook *hook)
{
	static const char *const bundle[] = { "bundle", NULL };
	static const char *const pid[] = { "pid", NULL };
	const char *value;

	hook->state = read_fd(STDIN_FILENO, NULL);
	if (!hook->state || !json_valid(hook->state))
		errx(STATUS_FAILED,
		     "standard input is not JSON: a runtime has to call this as a hook");
	value = json_path(hook->state, pid);
	hook->pid = value ? json_number(value) : 0;
	hook->bundle = text_at(hook->state, bundle);
	if (hook->pid <= 0 || !hook->bundle)
		errx(STATUS_FAILED,
		     "standard input has no pid and bundle: is this a createRuntime hook?");
}

static void read_config(struct hook *hook)
{
	static const char *const root[] = { "root", "path", NULL };

	/* Paths in it, and those in annotations, start from there */
	if (chdir(hook->bundle))
		err(STATUS_FAILED, "bundle %s", hook->bundle);
	hook->config = read_path("config.json", NULL);
	if (!hook->config)
		err(STATUS_FAILED, "%s/config.json", hook->bundle);
	if (!json_valid(hook->config))
		errx(STATUS_FAILED, "%s/config.json is not JSON", hook->bundle);
	hook->root = text_at(hook->config, root);
	if (!hook->root)
		errx(STATUS_FAILED, "%s/config.json has no root.path", hook->bundle);
}

/* Neither up nor round about: no component is empty, "." or ".." */
static bool is_straight(const char *path)
{
	size_t len;

	for (; *path; path += len + !!path[len]) {
		len = strcspn(path, "/");
		if (!len || (len <= 2 && !strncmp(path, "..", len)))
			return false;
	}
	return true;
}

/*
 * podman has annotations of images as well, which are by whom it may be.  Nobody but
 * root puts links into those directories.
 */
static bool may_name(const struct hook *hook, const char *path)
{
	size_t i, len;

	for (i = 0; i < hook->dir_count; i++) {
		len = strlen(hook->dirs[i]);
		if (!strncmp(path, hook->dirs[i], len) && path[len] == '/' && path[len + 1] &&
		    is_straight(path + len + 1))
			return true;
	}
	if (hook->dir_count)
		warnx("%s: annotations may name what is in the directories of --under alone",
		      path);
	return !hook->dir_count;
}

/* Several files are separated by colons */
static bool read_files(const struct hook *hook, struct setup *setup, int option, char *list)
{
	char *name, *next;

	for (name = list ? strtok_r(list, ":", &next) : NULL; name;
	     name = strtok_r(NULL, ":", &next))
		if (!may_name(hook, name) || !setup_option(setup, option, name))
			return false;
	return true;
}

/* False if a file cannot be read; what is named stays, as messages name it */
static bool read_annotations(const struct hook *hook, struct setup *setup)
{
	char *policy = annotation(hook, PREFIX "policy");

	setup->wary = true;
	setup->vtpm = annotation(hook, PREFIX "vtpm");
	return (!setup->vtpm || may_name(hook, setup->vtpm)) &&
	       (!policy || (may_name(hook, policy) && setup_option(setup, 'p', policy))) &&
	       read_files(hook, setup, 'c', annotation(hook, PREFIX "cert")) &&
	       read_files(hook, setup, 'a', annotation(hook, PREFIX "ca"));
}

static bool wants_nothing(const struct setup *setup)
{
	return !setup->vtpm && !setup->policy.content && !setup->cert_count &&
	       !setup->ca_count;
}

static bool in_own_userns(pid_t pid)
{
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof(path), "%d/ns/user", pid);
	return !fstatat(proc_fd, "self/ns/user", &own, 0) &&
	       !fstatat(proc_fd, path, &other, 0) && own.st_ino == other.st_ino;
}

/* As if DIR was the root; closes that */
static int open_in_root(int dir, const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = dir < 0 ? -1 : syscall(__NR_openat2, dir, path, &how, sizeof(how));

	if (dir >= 0)
		close(dir);
	return fd;
}

/* The container's /dev, wherever an image's links would like it to lead */
static int open_dev(const struct hook *hook)
{
	char real[PATH_MAX], path[64];
	int root;

	if (!realpath(hook->root, real))
		return -1;
	snprintf(path, sizeof(path), "%d/root", hook->pid);
	root = openat(proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return open_in_root(open_in_root(root, real), "dev");
}

static bool make_node(int dev, const char *prefix, const char *number)
{
	char from[32], to[16];
	struct stat st;

	snprintf(from, sizeof(from), "/dev/%s%s", prefix, number);
	snprintf(to, sizeof(to), "%s0", prefix);
	if (!stat(from, &st) && !mknodat(dev, to, S_IFCHR | 0600, st.st_rdev))
		return true;
	warn("%s in the container's /dev%s", to, errno == EEXIST ?
	     ", remove it from linux.devices" : "");
	return false;
}

static bool make_nodes(const struct hook *hook, const struct setup *setup)
{
	bool made;
	int dev;

	if (!*setup->chip)
		return true;
	dev = open_dev(hook);
	if (dev < 0) {
		warn("%s/dev of the container: is this a createRuntime hook?", hook->root);
		return false;
	}
	made = make_node(dev, "tpm", setup->chip + 3) &&
	       make_node(dev, "tpmrm", setup->chip + 3);
	close(dev);
	return made;
}

static bool set_up(const struct hook *hook, const struct setup *setup)
{
	const struct ns *ns;

	scan_namespaces();
	ns = ns_of_process(hook->pid);
	if (ns)
		return make_nodes(hook, setup) && setup_apply(setup, ns);
	warnx("process %d is in no IMA namespace below this one: it needs a mount namespace",
	      hook->pid);
	return false;
}

/* False if that is no way to call it */
static bool read_options(struct hook *hook, int argc, char **argv)
{
	static const struct option options[] = {
		{ "under", required_argument, NULL, 'u' },
		{}
	};
	int option;
	size_t len;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'u' || *optarg != '/' || hook->dir_count == MAX_DIRS)
			return false;
		for (len = strlen(optarg); len && optarg[len - 1] == '/'; len--)
			optarg[len - 1] = '\0';
		hook->dirs[hook->dir_count++] = optarg;
	}
	return optind == argc;
}

int cmd_oci_hook(int argc, char **argv)
{
	struct setup setup = {};
	struct hook hook = {};

	if (!read_options(&hook, argc, argv))
		return usage();
	read_state(&hook);
	read_config(&hook);
	if (!read_annotations(&hook, &setup))
		return STATUS_FAILED;
	/* A hook for all containers, of which some have annotations */
	if (wants_nothing(&setup))
		return 0;
	open_dirs();
	if (setup.vtpm && !in_own_userns(hook.pid)) {
		warnx(PREFIX "vtpm: nodes are of no use in a user namespace: bind-mount them,");
		warnx("as is said of 'imans vtpm' and 'imans set' in imans(8)");
		return STATUS_FAILED;
	}
	if (!setup_start(&setup))
		return STATUS_FAILED;
	if (set_up(&hook, &setup))
		return 0;
	setup_undo(&setup);
	return STATUS_FAILED;
}
