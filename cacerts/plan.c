/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/plan.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/native.h"

const struct vfs_meta plan_new_file = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0644};
const struct vfs_meta plan_new_dir = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0755};

void cacerts_plan_done(struct cacerts_plan *p)
{
	changes_done(&p->changes);
	json_decref(p->report);
	*p = (struct cacerts_plan){.report = NULL};
}

void plan_note_store(struct cacerts_plan *p, const char *path, const char *kind,
		     const char *strategy)
{
	json_array_append_new(json_object_get(p->report, "stores"),
			      json_pack("{s:o, s:s, s:s}", "path", json_path(path), "store", kind,
					"strategy", strategy));
}

void plan_note_skip(struct cacerts_plan *p, const char *path, const char *reason)
{
	json_array_append_new(json_object_get(p->report, "skipped"),
			      json_pack("{s:o, s:s}", "path", json_path(path), "reason", reason));
}

/* Why nothing can be made in what is at @st, or NULL. */
static const char *obstacle(const struct vfs_stat *st)
{
	if (st->type == VFS_UNREACHABLE)
		return "it is on a file system without backing";
	if (st->type != VFS_DIR)
		return "a part of the path is not a directory";
	if (!st->writable)
		return "it is on a read-only mount";
	return NULL;
}

int plan_make_dirs(struct cacerts_plan *p, const struct vfs *fs, const char *path, struct err *e)
{
	char parent[LIMIT_PATH];
	struct vfs_stat st;
	const char *why;
	int r;

	if (changes_find(&p->changes, path))
		return 0;
	r = vfs_lstat(fs, path, &st, e);
	if (r < 0)
		return r;
	if (st.type != VFS_ABSENT) {
		why = obstacle(&st);
		if (why)
			plan_note_skip(p, path, why);
		return why ? 1 : 0;
	}
	if (strcmp(path, "/") == 0)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "the container has no root directory");
	path_parent(path, parent);
	r = plan_make_dirs(p, fs, parent, e);
	return r == 0 ? changes_add_dir(&p->changes, ROLE_PARENT, path, &plan_new_dir, e) : r;
}

int plan_has_tool(const struct vfs *fs, const struct distro_family *family, bool *ret,
		  struct err *e)
{
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r;

	*ret = false;
	if (!family || !family->tool ||
	    vfs_resolve(fs, family->tool[0], true /* follow_last= */, path, NULL) != 0)
		return 0;
	r = vfs_lstat(fs, path, &st, e);
	*ret = r == 0 && st.type == VFS_FILE && (st.mode & 0111);
	return r;
}

static int begin(const struct vfs *fs, struct cacerts_plan *p, struct err *e)
{
	int r = distro_detect(fs, &p->distro, e);

	if (r < 0)
		return r;
	p->report = json_pack("{s:s, s:s, s:[], s:[]}", "family",
			      p->distro.family ? p->distro.family->name : "unknown", "evidence",
			      p->distro.family ? p->distro.evidence
					       : "no os-release or mark that we know",
			      "stores", "skipped");
	return p->report ? 0 : err_oom(e);
}

/* What the tool does, without it if that is sure to be the same. */
static int update(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		  struct err *e)
{
	int r = plan_native(q, fs, p, e);

	return r == NATIVE_DECLINED ? plan_helper(q, fs, p, e) : r;
}

static int decide(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		  struct err *e)
{
	bool has_tool;
	int r = plan_has_tool(fs, p->distro.family, &has_tool, e);

	if (r == 0 && p->distro.family && p->distro.family->dropin_dir)
		r = plan_dropin(q, fs, p, e);
	if (r == 0)
		r = has_tool ? update(q, fs, p, e) : plan_append(q, fs, p, e);
	return r;
}

int cacerts_plan(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *ret,
		 struct err *e)
{
	cleanup_cacerts_plan struct cacerts_plan p = {.report = NULL};
	int r = begin(fs, &p, e);

	if (r == 0)
		r = decide(q, fs, &p, e);
	if (r < 0)
		return err_wrap(e, r, "planning the install of the authorities");
	*ret = p;
	p = (struct cacerts_plan){.report = NULL};
	return 0;
}
