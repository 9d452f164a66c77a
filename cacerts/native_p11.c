/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/native_p11.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"

static const struct vfs_meta new_file = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0444};

static void p11_done(struct p11 *g)
{
	p11_ours_done(&g->ours);
	p11_certs_done(&g->source);
	p11_certs_done(&g->all);
	buf_done(&g->source_text);
	buf_done(&g->all_text);
}

/* ---- lists ---------------------------------------------------------------------------------- */

int p11_select(const struct p11 *g, const struct p11_output *o, struct p11_certs *ret,
	       struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->all.n; i++)
		if (o->is_all || p11_is_trusted_for(&g->all.v[i], o->purpose))
			r = p11_certs_add(&certs, &g->all.v[i], e);
	if (r < 0)
		return r;
	*ret = certs;
	certs = (struct p11_certs){.n = 0};
	return 0;
}

/* ---- outputs -------------------------------------------------------------------------------- */

int p11_check_output(struct p11 *g, const char *path, enum vfs_type type, mode_t mode,
		     char *ret_path, struct vfs_stat *ret, struct err *e)
{
	int r = native_check_time(g->n);

	(void)e;
	if (r != 0)
		return r;
	if (vfs_resolve(g->n->fs, path, /* follow_last= */ false, ret_path, NULL) != 0 ||
	    vfs_lstat(g->n->fs, ret_path, ret, NULL) < 0 || ret->type == VFS_ABSENT)
		return native_decline(g->n, "'%s' isn't there", path);
	if (ret->type != type || ret->mode != mode || ret->uid != 0 || ret->gid != 0 ||
	    ret->mountpoint)
		return native_decline(g->n, "'%s' is out of the ordinary", path);
	if (type == VFS_FILE && clock_compare(g->source_mtime, ret->mtime) > 0)
		return native_decline(g->n, "'%s' is older than its sources", path);
	return 0;
}

static int not_the_tools(struct p11 *g, const char *path)
{
	return native_decline(g->n, "'%s' is not what the tool would make now", path);
}

/* The bytes behind the first lines; @ret_head: how many those are. */
static bool skip_head(const struct buf *text, unsigned n_lines, size_t *ret_head)
{
	const char *p = text->data;

	for (; n_lines > 0; n_lines--) {
		p = p && *p == '#' ? memchr(p, '\n', text->n - (size_t)(p - text->data)) : NULL;
		if (!p)
			return false;
		p++;
	}
	*ret_head = p ? (size_t)(p - text->data) : 0;
	return true;
}

/* A file, its list, and where the list begins in it. */
struct output {
	const struct p11_output *o;
	char path[LIMIT_PATH];
	struct buf text;
	size_t head;
	struct p11_style style;
	struct p11_certs certs;
};

static void output_done(struct output *f)
{
	p11_certs_done(&f->certs);
	buf_done(&f->text);
}
#define cleanup_output cleanup(output_done)

/* It is p11-kit's if writing what was parsed gives what is there. */
static int read_output(struct p11 *g, struct output *f, struct err *e)
{
	cleanup_buf struct buf again = BUF(LIMIT_STORE_FILE);
	char dir[LIMIT_PATH];
	struct vfs_stat st;
	int r = p11_check_output(g, f->o->path, VFS_FILE, 0444, f->path, &st, e);

	if (r != 0)
		return r;
	path_parent(f->path, dir);
	r = native_check_inherited(g->n, dir);
	if (r != 0)
		return r;
	if (vfs_read_file(g->n->fs, f->path, &f->text, NULL) < 0 || f->text.n == 0)
		return native_decline(g->n, "'%s' can't be read", f->path);
	if (!skip_head(&f->text, f->o->n_head, &f->head))
		return not_the_tools(g, f->path);
	f->style = f->o->style;
	r = p11_parse(f->text.data + f->head, f->text.n - f->head, &f->style, &f->certs, e);
	if (r == P11_OTHER)
		return not_the_tools(g, f->path);
	if (r == 0)
		r = p11_write(&f->certs, &f->style, &again, e);
	if (r == 0 && (again.n != f->text.n - f->head ||
		       memcmp(again.data, f->text.data + f->head, again.n) != 0))
		return not_the_tools(g, f->path);
	if (r == 0 && p11_ours_clash(&g->ours, &f->certs, f->style.format))
		return native_decline(g->n, "'%s' holds an authority, or one of its name, already",
				      f->path);
	return r;
}

static int add_output(struct p11 *g, const struct output *f, struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	cleanup_buf struct buf list = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	struct p11_style style = f->style;
	int r = p11_put_before(&g->ours, &f->certs, style.format, &certs, e);

	style.date = g->layout->date ? g->layout->date : clock_wall_usec() / 1000000 * 1000;
	if (r == 0)
		r = p11_write(&certs, &style, &list, e);
	if (r == 0)
		r = buf_add(&text, f->text.data, f->head, e);
	if (r == 0)
		r = buf_add(&text, list.data, list.n, e);
	if (r == 0)
		r = changes_add_file(&g->n->p->changes, ROLE_STORE, f->path, text.data, text.n,
				     &new_file, e);
	if (r == 0)
		plan_note_store(g->n->p, f->path, style.format == P11_JKS ? "keystore" : "bundle",
				"native");
	return r;
}

static int plan_file(struct p11 *g, const struct p11_output *o, struct err *e)
{
	cleanup_output struct output f = {.o = o, .text = BUF(LIMIT_STORE_FILE)};
	cleanup_p11_certs struct p11_certs expected = {.n = 0};
	int r = read_output(g, &f, e);

	if (r == 0)
		r = p11_select(g, o, &expected, e);
	if (r == 0 && !p11_certs_equal(&expected, &f.certs))
		return not_the_tools(g, f.path);
	return r == 0 ? add_output(g, &f, e) : r;
}

/* The list of everything: that of a file, or put together of a directory's. */
static int read_all(struct p11 *g, struct err *e)
{
	for (const struct p11_output *o = g->layout->files; o->path; o++) {
		cleanup_output struct output f = {.o = o, .text = BUF(LIMIT_STORE_FILE)};
		int r;

		if (!o->is_all)
			continue;
		r = read_output(g, &f, e);
		if (r != 0)
			return r;
		if (!p11_certs_equal(&g->source, &f.certs))
			return not_the_tools(g, f.path);
		g->all = f.certs;
		g->all_text = f.text;
		f.certs = (struct p11_certs){.n = 0};
		f.text = BUF(0);
		return 0;
	}
	for (const struct p11_output *o = g->layout->dirs; o->path; o++)
		if (o->is_all)
			return p11_hash_dir_read_all(g, o, e);
	return native_decline(g->n, "the tool's outputs can't be proved");
}

/* ---- the engine ----------------------------------------------------------------------------- */

/* The drop-in file must lie where p11-kit looks: a plan may have had to skip it. */
static int check_dropin(struct p11 *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n->p->changes.n; i++)
		n += g->n->p->changes.v[i].role == ROLE_DROPIN;
	return n == 1 ? 0 : native_decline(g->n, "'%s' can't be written", g->layout->own);
}

static int make_ours(struct p11 *g, struct err *e)
{
	const char *why;
	int r = p11_ours_make(g->n->q->authorities, &g->ours, &why, e);

	return r == P11_ODD ? native_decline(g->n, "%s", why) : r;
}

static int check(struct p11 *g, struct err *e)
{
	int r = check_dropin(g);

	if (r == 0)
		r = native_check_commands(g->n, g->layout->commands);
	if (r == 0)
		r = make_ours(g, e);
	if (r == 0)
		r = p11_sources_check(g, e);
	return r == 0 ? read_all(g, e) : r;
}

static int plan_all(struct p11 *g, struct err *e)
{
	int r = 0;

	for (const struct p11_output *o = g->layout->files; r == 0 && o->path; o++)
		r = plan_file(g, o, e);
	for (const struct p11_output *o = g->layout->dirs; r == 0 && o->path; o++)
		r = p11_hash_dir_plan(g, o, e);
	return r;
}

/* Take back what was planned before a guard fired. */
static void forget(struct native *n, size_t n_changes, size_t n_stores)
{
	json_t *stores = json_object_get(n->p->report, "stores");

	changes_cut(&n->p->changes, n_changes);
	while (json_array_size(stores) > n_stores)
		json_array_remove(stores, json_array_size(stores) - 1);
}

int native_p11(struct native *n, const struct p11_layout *layout, struct err *e)
{
	cleanup(p11_done) struct p11 g = {.n = n, .layout = layout};
	size_t n_stores = json_array_size(json_object_get(n->p->report, "stores"));
	size_t n_changes = n->p->changes.n;
	int r = check(&g, e);

	if (r == 0)
		r = plan_all(&g, e);
	if (r == 0)
		n->p->complete = true;
	else
		forget(n, n_changes, n_stores);
	return r;
}
