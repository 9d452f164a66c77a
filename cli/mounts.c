/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mounts.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/suggest.h"

void mounts_done(struct mounts *m)
{
	for (size_t i = 0; i < m->n; i++)
		anchord__v1__mount__free_unpacked(m->v[i], NULL);
	free(m->v);
	*m = (struct mounts){0};
}

static void free_mount_p(Anchord__V1__Mount **m)
{
	if (*m)
		anchord__v1__mount__free_unpacked(*m, NULL);
}

static int new_mount(const char *type, Anchord__V1__Mount **ret, struct err *e)
{
	Anchord__V1__Mount *m = malloc(sizeof(*m));
	char *copy = strdup(type);

	if (!m || !copy) {
		free(m);
		free(copy);
		return err_oom(e);
	}
	anchord__v1__mount__init(m);
	m->type = copy;
	*ret = m;
	return 0;
}

/* Append @mount, which the list owns then. */
static int append(struct mounts *to, Anchord__V1__Mount **mount, struct err *e)
{
	Anchord__V1__Mount **v;

	if (to->n == LIMIT_MOUNTS)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d mounts", LIMIT_MOUNTS);
	v = realloc(to->v, (to->n + 1) * sizeof(Anchord__V1__Mount *));
	if (!v)
		return err_oom(e);
	to->v = v;
	to->v[to->n++] = take_ptr(*mount);
	return 0;
}

static int set_string(char **field, const char *value, struct err *e)
{
	char *copy = strdup(value);

	if (!copy)
		return err_oom(e);
	if (*field != protobuf_c_empty_string)
		free(*field);
	*field = copy;
	return 0;
}

static int add_option(Anchord__V1__Mount *m, const char *prefix, const char *value, struct err *e)
{
	char **v, *text;

	if (asprintf(&text, "%s%s", prefix, value) < 0)
		return err_oom(e);
	v = realloc(m->options, (m->n_options + 1) * sizeof(char *));
	if (!v) {
		free(text);
		return err_oom(e);
	}
	m->options = v;
	m->options[m->n_options++] = text;
	return 0;
}

int mounts_host_path(const char *path, char **ret, struct err *e)
{
	cleanup_free char *cwd = NULL;
	char *text;

	if (path[0] == '/') {
		text = strdup(path);
	} else {
		text = realpath(path, NULL);
		if (!text) { /* missing: the daemon names what it can't open */
			cwd = getcwd(NULL, 0);
			if (!cwd)
				return err_sys(e, "the working directory");
			if (asprintf(&text, "%s/%s", cwd, path) < 0)
				text = NULL;
		}
	}
	if (!text)
		return err_oom(e);
	*ret = text;
	return 0;
}

static int set_host_path(char **field, const char *path, struct err *e)
{
	cleanup_free char *text = NULL;
	int r;

	r = mounts_host_path(path, &text, e);
	return r < 0 ? r : set_string(field, text, e);
}

/* The next word up to an unescaped @separator, unescaped; advances *@text, NULL at the end. */
static int next_word(const char **text, char separator, struct buf *word, struct err *e)
{
	const char *p = *text;
	int r = 0;

	buf_clear(word);
	for (; *p && *p != separator && r >= 0; p++) {
		if (p[0] == '\\' && p[1] == separator)
			p++;
		r = buf_add(word, p, 1, e);
	}
	if (r < 0)
		return r;
	*text = *p ? p + 1 : NULL;
	return buf_add(word, "", 0, e);
}

/* One "key=value" or "word" of a list, and where it goes. */
struct key {
	const char *name;
	int (*take)(Anchord__V1__Mount *m, const char *name, const char *value, struct err *e);
};

static const struct key *find_key(const struct key *keys, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, word, len) == 0)
			return &keys[i];
	return NULL;
}

/* Apply every word of @text; @other takes those that no key names. */
static int take_list(Anchord__V1__Mount *m, const char *text, const struct key *keys, size_t n,
		     int (*other)(Anchord__V1__Mount *m, const char *word, struct err *e),
		     struct err *e)
{
	cleanup_buf struct buf word = BUF(LIMIT_STRING);
	int r;

	while (text) {
		const struct key *key;
		const char *value;
		size_t len;

		r = next_word(&text, ',', &word, e);
		if (r < 0)
			return r;
		if (word.n == 0)
			continue;
		value = strchr(word.data, '=');
		len = value ? (size_t)(value - word.data) : word.n;
		key = find_key(keys, n, word.data, len);
		r = key ? key->take(m, key->name, value ? value + 1 : NULL, e)
			: other(m, word.data, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int need_value(const char *name, const char *value, struct err *e)
{
	if (value && *value)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID, "'%s' needs a value: %s=...", name, name);
}

static int one_rootfs(const struct mounts *m, struct err *e)
{
	if (m->n == 0)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID,
		       "the rootfs was given already; use one --rootfs or one --overlay");
}

int mounts_option_rootfs(void *field, const char *value, struct err *e)
{
	cleanup(free_mount_p) Anchord__V1__Mount *m = NULL;
	int r;

	r = one_rootfs(field, e);
	if (r < 0)
		return r;
	if (!*value)
		return err_set(e, -EINVAL, ERR_INVALID, "a directory is needed");
	r = new_mount("bind", &m, e);
	if (r < 0)
		return r;
	r = set_host_path(&m->source, value, e);
	if (r < 0)
		return r;
	r = add_option(m, "", "rbind", e);
	return r < 0 ? r : append(field, &m, e);
}

/* Overlay: the three directories in the kernel's words. */

static int add_layer(struct buf *list, const char *path, struct err *e)
{
	cleanup_free char *text = NULL;
	int r;

	r = mounts_host_path(path, &text, e);
	if (r >= 0 && list->n > 0)
		r = buf_add(list, ":", 1, e);
	/* The kernel takes a colon inside a path with a backslash before it. */
	for (const char *p = text; r >= 0 && *p; p++) {
		if (*p == ':')
			r = buf_add(list, "\\", 1, e);
		if (r >= 0)
			r = buf_add(list, p, 1, e);
	}
	return r;
}

static int take_lower(Anchord__V1__Mount *m, const char *name, const char *value, struct err *e)
{
	cleanup_buf struct buf list = BUF(LIMIT_STRING);
	cleanup_buf struct buf layer = BUF(LIMIT_PATH);
	int r;

	r = need_value(name, value, e);
	while (r >= 0 && value) {
		r = next_word(&value, ':', &layer, e);
		if (r >= 0 && layer.n > 0)
			r = add_layer(&list, layer.data, e);
	}
	return r < 0 ? r : add_option(m, "lowerdir=", list.data, e);
}

static int take_directory(Anchord__V1__Mount *m, const char *name, const char *value, struct err *e)
{
	cleanup_free char *path = NULL;
	int r;

	r = need_value(name, value, e);
	if (r < 0)
		return r;
	r = mounts_host_path(value, &path, e);
	if (r < 0)
		return r;
	return add_option(m, name[0] == 'u' ? "upperdir=" : "workdir=", path, e);
}

static int overlay_word(Anchord__V1__Mount *m, const char *word, struct err *e)
{
	static const char *const known[] = {"redirect_dir", "metacopy",   "index",
					    "xino",         "nfs_export", "uuid",
					    "userxattr",    "volatile",   "verity"};
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i]) == len && memcmp(known[i], word, len) == 0)
			return add_option(m, "", word, e);
	return err_set(e, -EINVAL, ERR_INVALID,
		       "unknown word '%s'; wanted: lower=A:B,upper=U,work=W and the options of "
		       "overlayfs",
		       word);
}

static bool has_option(const Anchord__V1__Mount *m, const char *prefix)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (strncmp(m->options[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static int check_overlay(const Anchord__V1__Mount *m, struct err *e)
{
	if (!has_option(m, "lowerdir="))
		return err_set(e, -EINVAL, ERR_INVALID,
			       "lower= is missing: lower=A:B,upper=U,work=W");
	if (has_option(m, "upperdir=") != has_option(m, "workdir="))
		return err_set(e, -EINVAL, ERR_INVALID,
			       "upper= and work= belong together: two directories of one file "
			       "system; leave out both for a read-only rootfs");
	return 0;
}

int mounts_option_overlay(void *field, const char *value, struct err *e)
{
	static const struct key keys[] = {
		{"lower", take_lower},        {"lowerdir", take_lower}, {"upper", take_directory},
		{"upperdir", take_directory}, {"work", take_directory}, {"workdir", take_directory},
	};
	cleanup(free_mount_p) Anchord__V1__Mount *m = NULL;
	int r;

	r = one_rootfs(field, e);
	if (r < 0)
		return r;
	r = new_mount("overlay", &m, e);
	if (r < 0)
		return r;
	r = set_string(&m->source, "overlay", e);
	if (r >= 0)
		r = take_list(m, value, keys, ARRAY_SIZE(keys), overlay_word, e);
	if (r >= 0)
		r = check_overlay(m, e);
	return r < 0 ? r : append(field, &m, e);
}

/* --mount, in the words of docker and mount(8). */

static int take_type(Anchord__V1__Mount *m, const char *name, const char *value, struct err *e)
{
	int r = need_value(name, value, e);

	return r < 0 ? r : set_string(&m->type, value, e);
}

static int take_source(Anchord__V1__Mount *m, const char *name, const char *value, struct err *e)
{
	int r = need_value(name, value, e);

	return r < 0 ? r : set_string(&m->source, value, e);
}

static int take_target(Anchord__V1__Mount *m, const char *name, const char *value, struct err *e)
{
	int r = need_value(name, value, e);

	if (r >= 0 && value[0] != '/')
		r = err_set(e, -EINVAL, ERR_INVALID,
			    "'%s' is a path in the container: it begins with '/'", name);
	return r < 0 ? r : set_string(&m->target, value, e);
}

static int take_readonly(Anchord__V1__Mount *m, const char *name, const char *value, struct err *e)
{
	(void)name;
	if (value && (strcmp(value, "false") == 0 || strcmp(value, "0") == 0))
		return 0;
	return add_option(m, "", "ro", e);
}

static int mount_word(Anchord__V1__Mount *m, const char *word, struct err *e)
{
	return add_option(m, "", word, e);
}

/* What a bind needs beside the words: an absolute source, and to be said to be one. */
static int complete_bind(Anchord__V1__Mount *m, struct err *e)
{
	int r;

	if (!*m->source)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "source= is missing: the host path that is bound");
	if (m->source[0] != '/') {
		r = set_host_path(&m->source, m->source, e);
		if (r < 0)
			return r;
	}
	if (has_option(m, "bind") || has_option(m, "rbind"))
		return 0;
	return add_option(m, "", "rbind", e);
}

int mounts_option_mount(void *field, const char *value, struct err *e)
{
	static const struct key keys[] = {
		{"type", take_type},          {"source", take_source}, {"src", take_source},
		{"destination", take_target}, {"dst", take_target},    {"target", take_target},
		{"readonly", take_readonly},  {"ro", take_readonly},
	};
	cleanup(free_mount_p) Anchord__V1__Mount *m = NULL;
	int r;

	r = new_mount("bind", &m, e);
	if (r < 0)
		return r;
	r = take_list(m, value, keys, ARRAY_SIZE(keys), mount_word, e);
	if (r < 0)
		return r;
	if (!*m->target)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "destination= is missing: the path in the container");
	r = strcmp(m->type, "bind") == 0 ? complete_bind(m, e) : 0;
	if (r >= 0 && !*m->source)
		r = set_string(&m->source, m->type, e);
	return r < 0 ? r : append(field, &m, e);
}
