/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int parse_number(const char *text, int *ret)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || n < 1 || n > SIGRTMAX)
		return -EINVAL;
	*ret = (int)n;
	return 0;
}

int signals_parse(const char *text, int *ret, struct err *e)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	if (parse_number(text, ret) == 0)
		return 0;
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcasecmp(known, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	return err_set(e, -EINVAL, ERR_INVALID,
		       "unknown signal '%s'; say a name such as TERM or a number from 1 to %d",
		       text, SIGRTMAX);
}
