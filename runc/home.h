/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * home - HOME of a process whose document sets none, as runc and crun give it
 *
 * It is what the image's /etc/passwd says of the user's number. Some engines leave it to the
 * runtime, and images count on it.
 */
#include "runtime/container.h"

/*
 * @root: path of the container's root: its rootfs, or /proc/<pid>/root
 * Returns 0, also when @root can't be opened: that shows later; -ENOMEM.
 */
int home_add(const char *root, struct container_process *p, struct err *e);
