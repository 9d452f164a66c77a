/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * differences - where vfs and the kernel may differ, and why that is right
 *
 * One table; each row names its reason, which docs/vfs.md explains to users. A difference
 * without a row is a bug of ours.
 */
#include "tests/oracle/op.h"

enum difference {
	DIFFERENCE_NONE,     /* same result */
	DIFFERENCE_NAMED,    /* another result, but nothing was changed by either */
	DIFFERENCE_DIVERGES, /* one side has done it: the trees can't be compared any more */
	DIFFERENCE_BUG,
};

/* @ret_why: which one, for DIFFERENCE_NAMED and DIFFERENCE_DIVERGES. */
enum difference difference_judge(const struct real *r, const struct op *op,
				 const struct outcome *ours, const struct outcome *kernels,
				 const char **ret_why);
