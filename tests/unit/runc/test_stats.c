/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/stats.h"

#include <string.h>

#include "tests/support/suite.h"

static struct cgroup_stats stats;
static struct buf line;

static void setup(void)
{
	memset(&stats, 0, sizeof(stats));
	line = BUF(1 << 16);
}

static void teardown(void)
{
	buf_done(&line);
}

#define CPUSET                                                                                     \
	"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"                  \
	"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"                  \
	"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
#define NO_KERNEL "\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}"
#define END       ",\"intel_rdt\":{},\"network_interfaces\":null}}\n"

START_TEST(without_controllers_it_is_what_runc_prints)
{
	struct err e = ERR_NONE;

	stats.cpu = (struct cgroup_stats_cpu){
		.is_present = true, .usage_usec = 26653, .system_usec = 17768, .user_usec = 8884};
	stats.pids.current = 1;
	stats.n_hugetlb = 2;
	strcpy(stats.hugetlb[0].size, "1GB");
	strcpy(stats.hugetlb[1].size, "2MB");
	ck_ok(stats_print("x6", &stats, &line, &e), e);
	ck_assert_str_eq(
		line.data,
		"{\"type\":\"stats\",\"id\":\"x6\",\"data\":{\"cpu\":{\"usage\":{\"total\":"
		"26653000,\"kernel\":17768000,\"user\":8884000},\"throttling\":{}}," CPUSET
		"\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,"
		"\"failcnt\":0}," NO_KERNEL "},\"pids\":{\"current\":1},\"blkio\":{},\"hugetlb\":{"
		"\"1GB\":{\"failcnt\":0},\"2MB\":{\"failcnt\":0}}" END);
}
END_TEST

START_TEST(no_limit_is_the_largest_number)
{
	struct err e = ERR_NONE;

	stats.memory = (struct cgroup_stats_memory){.is_present = true,
						    .usage = 4096,
						    .limit = CGROUP_NO_LIMIT,
						    .swap_usage = 100,
						    .swap_limit = 5,
						    .n_stat = 1};
	strcpy(stats.memory.stat[0].name, "file");
	stats.memory.stat[0].value = 7;
	stats.pids.limit = CGROUP_NO_LIMIT;
	ck_ok(stats_print("x", &stats, &line, &e), e);
	ck_assert_ptr_nonnull(
		strstr(line.data, "\"memory\":{\"cache\":7,\"usage\":{\"limit\":"
				  "18446744073709551615,\"usage\":4096,\"failcnt\":0},\"swap\":{"
				  "\"limit\":18446744073709551615,\"usage\":4196,\"failcnt\":0}"));
	ck_assert_ptr_nonnull(strstr(line.data, "\"raw\":{\"file\":7}}"));
	ck_assert_ptr_nonnull(strstr(line.data, "\"pids\":{}"));
}
END_TEST

START_TEST(devices_have_a_row_for_each_direction)
{
	struct err e = ERR_NONE;

	stats.n_io = 1;
	stats.io[0] = (struct cgroup_stats_io){.major = 8, .read_bytes = 1, .write_ops = 2};
	ck_ok(stats_print("x", &stats, &line, &e), e);
	ck_assert_ptr_nonnull(
		strstr(line.data, "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":"
				  "0,\"op\":\"Read\",\"value\":1},{\"major\":8,\"minor\":0,\"op\":"
				  "\"Write\",\"value\":0}"));
}
END_TEST

SUITE("runc/stats", setup, teardown, without_controllers_it_is_what_runc_prints,
      no_limit_is_the_largest_number, devices_have_a_row_for_each_direction)
