/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/home.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/limits.h"
#include "runtime/user.h"

int home_add(const char *root, struct container_process *p, struct err *e)
{
	char home[LIMIT_PATH], variable[LIMIT_PATH + 8];
	cleanup_close int fd = -EBADF;

	if (strv_value(&p->env, "HOME"))
		return 0;
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	runtime_user_home(fd, p->user.uid, home);
	snprintf(variable, sizeof(variable), "HOME=%s", home);
	return strv_add(&p->env, variable, e);
}
