/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/overlay_spec.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/limits.h"
#include "vfs/mount_options.h"

static int parse_last(const struct mount_specs *rootfs, struct mount_options *ret, struct err *e)
{
	int r = rootfs->n ? mount_options_parse(&rootfs->v[rootfs->n - 1], ret, e)
			  : err_set(e, -EINVAL, ERR_INVALID, "the rootfs has no mount");

	if (r < 0 || ret->kind == MOUNT_OVERLAY)
		return r;
	return err_set(e, -EINVAL, ERR_INVALID, "the rootfs is no overlay");
}

int overlay_spec_count_lowers(const struct mount_specs *rootfs, size_t *ret, struct err *e)
{
	cleanup_mount_options struct mount_options o = {0};
	int r = parse_last(rootfs, &o, e);

	*ret = o.lowers.n;
	return r;
}

static bool is_same_directory(const char *a, const char *b)
{
	struct stat x;
	struct stat y;

	return strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
				     x.st_ino == y.st_ino);
}

bool overlay_spec_same_lowers(const struct mount_specs *a, const struct mount_specs *b)
{
	cleanup_mount_options struct mount_options x = {0};
	cleanup_mount_options struct mount_options y = {0};

	if (parse_last(a, &x, NULL) < 0 || parse_last(b, &y, NULL) < 0 || x.lowers.n != y.lowers.n)
		return false;
	for (size_t i = 0; i < x.lowers.n; i++)
		if (!is_same_directory(x.lowers.v[i], y.lowers.v[i]))
			return false;
	return true;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_lower(const char *option)
{
	return begins(option, "lowerdir=") || begins(option, "lowerdir+=");
}

static bool is_upper(const char *option)
{
	return begins(option, "upperdir=") || begins(option, "workdir=");
}

/* Copies @rootfs, of its last spec without the options that are @left out. */
static int copy_without(const struct mount_specs *rootfs, bool (*left)(const char *option),
			struct mount_specs *ret, struct err *e)
{
	const struct strv *from = &rootfs->v[rootfs->n - 1].options;
	struct strv *to;
	int r = mount_specs_extend(ret, rootfs, e);

	if (r < 0)
		return r;
	to = &ret->v[ret->n - 1].options;
	strv_done(to);
	*to = STRV(LIMIT_MOUNT_OPTIONS);
	for (size_t i = 0; r == 0 && i < from->n; i++)
		if (!left(from->v[i]))
			r = strv_add(to, from->v[i], e);
	return r;
}

/* Adds @path as an option has it, in which backslashes keep what is one of @special. */
static int add_escaped(struct buf *text, const char *path, const char *special, struct err *e)
{
	int r = 0;

	for (; r == 0 && *path; path++) {
		if (strchr(special, *path))
			r = buf_add(text, "\\", 1, e);
		if (r == 0)
			r = buf_add(text, path, 1, e);
	}
	return r;
}

/* Appends "<key><path>". */
static int add_option(struct strv *options, const char *key, const char *path, const char *special,
		      struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STRING);
	int r = buf_addf(&text, e, "%s", key);

	if (r == 0)
		r = add_escaped(&text, path, special, e);
	return r == 0 ? strv_add(options, text.data, e) : r;
}

/* The lower directories, and @path, in the form that the spec has them in. */
static int add_lowers(struct strv *options, const struct mount_options *o, const char *path,
		      size_t n_below, struct err *e)
{
	cleanup_buf struct buf list = BUF(LIMIT_STRING);
	size_t at = o->lowers.n - n_below;
	int r = 0;

	for (size_t i = 0; r == 0 && i <= o->lowers.n; i++) {
		const char *lower = i == at ? path : o->lowers.v[i < at ? i : i - 1];

		if (!o->lowers_listed) {
			r = add_option(options, "lowerdir+=", lower, "", e);
			continue;
		}
		r = buf_addf(&list, e, "%s", i == 0 ? "lowerdir=" : ":");
		if (r == 0)
			r = add_escaped(&list, lower, ":\\", e);
	}
	return r == 0 && o->lowers_listed ? strv_add(options, list.data, e) : r;
}

int overlay_spec_add_lower(const struct mount_specs *rootfs, const char *path, size_t n_below,
			   struct mount_specs *ret, struct err *e)
{
	cleanup_mount_options struct mount_options o = {0};
	cleanup_mount_specs struct mount_specs specs = {.n = 0};
	int r = parse_last(rootfs, &o, e);

	if (r < 0)
		return r;
	if (o.lowers.n < n_below)
		return err_set(e, -EINVAL, ERR_INVALID, "the overlay has fewer layers than before");
	r = copy_without(rootfs, is_lower, &specs, e);
	if (r == 0)
		r = add_lowers(&specs.v[specs.n - 1].options, &o, path, n_below, e);
	if (r < 0)
		return r;
	*ret = specs;
	specs = (struct mount_specs){.n = 0};
	return 0;
}

int overlay_spec_over(const struct mount_specs *rootfs, const char *upper, const char *work,
		      struct mount_specs *ret, struct err *e)
{
	cleanup_mount_options struct mount_options o = {0};
	cleanup_mount_specs struct mount_specs specs = {.n = 0};
	int r = parse_last(rootfs, &o, e);

	if (r == 0)
		r = copy_without(rootfs, is_upper, &specs, e);
	if (r == 0)
		r = add_option(&specs.v[specs.n - 1].options, "upperdir=", upper, "\\", e);
	if (r == 0)
		r = add_option(&specs.v[specs.n - 1].options, "workdir=", work, "\\", e);
	if (r < 0)
		return r;
	*ret = specs;
	specs = (struct mount_specs){.n = 0};
	return 0;
}
