/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * imans - what its commands share
 */
#ifndef IMANS_H
#define IMANS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define IMA_DIR "/sys/kernel/security/ima"
#define UNKNOWN (-1LL)

/* Exit statuses; imans.8 has them. */
#define STATUS_FAILED status_failed
#define STATUS_USAGE 2
#define STATUS_BROKEN 3
#define STATUS_UNPROVEN 4
#define STATUS_RUN 125
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

/* 1; or 125 for those commands whose status may be that of another program. */
extern int status_failed;

/* What ima/tpm says; no chip is an empty name. */
struct tpm {
	char chip[16];
	char banks[256];
	char state[16];
	long long extended;
};

/* An IMA namespace that may be seen from here: one's own, or one below. */
struct ns {
	long long id, parent, inum, level;
	long long entries, violations, lost;
	/* Of the user namespace that owns it: who made that, and its inode number. */
	long long owner_uid, owner_inum;
	struct tpm tpm;
	bool own;
	pid_t *pids;		/* in ascending order */
	size_t pid_count;
	pid_t tid;		/* a thread of the first one that is in it */
	int owner_fd;		/* while owners are looked for, else -1 */
};

/* ns.c: all of them, in the order of their ids */
extern struct ns *namespaces;
extern size_t ns_count;
extern int proc_fd, ima_fd;

void open_dirs(void);
void scan_namespaces(void);
void scan_processes(void);
const struct ns *ns_by_id(long long id);
/* What the words ID|PID on a command line mean; ends the program if nothing. */
const struct ns *ns_by_name(const char *name);
/* The namespace below one's own that a process is in, or NULL. */
const struct ns *ns_of_process(pid_t pid);
long long process_inum(pid_t pid);
/* Opens a file of a namespace: a descriptor, or -1 and errno. */
int ns_open(const struct ns *ns, const char *file, int flags);
/* Its content, terminated and to be freed, or NULL and errno. */
char *ns_read(const struct ns *ns, const char *file, size_t *size);
/* The same, or the program ends. */
char *ns_must_read(const struct ns *ns, const char *file, size_t *size);
/* A number that is all of it, or UNKNOWN. */
long long ns_number(const struct ns *ns, const char *file);
int read_tpm(const struct ns *ns, struct tpm *tpm);
void read_command(pid_t pid, char *text, size_t size);
/* Whose policy is in force: "exec", "tcb", "none", "own", "-" if that is hidden. */
const char *policy_kind(const struct ns *ns);

/* file.c */
char *read_fd(int fd, size_t *size);
char *read_path(const char *path, size_t *size);
/* The same, and closes it; NULL if there is none to read */
char *read_closing(int fd, size_t *size);
/* What a child of ours writes to OUT, or NULL if it fails */
char *read_child(void (*child)(const void *arg, int out), const void *arg);
void *must_alloc(void *old, size_t size);

/* json.c: texts of others; a value is where it begins in the text */
bool json_valid(const char *text);
const char *json_member(const char *object, const char *key);
const char *json_path(const char *text, const char *const keys[]);
char *json_string(const char *value);
long long json_number(const char *value);

/* print.c: JSON of one's own */
void print_string(const char *text, size_t size);
void tame(char *text, size_t size, char instead);
void print_member(const char *key, const char *text);
void print_number_member(const char *key, long long number);
void print_facts(const struct ns *ns);
void finish_output(void);

/* What is to be set up for a namespace, read before anything is done */
struct file {
	const char *path;
	char *content;
	size_t size;
};

struct setup {
	struct file policy;
	struct file certs[16], cas[16];
	size_t cert_count, ca_count;
	const char *vtpm;	/* a directory, or the name of a chip */
	/*
	 * Paths are from whom it may be that does not know what is in them: only regular
	 * files are read, and nothing of them is said.
	 */
	bool wary;
	char chip[16];
	char emulator[4096];	/* where its pid is, if it was started here */
};

/* setup.c: all of these return false after they said what is wrong */
bool setup_option(struct setup *setup, int option, char *argument);
bool setup_start(struct setup *setup);
bool setup_apply(const struct setup *setup, const struct ns *ns);
void setup_undo(const struct setup *setup);
extern const struct option setup_options[];

/* vtpm.c */
bool vtpm_start(const char *dir, char chip[16], char pid_file[4096]);
void vtpm_kill(const char *pid_file);
bool vtpm_bind(const struct ns *ns, const char *chip);
bool is_chip_name(const char *name);

/* keys.c */
bool keys_add(const struct ns *ns, const struct file *cert);
bool keys_add_ca(const struct ns *ns, const struct file *cert);
void keys_show(const struct ns *ns, bool json);

/* The commands */
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_vtpm(int argc, char **argv);
int cmd_oci_hook(int argc, char **argv);
int usage(void);

#endif /* IMANS_H */
