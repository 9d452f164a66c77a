/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

/* ---- scheduler ------------------------------------------------------------------------- */

/* clang-format off */
static const struct oci_word policies[] = {
	{"SCHED_OTHER",    SCHED_NORMAL},
	{"SCHED_FIFO",     SCHED_FIFO},
	{"SCHED_RR",       SCHED_RR},
	{"SCHED_BATCH",    SCHED_BATCH},
	{"SCHED_ISO",      4}, /* reserved by the kernel, which refuses it */
	{"SCHED_IDLE",     SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
};

static const struct oci_word scheduler_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK",  SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM",        SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN",     SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY",    SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS",    SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};
/* clang-format on */

static int read_policy(const struct oci_node *at, void *to, struct err *e)
{
	long long policy = 0;
	int r = oci_get_word(at, policies, ARRAY_SIZE(policies), &policy, e);

	if (r == 0)
		*(uint32_t *)to = (uint32_t)policy;
	return r;
}

static int add_scheduler_flag(const struct oci_node *at, void *to, struct err *e)
{
	long long flag = 0;
	int r = oci_get_word(at, scheduler_flags, ARRAY_SIZE(scheduler_flags), &flag, e);

	if (r == 0)
		*(uint64_t *)to |= (uint64_t)flag;
	return r;
}

static int read_scheduler_flags(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, ARRAY_SIZE(scheduler_flags), add_scheduler_flag, to, e);
}

static int read_nice(const struct oci_node *at, void *to, struct err *e)
{
	int64_t nice = 0;
	int r = oci_get_signed(at, /* min= */ -20, /* max= */ 19, &nice, e);

	if (r == 0)
		*(int32_t *)to = (int32_t)nice;
	return r;
}

int oci_part_scheduler(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_scheduler, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("policy", read_policy, FIELD(policy), .is_required = true),
		OCI_MEMBER("nice", read_nice, FIELD(nice)),
		OCI_MEMBER("priority", oci_read_uint32, FIELD(priority), .max = 99),
		OCI_MEMBER("flags", read_scheduler_flags, FIELD(flags)),
		OCI_MEMBER("runtime", oci_read_uint64, FIELD(runtime_nsec)),
		OCI_MEMBER("deadline", oci_read_uint64, FIELD(deadline_nsec)),
		OCI_MEMBER("period", oci_read_uint64, FIELD(period_nsec)),
	};
#undef FIELD
	struct container_scheduler *s = to;

	s->is_set = true;
	return oci_read_table(at, members, s, e);
}

/* ---- priority of input and output ------------------------------------------------------ */

static int read_io_class(const struct oci_node *at, void *to, struct err *e)
{
	static const struct oci_word classes[] = {
		{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
		{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
		{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
	};
	long long class = 0;
	int r = oci_get_word(at, classes, ARRAY_SIZE(classes), &class, e);

	if (r == 0)
		*(uint32_t *)to = (uint32_t) class;
	return r;
}

struct io_priority {
	uint32_t class, level;
};

int oci_part_io_priority(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct io_priority, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("class", read_io_class, FIELD(class), .is_required = true),
		OCI_MEMBER("priority", oci_read_uint32, FIELD(level), .max = IOPRIO_NR_LEVELS - 1),
	};
#undef FIELD
	struct container_process *p = to;
	struct io_priority io = {0};
	int r = oci_read_table(at, members, &io, e);

	if (r < 0)
		return r;
	p->has_io_priority = true;
	p->io_priority = (int)(io.class << IOPRIO_CLASS_SHIFT | io.level);
	return 0;
}

/* ---- processors ------------------------------------------------------------------------ */

enum { BITS_PER_LONG = 8 * sizeof(unsigned long) };

/* Read "n" at *@text, and pass over it. */
static bool take_cpu(const char **text, unsigned long *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*ret = strtoul(*text, &end, 10);
	*text = end;
	return *ret < CONTAINER_CPUS;
}

/* Read "n" or "n-m" at *@text into @cpus. */
static bool take_range(const char **text, struct container_cpus *cpus)
{
	unsigned long first, last;

	if (!take_cpu(text, &first))
		return false;
	last = first;
	if (**text == '-') {
		++*text;
		if (!take_cpu(text, &last) || last < first)
			return false;
	}
	for (unsigned long i = first; i <= last; i++)
		cpus->bits[i / BITS_PER_LONG] |= 1ul << i % BITS_PER_LONG;
	return true;
}

static bool take_list(const char *text, struct container_cpus *cpus)
{
	while (take_range(&text, cpus)) {
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
	return false;
}

static int read_cpus(const struct oci_node *at, void *to, struct err *e)
{
	struct container_cpus cpus = {.is_set = true};
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);

	if (r < 0 || !text[0])
		return r;
	if (!take_list(text, &cpus))
		return oci_invalid(at, e, "'%.80s' is not a list of processors below %d ('0-3,7')",
				   text, CONTAINER_CPUS);
	*(struct container_cpus *)to = cpus;
	return 0;
}

int oci_part_cpu_affinity(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct container_process, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("initial", read_cpus, FIELD(cpus_initial)),
		OCI_MEMBER("final", read_cpus, FIELD(cpus_final)),
	};
#undef FIELD

	return oci_read_table(at, members, to, e);
}
