/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: a TPM that does as it is told
 *
 * A chip of the vTPM proxy driver, and a process that serves it as a TPM 2.0
 * with one bank, sha256.  What the process sees and how it behaves is in memory
 * that it shares with the test.
 */

#include <endian.h>
#include <linux/vtpm_proxy.h>
#include <time.h>

#include "world.h"

#ifndef VTPM_PROXY_IOC_BIND_IMA_NS
#define VTPM_PROXY_IOC_BIND_IMA_NS _IO(0xa1, 0x10)
#endif

#define MAX_VTPMS 8
#define VTPM_PCRS 24
#define VTPM_DIGEST 32
#define VTPM_LOG 2048
#define TPM_COMMAND_SIZE 4096

#define TPM_ST_NO_SESSIONS 0x8001
#define TPM_ST_SESSIONS 0x8002
#define TPM_RS_PW 0x40000009
#define TPM_ALG_SHA256 0x000b

#define TPM_CC_CREATE_PRIMARY 0x131
#define TPM_CC_SELF_TEST 0x143
#define TPM_CC_STARTUP 0x144
#define TPM_CC_SHUTDOWN 0x145
#define TPM_CC_GET_CAPABILITY 0x17a
#define TPM_CC_GET_RANDOM 0x17b
#define TPM_CC_PCR_READ 0x17e
#define TPM_CC_PCR_EXTEND 0x182

#define TPM_CAP_COMMANDS 2
#define TPM_CAP_PCRS 5
#define TPM_CAP_TPM_PROPERTIES 6
#define TPM_PT_TOTAL_COMMANDS 0x129

#define TPM_RC_FAILURE 0x101
#define TPM_RC_COMMAND_CODE 0x143
#define TPM_RC_RETRY 0x922

/* What a chip that nobody has extended makes of its PCRs 0 to 9. */
#define VTPM_BOOT_AGGREGATE \
	"7b6436b0c98f62380866d9432c2af0ee08ce16a171bda6951aecd95ee1307d61"

#define LIST_SHA256 IMA_DIR "/ascii_runtime_measurements_sha256"
#define TIMEOUT_PATH "/sys/module/ima/parameters/ns_tpm_timeout"
#define TIMEOUT_MS 2000

/* "At most 2 s", and what an emulated machine may make of it. */
#define BOUND_MS 4000
/* What does not wait: far below the bound. */
#define AT_ONCE_MS 500
/* For what the kernel does in its own time. */
#define SOON_MS 20000

enum vtpm_mode {
	VTPM_ANSWER,
	VTPM_SILENT,
	VTPM_ERROR,
	VTPM_RETRY,
	/* Closes the server's side of the chip, and ends. */
	VTPM_CLOSE,
};

struct vtpm_extend {
	__u32 pcr;
	unsigned char digest[VTPM_DIGEST];
};

/* What the test and the process that serves the chip share. */
struct vtpm_shared {
	/* How it behaves when a command comes in, and for which (0: all). */
	int mode;
	__u32 only;
	int delay_ms;
	/* Opened at each PCR_Extend, before the answer, if not empty. */
	char opens[PATH_MAX];
	/* What it has seen, and how often it opened. */
	int commands, extends, opened;
	bool hung_up;
	unsigned char pcrs[VTPM_PCRS][VTPM_DIGEST];
	struct vtpm_extend log[VTPM_LOG];
};

struct vtpm {
	struct vtpm_shared *shared;
	/* The test's own descriptor of the server's side; -1 if closed. */
	int fd;
	/* Who serves it; 0: nobody. */
	pid_t pid;
	__u32 num;
	/* "tpmN" */
	char name[16];
};

#define vtpm_get(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define vtpm_set(field, value) \
	__atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

static inline long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Looks until something is so, for a limited time; tells whether it is. */
#define WAIT_FOR(condition, ms) ({ \
	const long end_ms = now_ms() + (ms); \
	bool met; \
	while (!(met = (condition)) && now_ms() < end_ms) \
		usleep(5000); \
	met; \
})

/* A command or an answer in the making. */
struct tpm_message {
	unsigned char data[TPM_COMMAND_SIZE];
	size_t size;
};

static inline void tpm_put8(struct tpm_message *m, __u8 value)
{
	m->data[m->size++] = value;
}

static inline void tpm_put16(struct tpm_message *m, __u16 value)
{
	tpm_put8(m, value >> 8);
	tpm_put8(m, value);
}

static inline void tpm_put32(struct tpm_message *m, __u32 value)
{
	tpm_put16(m, value >> 16);
	tpm_put16(m, value);
}

static inline void tpm_put(struct tpm_message *m, const void *data,
			   size_t size)
{
	memcpy(m->data + m->size, data, size);
	m->size += size;
}

static inline __u16 tpm_get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static inline __u32 tpm_get32(const unsigned char *p)
{
	return (__u32)tpm_get16(p) << 16 | tpm_get16(p + 2);
}

/* Begins a message; the size is filled in when it ends. */
static inline void tpm_begin(struct tpm_message *m, __u16 tag, __u32 code)
{
	m->size = 0;
	tpm_put16(m, tag);
	tpm_put32(m, 0);
	tpm_put32(m, code);
}

static inline void tpm_end(struct tpm_message *m)
{
	const __u32 size = htobe32(m->size);

	memcpy(m->data + 2, &size, sizeof(size));
}

static inline __u8 hex_byte(const char *hex)
{
	const char text[3] = { hex[0], hex[1] };

	return strtoul(text, NULL, 16);
}

/* value = sha256(value || digest) */
static inline void pcr_extend(unsigned char value[VTPM_DIGEST],
			      const unsigned char digest[VTPM_DIGEST])
{
	unsigned char both[2 * VTPM_DIGEST];
	char hex[65];
	int i;

	memcpy(both, value, VTPM_DIGEST);
	memcpy(both + VTPM_DIGEST, digest, VTPM_DIGEST);
	sha256_hex(both, sizeof(both), hex);
	for (i = 0; i < VTPM_DIGEST; i++)
		value[i] = hex_byte(hex + 2 * i);
}

static void vtpm_do_extend(struct vtpm_shared *s, const unsigned char *p,
			   struct tpm_message *answer)
{
	const __u32 pcr = tpm_get32(p), auth_size = tpm_get32(p + 4);
	const int n = s->extends;

	/* The authorization, the number of digests and the algorithm. */
	p += 8 + auth_size + 4 + 2;
	pcr_extend(s->pcrs[pcr % VTPM_PCRS], p);
	s->log[n % VTPM_LOG].pcr = pcr;
	memcpy(s->log[n % VTPM_LOG].digest, p, VTPM_DIGEST);
	vtpm_set(s->extends, n + 1);
	tpm_begin(answer, TPM_ST_SESSIONS, 0);
	tpm_put32(answer, 0);
	tpm_put16(answer, 0);
	tpm_put8(answer, 1);
	tpm_put16(answer, 0);
}

/* For one selection, as Linux asks. */
static void vtpm_do_read(const struct vtpm_shared *s, const unsigned char *p,
			 struct tpm_message *answer)
{
	const bool known = tpm_get16(p + 4) == TPM_ALG_SHA256;
	int pcr, count = 0;

	tpm_put32(answer, s->extends);
	tpm_put(answer, p, 10);
	for (pcr = 0; pcr < VTPM_PCRS; pcr++)
		count += known && p[7 + pcr / 8] >> pcr % 8 & 1;
	tpm_put32(answer, count);
	for (pcr = 0; pcr < VTPM_PCRS; pcr++)
		if (known && p[7 + pcr / 8] >> pcr % 8 & 1) {
			tpm_put16(answer, VTPM_DIGEST);
			tpm_put(answer, s->pcrs[pcr], VTPM_DIGEST);
		}
}

static void vtpm_do_capability(const unsigned char *p,
			       struct tpm_message *answer)
{
	static const __u32 commands[] = {
		TPM_CC_SELF_TEST,  TPM_CC_STARTUP,	  TPM_CC_SHUTDOWN,
		TPM_CC_GET_CAPABILITY, TPM_CC_GET_RANDOM, TPM_CC_PCR_READ,
		/* With one handle. */
		TPM_CC_PCR_EXTEND | 1 << 25,
	};
	const __u32 capability = tpm_get32(p), property = tpm_get32(p + 4);
	size_t i;

	tpm_put8(answer, 0);
	tpm_put32(answer, capability);
	if (capability == TPM_CAP_PCRS) {
		tpm_put32(answer, 1);
		tpm_put16(answer, TPM_ALG_SHA256);
		tpm_put32(answer, 0x03ffffff);
	} else if (capability == TPM_CAP_COMMANDS) {
		tpm_put32(answer, ARRAY_SIZE(commands));
		for (i = 0; i < ARRAY_SIZE(commands); i++)
			tpm_put32(answer, commands[i]);
	} else {
		tpm_put32(answer, 1);
		tpm_put32(answer, property);
		tpm_put32(answer, property == TPM_PT_TOTAL_COMMANDS ?
					  ARRAY_SIZE(commands) : 0);
	}
}

static void vtpm_do_random(const unsigned char *p, struct tpm_message *answer)
{
	const __u16 size = tpm_get16(p) > 32 ? 32 : tpm_get16(p);

	tpm_put16(answer, size);
	if (getrandom(answer->data + answer->size, size, 0) == size)
		answer->size += size;
}

static void vtpm_answer(struct vtpm_shared *s, const unsigned char *command,
			struct tpm_message *answer)
{
	const unsigned char *const p = command + 10;

	tpm_begin(answer, TPM_ST_NO_SESSIONS, 0);
	switch (tpm_get32(command + 6)) {
	case TPM_CC_PCR_EXTEND:
		vtpm_do_extend(s, p, answer);
		break;
	case TPM_CC_PCR_READ:
		vtpm_do_read(s, p, answer);
		break;
	case TPM_CC_GET_CAPABILITY:
		vtpm_do_capability(p, answer);
		break;
	case TPM_CC_GET_RANDOM:
		vtpm_do_random(p, answer);
		break;
	case TPM_CC_STARTUP:
	case TPM_CC_SHUTDOWN:
	case TPM_CC_SELF_TEST:
	case TPM2_CC_SET_LOCALITY:
		break;
	default:
		tpm_begin(answer, TPM_ST_NO_SESSIONS, TPM_RC_COMMAND_CODE);
	}
}

/* Opens what it was told to, as an emulator might open its state. */
static void vtpm_open(struct vtpm_shared *s)
{
	const int fd = open(s->opens, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	vtpm_set(s->opened, s->opened + 1);
}

static void vtpm_command(struct vtpm_shared *s, int fd,
			 const unsigned char *command)
{
	const __u32 code = tpm_get32(command + 6), only = vtpm_get(s->only);
	enum vtpm_mode mode = VTPM_ANSWER;
	struct tpm_message answer;

	vtpm_set(s->commands, s->commands + 1);
	if (!only || only == code) {
		mode = vtpm_get(s->mode);
		usleep(1000 * vtpm_get(s->delay_ms));
	}
	if (code == TPM_CC_PCR_EXTEND && vtpm_get(s->opens[0]))
		vtpm_open(s);
	switch (mode) {
	case VTPM_SILENT:
		return;
	case VTPM_CLOSE:
		_exit(0);
	case VTPM_ERROR:
		tpm_begin(&answer, TPM_ST_NO_SESSIONS, TPM_RC_FAILURE);
		break;
	case VTPM_RETRY:
		tpm_begin(&answer, TPM_ST_NO_SESSIONS, TPM_RC_RETRY);
		break;
	case VTPM_ANSWER:
		vtpm_answer(s, command, &answer);
	}
	tpm_end(&answer);
	/* It may come too late: EIO. */
	(void)!write(fd, answer.data, answer.size);
}

/* Serves the chip until it is hung up. */
static __noreturn void vtpm_main(struct vtpm_shared *s, int fd)
{
	unsigned char command[TPM_COMMAND_SIZE];
	ssize_t n;

	/* Of the chip's descriptors, and of the agents', it holds one. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, 3);
	close_range(4, ~0U, 0);
	for (;;) {
		n = read(3, command, sizeof(command));
		if (n >= 10)
			vtpm_command(s, 3, command);
		else if (n >= 0 || errno != EINTR)
			break;
	}
	if (n < 0 && errno == EPIPE)
		vtpm_set(s->hung_up, true);
	_exit(0);
}

static struct vtpm_shared *vtpm_pool;

/* Before the agents are started, so that they share the memory. */
static inline int vtpms_init(void)
{
	vtpm_pool = shared_memory(sizeof(*vtpm_pool) * MAX_VTPMS);
	return vtpm_pool ? 0 : -errno;
}

static inline void vtpm_clear(struct vtpm_shared *s)
{
	memset(s, 0, sizeof(*s));
	/* Those of the dynamic root of trust are all ones. */
	memset(s->pcrs[17], 0xff, 6 * VTPM_DIGEST);
}

/* Makes a chip that nobody serves yet. */
static inline int vtpm_new_in(struct vtpm *v, struct vtpm_shared *shared)
{
	struct vtpm_proxy_new_dev arg = { .flags = VTPM_PROXY_FLAG_TPM2 };
	const int control = open("/dev/vtpmx", O_RDWR | O_CLOEXEC);
	int err = 0;

	v->fd = -1;
	v->pid = 0;
	v->shared = shared;
	vtpm_clear(shared);
	if (control < 0)
		return -errno;
	if (ioctl(control, VTPM_PROXY_IOC_NEW_DEV, &arg))
		err = -errno;
	close(control);
	if (err)
		return err;
	v->fd = arg.fd;
	v->num = arg.tpm_num;
	snprintf(v->name, sizeof(v->name), "tpm%u", v->num);
	return fcntl(v->fd, F_SETFD, FD_CLOEXEC) ? -errno : 0;
}

/* @slot: which of MAX_VTPMS it is in the test. */
static inline int vtpm_new(struct vtpm *v, int slot)
{
	return vtpm_new_in(v, &vtpm_pool[slot]);
}

/* CLONE_PARENT makes the server the test's to reap. */
static long do_vtpm_serve(struct call *call, int fd)
{
	struct vtpm_shared *const shared = &vtpm_pool[call->flags];
	const pid_t pid = clone_flags(CLONE_PARENT);

	if (!pid)
		vtpm_main(shared, fd);
	close(fd);
	return pid;
}

/* Has the chip served in an agent's namespaces, or in the test's. */
static inline int vtpm_serve(struct vtpm *v, struct agent *agent)
{
	if (agent) {
		agent->call->flags = v->shared - vtpm_pool;
		v->pid = agent_call(agent, do_vtpm_serve, v->fd, NULL);
	} else {
		v->pid = clone_flags(0);
		if (!v->pid)
			vtpm_main(v->shared, v->fd);
	}
	return v->pid < 0 ? v->pid : 0;
}

/* Closes the test's own descriptor: who serves the chip has the last one. */
static inline void vtpm_drop(struct vtpm *v)
{
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

static inline void vtpm_kill(struct vtpm *v)
{
	if (v->pid > 0) {
		kill(v->pid, SIGKILL);
		reap(v->pid);
	}
	v->pid = 0;
}

static inline void vtpm_stop(struct vtpm *v)
{
	vtpm_drop(v);
	vtpm_kill(v);
}

static inline void vtpm_behave(struct vtpm *v, enum vtpm_mode mode,
			       __u32 only, int delay_ms)
{
	vtpm_set(v->shared->only, only);
	vtpm_set(v->shared->delay_ms, delay_ms);
	vtpm_set(v->shared->mode, mode);
}

/* Opens /dev/tpmN, which one process at a time may. */
static inline int tpm_open(const struct vtpm *v)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", v->name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Sends a command as an ordinary client: the TPM's answer code, or -errno. */
static inline long tpm_transact(const struct vtpm *v, struct tpm_message *m)
{
	const int fd = tpm_open(v);
	ssize_t n;
	int err;

	if (fd < 0)
		return fd;
	tpm_end(m);
	n = write(fd, m->data, m->size);
	err = n < 0 ? -errno : 0;
	if (!err)
		n = read(fd, m->data, sizeof(m->data));
	if (!err && n < 10)
		err = n < 0 ? -errno : -EIO;
	close(fd);
	return err ?: (long)tpm_get32(m->data + 6);
}

/* Reads a PCR through /dev/tpmN. */
static inline long tpm_pcr_read(const struct vtpm *v, int pcr,
				unsigned char digest[VTPM_DIGEST])
{
	struct tpm_message m;
	long err;
	int i;

	tpm_begin(&m, TPM_ST_NO_SESSIONS, TPM_CC_PCR_READ);
	tpm_put32(&m, 1);
	tpm_put16(&m, TPM_ALG_SHA256);
	tpm_put8(&m, 3);
	for (i = 0; i < 3; i++)
		tpm_put8(&m, pcr / 8 == i ? 1 << pcr % 8 : 0);
	err = tpm_transact(v, &m);
	if (!err)
		memcpy(digest, m.data + 10 + 4 + 10 + 4 + 2, VTPM_DIGEST);
	return err;
}

/* Extends a PCR through /dev/tpmN. */
static inline long tpm_pcr_extend(const struct vtpm *v, int pcr, __u8 byte)
{
	struct tpm_message m;
	int i;

	tpm_begin(&m, TPM_ST_SESSIONS, TPM_CC_PCR_EXTEND);
	tpm_put32(&m, pcr);
	tpm_put32(&m, 9);
	tpm_put32(&m, TPM_RS_PW);
	tpm_put16(&m, 0);
	tpm_put8(&m, 0);
	tpm_put16(&m, 0);
	tpm_put32(&m, 1);
	tpm_put16(&m, TPM_ALG_SHA256);
	for (i = 0; i < VTPM_DIGEST; i++)
		tpm_put8(&m, byte);
	return tpm_transact(v, &m);
}

/* Does the chip have its device, and does that answer? */
static inline bool vtpm_is_ready(const struct vtpm *v)
{
	unsigned char digest[VTPM_DIGEST];
	char path[32];

	/* This one is made last. */
	snprintf(path, sizeof(path), "/dev/tpmrm%u", v->num);
	return !access(path, F_OK) && !tpm_pcr_read(v, 0, digest);
}

/* Waits until the kernel has registered the chip. */
static inline int vtpm_ready(const struct vtpm *v)
{
	return WAIT_FOR(vtpm_is_ready(v), SOON_MS) ? 0 : -ETIMEDOUT;
}

/* A chip that is served, by a process in the agent's namespaces if not NULL. */
static inline int vtpm_start(struct vtpm *v, int slot, struct agent *agent)
{
	return vtpm_new(v, slot) ?: vtpm_serve(v, agent) ?: vtpm_ready(v);
}

/* How long a task waits, for the whole machine. */
static inline int set_timeout(int ms)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", ms);
	return write_path(TIMEOUT_PATH, 0, text, strlen(text));
}

/* Where the host has the file of a namespace; 0: its own. */
static inline void tpm_path(char *path, size_t size, long id)
{
	if (id)
		snprintf(path, size, IMA_DIR "/namespaces/%ld/tpm", id);
	else
		snprintf(path, size, IMA_DIR "/tpm");
}

/* The line of a namespace's file: "none" as state if that is all. */
struct tpm_line {
	char chip[16], banks[128], state[16];
	long extended;
};

static inline int tpm_parse(const char *text, struct tpm_line *line)
{
	char end;

	memset(line, 0, sizeof(*line));
	if (!strcmp(text, "none\n")) {
		snprintf(line->state, sizeof(line->state), "none");
		return 0;
	}
	if (sscanf(text, "%15s %127s %15s %ld%c", line->chip, line->banks,
		   line->state, &line->extended, &end) != 5 || end != '\n')
		return -EBADMSG;
	return strchr(text, '\n')[1] ? -EBADMSG : 0;
}

/* Reads ima/tpm as the agent does. */
static inline int agent_tpm(struct agent *agent, struct tpm_line *line)
{
	char *text;
	const ssize_t n = agent_read(agent, IMA_DIR "/tpm", &text);
	const int err = n < 0 ? n : tpm_parse(text, line);

	free(text);
	return err;
}

/* Reads ima/namespaces/<id>/tpm, or for 0 ima/tpm, as the host. */
static inline int host_tpm(long id, struct tpm_line *line)
{
	char path[128], *text;
	ssize_t n;
	int err;

	tpm_path(path, sizeof(path), id);
	n = read_path(path, &text);
	err = n < 0 ? n : tpm_parse(text, line);
	free(text);
	return err;
}

/* Is that the state of a namespace? */
static inline bool tpm_is(long id, const char *state)
{
	struct tpm_line line;

	return !host_tpm(id, &line) && !strcmp(line.state, state);
}

/* Binds a chip to a namespace as the host does. */
static inline int host_bind(long id, const struct vtpm *v)
{
	char path[128];

	tpm_path(path, sizeof(path), id);
	return write_path(path, 0, v->name, strlen(v->name));
}

/* Binds the chip behind @fd to the agent's namespace. */
static inline long do_bind(struct call *call, int fd)
{
	const int err = ioctl(fd, VTPM_PROXY_IOC_BIND_IMA_NS) ? -errno : 0;

	close(fd);
	return err;
}

/* The host's rule that records what befalls the chips of namespaces. */
static inline int host_tpm_rules(void)
{
	return host_load_once("measure func=CRITICAL_DATA label=ima_ns\n",
			      "label=ima_ns\x20\n");
}

/* Records of a list, "tpm-bound" or "tpm-lost", about a namespace's chip. */
static inline int tpm_records(int list, const char *name, long id,
			      const struct vtpm *v)
{
	char data[128], needle[512], *out = needle;
	const char *c;
	struct list l;
	int n = 0;

	snprintf(data, sizeof(data), "ima_ns=%ld tpm=%s ", id, v->name);
	out += sprintf(out, " %s ", name);
	for (c = data; *c; c++)
		out += sprintf(out, "%02x", *c);
	if (list_read(list, &l))
		return -1;
	for (c = l.text; (c = strstr(c, needle)); c++)
		n++;
	list_free(&l);
	return n;
}

/* What line @n of a list of the bank sha256 extends the chip with. */
static inline int line_digest(const struct list *list, int n,
			      unsigned char digest[VTPM_DIGEST])
{
	char line[2 * PATH_MAX];
	bool zero = true;
	int i;

	if (list_line(list, n, line, sizeof(line)))
		return -ENOENT;
	if (strspn(line + 3, "0123456789abcdef") != 2 * VTPM_DIGEST)
		return -EBADMSG;
	for (i = 0; i < VTPM_DIGEST; i++) {
		digest[i] = hex_byte(line + 3 + 2 * i);
		zero = zero && !digest[i];
	}
	if (zero)
		memset(digest, 0xff, VTPM_DIGEST);
	return 0;
}

/* Lines after which replay gives the PCR's value; 0: never, -1: unreadable. */
static inline int replay_matches(const struct list *list,
				 const unsigned char *value)
{
	unsigned char pcr[VTPM_DIGEST] = {}, digest[VTPM_DIGEST];
	int n, found = 0;

	for (n = 0; n < list->count; n++) {
		if (line_digest(list, n, digest))
			return -1;
		pcr_extend(pcr, digest);
		if (!memcmp(pcr, value, VTPM_DIGEST))
			found = n + 1;
	}
	return found;
}

/* Is extend @n of the chip what line @n of its namespace's list says? */
static inline bool extend_follows(const struct vtpm *v,
				  const struct list *list, int n)
{
	const struct vtpm_extend *const extend = &v->shared->log[n % VTPM_LOG];
	unsigned char digest[VTPM_DIGEST];
	char line[2 * PATH_MAX];

	return !list_line(list, n, line, sizeof(line)) &&
	       !line_digest(list, n, digest) &&
	       (__u32)atoi(line) == extend->pcr &&
	       !memcmp(digest, extend->digest, VTPM_DIGEST);
}

/* Extends of FF..FF that a chip has seen. */
static inline int vtpm_violations(const struct vtpm *v)
{
	unsigned char ones[VTPM_DIGEST];
	const int extends = vtpm_get(v->shared->extends);
	int i, n = 0;

	memset(ones, 0xff, sizeof(ones));
	for (i = 0; i < extends && i < VTPM_LOG; i++)
		n += v->shared->log[i].pcr == 10 &&
		     !memcmp(v->shared->log[i].digest, ones, sizeof(ones));
	return n;
}

