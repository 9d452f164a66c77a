/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Debian's update-ca-certificates does with our drop-in files, for the versions whose
 * digests distro/family_debian.c lists: a link to each in /etc/ssl/certs, a hash link to that,
 * and the bundle made anew of all sources in their order; with Java also its keystore.
 *
 * It holds if a run without our files would change nothing, which is proved, not assumed: the
 * bundle is compared with what its sources give, each source has its link, and rehashing leaves
 * the directory alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/debian_sources.h"
#include "cacerts/hashed_dir.h"
#include "cacerts/native.h"
#include "cacerts/native_debian_java.h"
#include "cacerts/pem.h"

#define HOOKS "/etc/ca-certificates/update.d"
#define LOCAL "/usr/local/share/ca-certificates"

struct engine {
	struct native *n;
	char dir[LIMIT_PATH];    /* canonical, of the hashed directory */
	char bundle[LIMIT_PATH]; /* in it */
	struct debian_sources sources;
	char hooks[LIMIT_PATH]; /* canonical, of the hooks */
	bool has_java_hook;
	struct debian_java java;
};

static void engine_done(struct engine *g)
{
	debian_sources_done(&g->sources);
	debian_java_done(&g->java);
}

/* run-parts takes names of these characters, of files that can be executed. */
static bool is_hook_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	return name[strspn(name, allowed)] == '\0';
}

static int check_hooks(struct engine *g)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	int r = native_list(g->n, HOOKS, g->hooks, &names);

	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.v[i], DEBIAN_JAVA_HOOK) == 0)
			g->has_java_hook = true;
		else if (is_hook_name(names.v[i]))
			return native_decline(g->n, "the hook '" HOOKS "/%s'", names.v[i]);
	}
	return r;
}

/* What the script calls by name. */
static const char *const commands[] = {"basename",  "cat", "chmod",   "find",     "ln",
				       "mktemp",    "mv",  "openssl", "readlink", "rm",
				       "run-parts", "sed", "sort",    "wc",       NULL};

static int check_commands(struct native *n)
{
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r = native_check_commands(n, commands);

	if (r != 0)
		return r;
	if (vfs_find_command(n->fs, "openssl", "/usr/bin", path, NULL) < 0)
		return native_decline(n, "the image has no openssl, which the tool needs");
	if (vfs_exists(n->fs, "/sbin/restorecon", NULL) != 0)
		return native_decline(n, "the image has restorecon, which would label the bundle");
	if (vfs_stat(n->fs, "/tmp", &st, NULL) < 0 ||
	    (st.type != VFS_DIR && st.type != VFS_UNREACHABLE))
		return native_decline(n, "the image has no /tmp, which the tool needs");
	return 0;
}

/* New entries get from the directory what we give them, and nothing is mounted in the way. */
static int check_dir(struct engine *g, struct err *e)
{
	const struct distro_family *family = g->n->p->distro.family;
	struct vfs_stat st;

	if (vfs_resolve(g->n->fs, family->hashed_dir, /* follow_last= */ true, g->dir, NULL) != 0)
		return native_decline(g->n, "'%s' isn't there", family->hashed_dir);
	if (vfs_lstat(g->n->fs, g->dir, &st, NULL) < 0 || st.type != VFS_DIR || (st.mode & S_ISGID))
		return native_decline(g->n, "'%s' is out of the ordinary", g->dir);
	if (native_check_inherited(g->n, g->dir) != 0)
		return NATIVE_DECLINED;
	return path_join(g->dir, path_name(family->bundle), g->bundle, sizeof(g->bundle), e);
}

/* As "sed $a\": the file, and a line end if it has none. */
static int read_source(struct engine *g, const struct debian_source *s, struct buf *ret,
		       struct err *e)
{
	if (vfs_read_file(g->n->fs, s->path, ret, NULL) < 0)
		return native_decline(g->n, "'%s' can't be read", s->file);
	if (ret->n > 0 && ret->data[ret->n - 1] != '\n')
		return buf_add(ret, "\n", 1, e);
	return 0;
}

static int not_the_tools(struct engine *g)
{
	return native_decline(g->n, "'%s' is not what the tool would make now", g->bundle);
}

/*
 * What the tool makes of the sources with ours among them. Without them it has to be what is
 * there: @now is compared piece by piece.
 */
static int make_bundle(struct engine *g, const struct buf *now, struct buf *ret, struct err *e)
{
	size_t at = 0; /* in @now */

	for (size_t i = 0; i < g->sources.n; i++) {
		const struct debian_source *s = &g->sources.v[i];
		const struct authority *a = s->ours;
		cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);
		int r = a ? buf_add(&text, a->pem, strlen(a->pem), e) : read_source(g, s, &text, e);

		if (r == 0 && !a && text.n > 0) {
			if (now->n - at < text.n || memcmp(now->data + at, text.data, text.n) != 0)
				return not_the_tools(g);
			at += text.n;
		}
		if (r == 0 && text.n > 0)
			r = buf_add(ret, text.data, text.n, e);
		if (r != 0)
			return r;
	}
	return at == now->n ? 0 : not_the_tools(g);
}

static bool holds_one(const struct buf *text)
{
	const char *data = text->data ? text->data : "";
	struct pem_block block;

	return pem_next(data, text->n, 0, &block) && !pem_next(data, text->n, block.end, &block);
}

static int read_bundle(struct engine *g, struct buf *ret)
{
	char stale[LIMIT_PATH + 8];
	struct vfs_stat st;

	snprintf(stale, sizeof(stale), "%s.new", g->bundle);
	if (vfs_lstat(g->n->fs, g->bundle, &st, NULL) < 0 || st.type != VFS_FILE || st.mountpoint ||
	    vfs_exists(g->n->fs, stale, NULL) != 0)
		return native_decline(g->n, "'%s' is out of the ordinary", g->bundle);
	if (vfs_read_file(g->n->fs, g->bundle, ret, NULL) < 0)
		return native_decline(g->n, "'%s' can't be read", g->bundle);
	if (holds_one(ret)) /* and would be rehashed itself */
		return native_decline(g->n, "'%s' holds a single certificate", g->bundle);
	for (size_t i = 0; i < g->n->q->authorities->n; i++)
		if (pem_count(ret->data ? ret->data : "", ret->n, &g->n->q->authorities->v[i]) > 0)
			return native_decline(g->n, "'%s' holds an authority already", g->bundle);
	return 0;
}

/* The drop-in file must lie where the tool looks: a plan may have had to skip it. */
static int check_dropins(struct native *n)
{
	size_t n_files = 0;

	for (size_t i = 0; i < n->p->changes.n; i++)
		n_files += n->p->changes.v[i].role == ROLE_DROPIN;
	return n_files == n->q->authorities->n ? 0
					       : native_decline(n, "'" LOCAL "' can't be written");
}

static int add_ours_to_sources(struct engine *g, struct err *e)
{
	const struct authorities *set = g->n->q->authorities;
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = debian_sources_add_ours(&g->sources, &set->v[i], e);
	return r;
}

static int add_link(struct engine *g, const char *name, const char *target, struct err *e)
{
	const struct vfs_meta meta = {.fields = VFS_META_OWNER};
	char path[LIMIT_PATH];
	int r = path_join(g->dir, name, path, sizeof(path), e);

	if (r == 0)
		r = changes_add_link(&g->n->p->changes, ROLE_STORE, path, target, &meta, e);
	if (r == 0)
		plan_note_store(g->n->p, path, "hash-link", "native");
	return r;
}

static int add_links(struct engine *g, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->sources.n; i++) {
		const struct debian_source *s = &g->sources.v[i];
		const struct authority *a = s->ours;
		char hash[16];

		if (!a)
			continue;
		snprintf(hash, sizeof(hash), "%08x.0", a->subject_hash);
		r = add_link(g, s->link, s->file, e);
		if (r == 0)
			r = add_link(g, hash, s->link, e);
	}
	return r;
}

static int add_bundle(struct engine *g, struct err *e)
{
	cleanup_buf struct buf now = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	int r = read_bundle(g, &now);

	if (r == 0)
		r = make_bundle(g, &now, &text, e);
	if (r == 0)
		r = changes_add_file(&g->n->p->changes, ROLE_STORE, g->bundle, text.data, text.n,
				     &plan_new_file, e);
	if (r != 0)
		return r;
	plan_note_store(g->n->p, g->bundle, "bundle", "native");
	g->n->p->complete = true;
	return 0;
}

static int check(struct engine *g, struct err *e)
{
	int r = check_dropins(g->n);

	if (r == 0)
		r = check_hooks(g);
	if (r == 0)
		r = check_commands(g->n);
	if (r == 0)
		r = check_dir(g, e);
	if (r == 0)
		r = debian_sources_read(g->n, &g->sources, e);
	return r == 0 ? hashed_dir_check(g->n, g->dir, &g->sources, e) : r;
}

int native_debian(struct native *n, struct err *e)
{
	cleanup(engine_done) struct engine g = {.n = n, .java = DEBIAN_JAVA_NONE};
	int r = check(&g, e);

	if (r == 0)
		r = add_ours_to_sources(&g, e);
	if (r == 0 && g.has_java_hook)
		r = debian_java_make(n, g.hooks, &g.sources, &g.java, e);
	if (r == 0)
		r = add_bundle(&g, e); /* the last guard is in it */
	if (r == 0)
		r = debian_java_add(n, &g.java, e);
	return r == 0 ? add_links(&g, e) : r;
}
