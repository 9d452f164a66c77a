/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/native_p11.h"

struct append {
	const struct vfs *fs;
	struct cacerts_plan *p;
	const struct p11_layout *layout;
	struct p11_ours ours;
	bool any;
};

static const struct p11_layout *layout_of(const struct distro_family *family)
{
	if (family && strcmp(family->name, "rhel") == 0)
		return p11_layout_rhel();
	return family && strcmp(family->name, "suse") == 0 ? p11_layout_suse() : NULL;
}

/* ---- files ------------------------------------------------------------------------------------
 */

/* Comments before all certificates; p11-kit's own have one before each. */
static size_t length_of_head(const struct buf *text)
{
	const char *p = text->data;
	const char *end = text->data + text->n;

	while (p < end && *p == '#') {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : end;
	}
	return p < end ? (size_t)(p - text->data) : 0;
}

/* Is the text p11-kit's work in this style? It may be only if writing what it holds gives it. */
static int try_style(struct append *g, const char *text, size_t n, struct p11_style *style,
		     struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	cleanup_buf struct buf again = BUF(LIMIT_STORE_FILE);
	int r = p11_parse(text, n, style, &certs, e);

	if (r == 0)
		r = p11_write(&certs, style, &again, e);
	if (r != 0)
		return r;
	return certs.n > 0 && again.n == n && memcmp(again.data, text, n) == 0 &&
			       !p11_ours_clash(&g->ours, &certs, style->format)
		       ? 0
		       : P11_OTHER;
}

/* With the comments that the layout has, or without. @ret_head: bytes before the list. */
static int find_style(struct append *g, const struct p11_output *o, const struct buf *text,
		      struct p11_style *ret, size_t *ret_head, struct err *e)
{
	int r;

	*ret = o->style;
	*ret_head = 0;
	r = o->n_head ? P11_OTHER : try_style(g, text->data, text->n, ret, e);
	if (r != P11_OTHER || ret->format == P11_JKS || ret->format == P11_EDK2)
		return r;
	ret->comments = false;
	*ret_head = length_of_head(text);
	return try_style(g, text->data + *ret_head, text->n - *ret_head, ret, e);
}

/* Ours and what was there, one list behind the other, or put together for a keystore. */
static int make_text(struct append *g, const struct buf *old, size_t head,
		     const struct p11_style *style, struct buf *ret, struct err *e)
{
	cleanup_p11_certs struct p11_certs theirs = {.n = 0};
	cleanup_p11_certs struct p11_certs all = {.n = 0};
	cleanup_buf struct buf list = BUF(LIMIT_STORE_FILE);
	struct p11_style as_was = *style;
	const struct p11_style as_is = {.format = style->format,
					.comments = style->comments,
					.date = clock_wall_usec() / 1000000 * 1000};
	int r = p11_parse(old->data + head, old->n - head, &as_was, &theirs, e);

	if (r == 0)
		r = p11_put_before(&g->ours, &theirs, style->format, &all, e);
	if (r == 0)
		r = p11_write(&all, &as_is, &list, e);
	if (r == 0)
		r = buf_add(ret, old->data, head, e);
	return r == 0 ? buf_add(ret, list.data, list.n, e) : r;
}

static int append_file(struct append *g, const struct p11_output *o, struct err *e)
{
	cleanup_buf struct buf old = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	struct p11_style style;
	char path[LIMIT_PATH];
	struct vfs_stat st;
	size_t head;
	int r;

	if (vfs_resolve(g->fs, o->path, /* follow_last= */ true, path, NULL) != 0 ||
	    vfs_lstat(g->fs, path, &st, NULL) < 0 || st.type != VFS_FILE ||
	    vfs_read_file(g->fs, path, &old, NULL) < 0 || old.n == 0)
		return 0;
	r = find_style(g, o, &old, &style, &head, e);
	if (r == 0)
		r = make_text(g, &old, head, &style, &text, e);
	if (r == 0)
		r = plan_rewrite(g->p, g->fs, path, path, &st, &text, e);
	if (r != 0)
		return r < 0 ? r : 0;
	plan_note_store(g->p, path, style.format == P11_JKS ? "keystore" : "bundle", "append");
	g->any = true;
	if (style.format == P11_PEM && o->purpose == P11_SERVER)
		g->p->complete = true;
	return 0;
}

/* ---- hashed directories -----------------------------------------------------------------------
 */

static bool is_free(const struct append *g, const struct strv *names)
{
	for (size_t i = 0; i < g->ours.n; i++) {
		const struct p11_our *our = &g->ours.v[i];

		for (size_t k = 0; k < names->n; k++)
			if (strcmp(names->v[k], our->name) == 0 ||
			    strncmp(names->v[k], our->links[0], strlen("01234567.")) == 0 ||
			    strncmp(names->v[k], our->links[1], strlen("01234567.")) == 0)
				return false;
	}
	return true;
}

static int append_dir(struct append *g, const struct p11_output *o, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r = 0;

	if (vfs_resolve(g->fs, o->path, /* follow_last= */ true, path, NULL) != 0 ||
	    vfs_lstat(g->fs, path, &st, NULL) < 0 || st.type != VFS_DIR ||
	    vfs_list(g->fs, path, &names, NULL) < 0 || names.n == 0 || !is_free(g, &names))
		return 0;
	for (size_t i = 0; r == 0 && i < g->ours.n; i++)
		r = p11_hash_dir_add(g->p, path, o->style.format, &g->ours.v[i], "append", e);
	g->any |= r == 0;
	return r;
}

int plan_p11_append(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		    struct err *e)
{
	struct append g = {.fs = fs, .p = p, .layout = layout_of(p->distro.family)};
	const char *why;
	int r;

	if (!g.layout)
		return PLAN_P11_NOT;
	r = p11_ours_make(q->authorities, &g.ours, &why, e);
	if (r != 0)
		return r < 0 ? r : PLAN_P11_NOT;
	for (const struct p11_output *o = g.layout->files; r == 0 && o->path; o++)
		r = append_file(&g, o, e);
	for (const struct p11_output *o = g.layout->dirs; r == 0 && o->path; o++)
		r = append_dir(&g, o, e);
	p11_ours_done(&g.ours);
	return r == 0 && !g.any ? PLAN_P11_NOT : r;
}
