/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_ops.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "runtime/cgroup_pids.h"

enum {
	EVENTS_MAX = 256,      /* bytes of cgroup.events */
	BUSY_MSEC = 5,         /* between two rmdirs */
	FREEZE_USEC = 5000000, /* for all to stop, so that each can be killed */
};

int cgroup_write(int dirfd, const char *file, const char *text, struct err *e)
{
	cleanup_close int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_sys(e, "writing '%s' to %s", text, file);
	return 0;
}

int cgroup_read_words(int dirfd, const char *file, struct strv *ret, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_CGROUP_FILE);
	char *save = NULL;
	int r = io_read_file_at(dirfd, file, &text, e);

	if (r < 0 || text.n == 0)
		return r;
	for (char *word = strtok_r(text.data, " \n", &save); word && r == 0;
	     word = strtok_r(NULL, " \n", &save))
		r = strv_add(ret, word, e);
	return r;
}

int cgroup_read_number(int dirfd, const char *file, uint64_t *ret, struct err *e)
{
	cleanup_strv struct strv words = STRV(1);
	int r = cgroup_read_words(dirfd, file, &words, e);
	char *end;

	if (r < 0)
		return r;
	if (words.n != 1)
		return err_set(e, -EINVAL, ERR_INTERNAL, "%s is empty", file);
	if (strcmp(words.v[0], "max") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	*ret = strtoull(words.v[0], &end, 10);
	if (*end)
		return err_set(e, -EINVAL, ERR_INTERNAL, "%s has no number", file);
	return 0;
}

int cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *ret, struct err *e)
{
	cleanup_strv struct strv words = STRV(LIMIT_CGROUP_FILE / 2);
	int r = cgroup_read_words(dirfd, file, &words, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i + 1 < words.n; i += 2) {
		if (strcmp(words.v[i], key) == 0) {
			*ret = strtoull(words.v[i + 1], NULL, 10);
			return 0;
		}
	}
	return err_set(e, -ENOENT, ERR_NOT_FOUND, "%s has no '%s'", file, key);
}

/* ---- cgroup.events --------------------------------------------------------------------- */

static int has_line(int events, const char *line, struct err *e)
{
	char text[EVENTS_MAX];
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);

	if (n < 0)
		return err_sys(e, "reading cgroup.events");
	text[n] = '\0';
	return strstr(text, line) != NULL;
}

static int open_events(int dirfd, struct err *e)
{
	int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "cgroup.events") : fd;
}

int cgroup_has_event(int dirfd, const char *line, struct err *e)
{
	cleanup_close int events = open_events(dirfd, e);

	return events < 0 ? events : has_line(events, line, e);
}

/* Milliseconds until @deadline_usec, rounded up; 0 when it has passed. */
static int msec_left(uint64_t deadline_usec)
{
	uint64_t at = clock_mono_usec();

	return at >= deadline_usec ? 0 : (int)((deadline_usec - at + 999) / 1000);
}

int cgroup_wait_event(int dirfd, const char *line, uint64_t timeout_usec, struct err *e)
{
	uint64_t deadline = clock_mono_usec() + timeout_usec;
	cleanup_close int events = open_events(dirfd, e);

	if (events < 0)
		return events;
	for (;;) {
		struct pollfd change = {.fd = events, .events = POLLPRI};
		int r = has_line(events, line, e);
		int left = msec_left(deadline);

		if (r != 0)
			return r < 0 ? r : 0;
		if (left == 0)
			return err_set(e, -ETIMEDOUT, ERR_DEADLINE,
				       "cgroup.events doesn't become '%s'", line);
		if (poll(&change, 1, left) < 0 && errno != EINTR)
			return err_sys(e, "waiting for cgroup.events");
	}
}

int cgroup_freeze(int dirfd, uint64_t timeout_usec, struct err *e)
{
	int r = cgroup_write(dirfd, "cgroup.freeze", "1", e);

	if (r == 0)
		r = cgroup_wait_event(dirfd, "frozen 1", timeout_usec, e);
	if (r == -ETIMEDOUT)
		cgroup_write(dirfd, "cgroup.freeze", "0", NULL);
	return r;
}

/* ---- the end --------------------------------------------------------------------------- */

/* Nobody can fork while all are frozen, and the frozen can be killed. */
int cgroup_kill_each(int dirfd, struct err *e)
{
	cleanup_cgroup_pids struct cgroup_pids pids = {.n = 0};
	int r = cgroup_freeze(dirfd, FREEZE_USEC, e);

	if (r == 0)
		r = cgroup_pids_read(dirfd, &pids, e);
	for (size_t i = 0; r == 0 && i < pids.n; i++)
		if (pids.v[i] > 0)
			kill(pids.v[i], SIGKILL);
	cgroup_write(dirfd, "cgroup.freeze", "0", NULL);
	return r;
}

int cgroup_kill(int dirfd, struct err *e)
{
	int r = cgroup_write(dirfd, "cgroup.kill", "1", e);

	if (r != -ENOENT)
		return r;
	err_clear(e);
	return cgroup_kill_each(dirfd, e);
}

static int wait_empty(int dirfd, uint64_t timeout_usec, struct err *e)
{
	int r = cgroup_wait_event(dirfd, "populated 0", timeout_usec, e);

	if (r == -ETIMEDOUT)
		return err_set(e, r, ERR_CLEANUP, "a process survives its SIGKILL");
	return r;
}

/* The first of the cgroups in another one. Returns 1; 0 when there is none. */
static int first_child(int at, char ret[NAME_MAX + 1], struct err *e)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		int r = err_sys(e, "listing a cgroup");

		fd_close(fd);
		return r;
	}
	while ((entry = io_next_entry(dir)))
		if (entry->d_type == DT_DIR) {
			snprintf(ret, NAME_MAX + 1, "%s", entry->d_name);
			return 1;
		}
	return 0;
}

/*
 * Only a cgroup without others in it can be removed, and a container may nest them deeper than a
 * recursion should go, or a path can be long: down to one without any, and up again.
 */
static int remove_children(int top, struct err *e)
{
	cleanup_close int at = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool came_up = false;
	size_t depth = 0;

	while (at >= 0) {
		char name[NAME_MAX + 1];
		int r = first_child(at, name, e);
		int next;

		if (r < 0 || (r == 0 && depth == 0))
			return r;
		if (r > 0 && (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)) {
			came_up = false;
			continue;
		}
		if (r > 0 && (errno != EBUSY || came_up))
			return err_sys(e, "removing '%s'", name);
		came_up = r == 0;
		next = openat(at, r > 0 ? name : "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		depth = r > 0 ? depth + 1 : depth - 1;
		fd_close(at);
		at = next;
	}
	return err_sys(e, "opening a cgroup");
}

static int remove_tree(int parent, const char *name, struct err *e)
{
	cleanup_close int fd = -EBADF;
	int r;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return err_sys(e, "removing '%s'", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "opening '%s'", name);
	r = remove_children(fd, e);
	if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "removing '%s'", name);
	return r;
}

static int kill_and_remove(int parent, const char *name, uint64_t timeout_usec, struct err *e)
{
	uint64_t deadline = clock_mono_usec() + timeout_usec;
	cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "opening it");
	r = cgroup_kill(fd, e);
	if (r == 0)
		r = wait_empty(fd, timeout_usec, e);
	if (r < 0)
		return r;
	/* A dying process may keep its cgroup busy for a moment after it counts as gone. */
	while ((r = remove_tree(parent, name, e)) == -EBUSY && msec_left(deadline) > 0) {
		err_clear(e);
		poll(NULL, 0, BUSY_MSEC);
	}
	return r;
}

int cgroup_kill_and_remove(int parent, const char *name, uint64_t timeout_usec, struct err *e)
{
	int r;

	/* Nearly always nobody is left in it, nor another cgroup. */
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	r = kill_and_remove(parent, name, timeout_usec, e);
	/* Whoever else may remove it (systemd, as soon as a scope is empty) makes any step fail. */
	if (r < 0 && faccessat(parent, name, F_OK, 0) < 0 && errno == ENOENT) {
		err_clear(e);
		return 0;
	}
	return r;
}
