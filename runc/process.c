/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/cleanup.h"

enum { STAT_LINE = 1024 };

int process_stat_parse(const char *line, struct process_stat *ret)
{
	const char *name_end = strrchr(line, ')');
	struct process_stat stat = {.state = '\0'};

	/* pid (name) state ppid pgrp session tty tpgid flags, 4 of faults, 4 of times, priority,
	 * nice, threads, interval, start */
	if (!name_end || sscanf(name_end + 1,
				" %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
				"%*s %*s %*s %" SCNu64,
				&stat.state, &stat.start_time) != 2)
		return -EINVAL;
	*ret = stat;
	return 0;
}

int process_stat_read(pid_t pid, struct process_stat *ret, struct err *e)
{
	char path[64], line[STAT_LINE];
	cleanup_close int fd = -EBADF;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
	if (n < 0 && (errno == ENOENT || errno == ESRCH))
		return err_set(e, -ESRCH, ERR_NOT_FOUND, "no such process");
	if (n < 0)
		return err_sys(e, "reading '%s'", path);
	line[n] = '\0';
	if (process_stat_parse(line, ret) < 0)
		return err_set(e, -EINVAL, ERR_INTERNAL, "'%s' can't be understood", path);
	return 0;
}

int process_open(pid_t pid, uint64_t start_time, struct err *e)
{
	cleanup_close int fd = pid > 0 ? pidfd_open(pid, 0) : -ESRCH;
	struct process_stat stat;
	int r;

	if (fd < 0 && pid > 0 && errno != ESRCH && errno != EINVAL)
		return err_sys(e, "pidfd_open");
	if (fd < 0)
		return err_set(e, -ESRCH, ERR_NOT_FOUND, "no such process");
	r = process_stat_read(pid, &stat, e);
	if (r < 0)
		return r;
	if (stat.start_time != start_time || stat.state == 'Z' || stat.state == 'X')
		return err_set(e, -ESRCH, ERR_NOT_FOUND, "no such process");
	return take_fd(&fd);
}

bool process_wait(int pidfd, int timeout_msec)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, timeout_msec);
	while (r < 0 && errno == EINTR);
	return r > 0;
}
