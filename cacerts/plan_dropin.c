/* SPDX-License-Identifier: Apache-2.0 */
/* Our own file for each authority, in the directory where the family's tool looks. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "cacerts/names.h"
#include "cacerts/plan.h"

/* One file; @first gives it its name, which is the same for the same set. */
static int add_file(struct cacerts_plan *p, const char *dir, const struct authority *first,
		    const struct buf *text, struct err *e)
{
	char path[LIMIT_PATH];
	int r = names_dropin(first, dir, p->distro.family->dropin_suffix, path, sizeof(path), e);

	if (r == 0)
		r = changes_add_file(&p->changes, ROLE_DROPIN, path, text->data, text->n,
				     &plan_new_file, e);
	if (r == 0)
		plan_note_store(p, path, "drop-in", "drop-in");
	return r;
}

/* A file for each authority, or one for all: then nobody can read them in another order. */
static int add_files(const struct cacerts_request *q, struct cacerts_plan *p, const char *dir,
		     struct err *e)
{
	const struct authorities *set = q->authorities;
	size_t n_each = p->distro.family->dropin_joined ? set->n : 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i += n_each) {
		cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);

		for (size_t k = i; r == 0 && k < i + n_each; k++)
			r = buf_addf(&text, e, "%s", set->v[k].pem);
		if (r == 0)
			r = add_file(p, dir, &set->v[i], &text, e);
	}
	return r;
}

int plan_dropin(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e)
{
	const struct distro_family *family = p->distro.family;
	char dir[LIMIT_PATH];
	int r;

	if (!family || !family->dropin_dir || !plan_allows(q, CACERTS_DROPIN))
		return 0;
	r = vfs_resolve(fs, family->dropin_dir, true /* follow_last= */, dir, e);
	if (r == -ELOOP || r == -ENOTDIR) {
		plan_note_skip(p, family->dropin_dir, e ? e->msg : strerror(-r));
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = plan_make_dirs(p, fs, dir, e);
	if (r != 0)
		return r < 0 ? r : 0;
	return add_files(q, p, dir, e);
}
