/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/mounted_overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "base/limits.h"

enum { ROOT = 4, OPTIONS = 3 }; /* words of a line, and of its tail */

/* ---- /proc/self/mountinfo -------------------------------------------------------------- */

/* The number of the mount whose top is @path; 0 when a mount begins elsewhere. */
static int top_of_overlay(const char *path, uint64_t *ret_id, struct err *e)
{
	struct statx st;
	struct statfs fs;

	if (statfs(path, &fs) < 0 || statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_MNT_ID, &st) < 0)
		return err_sys(e, "looking at '%s'", path);
	if (fs.f_type != OVERLAYFS_SUPER_MAGIC || !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	*ret_id = st.stx_mnt_id;
	return 1;
}

/* Three octal digits after a backslash stand for a byte; in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned byte;

		if (sscanf(from, "\\%3o", &byte) == 1) {
			*to = (char)byte;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* The word at @index of a line, cut out in place; NULL when there are fewer. */
static char *word(char *line, int index)
{
	char *save = NULL;
	char *w = strtok_r(line, " ", &save);

	for (int i = 0; w && i < index; i++)
		w = strtok_r(NULL, " ", &save);
	return w;
}

/* "36 35 0:30 <root> <point> <options> <tags...> - <type> <source> <options of the file system>" */
static char *find_options(char *text, uint64_t id, bool *ret_is_whole)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tail = strstr(line, " - ");
		char *root;

		if (!tail || strtoull(line, NULL, 10) != id)
			continue;
		root = word(line, ROOT - 1);
		*ret_is_whole = root && strcmp(root, "/") == 0;
		return word(tail + 3, OPTIONS - 1);
	}
	return NULL;
}

/* ---- options --------------------------------------------------------------------------- */

/* What says nothing of the layers: security modules show their own words. */
static bool is_of_layers(const char *option)
{
	static const char *const others[] = {"rw", "ro", "seclabel"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(option, others[i]) == 0)
			return false;
	return true;
}

static int check_absolute(const char *option, struct err *e)
{
	static const char *const dirs[] = {"lowerdir=", "lowerdir+=", "upperdir=", "workdir="};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		size_t n = strlen(dirs[i]);

		if (strncmp(option, dirs[i], n) == 0 && option[n] != '/')
			return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
				       "the overlay's layers are named by relative paths");
	}
	return 0;
}

/* Commas inside a path are escaped, so the list is cut first. */
static int add_options(char *list, struct strv *to, struct err *e)
{
	char *save = NULL;
	int r = 0;

	for (char *option = strtok_r(list, ",", &save); r == 0 && option;
	     option = strtok_r(NULL, ",", &save)) {
		if (!is_of_layers(option))
			continue;
		unescape(option);
		r = check_absolute(option, e);
		if (r == 0)
			r = strv_add(to, option, e);
	}
	return r;
}

int mounted_overlay_read(const char *path, struct mount_specs *ret, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_MOUNTINFO);
	cleanup_mount_specs struct mount_specs specs = {.n = 0};
	bool is_whole = false;
	uint64_t id = 0;
	char *options;
	int r = top_of_overlay(path, &id, e);

	if (r <= 0)
		return r;
	r = io_read_file_at(AT_FDCWD, "/proc/self/mountinfo", &text, e);
	if (r < 0)
		return r;
	options = find_options(text.data, id, &is_whole);
	if (!options || !is_whole)
		return 0;
	r = mount_specs_add(&specs, "overlay", "overlay", "/", "", e);
	if (r == 0)
		r = add_options(options, &specs.v[0].options, e);
	if (r < 0)
		return err_wrap(e, r, "the overlay at '%s'", path);
	*ret = specs;
	specs = (struct mount_specs){.n = 0};
	return 1;
}

int mounted_overlay_forget(const char *path, struct err *e)
{
	cleanup_close int fd = -EBADF;
	uint64_t id;
	int r = top_of_overlay(path, &id, e);

	if (r == -ENOENT)
		err_clear(e);
	if (r <= 0)
		return r == -ENOENT ? 0 : r;
	fd = fspick(AT_FDCWD, path, FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT);
	if (fd < 0 || fsconfig(fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return err_sys(e, "making the kernel look at '%s' again", path);
	return 0;
}
