/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "vfs/place.h"

void vfs_written_done(struct vfs_mount *m)
{
	for (size_t i = 0; i < m->n_written; i++)
		fd_close(m->written[i].fd);
	free(m->written);
}

int vfs_written_note(struct vfs_mount *m, int dirfd, struct err *e)
{
	struct vfs_written *v;
	struct stat st;
	int fd;

	if (fstat(dirfd, &st) < 0)
		return err_sys(e, "looking at a directory");
	for (size_t i = 0; i < m->n_written; i++)
		if (m->written[i].dev == st.st_dev)
			return 0;
	if (m->n_written >= LIMIT_MOUNTS)
		return err_set(e, -E2BIG, ERR_LIMIT, "writes in more than %d file systems",
			       LIMIT_MOUNTS);
	v = reallocarray(m->written, m->n_written + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	m->written = v;
	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "opening a directory");
	v[m->n_written++] = (struct vfs_written){.dev = st.st_dev, .fd = fd};
	return 0;
}

void vfs_hold_removed(struct vfs *fs)
{
	fs->hold_removed = true;
}

/* An inode is freed when the last descriptor of it goes. */
void vfs_removed_hold(struct vfs *fs, int dirfd, const char *name)
{
	int fd;

	if (!fs->hold_removed || fs->n_removed == LIMIT_REMOVED)
		return;
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		fs->removed[fs->n_removed++] = fd;
}

static void close_all(int *v, size_t *n)
{
	for (; *n > 0; --*n)
		fd_close(v[*n - 1]);
}

void vfs_unsynced_done(struct vfs_unsynced *u)
{
	close_all(u->removed, &u->n_removed);
	close_all(u->tops, &u->n_tops);
	free(u->removed);
	free(u->tops);
	*u = (struct vfs_unsynced){0};
}

/* Takes @fd, which may be an error that is none: a bind of a socket holds nothing of ours. */
static int add_fd(struct vfs_unsynced *u, int fd, struct err *e)
{
	int *v = fd < 0 ? NULL : reallocarray(u->tops, u->n_tops + 1, sizeof(*v));

	if (fd == -EINVAL)
		return 0;
	if (fd < 0)
		return err_sys(e, "opening what has to be synced");
	if (!v) {
		fd_close(fd);
		return err_oom(e);
	}
	u->tops = v;
	v[u->n_tops++] = fd;
	return 0;
}

/* Hands over what is held. */
static int take_removed(struct vfs *fs, struct vfs_unsynced *u, struct err *e)
{
	u->removed = malloc(sizeof(fs->removed));
	if (!u->removed)
		return err_oom(e);
	memcpy(u->removed, fs->removed, sizeof(fs->removed));
	u->n_removed = fs->n_removed;
	fs->n_removed = 0;
	return 0;
}

static int add_top(struct vfs_unsynced *u, const struct vfs_mount *m, struct err *e)
{
	int top = m->layers[0].fd;
	int r = add_fd(u,
		       m->is_dir ? openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
				 : vfs_place_reopen(top, O_RDONLY, NULL),
		       e);

	for (size_t i = 0; r == 0 && i < m->n_written; i++)
		r = add_fd(u, fcntl(m->written[i].fd, F_DUPFD_CLOEXEC, 0), e);
	return r;
}

int vfs_unsynced_get(struct vfs *fs, struct vfs_unsynced *ret, struct err *e)
{
	cleanup(vfs_unsynced_done) struct vfs_unsynced u = {0};
	int r = 0;

	for (size_t i = 0; i < fs->n_mounts; i++) {
		const struct vfs_mount *m = &fs->mounts[i];

		r = m->has_top ? add_top(&u, m, e) : 0;
		if (r < 0)
			return err_wrap(e, r, "'%s'", m->layers[0].path);
	}
	r = take_removed(fs, &u, e);
	if (r < 0)
		return r;
	*ret = u;
	u = (struct vfs_unsynced){0};
	return 0;
}

int vfs_unsynced_flush(struct vfs_unsynced *u, struct err *e)
{
	close_all(u->removed, &u->n_removed);
	for (size_t i = 0; i < u->n_tops; i++)
		if (syncfs(u->tops[i]) < 0)
			return err_sys(e, "syncing a file system");
	return 0;
}

int vfs_sync(struct vfs *fs, struct err *e)
{
	cleanup(vfs_unsynced_done) struct vfs_unsynced u = {0};
	int r = vfs_unsynced_get(fs, &u, e);

	return r == 0 ? vfs_unsynced_flush(&u, e) : r;
}

/* An ext4 may have been made without a journal; sysfs has the number of the thread of one. */
static bool has_journal(dev_t dev)
{
	char link[64];
	char device[LIMIT_PATH];
	char file[LIMIT_PATH + 64];
	cleanup_buf struct buf task = BUF(64);
	ssize_t n;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	n = readlink(link, device, sizeof(device) - 1);
	if (n < 0)
		return false;
	device[n] = '\0';
	snprintf(file, sizeof(file), "/sys/fs/ext4/%s/journal_task", path_name(device));
	if (io_read_file_at(AT_FDCWD, file, &task, NULL) < 0 || task.n == 0)
		return false;
	return task.data[0] >= '1' && task.data[0] <= '9';
}

bool vfs_keeps_order(int fd)
{
	struct statfs kind;
	struct stat st;

	if (fstatfs(fd, &kind) < 0 || fstat(fd, &st) < 0)
		return false;
	/* Both commit what was changed in one stream of transactions. */
	return kind.f_type == XFS_SUPER_MAGIC ||
	       (kind.f_type == EXT4_SUPER_MAGIC && has_journal(st.st_dev));
}

bool vfs_has_own_times(const struct vfs *fs, const char *path)
{
	return vfs_mount_of(fs, path)->has_own_times;
}

bool vfs_is_beside(const struct vfs *fs, const char *path, int fd)
{
	const struct vfs_mount *m = vfs_mount_of(fs, path);
	struct stat other;
	struct stat top;

	return m->has_top && !m->has_submounts && fstat(m->layers[0].fd, &top) == 0 &&
	       fstat(fd, &other) == 0 && top.st_dev == other.st_dev;
}
