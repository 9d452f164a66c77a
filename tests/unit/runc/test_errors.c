/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/errors.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

static const struct {
	enum err_kind kind;
	const char *raised, *command, *explained;
} cases[] = {
	{ERR_COMMAND_NOT_FOUND, "starting the container: execute 'nope': command not found", "nope",
	 "unable to start container process: exec: \"nope\": executable file not found in $PATH"},
	{ERR_COMMAND_NOT_FOUND, "execute '/bin/nope': command not found", "/bin/nope",
	 "unable to start container process: exec: \"/bin/nope\": stat /bin/nope: no such file or "
	 "directory"},
	{ERR_COMMAND_NOT_FOUND, "execute '/etc/passwd/x': not a directory", "/etc/passwd/x",
	 "unable to start container process: exec: \"/etc/passwd/x\": stat /etc/passwd/x: not a "
	 "directory"},
	{ERR_NOT_EXECUTABLE, "starting the container: execute '/etc/passwd': permission denied",
	 "/etc/passwd",
	 "unable to start container process: exec: \"/etc/passwd\": permission denied"},
	{ERR_NOT_EXECUTABLE, "execute '/x': exec format error", "/x",
	 "unable to start container process: exec: \"/x\": exec format error"},
	{ERR_INTERNAL, "starting the container: mount '/proc': Operation not permitted", "/x",
	 "unable to start container process: starting the container: mount '/proc': Operation not "
	 "permitted"},
};

START_TEST(a_command_that_can_not_be_run_is_said_as_runc_says_it)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		err_set(&e, -EACCES, cases[i].kind, "%s", cases[i].raised);
		ck_assert_int_eq(errors_explain_start(&e, -EACCES, cases[i].command), -EACCES);
		ck_assert_str_eq(e.msg, cases[i].explained);
		ck_assert_int_eq(e.kind, cases[i].kind);
		ck_assert_int_eq(e.code, -EACCES);
	}
}
END_TEST

START_TEST(a_long_command_keeps_the_words_that_callers_look_for)
{
	char command[2000];
	struct err e = ERR_NONE;

	memset(command, 'x', sizeof(command) - 1);
	command[sizeof(command) - 1] = '\0';
	err_set(&e, -ENOENT, ERR_COMMAND_NOT_FOUND, "command not found");
	errors_explain_start(&e, -ENOENT, command);
	ck_assert_ptr_nonnull(strstr(e.msg, "executable file not found in $PATH"));

	command[0] = '/';
	err_set(&e, -ENOENT, ERR_COMMAND_NOT_FOUND, "command not found");
	errors_explain_start(&e, -ENOENT, command);
	ck_assert_ptr_nonnull(strstr(e.msg, "no such file or directory"));
	ck_assert_ptr_nonnull(strstr(e.msg, "unable to start container process: "));
}
END_TEST

START_TEST(a_command_that_was_found_may_lack_its_interpreter)
{
	struct err e = ERR_NONE;

	err_set(&e, -ENOENT, ERR_COMMAND_NOT_FOUND, "execute '/script': command not found");
	ck_assert_int_eq(errors_explain_exec(&e, -ENOENT, "/script"), -ENOENT);
	ck_assert_str_eq(e.msg, "exec /script: no such file or directory");
}
END_TEST

START_TEST(sentences_of_the_state_are_word_for_word)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(error_no_container(&e), -ENOENT);
	ck_assert_str_eq(e.msg, "container does not exist");
	ck_assert_int_eq(error_container_exists(&e), -EEXIST);
	ck_assert_str_eq(e.msg, "container with given ID already exists");
	ck_assert_int_eq(error_not_running(&e), -ESRCH);
	ck_assert_str_eq(e.msg, "container not running");
}
END_TEST

SUITE("runc/errors", NULL, NULL, a_command_that_can_not_be_run_is_said_as_runc_says_it,
      a_command_that_was_found_may_lack_its_interpreter,
      a_long_command_keeps_the_words_that_callers_look_for,
      sentences_of_the_state_are_word_for_word)
