/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/helper_layers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "vfs/mount_options.h"

void helper_layers_done(struct helper_layers *l)
{
	mount_specs_done(&l->rootfs);
	mount_specs_done(&l->mounts);
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].destination);
		free(l->v[i].upper);
	}
	free(l->v);
	*l = (struct helper_layers){.n = 0};
}

/* Makes <scratch>/<i>/upper and work, and remembers them. */
static int add_layer(struct helper_layers *l, const char *destination, const char *scratch,
		     struct err *e)
{
	struct helper_layer *v = realloc(l->v, (l->n + 1) * sizeof(*v));
	char path[LIMIT_PATH];
	int r;

	if (!v)
		return err_oom(e);
	l->v = v;
	snprintf(path, sizeof(path), "%s/%zu/work", scratch, l->n);
	r = io_mkdir_p(path, 0755, e);
	snprintf(path, sizeof(path), "%s/%zu/upper", scratch, l->n);
	if (r == 0)
		r = io_mkdir_p(path, 0755, e);
	if (r < 0)
		return r;
	v[l->n] = (struct helper_layer){strdup(destination), strdup(path)};
	l->n++;
	return v[l->n - 1].destination && v[l->n - 1].upper ? 0 : err_oom(e);
}

static int add_option(struct strv *options, struct err *e, const char *key, const char *value)
{
	cleanup_buf struct buf text = BUF(LIMIT_PATH + 64);
	int r = buf_addf(&text, e, "%s=%s", key, value);

	return r < 0 ? r : strv_add(options, text.data, e);
}

/* Redirects and metacopies of the container's overlay are followed here too. */
static int hand_on_features(struct strv *options, const struct mount_options *o, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->fs_options.n; i++) {
		const char *option = o->fs_options.v[i];

		if (strncmp(option, "redirect_dir=", 13) == 0 ||
		    strncmp(option, "metacopy=", 9) == 0)
			r = strv_add(options, option, e);
	}
	return r;
}

/* The overlay that stands for a directory or an overlay of the container. */
static int add_overlay(struct helper_layers *l, struct mount_specs *to,
		       const struct mount_spec *from, const struct mount_options *o,
		       const char *scratch, struct err *e)
{
	struct strv *options;
	char work[LIMIT_PATH];
	int r = mount_specs_add(to, "overlay", "overlay", from->destination, "", e);

	if (r < 0)
		return r;
	options = &to->v[to->n - 1].options;
	snprintf(work, sizeof(work), "%s/%zu/work", scratch, l->n - 1);
	if (o->kind == MOUNT_BIND)
		r = add_option(options, e, "lowerdir+", from->source);
	else if (o->upper)
		r = add_option(options, e, "lowerdir+", o->upper);
	for (size_t i = 0; r == 0 && i < o->lowers.n; i++)
		r = add_option(options, e, "lowerdir+", o->lowers.v[i]);
	if (r == 0)
		r = add_option(options, e, "upperdir", l->v[l->n - 1].upper);
	if (r == 0)
		r = add_option(options, e, "workdir", work);
	if (r == 0 && o->userxattr)
		r = strv_add(options, "userxattr", e);
	return r == 0 ? hand_on_features(options, o, e) : r;
}

/* A part of a source has no path that nobody could bend: it is bound as it is, read-only. */
static bool is_whole_directory(const struct mount_spec *s, const struct mount_options *o)
{
	struct stat st;

	return o->kind == MOUNT_BIND && !o->subpath && stat(s->source, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int add_spec(struct helper_layers *l, struct mount_specs *to, const struct mount_spec *from,
		    const char *destination, const char *scratch, struct err *e)
{
	cleanup_mount_options struct mount_options o = {0};
	const struct mount_specs one = {.v = (struct mount_spec *)from, .n = 1};
	int r = mount_options_parse(from, &o, e);

	if (r < 0)
		return r;
	if (o.kind == MOUNT_OVERLAY || is_whole_directory(from, &o)) {
		r = add_layer(l, destination, scratch, e);
		return r < 0 ? r : add_overlay(l, to, from, &o, scratch, e);
	}
	r = mount_specs_extend(to, &one, e);
	if (r == 0 && o.kind == MOUNT_BIND)
		r = strv_add(&to->v[to->n - 1].options, "ro", e);
	return r;
}

int helper_layers_make(const struct mount_specs *rootfs, const struct mount_specs *mounts,
		       const struct vfs *fs, const char *scratch, struct helper_layers *ret,
		       struct err *e)
{
	cleanup_helper_layers struct helper_layers l = {.n = 0};
	/* Of several rootfs specs the last one hides the others. */
	int r = add_spec(&l, &l.rootfs, &rootfs->v[rootfs->n - 1], "/", scratch, e);

	for (size_t i = 0; r == 0 && i < mounts->n; i++) {
		char destination[LIMIT_PATH];

		r = vfs_resolve(fs, mounts->v[i].destination, true /* follow_last= */, destination,
				e);
		if (r >= 0)
			r = add_spec(&l, &l.mounts, &mounts->v[i], destination, scratch, e);
	}
	if (r < 0)
		return err_wrap(e, r, "layers for the helper");
	*ret = l;
	l = (struct helper_layers){.n = 0};
	return 0;
}
