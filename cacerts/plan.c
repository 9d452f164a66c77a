/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/plan.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/native.h"

const struct vfs_meta plan_new_file = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0644};
const struct vfs_meta plan_new_dir = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0755};

static const char *const strategy_names[CACERTS_STRATEGY_MAX] = {
#define X(name, word) [CACERTS_##name] = word,
	CACERTS_STRATEGIES(X)
#undef X
};

const char *cacerts_strategy_name(enum cacerts_strategy strategy)
{
	return strategy_names[strategy];
}

int cacerts_strategy_parse(const char *word, struct err *e)
{
	for (int i = 0; i < CACERTS_STRATEGY_MAX; i++)
		if (strcmp(strategy_names[i], word) == 0)
			return i;
#define X(name, word) " " word
	return err_set(e, -EINVAL, ERR_INVALID,
		       "'%.64s' is no strategy; there are" CACERTS_STRATEGIES(X), word);
#undef X
}

bool plan_allows(const struct cacerts_request *q, enum cacerts_strategy strategy)
{
	return (q->strategies & (1u << strategy)) != 0;
}

const char *plan_getenv(const struct cacerts_request *q, const char *name)
{
	return q->env ? strv_value(q->env, name) : NULL;
}

void cacerts_plan_done(struct cacerts_plan *p)
{
	changes_done(&p->changes);
	changes_done(&p->masks);
	strv_done(&p->masked);
	strv_done(&p->env);
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

bool plan_is_noted(const struct cacerts_plan *p, const char *path)
{
	cleanup_json json_t *wanted = json_path(path);
	const json_t *store;
	size_t i;

	json_array_foreach (json_object_get(p->report, "stores"), i, store)
		if (json_equal(json_object_get(store, "path"), wanted))
			return true;
	return false;
}

bool plan_is_sealed(const char *path)
{
	return path_is_below(path, "/nix/store") || path_is_below(path, "/gnu/store");
}

static size_t count_bytes(const struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].n_bytes;
	return n;
}

int plan_rewrite(struct cacerts_plan *p, const struct vfs *fs, const char *path, const char *to,
		 const struct vfs_stat *st, const struct buf *bytes, struct err *e)
{
	struct vfs_xattrs xattrs = {0};
	const struct vfs_meta meta = {
		.fields = VFS_META_MODE | VFS_META_OWNER | VFS_META_XATTRS,
		.mode = st->mode,
		.uid = st->uid,
		.gid = st->gid,
		.xattrs = &xattrs,
	};
	int r;

	if (count_bytes(&p->changes) + bytes->n > LIMIT_REWRITTEN) {
		plan_note_skip(p, path, "the image's stores are too large together (64 MiB)");
		return PLAN_SKIPPED;
	}
	r = vfs_get_xattrs(fs, path, &xattrs, e);
	if (r == -E2BIG) {
		plan_note_skip(p, path, "it has more extended attributes than any store");
		err_clear(e);
		return PLAN_SKIPPED;
	}
	if (r == 0)
		r = changes_add_file(&p->changes, ROLE_STORE, to, bytes->data, bytes->n, &meta, e);
	vfs_xattrs_done(&xattrs);
	return r;
}

/* Why nothing can be made in what is at @st, or NULL. */
static const char *obstacle(const struct vfs_stat *st)
{
	if (st->type == VFS_UNREACHABLE)
		return "it is on a file system without backing";
	if (st->type != VFS_DIR)
		return "a part of the path is not a directory";
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

/* Evidence for other families decides nothing; who reads a receipt later can't look any more. */
static int note_doubts(const struct vfs *fs, struct cacerts_plan *p, struct err *e)
{
	cleanup_strv struct strv doubts = STRV(LIMIT_LAYERS);
	json_t *list = json_object_get(p->report, "doubts");
	int r = distro_doubts(fs, p->distro.family, &doubts, e);

	for (size_t i = 0; r == 0 && i < doubts.n; i++)
		json_array_append_new(list, json_string(doubts.v[i]));
	return r;
}

static int begin(const struct vfs *fs, struct cacerts_plan *p, struct err *e)
{
	int r = distro_detect(fs, &p->distro, e);

	if (r < 0)
		return r;
	p->report = json_pack("{s:s, s:s, s:[], s:[], s:[]}", "family",
			      p->distro.family ? p->distro.family->name : "unknown", "evidence",
			      p->distro.family ? p->distro.evidence
					       : "no os-release or mark that we know",
			      "doubts", "stores", "skipped");
	return p->report ? note_doubts(fs, p, e) : err_oom(e);
}

/* What the tool does, without it if that is sure to be the same. */
static int update(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		  struct err *e)
{
	int r = NATIVE_DECLINED;

	if (!plan_allows(q, CACERTS_DROPIN)) /* the tool has to find something */
		return 0;
	if (plan_allows(q, CACERTS_NATIVE))
		r = plan_native(q, fs, p, e);
	if (r == NATIVE_DECLINED)
		r = plan_allows(q, CACERTS_HELPER) ? plan_helper(q, fs, p, e) : 0;
	p->updated = r == 0 && p->complete;
	return r;
}

static int decide(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		  struct err *e)
{
	char alone[LIMIT_PATH] = "";
	bool has_tool;
	int r = plan_has_tool(fs, p->distro.family, &has_tool, e);

	if (r == 0)
		r = plan_dropin(q, fs, p, e);
	if (r == 0 && has_tool)
		r = update(q, fs, p, e);
	if (r == 0 && !p->complete)
		r = plan_append(q, fs, p, e);
	if (r == 0)
		r = plan_variables(q, fs, p, e);
	if (r == 0 && plan_allows(q, CACERTS_JAVA))
		r = plan_java(q, fs, p, e);
	if (r == 0)
		r = plan_environment_file(q, fs, p, alone, e);
	if (r == 0)
		r = plan_masks(q, fs, p, e);
	return r == 0 ? plan_environment(q, fs, p, alone, e) : r;
}

int cacerts_plan(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *ret,
		 struct err *e)
{
	cleanup_cacerts_plan struct cacerts_plan p = {
		.masked = STRV(LIMIT_MASKS),
		.env = STRV(LIMIT_ENV),
		.is_repeatable = true,
	};
	int r = begin(fs, &p, e);

	if (r == 0)
		r = decide(q, fs, &p, e);
	if (r < 0)
		return err_wrap(e, r, "planning the install of the authorities");
	*ret = p;
	p = (struct cacerts_plan){.report = NULL};
	return 0;
}
