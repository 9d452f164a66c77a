/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "vfs/text.h"
#include "vfs/vfs.h"

/* Returns 1 if @path can be executed, 0 if nothing is there, -EACCES, without an error set. */
static int is_command(const struct vfs *fs, const char *path)
{
	struct vfs_stat st;

	if (vfs_stat(fs, path, &st, NULL) < 0)
		return 0;
	if (st.type == VFS_ABSENT || st.type == VFS_UNREACHABLE)
		return 0;
	return st.type == VFS_FILE && (st.mode & 0111) && !st.noexec ? 1 : -EACCES;
}

/* "<dir>/<command>"; false if that is longer than any path. */
static bool join(const char *dir, size_t n_dir, const char *command, char *ret)
{
	int n = snprintf(ret, LIMIT_PATH, "%.*s/%s", (int)n_dir, dir, command);

	return n > 0 && n < LIMIT_PATH;
}

/* Returns as is_command(); the first that can be executed counts. */
static int search(const struct vfs *fs, const char *command, const char *search_path, char *path)
{
	int found = 0;

	while (found <= 0 && *search_path) {
		size_t n = strcspn(search_path, ":");
		int r = 0;

		if (search_path[0] == '/' && n < LIMIT_PATH && join(search_path, n, command, path))
			r = is_command(fs, path);
		found = r ? r : found;
		search_path += n;
		search_path += *search_path == ':';
	}
	return found;
}

int vfs_find_command(const struct vfs *fs, const char *command, const char *search_path, char *ret,
		     struct err *e)
{
	char path[LIMIT_PATH];
	int r = 0;

	if (strnlen(search_path, LIMIT_STRING) >= LIMIT_STRING)
		return err_set(e, -E2BIG, ERR_LIMIT, "PATH has %d bytes or more", LIMIT_STRING);
	if (!strchr(command, '/'))
		r = *command ? search(fs, command, search_path, path) : 0;
	else if (join("", 0, command + (*command == '/'), path))
		r = is_command(fs, path);
	if (r == -EACCES)
		return err_set(e, -EACCES, ERR_NOT_EXECUTABLE, "'%s' can't be executed",
			       vfs_text(command).s);
	if (r == 0)
		return err_set(e, -ENOENT, ERR_COMMAND_NOT_FOUND, "'%s' is not in the container",
			       vfs_text(command).s);
	strcpy(ret, path);
	return 0;
}
