/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * trust - the operator's authorities in a container of anchor-runc
 *
 *	trust_install -> (container) -> trust_undo
 *
 * Between the two may lie any number of processes, and a crash: what there is to undo is in a
 * journal on persistent disk, one a tree, with the ids of the containers that use the tree. The
 *last one that leaves it undoes it. The rootfs may be unmounted by then: the journal speaks of the
 * layers that it was made of.
 */
#include "oci/config.h"

struct trust_request {
	const char *state_dir;   /* on persistent disk; made if missing */
	const char *authorities; /* directory of the operator's CAs */
	const char *id;          /* of the container ... */
	const char *root;        /* ... in this --root */
};

/*
 * Make the container of @config trust the authorities: its environment and mounts get what is
 * needed. The annotation org.anchord.trust, or the variable ANCHORD_TRUST of the container or of
 * this process, says "off": nothing is done; or "require": without authorities no container.
 * @ret_warning: why it goes on without; its code is 0 otherwise
 *
 * Returns: 0; -errno when it can't go on: they are required, or a trace may remain (dirty).
 */
int trust_install(const struct trust_request *q, struct oci_config *config, struct err *ret_warning,
		  struct err *e);

/*
 * The container's process is @pid: as long as it lives the tree is in use. Before, that of
 * trust_install() counts. Nothing installed is fine.
 */
int trust_started(const struct trust_request *q, pid_t pid, struct err *e);

/* The container has ended. Idempotent; nothing to do is fine. Returns 0; -errno, dirty. */
int trust_undo(const struct trust_request *q, struct err *e);
