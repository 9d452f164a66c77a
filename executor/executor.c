/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/io.h"
#include "base/limits.h"
#include "executor/leftover.h"

/* The set in force, for an exec that begins. */
struct authorities *executor_authorities(struct executor *ex)
{
	struct authorities *set;

	pthread_mutex_lock(&ex->lock);
	set = authorities_ref(ex->authorities);
	pthread_mutex_unlock(&ex->lock);
	return set;
}

/* Makes <dir>/<name> and opens it. */
static int open_sub_directory(const char *dir, const char *name, struct err *e)
{
	char path[LIMIT_PATH];
	int fd;
	int r;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	r = io_mkdir_p(path, 0711, e);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "opening '%s'", path) : fd;
}

static int make_sub_directory(const char *dir, const char *name, struct err *e)
{
	int fd = open_sub_directory(dir, name, e);

	fd_close(fd);
	return fd < 0 ? fd : 0;
}

/* A lock ends with the process, however it ends. */
static int lock_directory(const char *dir, struct err *e)
{
	char path[LIMIT_PATH];
	int fd;
	int r = io_mkdir_p(dir, 0711, e);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "creating '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	fd_close(fd);
	return err_set(e, -EBUSY, ERR_PRECONDITION,
		       "another anchord uses '%s': give this one its own --state-dir and --run-dir",
		       dir);
}

static int open_directories(struct executor *ex, struct err *e)
{
	int r;

	ex->state_lock = lock_directory(ex->state_dir, e);
	if (ex->state_lock < 0)
		return ex->state_lock;
	ex->run_lock =
		strcmp(ex->state_dir, ex->run_dir) == 0 ? -EBADF : lock_directory(ex->run_dir, e);
	if (ex->run_lock < 0 && ex->run_lock != -EBADF)
		return ex->run_lock;
	ex->execs_fd = open_sub_directory(ex->state_dir, "execs", e);
	if (ex->execs_fd < 0)
		return ex->execs_fd;
	ex->scratch_fd = open_sub_directory(ex->run_dir, "scratch", e);
	if (ex->scratch_fd < 0)
		return ex->scratch_fd;
	r = make_sub_directory(ex->run_dir, "staging", e);
	return r == 0 ? make_sub_directory(ex->state_dir, "underlays", e) : r;
}

static int copy_config(struct executor *ex, const struct executor_config *config, struct err *e)
{
	ex->open_files = config->open_files;
	ex->state_dir = strdup(config->state_dir);
	ex->run_dir = strdup(config->run_dir);
	ex->authorities_dir = strdup(config->authorities);
	if (!ex->state_dir || !ex->run_dir || !ex->authorities_dir ||
	    asprintf(&ex->staging, "%s/staging", config->run_dir) < 0 ||
	    asprintf(&ex->known_images.underlays, "%s/underlays", config->state_dir) < 0)
		return err_oom(e);
	if (config->state_dir[0] != '/' || config->run_dir[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID,
			       "state and run directories must be absolute paths: '%s', '%s'",
			       config->state_dir, config->run_dir);
	return 0;
}

int executor_new(const struct executor_config *config, struct executor **ret, struct err *e)
{
	struct executor *ex = calloc(1, sizeof(*ex));
	int r;

	if (!ex)
		return err_oom(e);
	ex->execs_fd = ex->scratch_fd = ex->state_lock = ex->run_lock = -EBADF;
	pthread_mutex_init(&ex->lock, NULL);
	pthread_mutex_init(&ex->repairing, NULL);
	targets_init(&ex->targets);
	known_images_init(&ex->known_images);
	claims_init(&ex->claims);
	settle_init(&ex->settle);
	r = copy_config(ex, config, e);
	if (r == 0)
		r = open_directories(ex, e);
	if (r == 0)
		r = authorities_load(ex->authorities_dir, &ex->authorities, e);
	if (r == 0 && config->known_tools)
		r = known_tools_load(config->known_tools, &ex->known_tools, e);
	if (r == 0)
		r = cgroup_tree_open(config->cgroup, &ex->cgroups, e);
	if (r < 0) {
		executor_free(ex);
		return r;
	}
	runtime_prepare_staged();
	*ret = ex;
	return 0;
}

struct executor *executor_free(struct executor *ex)
{
	if (!ex)
		return NULL;
	settle_done(&ex->settle);
	if (ex->cgroups)
		cgroup_tree_free(ex->cgroups);
	authorities_unref(ex->authorities);
	targets_done(&ex->targets);
	if (ex->cgroups) /* it was opened whole; what an earlier life has left may be undone by now
			  */
		leftover_remove_underlays(ex, NULL);
	known_images_done(&ex->known_images);
	claims_done(&ex->claims);
	pthread_mutex_destroy(&ex->repairing);
	pthread_mutex_destroy(&ex->lock);
	fd_close(ex->execs_fd);
	fd_close(ex->scratch_fd);
	fd_close(ex->state_lock);
	fd_close(ex->run_lock);
	free(ex->state_dir);
	free(ex->run_dir);
	free(ex->authorities_dir);
	known_tools_done(&ex->known_tools);
	free(ex->staging);
	free(ex);
	return NULL;
}

int executor_reload(struct executor *ex, struct err *e)
{
	struct authorities *old;
	struct authorities *set;
	int r = authorities_load(ex->authorities_dir, &set, e);

	if (r < 0)
		return r;
	pthread_mutex_lock(&ex->lock);
	old = ex->authorities;
	ex->authorities = set;
	pthread_mutex_unlock(&ex->lock);
	authorities_unref(old);
	return 0;
}

json_t *executor_authorities_json(struct executor *ex)
{
	cleanup_authorities struct authorities *set = executor_authorities(ex);
	json_t *warnings = json_array();

	for (size_t i = 0; i < set->warnings.n; i++)
		json_array_append_new(warnings, json_string(set->warnings.v[i]));
	return json_pack("{s:s, s:o, s:o}", "directory", ex->authorities_dir, "authorities",
			 authorities_json(set), "warnings", warnings);
}

/* How many execs left something that could not be undone; -1: nobody knows. */
static json_int_t count_leftovers(struct executor *ex)
{
	cleanup_strv struct strv ids = STRV(LIMIT_LEFTOVERS);

	return leftover_list(ex, &ids, NULL) < 0 ? -1 : (json_int_t)ids.n;
}

json_t *executor_info_json(struct executor *ex)
{
	cleanup_authorities struct authorities *set = executor_authorities(ex);
	struct utsname kernel;

	uname(&kernel);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "version", ANCHOR_VERSION,
			 "kernel", kernel.release, "state_dir", ex->state_dir, "run_dir",
			 ex->run_dir, "cgroup", cgroup_tree_path(ex->cgroups), "authorities_dir",
			 ex->authorities_dir, "authorities", (json_int_t)set->n,
			 "authorities_warnings", (json_int_t)set->warnings.n, "leftovers",
			 count_leftovers(ex));
}
