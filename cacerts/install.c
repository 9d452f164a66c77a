/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/install.h"

#include <unistd.h>

#include "base/fault.h"
#include "cacerts/undo.h"

/*
 * Directories get their old times back at once: the container sees no difference, and whatever
 * time stands there after the user process is the user's.
 */
static int restore_times(const struct journal *j, struct vfs *fs, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n; i++) {
		const struct state *t0 = &j->v[i].t0;
		const struct vfs_meta meta = {.fields = VFS_META_MTIME, .mtime = t0->st.mtime};
		struct vfs_stat st;

		if (t0->st.type != VFS_DIR)
			continue;
		r = vfs_lstat(fs, j->v[i].path, &st, e);
		if (r == 0 && st.in_top &&
		    (st.mtime.tv_sec != meta.mtime.tv_sec ||
		     st.mtime.tv_nsec != meta.mtime.tv_nsec))
			r = vfs_set_meta(fs, j->v[i].path, &meta, e);
		fault_point("install.time");
	}
	return r;
}

int install_play(const struct journal *draft, struct vfs *fs, const struct changes *changes,
		 struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < changes->n; i++) {
		r = change_apply(&changes->v[i], fs, e);
		fault_point("install.applied");
	}
	return r == 0 ? restore_times(draft, fs, e) : r;
}

static int sync_content(const struct vfs *fs, const char *path, struct err *e)
{
	cleanup_close int fd = vfs_open(fs, path, e);

	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? err_sys(e, "syncing '%s'", path) : 0;
}

int install_sync(const struct journal *j, const struct vfs *fs, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n; i++) {
		const struct journal_entry *entry = &j->v[i];

		if (entry->has_made && entry->t0.st.type == VFS_FILE && !entry->t0.st.in_top)
			r = sync_content(fs, entry->path, e);
	}
	return r;
}

int install_draft(struct journal *j, const struct vfs *fs, const struct changes *changes,
		  struct err *e)
{
	return journal_draft(j, fs, changes, j->family ? distro_bundles : NULL, e);
}

int install_drafted(struct journal *j, struct vfs *fs, const struct changes *changes,
		    struct record_open *ret_open, struct err *e)
{
	cleanup_json json_t *ignored = json_object();
	struct err undo = ERR_NONE;
	int r = journal_begin(j, e);

	if (r < 0)
		return r;
	vfs_set_tag(fs, j->id);
	r = install_play(j, fs, changes, e);
	if (r == 0)
		r = journal_commit(j, fs, changes, ret_open, e);
	if (r == 0) {
		fault_point("install.done");
		return 0;
	}
	if (undo_run(j->dirfd, ignored, &undo) < 0 && e)
		*e = undo;
	return err_wrap(e, r, "installing the authorities");
}

int install_run(struct journal *j, struct vfs *fs, const struct changes *changes, struct err *e)
{
	int r = install_draft(j, fs, changes, e);

	if (r == 0)
		r = journal_draft_names(j, fs, e);
	return r == 0 ? install_drafted(j, fs, changes, NULL, e) : r;
}
