/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel parameters. Only those of a namespace that the container doesn't share with the host: the
 * others would be set for all.
 */
#include <string.h>

#include "base/limits.h"
#include "runtime/plan_build.h"

/* clang-format off */
/* A name that ends in '.' stands for all that begin with it. */
static const struct {
	const char *name;
	enum namespace_kind kind;
} parameters[] = {
	{"net.",                 NAMESPACE_NETWORK},
	{"fs.mqueue.",           NAMESPACE_IPC},
	{"kernel.auto_msgmni",   NAMESPACE_IPC},
	{"kernel.msgmax",        NAMESPACE_IPC},
	{"kernel.msgmnb",        NAMESPACE_IPC},
	{"kernel.msgmni",        NAMESPACE_IPC},
	{"kernel.msg_next_id",   NAMESPACE_IPC},
	{"kernel.sem",           NAMESPACE_IPC},
	{"kernel.sem_next_id",   NAMESPACE_IPC},
	{"kernel.shmall",        NAMESPACE_IPC},
	{"kernel.shmmax",        NAMESPACE_IPC},
	{"kernel.shmmni",        NAMESPACE_IPC},
	{"kernel.shm_next_id",   NAMESPACE_IPC},
	{"kernel.shm_rmid_forced", NAMESPACE_IPC},
	{"kernel.domainname",    NAMESPACE_UTS},
	{"kernel.hostname",      NAMESPACE_UTS},
	{"user.",                NAMESPACE_USER},
};
/* clang-format on */

static bool fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '.' ? strncmp(name, pattern, n) == 0 : strcmp(name, pattern) == 0;
}

static int check(const struct container_spec *spec, const char *name, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		if (!fits(parameters[i].name, name))
			continue;
		if (spec->namespaces[parameters[i].kind].mode != NAMESPACE_HOST)
			return 0;
		return err_set(e, -EINVAL, ERR_INVALID,
			       "sysctl '%s' would be set for the host: the container has no %s "
			       "namespace of its own",
			       name, namespace_kinds[parameters[i].kind].name);
	}
	return err_set(e, -EINVAL, ERR_INVALID, "sysctl '%s' is not in a separate kernel namespace",
		       name);
}

/*
 * "net.ipv4.ip_forward", or with slashes for names that hold dots, as sysctl(8) writes them. The
 * first of the two that stands there separates.
 */
static int to_path(const char *name, char *ret, size_t size, struct err *e)
{
	size_t n = strlen(name);
	bool by_slash = strcspn(name, ".") > strcspn(name, "/");

	if (name[0] == '/' || strstr(name, "..") || strstr(name, "//") || strstr(name, "./") ||
	    strstr(name, "/."))
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' is not the name of a sysctl", name);
	if (n + sizeof("sys/") > size)
		return err_set(e, -EINVAL, ERR_INVALID, "the name of a sysctl is too long");
	strcpy(ret, "sys/");
	for (size_t i = 0; i <= n; i++) {
		char c = name[i];

		if (!by_slash)
			c = (char)(c == '.' ? '/' : c == '/' ? '.' : c);
		ret[4 + i] = c;
	}
	return 0;
}

/* The name as the table has it. */
static void dotted(char *name)
{
	if (strcspn(name, ".") > strcspn(name, "/"))
		for (char *c = name; *c; c++)
			*c = (char)(*c == '/' ? '.' : *c);
}

/* Names of the host are said in one place. */
static int check_once(const struct container_spec *spec, const char *name, struct err *e)
{
	bool is_host = strcmp(name, "kernel.hostname") == 0;
	bool is_domain = strcmp(name, "kernel.domainname") == 0;

	if ((is_host && spec->hostname && *spec->hostname) ||
	    (is_domain && spec->domainname && *spec->domainname))
		return err_set(e, -EINVAL, ERR_INVALID,
			       "sysctl '%s' is not allowed as it conflicts with the %s that is set",
			       name, is_host ? "hostname" : "domainname");
	return 0;
}

static int add_one(struct runtime_plan *plan, const struct container_spec *spec,
		   const char *setting, struct err *e)
{
	const char *equals = strchr(setting, '=');
	cleanup_free char *name = equals ? strndup(setting, (size_t)(equals - setting)) : NULL;
	char path[LIMIT_PATH];
	int r;

	if (!equals)
		return err_set(e, -EINVAL, ERR_INVALID, "sysctl '%s' has no value", setting);
	if (!name)
		return err_oom(e);
	r = to_path(name, path, sizeof(path), e);
	if (r < 0)
		return r;
	dotted(name);
	r = check_once(spec, name, e);
	if (r == 0)
		r = check(spec, name, e);
	if (r == 0)
		plan_add(plan, &plan->orders.inside,
			 &(struct op){.kind = OP_SYSCTL,
				      .path = plan_keep(plan, path),
				      .target = plan_keep(plan, equals + 1)});
	return r;
}

int plan_sysctl(struct runtime_plan *plan, const struct container_spec *spec, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->sysctl.n; i++)
		r = add_one(plan, spec, spec->sysctl.v[i], e);
	return r;
}
