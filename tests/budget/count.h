/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * count - how many system calls a function makes, and which
 *
 * The function runs in a child that is traced. Calls that only ask for memory are not counted:
 * they are the allocator's, and other with sanitizers.
 */
enum { COUNT_CALLS = 512 /* numbers of system calls are below */ };

struct count {
	unsigned total;
	unsigned n[COUNT_CALLS];
};

/* Run @f(@arg) twice, count the second time. Returns its result; -1 if it can't be traced. */
int count_calls(int (*f)(void *arg), void *arg, struct count *ret);
void count_print(const struct count *c);
