/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * ttrpc_client - a blocking connection to anchord
 *
 * One call at a time is ttrpc_client_call(). A program that must do something else while a
 * long call is parked (forward a signal as Kill while Run goes on) splits it:
 *
 *	ttrpc_client_send(c, "Run", &run.base, 0, &call, e);
 *	while (!ttrpc_client_has(c, call)) {
 *		poll ttrpc_client_fd(c) and whatever else; on a signal: ttrpc_client_call("Kill")
 *		when the socket is readable: ttrpc_client_receive(c, e);
 *	}
 *	ttrpc_client_finish(c, call, &anchord__v1__run_response__descriptor, &reply, e);
 *
 * Replies come in any order; those that nobody has asked for yet are kept. Nothing is read
 * beyond the end of a frame, so poll() tells the truth about the socket, but not about the
 * replies that are kept: ask ttrpc_client_has() before polling.
 *
 * Thread: one at a time. SIGPIPE is never raised.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ttrpc_client;

/*
 * Connect to the Unix socket @path. Returns: 0; -errno with a message that names the socket
 * and says what to do (ERR_UNAVAILABLE).
 */
int ttrpc_client_new(const char *path, struct ttrpc_client **ret, struct err *e);
struct ttrpc_client *ttrpc_client_free(struct ttrpc_client *c);

/* The socket, for poll(); borrowed. */
int ttrpc_client_fd(const struct ttrpc_client *c);

/*
 * ttrpc_client_send - ask, without waiting for the reply
 * @method:       of anchord.v1.Executor: "Run"
 * @timeout_nano: after which the server ends the call (never the container); 0 for none
 * @ret_call:     names the call for ttrpc_client_finish()
 *
 * Returns: 0; -EPIPE, -ECONNRESET (ERR_UNAVAILABLE) when the connection is gone.
 */
int ttrpc_client_send(struct ttrpc_client *c, const char *method, const ProtobufCMessage *request,
		      int64_t timeout_nano, uint32_t *ret_call, struct err *e);

/* Is the reply to @call here already? */
bool ttrpc_client_has(const struct ttrpc_client *c, uint32_t call);

/* Block until one more reply is here, whichever it is. Returns 0, -errno (ERR_UNAVAILABLE). */
int ttrpc_client_receive(struct ttrpc_client *c, struct err *e);

/*
 * ttrpc_client_finish - block until the reply to @call is here, and open it
 * @type: what the method returns: &anchord__v1__run_response__descriptor
 * @ret:  cast it to the message; protobuf_c_message_free_unpacked(*ret, NULL) frees it
 *
 * Returns: 0; -EREMOTEIO for an error that the server sent, with its kind, message and dirty;
 *          -errno (ERR_UNAVAILABLE) when the connection is gone.
 */
int ttrpc_client_finish(struct ttrpc_client *c, uint32_t call,
			const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret,
			struct err *e);

/* Send and finish. */
int ttrpc_client_call(struct ttrpc_client *c, const char *method, const ProtobufCMessage *request,
		      const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret,
		      struct err *e);
