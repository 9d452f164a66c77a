/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_systemd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/support/suite.h"

/* clang-format off */
static const struct {
	const char *given, *slice, *unit;
} names[] = {
	{"",                             "system.slice",       "anchord-c1.scope"},
	{NULL,                           "system.slice",       "anchord-c1.scope"},
	{"system.slice:docker:1234",     "system.slice",       "docker-1234.scope"},
	{"machine.slice:libpod:abc",     "machine.slice",      "libpod-abc.scope"},
	{":docker:1234",                 "system.slice",       "docker-1234.scope"},
	{"a-b.slice::1234",              "a-b.slice",          "1234.scope"},
	{"-.slice:x:y",                  "-.slice",            "x-y.scope"},
};

static const char *const no_names[] = {
	"/docker/1234", "a.slice:b", "a.slice:b:c:d", "a:b:c", ".slice:b:c", "a.slice:b:c/d",
	"../x.slice:b:c",
};
/* clang-format on */

START_TEST(names_come_from_the_path)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct systemd_names got;
		struct err e = ERR_NONE;

		ck_ok(cgroup_systemd_names("c1", names[i].given, &got, &e), e);
		ck_assert_str_eq(got.slice, names[i].slice);
		ck_assert_str_eq(got.unit, names[i].unit);
	}
}
END_TEST

START_TEST(other_forms_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(no_names); i++) {
		struct systemd_names got;
		struct err e = ERR_NONE;

		ck_assert_int_eq(cgroup_systemd_names("c1", no_names[i], &got, &e), -EINVAL);
		ck_assert_int_eq(e.kind, ERR_INVALID);
	}
}
END_TEST

#define V(number)                                                                                  \
	{                                                                                          \
		.is_set = true, .value = (number)                                                  \
	}

/* clang-format off */
static struct {
	struct container_resources r;
	const char *properties;
} cases[] = {
	{{.n_device_rules = 0}, ""},
	{{.memory_limit = V(100), .memory_swap = V(300), .memory_reservation = V(50)},
	 "MemoryMax=100 MemoryLow=50 MemorySwapMax=200 "},
	{{.memory_limit = V(-1)}, "MemoryMax=max MemorySwapMax=max "},
	{{.memory_limit = V(100), .memory_swap = V(100)}, "MemoryMax=100 MemorySwapMax=0 "},
	{{.cpu_shares = V(1024)}, "CPUWeight=39 "},
	{{.cpu_quota = V(50000)}, "CPUQuotaPerSecUSec=500000 CPUQuotaPeriodUSec=100000 "},
	{{.cpu_quota = V(33333), .cpu_period = V(100000)},
	 "CPUQuotaPerSecUSec=340000 CPUQuotaPeriodUSec=100000 "},
	{{.cpu_quota = V(-1)}, "CPUQuotaPerSecUSec=max CPUQuotaPeriodUSec=100000 "},
	{{.pids_limit = V(100)}, "TasksMax=100 "},
	{{.pids_limit = V(-1)}, "TasksMax=max "},
	{{.pids_limit = V(0)}, ""},
	{{.io_weight = V(500)}, "IOWeight=4950 "},
	{{.cpus = (char *)"0-3,9", .mems = (char *)"0"}, "AllowedCPUs=0f02 AllowedMemoryNodes=01 "},
};
/* clang-format on */

static void print(const struct systemd_property *p, struct buf *to)
{
	struct err e = ERR_NONE;

	ck_ok(buf_addf(to, &e, "%s=", p->name), e);
	for (size_t i = 0; p->type == 'y' && i < p->n_mask; i++)
		ck_ok(buf_addf(to, &e, "%02x", p->mask[i]), e);
	if (p->type == 't' && p->number == UINT64_MAX)
		ck_ok(buf_addf(to, &e, "max"), e);
	else if (p->type == 't')
		ck_ok(buf_addf(to, &e, "%" PRIu64, p->number), e);
	ck_ok(buf_addf(to, &e, " "), e);
}

START_TEST(limits_become_properties)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct systemd_property properties[SYSTEMD_PROPERTIES_MAX];
		struct buf text = BUF(4096);
		struct err e = ERR_NONE;
		ssize_t n = cgroup_systemd_properties(&cases[i].r, properties, &e);

		ck_ok((int)n, e);
		for (ssize_t j = 0; j < n; j++)
			print(&properties[j], &text);
		ck_assert_str_eq(text.n ? text.data : "", cases[i].properties);
		buf_done(&text);
	}
}
END_TEST

START_TEST(lists_that_make_no_sense_are_refused)
{
	static const char *const lists[] = {"x", "3-1", "0,", "0-", "1024", "0;1", ",", "-1"};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct container_resources r = {.cpus = (char *)lists[i]};
		struct systemd_property properties[SYSTEMD_PROPERTIES_MAX];

		ck_assert_int_eq((int)cgroup_systemd_properties(&r, properties, NULL), -EINVAL);
	}
}
END_TEST

SUITE("runtime/cgroup_systemd", NULL, NULL, names_come_from_the_path, other_forms_are_refused,
      limits_become_properties, lists_that_make_no_sense_are_refused)
