/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p11-kit's hashed directories: a file for each certificate, named by its label, and links
 * "<hash>.<number>" to it, one by each of OpenSSL's two ways to hash a subject.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/native_p11.h"

enum { N_LINKS = 2, LABEL_MAX = 200 /* longer names are cut by some versions */ };

/* A file that has to be there. */
struct expected {
	char *name; /* owned */
	size_t size;
	unsigned n_links;
	bool seen;
};

struct link {
	char name[16];
	const struct expected *file;
};

struct scan {
	struct p11 *g;
	const struct p11_output *o;
	char dir[LIMIT_PATH];
	struct expected *v; /* sorted by name */
	size_t n;
	struct link *links; /* sorted by name, as names are listed */
	size_t n_hash_links;
	size_t n_other_links;
};

static void scan_done(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	free(s->links);
}

/* "01234567.0", as the tools make them. */
static bool is_hash_link(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == 8 && name[8] == '.' && name[9] &&
	       strlen(name) < sizeof(((struct link *)0)->name) &&
	       strspn(name + 9, "0123456789") == strlen(name + 9);
}

static size_t size_of_file(const struct p11_cert *cert, enum p11_format format)
{
	size_t n = cert->n_der + (format == P11_TRUSTED ? cert->n_aux : 0);
	size_t n_lines = format == P11_TRUSTED ? sizeof("-----BEGIN TRUSTED CERTIFICATE-----\n"
							"-----END TRUSTED CERTIFICATE-----\n")
					       : sizeof("-----BEGIN CERTIFICATE-----\n"
							"-----END CERTIFICATE-----\n");

	return n_lines - 1 + (n + 2) / 3 * 4 + (n + 47) / 48;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct expected *)a)->name, ((const struct expected *)b)->name);
}

static struct expected *find(const struct scan *s, char *name)
{
	const struct expected key = {.name = name};

	return s->n ? bsearch(&key, s->v, s->n, sizeof(*s->v), by_name) : NULL;
}

static bool is_taken(const struct scan *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return true;
	return false;
}

/* "<name>.pem", or "<name>.1.pem" and so on where that is taken. */
static int expect(struct scan *s, const struct p11_cert *cert, struct err *e)
{
	char base[LABEL_MAX + 1];
	char name[LABEL_MAX + 32];

	if (!cert->label || cert->n_label > LABEL_MAX)
		return native_decline(s->g->n, "a certificate's name is out of the ordinary");
	p11_name_of(cert->label, cert->n_label, base);
	snprintf(name, sizeof(name), "%s.pem", base);
	for (unsigned i = 1; is_taken(s, name); i++)
		snprintf(name, sizeof(name), "%s.%u.pem", base, i);
	s->v[s->n] = (struct expected){.name = strdup(name),
				       .size = size_of_file(cert, s->o->style.format)};
	return s->v[s->n].name ? (s->n++, 0) : err_oom(e);
}

static int expect_all(struct scan *s, struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	int r = p11_select(s->g, s->o, &certs, e);

	if (r < 0)
		return r;
	s->v = calloc(certs.n + 1, sizeof(*s->v));
	s->links = calloc(N_LINKS * certs.n + 1, sizeof(*s->links));
	if (!s->v || !s->links)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < certs.n; i++)
		r = expect(s, &certs.v[i], e);
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_name);
	return r;
}

static int odd(struct scan *s, const char *path)
{
	return native_decline(s->g->n, "'%s' is out of the ordinary", path);
}

static int take_file(struct scan *s, char *name, const char *path, struct err *e)
{
	struct expected *file = find(s, name);
	char resolved[LIMIT_PATH];
	struct vfs_stat st;
	int r;

	if (!file)
		return odd(s, path);
	r = p11_check_output(s->g, path, VFS_FILE, 0444, resolved, &st, e);
	if (r == 0 && (size_t)st.size != file->size)
		return odd(s, path);
	file->seen = true;
	return r;
}

/* A link that the tool itself adds, of these pairs. */
static bool is_tools_link(const char *const *links, const char *name, const char *target)
{
	for (; links && *links; links += 2)
		if (strcmp(links[0], name) == 0)
			return strcmp(links[1], target) == 0;
	return false;
}

static int take_link(struct scan *s, const char *name, const char *path, char *target)
{
	struct expected *file;

	if (is_tools_link(s->o->links, name, target)) {
		s->n_other_links++;
		return 0;
	}
	file = is_hash_link(name) ? find(s, target) : NULL;
	if (!file || file->n_links == N_LINKS)
		return odd(s, path);
	file->n_links++;
	snprintf(s->links[s->n_hash_links].name, sizeof(s->links->name), "%s", name);
	s->links[s->n_hash_links++].file = file;
	return 0;
}

static int take(struct scan *s, char *name, struct err *e)
{
	char target[LIMIT_PATH];
	char path[LIMIT_PATH];
	int r = path_join(s->dir, name, path, sizeof(path), e);

	if (r < 0)
		return r;
	if (vfs_readlink(s->g->n->fs, path, target, NULL) == 0)
		return take_link(s, name, path, target);
	return take_file(s, name, path, e);
}

static size_t count_pairs(const char *const *links)
{
	size_t n = 0;

	for (; links && *links; links += 2)
		n++;
	return n;
}

/* Nothing may have a hash of ours, under any number. */
static bool is_hash_taken(const struct strv *names, const struct p11_our *our)
{
	for (size_t i = 0; i < names->n; i++)
		for (size_t k = 0; k < N_LINKS; k++)
			if (strncmp(names->v[i], our->links[k], strlen("01234567.")) == 0)
				return true;
	return false;
}

static int check_ours(struct scan *s, const struct strv *names)
{
	for (size_t i = 0; i < s->g->ours.n; i++)
		if (is_taken(s, s->g->ours.v[i].name) || is_hash_taken(names, &s->g->ours.v[i]))
			return native_decline(s->g->n,
					      "an authority shares its name or subject hash with "
					      "one of the image");
	return 0;
}

static int check_dir(struct scan *s, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	struct vfs_stat st;
	int r = p11_check_output(s->g, s->o->path, VFS_DIR, 0555, s->dir, &st, e);

	if (r == 0)
		r = native_check_inherited(s->g->n, s->dir);
	if (r == 0)
		r = expect_all(s, e);
	if (r == 0 && vfs_list(s->g->n->fs, s->dir, &names, NULL) < 0)
		return native_decline(s->g->n, "'%s' can't be listed", s->dir);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = take(s, names.v[i], e);
	for (size_t i = 0; r == 0 && i < s->n; i++)
		if (!s->v[i].seen || s->v[i].n_links != N_LINKS)
			return native_decline(s->g->n, "'%s/%s' has not its file and two links",
					      s->dir, s->v[i].name);
	if (r == 0 && s->n_other_links != count_pairs(s->o->links))
		return native_decline(s->g->n, "'%s' lacks a link of the tool's own", s->dir);
	return r == 0 ? check_ours(s, &names) : r;
}

/* ---- the directory of links to the first ------------------------------------------------------
 */

/* Each hash link there is of the same name here, and leads to the same file. */
static int check_linked(struct scan *s, const char *dir, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	size_t n = 0;
	int r = 0;

	if (vfs_list(s->g->n->fs, dir, &names, NULL) < 0)
		return native_decline(s->g->n, "'%s' can't be listed", dir);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char expected[LIMIT_PATH];
		char target[LIMIT_PATH];
		char path[LIMIT_PATH];

		r = path_join(dir, names.v[i], path, sizeof(path), e);
		if (r == 0 && vfs_readlink(s->g->n->fs, path, target, NULL) < 0) {
			struct vfs_stat st;

			if (vfs_lstat(s->g->n->fs, path, &st, NULL) < 0 || st.type != VFS_FILE ||
			    is_hash_link(names.v[i]))
				return odd(s, path);
			continue;
		}
		if (r < 0 || !is_hash_link(names.v[i]))
			continue;
		if (n >= s->n_hash_links || strcmp(s->links[n].name, names.v[i]) != 0)
			return odd(s, path);
		r = path_join(s->dir, s->links[n].file->name, expected, sizeof(expected), e);
		if (r == 0 && strcmp(expected, target) != 0)
			return odd(s, path);
		n++;
	}
	if (r == 0 && n != s->n_hash_links)
		return native_decline(s->g->n, "'%s' lacks a link", dir);
	return r;
}

static int find_linked(struct scan *s, char *ret_path)
{
	struct vfs_stat st;

	if (vfs_resolve(s->g->n->fs, s->g->layout->linked, /* follow_last= */ false, ret_path,
			NULL) != 0 ||
	    vfs_lstat(s->g->n->fs, ret_path, &st, NULL) < 0 || st.type != VFS_DIR || st.mountpoint)
		return native_decline(s->g->n, "'%s' is out of the ordinary", s->g->layout->linked);
	return 0;
}

/* ---- changes ----------------------------------------------------------------------------------
 */

static int add_link(struct cacerts_plan *p, const char *dir, const char *name, const char *target,
		    const char *strategy, struct err *e)
{
	const struct vfs_meta meta = {.fields = VFS_META_OWNER};
	char path[LIMIT_PATH];
	int r = path_join(dir, name, path, sizeof(path), e);

	if (r == 0)
		r = changes_add_link(&p->changes, ROLE_STORE, path, target, &meta, e);
	if (r == 0)
		plan_note_store(p, path, "hash-link", strategy);
	return r;
}

static int add_file(struct cacerts_plan *p, const char *path, enum p11_format format,
		    const struct p11_our *our, const char *strategy, struct err *e)
{
	const struct vfs_meta meta = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0444};
	const struct p11_style style = {.format = format};
	struct p11_cert cert = p11_our_cert(our, format);
	const struct p11_certs one = {.v = &cert, .n = 1};
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	int r = p11_write(&one, &style, &text, e);

	if (r == 0)
		r = changes_add_file(&p->changes, ROLE_STORE, path, text.data, text.n, &meta, e);
	if (r == 0)
		plan_note_store(p, path, "hashed", strategy);
	return r;
}

int p11_hash_dir_add(struct cacerts_plan *p, const char *dir, enum p11_format format,
		     const struct p11_our *our, const char *strategy, struct err *e)
{
	char path[LIMIT_PATH];
	int r = path_join(dir, our->name, path, sizeof(path), e);

	if (r == 0)
		r = add_file(p, path, format, our, strategy, e);
	for (size_t i = 0; r == 0 && i < N_LINKS; i++)
		r = add_link(p, dir, our->links[i], our->name, strategy, e);
	return r;
}

/* Links in another directory to our file in this one. */
static int add_linked(struct scan *s, const struct p11_our *our, const char *linked, struct err *e)
{
	char target[LIMIT_PATH];
	int r = path_join(s->dir, our->name, target, sizeof(target), e);

	for (size_t i = 0; r == 0 && i < N_LINKS; i++)
		r = add_link(s->g->n->p, linked, our->links[i], target, "native", e);
	return r;
}

int p11_hash_dir_plan(struct p11 *g, const struct p11_output *o, struct err *e)
{
	cleanup(scan_done) struct scan s = {.g = g, .o = o};
	bool is_linked = g->layout->linked && o == g->layout->dirs;
	char linked[LIMIT_PATH];
	int r = check_dir(&s, e);

	if (r == 0 && is_linked)
		r = find_linked(&s, linked);
	if (r == 0 && is_linked)
		r = check_linked(&s, linked, e);
	for (size_t i = 0; r == 0 && i < g->ours.n; i++) {
		const struct p11_our *our = &g->ours.v[i];

		r = p11_hash_dir_add(g->n->p, s.dir, o->style.format, our, "native", e);
		if (r == 0 && is_linked)
			r = add_linked(&s, our, linked, e);
	}
	return r;
}

/* ---- a directory as the list of everything ----------------------------------------------------
 */

static int read_files(struct p11 *g, const char *dir, struct buf *ret, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	int r = 0;

	if (vfs_list(g->n->fs, dir, &names, NULL) < 0)
		return native_decline(g->n, "'%s' can't be listed", dir);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char path[LIMIT_PATH];

		if (is_hash_link(names.v[i]))
			continue;
		r = path_join(dir, names.v[i], path, sizeof(path), e);
		if (r == 0 && vfs_read_file(g->n->fs, path, ret, NULL) < 0)
			return native_decline(g->n, "'%s' is out of the ordinary", path);
		if (r == 0)
			r = native_check_time(g->n);
	}
	return r;
}

static bool same(const struct p11_cert *a, const struct p11_cert *b)
{
	return a->n_der == b->n_der && memcmp(a->der, b->der, a->n_der) == 0;
}

/* Those of @found in the order of the source. Returns how many of them that are. */
static int put_in_order(struct p11 *g, const struct p11_certs *found, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->source.n; i++)
		for (size_t k = 0; r == 0 && k < found->n; k++)
			if (same(&g->source.v[i], &found->v[k]))
				r = p11_certs_add(&g->all, &found->v[k], e);
	return r;
}

int p11_hash_dir_read_all(struct p11 *g, const struct p11_output *o, struct err *e)
{
	cleanup_p11_certs struct p11_certs found = {.n = 0};
	char dir[LIMIT_PATH];
	struct vfs_stat st;
	int r = p11_check_output(g, o->path, VFS_DIR, 0555, dir, &st, e);

	g->all_text = BUF(LIMIT_STORE_FILE);
	if (r == 0)
		r = read_files(g, dir, &g->all_text, e);
	if (r == 0)
		r = p11_find_pem(g->all_text.data, g->all_text.n, &found, e);
	for (size_t i = 0; r == 0 && i < found.n; i++)
		if (!p11_take_label(&found.v[i]))
			r = P11_OTHER;
	if (r == P11_OTHER)
		return native_decline(g->n, "'%s' holds what the tool doesn't make", dir);
	if (r == 0)
		r = put_in_order(g, &found, e);
	if (r == 0 && g->all.n != found.n)
		return native_decline(g->n, "'%s' holds what isn't in its source", dir);
	g->all.bytes = found.bytes;
	found.bytes = NULL;
	return r;
}
