/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * methods - what may be called: one row a method of anchord.v1.Executor
 *
 * Thread: loop.
 */
#include <protobuf-c/protobuf-c.h>

#define METHODS_SERVICE "anchord.v1.Executor"

struct call;

struct method {
	const char *name;
	const ProtobufCMessageDescriptor *request;
	const ProtobufCMessageDescriptor *reply;
	/* Takes the call: answers it, parks it or hands it to a job. */
	void (*handle)(struct call *c);
};

/* NULL when there is none of this name. */
const struct method *method_find(const char *name);
