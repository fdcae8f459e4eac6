/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: a world to be attacked
 *
 * Who attacks is root of a container, or a user in a container of their own.  What
 * they do is in the host's list, once and with the right digest, and in those of
 * the namespaces of who did it.  After each attack the machine is well: what is
 * executed in a new container is recorded there and in the host's list.
 */

#include "sign.h"
#include "user.h"

/* The user, who owns what is executed; owners of what is read and mapped. */
#define USER 61850
#define OWNER_READ 61851
#define OWNER_MAP 61852

#define HOST_RULES \
	"measure func=BPRM_CHECK fowner=61850\n" \
	"measure func=FILE_CHECK mask=MAY_READ fowner=61851\n" \
	"measure func=MMAP_CHECK fowner=61852\n"

/* The user is in the initial IMA namespace, and `mine` is their container. */
enum party { HOST, ROOT, SIBLING, OUTSIDE, MINE, PARTIES };

static const char *const party_names[] = { "host", "root", "sibling", "outside",
					   "mine" };

/*
 * host ─┬─ root
 *       ├─ sibling
 *       └─ mine
 */
struct world {
	struct scratch scratch;
	struct agent agent[PARTIES];
	/* As the host sees them. */
	int list[PARTIES];
	/* Where everybody may make files. */
	char pit[256];
	int files;
};

/* A program that everybody may copy. */
static char template[PATH_MAX];

static inline void set_path(struct call *call, const char *path)
{
	snprintf(call->path, PATH_MAX, "%s", path);
}

static inline void set_text(struct call *call, const char *text)
{
	snprintf(call->text, TEXT_SIZE, "%s", text);
}

/* A list as the host sees it, whatever there is in the container. */
static inline int host_view(long id)
{
	char path[PATH_MAX] = ASCII_LIST;
	int fd;

	if (id < 0)
		return id;
	if (id)
		ns_file(path, id, "ascii_runtime_measurements");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline int world_files(struct world *w)
{
	const int err = host_load_once(HOST_RULES, "fowner=61852") ?:
			scratch_make(&w->scratch, FS_TMPFS) ?:
			scratch_subject(&w->scratch, "template", 0, template);

	if (err)
		return err;
	/* What containers mount below it is theirs. */
	if (mount(NULL, w->scratch.base, NULL, MS_PRIVATE, NULL))
		return -errno;
	snprintf(w->pit, sizeof(w->pit), "%s/pit", w->scratch.dir);
	return mkdir(w->pit, 0) || chmod(w->pit, 01777) ? -errno : 0;
}

static inline int world_start(struct world *w)
{
	int i, err;

	if (ns_inum(0, "ima") != INIT_INUM)
		return -EXDEV;
	err = world_files(w) ?: agent_start(&w->agent[HOST], NULL, 0) ?:
	      agent_start(&w->agent[ROOT], NULL, CLONE_NEWNS) ?:
	      agent_start(&w->agent[SIBLING], NULL, CLONE_NEWNS) ?:
	      user_start(&w->agent[OUTSIDE], &w->agent[MINE], USER);
	for (i = 0; i < PARTIES && !err; i++) {
		w->list[i] = host_view(agent_number(&w->agent[i], "id"));
		err = w->list[i] < 0 ? w->list[i] : 0;
	}
	return err;
}

/* A program that nobody has seen, or a small file. */
static inline int fresh_program(struct world *w, uid_t owner, char path[PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof(name), "subject%d", w->files++);
	return scratch_subject(&w->scratch, name, owner, path);
}

/* The evidence comes first: for the host, too, it would be reading. */
static inline int fresh_text(const char *path, uid_t owner, char *evidence)
{
	char unique[33];
	int err;

	unique_text(unique);
	err = write_path(path, O_CREAT | O_EXCL, unique, 32) ?:
	      file_evidence(path, path, evidence, EVIDENCE_SIZE);
	return err ?: chown(path, owner, owner) ? -errno : 0;
}

/* As make_subject(), for who has no access to the programs of the tests. */
static inline int copy_program(const char *path, uid_t owner)
{
	char *program, unique[33];
	const ssize_t size = read_path(template, &program);
	int err;

	if (size < 0)
		return size;
	unique_text(unique);
	err = write_path(path, O_CREAT | O_EXCL, program, size) ?:
	      write_path(path, O_APPEND, unique, 32);
	free(program);
	return err ?: chown(path, owner, owner) ? -errno : 0;
}

static inline void world_counts(const struct world *w, int counts[PARTIES])
{
	int i;

	for (i = 0; i < PARTIES; i++)
		counts[i] = fd_count(w->list[i]);
}

/* Is the list of a party the host's? */
static inline bool is_host(enum party party)
{
	return party == HOST || party == OUTSIDE;
}

/* Recorded in the lists of the host and of who acted, and in no other. */
static inline void assert_recorded(struct __test_metadata *const _metadata,
				   const struct world *w, const int before[PARTIES],
				   enum party actor, const char *evidence)
{
	int i;

	for (i = 0; i < PARTIES; i++)
		assert_gain(_metadata, party_names[i], w->list[i], before[i],
			    is_host(i) || i == (int)actor, evidence);
}

/* What the actor does is recorded so. */
static inline void assert_act(struct __test_metadata *const _metadata,
			      struct world *w, enum party actor,
			      long (*act)(struct call *, int), int fd,
			      const char *evidence)
{
	int before[PARTIES];

	world_counts(w, before);
	ASSERT_EQ(0, agent_call(&w->agent[actor], act, fd, NULL))
	{
		TH_LOG("%s, about%s", party_names[actor], evidence);
	}
	assert_recorded(_metadata, w, before, actor, evidence);
	ASSERT_EQ(1, fd_count_text(w->list[HOST], evidence));
}

/* A fresh program is executed. */
static inline void assert_exec(struct __test_metadata *const _metadata,
			       struct world *w, enum party actor)
{
	struct call *const call = w->agent[actor].call;
	char evidence[EVIDENCE_SIZE];

	ASSERT_EQ(0, fresh_program(w, USER, call->path));
	ASSERT_EQ(0, file_evidence(call->path, call->path, evidence,
				   sizeof(evidence)));
	call->uid = 0;
	assert_act(_metadata, w, actor, do_exec, -1, evidence);
}

/* The machine goes on, for everybody and for who comes new. */
static inline void assert_well(struct __test_metadata *const _metadata,
			       struct world *w)
{
	char path[PATH_MAX], evidence[EVIDENCE_SIZE];
	struct agent late;
	int list;

	assert_exec(_metadata, w, SIBLING);
	ASSERT_EQ(0, agent_start(&late, NULL, CLONE_NEWNS));
	list = host_view(agent_number(&late, "id"));
	ASSERT_LE(0, list);
	ASSERT_EQ(0, fresh_program(w, USER, path));
	ASSERT_EQ(0, file_evidence(path, path, evidence, sizeof(evidence)));
	ASSERT_EQ(0, agent_exec(&late, path, 0));
	assert_gain(_metadata, "late", list, 0, 1, evidence);
	ASSERT_EQ(1, fd_count_text(w->list[HOST], evidence));
	close(list);
	ASSERT_EQ(0, agent_stop(&late));
}

static inline void world_end(struct __test_metadata *const _metadata, struct world *w)
{
	int i;

	assert_well(_metadata, w);
	for (i = PARTIES - 1; i >= 0; i--) {
		close(w->list[i]);
		agent_stop(&w->agent[i]);
	}
	scratch_remove(&w->scratch);
}
