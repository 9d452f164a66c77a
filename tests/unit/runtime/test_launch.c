/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a container: its start, its end, and what it has. */
#include "runtime/launch.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/init_image.h"
#include "tests/unit/runtime/box.h"

static struct box box;

static void setup(void)
{
	suite_need_root();
	box_init(&box);
}

static void teardown(void)
{
	box_done(&box);
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void set_command(const char *name)
{
	strv_done(&box.spec.process.args);
	ck_assert_int_eq(strv_add(&box.spec.process.args, name, NULL), 0);
}

START_TEST(the_exit_code_is_that_of_the_process)
{
	box_says(&box, "exit", "0", NULL);
	ck_assert_int_eq(box.exit.code, 0);
	box_says(&box, "exit", "42", NULL);
	ck_assert_int_eq(box.exit.code, 42);
	ck_assert_int_eq(box.exit.signal, 0);
}
END_TEST

START_TEST(a_killed_process_has_a_signal_and_128_more_as_its_code)
{
	box_says(&box, "kill", "4", NULL);
	ck_assert_int_eq(box.exit.signal, SIGILL);
	ck_assert_int_eq(box.exit.code, 128 + SIGILL);
}
END_TEST

START_TEST(the_pidfd_is_readable_when_the_process_has_ended)
{
	struct runtime_process process;
	struct runtime_exit ended;
	struct err e = ERR_NONE;

	box_command(&box, "tree", NULL);
	ck_ok(box_start(&box, &process, &e), e);
	ck_assert_int_eq(kill(process.pid, SIGKILL), 0);
	ck_ok(runtime_reap(&process, &ended, &e), e);
	ck_assert_int_eq(ended.signal, SIGKILL);
	close(process.pidfd);
}
END_TEST

START_TEST(arguments_and_environment_arrive_exactly)
{
	ck_assert_int_eq(strv_add(&box.spec.process.env, "A=1", NULL), 0);
	ck_assert_int_eq(strv_add(&box.spec.process.env, "EMPTY=", NULL), 0);
	ck_assert_str_eq(box_says(&box, "env", NULL), "[A=1][EMPTY=]");
	ck_assert_str_eq(box_says(&box, "args", "", "a b", "\n", "$x", NULL), "[][a b][\n][$x]");
}
END_TEST

START_TEST(a_name_without_a_slash_is_looked_up_in_the_path_of_the_environment)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(strv_add(&box.spec.process.env, "PATH=/none:/proc:/", NULL), 0);
	set_command("inside");
	ck_ok(box_run(&box, &e), e);
	ck_assert_int_eq(box.exit.code, 99);
}
END_TEST

static const struct {
	const char *path;
	const char *command;
	int r;
	enum err_kind kind;
	const char *msg;
} failures[] = {
	{"PATH=/", "none", -ENOENT, ERR_COMMAND_NOT_FOUND,
	 "starting the container: execute 'none': command not found"},
	{"PATH=/", "/none", -ENOENT, ERR_COMMAND_NOT_FOUND,
	 "starting the container: execute '/none': command not found"},
	{"PATH=/", "/inside/x", -ENOENT, ERR_COMMAND_NOT_FOUND,
	 "starting the container: execute '/inside/x': not a directory"},
	{"PATH=/none:/", "text", -EACCES, ERR_NOT_EXECUTABLE,
	 "starting the container: execute '//text': permission denied"},
	{"PATH=/", "/dev", -EACCES, ERR_NOT_EXECUTABLE,
	 "starting the container: execute '/dev': permission denied"},
	{"PATH=/", "format", -ENOEXEC, ERR_NOT_EXECUTABLE,
	 "starting the container: execute '//format': exec format error"},
};

START_TEST(a_command_that_cannot_be_run_is_an_error_that_says_why)
{
	tree_file(&box.tree, "root/text", "text");
	tree_file(&box.tree, "root/format", "no program");
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/format"), 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct err e = ERR_NONE;

		strv_done(&box.spec.process.env);
		ck_assert_int_eq(strv_add(&box.spec.process.env, failures[i].path, NULL), 0);
		set_command(failures[i].command);
		ck_assert_int_eq(box_run(&box, &e), failures[i].r);
		ck_assert_int_eq(e.kind, failures[i].kind);
		ck_assert_str_eq(e.msg, failures[i].msg);
	}
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1); /* no child is left */
}
END_TEST

START_TEST(a_user_can_only_run_what_that_user_may_run)
{
	struct err e = ERR_NONE;

	box_user(&box, 1000, 1000);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/inside"), 0700), 0);
	set_command("/inside");
	ck_assert_int_eq(box_run(&box, &e), -EACCES);
	ck_assert_int_eq(e.kind, ERR_NOT_EXECUTABLE);
}
END_TEST

START_TEST(a_missing_working_directory_is_named)
{
	struct err e = ERR_NONE;

	free(box.spec.process.cwd);
	box.spec.process.cwd = strdup("/none/here");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ENOENT);
	ck_assert_int_eq(e.kind, ERR_NOT_FOUND);
	ck_assert_str_eq(e.msg, "starting the container: working directory '/none/here': "
				"No such file or directory");
}
END_TEST

START_TEST(the_working_directory_is_entered_as_root_for_any_user)
{
	tree_dir(&box.tree, "root/home");
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/home"), 0700), 0);
	free(box.spec.process.cwd);
	box.spec.process.cwd = strdup("/home");
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(box_says(&box, "cwd", NULL), "/home");
}
END_TEST

/* The attack: cwd by way of a descriptor of the host that was left open. */
START_TEST(no_descriptor_of_the_host_can_be_the_working_directory)
{
	int host = open("/", O_RDONLY | O_DIRECTORY);

	ck_assert_int_lt(host, 16);
	for (int fd = 3; fd < 16; fd++) {
		struct err e = ERR_NONE;
		int r;

		free(box.spec.process.cwd);
		ck_assert_int_gt(asprintf(&box.spec.process.cwd, "/proc/self/fd/%d", fd), 0);
		box_command(&box, "cwd", NULL);
		r = box_run(&box, &e);
		/* A staged launch has the pipe of its report there. */
		ck_assert_msg(r == -ENOENT || r == -ENOTDIR, "%d: %d", fd, r);
	}
	close(host);
}
END_TEST

START_TEST(user_groups_and_all_three_kinds_of_ids_are_set)
{
	box_user(&box, 1000, 1001);
	box.spec.process.user.groups = calloc(2, sizeof(gid_t));
	box.spec.process.user.groups[0] = 7;
	box.spec.process.user.groups[1] = 8;
	box.spec.process.user.n_groups = 2;
	ck_assert_str_eq(box_says(&box, "ids", NULL), "1000,1000,1000 1001,1001,1001 7 8");
}
END_TEST

START_TEST(root_has_no_supplementary_groups_of_the_daemon)
{
	ck_assert_str_eq(box_says(&box, "ids", NULL), "0,0,0 0,0,0");
}
END_TEST

START_TEST(capabilities_are_those_of_docker)
{
	const char *status = box_says(&box, "cat", "/proc/self/status", NULL);

	ck_assert_ptr_nonnull(strstr(status, "CapInh:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapPrm:\t00000000a80425fb\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapEff:\t00000000a80425fb\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapBnd:\t00000000a80425fb\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapAmb:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "NoNewPrivs:\t0\n"));

	box_user(&box, 1000, 0);
	status = box_says(&box, "cat", "/proc/self/status", NULL);
	ck_assert_ptr_nonnull(strstr(status, "CapPrm:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapEff:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapBnd:\t00000000a80425fb\n"));
}
END_TEST

/* They would survive execve() by another way than the bounding set. */
START_TEST(inheritable_and_ambient_capabilities_of_the_daemon_stay_behind)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	const char *status;

	ck_assert_int_eq((int)syscall(SYS_capget, &header, data), 0);
	data[0].inheritable |= 1u << CAP_CHOWN;
	ck_assert_int_eq(sys_capset(&header, data), 0);
	ck_assert_int_eq(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0), 0);
	status = box_says(&box, "cat", "/proc/self/status", NULL);
	ck_assert_ptr_nonnull(strstr(status, "CapInh:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "CapAmb:\t0000000000000000\n"));
}
END_TEST

START_TEST(the_session_keyring_is_not_the_daemons)
{
	long own = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	ck_assert_int_ne(own, atol(box_says(&box, "keyring", NULL)));
}
END_TEST

START_TEST(denied_calls_get_eperm_and_unknown_ones_enosys)
{
	ck_assert_ptr_nonnull(
		strstr(box_says(&box, "cat", "/proc/self/status", NULL), "Seccomp:\t2\n"));
	ck_assert_str_eq(box_says(&box, "syscalls", NULL), "mount EPERM\n"
							   "swapon EPERM\n"
							   "unknown ENOSYS\n"
							   "bpf EPERM\n"
							   "personality ok\n"
							   "personality 0x40000 ENOSYS\n");
}
END_TEST

START_TEST(the_process_is_the_first_of_its_own_namespaces)
{
	static const char *const names[] = {"mnt", "pid", "ipc", "uts", "net", "cgroup"};

	ck_assert_str_eq(box_says(&box, "identity", NULL),
			 "pid 1 ppid 0 sid 1 host anchord umask 022");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64], own[64] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		ck_assert_int_gt((int)readlink(path, own, sizeof(own) - 1), 0);
		strcat(own, "\n");
		ck_assert_str_ne(box_says(&box, "links", path, NULL), own);
	}
	free(box.spec.hostname);
	box.spec.hostname = strdup("build-7");
	ck_assert_ptr_nonnull(strstr(box_says(&box, "identity", NULL), " host build-7 "));
}
END_TEST

START_TEST(network_none_has_loopback_up_and_nothing_else)
{
	ck_assert_str_eq(box_says(&box, "list", "/sys/class/net", NULL), "lo ");
	ck_assert_str_eq(box_says(&box, "cat", "/sys/class/net/lo/flags", NULL), "0x9\n");
}
END_TEST

START_TEST(network_host_is_shared_and_a_path_is_joined)
{
	char own[64] = "";

	ck_assert_int_gt((int)readlink("/proc/self/ns/net", own, sizeof(own) - 1), 0);
	strcat(own, "\n");
	box.spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_HOST;
	ck_assert_str_eq(box_says(&box, "links", "/proc/self/ns/net", NULL), own);

	box.spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_PATH;
	box.spec.namespaces[NAMESPACE_NETWORK].path = strdup("/proc/self/ns/net");
	ck_assert_str_eq(box_says(&box, "links", "/proc/self/ns/net", NULL), own);
}
END_TEST

START_TEST(a_missing_network_namespace_is_named)
{
	struct err e = ERR_NONE;

	box.spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_PATH;
	box.spec.namespaces[NAMESPACE_NETWORK].path = strdup("/run/netns/none");
	box_command(&box, "cwd", NULL);
	ck_assert_int_eq(box_run(&box, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "starting the container: open namespace '/run/netns/none': "
				"No such file or directory");
}
END_TEST

START_TEST(nothing_but_the_standard_streams_is_open)
{
	int leak = open("/etc", O_RDONLY | O_DIRECTORY); /* without O_CLOEXEC */

	ck_assert_str_eq(box_says(&box, "fds", NULL), "0 1 2 ");
	close(leak);
}
END_TEST

START_TEST(standard_streams_may_come_in_any_order_of_their_numbers)
{
	int out = box.stdio[1], null = box.stdio[0], saved[3];
	const char *said;
	char text[64] = "";

	fflush(NULL);
	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
	dup2(out, 0); /* 0 becomes the output, 2 the input, 1 stays something else */
	dup2(null, 2);
	box.stdio[0] = 2;
	box.stdio[1] = 0;
	box.stdio[2] = 0;
	said = box_says(&box, "args", "hello", NULL);
	snprintf(text, sizeof(text), "%s", said);
	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	box.stdio[0] = null;
	box.stdio[1] = box.stdio[2] = out;
	ck_assert_str_eq(text, "[hello]");
}
END_TEST

START_TEST(signals_are_neither_ignored_nor_blocked)
{
	sigset_t some;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigprocmask(SIG_BLOCK, &some, NULL);
	ck_assert_str_eq(box_says(&box, "signals", NULL), "");
	sigprocmask(SIG_BLOCK, NULL, &some);
	ck_assert_int_eq(sigismember(&some, SIGUSR1), 1); /* ours are as they were */
	ck_assert_int_eq(sigismember(&some, SIGUSR2), 0);
}
END_TEST

/* Launches "tree", which never ends, tells the pid and ends. */
static void launch_and_end(int pid_out)
{
	struct runtime_process p = {.pid = -1};
	struct err e = ERR_NONE;

	box_command(&box, "tree", "2", NULL);
	box.spec.die_with_parent = true;
	if (box_start(&box, &p, &e) < 0 || write(pid_out, &p.pid, sizeof(p.pid)) < 0)
		_exit(1);
	_exit(0);
}

START_TEST(the_container_ends_with_the_thread_that_launched_it_if_it_shall)
{
	pid_t container = -1;
	int fds[2];
	int status;
	pid_t parent;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0)
		launch_and_end(fds[1]);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq((int)read(fds[0], &container, sizeof(container)), (int)sizeof(container));
	ck_assert_int_eq(waitpid(container, &status, 0), container);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(the_limit_of_open_files_is_the_given_one)
{
	box.spec.process.rlimits.v[box.spec.process.rlimits.n++] = (struct container_rlimit){
		.resource = RLIMIT_NOFILE, .soft = 77, .keeps_hard = true};
	ck_assert_ptr_nonnull(strstr(box_says(&box, "cat", "/proc/self/limits", NULL),
				     "Max open files            77 "));
}
END_TEST

START_TEST(a_plan_is_launched_once)
{
	struct runtime_plan *plan = NULL;
	struct runtime_process process;
	struct runtime_exit ended;
	struct err e = ERR_NONE;

	box_command(&box, "exit", "0", NULL);
	memcpy(box.how.stdio, box.stdio, sizeof(box.stdio));
	ck_ok(runtime_plan_new(&box.spec, tree_at(&box.tree, "staging"), &plan, &e), e);
	ck_ok(runtime_launch(plan, &box.how, &process, &e), e);
	ck_ok(runtime_reap(&process, &ended, &e), e);
	ck_assert_int_eq(runtime_launch(plan, &box.how, &process, &e), -EINVAL);
	close(process.pidfd);
	runtime_plan_free(plan);
}
END_TEST

START_TEST(a_hundred_launches_leave_no_descriptor_and_no_child)
{
	int before;

	box_says(&box, "exit", "0", NULL);
	before = count_fds();
	for (int i = 0; i < 100; i++)
		box_says(&box, "exit", "0", NULL);
	ck_assert_int_eq(count_fds(), before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}
END_TEST

static atomic_bool stop;

/* Other threads go on allocating and changing what libc locks. */
static void *busy(void *arg)
{
	(void)arg;
	while (!stop) {
		char *p = NULL;

		if (asprintf(&p, "%d", (int)random()) < 0)
			break;
		free(p);
	}
	return NULL;
}

static void *launch_many(void *arg)
{
	struct box *own = arg;
	struct err e = ERR_NONE;

	for (int i = 0; i < 50; i++)
		if (box_run(own, &e) < 0 || own->exit.code != 7)
			return own; /* failed */
	return NULL;
}

START_TEST(many_threads_launch_while_others_allocate)
{
	pthread_t allocating[2], launching[2];
	static struct box second;
	void *failed[2];

	box_init(&second);
	box_command(&box, "exit", "7", NULL);
	box_command(&second, "exit", "7", NULL);
	for (int i = 0; i < 2; i++) {
		pthread_create(&allocating[i], NULL, busy, NULL);
		pthread_create(&launching[i], NULL, launch_many, i ? &second : &box);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(launching[i], &failed[i]);
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(allocating[i], NULL);
	ck_assert_ptr_null(failed[0]);
	ck_assert_ptr_null(failed[1]);
	box_done(&second);
}
END_TEST

/* All staged launches of a process share it, and root of a container may own what it runs. */
START_TEST(a_program_that_was_disarmed_is_armed_again)
{
	int program = init_image_fd(NULL);

	ck_assert_int_ge(program, 0);
	box.spec.is_staged = true;
	ck_assert_int_eq(fchmod(program, 0), 0);
	box_says(&box, "exit", "3", NULL);
	ck_assert_int_eq(box.exit.code, 3);
}
END_TEST

SUITE("runtime/launch", setup, teardown, the_exit_code_is_that_of_the_process,
      a_killed_process_has_a_signal_and_128_more_as_its_code,
      the_pidfd_is_readable_when_the_process_has_ended, arguments_and_environment_arrive_exactly,
      a_name_without_a_slash_is_looked_up_in_the_path_of_the_environment,
      a_command_that_cannot_be_run_is_an_error_that_says_why,
      a_user_can_only_run_what_that_user_may_run, a_missing_working_directory_is_named,
      the_working_directory_is_entered_as_root_for_any_user,
      no_descriptor_of_the_host_can_be_the_working_directory,
      user_groups_and_all_three_kinds_of_ids_are_set,
      root_has_no_supplementary_groups_of_the_daemon, capabilities_are_those_of_docker,
      inheritable_and_ambient_capabilities_of_the_daemon_stay_behind,
      the_session_keyring_is_not_the_daemons, denied_calls_get_eperm_and_unknown_ones_enosys,
      the_process_is_the_first_of_its_own_namespaces, network_none_has_loopback_up_and_nothing_else,
      network_host_is_shared_and_a_path_is_joined, a_missing_network_namespace_is_named,
      nothing_but_the_standard_streams_is_open,
      standard_streams_may_come_in_any_order_of_their_numbers,
      signals_are_neither_ignored_nor_blocked,
      the_container_ends_with_the_thread_that_launched_it_if_it_shall,
      the_limit_of_open_files_is_the_given_one, a_plan_is_launched_once,
      a_hundred_launches_leave_no_descriptor_and_no_child,
      many_threads_launch_while_others_allocate, a_program_that_was_disarmed_is_armed_again)
