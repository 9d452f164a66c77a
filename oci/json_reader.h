/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * json_reader - from JSON to structs, by tables
 *
 * A node is a value and where it stands: nodes live on the stack, each points to the one around
 * it, and only an error makes a text of them ("linux.namespaces[2].type"). A reader is a function
 * that takes a node and fills what @to points at. For an object it is a table: which member is read
 * by which reader into which field. Readers of plain values are in values.h.
 *
 * A member that is absent or null leaves its field alone; one that no table names is ignored, as
 * the runtime-spec wants. What @to holds already is the caller's to free, on failure as well.
 */
#include <stddef.h>

#include "base/json.h"
#include "base/strv.h"
#include "oci/find.h"
#include "runtime/seccomp.h"

/* What readers know besides the document. */
struct oci_surroundings {
	const char *bundle;       /* absolute host path; relative ones are taken from it */
	unsigned last_capability; /* the highest that the kernel has */
	struct strv *warnings;    /* what was passed over, as sentences; NULL: nobody asks */
	struct oci_text document; /* as a whole */
	/* Left out of what was parsed: "syscalls" of seccomp. Empty when it is in there. */
	struct oci_text rules;
	bool (*knows_rules)(struct seccomp_policy *policy, const char *text, size_t n);
};

struct oci_node {
	const struct oci_node *parent; /* NULL: the document itself */
	const char *key;               /* name of the member; NULL: an item of a list */
	size_t index;                  /* of the item */
	size_t max;                    /* from the table; see struct oci_member */
	json_t *value;                 /* borrowed; NULL: a member that is absent */
	const struct oci_surroundings *surroundings;
};

typedef int oci_reader(const struct oci_node *at, void *to, struct err *e);

struct oci_member {
	const char *name;
	oci_reader *read;
	size_t offset; /* of the field, in what the table fills */
	size_t max;    /* for the reader: largest number, most bytes or most items */
	bool is_required;
};

/* A row of a table: name, reader, offset; then .max or .is_required. */
#define OCI_MEMBER(name_, read_, offset_, ...)                                                     \
	{                                                                                          \
		.name = (name_), .read = (read_), .offset = (offset_), __VA_ARGS__                 \
	}

/* Read the members of an object that the table names, in the table's order. */
int oci_read_members(const struct oci_node *at, const struct oci_member *members, size_t n,
		     void *to, struct err *e);
#define oci_read_table(at, table, to, e) oci_read_members(at, table, ARRAY_SIZE(table), to, e)

/* Call @read with @to for every item of a list of at most @max. */
int oci_read_items(const struct oci_node *at, size_t max, oci_reader *read, void *to,
		   struct err *e);
/* Call @read with @to for every member of an object of at most @max; its node's key is the name. */
int oci_read_pairs(const struct oci_node *at, size_t max, oci_reader *read, void *to,
		   struct err *e);

/* One member, by hand. Returns false, with a NULL value in @ret, when it is absent or null. */
bool oci_member_of(const struct oci_node *at, const char *name, struct oci_node *ret);

/* ---- errors: "path: sentence" ---------------------------------------------------------- */

/* The value can't be right. Returns -EINVAL (ERR_INVALID). */
int oci_invalid(const struct oci_node *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* It is no @expected ("a string"). Returns -EINVAL (ERR_INVALID), saying what it is. */
int oci_mistyped(const struct oci_node *at, const char *expected, struct err *e);
/* It has more than @max of @what. Returns -E2BIG (ERR_LIMIT). */
int oci_too_long(const struct oci_node *at, size_t max, const char *what, struct err *e);
/* It is right, but nothing of ours. Returns -EOPNOTSUPP (ERR_UNSUPPORTED). */
int oci_unsupported(const struct oci_node *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Put the path before an error of another folder. Returns @code. */
int oci_wrap(const struct oci_node *at, int code, struct err *e);
/* Something was passed over: say so in the warnings, while they have room. Returns 0, -ENOMEM. */
int oci_warn(const struct oci_node *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
