/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journals of an exec: one for the mount points that were made in the rootfs, one for the
 * authorities that were installed on top of all mounts. They are undone in the reverse order.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cacerts/install.h"
#include "cacerts/undo.h"
#include "executor/internal.h"

const char *const exec_journals[] = {JOURNAL_TRUST, JOURNAL_MOUNT_POINTS, NULL};

static int make_directory(int parent, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(parent, name, 0700) < 0)
		return err_sys(e, "creating the journal '%s'", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "opening the journal '%s'", name) : fd;
}

static int fill(struct journal *j, struct exec *x, const struct mount_specs *mounts,
		const struct authorities *authorities, struct err *e)
{
	int r;

	j->authorities = authorities_ref((struct authorities *)authorities);
	j->id = strdup(x->q.id);
	if (!j->id)
		return err_oom(e);
	r = mount_specs_extend(&j->rootfs, &x->rootfs, e);
	return r == 0 ? mount_specs_extend(&j->mounts, mounts, e) : r;
}

int exec_install_changes(struct exec *x, const char *journal, const struct mount_specs *mounts,
			 const struct changes *changes, const struct distro_family *family,
			 const struct authorities *authorities, struct err *e)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF, .family = family};
	cleanup_vfs struct vfs *fs = NULL;
	int r;

	j.dirfd = make_directory(x->state_fd, journal, e);
	if (j.dirfd < 0)
		return j.dirfd;
	r = fill(&j, x, mounts, authorities, e);
	if (r == 0)
		r = vfs_new(&j.rootfs, &j.mounts, &fs, e);
	if (r == 0)
		r = install_run(&j, fs, changes, e);
	if (r < 0 && !(e && e->dirty))
		journal_remove(x->state_fd, journal, RECORD_DURABLE,
			       NULL); /* what stays is undone by nobody */
	return r;
}

int exec_undo_journal(struct executor *ex, const char *id, const char *name, json_t *report,
		      struct err *e)
{
	cleanup_close int dir = openat(ex->execs_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0)
		return err_sys(e, "opening the state directory of exec '%s'", id);
	r = undo_take(dir, name, report, e);
	return r < 0 ? err_wrap(e, r, "exec '%s'", id) : 0;
}
