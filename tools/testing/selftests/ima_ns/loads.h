/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IMA namespace test helpers: modules, firmware and kernels of the build
 */

#include <linux/kexec.h>
#include <sys/utsname.h>

#define FIRMWARE_PATH "/sys/module/firmware_class/parameters/path"
#define FIRMWARE_TRIGGER \
	"/sys/devices/virtual/misc/test_firmware/trigger_request"

/* Where the running kernel was built. */
static inline void build_path(char path[PATH_MAX], const char *name)
{
	const char *const dir = getenv("IMA_NS_KERNEL_BUILD");
	struct utsname uts;

	if (dir) {
		snprintf(path, PATH_MAX, "%s/%s", dir, name);
		return;
	}
	uname(&uts);
	snprintf(path, PATH_MAX, "/lib/modules/%s/build/%s", uts.release,
		 name);
}

static inline int load_module(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return syscall(__NR_finit_module, fd, "", 0) ? -errno : 0;
}

static inline int unload_module(const char *name)
{
	return syscall(__NR_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* The driver that asks for firmware, which is looked for in the scratch. */
static inline int firmware_start(const char *dir)
{
	char from[PATH_MAX];

	build_path(from, "lib/test_firmware.ko");
	return load_module(from) ?:
	       write_path(FIRMWARE_PATH, 0, dir, strlen(dir));
}

static inline int firmware_stop(void)
{
	/* The driver's memory of what it loaded goes with it. */
	return write_path(FIRMWARE_PATH, 0, "\n", 1) ?:
	       unload_module("test_firmware");
}

/* Asks for firmware by the last part of @path. */
static inline int load_firmware(const char *path)
{
	const char *const name = strrchr(path, '/') + 1;

	return write_path(FIRMWARE_TRIGGER, 0, name, strlen(name));
}

/* Loads a kernel, with an initramfs unless -1, and unloads it. */
static inline int load_kernel(int kernel, int initrd, const char *cmdline)
{
	const unsigned long flags = initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0;

	if (syscall(__NR_kexec_file_load, kernel, initrd, strlen(cmdline) + 1,
		    cmdline, flags))
		return -errno;
	return syscall(__NR_kexec_file_load, -1, -1, 0UL, NULL,
		       (unsigned long)KEXEC_FILE_UNLOAD) ? -errno : 0;
}
