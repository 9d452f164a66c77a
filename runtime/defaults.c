/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/defaults.h"

#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "runtime/capabilities.h"

#define DEFAULT_HOSTNAME "anchord"

struct default_mount {
	const char *destination;
	const char *type;
	const char *options;
};

/* clang-format off */
/* In this order: what lies in /dev comes after it. */
static const struct default_mount mounts[] = {
	{"/proc",          "proc",    "nosuid,nodev,noexec"},
	{"/dev",           "tmpfs",   "nosuid,strictatime,mode=755,size=65536k"},
	{"/dev/pts",       "devpts",  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"/dev/shm",       "tmpfs",   "nosuid,nodev,noexec,mode=1777,size=65536k"},
	{"/dev/mqueue",    "mqueue",  "nosuid,nodev,noexec"},
	{"/sys",           "sysfs",   "nosuid,nodev,noexec,ro"},
	{"/sys/fs/cgroup", "cgroup2", "nosuid,nodev,noexec,ro"},
};

static const enum namespace_kind namespaces[] = {
	NAMESPACE_MOUNT, NAMESPACE_PID, NAMESPACE_IPC, NAMESPACE_UTS, NAMESPACE_CGROUP,
};

/* They tell about the host, or let hardware be handled. */
static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
};

/* They change the host's kernel. */
static const char *const readonly[] = {
	"/proc/bus",
	"/proc/fs",
	"/proc/irq",
	"/proc/sys",
	"/proc/sysrq-trigger",
};
/* clang-format on */

int container_default_mounts(struct mount_specs *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(mounts); i++)
		r = mount_specs_add(ret, mounts[i].type, mounts[i].type, mounts[i].destination,
				    mounts[i].options, e);
	return r;
}

static void fill_capabilities(struct container_spec *spec)
{
	uint64_t set = runtime_capabilities_default();
	uint64_t held = spec->process.user.uid == 0 ? set : 0;

	spec->process.capabilities = (struct container_capabilities){
		.bounding = set,
		.permitted = held,
		.effective = held,
	};
}

static int fill_lists(struct container_spec *spec, struct err *e)
{
	int r = container_default_mounts(&spec->mounts, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(masked); i++)
		r = strv_add(&spec->masked_paths, masked[i], e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(readonly); i++)
		r = strv_add(&spec->readonly_paths, readonly[i], e);
	return r;
}

int container_defaults(struct container_spec *spec, struct err *e)
{
	spec->hostname = strdup(DEFAULT_HOSTNAME);
	if (!spec->hostname)
		return err_oom(e);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		spec->namespaces[namespaces[i]].mode = NAMESPACE_NEW;
	spec->rootfs_propagation = MS_PRIVATE;
	spec->has_own_keyring = true;
	spec->has_default_filter = true;
	spec->process.umask = 0022;
	fill_capabilities(spec);
	return fill_lists(spec, e);
}
