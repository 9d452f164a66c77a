/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/path.h"
#include "runc/create.h"
#include "runc/errors.h"
#include "runc/foreground.h"
#include "runc/home.h"
#include "runc/inherit.h"
#include "runc/join.h"
#include "runc/pid_file.h"

enum { EXIT_NOT_STARTED = 255 };

#define FIELD(name) offsetof(struct join_settings, name)
/* clang-format off */
static const struct option options[] = {
	{"console-socket", NULL, "PATH", "Unix socket that gets the master of the terminal",
	 option_string, FIELD(console_socket)},
	{"cwd", NULL, "DIR", "working directory in the container", option_string, FIELD(cwd)},
	{"env", "e", "NAME=VALUE", "set a variable", option_append, FIELD(env)},
	{"tty", "t", NULL, "give it a terminal", option_flag, FIELD(tty)},
	{"user", "u", "UID[:GID]", "run as this user", option_string, FIELD(user)},
	{"additional-gids", "g", "GID", "a supplementary group", option_append, FIELD(groups)},
	{"process", "p", "FILE", "a document with all of the process, \"-\": standard input",
	 option_string, FIELD(process)},
	{"detach", "d", NULL, "do not wait for its end", option_flag, FIELD(detach)},
	{"pid-file", NULL, "FILE", "gets the number of the process", option_string,
	 FIELD(pid_file)},
	{"pidfd-socket", NULL, "PATH", "Unix socket that gets a pidfd of it", option_string,
	 FIELD(pidfd_socket)},
	{"process-label", NULL, "LABEL", "SELinux label", option_string, FIELD(process_label)},
	{"apparmor", NULL, "PROFILE", "AppArmor profile", option_string, FIELD(apparmor)},
	{"no-new-privs", NULL, NULL, "it can't gain privileges", option_flag,
	 FIELD(no_new_privileges)},
	{"cap", "c", "NAME", "a capability more", option_append, FIELD(capabilities)},
	{"preserve-fds", NULL, "N", "pass N descriptors from 3 on, after those of $LISTEN_FDS",
	 option_unsigned, FIELD(preserve_fds)},
	{"cgroup", NULL, "PATH", "an existing cgroup below the container's", option_append,
	 FIELD(cgroups)},
	{"ignore-paused", NULL, NULL, "a paused container is fine", option_flag,
	 FIELD(ignore_paused)},
	{"no-subreaper", NULL, NULL, "do not adopt orphans", option_flag, FIELD(no_subreaper)},
};
/* clang-format on */
#undef FIELD

struct joining {
	const struct join_settings *settings;
	struct container container;
	struct bundle bundle;
	struct container_spec spec;
	struct container_cgroup cgroup;
	struct console console;
	struct launch how;
	int target, listener;
	char *state_head, *listener_state;
	struct runtime_process process;
};

static void joining_init(struct joining *j, const struct join_settings *settings)
{
	*j = (struct joining){
		.settings = settings,
		.container = CONTAINER,
		.cgroup = CONTAINER_CGROUP,
		.console = CONSOLE,
		.how = LAUNCH_NONE,
		.target = -EBADF,
		.listener = -EBADF,
		.process = {.pidfd = -EBADF},
	};
	bundle_init(&j->bundle);
	container_spec_init(&j->spec);
}

static void joining_done(struct joining *j)
{
	container_done(&j->container);
	bundle_done(&j->bundle);
	container_spec_done(&j->spec);
	container_cgroup_done(&j->cgroup);
	console_done(&j->console);
	fd_close(j->target);
	fd_close(j->listener);
	fd_close(j->process.pidfd);
	free(j->state_head);
	free(j->listener_state);
}

/* The container's process is stopped by nobody, and its number was checked. */
static int add_home(struct joining *j, struct err *e)
{
	char root[64];

	snprintf(root, sizeof(root), "/proc/%d/root", j->container.state.pid);
	return home_add(root, &j->spec.process, e);
}

/* ---- the container --------------------------------------------------------------------- */

static int check_status(enum container_status status, bool ignore_paused, struct err *e)
{
	if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
		return err_set(e, -ESRCH, ERR_PRECONDITION, "cannot exec in a stopped container");
	if (status == CONTAINER_PAUSED && !ignore_paused)
		return err_set(e, -EBUSY, ERR_PRECONDITION,
			       "cannot exec in a paused container (use --ignore-paused to "
			       "override)");
	return 0;
}

static int find_container(struct joining *j, const struct call *call, struct err *e)
{
	enum container_status status;
	int r = container_open(call->globals->root, call->args->v[0], CONTAINER_LOOK, &j->container,
			       e);

	if (r == 0)
		r = container_status(&j->container, &status, &j->target, e);
	if (r == 0)
		r = check_status(status, j->settings->ignore_paused, e);
	if (r == 0)
		r = bundle_read_copy(j->container.fd, j->container.state.bundle, &j->bundle, e);
	return r;
}

/* "[controller:]path"; there is one hierarchy only. */
static int cgroup_path(const struct joining *j, char ret[LIMIT_PATH], struct err *e)
{
	const char *own = j->container.state.cgroup;
	const struct strv *asked = &j->settings->cgroups;
	const char *colon = asked->n > 0 ? strchr(asked->v[0], ':') : NULL;
	const char *below = colon ? colon + 1 : asked->n > 0 ? asked->v[0] : "";
	char path[LIMIT_PATH];

	if (asked->n > 1)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "there is one cgroup hierarchy: --cgroup "
			       "can be given once");
	if (snprintf(path, sizeof(path), "%s/%s", own, below) >= (int)sizeof(path))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "the path of the cgroup is too long");
	if (path_canonical(path, ret, LIMIT_PATH, e) < 0)
		return e->code;
	if (!path_is_below(ret, own))
		return err_set(e, -EINVAL, ERR_INVALID, "'%.200s' is not a sub cgroup path", below);
	return 0;
}

static int find_cgroup(struct joining *j, struct err *e)
{
	char path[LIMIT_PATH];
	int r;

	if (!j->container.state.cgroup)
		return 0;
	r = cgroup_path(j, path, e);
	if (r == 0)
		r = container_cgroup_open(path, /* systemd= */ false, &j->cgroup, e);
	if (r == 0)
		j->how.cgroup_fd = j->cgroup.fd;
	return r;
}

/* ---- the process ----------------------------------------------------------------------- */

static int prepare(struct joining *j, const struct call *call, struct err *e)
{
	const struct join_settings *s = j->settings;
	unsigned n_listen = 0;
	int r = inherit_descriptors(s->preserve_fds, &j->how.n_preserved, &n_listen, e);

	if (r == 0)
		r = find_container(j, call, e);
	if (r == 0)
		r = join_spec(s, &j->container, &j->bundle, call->args->v + 1, &j->spec, e);
	if (r == 0)
		r = inherit_add_env(n_listen, &j->spec.process.env, e);
	if (r == 0)
		r = join_namespaces(j->container.state.pid, j->spec.namespaces, e);
	if (r == 0)
		r = add_home(j, e);
	if (r == 0)
		r = find_cgroup(j, e);
	if (r == 0)
		r = console_open(j->spec.process.terminal.is_wanted, s->detach, s->console_socket,
				 &j->console, e);
	if (r == 0)
		r = create_listener(j->spec.seccomp, &j->container.state, &j->listener,
				    &j->listener_state, e);
	return r;
}

static void free_plan_p(struct runtime_plan **plan)
{
	*plan = runtime_plan_free(*plan);
}

static int launch(struct joining *j, struct err *e)
{
	cleanup(free_plan_p) struct runtime_plan *plan = NULL;
	int r;

	j->state_head = container_state_document_head(&j->container.state);
	if (!j->state_head)
		return err_oom(e);
	for (int i = 0; i <= STDERR_FILENO; i++)
		j->how.stdio[i] = i;
	j->how.target = j->target;
	j->how.console_socket = j->console.socket;
	j->how.listener_socket = j->listener;
	j->how.listener_state = j->listener_state;
	j->how.seccomp_cache = RUNC_SECCOMP_CACHE;
	j->how.state = j->state_head;
	r = runtime_plan_new(&j->spec, j->container.state.rootfs, &plan, e);
	if (r == 0)
		r = runtime_launch(plan, &j->how, &j->process, e);
	return r < 0 ? errors_explain_start(e, r, j->spec.process.args.v[0]) : 0;
}

static int tell_callers(struct joining *j, struct foreground *f, struct err *e)
{
	int master = -EBADF;
	int r = console_take(&j->console, &master, e);

	if (r == 0)
		r = pid_file_send(j->settings->pidfd_socket, j->process.pidfd, e);
	if (r == 0)
		r = pid_file_write(j->settings->pid_file, j->process.pid, e);
	terminal_start(&f->terminal, master);
	return r;
}

static int run(struct joining *j, const struct call *call, struct foreground *f, struct err *e)
{
	struct runtime_exit status = {.code = 0};
	bool waits = !j->settings->detach;
	int r = prepare(j, call, e);

	if (r == 0 && waits)
		r = foreground_prepare(f, !j->settings->no_subreaper, e);
	if (r == 0)
		r = launch(j, e);
	if (r < 0)
		return r;
	r = tell_callers(j, f, e);
	if (r < 0)
		pidfd_send_signal(j->process.pidfd, SIGKILL, NULL, 0);
	else if (waits)
		r = foreground_wait(f, &j->process, &status, e);
	return r < 0 ? r : status.code;
}

static int exec_main(const struct call *call, struct err *e)
{
	cleanup_foreground struct foreground f = FOREGROUND;
	cleanup(joining_done) struct joining j;

	joining_init(&j, call->settings);
	return run(&j, call, &f, e);
}

const struct verb verb_exec = {
	.name = "exec",
	.args = "<container-id> <command> [arguments...] || --process FILE <container-id>",
	.summary = "execute a new process in a container",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct join_settings),
	.order = OPTION_STOP_AT_ARGS,
	.min_args = 1,
	.max_args = VERB_MANY_ARGS,
	.failure = "exec failed",
	.failure_status = EXIT_NOT_STARTED,
	.main = exec_main,
};
