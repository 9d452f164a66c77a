/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * console - who gets the master of a container's terminal
 *
 * The program at the other end of --console-socket, or we ourselves, and then we copy between it
 * and our own streams (terminal.h).
 */
#include "base/cleanup.h"
#include "base/err.h"

struct console {
	int socket; /* for the launch; owned, as the next; -EBADF: there is no terminal */
	int own;    /* our end of it; -EBADF: another program's */
};

#define CONSOLE ((struct console){.socket = -EBADF, .own = -EBADF})
void console_done(struct console *c);
#define cleanup_console cleanup(console_done)

/*
 * @path: of --console-socket, or NULL
 * Returns: 0; -EINVAL (ERR_INVALID) when that doesn't fit together.
 */
int console_open(bool is_terminal, bool is_detached, const char *path, struct console *ret,
		 struct err *e);
/* After the launch: the master if it is for us, else -EBADF. Returns 0; -errno. */
int console_take(struct console *c, int *ret_master, struct err *e);
