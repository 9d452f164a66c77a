/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "runtime/cgroup_find.h"
#include "runtime/cgroup_ops.h"

#define DAEMON       "daemon"
#define LEAF_PREFIX  "exec-"
#define DEFAULT_BASE "/anchord"

enum { LEAF_NAME = LIMIT_ID + 8 };

struct cgroup_tree {
	char mount[LIMIT_PATH];  /* where the hierarchy is mounted */
	char base[LIMIT_PATH];   /* canonical path inside the hierarchy */
	char origin[LIMIT_PATH]; /* where this process came from */
	int fd;                  /* directory of the base */
};

/* ---- finding ourselves ----------------------------------------------------------------- */

static int choose_base(struct cgroup_tree *t, const char *base, struct err *e)
{
	char given[LIMIT_PATH];
	int r;

	if (!base && strcmp(t->origin, "/") == 0)
		base = DEFAULT_BASE;
	if (!base && strcmp(path_name(t->origin), DAEMON) == 0) {
		path_parent(t->origin, t->base); /* started where an earlier life had moved to */
		return 0;
	}
	r = path_canonical(base ? base : t->origin, given, sizeof(given), e);
	if (r < 0)
		return r;
	if (base && path_is_below(given, t->mount))
		return path_canonical(given + strlen(t->mount), t->base, sizeof(t->base), e);
	return path_canonical(given, t->base, sizeof(t->base), e);
}

/* ---- moving ---------------------------------------------------------------------------- */

/* The host path of a path inside the hierarchy. */
static int host_path(const struct cgroup_tree *t, const char *path, char *ret, struct err *e)
{
	return cgroup_find_host_path(t->mount, path, ret, e);
}

/* Move this process into the cgroup with directory @fd. */
static int enter(int fd, struct err *e)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	return cgroup_write(fd, "cgroup.procs", pid, e);
}

static int open_base(struct cgroup_tree *t, struct err *e)
{
	cleanup_close int daemon_fd = -EBADF;
	char path[LIMIT_PATH];
	int r = host_path(t, t->base, path, e);

	if (r == 0)
		r = io_mkdir_p(path, 0755, e);
	if (r < 0)
		return r;
	t->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd < 0)
		return err_sys(e, "cgroup '%s'", t->base);
	if (mkdirat(t->fd, DAEMON, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "creating cgroup '%s/" DAEMON "'", t->base);
	daemon_fd = openat(t->fd, DAEMON, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (daemon_fd < 0)
		return err_sys(e, "cgroup '%s/" DAEMON "'", t->base);
	return enter(daemon_fd, e);
}

int cgroup_tree_open(const char *base, struct cgroup_tree **ret, struct err *e)
{
	struct cgroup_tree *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return err_oom(e);
	t->fd = -EBADF;
	r = cgroup_find_mount(t->mount, e);
	if (r == 0)
		r = cgroup_find_process(getpid(), t->origin, e);
	if (r == 0)
		r = choose_base(t, base, e);
	if (r == 0)
		r = open_base(t, e);
	if (r < 0) {
		cgroup_tree_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

struct cgroup_tree *cgroup_tree_free(struct cgroup_tree *t)
{
	char path[LIMIT_PATH];

	if (!t)
		return NULL;
	if (t->fd >= 0 && host_path(t, t->origin, path, NULL) == 0) {
		cleanup_close int origin = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		/* What is not empty, or where we came from, stays. */
		if (origin >= 0 && enter(origin, NULL) == 0) {
			unlinkat(t->fd, DAEMON, AT_REMOVEDIR);
			if (host_path(t, t->base, path, NULL) == 0)
				rmdir(path);
		}
	}
	fd_close(t->fd);
	free(t);
	return NULL;
}

const char *cgroup_tree_path(const struct cgroup_tree *t)
{
	return t->base;
}

/* ---- leaves ---------------------------------------------------------------------------- */

/* The directory name of a leaf. An id is a word, so it can't lead elsewhere. */
static int leaf_name(const char *id, char ret[LEAF_NAME], struct err *e)
{
	size_t n = strnlen(id, LIMIT_ID + 1);

	if (n == 0 || n > LIMIT_ID || strchr(id, '/'))
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' can't be the name of a cgroup", id);
	snprintf(ret, LEAF_NAME, LEAF_PREFIX "%s", id);
	return 0;
}

int cgroup_leaf_create(struct cgroup_tree *t, const char *id, struct err *e)
{
	char name[LEAF_NAME];
	int r = leaf_name(id, name, e);
	int fd;

	if (r < 0)
		return r;
	if (mkdirat(t->fd, name, 0755) < 0) {
		if (errno == EEXIST)
			return err_set(e, -EEXIST, ERR_EXISTS, "cgroup '%s/%s' exists", t->base,
				       name);
		return err_sys(e, "creating cgroup '%s/%s'", t->base, name);
	}
	fd = openat(t->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = err_sys(e, "cgroup '%s/%s'", t->base, name);
		unlinkat(t->fd, name, AT_REMOVEDIR);
		return r;
	}
	return fd;
}

int cgroup_leaf_destroy(struct cgroup_tree *t, const char *id, uint64_t timeout_usec, struct err *e)
{
	char name[LEAF_NAME];
	int r = leaf_name(id, name, e);

	if (r < 0)
		return r;
	r = cgroup_kill_and_remove(t->fd, name, timeout_usec, e);
	return r < 0 ? err_wrap(e, r, "cgroup '%s/%s'", t->base, name) : 0;
}

int cgroup_leaf_list(struct cgroup_tree *t, struct strv *ret, struct err *e)
{
	cleanup_strv struct strv ids = STRV(LIMIT_EXECS);
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(t->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int r = err_sys(e, "listing cgroup '%s'", t->base);

		fd_close(fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		int r;

		if (strncmp(entry->d_name, LEAF_PREFIX, strlen(LEAF_PREFIX)) != 0)
			continue;
		r = strv_add(&ids, entry->d_name + strlen(LEAF_PREFIX), e);
		if (r < 0)
			return r;
	}
	return strv_extend(ret, &ids, e);
}
