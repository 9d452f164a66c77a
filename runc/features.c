/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/features.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "runtime/container.h"

/* clang-format off */
static const char *const mount_options[] = {
	"async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "idmap",
	"iversion", "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime", "noexec",
	"noiversion", "nolazytime", "nomand", "norelatime", "nostrictatime", "nosuid",
	"nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime", "rexec",
	"ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime",
	"rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave",
	"rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared", "silent", "slave",
	"strictatime", "suid", "symfollow", "sync", "tmpcopyup", "unbindable", NULL,
};

static const char *const capabilities[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
	"CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
	"CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE", NULL,
};

static const char *const actions[] = {
	"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
	"SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE",
	"SCMP_ACT_TRAP", NULL,
};

static const char *const operators[] = {
	"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
	"SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL,
};

static const char *const architectures[] = {
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64",
	"SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64",
	NULL,
};

static const char *const flags[] = {
	"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
	NULL,
};
/* clang-format on */

static json_t *list_of(const char *const *words)
{
	json_t *j = json_array();

	for (; *words; words++)
		json_array_append_new(j, json_string(*words));
	return j;
}

static json_t *hooks(void)
{
	json_t *j = json_array();

	for (size_t i = 0; i < HOOK_MAX; i++)
		json_array_append_new(j, json_string(hook_names[i]));
	return j;
}

/* In order of their names. */
static json_t *namespaces(void)
{
	static const enum namespace_kind order[] = {
		NAMESPACE_CGROUP, NAMESPACE_IPC,  NAMESPACE_MOUNT, NAMESPACE_NETWORK,
		NAMESPACE_PID,    NAMESPACE_TIME, NAMESPACE_USER,  NAMESPACE_UTS,
	};
	json_t *j = json_array();

	_Static_assert(ARRAY_SIZE(order) == NAMESPACE_MAX, "all of them");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		json_array_append_new(j, json_string(namespace_kinds[order[i]].name));
	return j;
}

static json_t *cgroup(void)
{
	return json_pack("{s:b, s:b, s:b, s:b, s:b}", "v1", 0, "v2", 1, "systemd", 1, "systemdUser",
			 0, "rdma", 1);
}

static json_t *seccomp(void)
{
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", 1, "actions",
			 list_of(actions), "operators", list_of(operators), "archs",
			 list_of(architectures), "knownFlags", list_of(flags), "supportedFlags",
			 list_of(flags));
}

static json_t *linux_part(void)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:{s:b}, s:{s:b}, s:{s:b}, s:{s:{s:b}}}",
			 "namespaces", namespaces(), "capabilities", list_of(capabilities),
			 "cgroup", cgroup(), "seccomp", seccomp(), "apparmor", "enabled", 1,
			 "selinux", "enabled", 1, "intelRdt", "enabled", 0, "mountExtensions",
			 "idmap", "enabled", 1);
}

json_t *features_document(void)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:{s:s, s:s}}", "ociVersionMin", "1.0.0",
			 "ociVersionMax", "1.2.0", "hooks", hooks(), "mountOptions",
			 list_of(mount_options), "linux", linux_part(), "annotations",
			 "org.anchord.version", ANCHOR_VERSION,
			 "org.opencontainers.runc.checkpoint.enabled", "false");
}
