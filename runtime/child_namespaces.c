/* SPDX-License-Identifier: Apache-2.0 */
/* The operations on namespaces: those that exist are joined, those that are new get their maps. */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

/* ---- joining --------------------------------------------------------------------------- */

/* All, before the first is joined: with the one of mounts the paths lead elsewhere. */
int child_open_namespace(struct child *c, const struct op *op)
{
	int fd = openat(AT_FDCWD, op->path, O_RDONLY | O_CLOEXEC);

	c->namespaces[op->number] = fd;
	return fd < 0 ? -errno : 0;
}

/* A path that leads to anything but a namespace of the kind is refused by the kernel (EINVAL). */
int child_join(struct child *c, const struct op *op)
{
	int *fd = &c->namespaces[op->number];
	int r;

	if (*fd < 0)
		return 0; /* it was possible the first time, and needn't be now */
	r = child_result(setns(*fd, (int)op->value));
	if (r == -EPERM && op->flags & OP_OPTIONAL)
		return 0;
	close(*fd);
	*fd = -EBADF;
	return r;
}

int child_join_target(struct child *c, const struct op *op)
{
	return child_result(setns(c->orders->fds[ORDER_FD_TARGET], (int)op->value));
}

/* ---- maps of ids ----------------------------------------------------------------------- */

/* The maps are written: what this process makes from now on belongs to their root. */
int child_become_root(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	/* Where nobody is mapped to root, nobody can be. */
	if (sys_setresgid(0, 0, 0) < 0 || sys_setresuid(0, 0, 0) < 0)
		return errno == EINVAL ? 0 : -errno;
	return sys_setgroups(0, NULL) < 0 && errno != EPERM ? -errno : 0;
}

/* Until it is killed; the kernel does that too when the one that made it is gone. */
static int idle(void *arg)
{
	(void)arg;
	while (pause() < 0)
		;
	return 0;
}

int child_write_map(const char *pid, const char *file, const char *text)
{
	char path[64];
	size_t n = child_append(path, 0, sizeof(path), "/proc/");

	n = child_append(path, n, sizeof(path), pid);
	child_append(path, n, sizeof(path), file);
	return child_write_file(path, text);
}

static int open_user_namespace(const char *pid)
{
	char path[64];
	size_t n = child_append(path, 0, sizeof(path), "/proc/");

	n = child_append(path, n, sizeof(path), pid);
	child_append(path, n, sizeof(path), "/ns/user");
	return child_result(openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC));
}

/* A user namespace with these maps, which a process of its own lends for a moment. */
static int map_user_namespace(const char *uid_map, const char *gid_map)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	pid_t pid = sys_fork_into(&args, idle, NULL);
	struct child_number number = child_number((uint64_t)pid);
	int r;

	if (pid < 0)
		return -errno;
	r = child_write_map(number.text, "/uid_map", uid_map);
	if (r == 0)
		r = child_write_map(number.text, "/gid_map", gid_map);
	if (r == 0)
		r = open_user_namespace(number.text);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}

int child_id_mapped(struct child *c, const struct op *op)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	unsigned recursive = op->flags & OP_RECURSIVE ? AT_RECURSIVE : 0;
	int fd = map_user_namespace(op->source, op->target);
	int r;

	if (fd < 0)
		return fd;
	attr.userns_fd = (uint64_t)fd;
	r = child_result(
		mount_setattr(c->current, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)));
	close(fd);
	return r;
}

int child_unshare(struct child *c, const struct op *op)
{
	(void)c;
	return child_result(unshare((int)op->value));
}

/* ---- time ------------------------------------------------------------------------------ */

/* Who is made after this is in the namespace; offsets can be set until then. */
int child_time_offsets(struct child *c, const struct op *op)
{
	(void)c;
	if (unshare(CLONE_NEWTIME) < 0)
		return -errno;
	return *op->target ? child_write_file("/proc/self/timens_offsets", op->target) : 0;
}
