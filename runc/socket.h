/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* socket - the Unix sockets of callers: for consoles, pidfds, seccomp's listeners, readiness */
#include <sys/socket.h>

#include "base/err.h"

/* Connect to @path, or "@name"; @type is SOCK_STREAM or SOCK_DGRAM. Returns the socket. */
int socket_connect(const char *path, int type, struct err *e);

/* Send a descriptor and what it is called. */
int socket_send_fd(int sock, int fd, const char *name, struct err *e);
/* Receive one. Returns it; -EPROTO (ERR_INTERNAL) when the message has none. */
int socket_receive_fd(int sock, struct err *e);
