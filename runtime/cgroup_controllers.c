/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_controllers.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/path.h"
#include "runtime/cgroup_find.h"
#include "runtime/cgroup_ops.h"

enum { COMMAND_MAX = 1024 /* bytes of "+memory +pids" */ };

/* ---- subtree_control ------------------------------------------------------------------- */

/* "+a +b" for what of @names is in @available and not yet in @enabled. */
static int command(const struct strv *names, const struct strv *available,
		   const struct strv *enabled, struct buf *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++)
		if (strv_has(available, names->v[i]) && !strv_has(enabled, names->v[i]))
			r = buf_addf(ret, e, "%s+%s", ret->n ? " " : "", names->v[i]);
	return r;
}

/* The needed ones; an error when that fails. */
static int enable_needed(int fd, const char *path, const char *text, struct err *e)
{
	int r = cgroup_write(fd, "cgroup.subtree_control", text, e);

	if (r == -EBUSY)
		return err_set(e, r, ERR_PRECONDITION,
			       "'%s' can't be enabled below cgroup '%s': it has processes of its "
			       "own, and only cgroups without can pass controllers on",
			       text, path);
	return r < 0 ? err_wrap(e, r, "cgroup '%s'", path) : 0;
}

/* All at once is one wait for the kernel; one that can't be must not keep others away. */
static void enable_possible(int fd, char *text)
{
	char *save = NULL;
	int r = cgroup_write(fd, "cgroup.subtree_control", text, NULL);

	if (r == 0 || r == -EBUSY)
		return;
	for (char *one = strtok_r(text, " ", &save); one; one = strtok_r(NULL, " ", &save))
		cgroup_write(fd, "cgroup.subtree_control", one, NULL);
}

/* In the directory @fd of the cgroup @path, for those below. */
static int enable(int fd, const char *path, const struct strv *needed, struct err *e)
{
	cleanup_strv struct strv available = STRV(CGROUP_CONTROLLERS_MAX);
	cleanup_strv struct strv enabled = STRV(CGROUP_CONTROLLERS_MAX + needed->n);
	cleanup_buf struct buf must = BUF(COMMAND_MAX), may = BUF(COMMAND_MAX);
	int r = cgroup_read_words(fd, "cgroup.controllers", &available, e);

	if (r == 0)
		r = cgroup_read_words(fd, "cgroup.subtree_control", &enabled, e);
	if (r == 0)
		r = command(needed, &available, &enabled, &must, e);
	if (r == 0 && must.n)
		r = enable_needed(fd, path, must.data, e);
	if (r == 0)
		r = strv_extend(&enabled, needed, e);
	if (r == 0)
		r = command(&available, &available, &enabled, &may, e);
	if (r == 0 && may.n)
		enable_possible(fd, may.data);
	return r;
}

/* ---- directories ----------------------------------------------------------------------- */

/* A walk from the root down. */
struct walk {
	char path[LIMIT_PATH]; /* where it is; "" for the root */
	int fd;
	size_t n_new; /* directories that it has made: the last ones */
};

/* Go into the child @name, which is made when it isn't there. */
static int go_down(struct walk *w, const char *name, struct err *e)
{
	char path[LIMIT_PATH];
	int fd, r = path_join(*w->path ? w->path : "/", name, path, sizeof(path), e);

	if (r < 0)
		return r;
	strcpy(w->path, path);
	if (mkdirat(w->fd, name, 0755) == 0)
		w->n_new++;
	else if (errno != EEXIST)
		return err_sys(e, "creating cgroup '%s'", w->path);
	fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cgroup '%s'", w->path);
	fd_close(w->fd);
	w->fd = fd;
	return 0;
}

static int go(struct walk *w, char *names, const struct strv *needed, struct err *e)
{
	char *save = NULL;
	int r = 0;

	for (char *name = strtok_r(names, "/", &save); r == 0 && name;
	     name = strtok_r(NULL, "/", &save)) {
		r = enable(w->fd, *w->path ? w->path : "/", needed, e);
		if (r == 0)
			r = go_down(w, name, e);
	}
	return r;
}

/* Take back what was made; w->path is the deepest. */
static void undo(const struct walk *w, const char *mount)
{
	char path[LIMIT_PATH], up[LIMIT_PATH];

	if (cgroup_find_host_path(mount, w->path, path, NULL) < 0)
		return;
	for (size_t i = 0; i < w->n_new; i++) {
		rmdir(path);
		path_parent(path, up);
		strcpy(path, up);
	}
}

int cgroup_controllers_make(const char *mount, const char *path, const struct strv *needed,
			    bool *ret_is_new, struct err *e)
{
	char names[LIMIT_PATH];
	struct walk w = {.path = "", .n_new = 0};
	int r = path_canonical(path, names, sizeof(names), e);

	if (r < 0)
		return r;
	w.fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return err_sys(e, "cgroup hierarchy '%s'", mount);
	r = go(&w, names, needed, e);
	if (r < 0) {
		undo(&w, mount);
		fd_close(w.fd);
		return r;
	}
	*ret_is_new = w.n_new > 0;
	return w.fd;
}
