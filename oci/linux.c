/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

static int read_propagation(const struct oci_node *at, void *to, struct err *e)
{
	/* clang-format off */
	static const struct oci_word words[] = {
		{"private",     MS_PRIVATE},
		{"rprivate",    MS_PRIVATE | MS_REC},
		{"slave",       MS_SLAVE},
		{"rslave",      MS_SLAVE | MS_REC},
		{"shared",      MS_SHARED},
		{"rshared",     MS_SHARED | MS_REC},
		{"unbindable",  MS_UNBINDABLE},
		{"runbindable", MS_UNBINDABLE | MS_REC},
		{"",            0}, /* as encoders write what isn't given */
	};
	/* clang-format on */
	long long flags = 0;
	int r = oci_get_word(at, words, ARRAY_SIZE(words), &flags, e);

	if (r == 0)
		*(unsigned long *)to = (unsigned long)flags;
	return r;
}

/* ---- personality ----------------------------------------------------------------------- */

static int read_domain(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_word domains[] = {{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32}};
	long long domain = 0;
	int r = oci_get_word(at, domains, ARRAY_SIZE(domains), &domain, e);

	if (r == 0)
		*(unsigned long *)to = (unsigned long)domain;
	return r;
}

static int refuse_flag(const struct oci_node *at, void *to, struct err *e)
{
	(void)to;
	return oci_unsupported(at, e, "the specification defines no flag");
}

static int read_flags(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_FLAGS, refuse_flag, to, e);
}

static int read_personality(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_process, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("domain", read_domain, FIELD(personality), .is_required = true),
		OCI_MEMBER("flags", read_flags, 0),
	};
#undef FIELD
	struct container_process *p = to;

	p->has_personality = true;
	return oci_read_table(at, members, p, e);
}

/* ---- kernel parameters ----------------------------------------------------------------- */

/*
 * It becomes a path below /proc/sys: printable, and without an empty or a ".." component in either
 * of the two ways to write it, which are each other's with dots and slashes swapped.
 */
static bool is_parameter(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '=')
			return false;
	return !strstr(name, "..") && !strstr(name, "//") && !strchr("./", name[0]);
}

static int add_parameter(const struct oci_node *at, void *to, struct err *e)
{
	if (!is_parameter(at->key))
		return oci_invalid(at, e, "no name of a kernel parameter");
	return oci_add_setting(at, to, e);
}

static int read_sysctl(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_pairs(at, LIMIT_SYSCTL, add_parameter, to, e);
}

/* ---- all ------------------------------------------------------------------------------- */

/* What would silently be missing; an empty object asks for nothing. */
static int refuse(const struct oci_node *at, void *to, struct err *e)
{
	(void)to;
	if (!json_is_object(at->value))
		return oci_mistyped(at, "an object", e);
	return json_object_size(at->value) == 0 ? 0 : oci_unsupported(at, e, "not supported");
}

int oci_part_linux(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct oci_config, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("namespaces", oci_part_namespaces, FIELD(container.namespaces)),
		OCI_MEMBER("uidMappings", oci_part_id_maps, FIELD(container.uid_maps)),
		OCI_MEMBER("gidMappings", oci_part_id_maps, FIELD(container.gid_maps)),
		OCI_MEMBER("timeOffsets", oci_part_time_offsets, FIELD(container)),
		OCI_MEMBER("devices", oci_part_devices, FIELD(container.devices)),
		OCI_MEMBER("cgroupsPath", oci_read_string, FIELD(cgroups_path),
			   .max = LIMIT_PATH - 1),
		OCI_MEMBER("resources", oci_part_resources, FIELD(resources)),
		OCI_MEMBER("rootfsPropagation", read_propagation,
			   FIELD(container.rootfs_propagation)),
		OCI_MEMBER("seccomp", oci_part_seccomp, FIELD(container.seccomp)),
		OCI_MEMBER("sysctl", read_sysctl, FIELD(container.sysctl)),
		OCI_MEMBER("maskedPaths", oci_read_paths, FIELD(container.masked_paths),
			   .max = LIMIT_GUARDED_PATHS),
		OCI_MEMBER("readonlyPaths", oci_read_paths, FIELD(container.readonly_paths),
			   .max = LIMIT_GUARDED_PATHS),
		OCI_MEMBER("mountLabel", oci_read_string, FIELD(container.mount_label)),
		OCI_MEMBER("personality", read_personality, FIELD(container.process)),
		OCI_MEMBER("intelRdt", refuse, 0),
		OCI_MEMBER("memoryPolicy", refuse, 0),
		OCI_MEMBER("netDevices", refuse, 0),
	};
#undef FIELD

	return oci_read_table(at, members, to, e);
}
