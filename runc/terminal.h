/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * terminal - our own streams as the terminal of a container
 *
 * Ours becomes raw, bytes are copied both ways, and the container's has the size of ours.
 */
#include <poll.h>
#include <stdbool.h>
#include <termios.h>

#include "base/cleanup.h"

enum { TERMINAL_POLLS = 3, TERMINAL_BYTES = 16384 };

struct terminal_lane {
	char *bytes;     /* TERMINAL_BYTES of this process's, which has one terminal at most */
	size_t from, to; /* what was read and not yet written */
	bool is_over;    /* nothing more comes */
};

struct terminal {
	int master; /* owned; -EBADF: there is none, and everything here does nothing */
	bool is_raw;
	struct termios saved;
	struct terminal_lane in, out;
};

#define TERMINAL ((struct terminal){.master = -EBADF})

/* Begin; takes @master. */
void terminal_start(struct terminal *t, int master);
/* Give our terminal back as it was. */
void terminal_done(struct terminal *t);
#define cleanup_terminal cleanup(terminal_done)

/* Our terminal has another size. */
void terminal_resize(const struct terminal *t);
/* What poll(2) has to wait for, and what to do when it has waited. */
void terminal_prepare(const struct terminal *t, struct pollfd polls[TERMINAL_POLLS]);
void terminal_copy(struct terminal *t, const struct pollfd polls[TERMINAL_POLLS]);
/* The container has ended: what it wrote last. */
void terminal_drain(struct terminal *t);
