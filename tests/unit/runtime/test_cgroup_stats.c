/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_stats.h"

#include <fcntl.h>

#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct tree tree;
static struct cgroup_stats stats;

static void setup(void)
{
	tree_init(&tree);
}

static void teardown(void)
{
	tree_done(&tree);
}

static void read_stats(void)
{
	int fd = open(tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = ERR_NONE;

	ck_ok(cgroup_stats_read(fd, &stats, &e), e);
	close(fd);
}

START_TEST(an_empty_directory_has_nothing)
{
	read_stats();
	ck_assert(!stats.cpu.is_present && !stats.memory.is_present && !stats.pids.is_present);
	ck_assert(!stats.has_io);
	ck_assert_uint_eq(stats.n_io + stats.n_hugetlb + stats.memory.n_stat, 0);
}
END_TEST

START_TEST(numbers_come_from_their_files)
{
	tree_file(&tree, "cpu.stat",
		  "usage_usec 30\nuser_usec 10\nsystem_usec 20\nnew_key 9\n"
		  "nr_periods 4\nnr_throttled 3\nthrottled_usec 7\n");
	tree_file(&tree, "memory.current", "4096\n");
	tree_file(&tree, "memory.max", "8192\n");
	tree_file(&tree, "memory.swap.max", "max\n");
	tree_file(&tree, "memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n");
	tree_file(&tree, "memory.stat", "anon 100\nfile 200\n");
	tree_file(&tree, "pids.current", "7\n");
	tree_file(&tree, "pids.max", "max\n");
	read_stats();
	ck_assert(stats.cpu.is_present && stats.memory.is_present && stats.pids.is_present);
	ck_assert_uint_eq(stats.cpu.usage_usec, 30);
	ck_assert_uint_eq(stats.cpu.user_usec, 10);
	ck_assert_uint_eq(stats.cpu.system_usec, 20);
	ck_assert_uint_eq(stats.cpu.periods, 4);
	ck_assert_uint_eq(stats.cpu.throttled_periods, 3);
	ck_assert_uint_eq(stats.cpu.throttled_usec, 7);
	ck_assert_uint_eq(stats.memory.usage, 4096);
	ck_assert_uint_eq(stats.memory.limit, 8192);
	ck_assert_uint_eq(stats.memory.swap_limit, CGROUP_NO_LIMIT);
	ck_assert_uint_eq(stats.memory.max_events, 3);
	ck_assert_uint_eq(stats.memory.oom_kills, 5);
	ck_assert_uint_eq(cgroup_stats_memory_of(&stats.memory, "file"), 200);
	ck_assert_uint_eq(cgroup_stats_memory_of(&stats.memory, "slab"), 0);
	ck_assert_uint_eq(stats.pids.current, 7);
	ck_assert_uint_eq(stats.pids.limit, CGROUP_NO_LIMIT);
}
END_TEST

START_TEST(each_device_is_a_row)
{
	/* 7:0 has no numbers, the kernel writes it so. */
	tree_file(&tree, "io.stat",
		  "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
		  "7:0 7:1 \n253:1 rbytes=9 wbytes=0 rios=1 wios=0\n");
	read_stats();
	ck_assert(stats.has_io);
	ck_assert_uint_eq(stats.n_io, 4);
	ck_assert_uint_eq(stats.io[0].major, 8);
	ck_assert_uint_eq(stats.io[0].write_bytes, 2);
	ck_assert_uint_eq(stats.io[0].discard_ops, 6);
	ck_assert_uint_eq(stats.io[1].major, 7);
	ck_assert_uint_eq(stats.io[1].read_bytes, 0);
	ck_assert_uint_eq(stats.io[3].minor, 1);
	ck_assert_uint_eq(stats.io[3].read_bytes, 9);
}
END_TEST

START_TEST(each_page_size_is_a_row)
{
	tree_file(&tree, "hugetlb.1GB.current", "1073741824\n");
	tree_file(&tree, "hugetlb.1GB.max", "max\n");
	tree_file(&tree, "hugetlb.2MB.current", "0\n");
	tree_file(&tree, "hugetlb.2MB.rsvd.current", "5\n");
	tree_file(&tree, "hugetlb.2MB.max", "2097152\n");
	tree_file(&tree, "hugetlb.2MB.events", "max 3\n");
	read_stats();
	ck_assert_uint_eq(stats.n_hugetlb, 2);
	ck_assert_str_eq(stats.hugetlb[0].size, "1GB");
	ck_assert_uint_eq(stats.hugetlb[0].usage, 1073741824);
	ck_assert_uint_eq(stats.hugetlb[0].limit, CGROUP_NO_LIMIT);
	ck_assert_str_eq(stats.hugetlb[1].size, "2MB");
	ck_assert_uint_eq(stats.hugetlb[1].limit, 2097152);
	ck_assert_uint_eq(stats.hugetlb[1].failures, 3);
}
END_TEST

SUITE("runtime/cgroup_stats", setup, teardown, an_empty_directory_has_nothing,
      numbers_come_from_their_files, each_device_is_a_row, each_page_size_is_a_row)
