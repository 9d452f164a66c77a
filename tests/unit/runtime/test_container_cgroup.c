/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container_cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "runtime/cgroup_find.h"
#include "runtime/cgroup_ops.h"
#include "runtime/cgroup_stats.h"
#include "tests/support/suite.h"

enum { SECOND = 1000000 };

static struct container_cgroup cgroup;
static struct container_resources resources;
static char parent[64]; /* of all cgroups of this test */
static char path[128];  /* the container's */

static void setup(void)
{
	suite_need_root();
	cgroup = CONTAINER_CGROUP;
	snprintf(parent, sizeof(parent), "/anchord-test-container-%d", getpid());
	snprintf(path, sizeof(path), "%s/pod/c1", parent);
}

/* The host path of a cgroup. */
static const char *host(const char *of)
{
	static char mount[LIMIT_PATH], ret[LIMIT_PATH];
	struct err e = ERR_NONE;

	ck_ok(cgroup_find_mount(mount, &e), e);
	ck_ok(cgroup_find_host_path(mount, of, ret, &e), e);
	return ret;
}

static bool exists(const char *of)
{
	return access(host(of), F_OK) == 0;
}

static void teardown(void)
{
	char pod[128];

	container_cgroup_done(&cgroup);
	container_resources_done(&resources);
	snprintf(pod, sizeof(pod), "%s/pod", parent);
	ck_assert(!exists(path));
	rmdir(host(pod));
	rmdir(host(parent));
	ck_assert(!exists(parent));
}

static void create(void)
{
	struct err e = ERR_NONE;

	ck_ok(container_cgroup_create("c1", path, false, &resources, &cgroup, &e), e);
}

static void remove_it(void)
{
	struct err e = ERR_NONE;

	ck_ok(container_cgroup_remove(&cgroup, 5 * SECOND, &e), e);
	ck_assert(!exists(path));
}

static void on_signal(int signal)
{
	_exit(signal);
}

/* A process in the cgroup that does nothing, and exits with the number of a SIGUSR1. */
static pid_t enter(const char *procs)
{
	struct err e = ERR_NONE;
	char number[16];
	pid_t pid;

	signal(SIGUSR1, on_signal); /* here: the child may be frozen before it has done anything */
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	snprintf(number, sizeof(number), "%d", pid);
	ck_ok(cgroup_write(cgroup.fd, procs, number, &e), e);
	return pid;
}

/* The signal that has ended @pid, or its exit status. */
static int end_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- names ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *given, *own, *path;
} paths[] = {
	{"/docker/x",     "/",         "/docker/x"},
	{"/docker/x",     "/user/s",   "/docker/x"},
	{"//a/./b/../c/", "/",         "/a/c"},
	{"/../../x",      "/user/s",   "/x"},
	{"a/b",           "/",         "/a/b"},
	{"a/b",           "/one",      "/a/b"},
	{"a/b",           "/user/s",   "/user/a/b"},
	{"../../x",       "/user/s",   "/user/x"},
	{"",              "/",         "/c1"},
	{NULL,            "/user/s/t", "/user/s/c1"},
};
/* clang-format on */

START_TEST(paths_are_those_of_runc)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct err e = ERR_NONE;
		char got[LIMIT_PATH];

		ck_ok(container_cgroup_path("c1", paths[i].given, paths[i].own, got, &e), e);
		ck_assert_str_eq(got, paths[i].path);
	}
}
END_TEST

START_TEST(the_root_is_nobodys_cgroup)
{
	static const char *const given[] = {"/", "//", "..", "/a/..", "."};
	char got[LIMIT_PATH];

	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		ck_assert_int_eq(container_cgroup_path("c1", given[i], "/a/b", got, NULL), -EINVAL);
}
END_TEST

/* ---- life -------------------------------------------------------------------------------- */

START_TEST(a_cgroup_is_made_found_again_and_removed)
{
	struct container_cgroup again = CONTAINER_CGROUP;
	struct err e = ERR_NONE;

	create();
	ck_assert_str_eq(cgroup.path, path);
	ck_assert_int_eq(container_cgroup_is_populated(&cgroup, &e), 0);
	ck_ok(container_cgroup_open(path, false, &again, &e), e);
	ck_assert_int_eq(container_cgroup_is_frozen(&again, &e), 0);
	container_cgroup_done(&again);
	remove_it();
	ck_assert_int_eq(container_cgroup_is_populated(&cgroup, &e), 0);
	remove_it(); /* missing is fine */
	ck_assert_int_eq(container_cgroup_open(path, false, &again, &e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(an_empty_cgroup_is_taken_over_one_with_processes_is_not)
{
	struct container_cgroup second = CONTAINER_CGROUP;
	struct err e = ERR_NONE;
	pid_t pid;

	create();
	ck_ok(container_cgroup_freeze(&cgroup, 5 * SECOND, &e), e);
	container_cgroup_done(&cgroup);
	create();
	ck_assert_int_eq(container_cgroup_is_frozen(&cgroup, &e), 0);
	pid = enter("cgroup.procs");
	ck_assert_int_eq(container_cgroup_create("c2", path, false, &resources, &second, &e),
			 -EEXIST);
	ck_assert_int_eq(e.kind, ERR_EXISTS);
	ck_assert_int_eq(container_cgroup_is_populated(&cgroup, &e), 1);
	remove_it();
	ck_assert_int_eq(end_of(pid), SIGKILL);
}
END_TEST

START_TEST(a_present_controller_is_enabled_all_the_way_down)
{
	struct strv words = STRV(CGROUP_CONTROLLERS_MAX);
	struct err e = ERR_NONE;
	uint64_t limit = 0;

	ck_ok(cgroup_read_words(AT_FDCWD, host("/cgroup.controllers"), &words, &e), e);
	if (!strv_has(&words, "hugetlb")) {
		fprintf(stderr, "skipped: no controller hugetlb\n");
		strv_done(&words);
		return;
	}
	strv_done(&words);
	ck_ok(resource_nameds_add(&resources.hugepage_limits, "2MB", "4194304", &e), e);
	create();
	ck_ok(cgroup_read_number(cgroup.fd, "hugetlb.2MB.max", &limit, &e), e);
	ck_assert_uint_eq(limit, 4194304);
	ck_ok(cgroup_read_number(cgroup.fd, "hugetlb.2MB.rsvd.max", &limit, &e), e);
	ck_assert_uint_eq(limit, 4194304);
	container_resources_done(&resources);
	ck_ok(resource_nameds_add(&resources.unified, "hugetlb.2MB.max", "max", &e), e);
	ck_ok(container_cgroup_update(&cgroup, &resources, &e), e);
	ck_ok(cgroup_read_number(cgroup.fd, "hugetlb.2MB.max", &limit, &e), e);
	ck_assert_uint_eq(limit, UINT64_MAX);
	remove_it();
}
END_TEST

START_TEST(a_limit_without_its_controller_fails_and_leaves_nothing)
{
	struct err e = ERR_NONE;

	ck_ok(resource_nameds_add(&resources.unified, "nothing.max", "1", &e), e);
	ck_assert_int_eq(container_cgroup_create("c1", path, false, &resources, &cgroup, &e),
			 -ENOENT);
	ck_assert_int_eq(e.kind, ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(e.msg, "'nothing'"));
	ck_assert_int_eq(cgroup.fd, -EBADF);
}
END_TEST

START_TEST(processes_in_the_way_of_a_controller_are_named_at_once)
{
	struct container_cgroup inner = CONTAINER_CGROUP;
	struct err e = ERR_NONE;
	char below[160];
	pid_t pid;

	create();
	if (faccessat(cgroup.fd, "hugetlb.2MB.max", F_OK, 0) < 0) {
		fprintf(stderr, "skipped: no controller hugetlb\n");
		remove_it();
		return;
	}
	pid = enter("cgroup.procs");
	snprintf(below, sizeof(below), "%s/a/b", path);
	ck_ok(resource_nameds_add(&resources.hugepage_limits, "2MB", "0", &e), e);
	ck_assert_int_eq(container_cgroup_create("c2", below, false, &resources, &inner, &e),
			 -EBUSY);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	ck_assert_msg(strstr(e.msg, path) != NULL, "no '%s' in '%s'", path, e.msg);
	ck_assert(!exists(below));
	remove_it();
	ck_assert_int_eq(end_of(pid), SIGKILL);
}
END_TEST

/* @kill_all: by the kernel, or one by one as before Linux 5.14 */
static void assert_listed_and_killed(int (*kill_all)(int dirfd, struct err *e))
{
	struct cgroup_pids pids;
	struct err e = ERR_NONE;
	pid_t one, two;

	create();
	ck_assert_int_eq(mkdirat(cgroup.fd, "a", 0755), 0);
	ck_assert_int_eq(mkdirat(cgroup.fd, "a/b", 0755), 0);
	one = enter("cgroup.procs");
	two = enter("a/b/cgroup.procs");
	ck_ok(container_cgroup_pids(&cgroup, &pids, &e), e);
	ck_assert_uint_eq(pids.n, 2);
	ck_assert_int_eq(pids.v[0], one);
	ck_assert_int_eq(pids.v[1], two);
	cgroup_pids_done(&pids);
	ck_ok(kill_all(cgroup.fd, &e), e);
	ck_assert_int_eq(end_of(one), SIGKILL);
	ck_assert_int_eq(end_of(two), SIGKILL);
	remove_it();
}

START_TEST(all_processes_are_listed_and_killed)
{
	assert_listed_and_killed(cgroup_kill);
	container_cgroup_done(&cgroup);
	assert_listed_and_killed(cgroup_kill_each);
}
END_TEST

START_TEST(a_frozen_container_goes_on_when_thawed_and_dies_when_killed)
{
	struct err e = ERR_NONE;
	pid_t pid;

	create();
	pid = enter("cgroup.procs");
	ck_ok(container_cgroup_freeze(&cgroup, 5 * SECOND, &e), e);
	ck_assert_int_eq(container_cgroup_is_frozen(&cgroup, &e), 1);
	ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	ck_ok(container_cgroup_thaw(&cgroup, 5 * SECOND, &e), e);
	ck_assert_int_eq(container_cgroup_is_frozen(&cgroup, &e), 0);
	ck_assert_int_eq(end_of(pid), SIGUSR1);
	pid = enter("cgroup.procs");
	ck_ok(container_cgroup_freeze(&cgroup, 5 * SECOND, &e), e);
	ck_ok(container_cgroup_kill(&cgroup, &e), e);
	ck_assert_int_eq(end_of(pid), SIGKILL);
	remove_it();
}
END_TEST

START_TEST(what_is_not_counted_is_zero)
{
	static struct cgroup_stats stats;
	struct err e = ERR_NONE;
	uint64_t kills = 1;

	create();
	ck_ok(container_cgroup_oom_kills(&cgroup, &kills, &e), e);
	ck_assert_uint_eq(kills, 0);
	ck_ok(cgroup_stats_read(cgroup.fd, &stats, &e), e);
	ck_assert_uint_eq(stats.pids.current, 0);
	for (size_t i = 0; i < stats.n_hugetlb; i++)
		ck_assert_uint_eq(stats.hugetlb[i].limit, CGROUP_NO_LIMIT);
	remove_it();
}
END_TEST

START_TEST(without_systemd_a_scope_is_an_error_that_says_so)
{
	struct err e = ERR_NONE;
	int r;

	if (access("/run/systemd/private", F_OK) == 0)
		return;
	r = container_cgroup_create("c1", "a.slice:x:y", true, &resources, &cgroup, &e);
	ck_assert_int_eq(r, -EHOSTDOWN);
	ck_assert_int_eq(e.kind, ERR_UNSUPPORTED);
	ck_assert_msg(strstr(e.msg, "systemd") != NULL, "%s", e.msg);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no keeper is left */
}
END_TEST

SUITE("runtime/container_cgroup", setup, teardown, paths_are_those_of_runc,
      the_root_is_nobodys_cgroup, a_cgroup_is_made_found_again_and_removed,
      an_empty_cgroup_is_taken_over_one_with_processes_is_not,
      a_present_controller_is_enabled_all_the_way_down,
      a_limit_without_its_controller_fails_and_leaves_nothing,
      processes_in_the_way_of_a_controller_are_named_at_once, all_processes_are_listed_and_killed,
      a_frozen_container_goes_on_when_thawed_and_dies_when_killed, what_is_not_counted_is_zero,
      without_systemd_a_scope_is_an_error_that_says_so)
