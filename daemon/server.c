/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/session.h"

enum { BACKLOG = 1024 }; /* clients that are not accepted yet; a full one means EAGAIN */

static const char group_name[] = "anchord";

void server_session_comes(struct server *server, struct session *s)
{
	LIST_INSERT_HEAD(&server->sessions, s, of_server);
	server->n_sessions++;
}

void server_session_gone(struct server *server)
{
	server->n_sessions--;
	daemon_session_gone(server->daemon);
}

static void free_refused(uv_handle_t *pipe)
{
	free(pipe);
}

/* A connection that is never accepted would be reported again and again: accept, then close. */
static void refuse(uv_stream_t *listener)
{
	uv_pipe_t *pipe = calloc(1, sizeof(*pipe));

	log_warn("server.full", "refusing a connection: %d are open", LIMIT_CONNECTIONS);
	if (!pipe)
		return;
	uv_pipe_init(listener->loop, pipe, /* ipc= */ 0);
	uv_accept(listener, (uv_stream_t *)pipe);
	uv_close((uv_handle_t *)pipe, free_refused);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct server *server = listener->data;
	struct err e = ERR_NONE;

	if (status < 0)
		log_warn("server.accept", "cannot accept a connection: %s", uv_strerror(status));
	else if (server->n_sessions >= LIMIT_CONNECTIONS)
		refuse(listener);
	else if (session_new(server, listener, &e) < 0)
		log_warn("server.accept", "cannot accept a connection: %s", e.msg);
}

/* Remove the socket of a dead daemon. Whatever else is in the way is not ours to remove. */
static int remove_stale(const struct sockaddr_un *address, struct err *e)
{
	const char *path = address->sun_path;
	cleanup_close int fd = -EBADF;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "'%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, -EEXIST, ERR_EXISTS, "'%s' is in the way and is not a socket",
			       path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "socket");
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return err_set(e, -EADDRINUSE, ERR_PRECONDITION,
			       "another daemon answers on '%s': stop it, or use --socket", path);
	if (errno != ECONNREFUSED)
		return err_sys(e, "'%s'", path);
	return unlink(path) == 0 ? 0 : err_sys(e, "removing '%s'", path);
}

static int give_to_group(const char *path, struct err *e)
{
	const struct group *group = getgrnam(group_name);

	if (group && lchown(path, /* owner= */ -1, group->gr_gid) < 0)
		return err_sys(e, "giving '%s' to the group %s", path, group_name);
	if (chmod(path, 0660) < 0)
		return err_sys(e, "mode of '%s'", path);
	return 0;
}

/* Returns a bound socket. Nobody but root can connect before the group is right. */
static int bind_socket(const char *path, struct err *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup_close int fd = -EBADF;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(e, -ENAMETOOLONG, ERR_INVALID, "'%s' is too long for a socket",
			       path);
	strcpy(address.sun_path, path);
	r = remove_stale(&address, e);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "socket");
	if (fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(e, "binding '%s'", path);
	r = give_to_group(path, e);
	return r < 0 ? r : take_fd(&fd);
}

/* Takes @fd. */
static int listen_on(struct server *server, int fd, struct err *e)
{
	int r = uv_pipe_open(&server->listener, fd);

	if (r < 0)
		fd_close(fd); /* otherwise the handle closes it */
	else
		r = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
	return r < 0 ? err_set(e, r, ERR_INTERNAL, "listen: %s", uv_strerror(r)) : 0;
}

int server_listen(struct server *server, struct daemon *d, const char *path, int fd, struct err *e)
{
	int r = 0;

	server->daemon = d;
	LIST_INIT(&server->sessions);
	uv_pipe_init(&d->loop, &server->listener, /* ipc= */ 0);
	server->listener.data = server;
	if (fd < 0) {
		fd = bind_socket(path, e);
		server->path = fd >= 0 ? strdup(path) : NULL;
	}
	r = fd < 0 ? fd : listen_on(server, fd, e);
	if (r < 0)
		server_stop(server);
	return r;
}

void server_stop(struct server *server)
{
	if (!uv_is_closing((uv_handle_t *)&server->listener))
		uv_close((uv_handle_t *)&server->listener, NULL);
	if (server->path)
		unlink(server->path);
	free(server->path);
	server->path = NULL;
}

static void for_each_session(struct server *server, void (*act)(struct session *))
{
	struct session *next;

	for (struct session *s = LIST_FIRST(&server->sessions); s; s = next) {
		next = LIST_NEXT(s, of_server);
		act(s);
	}
}

void server_leave(struct server *server)
{
	for_each_session(server, session_leave);
}

void server_abort(struct server *server)
{
	for_each_session(server, session_close);
}
