/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

enum { USEC_PER_SEC = 1000000 };

static int read_timeout(const struct oci_node *at, void *to, struct err *e)
{
	int64_t seconds = 0;
	int r = oci_get_signed(at, /* min= */ 1, INT32_MAX, &seconds, e);

	if (r == 0)
		*(uint64_t *)to = (uint64_t)seconds * USEC_PER_SEC;
	return r;
}

static int add_hook(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct hook, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("path", oci_read_path, FIELD(path), .is_required = true),
		OCI_MEMBER("args", oci_read_strings, FIELD(args), .max = LIMIT_ARGS),
		OCI_MEMBER("env", oci_read_environment, FIELD(env), .max = LIMIT_ENV),
		OCI_MEMBER("timeout", read_timeout, FIELD(timeout_usec)),
	};
#undef FIELD
	struct hook hook = {.args = STRV(LIMIT_ARGS), .env = STRV(LIMIT_ENV)};
	int r = oci_read_table(at, members, &hook, e);

	if (r == 0) {
		r = hook_list_add(to, &hook, e);
		if (r == 0)
			return 0;
		r = oci_wrap(at, r, e);
	}
	hook_done(&hook);
	return r;
}

static int read_list(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_HOOKS, add_hook, to, e);
}

int oci_part_hooks(const struct oci_node *at, void *to, struct err *e)
{
#define X(kind, text)                                                                              \
	OCI_MEMBER(text, read_list, offsetof(struct container_hooks, of[HOOK_##kind])),
	static const struct oci_member members[] = {HOOK_KINDS(X)};
#undef X

	return oci_read_table(at, members, to, e);
}
