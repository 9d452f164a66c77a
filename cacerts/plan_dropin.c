/* SPDX-License-Identifier: Apache-2.0 */
/* Our own file for each authority, in the directory where the family's tool looks. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "cacerts/names.h"
#include "cacerts/plan.h"

int plan_dropin(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e)
{
	const struct distro_family *family = p->distro.family;
	char dir[LIMIT_PATH];
	int r = vfs_resolve(fs, family->dropin_dir, true /* follow_last= */, dir, e);

	if (r == -ELOOP || r == -ENOTDIR) {
		plan_note_skip(p, family->dropin_dir, e ? e->msg : strerror(-r));
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = plan_make_dirs(p, fs, dir, e);
	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < q->authorities->n; i++) {
		const struct authority *a = &q->authorities->v[i];
		char path[LIMIT_PATH];

		r = names_dropin(a, dir, family->dropin_suffix, path, sizeof(path), e);
		if (r == 0)
			r = changes_add_file(&p->changes, ROLE_DROPIN, path, a->pem, strlen(a->pem),
					     &plan_new_file, e);
		if (r == 0)
			plan_note_store(p, path, "drop-in", "drop-in");
	}
	return r;
}
