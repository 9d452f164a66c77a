/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/support/suite.h"

START_TEST(an_error_says_what_where_and_why)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(err_set(&e, -EINVAL, ERR_LIMIT, "%d is %s", 7, "too much"), -EINVAL);
	ck_assert_int_eq(e.code, -EINVAL);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_str_eq(e.msg, "7 is too much");
	ck_assert_str_eq(e.where, __func__);
	ck_assert_int_eq(e.dirty, 0);
}
END_TEST

START_TEST(an_errno_is_told_in_words_and_survives)
{
	static const struct {
		int error;
		enum err_kind kind;
	} rows[] = {{ENOENT, ERR_NOT_FOUND},   {EEXIST, ERR_EXISTS}, {EOPNOTSUPP, ERR_UNSUPPORTED},
		    {ENOSYS, ERR_UNSUPPORTED}, {EIO, ERR_INTERNAL},  {ESRCH, ERR_NOT_FOUND}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = ERR_NONE;

		errno = rows[i].error;
		ck_assert_int_eq(err_sys(&e, "opening '%s'", "x"), -rows[i].error);
		ck_assert_int_eq(errno, rows[i].error);
		ck_assert_int_eq(e.kind, rows[i].kind);
		ck_assert_ptr_nonnull(strstr(e.msg, "opening 'x': "));
		ck_assert_ptr_nonnull(strstr(e.msg, strerror(rows[i].error)));
	}
}
END_TEST

START_TEST(context_goes_before_the_cause)
{
	struct err e = ERR_NONE;

	err_set(&e, -EIO, ERR_INTERNAL, "cause");
	ck_assert_int_eq(err_wrap(&e, -EIO, "inner %d", 1), -EIO);
	err_wrap(&e, -EIO, "outer");
	ck_assert_str_eq(e.msg, "outer: inner 1: cause");
	ck_assert_int_eq(e.code, -EIO);
}
END_TEST

START_TEST(a_full_message_keeps_its_cause)
{
	struct err e = ERR_NONE;

	err_set(&e, -EIO, ERR_INTERNAL, "the cause");
	for (int i = 0; i < 200; i++) {
		err_wrap(&e, -EIO, "context number %d", i);
		ck_assert_uint_lt(strlen(e.msg), ERR_MSG_MAX);
	}
	err_wrap(&e, -EIO, "%01000d", 7);
	ck_assert_str_eq(e.msg + strlen(e.msg) - strlen("the cause"), "the cause");
	err_set(&e, -EIO, ERR_INTERNAL, "%01000d", 7);
	ck_assert_uint_eq(strlen(e.msg), ERR_MSG_MAX - 1);
}
END_TEST

START_TEST(nobody_has_to_want_the_words)
{
	errno = EPERM;
	ck_assert_int_eq(err_set(NULL, -EIO, ERR_INTERNAL, "x"), -EIO);
	ck_assert_int_eq(err_sys(NULL, "x"), -EPERM);
	ck_assert_int_eq(err_wrap(NULL, -EIO, "x"), -EIO);
	ck_assert_int_eq(err_oom(NULL), -ENOMEM);
	err_clear(NULL);
}
END_TEST

START_TEST(dirty_is_sticky)
{
	struct err e = ERR_NONE;

	e.dirty = 1;
	err_set(&e, -EIO, ERR_INTERNAL, "x");
	ck_assert_int_eq(e.dirty, 1);
	err_clear(&e);
	ck_assert_int_eq(e.dirty, 1);
	ck_assert_int_eq(e.code, 0);
	ck_assert_str_eq(e.msg, "");
}
END_TEST

START_TEST(every_kind_has_a_reason_of_its_own)
{
	for (int i = 0; i < ERR_KIND_MAX; i++) {
		ck_assert_int_eq(err_kind_of_reason(err_reason((enum err_kind)i)), i);
		ck_assert_int_gt(err_grpc_code((enum err_kind)i), 0);
		ck_assert_int_ge(err_exit_status((enum err_kind)i), 125);
	}
	ck_assert_int_eq(err_kind_of_reason("of nobody"), ERR_INTERNAL);
	ck_assert_str_eq(err_reason(ERR_KIND_MAX), err_reason(ERR_INTERNAL));
	ck_assert_int_eq(err_exit_status(ERR_COMMAND_NOT_FOUND), 127);
	ck_assert_int_eq(err_exit_status(ERR_NOT_EXECUTABLE), 126);
}
END_TEST

SUITE("base/err", NULL, NULL, an_error_says_what_where_and_why,
      an_errno_is_told_in_words_and_survives, context_goes_before_the_cause,
      a_full_message_keeps_its_cause, nobody_has_to_want_the_words, dirty_is_sticky,
      every_kind_has_a_reason_of_its_own)
