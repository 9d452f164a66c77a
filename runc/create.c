/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/create.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/process.h"
#include "runc/destroy.h"
#include "runc/environment.h"
#include "runc/errors.h"
#include "runc/home.h"
#include "runc/inherit.h"
#include "runc/notify.h"
#include "runc/output.h"
#include "runc/pid_file.h"
#include "runc/socket.h"
#include "runc/trust.h"

void creation_init(struct creation *c, const struct call *call)
{
	*c = (struct creation){
		.globals = call->globals,
		.settings = call->settings,
		.id = call->args->v[0],
		.container = CONTAINER,
		.cgroup = CONTAINER_CGROUP,
		.console = CONSOLE,
		.how = LAUNCH_NONE,
		.listener = -EBADF,
		.notify = -EBADF,
		.process = {.pidfd = -EBADF},
	};
	bundle_init(&c->bundle);
	container_state_init(&c->container.state);
}

void creation_done(struct creation *c)
{
	bundle_done(&c->bundle);
	container_cgroup_done(&c->cgroup);
	console_done(&c->console);
	container_done(&c->container);
	fd_close(c->how.start);
	fd_close(c->how.result);
	fd_close(c->listener);
	fd_close(c->notify);
	fd_close(c->process.pidfd);
	free(c->state_head);
	free(c->listener_state);
}

/* ---- what is asked for ----------------------------------------------------------------- */

static const char *rootfs_of(const struct oci_config *config)
{
	return config->container.rootfs.n > 0 ? config->container.rootfs.v[0].source : "/";
}

static int read_request(struct creation *c, struct err *e)
{
	const struct create_settings *s = c->settings;
	struct container_spec *spec = &c->bundle.config.container;
	unsigned n_listen = 0;
	int r;

	r = inherit_descriptors(s->preserve_fds, &c->how.n_preserved, &n_listen, e);
	if (r == 0)
		r = bundle_read(s->bundle, s->config, &c->bundle, e);
	if (r == 0)
		r = inherit_add_env(n_listen, &spec->process.env, e);
	if (r < 0)
		return r;
	bundle_warn(&c->bundle.config.warnings);
	spec->is_staged = true;
	spec->makes_mount_points = true;
	spec->keeps_root = s->no_pivot;
	spec->has_own_keyring = !s->no_new_keyring;
	spec->process.owns_streams = true;
	environment_make_unique(&spec->process.env);
	return home_add(rootfs_of(&c->bundle.config), &spec->process, e);
}

/* ---- the state ------------------------------------------------------------------------- */

static char *copy(const char *text, bool *oom)
{
	char *string = text ? strdup(text) : NULL;

	*oom |= text && !string;
	return string;
}

static int fill_state(struct creation *c, struct err *e)
{
	const struct oci_config *config = &c->bundle.config;
	const struct container_spec *spec = &config->container;
	struct container_state *s = &c->container.state;
	struct timespec now;
	char created[CLOCK_TEXT];
	bool oom = false;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_text(&now, created);
	s->id = copy(c->id, &oom);
	s->oci_version = copy(config->oci_version, &oom);
	s->bundle = copy(c->bundle.path, &oom);
	s->rootfs = copy(rootfs_of(config), &oom);
	s->created = copy(created, &oom);
	s->trust_state = copy(c->globals->trust_state, &oom);
	s->trust_authorities = copy(c->globals->authorities, &oom);
	s->has_pid_namespace = spec->namespaces[NAMESPACE_PID].mode == NAMESPACE_NEW;
	s->has_own_keyring = spec->has_own_keyring;
	s->has_poststart = spec->hooks.of[HOOK_POSTSTART].n > 0;
	s->has_poststop = spec->hooks.of[HOOK_POSTSTOP].n > 0;
	return oom ? err_oom(e) : strv_extend(&s->annotations, &config->annotations, e);
}

/* Values of a state are absolute: it is read from other directories. */
static int make_absolute(char **path, struct err *e)
{
	char *whole = NULL, *here;

	if (**path == '/')
		return 0;
	here = getcwd(NULL, 0);
	if (!here || asprintf(&whole, "%s/%s", here, *path) < 0)
		whole = NULL;
	free(here);
	if (!whole)
		return err_oom(e);
	free(*path);
	*path = whole;
	return 0;
}

/* A container that waits can't say anything yet: who starts it will listen. */
static int prepare_notify(struct creation *c, struct err *e)
{
	int r = notify_prepare(&c->container, &c->bundle.config.container, e);

	if (r < 0 || c->waits || !notify_host())
		return r;
	r = notify_bind(&c->container, e);
	if (r < 0)
		return r;
	c->notify = r;
	return 0;
}

static int make_directory(struct creation *c, struct err *e)
{
	struct container_state *s = &c->container.state;
	int r = container_create(c->globals->root, c->id, &c->container, e);

	if (r < 0)
		return r;
	c->is_made = true;
	r = fill_state(c, e);
	if (r == 0)
		r = make_absolute(&s->trust_state, e);
	if (r == 0)
		r = make_absolute(&s->trust_authorities, e);
	if (r == 0)
		r = io_replace_file_at(c->container.fd, "config.json", c->bundle.text.data,
				       c->bundle.text.n, 0600, e);
	return r < 0 ? r : prepare_notify(c, e);
}

static int open_console(struct creation *c, struct err *e)
{
	return console_open(c->bundle.config.container.process.terminal.is_wanted, c->is_detached,
			    c->settings->console_socket, &c->console, e);
}

/* ---- cgroup and trust ------------------------------------------------------------------ */

static int set_cgroup(struct container_state *s, const char *path, struct err *e)
{
	free(s->cgroup);
	s->cgroup = path ? strdup(path) : NULL;
	return path && !s->cgroup ? err_oom(e) : 0;
}

/* systemd itself forgets a scope that nobody is in. */
static int plan_cgroup(struct creation *c, struct err *e)
{
	struct container_state *s = &c->container.state;
	char path[LIMIT_PATH];
	int r;

	if (globals_use_systemd(c->globals))
		return 0;
	r = container_cgroup_place(c->id, c->bundle.config.cgroups_path, path, e);
	if (r == 0)
		r = set_cgroup(s, path, e);
	s->is_cgroup_planned = true;
	return r == 0 ? container_save(&c->container, e) : r;
}

static int make_cgroup(struct creation *c, struct err *e)
{
	const struct oci_config *config = &c->bundle.config;
	struct container_state *s = &c->container.state;
	int r;

	if (globals_use_no_cgroup(c->globals))
		return 0;
	r = plan_cgroup(c, e);
	if (r == 0)
		r = container_cgroup_create(
			c->id, s->is_cgroup_planned ? s->cgroup : config->cgroups_path,
			globals_use_systemd(c->globals), &config->resources, &c->cgroup, e);
	s->is_cgroup_planned = false;
	if (r < 0) {
		set_cgroup(s, NULL, NULL); /* what was there before stays */
		return r;
	}
	c->how.cgroup_fd = c->cgroup.fd;
	s->is_scope = c->cgroup.is_scope;
	return set_cgroup(s, c->cgroup.path, e);
}

/* Processes that join later get these variables too. */
static int remember_env(struct container_state *s, const struct strv *before,
			const struct strv *after, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < after->n; i++)
		if (!strv_has(before, after->v[i]))
			r = strv_add(&s->trust_env, after->v[i], e);
	return r;
}

static int install_trust(struct creation *c, struct err *e)
{
	cleanup_strv struct strv before = STRV(LIMIT_ENV);
	struct container_state *s = &c->container.state;
	const struct strv *env = &c->bundle.config.container.process.env;
	const struct trust_request request = container_trust(&c->container);
	struct err warning = ERR_NONE;
	int r = strv_extend(&before, env, e);

	s->is_trusting = true;
	if (r == 0)
		r = container_save(&c->container, e);
	if (r == 0)
		r = trust_install(&request, &c->bundle.config, &warning, e);
	if (r < 0)
		return r;
	if (warning.code)
		output_warning("%s; ignoring it, the container doesn't trust the authorities",
			       warning.msg);
	return remember_env(s, &before, env, e);
}

/* ---- the process ----------------------------------------------------------------------- */

static int make_fifo(const struct container *c, const char *name, mode_t mode, int *ret,
		     struct err *e)
{
	if (mkfifoat(c->fd, name, mode) < 0 || fchmodat(c->fd, name, mode, 0) < 0)
		return err_sys(e, "making '%s'", name);
	*ret = openat(c->fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return *ret < 0 ? err_sys(e, "opening '%s'", name) : 0;
}

static int make_fifos(struct creation *c, struct err *e)
{
	int r;

	if (!c->waits)
		return 0;
	r = make_fifo(&c->container, "exec.result", 0600, &c->how.result, e);
	return r < 0 ? r : make_fifo(&c->container, "exec.fifo", 0622, &c->how.start, e);
}

int create_listener(const struct seccomp_policy *policy, const struct container_state *state,
		    int *ret, char **ret_state, struct err *e)
{
	cleanup_json json_t *j = NULL, *document = NULL;
	cleanup_free char *text = NULL;
	int r;

	if (!policy || !policy->listener_path)
		return 0;
	document = container_state_document(
		state, state->pid > 0 ? CONTAINER_RUNNING : CONTAINER_CREATING, "root");
	j = json_pack("{s:s, s:[s], s:s, s:O}", "ociVersion", state->oci_version, "fds",
		      "seccompFd", "metadata",
		      policy->listener_metadata ? policy->listener_metadata : "", "state",
		      document);
	text = j ? json_line(j) : NULL;
	if (!text)
		return err_oom(e);
	text[strlen(text) - 1] = '\0';
	if (asprintf(ret_state, "%s,\"pid\":", text) < 0) {
		*ret_state = NULL;
		return err_oom(e);
	}
	r = socket_connect(policy->listener_path, SOCK_STREAM, e);
	if (r < 0)
		return err_wrap(e, r, "seccomp's listener");
	*ret = r;
	return 0;
}

static void free_plan_p(struct runtime_plan **plan)
{
	*plan = runtime_plan_free(*plan);
}

static int launch(struct creation *c, struct err *e)
{
	cleanup(free_plan_p) struct runtime_plan *plan = NULL;
	const struct container_spec *spec = &c->bundle.config.container;
	int r;

	for (int i = 0; i <= STDERR_FILENO; i++)
		c->how.stdio[i] = i;
	c->how.console_socket = c->console.socket;
	c->how.listener_socket = c->listener;
	c->how.listener_state = c->listener_state;
	c->how.seccomp_cache = RUNC_SECCOMP_CACHE;
	c->how.state = c->state_head;
	c->how.directory = c->bundle.path;
	r = runtime_plan_new(spec, c->container.state.rootfs, &plan, e);
	if (r == 0)
		r = runtime_launch(plan, &c->how, &c->process, e);
	return r < 0 ? errors_explain_start(e, r, spec->process.args.v[0]) : 0;
}

static int remember_process(struct creation *c, struct err *e)
{
	const struct trust_request request = container_trust(&c->container);
	struct container_state *s = &c->container.state;
	struct process_stat stat;
	int r = process_stat_read(c->process.pid, &stat, e);

	if (r < 0)
		return r;
	s->pid = c->process.pid;
	s->start_time = stat.start_time;
	r = container_save(&c->container, e);
	return r == 0 ? trust_started(&request, c->process.pid, e) : r;
}

static int make_process(struct creation *c, struct err *e)
{
	const struct create_settings *s = c->settings;
	int r;

	c->state_head = container_state_document_head(&c->container.state);
	if (!c->state_head)
		return err_oom(e);
	r = create_listener(c->bundle.config.container.seccomp, &c->container.state, &c->listener,
			    &c->listener_state, e);
	if (r == 0)
		r = make_fifos(c, e);
	if (r == 0)
		r = launch(c, e);
	if (r == 0)
		r = remember_process(c, e);
	if (r == 0)
		r = pid_file_send(s->pidfd_socket, c->process.pidfd, e);
	return r < 0 ? r : pid_file_write(s->pid_file, c->process.pid, e);
}

/* ---------------------------------------------------------------------------------------- */

int creation_launch(struct creation *c, struct err *e)
{
	int r = read_request(c, e);

	if (r < 0)
		return r;
	output_debug("container %s: of bundle '%s'", c->id, c->bundle.path);
	r = make_directory(c, e);
	if (r == 0)
		r = open_console(c, e);
	if (r == 0)
		r = make_cgroup(c, e);
	if (r == 0)
		r = install_trust(c, e);
	if (r < 0)
		return r;
	output_debug("container %s: cgroup '%s', starting '%s'", c->id, c->cgroup.path,
		     c->bundle.config.container.process.args.v[0]);
	r = make_process(c, e);
	if (r == 0)
		output_debug("container %s: process %d", c->id, c->process.pid);
	return r;
}

static void end_process(struct creation *c)
{
	struct runtime_exit ignored;

	if (c->process.pid == 0)
		return;
	pidfd_send_signal(c->process.pidfd, SIGKILL, NULL, 0);
	runtime_reap(&c->process, &ignored, NULL);
	if (c->settings->pid_file)
		unlink(c->settings->pid_file);
}

/* Who said --keep deletes it, and wants to find it. */
static int keep_remains(struct creation *c, struct err *e)
{
	struct container_state *s = &c->container.state;

	s->is_over = true;
	s->pid = 0;
	return s->is_trusting ? destroy_trust(&c->container, e) : container_save(&c->container, e);
}

static int remove_remains(struct creation *c, struct err *e)
{
	if (c->settings->keep && c->container.state.created)
		return keep_remains(c, e);
	return destroy_container(&c->container, c->globals, e);
}

void creation_undo(struct creation *c)
{
	struct err e = ERR_NONE;

	if (!c->is_made)
		return;
	end_process(c);
	if (container_lock(&c->container, NULL) == -ENOENT)
		return; /* another call has deleted it */
	if (remove_remains(c, &e) < 0)
		output_warning("undoing what was made: %s", e.msg);
}
