/* SPDX-License-Identifier: Apache-2.0 */
/* config.md, "Process": terminal and consoleSize. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "tests/unit/runtime/console.h"

static struct box box;
static struct console console;

static void setup(void)
{
	box_alone();
	box_init(&box);
	console_init(&console, &box);
}

static void teardown(void)
{
	console_done(&console);
	box_wipe(&box);
}

static const char *says_tty(void)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	box_command(&box, "tty", NULL);
	ck_ok(box_start(&box, &process, &e), e);
	console_receive(&console);
	console_read(&console);
	box_ended(&box, &process);
	return console.text;
}

START_TEST(a_terminal_is_attached_to_the_process_and_its_streams)
{
	ck_assert_str_eq(says_tty(),
			 "111 /dev/pts/0 24x80 controlling foreground owner 0 console yes");
	ck_assert_str_eq(console.name, "/dev/pts/0");
}
END_TEST

START_TEST(console_size_is_left_to_the_kernel_if_it_is_not_given)
{
	box.spec.process.terminal.rows = box.spec.process.terminal.columns = 0;
	ck_assert_str_eq(says_tty(),
			 "111 /dev/pts/0 0x0 controlling foreground owner 0 console yes");
}
END_TEST

START_TEST(the_terminal_belongs_to_the_user)
{
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(says_tty(),
			 "111 /dev/pts/0 24x80 controlling foreground owner 1000 console yes");
}
END_TEST

START_TEST(users_of_a_namespace_have_one_too)
{
	box_user_namespace(&box);
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(says_tty(),
			 "111 /dev/pts/0 24x80 controlling foreground owner 1000 console yes");
}
END_TEST

START_TEST(what_is_typed_arrives)
{
	struct runtime_process process;
	struct err e = ERR_NONE;

	box_command(&box, "read", "0", NULL);
	ck_ok(box_start(&box, &process, &e), e);
	console_receive(&console);
	ck_assert_int_eq(write(console.master, "hello\n", 6), 6);
	box_ended(&box, &process);
	ck_assert_ptr_nonnull(strstr(console_read(&console), "hello\nhello\n")); /* and its echo */
}
END_TEST

/* Runs "tty" in a container that waits. */
static void exec_in_container(uid_t owner)
{
	struct runtime_process target;
	char wanted[128];

	box.spec.process.terminal.is_wanted = false;
	box_runs(&box, &target, "wait", NULL);
	for (enum namespace_kind kind = NAMESPACE_MOUNT; kind < NAMESPACE_TIME; kind++)
		box.spec.namespaces[kind].mode = NAMESPACE_PATH;
	if (box.spec.namespaces[NAMESPACE_USER].mode == NAMESPACE_NEW)
		box.spec.namespaces[NAMESPACE_USER].mode = NAMESPACE_PATH;
	free(box.spec.hostname);
	free(box.spec.uid_maps.v);
	free(box.spec.gid_maps.v);
	box.spec.hostname = NULL;
	box.spec.uid_maps = box.spec.gid_maps = (struct id_maps){.v = NULL};
	box.how.target = target.pidfd;
	box.spec.process.terminal.is_wanted = true;
	snprintf(wanted, sizeof(wanted),
		 "111 /dev/pts/0 24x80 controlling foreground owner %u console no", owner);
	ck_assert_str_eq(says_tty(), wanted);
	box_end(&target);
}

START_TEST(an_exec_may_have_a_terminal_of_the_container)
{
	exec_in_container(0);
}
END_TEST

START_TEST(an_exec_of_users_of_a_namespace_too)
{
	box_user_namespace(&box);
	box_user(&box, 1000, 1000);
	exec_in_container(1000);
}
END_TEST

/* ---- attacks --------------------------------------------------------------------------- */

static void without_dev(void)
{
	mount_specs_done(&box.spec.mounts);
	box_mount(&box, "proc", "proc", "/proc", "");
	box_mount(&box, "devpts", "devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620");
	tree_dir(&box.tree, "root/dev/pts");
}

START_TEST(a_console_of_the_image_is_covered)
{
	without_dev();
	tree_file(&box.tree, "root/dev/console", "text");
	ck_assert_str_eq(says_tty(),
			 "111 /dev/pts/0 24x80 controlling foreground owner 0 console yes");
}
END_TEST

START_TEST(a_console_that_is_a_link_is_refused)
{
	without_dev();
	tree_file(&box.tree, "victim", "text");
	tree_link(&box.tree, "root/dev/console", tree_at(&box.tree, "victim"));
	box_command(&box, "tty", NULL);
	box_refused(&box, -EXDEV,
		    "starting the container: terminal '/dev/console': it doesn't lie where it has "
		    "to in the "
		    "container");
	tree_link(&box.tree, "root/dev/elsewhere", "../../../victim");
}
END_TEST

START_TEST(a_devpts_that_is_none_is_refused)
{
	struct err e = ERR_NONE;

	mount_specs_done(&box.spec.mounts);
	tree_dir(&box.tree, "root/dev/pts");
	tree_file(&box.tree, "root/dev/pts/ptmx", "");
	box_command(&box, "tty", NULL);
	ck_assert_int_eq(box_run(&box, &e), -EXDEV);
}
END_TEST

START_TEST(a_terminal_that_nobody_takes_is_an_error)
{
	struct err e = ERR_NONE;

	box.how.console_socket = -EBADF;
	box_command(&box, "tty", NULL);
	ck_assert_int_lt(box_run(&box, &e), 0);
	ck_assert_str_eq(e.msg, "starting the container: a terminal is wanted, but there is no "
				"console socket");
}
END_TEST

SUITE("runtime/terminal", setup, teardown, a_terminal_is_attached_to_the_process_and_its_streams,
      console_size_is_left_to_the_kernel_if_it_is_not_given, the_terminal_belongs_to_the_user,
      users_of_a_namespace_have_one_too, what_is_typed_arrives,
      an_exec_may_have_a_terminal_of_the_container, an_exec_of_users_of_a_namespace_too,
      a_console_of_the_image_is_covered, a_console_that_is_a_link_is_refused,
      a_devpts_that_is_none_is_refused, a_terminal_that_nobody_takes_is_an_error)
