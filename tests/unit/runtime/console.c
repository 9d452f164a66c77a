/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/console.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void console_init(struct console *c, struct box *box)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*c = (struct console){.ours = ends[0], .theirs = ends[1], .master = -EBADF};
	box->how.console_socket = c->theirs;
	box->spec.process.terminal =
		(struct container_terminal){.is_wanted = true, .rows = 24, .columns = 80};
}

void console_done(struct console *c)
{
	close(c->ours);
	close(c->theirs);
	if (c->master >= 0)
		close(c->master);
}

void console_receive(struct console *c)
{
	struct iovec iov = {.iov_base = c->name, .iov_len = sizeof(c->name) - 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(c->ours, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	ck_assert_int_gt((int)n, 0);
	c->name[n] = '\0';
	ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&message));
	memcpy(&c->master, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
}

static const char *read_until(struct console *c, const char *text)
{
	size_t used = strlen(c->text);
	char byte;

	while ((!text || !strstr(c->text, text)) && used < sizeof(c->text) - 1 &&
	       read(c->master, &byte, 1) == 1)
		if (byte != '\r')
			c->text[used++] = byte;
	return c->text;
}

const char *console_read(struct console *c)
{
	return read_until(c, NULL);
}

const char *console_wait(struct console *c, const char *text)
{
	return read_until(c, text);
}
