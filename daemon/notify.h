/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * notify - what systemd is told, and what it hands over; all of it nothing without systemd
 */
#include "base/err.h"

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

/*
 * The socket that systemd listens on for us, or -EBADF.
 * Returns: 0; -EINVAL (ERR_INVALID) when it is not one listening Unix stream socket.
 */
int notify_take_socket(int *ret, struct err *e);
