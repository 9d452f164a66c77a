/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/capability.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

static const char prefix[] = "CAP_";

/* The number of a capability, -1 for one that nobody knows. libcap takes numbers as names, too. */
static int number_of(const char *name)
{
	cap_value_t number;

	if (strncasecmp(name, prefix, sizeof(prefix) - 1) != 0 || cap_from_name(name, &number) < 0)
		return -1;
	return number;
}

/* Documents are written for many kernels: what this one hasn't got can't be given, nor used. */
static int add_capability(const struct oci_node *at, void *to, struct err *e)
{
	const char *name = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &name, e);
	int number;

	if (r < 0)
		return r;
	number = number_of(name);
	if (number < 0)
		return oci_warn(at, e, "'%.40s' is no known capability; ignoring it", name);
	if (number > 63 || (unsigned)number > at->surroundings->last_capability)
		return oci_warn(at, e, "the kernel has no '%.40s'; ignoring it", name);
	*(uint64_t *)to |= UINT64_C(1) << number;
	return 0;
}

static int read_set(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_CAPABILITIES, add_capability, to, e);
}

int oci_part_capabilities(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_capabilities, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("bounding", read_set, FIELD(bounding)),
		OCI_MEMBER("effective", read_set, FIELD(effective)),
		OCI_MEMBER("permitted", read_set, FIELD(permitted)),
		OCI_MEMBER("inheritable", read_set, FIELD(inheritable)),
		OCI_MEMBER("ambient", read_set, FIELD(ambient)),
	};
#undef FIELD

	return oci_read_table(at, members, to, e);
}
