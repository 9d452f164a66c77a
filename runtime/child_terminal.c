/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TERMINAL: a pair of the container's own devpts. The master goes to whoever called, the slave
 * becomes /dev/console and the standard streams.
 */
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

enum { ON_FDS = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH };

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441 /* asm-generic/ioctls.h */
#endif

static bool is_devpts(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
}

/* Of a mount namespace that was joined, it is where we are. */
static int find_root(struct child *c)
{
	if (c->root < 0)
		c->root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root < 0 ? -errno : 0;
}

/* An image can't make this lead to another terminal: it has to be in devpts. */
static int open_master(struct child *c)
{
	int fd = child_open_below(c->root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0);

	if (fd >= 0 && !is_devpts(fd)) {
		child_blame(c, "/dev/pts/ptmx");
		close(fd);
		return -EXDEV;
	}
	return fd;
}

/* By the master itself, so by no path that could lead elsewhere. */
static int open_slave(int master, const struct op *op)
{
	const struct winsize size = {.ws_row = (unsigned short)op->value,
				     .ws_col = (unsigned short)op->other};
	int unlocked = 0, slave;

	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || fchown(slave, op->uid, (gid_t)-1) < 0)
		return -errno;
	if (op->value > 0 && op->other > 0 && ioctl(master, TIOCSWINSZ, &size) < 0)
		return -errno;
	return slave;
}

/* Only a file or a device may be covered: a link there was put by the image. */
static int cover_console(struct child *c, int slave)
{
	struct stat st;
	int to = child_open_below(c->root, "/dev/console", O_PATH | O_NOFOLLOW, 0);
	int tree, r;

	if (to == -ENOENT)
		to = child_open_or_create(c, "/dev/console", slave);
	if (to < 0)
		return to;
	if (fstat(to, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
		child_blame(c, "/dev/console");
		return -EXDEV;
	}
	tree = open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return -errno;
	r = child_result(move_mount(tree, "", to, "", ON_FDS));
	close(tree);
	close(to);
	return r;
}

int child_send_fd(int socket, int fd, const char *const *texts, size_t n)
{
	struct iovec iov[CHILD_TEXTS];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct msghdr message = {
		.msg_iov = iov,
		.msg_iovlen = n,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	for (size_t i = 0; i < n; i++)
		iov[i] = (struct iovec){.iov_base = (void *)(uintptr_t)texts[i],
					.iov_len = strlen(texts[i])};
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* With the slave's name, as callers expect. */
static int send_master(const struct child *c, int master)
{
	struct child_number number;
	const char *const name[] = {"/dev/pts/", number.text};
	unsigned index = 0;

	if (ioctl(master, TIOCGPTN, &index) < 0)
		return -errno;
	number = child_number(index);
	return child_send_fd(c->orders->fds[ORDER_FD_CONSOLE], master, name, 2);
}

int child_terminal(struct child *c, const struct op *op)
{
	int r = find_root(c);
	int master = r < 0 ? r : open_master(c);

	if (master < 0)
		return master;
	c->terminal = open_slave(master, op);
	if (c->terminal < 0)
		return c->terminal;
	r = op->flags & OP_CREATE ? cover_console(c, c->terminal) : 0;
	if (r == 0)
		r = send_master(c, master);
	close(master);
	return r;
}

int child_controlling_terminal(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(ioctl(0, TIOCSCTTY, 0));
}
