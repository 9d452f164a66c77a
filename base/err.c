/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *reason;
	int grpc;
	int exit_status;
} kinds[ERR_KIND_MAX] = {
#define X(name, grpc, exit_status, reason) [ERR_##name] = {reason, grpc, exit_status},
	ERR_KINDS(X)
#undef X
};

static void raise_at(struct err *e, int code, enum err_kind kind, const char *where)
{
	e->code = code;
	e->kind = (uint16_t)kind;
	snprintf(e->where, sizeof(e->where), "%s", where);
}

int err_set_at(struct err *e, int code, enum err_kind kind, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	raise_at(e, code, kind, where);
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return code;
}

/* The kind that an errno means when nobody knows better. */
static enum err_kind kind_of_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ESRCH:
		return ERR_NOT_FOUND;
	case EEXIST:
		return ERR_EXISTS;
	case ENOSYS:
	case EOPNOTSUPP:
		return ERR_UNSUPPORTED;
	default:
		return ERR_INTERNAL;
	}
}

int err_sys_at(struct err *e, const char *where, const char *fmt, ...)
{
	int error = errno ? errno : EIO;
	size_t n;
	va_list ap;

	if (!e)
		return -error;
	raise_at(e, -error, kind_of_errno(error), where);
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(error));
	errno = error;
	return -error;
}

int err_wrap(struct err *e, int code, const char *fmt, ...)
{
	char outer[ERR_MSG_MAX];
	size_t n_outer;
	size_t n_inner;
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	vsnprintf(outer, sizeof(outer) - 2, fmt, ap);
	va_end(ap);
	strcat(outer, ": ");
	n_outer = strlen(outer);
	n_inner = strlen(e->msg);
	if (n_outer + n_inner >= sizeof(e->msg))
		return code; /* full: the cause is worth more than the context */
	memmove(e->msg + n_outer, e->msg, n_inner + 1);
	memcpy(e->msg, outer, n_outer);
	return code;
}

void err_clear(struct err *e)
{
	uint16_t dirty;

	if (!e)
		return;
	dirty = e->dirty;
	*e = ERR_NONE;
	e->dirty = dirty;
}

const char *err_reason(enum err_kind kind)
{
	return kind < ERR_KIND_MAX ? kinds[kind].reason : kinds[ERR_INTERNAL].reason;
}

int err_grpc_code(enum err_kind kind)
{
	return kind < ERR_KIND_MAX ? kinds[kind].grpc : kinds[ERR_INTERNAL].grpc;
}

int err_exit_status(enum err_kind kind)
{
	return kind < ERR_KIND_MAX ? kinds[kind].exit_status : kinds[ERR_INTERNAL].exit_status;
}

enum err_kind err_kind_of_reason(const char *reason)
{
	for (int i = 0; i < ERR_KIND_MAX; i++)
		if (strcmp(kinds[i].reason, reason) == 0)
			return (enum err_kind)i;
	return ERR_INTERNAL;
}
