/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fake_executor - executor.h and exec.h without containers
 *
 * An exec is a child process with the given arguments and stdio. Variables of the request's
 * environment say what goes wrong:
 *
 *	FAKE_NEW=fail         exec_new() refuses (ERR_INVALID)
 *	FAKE_START=fail       exec_start() fails (ERR_COMMAND_NOT_FOUND)
 *	FAKE_START_MSEC=N     exec_start() takes so long
 *	FAKE_FINISH=fail      exec_finish() fails (ERR_CLEANUP, dirty)
 *	FAKE_RECEIPT=long     the receipt is longer than any reply
 *
 * Explain counts what it got and repeats the path; of the path "/loop" it fails, and of a first
 * mount with type "slow" it takes 300 ms. Info counts reloads: {"reloads": N}.
 * Repair repeats what it got; forget without an id fails.
 */
#include "executor/exec.h"

struct executor *fake_executor_new(void);
