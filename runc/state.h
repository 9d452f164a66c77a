/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * state - what is remembered of a container between two calls
 *
 * state.json in the container's directory. It is ours, but a crash or a person may have damaged it:
 * it is checked as if it weren't. Words for status are those of the runtime-spec.
 */
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/json.h"
#include "base/strv.h"

/* clang-format off */
#define CONTAINER_STATUSES(X) \
	X(CREATING, "creating") /* someone makes it, or died while doing so */ \
	X(CREATED,  "created")  /* its process waits to be started */ \
	X(RUNNING,  "running") \
	X(PAUSED,   "paused") \
	X(STOPPED,  "stopped")

enum container_status {
#define X(status, word) CONTAINER_##status,
	CONTAINER_STATUSES(X)
#undef X
	CONTAINER_STATUS_MAX
};
/* clang-format on */

extern const char *const container_status_words[CONTAINER_STATUS_MAX];

/* All strings are owned; container_state_done() frees them. */
struct container_state {
	char *id;
	char *oci_version;
	char *bundle, *rootfs;  /* absolute host paths */
	char *created;          /* RFC 3339 with nanoseconds, UTC */
	pid_t pid;              /* 0: none yet */
	uint64_t start_time;    /* of the process, clock ticks after boot: pids are used again */
	char *cgroup;           /* path inside the hierarchy; NULL: none */
	bool is_scope;          /* systemd has made it */
	bool is_over;           /* its making has failed; what is left waits to be deleted */
	bool is_cgroup_planned; /* it may not be there, or not be this container's */
	bool has_pid_namespace; /* of its own: all its processes end with the first */
	bool has_own_keyring;
	bool has_poststart, has_poststop;      /* hooks, in the copy of its config.json */
	struct strv annotations;               /* "key=value" */
	bool is_trusting;                      /* there may be something to undo ... */
	char *trust_state, *trust_authorities; /* ... with this request */
	struct strv trust_env;                 /* variables that its configuration does not have */
};

void container_state_init(struct container_state *s);
void container_state_done(struct container_state *s);
#define cleanup_container_state cleanup(container_state_done)

/* The text of state.json; the caller frees it. NULL without memory. */
char *container_state_to_text(const struct container_state *s);
/*
 * The reverse.
 * Returns: 0; -EINVAL (ERR_INVALID) for what can't be a state, or is that of another @id.
 */
int container_state_from_text(const char *text, size_t n, const char *id,
			      struct container_state *ret, struct err *e);

/*
 * The state document of the runtime-spec without status and pid, which is open at its end,
 * "{...,"id":"x"". NULL without memory.
 */
char *container_state_document_head(const struct container_state *s);

/*
 * What `state` and `list` print.
 * @owner: name of a user
 */
json_t *container_state_document(const struct container_state *s, enum container_status status,
				 const char *owner);
