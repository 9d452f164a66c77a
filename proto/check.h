/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * check - look over a protobuf message before protobuf-c unpacks it
 *
 * protobuf-c checks neither UTF-8 nor embedded NULs (a C string would silently be shorter),
 * recurses as deep as the message says and keeps unknown fields. So the bytes are scanned
 * first, guided by the descriptor:
 *
 *	every tag, varint and length must be whole and inside the message;
 *	strings must be UTF-8 without NUL;
 *	a known field must come in its own wire type; groups are refused;
 *	at most LIMIT_ELEMENTS fields, at most LIMIT_NESTING messages inside one another.
 *
 * Unknown fields are accepted, as protobuf demands.
 */
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Returns: 0; -EINVAL (ERR_INVALID) naming the field, -E2BIG (ERR_LIMIT). Never allocates,
 *          one pass over the bytes.
 */
int check_message(const ProtobufCMessageDescriptor *type, const void *bytes, size_t n,
		  struct err *e);
