/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/suite.h"

#include "daemon/methods.h"
#include "proto/anchord/v1/executor.pb-c.h"

START_TEST(every_rpc_of_the_proto_file_has_its_row)
{
	const ProtobufCServiceDescriptor *service = &anchord__v1__executor__descriptor;

	ck_assert_str_eq(service->name, METHODS_SERVICE);
	for (unsigned i = 0; i < service->n_methods; i++) {
		const ProtobufCMethodDescriptor *rpc = &service->methods[i];
		const struct method *m = method_find(rpc->name);

		ck_assert_msg(m != NULL, "%s", rpc->name);
		ck_assert_ptr_eq(m->request, rpc->input);
		ck_assert_ptr_eq(m->reply, rpc->output);
	}
}
END_TEST

START_TEST(no_other_name_is_found)
{
	ck_assert_ptr_null(method_find(""));
	ck_assert_ptr_null(method_find("run"));
	ck_assert_ptr_null(method_find("Run "));
}
END_TEST

SUITE("daemon/methods", NULL, NULL, every_rpc_of_the_proto_file_has_its_row, no_other_name_is_found)
