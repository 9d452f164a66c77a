/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * io - whole reads and writes, and small files in directories we own
 *
 * Everything blocks. Nothing here follows hostile paths: container files are reached through
 * vfs/, these are for our own state.
 */
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Read until end of file or the buffer's maximum. Returns 0; -E2BIG (ERR_LIMIT) if more is left. */
int io_read_all(int fd, struct buf *to, struct err *e);
int io_write_all(int fd, const void *bytes, size_t n, struct err *e);
/* Copy from the start of @from to @to until end of file; at most @max bytes, else -EFBIG. */
int io_copy(int from, int to, off_t max, struct err *e);

/* Read the file @name below @dirfd. Returns 0, -ENOENT (ERR_NOT_FOUND), -E2BIG. */
int io_read_file_at(int dirfd, const char *name, struct buf *to, struct err *e);
/* Write the file @name below @dirfd atomically and durably (fsync of file and directory). */
int io_write_file_at(int dirfd, const char *name, const void *bytes, size_t n, mode_t mode,
		     struct err *e);
/* The same without fsync: nobody sees half a file, but a power cut may lose it. */
int io_replace_file_at(int dirfd, const char *name, const void *bytes, size_t n, mode_t mode,
		       struct err *e);
/* mkdir -p of an absolute or relative host path. */
int io_mkdir_p(const char *path, mode_t mode, struct err *e);
/* The next entry besides "." and ".."; NULL at the end, or with errno set. */
struct dirent *io_next_entry(DIR *d);
/* Remove a tree of ours: never follows links, never leaves the file system. Missing is fine. */
int io_remove_tree_at(int dirfd, const char *name, struct err *e);
