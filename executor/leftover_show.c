/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown of a leftover: its journals and the plan of their undo, bounded. */
#include <string.h>

#include "base/limits.h"
#include "executor/leftover.h"
#include "vfs/mount_options.h"

/* The list @name of @doc, made if it is missing; borrowed. */
static json_t *list_of(json_t *doc, const char *name)
{
	json_t *list = json_object_get(doc, name);

	if (!list) {
		list = json_array();
		json_object_set_new(doc, name, list);
	}
	return list;
}

/* Adds @item, which it takes, to the list @name; the count "n_<name>" goes on when it is full. */
static void add(json_t *doc, const char *name, json_t *item)
{
	char count[32];

	snprintf(count, sizeof(count), "n_%s", name);
	json_object_set_new(doc, count, json_integer(json_get_int(doc, count, 0) + 1));
	if (json_array_size(list_of(doc, name)) < LIMIT_REPAIR_PATHS)
		json_array_append_new(list_of(doc, name), item);
	else
		json_decref(item);
}

/* Where the tree is on the host. */
static void show_rootfs(json_t *doc, const struct mount_specs *rootfs)
{
	cleanup_mount_options struct mount_options o = {0};
	const struct mount_spec *last = rootfs->n ? &rootfs->v[rootfs->n - 1] : NULL;

	if (!last || mount_options_parse(last, &o, NULL) < 0)
		return;
	if (o.kind != MOUNT_OVERLAY) {
		json_object_set_new(doc, "rootfs", json_path(last->source));
		return;
	}
	json_object_set_new(doc, "rootfs", json_path(o.lowers.v[0]));
	if (o.upper)
		json_object_set_new(doc, "upper", json_path(o.upper));
}

void leftover_show_journal(json_t *doc, const struct journal *j)
{
	json_int_t began =
		(json_int_t)j->began.tv_sec * 1000000 + (json_int_t)j->began.tv_nsec / 1000;

	/* The journal of mount points is older, the one of the authorities knows the family. */
	json_object_set_new(doc, "began_at_usec", json_integer(began));
	show_rootfs(doc, &j->rootfs);
	if (j->family)
		json_object_set_new(doc, "family", json_string(j->family->name));
	for (size_t i = 0; i < j->n; i++)
		if (j->v[i].role != ROLE_PARENT)
			add(doc, "touched", json_path(j->v[i].path));
}

void leftover_show_plan(json_t *doc, const struct changes *plan, const json_t *kept)
{
	const json_t *path;
	size_t i;

	for (i = 0; i < plan->n; i++)
		add(doc, "changes",
		    json_pack("{s:o, s:s}", "path", json_path(plan->v[i].path), "change",
			      change_kind_name(plan->v[i].kind)));
	json_array_foreach (kept, i, path)
		add(doc, "kept", json_incref((json_t *)path));
}
