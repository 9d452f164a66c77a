/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "tests/unit/daemon/fake_executor.h"
#include "tests/unit/daemon/harness.h"

static struct harness h;

static void setup(void)
{
	log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
	harness_init(&h);
}

static void teardown(void)
{
	harness_done(&h);
}

/* Begin to serve on the harness's socket, from this process; it must fail. */
static void expect_refused(int r, const char *text)
{
	struct executor *ex = fake_executor_new();
	struct daemon_config config = {
		.socket = h.socket, .listen_fd = -EBADF, .authorities = h.authorities};
	struct err e = ERR_NONE;

	ck_assert_int_eq(daemon_run(ex, &config, &e), r);
	ck_assert_msg(strstr(e.msg, text) != NULL, "%s", e.msg);
	executor_free(ex);
}

START_TEST(the_socket_is_for_root_and_its_group)
{
	struct stat st;

	ck_assert_int_eq(stat(h.socket, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	ck_assert_uint_eq(st.st_uid, 0);
}
END_TEST

START_TEST(the_socket_goes_with_the_daemon)
{
	struct stat st;

	harness_stop(&h);
	ck_assert_int_eq(stat(h.socket, &st), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(a_socket_on_which_a_daemon_answers_is_left_alone)
{
	expect_refused(-EADDRINUSE, "another daemon answers");
	fd_close(harness_connect(&h));
}
END_TEST

START_TEST(what_is_not_a_socket_is_left_alone)
{
	harness_stop(&h);
	tree_file(&h.tree, "/socket", "precious");
	expect_refused(-EEXIST, "is not a socket");
}
END_TEST

START_TEST(the_socket_of_a_dead_daemon_is_replaced)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	harness_stop(&h);
	strcpy(address.sun_path, h.socket);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	fd_close(fd);
	harness_start(&h);
	fd_close(harness_connect(&h));
}
END_TEST

SUITE("daemon/server", setup, teardown, the_socket_is_for_root_and_its_group,
      the_socket_goes_with_the_daemon, a_socket_on_which_a_daemon_answers_is_left_alone,
      what_is_not_a_socket_is_left_alone, the_socket_of_a_dead_daemon_is_replaced)
