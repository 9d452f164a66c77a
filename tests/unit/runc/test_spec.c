/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/spec.h"

#include <string.h>

#include "base/cleanup.h"
#include "oci/config.h"
#include "tests/support/suite.h"

START_TEST(what_we_write_we_can_read)
{
	const struct oci_place place = {.bundle = "/b", .last_capability = 40};

	for (int rootless = 0; rootless <= 1; rootless++) {
		cleanup_json json_t *j = spec_document(rootless);
		cleanup_free char *text = json_dumps(j, JSON_INDENT(4));
		cleanup_oci_config struct oci_config config;
		struct err e = ERR_NONE;

		oci_config_init(&config);
		ck_ok(oci_config_read(text, strlen(text), &place, &config, &e), e);
		ck_assert_uint_eq(config.warnings.n, 0);
		ck_assert_int_eq(config.container.namespaces[NAMESPACE_USER].mode,
				 rootless ? NAMESPACE_NEW : NAMESPACE_HOST);
		ck_assert_int_eq(config.container.namespaces[NAMESPACE_NETWORK].mode,
				 rootless ? NAMESPACE_HOST : NAMESPACE_NEW);
		ck_assert_uint_eq(config.container.uid_maps.n, rootless);
	}
}
END_TEST

SUITE("runc/spec", NULL, NULL, what_we_write_we_can_read)
