/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * layers - random layer directories, the same for the same seed
 *
 * Few names and little depth, so that layers collide: files over directories, whiteouts in
 * both forms, opaque directories, links. Owners, modes, attributes and times vary; times lie
 * before the year 2000.
 */
#include "tests/unit/vfs/view.h"

struct dice {
	unsigned long state;
};

/* A number below @n. */
unsigned roll(struct dice *d, unsigned n);
/* A name out of five; "c" is as likely as "a". */
const char *roll_name(struct dice *d);
/* A path of one to three names. */
void roll_path(struct dice *d, char *ret, size_t size);

/* Make the layer at host path @host; with @file_whiteouts some whiteouts have the xattr form. */
void layers_make(struct dice *d, const char *host, bool file_whiteouts);
