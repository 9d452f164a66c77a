/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sys - system calls that Debian 12's libc does not wrap, or wraps too thickly
 *
 * Like libc: -1 and errno on failure. Everything may be called between sys_clone3_vfork() and
 * execve(). Thread: any; sys_clone3_vfork() says more.
 */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int sys_openat2(int dirfd, const char *path, const struct open_how *how);
int sys_pivot_root(const char *new_root, const char *put_old);
/* The length with its NUL. libc's getcwd() may allocate and read directories. */
int sys_getcwd(char *ret, size_t size);

/* Of the calling thread alone; libc's functions of these names change every thread. */
int sys_setgroups(size_t n, const gid_t *groups);
int sys_setresgid(gid_t real, gid_t effective, gid_t saved);
int sys_setresuid(uid_t real, uid_t effective, uid_t saved);
int sys_capget(struct __user_cap_header_struct *header, struct __user_cap_data_struct data[2]);
int sys_capset(const struct __user_cap_header_struct *header,
	       const struct __user_cap_data_struct data[2]);

/*
 * Install a filter for the calling thread; needs CAP_SYS_ADMIN or no_new_privs. @flags are
 * SECCOMP_FILTER_FLAG_*. Returns 0; with NEW_LISTENER the listener's descriptor, which is CLOEXEC.
 */
int sys_seccomp_filter(const struct sock_fprog *program, unsigned flags);
/* Enter an anonymous session keyring of one's own. */
int sys_join_session_keyring(void);
/* The default action for @signal, also for the two that libc keeps to itself. */
int sys_signal_default(int signal);

#define SYS_CHILD_STACK 65536 /* bytes; the child's buffers are a few paths */

/*
 * sys_clone3_vfork - start a child on a stack of its own that shares our memory
 * @args:  flags must hold CLONE_VM | CLONE_VFORK; the stack is taken from here
 * @child: runs in the child; its result is the exit status if it returns
 *
 * Like vfork(): the calling thread sleeps until the child has called execve() or ended, so a
 * daemon's memory is never copied. @child must restrict itself to plain system calls: no
 * malloc, stdio or locks, since other threads go on running.
 *
 * Returns: the pid, or -1 and errno. Linux 5.3; x86_64 and aarch64.
 */
pid_t sys_clone3_vfork(struct clone_args *args, int (*child)(void *), void *arg);
