/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/console.h"

#include <errno.h>

#include "runc/socket.h"

void console_done(struct console *c)
{
	c->socket = fd_close(c->socket);
	c->own = fd_close(c->own);
}

static int check(bool is_terminal, bool is_detached, bool has_path, struct err *e)
{
	if (is_detached && is_terminal && !has_path)
		return err_set(
			e, -EINVAL, ERR_INVALID,
			"cannot allocate tty if runc will detach without setting console socket");
	if ((!is_detached || !is_terminal) && has_path)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "cannot use console socket if runc will not detach or allocate tty");
	return 0;
}

int console_open(bool is_terminal, bool is_detached, const char *path, struct console *ret,
		 struct err *e)
{
	bool has_path = path && *path;
	int r = check(is_terminal, is_detached, has_path, e);
	int ends[2];

	if (r < 0 || !is_terminal)
		return r;
	if (has_path) {
		r = socket_connect(path, SOCK_STREAM, e);
		if (r < 0)
			return r;
		ret->socket = r;
		return 0;
	}
	if (!isatty(STDIN_FILENO))
		return err_set(e, -ENOTTY, ERR_PRECONDITION,
			       "cannot allocate tty: standard input is no terminal: use "
			       "--console-socket, or set process.terminal to false");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "socketpair");
	*ret = (struct console){.socket = ends[0], .own = ends[1]};
	return 0;
}

int console_take(struct console *c, int *ret_master, struct err *e)
{
	int master = -EBADF;

	c->socket = fd_close(c->socket);
	if (c->own >= 0) {
		master = socket_receive_fd(c->own, e);
		c->own = fd_close(c->own);
		if (master < 0)
			return err_wrap(e, master, "the terminal");
	}
	*ret_master = master;
	return 0;
}
