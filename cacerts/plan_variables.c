/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables that the caller has set keep their values: where one names a file or a directory of
 * the container as the place to look for authorities, that is a store like any other.
 */
#include <errno.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/plan.h"

static const char *const files[] = {
	"SSL_CERT_FILE",
	"NIX_SSL_CERT_FILE",
	"CURL_CA_BUNDLE",
	"REQUESTS_CA_BUNDLE",
	"NODE_EXTRA_CA_CERTS",
	"GIT_SSL_CAINFO",
	"PIP_CERT",
	"AWS_CA_BUNDLE",
	"CARGO_HTTP_CAINFO",
	"DENO_CERT",
	"HTTPLIB2_CA_CERTS",
	"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
	"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
	"HEX_CACERTS_PATH",
};

/* Lists, with colons between. */
static const char *const directories[] = {"SSL_CERT_DIR", "GIT_SSL_CAPATH",
					  "SYSTEM_CERTIFICATE_PATH"};

static int add_file(const struct cacerts_request *q, const struct vfs *fs, const char *path,
		    struct cacerts_plan *p, struct err *e)
{
	bool found;

	return path && path[0] == '/' ? plan_append_to(q, fs, path, p, &found, e) : 0;
}

/* Has the tool, or what stands for it, seen to this directory? */
static bool is_updated(const struct cacerts_plan *p, const struct vfs *fs, const char *dir)
{
	char path[LIMIT_PATH];

	if (!p->updated || vfs_resolve(fs, dir, /* follow_last= */ true, path, NULL) != 0)
		return false;
	for (const char *const *o = p->distro.family->outputs; *o; o++)
		if (path_is_below(path, *o))
			return true;
	return false;
}

static int add_directories(const struct cacerts_request *q, const struct vfs *fs, const char *list,
			   struct cacerts_plan *p, struct err *e)
{
	cleanup_strv struct strv paths = STRV(LIMIT_MASKS);
	struct err why = ERR_NONE;
	int r = list ? strv_split(&paths, list, ':', &why) : 0;

	if (r == -ENOMEM)
		return err_oom(e);
	if (r < 0)
		plan_note_skip(p, "/", "a variable names more directories than any software has");
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		if (paths.v[i][0] == '/' && !is_updated(p, fs, paths.v[i]))
			r = plan_hash_into(q, fs, paths.v[i], p, e);
	return r == -E2BIG ? 0 : r;
}

int plan_variables(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		   struct err *e)
{
	int r = 0;

	if (!plan_allows(q, CACERTS_APPEND))
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = add_file(q, fs, plan_getenv(q, files[i]), p, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++)
		r = add_directories(q, fs, plan_getenv(q, directories[i]), p, e);
	return r;
}
