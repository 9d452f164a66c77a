/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keystores that Java reads: our certificates go into each one that no other strategy has
 * taken care of. A Java program reads nothing else, so a bundle alone is no help to it.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cacerts/java_homes.h"
#include "cacerts/plan.h"
#include "cacerts/store_format.h"

static int add_to(const struct cacerts_request *q, const struct vfs *fs, const char *path,
		  const struct vfs_stat *st, struct cacerts_plan *p, struct err *e)
{
	cleanup_buf struct buf now = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf then = BUF(LIMIT_STORE_FILE);
	const struct store_format *format;
	struct store_why why;
	int r = vfs_read_file(fs, path, &now, e);

	if (r == 0) {
		format = store_format_of(now.data ? now.data : "", now.n);
		r = format->is_keystore
			    ? format->add(now.data, now.n, q->authorities, clock_wall_usec() / 1000,
					  &then, &why, e)
			    : store_cant(&why, "it is of no keystore format that is known");
	}
	if (r == -E2BIG) {
		store_cant(&why, "it is larger than any keystore, or would become so");
		err_clear(e);
		r = STORE_CANT;
	}
	if (r == STORE_CANT)
		plan_note_skip(p, path, why.text);
	if (r != 0)
		return r < 0 ? r : 0;
	if (then.n == now.n)
		return 0; /* it holds them all */
	r = plan_rewrite(p, fs, path, path, st, &then, e);
	if (r == 0)
		plan_note_store(p, path, "keystore", "java");
	return r < 0 ? r : 0;
}

static int try_store(const struct cacerts_request *q, const struct vfs *fs, const char *path,
		     struct cacerts_plan *p, struct err *e)
{
	struct vfs_stat st;
	int r;

	if (changes_find(&p->changes, path))
		return 0; /* the family's tool has seen to it */
	r = vfs_lstat(fs, path, &st, e);
	if (r == 0 && st.type == VFS_FILE)
		return add_to(q, fs, path, &st, p, e);
	if (r == 0)
		plan_note_skip(p, path, "it is not a regular file");
	return r;
}

int plan_java(const struct cacerts_request *q, const struct vfs *fs, struct cacerts_plan *p,
	      struct err *e)
{
	cleanup_strv struct strv paths = STRV(LIMIT_KEYSTORES);
	uint64_t deadline = clock_mono_usec() + LIMIT_JAVA_USEC;
	int r = java_homes_find(fs, q->env, &paths, e);

	for (size_t i = 0; r == 0 && i < paths.n; i++) {
		if (clock_mono_usec() <= deadline) {
			r = try_store(q, fs, paths.v[i], p, e);
			continue;
		}
		p->is_repeatable = false;
		plan_note_skip(p, paths.v[i], "looking at the keystores takes too long");
	}
	return r;
}
