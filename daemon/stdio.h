/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * stdio - the words of anchord.v1.Stdio, opened
 *
 *	""       nothing: the executor uses /dev/null
 *	"fd:N"   descriptor N of the calling process, the very same open file
 *	"/path"  a FIFO, or a regular file that exists
 *
 * A FIFO never blocks the opener. Standard input is opened for reading: its writer must hold it
 * open already, or the container reads end of file. Output is opened for writing when somebody
 * reads already, so that the container gets SIGPIPE when the reader leaves; otherwise for
 * both, so that a reader who comes later misses nothing. Files are appended to.
 *
 * What is opened blocks on reading and writing, as programs expect.
 */
#include "base/err.h"

/*
 * stdio_open - open one of the three
 * @which:      0, 1 or 2
 * @peer_pidfd: the calling process, for "fd:N"; -EBADF if it is gone; borrowed
 * @ret:        a descriptor that the caller owns, or -EBADF for ""
 *
 * Returns: 0; -EINVAL (ERR_INVALID) for anything that isn't one of the words or is another
 *          type of file; -errno of opening.
 * Thread:  worker; the path may lie on a slow file system.
 */
int stdio_open(const char *word, int which, int peer_pidfd, int *ret, struct err *e);
