/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/debian_sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"

#define CONF  "/etc/ca-certificates.conf"
#define CERTS "/usr/share/ca-certificates"
#define LOCAL "/usr/local/share/ca-certificates"

static void source_done(struct debian_source *s)
{
	free(s->file);
	free(s->link);
	free(s->path);
}

void debian_sources_done(struct debian_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		source_done(&s->v[i]);
	free(s->v);
	free(s->links);
	*s = (struct debian_sources){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct debian_source_link *)a)->name,
		      ((const struct debian_source_link *)b)->name);
}

const struct debian_source *debian_sources_find(const struct debian_sources *s, const char *link)
{
	const struct debian_source_link key = {.name = link};
	const struct debian_source_link *found =
		s->n_links ? bsearch(&key, s->links, s->n_links, sizeof(key), by_name) : NULL;

	return found ? &s->v[found->source] : NULL;
}

/* The base name without ".crt" and with ".pem"; what a shell would trip over is replaced. */
static char *link_of(const char *file)
{
	const char *name = path_name(file);
	size_t n = strlen(name);
	char *link = malloc(n + sizeof(".pem"));

	if (!link)
		return NULL;
	if (n > 4 && strcmp(name + n - 4, ".crt") == 0)
		n -= 4;
	memcpy(link, name, n);
	strcpy(link + n, ".pem");
	for (char *p = link; *p; p++) {
		if (*p == ' ' || *p == ',')
			*p = '_';
		if (*p == '(' || *p == ')')
			*p = '=';
	}
	return link;
}

/* Insert a source at @at; @path and @st are NULL for ours. */
static int insert(struct debian_sources *s, size_t at, const char *dir, const char *name,
		  const char *path, const struct vfs_stat *st, const struct authority *ours,
		  struct err *e)
{
	struct debian_source *v;
	char file[LIMIT_PATH];

	if (s->n >= LIMIT_SOURCES)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d certificates", LIMIT_SOURCES);
	if ((size_t)snprintf(file, sizeof(file), "%s/%s", dir, name) >= sizeof(file))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "a certificate's path is too long");
	v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	s->v = v;
	memmove(v + at + 1, v + at, (s->n - at) * sizeof(*v));
	s->n++;
	v[at] = (struct debian_source){.file = strdup(file),
				       .link = link_of(file),
				       .path = path ? strdup(path) : NULL,
				       .mtime = st ? st->mtime : (struct timespec){0},
				       .ours = ours,
				       .is_local = strcmp(dir, LOCAL) == 0};
	return v[at].file && v[at].link && (v[at].path || !path) ? 0 : err_oom(e);
}

/* In its place among the local ones. */
static int insert_local(struct debian_sources *s, const char *name, const char *path,
			const struct vfs_stat *st, const struct authority *ours, struct err *e)
{
	size_t at = s->n;

	while (at > 0 && s->v[at - 1].is_local && strcmp(path_name(s->v[at - 1].file), name) > 0)
		at--;
	return insert(s, at, LOCAL, name, path, st, ours, e);
}

int debian_sources_add_ours(struct debian_sources *s, const struct authority *a, struct err *e)
{
	char path[LIMIT_PATH];
	int r = names_dropin(a, LOCAL, ".crt", path, sizeof(path), e);

	return r < 0 ? r : insert_local(s, path_name(path), NULL, NULL, a, e);
}

/* Does the shell's "read" hand the line on as it is, on every version? */
static bool is_plain(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\\' || (unsigned char)line[i] < ' ')
			return false;
	return n > 0 && line[0] != ' ' && line[n - 1] != ' ';
}

/* There must be room for ours. */
static bool is_full(struct native *n, const struct debian_sources *s)
{
	return s->n + LIMIT_AUTHORITIES >= LIMIT_SOURCES &&
	       native_decline(n, "there are more than %d certificates", LIMIT_SOURCES);
}

static int take_conf_line(struct native *n, struct debian_sources *s, const char *line,
			  struct err *e)
{
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r;

	if (!is_plain(line, strlen(line)) || line[0] == '/' || strstr(line, ".."))
		return native_decline(n, "a line of '" CONF "' is out of the ordinary");
	if ((size_t)snprintf(path, sizeof(path), CERTS "/%s", line) >= sizeof(path))
		return native_decline(n, "a line of '" CONF "' is too long");
	r = vfs_resolve(n->fs, path, /* follow_last= */ true, path, NULL);
	if (r == VFS_MISSING && strncmp(path_name(path), NAMES_PREFIX, strlen(NAMES_PREFIX)) == 0)
		return native_decline(n, "'" CERTS "/%s' leads to a file of ours", line);
	if (r == VFS_MISSING)
		return 0; /* the tool warns and goes on */
	if (r < 0 || vfs_lstat(n->fs, path, &st, NULL) < 0 || st.type != VFS_FILE)
		return native_decline(n, "'" CERTS "/%s' is no file", line);
	return is_full(n, s) ? NATIVE_DECLINED : insert(s, s->n, CERTS, line, path, &st, NULL, e);
}

/* A removed one ("!") must be gone already. */
static int check_removed(struct native *n, const char *line, struct err *e)
{
	cleanup_free char *link = NULL;
	char path[LIMIT_PATH];
	const char *name = path_name(line);
	size_t length = strlen(name);
	bool has_suffix = length > 4 && strcmp(name + length - 4, ".crt") == 0;

	if (!is_plain(line, strlen(line)) || length == 0)
		return native_decline(n, "a line of '" CONF "' is out of the ordinary");
	if (asprintf(&link, "/etc/ssl/certs/%.*s.pem", (int)(has_suffix ? length - 4 : length),
		     name) < 0) {
		link = NULL;
		return err_oom(e);
	}
	if (vfs_resolve(n->fs, link, /* follow_last= */ false, path, NULL) != VFS_MISSING)
		return native_decline(n, "'" CONF "' removes '%s', which is there", line);
	return 0;
}

static int read_conf(struct native *n, struct debian_sources *s, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_CONF);
	char path[LIMIT_PATH];
	char *rest;
	char *line;

	if (vfs_resolve(n->fs, CONF, /* follow_last= */ true, path, NULL) != 0 ||
	    vfs_read_file(n->fs, path, &text, NULL) < 0 || text.n == 0)
		return native_decline(n, "'" CONF "' can't be read, or is empty");
	if (strlen(text.data) != text.n || text.data[text.n - 1] != '\n')
		return native_decline(n, "'" CONF "' is out of the ordinary");
	rest = text.data;
	while ((line = strsep(&rest, "\n")) && rest) {
		int r = native_check_time(n);

		if (r != 0)
			return r;
		if (line[0] == '!')
			r = check_removed(n, line + 1, e);
		else if (line[0] && line[0] != '#')
			r = take_conf_line(n, s, line, e);
		if (r != 0)
			return r;
	}
	return 0;
}

static int take_local(struct native *n, struct debian_sources *s, const char *dir, const char *name,
		      struct err *e)
{
	size_t length = strlen(name);
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r = path_join(dir, name, path, sizeof(path), e);

	if (r < 0)
		return r;
	if (vfs_lstat(n->fs, path, &st, NULL) < 0 || st.type == VFS_DIR || st.type == VFS_LINK ||
	    !is_plain(name, length))
		return native_decline(n, "'" LOCAL "/%s' is out of the ordinary", name);
	if (st.type != VFS_FILE || length < 4 || strcmp(name + length - 4, ".crt") != 0)
		return 0;
	return is_full(n, s) ? NATIVE_DECLINED : insert_local(s, name, path, &st, NULL, e);
}

static int read_local(struct native *n, struct debian_sources *s, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char dir[LIMIT_PATH];
	int r = native_list(n, LOCAL, dir, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		r = native_check_time(n);
		if (r == 0)
			r = take_local(n, s, dir, names.v[i], e);
	}
	return r;
}

/* Two files of one name make the link flip with every run. */
static int index_links(struct native *n, struct debian_sources *s, struct err *e)
{
	s->links = calloc(s->n + 1, sizeof(*s->links));
	if (!s->links)
		return err_oom(e);
	for (; s->n_links < s->n; s->n_links++)
		s->links[s->n_links] = (struct debian_source_link){.name = s->v[s->n_links].link,
								   .source = s->n_links};
	qsort(s->links, s->n_links, sizeof(*s->links), by_name);
	for (size_t i = 1; i < s->n_links; i++)
		if (strcmp(s->links[i - 1].name, s->links[i].name) == 0)
			return native_decline(n, "two certificates are called '%s'",
					      s->links[i].name);
	return 0;
}

int debian_sources_read(struct native *n, struct debian_sources *ret, struct err *e)
{
	cleanup(debian_sources_done) struct debian_sources s = {0};
	int r = read_conf(n, &s, e);

	if (r == 0)
		r = read_local(n, &s, e);
	if (r == 0)
		r = index_links(n, &s, e);
	if (r != 0)
		return r;
	*ret = s;
	s = (struct debian_sources){0};
	return 0;
}
