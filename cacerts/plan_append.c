/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No tool did it: our certificates go behind those of every bundle that is there, and into hashed
 * directories. A bundle that isn't there is made at the family's own path only, and only if no
 * reader would find another one: readers stop at the first hit, so a file of ours alone would
 * hide the rest.
 */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/native_p11.h"
#include "cacerts/pem.h"
#include "cacerts/plan.h"

/* Adds those that the text doesn't hold; @ret_n counts them. */
static int add_certificates(const struct authorities *set, struct buf *text, size_t *ret_n,
			    struct err *e)
{
	int r = 0;

	*ret_n = 0;
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		const struct authority *a = &set->v[i];

		if (pem_count(text->data ? text->data : "", text->n, a) > 0)
			continue;
		if (text->n > 0 && text->data[text->n - 1] != '\n')
			r = buf_add(text, "\n", 1, e);
		if (r == 0)
			r = buf_addf(text, e, "%s", a->pem);
		++*ret_n;
	}
	return r;
}

/* A bundle, and where its new text goes. */
struct bundle {
	char path[LIMIT_PATH];  /* canonical, of the file that readers reach */
	char place[LIMIT_PATH]; /* the same, or the link that a file takes the place of */
	struct vfs_stat st;     /* of the file */
};

/*
 * A file in a store of nix or guix is shared by all that was built with it and named by what is in
 * it, so it is never written. Where a link outside leads to it, a file takes the link's place.
 */
static int find_place(const struct vfs *fs, const char *probe, struct bundle *b, struct err *e)
{
	char link[LIMIT_PATH];
	struct vfs_stat st;
	int r;

	memcpy(b->place, b->path, sizeof(b->place));
	if (!plan_is_sealed(b->path))
		return 0;
	r = vfs_resolve(fs, probe, /* follow_last= */ false, link, e);
	if (r == 0)
		r = vfs_lstat(fs, link, &st, e);
	if (r == 0 && st.type == VFS_LINK && !plan_is_sealed(link))
		memcpy(b->place, link, sizeof(b->place));
	return r < 0 ? r : 0;
}

static int append_to(const struct cacerts_request *q, const struct vfs *fs, const struct bundle *b,
		     struct cacerts_plan *p, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	size_t n_added = 0;
	int r = vfs_read_file(fs, b->path, &text, e);

	if (r == 0 && text.n > 0 && memchr(text.data, '\0', text.n)) {
		plan_note_skip(p, b->path, "it is not text, as a bundle would be");
		return 0;
	}
	if (r == 0)
		r = add_certificates(q->authorities, &text, &n_added, e);
	if (r == -E2BIG) {
		plan_note_skip(p, b->path, "it is larger than any bundle (16 MiB)");
		err_clear(e);
		return 0;
	}
	if (r == 0 && n_added > 0)
		r = plan_rewrite(p, fs, b->path, b->place, &b->st, &text, e);
	if (r == PLAN_SKIPPED)
		return 0;
	if (r == 0) {
		plan_note_store(p, b->place, "bundle", n_added > 0 ? "append" : "present");
		p->complete = true;
	}
	return r;
}

int plan_append_to(const struct cacerts_request *q, const struct vfs *fs, const char *probe,
		   struct cacerts_plan *p, bool *ret_found, struct err *e)
{
	struct bundle b;
	int r = vfs_resolve(fs, probe, /* follow_last= */ true, b.path, NULL);

	*ret_found = false;
	if (r != 0)
		return 0; /* missing, or a link to nowhere */
	r = vfs_lstat(fs, b.path, &b.st, e);
	if (r == 0)
		r = find_place(fs, probe, &b, e);
	if (r < 0)
		return r;
	*ret_found = true;
	if (plan_is_noted(p, b.place))
		return 0; /* another name of a bundle that we have */
	if (b.st.type == VFS_FILE)
		return append_to(q, fs, &b, p, e);
	plan_note_skip(p, b.path, "it is not a regular file");
	return 0;
}

static int create(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		  struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	const char *bundle = p->distro.family->bundle;
	char path[LIMIT_PATH];
	char dir[LIMIT_PATH];
	size_t n_added;
	int r = vfs_resolve(fs, bundle, /* follow_last= */ true, path, NULL);

	if (r < 0) {
		plan_note_skip(p, bundle, "a part of the path is not a directory");
		return 0;
	}
	path_parent(path, dir);
	r = plan_make_dirs(p, fs, dir, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = add_certificates(q->authorities, &text, &n_added, e);
	if (r == 0)
		r = changes_add_file(&p->changes, ROLE_STORE, path, text.data, text.n,
				     &plan_new_file, e);
	if (r == 0) {
		plan_note_store(p, path, "bundle", "create");
		p->complete = true;
	}
	return r;
}

static int append_to_all(const struct cacerts_request *q, const struct vfs *fs,
			 struct cacerts_plan *p, bool *ret_found, struct err *e)
{
	int r = 0;

	for (const char *const *probe = distro_bundles; r == 0 && *probe; probe++) {
		bool found;

		r = plan_append_to(q, fs, *probe, p, &found, e);
		*ret_found |= found;
	}
	return r;
}

int plan_append(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
		struct err *e)
{
	bool found = false;
	int r = 0;

	if (plan_allows(q, CACERTS_APPEND))
		r = plan_p11_append(q, fs, p, e);
	if (r >= 0 && plan_allows(q, CACERTS_APPEND))
		r = append_to_all(q, fs, p, &found, e);
	if (r == 0 && !found && p->distro.family && plan_allows(q, CACERTS_CREATE))
		r = create(q, fs, p, e);
	else if (r == 0 && !found)
		plan_note_skip(p, "/",
			       p->distro.family
				       ? "no bundle where any reader looks, and none may be made"
				       : "no bundle where any reader looks, and no family to "
					 "make one for");
	return r == 0 && plan_allows(q, CACERTS_APPEND) ? plan_hashed(q, fs, p, e) : r;
}
