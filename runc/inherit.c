/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

enum { FIRST = 3 };

/* As sd_listen_fds(3) does. */
static unsigned sockets_of_ours(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	if (!pid || !n || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	return (unsigned)strtoul(n, NULL, 10);
}

int inherit_descriptors(unsigned preserve_fds, unsigned *ret_n, unsigned *ret_n_listen,
			struct err *e)
{
	unsigned n_listen = sockets_of_ours();

	if (n_listen > LIMIT_PASSED_FDS || preserve_fds > LIMIT_PASSED_FDS)
		return err_set(e, -EBADF, ERR_INVALID, "more than %d descriptors are to be passed",
			       LIMIT_PASSED_FDS);
	for (unsigned i = 0; i < n_listen + preserve_fds; i++)
		if (fcntl((int)(FIRST + i), F_GETFD) < 0)
			return err_set(e, -EBADF, ERR_INVALID,
				       "unable to stat preserved-fd %u (of %u): no such file or "
				       "directory",
				       i + 1, n_listen + preserve_fds);
	*ret_n = n_listen + preserve_fds;
	*ret_n_listen = n_listen;
	return 0;
}

int inherit_add_env(unsigned n_listen, struct strv *env, struct err *e)
{
	char text[32];
	int r;

	if (n_listen == 0)
		return 0;
	snprintf(text, sizeof(text), "LISTEN_FDS=%u", n_listen);
	r = strv_add(env, text, e);
	return r < 0 ? r : strv_add(env, "LISTEN_PID=1", e);
}
