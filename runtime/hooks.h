/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * hooks - programs of the operator that run at points of a container's life
 *
 * runtime-spec, config.md "POSIX-platform Hooks". Each gets the state document on its standard
 * input. One that fails, or runs longer than its timeout, stops what is being done.
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"
#include "runtime/hook_kinds.h"

struct hook {
	char *path;       /* absolute; owned */
	struct strv args; /* args[0] too; empty: the path */
	struct strv env;
	uint64_t timeout_usec; /* 0: none */
};

struct hook_list {
	struct hook *v; /* owned */
	size_t n;       /* at most LIMIT_HOOKS */
};

struct container_hooks {
	struct hook_list of[HOOK_MAX];
};

extern const char *const hook_names[HOOK_MAX];

void container_hooks_done(struct container_hooks *hooks);
/* Append; takes what @hook owns, on success only. Returns 0, -E2BIG (ERR_LIMIT), -ENOMEM. */
int hook_list_add(struct hook_list *list, struct hook *hook, struct err *e);
void hook_done(struct hook *hook);

/*
 * hooks_run - run a list here, one after the other
 * @directory: in which they begin; NULL: the caller's. One that names no variables has the caller's
 * @state:  the state document up to its status, "{...,"id":"x"" (runtime/launch.h); with @status
 * and
 *          @pid it is what each gets
 *
 * Returns: 0; -ETIMEDOUT (ERR_LIMIT), -ECHILD (ERR_PRECONDITION) for one that failed, with its path
 *          and what it wrote to its standard error. Blocks.
 */
int hooks_run(const struct container_hooks *hooks, enum hook_kind kind, const char *state,
	      const char *status, pid_t pid, const char *directory, struct err *e);
