/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "runtime/cgroup_ops.h"

#define LARGEST_PAGE (INT64_C(1) << 40)

/* "key number" of a file, or "key=number" of a line of io.stat. */
struct key {
	const char *name;
	size_t offset; /* of a uint64_t */
};

#define CPU(field)    offsetof(struct cgroup_stats_cpu, field)
#define MEMORY(field) offsetof(struct cgroup_stats_memory, field)
#define IO(field)     offsetof(struct cgroup_stats_io, field)

/* clang-format off */
static const struct key cpu_stat[] = {
	{"usage_usec",     CPU(usage_usec)},
	{"user_usec",      CPU(user_usec)},
	{"system_usec",    CPU(system_usec)},
	{"nr_periods",     CPU(periods)},
	{"nr_throttled",   CPU(throttled_periods)},
	{"throttled_usec", CPU(throttled_usec)},
	{"nr_bursts",      CPU(bursts)},
	{"burst_usec",     CPU(burst_usec)},
	{NULL, 0},
};

static const struct key memory_events[] = {
	{"low",      MEMORY(low_events)},
	{"high",     MEMORY(high_events)},
	{"max",      MEMORY(max_events)},
	{"oom",      MEMORY(oom_events)},
	{"oom_kill", MEMORY(oom_kills)},
	{NULL, 0},
};

/* Files that hold one number. */
static const struct key memory_files[] = {
	{"memory.current",      MEMORY(usage)},
	{"memory.peak",         MEMORY(peak)},
	{"memory.max",          MEMORY(limit)},
	{"memory.swap.current", MEMORY(swap_usage)},
	{"memory.swap.max",     MEMORY(swap_limit)},
	{NULL, 0},
};

static const struct key io_stat[] = {
	{"rbytes", IO(read_bytes)},
	{"wbytes", IO(write_bytes)},
	{"rios",   IO(read_ops)},
	{"wios",   IO(write_ops)},
	{"dbytes", IO(discard_bytes)},
	{"dios",   IO(discard_ops)},
	{NULL, 0},
};
/* clang-format on */

static void store(void *base, const struct key *keys, const char *name, uint64_t value)
{
	for (const struct key *k = keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			memcpy((char *)base + k->offset, &value, sizeof(value));
}

/* 0; 1 when the file isn't there, or its controller has just gone. */
static int tolerate(int r, struct err *e)
{
	if (r != -ENOENT && r != -ENODEV && r != -EOPNOTSUPP)
		return r;
	err_clear(e);
	return 1;
}

static int read_words(int fd, const char *file, struct strv *ret, struct err *e)
{
	return tolerate(cgroup_read_words(fd, file, ret, e), e);
}

static int read_number(int fd, const char *file, uint64_t *ret, struct err *e)
{
	return tolerate(cgroup_read_number(fd, file, ret, e), e);
}

/* Lines of "key number". Returns 1 when there are none. */
static int read_keys(int fd, const char *file, const struct key *keys, void *base, struct err *e)
{
	cleanup_strv struct strv words = STRV(LIMIT_CGROUP_FILE / 2);
	int r = read_words(fd, file, &words, e);

	for (size_t i = 0; r == 0 && i + 1 < words.n; i += 2)
		store(base, keys, words.v[i], strtoull(words.v[i + 1], NULL, 10));
	return r;
}

/* ---- controllers ----------------------------------------------------------------------- */

static int read_cpu(int fd, struct cgroup_stats *s, struct err *e)
{
	int r = read_keys(fd, "cpu.stat", cpu_stat, &s->cpu, e);

	s->cpu.is_present = r == 0;
	return r < 0 ? r : 0;
}

static int read_memory_stat(int fd, struct cgroup_stats_memory *m, struct err *e)
{
	cleanup_strv struct strv words = STRV(LIMIT_CGROUP_FILE / 2);
	int r = read_words(fd, "memory.stat", &words, e);

	for (size_t i = 0; r == 0 && i + 1 < words.n; i += 2) {
		if (m->n_stat == CGROUP_STATS_MEMORY_MAX)
			break;
		snprintf(m->stat[m->n_stat].name, sizeof(m->stat[0].name), "%s", words.v[i]);
		m->stat[m->n_stat++].value = strtoull(words.v[i + 1], NULL, 10);
	}
	return r < 0 ? r : 0;
}

static int read_memory(int fd, struct cgroup_stats *s, struct err *e)
{
	struct cgroup_stats_memory *m = &s->memory;
	int r = 0;

	for (const struct key *k = memory_files; r >= 0 && k->name; k++) {
		uint64_t value;

		r = read_number(fd, k->name, &value, e);
		if (r == 0)
			store(m, memory_files, k->name, value);
		m->is_present |= r == 0;
	}
	if (r >= 0)
		r = read_keys(fd, "memory.events", memory_events, m, e);
	return r < 0 ? r : read_memory_stat(fd, m, e);
}

static int read_pids(int fd, struct cgroup_stats *s, struct err *e)
{
	int r = read_number(fd, "pids.current", &s->pids.current, e);

	s->pids.is_present = r == 0;
	if (r == 0)
		r = read_number(fd, "pids.max", &s->pids.limit, e);
	return r < 0 ? r : 0;
}

/* "8:0 rbytes=1 wbytes=2 ..." a device; one without numbers is its name alone. */
static int read_io(int fd, struct cgroup_stats *s, struct err *e)
{
	cleanup_strv struct strv words = STRV(LIMIT_CGROUP_FILE / 2);
	struct cgroup_stats_io *io = NULL;
	int r = read_words(fd, "io.stat", &words, e);

	s->has_io = r == 0;
	for (size_t i = 0; r == 0 && i < words.n; i++) {
		char *word = words.v[i], *equal = strchr(word, '=');
		unsigned major, minor;

		if (equal && io) {
			*equal = '\0';
			store(io, io_stat, word, strtoull(equal + 1, NULL, 10));
		} else if (!equal && sscanf(word, "%u:%u", &major, &minor) == 2) {
			if (s->n_io == CGROUP_STATS_DEVICES_MAX)
				break;
			io = &s->io[s->n_io++];
			*io = (struct cgroup_stats_io){.major = major, .minor = minor};
		}
	}
	return r < 0 ? r : 0;
}

/* Of the pages of ret->size. */
static int read_pages(int fd, struct cgroup_stats_hugetlb *ret, struct err *e)
{
	char file[64];
	int r;

	snprintf(file, sizeof(file), "hugetlb.%s.current", ret->size);
	r = read_number(fd, file, &ret->usage, e);
	snprintf(file, sizeof(file), "hugetlb.%s.max", ret->size);
	if (r >= 0)
		r = read_number(fd, file, &ret->limit, e);
	/* Linux says "max" only of one that was set; before, it is the largest count of pages. */
	if (ret->limit > INT64_MAX - LARGEST_PAGE)
		ret->limit = CGROUP_NO_LIMIT;
	snprintf(file, sizeof(file), "hugetlb.%s.events", ret->size);
	if (r >= 0)
		r = tolerate(cgroup_read_key(fd, file, "max", &ret->failures, e), e);
	return r < 0 ? r : 0;
}

/* The page size in "hugetlb.<size>.current". */
static bool page_size(const char *name, char ret[sizeof(((struct cgroup_stats_hugetlb *)0)->size)])
{
	const char *size = name + strlen("hugetlb.");
	size_t n;

	if (strncmp(name, "hugetlb.", strlen("hugetlb.")) != 0)
		return false;
	n = (size_t)(strchrnul(size, '.') - size);
	if (n >= sizeof(((struct cgroup_stats_hugetlb *)0)->size) ||
	    strcmp(size + n, ".current") != 0)
		return false;
	memcpy(ret, size, n);
	ret[n] = '\0';
	return true;
}

static int by_size(const void *a, const void *b)
{
	return strverscmp(((const struct cgroup_stats_hugetlb *)a)->size,
			  ((const struct cgroup_stats_hugetlb *)b)->size);
}

static int read_hugetlb(int fd, struct cgroup_stats *s, struct err *e)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		fd_close(copy);
		return err_sys(e, "listing a cgroup");
	}
	while (r == 0 && s->n_hugetlb < CGROUP_STATS_PAGES_MAX && (entry = io_next_entry(dir))) {
		struct cgroup_stats_hugetlb *to = &s->hugetlb[s->n_hugetlb];

		if (!page_size(entry->d_name, to->size))
			continue;
		s->n_hugetlb++;
		r = read_pages(fd, to, e);
	}
	qsort(s->hugetlb, s->n_hugetlb, sizeof(s->hugetlb[0]), by_size);
	return r;
}

/* ---- all ------------------------------------------------------------------------------- */

int cgroup_stats_read(int fd, struct cgroup_stats *ret, struct err *e)
{
	static int (*const parts[])(int, struct cgroup_stats *, struct err *) = {
		read_cpu, read_memory, read_pids, read_io, read_hugetlb,
	};
	cleanup_free struct cgroup_stats *s = calloc(1, sizeof(*s));
	int r = s ? 0 : err_oom(e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		r = parts[i](fd, s, e);
	if (r == 0)
		*ret = *s;
	return r;
}

uint64_t cgroup_stats_memory_of(const struct cgroup_stats_memory *memory, const char *name)
{
	for (size_t i = 0; i < memory->n_stat; i++)
		if (strcmp(memory->stat[i].name, name) == 0)
			return memory->stat[i].value;
	return 0;
}
