/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/features.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "oci/config.h"
#include "runtime/seccomp_names.h"
#include "tests/support/suite.h"
#include "vfs/mount_options.h"

static json_t *document;

static void setup(void)
{
	document = features_document();
	ck_assert_ptr_nonnull(document);
}

static void teardown(void)
{
	json_decref(document);
}

static const json_t *part(const char *name)
{
	return json_object_get(json_object_get(document, "linux"), name);
}

START_TEST(every_mount_option_is_understood)
{
	const json_t *options = json_object_get(document, "mountOptions"), *option;
	size_t i;

	ck_assert_uint_gt(json_array_size(options), 50);
	json_array_foreach (options, i, option) {
		cleanup_mount_options struct mount_options o = {0};
		cleanup_mount_specs struct mount_specs specs = {0};
		const char *word = json_string_value(option);
		bool is_for_tmpfs = strcmp(word, "tmpcopyup") == 0;
		struct err e = ERR_NONE;

		ck_ok(mount_specs_add(&specs, is_for_tmpfs ? "tmpfs" : "bind", "/s", "/d", word,
				      &e),
		      e);
		ck_assert_msg(mount_options_parse(&specs.v[0], &o, &e) == 0, "%s: %s", word, e.msg);
	}
}
END_TEST

START_TEST(every_word_of_seccomp_is_known)
{
	const json_t *actions = json_object_get(part("seccomp"), "actions"), *word;
	const json_t *operators = json_object_get(part("seccomp"), "operators");
	const json_t *flags = json_object_get(part("seccomp"), "knownFlags");
	uint32_t action;
	unsigned value;
	size_t i;

	json_array_foreach (actions, i, word)
		ck_assert(seccomp_action_by_name(json_string_value(word), &action));
	json_array_foreach (operators, i, word)
		ck_assert(seccomp_op_by_name(json_string_value(word), &value));
	json_array_foreach (flags, i, word)
		ck_assert(seccomp_flag_by_name(json_string_value(word), &value));
}
END_TEST

START_TEST(every_capability_is_known)
{
	static const char before[] =
		"{\"args\":[\"x\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0},"
		"\"capabilities\":{\"bounding\":";
	cleanup_free char *list = json_dumps(part("capabilities"), JSON_COMPACT), *text = NULL;
	struct container_process p = {.args = STRV(8), .env = STRV(8)};
	cleanup_strv struct strv warnings = STRV(64);
	const struct oci_place place = {.bundle = "/", .last_capability = 40};
	struct err e = ERR_NONE;

	ck_assert_int_gt(asprintf(&text, "%s%s}}", before, list), 0);
	ck_ok(oci_process_read(text, strlen(text), &place, &p, &warnings, &e), e);
	ck_assert_uint_eq(warnings.n, 0);
	ck_assert_uint_eq(p.capabilities.bounding, (UINT64_C(1) << 41) - 1);
	container_process_done(&p);
}
END_TEST

SUITE("runc/features", setup, teardown, every_mount_option_is_understood,
      every_word_of_seccomp_is_known, every_capability_is_known)
