/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/memfd.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_getcwd(char *ret, size_t size)
{
	return (int)syscall(SYS_getcwd, ret, size);
}

int sys_setgroups(size_t n, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

int sys_setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return (int)syscall(SYS_setresgid, real, effective, saved);
}

int sys_setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return (int)syscall(SYS_setresuid, real, effective, saved);
}

int sys_capget(struct __user_cap_header_struct *header, struct __user_cap_data_struct data[2])
{
	return (int)syscall(SYS_capget, header, data);
}

int sys_capset(const struct __user_cap_header_struct *header,
	       const struct __user_cap_data_struct data[2])
{
	return (int)syscall(SYS_capset, header, data);
}

int sys_bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int sys_seccomp_filter(const struct sock_fprog *program, unsigned flags)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

int sys_join_session_keyring(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

int sys_signal_default(int signal)
{
	/* All zero is SIG_DFL, no flags, empty mask, in the kernel's layout too. */
	static const unsigned long action[4];

	return (int)syscall(SYS_rt_sigaction, signal, action, NULL, sizeof(action[0]));
}

int sys_sched_setattr(const void *attr)
{
	return (int)syscall(SYS_sched_setattr, 0, attr, 0);
}

int sys_sched_setaffinity(size_t size_bytes, const unsigned long *bits)
{
	return (int)syscall(SYS_sched_setaffinity, 0, size_bytes, bits);
}

int sys_ioprio_set(int priority)
{
	return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, priority);
}

int sys_personality(unsigned long domain)
{
	return (int)syscall(SYS_personality, domain);
}

int sys_faccessat2(const char *path, int mode)
{
	return (int)syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS);
}

ssize_t sys_getdents64(int fd, void *to, size_t size)
{
	return syscall(SYS_getdents64, fd, to, size);
}

int sys_memory_file(const char *name)
{
	return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
}

int sys_execveat(int fd, char *const *args, char *const *env)
{
	return (int)syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH);
}

pid_t sys_fork(struct clone_args *args)
{
	pid_t pid = (pid_t)syscall(SYS_clone3, args, sizeof(*args));

	if (pid >= 0 || errno != ENOSYS || args->flags)
		return pid;
	/* Filters say so of what they can't look into; the older call has its arguments in view. */
	return (pid_t)syscall(SYS_clone, args->exit_signal, NULL, NULL, NULL, NULL);
}

pid_t sys_fork_into(struct clone_args *args, int (*child)(void *), void *arg)
{
	pid_t pid = sys_fork(args);

	if (pid == 0)
		_exit(child(arg));
	return pid;
}

/*
 * The child must not return through a frame that it shares with its parent, so the call and
 * the jump to the child's function are one piece of assembly: after the system call the
 * parent (result > 0) falls through, the child has an empty stack and calls @child.
 */
#if defined(__x86_64__)
static long clone3_call(struct clone_args *args, int (*child)(void *), void *arg)
{
	long r = SYS_clone3;
	register struct clone_args *a0 __asm__("rdi") = args;
	register size_t a1 __asm__("rsi") = sizeof(*args);
	register void *fn __asm__("r8") = (void *)child;
	register void *fn_arg __asm__("r9") = arg;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t" /* the outermost frame */
			 "and $-16, %%rsp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "+a"(r), "+r"(a0), "+r"(a1), "+r"(fn), "+r"(fn_arg)
			 : [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory", "cc");
	return r;
}
#elif defined(__aarch64__)
static long clone3_call(struct clone_args *args, int (*child)(void *), void *arg)
{
	register long r __asm__("x0") = (long)args;
	register size_t a1 __asm__("x1") = sizeof(*args);
	register long nr __asm__("x8") = SYS_clone3;
	register void *fn __asm__("x10") = (void *)child;
	register void *fn_arg __asm__("x11") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t" /* the outermost frame */
			 "mov x0, x11\n\t"
			 "blr x10\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc #0\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(r), "+r"(a1), "+r"(nr), "+r"(fn), "+r"(fn_arg)
			 : [exit] "i"(SYS_exit)
			 : "memory", "cc", "x30");
	return r;
}
#else
#error "sys_clone3_vfork: this architecture has no entry yet"
#endif

pid_t sys_clone3_vfork(struct clone_args *args, int (*child)(void *), void *arg)
{
	/* On the caller's own stack: the caller sleeps below this frame until the child is gone. */
	char stack[SYS_CHILD_STACK] __attribute__((aligned(16)));
	long r;

	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = sizeof(stack);
	r = clone3_call(args, child, arg);
	if (r < 0) {
		errno = (int)-r;
		return -1;
	}
	return (pid_t)r;
}
