/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* console - the caller's side of a container's terminal */
#include "tests/unit/runtime/box.h"

struct console {
	int ours;        /* of a pair of sockets */
	int theirs;      /* ... goes to the box's launch */
	int master;      /* -EBADF until it was received */
	char name[64];   /* what came with it */
	char text[4096]; /* what was read from it */
};

/* The box gets a terminal of 24 rows and 80 columns. */
void console_init(struct console *c, struct box *box);
void console_done(struct console *c);
/* Take the master, which a launch has sent; the test fails if it hasn't. */
void console_receive(struct console *c);
/* All that is written until the last one closes it, without carriage returns. */
const char *console_read(struct console *c);
/* All that is written, up to and with @text. */
const char *console_wait(struct console *c, const char *text);
