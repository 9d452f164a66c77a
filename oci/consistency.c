/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "oci/parts.h"
#include "oci/sysctl.h"

static const char *const kind_names[NAMESPACE_MAX] = {
#define X(kind, name, file, flag) [NAMESPACE_##kind] = name,
	NAMESPACE_KINDS(X)
#undef X
};

/* What is set where the namespace is the host's would be set for the host. */
static int need_own(const struct oci_config *c, enum namespace_kind kind, const char *what,
		    struct err *e)
{
	if (c->container.namespaces[kind].mode != NAMESPACE_HOST)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID, "%s: needs a '%s' namespace", what,
		       kind_names[kind]);
}

/* The clocks of a namespace can be set while nobody is in it. */
static int need_new(const struct oci_config *c, enum namespace_kind kind, const char *what,
		    struct err *e)
{
	if (c->container.namespaces[kind].mode == NAMESPACE_NEW)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID, "%s: needs a new '%s' namespace", what,
		       kind_names[kind]);
}

static int check_parameters(const struct oci_config *c, struct err *e)
{
	const struct strv *sysctl = &c->container.sysctl;
	int r = 0;

	for (size_t i = 0; i < sysctl->n && r == 0; i++) {
		const char *setting = sysctl->v[i];
		char what[160];

		snprintf(what, sizeof(what), "linux.sysctl.%.*s", (int)strcspn(setting, "="),
			 setting);
		r = need_own(c, oci_sysctl_namespace(setting), what, e);
	}
	return r;
}

int oci_check_consistency(const struct oci_config *c, struct err *e)
{
	const struct container_spec *s = &c->container;
	const struct {
		const char *what;
		enum namespace_kind kind;
		bool is_given;
	} needs[] = {
		{"root", NAMESPACE_MOUNT, true},
		{"hostname", NAMESPACE_UTS, s->hostname},
		{"domainname", NAMESPACE_UTS, s->domainname},
		{"linux.uidMappings", NAMESPACE_USER, s->uid_maps.n > 0},
		{"linux.gidMappings", NAMESPACE_USER, s->gid_maps.n > 0},
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needs) && r == 0; i++)
		if (needs[i].is_given)
			r = need_own(c, needs[i].kind, needs[i].what, e);
	if (r == 0 && (s->monotonic.is_set || s->boottime.is_set))
		r = need_new(c, NAMESPACE_TIME, "linux.timeOffsets", e);
	return r < 0 ? r : check_parameters(c, e);
}
