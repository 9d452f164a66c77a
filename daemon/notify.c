/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"

void notify_ready(void)
{
	sd_notify(/* unset_environment= */ 0, "READY=1");
}

void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_usec());
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

int notify_take_socket(int *ret, struct err *e)
{
	int n = sd_listen_fds(/* unset_environment= */ 1);

	if (n <= 0) {
		*ret = -EBADF;
		return 0;
	}
	if (n > 1 ||
	    sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, /* listening= */ 1, NULL, 0) <= 0)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "systemd must hand over one listening Unix stream socket");
	*ret = SD_LISTEN_FDS_START;
	return 0;
}
