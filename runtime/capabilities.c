/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capabilities.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* As docker's documentation lists them. */
static const uint64_t docker_default =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_KILL) |
	BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
	BIT(CAP_NET_RAW) | BIT(CAP_SYS_CHROOT) | BIT(CAP_MKNOD) | BIT(CAP_AUDIT_WRITE) |
	BIT(CAP_SETFCAP);

static bool is_own(unsigned capability)
{
	return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1;
}

uint64_t runtime_capabilities_own(uint64_t of)
{
	uint64_t set = 0;

	for (unsigned cap = 0; cap < 64 && of >> cap; cap++)
		if (of & BIT(cap) && is_own(cap))
			set |= BIT(cap);
	return set;
}

uint64_t runtime_capabilities_default(void)
{
	return runtime_capabilities_own(docker_default);
}

unsigned runtime_capabilities_last(void)
{
	char text[16] = "";
	cleanup_close int fd = open("/proc/sys/kernel/cap_last_cap", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return CAP_LAST_CAP; /* of the headers: nothing beyond has a name here anyway */
	return (unsigned)strtoul(text, NULL, 10);
}
