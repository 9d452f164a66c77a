/* SPDX-License-Identifier: Apache-2.0 */
/* config.md, "POSIX-platform Hooks": where they run, in what order, and what they are told. */
#include "runtime/hooks.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "tests/unit/runtime/box.h"

static struct box box;
static unsigned n_scripts;

static void setup(void)
{
	box_alone();
	box_init(&box);
	box.how.state = "{\"id\":\"x\"";
	n_scripts = 0;
}

static void teardown(void)
{
	box_wipe(&box);
}

static void add_hook(enum hook_kind kind, const char *path, const char *args, uint64_t timeout_usec)
{
	struct hook hook = {
		.path = strdup(path),
		.args = STRV(LIMIT_ARGS),
		.env = STRV(LIMIT_ENV),
		.timeout_usec = timeout_usec,
	};
	struct err e = ERR_NONE;

	ck_ok(strv_split(&hook.args, args, ' ', &e), e);
	ck_ok(strv_add(&hook.env, "NAME=value", &e), e);
	ck_ok(hook_list_add(&box.spec.hooks.of[kind], &hook, &e), e);
}

/* A script of the host that appends to the file "log" of the rootfs; $L is its path. */
static void add_script(enum hook_kind kind, const char *script, uint64_t timeout_usec)
{
	char name[32], text[4096];

	snprintf(name, sizeof(name), "hooks/%u", n_scripts++);
	snprintf(text, sizeof(text), "#!/bin/sh\nL=%s\n%s\n", tree_at(&box.tree, "root/log"),
		 script);
	tree_file(&box.tree, name, text);
	ck_assert_int_eq(chmod(tree_at(&box.tree, name), 0755), 0);
	add_hook(kind, tree_at(&box.tree, name), "hook first second", timeout_usec);
}

/* What the hooks have logged. */
static const char *logged(void)
{
	static char text[8192];
	cleanup_close int fd = open(tree_at(&box.tree, "root/log"), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const char *link_of(pid_t pid, const char *file)
{
	static char text[64];
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, file);
	n = readlink(path, text, sizeof(text) - 1);
	ck_assert_int_gt((int)n, 0);
	text[n] = '\0';
	return text;
}

START_TEST(hooks_are_called_in_the_order_of_the_life_and_of_their_lists)
{
	add_hook(HOOK_START_CONTAINER, "/inside", "hook hook /log start-1", 0);
	add_hook(HOOK_START_CONTAINER, "/inside", "hook hook /log start-2", 0);
	add_script(HOOK_CREATE_CONTAINER, "echo container-1 >> $L", 0);
	add_script(HOOK_CREATE_CONTAINER, "echo container-2 >> $L", 0);
	add_script(HOOK_CREATE_RUNTIME, "echo runtime-1 >> $L", 0);
	add_script(HOOK_CREATE_RUNTIME, "echo runtime-2 >> $L", 0);
	add_script(HOOK_PRESTART, "echo prestart >> $L", 0);
	add_script(HOOK_POSTSTART, "echo poststart >> $L", 0);
	add_script(HOOK_POSTSTOP, "echo poststop >> $L", 0);
	box_says(&box, "exit", "0", NULL);
	for (char *digits = strstr(logged(), "\"pid\":"); digits;
	     digits = strstr(digits + 1, "\"pid\":"))
		memset(digits + 6, 'N', strspn(digits + 6, "0123456789"));
	ck_assert_ptr_nonnull(strstr(logged(), "prestart\nruntime-1\nruntime-2\n"
					       "container-1\ncontainer-2\n"
					       "start-1 {\"id\":\"x\",\"status\":\"created\","
					       "\"pid\":"));
	ck_assert_ptr_nonnull(strstr(logged(), "}\nstart-2 {\"id\":\"x\""));
	ck_assert_ptr_null(strstr(logged(), "post"));
}
END_TEST

static const struct {
	enum hook_kind kind;
	const char *status;
} states[] = {
	{HOOK_PRESTART, "creating"},
	{HOOK_CREATE_RUNTIME, "creating"},
	{HOOK_CREATE_CONTAINER, "creating"},
};

START_TEST(the_state_must_be_passed_over_stdin_with_the_pid_of_the_container)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct runtime_process process;
		char wanted[128];

		container_hooks_done(&box.spec.hooks);
		unlink(tree_at(&box.tree, "root/log"));
		add_script(states[i].kind, "cat >> $L", 0);
		box_runs(&box, &process, "wait", NULL);
		snprintf(wanted, sizeof(wanted), "{\"id\":\"x\",\"status\":\"%s\",\"pid\":%d}\n",
			 states[i].status, process.pid);
		ck_assert_str_eq(logged(), wanted);
		box_end(&process);
	}
}
END_TEST

START_TEST(path_args_and_env_are_those_of_the_hook)
{
	add_script(HOOK_CREATE_RUNTIME, "echo \"$# $1 $2 $NAME ${HOME-none}\" >> $L", 0);
	box_says(&box, "exit", "0", NULL);
	ck_assert_str_eq(logged(), "2 first second value none\n");
}
END_TEST

#define SHOW_NAMESPACES "readlink /proc/self/ns/mnt /proc/self/ns/net /proc/self/ns/uts >> $L"

static void assert_namespaces(pid_t pid)
{
	static const char *const files[] = {"mnt", "net", "uts"};
	char wanted[256] = "";

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		strcat(wanted, link_of(pid, files[i]));
		strcat(wanted, "\n");
	}
	ck_assert_str_eq(logged(), wanted);
}

START_TEST(prestart_and_create_runtime_are_executed_in_the_runtime_namespace)
{
	add_script(HOOK_CREATE_RUNTIME, SHOW_NAMESPACES, 0);
	box_says(&box, "exit", "0", NULL);
	assert_namespaces(getpid());
	container_hooks_done(&box.spec.hooks);
	unlink(tree_at(&box.tree, "root/log"));
	add_script(HOOK_PRESTART, SHOW_NAMESPACES, 0);
	box_says(&box, "exit", "0", NULL);
	assert_namespaces(getpid());
}
END_TEST

/* As in a pod, whose network and processes are somebody else's. */
START_TEST(the_runtime_namespace_is_that_of_the_caller_though_others_are_joined)
{
	static const enum namespace_kind joined[] = {NAMESPACE_NETWORK, NAMESPACE_UTS,
						     NAMESPACE_PID};
	struct runtime_process target, process;
	char wanted[64];

	box_runs(&box, &target, "wait", NULL);
	free(box.spec.hostname);
	box.spec.hostname = NULL;
	box_share(&box, &target, joined, ARRAY_SIZE(joined));
	add_script(HOOK_CREATE_RUNTIME, SHOW_NAMESPACES, 0);
	box_says(&box, "exit", "0", NULL);
	assert_namespaces(getpid());

	container_hooks_done(&box.spec.hooks);
	unlink(tree_at(&box.tree, "root/log"));
	add_script(HOOK_CREATE_CONTAINER, "cat >> $L", 0);
	box_runs(&box, &process, "wait", NULL);
	snprintf(wanted, sizeof(wanted), "\"pid\":%d}", process.pid);
	ck_assert_ptr_nonnull(strstr(logged(), wanted));
	box_end(&process);
	box_end(&target);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1); /* nobody stayed behind */
}
END_TEST

START_TEST(at_create_runtime_namespaces_are_there_and_the_root_is_not_pivoted)
{
	add_script(HOOK_CREATE_RUNTIME,
		   "pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/')\n"
		   "test $(readlink /proc/$pid/ns/net) != $(readlink /proc/self/ns/net) &&\n"
		   "test -e /proc/$pid/root/bin/sh && echo yes >> $L",
		   0);
	box_says(&box, "exit", "0", NULL);
	ck_assert_str_eq(logged(), "yes\n");
}
END_TEST

START_TEST(create_container_is_executed_in_the_container_namespace_before_pivot_root)
{
	char script[512];

	snprintf(script, sizeof(script),
		 "%s\ntest -x %s/inside && test -d %s/proc/self && echo mounted >> $L",
		 SHOW_NAMESPACES, tree_at(&box.tree, "staging"), tree_at(&box.tree, "staging"));
	add_script(HOOK_CREATE_CONTAINER, script, 0);
	box_says(&box, "exit", "0", NULL);
	ck_assert_ptr_nonnull(strstr(logged(), "\nmounted\n"));
	ck_assert_ptr_null(strstr(logged(), link_of(getpid(), "mnt")));
	ck_assert_ptr_null(strstr(logged(), link_of(getpid(), "net")));
	ck_assert_ptr_null(strstr(logged(), link_of(getpid(), "uts")));
}
END_TEST

START_TEST(hooks_of_a_container_with_its_own_users_run_too)
{
	box_user_namespace(&box);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root"), 0777), 0);
	add_script(HOOK_CREATE_RUNTIME, "cat /proc/self/uid_map >> $L; chmod 666 $L", 0);
	add_script(HOOK_CREATE_CONTAINER, "cat /proc/self/uid_map >> $L", 0);
	add_hook(HOOK_START_CONTAINER, "/inside", "hook hook /log start", 0);
	box_says(&box, "exit", "0", NULL);
	ck_assert_ptr_nonnull(strstr(logged(), "         0          0 4294967295\n"
					       "         0     100000      65536\n"
					       "start {"));
}
END_TEST

/* A daemon blocks and ignores signals, and runtime/init/ clears the umask. */
START_TEST(a_hook_has_the_callers_umask_and_no_signal_is_blocked)
{
	static const enum hook_kind kinds[] = {HOOK_CREATE_RUNTIME, HOOK_CREATE_CONTAINER};

	char args[512];

	/* No shell, which would unblock signals itself. */
	snprintf(args, sizeof(args), "cp /proc/self/status %s", tree_at(&box.tree, "root/log"));
	umask(0027);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		container_hooks_done(&box.spec.hooks);
		unlink(tree_at(&box.tree, "root/log"));
		add_hook(kinds[i], "/bin/cp", args, 0);
		box_says(&box, "exit", "0", NULL);
		ck_assert_ptr_nonnull(strstr(logged(), "Umask:\t0027\n"));
		ck_assert_ptr_nonnull(strstr(logged(), "SigBlk:\t0000000000000000\n"
						       "SigIgn:\t0000000000000000\n"));
	}
	umask(0022);
}
END_TEST

START_TEST(nothing_but_its_streams_is_open_in_a_hook)
{
	static const enum hook_kind kinds[] = {HOOK_CREATE_RUNTIME, HOOK_CREATE_CONTAINER};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		container_hooks_done(&box.spec.hooks);
		unlink(tree_at(&box.tree, "root/log"));
		add_script(kinds[i], "ls /proc/self/fd > $L", 0);
		box_says(&box, "exit", "0", NULL);
		ck_assert_str_eq(logged(), "0\n1\n2\n3\n"); /* 3 is the list */
	}
}
END_TEST

static const struct {
	enum hook_kind kind;
	const char *name;
} failing[] = {
	{HOOK_PRESTART, "prestart"},
	{HOOK_CREATE_RUNTIME, "createRuntime"},
	{HOOK_CREATE_CONTAINER, "createContainer"},
};

START_TEST(a_hook_that_fails_stops_the_creation_with_its_last_words)
{
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++) {
		char message[512];

		container_hooks_done(&box.spec.hooks);
		add_script(failing[i].kind, "echo no such luck >&2; exit 3", 0);
		add_script(failing[i].kind, "echo again >> $L", 0);
		snprintf(message, sizeof(message),
			 "starting the container: %s hook '%s': it failed: no such luck",
			 failing[i].name, box.spec.hooks.of[failing[i].kind].v[0].path);
		box_command(&box, "exit", "0", NULL);
		box_refused(&box, -ECHILD, message);
		ck_assert_str_eq(logged(), "");
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	}
}
END_TEST

START_TEST(a_hook_that_is_not_there_is_an_error)
{
	struct err e = ERR_NONE;

	add_hook(HOOK_CREATE_RUNTIME, "/none/hook", "hook", 0);
	box_command(&box, "exit", "0", NULL);
	ck_assert_int_lt(box_run(&box, &e), 0);
	ck_assert_str_eq(e.msg, "starting the container: createRuntime hook '/none/hook': "
				"No such file or directory");
	container_hooks_done(&box.spec.hooks);
	e = ERR_NONE;
	add_hook(HOOK_START_CONTAINER, "/none/hook", "hook", 0);
	ck_assert_int_lt(box_run(&box, &e), 0);
	ck_assert_str_eq(e.msg, "starting the container: startContainer hook '/none/hook': "
				"No such file or directory");
}
END_TEST

START_TEST(a_hook_that_runs_longer_than_its_timeout_is_killed)
{
	char message[256];

	for (size_t i = 0; i < ARRAY_SIZE(failing); i++) {
		container_hooks_done(&box.spec.hooks);
		add_script(failing[i].kind, "exec sleep 1000", 50000);
		snprintf(message, sizeof(message),
			 "starting the container: %s hook '%s': it ran longer than its timeout",
			 failing[i].name, box.spec.hooks.of[failing[i].kind].v[0].path);
		box_command(&box, "exit", "0", NULL);
		box_refused(&box, -ETIMEDOUT, message);
	}
	container_hooks_done(&box.spec.hooks);
	add_hook(HOOK_START_CONTAINER, "/inside", "inside tree", 50000);
	box_refused(&box, -ETIMEDOUT,
		    "starting the container: startContainer hook '/inside': it ran longer than "
		    "its timeout");
}
END_TEST

START_TEST(poststart_and_poststop_are_run_by_the_caller_with_the_state)
{
	static const struct {
		enum hook_kind kind;
		const char *status;
		int pid;
	} cases[] = {{HOOK_POSTSTART, "running", 7}, {HOOK_POSTSTOP, "stopped", 0}};

	add_script(HOOK_POSTSTART, "cat >> $L; echo once >> $L", 0);
	add_script(HOOK_POSTSTOP, "cat >> $L; echo twice >> $L", 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		ck_ok(hooks_run(&box.spec.hooks, cases[i].kind, box.how.state, cases[i].status,
				cases[i].pid, NULL, &e),
		      e);
	}
	ck_assert_str_eq(logged(), "{\"id\":\"x\",\"status\":\"running\",\"pid\":7}\n"
				   "once\n"
				   "{\"id\":\"x\",\"status\":\"stopped\",\"pid\":0}\n"
				   "twice\n");
}
END_TEST

START_TEST(a_failure_of_one_run_by_the_caller_says_why)
{
	char message[256];
	struct err e = ERR_NONE;

	add_script(HOOK_POSTSTOP, "echo cause; exit 1", 0);
	ck_assert_int_eq(
		hooks_run(&box.spec.hooks, HOOK_POSTSTOP, box.how.state, "stopped", 0, NULL, &e),
		-ECHILD);
	snprintf(message, sizeof(message), "poststop hook '%s' failed: cause",
		 box.spec.hooks.of[HOOK_POSTSTOP].v[0].path);
	ck_assert_str_eq(e.msg, message);
}
END_TEST

SUITE("runtime/hooks", setup, teardown,
      hooks_are_called_in_the_order_of_the_life_and_of_their_lists,
      the_state_must_be_passed_over_stdin_with_the_pid_of_the_container,
      path_args_and_env_are_those_of_the_hook,
      prestart_and_create_runtime_are_executed_in_the_runtime_namespace,
      the_runtime_namespace_is_that_of_the_caller_though_others_are_joined,
      at_create_runtime_namespaces_are_there_and_the_root_is_not_pivoted,
      create_container_is_executed_in_the_container_namespace_before_pivot_root,
      hooks_of_a_container_with_its_own_users_run_too,
      a_hook_has_the_callers_umask_and_no_signal_is_blocked,
      nothing_but_its_streams_is_open_in_a_hook,
      a_hook_that_fails_stops_the_creation_with_its_last_words,
      a_hook_that_is_not_there_is_an_error, a_hook_that_runs_longer_than_its_timeout_is_killed,
      poststart_and_poststop_are_run_by_the_caller_with_the_state,
      a_failure_of_one_run_by_the_caller_says_why)
