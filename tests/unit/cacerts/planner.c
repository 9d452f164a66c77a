/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cacerts/planner.h"

#include <string.h>

#include "base/limits.h"
#include "base/path.h"

struct planner planner;

void planner_setup(void)
{
	box_begin();
	planner = (struct planner){.strategies = CACERTS_ALL & ~(1u << CACERTS_ENVIRONMENT),
				   .env = STRV(LIMIT_ENV)};
	view_init(&planner.v);
	tree_dir(&planner.v.t, "scratch");
	tree_dir(&planner.v.t, "r");
	view_rootfs(&planner.v, "bind", "@/r", "rbind,rw");
}

void planner_teardown(void)
{
	cacerts_plan_done(&planner.plan);
	strv_done(&planner.env);
	view_done(&planner.v);
	box_end();
}

static int fake_helper(void *arg, const struct mount_specs *rootfs,
		       const struct mount_specs *mounts, const char *const *argv,
		       struct buf *output, int *ret_status, struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;

	ck_assert_ptr_eq(arg, &planner);
	ck_assert_str_eq(argv[0], TOOL);
	planner.n_calls++;
	buf_addf(output, NULL, "the tool speaks");
	ck_ok(vfs_new(rootfs, mounts, &fs, e), *e);
	return planner.tool(fs, ret_status);
}

static bool is_hash_name(const char *path)
{
	const char *name = path_name(path);

	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.';
}

static const char *describe(const struct changes *list)
{
	static const char *const words[] = {"mkdir", "file", "link", "meta", "remove", "drop"};
	static char text[16384];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->n; i++)
		if (!strstr(list->v[i].path, "anchord-") && !is_hash_name(list->v[i].path))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s;",
					      words[list->v[i].kind], list->v[i].path);
	return text;
}

const char *planner_make(bool with_helper)
{
	const struct cacerts_request q = {
		.rootfs = &planner.v.rootfs,
		.mounts = &planner.v.mounts,
		.authorities = box_authorities(),
		.strategies = planner.strategies,
		.env = &planner.env,
		.scratch = tree_at(&planner.v.t, "scratch"),
		.helper = with_helper ? fake_helper : NULL,
		.helper_arg = &planner,
	};
	cleanup_free char *before = tree_manifest(&planner.v.t, "r");
	cleanup_free char *after = NULL;
	struct err e = ERR_NONE;

	cacerts_plan_done(&planner.plan);
	view_open(&planner.v);
	ck_ok(cacerts_plan(&q, planner.v.fs, &planner.plan, &e), e);
	after = tree_manifest(&planner.v.t, "r");
	ck_assert_str_eq(after, before); /* a plan changes nothing */
	return describe(&planner.plan.changes);
}

const char *planner_masks(void)
{
	static char text[20000];
	size_t n = 0;

	for (size_t i = 0; i < planner.plan.masked.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s:", planner.plan.masked.v[i]);
	snprintf(text + n, sizeof(text) - n, "%s", describe(&planner.plan.masks));
	return text;
}

size_t planner_n_dropins(void)
{
	size_t n = 0;

	for (size_t i = 0; i < planner.plan.changes.n; i++)
		n += planner.plan.changes.v[i].role == ROLE_DROPIN;
	return n;
}

void planner_expect_skip(const char *words)
{
	cleanup_free char *text = json_line(json_object_get(planner.plan.report, "skipped"));

	ck_assert_msg(strstr(text, words) != NULL, "%s", text);
}

const char *planner_bytes(const char *path)
{
	const struct change *c = changes_find(&planner.plan.changes, path);
	static char text[65536];

	ck_assert_msg(c && c->kind == CHANGE_FILE, "%s", path);
	snprintf(text, sizeof(text), "%.*s", (int)c->n_bytes, c->bytes);
	return text;
}

size_t planner_n_hashed(const char *dir)
{
	size_t n = 0;

	for (size_t i = 0; i < planner.plan.changes.n; i++) {
		const struct change *c = &planner.plan.changes.v[i];
		char parent[LIMIT_PATH];

		path_parent(c->path, parent);
		n += c->kind == CHANGE_FILE && is_hash_name(c->path) && strcmp(parent, dir) == 0;
	}
	return n;
}
