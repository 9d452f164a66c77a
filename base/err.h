/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * err - one failure: what the machine needs (code, kind) and what a person needs (msg)
 *
 * Fixed size and without pointers, so it lives on the stack and survives out-of-memory.
 * Callers own it and start it with ERR_NONE. Every fallible function takes it last; NULL
 * means "I only want the code". Functions return 0 or a documented positive condition on
 * success and a negative errno on failure; outputs are untouched on failure.
 */
#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/* kind              gRPC  exit  reason (stable, for machines) */
#define ERR_KINDS(X)                                                                     \
	X(INTERNAL,         13, 125, "INTERNAL")          /* bug or system failure */    \
	X(INVALID,           3, 125, "INVALID_ARGUMENT")  /* can never succeed as sent */ \
	X(NOT_FOUND,         5, 125, "NOT_FOUND")         /* a named thing is missing */ \
	X(EXISTS,            6, 125, "ALREADY_EXISTS")    /* a name is taken */          \
	X(LIMIT,             8, 125, "LIMIT")             /* a named bound was reached */ \
	X(PRECONDITION,      9, 125, "FAILED_PRECONDITION") /* not in this state */      \
	X(CLEANUP,          10, 125, "CLEANUP_FAILED")    /* a trace may remain */       \
	X(UNSUPPORTED,      12, 125, "UNSUPPORTED")       /* this kernel or image can't */ \
	X(UNAVAILABLE,      14, 125, "UNAVAILABLE")       /* the daemon is leaving */    \
	X(CANCELLED,         1, 125, "CANCELLED")         /* the caller gave up */       \
	X(DEADLINE,          4, 125, "DEADLINE_EXCEEDED") /* the call's time is over */  \
	X(NOT_EXECUTABLE,    9, 126, "NOT_EXECUTABLE")    /* the command can't be run */ \
	X(COMMAND_NOT_FOUND, 5, 127, "COMMAND_NOT_FOUND") /* the command isn't there */

enum err_kind {
#define X(name, grpc, exit_status, reason) ERR_##name,
	ERR_KINDS(X)
#undef X
	ERR_KIND_MAX
};
/* clang-format on */

#define ERR_MSG_MAX 400 /* bytes with the final NUL; longer messages lose outer context */

struct err {
	int32_t code;          /* -errno of the root cause, 0 = no error */
	uint16_t kind;         /* enum err_kind */
	uint16_t dirty;        /* 1: a trace may remain in the container; sticky */
	char where[40];        /* function that raised it */
	char msg[ERR_MSG_MAX]; /* "outer: inner: cause"; when full, context is dropped */
};

#define ERR_NONE ((struct err){.code = 0})

/* Raise, with the message from a format. Returns @code. */
#define err_set(e, code, kind, ...) err_set_at((e), (code), (kind), __func__, __VA_ARGS__)
/* Raise from errno; appends ": strerror". Returns -errno. */
#define err_sys(e, ...) err_sys_at((e), __func__, __VA_ARGS__)
/* Raise out of memory. Returns -ENOMEM. */
#define err_oom(e) err_set_at((e), -12, ERR_INTERNAL, __func__, "out of memory")

int err_set_at(struct err *e, int code, enum err_kind kind, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int err_sys_at(struct err *e, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "<fmt>: " before what is there. Returns @code. */
int err_wrap(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The failure was expected and is handled; dirty stays. */
void err_clear(struct err *e);

/* Constant text of a kind: the stable reason, and the numbers other worlds use. */
const char *err_reason(enum err_kind kind);
int err_grpc_code(enum err_kind kind);
int err_exit_status(enum err_kind kind);

/* The kind with this stable reason, or ERR_INTERNAL. */
enum err_kind err_kind_of_reason(const char *reason);
