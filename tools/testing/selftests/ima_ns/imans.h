/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: the tool imans, and what is said of its work
 */

#include <stdarg.h>

#include "swtpm.h"
#include "sign.h"

#define OUTPUT_SIZE (256 * 1024)

/* What the last command printed, on either output. */
static char output[OUTPUT_SIZE];

/* Runs a command of the shell, where $I is imans: its exit status. */
static inline int __printf(1, 2) shell(const char *format, ...)
{
	static const char start[] = "exec 2>&1; ";
	char command[4 * PATH_MAX], path[PATH_MAX];
	const char *const argv[] = { "sh", "-c", command, NULL };
	va_list args;

	sibling_path(path, "imans");
	setenv("I", path, 1);
	setenv("S", IMA_DIR, 1);
	snprintf(command, sizeof(command), "%s", start);
	va_start(args, format);
	vsnprintf(command + strlen(start), sizeof(command) - strlen(start),
		  format, args);
	va_end(args);
	return run(argv, output, sizeof(output));
}

#define EXPECT_SAID(status, what, ...)					\
do {									\
	const char *const what_ = what;					\
									\
	EXPECT_EQ(status, shell(__VA_ARGS__))				\
	{								\
		TH_LOG("%.2000s", output);				\
	}								\
	EXPECT_TRUE(contains(output, what_))				\
	{								\
		TH_LOG("not '%s': %.2000s", what_, output);		\
	}								\
} while (0)

#define ASSERT_SHELL(...)						\
do {									\
	const int status_ = shell(__VA_ARGS__);				\
									\
	ASSERT_EQ(0, status_)						\
	{								\
		TH_LOG("%.4000s", output);				\
	}								\
} while (0)

#define EXPECT_SHELL(...)						\
do {									\
	const int status_ = shell(__VA_ARGS__);				\
									\
	EXPECT_EQ(0, status_)						\
	{								\
		TH_LOG("%.4000s", output);				\
	}								\
} while (0)

static inline bool emulator_ended(const char *dir)
{
	char path[PATH_MAX], *text;
	pid_t pid = 0;

	/* It removes its file as it ends. */
	snprintf(path, sizeof(path), "%s/tpm/pid", dir);
	if (read_path(path, &text) > 0)
		pid = atoi(text);
	free(text);
	return pid <= 0 || (kill(pid, 0) && errno == ESRCH);
}
