/* SPDX-License-Identifier: Apache-2.0 */
/* Mount specs as operations. */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/limits.h"
#include "base/path.h"
#include "runtime/plan_ops.h"
#include "vfs/mount_options.h"

static void add_lowers(struct runtime_plan *plan, const struct mount_options *o)
{
	for (size_t i = 0; i < o->lowers.n; i++)
		plan_add_param(plan, PARAM_LOWER, "lowerdir+", plan_keep(plan, o->lowers.v[i]));
	if (o->upper)
		plan_add_param(plan, PARAM_DIR, "upperdir", plan_keep(plan, o->upper));
	if (o->work)
		plan_add_param(plan, PARAM_DIR, "workdir", plan_keep(plan, o->work));
	if (o->is_volatile)
		plan_add_param(plan, PARAM_FLAG, "volatile", NULL);
	if (o->userxattr)
		plan_add_param(plan, PARAM_FLAG, "userxattr", NULL);
}

/* "key=value" or "key" for the file system itself. */
static void add_option(struct runtime_plan *plan, const char *option)
{
	const char *equals = strchr(option, '=');
	char key[LIMIT_PATH];

	if (!equals) {
		plan_add_param(plan, PARAM_FLAG, plan_keep(plan, option), NULL);
		return;
	}
	/* The kernel takes no key of more than 255 bytes; a cut one is as unknown to it. */
	snprintf(key, sizeof(key), "%.*s", (int)(equals - option), option);
	plan_add_param(plan, PARAM_STRING, plan_keep(plan, key), plan_keep(plan, equals + 1));
}

static void add_filesystem(struct runtime_plan *plan, const struct mount_spec *spec,
			   const struct mount_options *o)
{
	size_t first = plan->n_params;

	if (o->kind == MOUNT_OVERLAY)
		add_lowers(plan, o); /* first: the child looks there for layers */
	for (size_t i = 0; i < o->fs_options.n; i++)
		add_option(plan, o->fs_options.v[i]);
	plan_add(plan, &(struct op){.kind = OP_FILESYSTEM,
				    .path = plan_keep(plan, spec->type),
				    .target = *spec->source ? plan_keep(plan, spec->source) : NULL,
				    .first_param = first,
				    .n_params = plan->n_params - first});
}

/* What bind mounts and new file systems share: attributes, and where changes of mounts go. */
static void add_attributes(struct runtime_plan *plan, const struct mount_options *o,
			   const char *about)
{
	uint64_t set = o->attr_set | (o->readonly ? MOUNT_ATTR_RDONLY : 0);
	uint64_t clear = o->attr_clear;

	if ((set | clear) & MOUNT_ATTR__ATIME)
		clear |= MOUNT_ATTR__ATIME; /* the kernel wants the whole field cleared */
	if (set || clear)
		plan_add(plan, &(struct op){.kind = OP_ATTRIBUTES,
					    .path = about,
					    .value = set,
					    .clear = clear});
	if (o->recursive_readonly)
		plan_add(plan, &(struct op){.kind = OP_ATTRIBUTES,
					    .path = about,
					    .value = MOUNT_ATTR_RDONLY,
					    .flags = OP_RECURSIVE});
	if (o->propagation)
		plan_add(plan, &(struct op){.kind = OP_PROPAGATION,
					    .path = about,
					    .value = o->propagation,
					    .flags = o->recursive_propagation ? OP_RECURSIVE : 0});
}

static void add_mount(struct runtime_plan *plan, const struct mount_spec *spec,
		      const struct mount_options *o, const char *about)
{
	if (o->kind == MOUNT_BIND)
		plan_add(plan,
			 &(struct op){.kind = OP_BIND,
				      .path = plan_keep(plan, spec->source),
				      .target = o->subpath ? plan_keep(plan, o->subpath) : NULL,
				      .flags = o->recursive ? OP_RECURSIVE : 0});
	else
		add_filesystem(plan, spec, o);
	add_attributes(plan, o, about);
}

int plan_rootfs(struct runtime_plan *plan, const struct mount_specs *rootfs, struct err *e)
{
	for (size_t i = 0; i < rootfs->n; i++) {
		cleanup_mount_options struct mount_options o = {.kind = MOUNT_BIND};
		int r = mount_options_parse(&rootfs->v[i], &o, e);

		if (r < 0)
			return err_wrap(e, r, "rootfs");
		add_mount(plan, &rootfs->v[i], &o, "/");
		plan_add(plan, &(struct op){.kind = OP_ROOT, .path = plan->staging});
	}
	return 0;
}

/*
 * Does @destination lie in a file system that begins empty with this container? The last of
 * the mounts before it whose destination is above decides.
 */
static bool in_own_filesystem(const struct mount_specs *mounts, size_t before,
			      const char *destination)
{
	bool own = plan_default_covers(destination);

	for (size_t i = 0; i < before; i++) {
		char above[LIMIT_PATH];
		bool bind = strv_has(&mounts->v[i].options, "bind") ||
			    strv_has(&mounts->v[i].options, "rbind");

		if (path_canonical(mounts->v[i].destination, above, sizeof(above), NULL) < 0)
			continue;
		if (path_is_below(destination, above))
			own = !bind && strcmp(mounts->v[i].type, "tmpfs") == 0;
	}
	return own;
}

static int add_caller_mount(struct runtime_plan *plan, const struct mount_specs *mounts, size_t i,
			    struct err *e)
{
	const struct mount_spec *spec = &mounts->v[i];
	cleanup_mount_options struct mount_options o = {.kind = MOUNT_BIND};
	char destination[LIMIT_PATH];
	const char *kept;
	bool own;
	int r;

	r = mount_options_parse(spec, &o, e);
	if (r == 0)
		r = path_canonical(spec->destination, destination, sizeof(destination), e);
	if (r < 0)
		return r;
	if (strcmp(destination, "/") == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "only the rootfs can be mounted on '/'");
	/* Made by the child: clean text. Found by the kernel: as written, links may be in it. */
	own = in_own_filesystem(mounts, i, destination);
	kept = plan_keep(plan, own ? destination : spec->destination);
	add_mount(plan, spec, &o, kept);
	plan_add(plan, &(struct op){.kind = OP_ATTACH, .path = kept, .flags = own ? OP_CREATE : 0});
	return 0;
}

int plan_mounts(struct runtime_plan *plan, const struct mount_specs *mounts, struct err *e)
{
	for (size_t i = 0; i < mounts->n; i++) {
		int r = add_caller_mount(plan, mounts, i, e);

		if (r < 0)
			return err_wrap(e, r, "mount on '%s'", mounts->v[i].destination);
	}
	return 0;
}
