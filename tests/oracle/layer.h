/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * layer - the random content of one host directory
 *
 * Few names, so that layers collide: files over directories, whiteouts, opaque directories.
 * Owners, modes, attributes and times vary; all times lie before LAYER_NOW, so that what is
 * written by an operation can be told from what was there.
 */
#include <stdbool.h>
#include <stddef.h>

#include "tests/oracle/dice.h"

enum {
	LAYER_DEPTH = 5,
	LAYER_NOW = 946684800, /* seconds at the beginning of 2000 */
};

/* What a layer may hold besides files, directories and links. */
struct layer_style {
	bool whiteouts;          /* as devices; a plain directory has none */
	bool file_whiteouts;     /* in their xattr form too, below directories marked 'x' */
	bool opaque;             /* opaque directories */
	const char *xattr_space; /* "trusted" or "user" */
	bool hard_links;
	bool hostile; /* FIFOs, sockets, default ACLs, set-id bits */
};

/* A name out of few; some are 255 bytes long or not UTF-8. */
const char *layer_name(struct dice *d);
/* The text of a symlink: relative, absolute, dangling or looping. */
const char *layer_target(struct dice *d);

/* Make the directory @host and what is in it. */
void layer_make(struct dice *d, const char *host, const struct layer_style *style);

/*
 * Make the directory @upper by mounting an overlay of it over @lowers (an option's value) and
 * changing things there, so that the kernel leaves its redirects, metacopies and whiteouts.
 */
void layer_make_by_kernel(struct dice *d, const char *lowers, const char *upper, const char *work,
			  const char *options);
