/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resources.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "runtime/resources_list.h"

enum {
	WRITES_MAX = 16 * LIMIT_RESOURCES,
	CPU_PERIOD_USEC = 100000, /* the kernel's, where only a quota is given */
	CPU_SHARES_MIN = 2,
	CPU_SHARES_MAX = 262144,
	IO_WEIGHT_MIN = 10,
	IO_WEIGHT_MAX = 1000,
};

/* A controller's file that takes a number or "max". */
struct limit {
	const char *file;
	size_t offset;          /* of a resource_value in container_resources */
	bool zero_is_no_limit;  /* else 0 is as good as not given */
	const char *usage_file; /* of memory.checkBeforeUpdate, or NULL */
};

#define FIELD(name) offsetof(struct container_resources, name)

/* clang-format off */
static const struct limit limits[] = {
	{"memory.max", FIELD(memory_limit),       false, "memory.current"},
	{"memory.low", FIELD(memory_reservation), false, NULL},
	{"pids.max",   FIELD(pids_limit),         true,  NULL},
};

/* What version 1 had; 0 asks for nothing, unless @zero_counts. */
static const struct {
	const char *name;
	size_t offset;
	bool zero_counts;
} unsupported[] = {
	{"memory.swappiness",       FIELD(memory_swappiness),         true},
	{"memory.disableOOMKiller", FIELD(memory_disable_oom_killer), false},
	{"cpu.realtimeRuntime",     FIELD(cpu_realtime_runtime),      false},
	{"cpu.realtimePeriod",      FIELD(cpu_realtime_period),       false},
	{"blockIO.leafWeight",      FIELD(io_leaf_weight),            false},
};

/* Keys of io.max. */
static const struct {
	const char *key;
	size_t offset; /* of resource_device_rates */
} rates[] = {
	{"rbps",  FIELD(io_read_bps)},
	{"wbps",  FIELD(io_write_bps)},
	{"riops", FIELD(io_read_iops)},
	{"wiops", FIELD(io_write_iops)},
};
/* clang-format on */

/* The value at @offset when one is given that is not zero; else 0. */
static int64_t value_at(const struct container_resources *r, size_t offset)
{
	struct resource_value value;

	memcpy(&value, (const char *)r + offset, sizeof(value));
	return value.is_set ? value.value : 0;
}

static bool is_set_at(const struct container_resources *r, size_t offset)
{
	struct resource_value value;

	memcpy(&value, (const char *)r + offset, sizeof(value));
	return value.is_set;
}

static int64_t given(struct resource_value value)
{
	return value.is_set ? value.value : 0;
}

/* ---- adding to the list ---------------------------------------------------------------- */

enum { LIMITS /* something */, NO_LIMIT /* so the file may be missing */ };

static int add(struct resource_writes *w, const char *file, int kind, struct err *e,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static int add(struct resource_writes *w, const char *file, int kind, struct err *e,
	       const char *fmt, ...)
{
	cleanup_free char *name = strdup(file), *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		text = NULL;
	if (!name || !text)
		return err_oom(e);
	r = resource_list_grow(&w->v, w->n, WRITES_MAX, sizeof(*w->v), e);
	if (r < 0)
		return r;
	w->v[w->n++] = (struct resource_write){
		.file = take_ptr(name),
		.text = take_ptr(text),
		.may_be_missing = kind == NO_LIMIT,
	};
	return 0;
}

/* The file and text that do where the file of the last write is missing. */
static int otherwise(struct resource_writes *w, const char *file, struct err *e, const char *fmt,
		     ...) __attribute__((format(printf, 4, 5)));

static int otherwise(struct resource_writes *w, const char *file, struct err *e, const char *fmt,
		     ...)
{
	struct resource_write *last = &w->v[w->n - 1];
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&last->other_text, fmt, ap);
	va_end(ap);
	if (r < 0)
		last->other_text = NULL;
	last->other_file = strdup(file);
	return last->other_text && last->other_file ? 0 : err_oom(e);
}

/* "max" for a negative @value. */
static int add_limit(struct resource_writes *w, const char *file, int64_t value, struct err *e)
{
	if (value < 0)
		return add(w, file, NO_LIMIT, e, "max");
	return add(w, file, LIMITS, e, "%" PRId64, value);
}

/* ---- conversions ----------------------------------------------------------------------- */

/* Linear, as runc before 1.3 and crun before 1.23: 1024 shares are a weight of 39. */
uint64_t resources_cpu_weight(int64_t shares)
{
	uint64_t clipped = shares < CPU_SHARES_MIN   ? CPU_SHARES_MIN
			   : shares > CPU_SHARES_MAX ? CPU_SHARES_MAX
						     : (uint64_t)shares;

	return 1 + (clipped - CPU_SHARES_MIN) * 9999 / (CPU_SHARES_MAX - CPU_SHARES_MIN);
}

uint64_t resources_io_weight(uint64_t weight)
{
	return 1 + (weight - IO_WEIGHT_MIN) * 9999 / (IO_WEIGHT_MAX - IO_WEIGHT_MIN);
}

int resources_swap(const struct container_resources *r, int64_t *ret, struct err *e)
{
	int64_t memory = given(r->memory_limit), both = given(r->memory_swap);

	if (both == 0 && memory >= 0)
		return 1;
	if (both < 0 || (both == 0 && memory < 0)) {
		*ret = -1; /* memory without limit alone is meant for both, as in version 1 */
		return 0;
	}
	if (memory <= 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "memory.swap counts memory too: it needs a memory.limit");
	if (both < memory)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "memory.swap %" PRId64 " counts memory too: it is below "
			       "memory.limit %" PRId64,
			       both, memory);
	*ret = both - memory;
	return 0;
}

/* ---- controllers ----------------------------------------------------------------------- */

static int refuse_unsupported(const struct container_resources *r, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++) {
		int64_t value = value_at(r, unsupported[i].offset);
		bool is_set = is_set_at(r, unsupported[i].offset);

		if (is_set && (value > 0 || (value == 0 && unsupported[i].zero_counts)))
			return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
				       "%s can't be had: cgroup version 2 doesn't know it",
				       unsupported[i].name);
	}
	return 0;
}

static int plan_limits(const struct container_resources *r, struct resource_writes *w,
		       struct err *e)
{
	bool check = given(r->memory_check_before_update) != 0;
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(limits); i++) {
		int64_t value = value_at(r, limits[i].offset);

		if (!is_set_at(r, limits[i].offset) || (value == 0 && !limits[i].zero_is_no_limit))
			continue;
		result = add_limit(w, limits[i].file, value == 0 ? -1 : value, e);
		if (result == 0 && check)
			w->v[w->n - 1].usage_file = limits[i].usage_file;
	}
	return result;
}

static int plan_swap(const struct container_resources *r, struct resource_writes *w, struct err *e)
{
	int64_t swap;
	int result = resources_swap(r, &swap, e);

	if (result != 0)
		return result < 0 ? result : 0;
	if (swap == 0) /* none of it: a kernel without swap gives that too */
		return add(w, "memory.swap.max", NO_LIMIT, e, "0");
	result = add_limit(w, "memory.swap.max", swap, e);
	if (result == 0 && given(r->memory_check_before_update))
		w->v[w->n - 1].usage_file = "memory.swap.current";
	return result;
}

static int plan_bandwidth(const struct container_resources *r, struct resource_writes *w,
			  struct err *e)
{
	int64_t quota = given(r->cpu_quota), period = given(r->cpu_period);
	int result = 0;

	if (period < 0)
		return err_set(e, -EINVAL, ERR_INVALID, "cpu.period %" PRId64 " is negative",
			       period);
	if (quota == 0 && period == 0)
		return 0;
	if (period == 0)
		period = CPU_PERIOD_USEC;
	/* A burst may not exceed the quota, so an earlier one may be in the way of a new quota. */
	if (r->cpu_burst.is_set)
		result = add(w, "cpu.max.burst", NO_LIMIT, e, "0");
	if (result < 0)
		return result;
	if (quota <= 0)
		return add(w, "cpu.max", NO_LIMIT, e, "max %" PRId64, period);
	return add(w, "cpu.max", LIMITS, e, "%" PRId64 " %" PRId64, quota, period);
}

static int plan_burst(const struct container_resources *r, struct resource_writes *w, struct err *e)
{
	int64_t burst = given(r->cpu_burst);

	if (burst < 0)
		return err_set(e, -EINVAL, ERR_INVALID, "cpu.burst %" PRId64 " is negative", burst);
	if (!r->cpu_burst.is_set)
		return 0;
	return add(w, "cpu.max.burst", burst == 0 ? NO_LIMIT : LIMITS, e, "%" PRId64, burst);
}

static int plan_cpu(const struct container_resources *r, struct resource_writes *w, struct err *e)
{
	int64_t idle = given(r->cpu_idle), shares = given(r->cpu_shares);
	int result = 0;

	if (r->cpu_idle.is_set)
		result = add(w, "cpu.idle", idle ? LIMITS : NO_LIMIT, e, "%" PRId64, idle);
	/* An idle cgroup has the least weight: the kernel refuses to set another. */
	if (result == 0 && shares > 0 && idle == 0)
		result = add(w, "cpu.weight", LIMITS, e, "%" PRIu64, resources_cpu_weight(shares));
	if (result == 0)
		result = plan_bandwidth(r, w, e);
	if (result == 0)
		result = plan_burst(r, w, e);
	if (result == 0 && r->cpus && *r->cpus)
		result = add(w, "cpuset.cpus", LIMITS, e, "%s", r->cpus);
	if (result == 0 && r->mems && *r->mems)
		result = add(w, "cpuset.mems", LIMITS, e, "%s", r->mems);
	return result;
}

static int check_weight(uint64_t weight, struct err *e)
{
	if (weight < IO_WEIGHT_MIN || weight > IO_WEIGHT_MAX)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "blockIO weight %" PRIu64 " isn't in %d..%d", weight, IO_WEIGHT_MIN,
			       IO_WEIGHT_MAX);
	return 0;
}

/* @device is "MAJOR:MINOR " or "". */
static int add_weight(struct resource_writes *w, const char *device, uint64_t weight, struct err *e)
{
	int r = check_weight(weight, e);

	if (r == 0)
		r = add(w, "io.bfq.weight", LIMITS, e, "%s%" PRIu64, device, weight);
	if (r == 0)
		r = otherwise(w, "io.weight", e, "%s%" PRIu64, device, resources_io_weight(weight));
	return r;
}

static int plan_weights(const struct container_resources *r, struct resource_writes *w,
			struct err *e)
{
	int64_t weight = given(r->io_weight);
	int result = weight == 0 ? 0 : add_weight(w, "", (uint64_t)weight, e);

	for (size_t i = 0; result == 0 && i < r->io_weight_device.n; i++) {
		const struct resource_device_rate *of = &r->io_weight_device.v[i];
		char device[32];

		snprintf(device, sizeof(device), "%u:%u ", of->major, of->minor);
		if (of->rate != 0)
			result = add_weight(w, device, of->rate, e);
	}
	return result;
}

static int add_rate(struct resource_writes *w, const char *key,
		    const struct resource_device_rate *of, struct err *e)
{
	if (of->rate == 0)
		return add(w, "io.max", NO_LIMIT, e, "%u:%u %s=max", of->major, of->minor, key);
	return add(w, "io.max", LIMITS, e, "%u:%u %s=%" PRIu64, of->major, of->minor, key,
		   of->rate);
}

static int plan_rates(const struct container_resources *r, struct resource_writes *w, struct err *e)
{
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct resource_device_rates list;

		memcpy(&list, (const char *)r + rates[i].offset, sizeof(list));
		for (size_t j = 0; result == 0 && j < list.n; j++)
			result = add_rate(w, rates[i].key, &list.v[j], e);
	}
	return result;
}

/* Names become parts of names of files. */
static int check_name(const char *what, const char *name, struct err *e)
{
	if (!*name || strchr(name, '/') || strlen(name) >= LIMIT_PATH / 2)
		return err_set(e, -EINVAL, ERR_INVALID, "%s '%.64s' can't be in the name of a file",
			       what, name);
	return 0;
}

static int plan_hugetlb(const struct container_resources *r, struct resource_writes *w,
			struct err *e)
{
	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const struct resource_named *of = &r->hugepage_limits.v[i];
		int kind = strcmp(of->text, "max") == 0 ? NO_LIMIT : LIMITS;
		char file[LIMIT_PATH];
		int result = check_name("page size", of->name, e);

		snprintf(file, sizeof(file), "hugetlb.%.2048s.max", of->name);
		if (result == 0)
			result = add(w, file, kind, e, "%s", of->text);
		/* What is reserved counts as used; kernels before 5.7 don't have it. */
		snprintf(file, sizeof(file), "hugetlb.%.2048s.rsvd.max", of->name);
		if (result == 0)
			result = add(w, file, NO_LIMIT, e, "%s", of->text);
		if (result < 0)
			return result;
	}
	return 0;
}

static int plan_rdma(const struct container_resources *r, struct resource_writes *w, struct err *e)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < r->rdma.n; i++)
		result = add(w, "rdma.max", LIMITS, e, "%s %s", r->rdma.v[i].name,
			     r->rdma.v[i].text);
	return result;
}

/* Last and as they are: they may say what the other fields can't. */
static int plan_unified(const struct container_resources *r, struct resource_writes *w,
			struct err *e)
{
	for (size_t i = 0; i < r->unified.n; i++) {
		const struct resource_named *of = &r->unified.v[i];
		int kind = strcmp(of->text, "max") == 0 ? NO_LIMIT : LIMITS;
		int result = check_name("unified resource", of->name, e);

		if (result == 0 && (of->name[0] == '.' || !strchr(of->name, '.')))
			result = err_set(e, -EINVAL, ERR_INVALID,
					 "unified resource '%s' must be CONTROLLER.PARAMETER",
					 of->name);
		if (result == 0)
			result = add(w, of->name, kind, e, "%s", of->text);
		if (result < 0)
			return result;
	}
	return 0;
}

int resources_plan(const struct container_resources *r, struct resource_writes *ret, struct err *e)
{
	static int (*const steps[])(const struct container_resources *, struct resource_writes *,
				    struct err *) = {
		plan_swap,  plan_limits,  plan_cpu,  plan_weights,
		plan_rates, plan_hugetlb, plan_rdma, plan_unified,
	};
	cleanup_resource_writes struct resource_writes w = {.n = 0};
	int result = refuse_unsupported(r, e);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(steps); i++)
		result = steps[i](r, &w, e);
	if (result < 0)
		return result;
	*ret = w;
	w = (struct resource_writes){.n = 0};
	return 0;
}

int resources_controllers(const struct resource_writes *w, struct strv *ret, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *file = w->v[i].file;
		cleanup_free char *name = strndup(file, (size_t)(strchrnul(file, '.') - file));
		int r = 0;

		if (!name)
			return err_oom(e);
		/* cgroup.* is no controller's. */
		if (!w->v[i].may_be_missing && strcmp(name, "cgroup") != 0 && !strv_has(ret, name))
			r = strv_add(ret, name, e);
		if (r < 0)
			return r;
	}
	return 0;
}
