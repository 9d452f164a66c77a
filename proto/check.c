/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/check.h"

#include <errno.h>
#include <stdint.h>

#include "base/limits.h"
#include "proto/utf8.h"

enum { VARINT_BYTES = 10 };

/* What is left of the message (or of the message inside it) that is being scanned. */
struct scan {
	const unsigned char *at;
	const unsigned char *end;
};

struct value {
	uint64_t number;    /* of a varint */
	struct scan inside; /* of a length-delimited field */
};

static int malformed(struct err *e)
{
	return err_set(e, -EINVAL, ERR_INVALID, "malformed protobuf");
}

static int scan_varint(struct scan *s, uint64_t *ret, struct err *e)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_BYTES && s->at < s->end; i++) {
		unsigned char byte = *s->at++;

		if (i == VARINT_BYTES - 1 && byte > 1)
			return malformed(e); /* more than 64 bits */
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return malformed(e);
}

static int scan_bytes(struct scan *s, uint64_t n, struct scan *ret, struct err *e)
{
	if (n > (uint64_t)(s->end - s->at))
		return malformed(e);
	*ret = (struct scan){s->at, s->at + n};
	s->at += n;
	return 0;
}

static int scan_value(struct scan *s, unsigned wire, struct value *ret, struct err *e)
{
	uint64_t n = 0;
	int r;

	switch (wire) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return scan_varint(s, &ret->number, e);
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return scan_bytes(s, 8, &ret->inside, e);
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return scan_bytes(s, 4, &ret->inside, e);
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		r = scan_varint(s, &n, e);
		return r < 0 ? r : scan_bytes(s, n, &ret->inside, e);
	default:
		return malformed(e); /* groups and what protobuf never defined */
	}
}

static unsigned wire_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return PROTOBUF_C_WIRE_TYPE_32BIT;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return PROTOBUF_C_WIRE_TYPE_64BIT;
	default:
		return PROTOBUF_C_WIRE_TYPE_VARINT;
	}
}

static int check_wire(const ProtobufCFieldDescriptor *field, unsigned wire, struct err *e)
{
	bool packed = field->label == PROTOBUF_C_LABEL_REPEATED &&
		      wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;

	if (wire == wire_of(field->type) || packed)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID, "field '%s' has a wrong wire type", field->name);
}

static int check_fields(const ProtobufCMessageDescriptor *type, struct scan *s, unsigned depth,
			unsigned *n_elements, struct err *e);

static int check_value(const ProtobufCFieldDescriptor *field, struct value *v, unsigned depth,
		       unsigned *n_elements, struct err *e)
{
	size_t n = (size_t)(v->inside.end - v->inside.at);

	if (field->type == PROTOBUF_C_TYPE_STRING && !utf8_is_text(v->inside.at, n))
		return err_set(e, -EINVAL, ERR_INVALID, "field '%s' is not UTF-8 without NUL",
			       field->name);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_fields(field->descriptor, &v->inside, depth + 1, n_elements, e);
	return 0;
}

static int check_field(const ProtobufCMessageDescriptor *type, struct scan *s, unsigned depth,
		       unsigned *n_elements, struct err *e)
{
	const ProtobufCFieldDescriptor *field;
	struct value value = {0};
	uint64_t tag;
	int r;

	r = scan_varint(s, &tag, e);
	if (r < 0)
		return r;
	if (tag >> 3 == 0 || tag > UINT32_MAX)
		return malformed(e);
	if (++*n_elements > LIMIT_ELEMENTS)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d fields", LIMIT_ELEMENTS);
	r = scan_value(s, tag & 7, &value, e);
	if (r < 0)
		return r;
	field = protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
	if (!field)
		return 0;
	r = check_wire(field, tag & 7, e);
	return r < 0 ? r : check_value(field, &value, depth, n_elements, e);
}

static int check_fields(const ProtobufCMessageDescriptor *type, struct scan *s, unsigned depth,
			unsigned *n_elements, struct err *e)
{
	if (depth > LIMIT_NESTING)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d messages inside one another",
			       LIMIT_NESTING);
	while (s->at < s->end) {
		int r = check_field(type, s, depth, n_elements, e);

		if (r < 0)
			return r;
	}
	return 0;
}

int check_message(const ProtobufCMessageDescriptor *type, const void *bytes, size_t n,
		  struct err *e)
{
	/* An empty message may have no bytes at all; no arithmetic on NULL then. */
	const unsigned char *at = n > 0 ? bytes : (const unsigned char *)"";
	struct scan s = {at, at + n};
	unsigned n_elements = 0;

	return check_fields(type, &s, 1, &n_elements, e);
}
