/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/pid_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "runc/socket.h"

int pid_file_write(const char *path, pid_t pid, struct err *e)
{
	const char *name = path ? path_name(path) : NULL;
	cleanup_free char *directory = NULL;
	cleanup_close int fd = -EBADF;
	char text[16];
	int n, r;

	if (!path || !*path)
		return 0;
	directory = name == path ? strdup(".") : strndup(path, (size_t)(name - path));
	if (!directory)
		return err_oom(e);
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", directory);
	n = snprintf(text, sizeof(text), "%d", pid);
	r = io_replace_file_at(fd, name, text, (size_t)n, 0644, e);
	return r < 0 ? err_wrap(e, r, "the pid file") : 0;
}

int pid_file_send(const char *path, int pidfd, struct err *e)
{
	cleanup_close int sock = -EBADF;

	if (!path || !*path)
		return 0;
	sock = socket_connect(path, SOCK_STREAM, e);
	return sock < 0 ? sock : socket_send_fd(sock, pidfd, "pidfd", e);
}
