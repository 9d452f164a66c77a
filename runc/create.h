/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * create - from a bundle to a container with a process
 *
 * What is made, in this order: the directory, a state that says where the cgroup will be, the
 * cgroup, a state with what trust there may be to undo, the trust, the process. Whatever fails, or
 * dies, in between: the state says what is left to be removed.
 *
 *	creation_open(&c, ...);
 *	r = creation_launch(&c, &e);
 *	if (r < 0)
 *		creation_undo(&c);
 */
#include "runc/bundle.h"
#include "runc/console.h"
#include "runc/container.h"
#include "runc/verb.h"
#include "runtime/container_cgroup.h"
#include "runtime/launch.h"

struct create_settings {
	const char *bundle, *config;
	const char *console_socket, *pid_file, *pidfd_socket;
	bool no_pivot, no_new_keyring;
	unsigned preserve_fds;
	bool detach, keep, no_subreaper; /* of run */
};

/* clang-format off */
#define CREATE_FIELD(name) offsetof(struct create_settings, name)
#define CREATE_OPTIONS                                                                           \
	{"bundle", "b", "DIR", "the bundle (default: the working directory)",                    \
	 option_string, CREATE_FIELD(bundle)},                                                   \
	{"config", "f", "FILE", "its configuration (default: config.json in the bundle)",        \
	 option_string, CREATE_FIELD(config)},                                                   \
	{"console-socket", NULL, "PATH", "Unix socket that gets the master of the terminal",     \
	 option_string, CREATE_FIELD(console_socket)},                                           \
	{"pid-file", NULL, "FILE", "gets the number of the container's process",                 \
	 option_string, CREATE_FIELD(pid_file)},                                                 \
	{"pidfd-socket", NULL, "PATH", "Unix socket that gets a pidfd of it",                    \
	 option_string, CREATE_FIELD(pidfd_socket)},                                             \
	{"no-pivot", NULL, NULL, "chroot in place of pivot_root, for a rootfs on a ramdisk",     \
	 option_flag, CREATE_FIELD(no_pivot)},                                                   \
	{"no-new-keyring", NULL, NULL, "keep the caller's session keyring",                      \
	 option_flag, CREATE_FIELD(no_new_keyring)},                                             \
	{"preserve-fds", NULL, "N", "pass N descriptors from 3 on, after those of $LISTEN_FDS",  \
	 option_unsigned, CREATE_FIELD(preserve_fds)}
/* clang-format on */

struct creation {
	const struct globals *globals; /* borrowed, as the next two */
	const struct create_settings *settings;
	const char *id;
	bool waits;       /* for its start */
	bool is_detached; /* nobody of us waits for its end */
	/* all owned */
	struct bundle bundle;
	struct container container;
	struct container_cgroup cgroup;
	struct console console;
	struct launch how;
	char *state_head, *listener_state;
	int listener;
	int notify; /* socket of notify.h, of a container that doesn't wait; -EBADF: none */
	struct runtime_process process; /* pid is 0 before the launch */
	bool is_made;                   /* the directory exists */
};

void creation_init(struct creation *c, const struct call *call);
void creation_done(struct creation *c);
#define cleanup_creation cleanup(creation_done)

/* Everything up to and with the process. Returns 0; -errno, and then creation_undo() is due. */
int creation_launch(struct creation *c, struct err *e);
/* The process, the cgroup, the trust, the directory and the pid file go. */
void creation_undo(struct creation *c);

/* Connect to who listens to the notifications of @policy, if someone shall; and say of whom. */
int create_listener(const struct seccomp_policy *policy, const struct container_state *state,
		    int *ret, char **ret_state, struct err *e);
