/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * defaults - what docker gives a container that says nothing, as data that fills a spec
 *
 * A runtime-spec document says all of this itself.
 */
#include "runtime/container.h"

/*
 * Namespaces but those of users, network and time; /proc, /dev, /sys and what is in them; masked
 * and read-only paths, capabilities, umask, session keyring and filter. Of another user than root
 * nothing is left of the capabilities: so execve() itself is checked without them.
 * @spec: an empty one, whose user is set
 */
int container_defaults(struct container_spec *spec, struct err *e);

/*
 * Append what every such container gets mounted before the caller's mounts. Returns 0, -E2BIG,
 * -ENOMEM.
 */
int container_default_mounts(struct mount_specs *ret, struct err *e);
