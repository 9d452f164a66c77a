/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * text - a hostile path in an error message
 *
 * err_set(e, ..., "'%s' is gone", vfs_text(path).s): control characters and other bytes that
 * could fool a terminal are escaped, and of a long path only the end is shown. The struct
 * lives until the end of the full expression.
 */
struct vfs_text {
	char s[200];
};

struct vfs_text vfs_text(const char *path);
