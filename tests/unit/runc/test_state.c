/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/state.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/support/suite.h"

static struct container_state s, read_back;

static void setup(void)
{
	container_state_init(&s);
	container_state_init(&read_back);
	s.id = strdup("x6");
	s.oci_version = strdup("1.0.2-dev");
	s.bundle = strdup("/b/with % and \xff");
	s.rootfs = strdup("/rootfs");
	s.created = strdup("2026-11-23T21:46:40.5Z");
	s.cgroup = strdup("/a/b");
	s.trust_state = strdup("/var/lib/x");
	s.trust_authorities = strdup("/etc/x");
	s.pid = 4711;
	s.start_time = 123456789012;
	s.has_pid_namespace = s.is_trusting = s.has_poststop = true;
	strv_add(&s.annotations, "b=2=3", NULL);
	strv_add(&s.annotations, "a=", NULL);
	strv_add(&s.trust_env, "SSL_CERT_FILE=/x", NULL);
}

static void teardown(void)
{
	container_state_done(&s);
	container_state_done(&read_back);
}

START_TEST(what_is_written_is_read_back)
{
	cleanup_free char *text = container_state_to_text(&s);
	struct err e = ERR_NONE;

	ck_assert_ptr_nonnull(text);
	ck_ok(container_state_from_text(text, strlen(text), "x6", &read_back, &e), e);
	ck_assert_str_eq(read_back.bundle, s.bundle);
	ck_assert_str_eq(read_back.rootfs, s.rootfs);
	ck_assert_str_eq(read_back.oci_version, s.oci_version);
	ck_assert_str_eq(read_back.created, s.created);
	ck_assert_str_eq(read_back.cgroup, s.cgroup);
	ck_assert_str_eq(read_back.trust_state, s.trust_state);
	ck_assert_str_eq(read_back.trust_authorities, s.trust_authorities);
	ck_assert_int_eq(read_back.pid, 4711);
	ck_assert_uint_eq(read_back.start_time, 123456789012);
	ck_assert(read_back.has_pid_namespace && read_back.is_trusting && read_back.has_poststop);
	ck_assert(!read_back.has_own_keyring && !read_back.has_poststart && !read_back.is_scope);
	ck_assert_uint_eq(read_back.annotations.n, 2);
	ck_assert_str_eq(read_back.annotations.v[0], "b=2=3");
	ck_assert_str_eq(read_back.trust_env.v[0], "SSL_CERT_FILE=/x");
}
END_TEST

START_TEST(no_cut_of_it_is_taken_for_a_state)
{
	cleanup_free char *text = container_state_to_text(&s);

	for (size_t n = 0; n < strlen(text); n++) {
		struct err e = ERR_NONE;

		ck_assert_int_lt(container_state_from_text(text, n, "x6", &read_back, &e), 0);
		ck_assert_ptr_null(read_back.id);
	}
}
END_TEST

START_TEST(no_changed_byte_does_harm)
{
	cleanup_free char *text = container_state_to_text(&s);
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			struct err e = ERR_NONE;

			text[i] = (char)(text[i] ^ (1 << bit));
			if (container_state_from_text(text, n, "x6", &read_back, &e) == 0) {
				ck_assert_str_eq(read_back.id, "x6");
				ck_assert_int_eq(read_back.bundle[0], '/');
				ck_assert_int_ge(read_back.pid, 0);
			}
			container_state_done(&read_back);
			text[i] = (char)(text[i] ^ (1 << bit));
		}
	}
}
END_TEST

#define WHOLE(pid, start, more)                                                                    \
	"{\"ociVersion\":\"1.0.0\",\"id\":\"x6\",\"bundle\":\"/b\",\"rootfs\":\"/r\","             \
	"\"created\":\"\",\"pid\":" pid ",\"startTime\":" start more "}"

START_TEST(values_that_can_not_be_are_refused)
{
	static const char *const cases[] = {
		"[]",
		"null",
		"{}",
		WHOLE("-1", "0", ""),
		WHOLE("4294967297", "0", ""),
		WHOLE("\"1\"", "0", ""),
		WHOLE("1", "-1", ""),
		WHOLE("1", "1", ",\"cgroup\":\"relative\""),
		WHOLE("1", "1", ",\"cgroup\":\"/%0\""),
		WHOLE("1", "1", ",\"annotations\":{}"),
		WHOLE("1", "1", ",\"annotations\":[\"no sign\"]"),
		WHOLE("1", "1", ",\"annotations\":[1]"),
		WHOLE("1", "1", ",\"isTrusting\":true"),
		WHOLE("1", "1", ",\"pid\":2"),
	};
	struct err e = ERR_NONE;
	const char *good = WHOLE("1", "1", "");

	ck_ok(container_state_from_text(good, strlen(good), "x6", &read_back, &e), e);
	container_state_done(&read_back);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(container_state_from_text(cases[i], strlen(cases[i]), "x6",
							&read_back, &e) == -EINVAL,
			      "%s", cases[i]);
}
END_TEST

START_TEST(the_state_of_another_container_is_refused)
{
	cleanup_free char *text = container_state_to_text(&s);
	struct err e = ERR_NONE;

	ck_assert_int_eq(container_state_from_text(text, strlen(text), "x7", &read_back, &e),
			 -EINVAL);
	ck_assert_str_eq(e.msg, "state.json is damaged at 'id'");
}
END_TEST

START_TEST(the_document_has_the_keys_of_runc_in_their_order)
{
	cleanup_json json_t *running = NULL, *stopped = NULL;
	cleanup_free char *one = NULL, *other = NULL;

	free(s.bundle);
	s.bundle = strdup("/b");
	running = container_state_document(&s, CONTAINER_RUNNING, "root");
	one = json_dumps(running, JSON_COMPACT);
	ck_assert_str_eq(one, "{\"ociVersion\":\"1.0.2-dev\",\"id\":\"x6\",\"pid\":4711,"
			      "\"status\":\"running\",\"bundle\":\"/b\",\"rootfs\":\"/rootfs\","
			      "\"created\":\"2026-11-23T21:46:40.5Z\","
			      "\"annotations\":{\"a\":\"\",\"b\":\"2=3\"},\"owner\":\"root\"}");
	strv_done(&s.annotations);
	stopped = container_state_document(&s, CONTAINER_STOPPED, "");
	other = json_dumps(stopped, JSON_COMPACT);
	ck_assert_str_eq(other, "{\"ociVersion\":\"1.0.2-dev\",\"id\":\"x6\",\"pid\":0,"
				"\"status\":\"stopped\",\"bundle\":\"/b\",\"rootfs\":\"/rootfs\","
				"\"created\":\"2026-11-23T21:46:40.5Z\",\"owner\":\"\"}");
}
END_TEST

START_TEST(hooks_get_a_document_that_is_open_at_its_end)
{
	cleanup_free char *head = NULL;

	free(s.bundle);
	s.bundle = strdup("/b");
	head = container_state_document_head(&s);
	ck_assert_str_eq(head, "{\"ociVersion\":\"1.0.2-dev\",\"bundle\":\"/b\","
			       "\"annotations\":{\"a\":\"\",\"b\":\"2=3\"},\"id\":\"x6\"");
}
END_TEST

SUITE("runc/state", setup, teardown, what_is_written_is_read_back,
      no_cut_of_it_is_taken_for_a_state, no_changed_byte_does_harm,
      values_that_can_not_be_are_refused, the_state_of_another_container_is_refused,
      the_document_has_the_keys_of_runc_in_their_order,
      hooks_get_a_document_that_is_open_at_its_end)
