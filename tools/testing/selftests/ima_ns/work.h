/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: writers
 *
 * Processes of a namespace that each execute or read one fresh file after the
 * other, or violate its measurement, while the test does something else.
 */
#ifndef IMA_NS_TEST_WORK_H
#define IMA_NS_TEST_WORK_H

#define RULE_READ "measure func=FILE_CHECK mask=MAY_READ fowner=61000\n"
#define RULE_EXEC "measure func=BPRM_CHECK\n"
#define RULE_EVENTS "measure func=CRITICAL_DATA label=ima_ns\n"

#define MAX_WRITERS 64

/* What writers do, in the text of the agent's call. */
struct work {
	int writers;
	/* How many files of each; negative: until told to stop. */
	int files;
	int stop;
};

static inline struct work *agent_work(struct agent *agent)
{
	return (struct work *)agent->call->text;
}

/* What is done with a fresh file. */
enum use { USE_EXECUTE, USE_READ, USE_VIOLATE, USES };

/* Opens for reading, then for writing (ToMToU), then for reading again. */
static inline int open_for(enum use use, const char *path)
{
	const int reader = open(path, O_RDONLY | O_CLOEXEC);
	int writer, err = reader < 0;

	if (!err && use == USE_VIOLATE) {
		writer = open(path, O_WRONLY | O_CLOEXEC);
		err = writer < 0 || close(reader) ||
		      close(open(path, O_RDONLY | O_CLOEXEC)) || close(writer);
	} else if (!err) {
		err = close(reader);
	}
	return err;
}

static inline int use_fresh(const char *path, enum use use)
{
	int err = make_subject(path, OWNER_PLAIN);

	if (!err)
		err = use == USE_EXECUTE ? execute(path) : open_for(use, path);
	return unlink(path) || err;
}

static inline int write_fresh(const struct work *work, const char *dir,
			      int writer)
{
	char path[PATH_MAX];
	int i, ret = 0;

	for (i = 0; !ret && i != work->files; i++) {
		if (__atomic_load_n(&work->stop, __ATOMIC_RELAXED))
			break;
		snprintf(path, sizeof(path), "%s/%d.%d.%d", dir, getppid(),
			 writer, i);
		ret = use_fresh(path, (writer + i) % USES);
	}
	return ret;
}

/* Runs in the agent: writers below call->path, a process each. */
static long do_work(struct call *call, int fd)
{
	const struct work *const work = (struct work *)call->text;
	pid_t pids[MAX_WRITERS];
	int i, err, ret = 0;

	if (fd >= 0)
		close(fd);
	for (i = 0; i < work->writers; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(!!write_fresh(work, call->path, i));
	}
	for (i = 0; i < work->writers; i++) {
		err = reap(pids[i]);
		ret = ret ?: err;
	}
	return ret;
}

/* Lets writers begin in the agent, and waits for their end. */
static inline int work_begin(struct agent *agent, const char *dir, int writers,
			     int files)
{
	*agent_work(agent) = (struct work){ writers, files, 0 };
	snprintf(agent->call->path, PATH_MAX, "%s", dir);
	agent->call->fn = do_work;
	return send_fd(agent->sock, -1);
}

static inline long work_end(struct agent *agent)
{
	int fd;

	return recv_fd(agent->sock, &fd) ? -EPIPE : agent->call->ret;
}

static inline long work_stop(struct agent *agent)
{
	__atomic_store_n(&agent_work(agent)->stop, 1, __ATOMIC_RELAXED);
	return work_end(agent);
}

static inline long work_all(struct agent *agent, const char *dir, int writers,
			    int files)
{
	return work_begin(agent, dir, writers, files) ?: work_end(agent);
}

static inline long entries(long id)
{
	return ns_number(id, "runtime_measurements_count");
}

/* Loads rules for what writers do, and for the records of the namespace. */
static inline void load_rules(struct __test_metadata *const _metadata,
			      struct agent *agent)
{
	ASSERT_EQ(0, agent_load(agent, RULE_EXEC RULE_READ RULE_EVENTS));
}

#endif /* IMA_NS_TEST_WORK_H */
