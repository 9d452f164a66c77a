/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
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

static int sync_top(const struct vfs_mount *m)
{
	cleanup_close int fd =
		m->is_dir ? openat(m->layers[0].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			  : vfs_place_reopen(m->layers[0].fd, O_RDONLY, NULL);

	if (fd == -EINVAL) /* a bind of a device or socket holds nothing of ours */
		return 0;
	if (fd < 0 || syncfs(fd) < 0)
		return -1;
	for (size_t i = 0; i < m->n_written; i++)
		if (syncfs(m->written[i].fd) < 0)
			return -1;
	return 0;
}

int vfs_sync(struct vfs *fs, struct err *e)
{
	for (size_t i = 0; i < fs->n_mounts; i++) {
		const struct vfs_mount *m = &fs->mounts[i];

		if (m->has_top && sync_top(m) < 0)
			return err_sys(e, "syncing '%s'", m->layers[0].path);
	}
	return 0;
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

bool vfs_is_beside(const struct vfs *fs, const char *path, int fd)
{
	const struct vfs_mount *m = vfs_mount_of(fs, path);
	struct stat other;
	struct stat top;

	return m->has_top && !m->has_submounts && fstat(m->layers[0].fd, &top) == 0 &&
	       fstat(fd, &other) == 0 && top.st_dev == other.st_dev;
}
