/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* hook_kinds - the points of a container's life at which hooks run (runtime-spec, config.md) */

/* clang-format off */
/* kind, name in documents, where it runs and when */
#define HOOK_KINDS(X) \
	X(PRESTART,         "prestart")        /* outside; namespaces are there, before pivot_root */ \
	X(CREATE_RUNTIME,   "createRuntime")   /* the same, after it */ \
	X(CREATE_CONTAINER, "createContainer") /* in the namespaces, before pivot_root */ \
	X(START_CONTAINER,  "startContainer")  /* in the container, before its command */ \
	X(POSTSTART,        "poststart")       /* outside, after the command was started */ \
	X(POSTSTOP,         "poststop")        /* outside, when the container is deleted */

enum hook_kind {
#define X(kind, name) HOOK_##kind,
	HOOK_KINDS(X)
#undef X
	HOOK_MAX
};
/* clang-format on */
