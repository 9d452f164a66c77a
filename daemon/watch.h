/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * watch - read the authorities again when their directory changes
 *
 * The directory and its nearest existing ancestor are watched, so that it may be made, removed
 * or replaced at any time. A change is acted on when nothing has changed for DEBOUNCE_MSEC:
 * who copies ten files causes one reload. What inotify cannot see (a file behind a symlink, a
 * network file system) needs SIGHUP or Authorities with reload.
 *
 * Thread: loop; reading is a worker's.
 */
#include <uv.h>

struct executor;
struct watch;

/* @directory: absolute; borrowed for the call. NULL (and a warning in the log) on failure. */
struct watch *watch_new(uv_loop_t *loop, struct executor *ex, const char *directory);
/* Returns NULL. The memory goes when the loop has closed the handles. */
struct watch *watch_free(struct watch *w);

/* Read the authorities again at once, and once more if that is asked meanwhile. */
void watch_reload(struct watch *w);
