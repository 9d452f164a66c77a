/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p11-kit, run by the user process, has extracted our authorities into hashed directories: files
 * that hold nothing but one of them, and links to those, which no journal knows. They leave, and
 * hash links close up.
 *
 * A file of ours is told by its content, never by its name: p11-kit names it by its label. If the
 * user has the same certificate among his own sources, it would be there without us, and stays.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/p11_ours.h"
#include "cacerts/pem.h"
#include "cacerts/store_format.h"
#include "cacerts/undo_plan.h"

struct sweep {
	struct undo *u;
	const struct authority *a;
	char dir[LIMIT_PATH];
	struct strv names;
	struct strv files; /* canonical paths of files of ours, in all directories */
};

static bool holds_only(const struct sweep *s, const char *path, const struct vfs_stat *st)
{
	cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);

	/* As long as a PEM block of it, with or without its label behind the certificate. */
	if ((size_t)st->size < s->a->n_der || (size_t)st->size > 2 * s->a->n_der + 1024 ||
	    vfs_read_file(s->u->fs, path, &text, NULL) < 0)
		return false;
	return strncmp(text.data, "-----BEGIN ", 11) == 0 && pem_is_only(text.data, text.n, s->a);
}

static int look_at_file(struct sweep *s, const char *name, struct err *e)
{
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r = path_join(s->dir, name, path, sizeof(path), e);

	if (r == 0)
		r = vfs_lstat(s->u->fs, path, &st, e);
	if (r < 0 || st.type != VFS_FILE || !undo_is_newer(s->u, &st) ||
	    journal_find(s->u->j, path) || s->files.n >= LIMIT_SOURCES || !holds_only(s, path, &st))
		return r;
	r = strv_add(&s->files, path, e);
	return r == 0 ? changes_add_drop(s->u->out, path, e) : r;
}

/* "01234567.0" */
static bool is_hash_link(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] &&
	       strspn(name + 9, "0123456789") == strlen(name + 9) && strlen(name) < 16;
}

/* Does the text of a link in the directory lead to one of ours? */
static bool leads_to_ours(const struct sweep *s, const char *target)
{
	char path[LIMIT_PATH];

	if (target[0] == '/')
		return strv_has(&s->files, target);
	return path_join(s->dir, target, path, sizeof(path), NULL) == 0 &&
	       strv_has(&s->files, path);
}

static int number_path(const struct sweep *s, const char *name, unsigned long number, char *ret,
		       struct err *e)
{
	char numbered[32];

	snprintf(numbered, sizeof(numbered), "%.9s%lu", name, number);
	return path_join(s->dir, numbered, ret, LIMIT_PATH, e);
}

/* Make the link at @path what the next one is. Returns 1 if there is none that could move. */
static int move_down(struct sweep *s, const char *path, const char *next_path, struct err *e)
{
	cleanup_state struct state next = {0};
	struct vfs_meta meta;
	int r = state_capture(s->u->fs, next_path, &next, NULL, e);

	if (r < 0)
		return r;
	if (next.st.type != VFS_LINK || !undo_is_newer(s->u, &next.st))
		return 1;
	meta = state_metadata(&next);
	return changes_add_link(s->u->out, ROLE_STORE, path, next.target, &meta, e);
}

/* The links of this hash with higher numbers move down by one. */
static int close_up(struct sweep *s, const char *name, const char *path, struct err *e)
{
	unsigned long number = strtoul(name + 9, NULL, 10);
	char at[LIMIT_PATH];
	char next[LIMIT_PATH];
	int r = 0;

	memcpy(at, path, strlen(path) + 1);
	while (r == 0 && number++ < LIMIT_SOURCES) {
		r = number_path(s, name, number, next, e);
		if (r == 0)
			r = move_down(s, at, next, e);
		if (r == 0)
			memcpy(at, next, sizeof(at));
	}
	return r < 0 ? r : changes_add_drop(s->u->out, at, e);
}

static int look_at_link(struct sweep *s, const char *name, struct err *e)
{
	char target[LIMIT_PATH];
	char path[LIMIT_PATH];
	int r = path_join(s->dir, name, path, sizeof(path), e);

	if (r < 0)
		return r;
	r = vfs_readlink(s->u->fs, path, target, NULL);
	if (r < 0 || journal_find(s->u->j, path) || changes_find(s->u->out, path) ||
	    !leads_to_ours(s, target))
		return 0;
	return close_up(s, name, path, e);
}

/* Is there such a directory, and has anything happened in it since the install? */
static bool open_dir(struct sweep *s, const char *dir)
{
	const struct journal_entry *entry;
	struct vfs_stat st;

	strv_done(&s->names);
	s->names = STRV(LIMIT_DIR_ENTRIES);
	if (vfs_resolve(s->u->fs, dir, /* follow_last= */ true, s->dir, NULL) != 0 ||
	    vfs_lstat(s->u->fs, s->dir, &st, NULL) < 0 || st.type != VFS_DIR)
		return false;
	entry = journal_find(s->u->j, s->dir);
	if (entry) {
		size_t i = (size_t)(entry - s->u->j->v);

		if (state_untouched(undo_t1(s->u, i), &s->u->t2[i]))
			return false;
	} else if (!undo_is_newer(s->u, &st)) {
		return false;
	}
	return vfs_list(s->u->fs, s->dir, &s->names, NULL) == 0;
}

static int sweep_dirs(struct sweep *s,
		      int (*look)(struct sweep *s, const char *name, struct err *e), bool links,
		      struct err *e)
{
	int r = 0;

	for (const char *const *dir = s->u->j->family->p11_dirs; r == 0 && *dir; dir++) {
		if (!open_dir(s, *dir))
			continue;
		for (size_t i = 0; r == 0 && i < s->names.n; i++)
			if (is_hash_link(s->names.v[i]) == links)
				r = look(s, s->names.v[i], e);
	}
	return r;
}

/* The files that the journal knows and the plan takes away are ours, too: links may lead there. */
static int add_known_files(struct sweep *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->u->j->n; i++) {
		const struct journal_entry *entry = &s->u->j->v[i];

		if (entry->t0.st.type == VFS_ABSENT && entry->role == ROLE_STORE &&
		    s->u->t2[i].st.type == VFS_FILE && undo_removes(s->u, entry->path))
			r = strv_add(&s->files, entry->path, e);
	}
	return r;
}

static int sweep_one(struct undo *u, const struct authority *a, struct err *e)
{
	struct sweep s = {
		.u = u, .a = a, .names = STRV(LIMIT_DIR_ENTRIES), .files = STRV(LIMIT_DIR_ENTRIES)};
	size_t n_user = 0;
	int r = undo_count_sources(u, a, NULL, &n_user, e);

	if (r == 0 && n_user == 0) {
		r = add_known_files(&s, e);
		if (r == 0)
			r = sweep_dirs(&s, look_at_file, /* links= */ false, e);
		if (r == 0 && s.files.n > 0)
			r = sweep_dirs(&s, look_at_link, /* links= */ true, e);
	}
	strv_done(&s.names);
	strv_done(&s.files);
	return r;
}

/* Does the file hold authority @k? */
static int holds(const struct undo *u, const char *path, size_t k, bool *ret, struct err *e)
{
	const struct authorities *set = u->j->authorities;
	cleanup_free size_t *n = calloc(set->n + 1, sizeof(*n));
	cleanup_buf struct buf bytes = BUF(LIMIT_STORE_FILE);
	int r = n ? vfs_read_file(u->fs, path, &bytes, e) : err_oom(e);

	if (r == 0 && bytes.n > 0)
		r = store_format_of(bytes.data, bytes.n)->count(bytes.data, bytes.n, set, n, e);
	if (r == 0)
		*ret = n[k] > 0;
	return r;
}

/* Is it a file that holds authority @k, or a link that has its hash? */
static int is_about(const struct undo *u, size_t i, size_t k, bool *ret, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[i];
	char links[2][P11_LINK_SIZE];

	if (u->t2[i].st.type != VFS_LINK)
		return holds(u, entry->path, k, ret, e);
	*ret = p11_links_of(&u->j->authorities->v[k], links) &&
	       (strcmp(links[0], path_name(entry->path)) == 0 ||
		strcmp(links[1], path_name(entry->path)) == 0);
	return 0;
}

/* May the tool have read a drop-in file of ours? */
static bool has_dropin(const struct undo *u)
{
	for (size_t i = 0; i < u->j->n; i++)
		if (u->j->v[i].role == ROLE_DROPIN && u->t2[i].st.type != VFS_ABSENT)
			return true;
	return false;
}

/* Is it still the file that the install made? */
static bool is_the_same_file(const struct undo *u, size_t i)
{
	const struct state *t1 = undo_t1(u, i);
	bool ours = false;

	return t1->st.type == VFS_FILE && state_same_object(t1, &u->t2[i]) &&
	       undo_is_of_the_install(u, i, u->j->v[i].path, &ours, NULL) == 0 && ours;
}

/* Has a tool of the user's written it, which makes a new file, and need not have read ours? */
static bool is_of_tool(const struct undo *u, size_t i)
{
	if (!u->j->family || !u->j->installed || u->j->v[i].role != ROLE_STORE ||
	    state_untouched(undo_t1(u, i), &u->t2[i]) || is_the_same_file(u, i))
		return false;
	return u->j->family->p11_dirs || (u->t2[i].st.type == VFS_FILE && !has_dropin(u));
}

int undo_is_users_run(struct undo *u, size_t i, bool *ret, struct err *e)
{
	int r = 0;

	*ret = false;
	if (!is_of_tool(u, i))
		return 0;
	for (size_t k = 0; r == 0 && !*ret && k < u->j->authorities->n; k++) {
		size_t n_user = 0;

		r = undo_count_sources(u, &u->j->authorities->v[k], &u->t2[i], &n_user, e);
		if (r == 0 && n_user > 0)
			r = is_about(u, i, k, ret, e);
	}
	return r;
}

int undo_sweep_p11(struct undo *u, struct err *e)
{
	int r = 0;

	if (!u->j->family || !u->j->family->p11_dirs || !u->j->installed)
		return 0;
	for (size_t k = 0; r == 0 && k < u->j->authorities->n; k++)
		r = sweep_one(u, &u->j->authorities->v[k], e);
	return r;
}
