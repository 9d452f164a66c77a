/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources that the kernel enforces, and scopes that systemd makes: skipped where cgroup v2 has
 * no controllers; tests/vm runs it in a machine that has all.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/cgroup_find.h"
#include "runtime/cgroup_ops.h"
#include "runtime/cgroup_stats.h"
#include "runtime/container_cgroup.h"
#include "tests/support/suite.h"

enum { SECOND = 1000000, SKIP = 77, MEBIBYTE = 1 << 20 };

#define V(number) ((struct resource_value){.is_set = true, .value = (number)})

static struct container_cgroup cgroup;
static struct container_resources resources;
static struct cgroup_stats stats;
static char path[64], parent[32];

/* The controller of those that are tested that is missing, or NULL. */
static const char *missing_controller(void)
{
	static const char *const wanted[] = {"cpu", "cpuset", "io", "memory", "pids"};
	cleanup_strv struct strv words = STRV(CGROUP_CONTROLLERS_MAX);
	char mount[LIMIT_PATH], file[LIMIT_PATH];

	if (cgroup_find_mount(mount, NULL) == 0 &&
	    cgroup_find_host_path(mount, "/cgroup.controllers", file, NULL) == 0)
		cgroup_read_words(AT_FDCWD, file, &words, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strv_has(&words, wanted[i]))
			return wanted[i];
	return NULL;
}

static void setup(void)
{
	cgroup = CONTAINER_CGROUP;
	snprintf(parent, sizeof(parent), "/anchord-test-%d", getpid());
	snprintf(path, sizeof(path), "%s/c1", parent);
}

static void teardown(void)
{
	struct err e = ERR_NONE;
	char host[LIMIT_PATH];

	container_cgroup_done(&cgroup);
	container_resources_done(&resources);
	ck_ok(container_cgroup_remove(&cgroup, 5 * SECOND, &e), e);
	ck_ok(cgroup_find_host_path(cgroup.mount, parent, host, &e), e);
	rmdir(host);
}

static void create(void)
{
	struct err e = ERR_NONE;

	ck_ok(container_cgroup_create("c1", path, false, &resources, &cgroup, &e), e);
}

static void assert_file(const char *file, const char *wanted)
{
	struct buf text = BUF(LIMIT_CGROUP_FILE);
	struct err e = ERR_NONE;

	ck_ok(io_read_file_at(cgroup.fd, file, &text, &e), e);
	ck_assert_str_eq(text.n ? text.data : "", wanted);
	buf_done(&text);
}

/* How a child ends that runs @work in the cgroup: its exit status, or minus its signal. */
static int run_in(int (*work)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(cgroup_write(cgroup.fd, "cgroup.procs", "0", NULL) < 0 ? 255 : work());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int use_memory(void)
{
	char *bytes = mmap(NULL, 96 * MEBIBYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (bytes == MAP_FAILED)
		return 1;
	memset(bytes, 1, 96 * MEBIBYTE);
	return 0;
}

START_TEST(too_much_memory_kills)
{
	struct err e = ERR_NONE;
	uint64_t kills;

	resources.memory_limit = V(64 * MEBIBYTE);
	resources.memory_swap = V(64 * MEBIBYTE);
	resources.memory_reservation = V(32 * MEBIBYTE);
	create();
	assert_file("memory.max", "67108864\n");
	assert_file("memory.low", "33554432\n");
	ck_assert_int_eq(run_in(use_memory), -SIGKILL);
	ck_ok(container_cgroup_oom_kills(&cgroup, &kills, &e), e);
	ck_assert_uint_eq(kills, 1);
	ck_ok(cgroup_stats_read(cgroup.fd, &stats, &e), e);
	ck_assert(stats.memory.is_present);
	ck_assert_uint_eq(stats.memory.limit, 64 * MEBIBYTE);
	ck_assert_uint_eq(stats.memory.oom_kills, 1);
	ck_assert_uint_gt(stats.memory.n_stat, 10);
	resources = (struct container_resources){.memory_limit = V(-1)};
	ck_ok(container_cgroup_update(&cgroup, &resources, &e), e);
	assert_file("memory.max", "max\n");
	ck_assert_int_eq(run_in(use_memory), 0);
}
END_TEST

static _Noreturn void hold_memory(void)
{
	if (cgroup_write(cgroup.fd, "cgroup.procs", "0", NULL) == 0)
		use_memory();
	for (;;)
		pause();
}

START_TEST(a_limit_below_what_is_used_is_refused_on_request)
{
	struct err e = ERR_NONE;
	uint64_t used = 0;
	pid_t pid;

	create();
	pid = fork();
	if (pid == 0)
		hold_memory();
	for (int i = 0; i < 1000 && used < 96 * MEBIBYTE; i++) {
		usleep(10000);
		ck_ok(cgroup_read_number(cgroup.fd, "memory.current", &used, &e), e);
	}
	resources.memory_limit = V(32 * MEBIBYTE);
	resources.memory_check_before_update = V(1);
	ck_assert_int_eq(container_cgroup_update(&cgroup, &resources, &e), -EBUSY);
	assert_file("memory.max", "max\n");
	ck_ok(container_cgroup_kill(&cgroup, &e), e);
	waitpid(pid, NULL, 0);
}
END_TEST

static int start_processes(void)
{
	for (int n = 0; n < 8; n++) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				pause();
		if (pid < 0)
			return n;
	}
	return 100;
}

START_TEST(no_more_processes_than_allowed)
{
	struct err e = ERR_NONE;

	resources.pids_limit = V(3);
	create();
	ck_assert_int_eq(run_in(start_processes), 2); /* and the one that starts them */
	ck_ok(cgroup_stats_read(cgroup.fd, &stats, &e), e);
	ck_assert_uint_eq(stats.pids.current, 2);
	ck_assert_uint_eq(stats.pids.limit, 3);
}
END_TEST

START_TEST(processor_time_is_shared_and_bounded)
{
	struct err e = ERR_NONE;

	resources.cpu_shares = V(1024);
	resources.cpu_quota = V(50000);
	resources.cpu_burst = V(40000);
	resources.cpus = strdup("0");
	resources.mems = strdup("0");
	create();
	assert_file("cpu.weight", "39\n");
	assert_file("cpu.max", "50000 100000\n");
	assert_file("cpu.max.burst", "40000\n");
	assert_file("cpuset.cpus", "0\n");
	assert_file("cpuset.mems", "0\n");
	/* A quota below the burst that was allowed before. */
	resources.cpu_quota = V(20000);
	resources.cpu_burst = V(10000);
	ck_ok(container_cgroup_update(&cgroup, &resources, &e), e);
	assert_file("cpu.max", "20000 100000\n");
	assert_file("cpu.max.burst", "10000\n");
	resources.cpu_idle = V(1);
	ck_ok(container_cgroup_update(&cgroup, &resources, &e), e);
	assert_file("cpu.idle", "1\n");
	resources.cpu_idle = V(0);
	ck_ok(container_cgroup_update(&cgroup, &resources, &e), e);
	assert_file("cpu.weight", "39\n");
}
END_TEST

/* A disk of the machine; false if it has none. */
static bool find_disk(unsigned *ret_major, unsigned *ret_minor)
{
	cleanup_closedir DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	char file[300];

	while (dir && (entry = readdir(dir))) {
		cleanup_fclose FILE *dev = NULL;

		if (strncmp(entry->d_name, "vd", 2) != 0)
			continue;
		snprintf(file, sizeof(file), "/sys/block/%s/dev", entry->d_name);
		dev = fopen(file, "re");
		return dev && fscanf(dev, "%u:%u", ret_major, ret_minor) == 2;
	}
	return false;
}

START_TEST(disks_are_throttled)
{
	struct resource_device_rate rate = {.rate = MEBIBYTE};
	struct err e = ERR_NONE;
	char line[128];

	create();
	if (!find_disk(&rate.major, &rate.minor)) {
		fprintf(stderr, "skipped: no disk\n");
		return;
	}
	ck_ok(resource_rates_add(&resources.io_read_bps, &rate, &e), e);
	rate.rate = 100;
	ck_ok(resource_rates_add(&resources.io_write_iops, &rate, &e), e);
	resources.io_weight = V(500);
	ck_ok(container_cgroup_update(&cgroup, &resources, &e), e);
	snprintf(line, sizeof(line), "%u:%u rbps=1048576 wbps=max riops=max wiops=100\n",
		 rate.major, rate.minor);
	assert_file("io.max", line);
	if (faccessat(cgroup.fd, "io.bfq.weight", F_OK, 0) < 0)
		assert_file("io.weight", "default 4950\n");
}
END_TEST

START_TEST(a_scope_of_systemd_is_delegated_with_its_limits)
{
	struct err e = ERR_NONE;
	char given[64], wanted[96];

	create(); /* for teardown */
	container_cgroup_remove(&cgroup, SECOND, &e);
	container_cgroup_done(&cgroup);
	if (access("/run/systemd/private", F_OK) < 0) {
		fprintf(stderr, "skipped: no systemd\n");
		return;
	}
	snprintf(given, sizeof(given), "system.slice:anchord-test:%d", getpid());
	resources.memory_limit = V(64 * MEBIBYTE);
	resources.pids_limit = V(50);
	resources.cpus = strdup("0");
	ck_ok(container_cgroup_create("c1", given, true, &resources, &cgroup, &e), e);
	snprintf(wanted, sizeof(wanted), "/system.slice/anchord-test-%d.scope", getpid());
	ck_assert_str_eq(cgroup.path, wanted);
	assert_file("memory.max", "67108864\n");
	assert_file("pids.max", "50\n");
	assert_file("cpuset.cpus", "0\n");
	ck_assert_int_eq(container_cgroup_is_populated(&cgroup, &e), 1); /* the keeper */
	ck_assert_int_eq(system("systemctl daemon-reload"), 0);
	assert_file("memory.max", "67108864\n");
	assert_file("pids.max", "50\n");
	assert_file("cpuset.cpus", "0\n");
	ck_assert_int_eq(run_in(use_memory), -SIGKILL);
	ck_ok(container_cgroup_remove(&cgroup, 5 * SECOND, &e), e);
	container_cgroup_done(&cgroup);
	/* Its name is free at once. */
	ck_ok(container_cgroup_create("c1", given, true, &resources, &cgroup, &e), e);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		too_much_memory_kills,
		a_limit_below_what_is_used_is_refused_on_request,
		no_more_processes_than_allowed,
		processor_time_is_shared_and_bounded,
		disks_are_throttled,
		a_scope_of_systemd_is_delegated_with_its_limits,
	};
	const char *missing = missing_controller();

	if (missing || geteuid() != 0) {
		printf("needs root and cgroup v2's controller %s\n", missing ?: "s");
		return SKIP;
	}
	return suite_main("runtime/controllers", setup, teardown, tests, ARRAY_SIZE(tests));
}
