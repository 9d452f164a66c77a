/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_table.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

/* Calls whose first argument says which one it is; libseccomp's numbers of these are below zero. */
enum {
	SOCKETCALL_FIRST = -101,
	SOCKETCALL_LAST = -120,
	SOCKETCALL_ZERO = -100,
	IPC_FIRST = -201,
	IPC_LAST = -224,
	IPC_ZERO = -200,
};

/* clang-format off */
/* The architectures whose programs were compared with libseccomp's. */
static const struct known {
	uint32_t token;
	bool is_64;
	uint32_t socketcall; /* 0: there is none */
	uint32_t ipc;
} known[] = {
	{SCMP_ARCH_X86_64,  true,    0,   0},
	{SCMP_ARCH_X32,     false,   0,   0},
	{SCMP_ARCH_X86,     false, 102, 117},
	{SCMP_ARCH_AARCH64, true,    0,   0},
	{SCMP_ARCH_ARM,     false,   0,   0},
};

/* What i386 got as calls of their own later; libseccomp tells the multiplexed number only. */
static const struct {
	const char *name;
	uint32_t nr;
} x86_direct[] = {
	{"accept4", 364}, {"bind", 361}, {"connect", 362}, {"getpeername", 368},
	{"getsockname", 367}, {"getsockopt", 365}, {"listen", 363}, {"msgctl", 402},
	{"msgget", 399}, {"msgrcv", 401}, {"msgsnd", 400}, {"recvfrom", 371}, {"recvmmsg", 337},
	{"recvmsg", 372}, {"semctl", 394}, {"semget", 393}, {"sendmmsg", 345}, {"sendmsg", 370},
	{"sendto", 369}, {"setsockopt", 366}, {"shmat", 397}, {"shmctl", 396}, {"shmdt", 398},
	{"shmget", 395}, {"shutdown", 373}, {"socket", 359}, {"socketpair", 360},
};
/* clang-format on */

void seccomp_table_done(struct seccomp_table *t)
{
	free(t->entries);
	free(t->ranges);
	*t = (struct seccomp_table){.n_entries = 0};
}

static const struct known *find_known(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].token == token)
			return &known[i];
	return NULL;
}

/* ---- entries -------------------------------------------------------------------------- */

bool seccomp_entry_condition(const struct seccomp_entry *x, unsigned argument,
			     struct seccomp_condition *ret)
{
	uint64_t seen = x->is_64 ? UINT64_MAX : UINT32_MAX;

	if (argument == 0 && x->multiplexed) {
		*ret = (struct seccomp_condition){.op = SCMP_CMP_EQ, .value = x->multiplexed};
		return true;
	}
	for (size_t i = 0; i < x->rule->n_conditions; i++) {
		const struct seccomp_condition *c = &x->rule->conditions[i];

		if (c->argument != argument || (x->only >= 0 && (size_t)x->only != i))
			continue;
		*ret = *c;
		return c->op != SCMP_CMP_MASKED_EQ || (c->value & seen) != 0;
	}
	return false;
}

static bool is_unconditional(const struct seccomp_entry *x)
{
	struct seccomp_condition c;

	for (unsigned i = 0; i < SECCOMP_ARGUMENTS; i++)
		if (seccomp_entry_condition(x, i, &c))
			return false;
	return true;
}

/* Grows as the buffers of base/ do. */
static int add_entry(struct seccomp_table *t, struct seccomp_entry entry, struct err *e)
{
	if (t->n_entries >= LIMIT_SECCOMP_ENTRIES)
		return err_set(e, -E2BIG, ERR_LIMIT, "rules for more than %d calls",
			       LIMIT_SECCOMP_ENTRIES);
	if ((t->n_entries & (t->n_entries - 1)) == 0) { /* zero or a power of two: full */
		size_t n = t->n_entries ? 2 * t->n_entries : 1;
		struct seccomp_entry *v = realloc(t->entries, n * sizeof(*v));

		if (!v)
			return err_oom(e);
		t->entries = v;
	}
	entry.order = (uint32_t)t->n_entries;
	t->entries[t->n_entries++] = entry;
	return 0;
}

/* One entry, or one for each condition. */
static int add_number(struct seccomp_table *t, struct seccomp_entry entry, struct err *e)
{
	int r = 0;

	entry.only = -1;
	if (!seccomp_rule_has_alternatives(entry.rule))
		return add_entry(t, entry, e);
	for (size_t i = 0; r == 0 && i < entry.rule->n_conditions; i++) {
		entry.only = (int)i;
		r = add_entry(t, entry, e);
	}
	return r;
}

static int add_direct(struct seccomp_table *t, struct seccomp_entry entry, const char *name,
		      struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(x86_direct); i++)
		if (strcmp(x86_direct[i].name, name) == 0) {
			entry.nr = x86_direct[i].nr;
			return add_number(t, entry, e);
		}
	return 0;
}

/* A number below zero is a call that another one serves, or none of this architecture. */
static int add_multiplexed(struct seccomp_table *t, const struct known *arch,
			   struct seccomp_entry entry, int nr, const char *name, struct err *e)
{
	int r = 0;

	if (!arch->socketcall)
		return 0;
	if (nr <= SOCKETCALL_FIRST && nr >= SOCKETCALL_LAST) {
		entry.nr = arch->socketcall;
		entry.multiplexed = (uint32_t)(SOCKETCALL_ZERO - nr);
	} else if (nr <= IPC_FIRST && nr >= IPC_LAST) {
		entry.nr = arch->ipc;
		entry.multiplexed = (uint32_t)(IPC_ZERO - nr);
	} else {
		return 0;
	}
	r = add_number(t, entry, e);
	entry.multiplexed = 0;
	return r ? r : add_direct(t, entry, name, e);
}

static int add_name(struct seccomp_table *t, const struct known *arch,
		    const struct seccomp_rule *rule, const char *name, struct err *e)
{
	struct seccomp_entry entry = {.rule = rule, .is_64 = arch->is_64};
	int nr = seccomp_syscall_resolve_name_arch(arch->token, name);

	if (nr < 0)
		return add_multiplexed(t, arch, entry, nr, name, e);
	entry.nr = (uint32_t)nr;
	return add_number(t, entry, e);
}

static int add_policy(struct seccomp_table *t, const struct known *arch,
		      const struct seccomp_policy *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct seccomp_rule *rule = &p->rules[i];

		if (rule->action == p->default_action)
			continue;
		for (size_t k = 0; r == 0 && k < rule->names.n; k++)
			r = add_name(t, arch, rule, rule->names.v[k], e);
	}
	return r;
}

static int by_number(const void *a, const void *b)
{
	const struct seccomp_entry *x = a;
	const struct seccomp_entry *y = b;

	if (x->nr != y->nr)
		return x->nr < y->nr ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* ---- ranges --------------------------------------------------------------------------- */

static bool same_verdict(const struct seccomp_range *a, const struct seccomp_range *b)
{
	return a->action == b->action && a->n_alternatives == 0 && b->n_alternatives == 0;
}

/* From @range.first on it is this; room was made before. */
static void put(struct seccomp_table *t, struct seccomp_range range)
{
	if (t->n_ranges > 0 && t->ranges[t->n_ranges - 1].first == range.first)
		t->n_ranges--;
	if (t->n_ranges == 0 || !same_verdict(&t->ranges[t->n_ranges - 1], &range))
		t->ranges[t->n_ranges++] = range;
}

static void put_action(struct seccomp_table *t, uint32_t first, uint32_t action)
{
	put(t, (struct seccomp_range){.first = first, .action = action});
}

/* What the @n entries for one number come to: the first without conditions counts. */
static struct seccomp_range verdict_of(const struct seccomp_entry *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_unconditional(&v[i]))
			return (struct seccomp_range){.first = v->nr, .action = v[i].rule->action};
	return (struct seccomp_range){.first = v->nr, .alternatives = v, .n_alternatives = n};
}

/* Put the entries from @at on that are below @end over what is there. */
static void put_calls(struct seccomp_table *t, size_t *at, uint64_t end, uint32_t background)
{
	while (*at < t->n_entries && t->entries[*at].nr < end) {
		const struct seccomp_entry *v = &t->entries[*at];
		size_t n = 1;

		while (*at + n < t->n_entries && v[n].nr == v->nr)
			n++;
		put(t, verdict_of(v, n));
		if ((uint64_t)v->nr + 1 < end)
			put_action(t, v->nr + 1, background);
		*at += n;
	}
}

/* The numbers of one of libseccomp's architectures, which end before @end. */
static void put_arch(struct seccomp_table *t, const struct seccomp_arch *arch, uint64_t end,
		     const struct seccomp_policy *p, size_t *at)
{
	put_action(t, arch->first, p->default_action);
	if (arch->newest < 0) {
		put_calls(t, at, end, p->default_action);
		return;
	}
	put_calls(t, at, (uint64_t)arch->newest + 1, p->default_action);
	put_action(t, (uint32_t)arch->newest + 1, SCMP_ACT_ERRNO(ENOSYS));
	if ((uint64_t)seccomp_arch_last(arch) + 1 < end)
		put_action(t, seccomp_arch_last(arch) + 1, p->default_action);
}

static int put_archs(struct seccomp_table *t, const struct seccomp_archs *archs,
		     const struct seccomp_policy *p)
{
	const struct seccomp_arch *base = NULL, *x32 = NULL;
	bool cut = t->audit == SCMP_ARCH_X86_64;
	size_t at = 0;

	for (size_t i = 0; i < archs->n; i++)
		if (archs->v[i].audit == t->audit)
			*(archs->v[i].first ? &x32 : &base) = &archs->v[i];
	if (!base)
		return SECCOMP_FOREIGN;
	put_arch(t, base, cut ? SECCOMP_X32_BIT : UINT64_C(1) << 32, p, &at);
	if (x32) {
		put_arch(t, x32, UINT64_C(1) << 32, p, &at);
	} else if (cut) {
		put_action(t, SECCOMP_X32_BIT, SCMP_ACT_KILL);
		put_action(t, UINT32_MAX, p->default_action); /* a call that a tracer skips */
	}
	return 0;
}

int seccomp_table_make(const struct seccomp_policy *p, const struct seccomp_archs *archs,
		       uint32_t audit, struct seccomp_table *ret, struct err *e)
{
	int r = 0;

	*ret = (struct seccomp_table){.audit = audit};
	for (size_t i = 0; r == 0 && i < archs->n; i++) {
		const struct known *arch = find_known(archs->v[i].token);

		if (archs->v[i].audit == audit)
			r = arch ? add_policy(ret, arch, p, e) : SECCOMP_FOREIGN;
	}
	if (r != 0)
		return r;
	if (ret->n_entries > 1)
		qsort(ret->entries, ret->n_entries, sizeof(*ret->entries), by_number);
	/* Each number ends a range and begins another; there are a few more. */
	ret->ranges = calloc(2 * ret->n_entries + 8, sizeof(*ret->ranges));
	if (!ret->ranges)
		return err_oom(e);
	return put_archs(ret, archs, p);
}
