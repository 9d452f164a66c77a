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

/* One command of bpf(2); its result. Members of @attr that it doesn't use must be zero. */
union bpf_attr;
int sys_bpf(int command, union bpf_attr *attr);

/*
 * Install a filter for the calling thread; needs CAP_SYS_ADMIN or no_new_privs. @flags are
 * SECCOMP_FILTER_FLAG_*. Returns 0; with NEW_LISTENER the listener's descriptor, which is CLOEXEC.
 */
int sys_seccomp_filter(const struct sock_fprog *program, unsigned flags);
/* Enter an anonymous session keyring of one's own. */
int sys_join_session_keyring(void);
enum { SYS_SIGNALS = 64 /* of every architecture we know */ };
/* The default action for @signal, also for the two that libc keeps to itself. */
int sys_signal_default(int signal);

/* Of the calling thread. @attr: struct sched_attr of the kernel, which says its own size. */
int sys_sched_setattr(const void *attr);
int sys_sched_setaffinity(size_t size_bytes, const unsigned long *bits);
/* Of the calling process; class and level are in one number. */
int sys_ioprio_set(int priority);
int sys_personality(unsigned long domain);
/* May the process do it, as it is? In the order of access(2), by effective ids. */
int sys_faccessat2(const char *path, int mode);
/* Entries of a directory, struct linux_dirent64, as they fit. */
ssize_t sys_getdents64(int fd, void *to, size_t size);
/* An empty file in memory that nobody else has; closed by execve(). */
int sys_memory_file(const char *name);

/* Execute the program behind a descriptor. */
int sys_execveat(int fd, char *const *args, char *const *env);

/* fork(), with more to say; of a process that has one thread. Without flags also by clone(). */
pid_t sys_fork(struct clone_args *args);
/* fork(), into the namespaces and cgroup of @args; the child ends with what @child returns. */
pid_t sys_fork_into(struct clone_args *args, int (*child)(void *), void *arg);

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
