/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exec_internal.h"

#include <string.h>

static Anchord__V1__Exit exit_of(const struct exec_run *x)
{
	Anchord__V1__Exit exit = ANCHORD__V1__EXIT__INIT;

	exit.code = (uint32_t)x->exit.code;
	exit.signal = (uint32_t)x->exit.signal;
	exit.exited_at_usec = x->exited_at_usec;
	return exit;
}

static char *receipt_of(const struct exec_run *x)
{
	return x->receipt ? x->receipt : (char *)"{}";
}

void exec_answer_started(const struct exec_run *x, struct call *run)
{
	Anchord__V1__RunResponse reply = ANCHORD__V1__RUN_RESPONSE__INIT;

	reply.id = (char *)x->id;
	reply.pid = (uint32_t)exec_pid(x->exec);
	call_reply(run, &reply.base);
}

void exec_answer_run(const struct exec_run *x, struct call *run)
{
	Anchord__V1__RunResponse reply = ANCHORD__V1__RUN_RESPONSE__INIT;
	Anchord__V1__Exit exit = exit_of(x);

	if (x->error.code) {
		call_fail(run, &x->error);
		return;
	}
	reply.id = (char *)x->id;
	reply.exit = &exit;
	reply.receipt_json = receipt_of(x);
	call_reply(run, &reply.base);
}

void exec_answer_wait(const struct exec_run *x, struct call *wait)
{
	Anchord__V1__WaitResponse reply = ANCHORD__V1__WAIT_RESPONSE__INIT;
	Anchord__V1__Exit exit = exit_of(x);

	if (x->error.code) {
		call_fail(wait, &x->error);
		return;
	}
	reply.exit = &exit;
	reply.receipt_json = receipt_of(x);
	call_reply(wait, &reply.base);
}

void exec_answer_deleted(struct call *delete)
{
	Anchord__V1__DeleteResponse reply = ANCHORD__V1__DELETE_RESPONSE__INIT;

	call_reply(delete, &reply.base);
}

void exec_answer_delete(const struct exec_run *x, struct call *delete)
{
	/* Why the exec could not be started is no news to who deletes it. */
	if (x->error.code && x->error.kind == ERR_CLEANUP)
		call_fail(delete, &x->error);
	else
		exec_answer_deleted(delete);
}

void exec_run_view(const struct exec_run *x, struct exec_run_view *ret)
{
	*ret = (struct exec_run_view){ANCHORD__V1__EXEC_STATE__INIT, exit_of(x)};
	ret->state.id = (char *)x->id;
	ret->state.status = (char *)exec_state_name(x->state);
	ret->state.created_at_usec = x->created_at_usec;
	ret->state.n_args = x->args.n;
	ret->state.args = x->args.v;
	if (x->state == EXEC_RUNNING)
		ret->state.pid = (uint32_t)exec_pid(x->exec);
	if (x->state == EXEC_STOPPED && x->exited)
		ret->state.exit = &ret->exit;
}
