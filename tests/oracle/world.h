/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * world - one seed's layers and mount specs, made twice
 *
 * Side OURS is what vfs works on, side KERNELS is what is really mounted. They are made by the
 * same dice below different host directories, and nothing in them says which is which.
 */
#include "tests/oracle/dice.h"
#include "tests/oracle/real.h"

enum world_side { OURS, KERNELS, N_SIDES };

#define WORLD_AT "/tmp/oracle" /* sides are WORLD_AT "/0" and "/1"; a tmpfs of this process */

struct world {
	struct mount_specs rootfs[N_SIDES];
	struct mount_specs mounts[N_SIDES];
	unsigned n_lowers;
	bool has_odd_names;        /* the first lower's name needs escapes in options */
	char features[256];        /* for people: what the dice decided */
	bool has_file_whiteouts;   /* whiteouts in xattr form */
	bool has_made_mountpoints; /* a destination did not exist */
	bool has_redirects;        /* layers made by the kernel */
};

/*
 * Make everything, and leave the kernel's side mounted at *@r. The calling process needs a
 * mount namespace of its own.
 */
void world_make(struct world *w, uint64_t seed, struct real *r);
void world_done(struct world *w);

/* Print the features and our specs. */
void world_print(const struct world *w);
/* Host path of lower @i; LIMIT_PATH bytes. */
void world_lower(const struct world *w, enum world_side side, unsigned i, char *ret);
/* Host path of a side; in static storage. */
const char *world_at(enum world_side side);
