/* SPDX-License-Identifier: Apache-2.0 */
/* The undo of files and links: three-way, attribute by attribute and certificate by certificate. */
#include <string.h>

#include "base/limits.h"
#include "cacerts/store_format.h"
#include "cacerts/undo_plan.h"

/* Nothing of ours stays at this path: what is below shows again, or a removal by the image's
 * own whiteout.  */
static int restore_absence(struct undo *u, const struct undo_place *p, struct err *e)
{
	const struct journal_entry *entry = &u->j->v[p->i];

	return entry->t0.st.whiteout && p->path == entry->path
		       ? changes_add_remove(u->out, p->path, e)
		       : changes_add_drop(u->out, p->path, e);
}

static int put_back(struct undo *u, const struct undo_place *p, const struct vfs_meta *meta,
		    struct err *e)
{
	const struct journal_entry *entry = &u->j->v[p->i];
	cleanup_buf struct buf before = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf now = BUF(LIMIT_STORE_FILE);
	int r = 0;

	if (entry->t0.st.type == VFS_LINK)
		return changes_add_link(u->out, ROLE_STORE, p->path, entry->t0.target, meta, e);
	if (entry->kept.how == CONTENT_WITHIN)
		r = vfs_read_file(u->fs, p->path, &now, e);
	if (r == 0)
		r = journal_read_before(u->j, p->i, &now, &before, e);
	if (r == JOURNAL_UNTOLD)
		return err_set(e, -EINVAL, ERR_INVALID, "what '%s' held can't be told", p->path);
	if (r < 0)
		return r;
	return changes_add_file(u->out, ROLE_STORE, p->path, before.data, before.n, meta, e);
}

/* T2 holds what the install put there: T0 comes back, with the attributes that the user set. */
static int restore(struct undo *u, const struct undo_place *p, struct err *e)
{
	const struct state *t0 = &u->j->v[p->i].t0;
	const struct state *t1 = undo_t1(u, p->i);
	struct vfs_meta meta;

	if (t0->st.type == VFS_ABSENT)
		return restore_absence(u, p, e);
	/* What the user touched, if only in passing, has been copied up without us too. */
	if (!t0->st.in_top && state_untouched(t1, p->t2))
		return changes_add_drop(u->out, p->path, e);
	state_merge_metadata(t0, t1, p->t2, &meta);
	return put_back(u, p, &meta, e);
}

/* Did a tool write it that puts equal certificates out once, for the user's file and ours? */
static bool is_put_out_once(const struct undo *u, const struct undo_place *p)
{
	return u->j->family && u->j->family->p11_dirs &&
	       !state_same_object(undo_t1(u, p->i), p->t2);
}

/*
 * How many copies of authority @k leave a file that the user rewrote. Of its @n_t2 it had some at
 * T0, some are explained by the user's own new certificates, and the rest is ours: what the
 * install added, or one that a tool took over from our drop-in file.
 */
static int n_ours_of(struct undo *u, const struct undo_place *p, size_t k, size_t n_t2, size_t *ret,
		     struct err *e)
{
	const struct journal_entry *entry = &u->j->v[p->i];
	const struct authority *a = &u->j->authorities->v[k];
	size_t n_t0 = entry->n_ours ? entry->n_ours[k] : 0;
	size_t n_user = 0;
	int r = 0;

	if (n_t2 > n_t0)
		r = undo_count_sources(u, a, p->t2, &n_user, e);
	if (r < 0)
		return r;
	if (n_user > 0 && is_put_out_once(u, p))
		*ret = 0;
	else
		*ret = n_t2 > n_t0 + n_user ? 1 : 0; /* an install adds each authority once */
	return 0;
}

/* Makes of each count in @n how many of them leave; @ret is their sum. */
static int find_ours(struct undo *u, const struct undo_place *p, size_t *n, size_t *ret,
		     struct err *e)
{
	int r = 0;

	*ret = 0;
	for (size_t k = 0; r == 0 && k < u->j->authorities->n; k++) {
		r = n_ours_of(u, p, k, n[k], &n[k], e);
		*ret += n[k];
	}
	return r;
}

/*
 * Where the image had a bundle, a file that holds our certificate and no other was not made by
 * a tool: the user wants exactly this one. What people don't edit was made by a tool.
 */
static bool is_users_choice(const struct journal_entry *entry, const struct store_format *format,
			    const struct buf *stripped)
{
	return format->is_text && entry->t0.st.type == VFS_FILE && entry->t0.st.size > 0 &&
	       format->is_empty(stripped->data, stripped->n);
}

/*
 * What the file held before the install; nothing if it wasn't there, or the install left it.
 * JOURNAL_UNTOLD if that can't be told from @now.
 */
static int read_before(const struct undo *u, size_t i, const struct buf *now, struct buf *ret,
		       struct err *e)
{
	const struct state *t0 = &u->j->v[i].t0;

	if (t0->st.type != VFS_FILE || state_same_content(t0, undo_t1(u, i)))
		return 0;
	return journal_read_before(u->j, i, now, ret, e);
}

/* Is @text what the install wrote, and more? */
static bool is_appended(const struct state *t1, const struct buf *text)
{
	size_t n = (size_t)t1->st.size;

	return n > 0 && text->n > n && state_has_content(t1, text->data, n);
}

/* Is the rest of @text, behind what was there before, a piece of ours that was cut off? */
static bool is_cut(const struct authorities *set, const struct buf *text, const struct buf *before)
{
	size_t n = text->n - before->n;

	if (text->n <= before->n || (before->n && memcmp(text->data, before->data, before->n) != 0))
		return false;
	for (size_t i = 0; i < set->n; i++)
		if (n < strlen(set->v[i].pem) &&
		    memcmp(text->data + before->n, set->v[i].pem, n) == 0)
			return true;
	return false;
}

/*
 * The cases in which it is clear what the user did: he wrote behind what was there, or he cut the
 * end off. Returns 1, and puts into @ret what he would have without us; 0 in others.
 */
static int strip_end(const struct undo *u, size_t i, const struct buf *text, struct buf *ret,
		     struct err *e)
{
	const struct state *t1 = undo_t1(u, i);
	cleanup_buf struct buf before = BUF(LIMIT_STORE_FILE);
	size_t n = (size_t)t1->st.size;
	int r;

	if (state_same_content(&u->j->v[i].t0, t1))
		return 0;
	r = read_before(u, i, text, &before, e);
	if (r != 0)
		return r == JOURNAL_UNTOLD ? 0 : r;
	if (is_appended(t1, text))
		r = buf_add(&before, text->data + n, text->n - n, e);
	else if (!is_cut(u->j->authorities, text, &before))
		return 0;
	if (r < 0)
		return r;
	r = buf_add(ret, before.data, before.n, e);
	return r < 0 ? r : 1;
}

static int put_stripped(struct undo *u, const struct undo_place *p, const struct buf *rest,
			struct err *e)
{
	const struct vfs_meta meta = state_metadata(p->t2);

	if (rest->n == 0 && u->j->v[p->i].t0.st.type == VFS_ABSENT)
		return restore_absence(u, p, e); /* it held nothing but ours */
	return changes_add_file(u->out, ROLE_STORE, p->path, rest->data, rest->n, &meta, e);
}

static int strip_text(struct undo *u, const struct undo_place *p, const struct buf *text,
		      struct err *e)
{
	const struct journal_entry *entry = &u->j->v[p->i];
	const struct authorities *set = u->j->authorities;
	cleanup_buf struct buf before = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf rest = BUF(LIMIT_STORE_FILE);
	cleanup_free size_t *n = calloc(set->n + 1, sizeof(*n));
	const struct store_format *format = store_format_of(text->data, text->n);
	struct store_why why;
	size_t n_ours = 0;
	int r = n ? format->count(text->data, text->n, set, n, e) : err_oom(e);

	if (r == 0)
		r = find_ours(u, p, n, &n_ours, e);
	if (r == 0 && n_ours > 0)
		r = format->strip(text->data, text->n, set, n, &rest, &why, e);
	if (r < 0)
		return r;
	if (r == STORE_CANT || n_ours == 0 || is_users_choice(entry, format, &rest))
		return 0;
	r = read_before(u, p->i, &rest, &before, e);
	if (r < 0)
		return r;
	if (r == 0 && is_cut(set, &rest, &before))
		rest.n = before.n;
	return put_stripped(u, p, &rest, e);
}

static int is_users_run(struct undo *u, const struct undo_place *p, bool *ret, struct err *e)
{
	if (p->path != u->j->v[p->i].path)
		return 0; /* a tool writes to no other */
	return undo_is_users_run(u, p->i, ret, e);
}

static int strip(struct undo *u, const struct undo_place *p, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf rest = BUF(LIMIT_STORE_FILE);
	bool is_users = false;
	int r = vfs_read_file(u->fs, p->path, &text, e);

	/* What his tool wrote may begin like ours. */
	if (r == 0 && !state_same_object(undo_t1(u, p->i), p->t2))
		r = is_users_run(u, p, &is_users, e);
	if (r == 0 && !is_users)
		r = strip_end(u, p->i, &text, &rest, e);
	if (r < 0)
		return r;
	undo_keep(u, p->path);
	return r > 0 ? put_stripped(u, p, &rest, e) : strip_text(u, p, &text, e);
}

/* It holds what the install put there, and that is what the user wants: only others leave. */
static int keep_users(struct undo *u, const struct undo_place *p, struct err *e)
{
	if (p->t2->st.type == VFS_FILE)
		return strip(u, p, e);
	undo_keep(u, p->path);
	return 0;
}

static int undo_same(struct undo *u, const struct undo_place *p, struct err *e)
{
	bool is_users = false;
	int r = is_users_run(u, p, &is_users, e);

	if (r < 0)
		return r;
	return is_users ? keep_users(u, p, e) : restore(u, p, e);
}

/* Is there nothing that an undo can take ours out of, or that has any of it? */
static bool is_all_users(const struct undo *u, const struct undo_place *p)
{
	const struct state *t0 = &u->j->v[p->i].t0;

	switch (p->t2->st.type) {
	case VFS_UNREACHABLE:
	case VFS_DIR:
	case VFS_SPECIAL:
		return true;
	case VFS_FILE:
		if (state_is_large(p->t2) && !state_same_content(t0, p->t2))
			return true; /* nobody looks into it */
		return p->path == u->j->v[p->i].path && undo_is_anew(u, p->i);
	default:
		return false;
	}
}

int undo_plan_place(struct undo *u, const struct undo_place *p, struct err *e)
{
	const struct state *t0 = &u->j->v[p->i].t0;
	const struct state *t1 = undo_t1(u, p->i);
	const struct state *t2 = p->t2;

	if (is_all_users(u, p)) {
		undo_keep(u, p->path);
		return 0;
	}
	if (state_same_content(t0, t2) && state_same_metadata(t0, t2) &&
	    t0->st.in_top == t2->st.in_top)
		return 0; /* it is as it was */
	if (state_same_content(t1, t2) &&
	    (!state_same_content(t0, t1) || !state_same_metadata(t0, t1)))
		return undo_same(u, p, e);
	if (t2->st.type == VFS_FILE && !state_same_content(t0, t2))
		return strip(u, p, e);
	if (!state_untouched(t1, t2))
		undo_keep(u, p->path);
	return 0;
}

int undo_plan_file(struct undo *u, size_t i, struct err *e)
{
	const struct undo_place p = {.i = i, .path = u->j->v[i].path, .t2 = &u->t2[i]};

	if (undo_is_below(u, i)) /* the drop says to others that it goes */
		return u->j->v[i].is_left ? 0 : changes_add_drop(u->out, p.path, e);
	return undo_plan_place(u, &p, e);
}
