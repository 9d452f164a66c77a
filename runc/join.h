/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * join - a process for an existing container, from a document or from a command line
 *
 * What a command line leaves open is as in the container's own config.json.
 */
#include "runc/bundle.h"
#include "runc/container.h"
#include "runc/options.h"

struct join_settings {
	const char *console_socket, *pid_file, *pidfd_socket;
	const char *cwd, *user, *process, *process_label, *apparmor;
	struct strv env, groups, capabilities, cgroups;
	bool tty, detach, no_new_privileges, ignore_paused, no_subreaper;
	unsigned preserve_fds;
};

/*
 * join_spec - what is to be launched
 * @bundle: the container's; gives its system call policy away
 * @args:   the command; not looked at with settings.process
 * @ret:    an empty one
 *
 * Namespaces are not in it, see join_namespaces(). Returns 0; -EINVAL (ERR_INVALID).
 */
int join_spec(const struct join_settings *s, const struct container *c, struct bundle *bundle,
	      char *const *args, struct container_spec *ret, struct err *e);

/* All in which process @pid is and we are not are joined. */
int join_namespaces(pid_t pid, struct container_namespace ret[NAMESPACE_MAX], struct err *e);
