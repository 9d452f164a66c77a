/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

enum {
	MODE_DEFAULT = 0666, /* as every runtime's */
	MODE_BITS = 07777,   /* of fileMode; encoders write the type along */
};

static int read_type(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_word types[] = {
		{"c", S_IFCHR},
		{"u", S_IFCHR}, /* "unbuffered", the same to Linux */
		{"b", S_IFBLK},
		{"p", S_IFIFO},
	};
	long long type = 0;
	int r = oci_get_word(at, types, ARRAY_SIZE(types), &type, e);

	if (r == 0)
		*(mode_t *)to = (mode_t)type;
	return r;
}

static int read_mode(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t mode = 0;
	int r = oci_get_unsigned(at, UINT32_MAX, &mode, e);

	if (r == 0)
		*(mode_t *)to = (mode_t)mode & MODE_BITS;
	return r;
}

/* A number of a device is required, but a pipe has none. */
static int check_numbers(const struct oci_node *at, const struct container_device *d, struct err *e)
{
	static const char *const numbers[] = {"major", "minor"};

	for (size_t i = 0; d->type != S_IFIFO && i < ARRAY_SIZE(numbers); i++) {
		struct oci_node number;

		if (!oci_member_of(at, numbers[i], &number))
			return oci_invalid(&number, e, "missing");
	}
	return 0;
}

static void device_done(struct container_device *d)
{
	free(d->path);
}

static int add_device(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_device, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("type", read_type, FIELD(type), .is_required = true),
		OCI_MEMBER("path", oci_read_path, FIELD(path), .is_required = true),
		OCI_MEMBER("major", oci_read_uint32, FIELD(major)),
		OCI_MEMBER("minor", oci_read_uint32, FIELD(minor)),
		OCI_MEMBER("fileMode", read_mode, FIELD(mode)),
		OCI_MEMBER("uid", oci_read_id, FIELD(uid)),
		OCI_MEMBER("gid", oci_read_id, FIELD(gid)),
	};
#undef FIELD
	cleanup(device_done) struct container_device d = {.mode = MODE_DEFAULT};
	int r = oci_read_table(at, members, &d, e);

	if (r < 0)
		return r;
	r = check_numbers(at, &d, e);
	if (r < 0)
		return r;
	r = container_devices_add(to, &d, e);
	return r < 0 ? oci_wrap(at, r, e) : 0;
}

int oci_part_devices(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_DEVICES, add_device, to, e);
}
