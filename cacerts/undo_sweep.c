/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool that the user process ran has linked our drop-in files in the hashed directory: links
 * that no install made and no journal knows. They leave too, and the numbers of the links that
 * stay become what the tool would have given them without ours.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/p11_ours.h"
#include "cacerts/pem.h"
#include "cacerts/undo_plan.h"

struct hash_link {
	char *target;                 /* owned */
	unsigned number;              /* of "<hash>.<number>" */
	const struct authority *ours; /* whose it is; NULL: the user's or the image's */
	bool kept;                    /* nobody touched it since the install: it keeps its number */
};

/* The hash links of one authority's subject, sorted by number. */
struct hash_links {
	struct hash_link v[LIMIT_HASH_LINKS]; /* those beyond are left as they are */
	size_t n;
};

static void links_done(struct hash_links *links)
{
	for (size_t i = 0; i < links->n; i++)
		free(links->v[i].target);
}

static void links_insert(struct hash_links *links, struct hash_link link)
{
	size_t at = links->n++;

	for (; at > 0 && links->v[at - 1].number > link.number; at--)
		links->v[at] = links->v[at - 1];
	links->v[at] = link;
}

/*
 * Whose file does the text of a link in the hashed directory lead to, if it is one of ours? Any of
 * them may have the subject of @a.
 */
static const struct authority *leads_to(const struct undo *u, const char *target,
					const struct authority *a)
{
	const struct authorities *set = u->j->authorities;

	/* A bundle that held nothing but our certificate was hashed as if it were a certificate. */
	if (strcmp(target, path_name(u->j->family->bundle)) == 0)
		return a;
	for (size_t k = 0; k < set->n; k++)
		if (names_is_ours(target, &set->v[k]))
			return &set->v[k];
	return NULL;
}

/* Plans the removal of a link to ours that the journal doesn't know. */
static int drop_unknown(struct undo *u, const char *path, struct err *e)
{
	if (undo_removes(u, path) || journal_find(u->j, path))
		return 0;
	return changes_add_drop(u->out, path, e);
}

static int add_hash_link(struct undo *u, const char *path, const char *target, unsigned number,
			 const struct authority *a, struct hash_links *links, struct err *e)
{
	struct hash_link link = {.number = number, .ours = leads_to(u, target, a)};
	struct vfs_stat st;
	int r = vfs_lstat(u->fs, path, &st, e);

	if (r < 0 || links->n == LIMIT_HASH_LINKS)
		return r;
	link.kept = !link.ours && !undo_is_newer(u, &st);
	link.target = strdup(target);
	if (!link.target)
		return err_oom(e);
	links_insert(links, link);
	return 0;
}

/* Takes a name of the hashed directory into @links if it is a hash link of @a. */
static int look_at(struct undo *u, const char *dir, const char *name, const struct authority *a,
		   struct hash_links *links, struct err *e)
{
	char path[LIMIT_PATH];
	char target[LIMIT_PATH];
	unsigned number = 0;
	bool hashed = names_is_hash_link(name, a, &number);
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
	if (r == 0 && hashed)
		return add_hash_link(u, path, target, number, a, links, e);
	return r == 0 && names_is_ours(target, a) ? drop_unknown(u, path, e) : r;
}

static bool has_link_to(const struct hash_links *links, const char *target)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->v[i].target, target) == 0)
			return true;
	return false;
}

/* Is @path, or the file that it leads to, the certificate @a of the user's? */
static bool is_same_certificate(struct undo *u, const char *path, const struct authority *a)
{
	cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);
	char file[LIMIT_PATH];
	struct vfs_stat st;

	if (vfs_resolve(u->fs, path, true /* follow_last= */, file, NULL) != 0 ||
	    vfs_lstat(u->fs, file, &st, NULL) < 0 || !undo_may_read(u, st.size) ||
	    vfs_read_file(u->fs, file, &text, NULL) < 0)
		return false; /* rehash would have skipped it too */
	if (changes_find(u->out, path) || changes_find(u->out, file))
		return false; /* it holds what is ours, under another name */
	return pem_is_only(text.data, text.n, a);
}

/* Does a link in the directory say @name? */
static bool is_linked(const struct undo *u, const char *dir, const struct strv *names,
		      const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		char path[LIMIT_PATH];
		char target[LIMIT_PATH];

		if (path_join(dir, names->v[i], path, sizeof(path), NULL) == 0 &&
		    vfs_readlink(u->fs, path, target, NULL) == 0 && strcmp(target, name) == 0)
			return true;
	}
	return false;
}

/*
 * Is @path a link of a tool's to a file that is gone by now? Had it been another certificate, it
 * would have a hash link of its own.
 */
static bool is_lost(const struct undo *u, const char *dir, const struct strv *names,
		    const char *path)
{
	char file[LIMIT_PATH];
	struct vfs_stat st;

	if (vfs_lstat(u->fs, path, &st, NULL) < 0 || st.type != VFS_LINK || !undo_is_newer(u, &st))
		return false;
	if (vfs_resolve(u->fs, path, true /* follow_last= */, file, NULL) == 0 &&
	    vfs_lstat(u->fs, file, &st, NULL) == 0 && st.type != VFS_ABSENT)
		return false;
	return !is_linked(u, dir, names, path_name(path));
}

/* Will the bundle hold @a more often than at T0? Then a file of the user's was taken into it. */
static bool stays_in_bundle(const struct undo *u, const struct authority *a)
{
	const struct journal_entry *entry = journal_find(u->j, u->j->family->bundle);
	const struct change *c = changes_find(u->out, u->j->family->bundle);
	size_t k = (size_t)(a - u->j->authorities->v);

	return entry && c && c->kind == CHANGE_FILE &&
	       pem_count(c->bytes, c->n_bytes, a) > (entry->n_ours ? entry->n_ours[k] : 0);
}

/*
 * A certificate of the user's that is the same as @a has no link of its own: rehash took it for
 * a duplicate of ours. It inherits our number.
 */
static bool find_heir(struct undo *u, const char *dir, const struct strv *names,
		      const struct authority *a, char *ret, size_t size)
{
	bool may_be_lost = stays_in_bundle(u, a);

	for (size_t i = 0; i < names->n; i++) {
		const char *dot = strrchr(names->v[i], '.');
		char path[LIMIT_PATH];

		if (!dot || strcmp(dot, ".pem") != 0 || names_is_ours(names->v[i], a) ||
		    path_join(dir, names->v[i], path, sizeof(path), NULL) < 0)
			continue;
		if (is_same_certificate(u, path, a) ||
		    (may_be_lost && is_lost(u, dir, names, path))) {
			snprintf(ret, size, "%s", names->v[i]);
			return true;
		}
	}
	return false;
}

static int hash_path(const char *dir, const struct authority *a, unsigned number, char *ret,
		     size_t size, struct err *e)
{
	char name[32];

	snprintf(name, sizeof(name), "%08x.%u", a->subject_hash, number);
	return path_join(dir, name, ret, size, e);
}

/* The lowest number from @from on that no kept link has. */
static unsigned free_number(const struct hash_links *links, unsigned from)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].kept && links->v[i].number == from)
			from++; /* sorted: the next ones can only be higher */
	return from;
}

/* Has anything happened to the directory or link at @path since the install? */
static bool is_touched(const struct undo *u, const char *path)
{
	const struct journal_entry *entry = journal_find(u->j, path);
	size_t i = (size_t)(entry - u->j->v);

	return !entry || !state_untouched(undo_t1(u, i), &u->t2[i]);
}

/*
 * An heir of the link at @path was linked when its ".pem" was, or by a later rehash, which made
 * that of ours: @s becomes what its link would be.
 */
static int inherit(const struct undo *u, const char *dir, const char *heir, const char *path,
		   struct state *s, struct err *e)
{
	cleanup_state struct state pem = {0};
	char pem_path[LIMIT_PATH];
	int r = path_join(dir, heir, pem_path, sizeof(pem_path), e);

	if (r == 0)
		r = state_capture(u->fs, pem_path, &pem, NULL, e);
	if (r < 0 || (is_touched(u, path) && clock_compare(s->st.mtime, pem.st.mtime) > 0))
		return r;
	state_done(s);
	*s = pem;
	pem = (struct state){0};
	return 0;
}

/* Makes <hash>.<to> what <hash>.<link's number> was, with @target as its text. */
static int move_link(struct undo *u, const char *dir, const struct authority *a,
		     const struct hash_link *link, unsigned to, const char *target, struct err *e)
{
	cleanup_state struct state s = {0};
	struct vfs_meta meta;
	char was[LIMIT_PATH];
	char now[LIMIT_PATH];
	int r = hash_path(dir, a, link->number, was, sizeof(was), e);

	if (r == 0)
		r = hash_path(dir, a, to, now, sizeof(now), e);
	if (r == 0)
		r = state_capture(u->fs, was, &s, NULL, e);
	if (r == 0 && link->ours)
		r = inherit(u, dir, target, was, &s, e);
	if (r < 0)
		return r;
	meta = state_metadata(&s);
	return changes_add_link(u->out, ROLE_STORE, now, target, &meta, e);
}

/* Every number that was in use by a link that moved or left, from @from on, becomes free. */
static int free_numbers(struct undo *u, const char *dir, const struct authority *a,
			const struct hash_links *links, unsigned from, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < links->n; i++) {
		char path[LIMIT_PATH];

		if (links->v[i].kept || links->v[i].number < from)
			continue;
		r = hash_path(dir, a, links->v[i].number, path, sizeof(path), e);
		if (r == 0 && !undo_removes(u, path))
			r = changes_add_remove(u->out, path, e);
	}
	return r;
}

/* The heir of link @i, which is ours; one link is enough for each. */
static bool find_heir_of(struct undo *u, const char *dir, const struct strv *names,
			 const struct hash_links *links, size_t i, char *ret, size_t size)
{
	const struct authority *a = links->v[i].ours;

	for (size_t k = 0; k < i; k++)
		if (links->v[k].ours == a)
			return false;
	return find_heir(u, dir, names, a, ret, size) && !has_link_to(links, ret);
}

/* Without ours the links that are younger than the install close up; ours goes to the heir. */
static int renumber(struct undo *u, const char *dir, const struct strv *names,
		    const struct authority *a, const struct hash_links *links, struct err *e)
{
	unsigned next = free_number(links, 0);
	int r = 0;

	for (size_t i = 0; r == 0 && i < links->n; i++) {
		const struct hash_link *link = &links->v[i];
		char heir[NAME_MAX + 1];

		if (link->kept ||
		    (link->ours && !find_heir_of(u, dir, names, links, i, heir, sizeof(heir))))
			continue;
		if (link->ours || link->number != next)
			r = move_link(u, dir, a, link, next, link->ours ? heir : link->target, e);
		next = free_number(links, next + 1);
	}
	return r == 0 ? free_numbers(u, dir, a, links, next, e) : r;
}

/* @numbers: close them up, too */
static int sweep_one(struct undo *u, const char *dir, const struct strv *names,
		     const struct authority *a, bool numbers, struct err *e)
{
	struct hash_links links = {.n = 0};
	bool any_ours = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++)
		r = look_at(u, dir, names->v[i], a, &links, e);
	for (size_t i = 0; i < links.n; i++)
		any_ours |= links.v[i].ours != NULL;
	if (r == 0 && any_ours && numbers)
		r = renumber(u, dir, names, a, &links, e);
	links_done(&links);
	return r;
}

/* The hash of the subject that OpenSSL had once, and c_rehash still makes links by; 0: none. */
static uint32_t older_hash(const struct authority *a)
{
	char links[2][P11_LINK_SIZE];

	return p11_links_of(a, links) ? (uint32_t)strtoul(links[1], NULL, 16) : 0;
}

/* Has an authority before @a the same links? @older: the older hash, or 0 for today's. */
static bool is_swept(const struct undo *u, const struct authority *a, uint32_t older)
{
	for (const struct authority *b = u->j->authorities->v; b < a; b++)
		if (b->subject_hash == a->subject_hash && (!older || older_hash(b) == older))
			return true;
	return false;
}

static int sweep_both(struct undo *u, const char *dir, const struct strv *names,
		      const struct authority *a, struct err *e)
{
	struct authority by_md5 = *a; /* borrows all */
	int r = sweep_one(u, dir, names, a, !is_swept(u, a, 0), e);

	by_md5.subject_hash = older_hash(a);
	if (r < 0 || !by_md5.subject_hash || is_swept(u, a, by_md5.subject_hash))
		return r;
	return sweep_one(u, dir, names, &by_md5, /* numbers= */ true, e);
}

/* In a directory that nobody can list, the names that links to ours would have. */
static int guess_names(const struct undo *u, struct strv *ret, struct err *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < u->j->authorities->n; k++) {
		const struct authority *a = &u->j->authorities->v[k];
		char path[LIMIT_PATH];

		r = names_dropin(a, "/", ".pem", path, sizeof(path), e);
		if (r == 0)
			r = strv_add(ret, path_name(path), e);
		for (unsigned number = 0; r == 0 && number < LIMIT_HASH_LINKS; number++) {
			r = hash_path("/", a, number, path, sizeof(path), e);
			if (r == 0)
				r = strv_add(ret, path_name(path), e);
		}
	}
	return r;
}

static int list_names(const struct undo *u, const char *dir, struct strv *ret, struct err *e)
{
	int r = vfs_list(u->fs, dir, ret, e);

	if (r != -E2BIG)
		return r;
	err_clear(e);
	return guess_names(u, ret, e);
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
	r = list_names(u, dir, &names, e);
	for (size_t k = 0; r == 0 && k < u->j->authorities->n; k++)
		r = sweep_both(u, dir, &names, &u->j->authorities->v[k], e);
	return r;
}
