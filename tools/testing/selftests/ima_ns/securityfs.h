/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: what an agent sees in securityfs
 */

#include "world.h"
#include "user.h"
#include "names.h"

/* Mounts securityfs over what was inherited. */
static inline int agent_mount(struct agent *agent)
{
	return agent_call(agent, do_mount_securityfs, -1, NULL);
}

static inline int agent_become(struct agent *agent, uid_t uid)
{
	agent->call->uid = uid;
	return agent_call(agent, do_become, -1, NULL);
}

static inline bool is_visible(const char *name)
{
	return *name != '.';
}

static inline long do_list_dir(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	return list_names(call->path, is_visible, call->text, TEXT_SIZE);
}

/* What the agent sees in a directory; valid until its next call. */
static inline const char *agent_ls(struct agent *agent, const char *path)
{
	snprintf(agent->call->path, PATH_MAX, "%s", path);
	if (agent_call(agent, do_list_dir, -1, NULL))
		return NULL;
	return agent->call->text;
}

static inline bool has_line(const char *text, const char *line)
{
	char wanted[PATH_MAX], all[TEXT_SIZE];

	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	snprintf(all, sizeof(all), "\n%s", text ?: "");
	return contains(all, wanted);
}

static inline bool has_id(const char *text, long id)
{
	char line[32];

	snprintf(line, sizeof(line), "%ld", id);
	return has_line(text, line);
}

/* As a service manager hardens a service: own mounts, few capabilities. */
static inline long do_harden(struct call *call, int fd)
{
	if (fd >= 0)
		close(fd);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount("/usr", "/usr", NULL, MS_BIND, NULL) ||
	    mount(NULL, "/usr", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return keep_cap(call->flags);
}
