/* SPDX-License-Identifier: Apache-2.0 */
/* What options say becomes a document of resources, so that there is one reader for both. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "runc/bundle.h"
#include "runc/container.h"
#include "runc/errors.h"
#include "runc/verb.h"

struct settings {
	const char *resources;
	const char *cpus, *mems, *cache_schema, *bandwidth_schema;
	struct option_number blkio_weight, cpu_period, cpu_quota, cpu_burst, cpu_shares, cpu_idle;
	struct option_number rt_period, rt_runtime;
	struct option_number memory, reservation, swap, kernel_memory, kernel_tcp;
	struct option_number pids_limit;
};

/* Bytes: a number, which may end with k, m, g, t, p. */
static int option_bytes(void *field, const char *value, struct err *e)
{
	static const char units[] = "kmgtp";
	struct option_number number = {.is_set = true};
	const char *unit;
	char *end;

	(void)e;
	errno = 0;
	number.value = strtoll(value, &end, 10);
	if (errno || end == value)
		return -EINVAL;
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	for (ptrdiff_t i = unit ? unit - units : -1; i >= 0; i--)
		if (__builtin_mul_overflow(number.value, 1024, &number.value))
			return -EINVAL;
	end += unit != NULL;
	end += unit && (*end | 0x20) == 'i';
	end += (*end | 0x20) == 'b';
	if (*end)
		return -EINVAL;
	*(struct option_number *)field = number;
	return 0;
}

#define FIELD(name) offsetof(struct settings, name)
/* clang-format off */
static const struct option options[] = {
	{"resources", "r", "FILE", "a document with all of them, \"-\": standard input",
	 option_string, FIELD(resources)},
	{"blkio-weight", NULL, "N", "10 to 1000", option_number, FIELD(blkio_weight)},
	{"cpu-period", NULL, "USEC", "period of the quota", option_number, FIELD(cpu_period)},
	{"cpu-quota", NULL, "USEC", "time of all processors in a period", option_number,
	 FIELD(cpu_quota)},
	{"cpu-burst", NULL, "USEC", "time saved for later", option_number, FIELD(cpu_burst)},
	{"cpu-share", NULL, "N", "weight against other containers", option_number,
	 FIELD(cpu_shares)},
	{"cpu-rt-period", NULL, "USEC", "not in cgroup v2", option_number, FIELD(rt_period)},
	{"cpu-rt-runtime", NULL, "USEC", "not in cgroup v2", option_number, FIELD(rt_runtime)},
	{"cpu-idle", NULL, "N", "1: runs when nobody else does", option_number, FIELD(cpu_idle)},
	{"cpuset-cpus", NULL, "LIST", "processors: 0-3,5", option_string, FIELD(cpus)},
	{"cpuset-mems", NULL, "LIST", "memory nodes", option_string, FIELD(mems)},
	{"memory", NULL, "BYTES", "limit; -1: none", option_bytes, FIELD(memory)},
	{"memory-reservation", NULL, "BYTES", "soft limit", option_bytes, FIELD(reservation)},
	{"memory-swap", NULL, "BYTES", "limit of memory and swap; -1: none", option_bytes,
	 FIELD(swap)},
	{"kernel-memory", NULL, "BYTES", "not in cgroup v2", option_bytes, FIELD(kernel_memory)},
	{"kernel-memory-tcp", NULL, "BYTES", "not in cgroup v2", option_bytes, FIELD(kernel_tcp)},
	{"pids-limit", NULL, "N", "processes and threads; -1: no limit", option_number,
	 FIELD(pids_limit)},
	{"l3-cache-schema", NULL, "WORDS", "not supported", option_string, FIELD(cache_schema)},
	{"mem-bw-schema", NULL, "WORDS", "not supported", option_string, FIELD(bandwidth_schema)},
};

/* Where a number stands in the document. */
static const struct {
	const char *object, *key;
	size_t offset;
} numbers[] = {
	{"blockIO", "weight",          FIELD(blkio_weight)},
	{"cpu",     "period",          FIELD(cpu_period)},
	{"cpu",     "quota",           FIELD(cpu_quota)},
	{"cpu",     "burst",           FIELD(cpu_burst)},
	{"cpu",     "shares",          FIELD(cpu_shares)},
	{"cpu",     "realtimePeriod",  FIELD(rt_period)},
	{"cpu",     "realtimeRuntime", FIELD(rt_runtime)},
	{"cpu",     "idle",            FIELD(cpu_idle)},
	{"memory",  "limit",           FIELD(memory)},
	{"memory",  "reservation",     FIELD(reservation)},
	{"memory",  "swap",            FIELD(swap)},
	{"memory",  "kernel",          FIELD(kernel_memory)},
	{"memory",  "kernelTCP",       FIELD(kernel_tcp)},
	{"pids",    "limit",           FIELD(pids_limit)},
};
/* clang-format on */
#undef FIELD

static void put(json_t *to, const char *object, const char *key, json_t *value)
{
	if (!json_object_get(to, object))
		json_object_set_new(to, object, json_object());
	json_object_set_new(json_object_get(to, object), key, value);
}

static char *document_of(const struct settings *s)
{
	cleanup_json json_t *j = json_object();

	for (size_t i = 0; j && i < ARRAY_SIZE(numbers); i++) {
		const struct option_number *n = (const void *)((const char *)s + numbers[i].offset);

		if (n->is_set)
			put(j, numbers[i].object, numbers[i].key, json_integer(n->value));
	}
	if (s->cpus)
		put(j, "cpu", "cpus", json_string(s->cpus));
	if (s->mems)
		put(j, "cpu", "mems", json_string(s->mems));
	return j ? json_line(j) : NULL;
}

static int read_resources(const struct settings *s, struct container_resources *ret, struct err *e)
{
	cleanup_buf struct buf file = BUF(LIMIT_OCI_CONFIG);
	cleanup_free char *text = NULL;
	int r;

	if (s->cache_schema || s->bandwidth_schema)
		return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "Intel RDT is not supported");
	if (!s->resources) {
		text = document_of(s);
		return text ? oci_resources_read(text, strlen(text), ret, e) : err_oom(e);
	}
	r = bundle_read_document(s->resources, &file, e);
	return r < 0 ? r : oci_resources_read(file.data ? file.data : "", file.n, ret, e);
}

static int update(const struct container *c, const struct settings *s, struct err *e)
{
	cleanup_container_resources struct container_resources resources = {0};
	cleanup_container_cgroup struct container_cgroup cgroup = CONTAINER_CGROUP;
	int r = read_resources(s, &resources, e);

	if (r == 0)
		r = container_find_cgroup(c, &cgroup, e);
	return r < 0 ? r : container_cgroup_update(&cgroup, &resources, e);
}

static int update_main(const struct call *call, struct err *e)
{
	cleanup_container struct container c = CONTAINER;
	enum container_status status;
	int r;

	r = container_open(call->globals->root, call->args->v[0], CONTAINER_CHANGE, &c, e);
	if (r == 0)
		r = container_status(&c, &status, NULL, e);
	if (r == 0 && (status == CONTAINER_STOPPED || status == CONTAINER_CREATING))
		r = error_not_running(e);
	return r < 0 ? r : update(&c, call->settings, e);
}

const struct verb verb_update = {
	.name = "update",
	.args = "<container-id>",
	.summary = "change what a container may use",
	.notes = "With --resources the other options are not looked at.\n",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.min_args = 1,
	.max_args = 1,
	.main = update_main,
};
