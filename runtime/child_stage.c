/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/child_stage.h"

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

/* Out of the way first, above all that are given: any may sit where another has to go. */
static int move_high(const struct stage *s, int fd)
{
	int above = (int)s->first + 1 + ORDER_FD_MAX;

	return fd < 0 ? -EBADF : child_result(fcntl(fd, F_DUPFD_CLOEXEC, above));
}

static int move_low(int fd, unsigned to)
{
	return fd < 0 ? 0 : child_result(dup2(fd, (int)to));
}

static int place_fds(struct stage *s)
{
	unsigned next = s->first;
	int r = 0;

	s->program = move_high(s, s->program);
	s->orders = move_high(s, s->orders);
	for (int i = 0; i < STAGE_STREAMS; i++)
		s->stdio[i] = move_high(s, s->stdio[i]);
	for (int i = 0; i < ORDER_FD_MAX; i++)
		s->fds[i] = move_high(s, s->fds[i]);
	for (int i = 0; i < STAGE_STREAMS && r >= 0; i++)
		r = s->stdio[i] < 0 ? s->stdio[i] : move_low(s->stdio[i], (unsigned)i);
	if (r >= 0)
		r = move_low(s->orders, next++);
	for (int i = 0; i < ORDER_FD_MAX && r >= 0; i++)
		if (s->fds[i] >= 0)
			r = move_low(s->fds[i], next++);
	if (r < 0)
		return r;
	/* The program stays open until it runs, then goes like the rest. */
	return child_result(close_range(next, (unsigned)s->program - 1, 0)) < 0 ||
			       close_range((unsigned)s->program + 1, ~0u, 0) < 0
		       ? -errno
		       : 0;
}

int child_stage(void *arg)
{
	struct stage *s = arg;
	char *const args[] = {(char *)(uintptr_t) "anchord-init", s->number, NULL};
	char *const env[] = {NULL};

	s->code = place_fds(s);
	if (s->code < 0)
		return 125;
	sys_execveat(s->program, args, env);
	s->code = -errno;
	return 125;
}
