// SPDX-License-Identifier: GPL-2.0-only
/*
 * imans list - the tree of IMA namespaces that have processes, or descendants
 * with processes
 *
 * /proc/PID/ns/ima and NS_GET_PARENT give the tree, the files in the ima
 * directory what each namespace says of itself.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imans.h"

#define UNKNOWN -1LL

/* What the files of one namespace say */
struct facts {
	long long id, parent, entries, violations;
};

struct node {
	ino_t inum, parent;	/* parent is 0 at the top of what may be seen */
	int processes;
	int pid;		/* the lowest one, 0 if there is none */
	struct facts facts;
};

static struct node *nodes;
static size_t node_count;

static long long read_number(const char *file)
{
	char text[32];
	ssize_t len;
	int fd = openat(ima_fd, file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return UNKNOWN;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return UNKNOWN;
	text[len] = '\0';
	return strtoll(text, NULL, 10);
}

static void read_facts(int pid, struct facts *facts)
{
	*facts = (struct facts){ UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN };
	if (join(pid))
		return;
	facts->id = read_number("id");
	facts->parent = read_number("parent");
	facts->entries = read_number("runtime_measurements_count");
	facts->violations = read_number("violations");
}

/* A namespace is joined by a child: its parent stays where it is */
static void fetch_facts(struct node *node)
{
	struct facts facts;
	int pipefd[2];
	pid_t child;

	if (pipe2(pipefd, O_CLOEXEC))
		err(1, "pipe");
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child) {
		read_facts(node->pid, &facts);
		_exit(write(pipefd[1], &facts, sizeof(facts)) < 0);
	}
	close(pipefd[1]);
	if (read(pipefd[0], &facts, sizeof(facts)) == sizeof(facts))
		node->facts = facts;
	close(pipefd[0]);
	waitpid(child, NULL, 0);
}

static struct node *node_find(ino_t inum)
{
	size_t i;

	for (i = 0; i < node_count; i++)
		if (nodes[i].inum == inum)
			return &nodes[i];
	return NULL;
}

static struct node *node_find_id(long long id)
{
	size_t i;

	for (i = 0; i < node_count; i++)
		if (nodes[i].facts.id == id)
			return &nodes[i];
	return NULL;
}

static struct node *node_add(ino_t inum, const struct node *parent)
{
	struct node node = {
		.inum = inum,
		.parent = parent ? parent->inum : 0,
		.facts = { UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN },
	};

	nodes = realloc(nodes, (node_count + 1) * sizeof(*nodes));
	if (!nodes)
		errx(1, "out of memory");
	nodes[node_count] = node;
	return &nodes[node_count++];
}

/* Add the namespace behind @fd and all above it that may be seen; eats @fd */
static struct node *node_of_fd(int fd)
{
	struct node *node;
	struct stat st;
	int parent_fd;

	if (fstat(fd, &st))
		err(1, "fstat of a namespace");
	node = node_find(st.st_ino);
	if (!node) {
		parent_fd = ioctl(fd, NS_GET_PARENT);
		node = node_add(st.st_ino,
				parent_fd < 0 ? NULL : node_of_fd(parent_fd));
	}
	close(fd);
	return node;
}

static void scan_process(int pid)
{
	struct node *node;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/ns/ima", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;		/* it ended, or it is not ours to see */
	node = node_of_fd(fd);
	node->processes++;
	if (!node->pid || pid < node->pid)
		node->pid = pid;
}

static void scan_processes(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (!dir)
		err(1, "/proc");
	while ((entry = readdir(dir))) {
		if (atoi(entry->d_name) > 0)
			scan_process(atoi(entry->d_name));
	}
	closedir(dir);
}

static int by_id(const void *a, const void *b)
{
	const struct node *left = a, *right = b;

	return (left->facts.id > right->facts.id) -
	       (left->facts.id < right->facts.id);
}

/*
 * A namespace without processes cannot be asked, but its children know its id.
 * The kernel tells nobody the parents of what is not below their own
 * namespace; the files of those that could be asked do.
 */
static void complete_node(struct node *node)
{
	struct node *parent;

	parent = node_find(node->parent);
	if (!parent && node->facts.parent != UNKNOWN)
		parent = node_find_id(node->facts.parent);
	if (!parent)
		return;
	if (node->facts.parent == UNKNOWN)
		node->facts.parent = parent->facts.id;
	parent->facts.id = node->facts.parent;
	node->parent = parent->inum;
}

static void complete_facts(void)
{
	size_t i;

	for (i = 0; i < node_count; i++)
		if (nodes[i].pid)
			fetch_facts(&nodes[i]);
	for (i = 0; i < node_count; i++)
		complete_node(&nodes[i]);
	qsort(nodes, node_count, sizeof(*nodes), by_id);
}

/* A kernel thread has no arguments */
static void print_command(int pid)
{
	char path[32], text[41];
	ssize_t i, len = 0;
	int fd;

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	/* A process chooses its own words: keep them off the terminal */
	for (i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	while (len > 0 && text[len - 1] == ' ')
		len--;
	printf("%d %.*s\n", pid, len > 0 ? (int)len : 1, len > 0 ? text : "-");
}

static void print_number(int width, long long number)
{
	if (number == UNKNOWN)
		printf("%*s", width, "-");
	else
		printf("%*lld", width, number);
}

static void print_node(const struct node *node, int depth, long long level)
{
	int used = 2 * depth;

	if (node->facts.id == UNKNOWN)
		used += printf("?");
	else
		used += printf("%lld", node->facts.id);
	printf("%*s", used < 14 ? 14 - used : 0, "");
	print_number(7, level);
	print_number(8, node->facts.parent);
	print_number(11, node->processes);
	print_number(9, node->facts.entries);
	print_number(12, node->facts.violations);
	printf("  ");
	if (node->pid)
		print_command(node->pid);
	else
		printf("-\n");
}

/* The first child of @parent at or after @i, node_count if there is none */
static size_t next_child(ino_t parent, size_t i)
{
	while (i < node_count && nodes[i].parent != parent)
		i++;
	return i;
}

/* @top is the level of the topmost namespace, unless that is unknown */
static void print_tree(size_t index, int depth, long long top,
		       const char *indent)
{
	ino_t inum = nodes[index].inum;
	char deeper[512];
	size_t i, next;

	print_node(&nodes[index], depth, top == UNKNOWN ? top : top + depth);
	for (i = next_child(inum, 0); i < node_count; i = next) {
		next = next_child(inum, i + 1);
		printf("%s%s", indent, next < node_count ? "├─" : "└─");
		snprintf(deeper, sizeof(deeper), "%s%s", indent,
			 next < node_count ? "│ " : "  ");
		print_tree(i, depth + 1, top, deeper);
	}
}

int cmd_list(void)
{
	size_t i;

	scan_processes();
	complete_facts();
	printf("%-15s %5s %7s %10s %8s %11s  %s\n", "IMA NAMESPACE", "LEVEL",
	       "PARENT", "PROCESSES", "ENTRIES", "VIOLATIONS", "FIRST PROCESS");
	for (i = next_child(0, 0); i < node_count; i = next_child(0, i + 1))
		print_tree(i, 0, nodes[i].facts.id ? UNKNOWN : 0, "");
	return 0;
}

