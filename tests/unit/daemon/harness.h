/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * harness - a daemon with the fake executor in a child process, and plain words to talk to it
 *
 * The daemon's end is part of every test: harness_done() sends SIGTERM and fails the test
 * unless the daemon leaves with status 0, which it does only with a clean loop and no leak.
 * Each word aborts the test when it fails.
 */
#include <sys/types.h>

#include "proto/anchord/v1/executor.pb-c.h"
#include "proto/frame.h"
#include "tests/support/tree.h"

struct harness {
	struct tree tree; /* of the socket and the authorities directory */
	pid_t daemon;
	char socket[300];
	char authorities[300];
};

void harness_init(struct harness *h);
void harness_done(struct harness *h);
/* Start the daemon again after harness_stop(). */
void harness_start(struct harness *h);
/* SIGTERM, and wait for the end; harness_done() does both otherwise. */
void harness_stop(struct harness *h);
void harness_wait(struct harness *h);

/* A connection. Reading gives up after 20 seconds. */
int harness_connect(const struct harness *h);

/* Send a call; @stream is the caller's to choose. */
void harness_send(int fd, uint32_t stream, const char *method, const ProtobufCMessage *m);
void harness_send_timed(int fd, uint32_t stream, const char *method, const ProtobufCMessage *m,
			int64_t timeout_nano);
/* Run @command (split at spaces), as the rest of @like says; NULL for nothing. */
void harness_send_run(int fd, uint32_t stream, const char *command,
		      const Anchord__V1__RunRequest *like);
void harness_send_bytes(int fd, const void *bytes, size_t n);
void harness_send_frame(int fd, struct frame_header h, const void *body);

/* The next frame; the caller frees its body. */
struct frame {
	struct frame_header header;
	unsigned char *body;
};
struct frame harness_receive(int fd);

/* The next frame is a reply on @stream that succeeded; protobuf_c_message_free_unpacked() it. */
void *harness_reply(int fd, uint32_t stream, const ProtobufCMessageDescriptor *type);
/* The next frame is an error with this gRPC code, and @text is in its message. */
void harness_error(int fd, uint32_t stream, int code, const char *text);
/* The next thing is the end of the connection. */
void harness_end(int fd);

/* Sleep until a State of @id on a connection of its own gives @status; "" for NOT_FOUND. */
void harness_await(const struct harness *h, const char *id, const char *status);
/* Open descriptors of the daemon. */
unsigned harness_count_fds(const struct harness *h);
