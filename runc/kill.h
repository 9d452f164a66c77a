/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* kill - signals for the processes of a container */
#include "runc/container.h"

/*
 * kill_container - send a signal to its first process, or to all
 * @pidfd: of the first; -EBADF: it has ended
 *
 * SIGKILL for a container without a pid namespace of its own is for all: nobody else would end
 * the others.
 * Returns: 0; -ESRCH (ERR_PRECONDITION) "container not running".
 */
int kill_container(const struct container *c, int pidfd, int signal, bool is_all, struct err *e);

/* Kill it and wait. Returns 0; -ETIMEDOUT (ERR_DEADLINE) when it lives @timeout_msec later. */
int kill_and_wait(const struct container *c, int pidfd, int timeout_msec, struct err *e);
