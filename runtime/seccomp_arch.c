/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_arch.h"

#include <ctype.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#define PREFIX "SCMP_ARCH_"

/* The spec's words are libseccomp's with a prefix, in capitals. 0: it doesn't know this one. */
static uint32_t arch_by_name(const char *name)
{
	char lower[32];
	size_t n = 0;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	name += strlen(PREFIX);
	for (; name[n] && n < sizeof(lower) - 1; n++)
		lower[n] = (char)tolower((unsigned char)name[n]);
	lower[n] = '\0';
	return name[n] ? 0 : seccomp_arch_resolve_name(lower);
}

static int64_t newest_call(const struct seccomp_policy *p, uint32_t token)
{
	int64_t newest = -1;

	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].names.n; k++) {
			const char *name = p->rules[i].names.v[k];
			int nr = seccomp_syscall_resolve_name_arch(token, name);

			if (nr > newest)
				newest = nr;
		}
	return newest;
}

static void add(const struct seccomp_policy *p, const char *name, uint32_t token,
		struct seccomp_archs *to)
{
	bool is_x32 = token == SCMP_ARCH_X32;

	for (size_t i = 0; i < to->n; i++)
		if (to->v[i].token == token)
			return;
	to->v[to->n++] = (struct seccomp_arch){
		.name = name,
		.token = token,
		.audit = is_x32 ? SCMP_ARCH_X86_64 : token,
		.first = is_x32 ? SECCOMP_X32_BIT : 0,
		.newest = seccomp_newer_is_enosys(p) ? newest_call(p, token) : -1,
	};
}

int seccomp_archs(const struct seccomp_policy *p, struct seccomp_archs *ret, struct err *e)
{
	ret->n = 0;
	add(p, "the machine's", seccomp_arch_native(), ret);
	if (p->architectures.n > LIMIT_SECCOMP_ARCHITECTURES)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d architectures",
			       LIMIT_SECCOMP_ARCHITECTURES);
	for (size_t i = 0; i < p->architectures.n; i++) {
		uint32_t token = arch_by_name(p->architectures.v[i]);

		if (token == 0)
			return err_set(e, -EINVAL, ERR_INVALID,
				       "libseccomp knows no architecture '%.64s'",
				       p->architectures.v[i]);
		add(p, p->architectures.v[i], token, ret);
	}
	return 0;
}

bool seccomp_newer_is_enosys(const struct seccomp_policy *p)
{
	return (p->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	       p->default_action != SCMP_ACT_ERRNO(ENOSYS);
}
