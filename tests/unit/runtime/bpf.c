/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/bpf.h"

#include <string.h>

#include "tests/support/suite.h"

static bool holds(const struct sock_filter *x, uint32_t a)
{
	switch (BPF_OP(x->code)) {
	case BPF_JEQ:
		return a == x->k;
	case BPF_JGT:
		return a > x->k;
	case BPF_JGE:
		return a >= x->k;
	default:
		ck_abort_msg("jump %#x", x->code);
	}
}

/* Passing a ck_assert() is a system call; there are millions of steps. */
uint32_t bpf_run(const struct sock_fprog *program, const struct seccomp_data *data, size_t *n_steps)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < program->len; pc++) {
		const struct sock_filter *x = &program->filter[pc];

		++*n_steps;
		if (x->code == (BPF_LD | BPF_W | BPF_ABS)) {
			if (x->k % 4 != 0 || x->k >= sizeof(*data))
				ck_abort_msg("load of %#x", x->k);
			memcpy(&a, (const char *)data + x->k, sizeof(a));
		} else if (x->code == (BPF_ALU | BPF_AND | BPF_K)) {
			a &= x->k;
		} else if (x->code == (BPF_JMP | BPF_JA)) {
			pc += x->k;
		} else if (x->code == (BPF_RET | BPF_K)) {
			return x->k;
		} else {
			if ((x->code & ~0xf0u) != (BPF_JMP | BPF_K))
				ck_abort_msg("instruction %#x", x->code);
			pc += holds(x, a) ? x->jt : x->jf;
		}
	}
	ck_abort_msg("the program has no end");
}
