/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exec_state.h"

#include <assert.h>

/* clang-format off */
#define TO(state) (1u << (EXEC_##state))
static const struct {
	const char *name;
	unsigned next; /* set of TO() */
} states[EXEC_STATE_MAX] = {
	[EXEC_PREPARING] = {"preparing", TO(RUNNING) | TO(FINISHING) | TO(STOPPED)},
	[EXEC_RUNNING]   = {"running",   TO(FINISHING)},
	[EXEC_FINISHING] = {"finishing", TO(STOPPED)},
	[EXEC_STOPPED]   = {"stopped",   0},
};
#undef TO
/* clang-format on */

void exec_state_move(enum exec_state *state, enum exec_state to)
{
	assert(states[*state].next & (1u << to));
	*state = to;
}

const char *exec_state_name(enum exec_state state)
{
	return states[state].name;
}
