/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/call.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <uv.h>

#include "base/limits.h"
#include "daemon/methods.h"
#include "daemon/session.h"
#include "proto/ttrpc.h"

/* On its own because a timer's memory must outlive its closing, and most calls have none. */
struct deadline {
	uv_timer_t timer;
	struct call *call;
};

static void free_deadline(uv_handle_t *timer)
{
	free(timer->data);
}

static void call_free(struct call *c)
{
	struct session *s = c->session;

	assert(!c->parked);
	if (c->deadline)
		uv_close((uv_handle_t *)&c->deadline->timer, free_deadline);
	arena_done(&c->arena);
	LIST_REMOVE(c, of_session);
	free(c);
	session_call_gone(s);
}

void call_abandon(struct call *c)
{
	c->abandoned = true;
	if (c->parked) {
		TAILQ_REMOVE(c->parked, c, parking);
		c->parked = NULL;
		call_free(c);
	}
}

static int raise_deadline(struct err *e)
{
	/* The Go server's text: clients know it. */
	return err_set(e, -ETIME, ERR_DEADLINE, "context deadline exceeded");
}

static void on_deadline(uv_timer_t *timer)
{
	struct deadline *deadline = timer->data;
	struct call *c = deadline->call;
	struct err e = ERR_NONE;

	raise_deadline(&e);
	if (!c->abandoned)
		session_send_error(c->session, c->stream, &e);
	call_abandon(c);
}

static int start_deadline(struct call *c, int64_t timeout_nano, struct err *e)
{
	const int64_t nano_per_msec = 1000000;
	struct deadline *deadline;

	if (timeout_nano == 0)
		return 0;
	if (timeout_nano < 0)
		return raise_deadline(e);
	deadline = calloc(1, sizeof(*deadline));
	if (!deadline)
		return err_oom(e);
	deadline->call = c;
	deadline->timer.data = deadline;
	uv_timer_init(session_loop(c->session), &deadline->timer);
	/* Rounded up: a call is never ended before its time. */
	uv_timer_start(&deadline->timer, on_deadline,
		       (uint64_t)((timeout_nano - 1) / nano_per_msec + 1), /* repeat= */ 0);
	c->deadline = deadline;
	return 0;
}

int call_new(struct session *s, const struct call_frame *f, struct call **ret, struct err *e)
{
	struct call *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_oom(e);
	c->session = s;
	c->method = f->method;
	c->stream = f->stream;
	c->arena = ARENA(LIMIT_ARENA);
	session_call_comes(s, c);
	r = ttrpc_unpack(f->method->request, f->payload->data, f->payload->len, &c->arena,
			 &c->request, e);
	if (r == 0)
		r = start_deadline(c, f->timeout_nano, e);
	if (r < 0) {
		call_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void call_reply(struct call *c, const ProtobufCMessage *reply)
{
	assert(reply->descriptor == c->method->reply);
	if (!c->abandoned)
		session_send_reply(c->session, c->stream, reply);
	call_free(c);
}

void call_fail(struct call *c, const struct err *cause)
{
	if (!c->abandoned)
		session_send_error(c->session, c->stream, cause);
	call_free(c);
}

void call_park(struct call *c, struct call_list *list)
{
	assert(!c->parked && !c->abandoned);
	c->parked = list;
	TAILQ_INSERT_TAIL(list, c, parking);
}

struct call *call_unpark(struct call_list *list)
{
	struct call *c = TAILQ_FIRST(list);

	if (c) {
		TAILQ_REMOVE(list, c, parking);
		c->parked = NULL;
	}
	return c;
}
