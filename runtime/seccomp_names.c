/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_names.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "base/cleanup.h"

struct word {
	const char *name;
	uint32_t value;
};

/* clang-format off */
static const struct word actions[] = {
	{"SCMP_ACT_KILL",         SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_THREAD",  SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	{"SCMP_ACT_TRAP",         SCMP_ACT_TRAP},
	{"SCMP_ACT_ERRNO",        SCMP_ACT_ERRNO(0)},
	{"SCMP_ACT_TRACE",        SCMP_ACT_TRACE(0)},
	{"SCMP_ACT_ALLOW",        SCMP_ACT_ALLOW},
	{"SCMP_ACT_LOG",          SCMP_ACT_LOG},
	{"SCMP_ACT_NOTIFY",       SCMP_ACT_NOTIFY},
};

static const struct word ops[] = {
	{"SCMP_CMP_NE",        SCMP_CMP_NE},
	{"SCMP_CMP_LT",        SCMP_CMP_LT},
	{"SCMP_CMP_LE",        SCMP_CMP_LE},
	{"SCMP_CMP_EQ",        SCMP_CMP_EQ},
	{"SCMP_CMP_GE",        SCMP_CMP_GE},
	{"SCMP_CMP_GT",        SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static const struct word flags[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC",              SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG",                SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW",         SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};
/* clang-format on */

static bool find(const struct word *words, size_t n, const char *name, uint32_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i].name, name) == 0) {
			*ret = words[i].value;
			return true;
		}
	return false;
}

bool seccomp_action_by_name(const char *name, uint32_t *ret)
{
	return find(actions, ARRAY_SIZE(actions), name, ret);
}

bool seccomp_action_takes_value(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE;
}

bool seccomp_op_by_name(const char *name, unsigned *ret)
{
	return find(ops, ARRAY_SIZE(ops), name, ret);
}

bool seccomp_flag_by_name(const char *name, unsigned *ret)
{
	return find(flags, ARRAY_SIZE(flags), name, ret);
}
