/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* pid_file - what --pid-file and --pidfd-socket ask for: where callers learn of the process */
#include <sys/types.h>

#include "base/err.h"

/* Write it in one step: whoever waits for the file sees the whole number. NULL path: nothing. */
int pid_file_write(const char *path, pid_t pid, struct err *e);

/* Send a pidfd to the socket at @path. NULL path: nothing. */
int pid_file_send(const char *path, int pidfd, struct err *e);
