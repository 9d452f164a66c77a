/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

/* ---- namespaces ------------------------------------------------------------------------ */

static int read_kind(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_word kinds[] = {
#define X(kind, name, file, flag) {name, NAMESPACE_##kind},
		NAMESPACE_KINDS(X)
#undef X
	};
	long long kind = 0;
	int r = oci_get_word(at, kinds, ARRAY_SIZE(kinds), &kind, e);

	if (r == 0)
		*(enum namespace_kind *)to = (enum namespace_kind)kind;
	return r;
}

/* Encoders write "" for a namespace that is to be made. */
static int read_namespace_path(const struct oci_node *at, void *to, struct err *e)
{
	return json_string_length(at->value) == 0 && json_is_string(at->value)
		       ? 0
		       : oci_read_path(at, to, e);
}

struct namespace_item {
	enum namespace_kind kind;
	char *path;
};

static void namespace_item_done(struct namespace_item *item)
{
	free(item->path);
}

static int add_namespace(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct namespace_item, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("type", read_kind, FIELD(kind), .is_required = true),
		OCI_MEMBER("path", read_namespace_path, FIELD(path)),
	};
#undef FIELD
	cleanup(namespace_item_done) struct namespace_item item = {0};
	struct container_namespace *namespaces = to;
	struct container_namespace *n;
	int r = oci_read_table(at, members, &item, e);

	if (r < 0)
		return r;
	n = &namespaces[item.kind];
	if (n->mode != NAMESPACE_HOST)
		return oci_invalid(at, e, "a namespace of this type is there already");
	n->mode = item.path ? NAMESPACE_PATH : NAMESPACE_NEW;
	n->path = take_ptr(item.path);
	return 0;
}

int oci_part_namespaces(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_FLAGS, add_namespace, to, e);
}

/* ---- ids ------------------------------------------------------------------------------- */

static int add_id_map(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct id_map, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("containerID", oci_read_id, FIELD(inside), .is_required = true),
		OCI_MEMBER("hostID", oci_read_id, FIELD(outside), .is_required = true),
		OCI_MEMBER("size", oci_read_uint32, FIELD(count), .is_required = true),
	};
#undef FIELD
	struct id_map map = {0};
	int r = oci_read_table(at, members, &map, e);

	if (r < 0)
		return r;
	if (map.count == 0)
		return oci_invalid(at, e, "the size is 0");
	if (map.inside > UINT32_MAX - map.count || map.outside > UINT32_MAX - map.count)
		return oci_invalid(at, e, "there are not so many ids");
	r = id_maps_add(to, &map, e);
	return r < 0 ? oci_wrap(at, r, e) : 0;
}

int oci_part_id_maps(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_ID_MAPS, add_id_map, to, e);
}

/* ---- clocks ---------------------------------------------------------------------------- */

static int read_offset(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct time_offset, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("secs", oci_read_int64, FIELD(seconds)),
		OCI_MEMBER("nanosecs", oci_read_uint32, FIELD(nanoseconds), .max = 999999999),
	};
#undef FIELD
	struct time_offset *offset = to;

	offset->is_set = true;
	return oci_read_table(at, members, offset, e);
}

/* Names of clocks are keys here, and one that the kernel can't set may not pass unnoticed. */
static int add_offset(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_spec, name)
	static const struct oci_word clocks[] = {
		{"monotonic", FIELD(monotonic)},
		{"boottime", FIELD(boottime)},
	};
#undef FIELD
	long long offset = 0;

	if (!oci_find_word(at->key, clocks, ARRAY_SIZE(clocks), &offset))
		return oci_invalid(at, e, "expected a clock: monotonic or boottime");
	return read_offset(at, (char *)to + offset, e);
}

int oci_part_time_offsets(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_pairs(at, LIMIT_FLAGS, add_offset, to, e);
}
