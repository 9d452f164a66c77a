/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written from its end: a jump's target is there before the jump, so that its distance is known,
 * and a target that is near is used again. A label is the number of instructions from there on.
 */
#include "runtime/seccomp_program.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "runtime/seccomp_table.h"

enum {
	REACH = 250,  /* instructions that a conditional jump may skip, less what near() adds */
	ACTIONS = 16, /* whose returns are remembered */
};

struct writer {
	struct sock_filter code[BPF_MAXINSNS]; /* the last instruction first */
	size_t n;
	bool full;
	uint32_t default_action;
	struct {
		uint32_t action;
		size_t label;
	} returns[ACTIONS];
	size_t n_returns;
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { LOW = 0, HIGH = 4 };
#else
enum { LOW = 4, HIGH = 0 };
#endif

static size_t put(struct writer *w, struct sock_filter x)
{
	if (w->n < ARRAY_SIZE(w->code))
		w->code[w->n++] = x;
	else
		w->full = true;
	return w->n;
}

static size_t put_load(struct writer *w, size_t offset)
{
	return put(w, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* @label, or a jump there. */
static size_t near(struct writer *w, size_t label)
{
	if (w->n - label <= REACH)
		return label;
	return put(w, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(w->n - label)));
}

static size_t put_branch(struct writer *w, unsigned op, uint32_t value, size_t yes, size_t no)
{
	yes = near(w, yes);
	no = near(w, no);
	return put(w, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | BPF_K | op), value,
						   (uint8_t)(w->n - yes), (uint8_t)(w->n - no)));
}

/* The nearest return of an action, or a new one. */
static size_t put_return(struct writer *w, uint32_t action)
{
	size_t i = 0;
	size_t label;

	while (i < w->n_returns && w->returns[i].action != action)
		i++;
	if (i < w->n_returns && w->n - w->returns[i].label < REACH)
		return w->returns[i].label;
	label = put(w, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
	if (i < ARRAY_SIZE(w->returns)) {
		w->returns[i].action = action;
		w->returns[i].label = label;
		w->n_returns = i < w->n_returns ? w->n_returns : i + 1;
	}
	return label;
}

/* ---- conditions ----------------------------------------------------------------------- */

static uint32_t low(uint64_t value)
{
	return (uint32_t)value;
}

static uint32_t high(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

static size_t put_word(struct writer *w, size_t offset, unsigned op, uint32_t value, size_t yes,
		       size_t no)
{
	put_branch(w, op, value, yes, no);
	return put_load(w, offset);
}

static size_t put_masked(struct writer *w, size_t offset, uint32_t mask, uint32_t value, size_t yes,
			 size_t no)
{
	if (mask == 0)
		return yes;
	put_branch(w, BPF_JEQ, value & mask, yes, no);
	put(w, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	return put_load(w, offset);
}

/* More than the high word decides alone, and so does less. @op is for the low word. */
static size_t put_order(struct writer *w, size_t offset, unsigned op, uint64_t value, size_t yes,
			size_t no)
{
	size_t same = put_word(w, offset + LOW, op, low(value), yes, no);
	size_t not_more = put_branch(w, BPF_JEQ, high(value), same, no);

	put_branch(w, BPF_JGT, high(value), yes, not_more);
	return put_load(w, offset + HIGH);
}

static size_t put_condition_64(struct writer *w, size_t offset, const struct seccomp_condition *c,
			       size_t yes, size_t no)
{
	size_t label;

	switch (c->op) {
	case SCMP_CMP_EQ:
		label = put_word(w, offset + LOW, BPF_JEQ, low(c->value), yes, no);
		return put_word(w, offset + HIGH, BPF_JEQ, high(c->value), label, no);
	case SCMP_CMP_NE:
		label = put_word(w, offset + LOW, BPF_JEQ, low(c->value), no, yes);
		return put_word(w, offset + HIGH, BPF_JEQ, high(c->value), label, yes);
	case SCMP_CMP_GT:
		return put_order(w, offset, BPF_JGT, c->value, yes, no);
	case SCMP_CMP_GE:
		return put_order(w, offset, BPF_JGE, c->value, yes, no);
	case SCMP_CMP_LE:
		return put_order(w, offset, BPF_JGT, c->value, no, yes);
	case SCMP_CMP_LT:
		return put_order(w, offset, BPF_JGE, c->value, no, yes);
	default: /* SCMP_CMP_MASKED_EQ */
		label = put_masked(w, offset + LOW, low(c->value), low(c->second), yes, no);
		return put_masked(w, offset + HIGH, high(c->value), high(c->second), label, no);
	}
}

static size_t put_condition_32(struct writer *w, size_t offset, const struct seccomp_condition *c,
			       size_t yes, size_t no)
{
	switch (c->op) {
	case SCMP_CMP_EQ:
		return put_word(w, offset + LOW, BPF_JEQ, low(c->value), yes, no);
	case SCMP_CMP_NE:
		return put_word(w, offset + LOW, BPF_JEQ, low(c->value), no, yes);
	case SCMP_CMP_GT:
		return put_word(w, offset + LOW, BPF_JGT, low(c->value), yes, no);
	case SCMP_CMP_GE:
		return put_word(w, offset + LOW, BPF_JGE, low(c->value), yes, no);
	case SCMP_CMP_LE:
		return put_word(w, offset + LOW, BPF_JGT, low(c->value), no, yes);
	case SCMP_CMP_LT:
		return put_word(w, offset + LOW, BPF_JGE, low(c->value), no, yes);
	default: /* SCMP_CMP_MASKED_EQ */
		return put_masked(w, offset + LOW, low(c->value), low(c->second), yes, no);
	}
}

/* All conditions of @x hold: its action; else go on at @no. */
static size_t put_alternative(struct writer *w, const struct seccomp_entry *x, size_t no)
{
	size_t label = put_return(w, x->rule->action);

	for (unsigned i = SECCOMP_ARGUMENTS; i-- > 0;) {
		size_t offset = offsetof(struct seccomp_data, args) + i * sizeof(uint64_t);
		struct seccomp_condition c;

		if (seccomp_entry_condition(x, i, &c))
			label = (x->is_64 ? put_condition_64 : put_condition_32)(w, offset, &c,
										 label, no);
	}
	return label;
}

/* ---- ranges --------------------------------------------------------------------------- */

static size_t put_verdict(struct writer *w, const struct seccomp_range *range)
{
	size_t label;

	if (range->n_alternatives == 0)
		return put_return(w, range->action);
	label = put_return(w, w->default_action);
	for (size_t i = range->n_alternatives; i-- > 0;)
		label = put_alternative(w, &range->alternatives[i], label);
	return label;
}

/* One number alone between two ranges of the same action. */
static bool is_exception(const struct seccomp_range *v, size_t n)
{
	return n == 3 && v[0].n_alternatives == 0 && v[2].n_alternatives == 0 &&
	       v[0].action == v[2].action && v[1].first + 1 == v[2].first;
}

/* The number is loaded, and known to be in one of the ranges. */
static size_t put_ranges(struct writer *w, const struct seccomp_range *v, size_t n)
{
	size_t above, below;

	if (n == 1)
		return put_verdict(w, v);
	if (is_exception(v, n)) {
		above = put_verdict(w, &v[1]);
		below = put_verdict(w, &v[0]);
		return put_branch(w, BPF_JEQ, v[1].first, above, below);
	}
	above = put_ranges(w, v + n / 2, n - n / 2);
	below = put_ranges(w, v, n / 2);
	return put_branch(w, BPF_JGE, v[n / 2].first, above, below);
}

/* ---- architectures -------------------------------------------------------------------- */

/* If it is this architecture, its table; else go on at @no. The architecture is loaded. */
static int put_arch(struct writer *w, const struct seccomp_policy *p,
		    const struct seccomp_archs *archs, uint32_t audit, size_t *no, struct err *e)
{
	struct seccomp_table table;
	int r = seccomp_table_make(p, archs, audit, &table, e);

	if (r == 0) {
		size_t label = put_ranges(w, table.ranges, table.n_ranges);

		if (label == w->n) /* else it is a return from elsewhere, and needs no number */
			label = put_load(w, offsetof(struct seccomp_data, nr));
		*no = put_branch(w, BPF_JEQ, audit, label, *no);
	}
	seccomp_table_done(&table);
	return r;
}

static bool was_before(const struct seccomp_archs *archs, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (archs->v[k].audit == archs->v[i].audit)
			return true;
	return false;
}

static int write_all(struct writer *w, const struct seccomp_policy *p,
		     const struct seccomp_archs *archs, struct err *e)
{
	size_t next = put_return(w, SCMP_ACT_KILL); /* no architecture of the policy */
	int r = 0;

	/* The machine's own is the last one written, so it is looked for first. */
	for (size_t i = archs->n; r == 0 && i-- > 0;) {
		if (!was_before(archs, i))
			r = put_arch(w, p, archs, archs->v[i].audit, &next, e);
		if (r == SECCOMP_FOREIGN && i > 0)
			r = 0; /* this machine's kernel has no such process */
	}
	put_load(w, offsetof(struct seccomp_data, arch));
	if (r == 0 && w->full)
		return err_set(e, -E2BIG, ERR_LIMIT, "the program has more than %d instructions",
			       BPF_MAXINSNS);
	return r;
}

static int take_program(const struct writer *w, struct sock_fprog *ret, struct err *e)
{
	struct sock_filter *filter = malloc(w->n * sizeof(*filter));

	if (!filter)
		return err_oom(e);
	for (size_t i = 0; i < w->n; i++)
		filter[i] = w->code[w->n - 1 - i];
	*ret = (struct sock_fprog){.len = (unsigned short)w->n, .filter = filter};
	return 0;
}

int seccomp_program_compile(const struct seccomp_policy *p, struct sock_fprog *ret, struct err *e)
{
	cleanup_free struct writer *w = calloc(1, sizeof(*w));
	struct seccomp_archs archs;
	int r = seccomp_archs(p, &archs, e);

	if (r < 0)
		return r;
	if (!w)
		return err_oom(e);
	w->default_action = p->default_action;
	r = write_all(w, p, &archs, e);
	return r != 0 ? r : take_program(w, ret, e);
}
