/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "base/io.h"
#include "runc/container.h"
#include "runc/verb.h"

struct settings {
	const char *format;
};

static const struct option options[] = {
	{"format", "f", "FORMAT", "table (default) or json", option_string,
	 offsetof(struct settings, format)},
};

/* ---- pids ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	pid_t first = *(const pid_t *)a, second = *(const pid_t *)b;

	return (first > second) - (first < second);
}

/* None of a container without processes. */
static int collect(const struct container *c, struct cgroup_pids *ret, struct err *e)
{
	cleanup_container_cgroup struct container_cgroup cgroup = CONTAINER_CGROUP;
	int r = container_find_cgroup(c, &cgroup, e);

	if (r == 0)
		r = container_cgroup_pids(&cgroup, ret, e);
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r == 0 && ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return r;
}

static bool has_pid(const struct cgroup_pids *pids, long pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == pid)
			return true;
	return false;
}

static void print_json(const struct cgroup_pids *pids)
{
	for (size_t i = 0; i < pids->n; i++)
		printf("%c%d", i == 0 ? '[' : ',', pids->v[i]);
	puts(pids->n > 0 ? "]" : "null");
}

/* ---- the table of ps(1) ---------------------------------------------------------------- */

static int read_output(int fd, pid_t pid, struct buf *ret, struct err *e)
{
	int r = io_read_all(fd, ret, e), status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && status != 0)
		r = err_set(e, -ECHILD, ERR_INVALID, "ps failed: %.200s",
			    ret->data ? ret->data : "");
	return r;
}

static int run_ps(const struct strv *args, struct buf *ret, struct err *e)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	cleanup_close int from = -EBADF;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "making a pipe");
	from = ends[0];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	r = posix_spawnp(&pid, "ps", &actions, NULL, args->v, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	errno = r;
	return r ? err_sys(e, "ps") : read_output(from, pid, ret, e);
}

/* Which column of the head says "PID"? */
static int pid_column(char *head)
{
	cleanup_free char *words = strdup(head);
	char *rest = words;
	int i = 0;

	for (char *word; rest && (word = strsep(&rest, " \t"));) {
		if (!*word)
			continue;
		if (strcmp(word, "PID") == 0)
			return i;
		i++;
	}
	return -1;
}

static long number_in_column(const char *line, int column)
{
	for (int i = 0;; i++) {
		line += strspn(line, " \t");
		if (i == column)
			return strtol(line, NULL, 10);
		line += strcspn(line, " \t");
	}
}

static int print_lines(char *text, const struct cgroup_pids *pids, struct err *e)
{
	char *rest = text, *head = strsep(&rest, "\n");
	int column = head ? pid_column(head) : -1;

	if (column < 0)
		return err_set(e, -EINVAL, ERR_INVALID, "couldn't find PID field in ps output");
	puts(head);
	for (char *line; (line = strsep(&rest, "\n"));)
		if (*line && has_pid(pids, number_in_column(line, column)))
			puts(line);
	return 0;
}

static int print_table(const struct strv *args, const struct cgroup_pids *pids, struct err *e)
{
	cleanup_strv struct strv command = STRV(VERB_MANY_ARGS);
	cleanup_buf struct buf text = BUF(LIMIT_PS);
	int r = strv_add(&command, "ps", e);

	for (size_t i = 1; r == 0 && i < args->n; i++)
		r = strv_add(&command, args->v[i], e);
	if (r == 0 && args->n == 1)
		r = strv_add(&command, "-ef", e);
	if (r == 0)
		r = run_ps(&command, &text, e);
	return r < 0 ? r : print_lines(text.data, pids, e);
}

static int ps_main(const struct call *call, struct err *e)
{
	const struct settings *s = call->settings;
	cleanup_container struct container c = CONTAINER;
	cleanup_cgroup_pids struct cgroup_pids pids = {.n = 0};
	int r;

	r = container_open(call->globals->root, call->args->v[0], CONTAINER_LOOK, &c, e);
	if (r == 0)
		r = collect(&c, &pids, e);
	if (r < 0)
		return r;
	if (!s->format || strcmp(s->format, "table") == 0)
		return print_table(call->args, &pids, e);
	if (strcmp(s->format, "json") != 0)
		return err_set(e, -EINVAL, ERR_INVALID, "invalid format option");
	print_json(&pids);
	return 0;
}

const struct verb verb_ps = {
	.name = "ps",
	.args = "<container-id> [ps options]",
	.summary = "list the processes of a container",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.order = OPTION_STOP_AT_ARGS,
	.min_args = 1,
	.max_args = VERB_MANY_ARGS,
	.main = ps_main,
};
