/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/attack/canary.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tests/oracle/must.h"

static void path_in(const char *dir, const char *name, char *ret)
{
	snprintf(ret, LIMIT_PATH, "%s/%s", dir, name);
}

void canary_make_file(const char *path)
{
	cleanup_close int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);

	must(fd >= 0 && write(fd, CANARY_TEXT, strlen(CANARY_TEXT)) > 0, "%s", path);
	must(fchown(fd, CANARY_OWNER, CANARY_OWNER) == 0 && fchmod(fd, 0755) == 0, "%s", path);
}

static void make_dir(const char *path)
{
	must(mkdir(path, 0755) == 0 && chown(path, CANARY_OWNER, CANARY_OWNER) == 0, "%s", path);
}

void canary_make(const char *dir)
{
	char path[LIMIT_PATH];

	make_dir(dir);
	path_in(dir, "file", path);
	canary_make_file(path);
	path_in(dir, "run", path);
	canary_make_file(path);
	path_in(dir, "sub", path);
	make_dir(path);
	path_in(dir, "sub/file", path);
	canary_make_file(path);
}

void canary_watch(struct canary *c, const char *path)
{
	if (c->watch < 0)
		c->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	must(c->watch >= 0 && inotify_add_watch(c->watch, path, IN_ALL_EVENTS) >= 0, "watch %s",
	     path);
}

bool canary_was_touched(struct canary *c)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *first = (const void *)events;
	ssize_t n = read(c->watch, events, sizeof(events));

	if (n <= 0)
		return false;
	printf("a canary was touched: event %x on '%s'\n", first->mask,
	       first->len ? first->name : "itself");
	return true;
}
