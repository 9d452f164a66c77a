/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * content - the bytes of a file, from one file to another
 *
 * The cheapest way that works: the two share their blocks (FICLONE, on btrfs and xfs), else the
 * kernel copies (copy_file_range), else we do. Holes stay holes. A file may have LIMIT_COPY_UP
 * bytes, holes included: a hostile image must not fill the disk with one chmod().
 */
#include <sys/types.h>

#include "base/err.h"

/*
 * vfs_content_copy - make the content of @to that of @from
 * @from: regular file, O_PATH
 * @to:   open for writing, at least as empty as just truncated
 *
 * Returns: 0; -EFBIG (ERR_LIMIT) above LIMIT_COPY_UP; -EINVAL if @from is no regular file.
 */
int vfs_content_copy(int from, int to, struct err *e);

/* -EFBIG (ERR_LIMIT) for what vfs_content_copy() will not copy. */
int vfs_content_check_size(off_t size, struct err *e);

/* Do two files, open for reading, have the same bytes? Returns 1 or 0. */
int vfs_content_same(int a, int b, struct err *e);
