/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in which the user's run of a tool has noted what it made, a path in each line: the lines
 * that name what is ours leave.
 */
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/undo_plan.h"

/* @line: without its end */
static bool names_ours(const struct undo *u, const char *line)
{
	for (size_t k = 0; k < u->j->authorities->n; k++)
		if (names_is_ours(path_name(line), &u->j->authorities->v[k]))
			return true;
	return false;
}

/* Puts the lines that stay into @ret. */
static int filter(const struct undo *u, const struct buf *text, struct buf *ret, struct err *e)
{
	const char *end = text->data + text->n;
	int r = 0;

	for (const char *p = text->data; r == 0 && p < end;) {
		size_t n = strcspn(p, "\n");
		size_t n_all = n + (p + n < end);
		char line[LIMIT_PATH];

		if (n >= sizeof(line))
			r = buf_add(ret, p, n_all, e); /* no path is as long */
		else {
			memcpy(line, p, n);
			line[n] = '\0';
			r = names_ours(u, line) ? 0 : buf_add(ret, p, n_all, e);
		}
		p += n_all;
	}
	return r;
}

static int strip(struct undo *u, const char *path, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_CONF);
	cleanup_buf struct buf rest = BUF(LIMIT_CONF);
	cleanup_state struct state s = {0};
	struct vfs_meta meta;
	int r = state_capture(u->fs, path, &s, &text, e);

	if (r == 0 && text.n > 0)
		r = filter(u, &text, &rest, e);
	if (r < 0 || rest.n == text.n)
		return r;
	meta = state_metadata(&s);
	undo_keep(u, path);
	r = changes_add_file(u->out, ROLE_STORE, path, rest.data, rest.n, &meta, e);
	return r == 0 ? undo_keep_time(u, path, e) : r;
}

/* A file that is too large, or no text, was made by no tool. */
static int look_at(struct undo *u, const char *path, struct err *e)
{
	struct vfs_stat st;
	int r = vfs_lstat(u->fs, path, &st, e);

	if (r < 0 || st.type != VFS_FILE || !st.in_top || st.size > LIMIT_CONF ||
	    !undo_is_newer(u, &st))
		return r;
	return strip(u, path, e);
}

int undo_strip_lists(struct undo *u, struct err *e)
{
	const char *const *path = u->j->family && u->j->installed ? u->j->family->lists : NULL;
	int r = 0;

	for (; r == 0 && path && *path; path++)
		r = look_at(u, *path, e);
	return r;
}
