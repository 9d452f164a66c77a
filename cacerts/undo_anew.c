/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that the user made from nothing: he removed the directory with all that was of ours in
 * it, made another one, and a file where our store was. What is in that file was never ours, so he
 * put it there himself, if it is the very same certificate too.
 *
 * Two others could have put ours there again. A tool that reads our drop-in file links it in that
 * directory; a copy of the directory has what we had put beside the store. Where neither would show
 * the file is not taken for the user's.
 */
#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "cacerts/undo_plan.h"

/* Would a tool that took our drop-in file have left a link to it? p11-kit doesn't. */
static bool tool_would_show(const struct undo *u)
{
	if (!u->j->family || !u->j->family->p11_dirs)
		return true;
	for (size_t i = 0; i < u->j->n; i++)
		if (u->j->v[i].role == ROLE_DROPIN)
			return false;
	return true;
}

/* Would a copy of the directory show? Of one that the image hasn't the user makes no copy. */
static bool copy_would_show(const struct undo *u, const struct journal_entry *dir)
{
	if (dir->t0.st.type == VFS_ABSENT)
		return true;
	for (size_t i = 0; i < u->j->n; i++)
		if (undo_is_in(u->j->v[i].path, dir->path) && u->j->v[i].t0.st.type == VFS_ABSENT &&
		    undo_t1(u, i)->st.type == VFS_LINK)
			return true;
	return false;
}

/* Is there anything in the directory that is called like ours? */
static bool has_name_of_ours(const struct undo *u, const char *dir)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);

	if (vfs_list(u->fs, dir, &names, NULL) < 0)
		return true; /* for all that we know */
	for (size_t i = 0; i < names.n; i++)
		for (size_t k = 0; k < u->j->authorities->n; k++)
			if (names_is_ours(names.v[i], &u->j->authorities->v[k]))
				return true;
	return false;
}

bool undo_is_anew(const struct undo *u, size_t i)
{
	const struct journal_entry *dir;
	char path[LIMIT_PATH];
	size_t k;

	path_parent(u->j->v[i].path, path);
	dir = journal_find(u->j, path);
	if (!dir)
		return false;
	k = (size_t)(dir - u->j->v);
	return u->t2[k].st.type == VFS_DIR && !state_same_object(undo_t1(u, k), &u->t2[k]) &&
	       tool_would_show(u) && copy_would_show(u, dir) && !has_name_of_ours(u, path);
}
