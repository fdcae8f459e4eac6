/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: accesses that are remembered
 *
 * The first one does the work, the second one finds nothing to do and is
 * remembered, and those after it are let pass without a look at the levels.
 */
#ifndef IMA_NS_TEST_SEEN_H
#define IMA_NS_TEST_SEEN_H

#include "world.h"

/* So often that the last ones are sure to be let pass. */
#define OFTEN 5

enum way { READ, EXECUTE, MAP, WAYS };

static inline int access_once(const char *path, enum way way)
{
	void *map;
	int fd;

	if (way == EXECUTE)
		return -execute(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || way == READ)
		return fd < 0 ? -errno : close(fd);
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	return munmap(map, 4096);
}

static long do_access(struct call *call, int fd)
{
	int err = 0, i;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < OFTEN && !err; i++) {
		err = access_once(call->path, call->flags);
		if (!call->uid)
			break;
	}
	return err;
}

static inline int agent_access(struct agent *agent, const char *path,
			       enum way way, bool often)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	agent->call->flags = way;
	agent->call->uid = often;
	return agent_call(agent, do_access, -1, NULL);
}

/* An id that no rule of this boot is about. */
static inline uid_t fresh_id(void)
{
	uid_t id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		abort();
	return (1 << 24) + id % (1 << 24);
}

/*
 * Writes to a mapping, other bytes than there are.  What was read there before does not
 * have tmpfs count that it is written.
 */
static inline void change_mapped(char *map)
{
	char unique[33], seen[32];

	memcpy(seen, map + 2048, sizeof(seen));
	do {
		unique_text(unique);
	} while (!memcmp(seen, unique, sizeof(seen)));
	/* Behind the header of the program. */
	memcpy(map + 2048, unique, 32);
}

#endif /* IMA_NS_TEST_SEEN_H */
