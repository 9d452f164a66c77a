/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* launch_parts - what the two ways to launch share (private to runtime/) */
#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/launch.h"
#include "runtime/plan_build.h"

/* The child's report as an error of ours. Returns it. */
int launch_error(const struct child_report *report, struct err *e);

/* The program of the plan's policy, into its orders. */
int launch_compile_filter(struct runtime_plan *plan, const char *cache, struct err *e);

/* sys_clone3_vfork() with all signals blocked. */
pid_t launch_clone(struct clone_args *args, int (*child)(void *), void *arg);

/* clone3() has failed with this errno. Returns -@code. */
int launch_clone_error(int cgroup_fd, int code, struct err *e);

/* launch_staged.c */
int launch_staged(struct runtime_plan *plan, const struct launch *how, struct runtime_process *ret,
		  struct err *e);
