/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/sysctl.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "oci/values.h"

enum { NAME_SIZE = 128 /* bytes of a name with its NUL; an interface's is in the longest */ };

/* clang-format off */
/* A name that ends in a dot is a prefix. */
static const struct {
	const char *name;
	enum namespace_kind kind;
} parameters[] = {
	{"fs.mqueue.",               NAMESPACE_IPC},
	{"kernel.msgmax",            NAMESPACE_IPC},
	{"kernel.msgmnb",            NAMESPACE_IPC},
	{"kernel.msgmni",            NAMESPACE_IPC},
	{"kernel.sem",               NAMESPACE_IPC},
	{"kernel.shmall",            NAMESPACE_IPC},
	{"kernel.shmmax",            NAMESPACE_IPC},
	{"kernel.shmmni",            NAMESPACE_IPC},
	{"kernel.shm_rmid_forced",   NAMESPACE_IPC},
	{"kernel.domainname",        NAMESPACE_UTS},
	{"net.",                     NAMESPACE_NETWORK},
	{"user.",                    NAMESPACE_USER},
};
/* clang-format on */

/* Write dots where the name has slashes, and the other way round, if a slash comes first. */
static bool dotted_name(const char *name, char ret[NAME_SIZE])
{
	size_t n = strcspn(name, "=");
	bool swaps = name[strcspn(name, "./=")] == '/';

	if (n >= NAME_SIZE)
		return false;
	for (size_t i = 0; i < n; i++)
		ret[i] = !swaps ? name[i] : name[i] == '/' ? '.' : name[i] == '.' ? '/' : name[i];
	ret[n] = '\0';
	return true;
}

static bool is_in_row(const char *dotted, const char *row)
{
	size_t n = strlen(row);

	if (row[n - 1] == '.')
		return strncmp(dotted, row, n) == 0 && dotted[n];
	return strcmp(dotted, row) == 0;
}

enum namespace_kind oci_sysctl_namespace(const char *name)
{
	char dotted[NAME_SIZE];

	if (!dotted_name(name, dotted))
		return NAMESPACE_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
		if (is_in_row(dotted, parameters[i].name))
			return parameters[i].kind;
	return NAMESPACE_MAX;
}

/* It becomes a path below /proc/sys: printable, and without an empty or a ".." component. */
static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '=')
			return false;
	return !strstr(name, "..") && !strstr(name, "//") && !strchr("./", name[0]);
}

static int add_parameter(const struct oci_node *at, void *to, struct err *e)
{
	if (!is_name(at->key))
		return oci_invalid(at, e, "no name of a kernel parameter");
	if (oci_sysctl_namespace(at->key) == NAMESPACE_MAX)
		return oci_invalid(at, e, "is the host's, no namespace has its own");
	return oci_add_setting(at, to, e);
}

int oci_part_sysctl(const struct oci_node *at, void *to, struct err *e)
{
	struct strv *settings = to;

	settings->max = LIMIT_SYSCTL;
	return oci_read_pairs(at, LIMIT_SYSCTL, add_parameter, settings, e);
}
