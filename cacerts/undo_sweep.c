/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool that the user process ran has linked our drop-in files in the hashed directory: links
 * that no install made and no journal knows. They leave too, and the numbers of the links that
 * stay become what the tool would have given them without ours.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/pem.h"
#include "cacerts/undo_plan.h"

/* The hash links of one authority's subject, by number. */
struct hash_links {
	struct {
		char *name;
		char *target;
		bool ours;
	} v[64];
	size_t n;
};

static void links_done(struct hash_links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		free(links->v[i].name);
		free(links->v[i].target);
	}
}

/* Does the text of a link in the hashed directory lead to a file of ours? */
static bool leads_to_ours(const struct undo *u, const char *target, const struct authority *a)
{
	const char *bundle = path_name(u->j->family->bundle);

	/* A bundle that held nothing but our certificate was hashed as if it were a certificate. */
	return names_is_ours(target, a) || strcmp(target, bundle) == 0;
}

/* Plans the removal of a link to ours that the journal doesn't know. */
static int drop_unknown(struct undo *u, const char *path, struct err *e)
{
	if (undo_removes(u, path) || journal_find(u->j, path))
		return 0;
	return changes_add_drop(u->out, path, e);
}

/* Sorts a name of the hashed directory into @links if it is a hash link of @a. */
static int look_at(struct undo *u, const char *dir, const char *name, const struct authority *a,
		   struct hash_links *links, struct err *e)
{
	char path[LIMIT_PATH];
	char target[LIMIT_PATH];
	bool hashed = names_is_hash_link(name, a, NULL);
	int r;

	if (!hashed && !names_is_ours(name, a))
		return 0;
	r = path_join(dir, name, path, sizeof(path), e);
	if (r < 0)
		return r;
	r = vfs_readlink(u->fs, path, target, e);
	if (r == -EINVAL || r == -ENOENT) { /* a file of the user's by that name */
		err_clear(e);
		return 0;
	}
	if (r < 0 || !hashed)
		return r < 0 || !names_is_ours(target, a) ? r : drop_unknown(u, path, e);
	if (links->n == ARRAY_SIZE(links->v))
		return 0;
	links->v[links->n].name = strdup(name);
	links->v[links->n].target = strdup(target);
	links->v[links->n].ours = leads_to_ours(u, target, a);
	links->n++;
	return links->v[links->n - 1].name && links->v[links->n - 1].target ? 0 : err_oom(e);
}

/* A certificate of the user's that is the same as @a has no link of its own: rehash took it for
 * a duplicate of ours. It inherits our number. */
static int find_heir(struct undo *u, const char *dir, const struct strv *names,
		     const struct authority *a, char *ret, size_t size, struct err *e)
{
	for (size_t i = 0; i < names->n; i++) {
		cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);
		const char *dot = strrchr(names->v[i], '.');
		char path[LIMIT_PATH];
		char file[LIMIT_PATH];

		if (!dot || strcmp(dot, ".pem") != 0 || names_is_ours(names->v[i], a))
			continue;
		if (path_join(dir, names->v[i], path, sizeof(path), NULL) < 0 ||
		    vfs_resolve(u->fs, path, true /* follow_last= */, file, NULL) != 0 ||
		    vfs_read_file(u->fs, file, &text, NULL) < 0)
			continue; /* rehash would have skipped it too */
		if (pem_is_only(text.data, text.n, a)) {
			snprintf(ret, size, "%s", names->v[i]);
			return 0;
		}
	}
	(void)e;
	return -ENOENT;
}

static bool has_link_to(const struct hash_links *links, const char *target)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->v[i].target, target) == 0)
			return true;
	return false;
}

/* Gives the links that stay the numbers 0, 1, ... in their order. */
static int renumber(struct undo *u, const char *dir, const struct strv *names,
		    const struct authority *a, const struct hash_links *links, struct err *e)
{
	char heir[NAME_MAX + 1] = "";
	unsigned number = 0;
	int r = 0;

	if (find_heir(u, dir, names, a, heir, sizeof(heir), e) == 0 && has_link_to(links, heir))
		heir[0] = '\0';
	for (size_t i = 0; r == 0 && i < links->n; i++) {
		const char *target = links->v[i].target;
		char was[LIMIT_PATH];
		char now[LIMIT_PATH];
		char name[32];
		struct vfs_meta meta = {0};
		struct state s = {0};

		if (links->v[i].ours && heir[0] == '\0')
			continue;
		if (links->v[i].ours)
			target = heir;
		snprintf(name, sizeof(name), "%08x.%u", a->subject_hash, number++);
		r = path_join(dir, name, now, sizeof(now), e);
		if (r == 0)
			r = path_join(dir, links->v[i].name, was, sizeof(was), e);
		if (r < 0 || (strcmp(now, was) == 0 && !links->v[i].ours))
			continue;
		r = state_capture(u->fs, was, &s, NULL, e);
		meta = state_metadata(&s);
		if (r == 0)
			r = changes_add_link(u->out, ROLE_STORE, now, target, &meta, e);
		state_done(&s);
		heir[0] = links->v[i].ours ? '\0' : heir[0];
	}
	/* What is left above the last number had been ours or has moved down. */
	for (size_t i = 0; r == 0 && i < links->n; i++) {
		char was[LIMIT_PATH];
		unsigned old = 0;

		names_is_hash_link(links->v[i].name, a, &old);
		r = path_join(dir, links->v[i].name, was, sizeof(was), e);
		if (r == 0 && old >= number && !undo_removes(u, was))
			r = changes_add_remove(u->out, was, e);
	}
	return r;
}

static int sweep_one(struct undo *u, const char *dir, const struct strv *names,
		     const struct authority *a, struct err *e)
{
	struct hash_links links = {.n = 0};
	bool any_ours = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++)
		r = look_at(u, dir, names->v[i], a, &links, e);
	for (size_t i = 0; i < links.n; i++)
		any_ours |= links.v[i].ours;
	if (r == 0 && any_ours)
		r = renumber(u, dir, names, a, &links, e);
	links_done(&links);
	return r;
}

/* Has anything happened in this directory since the install? */
static bool is_touched(const struct undo *u, const char *dir)
{
	const struct journal_entry *entry = journal_find(u->j, dir);
	size_t i = (size_t)(entry - u->j->v);

	return !entry || !state_untouched(undo_t1(u, i), &u->t2[i]);
}

int undo_sweep(struct undo *u, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	char dir[LIMIT_PATH];
	struct vfs_stat st;
	int r;

	if (!u->j->family || !u->j->installed)
		return 0;
	if (vfs_resolve(u->fs, u->j->family->hashed_dir, true /* follow_last= */, dir, NULL) != 0)
		return 0;
	r = vfs_lstat(u->fs, dir, &st, e);
	if (r < 0 || st.type != VFS_DIR || !is_touched(u, dir))
		return r;
	r = vfs_list(u->fs, dir, &names, e);
	for (size_t k = 0; r == 0 && k < u->j->authorities->n; k++)
		r = sweep_one(u, dir, &names, &u->j->authorities->v[k], e);
	return r;
}
