/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/limits.h"

/* A path that is too long for an address is reached by its descriptor. */
static int address_of(const char *path, struct sockaddr_un *un, int *ret_fd, struct err *e)
{
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof(un->sun_path)) {
		strcpy(un->sun_path, path);
		if (path[0] == '@')
			un->sun_path[0] = '\0';
		return 0;
	}
	*ret_fd = open(path, O_PATH | O_CLOEXEC);
	if (*ret_fd < 0)
		return err_sys(e, "dial unix %s", path);
	snprintf(un->sun_path, sizeof(un->sun_path), "/proc/self/fd/%d", *ret_fd);
	return 0;
}

int socket_connect(const char *path, int type, struct err *e)
{
	cleanup_close int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	cleanup_close int fd = -EBADF;
	struct sockaddr_un un;
	socklen_t n;
	int r;

	if (sock < 0)
		return err_sys(e, "socket");
	r = address_of(path, &un, &fd, e);
	if (r < 0)
		return r;
	n = path[0] == '@' ? (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))
			   : (socklen_t)sizeof(un);
	if (connect(sock, (const struct sockaddr *)&un, n) < 0)
		return err_sys(e, "dial unix %s: connect", path);
	return take_fd(&sock);
}

union control {
	struct cmsghdr header; /* for its alignment */
	char room[CMSG_SPACE(sizeof(int))];
};

int socket_send_fd(int sock, int fd, const char *name, struct err *e)
{
	union control control = {0};
	struct iovec data = {.iov_base = (void *)(uintptr_t)name, .iov_len = strlen(name)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t n;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	do
		n = sendmsg(sock, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "sending %s", name) : 0;
}

int socket_receive_fd(int sock, struct err *e)
{
	union control control = {0};
	char name[LIMIT_PATH];
	struct iovec data = {.iov_base = name, .iov_len = sizeof(name)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	const struct cmsghdr *header;
	ssize_t n;
	int fd;

	do
		n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "receiving a descriptor");
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return err_set(e, -EPROTO, ERR_INTERNAL, "a message has no descriptor");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}
