/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#ifdef ANCHOR_FAULTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fault_point(const char *name)
{
	static atomic_int seen;
	const char *wanted = getenv("ANCHORD_FAULT");
	size_t n = strlen(name);

	if (!wanted || strncmp(wanted, name, n) != 0)
		return;
	if (wanted[n] != '\0' && wanted[n] != ':')
		return;
	if (atomic_fetch_add(&seen, 1) + 1 >= (wanted[n] ? atoi(wanted + n + 1) : 1))
		kill(getpid(), SIGKILL);
}
#endif
