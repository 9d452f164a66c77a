/* SPDX-License-Identifier: Apache-2.0 */
/* config-linux.md, "Namespaces": new ones, the runtime's own, and those that exist. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/runtime/box.h"

static struct box box;

static void setup(void)
{
	box_alone();
	box_init(&box);
}

static void teardown(void)
{
	box_wipe(&box);
}

/* "user:[4026531837]\n" of a process, 0 is this one. */
static const char *link_of(pid_t pid, enum namespace_kind kind)
{
	static char text[64];
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid ? pid : getpid(),
		 namespace_kinds[kind].file);
	n = readlink(path, text, sizeof(text) - 2);
	ck_assert_int_gt((int)n, 0);
	strcpy(text + n, "\n");
	return text;
}

static const char *says_link(enum namespace_kind kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace_kinds[kind].file);
	return box_says(&box, "links", path, NULL);
}

static void forget_names(void)
{
	free(box.spec.hostname);
	box.spec.hostname = NULL;
}

static void set(enum namespace_kind kind, enum namespace_mode mode, const char *path)
{
	struct container_namespace *ns = &box.spec.namespaces[kind];

	free(ns->path);
	*ns = (struct container_namespace){.mode = mode, .path = path ? strdup(path) : NULL};
}

static void set_path_of(enum namespace_kind kind, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, namespace_kinds[kind].file);
	set(kind, NAMESPACE_PATH, path);
}

/* A container of which all is new. */
static void run_target(struct runtime_process *ret)
{
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_MAX; kind++)
		set(kind, NAMESPACE_NEW, NULL);
	box_runs(&box, ret, "wait", NULL);
	forget_names();
}

START_TEST(if_path_is_not_specified_the_runtime_must_create_a_new_namespace)
{
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_MAX; kind++) {
		set(kind, NAMESPACE_NEW, NULL);
		ck_assert_str_ne(says_link(kind), link_of(0, kind));
	}
	box_user_namespace(&box);
	ck_assert_str_ne(says_link(NAMESPACE_USER), link_of(0, NAMESPACE_USER));
}
END_TEST

START_TEST(a_type_that_is_not_listed_is_inherited_from_the_runtime)
{
	forget_names();
	for (enum namespace_kind kind = NAMESPACE_PID; kind < NAMESPACE_MAX; kind++) {
		set(kind, NAMESPACE_HOST, NULL);
		ck_assert_str_eq(says_link(kind), link_of(0, kind));
	}
}
END_TEST

START_TEST(the_runtime_must_place_the_process_in_the_namespace_of_path)
{
	struct runtime_process target;

	run_target(&target);
	for (enum namespace_kind kind = NAMESPACE_PID; kind < NAMESPACE_MAX; kind++) {
		set_path_of(kind, target.pid);
		ck_assert_str_eq(says_link(kind), link_of(target.pid, kind));
	}
	box_end(&target);
}
END_TEST

/* The paths are the host's, also those that are opened after its mounts are out of sight. */
START_TEST(all_namespaces_may_be_those_of_paths)
{
	struct runtime_process target;

	run_target(&target);
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_MAX; kind++)
		set_path_of(kind, target.pid);
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_MAX; kind++)
		ck_assert_str_eq(says_link(kind), link_of(target.pid, kind));
	ck_assert_str_eq(box_says(&box, "list", "/", NULL), "dev inside proc sys ");
	box_end(&target);
}
END_TEST

START_TEST(a_path_that_is_not_a_namespace_of_the_type_is_an_error)
{
	char message[256];

	forget_names();
	box_command(&box, "cwd", NULL);
	set(NAMESPACE_UTS, NAMESPACE_PATH, "/proc/self/ns/ipc");
	box_refused(&box, -EINVAL,
		    "starting the container: join namespace '/proc/self/ns/ipc': "
		    "Invalid argument");
	tree_file(&box.tree, "file", "");
	set(NAMESPACE_UTS, NAMESPACE_PATH, tree_at(&box.tree, "file"));
	snprintf(message, sizeof(message),
		 "starting the container: join namespace '%s': Invalid argument",
		 tree_at(&box.tree, "file"));
	box_refused(&box, -EINVAL, message);
	set(NAMESPACE_UTS, NAMESPACE_PATH, "/none");
	box_refused(&box, -ENOENT,
		    "starting the container: open namespace '/none': No such file or directory");
}
END_TEST

START_TEST(the_container_process_is_a_child_of_the_caller)
{
	struct runtime_process target;
	char path[64], line[512];
	int parent = -1;
	FILE *stat;

	run_target(&target);
	snprintf(path, sizeof(path), "/proc/%d/stat", target.pid);
	stat = fopen(path, "re");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), stat));
	fclose(stat);
	ck_assert_int_eq(sscanf(line, "%*d (%*[^)]) %*c %d", &parent), 1);
	ck_assert_int_eq(parent, getpid());
	box_end(&target);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1); /* there is no other */
}
END_TEST

/* ---- another process in a container ---------------------------------------------------- */

static void join(const struct runtime_process *target)
{
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_MAX; kind++)
		set(kind, NAMESPACE_PATH, NULL);
	box.how.target = target->pidfd;
}

START_TEST(an_exec_is_in_all_namespaces_and_the_root_of_the_container)
{
	struct runtime_process target;

	tree_dir(&box.tree, "root/only-here");
	run_target(&target);
	join(&target);
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_MAX; kind++)
		ck_assert_str_eq(says_link(kind), link_of(target.pid, kind));
	ck_assert_str_eq(box_says(&box, "list", "/", NULL), "dev inside only-here proc sys ");
	ck_assert_ptr_nonnull(strstr(box_says(&box, "identity", NULL), " ppid 0 "));
	box_end(&target);
}
END_TEST

START_TEST(an_exec_can_see_and_signal_the_process_of_the_container)
{
	struct runtime_process target;
	struct runtime_exit ended;
	struct err e = ERR_NONE;

	box.how = LAUNCH_NONE;
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_MAX; kind++)
		set(kind, NAMESPACE_NEW, NULL);
	box_runs(&box, &target, "trap", "15", NULL);
	forget_names();
	join(&target);
	ck_assert_ptr_nonnull(strstr(box_says(&box, "cat", "/proc/1/cmdline", NULL), "/inside"));
	ck_assert_int_eq(pidfd_send_signal(target.pidfd, SIGTERM, NULL, 0), 0);
	ck_ok(runtime_reap(&target, &ended, &e), e);
	ck_assert_int_eq(ended.code, 9);
	close(target.pidfd);
}
END_TEST

START_TEST(an_exec_into_a_container_that_has_ended_is_an_error)
{
	struct runtime_process target;
	struct err e = ERR_NONE;
	int pidfd;

	run_target(&target);
	pidfd = fcntl(target.pidfd, F_DUPFD_CLOEXEC, 0);
	box_end(&target);
	target.pidfd = pidfd;
	join(&target);
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ESRCH);
	ck_assert_str_eq(e.msg, "starting the container: join namespaces of the container: "
				"No such process");
	close(pidfd);
}
END_TEST

START_TEST(an_exec_may_be_in_the_cgroup_of_the_container)
{
	struct runtime_process target;
	int leaf;

	tree_dir(&box.tree, "cgroups");
	ck_assert_int_eq(mount("none", tree_at(&box.tree, "cgroups"), "cgroup2", 0, NULL), 0);
	ck_assert_int_eq(mkdir(tree_at(&box.tree, "cgroups/anchord-test-exec"), 0755), 0);
	leaf = open(tree_at(&box.tree, "cgroups/anchord-test-exec"), O_PATH | O_CLOEXEC);
	box.how.cgroup_fd = leaf;
	run_target(&target);
	join(&target);
	box.how.cgroup_fd = leaf;
	/* The root of its cgroup namespace is the cgroup of the first process. */
	ck_assert_ptr_nonnull(strstr(box_says(&box, "cat", "/proc/self/cgroup", NULL), "0::/\n"));
	box_end(&target);
	close(leaf);
	ck_assert_int_eq(rmdir(tree_at(&box.tree, "cgroups/anchord-test-exec")), 0);
	ck_assert_int_eq(umount2(tree_at(&box.tree, "cgroups"), MNT_DETACH), 0);
}
END_TEST

START_TEST(many_execs_join_at_once)
{
	struct runtime_process target, execs[20];

	run_target(&target);
	join(&target);
	box_command(&box, "exit", "7", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(execs); i++) {
		struct err e = ERR_NONE;

		ck_ok(box_start(&box, &execs[i], &e), e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(execs); i++) {
		box_ended(&box, &execs[i]);
		ck_assert_int_eq(box.exit.code, 7);
	}
	box_end(&target);
}
END_TEST

/* ---- time ------------------------------------------------------------------------------ */

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec;
}

static void assert_near(int64_t got, int64_t wanted)
{
	ck_assert_msg(got >= wanted - 1 && got <= wanted + 10, "%lld is not %lld", (long long)got,
		      (long long)wanted);
}

START_TEST(time_offsets_are_what_the_clocks_show_beyond_the_hosts)
{
	long long monotonic, boottime;

	set(NAMESPACE_TIME, NAMESPACE_NEW, NULL);
	box.spec.monotonic = (struct time_offset){.is_set = true, .seconds = 172800};
	box.spec.boottime =
		(struct time_offset){.is_set = true, .seconds = 604800, .nanoseconds = 999999999};
	ck_assert_int_eq(sscanf(box_says(&box, "clocks", NULL), "%lld %lld", &monotonic, &boottime),
			 2);
	assert_near(monotonic, now(CLOCK_MONOTONIC) + 172800);
	assert_near(boottime, now(CLOCK_BOOTTIME) + 604800);
}
END_TEST

START_TEST(an_offset_before_the_start_of_the_clock_is_an_error)
{
	struct err e = ERR_NONE;

	set(NAMESPACE_TIME, NAMESPACE_NEW, NULL);
	box.spec.monotonic = (struct time_offset){.is_set = true, .seconds = -4000000000};
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ERANGE);
	ck_assert_str_eq(e.msg,
			 "starting the container: time offsets: Numerical result out of range");
}
END_TEST

START_TEST(time_offsets_go_with_joined_namespaces)
{
	struct runtime_process target;
	long long monotonic;

	run_target(&target);
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_TIME; kind++)
		set_path_of(kind, target.pid);
	set(NAMESPACE_TIME, NAMESPACE_NEW, NULL);
	box.spec.monotonic = (struct time_offset){.is_set = true, .seconds = 172800};
	ck_assert_int_eq(sscanf(box_says(&box, "clocks", NULL), "%lld", &monotonic), 1);
	assert_near(monotonic, now(CLOCK_MONOTONIC) + 172800);
	box_end(&target);
}
END_TEST

SUITE("runtime/namespaces", setup, teardown,
      if_path_is_not_specified_the_runtime_must_create_a_new_namespace,
      a_type_that_is_not_listed_is_inherited_from_the_runtime,
      the_runtime_must_place_the_process_in_the_namespace_of_path,
      all_namespaces_may_be_those_of_paths, a_path_that_is_not_a_namespace_of_the_type_is_an_error,
      the_container_process_is_a_child_of_the_caller,
      an_exec_is_in_all_namespaces_and_the_root_of_the_container,
      an_exec_can_see_and_signal_the_process_of_the_container,
      an_exec_into_a_container_that_has_ended_is_an_error,
      an_exec_may_be_in_the_cgroup_of_the_container, many_execs_join_at_once,
      time_offsets_are_what_the_clocks_show_beyond_the_hosts,
      an_offset_before_the_start_of_the_clock_is_an_error, time_offsets_go_with_joined_namespaces)
