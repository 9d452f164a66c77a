/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * exec_state - the states of an exec and which may follow which
 *
 * exec_state_move() is the only way to change a state. A move that the table does not allow is
 * a bug of ours.
 */
enum exec_state {
	EXEC_PREPARING, /* a worker installs and launches */
	EXEC_RUNNING,   /* the container's process lives, or nobody noticed its end yet */
	EXEC_FINISHING, /* a worker kills, undoes and removes */
	EXEC_STOPPED,   /* nothing is left but the result */
	EXEC_STATE_MAX
};

void exec_state_move(enum exec_state *state, enum exec_state to);
/* As the protocol calls it: "preparing". */
const char *exec_state_name(enum exec_state state);
