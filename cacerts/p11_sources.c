/* SPDX-License-Identifier: Apache-2.0 */
/* What p11-kit reads: its configuration, and the directories of certificates. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/native_p11.h"
#include "cacerts/pem.h"

#define MODULES "/usr/share/p11-kit/modules"
#define MODULE  "p11-kit-trust.module"

/* The directories in which p11-kit finds trusted certificates, below each source directory. */
static const char *const phases[] = {"anchors", "blocklist", "blacklist"};

/* ---- configuration -------------------------------------------------------------------------- */

/* The module may say where its sources are: only where they are anyway. */
static int check_paths(struct p11 *g, const char *text)
{
	const char *reserved = strstr(text, "x-init-reserved");
	char expected[256];

	if (!reserved)
		return 0;
	snprintf(expected, sizeof(expected), "x-init-reserved: paths='%s:%s'\n", g->layout->own,
		 g->layout->vendor);
	if (strncmp(reserved, expected, strlen(expected)) != 0 ||
	    strstr(reserved + 1, "x-init-reserved"))
		return native_decline(g->n, "'" MODULES "/" MODULE "' reads other directories");
	return 0;
}

static int check_module(struct p11 *g, const char *dir, const char *name, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_CONF);
	char path[LIMIT_PATH];
	char file[LIMIT_PATH];
	int r = path_join(dir, name, path, sizeof(path), e);

	if (r < 0)
		return r;
	if (vfs_resolve(g->n->fs, path, /* follow_last= */ true, file, NULL) != 0 ||
	    vfs_read_file(g->n->fs, file, &text, NULL) < 0 ||
	    (text.n > 0 && memchr(text.data, '\0', text.n)))
		return native_decline(g->n, "'%s' can't be read", path);
	if (text.n == 0)
		return 0;
	if (strcmp(name, MODULE) == 0)
		return check_paths(g, text.data);
	if (strstr(text.data, "trust-policy"))
		return native_decline(g->n, "'%s' may be a source of certificates, too", path);
	return 0;
}

static int check_modules(struct p11 *g, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char dir[LIMIT_PATH];
	int r = native_list(g->n, MODULES, dir, &names);

	if (r == 0 && !strv_has(&names, MODULE))
		return native_decline(g->n, "'" MODULES "/" MODULE "' isn't there");
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = check_module(g, dir, names.v[i], e);
	return r;
}

static int check_empty(struct p11 *g, const char *dir)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char path[LIMIT_PATH];
	int r = native_list(g->n, dir, path, &names);

	if (r == 0 && names.n > 0)
		return native_decline(g->n, "'%s/%s' is there", dir, names.v[0]);
	return r;
}

static int check_configuration(struct p11 *g, struct err *e)
{
	int r = vfs_exists(g->n->fs, "/etc/pkcs11/pkcs11.conf", NULL);

	if (r != 0)
		return native_decline(g->n, "'/etc/pkcs11/pkcs11.conf' is there");
	r = check_empty(g, "/etc/pkcs11/modules");
	if (r == 0)
		r = check_modules(g, e);
	if (r == 0 && vfs_exists(g->n->fs, g->layout->program, NULL) != 1)
		return native_decline(g->n, "the image has no '%s', which the tool needs",
				      g->layout->program);
	return r;
}

/* ---- sources -------------------------------------------------------------------------------- */

static bool is_phase(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		if (strcmp(phases[i], name) == 0)
			return true;
	return false;
}

/* Could p11-kit find anything in this? A certificate in DER begins with the tag of a SEQUENCE. */
static bool holds_nothing(const struct buf *text)
{
	return text->n == 0 ||
	       (text->data[0] != 0x30 && !memmem(text->data, text->n, "-----BEGIN", 10) &&
		!memmem(text->data, text->n, "[p11-kit", 8));
}

/* A file of the distribution's: there may be one with certificates. */
static int take_vendor_file(struct p11 *g, const char *path, const struct vfs_stat *st,
			    struct buf *text, struct err *e)
{
	int r;

	if (g->source_text.n > 0)
		return native_decline(g->n, "'%s' is another source: their order isn't known",
				      path);
	g->source_text = *text;
	*text = BUF(0);
	g->source_mtime = st->mtime;
	r = p11_find_pem(g->source_text.data, g->source_text.n, &g->source, e);
	if (r == P11_OTHER || (r == 0 && g->source.n == 0))
		return native_decline(g->n, "'%s' is out of the ordinary", path);
	return r;
}

/* @is_own: in the administrator's directories, where no certificate may be. */
static int take_file(struct p11 *g, const char *path, bool is_own, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	char file[LIMIT_PATH];
	struct vfs_stat st;
	int r = vfs_resolve(g->n->fs, path, /* follow_last= */ true, file, NULL);

	if (r == VFS_MISSING)
		return 0; /* a link to nowhere is nothing to p11-kit either */
	if (r < 0 || vfs_lstat(g->n->fs, file, &st, NULL) < 0 || st.type != VFS_FILE ||
	    vfs_read_file(g->n->fs, file, &text, NULL) < 0)
		return native_decline(g->n, "'%s' is out of the ordinary", path);
	if (holds_nothing(&text))
		return 0;
	return is_own ? native_decline(g->n, "'%s' is a source of its own", path)
		      : take_vendor_file(g, path, &st, &text, e);
}

static int take_phase(struct p11 *g, const char *dir, bool is_own, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char path[LIMIT_PATH];
	int r = native_list(g->n, dir, path, &names);

	if (r == 0 && names.n > 0 && (is_own || strcmp(path_name(dir), "anchors") != 0))
		return native_decline(g->n, "'%s/%s' is there", dir, names.v[0]);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char file[LIMIT_PATH];

		r = path_join(path, names.v[i], file, sizeof(file), e);
		if (r == 0)
			r = take_file(g, file, is_own, e);
	}
	return r;
}

static int take_sources(struct p11 *g, const char *dir, bool is_own, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char path[LIMIT_PATH];
	int r = native_list(g->n, dir, path, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char inside[LIMIT_PATH];

		r = path_join(path, names.v[i], inside, sizeof(inside), e);
		if (r == 0)
			r = is_phase(names.v[i]) ? take_phase(g, inside, is_own, e)
						 : take_file(g, inside, is_own, e);
	}
	return r;
}

int p11_sources_check(struct p11 *g, struct err *e)
{
	int r = check_configuration(g, e);

	if (r == 0)
		r = take_sources(g, g->layout->own, /* is_own= */ true, e);
	if (r == 0)
		r = take_sources(g, g->layout->vendor, /* is_own= */ false, e);
	if (r == 0 && g->source.n == 0)
		return native_decline(g->n, "'%s' holds no certificates", g->layout->vendor);
	return r;
}
