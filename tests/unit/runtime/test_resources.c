/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resources.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct container_resources resources;
static struct resource_writes writes;
static struct tree tree;
static int tree_fd;

static void setup(void)
{
	tree_init(&tree);
	tree_fd = open(tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void teardown(void)
{
	container_resources_done(&resources);
	resource_writes_done(&writes);
	close(tree_fd);
	tree_done(&tree);
}

#define V(number)                                                                                  \
	{                                                                                          \
		.is_set = true, .value = (number)                                                  \
	}

/* "file=text", "?" before it where the file may be missing, "|" before what is written instead. */
static char *print(void)
{
	struct buf text = BUF(1 << 20);
	struct err e = ERR_NONE;

	ck_ok(buf_addf(&text, &e, "%s", ""), e);
	for (size_t i = 0; i < writes.n; i++) {
		const struct resource_write *w = &writes.v[i];

		ck_ok(buf_addf(&text, &e, "%s%s%s=%s", i ? ";" : "", w->may_be_missing ? "?" : "",
			       w->file, w->text),
		      e);
		if (w->other_file)
			ck_ok(buf_addf(&text, &e, "|%s=%s", w->other_file, w->other_text), e);
		if (w->usage_file)
			ck_ok(buf_addf(&text, &e, "<%s", w->usage_file), e);
	}
	return buf_take(&text);
}

static void assert_writes(const char *wanted)
{
	struct err e = ERR_NONE;
	char *got;

	resource_writes_done(&writes);
	ck_ok(resources_plan(&resources, &writes, &e), e);
	got = print();
	ck_assert_str_eq(got ? got : "", wanted);
	free(got);
}

/* clang-format off */
static const struct {
	struct container_resources r;
	const char *writes;
} cases[] = {
	{{.n_device_rules = 0}, ""},
	/* memory */
	{{.memory_limit = V(1048576)}, "memory.max=1048576"},
	{{.memory_limit = V(0)}, ""},
	{{.memory_limit = V(-1)}, "?memory.swap.max=max;?memory.max=max"},
	{{.memory_reservation = V(4096)}, "memory.low=4096"},
	{{.memory_reservation = V(-1)}, "?memory.low=max"},
	{{.memory_limit = V(100), .memory_swap = V(300)}, "memory.swap.max=200;memory.max=100"},
	{{.memory_limit = V(100), .memory_swap = V(100)}, "?memory.swap.max=0;memory.max=100"},
	{{.memory_limit = V(100), .memory_swap = V(-1)}, "?memory.swap.max=max;memory.max=100"},
	{{.memory_limit = V(100), .memory_swap = V(0)}, "memory.max=100"},
	{{.memory_swap = V(-1)}, "?memory.swap.max=max"},
	{{.memory_limit = V(100), .memory_swap = V(300), .memory_check_before_update = V(1)},
	 "memory.swap.max=200<memory.swap.current;memory.max=100<memory.current"},
	{{.memory_kernel = V(4096), .memory_kernel_tcp = V(4096)}, ""},
	{{.memory_swappiness = V(-1), .memory_disable_oom_killer = V(0)}, ""},
	/* pids */
	{{.pids_limit = V(100)}, "pids.max=100"},
	{{.pids_limit = V(0)}, "?pids.max=max"},
	{{.pids_limit = V(-1)}, "?pids.max=max"},
	/* cpu */
	{{.cpu_shares = V(2)}, "cpu.weight=1"},
	{{.cpu_shares = V(1)}, "cpu.weight=1"},
	{{.cpu_shares = V(1024)}, "cpu.weight=39"},
	{{.cpu_shares = V(512)}, "cpu.weight=20"},
	{{.cpu_shares = V(262144)}, "cpu.weight=10000"},
	{{.cpu_shares = V(1 << 30)}, "cpu.weight=10000"},
	{{.cpu_shares = V(0)}, ""},
	{{.cpu_quota = V(50000)}, "cpu.max=50000 100000"},
	{{.cpu_quota = V(50000), .cpu_period = V(200000)}, "cpu.max=50000 200000"},
	{{.cpu_quota = V(-1)}, "?cpu.max=max 100000"},
	{{.cpu_period = V(200000)}, "?cpu.max=max 200000"},
	{{.cpu_quota = V(0), .cpu_period = V(0)}, ""},
	{{.cpu_quota = V(50000), .cpu_burst = V(10000)},
	 "?cpu.max.burst=0;cpu.max=50000 100000;cpu.max.burst=10000"},
	{{.cpu_burst = V(0)}, "?cpu.max.burst=0"},
	{{.cpu_idle = V(1), .cpu_shares = V(1024)}, "cpu.idle=1"},
	{{.cpu_idle = V(0), .cpu_shares = V(1024)}, "?cpu.idle=0;cpu.weight=39"},
	{{.cpu_realtime_period = V(0), .cpu_realtime_runtime = V(0)}, ""},
	/* blkio */
	{{.io_weight = V(10)}, "io.bfq.weight=10|io.weight=1"},
	{{.io_weight = V(500)}, "io.bfq.weight=500|io.weight=4950"},
	{{.io_weight = V(1000)}, "io.bfq.weight=1000|io.weight=10000"},
	{{.io_weight = V(0), .io_leaf_weight = V(0)}, ""},
};

static const struct {
	struct container_resources r;
	int code;
	enum err_kind kind;
	const char *word; /* of the message */
} refused[] = {
	{{.memory_swap = V(100)}, -EINVAL, ERR_INVALID, "memory.swap"},
	{{.memory_limit = V(-1), .memory_swap = V(100)}, -EINVAL, ERR_INVALID, "memory.swap"},
	{{.memory_limit = V(100), .memory_swap = V(99)}, -EINVAL, ERR_INVALID, "below memory.limit 100"},
	{{.memory_swappiness = V(0)}, -EOPNOTSUPP, ERR_UNSUPPORTED, "memory.swappiness"},
	{{.memory_swappiness = V(60)}, -EOPNOTSUPP, ERR_UNSUPPORTED, "memory.swappiness"},
	{{.memory_disable_oom_killer = V(1)}, -EOPNOTSUPP, ERR_UNSUPPORTED, "disableOOMKiller"},
	{{.cpu_realtime_period = V(1)}, -EOPNOTSUPP, ERR_UNSUPPORTED, "cpu.realtimePeriod"},
	{{.cpu_realtime_runtime = V(1)}, -EOPNOTSUPP, ERR_UNSUPPORTED, "cpu.realtimeRuntime"},
	{{.cpu_period = V(-1)}, -EINVAL, ERR_INVALID, "cpu.period"},
	{{.cpu_burst = V(-1)}, -EINVAL, ERR_INVALID, "cpu.burst"},
	{{.io_weight = V(9)}, -EINVAL, ERR_INVALID, "blockIO weight 9"},
	{{.io_weight = V(1001)}, -EINVAL, ERR_INVALID, "blockIO weight 1001"},
	{{.io_leaf_weight = V(10)}, -EOPNOTSUPP, ERR_UNSUPPORTED, "blockIO.leafWeight"},
};
/* clang-format on */

START_TEST(numbers_become_the_writes_of_runc_and_crun)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		resources = cases[i].r;
		assert_writes(cases[i].writes);
		resources = (struct container_resources){.n_device_rules = 0};
	}
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_by_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(resources_plan(&refused[i].r, &writes, &e), refused[i].code);
		ck_assert_int_eq(e.kind, refused[i].kind);
		ck_assert_msg(strstr(e.msg, refused[i].word) != NULL, "no '%s' in '%s'",
			      refused[i].word, e.msg);
		ck_assert_ptr_null(writes.v);
	}
}
END_TEST

START_TEST(rates_are_a_line_of_io_max_each)
{
	const struct resource_device_rate a = {8, 0, 1048576}, b = {8, 16, 0};
	struct err e = ERR_NONE;

	ck_ok(resource_rates_add(&resources.io_read_bps, &a, &e), e);
	ck_ok(resource_rates_add(&resources.io_read_bps, &b, &e), e);
	ck_ok(resource_rates_add(&resources.io_write_bps, &a, &e), e);
	ck_ok(resource_rates_add(&resources.io_read_iops, &a, &e), e);
	ck_ok(resource_rates_add(&resources.io_write_iops, &a, &e), e);
	assert_writes("io.max=8:0 rbps=1048576;?io.max=8:16 rbps=max;io.max=8:0 wbps=1048576;"
		      "io.max=8:0 riops=1048576;io.max=8:0 wiops=1048576");
}
END_TEST

START_TEST(a_device_has_a_weight_of_its_own)
{
	const struct resource_device_rate some = {8, 0, 500}, none = {8, 16, 0};
	struct err e = ERR_NONE;

	ck_ok(resource_rates_add(&resources.io_weight_device, &some, &e), e);
	ck_ok(resource_rates_add(&resources.io_weight_device, &none, &e), e);
	assert_writes("io.bfq.weight=8:0 500|io.weight=8:0 4950");
}
END_TEST

START_TEST(named_limits_and_lists_are_written_as_they_are)
{
	struct err e = ERR_NONE;

	resources.cpus = strdup("0-3,5");
	resources.mems = strdup("");
	ck_ok(resource_nameds_add(&resources.hugepage_limits, "2MB", "4194304", &e), e);
	ck_ok(resource_nameds_add(&resources.rdma, "mlx5_0", "hca_handle=2", &e), e);
	ck_ok(resource_nameds_add(&resources.unified, "memory.high", "9", &e), e);
	ck_ok(resource_nameds_add(&resources.unified, "pids.max", "max", &e), e);
	assert_writes("cpuset.cpus=0-3,5;hugetlb.2MB.max=4194304;?hugetlb.2MB.rsvd.max=4194304;"
		      "rdma.max=mlx5_0 hca_handle=2;memory.high=9;?pids.max=max");
}
END_TEST

START_TEST(a_name_cannot_lead_out_of_the_cgroup)
{
	static const char *const names[] = {
		"../memory.max", "a/b.c", "", "memory", ".", "..", ".x"};
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_ok(resource_nameds_add(&resources.unified, names[i], "1", &e), e);
		ck_assert_int_eq(resources_plan(&resources, &writes, NULL), -EINVAL);
		container_resources_done(&resources);
	}
	ck_ok(resource_nameds_add(&resources.hugepage_limits, "../../x", "1", &e), e);
	ck_assert_int_eq(resources_plan(&resources, &writes, &e), -EINVAL);
	ck_assert_int_eq(e.kind, ERR_INVALID);
}
END_TEST

START_TEST(only_what_limits_needs_a_controller)
{
	struct strv names = STRV(8);
	struct err e = ERR_NONE;

	resources.memory_limit = (struct resource_value)V(100);
	resources.memory_reservation = (struct resource_value)V(50);
	resources.pids_limit = (struct resource_value)V(-1);
	ck_ok(resource_nameds_add(&resources.unified, "cgroup.max.depth", "1", &e), e);
	ck_ok(resource_nameds_add(&resources.unified, "hugetlb.2MB.max", "0", &e), e);
	ck_ok(resources_plan(&resources, &writes, &e), e);
	ck_ok(resources_controllers(&writes, &names, &e), e);
	ck_assert_uint_eq(names.n, 2);
	ck_assert_str_eq(names.v[0], "memory");
	ck_assert_str_eq(names.v[1], "hugetlb");
	strv_done(&names);
}
END_TEST

START_TEST(lists_are_bounded)
{
	const struct device_rule rule = {true, 'a', -1, -1, DEVICE_READ};
	struct err e = ERR_NONE;

	for (size_t i = 0; i < LIMIT_RESOURCES; i++)
		ck_ok(resource_device_rules_add(&resources, &rule, &e), e);
	ck_assert_int_eq(resource_device_rules_add(&resources, &rule, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(resources.n_device_rules, LIMIT_RESOURCES);
}
END_TEST

/* ---- writing, in a directory that looks like a cgroup ----------------------------------- */

static void assert_content(const char *name, const char *wanted)
{
	struct buf text = BUF(4096);
	struct err e = ERR_NONE;

	ck_ok(io_read_file_at(tree_fd, name, &text, &e), e);
	ck_assert_str_eq(text.n ? text.data : "", wanted);
	buf_done(&text);
}

static int apply(struct err *e)
{
	resource_writes_done(&writes);
	ck_ok(resources_plan(&resources, &writes, e), *e);
	return resources_apply(&writes, tree_fd, e);
}

START_TEST(a_missing_controller_is_named_when_it_is_needed)
{
	struct err e = ERR_NONE;

	tree_file(&tree, "cgroup.controllers", "pids\n");
	resources.memory_limit = (struct resource_value)V(100);
	ck_assert_int_eq(apply(&e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_UNSUPPORTED);
	ck_assert_str_eq(e.msg, "memory.max can't be set: the cgroup controller 'memory' isn't "
				"available");
	resources.memory_limit.value = -1;
	ck_ok(apply(&e), e);
	resources = (struct container_resources){.pids_limit = V(1)};
	ck_assert_int_eq(apply(&e), -ENOENT);
	ck_assert_str_eq(e.msg, "pids.max can't be set: this kernel's controller 'pids' doesn't "
				"have it");
}
END_TEST

START_TEST(a_weight_goes_to_the_file_that_is_there)
{
	struct err e = ERR_NONE;

	tree_file(&tree, "io.weight", "");
	resources.io_weight = (struct resource_value)V(500);
	ck_ok(apply(&e), e);
	assert_content("io.weight", "4950");
	tree_file(&tree, "io.bfq.weight", "");
	ck_ok(apply(&e), e);
	assert_content("io.bfq.weight", "500");
}
END_TEST

START_TEST(a_limit_below_the_usage_is_refused_on_request)
{
	struct err e = ERR_NONE;

	tree_file(&tree, "memory.max", "");
	tree_file(&tree, "memory.current", "101\n");
	resources.memory_limit = (struct resource_value)V(100);
	resources.memory_check_before_update = (struct resource_value)V(1);
	ck_assert_int_eq(apply(&e), -EBUSY);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	assert_content("memory.max", "");
	resources.memory_limit.value = 101;
	ck_ok(apply(&e), e);
	assert_content("memory.max", "101");
}
END_TEST

SUITE("runtime/resources", setup, teardown, numbers_become_the_writes_of_runc_and_crun,
      what_makes_no_sense_is_refused_by_name, rates_are_a_line_of_io_max_each,
      a_device_has_a_weight_of_its_own, named_limits_and_lists_are_written_as_they_are,
      a_name_cannot_lead_out_of_the_cgroup, only_what_limits_needs_a_controller, lists_are_bounded,
      a_missing_controller_is_named_when_it_is_needed, a_weight_goes_to_the_file_that_is_there,
      a_limit_below_the_usage_is_refused_on_request)
