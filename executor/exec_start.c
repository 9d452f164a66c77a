/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_start: prepare and launch.
 *
 *	directories -> rootfs -> mount points -> authorities -> user -> plan -> leaf -> launch
 *
 * Each step leaves what it did where exec_finish() finds it, also after a crash: directories
 * by the id, changes in journals, the process in its cgroup leaf.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"
#include "executor/internal.h"
#include "runtime/defaults.h"
#include "runtime/user.h"

static int make_directories(struct exec *x, struct err *e)
{
	int r = claims_take(&x->ex->claims, CLAIM_EXEC, x->q.id, &x->claim, e);

	if (r < 0)
		return r;
	if (mkdirat(x->ex->execs_fd, x->q.id, 0700) < 0)
		return errno == EEXIST
			       ? err_set(e, -EEXIST, ERR_EXISTS,
					 "exec '%s' exists, or an earlier one of that id could not "
					 "be undone: see 'anchorctl repair --dry-run'",
					 x->q.id)
			       : err_sys(e, "creating the state directory of '%s'", x->q.id);
	x->state_fd = openat(x->ex->execs_fd, x->q.id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->state_fd < 0)
		return err_sys(e, "opening the state directory of '%s'", x->q.id);
	if (asprintf(&x->scratch, "%s/scratch/%s", x->ex->run_dir, x->q.id) < 0)
		return err_oom(e);
	if (mkdirat(x->ex->scratch_fd, x->q.id, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "creating '%s'", x->scratch);
	return 0;
}

/*
 * The upper of the default rootfs goes away with the scratch directory: after a reboot, when
 * it is gone already, there is nothing to undo.
 */
static int mark_throwaway(struct exec *x, struct err *e)
{
	if (!x->is_default || (x->q.default_upper && x->q.default_upper[0]))
		return 0;
	return io_write_file_at(x->state_fd, "throwaway", "", 0, 0600, e);
}

/* From here on no repair touches the tree; one that does so now is waited for. */
static int claim_tree(struct exec *x, const struct vfs *fs, struct err *e)
{
	struct vfs_stat root;
	int r = vfs_lstat(fs, "/", &root, e);

	return r == 0 ? claims_take_tree(&x->ex->claims, x->claim, root.dev, root.ino, e) : r;
}

static int make_mount_points(struct exec *x, struct err *e)
{
	cleanup_changes struct changes changes = {0};
	cleanup_vfs struct vfs *rootfs = NULL;
	cleanup_vfs struct vfs *fs = NULL;
	int r = vfs_new(&x->rootfs, NULL, &fs, e);

	if (r == 0)
		r = claim_tree(x, fs, e);
	if (r == 0)
		r = exec_plan_mount_points_in(fs, &x->q.mounts, &changes, e);
	if (r < 0 || changes.n == 0)
		return r;
	x->has_mount_points = true;
	r = vfs_new(&x->rootfs, NULL, &rootfs, e); /* they are made below the mounts */
	return r == 0 ? exec_install_mount_points(x, rootfs, &changes, e) : r;
}

/* HOME is what the user's passwd entry says unless the caller says otherwise. */
static int fill_process(struct exec *x, struct container_process *p, struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;
	char home[LIMIT_PATH];
	char variable[LIMIT_PATH + 8];
	int r = vfs_new(&x->rootfs, &x->q.mounts, &fs, e);

	if (r == 0)
		r = runtime_user_lookup(fs, x->q.user ? x->q.user : "", &p->user, home, e);
	if (r == 0)
		r = strv_extend(&p->args, &x->q.args, e);
	if (r == 0)
		r = strv_extend(&p->env, &x->q.env, e);
	if (r == 0)
		r = strv_extend(&p->env, &x->trust_env, e);
	if (r < 0 || strv_value(&x->q.env, "HOME"))
		return r;
	snprintf(variable, sizeof(variable), "HOME=%s", home);
	return strv_add(&p->env, variable, e);
}

static int fill_network(struct container_namespace *network, const struct exec_request *q,
			struct err *e)
{
	static const enum namespace_mode modes[] = {
		[NETWORK_HOST] = NAMESPACE_HOST,
		[NETWORK_NONE] = NAMESPACE_NEW,
		[NETWORK_PATH] = NAMESPACE_PATH,
	};

	network->mode = modes[q->network];
	if (q->network != NETWORK_PATH)
		return 0;
	network->path = strdup(q->network_path ? q->network_path : "");
	return network->path ? 0 : err_oom(e);
}

/* A soft limit of its own, since the daemon has raised its one. */
static void fill_open_files(struct container_rlimits *limits, uint64_t soft)
{
	if (soft)
		limits->v[limits->n++] = (struct container_rlimit){
			.resource = RLIMIT_NOFILE, .soft = soft, .keeps_hard = true};
}

int exec_fill_defaults(const struct exec *x, struct container_spec *spec, struct err *e)
{
	int r = container_defaults(spec, e);

	if (r == 0)
		r = fill_network(&spec->namespaces[NAMESPACE_NETWORK], &x->q, e);
	if (r < 0)
		return r;
	fill_open_files(&spec->process.rlimits, x->ex->open_files);
	spec->die_with_parent = true; /* launching threads live as long as the daemon */
	if (!x->q.hostname || !x->q.hostname[0])
		return 0;
	free(spec->hostname);
	spec->hostname = strdup(x->q.hostname);
	return spec->hostname ? 0 : err_oom(e);
}

static int fill_spec(struct exec *x, struct container_spec *spec, struct err *e)
{
	int r = fill_process(x, &spec->process, e);

	if (r == 0)
		r = exec_fill_defaults(x, spec, e);
	if (r < 0)
		return r;
	spec->is_gated = x->gate != NULL;
	spec->readonly_rootfs = x->q.readonly_rootfs;
	spec->has_init = spec->is_staged = x->q.has_init;
	spec->process.cwd = strdup(x->q.cwd && x->q.cwd[0] ? x->q.cwd : "/");
	if (!spec->process.cwd)
		return err_oom(e);
	r = mount_specs_extend(&spec->rootfs, x->underlay ? &x->shown : &x->rootfs, e);
	if (r == 0)
		r = mount_specs_extend(&spec->mounts, &x->q.mounts, e);
	if (r == 0)
		r = mount_specs_extend(&spec->mounts, &x->trust_mounts, e);
	return r;
}

static int open_stdio(struct exec *x, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		if (x->q.stdio[i] >= 0)
			continue;
		x->q.stdio[i] = open("/dev/null", (i == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
		if (x->q.stdio[i] < 0)
			return err_sys(e, "opening /dev/null");
	}
	return 0;
}

static int plan_container(struct exec *x, struct runtime_plan **ret, struct err *e)
{
	cleanup_container_spec struct container_spec spec;
	int r;

	container_spec_init(&spec);
	r = fill_spec(x, &spec, e);

	return r == 0 ? runtime_plan_new(&spec, x->ex->staging, ret, e) : r;
}

static int make_leaf(struct exec *x, int *ret, struct err *e)
{
	*ret = cgroup_leaf_create(x->ex->cgroups, x->q.id, e);
	x->has_leaf = *ret >= 0;
	return *ret < 0 ? *ret : 0;
}

static void end_process(struct exec *x)
{
	struct runtime_exit ignored;

	pidfd_send_signal(x->process.pidfd, SIGKILL, NULL, 0);
	runtime_reap(&x->process, &ignored, NULL);
	x->process.pidfd = fd_close(x->process.pidfd);
}

/* The container is set up while the disk is waited for; it waits at the gate. */
static int launch_gated(struct exec *x, struct runtime_plan *plan, int leaf, struct err *e)
{
	struct err sealed = ERR_NONE;
	int s;
	struct launch how = LAUNCH_NONE;
	int r;

	how.cgroup_fd = leaf;
	how.gate = x->gate;
	memcpy(how.stdio, x->q.stdio, sizeof(how.stdio));
	r = runtime_launch(plan, &how, &x->process, e);
	s = exec_wait_sealed(x, &sealed);
	if (s == 0)
		return r;
	if (r == 0) /* it was killed at the gate */
		end_process(x);
	if (s < 0 && e)
		*e = sealed; /* that is why it got no leave */
	return s;
}

static int launch_in(struct exec *x, int leaf, struct err *e)
{
	struct runtime_plan *plan = NULL;
	int r = plan_container(x, &plan, e);

	fault_point("exec.launch.before");
	if (r == 0 && !x->gate)
		r = exec_wait_sealed(x, e);
	if (r == 0)
		r = launch_gated(x, plan, leaf, e);
	runtime_plan_free(plan);
	if (r != SEALED_NOTHING)
		return r;
	err_clear(e);
	return launch_in(x, leaf, e); /* a container without authorities is another one */
}

static int launch(struct exec *x, struct err *e)
{
	cleanup_close int leaf = -EBADF;
	int r = open_stdio(x, e);

	if (r == 0)
		r = make_leaf(x, &leaf, e);
	if (r == 0)
		r = launch_in(x, leaf, e);
	x->started = r == 0;
	/* The container has its own copies; ours would keep the client's pipes open. */
	for (size_t i = 0; i < ARRAY_SIZE(x->q.stdio); i++)
		x->q.stdio[i] = fd_close(x->q.stdio[i]);
	return r;
}

static void note_phase(struct exec *x, const char *phase, uint64_t *since)
{
	uint64_t now = clock_mono_usec();

	json_object_set_new(json_object_get(x->receipt, "phases_usec"), phase,
			    json_integer((json_int_t)(now - *since)));
	*since = now;
}

/* A helper that was given up has only cost the authorities; the exec is given up here. */
static int check_cancelled(const struct exec *x, struct err *e)
{
	struct pollfd cancel = {.fd = x->q.cancel_fd, .events = POLLIN};

	if (poll(&cancel, 1, /* timeout= */ 0) > 0)
		return err_set(e, -ECANCELED, ERR_CANCELLED,
			       "exec '%s' was given up before it was started", x->q.id);
	return 0;
}

int exec_start(struct exec *x, struct err *e)
{
	uint64_t since = clock_mono_usec();
	int r = make_directories(x, e);

	fault_point("exec.prepare.begin");
	if (r == 0)
		r = exec_make_rootfs(x, e);
	if (r == 0)
		r = mark_throwaway(x, e);
	if (r == 0)
		r = make_mount_points(x, e);
	if (r == 0)
		r = exec_install_trust(x, e);
	if (r == 0)
		r = check_cancelled(x, e);
	note_phase(x, "prepare", &since);
	if (r == 0)
		r = launch(x, e);
	note_phase(x, "launch", &since);
	x->launched_usec = since;
	return r;
}
