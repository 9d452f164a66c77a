/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * scope_words - what is said to anchord-scope, and what it answers (private to runtime/)
 *
 * anchord-scope (runtime/scope/) is the one program that speaks to systemd. libsystemd and the five
 * libraries that it brings along would take a quarter of the time of a whole container, which
 * mostly needs none of them; and anchor-runc, where it is static, can't load any. One request and
 * one answer, as these structs, over a socket that is its standard input. Both programs are of one
 * build.
 */
#include "runtime/cgroup_systemd.h"

enum { SCOPE_SEC = 120 /* until an answer is given up; to make a scope takes 60 at most */ };

enum scope_call { SCOPE_START, SCOPE_STOP };

enum { SCOPE_VERSION = 32, SCOPE_TEXT = 256 };
_Static_assert(sizeof(ANCHOR_VERSION) <= SCOPE_VERSION, "room for the version");

struct scope_request {
	char version[SCOPE_VERSION]; /* ANCHOR_VERSION: another one is another struct */
	pid_t asker;                 /* whose child it has to be */
	enum scope_call call;
	struct systemd_names names;   /* SCOPE_STOP: the unit alone */
	char description[SCOPE_TEXT]; /* the id, which is shorter */
	pid_t keeper;
	struct systemd_property properties[SYSTEMD_PROPERTIES_MAX];
	size_t n_properties;
};

struct scope_answer {
	int result; /* 0, -errno */
	struct err error;
};
