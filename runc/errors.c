/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/errors.h"

#include <errno.h>
#include <string.h>

int error_no_container(struct err *e)
{
	return err_set(e, -ENOENT, ERR_NOT_FOUND, "container does not exist");
}

int error_container_exists(struct err *e)
{
	return err_set(e, -EEXIST, ERR_EXISTS, "container with given ID already exists");
}

int error_not_running(struct err *e)
{
	return err_set(e, -ESRCH, ERR_PRECONDITION, "container not running");
}

/* The part of a message after its last ": ". */
static const char *cause_of(const char *message)
{
	const char *cause = message;

	for (const char *p = message; (p = strstr(p, ": ")); p += 2)
		cause = p + 2;
	return cause;
}

void errors_lower(struct err *e)
{
	char *cause = e->msg + (cause_of(e->msg) - e->msg);

	if (cause[0] >= 'A' && cause[0] <= 'Z' && cause[1] >= 'a' && cause[1] <= 'z')
		cause[0] = (char)(cause[0] - 'A' + 'a');
}

static void explain_not_found(struct err *e, const char *command, const char *cause)
{
	bool is_missing = strcmp(cause, "not a directory") != 0;

	if (strchr(command, '/'))
		err_set(e, e->code, ERR_COMMAND_NOT_FOUND, "exec: \"%.120s\": stat %.120s: %s",
			command, command,
			is_missing ? "no such file or directory" : "not a directory");
	else
		err_set(e, e->code, ERR_COMMAND_NOT_FOUND,
			"exec: \"%.240s\": executable file not found in $PATH", command);
}

int errors_explain_start(struct err *e, int code, const char *command)
{
	char cause[ERR_MSG_MAX];

	strcpy(cause, cause_of(e->msg));
	if (e->kind == ERR_COMMAND_NOT_FOUND)
		explain_not_found(e, command, cause);
	else if (e->kind == ERR_NOT_EXECUTABLE)
		err_set(e, e->code, ERR_NOT_EXECUTABLE, "exec: \"%.120s\": %.120s", command, cause);
	return err_wrap(e, code, "unable to start container process");
}

int errors_explain_exec(struct err *e, int code, const char *command)
{
	char cause[ERR_MSG_MAX];

	strcpy(cause, cause_of(e->msg));
	if (e->kind == ERR_COMMAND_NOT_FOUND)
		err_set(e, e->code, ERR_COMMAND_NOT_FOUND, "exec %.240s: no such file or directory",
			command);
	else if (e->kind == ERR_NOT_EXECUTABLE)
		err_set(e, e->code, ERR_NOT_EXECUTABLE, "exec %.240s: %.120s", command, cause);
	return code;
}
