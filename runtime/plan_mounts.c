/* SPDX-License-Identifier: Apache-2.0 */
/* Mount specs as operations. */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/limits.h"
#include "base/path.h"
#include "runtime/plan_build.h"
#include "vfs/mount_options.h"

/* Version 1 of cgroups is never mounted; documents of that time mean the hierarchy there is. */
const char *plan_filesystem(const char *type)
{
	return strcmp(type, "cgroup") == 0 ? "cgroup2" : type;
}

/* File systems that know nothing of contexts refuse the option. */
static bool takes_label(const char *type)
{
	static const char *const without[] = {"proc", "sysfs", "cgroup", "cgroup2", "mqueue"};

	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		if (strcmp(type, without[i]) == 0)
			return false;
	return true;
}

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

/* How one mount comes to be. */
struct making {
	const struct container_spec *spec;
	const struct mount_spec *mount;
	const struct mount_options *o;
	const char *about; /* its destination, kept */
	struct ops *ops;   /* outside or inside */
};

static uint64_t attributes_of(const struct mount_options *o)
{
	return o->attr_set | (o->readonly ? MOUNT_ATTR_RDONLY : 0);
}

static void add_filesystem(struct runtime_plan *plan, const struct making *m)
{
	const char *label = m->spec->mount_label;
	const char *source = m->mount->source;
	size_t first = plan->orders.n_params;

	if (m->o->kind == MOUNT_OVERLAY)
		add_lowers(plan, m->o); /* first: the child looks there for layers */
	for (size_t i = 0; i < m->o->fs_options.n; i++)
		add_option(plan, m->o->fs_options.v[i]);
	if (label && *label && takes_label(m->mount->type))
		plan_add_param(plan, PARAM_STRING, "context", plan_keep(plan, label));
	plan_add(plan, m->ops,
		 &(struct op){.kind = OP_FILESYSTEM,
			      .path = plan_keep(plan, plan_filesystem(m->mount->type)),
			      .target = *source ? plan_keep(plan, source) : NULL,
			      .value = m->o->copies_up ? 0 : attributes_of(m->o),
			      .first_param = first,
			      .n_params = plan->orders.n_params - first});
}

static void add_attribute(struct runtime_plan *plan, const struct making *m, uint64_t set,
			  uint64_t clear, unsigned flags)
{
	if ((set | clear) & MOUNT_ATTR__ATIME)
		clear |= MOUNT_ATTR__ATIME; /* the kernel wants the whole field cleared */
	if (set || clear)
		plan_add(plan, m->ops,
			 &(struct op){.kind = OP_ATTRIBUTES,
				      .path = m->about,
				      .value = set,
				      .other = clear,
				      .flags = flags});
}

static void add_propagation(struct runtime_plan *plan, const struct making *m, unsigned long how,
			    bool recursive)
{
	if (how)
		plan_add(plan, m->ops,
			 &(struct op){.kind = OP_PROPAGATION,
				      .path = m->about,
				      .value = how,
				      .flags = recursive ? OP_RECURSIVE : 0});
}

/*
 * Where changes of mounts go. A mount made outside has not seen what was set for all, so it gets it
 * itself, first.
 */
static void add_propagations(struct runtime_plan *plan, const struct making *m)
{
	unsigned long all = m->spec->rootfs_propagation & ~(unsigned long)MS_REC;

	if (m->ops == &plan->orders.outside)
		add_propagation(plan, m, all ? all : MS_SLAVE, /* recursive= */ true);
	add_propagation(plan, m, m->o->propagation, m->o->recursive_propagation);
}

/* A new file system is made with its attributes, unless it has to be written first. */
static void add_attributes(struct runtime_plan *plan, const struct making *m)
{
	const struct mount_options *o = m->o;

	if (o->kind == MOUNT_BIND || o->copies_up)
		add_attribute(plan, m, attributes_of(o), o->attr_clear, 0);
	add_attribute(plan, m, o->recursive_set | (o->recursive_readonly ? MOUNT_ATTR_RDONLY : 0),
		      o->recursive_clear, OP_RECURSIVE);
	add_propagations(plan, m);
}

/* ---- binds ----------------------------------------------------------------------------- */

static int add_id_map(struct runtime_plan *plan, const struct making *m, struct err *e)
{
	const struct mount_options *o = m->o;
	const char *uids = o->uid_map ? plan_keep(plan, o->uid_map) : plan->orders.uid_map;
	const char *gids = o->gid_map ? plan_keep(plan, o->gid_map) : plan->orders.gid_map;

	if (!o->is_id_mapped)
		return 0;
	if (!uids || !gids)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "an id-mapped mount needs mappings, of its own or of a new user "
			       "namespace");
	plan_add(plan, m->ops,
		 &(struct op){.kind = OP_ID_MAPPED,
			      .path = m->about,
			      .source = uids,
			      .target = gids,
			      .flags = o->id_map_is_recursive ? OP_RECURSIVE : 0});
	return 0;
}

static int add_bind(struct runtime_plan *plan, const struct making *m, struct err *e)
{
	plan_add(plan, m->ops,
		 &(struct op){.kind = OP_BIND,
			      .path = plan_keep(plan, m->mount->source),
			      .target = m->o->subpath ? plan_keep(plan, m->o->subpath) : NULL,
			      .flags = m->o->recursive ? OP_RECURSIVE : 0});
	return add_id_map(plan, m, e);
}

/* Root of a user namespace may not reach what it is given: the host's own binds that. */
static bool is_made_outside(const struct making *m)
{
	return m->o->kind == MOUNT_BIND && (plan_has_user_namespace(m->spec) || m->o->is_id_mapped);
}

static int hold(struct runtime_plan *plan, const char *about, struct err *e)
{
	uint64_t which = plan->n_held++;

	if (which >= ORDER_HELD)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d mounts are made outside",
			       ORDER_HELD);
	plan_add(plan, &plan->orders.outside,
		 &(struct op){.kind = OP_HOLD, .path = about, .value = which});
	plan_add(plan, &plan->orders.inside,
		 &(struct op){.kind = OP_TAKE, .path = about, .value = which});
	return 0;
}

static int add_mount(struct runtime_plan *plan, struct making *m, struct err *e)
{
	bool outside = is_made_outside(m);
	int r = 0;

	m->ops = outside ? &plan->orders.outside : &plan->orders.inside;
	if (m->o->kind == MOUNT_BIND)
		r = add_bind(plan, m, e);
	else
		add_filesystem(plan, m);
	if (r == 0 && m->o->copies_up)
		plan_add(plan, m->ops, &(struct op){.kind = OP_COPY_UP, .path = m->about});
	if (r == 0)
		add_attributes(plan, m);
	return r == 0 && outside ? hold(plan, m->about, e) : r;
}

/* ---- the lists ------------------------------------------------------------------------- */

int plan_rootfs(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	for (size_t i = 0; i < spec->rootfs.n; i++) {
		cleanup_mount_options struct mount_options o = {.kind = MOUNT_BIND};
		struct making m = {
			.spec = spec, .mount = &spec->rootfs.v[i], .o = &o, .about = "/"};
		int r = mount_options_parse(m.mount, &o, e);

		if (r == 0)
			r = add_mount(plan, &m, e);
		if (r < 0)
			return err_wrap(e, r, "rootfs");
		plan_add(plan, &plan->orders.inside,
			 &(struct op){.kind = OP_ROOT, .path = plan->orders.staging});
	}
	return 0;
}

bool plan_is_bind(const struct mount_spec *mount)
{
	return strv_has(&mount->options, "bind") || strv_has(&mount->options, "rbind") ||
	       strcmp(mount->type, "bind") == 0;
}

const struct mount_spec *plan_mount_above(const struct mount_specs *mounts, size_t before,
					  const char *canonical)
{
	const struct mount_spec *found = NULL;

	for (size_t i = 0; i < before; i++) {
		char above[LIMIT_PATH];

		if (path_canonical(mounts->v[i].destination, above, sizeof(above), NULL) == 0 &&
		    path_is_below(canonical, above))
			found = &mounts->v[i];
	}
	return found;
}

/* Does @destination lie in a file system that begins empty with this container? */
static bool in_own_filesystem(const struct mount_specs *mounts, size_t before,
			      const char *destination)
{
	const struct mount_spec *above = plan_mount_above(mounts, before, destination);

	return above && !plan_is_bind(above) && strcmp(above->type, "tmpfs") == 0;
}

/*
 * Without a cgroup namespace of its own, mounting the hierarchy anew would show all of it and set
 * the host's options: the host's mount is shown.
 */
static int as_host_cgroup(const struct container_spec *spec, const struct mount_spec *from,
			  struct mount_specs *to, struct err *e)
{
	int r;

	if (plan_is_bind(from) || strcmp(plan_filesystem(from->type), "cgroup2") != 0 ||
	    spec->namespaces[NAMESPACE_CGROUP].mode == NAMESPACE_NEW)
		return 0;
	r = mount_specs_add(to, "bind", "/sys/fs/cgroup", from->destination, "rbind", e);
	for (size_t i = 0; r == 0 && i < from->options.n; i++)
		if (strcmp(from->options.v[i], "nsdelegate") != 0 &&
		    strcmp(from->options.v[i], "memory_recursiveprot") != 0)
			r = strv_add(&to->v[0].options, from->options.v[i], e);
	return r;
}

/* Where these are is known to all, and what guards them is put there. */
static bool may_be_linked(const char *destination)
{
	return strcmp(destination, "/proc") != 0 && strcmp(destination, "/sys") != 0;
}

static int add_one(struct runtime_plan *plan, const struct container_spec *spec, size_t i,
		   struct err *e)
{
	cleanup_mount_options struct mount_options o = {.kind = MOUNT_BIND};
	cleanup_mount_specs struct mount_specs other = {.n = 0};
	struct making m = {.spec = spec, .mount = &spec->mounts.v[i], .o = &o};
	char destination[LIMIT_PATH];
	bool creates, own;
	int r;

	r = as_host_cgroup(spec, m.mount, &other, e);
	if (r == 0 && other.n > 0)
		m.mount = &other.v[0];
	if (r == 0)
		r = mount_options_parse(m.mount, &o, e);
	if (r == 0)
		r = path_canonical(m.mount->destination, destination, sizeof(destination), e);
	if (r < 0)
		return r;
	if (strcmp(destination, "/") == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "only the rootfs can be mounted on '/'");
	own = in_own_filesystem(&spec->mounts, i, destination);
	creates = own || spec->makes_mount_points;
	if (strcmp(destination, "/dev") == 0 && o.kind == MOUNT_SPECIAL && o.readonly) {
		plan->has_readonly_dev = true;
		o.readonly = false;
	}
	/* Made by the child: clean text. Found by the kernel: as written, links may be in it. */
	m.about = plan_keep(plan, creates ? destination : m.mount->destination);
	r = add_mount(plan, &m, e);
	plan_add(plan, &plan->orders.inside,
		 &(struct op){.kind = OP_ATTACH,
			      .path = m.about,
			      .flags = (creates ? OP_CREATE : 0u) |
				       (may_be_linked(destination) ? 0u : OP_NO_LINKS)});
	return r;
}

int plan_mounts(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		int r = add_one(plan, spec, i, e);

		if (r < 0)
			return err_wrap(e, r, "mount on '%s'", spec->mounts.v[i].destination);
	}
	return 0;
}
