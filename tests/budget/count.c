/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/budget/count.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/oracle/must.h"

/* A call that nothing else makes; two of them stand around what is counted. */
#define MARKER SYS_getppid

static bool is_memory(unsigned long long nr)
{
	static const int calls[] = {SYS_mmap,   SYS_munmap,   SYS_brk,  SYS_madvise,
				    SYS_mremap, SYS_mprotect, SYS_futex};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (nr == (unsigned long long)calls[i])
			return true;
	return false;
}

static void run_traced(int (*f)(void *arg), void *arg)
{
	int r;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(MUST_STATUS);
	raise(SIGSTOP);
	r = f(arg); /* what is done once in a process is done */
	syscall(MARKER);
	r |= f(arg);
	syscall(MARKER);
	_exit(r ? 1 : 0);
}

/* Returns the number of the call that @pid is entering, or -1. */
static long long entered(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -1;
	return (long long)info.entry.nr;
}

int count_calls(int (*f)(void *arg), void *arg, struct count *ret)
{
	bool counting = false;
	int status;
	pid_t pid;

	memset(ret, 0, sizeof(*ret));
	fflush(NULL);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		run_traced(f, arg);
	must(waitpid(pid, &status, 0) == pid, "wait");
	if (WIFEXITED(status))
		return -1;
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		long long nr;

		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		must(waitpid(pid, &status, 0) == pid, "wait");
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		must(WIFSTOPPED(status), "the child was killed by signal %d", WTERMSIG(status));
		nr = entered(pid);
		if (nr == MARKER)
			counting = !counting;
		else if (nr >= 0 && nr < COUNT_CALLS && counting && !is_memory((unsigned)nr))
			ret->n[nr]++, ret->total++;
	}
}

/* clang-format off */
static const struct {
	long nr;
	const char *name;
} names[] = {
	{SYS_openat, "openat"},       {SYS_openat2, "openat2"},   {SYS_close, "close"},
	{SYS_read, "read"},           {SYS_fstat, "fstat"},       {SYS_newfstatat, "newfstatat"},
	{SYS_statx, "statx"},         {SYS_readlinkat, "readlinkat"}, {SYS_fgetxattr, "fgetxattr"},
	{SYS_lgetxattr, "lgetxattr"}, {SYS_getxattr, "getxattr"}, {SYS_open_tree, "open_tree"},
	{SYS_mount_setattr, "mount_setattr"}, {SYS_fcntl, "fcntl"}, {SYS_readlink, "readlink"},
	{SYS_fstatfs, "fstatfs"},     {SYS_lseek, "lseek"},
};
/* clang-format on */

static const char *name_of(long nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].nr == nr)
			return names[i].name;
	return "system call";
}

void count_print(const struct count *c)
{
	for (long nr = 0; nr < COUNT_CALLS; nr++)
		if (c->n[nr])
			printf("%6u %s (%ld)\n", c->n[nr], name_of(nr), nr);
	printf("%6u in all\n", c->total);
}
