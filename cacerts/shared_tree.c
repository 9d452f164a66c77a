/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/shared_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/process.h"
#include "cacerts/install.h"
#include "cacerts/undo.h"

#define TREES   "trees"
#define USERS   "users"
#define TRUST   "trust"
#define ENV     "env"
#define MOUNTED "mounted"
#define SCRATCH "scratch"

enum { USER_TEXT = 128, BOOT_ID = 40 };

void shared_tree_done(struct shared_tree *t)
{
	t->state_fd = fd_close(t->state_fd);
	t->fd = fd_close(t->fd);
}

/* ---- opening --------------------------------------------------------------------------- */

static int open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Returns the directory's descriptor. */
static int make_dir(int parent, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "creating '%s'", name);
	fd = open_dir(parent, name);
	return fd < 0 ? err_sys(e, "opening '%s'", name) : fd;
}

/* Who waited for the lock may find that the directory is gone, or is another one. */
static bool is_still(int parent, const char *name, int fd)
{
	struct stat named, open;

	return fstat(fd, &open) == 0 && fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

enum opening { CREATE, WAIT, TRY };

/* Returns the locked directory; without CREATE -ENOENT, with TRY -EWOULDBLOCK. */
static int open_locked(int trees, const char *name, enum opening how, struct err *e)
{
	const bool create = how == CREATE;

	for (;;) {
		cleanup_close int fd = create ? make_dir(trees, name, e) : open_dir(trees, name);

		if (fd < 0 && create)
			return fd;
		if (fd < 0)
			return errno == ENOENT ? -ENOENT : err_sys(e, "opening tree '%s'", name);
		if (flock(fd, how == TRY ? LOCK_EX | LOCK_NB : LOCK_EX) < 0)
			return how == TRY && errno == EWOULDBLOCK
				       ? -EWOULDBLOCK
				       : err_sys(e, "locking tree '%s'", name);
		if (is_still(trees, name, fd))
			return take_fd(&fd);
	}
}

static int open_state(const char *state_dir, bool create, int *ret, struct err *e)
{
	int r = create ? io_mkdir_p(state_dir, 0700, e) : 0;

	if (r < 0)
		return r;
	*ret = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret < 0)
		return !create && errno == ENOENT ? SHARED_TREE_NONE
						  : err_sys(e, "opening '%s'", state_dir);
	return 0;
}

int shared_tree_open(const char *state_dir, dev_t dev, ino_t ino, struct timespec born,
		     struct shared_tree *ret, struct err *e)
{
	uintmax_t birth = (uintmax_t)born.tv_sec * 1000000000 + (uintmax_t)born.tv_nsec;
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	cleanup_close int users = -EBADF;
	cleanup_close int trees = -EBADF;
	int r = open_state(state_dir, /* create= */ true, &t.state_fd, e);

	if (r < 0)
		return r;
	snprintf(t.name, sizeof(t.name), "%jx-%jx-%jx", (uintmax_t)dev, (uintmax_t)ino, birth);
	trees = make_dir(t.state_fd, TREES, e);
	if (trees < 0)
		return trees;
	users = make_dir(t.state_fd, USERS, e);
	if (users < 0)
		return users;
	t.fd = open_locked(trees, t.name, CREATE, e);
	if (t.fd < 0)
		return t.fd;
	*ret = t;
	t = SHARED_TREE;
	return 0;
}

static int open_named(const char *state_dir, const char *name, enum opening how,
		      struct shared_tree *ret, struct err *e)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	cleanup_close int trees = -EBADF;
	int r = open_state(state_dir, /* create= */ false, &t.state_fd, e);

	if (r != 0)
		return r;
	if (strlen(name) >= sizeof(t.name) || strchr(name, '/') || name[0] == '.')
		return err_set(e, -EINVAL, ERR_INVALID, "'%.40s' is not the name of a tree", name);
	strcpy(t.name, name);
	trees = open_dir(t.state_fd, TREES);
	if (trees < 0)
		return errno == ENOENT ? SHARED_TREE_NONE : err_sys(e, "opening '" TREES "'");
	t.fd = open_locked(trees, name, how, e);
	if (t.fd == -ENOENT || t.fd == -EWOULDBLOCK)
		return t.fd == -ENOENT ? SHARED_TREE_NONE : SHARED_TREE_BUSY;
	if (t.fd < 0)
		return t.fd;
	*ret = t;
	t = SHARED_TREE;
	return 0;
}

int shared_tree_open_named(const char *state_dir, const char *name, struct shared_tree *ret,
			   struct err *e)
{
	return open_named(state_dir, name, TRY, ret, e);
}

int shared_tree_open_of(const char *state_dir, const char *user, struct shared_tree *ret,
			struct err *e)
{
	char path[LIMIT_PATH], name[SHARED_TREE_NAME];
	ssize_t n;
	int r;

	if (snprintf(path, sizeof(path), "%s/" USERS "/%s", state_dir, user) >= (int)sizeof(path))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "'%s' is too long", state_dir);
	n = readlink(path, name, sizeof(name) - 1);
	if (n < 0)
		return errno == ENOENT ? SHARED_TREE_NONE : err_sys(e, "reading '%s'", path);
	name[n] = '\0';
	r = open_named(state_dir, name, WAIT, ret, e);
	/* One that lives no more doesn't keep the tree: it went with the last of the others. */
	if (r == SHARED_TREE_NONE && unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, "removing '%s'", path);
	return r;
}

int shared_tree_list(const char *state_dir, struct strv *ret, struct err *e)
{
	cleanup_close int state_fd = -EBADF;
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry;
	int fd, r = open_state(state_dir, /* create= */ false, &state_fd, e);

	if (r != 0)
		return r == SHARED_TREE_NONE ? 0 : r;
	fd = open_dir(state_fd, TREES);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return errno == ENOENT ? 0 : err_sys(e, "listing the trees in '%s'", state_dir);
	while (r == 0 && (entry = io_next_entry(dir)))
		r = strv_add(ret, entry->d_name, e);
	return r;
}

/* ---- users ----------------------------------------------------------------------------- */

/* Of the running kernel; "" when it can't be told. */
static void read_boot(char ret[BOOT_ID])
{
	cleanup_buf struct buf text = BUF(BOOT_ID);

	ret[0] = '\0';
	if (io_read_file_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &text, NULL) == 0 &&
	    text.n > 0)
		snprintf(ret, BOOT_ID, "%.*s", (int)strcspn(text.data, "\n"), text.data);
}

static int check_user(const char *user, struct err *e)
{
	if (!*user || strlen(user) >= LIMIT_TREE_USER || strchr(user, '/') || user[0] == '.')
		return err_set(e, -EINVAL, ERR_INVALID, "'%.40s' can't be a user's name", user);
	return 0;
}

static int link_to_tree(const struct shared_tree *t, const char *user, struct err *e)
{
	cleanup_close int users = make_dir(t->state_fd, USERS, e);

	if (users < 0)
		return users;
	if (symlinkat(t->name, users, user) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "noting that '%s' uses tree '%s'", user, t->name);
	unlinkat(users, user, 0); /* of an earlier container of this name */
	return symlinkat(t->name, users, user) < 0
		       ? err_sys(e, "noting that '%s' uses tree '%s'", user, t->name)
		       : 0;
}

int shared_tree_use(const struct shared_tree *t, const char *user, pid_t pid, struct err *e)
{
	cleanup_close int users = -EBADF;
	struct process_stat stat;
	char boot[BOOT_ID], text[USER_TEXT];
	int n, r = check_user(user, e);

	if (r == 0)
		r = process_stat_read(pid, &stat, e);
	if (r < 0)
		return r;
	users = make_dir(t->fd, USERS, e);
	if (users < 0)
		return users;
	read_boot(boot);
	n = snprintf(text, sizeof(text), "%d %ju %s\n", pid, (uintmax_t)stat.start_time, boot);
	r = link_to_tree(t, user, e);
	return r == 0 ? io_replace_file_at(users, user, text, (size_t)n, 0600, e) : r;
}

/* A later container of this name may use another tree. */
static bool is_linked(const struct shared_tree *t, const char *path)
{
	char name[SHARED_TREE_NAME];
	ssize_t n = readlinkat(t->state_fd, path, name, sizeof(name));

	return n == (ssize_t)strlen(t->name) && memcmp(name, t->name, (size_t)n) == 0;
}

/* The link goes last: by it the rest is found. */
static int unlink_user(const struct shared_tree *t, const char *user, struct err *e)
{
	char path[LIMIT_TREE_USER + 16];
	cleanup_close int scratch = open_dir(t->state_fd, SCRATCH);
	int r;

	snprintf(path, sizeof(path), USERS "/%s", user);
	if (!is_linked(t, path))
		return 0;
	r = scratch < 0 ? 0 : io_remove_tree_at(scratch, user, e);
	if (r == 0 && unlinkat(t->state_fd, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "forgetting which tree '%s' uses", user);
	return r;
}

int shared_tree_leave(const struct shared_tree *t, const char *user, struct err *e)
{
	char path[LIMIT_TREE_USER + 16];
	int r = check_user(user, e);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), USERS "/%s", user);
	if (unlinkat(t->fd, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "forgetting that '%s' uses tree '%s'", user, t->name);
	return unlink_user(t, user, e);
}

int shared_tree_users(const struct shared_tree *t, struct strv *ret, struct err *e)
{
	int users = open_dir(t->fd, USERS);
	cleanup_closedir DIR *dir = users < 0 ? NULL : fdopendir(users);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : err_sys(e, "listing who uses tree '%s'", t->name);
	while (r == 0 && (entry = io_next_entry(dir)))
		if (entry->d_name[0] != '.') /* else it was never written to its end */
			r = strv_add(ret, entry->d_name, e);
	return r;
}

static bool lives(int users, const char *user, const char *boot)
{
	cleanup_buf struct buf text = BUF(USER_TEXT);
	char noted[BOOT_ID] = "";
	struct process_stat stat;
	uintmax_t start = 0;
	int pid = 0;

	/* Whoever died while it wrote has left it empty, under a name of its own. */
	if (io_read_file_at(users, user, &text, NULL) < 0 || text.n == 0 ||
	    sscanf(text.data, "%d %ju %39s", &pid, &start, noted) < 2)
		return false;
	if (strcmp(noted, boot) != 0 || process_stat_read(pid, &stat, NULL) < 0)
		return false;
	return stat.start_time == start && stat.state != 'Z' && stat.state != 'X';
}

int shared_tree_count_others(const struct shared_tree *t, const char *user, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_TREE_USERS);
	cleanup_close int users = open_dir(t->fd, USERS);
	char boot[BOOT_ID];
	int n = 0, r = shared_tree_users(t, &names, e);

	read_boot(boot);
	for (size_t i = 0; i < names.n; i++)
		n += strcmp(names.v[i], user) != 0 && lives(users, names.v[i], boot);
	return r < 0 ? r : n;
}

/* ---- install and undo ------------------------------------------------------------------ */

bool shared_tree_is_installed(const struct shared_tree *t)
{
	return faccessat(t->fd, TRUST, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int write_env(const struct shared_tree *t, const struct strv *env, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_ENV * 256);
	int r = buf_add(&text, "", 0, e);

	for (size_t i = 0; r == 0 && i < env->n; i++)
		r = buf_addf(&text, e, "%s\n", env->v[i]);
	return r == 0 ? io_replace_file_at(t->fd, ENV, text.data, text.n, 0600, e) : r;
}

int shared_tree_env(const struct shared_tree *t, struct strv *ret, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_ENV * 256);
	char *save = NULL;
	int r = io_read_file_at(t->fd, ENV, &text, e);

	if (r < 0 || text.n == 0)
		return r;
	for (char *line = strtok_r(text.data, "\n", &save); r == 0 && line;
	     line = strtok_r(NULL, "\n", &save))
		r = strv_add(ret, line, e);
	return r;
}

int shared_tree_install(const struct shared_tree *t, struct journal *j, struct vfs *fs,
			const struct changes *changes, const struct strv *env, struct err *e)
{
	int r = write_env(t, env, e);

	if (r < 0)
		return r;
	j->dirfd = make_dir(t->fd, TRUST, e);
	if (j->dirfd < 0)
		return j->dirfd;
	r = install_run(j, fs, changes, e);
	if (r == 0)
		r = install_sync(j, fs, e);
	j->dirfd = fd_close(j->dirfd);
	if (r < 0 && !(e && e->dirty))
		journal_remove(t->fd, TRUST, RECORD_DURABLE, NULL);
	return r;
}

int shared_tree_set_mounted(const struct shared_tree *t, const char *path, struct err *e)
{
	unlinkat(t->fd, MOUNTED, 0);
	return *path && symlinkat(path, t->fd, MOUNTED) < 0
		       ? err_sys(e, "noting where tree '%s' is mounted", t->name)
		       : 0;
}

int shared_tree_mounted(const struct shared_tree *t, char ret[LIMIT_PATH], struct err *e)
{
	ssize_t n = readlinkat(t->fd, MOUNTED, ret, LIMIT_PATH - 1);

	if (n < 0 && errno != ENOENT)
		return err_sys(e, "reading where tree '%s' is mounted", t->name);
	ret[n > 0 ? n : 0] = '\0';
	return 0;
}

int shared_tree_undo(const struct shared_tree *t, json_t *report, struct err *e)
{
	return undo_take(t->fd, TRUST, NULL, report, NULL, e);
}

int shared_tree_remove(const struct shared_tree *t, struct err *e)
{
	cleanup_strv struct strv users = STRV(LIMIT_TREE_USERS);
	cleanup_close int trees = open_dir(t->state_fd, TREES);
	int r = trees < 0 ? err_sys(e, "opening '" TREES "'") : shared_tree_users(t, &users, e);

	if (r == 0)
		r = io_remove_tree_at(trees, t->name, e);
	for (size_t i = 0; r == 0 && i < users.n; i++)
		r = unlink_user(t, users.v[i], e);
	return r;
}
