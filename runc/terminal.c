/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "base/io.h"

enum { IN, OUT, MASTER };

void terminal_start(struct terminal *t, int master)
{
	static char room[2][TERMINAL_BYTES]; /* most containers have no terminal, and need none */
	struct termios raw;

	if (master < 0)
		return;
	t->master = master;
	t->in.bytes = room[0];
	t->out.bytes = room[1];
	fcntl(master, F_SETFL, O_NONBLOCK);
	terminal_resize(t);
	if (tcgetattr(STDIN_FILENO, &t->saved) < 0)
		return; /* not a terminal */
	raw = t->saved;
	cfmakeraw(&raw);
	t->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void terminal_done(struct terminal *t)
{
	if (t->is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
	t->is_raw = false;
	t->master = fd_close(t->master);
}

void terminal_resize(const struct terminal *t)
{
	struct winsize size;

	if (t->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(t->master, TIOCSWINSZ, &size);
}

/* ---- lanes ----------------------------------------------------------------------------- */

static bool is_empty(const struct terminal_lane *l)
{
	return l->from == l->to;
}

static void fill(struct terminal_lane *l, int fd)
{
	ssize_t n = read(fd, l->bytes, TERMINAL_BYTES);

	l->from = 0;
	l->to = n > 0 ? (size_t)n : 0;
	/* EIO: nobody has the other end open; a process may open it again, but none is left. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		l->is_over = true;
}

static void empty(struct terminal_lane *l, int fd)
{
	ssize_t n = write(fd, l->bytes + l->from, l->to - l->from);

	if (n > 0)
		l->from += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		l->from = l->to; /* nobody reads it any more */
}

/* ---- poll ------------------------------------------------------------------------------ */

static short events(bool reads, bool writes)
{
	return (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

void terminal_prepare(const struct terminal *t, struct pollfd polls[TERMINAL_POLLS])
{
	bool in_reads = !t->in.is_over && is_empty(&t->in);
	bool out_reads = !t->out.is_over && is_empty(&t->out);
	bool is_there = t->master >= 0;

	polls[IN] =
		(struct pollfd){.fd = is_there && in_reads ? STDIN_FILENO : -1, .events = POLLIN};
	polls[OUT] = (struct pollfd){.fd = is_there && !is_empty(&t->out) ? STDOUT_FILENO : -1,
				     .events = POLLOUT};
	polls[MASTER] = (struct pollfd){.fd = out_reads || !is_empty(&t->in) ? t->master : -1,
					.events = events(out_reads, !is_empty(&t->in))};
}

void terminal_copy(struct terminal *t, const struct pollfd polls[TERMINAL_POLLS])
{
	if (polls[IN].revents)
		fill(&t->in, STDIN_FILENO);
	if (polls[OUT].revents)
		empty(&t->out, STDOUT_FILENO);
	if (polls[MASTER].revents & POLLOUT)
		empty(&t->in, t->master);
	if (polls[MASTER].revents & (POLLIN | POLLHUP | POLLERR) && is_empty(&t->out))
		fill(&t->out, t->master);
}

void terminal_drain(struct terminal *t)
{
	while (t->master >= 0) {
		if (io_write_all(STDOUT_FILENO, t->out.bytes + t->out.from, t->out.to - t->out.from,
				 NULL) < 0)
			return;
		fill(&t->out, t->master);
		if (is_empty(&t->out))
			return;
	}
}
