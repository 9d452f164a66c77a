/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a command's name may stand for. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "runtime/plan_build.h"

/* What docker gives a container whose image sets none. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int plan_candidates(const char *name, const struct strv *env, struct strv *ret, struct err *e)
{
	const char *path = strv_value(env, "PATH");
	cleanup_strv struct strv dirs = STRV(ret->max);
	int r;

	if (strchr(name, '/') || !*name)
		return strv_add(ret, name, e);
	r = strv_split(&dirs, path && *path ? path : DEFAULT_PATH, ':', e);
	for (size_t i = 0; r == 0 && i < dirs.n; i++) {
		const char *dir = *dirs.v[i] ? dirs.v[i] : "."; /* as in every shell */
		char file[LIMIT_PATH];
		int n = snprintf(file, sizeof(file), "%s/%s", dir, name);

		if (n < (int)sizeof(file)) /* a longer one can't exist */
			r = strv_add(ret, file, e);
	}
	return r < 0 ? err_wrap(e, r, "looking up '%s' in PATH", name) : 0;
}
