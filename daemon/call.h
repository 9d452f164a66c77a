/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * call - one request from a connection, until its reply
 *
 *	call_new ─► handler ─► call_reply or call_fail, exactly once, at once or later
 *
 * A handler that can't answer at once either parks the call on a list (what the list's owner
 * waits for will come) or hands it to a worker's job. When the call's time is over or its
 * connection is gone, the call is abandoned: a parked one goes at once; one that a job holds
 * stays until the job answers, and the answer goes nowhere. So nobody but this file need know
 * whether somebody still listens.
 *
 * Thread: loop.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "proto/arena.h"

struct deadline;
struct method;
struct session;

TAILQ_HEAD(call_list, call);

struct call {
	struct session *session; /* outlives the call */
	const struct method *method;
	uint32_t stream;
	struct arena arena;        /* holds the request */
	ProtobufCMessage *request; /* of method->request's type */
	struct deadline *deadline; /* NULL without a timeout */
	bool abandoned;            /* nobody listens any more */
	struct call_list *parked;  /* the list that it is parked on, or NULL */
	TAILQ_ENTRY(call) parking;
	LIST_ENTRY(call) of_session;
};

/* What a call is made from. */
struct call_frame {
	uint32_t stream;
	const struct method *method;
	const ProtobufCBinaryData *payload;
	int64_t timeout_nano; /* 0: none; negative: over already */
};

/*
 * Unpack the payload, start the clock, add the call to its session.
 * Returns: 0; -EINVAL, -E2BIG for the payload; -ETIME (ERR_DEADLINE).
 */
int call_new(struct session *s, const struct call_frame *f, struct call **ret, struct err *e);

/* Answer and free. The reply's type is method->reply; it is borrowed. */
void call_reply(struct call *c, const ProtobufCMessage *reply);
void call_fail(struct call *c, const struct err *cause);

/* Keep the call until the owner of @list takes it from there and answers. */
void call_park(struct call *c, struct call_list *list);
/* The first parked call, no longer parked; NULL when there is none. */
struct call *call_unpark(struct call_list *list);

/* Nobody listens any more. Frees the call if it is parked. */
void call_abandon(struct call *c);
