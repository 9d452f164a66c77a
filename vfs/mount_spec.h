/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mount_spec - {type, source, destination, options}: the shared noun of the whole code
 *
 * The protocol produces mount specs, vfs reads through them, runtime mounts them. The shape is
 * containerd.types.Mount; the words of options are those of mount(8), the OCI runtime-spec and
 * overlayfs.
 *
 * A rootfs is a list of specs that are applied in order onto "/" (their destination is not
 * looked at); mounts are applied after it, in order, onto their destinations.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/strv.h"

struct mount_spec {
	char *type;        /* "bind", "overlay", "tmpfs", "proc", ...; owned, as all strings here */
	char *source;      /* host path of a bind; a label elsewhere */
	char *destination; /* container path; a relative one is taken from "/" */
	struct strv options; /* at most LIMIT_MOUNT_OPTIONS */
};

struct mount_specs {
	struct mount_spec *v; /* owned */
	size_t n;             /* at most LIMIT_MOUNTS */
};

void mount_specs_done(struct mount_specs *specs);
#define cleanup_mount_specs cleanup(mount_specs_done)

/*
 * Append a spec made of copies. @options is a comma-separated list ("" for none), in which a
 * backslash keeps the next character; NULL strings are taken as "".
 * Returns 0, -E2BIG (ERR_LIMIT), -ENOMEM.
 */
int mount_specs_add(struct mount_specs *specs, const char *type, const char *source,
		    const char *destination, const char *options, struct err *e);
/* Append a copy of each spec of @from. */
int mount_specs_extend(struct mount_specs *specs, const struct mount_specs *from, struct err *e);

/* To and from the form kept in state files; paths are escaped (base/path.h). */
json_t *mount_specs_to_json(const struct mount_specs *specs);
int mount_specs_from_json(const json_t *j, struct mount_specs *ret, struct err *e);
