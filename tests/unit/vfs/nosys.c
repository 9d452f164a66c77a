/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vfs/nosys.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	{"openat2", SYS_openat2},
	{"open_tree", SYS_open_tree},
	{"mount_setattr", SYS_mount_setattr},
	{"copy_file_range", SYS_copy_file_range},
};

void nosys_deny(const char *call, int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct sock_filter code[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		const struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

		if (strcmp(calls[i].name, call) != 0)
			continue;
		ck_assert_int_eq(sys_seccomp_filter(&program, 0), 0);
		return;
	}
	ck_abort_msg("no system call '%s'", call);
}

bool nosys_has_openat2(void)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC};
	cleanup_close int fd = sys_openat2(AT_FDCWD, "/", &how);

	return fd >= 0;
}

bool nosys_has_open_tree(void)
{
	cleanup_close int fd = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return fd >= 0;
}

void nosys_drop_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	ck_assert_int_eq(sys_capget(&header, data), 0);
	data[capability / 32].effective &= ~(1u << capability % 32);
	data[capability / 32].permitted &= ~(1u << capability % 32);
	ck_assert_int_eq(sys_capset(&header, data), 0);
}
