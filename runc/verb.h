/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * verb - what anchor-runc can do: one constant, one file each
 *
 * main.c finds the verb, parses its options into settings of its own type, counts its arguments and
 * calls it. What a verb prints on standard output is read by programs: runc's forms, to the key.
 */
#include "runc/options.h"

/* Options before the verb; defaults are in main.c. */
struct globals {
	const char *root; /* directory with one directory a container */
	const char *log, *log_format;
	bool debug;
	bool systemd_cgroup;
	const char *cgroup_manager;  /* "cgroupfs", "systemd", "disabled"; NULL: not given */
	const char *authorities;     /* directory of the operator's CAs */
	const char *trust_state;     /* directory of what is to be undone */
	const char *criu, *rootless; /* accepted, without effect */
	bool help, version;
};

struct call {
	const struct globals *globals;
	const void *settings;    /* of the verb's type, filled from its options */
	const struct strv *args; /* positional ones */
};

enum { VERB_MANY_ARGS = 4096 /* no maximum of the verb's own */ };

struct verb {
	const char *name;
	const char *args;    /* "<container-id>" */
	const char *summary; /* one line */
	const char *notes;   /* further lines of the help, or NULL */
	struct option_table options;
	size_t settings_size; /* bytes; filled with zeros before */
	enum option_order order;
	size_t min_args, max_args;
	const char *failure; /* put before errors: "exec failed"; NULL: nothing */
	int failure_status;  /* exit status of errors; 0: 1 */
	/* Returns: an exit status; -errno with @e. */
	int (*main)(const struct call *call, struct err *e);
};

extern const struct verb verb_checkpoint, verb_create, verb_delete, verb_events, verb_exec,
	verb_features, verb_kill, verb_list, verb_pause, verb_ps, verb_restore, verb_resume,
	verb_run, verb_spec, verb_start, verb_state, verb_update;

/* Does the name of the cgroup manager, or the flag, say systemd? */
bool globals_use_systemd(const struct globals *g);
/* Is there to be no cgroup? */
bool globals_use_no_cgroup(const struct globals *g);
