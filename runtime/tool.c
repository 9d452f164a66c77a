/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/cleanup.h"
#include "base/clock.h"

int runtime_tool_spec(struct container_spec *spec, const struct mount_specs *rootfs,
		      const struct mount_specs *mounts, const char *const *argv, struct err *e)
{
	/* No locale: the tools sort by bytes, as they do in a container without one. */
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"DEBIAN_FRONTEND=noninteractive"};
	int r = mount_specs_extend(&spec->rootfs, rootfs, e);

	spec->process.cwd = strdup("/");
	if (r == 0 && !spec->process.cwd)
		r = err_oom(e);
	if (r == 0)
		r = mount_specs_extend(&spec->mounts, mounts, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(env); i++)
		r = strv_add(&spec->process.env, env[i], e);
	for (; r == 0 && *argv; argv++)
		r = strv_add(&spec->process.args, *argv, e);
	return r;
}

/* Keeps what fits of the output. Returns false at its end. */
static bool drain(int fd, struct buf *output)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n > 0 && output->n < output->max) {
		size_t room = output->max - output->n;

		buf_add(output, chunk, (size_t)n < room ? (size_t)n : room, NULL);
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Until the process ends; what it left in the pipe is read after that. */
static int watch(int pidfd, int out, const struct runtime_tool *how, struct buf *output,
		 struct err *e)
{
	uint64_t deadline = clock_mono_usec() + how->limit_usec;
	struct pollfd fds[] = {
		{.fd = pidfd, .events = POLLIN},
		{.fd = out, .events = POLLIN},
		{.fd = how->cancel_fd, .events = POLLIN},
	};

	for (;;) {
		uint64_t now = clock_mono_usec();

		if (now >= deadline)
			return err_set(e, -ETIMEDOUT, ERR_LIMIT, "the tool ran longer than %ju s",
				       (uintmax_t)how->limit_usec / 1000000);
		if (poll(fds, ARRAY_SIZE(fds), (int)((deadline - now) / 1000) + 1) < 0 &&
		    errno != EINTR)
			return err_sys(e, "waiting for the tool");
		if (fds[1].revents && !drain(out, output))
			fds[1].fd = -1; /* closed: only the process is left to wait for */
		if (fds[0].revents)
			return 0;
		if (fds[2].revents)
			return err_set(e, -ECANCELED, ERR_CANCELLED, "given up");
	}
}

/* The process is over, one way or the other: by itself, by the deadline, or given up. */
static int end_tool(struct runtime_process *process, struct runtime_exit *ret, struct err *e)
{
	int r;

	pidfd_send_signal(process->pidfd, SIGKILL, NULL, 0);
	r = runtime_reap(process, ret, e);
	process->pidfd = fd_close(process->pidfd);
	return r;
}

/*
 * Nothing to read. Not the host's /dev/null: a tool may change the mode of whatever its descriptors
 * lead to, and links of the image may lead there.
 */
static int open_nothing(struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "making a pipe");
	fd_close(fds[1]);
	return fds[0];
}

static int launch(const struct container_spec *spec, const struct runtime_tool *tool, int in,
		  int out, struct runtime_process *ret, struct err *e)
{
	struct runtime_plan *plan = NULL;
	struct launch how = LAUNCH_NONE;
	int r = runtime_plan_new(spec, tool->staging, &plan, e);

	how.cgroup_fd = tool->cgroup_fd;
	how.stdio[0] = in;
	how.stdio[1] = how.stdio[2] = out;
	if (r == 0)
		r = runtime_launch(plan, &how, ret, e);
	runtime_plan_free(plan);
	return r;
}

int runtime_tool_run(const struct container_spec *spec, const struct runtime_tool *how,
		     struct buf *output, struct runtime_exit *ret, struct err *e)
{
	cleanup_close int nothing = open_nothing(e);
	cleanup_close int out = -EBADF;
	cleanup_close int in = -EBADF;
	struct runtime_process process;
	int pipe_fds[2];
	int watched;
	int r;

	if (nothing < 0)
		return nothing;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(e, "making a pipe");
	out = pipe_fds[0];
	in = pipe_fds[1];
	fcntl(out, F_SETFL, O_NONBLOCK);
	r = launch(spec, how, nothing, in, &process, e);
	if (r < 0)
		return r;
	in = fd_close(in);
	watched = watch(process.pidfd, out, how, output, e);
	r = end_tool(&process, ret, watched < 0 ? NULL : e);
	while (r == 0 && drain(out, output))
		;
	return watched < 0 ? watched : r;
}
