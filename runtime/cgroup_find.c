/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_find.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "base/path.h"
#include "base/statmount.h"

#define USUAL_MOUNT "/sys/fs/cgroup"

enum { PROC_FILE_MAX = 1 << 20 /* bytes of mountinfo */ };

/* mountinfo writes blanks and backslashes as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "36 35 0:30 <root> <mount point> <options> ... - <type> ...", cut in place. */
static bool is_cgroup2_line(char *line, const char **ret_mount)
{
	char *type = strstr(line, " - cgroup2 "), *save = NULL, *root = NULL, *point = NULL;
	struct statfs fs;

	if (!type)
		return false;
	for (int i = 0; i < 5; i++) {
		char *field = strtok_r(i == 0 ? line : NULL, " ", &save);

		root = i == 3 ? field : root;
		point = i == 4 ? field : point;
	}
	if (!root || !point || strcmp(root, "/") != 0)
		return false;
	unescape(point);
	/* Another mount may lie on top of it. */
	if (statfs(point, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return false;
	*ret_mount = point;
	return true;
}

/* All of mountinfo. */
static int search(char ret[LIMIT_PATH], struct err *e)
{
	cleanup_buf struct buf text = BUF(PROC_FILE_MAX);
	const char *mount = NULL;
	char *save = NULL;
	int r = io_read_file_at(AT_FDCWD, "/proc/self/mountinfo", &text, e);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text.data, "\n", &save); line && !mount;
	     line = strtok_r(NULL, "\n", &save))
		is_cgroup2_line(line, &mount);
	if (!mount)
		return err_set(e, -ENOENT, ERR_UNSUPPORTED, "no cgroup2 file system is mounted");
	return path_canonical(mount, ret, LIMIT_PATH, e);
}

/* Where it nearly always is. */
static bool is_usual(void)
{
	struct mount_info info;

	return statmount_read(USUAL_MOUNT, &info) == 0 && info.magic == CGROUP2_SUPER_MAGIC &&
	       strcmp(info.root, "/") == 0;
}

int cgroup_find_mount(char ret[LIMIT_PATH], struct err *e)
{
	if (!is_usual())
		return search(ret, e);
	strcpy(ret, USUAL_MOUNT);
	return 0;
}

/* "0::<path>" in /proc/<pid>/cgroup is the line of the v2 hierarchy. */
int cgroup_find_process(pid_t pid, char ret[LIMIT_PATH], struct err *e)
{
	cleanup_buf struct buf text = BUF(PROC_FILE_MAX);
	char *save = NULL, file[32];
	int r;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	r = io_read_file_at(AT_FDCWD, file, &text, e);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "0::/", 4) == 0)
			return path_canonical(line + 3, ret, LIMIT_PATH, e);
	return err_set(e, -ENOENT, ERR_UNSUPPORTED, "process %d is in no cgroup of version 2", pid);
}

int cgroup_find_host_path(const char *mount, const char *path, char ret[LIMIT_PATH], struct err *e)
{
	int n = snprintf(ret, LIMIT_PATH, "%s%s", mount, path);

	if (n >= LIMIT_PATH)
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "cgroup path '%.64s...' is too long",
			       path);
	return 0;
}
