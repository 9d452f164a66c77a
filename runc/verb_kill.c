/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/process.h"
#include "base/signals.h"
#include "runc/container.h"
#include "runc/destroy.h"
#include "runc/errors.h"
#include "runc/kill.h"
#include "runc/output.h"
#include "runc/verb.h"

/* A killed process ends in this time, as a rule; some callers unmount soon after. */
enum { KILLED_MSEC = 100 };

struct settings {
	bool all;
};

static const struct option options[] = {
	{"all", "a", NULL, "send the signal to all processes of the container", option_flag,
	 offsetof(struct settings, all)},
};

/* "0" asks whether it is there. */
static int parse_signal(const struct strv *args, int *ret, struct err *e)
{
	const char *text = args->n > 1 ? args->v[1] : "TERM";

	if (strcmp(text, "0") == 0) {
		*ret = 0;
		return 0;
	}
	return signals_parse(text, ret, e);
}

/* Callers may unmount the rootfs before they delete the container. */
static void undo_early(struct container *c, int pidfd)
{
	struct err e = ERR_NONE;
	int r;

	if (!c->state.is_trusting || (pidfd >= 0 && !process_wait(pidfd, KILLED_MSEC)))
		return; /* it is undone when it is deleted */
	r = container_lock(c, &e);
	if (r == 0)
		r = destroy_trust(c, &e);
	if (r < 0 && r != -ENOENT)
		output_warning("%s", e.msg);
}

static int kill_main(const struct call *call, struct err *e)
{
	cleanup_container struct container c = CONTAINER;
	const struct settings *s = call->settings;
	cleanup_close int pidfd = -EBADF;
	enum container_status status;
	int signal = SIGTERM, r;

	r = container_open(call->globals->root, call->args->v[0], CONTAINER_LOOK, &c, e);
	if (r == 0)
		r = parse_signal(call->args, &signal, e);
	if (r == 0)
		r = container_status(&c, &status, &pidfd, e);
	if (r == 0)
		r = kill_container(&c, pidfd, signal, s->all, e);
	if (r == -ESRCH && s->all) {
		err_clear(e);
		r = 0;
	}
	if (r == 0 && signal == SIGKILL)
		undo_early(&c, pidfd);
	return r;
}

const struct verb verb_kill = {
	.name = "kill",
	.args = "<container-id> [signal]",
	.summary = "send a signal (default TERM) to the container's first process",
	.notes = "The signal is a name (KILL, SIGKILL) or a number; 0 only asks whether it runs.\n",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.min_args = 1,
	.max_args = 2,
	.main = kill_main,
};
