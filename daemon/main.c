/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "executor/executor.h"

static const char workers[] = "32"; /* threads that prepare and finish execs */

static void on_sigpipe(int number)
{
	(void)number;
}

/*
 * What the process is, before anything else exists in it. Returns the limit of open files that
 * containers get: the one that we were started with, not the one that we need.
 */
static rlim_t set_up_process(void)
{
	struct sigaction sa = {.sa_handler = on_sigpipe};
	struct rlimit files;
	rlim_t given = 0;

	/* A handler and not SIG_IGN, because containers would inherit that. */
	sigaction(SIGPIPE, &sa, NULL);
	setenv("UV_THREADPOOL_SIZE", workers, /* overwrite= */ 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		given = files.rlim_cur;
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return given;
}

static void log_ids(const json_t *report, const char *key, const char *id, const char *text)
{
	const json_t *exec;
	size_t i;

	json_array_foreach (json_object_get(report, key), i, exec)
		log_info(id, "%s exec=%s", text, json_string_value(exec));
}

static void log_recovery(const json_t *report)
{
	const json_t *failure;
	size_t i;

	log_ids(report, "killed", "recover.killed", "killed what an earlier anchord left running");
	log_ids(report, "undone", "recover.undone", "undid what an earlier anchord left");
	json_array_foreach (json_object_get(report, "failed"), i, failure)
		log_warn("recover.failed",
			 "a trace remains, going on; 'anchorctl repair' tries again: %s exec=%s",
			 json_get_string(failure, "error"), json_get_string(failure, "id"));
}

static int recover(struct executor *ex, struct err *e)
{
	cleanup_json json_t *report = NULL;
	int r;

	r = executor_recover(ex, &report, e);
	if (r < 0)
		return err_wrap(e, r, "recovering");
	log_recovery(report);
	return 0;
}

static int serve(const struct options *o, rlim_t open_files, struct err *e)
{
	const struct executor_config config = {
		.state_dir = o->state_dir,
		.run_dir = o->run_dir,
		.cgroup = o->cgroup,
		.authorities = o->authorities,
		.known_tools = o->known_tools,
		.open_files = open_files,
	};
	struct daemon_config daemon = {.socket = o->socket, .authorities = o->authorities};
	struct executor *ex;
	int r;

	r = notify_take_socket(&daemon.listen_fd, e);
	if (r < 0)
		return r;
	r = executor_new(&config, &ex, e);
	if (r < 0)
		return r;
	r = recover(ex, e);
	if (r == 0)
		r = daemon_run(ex, &daemon, e);
	executor_free(ex);
	return r;
}

static int run(char *const *argv, rlim_t open_files, struct err *e)
{
	cleanup_options struct options o = {0};
	enum log_format format;
	int r;

	r = options_load(&o, argv, e);
	if (r == 0)
		r = options_log_format(&o, &format, e);
	if (r < 0)
		return r;
	if (o.help)
		options_print_help(stdout);
	else if (o.version)
		puts("anchord " ANCHOR_VERSION);
	if (o.help || o.version)
		return 0;
	log_setup(format, LOG_LEVEL_INFO);
	return serve(&o, open_files, e);
}

int main(int argc, char **argv)
{
	rlim_t open_files = set_up_process();
	struct err e = ERR_NONE;

	(void)argc;
	if (run(argv, open_files, &e) < 0) {
		log_error("daemon.failed", "%s", e.msg);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
