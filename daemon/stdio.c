/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static const char *const names[] = {"stdin", "stdout", "stderr"};

static int open_peer(const char *word, int which, int peer_pidfd, int *ret, struct err *e)
{
	const char *digits = word + strlen("fd:");
	unsigned long n;
	int fd;

	if (strspn(digits, "0123456789") != strlen(digits) || !digits[0] || strlen(digits) > 9)
		return err_set(e, -EINVAL, ERR_INVALID, "%s: 'fd:' needs a descriptor's number",
			       names[which]);
	n = strtoul(digits, NULL, 10);
	if (peer_pidfd < 0)
		return err_set(e, -ESRCH, ERR_INVALID, "%s: the calling process is gone",
			       names[which]);
	fd = pidfd_getfd(peer_pidfd, (int)n, 0);
	if (fd < 0)
		return err_sys(e, "%s: descriptor %lu of the calling process", names[which], n);
	*ret = fd; /* close-on-exec, as pidfd_getfd() makes them */
	return 0;
}

/* Opens what an O_PATH descriptor stands for: what was looked at is what is opened. */
static int reopen(int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int reopen_for(int fd, int which, bool fifo)
{
	int opened;

	if (which == STDIN_FILENO)
		return reopen(fd, O_RDONLY);
	opened = reopen(fd, O_WRONLY | O_APPEND);
	if (opened < 0 && errno == ENXIO && fifo)
		opened = reopen(fd, O_RDWR); /* nobody reads yet */
	return opened;
}

static int open_path(const char *path, int which, int *ret, struct err *e)
{
	cleanup_close int at = open(path, O_PATH | O_CLOEXEC);
	cleanup_close int fd = -EBADF;
	struct stat st;

	if (at < 0 || fstat(at, &st) < 0)
		return err_sys(e, "%s: '%s'", names[which], path);
	if (!S_ISFIFO(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, ERR_INVALID,
			       "%s: '%s' is neither a FIFO nor a regular file", names[which], path);
	fd = reopen_for(at, which, S_ISFIFO(st.st_mode));
	if (fd < 0)
		return err_sys(e, "%s: '%s'", names[which], path);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
		return err_sys(e, "%s: '%s'", names[which], path);
	*ret = take_fd(&fd);
	return 0;
}

int stdio_open(const char *word, int which, int peer_pidfd, int *ret, struct err *e)
{
	if (word[0] == '\0') {
		*ret = -EBADF;
		return 0;
	}
	if (strncmp(word, "fd:", 3) == 0)
		return open_peer(word, which, peer_pidfd, ret, e);
	if (word[0] == '/')
		return open_path(word, which, ret, e);
	return err_set(e, -EINVAL, ERR_INVALID, "%s: use '', 'fd:N' or an absolute path",
		       names[which]);
}
