/* SPDX-License-Identifier: Apache-2.0 */
/* What every container gets without asking, the same as docker gives it. */
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "runtime/plan_ops.h"

#define NO_S   MOUNT_ATTR_NOSUID
#define NO_SDE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define NO_SE  (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

struct device {
	const char *name;
	unsigned major, minor;
};

struct link {
	const char *name, *target;
};

struct option {
	const char *key, *value; /* value NULL: a flag */
};

struct default_mount {
	const char *destination;
	const char *type;
	uint64_t attributes;
	unsigned flags;           /* enum op_flag, of the file system and of attaching it */
	struct option options[4]; /* up to the first without a key */
};

struct guarded_path {
	const char *path;
	uint64_t magic; /* of the file system that it must lie in */
};

/* clang-format off */
/* In this order: what lies in /dev comes after it. */
static const struct default_mount mounts[] = {
	{"/proc",          "proc",    NO_SDE, 0, {{0}}},
	{"/dev",           "tmpfs",   NO_S | MOUNT_ATTR_STRICTATIME, 0,
		{{"mode", "755"}, {"size", "65536k"}}},
	{"/dev/pts",       "devpts",  NO_SE, 0,
		{{"newinstance", NULL}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}}},
	{"/dev/shm",       "tmpfs",   NO_SDE, 0, {{"mode", "1777"}, {"size", "65536k"}}},
	{"/dev/mqueue",    "mqueue",  NO_SDE, 0, {{0}}},
	{"/sys",           "sysfs",   NO_SDE | MOUNT_ATTR_RDONLY, 0, {{0}}},
	{"/sys/fs/cgroup", "cgroup2", NO_SDE | MOUNT_ATTR_RDONLY, OP_OPTIONAL, {{0}}},
};

static const char *const dev_directories[] = {"pts", "shm", "mqueue"};

static const struct device dev_nodes[] = {
	{"null",    1, 3},
	{"zero",    1, 5},
	{"full",    1, 7},
	{"random",  1, 8},
	{"urandom", 1, 9},
	{"tty",     5, 0},
};

static const struct link dev_links[] = {
	{"fd",     "/proc/self/fd"},
	{"stdin",  "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"core",   "/proc/kcore"},
	{"ptmx",   "pts/ptmx"},
};

/* They tell about the host, or let hardware be handled. */
static const struct guarded_path masked[] = {
	{"/proc/acpi",                    PROC_SUPER_MAGIC},
	{"/proc/asound",                  PROC_SUPER_MAGIC},
	{"/proc/kcore",                   PROC_SUPER_MAGIC},
	{"/proc/keys",                    PROC_SUPER_MAGIC},
	{"/proc/latency_stats",           PROC_SUPER_MAGIC},
	{"/proc/timer_list",              PROC_SUPER_MAGIC},
	{"/proc/timer_stats",             PROC_SUPER_MAGIC},
	{"/proc/sched_debug",             PROC_SUPER_MAGIC},
	{"/proc/scsi",                    PROC_SUPER_MAGIC},
	{"/sys/firmware",                 SYSFS_MAGIC},
	{"/sys/devices/virtual/powercap", SYSFS_MAGIC},
};

/* They change the host's kernel. */
static const struct guarded_path readonly[] = {
	{"/proc/bus",           PROC_SUPER_MAGIC},
	{"/proc/fs",            PROC_SUPER_MAGIC},
	{"/proc/irq",           PROC_SUPER_MAGIC},
	{"/proc/sys",           PROC_SUPER_MAGIC},
	{"/proc/sysrq-trigger", PROC_SUPER_MAGIC},
};
/* clang-format on */

/* What our own /dev holds, right after it was attached. */
static void fill_dev(struct runtime_plan *plan)
{
	for (size_t i = 0; i < ARRAY_SIZE(dev_directories); i++)
		plan_add(plan, &(struct op){.kind = OP_DIRECTORY, .path = dev_directories[i]});
	for (size_t i = 0; i < ARRAY_SIZE(dev_nodes); i++)
		plan_add(plan,
			 &(struct op){.kind = OP_NODE,
				      .path = dev_nodes[i].name,
				      .value = makedev(dev_nodes[i].major, dev_nodes[i].minor)});
	for (size_t i = 0; i < ARRAY_SIZE(dev_links); i++)
		plan_add(plan, &(struct op){.kind = OP_LINK,
					    .path = dev_links[i].name,
					    .target = dev_links[i].target});
}

void plan_default_mounts(struct runtime_plan *plan)
{
	for (const struct default_mount *m = mounts; m < mounts + ARRAY_SIZE(mounts); m++) {
		size_t first = plan->n_params;

		for (size_t i = 0; i < ARRAY_SIZE(m->options) && m->options[i].key; i++)
			plan_add_param(plan, m->options[i].value ? PARAM_STRING : PARAM_FLAG,
				       m->options[i].key, m->options[i].value);
		plan_add(plan, &(struct op){.kind = OP_FILESYSTEM,
					    .path = m->type,
					    .flags = m->flags,
					    .value = m->attributes,
					    .first_param = first,
					    .n_params = plan->n_params - first});
		plan_add(
			plan,
			&(struct op){.kind = OP_ATTACH, .path = m->destination, .flags = m->flags});
		if (strcmp(m->destination, "/dev") == 0)
			fill_dev(plan);
	}
}

int runtime_default_mounts(struct mount_specs *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(mounts); i++)
		r = mount_specs_add(ret, mounts[i].type, mounts[i].type, mounts[i].destination, "",
				    e);
	return r;
}

static void add_guards(struct runtime_plan *plan, enum op_kind kind, const struct guarded_path *v,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		plan_add(plan, &(struct op){.kind = kind, .path = v[i].path, .value = v[i].magic});
}

void plan_default_masks(struct runtime_plan *plan)
{
	add_guards(plan, OP_MASK, masked, ARRAY_SIZE(masked));
	add_guards(plan, OP_READONLY_PATH, readonly, ARRAY_SIZE(readonly));
}

bool plan_default_covers(const char *canonical)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (path_is_below(canonical, mounts[i].destination))
			return true;
	return false;
}
