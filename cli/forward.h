/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * forward - wait for a reply, and hand signals on to the container meanwhile
 *
 * The signals that a terminal or a supervisor sends are taken from a signalfd, so nothing runs
 * in a handler. They are sent on with Kill: the daemon remembers them for a container that does
 * not run yet. Only the third interrupt ends anchorctl, and with its connection the leased exec:
 * for a container that does not care.
 */
#include "base/err.h"
#include "cli/ttrpc_client.h"

struct forward {
	int fd;              /* signalfd; owned */
	unsigned interrupts; /* SIGINTs so far */
};

enum { FORWARD_ENDED = 1 }; /* forward_wait(): a signal ends anchorctl */

/* Block the signals in this process and open the signalfd. */
int forward_init(struct forward *f, struct err *e);
void forward_done(struct forward *f);
#define cleanup_forward cleanup(forward_done)

/*
 * forward_wait - until the reply to @call is here
 * @id:         of the exec that signals go to
 * @ret_signal: written with FORWARD_ENDED
 *
 * Returns: 0; FORWARD_ENDED; -errno (ERR_UNAVAILABLE) when the connection is gone.
 */
int forward_wait(struct forward *f, struct ttrpc_client *c, uint32_t call, const char *id,
		 int *ret_signal, struct err *e);
