/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* launch_words - what a launch and its child say to each other in one byte */

enum {
	RUNTIME_LEAVE = 'y', /* execute the command */
	SYNC_HOOKS = 'h',    /* to the outside process: run your hooks */
	SYNC_DONE = 'y',     /* ... which are through */
};
