/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

enum { UMASK_DEFAULT = 022 /* as every runtime's */ };

/* ---- user ------------------------------------------------------------------------------ */

static int add_group(const struct oci_node *at, void *to, struct err *e)
{
	struct container_user *user = to;

	if (!user->groups) {
		user->groups = calloc(LIMIT_GROUPS, sizeof(*user->groups));
		if (!user->groups)
			return err_oom(e);
	}
	return oci_read_id(at, &user->groups[user->n_groups++], e);
}

static int read_groups(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_GROUPS, add_group, to, e);
}

static int read_umask(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t value = 0;
	int r = oci_get_unsigned(at, /* max= */ 0777, &value, e);

	if (r == 0)
		*(mode_t *)to = (mode_t)value;
	return r;
}

static int read_user(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_process, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("uid", oci_read_id, FIELD(user.uid)),
		OCI_MEMBER("gid", oci_read_id, FIELD(user.gid)),
		OCI_MEMBER("umask", read_umask, FIELD(umask)),
		OCI_MEMBER("additionalGids", read_groups, FIELD(user)),
	};
#undef FIELD

	return oci_read_table(at, members, to, e);
}

/* ---- limits ---------------------------------------------------------------------------- */

/* clang-format off */
static const struct oci_word rlimit_words[] = {
	{"RLIMIT_AS",         RLIMIT_AS},
	{"RLIMIT_CORE",       RLIMIT_CORE},
	{"RLIMIT_CPU",        RLIMIT_CPU},
	{"RLIMIT_DATA",       RLIMIT_DATA},
	{"RLIMIT_FSIZE",      RLIMIT_FSIZE},
	{"RLIMIT_LOCKS",      RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK",    RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE",   RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE",       RLIMIT_NICE},
	{"RLIMIT_NOFILE",     RLIMIT_NOFILE},
	{"RLIMIT_NPROC",      RLIMIT_NPROC},
	{"RLIMIT_RSS",        RLIMIT_RSS},
	{"RLIMIT_RTPRIO",     RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME",     RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK",      RLIMIT_STACK},
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(rlimit_words) == ARRAY_SIZE(((struct container_rlimits *)0)->v),
	       "one of each kind fits");

static int read_rlimit_type(const struct oci_node *at, void *to, struct err *e)
{
	long long resource = 0;
	int r = oci_get_word(at, rlimit_words, ARRAY_SIZE(rlimit_words), &resource, e);

	if (r == 0)
		*(int *)to = (int)resource;
	return r;
}

static int add_rlimit(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_rlimit, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("type", read_rlimit_type, FIELD(resource), .is_required = true),
		OCI_MEMBER("soft", oci_read_uint64, FIELD(soft), .is_required = true),
		OCI_MEMBER("hard", oci_read_uint64, FIELD(hard), .is_required = true),
	};
#undef FIELD
	struct container_rlimits *limits = to;
	struct container_rlimit limit = {0};
	int r = oci_read_table(at, members, &limit, e);

	if (r < 0)
		return r;
	if (limit.soft > limit.hard)
		return oci_invalid(at, e, "the soft limit is above the hard one");
	for (size_t i = 0; i < limits->n; i++)
		if (limits->v[i].resource == limit.resource)
			return oci_invalid(at, e, "a limit of this type is there already");
	limits->v[limits->n++] = limit;
	return 0;
}

static int read_rlimits(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, ARRAY_SIZE(rlimit_words), add_rlimit, to, e);
}

/* ---- the rest -------------------------------------------------------------------------- */

static int read_console_size(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_terminal, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("height", oci_read_uint16, FIELD(rows), .is_required = true),
		OCI_MEMBER("width", oci_read_uint16, FIELD(columns), .is_required = true),
	};
#undef FIELD

	return oci_read_table(at, members, to, e);
}

static int read_args(const struct oci_node *at, void *to, struct err *e)
{
	const struct strv *args = to;
	int r = oci_read_strings(at, to, e);

	if (r == 0 && args->n == 0)
		return oci_invalid(at, e, "expected a command");
	return r;
}

static int read_oom_score(const struct oci_node *at, void *to, struct err *e)
{
	struct container_process *p = to;
	int64_t score = 0;
	int r = oci_get_signed(at, /* min= */ -1000, /* max= */ 1000, &score, e);

	if (r < 0)
		return r;
	p->has_oom_score_adj = true;
	p->oom_score_adj = (int)score;
	return 0;
}

int oci_part_process(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_process, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("terminal", oci_read_bool, FIELD(terminal.is_wanted)),
		OCI_MEMBER("consoleSize", read_console_size, FIELD(terminal)),
		OCI_MEMBER("cwd", oci_read_path, FIELD(cwd), .is_required = true),
		OCI_MEMBER("args", read_args, FIELD(args), .max = LIMIT_ARGS, .is_required = true),
		OCI_MEMBER("env", oci_read_environment, FIELD(env), .max = LIMIT_ENV),
		OCI_MEMBER("user", read_user, 0),
		OCI_MEMBER("capabilities", oci_part_capabilities, FIELD(capabilities)),
		OCI_MEMBER("rlimits", read_rlimits, FIELD(rlimits)),
		OCI_MEMBER("noNewPrivileges", oci_read_bool, FIELD(no_new_privileges)),
		OCI_MEMBER("oomScoreAdj", read_oom_score, 0),
		OCI_MEMBER("apparmorProfile", oci_read_string, FIELD(apparmor_profile)),
		OCI_MEMBER("selinuxLabel", oci_read_string, FIELD(selinux_label)),
		OCI_MEMBER("scheduler", oci_part_scheduler, FIELD(scheduler)),
		OCI_MEMBER("ioPriority", oci_part_io_priority, 0),
		OCI_MEMBER("execCPUAffinity", oci_part_cpu_affinity, 0),
	};
#undef FIELD
	struct container_process *p = to;

	p->umask = UMASK_DEFAULT;
	return oci_read_table(at, members, p, e);
}
