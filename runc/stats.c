/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written as text, not by jansson: numbers go up to 2^64 - 1 ("no limit"), and the order of keys is
 * runc's. What is 0 is left out where runc leaves it out.
 */
#include "runc/stats.h"

#include <inttypes.h>

/* A list under construction: a comma stands before each member but the first. */
struct list {
	struct buf *to;
	bool has_members;
	int r;
};

static void begin(struct list *l)
{
	if (l->r == 0 && l->has_members)
		l->r = buf_add(l->to, ",", 1, NULL);
	l->has_members = true;
}

static void add(struct list *l, const char *key, uint64_t value)
{
	begin(l);
	if (l->r == 0)
		l->r = buf_addf(l->to, NULL, "\"%s\":%" PRIu64, key, value);
}

static void add_if(struct list *l, const char *key, uint64_t value)
{
	if (value)
		add(l, key, value);
}

static void text(struct list *l, const char *words)
{
	if (l->r == 0)
		l->r = buf_addf(l->to, NULL, "%s", words);
}

/* Members follow, until close(). */
static struct list open_object(struct list *outer, const char *key)
{
	begin(outer);
	if (outer->r == 0)
		outer->r = buf_addf(outer->to, NULL, "\"%s\":{", key);
	return (struct list){.to = outer->to, .r = outer->r};
}

static void close_object(struct list *inner, struct list *outer)
{
	text(inner, "}");
	outer->r = inner->r;
}

/* ---- parts ----------------------------------------------------------------------------- */

static void add_cpu(struct list *data, const struct cgroup_stats_cpu *cpu)
{
	struct list l = open_object(data, "cpu"), usage, throttling;

	usage = open_object(&l, "usage");
	add_if(&usage, "total", cpu->usage_usec * 1000);
	add(&usage, "kernel", cpu->system_usec * 1000);
	add(&usage, "user", cpu->user_usec * 1000);
	close_object(&usage, &l);
	throttling = open_object(&l, "throttling");
	add_if(&throttling, "periods", cpu->periods);
	add_if(&throttling, "throttledPeriods", cpu->throttled_periods);
	add_if(&throttling, "throttledTime", cpu->throttled_usec * 1000);
	close_object(&throttling, &l);
	close_object(&l, data);
}

/* Of cgroup v1: runc shows zeros. */
static void add_cpuset(struct list *data)
{
	static const char *const keys[] = {
		"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level",
	};
	struct list l = open_object(data, "cpuset");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		add(&l, keys[i], 0);
	close_object(&l, data);
}

static void add_memory_entry(struct list *memory, const char *key, uint64_t limit, uint64_t usage,
			     uint64_t peak)
{
	struct list l = open_object(memory, key);

	add(&l, "limit", limit);
	add_if(&l, "usage", usage);
	add_if(&l, "max", peak);
	add(&l, "failcnt", 0);
	close_object(&l, memory);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == CGROUP_NO_LIMIT || b == CGROUP_NO_LIMIT ? CGROUP_NO_LIMIT : a + b;
}

static void add_memory(struct list *data, const struct cgroup_stats_memory *m)
{
	struct list l = open_object(data, "memory"), raw;

	add_if(&l, "cache", cgroup_stats_memory_of(m, "file"));
	add_memory_entry(&l, "usage", m->limit, m->usage, m->peak);
	/* As in cgroup v1: of memory and swap together. */
	add_memory_entry(&l, "swap", sum(m->limit, m->swap_limit), m->usage + m->swap_usage, 0);
	add_memory_entry(&l, "kernel", 0, 0, 0);
	add_memory_entry(&l, "kernelTCP", 0, 0, 0);
	if (m->n_stat > 0) {
		raw = open_object(&l, "raw");
		for (size_t i = 0; i < m->n_stat; i++)
			add(&raw, m->stat[i].name, m->stat[i].value);
		close_object(&raw, &l);
	}
	close_object(&l, data);
}

static void add_pids(struct list *data, const struct cgroup_stats_pids *pids)
{
	struct list l = open_object(data, "pids");

	add_if(&l, "current", pids->current);
	add_if(&l, "limit", pids->limit == CGROUP_NO_LIMIT ? 0 : pids->limit);
	close_object(&l, data);
}

static void add_io_entry(struct list *entries, const struct cgroup_stats_io *io, const char *op,
			 uint64_t value)
{
	begin(entries);
	if (entries->r == 0)
		entries->r =
			buf_addf(entries->to, NULL,
				 "{\"major\":%u,\"minor\":%u,\"op\":\"%s\",\"value\":%" PRIu64 "}",
				 io->major, io->minor, op, value);
}

static void add_io_list(struct list *blkio, const char *key, const struct cgroup_stats *s,
			bool is_bytes)
{
	struct list l;

	begin(blkio);
	if (blkio->r == 0)
		blkio->r = buf_addf(blkio->to, NULL, "\"%s\":[", key);
	l = (struct list){.to = blkio->to, .r = blkio->r};
	for (size_t i = 0; i < s->n_io; i++) {
		const struct cgroup_stats_io *io = &s->io[i];

		add_io_entry(&l, io, "Read", is_bytes ? io->read_bytes : io->read_ops);
		add_io_entry(&l, io, "Write", is_bytes ? io->write_bytes : io->write_ops);
		add_io_entry(&l, io, "Discard", is_bytes ? io->discard_bytes : io->discard_ops);
	}
	text(&l, "]");
	blkio->r = l.r;
}

static void add_io(struct list *data, const struct cgroup_stats *s)
{
	struct list l = open_object(data, "blkio");

	if (s->n_io > 0) {
		add_io_list(&l, "ioServiceBytesRecursive", s, true);
		add_io_list(&l, "ioServicedRecursive", s, false);
	}
	close_object(&l, data);
}

static void add_hugetlb(struct list *data, const struct cgroup_stats *s)
{
	struct list l = open_object(data, "hugetlb");

	for (size_t i = 0; i < s->n_hugetlb; i++) {
		struct list size = open_object(&l, s->hugetlb[i].size);

		add_if(&size, "usage", s->hugetlb[i].usage);
		add(&size, "failcnt", s->hugetlb[i].failures);
		close_object(&size, &l);
	}
	close_object(&l, data);
}

int stats_print(const char *id, const struct cgroup_stats *stats, struct buf *to, struct err *e)
{
	struct list line = {.to = to}, data;

	line.r = buf_addf(to, NULL, "{\"type\":\"stats\",\"id\":\"%s\",\"data\":{", id);
	data = (struct list){.to = to, .r = line.r};
	add_cpu(&data, &stats->cpu);
	add_cpuset(&data);
	add_memory(&data, &stats->memory);
	add_pids(&data, &stats->pids);
	add_io(&data, stats);
	add_hugetlb(&data, stats);
	text(&data, ",\"intel_rdt\":{},\"network_interfaces\":null}}\n");
	return data.r < 0 ? err_set(e, data.r, ERR_LIMIT, "the statistics are too long") : 0;
}
