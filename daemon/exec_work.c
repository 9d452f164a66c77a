/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exec_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "daemon/stdio.h"

/* Receipts are small; one that is not must not cost the caller the result. */
enum { RECEIPT_MAX = LIMIT_REPLY / 2 };

static int open_stdio(struct exec_run *x, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		int r = stdio_open(x->stdio[i], i, x->peer_pidfd, &x->request.stdio[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

void exec_work_start(uv_work_t *work)
{
	struct exec_run *x = work->data;
	int r;

	r = open_stdio(x, &x->error);
	x->peer_pidfd = fd_close(x->peer_pidfd);
	if (r == 0)
		r = exec_new(x->executor, &x->request, &x->exec, &x->error);
	if (r < 0)
		return;
	x->started = true;
	exec_start(x->exec, &x->error);
}

static char *receipt_text(const struct exec *exec)
{
	cleanup_json json_t *receipt = exec_receipt(exec);
	char *text = receipt ? json_line(receipt) : NULL;

	if (text && strlen(text) <= RECEIPT_MAX)
		return text;
	free(text);
	return strdup("{\"omitted\":\"the receipt is too long for a reply\"}");
}

/* What could not be undone matters more than why the start failed; both are told. */
static void merge_errors(struct exec_run *x, const struct err *finish)
{
	struct err start = x->error;

	x->error = *finish;
	if (start.code)
		err_wrap(&x->error, finish->code, "%s", start.msg);
	x->error.dirty = x->error.dirty || start.dirty;
}

void exec_work_finish(uv_work_t *work)
{
	struct exec_run *x = work->data;
	struct runtime_exit exit = {.code = -1};
	struct err e = ERR_NONE;

	if (exec_finish(x->exec, &exit, &e) < 0)
		merge_errors(x, &e);
	x->exited = exit.code >= 0;
	x->exit = exit;
	x->exited_at_usec = (int64_t)clock_wall_usec();
	x->receipt = receipt_text(x->exec);
}
