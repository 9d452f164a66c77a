/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/notify.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "runc/output.h"
#include "runc/socket.h"

static const char inside[] = "/run/notify";
static const char ready[] = "READY=1";

const char *notify_host(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path ? path : NULL;
}

int notify_prepare(const struct container *c, struct container_spec *spec, struct err *e)
{
	char directory[LIMIT_PATH];
	int r;

	if (!notify_host())
		return 0;
	r = container_path(c, "notify", directory, e);
	if (r < 0)
		return r;
	if (mkdirat(c->fd, "notify", 0755) < 0 && errno != EEXIST)
		return err_sys(e, "making '%s'", directory);
	r = mount_specs_add(&spec->mounts, "bind", directory, inside, "bind,nosuid,noexec,nodev,ro",
			    e);
	return r < 0 ? r : strv_add(&spec->process.env, "NOTIFY_SOCKET=/run/notify/notify.sock", e);
}

int notify_bind(const struct container *c, struct err *e)
{
	cleanup_close int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (sock < 0)
		return err_sys(e, "socket");
	snprintf(un.sun_path, sizeof(un.sun_path), "/proc/self/fd/%d/notify/notify.sock", c->fd);
	if (bind(sock, (const struct sockaddr *)&un, sizeof(un)) < 0 ||
	    fchmodat(c->fd, "notify/notify.sock", 0777, 0) < 0)
		return err_sys(e, "binding the socket for readiness");
	return take_fd(&sock);
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, line, n) == 0 && (p[n] == '\n' || p[n] == '\0'))
			return true;
	}
	return false;
}

static void tell_host(pid_t pid)
{
	struct err e = ERR_NONE;
	cleanup_close int sock = socket_connect(notify_host(), SOCK_DGRAM, &e);
	char text[64];
	int n = snprintf(text, sizeof(text), "%s\n", ready);

	if (pid > 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "MAINPID=%d\n", pid);
	if (sock < 0 || send(sock, text, (size_t)n, MSG_NOSIGNAL) < 0)
		output_warning("the service manager can't be told: %s",
			       sock < 0 ? e.msg : strerror(errno));
}

bool notify_forward(int sock, pid_t pid)
{
	char text[LIMIT_PATH];
	ssize_t n = recv(sock, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (!has_line(text, ready))
		return false;
	tell_host(pid);
	return true;
}

void notify_wait(int sock, pid_t pid, int pidfd)
{
	struct pollfd p[] = {{.fd = sock, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};

	while (poll(p, ARRAY_SIZE(p), -1) >= 0 || errno == EINTR) {
		if (p[0].revents && notify_forward(sock, pid))
			return;
		if (p[1].revents)
			return;
	}
}
