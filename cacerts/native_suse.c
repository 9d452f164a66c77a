/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUSE's update-ca-certificates runs a hook for each format, in the order of their names, all of
 * which have versions of their own:
 *
 *	S1            the script that runs them
 *	S1-java       a keystore
 *	S1-openssl    a hashed directory of what is trusted for anything
 *	S1-etc_ssl    one of what is trusted for servers, to which /etc/ssl/certs leads
 *	S1-certbundle a bundle behind ten lines of comment
 */
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/native_p11.h"

#define STATE     "/var/lib/ca-certificates"
#define OWN_HOOKS "/etc/ca-certificates/update.d"
#define HOOKS     "/usr/lib/ca-certificates/update.d"

/* clang-format off */
static const struct {
	const char *name;
	const char *generation;
} hooks[] = {
	{"50java.run",       "S1-java"},
	{"70openssl.run",    "S1-openssl"},
	{"80etc_ssl.run",    "S1-etc_ssl"},
	{"99certbundle.run", "S1-certbundle"},
};

static const struct p11_output files[] = {
	{.path = STATE "/ca-bundle.pem", .style = {P11_PEM}, .purpose = P11_SERVER, .n_head = 10},
	{.path = STATE "/java-cacerts", .style = {P11_JKS}, .purpose = P11_SERVER},
	{0},
};

static const struct p11_output dirs[] = {
	{.path = STATE "/pem", .style = {P11_PEM}, .purpose = P11_SERVER},
	{.path = STATE "/openssl", .style = {P11_TRUSTED}, .is_all = true},
	{0},
};

static const char *const commands[] = {"cat", "chmod", "flock", "ln", "ls", "mkdir", "mv",
				       "readlink", "rm", "sort", "trust", NULL};

static const struct p11_layout layout = {
	"S1", .own = "/etc/pki/trust", .vendor = "/usr/share/pki/trust",
	.program = "/usr/bin/trust", .commands = commands, .files = files, .dirs = dirs,
};
/* clang-format on */

const struct p11_layout *p11_layout_suse(void)
{
	return &layout;
}

static bool is_hook(const char *name)
{
	size_t n = strlen(name);

	return n >= 4 && strcmp(name + n - 4, ".run") == 0;
}

static int check_own_hooks(struct native *n)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char dir[LIMIT_PATH];
	int r = native_list(n, OWN_HOOKS, dir, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (is_hook(names.v[i]))
			return native_decline(n, "the hook '" OWN_HOOKS "/%s'", names.v[i]);
	return r;
}

static int check_hook(struct native *n, size_t i, struct err *e)
{
	struct distro_tool_version version;
	char path[LIMIT_PATH];
	int r = path_join(HOOKS, hooks[i].name, path, sizeof(path), e);

	if (r == 0)
		r = native_find_version(n, path, &version, e);
	if (r == 0 && strcmp(version.generation, hooks[i].generation) != 0)
		return native_decline(n, "the hook '%s' works like another one", path);
	return r;
}

/* Exactly those of the table: then they run in its order. */
static int check_hooks(struct native *n, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char dir[LIMIT_PATH];
	size_t n_hooks = 0;
	int r = native_list(n, HOOKS, dir, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (!is_hook(names.v[i]))
			continue;
		if (n_hooks == ARRAY_SIZE(hooks) || strcmp(names.v[i], hooks[n_hooks].name) != 0)
			return native_decline(n, "the hook '" HOOKS "/%s'", names.v[i]);
		r = check_hook(n, n_hooks++, e);
	}
	if (r == 0 && n_hooks != ARRAY_SIZE(hooks))
		return native_decline(n, "the hook '" HOOKS "/%s' isn't there",
				      hooks[n_hooks].name);
	return r;
}

/* The links that the hooks would make or mend. */
static int check_links(struct native *n)
{
	char target[LIMIT_PATH];

	if (vfs_readlink(n->fs, "/etc/ssl/certs", target, NULL) < 0 ||
	    strcmp(target, "../../var/lib/ca-certificates/pem") != 0)
		return native_decline(n, "'/etc/ssl/certs' is not the link that the tool wants");
	if (vfs_exists(n->fs, "/etc/ssl/ca-bundle.pem", NULL) != 1)
		return native_decline(n, "'/etc/ssl/ca-bundle.pem' isn't there");
	if (vfs_exists(n->fs, "/etc/pki/trust/.updated", NULL) != 0)
		return native_decline(n, "'/etc/pki/trust/.updated' is there");
	return 0;
}

int native_suse(struct native *n, struct err *e)
{
	struct vfs_stat st;
	int r;

	if (strcmp(n->generation, layout.generation) != 0)
		return native_decline(n, "the tool is of a generation without an engine");
	if (vfs_lstat(n->fs, STATE, &st, NULL) < 0 || st.type != VFS_DIR || st.mode != 0555)
		return native_decline(n, "'" STATE "' is out of the ordinary");
	r = check_own_hooks(n);
	if (r == 0)
		r = check_hooks(n, e);
	if (r == 0)
		r = check_links(n);
	return r == 0 ? native_p11(n, &layout, e) : r;
}
