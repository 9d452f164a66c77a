/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * notify - a container that tells the service manager that it is ready
 *
 * When we have a NOTIFY_SOCKET, the container gets one of its own, and the one word READY=1 is
 * passed on: nothing else of what it says concerns the host.
 */
#include "oci/config.h"
#include "runc/container.h"

/* The host's socket, or NULL: nobody asks. */
const char *notify_host(void);

/* Make the directory of the socket, and show it to the container. Nothing without a host's. */
int notify_prepare(const struct container *c, struct container_spec *spec, struct err *e);
/* Bind the socket. Returns it. */
int notify_bind(const struct container *c, struct err *e);
/* A message is there. @pid: the main process for the host, 0: us. Returns whether it was READY=1 */
bool notify_forward(int sock, pid_t pid);
/* Until it is ready, or its process has ended. */
void notify_wait(int sock, pid_t pid, int pidfd);
