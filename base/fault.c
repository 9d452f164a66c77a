/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#ifdef ANCHOR_FAULTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_uint n_passed; /* all places */
static atomic_uint n_wanted; /* those of the wanted name */

unsigned fault_count(void)
{
	return atomic_load(&n_passed);
}

/* Is it the place that @wanted ("#N", "name" or "name:N") speaks of? */
static int is_wanted(const char *wanted, const char *name)
{
	unsigned passed = atomic_fetch_add(&n_passed, 1) + 1;
	size_t n = strlen(name);

	if (wanted[0] == '#')
		return passed == strtoul(wanted + 1, NULL, 10);
	if (strncmp(wanted, name, n) != 0 || (wanted[n] != '\0' && wanted[n] != ':'))
		return 0;
	passed = atomic_fetch_add(&n_wanted, 1) + 1;
	return passed >= (wanted[n] ? strtoul(wanted + n + 1, NULL, 10) : 1);
}

void fault_point(const char *name)
{
	const char *wanted = getenv("ANCHORD_FAULT");

	if (wanted && is_wanted(wanted, name))
		kill(getpid(), SIGKILL);
}

uint64_t fault_limit(const char *name, uint64_t usec)
{
	const char *wanted = getenv(name);

	return wanted ? strtoull(wanted, NULL, 10) : usec;
}
#endif
