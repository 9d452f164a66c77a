/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * child - plays a plan between clone3() and execve() (private to runtime/)
 *
 * The child shares its parent's memory while other threads of the parent go on running. So
 * child*.c use system calls and nothing else of libc: no malloc, no stdio, no locks, no
 * locale. tests/lint/child holds the list of what they may call. Descriptors are the child's
 * own: none needs to be closed on failure, and all are before execve().
 */
#include <linux/filter.h>

#include "runtime/plan_ops.h"

#define CHILD_DETAIL 160 /* bytes of what the kernel says about a file system */

/* What went wrong, written by the child into its parent's memory. */
struct child_report {
	int code;                  /* -errno; 0: executed, or ended without a word */
	const struct op *op;       /* the operation that failed */
	const char *path;          /* the path concerned, if not the operation's own */
	char detail[CHILD_DETAIL]; /* the kernel's own words, or "" */
};

/* A played plan's state. The first part is the caller's, the rest starts with CHILD_START. */
struct child {
	const struct runtime_plan *plan;
	struct sock_fprog filter;
	const int *stdio; /* three descriptors */
	int network_fd;   /* -EBADF unless a namespace is joined */
	const int *gate;  /* NULL, or both ends of a pipe */
	struct child_report *report;

	int current; /* see plan_ops.h */
	int root;
	int null;        /* our own /dev/null, by O_PATH */
	int empty;       /* an attached read-only empty tmpfs, to clone */
	bool on_staging; /* current is already attached, to the staging directory */
};

#define CHILD_START .current = -EBADF, .root = -EBADF, .null = -EBADF, .empty = -EBADF

/* Play the plan of @arg, a struct child. Returns only on failure: the exit status. */
int child_main(void *arg);

/* One function for each kind: 0 or -errno. */
#define X(kind, function, words) int child_##function(struct child *c, const struct op *op);
OP_KINDS(X)
#undef X

/* ---- shared by child_*.c -------------------------------------------------------------- */

/* The result of a system call wrapper, or -errno. */
static inline int child_result(long r)
{
	return r < 0 ? -errno : (int)r;
}

/* Open a container path with O_PATH, inside the root, never through a magic link. */
int child_open(const struct child *c, const char *path);
/* Another mount is made up; the one before keeps its place if it was attached. */
void child_set_current(struct child *c, int fd);
