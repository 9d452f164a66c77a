/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* inherit - descriptors that the caller gives to a container beside its streams */
#include "base/err.h"
#include "base/strv.h"

/*
 * inherit_descriptors - which of ours from 3 on go to the container
 * @preserve_fds: of --preserve-fds, beside those of LISTEN_FDS for this process
 * @ret_n_listen: how many are of LISTEN_FDS
 *
 * To be called before anything is opened. Returns 0; -EBADF (ERR_INVALID) for one that isn't there.
 */
int inherit_descriptors(unsigned preserve_fds, unsigned *ret_n, unsigned *ret_n_listen,
			struct err *e);

/* Tell the container of the sockets. */
int inherit_add_env(unsigned n_listen, struct strv *env, struct err *e);
