/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nosys - run a program that can't use openat2()
 *
 *	nosys ENOSYS|EPERM COMMAND [ARGS]
 *
 * Kernels before 5.6 and older sandboxes answer like that. What it takes away it takes away from
 * all children too.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"

static int deny_openat2(unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return sys_seccomp_filter(&program, 0);
}

/* The filter is there, whatever libc or a sandbox around us made of it. */
static int is_denied(unsigned error)
{
	const struct open_how how = {0};

	return sys_openat2(-1, ".", &how) < 0 && errno == (int)error;
}

int main(int argc, char **argv)
{
	unsigned error;

	if (argc < 3 || (strcmp(argv[1], "ENOSYS") != 0 && strcmp(argv[1], "EPERM") != 0)) {
		fputs("Usage: nosys ENOSYS|EPERM COMMAND [ARGS]\n", stderr);
		return 2;
	}
	error = strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS;
	if (deny_openat2(error) < 0 || !is_denied(error)) {
		perror("nosys: seccomp");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
