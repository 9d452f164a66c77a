/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * foreground - wait for a container's process, and stand for it meanwhile
 *
 * Signals that we get are its, its terminal is ours, and orphans of the container that are handed
 * to us are reaped.
 */
#include "runc/terminal.h"
#include "runtime/launch.h"

struct foreground {
	int signals; /* signalfd; owned */
	struct terminal terminal;
	int notify; /* socket of notify.h; owned; -EBADF: none */
};

#define FOREGROUND ((struct foreground){.signals = -EBADF, .notify = -EBADF, .terminal = TERMINAL})
void foreground_done(struct foreground *f);
#define cleanup_foreground cleanup(foreground_done)

/* Before the launch, so that no signal is lost: block them. */
int foreground_prepare(struct foreground *f, bool is_subreaper, struct err *e);
/* Until the process has ended. Returns 0; -errno. */
int foreground_wait(struct foreground *f, struct runtime_process *p, struct runtime_exit *ret,
		    struct err *e);
