/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/underlay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "cacerts/install.h"
#include "vfs/overlay_spec.h"

struct underlay *underlay_free(struct underlay *u)
{
	if (!u)
		return NULL;
	for (size_t i = 0; i < u->n; i++)
		state_done(&u->t1[i]);
	free(u->t1);
	if (u->home && !__atomic_load_n(&u->is_kept, __ATOMIC_ACQUIRE))
		io_remove_tree_at(AT_FDCWD, u->home, NULL);
	free(u->home);
	free(u->path);
	free(u);
	return NULL;
}

void underlay_keep(struct underlay *u)
{
	__atomic_store_n(&u->is_kept, true, __ATOMIC_RELEASE);
}

/* Does the change write a file or link, whatever is there, in a directory that is there? */
static bool writes_in_place(const struct change *c, const struct vfs *fs,
			    const struct journal *draft)
{
	const struct journal_entry *entry = journal_find(draft, c->path);

	if (!entry || !vfs_is_of_rootfs(fs, c->path))
		return false;
	return c->kind == CHANGE_FILE || c->kind == CHANGE_LINK ||
	       (c->kind == CHANGE_MKDIR && entry->t0.st.type == VFS_DIR);
}

static bool is_possible(const char *dir, const struct vfs *fs, const struct changes *changes,
			const struct journal *draft)
{
	struct vfs_location at;

	if (vfs_locate(dir, &at, NULL) < 0 || !vfs_may_underlay(fs, &at))
		return false;
	for (size_t i = 0; i < changes->n; i++)
		if (!writes_in_place(&changes->v[i], fs, draft))
			return false;
	for (size_t i = 0; i < draft->n; i++)
		if (strcmp(draft->v[i].path, "/") != 0 && draft->v[i].t0.st.in_top)
			return false;
	return true;
}

/* A journal may outlive what it speaks of; another underlay must not be taken for it. */
static int make_home(struct underlay *u, const char *dir, struct err *e)
{
	uint64_t name;
	int r;

	if (getrandom(&name, sizeof(name), 0) != (ssize_t)sizeof(name))
		return err_sys(e, "asking for random bytes");
	if (asprintf(&u->home, "%s/%016" PRIx64, dir, name) < 0)
		return err_oom(e);
	if (mkdir(u->home, 0700) == 0) /* an image's directories may be open to anybody */
		return 0;
	r = err_sys(e, "creating '%s'", u->home);
	free(u->home);
	u->home = NULL;
	return r;
}

/* Makes the directories and opens the view that writes into them. */
static int open_writer(struct underlay *u, const struct cacerts_request *q, struct vfs **ret,
		       struct err *e)
{
	cleanup_mount_specs struct mount_specs specs = {.n = 0};
	cleanup_free char *work = NULL;
	int r;

	if (asprintf(&u->path, "%s/fs", u->home) < 0 || asprintf(&work, "%s/work", u->home) < 0)
		return err_oom(e);
	if (mkdir(u->path, 0755) < 0 || mkdir(work, 0700) < 0)
		return err_sys(e, "creating a directory in '%s'", u->home);
	r = vfs_locate(u->path, &u->at, e);
	if (r == 0)
		r = overlay_spec_count_lowers(q->rootfs, &u->n_below, e);
	if (r == 0)
		r = overlay_spec_over(q->rootfs, u->path, work, &specs, e);
	return r == 0 ? vfs_new(&specs, NULL, ret, e) : r;
}

static int write_files(struct underlay *u, const struct cacerts_request *q,
		       const struct changes *changes, const struct journal *draft, struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;
	int r = open_writer(u, q, &fs, e);

	if (r == 0)
		r = install_play(draft, fs, changes, e);
	return r == 0 ? vfs_sync(fs, e) : r;
}

/* T1 is what a container sees. */
static int capture(struct underlay *u, const struct cacerts_request *q, const struct journal *draft,
		   struct err *e)
{
	cleanup_mount_specs struct mount_specs specs = {.n = 0};
	cleanup_vfs struct vfs *fs = NULL;
	int r = overlay_spec_add_lower(q->rootfs, u->path, u->n_below, &specs, e);

	if (r == 0)
		r = vfs_new(&specs, q->mounts, &fs, e);
	if (r < 0)
		return r;
	u->t1 = calloc(draft->n + 1, sizeof(*u->t1));
	if (!u->t1)
		return err_oom(e);
	for (; r == 0 && u->n < draft->n; u->n++)
		r = state_capture(fs, draft->v[u->n].path, &u->t1[u->n], NULL, e);
	return r;
}

int underlay_make(const char *dir, const struct cacerts_request *q, const struct vfs *fs,
		  const struct changes *changes, const struct journal *draft, struct underlay **ret,
		  struct err *e)
{
	struct underlay *u;
	int r;

	*ret = NULL;
	if (!is_possible(dir, fs, changes, draft))
		return 0;
	u = calloc(1, sizeof(*u));
	if (!u)
		return err_oom(e);
	r = make_home(u, dir, e);
	if (r == 0)
		r = write_files(u, q, changes, draft, e);
	if (r == 0)
		r = capture(u, q, draft, e);
	*ret = r == 0 ? u : underlay_free(u);
	return r < 0 ? err_wrap(e, r, "making an underlay") : 0;
}

bool underlay_fits(const struct underlay *u, const struct vfs *fs)
{
	struct stat st;

	return stat(u->path, &st) == 0 && st.st_dev == u->at.v[0].dev &&
	       st.st_ino == u->at.v[0].ino && vfs_may_underlay(fs, &u->at);
}

int underlay_lend(const struct underlay *u, const struct journal *draft, struct journal *j,
		  struct err *e)
{
	return journal_lend(j, draft, u->t1, u->path, u->n_below, e);
}

int underlay_remove_all(const char *dir, struct err *e)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *d = NULL;
	const struct dirent *entry;
	int r = 0;

	if (fd < 0)
		return err_sys(e, "opening '%s'", dir);
	d = fdopendir(fd);
	if (!d)
		return err_sys(e, "listing '%s'", dir);
	take_fd(&fd); /* d owns it */
	while (r == 0 && (entry = io_next_entry(d)))
		r = io_remove_tree_at(dirfd(d), entry->d_name, e);
	return r;
}
