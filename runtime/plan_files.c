/* SPDX-License-Identifier: Apache-2.0 */
/* What /dev holds, and the paths of /proc and /sys that are hidden or protected. */
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/limits.h"
#include "base/path.h"
#include "runtime/plan_build.h"

struct default_device {
	const char *name;
	unsigned major, minor;
};

struct default_link {
	const char *name, *target;
};

/* clang-format off */
/* runtime-spec, config-linux.md "Default Devices" */
static const struct default_device devices[] = {
	{"null",    1, 3},
	{"zero",    1, 5},
	{"full",    1, 7},
	{"random",  1, 8},
	{"urandom", 1, 9},
	{"tty",     5, 0},
};

/* ... and runtime-linux.md "Dev symbolic links" */
static const struct default_link links[] = {
	{"fd",     "/proc/self/fd"},
	{"stdin",  "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"core",   "/proc/kcore"},
	{"ptmx",   "pts/ptmx"},
};

/* What is guarded below these paths has to lie in the kernel's own file system. */
static const struct {
	const char *path;
	const char *type;
	uint64_t magic;
} guarded[] = {
	{"/proc",          "proc",    PROC_SUPER_MAGIC},
	{"/sys/fs/cgroup", "cgroup2", CGROUP2_SUPER_MAGIC},
	{"/sys",           "sysfs",   SYSFS_MAGIC},
};
/* clang-format on */

static void add(struct runtime_plan *plan, const struct op *op)
{
	plan_add(plan, &plan->orders.inside, op);
}

/* ---- /dev ------------------------------------------------------------------------------ */

static void add_default_devices(struct runtime_plan *plan)
{
	plan_do_path(plan, OP_PLACE, "/dev");
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		add(plan, &(struct op){.kind = OP_NODE,
				       .path = devices[i].name,
				       .value = makedev(devices[i].major, devices[i].minor),
				       .other = S_IFCHR | 0666});
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		add(plan, &(struct op){.kind = OP_LINK,
				       .path = links[i].name,
				       .target = links[i].target});
}

/* A /dev that is bound belongs to somebody else. */
static bool has_bound_dev(const struct container_spec *spec)
{
	const struct mount_spec *dev = plan_mount_above(&spec->mounts, spec->mounts.n, "/dev");

	return dev && plan_is_bind(dev);
}

static int add_device(struct runtime_plan *plan, const struct container_device *d, struct err *e)
{
	char path[LIMIT_PATH];
	int r = path_canonical(d->path, path, sizeof(path), e);

	if (r < 0)
		return err_wrap(e, r, "device '%s'", d->path);
	if (strcmp(path, "/") == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "a device can't be '/'");
	add(plan, &(struct op){.kind = OP_NODE,
			       .path = plan_keep(plan, path),
			       .value = makedev(d->major, d->minor),
			       .other = d->type | d->mode,
			       .uid = d->uid,
			       .gid = d->gid});
	return 0;
}

int plan_devices(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	int r = 0;

	if (has_bound_dev(spec))
		return 0;
	for (size_t i = 0; r == 0 && i < spec->devices.n; i++)
		r = add_device(plan, &spec->devices.v[i], e);
	add_default_devices(plan); /* those that were given have their own modes and owners */
	return r;
}

/* ---- /proc and /sys -------------------------------------------------------------------- */

/*
 * Whoever mounts there must not have a guard put over something else. A path that no mount covers
 * is the image's own, and one in another kind of file system is what the document says.
 */
static void add_magic(const struct container_spec *spec, const char *canonical, struct op *op)
{
	const struct mount_spec *above = plan_mount_above(&spec->mounts, spec->mounts.n, canonical);

	for (size_t i = 0; above && i < ARRAY_SIZE(guarded); i++) {
		if (!path_is_below(canonical, guarded[i].path))
			continue;
		if (plan_is_bind(above) ||
		    strcmp(plan_filesystem(above->type), guarded[i].type) == 0) {
			op->value = guarded[i].magic;
			op->other = strlen(guarded[i].path);
		}
		return;
	}
}

static void add_guards(struct runtime_plan *plan, const struct container_spec *spec,
		       enum op_kind kind, const struct strv *paths)
{
	const char *label =
		kind == OP_MASK && spec->mount_label ? plan_keep(plan, spec->mount_label) : NULL;

	for (size_t i = 0; i < paths->n; i++) {
		struct op op = {.kind = kind, .target = label};
		char canonical[LIMIT_PATH];

		if (path_canonical(paths->v[i], canonical, sizeof(canonical), NULL) == 0)
			add_magic(spec, canonical, &op);
		op.path = plan_keep(plan, op.value ? canonical : paths->v[i]);
		add(plan, &op);
	}
}

void plan_guards(struct runtime_plan *plan, const struct container_spec *spec)
{
	add_guards(plan, spec, OP_MASK, &spec->masked_paths);
	add_guards(plan, spec, OP_READONLY_PATH, &spec->readonly_paths);
}
