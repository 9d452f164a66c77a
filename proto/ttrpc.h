/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * ttrpc - the envelope around requests and replies, for both sides
 *
 * A frame's body is an envelope: ttrpc.Request (service, method, payload, timeout) or
 * ttrpc.Response (status or payload). A reply that succeeded carries no status; one that
 * succeeded with an empty payload is a frame of length 0. An error's status is a gRPC code, a
 * sentence and one detail, anchord.v1.ErrorDetail, from which a client gets the kind back.
 *
 * What is unpacked lives in the arena it was unpacked into.
 */
#include "base/buf.h"
#include "proto/arena.h"
#include "proto/frame.h"
#include "proto/ttrpc.pb-c.h"

/* The type of the detail; also what every error of ours carries. */
#define TTRPC_DETAIL "anchord.v1.ErrorDetail"

/*
 * ttrpc_unpack - check (proto/check.h) and unpack one message
 * Returns: 0; -EINVAL (ERR_INVALID) when malformed; -E2BIG (ERR_LIMIT) above the arena's quota
 *          or a bound of check_message().
 */
int ttrpc_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t n,
		 struct arena *a, ProtobufCMessage **ret, struct err *e);

/*
 * Append a whole frame, header included, to @to.
 * Returns: 0; -E2BIG (ERR_LIMIT) when it exceeds LIMIT_REPLY (replies), LIMIT_FRAME (requests)
 *          or @to's maximum; -ENOMEM.
 */
int ttrpc_put_reply(uint32_t stream, const ProtobufCMessage *payload, struct buf *to,
		    struct err *e);
/* @cause's message may hold any bytes; what isn't UTF-8 is replaced. */
int ttrpc_put_error(uint32_t stream, const struct err *cause, struct buf *to, struct err *e);
/* @timeout_nano: 0 for none. */
int ttrpc_put_request(uint32_t stream, const char *service, const char *method,
		      const ProtobufCMessage *payload, int64_t timeout_nano, struct buf *to,
		      struct err *e);

/*
 * ttrpc_open_reply - the payload inside a response envelope
 * @ret: the packed payload; lives in @a
 *
 * Returns: 0; the error that the server sent, as -EREMOTEIO with its kind, message and dirty
 *          mark (a server that is not anchord: the kind is ERR_INTERNAL); -EINVAL for a
 *          malformed envelope.
 */
int ttrpc_open_reply(const void *bytes, size_t n, struct arena *a, ProtobufCBinaryData *ret,
		     struct err *e);
