/* SPDX-License-Identifier: Apache-2.0 */
/* What policies do to processes; test_launch.c shows what the default does to a container. */
#include "runtime/seccomp.h"

#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/seccomp_library.h"
#include "runtime/seccomp_program.h"
#include "tests/support/suite.h"
#include "tests/unit/runtime/policy.h"

/* The error of a rule that nothing else returns. */
#define RULE SCMP_ACT_ERRNO(EXDEV)

/* Numbers of no call: far above all that a policy names, and above all that there are. */
enum { NEWER = 5000 };

/* ---- running what a policy has to say ------------------------------------------------- */

struct attempt {
	long nr;
	long args[3];
	int error; /* 0: the call is let through */
};

/* Sanitizers make calls before _exit(), and all that doesn't return, which a policy may refuse. */
static void leave(int status)
{
	syscall(SYS_exit_group, status);
}

static int try_all(const struct sock_fprog *program, const struct attempt *v, size_t n)
{
	if (sys_seccomp_filter(program, 0) < 0)
		return 100;
	for (size_t i = 0; i < n; i++) {
		long r;

		errno = 0;
		r = syscall(v[i].nr, v[i].args[0], v[i].args[1], v[i].args[2], 0, 0, 0);
		if (v[i].error ? r != -1 || errno != v[i].error : r < 0)
			return (int)i + 1;
	}
	return 0;
}

static int status_of(pid_t pid)
{
	int status = -1;

	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void compile(const struct seccomp_policy *p, struct sock_fprog *ret)
{
	struct err e = ERR_NONE;

	ck_ok(seccomp_compile(p, NULL, ret, &e), e);
}

/* Our program and libseccomp's have to do the same. */
static void expect(const struct seccomp_policy *p, const struct attempt *v, size_t n)
{
	int (*const engines[])(const struct seccomp_policy *policy, struct sock_fprog *ret,
			       struct err *e) = {seccomp_program_compile, seccomp_library_compile};

	suite_need_root();
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		struct sock_fprog program = {0};
		struct err e = ERR_NONE;
		int r = engines[i](p, &program, &e);
		pid_t pid;
		int status;

		ck_ok(r, e);
		ck_assert_int_eq(r, 0);
		pid = fork();
		if (pid == 0)
			leave(try_all(&program, v, n));
		status = status_of(pid);
		ck_assert_msg(status == 0, "engine %zu, status %#x: attempt %d", i, status,
			      WEXITSTATUS(status));
		seccomp_program_done(&program);
	}
}

/* What becomes of a process that calls getppid() under a policy with this action for it. */
static int end_of_getppid(uint32_t action)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog program = {0};
	pid_t pid;

	suite_need_root();
	policy_call(p, "getppid", action);
	compile(p, &program);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		if (sys_seccomp_filter(&program, 0) < 0)
			_exit(100);
		_exit(syscall(SYS_getppid) > 0 ? 0 : errno);
	}
	seccomp_program_done(&program);
	seccomp_policy_free(p);
	return status_of(pid);
}

/* ---- the default policy --------------------------------------------------------------- */

START_TEST(no_call_is_both_allowed_and_denied)
{
	const struct strv *allowed = &seccomp_default()->rules[0].names;
	const struct strv *denied = &seccomp_default()->rules[1].names;

	ck_assert_uint_gt(allowed->n, 300);
	for (size_t i = 0; i < denied->n; i++)
		ck_assert_msg(!strv_has(allowed, denied->v[i]), "%s", denied->v[i]);
}
END_TEST

START_TEST(calls_are_allowed_denied_or_unknown)
{
	static const struct attempt attempts[] = {
		{SYS_getpid, {0}, 0},
		{SYS_close_range, {1000, 1000}, 0},
		{SYS_personality, {0xffffffff}, 0},
		{SYS_personality, {0x0040000}, ENOSYS}, /* ADDR_NO_RANDOMIZE */
		{SYS_kexec_load, {0}, EPERM},
		{SYS_open_by_handle_at, {0}, EPERM},
		{SYS_init_module, {0}, EPERM},
		{SYS_userfaultfd, {0}, EPERM},
		{SYS_add_key, {0}, ENOSYS},
		{NEWER, {0}, ENOSYS},
	};

	expect(seccomp_default(), attempts, ARRAY_SIZE(attempts));
}
END_TEST

START_TEST(a_program_is_the_callers_own)
{
	struct sock_fprog first = {0}, second = {0};

	compile(seccomp_default(), &first);
	compile(seccomp_default(), &second);
	ck_assert_ptr_ne(first.filter, second.filter);
	ck_assert_uint_eq(first.len, second.len);
	ck_assert_mem_eq(first.filter, second.filter, first.len * sizeof(*first.filter));
	ck_assert_uint_le(first.len, BPF_MAXINSNS);
	seccomp_program_done(&first);
	seccomp_program_done(&first); /* harmless */
	seccomp_program_done(&second);
}
END_TEST

/* ---- actions -------------------------------------------------------------------------- */

START_TEST(an_action_does_what_the_spec_says)
{
	static const struct {
		uint32_t action;
		int status; /* of waitpid() */
	} cases[] = {
		{SCMP_ACT_ALLOW, 0},
		{SCMP_ACT_LOG, 0},
		{SCMP_ACT_ERRNO(EPERM), EPERM << 8},
		{SCMP_ACT_ERRNO(EOPNOTSUPP), EOPNOTSUPP << 8},
		{SCMP_ACT_TRACE(7), ENOSYS << 8}, /* there is no tracer */
		{SCMP_ACT_KILL_THREAD, SIGSYS},
		{SCMP_ACT_KILL_PROCESS, SIGSYS},
		{SCMP_ACT_TRAP, SIGSYS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int status = end_of_getppid(cases[i].action) & ~0x80; /* a core or none */

		ck_assert_msg(status == cases[i].status, "action %#x: status %#x, not %#x",
			      cases[i].action, status, cases[i].status);
	}
}
END_TEST

static void exit_with_the_call(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	_exit(info->si_syscall == SYS_getppid ? 42 : 43);
}

START_TEST(a_trap_tells_the_handler_which_call_it_was)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog program = {0};
	pid_t pid;

	suite_need_root();
	policy_call(p, "getppid", SCMP_ACT_TRAP);
	compile(p, &program);
	pid = fork();
	if (pid == 0) {
		const struct sigaction action = {.sa_sigaction = exit_with_the_call,
						 .sa_flags = SA_SIGINFO};

		sigaction(SIGSYS, &action, NULL);
		if (sys_seccomp_filter(&program, 0) == 0)
			syscall(SYS_getppid);
		_exit(100);
	}
	ck_assert_int_eq(WEXITSTATUS(status_of(pid)), 42);
	seccomp_program_done(&program);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(the_default_action_is_for_calls_without_a_rule)
{
	static const struct attempt attempts[] = {
		{SYS_getpid, {0}, 0},
		{SYS_getppid, {0}, EDOM},
		{SYS_getuid, {0}, EXDEV},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(EDOM));

	policy_call(p, "getpid exit_group seccomp", SCMP_ACT_ALLOW);
	policy_call(p, "getuid", RULE);
	/* libseccomp would refuse it; it says nothing new. */
	policy_call(p, "getppid", SCMP_ACT_ERRNO(EDOM));
	expect(p, attempts, ARRAY_SIZE(attempts));
	seccomp_policy_free(p);
}
END_TEST

START_TEST(a_call_that_nobody_knows_is_passed_over)
{
	static const struct attempt attempts[] = {
		{SYS_getpid, {0}, 0},
		{SYS_getppid, {0}, EXDEV},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);

	policy_call(p, "no_such_call getppid mmap2", RULE); /* mmap2 is for 32 bits */
	expect(p, attempts, ARRAY_SIZE(attempts));
	seccomp_policy_free(p);
}
END_TEST

START_TEST(the_first_rule_without_conditions_counts)
{
	static const struct seccomp_condition zero = {.op = SCMP_CMP_EQ};
	static const struct attempt attempts[] = {
		{SYS_getppid, {0}, EXDEV},
		{SYS_getppid, {1}, EXDEV},
		{SYS_getuid, {0}, EDOM},
		{SYS_getuid, {1}, EDOM},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);

	policy_call(p, "getppid", RULE);
	policy_call(p, "getppid", SCMP_ACT_ERRNO(EDOM));
	policy_rule(p, "getuid", RULE, &zero, 1);
	policy_call(p, "getuid", SCMP_ACT_ERRNO(EDOM));
	expect(p, attempts, ARRAY_SIZE(attempts));
	seccomp_policy_free(p);
}
END_TEST

/* ---- newer calls ---------------------------------------------------------------------- */

START_TEST(a_call_newer_than_the_policy_is_unknown_not_denied)
{
	static const struct attempt attempts[] = {
		{SYS_getpid, {0}, 0},
		{SYS_getppid, {0}, EPERM}, /* older than the newest: denied */
		{SYS_openat2, {0}, EXDEV}, /* the newest */
		{SYS_openat2 + 1, {0}, ENOSYS},
		{NEWER, {0}, ENOSYS},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(EPERM));

	policy_call(p, "getpid exit_group seccomp", SCMP_ACT_ALLOW);
	policy_call(p, "openat2", RULE);
	expect(p, attempts, ARRAY_SIZE(attempts));
	seccomp_policy_free(p);
}
END_TEST

START_TEST(where_the_default_allows_newer_calls_are_let_through)
{
	static const struct attempt attempts[] = {{SYS_getuid, {0}, 0}};
	struct seccomp_policy *p = policy(SCMP_ACT_LOG);

	policy_call(p, "read", RULE); /* getuid has a higher number */
	expect(p, attempts, ARRAY_SIZE(attempts));
	seccomp_policy_free(p);
}
END_TEST

/* ---- conditions ----------------------------------------------------------------------- */

#define HIGH 0x500000000l

START_TEST(an_argument_is_compared_with_all_64_bits)
{
	static const struct {
		unsigned op;
		uint64_t value, second;
		long hits[3], misses[3];
	} cases[] = {
		{SCMP_CMP_EQ, 7, 0, {7, 7, 7}, {6, 8, HIGH + 7}},
		{SCMP_CMP_NE, 7, 0, {6, 8, HIGH + 7}, {7, 7, 7}},
		{SCMP_CMP_LT, HIGH + 7, 0, {HIGH + 6, 7, 0}, {HIGH + 7, HIGH + 8, 2 * HIGH}},
		{SCMP_CMP_LE, HIGH + 7, 0, {HIGH + 7, 9, 0}, {HIGH + 8, 2 * HIGH, -1}},
		{SCMP_CMP_GE, HIGH + 7, 0, {HIGH + 7, HIGH + 8, -1}, {HIGH + 6, 9, 0}},
		{SCMP_CMP_GT, HIGH + 7, 0, {HIGH + 8, 2 * HIGH, -1}, {HIGH + 7, 9, 0}},
		{SCMP_CMP_MASKED_EQ,
		 HIGH + 7,
		 HIGH + 1,
		 {HIGH + 1, HIGH + 9, HIGH + 17},
		 {1, HIGH + 3, HIGH}},
		{SCMP_CMP_MASKED_EQ, 7, 1, {1, HIGH + 9, 17}, {0, 2, HIGH}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned argument = 0; argument < 3; argument++) {
			const struct seccomp_condition c = {argument, cases[i].op, cases[i].value,
							    cases[i].second};
			struct attempt attempts[6] = {0};
			struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);

			for (int k = 0; k < 6; k++) {
				attempts[k].nr = SYS_getppid;
				attempts[k].args[argument] =
					k < 3 ? cases[i].hits[k] : cases[i].misses[k - 3];
				attempts[k].error = k < 3 ? EXDEV : 0;
			}
			policy_rule(p, "getppid", RULE, &c, 1);
			expect(p, attempts, 6);
			seccomp_policy_free(p);
		}
}
END_TEST

START_TEST(conditions_on_different_arguments_must_hold_together)
{
	static const struct seccomp_condition both[] = {
		{.argument = 0, .op = SCMP_CMP_EQ, .value = 3},
		{.argument = 2, .op = SCMP_CMP_GT, .value = 5},
	};
	static const struct attempt attempts[] = {
		{SYS_getppid, {3, 0, 6}, EXDEV},
		{SYS_getppid, {3, 0, 5}, 0},
		{SYS_getppid, {4, 0, 6}, 0},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);

	policy_rule(p, "getppid", RULE, both, ARRAY_SIZE(both));
	expect(p, attempts, ARRAY_SIZE(attempts));
	seccomp_policy_free(p);
}
END_TEST

START_TEST(conditions_that_name_an_argument_twice_are_alternatives)
{
	static const struct seccomp_condition either[] = {
		{.argument = 1, .op = SCMP_CMP_EQ, .value = 3},
		{.argument = 1, .op = SCMP_CMP_EQ, .value = 5},
		{.argument = 0, .op = SCMP_CMP_EQ, .value = 9},
	};
	static const struct attempt attempts[] = {
		{SYS_getppid, {0, 3}, EXDEV},
		{SYS_getppid, {0, 5}, EXDEV},
		{SYS_getppid, {9, 0}, EXDEV},
		{SYS_getppid, {3, 9}, 0},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);

	policy_rule(p, "getppid", RULE, either, ARRAY_SIZE(either));
	expect(p, attempts, ARRAY_SIZE(attempts));
	seccomp_policy_free(p);
}
END_TEST

/* ---- flags and notifications ---------------------------------------------------------- */

START_TEST(the_kernel_takes_the_flags_of_the_spec)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog program = {0};
	unsigned flags;
	pid_t pid;

	suite_need_root();
	p->flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG |
		   SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	policy_call(p, "getppid", RULE);
	flags = seccomp_policy_flags(p);
	compile(p, &program);
	pid = fork();
	if (pid == 0)
		_exit(sys_seccomp_filter(&program, flags) == 0 ? 0 : 1);
	ck_assert_int_eq(status_of(pid), 0);
	ck_assert(!seccomp_policy_notifies(p));
	policy_call(p, "getuid", SCMP_ACT_NOTIFY);
	ck_assert(seccomp_policy_notifies(p));
	ck_assert_uint_eq(seccomp_policy_flags(p), p->flags | SECCOMP_FILTER_FLAG_NEW_LISTENER |
							   SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
	seccomp_program_done(&program);
	seccomp_policy_free(p);
}
END_TEST

static void send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(socket, &m, 0) < 0)
		_exit(101);
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	int fd;

	ck_assert_int_eq(recvmsg(socket, &m, MSG_CMSG_CLOEXEC), 1);
	ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return fd;
}

START_TEST(a_listener_answers_the_calls_that_notify)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog program = {0};
	struct seccomp_notif seen = {0};
	struct seccomp_notif_resp answer = {.val = 77};
	unsigned flags;
	int pair[2];
	int listener;
	pid_t pid;

	suite_need_root();
	policy_call(p, "getppid", SCMP_ACT_NOTIFY);
	flags = seccomp_policy_flags(p);
	compile(p, &program);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		listener = sys_seccomp_filter(&program, flags);
		if (listener < 0)
			_exit(100);
		send_fd(pair[1], listener);
		_exit((int)syscall(SYS_getppid, 1234));
	}
	listener = receive_fd(pair[0]);
	ck_assert_int_eq(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &seen), 0);
	ck_assert_int_eq(seen.data.nr, SYS_getppid);
	ck_assert_uint_eq(seen.data.args[0], 1234);
	answer.id = seen.id;
	ck_assert_int_eq(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
	ck_assert_int_eq(WEXITSTATUS(status_of(pid)), 77);
	close(listener), close(pair[0]), close(pair[1]);
	seccomp_program_done(&program);
	seccomp_policy_free(p);
}
END_TEST

SUITE("runtime/seccomp", NULL, NULL, no_call_is_both_allowed_and_denied,
      calls_are_allowed_denied_or_unknown, a_program_is_the_callers_own,
      an_action_does_what_the_spec_says, a_trap_tells_the_handler_which_call_it_was,
      the_default_action_is_for_calls_without_a_rule, a_call_that_nobody_knows_is_passed_over,
      the_first_rule_without_conditions_counts, a_call_newer_than_the_policy_is_unknown_not_denied,
      where_the_default_allows_newer_calls_are_let_through,
      an_argument_is_compared_with_all_64_bits,
      conditions_on_different_arguments_must_hold_together,
      conditions_that_name_an_argument_twice_are_alternatives,
      the_kernel_takes_the_flags_of_the_spec, a_listener_answers_the_calls_that_notify)
