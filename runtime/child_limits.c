/* SPDX-License-Identifier: Apache-2.0 */
/* The operations on what a process may use: limits, priorities, processors, kernel parameters. */
#include <linux/magic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

/* ---- /proc ----------------------------------------------------------------------------- */

/*
 * Made for this and never attached: whatever an image has put over /proc, and whoever changes it
 * meanwhile, writes go to the kernel. Where one can't be made (a user namespace of which not all of
 * /proc is visible), the attached one is taken, if it is one.
 */
int child_open_proc(struct child *c, const struct op *op)
{
	int fs = fsopen("proc", FSOPEN_CLOEXEC);

	/* Nothing covers what it shows: who traces this process gets no more than is needed. */
	if (fs >= 0 && (op->value || fsconfig(fs, FSCONFIG_SET_STRING, "subset", "pid", 0) == 0) &&
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		c->proc = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (fs >= 0)
		close(fs);
	if (c->proc < 0)
		c->proc = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return c->proc < 0 ? -errno : 0;
}

int child_write_proc(const struct child *c, const char *file, const char *text)
{
	const struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int fd = sys_openat2(c->proc, file, &how);
	struct statfs fs;
	int r;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		r = child_result(write(fd, text, strlen(text)));
	else
		r = -EXDEV;
	close(fd);
	return r < 0 ? r : 0;
}

int child_sysctl(struct child *c, const struct op *op)
{
	return child_write_proc(c, op->path, op->target);
}

int child_oom_score_adj(struct child *c, const struct op *op)
{
	if (c->proc < 0) /* outside */
		return child_write_file("/proc/self/oom_score_adj", op->target);
	return child_write_proc(c, "self/oom_score_adj", op->target);
}

/* ---- limits ---------------------------------------------------------------------------- */

int child_rlimit(struct child *c, const struct op *op)
{
	struct rlimit limit = {.rlim_cur = op->value, .rlim_max = op->other};
	struct rlimit now;

	(void)c;
	if (op->flags & OP_KEEP_HARD) {
		if (getrlimit((int)op->number, &now) < 0)
			return -errno;
		limit.rlim_max = now.rlim_max;
		if (limit.rlim_cur > now.rlim_max)
			limit.rlim_cur = now.rlim_max;
	}
	return child_result(setrlimit((int)op->number, &limit));
}

/* ---- priorities ------------------------------------------------------------------------ */

int child_scheduler(struct child *c, const struct op *op)
{
	(void)op;
	return child_result(sys_sched_setattr(&c->orders->scheduler));
}

int child_io_priority(struct child *c, const struct op *op)
{
	(void)c;
	return child_result(sys_ioprio_set((int)op->value));
}

int child_cpus(struct child *c, const struct op *op)
{
	return child_result(
		sys_sched_setaffinity(c->orders->cpu_bytes, c->orders->cpus[op->value]));
}

int child_personality(struct child *c, const struct op *op)
{
	(void)c;
	return child_result(sys_personality((unsigned long)op->value));
}
