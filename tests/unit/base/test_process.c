/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

START_TEST(a_name_may_look_like_the_rest_of_the_line)
{
	static const char *const lines[] = {
		"12 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n",
		"12 (a) R 0 (b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n",
		"12 (x\n) Z) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711\n",
	};
	struct process_stat stat;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		ck_assert_int_eq(process_stat_parse(lines[i], &stat), 0);
		ck_assert_int_eq(stat.state, 'S');
		ck_assert_uint_eq(stat.start_time, 4711);
	}
}
END_TEST

START_TEST(a_line_that_is_cut_is_refused)
{
	static const char *const lines[] = {"", "12", "12 (cat", "12 (cat) S", "12 (cat) S 1 2 3"};
	struct process_stat stat;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		ck_assert_int_eq(process_stat_parse(lines[i], &stat), -EINVAL);
}
END_TEST

START_TEST(a_process_is_known_by_its_start)
{
	struct process_stat stat;
	struct err e = ERR_NONE;
	cleanup_close int pidfd = -EBADF;

	ck_ok(process_stat_read(getpid(), &stat, &e), e);
	pidfd = process_open(getpid(), stat.start_time, &e);
	ck_ok(pidfd, e);
	ck_assert(!process_wait(pidfd, 0));
	ck_assert_int_eq(process_open(getpid(), stat.start_time + 1, &e), -ESRCH);
	ck_assert_int_eq(process_open(0, 0, &e), -ESRCH);
}
END_TEST

START_TEST(one_that_has_ended_is_gone_before_it_is_reaped)
{
	struct process_stat stat;
	struct err e = ERR_NONE;
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_ok(process_stat_read(pid, &stat, &e), e);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(process_open(pid, stat.start_time, &e), -ESRCH);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(process_open(pid, stat.start_time, &e), -ESRCH);
}
END_TEST

SUITE("base/process", NULL, NULL, a_name_may_look_like_the_rest_of_the_line,
      a_line_that_is_cut_is_refused, a_process_is_known_by_its_start,
      one_that_has_ended_is_gone_before_it_is_reaped)
