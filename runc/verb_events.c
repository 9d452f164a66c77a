/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/clock.h"
#include "base/io.h"
#include "runc/container.h"
#include "runc/stats.h"
#include "runc/verb.h"

struct settings {
	const char *interval;
	bool stats;
};

static const struct option options[] = {
	{"interval", NULL, "DURATION", "between two statistics (default 5s)", option_string,
	 offsetof(struct settings, interval)},
	{"stats", NULL, NULL, "print them once", option_flag, offsetof(struct settings, stats)},
};

/* "1m30s", "500ms": a sum of numbers with units. */
static int parse_duration(const char *text, uint64_t *ret_usec, struct err *e)
{
	static const struct {
		const char *unit;
		double usec;
	} units[] = {{"ms", 1e3}, {"us", 1}, {"h", 3.6e9}, {"m", 6e7}, {"s", 1e6}};
	const char *p = text;
	double usec = 0;

	while (*p) {
		char *end;
		double n = strtod(p, &end);
		size_t i = 0;

		while (i < ARRAY_SIZE(units) &&
		       strncmp(end, units[i].unit, strlen(units[i].unit)) != 0)
			i++;
		if (end == p || i == ARRAY_SIZE(units))
			break;
		usec += n * units[i].usec;
		p = end + strlen(units[i].unit);
	}
	if (*p || usec < 1 || usec > 1e15)
		return err_set(e, -EINVAL, ERR_INVALID, "invalid duration \"%.40s\"", text);
	*ret_usec = (uint64_t)usec;
	return 0;
}

/* Without the controller nobody counts for us. */
static int count_pids(const struct container_cgroup *cgroup, struct cgroup_stats_pids *ret,
		      struct err *e)
{
	cleanup_cgroup_pids struct cgroup_pids pids = {.n = 0};
	int r = ret->is_present ? 0 : container_cgroup_pids(cgroup, &pids, e);

	if (!ret->is_present)
		ret->current = pids.n;
	return r;
}

static int print_stats(const struct container *c, const struct container_cgroup *cgroup,
		       struct err *e)
{
	cleanup_free struct cgroup_stats *stats = calloc(1, sizeof(*stats));
	cleanup_buf struct buf line = BUF(LIMIT_STATS);
	int r;

	if (!stats)
		return err_oom(e);
	r = cgroup_stats_read(cgroup->fd, stats, e);
	if (r == 0)
		r = count_pids(cgroup, &stats->pids, e);
	if (r == 0)
		r = stats_print(c->id, stats, &line, e);
	return r < 0 ? r : io_write_all(STDOUT_FILENO, line.data, line.n, e);
}

/* ---- the stream ------------------------------------------------------------------------ */

struct stream {
	const struct container *container;
	const struct container_cgroup *cgroup;
	int pidfd, changes; /* inotify on memory.events; -EBADF without the controller */
	uint64_t interval_usec, oom_kills;
};

static int watch_memory(const struct container_cgroup *cgroup)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[2 * LIMIT_PATH + 32];

	snprintf(path, sizeof(path), "%s%s/memory.events", cgroup->mount, cgroup->path);
	if (fd >= 0 && inotify_add_watch(fd, path, IN_MODIFY) < 0)
		fd = fd_close(fd);
	return fd;
}

static int report_oom(struct stream *s, struct err *e)
{
	char events[4096], line[NAME_MAX + 64];
	uint64_t kills = 0;
	int n;

	while (read(s->changes, events, sizeof(events)) > 0)
		;
	if (container_cgroup_oom_kills(s->cgroup, &kills, NULL) < 0 || kills <= s->oom_kills)
		return 0;
	s->oom_kills = kills;
	n = snprintf(line, sizeof(line), "{\"type\":\"oom\",\"id\":\"%s\"}\n", s->container->id);
	return io_write_all(STDOUT_FILENO, line, (size_t)n, e);
}

/* Until the container's end. */
static int follow(struct stream *s, struct err *e)
{
	struct pollfd polls[] = {{.fd = s->pidfd, .events = POLLIN},
				 {.fd = s->changes, .events = POLLIN}};
	uint64_t next = clock_mono_usec() + s->interval_usec;
	int r = 0;

	while (r == 0 && !polls[0].revents) {
		uint64_t now = clock_mono_usec();
		uint64_t msec = now < next ? (next - now + 999) / 1000 : 0;

		if (poll(polls, ARRAY_SIZE(polls), msec > 3600000 ? 3600000 : (int)msec) < 0 &&
		    errno != EINTR)
			return err_sys(e, "waiting for events");
		if (polls[1].revents)
			r = report_oom(s, e);
		if (r == 0 && !polls[0].revents && clock_mono_usec() >= next) {
			r = print_stats(s->container, s->cgroup, e);
			next += s->interval_usec;
		}
	}
	return r;
}

static int stream_events(const struct container *c, const struct container_cgroup *cgroup,
			 int pidfd, const char *interval, struct err *e)
{
	cleanup_close int changes = watch_memory(cgroup);
	struct stream s = {.container = c, .cgroup = cgroup, .pidfd = pidfd, .changes = changes};
	int r = parse_duration(interval ? interval : "5s", &s.interval_usec, e);

	if (r == 0)
		r = container_cgroup_oom_kills(cgroup, &s.oom_kills, e);
	return r < 0 ? r : follow(&s, e);
}

static int events_main(const struct call *call, struct err *e)
{
	const struct settings *s = call->settings;
	cleanup_container struct container c = CONTAINER;
	cleanup_container_cgroup struct container_cgroup cgroup = CONTAINER_CGROUP;
	cleanup_close int pidfd = -EBADF;
	enum container_status status;
	int r;

	r = container_open(call->globals->root, call->args->v[0], CONTAINER_LOOK, &c, e);
	if (r == 0)
		r = container_status(&c, &status, &pidfd, e);
	if (r == 0 && (status == CONTAINER_STOPPED || status == CONTAINER_CREATING))
		r = err_set(e, -ESRCH, ERR_PRECONDITION, "container with id %s is not running",
			    c.id);
	if (r == 0)
		r = container_find_cgroup(&c, &cgroup, e);
	if (r < 0)
		return r;
	return s->stats ? print_stats(&c, &cgroup, e)
			: stream_events(&c, &cgroup, pidfd, s->interval, e);
}

const struct verb verb_events = {
	.name = "events",
	.args = "<container-id>",
	.summary = "print statistics and out-of-memory events of a container",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.min_args = 1,
	.max_args = 1,
	.main = events_main,
};
