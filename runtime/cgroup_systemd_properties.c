/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_systemd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- names ----------------------------------------------------------------------------- */

static int put(char ret[256], struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int put(char ret[256], struct err *e, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(ret, 256, fmt, ap);
	va_end(ap);
	if (n >= 256 || strchr(ret, '/'))
		return err_set(e, -EINVAL, ERR_INVALID, "'%.64s' can't be the name of a unit", ret);
	return 0;
}

static bool is_slice(const char *name)
{
	size_t n = strlen(name), suffix = strlen(".slice");

	return n > suffix && strcmp(name + n - suffix, ".slice") == 0;
}

int cgroup_systemd_names(const char *id, const char *cgroups_path, struct systemd_names *ret,
			 struct err *e)
{
	cleanup_strv struct strv parts = STRV(4);
	const char *given = cgroups_path && *cgroups_path ? cgroups_path : "system.slice:anchord:";
	const char *slice, *prefix, *name;
	int r = strv_split(&parts, given, ':', NULL);

	if (r == -ENOMEM)
		return err_oom(e);
	if (r < 0 || parts.n != 3)
		return err_set(
			e, -EINVAL, ERR_INVALID,
			"cgroupsPath '%.128s' isn't 'slice:prefix:name', as systemd needs it",
			given);
	slice = *parts.v[0] ? parts.v[0] : "system.slice";
	prefix = parts.v[1];
	name = *parts.v[2] ? parts.v[2] : id;
	if (!is_slice(slice))
		return err_set(e, -EINVAL, ERR_INVALID, "'%.128s' is no slice of systemd", slice);
	r = put(ret->slice, e, "%s", slice);
	if (r == 0)
		r = put(ret->unit, e, "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
	return r;
}

/* ---- properties ------------------------------------------------------------------------ */

enum {
	CPU_PERIOD_USEC = 100000,
	CPU_STEP_USEC = 10000, /* systemd knows a quota in hundredths of a processor */
	SECOND_USEC = 1000000,
};

struct list {
	struct systemd_property *v;
	size_t n;
};

static struct systemd_property *add(struct list *l, const char *name, uint64_t number)
{
	struct systemd_property *p = &l->v[l->n++];

	*p = (struct systemd_property){.type = 't', .number = number};
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

/* Negative: UINT64_MAX, as systemd spells infinity; 0: not given. */
static void add_limit(struct list *l, const char *name, struct resource_value value)
{
	if (value.is_set && value.value != 0)
		add(l, name, value.value < 0 ? UINT64_MAX : (uint64_t)value.value);
}

static void add_quota(struct list *l, const struct container_resources *r)
{
	uint64_t period = r->cpu_period.is_set && r->cpu_period.value > 0
				  ? (uint64_t)r->cpu_period.value
				  : CPU_PERIOD_USEC;
	uint64_t quota = UINT64_MAX;

	if (!r->cpu_quota.is_set && !r->cpu_period.is_set)
		return;
	if (r->cpu_quota.is_set && r->cpu_quota.value > 0) {
		quota = (uint64_t)r->cpu_quota.value * SECOND_USEC / period;
		quota = (quota + CPU_STEP_USEC - 1) / CPU_STEP_USEC * CPU_STEP_USEC;
	}
	add(l, "CPUQuotaPerSecUSec", quota);
	add(l, "CPUQuotaPeriodUSec", period);
}

/* One of "0-3,5"; sets its bits, moves on behind it. */
static bool parse_range(const char **text, struct systemd_property *p)
{
	char *end;
	unsigned long first = strtoul(*text, &end, 10), last = first;

	if (end == *text)
		return false;
	if (*end == '-') {
		const char *second = end + 1;

		last = strtoul(second, &end, 10);
		if (end == second)
			return false;
	}
	if (first > last || last >= 8 * SYSTEMD_MASK_MAX)
		return false;
	for (unsigned long i = first; i <= last; i++)
		p->mask[i / 8] = (uint8_t)(p->mask[i / 8] | 1u << i % 8);
	if (last / 8 + 1 > p->n_mask)
		p->n_mask = last / 8 + 1;
	*text = end;
	return true;
}

static int add_mask(struct list *l, const char *name, const char *list, struct err *e)
{
	struct systemd_property *p;
	const char *rest = list;

	if (!list || !*list)
		return 0;
	p = add(l, name, 0);
	p->type = 'y';
	while (parse_range(&rest, p)) {
		if (!*rest)
			return 0;
		if (*rest++ != ',')
			break;
	}
	return err_set(e, -EINVAL, ERR_INVALID, "'%.64s' is no list of processors or nodes", list);
}

ssize_t cgroup_systemd_properties(const struct container_resources *r, struct systemd_property *ret,
				  struct err *e)
{
	struct list l = {.v = ret};
	int64_t swap;
	int result = resources_swap(r, &swap, e);

	if (result < 0)
		return result;
	add_limit(&l, "MemoryMax", r->memory_limit);
	add_limit(&l, "MemoryLow", r->memory_reservation);
	if (result == 0)
		add(&l, "MemorySwapMax", swap < 0 ? UINT64_MAX : (uint64_t)swap);
	if (r->cpu_shares.is_set && r->cpu_shares.value > 0)
		add(&l, "CPUWeight", resources_cpu_weight(r->cpu_shares.value));
	add_quota(&l, r);
	add_limit(&l, "TasksMax", r->pids_limit);
	if (r->io_weight.is_set && r->io_weight.value > 0)
		add(&l, "IOWeight", resources_io_weight((uint64_t)r->io_weight.value));
	result = add_mask(&l, "AllowedCPUs", r->cpus, e);
	if (result == 0)
		result = add_mask(&l, "AllowedMemoryNodes", r->mems, e);
	return result < 0 ? result : (ssize_t)l.n;
}
