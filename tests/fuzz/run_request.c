/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Run request from the socket: checked and unpacked within its quota, every string is text, and
 * what was unpacked can be packed again.
 */
#include <string.h>

#include "proto/anchord/v1/executor.pb-c.h"
#include "proto/check.h"
#include "proto/ttrpc.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
	fuzz_promise(utf8_is_text(text, strlen(text)), "a string that is no text");
}

static void check_strings(char *const *v, size_t n)
{
	fuzz_promise(n <= LIMIT_ELEMENTS, "%zu strings", n);
	for (size_t i = 0; i < n; i++)
		check_text(v[i]);
}

static void check_request(const Anchord__V1__RunRequest *q)
{
	check_text(q->id);
	check_text(q->cwd);
	check_strings(q->args, q->n_args);
	check_strings(q->env, q->n_env);
	for (size_t i = 0; i < q->n_rootfs; i++) {
		check_text(q->rootfs[i]->type);
		check_strings(q->rootfs[i]->options, q->rootfs[i]->n_options);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_arena struct arena a = ARENA(LIMIT_ARENA);
	ProtobufCMessage *message = NULL;
	struct err e = ERR_NONE;
	uint8_t *packed;
	int r = ttrpc_unpack(&anchord__v1__run_request__descriptor, data, n, &a, &message, &e);

	fuzz_promise(a.used <= a.max, "%zu bytes of %zu", a.used, a.max);
	if (r < 0) {
		fuzz_promise(e.code == r && e.msg[0] && !message, "refused without a word");
		return 0;
	}
	check_request((const Anchord__V1__RunRequest *)message);
	packed = malloc(protobuf_c_message_get_packed_size(message) + 1);
	if (!packed)
		return 0;
	n = protobuf_c_message_pack(message, packed);
	fuzz_promise(check_message(&anchord__v1__run_request__descriptor, packed, n, &e) == 0, "%s",
		     e.msg);
	free(packed);
	return 0;
}
