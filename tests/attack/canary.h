/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * canary - files outside of the container that nobody may touch
 *
 * They have the names of files inside, an owner and a content of their own, and the kernel tells
 * of each open, read, write and change (inotify). Looking at them with O_PATH goes unnoticed, but
 * not what is told about them afterwards: their owner.
 */
#include <stdbool.h>

#define CANARY_TEXT  "CANARY"
#define CANARY_OWNER 4242

struct canary {
	int watch; /* inotify */
};

/* Make a directory of canaries: "file", "sub/file", "run". */
void canary_make(const char *dir);
/* Make just the file. */
void canary_make_file(const char *path);
/* Watch the file or directory @path and what is right in it. */
void canary_watch(struct canary *c, const char *path);
/* Has anything happened since the last call? Prints the first event. */
bool canary_was_touched(struct canary *c);
