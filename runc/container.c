/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/container.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/process.h"
#include "runc/errors.h"

void container_done(struct container *c)
{
	free(c->root);
	free(c->id);
	container_state_done(&c->state);
	fd_close(c->fd);
	fd_close(c->root_fd);
	*c = CONTAINER;
}

int container_check_id(const char *id, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-.";
	size_t n = strlen(id);

	if (n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "container id cannot be empty");
	if (n > NAME_MAX || n != strspn(id, allowed) || strcmp(id, ".") == 0 ||
	    strcmp(id, "..") == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "invalid container ID format");
	return 0;
}

/* ---- opening --------------------------------------------------------------------------- */

static int prepare(struct container *c, const char *root, const char *id, struct err *e)
{
	int r = container_check_id(id, e);

	if (r < 0)
		return r;
	*c = CONTAINER;
	container_state_init(&c->state);
	c->root = realpath(root, NULL);
	if (!c->root)
		return errno == ENOENT ? error_no_container(e) : err_sys(e, "root '%s'", root);
	c->id = strdup(id);
	if (!c->id)
		return err_oom(e);
	c->root_fd = open(c->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->root_fd < 0 ? err_sys(e, "opening '%s'", c->root) : 0;
}

static int open_directory(struct container *c, struct err *e)
{
	c->fd = openat(c->root_fd, c->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->fd < 0)
		return errno == ENOENT ? error_no_container(e)
				       : err_sys(e, "opening '%s/%s'", c->root, c->id);
	return 0;
}

static int load(struct container *c, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STATE);
	int r = io_read_file_at(c->fd, "state.json", &text, e);

	if (r == -ENOENT) {
		error_no_container(e);
		return -ENODATA;
	}
	if (r < 0)
		return r;
	return container_state_from_text(text.data ? text.data : "", text.n, c->id, &c->state, e);
}

int container_open(const char *root, const char *id, enum container_use use, struct container *ret,
		   struct err *e)
{
	int r = prepare(ret, root, id, e);

	if (r == 0)
		r = open_directory(ret, e);
	if (r == 0 && use == CONTAINER_CHANGE)
		r = container_lock(ret, e);
	return r < 0 ? r : load(ret, e);
}

int container_create(const char *root, const char *id, struct container *ret, struct err *e)
{
	int r = container_check_id(id, e);

	if (r == 0)
		r = io_mkdir_p(root, 0700, e);
	if (r == 0)
		r = prepare(ret, root, id, e);
	if (r < 0)
		return r;
	if (mkdirat(ret->root_fd, id, 0711) < 0)
		return errno == EEXIST ? error_container_exists(e)
				       : err_sys(e, "making '%s/%s'", ret->root, id);
	r = open_directory(ret, e);
	/* Whoever deletes it between the two has won. */
	if (r == 0)
		r = container_lock(ret, e);
	if (r == 0 && fchmod(ret->fd, 0711) < 0)
		r = err_sys(e, "chmod of '%s/%s'", ret->root, id);
	return r;
}

/* ---- changing -------------------------------------------------------------------------- */

int container_save(const struct container *c, struct err *e)
{
	cleanup_free char *text = container_state_to_text(&c->state);

	if (!text)
		return err_oom(e);
	return io_replace_file_at(c->fd, "state.json", text, strlen(text), 0600, e);
}

int container_lock(const struct container *c, struct err *e)
{
	struct stat st;

	while (flock(c->fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "locking '%s/%s'", c->root, c->id);
	if (fstat(c->fd, &st) < 0)
		return err_sys(e, "'%s/%s'", c->root, c->id);
	return st.st_nlink == 0 ? error_no_container(e) : 0;
}

void container_unlock(const struct container *c)
{
	flock(c->fd, LOCK_UN);
}

int container_remove(const struct container *c, struct err *e)
{
	return io_remove_tree_at(c->root_fd, c->id, e);
}

/* ---- looking --------------------------------------------------------------------------- */

int container_find_cgroup(const struct container *c, struct container_cgroup *ret, struct err *e)
{
	if (!c->state.cgroup)
		return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "the container has no cgroup");
	return container_cgroup_open(c->state.cgroup, c->state.is_scope, ret, e);
}

static bool is_paused(const struct container *c)
{
	cleanup_container_cgroup struct container_cgroup cgroup = CONTAINER_CGROUP;

	return container_find_cgroup(c, &cgroup, NULL) == 0 &&
	       container_cgroup_is_frozen(&cgroup, NULL) == 1;
}

int container_status(const struct container *c, enum container_status *ret, int *ret_pidfd,
		     struct err *e)
{
	cleanup_close int pidfd = -EBADF;

	if (c->state.pid > 0) {
		pidfd = process_open(c->state.pid, c->state.start_time, e);
		if (pidfd < 0 && pidfd != -ESRCH)
			return pidfd;
		err_clear(e);
	}
	if (c->state.is_over)
		*ret = CONTAINER_STOPPED;
	else if (c->state.pid == 0)
		*ret = CONTAINER_CREATING;
	else if (pidfd < 0)
		*ret = CONTAINER_STOPPED;
	else if (faccessat(c->fd, "exec.fifo", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		*ret = CONTAINER_CREATED;
	else
		*ret = is_paused(c) ? CONTAINER_PAUSED : CONTAINER_RUNNING;
	if (ret_pidfd)
		*ret_pidfd = pidfd >= 0 ? take_fd(&pidfd) : -EBADF;
	return 0;
}

int container_path(const struct container *c, const char *name, char ret[LIMIT_PATH], struct err *e)
{
	if (snprintf(ret, LIMIT_PATH, "%s/%s/%s", c->root, c->id, name) < LIMIT_PATH)
		return 0;
	return err_set(e, -ENAMETOOLONG, ERR_INVALID, "the path of '%s' is too long", c->id);
}

struct trust_request container_trust(const struct container *c)
{
	return (struct trust_request){
		.state_dir = c->state.trust_state,
		.authorities = c->state.trust_authorities,
		.id = c->id,
		.root = c->root,
	};
}
