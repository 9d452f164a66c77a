/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * child - plays orders between clone3() and execve() (private to runtime/)
 *
 * Played in the parent's own memory while other threads of it go on running, or by runtime/init/.
 * So child*.c use system calls and nothing else of libc: no malloc, no stdio, no locks, no locale.
 * tests/lint/child holds the list of what they may call. Descriptors are the child's own: none
 * needs to be closed on failure, and all are before execve().
 */
#include "runtime/hook_kinds.h"
#include "runtime/orders.h"

enum { CHILD_PATH = 512 /* bytes of a path in a report */, CHILD_DETAIL = 160 };

/* What went wrong: written into the parent's memory, or sent to it. */
struct child_report {
	int code;                  /* -errno; 0: executed, or ended without a word */
	int pid;                   /* sent by the outside process, once: the container's process */
	unsigned kind;             /* enum op_kind of the operation that failed */
	uint64_t value;            /* of it */
	char path[CHILD_PATH];     /* the path concerned; may be cut */
	char detail[CHILD_DETAIL]; /* the kernel's own words, or a hook's, or "" */
};

/* Played orders' state. The first part is the caller's, the rest starts with CHILD_START. */
struct child {
	const struct orders *orders;
	int stdio[3];
	int gate;     /* reading end of a pipe, or -EBADF */
	int sync;     /* socket to the outside process, or -EBADF */
	int attends;  /* the outside process's end of it, or -EBADF */
	pid_t pid;    /* its own, as the host sees it; 0: not told */
	mode_t umask; /* of who launched; what is made has the mode that is written */
	int *held;    /* mounts made outside, ORDER_HELD of them; NULL: there are none */
	int namespaces[ORDER_NAMESPACES]; /* opened, to be joined */
	struct child_report *report;
	int report_fd; /* where it goes from here; -EBADF: the parent sees it */

	int current; /* see orders.h */
	int root;
	int place;
	int null;                 /* our own /dev/null, by O_PATH */
	int empty;                /* an attached read-only empty tmpfs, to clone */
	int proc;                 /* a /proc of our own, not attached */
	int base;                 /* /proc or /sys of the container, as it was opened last ... */
	const struct op *base_op; /* ... for this one's path */
	int terminal;             /* the slave */
	bool on_staging;          /* current is already attached, to the staging directory */
};

#define CHILD_START                                                                                \
	.current = -EBADF, .root = -EBADF, .place = -EBADF, .null = -EBADF, .empty = -EBADF,       \
	.proc = -EBADF, .base = -EBADF, .terminal = -EBADF

/* Play @ops. Returns 0; -errno after the report was filled. */
int child_play(struct child *c, const struct ops *ops);

/* One function for each kind: 0 or -errno. */
#define X(kind, function, words) int child_##function(struct child *c, const struct op *op);
OP_KINDS(X)
#undef X

/* ---- shared by child_*.c -------------------------------------------------------------- */

/* The result of a system call wrapper, or -errno. */
#define child_result(r)                                                                            \
	({                                                                                         \
		long child_r_ = (r);                                                               \
		child_r_ < 0 ? -errno : (int)child_r_;                                             \
	})

/* Name another path than the operation's in the report. */
void child_blame(struct child *c, const char *path);

/* Open a container path with O_PATH, inside the root, never through a magic link. */
int child_open(const struct child *c, const char *path);
/* The same with these flags of open(2), from a directory that counts as the root. */
int child_open_below(int dirfd, const char *path, uint64_t flags, uint64_t resolve);
/* Is @path, found from @dirfd and not a link, the null device? "": is @dirfd itself? */
bool child_is_null_device(int dirfd, const char *path);
/* As child_open(), making directories that are missing, and at the end an entry like @like. */
int child_open_or_create(struct child *c, const char *path, int like);
/* Another mount is made up; the one before keeps its place if it was attached. */
void child_set_current(struct child *c, int fd);

/* Decimal digits of @n, with a NUL. */
struct child_number {
	char text[24];
};
struct child_number child_number(uint64_t n);
/* Append @text to the @n bytes in @to; returns how many there are then; cut at @size - 1. */
size_t child_append(char *to, size_t n, size_t size, const char *text);

/* Write all of @text into a file of our own /proc. Returns 0; -EXDEV if it isn't procfs. */
int child_write_proc(const struct child *c, const char *file, const char *text);

/* Write all of @text into a file of the host's. */
int child_write_file(const char *path, const char *text);

/* Send @fd with @n texts, one after the other and not empty, over a socket. */
enum { CHILD_TEXTS = 3 };
int child_send_fd(int socket, int fd, const char *const *texts, size_t n);

/* The map of a new user namespace: @file is "/uid_map" or "/gid_map" of process @pid. */
int child_write_map(const char *pid, const char *file, const char *text);

/* A state document: what the caller began (launch.h), and what only the time of a hook tells. */
struct hook_state {
	const char *head;
	char tail[80];
	char **env;            /* of a hook that names none */
	const char *directory; /* in which it begins; NULL: as it is */
};
struct hook_state hook_state(const char *head, const char *status, pid_t pid);

/*
 * Run one hook, which gets the state as its standard input.
 * Returns 0; -ETIMEDOUT; -ECHILD: it failed, with its last words in @ret_detail; -errno.
 */
int child_run_hook(const struct order_hook *hook, const struct hook_state *state,
		   char ret_detail[CHILD_DETAIL]);
/* All of one kind. @pid: of the container's process, as the host sees it. */
int child_run_hooks(struct child *c, enum hook_kind kind, pid_t pid);
