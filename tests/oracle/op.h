/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * op - one operation and what came out of it
 *
 * The verbs are one table, OP_VERBS: for each there is a function op_vfs_<verb> and a function
 * op_kernel_<verb>, which say the same in the same words. A result is a number, as vfs.h
 * documents it (0, a positive condition, -errno), and a text.
 */
#include "base/buf.h"
#include "tests/oracle/dice.h"
#include "tests/oracle/real.h"
#include "vfs/vfs.h"

/* clang-format off */
/* verb           weight  writes  path is one that is to be made */
#define OP_VERBS(X)                     \
	X(resolve,      14, false, false) \
	X(exists,        4, false, false) \
	X(lstat,        10, false, false) \
	X(open,          8, false, false) \
	X(readlink,      4, false, false) \
	X(list,          8, false, false) \
	X(xattrs,        4, false, false) \
	X(find_command,  3, false, false) \
	X(mkdir,         6, true,  true)  \
	X(mkdir_p,       4, true,  true)  \
	X(put_file,      8, true,  true)  \
	X(put_link,      4, true,  true)  \
	X(set_meta,      8, true,  false) \
	X(append,        5, true,  false) \
	X(remove,       10, true,  false) \
	X(rename,       10, true,  false) \
	X(drop,          3, true,  false)
/* clang-format on */

enum op_verb {
#define X(verb, weight, writes, makes) OP_##verb,
	OP_VERBS(X)
#undef X
		OP_VERB_MAX
};

struct op {
	enum op_verb verb;
	char path[LIMIT_PATH]; /* any text for resolve and exists; elsewhere canonical */
	char to[LIMIT_PATH];   /* rename: canonical; put_link: the text; find_command: the name */
	bool follow;
	struct vfs_meta meta;
	char xattr_name[32];
	struct vfs_xattr xattr; /* what meta.xattrs points to */
	struct vfs_xattrs xattrs;
	char bytes[64]; /* a file's content is these, repeated */
	size_t n_bytes;
};

struct outcome {
	int r;
	struct buf text;
};

#define OUTCOME ((struct outcome){.text = BUF(64 << 20)})

typedef void op_vfs(struct vfs *fs, const struct op *op, struct outcome *ret);
typedef void op_kernel(struct real *r, const struct op *op, struct outcome *ret);

struct op_kind {
	const char *name;
	unsigned weight;
	bool writes;
	bool makes;
	op_vfs *vfs;
	op_kernel *kernel;
};

#define X(verb, weight, writes, makes)                                                             \
	op_vfs op_vfs_##verb;                                                                      \
	op_kernel op_kernel_##verb;
OP_VERBS(X)
#undef X

extern const struct op_kind op_kinds[OP_VERB_MAX];

/* Think of an operation; the kernel's tree @r tells where something is. @op stays in place. */
void op_roll(struct dice *d, const struct real *r, bool may_write, struct op *op);
/* The content that @op wants to be written; *@ret_n bytes, owned by the caller. */
char *op_content(const struct op *op, size_t *ret_n);
/* For people. */
void op_print(const struct op *op);
