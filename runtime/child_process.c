/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that turn the child into the container's process. */
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

enum { CAPABILITY_BITS = 64 };

int child_hostname(struct child *c, const struct op *op)
{
	(void)c;
	return child_result(sethostname(op->path, strlen(op->path)));
}

int child_domainname(struct child *c, const struct op *op)
{
	(void)c;
	return child_result(setdomainname(op->path, strlen(op->path)));
}

int child_loopback_up(struct child *c, const struct op *op)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)c, (void)op;
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo) < 0)
		return -errno;
	lo.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return -errno;
	close(fd);
	return 0;
}

int child_new_session(struct child *c, const struct op *op)
{
	(void)c, (void)op;
	return child_result(setsid());
}

/* An image may have another device there, and to open that does something: it is asked before. */
static int open_own_null(int how)
{
	int fd;

	if (!child_is_null_device(AT_FDCWD, "/dev/null"))
		return -1;
	fd = openat(AT_FDCWD, "/dev/null", how | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || child_is_null_device(fd, ""))
		return fd;
	close(fd);
	return -1;
}

/*
 * A process may change owner and mode of what its descriptors lead to. For the host's /dev/null it
 * gets the one of the container, where that has one.
 */
static int take_own_null(int fd)
{
	int own, r;

	if (!child_is_null_device(fd, ""))
		return 0;
	own = open_own_null(fcntl(fd, F_GETFL) & O_ACCMODE);
	if (own < 0)
		return 0;
	r = child_result(dup2(own, fd));
	close(own);
	return r < 0 ? r : 0;
}

int child_stdio(struct child *c, const struct op *op)
{
	int high[3];

	(void)op;
	/* First out of the way: one of the three may sit where another has to go. */
	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(c->terminal >= 0 ? c->terminal : c->stdio[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++) {
		int r = child_result(dup2(high[i], i));

		if (r >= 0)
			r = take_own_null(i);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without it the container could read keys of the daemon's session. */
int child_session_keyring(struct child *c, const struct op *op)
{
	int r = child_result(sys_join_session_keyring());

	(void)c, (void)op;
	return r == -ENOSYS || r == -EPERM || r > 0 ? 0 : r;
}

int child_umask(struct child *c, const struct op *op)
{
	(void)c;
	umask((mode_t)op->value);
	return 0;
}

int child_bounding_set(struct child *c, const struct op *op)
{
	(void)c;
	for (unsigned cap = 0; cap < CAPABILITY_BITS; cap++) {
		if (op->value >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return errno == EINVAL ? 0 : -errno; /* past the last one */
	}
	return 0;
}
