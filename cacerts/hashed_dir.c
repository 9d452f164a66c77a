/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/hashed_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"

/* A link "<hash>.<number>". */
struct hash_link {
	char name[16]; /* the hash and the dot; then the number */
	unsigned number;
	char *target; /* owned */
	struct timespec mtime;
};

struct scan {
	struct native *n;
	const char *dir;
	const struct debian_sources *sources;
	struct strv files;       /* names that rehash parses; sorted, as names are listed */
	struct timespec *mtimes; /* of their content */
	struct hash_link *links;
	size_t n_links;
	size_t n_sources; /* whose links were met */
};

static void scan_done(struct scan *s)
{
	for (size_t i = 0; i < s->n_links; i++)
		free(s->links[i].target);
	free(s->links);
	free(s->mtimes);
	strv_done(&s->files);
}

static bool has_certificate_suffix(const char *name)
{
	static const char *const suffixes[] = {".pem", ".crt", ".cer", ".crl"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(suffixes); i++)
		if (strcasecmp(dot, suffixes[i]) == 0)
			return true;
	return false;
}

/* "0123abcd.0": eight hex digits, a dot and a number; "r" before it is a revocation list's. */
static bool looks_hashed(const char *name)
{
	return strspn(name, "0123456789abcdefABCDEF") == 8 && name[8] == '.';
}

static bool is_hash_link(const char *name, unsigned *ret_number)
{
	char *end;
	unsigned long number;

	if (strspn(name, "0123456789abcdef") != 8 || name[8] != '.' || name[9] < '0' ||
	    name[9] > '9' || (name[9] == '0' && name[10]) || strlen(name) > 14)
		return false;
	number = strtoul(name + 9, &end, 10);
	*ret_number = (unsigned)number;
	return *end == '\0';
}

static bool is_bundle(const struct scan *s, const char *name)
{
	return strcmp(name, path_name(s->n->p->distro.family->bundle)) == 0;
}

static int add_hash_link(struct scan *s, const char *name, const char *path, unsigned number,
			 const char *target, struct err *e)
{
	struct hash_link *v = reallocarray(s->links, s->n_links + 1, sizeof(*v));
	struct vfs_stat st;

	if (!v)
		return err_oom(e);
	s->links = v;
	if (vfs_lstat(s->n->fs, path, &st, NULL) < 0)
		return native_decline(s->n, "'%s' can't be looked at", path);
	v[s->n_links] =
		(struct hash_link){.number = number, .target = strdup(target), .mtime = st.mtime};
	snprintf(v[s->n_links].name, sizeof(v->name), "%.9s", name);
	return v[s->n_links++].target ? 0 : err_oom(e);
}

static int add_file(struct scan *s, const char *name, struct timespec mtime, struct err *e)
{
	struct timespec *v = reallocarray(s->mtimes, s->files.n + 1, sizeof(*v));

	if (!v)
		return err_oom(e);
	s->mtimes = v;
	v[s->files.n] = mtime;
	return strv_add(&s->files, name, e);
}

/* The link of a source leads there; any other must lead somewhere. */
static int check_target(struct scan *s, const char *name, const char *path, const char *target,
			struct timespec *ret_mtime)
{
	const struct debian_source *source = debian_sources_find(s->sources, name);
	struct vfs_stat st;

	if (source && strcmp(target, source->file) != 0)
		return native_decline(s->n, "'%s' is not the link to '%s'", path, source->file);
	if (!source && (vfs_stat(s->n->fs, path, &st, NULL) < 0 || st.type == VFS_ABSENT ||
			st.type == VFS_UNREACHABLE))
		return native_decline(s->n, "'%s' leads nowhere", path);
	s->n_sources += source != NULL;
	*ret_mtime = source ? source->mtime : st.mtime;
	return 0;
}

static int take_link(struct scan *s, const char *name, const char *path, const char *target,
		     struct err *e)
{
	struct timespec mtime;
	unsigned number;
	int r;

	if (is_bundle(s, name))
		return native_decline(s->n, "'%s' is out of the ordinary", path);
	if (is_hash_link(name, &number))
		return add_hash_link(s, name, path, number, target, e);
	if (looks_hashed(name))
		return native_decline(s->n, "'%s' is out of the ordinary", path);
	r = check_target(s, name, path, target, &mtime);
	return r == 0 && has_certificate_suffix(name) ? add_file(s, name, mtime, e) : r;
}

/* The tool removes links that lead nowhere from directories below, too. */
static int take_dir(struct scan *s, const char *path, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	int r = 0;

	if (vfs_list(s->n->fs, path, &names, NULL) < 0)
		return native_decline(s->n, "'%s' can't be listed", path);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char inside[LIMIT_PATH];
		struct vfs_stat st;

		r = path_join(path, names.v[i], inside, sizeof(inside), e);
		if (r == 0 && (vfs_lstat(s->n->fs, inside, &st, NULL) < 0 || st.type != VFS_FILE))
			return native_decline(s->n, "'%s' is out of the ordinary", inside);
	}
	return r;
}

static int take(struct scan *s, const char *name, struct err *e)
{
	char target[LIMIT_PATH];
	char path[LIMIT_PATH];
	struct vfs_stat st;
	int r = path_join(s->dir, name, path, sizeof(path), e);

	if (r < 0)
		return r;
	if (vfs_readlink(s->n->fs, path, target, NULL) == 0) /* most are */
		return take_link(s, name, path, target, e);
	if (vfs_lstat(s->n->fs, path, &st, NULL) < 0)
		return native_decline(s->n, "'%s' can't be looked at", path);
	if (st.type == VFS_DIR && !st.mountpoint && !has_certificate_suffix(name) &&
	    !looks_hashed(name))
		return take_dir(s, path, e);
	if (st.type != VFS_FILE || st.mountpoint || looks_hashed(name))
		return native_decline(s->n, "'%s' is out of the ordinary", path);
	return has_certificate_suffix(name) && !is_bundle(s, name) ? add_file(s, name, st.mtime, e)
								   : 0;
}

static int by_name_and_number(const void *a, const void *b)
{
	const struct hash_link *x = a;
	const struct hash_link *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->number > y->number) - (x->number < y->number);
}

/* Numbers begin with 0 for each hash, and have no gaps. */
static int check_numbers(struct scan *s)
{
	if (s->n_links)
		qsort(s->links, s->n_links, sizeof(*s->links), by_name_and_number);
	for (size_t i = 0; i < s->n_links; i++) {
		bool same = i > 0 && strcmp(s->links[i].name, s->links[i - 1].name) == 0;

		if (s->links[i].number != (same ? s->links[i - 1].number + 1 : 0))
			return native_decline(s->n, "'%s/%s%u' is out of the ordinary", s->dir,
					      s->links[i].name, s->links[i].number);
	}
	return 0;
}

static int by_target(const void *a, const void *b)
{
	return strcmp(((const struct hash_link *)a)->target, ((const struct hash_link *)b)->target);
}

/* Each file has one link, and each link is of a file: sorted, they are the same. */
static int check_targets(struct scan *s)
{
	if (s->n_links)
		qsort(s->links, s->n_links, sizeof(*s->links), by_target);
	for (size_t i = 0; i < s->n_links || i < s->files.n; i++) {
		if (i >= s->n_links || i >= s->files.n ||
		    strcmp(s->links[i].target, s->files.v[i]) != 0)
			return native_decline(s->n, "'%s/%s' has not one hash link", s->dir,
					      i < s->files.n ? s->files.v[i] : "...");
		if (clock_compare(s->mtimes[i], s->links[i].mtime) > 0)
			return native_decline(s->n, "'%s/%s' is newer than its hash link", s->dir,
					      s->files.v[i]);
	}
	return 0;
}

/* The names that our own certificates will have are free, and their hashes are nobody's. */
static int check_ours(struct scan *s)
{
	const struct authorities *set = s->n->q->authorities;

	for (size_t i = 0; i < set->n; i++) {
		for (size_t k = 0; k < set->n; k++)
			if (k != i && set->v[k].subject_hash == set->v[i].subject_hash)
				return native_decline(s->n, "two authorities share a subject hash");
		for (size_t k = 0; k < s->files.n; k++)
			if (names_is_ours(s->files.v[k], &set->v[i]))
				return native_decline(s->n, "'%s/%s' is there already", s->dir,
						      s->files.v[k]);
		for (size_t k = 0; k < s->n_links; k++)
			if (strtoul(s->links[k].name, NULL, 16) == set->v[i].subject_hash)
				return native_decline(s->n, "an authority shares its subject hash "
							    "with one of the image");
	}
	return 0;
}

int hashed_dir_check(struct native *n, const char *dir, const struct debian_sources *sources,
		     struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	cleanup(scan_done) struct scan s = {
		.n = n, .dir = dir, .sources = sources, .files = STRV(LIMIT_SOURCES)};
	int r = vfs_list(n->fs, dir, &names, NULL);

	if (r < 0)
		return native_decline(n, "'%s' can't be listed", dir);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		r = native_check_time(n);
		if (r == 0)
			r = take(&s, names.v[i], e);
	}
	if (r == 0 && s.n_sources != sources->n)
		return native_decline(n, "a certificate of its sources is not linked in '%s'", dir);
	if (r == 0)
		r = check_numbers(&s);
	if (r == 0)
		r = check_targets(&s);
	return r == 0 ? check_ours(&s) : r;
}
