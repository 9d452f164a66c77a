/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled program; test_launch.c shows what it does to a container. */
#include "runtime/seccomp.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "runtime/seccomp_profile.h"
#include "tests/support/suite.h"

START_TEST(the_program_is_compiled_once_and_fits_the_kernel)
{
	const struct sock_fprog *first = NULL, *second = NULL;
	struct err e = ERR_NONE;

	ck_ok(runtime_seccomp_default(&first, &e), e);
	ck_ok(runtime_seccomp_default(&second, &e), e);
	ck_assert_ptr_eq(first, second);
	ck_assert_uint_gt(first->len, 100);
	ck_assert_uint_le(first->len, BPF_MAXINSNS);
}
END_TEST

START_TEST(no_call_is_both_allowed_and_denied)
{
	for (const char *const *a = seccomp_profile_allowed; *a; a++)
		for (const char *const *d = seccomp_profile_denied; *d; d++)
			ck_assert_str_ne(*a, *d);
}
END_TEST

static const struct {
	long nr;
	long arg;
	int error; /* 0: the call is let through */
} cases[] = {
	{SYS_getpid, 0, 0},
	{SYS_close_range, 1000, 0},
	{SYS_personality, 0xffffffff, 0},
	{SYS_personality, 0x0040000, ENOSYS}, /* ADDR_NO_RANDOMIZE */
	{SYS_kexec_load, 0, EPERM},
	{SYS_open_by_handle_at, 0, EPERM},
	{SYS_init_module, 0, EPERM},
	{SYS_userfaultfd, 0, EPERM},
	{SYS_add_key, 0, ENOSYS},
	{5000, 0, ENOSYS},
};

static int try_all(const struct sock_fprog *program)
{
	if (sys_seccomp_filter(program, 0) < 0)
		return 100;
	for (int i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
		long r;

		errno = 0;
		r = syscall(cases[i].nr, cases[i].arg, 1000, 0, 0, 0);
		if (cases[i].error ? r != -1 || errno != cases[i].error : r < 0)
			return i + 1;
	}
	return 0;
}

START_TEST(calls_are_allowed_denied_or_unknown)
{
	const struct sock_fprog *program = NULL;
	struct err e = ERR_NONE;
	int status = -1;
	pid_t pid;

	suite_need_root();
	ck_ok(runtime_seccomp_default(&program, &e), e);
	pid = fork();
	if (pid == 0)
		_exit(try_all(program));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0); /* else: the number of the case */
}
END_TEST

SUITE("runtime/seccomp", NULL, NULL, the_program_is_compiled_once_and_fits_the_kernel,
      no_call_is_both_allowed_and_denied, calls_are_allowed_denied_or_unknown)
