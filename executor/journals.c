/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journals of an exec: one for the mount points that were made in the rootfs, one for the
 * authorities that were installed on top of all mounts. They are undone in the reverse order.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/io.h"
#include "cacerts/install.h"
#include "cacerts/undo.h"
#include "executor/internal.h"
#include "vfs/overlay_spec.h"

const char *const exec_journals[] = {JOURNAL_TRUST, JOURNAL_MOUNT_POINTS, NULL};

static int make_directory(int parent, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(parent, name, 0700) < 0)
		return err_sys(e, "creating the journal '%s'", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "opening the journal '%s'", name) : fd;
}

static int fill(struct journal *j, const struct exec *x, const struct mount_specs *mounts,
		struct err *e)
{
	int r;

	j->id = strdup(x->q.id);
	if (!j->id)
		return err_oom(e);
	r = mount_specs_extend(&j->rootfs, &x->rootfs, e);
	return r == 0 && mounts ? mount_specs_extend(&j->mounts, mounts, e) : r;
}

/* Plays @changes under the name @name; @j has been drafted for them. */
static int install(struct exec *x, const char *name, struct journal *j, struct vfs *fs,
		   const struct changes *changes, struct record_open *ret_open, struct err *e)
{
	int r;

	j->dirfd = make_directory(x->state_fd, name, e);
	if (j->dirfd < 0)
		return j->dirfd;
	r = install_drafted(j, fs, changes, ret_open, e);
	j->dirfd = fd_close(j->dirfd);
	if (r < 0 && !(e && e->dirty))
		journal_remove(x->state_fd, name, RECORD_DURABLE,
			       NULL); /* what stays is undone by nobody */
	return r;
}

int exec_install_mount_points(struct exec *x, struct vfs *fs, const struct changes *changes,
			      struct err *e)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF, .authorities = authorities_new()};
	int r = j.authorities ? fill(&j, x, NULL, e) : err_oom(e);

	if (r == 0)
		r = install_draft(&j, fs, changes, e);
	if (r == 0)
		r = journal_draft_names(&j, fs, e);
	return r == 0 ? install(x, JOURNAL_MOUNT_POINTS, &j, fs, changes, NULL, e) : r;
}

int exec_write_journal(int parent, struct journal *j, struct err *e)
{
	int r;

	j->dirfd = make_directory(parent, JOURNAL_TRUST, e);
	if (j->dirfd < 0)
		return j->dirfd;
	r = journal_begin(j, e);
	j->dirfd = fd_close(j->dirfd);
	if (r < 0 && journal_remove(parent, JOURNAL_TRUST, RECORD_DURABLE, NULL) < 0 && e)
		e->dirty = 1; /* it may be there, and undone one day */
	return r;
}

int exec_show_underlay(struct exec *x, struct underlay *underlay, struct err *e)
{
	int r = overlay_spec_add_lower(&x->rootfs, underlay->path, underlay->n_below, &x->shown, e);

	if (r == 0)
		x->underlay = underlay;
	return r;
}

/*
 * Has the upper a part in what is looked at? The kernel marks a directory of its as soon as it is
 * mounted over the underlay's, and that has to be in the journal before.
 */
static bool has_top_part(const struct journal *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->v[i].t0.st.in_top && strcmp(j->v[i].path, "/") != 0)
			return true;
	return false;
}

/* The install by the image's underlay: there is nothing to play, and the disk is waited for later.
 */
static int lend(struct exec *x, const struct known_image *image, struct journal *j, struct err *e)
{
	int r = underlay_lend(image->underlay, &image->draft, j, e);

	if (r < 0)
		return r;
	fault_point("install.done");
	x->seal.journal = j;
	x->seal.parent = x->state_fd;
	x->gate = has_top_part(j) ? NULL : seal_gate(&x->seal);
	return 0;
}

/* An exec for which the image's underlay can't be used installs in the tree. */
static bool use_underlay(struct exec *x, const struct vfs *fs, const struct known_image *image)
{
	return image->underlay && underlay_fits(image->underlay, fs) &&
	       exec_show_underlay(x, image->underlay, NULL) == 0;
}

int exec_install_plan(struct exec *x, struct vfs *fs, struct target_trust *trust, struct err *e)
{
	const struct known_image *image = trust->image;
	struct journal *j = &trust->journal;
	int r;

	j->family = image->plan.distro.family;
	j->authorities = authorities_ref(image->authorities);
	r = fill(j, x, &x->q.mounts, e);
	if (r == 0)
		r = journal_redraft(j, &image->draft, fs, e);
	if (r < 0)
		return r;
	if (use_underlay(x, fs, image))
		return lend(x, image, j, e);
	r = install(x, JOURNAL_TRUST, j, fs, &image->plan.changes, &x->seal.record, e);
	x->seal.installed = r == 0 ? j : NULL;
	return r;
}

int exec_undo_journal(struct executor *ex, const char *id, const char *name, struct journal *known,
		      json_t *report, struct vfs_unsynced *ret_rest, struct err *e)
{
	cleanup_close int dir = openat(ex->execs_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0)
		return err_sys(e, "opening the state directory of exec '%s'", id);
	r = undo_take(dir, name, known, report, ret_rest, e);
	return r < 0 ? err_wrap(e, r, "exec '%s'", id) : r;
}
