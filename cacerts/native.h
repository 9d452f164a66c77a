/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * native - what the family's tool would do, done without running it
 *
 * A tool takes a second or two for what is a handful of changes. Where its version is known by
 * its digest, and the stores are in the state that its last run left, its next run with our
 * drop-in files is a function of what is there: native engines compute that, byte for byte.
 *
 * Anything that could make the tool do more, or other things, is a guard: the engine declines,
 * says why, and the tool is run. An engine only reads; what it has found becomes changes like
 * those that a helper's layers show, so the undo is the same.
 *
 * Only our own certificates are parsed; those of the image are bytes.
 */
#include "cacerts/plan.h"

enum { NATIVE_DECLINED = 1 };

/* What an engine works with; borrowed, but for the text. */
struct native {
	const struct cacerts_request *q;
	const struct vfs *fs;
	struct cacerts_plan *p;
	uint64_t deadline;      /* by the monotonic clock, in microseconds; 0: none */
	const char *generation; /* of the tool: how it works (struct distro_tool_version) */
	char why[256];          /* the guard that fired, for the receipt */
};

/* Note the reason, unless there is one; returns NATIVE_DECLINED. */
int native_decline(struct native *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The names in a directory, links to it followed; none if it is missing. @ret_path (LIMIT_PATH
 * bytes) gets its canonical path. Returns 0; NATIVE_DECLINED, and no names, if that can't be done.
 */
int native_list(struct native *n, const char *dir, char *ret_path, struct strv *ret);

/* SHA-256 of a file, links followed, in hex. Returns 0; NATIVE_DECLINED, without a reason, if it
 * can't be read; -ENOMEM. */
enum { NATIVE_DIGEST_SIZE = 65 };
int native_digest(const struct native *n, const char *path, char ret[NATIVE_DIGEST_SIZE],
		  struct err *e);

/*
 * The version of a tool, or of a part of it, by its digest: one of the family's table, or one that
 * the operator vouches for. Its texts are constant. Returns 0; NATIVE_DECLINED; -ENOMEM.
 */
int native_find_version(struct native *n, const char *path, struct distro_tool_version *ret,
			struct err *e);

/* Declines if one of these commands (ends with NULL) would be another one than the system's. */
int native_check_commands(struct native *n, const char *const *commands);

/* Declines if what is made in a directory at a canonical path would inherit an ACL. */
int native_check_inherited(struct native *n, const char *dir);

/* For each step of what an image can make long: declines above LIMIT_NATIVE_USEC. */
int native_check_time(struct native *n);

/*
 * plan_native - add the changes of the family's engine to the plan, which has the drop-in files
 *
 * Returns: 0; NATIVE_DECLINED: the plan is as it was, its report's "native" says why; -errno.
 */
int plan_native(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e);

/* The engines, one file each. Returns as plan_native(). */
int native_debian(struct native *n, struct err *e);
int native_rhel(struct native *n, struct err *e);
int native_suse(struct native *n, struct err *e);
