/* SPDX-License-Identifier: Apache-2.0 */
/* the verbs of op.h through vfs */
#include <string.h>

#include "tests/oracle/facts.h"
#include "tests/oracle/op.h"

/* A positive condition of one function is a fact about the path, not a result of all. */
void op_vfs_resolve(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	char path[LIMIT_PATH];

	ret->r = vfs_resolve(fs, op->path, op->follow, path, NULL);
	if (ret->r >= 0)
		facts_path(path, &ret->text);
}

void op_vfs_exists(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	ret->r = vfs_exists(fs, op->path, NULL);
}

void op_vfs_lstat(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	struct vfs_stat st;

	ret->r = vfs_lstat(fs, op->path, &st, NULL);
	if (ret->r == 0)
		facts_of_view(&st, &ret->text);
}

void op_vfs_open(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	cleanup_close int fd = vfs_open(fs, op->path, NULL);

	ret->r = fd < 0 ? fd : 0;
	if (fd >= 0)
		facts_content(fd, &ret->text);
}

void op_vfs_readlink(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	char target[LIMIT_PATH];

	ret->r = vfs_readlink(fs, op->path, target, NULL);
	if (ret->r == 0)
		facts_path(target, &ret->text);
}

void op_vfs_list(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);

	ret->r = vfs_list(fs, op->path, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char path[2 * LIMIT_PATH];
		struct vfs_stat st;

		/* the kernel's listings leave out what its look-up refuses */
		snprintf(path, sizeof(path), "%s/%s", op->path[1] ? op->path : "", names.v[i]);
		if (vfs_lstat(fs, path, &st, NULL) < 0)
			continue;
		facts_path(names.v[i], &ret->text);
		buf_addf(&ret->text, NULL, "\n");
	}
}

void op_vfs_xattrs(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	struct vfs_xattrs x = {0};

	ret->r = vfs_get_xattrs(fs, op->path, &x, NULL);
	facts_xattrs_of_view(&x, &ret->text);
	vfs_xattrs_done(&x);
}

void op_vfs_find_command(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	char search[LIMIT_PATH + 32];
	char path[LIMIT_PATH];

	snprintf(search, sizeof(search), "%s:/:/a:/b", op->path);
	ret->r = vfs_find_command(fs, op->to, search, path, NULL);
	if (ret->r == 0)
		facts_path(path, &ret->text);
}

void op_vfs_mkdir(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	ret->r = vfs_mkdir(fs, op->path, &op->meta, NULL);
}

void op_vfs_mkdir_p(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	cleanup_strv struct strv made = STRV(LIMIT_PATH);

	ret->r = vfs_mkdir_p(fs, op->path, &op->meta, &made, NULL);
	for (size_t i = 0; ret->r == 0 && i < made.n; i++) {
		facts_path(made.v[i], &ret->text);
		buf_addf(&ret->text, NULL, "\n");
	}
}

void op_vfs_put_file(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	size_t n;
	cleanup_free char *bytes = op_content(op, &n);

	ret->r = vfs_put_file(fs, op->path, bytes, n, &op->meta, NULL);
}

void op_vfs_put_link(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	ret->r = vfs_put_link(fs, op->path, op->to, &op->meta, NULL);
}

void op_vfs_set_meta(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	ret->r = vfs_set_meta(fs, op->path, &op->meta, NULL);
}

void op_vfs_append(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	size_t n;
	cleanup_free char *bytes = op_content(op, &n);

	ret->r = vfs_append(fs, op->path, bytes, n, NULL);
}

void op_vfs_remove(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	ret->r = vfs_remove(fs, op->path, NULL);
}

void op_vfs_rename(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	ret->r = vfs_rename(fs, op->path, op->to, NULL);
}

void op_vfs_drop(struct vfs *fs, const struct op *op, struct outcome *ret)
{
	ret->r = vfs_drop(fs, op->path, NULL);
}
