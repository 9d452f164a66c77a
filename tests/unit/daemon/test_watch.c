/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "tests/unit/daemon/harness.h"

static struct harness h;

static void setup(void)
{
	harness_init(&h); /* its authorities directory does not exist, nor does its parent */
}

static void teardown(void)
{
	harness_done(&h);
}

/* How often the authorities were read since the start. */
static int count_reloads(void)
{
	Anchord__V1__AuthoritiesRequest q = ANCHORD__V1__AUTHORITIES_REQUEST__INIT;
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__AuthoritiesResponse *reply;
	int n = -1;

	harness_send(fd, 1, "Authorities", &q.base);
	reply = harness_reply(fd, 1, &anchord__v1__authorities_response__descriptor);
	ck_assert_int_eq(sscanf(reply->authorities_json, "{\"reloads\":%d}", &n), 1);
	anchord__v1__authorities_response__free_unpacked(reply, NULL);
	return n;
}

static void expect_reload_after(int before)
{
	for (int i = 0; i < 500; i++) {
		if (count_reloads() > before)
			return;
		usleep(10000);
	}
	ck_abort_msg("the authorities were not read again");
}

START_TEST(a_directory_that_is_made_later_is_noticed)
{
	int before = count_reloads();

	tree_dir(&h.tree, "/etc");
	expect_reload_after(before);
	before = count_reloads();
	tree_dir(&h.tree, "/etc/authorities.d");
	expect_reload_after(before);
	before = count_reloads();
	tree_file(&h.tree, "/etc/authorities.d/a.pem", "x");
	expect_reload_after(before);
}
END_TEST

START_TEST(a_directory_that_is_replaced_is_noticed)
{
	int before;

	tree_dir(&h.tree, "/etc/authorities.d");
	expect_reload_after(0);
	usleep(400000);
	before = count_reloads();
	ck_assert_int_eq(rmdir(tree_at(&h.tree, "/etc/authorities.d")), 0);
	expect_reload_after(before);
	ck_assert_int_eq(mkdir(tree_at(&h.tree, "/etc/authorities.d"), 0755), 0);
	usleep(400000);
	before = count_reloads();
	tree_file(&h.tree, "/etc/authorities.d/a.pem", "x");
	expect_reload_after(before);
}
END_TEST

START_TEST(many_changes_cause_one_reload)
{
	int before;

	tree_dir(&h.tree, "/etc/authorities.d");
	expect_reload_after(0);
	usleep(400000);
	before = count_reloads();
	for (int i = 0; i < 50; i++) {
		char name[64];

		snprintf(name, sizeof(name), "/etc/authorities.d/%d.pem", i);
		tree_file(&h.tree, name, "x");
	}
	usleep(600000);
	ck_assert_int_eq(count_reloads(), before + 1);
}
END_TEST

START_TEST(what_happens_beside_it_is_not_our_business)
{
	int before = count_reloads();

	tree_file(&h.tree, "/other", "x");
	usleep(400000);
	ck_assert_int_eq(count_reloads(), before);
}
END_TEST

START_TEST(a_hangup_reloads)
{
	int before = count_reloads();

	kill(h.daemon, SIGHUP);
	expect_reload_after(before);
}
END_TEST

START_TEST(a_call_reloads_before_it_answers)
{
	Anchord__V1__AuthoritiesRequest q = ANCHORD__V1__AUTHORITIES_REQUEST__INIT;
	cleanup_close int fd = harness_connect(&h);
	Anchord__V1__AuthoritiesResponse *reply;

	q.reload = true;
	harness_send(fd, 1, "Authorities", &q.base);
	reply = harness_reply(fd, 1, &anchord__v1__authorities_response__descriptor);
	ck_assert_str_eq(reply->authorities_json, "{\"reloads\":1}");
	anchord__v1__authorities_response__free_unpacked(reply, NULL);
}
END_TEST

SUITE("daemon/watch", setup, teardown, a_directory_that_is_made_later_is_noticed,
      a_directory_that_is_replaced_is_noticed, many_changes_cause_one_reload,
      what_happens_beside_it_is_not_our_business, a_hangup_reloads,
      a_call_reloads_before_it_answers)
