/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ttrpc.h"

#include <errno.h>
#include <string.h>

#include "proto/anchord/v1/executor.pb-c.h"
#include "proto/check.h"
#include "proto/utf8.h"

int ttrpc_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t n,
		 struct arena *a, ProtobufCMessage **ret, struct err *e)
{
	ProtobufCAllocator allocator = arena_allocator(a);
	ProtobufCMessage *m;
	int r;

	r = check_message(type, bytes, n, e);
	if (r < 0)
		return r;
	m = protobuf_c_message_unpack(type, &allocator, n, n > 0 ? bytes : (const uint8_t *)"");
	if (!m && a->exhausted)
		return err_set(e, -E2BIG, ERR_LIMIT,
			       "the message needs more than %zu bytes when decoded", a->max);
	if (!m)
		return err_set(e, -EINVAL, ERR_INVALID, "malformed protobuf");
	*ret = m;
	return 0;
}

static size_t packed_size(const ProtobufCMessage *m)
{
	return m ? protobuf_c_message_get_packed_size(m) : 0;
}

/* Pack a message into memory of its own. An empty one has no bytes: NULL. */
static int pack(const ProtobufCMessage *m, size_t max, ProtobufCBinaryData *ret, struct err *e)
{
	size_t n = packed_size(m);
	uint8_t *bytes;

	if (n > max)
		return err_set(e, -E2BIG, ERR_LIMIT, "the message exceeds %zu bytes", max);
	*ret = (ProtobufCBinaryData){0};
	if (n == 0)
		return 0;
	bytes = malloc(n);
	if (!bytes)
		return err_oom(e);
	*ret = (ProtobufCBinaryData){protobuf_c_message_pack(m, bytes), bytes};
	return 0;
}

static int put_frame(uint32_t stream, enum frame_type type, const ProtobufCMessage *envelope,
		     size_t max, struct buf *to, struct err *e)
{
	unsigned char header[FRAME_HEADER];
	cleanup_free uint8_t *bytes = NULL;
	ProtobufCBinaryData body;
	size_t n_before = to->n;
	int r;

	r = pack(envelope, max, &body, e);
	if (r < 0)
		return r;
	bytes = body.data;
	frame_header_put(&(struct frame_header){.length = (uint32_t)body.len,
						.stream = stream,
						.type = (uint8_t)type},
			 header);
	r = buf_add(to, header, sizeof(header), e);
	if (r == 0 && body.len > 0)
		r = buf_add(to, body.data, body.len, e);
	if (r < 0)
		to->n = n_before; /* half a frame would spoil the stream */
	return r;
}

int ttrpc_put_reply(uint32_t stream, const ProtobufCMessage *payload, struct buf *to, struct err *e)
{
	Ttrpc__Response envelope = TTRPC__RESPONSE__INIT;
	cleanup_free uint8_t *bytes = NULL;
	int r;

	r = pack(payload, LIMIT_REPLY, &envelope.payload, e);
	if (r < 0)
		return r;
	bytes = envelope.payload.data;
	return put_frame(stream, FRAME_RESPONSE, &envelope.base, LIMIT_FRAME, to, e);
}

int ttrpc_put_error(uint32_t stream, const struct err *cause, struct buf *to, struct err *e)
{
	Anchord__V1__ErrorDetail detail = ANCHORD__V1__ERROR_DETAIL__INIT;
	Ttrpc__Response envelope = TTRPC__RESPONSE__INIT;
	Ttrpc__Status status = TTRPC__STATUS__INIT;
	Ttrpc__Detail any = TTRPC__DETAIL__INIT;
	Ttrpc__Detail *details[] = {&any};
	char message[ERR_MSG_MAX];
	char type_url[] = TTRPC_DETAIL;
	cleanup_free uint8_t *bytes = NULL;
	int r;

	memcpy(message, cause->msg, sizeof(message));
	utf8_clean(message);
	detail.reason = (char *)err_reason(cause->kind);
	detail.exit_status = (uint32_t)err_exit_status(cause->kind);
	detail.dirty = cause->dirty;
	r = pack(&detail.base, LIMIT_REPLY, &any.value, e);
	if (r < 0)
		return r;
	bytes = any.value.data;
	any.type_url = type_url;
	status.code = err_grpc_code(cause->kind);
	status.message = message;
	status.details = details;
	status.n_details = ARRAY_SIZE(details);
	envelope.status = &status;
	return put_frame(stream, FRAME_RESPONSE, &envelope.base, LIMIT_REPLY, to, e);
}

int ttrpc_put_request(uint32_t stream, const char *service, const char *method,
		      const ProtobufCMessage *payload, int64_t timeout_nano, struct buf *to,
		      struct err *e)
{
	Ttrpc__Request envelope = TTRPC__REQUEST__INIT;
	cleanup_free uint8_t *bytes = NULL;
	int r;

	r = pack(payload, LIMIT_FRAME, &envelope.payload, e);
	if (r < 0)
		return r;
	bytes = envelope.payload.data;
	envelope.service = (char *)service;
	envelope.method = (char *)method;
	envelope.timeout_nano = timeout_nano;
	return put_frame(stream, FRAME_REQUEST, &envelope.base, LIMIT_FRAME, to, e);
}

/* Our own detail among those of a status, or NULL. */
static const Anchord__V1__ErrorDetail *find_detail(const Ttrpc__Status *status, struct arena *a)
{
	ProtobufCMessage *m;

	for (size_t i = 0; i < status->n_details; i++) {
		const Ttrpc__Detail *any = status->details[i];

		if (strcmp(any->type_url, TTRPC_DETAIL) == 0 &&
		    ttrpc_unpack(&anchord__v1__error_detail__descriptor, any->value.data,
				 any->value.len, a, &m, NULL) == 0)
			return (const Anchord__V1__ErrorDetail *)m;
	}
	return NULL;
}

static int raise_status(const Ttrpc__Status *status, struct arena *a, struct err *e)
{
	const Anchord__V1__ErrorDetail *detail = find_detail(status, a);
	enum err_kind kind = detail ? err_kind_of_reason(detail->reason) : ERR_INTERNAL;

	err_set(e, -EREMOTEIO, kind, "%s", status->message);
	if (e && detail && detail->dirty)
		e->dirty = 1;
	return -EREMOTEIO;
}

int ttrpc_open_reply(const void *bytes, size_t n, struct arena *a, ProtobufCBinaryData *ret,
		     struct err *e)
{
	const Ttrpc__Response *envelope;
	ProtobufCMessage *m;
	int r;

	r = ttrpc_unpack(&ttrpc__response__descriptor, bytes, n, a, &m, e);
	if (r < 0)
		return err_wrap(e, r, "reading the reply's envelope");
	envelope = (const Ttrpc__Response *)m;
	if (envelope->status && envelope->status->code != 0)
		return raise_status(envelope->status, a, e);
	*ret = envelope->payload;
	return 0;
}
