/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/native.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/limits.h"

typedef int engine_fn(struct native *n, struct err *e);

/* clang-format off */
static const struct {
	const char *family;
	engine_fn *plan;
} engines[] = {
	{"debian", native_debian},
	{"rhel", native_rhel},
	{"suse", native_suse},
};
/* clang-format on */

int native_decline(struct native *n, const char *format, ...)
{
	va_list args;

	if (n->why[0])
		return NATIVE_DECLINED;
	va_start(args, format);
	vsnprintf(n->why, sizeof(n->why), format, args);
	va_end(args);
	return NATIVE_DECLINED;
}

int native_check_time(struct native *n)
{
	if (!n->deadline || clock_mono_usec() <= n->deadline)
		return 0;
	n->p->is_repeatable = false;
	return native_decline(n, "it takes too long to look at");
}

int native_list(struct native *n, const char *dir, char *ret_path, struct strv *ret)
{
	int r = vfs_resolve(n->fs, dir, /* follow_last= */ true, ret_path, NULL);

	if (r == VFS_MISSING)
		return 0;
	if (r < 0 || vfs_list(n->fs, ret_path, ret, NULL) < 0)
		return native_decline(n, "'%s' can't be listed", dir);
	return 0;
}

static int check_shadowed(struct native *n, const char *dir, const char *const *commands)
{
	cleanup_strv struct strv names = STRV(LIMIT_SOURCES);
	char path[LIMIT_PATH];
	int r = native_list(n, dir, path, &names);

	for (; r == 0 && *commands; commands++)
		if (strv_has(&names, *commands))
			return native_decline(n, "'%s/%s' is not the system's", dir, *commands);
	return r;
}

int native_check_commands(struct native *n, const char *const *commands)
{
	int r = check_shadowed(n, "/usr/local/sbin", commands);

	return r == 0 ? check_shadowed(n, "/usr/local/bin", commands) : r;
}

int native_check_inherited(struct native *n, const char *dir)
{
	struct vfs_xattrs xattrs = {0};
	bool has_acl = false;

	if (vfs_get_xattrs(n->fs, dir, &xattrs, NULL) < 0)
		return native_decline(n, "'%s' is out of the ordinary", dir);
	for (size_t i = 0; i < xattrs.n; i++)
		has_acl |= strcmp(xattrs.v[i].name, "system.posix_acl_default") == 0;
	vfs_xattrs_done(&xattrs);
	return has_acl ? native_decline(n, "'%s' has a default ACL", dir) : 0;
}

static engine_fn *engine_of(const struct distro_family *family)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (strcmp(engines[i].family, family->name) == 0)
			return engines[i].plan;
	return NULL;
}

int native_digest(const struct native *n, const char *path, char ret[NATIVE_DIGEST_SIZE],
		  struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_TOOL);
	unsigned char digest[EVP_MAX_MD_SIZE];
	cleanup_free char *hex = NULL;
	char real[LIMIT_PATH];
	unsigned size;

	if (vfs_resolve(n->fs, path, /* follow_last= */ true, real, NULL) != 0 ||
	    vfs_read_file(n->fs, real, &text, NULL) < 0)
		return NATIVE_DECLINED;
	if (!EVP_Digest(text.n ? text.data : "", text.n, digest, &size, EVP_sha256(), NULL))
		return err_oom(e);
	hex = hex_encode(digest, size);
	if (!hex)
		return err_oom(e);
	memcpy(ret, hex, NATIVE_DIGEST_SIZE);
	return 0;
}

int native_find_version(struct native *n, const char *path, struct distro_tool_version *ret,
			struct err *e)
{
	const struct distro_family *family = n->p->distro.family;
	char digest[NATIVE_DIGEST_SIZE];
	const char *generation = NULL;
	int r = native_digest(n, path, digest, e);

	if (r < 0)
		return r;
	if (r == NATIVE_DECLINED)
		return native_decline(n, "'%s' can't be read", path);
	for (const struct distro_tool_version *v = family->tool_versions; v && v->sha256; v++)
		if (strcmp(v->sha256, digest) == 0) {
			*ret = *v;
			return 0;
		}
	if (n->q->known_tools)
		generation = known_tools_find(n->q->known_tools, family, digest);
	*ret = (struct distro_tool_version){.package = "vouched for by the operator",
					    .generation = generation};
	return generation ? 0
			  : native_decline(n, "'%s' is of a version that isn't known (sha256 %s)",
					   path, digest);
}

static int plan(struct native *n, struct distro_tool_version *ret, struct err *e)
{
	engine_fn *engine = engine_of(n->p->distro.family);
	int r;

	if (!engine)
		return native_decline(n, "the family has no engine");
	r = native_find_version(n, n->p->distro.family->tool[0], ret, e);
	if (r != 0)
		return r;
	n->generation = ret->generation;
	return engine(n, e);
}

int plan_native(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e)
{
	struct native n = {
		.q = q, .fs = fs, .p = p, .deadline = clock_mono_usec() + LIMIT_NATIVE_USEC};
	struct distro_tool_version version = {0};
	int r = plan(&n, &version, e);

	if (r == 0)
		json_object_set_new(p->report, "native",
				    json_pack("{s:s}", "tool", version.package));
	if (r == NATIVE_DECLINED)
		json_object_set_new(p->report, "native",
				    json_pack("{s:o}", "declined", json_sentence(n.why)));
	return r;
}
