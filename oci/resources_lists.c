/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

enum { WEIGHT_MAX = 1000 /* of blkio, in which documents count */ };

/* ---- block devices --------------------------------------------------------------------- */

static int read_weight(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t weight = 0;
	int r = oci_get_unsigned(at, WEIGHT_MAX, &weight, e);

	if (r == 0)
		*(struct resource_value *)to =
			(struct resource_value){.is_set = true, .value = (int64_t)weight};
	return r;
}

static int add_rate(const struct oci_node *at, struct resource_device_rates *to,
		    const struct oci_member *members, size_t n, struct err *e)
{
	struct resource_device_rate rate = {0};
	int r = oci_read_members(at, members, n, &rate, e);

	if (r < 0)
		return r;
	r = resource_rates_add(to, &rate, e);
	return r < 0 ? oci_wrap(at, r, e) : 0;
}

#define FIELD(name) offsetof(struct resource_device_rate, name)

static int add_throttle(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("major", oci_read_uint32, FIELD(major), .is_required = true),
		OCI_MEMBER("minor", oci_read_uint32, FIELD(minor), .is_required = true),
		OCI_MEMBER("rate", oci_read_uint64, FIELD(rate), .is_required = true),
	};

	return add_rate(at, to, members, ARRAY_SIZE(members), e);
}

static int refuse_leaf_weight(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t weight = 0;
	int r = oci_get_unsigned(at, WEIGHT_MAX, &weight, e);

	(void)to;
	return r < 0 || weight == 0 ? r : oci_unsupported(at, e, "cgroup v1 only");
}

static int add_weight(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("leafWeight", refuse_leaf_weight, 0),
		OCI_MEMBER("major", oci_read_uint32, FIELD(major), .is_required = true),
		OCI_MEMBER("minor", oci_read_uint32, FIELD(minor), .is_required = true),
		OCI_MEMBER("weight", oci_read_uint64, FIELD(rate), .max = WEIGHT_MAX,
			   .is_required = true),
	};

	return add_rate(at, to, members, ARRAY_SIZE(members), e);
}

#undef FIELD

static int read_throttles(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_RESOURCES, add_throttle, to, e);
}

static int read_weights(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_RESOURCES, add_weight, to, e);
}

int oci_part_block_io(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_resources, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("weight", read_weight, FIELD(io_weight)),
		OCI_MEMBER("leafWeight", read_weight, FIELD(io_leaf_weight)),
		OCI_MEMBER("weightDevice", read_weights, FIELD(io_weight_device)),
		OCI_MEMBER("throttleReadBpsDevice", read_throttles, FIELD(io_read_bps)),
		OCI_MEMBER("throttleWriteBpsDevice", read_throttles, FIELD(io_write_bps)),
		OCI_MEMBER("throttleReadIOPSDevice", read_throttles, FIELD(io_read_iops)),
		OCI_MEMBER("throttleWriteIOPSDevice", read_throttles, FIELD(io_write_iops)),
	};
#undef FIELD

	return oci_read_table(at, members, to, e);
}

/* ---- device rules ---------------------------------------------------------------------- */

static int read_rule_type(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_word types[] = {{"a", 'a'}, {"b", 'b'}, {"c", 'c'}, {"", 'a'}};
	long long type = 0;
	int r = oci_get_word(at, types, ARRAY_SIZE(types), &type, e);

	if (r == 0)
		*(char *)to = (char)type;
	return r;
}

static int read_rule_number(const struct oci_node *at, void *to, struct err *e)
{
	return oci_get_signed(at, /* min= */ -1, UINT32_MAX, to, e);
}

static int read_access(const struct oci_node *at, void *to, struct err *e)
{
	static const char letters[] = "rwm";
	static const unsigned bits[] = {DEVICE_READ, DEVICE_WRITE, DEVICE_MAKE};
	const char *text = NULL;
	unsigned access = 0;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);

	if (r < 0 || !text[0])
		return r;
	for (const char *c = text; *c; c++) {
		const char *letter = strchr(letters, *c);

		if (!letter)
			return oci_invalid(at, e, "'%.40s' is not made of r, w and m", text);
		access |= bits[letter - letters];
	}
	*(unsigned *)to = access;
	return 0;
}

static int add_rule(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct device_rule, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("allow", oci_read_bool, FIELD(allow), .is_required = true),
		OCI_MEMBER("type", read_rule_type, FIELD(type)),
		OCI_MEMBER("major", read_rule_number, FIELD(major)),
		OCI_MEMBER("minor", read_rule_number, FIELD(minor)),
		OCI_MEMBER("access", read_access, FIELD(access)),
	};
#undef FIELD
	struct device_rule rule = {
		.type = 'a',
		.major = -1,
		.minor = -1,
		.access = DEVICE_READ | DEVICE_WRITE | DEVICE_MAKE,
	};
	int r = oci_read_table(at, members, &rule, e);

	if (r < 0)
		return r;
	r = resource_device_rules_add(to, &rule, e);
	return r < 0 ? oci_wrap(at, r, e) : 0;
}

int oci_part_device_rules(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_RESOURCES, add_rule, to, e);
}

/* ---- huge pages ------------------------------------------------------------------------ */

static int add_named(const struct oci_node *at, struct resource_nameds *to, const char *name,
		     const char *text, struct err *e)
{
	int r = resource_nameds_add(to, name, text, e);

	return r < 0 ? oci_wrap(at, r, e) : 0;
}

/* It becomes part of a file's name. */
static int read_page_size(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);
	size_t digits;

	if (r < 0)
		return r;
	digits = strspn(text, "0123456789");
	if (digits == 0 || strspn(text + digits, "KMGTPB") != strlen(text + digits))
		return oci_invalid(at, e, "'%.40s' is not a page size ('2MB')", text);
	*(const char **)to = text;
	return 0;
}

struct hugepage_item {
	const char *size; /* borrowed from the document */
	uint64_t limit;
};

static int add_hugepages(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct hugepage_item, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("pageSize", read_page_size, FIELD(size), .is_required = true),
		OCI_MEMBER("limit", oci_read_uint64, FIELD(limit), .is_required = true),
	};
#undef FIELD
	struct hugepage_item item = {0};
	char text[24];
	int r = oci_read_table(at, members, &item, e);

	if (r < 0)
		return r;
	if (item.limit == UINT64_MAX)
		strcpy(text, "max");
	else
		snprintf(text, sizeof(text), "%" PRIu64, item.limit);
	return add_named(at, to, item.size, text, e);
}

int oci_part_hugepages(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_RESOURCES, add_hugepages, to, e);
}

/* ---- rdma ------------------------------------------------------------------------------ */

struct rdma_item {
	int64_t handles, objects; /* -1: not given */
};

static int read_rdma_number(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t value = 0;
	int r = oci_get_unsigned(at, UINT32_MAX, &value, e);

	if (r == 0)
		*(int64_t *)to = (int64_t)value;
	return r;
}

static int add_rdma(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct rdma_item, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("hcaHandles", read_rdma_number, FIELD(handles)),
		OCI_MEMBER("hcaObjects", read_rdma_number, FIELD(objects)),
	};
#undef FIELD
	struct rdma_item item = {.handles = -1, .objects = -1};
	char handles[40] = "";
	char objects[40] = "";
	char text[80];
	int r = oci_read_table(at, members, &item, e);

	if (r < 0)
		return r;
	if (!at->key[0] || strpbrk(at->key, " \t\n"))
		return oci_invalid(at, e, "the name of a device is empty or has a blank");
	if (item.handles < 0 && item.objects < 0)
		return oci_invalid(at, e, "expected hcaHandles or hcaObjects");
	if (item.handles >= 0)
		snprintf(handles, sizeof(handles), "hca_handle=%" PRId64, item.handles);
	if (item.objects >= 0)
		snprintf(objects, sizeof(objects), "hca_object=%" PRId64, item.objects);
	snprintf(text, sizeof(text), "%s%s%s", handles, handles[0] && objects[0] ? " " : "",
		 objects);
	return add_named(at, to, at->key, text, e);
}

int oci_part_rdma(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_pairs(at, LIMIT_RESOURCES, add_rdma, to, e);
}

/* ---- unified --------------------------------------------------------------------------- */

/* "controller.what", of letters that no path has: nothing gets out of the cgroup. */
static bool is_cgroup_file(const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot == name || !dot[1])
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

static int add_unified(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);

	if (r < 0)
		return r;
	if (!is_cgroup_file(at->key))
		return oci_invalid(at, e, "the name is not one of a cgroup's files");
	return add_named(at, to, at->key, text, e);
}

int oci_part_unified(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_pairs(at, LIMIT_RESOURCES, add_unified, to, e);
}
