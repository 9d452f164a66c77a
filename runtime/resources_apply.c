/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resources.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "runtime/cgroup_ops.h"

/* The file isn't there: say whether its controller is. */
static int missing(int cgroup_fd, const char *file, struct err *e)
{
	cleanup_strv struct strv controllers = STRV(CGROUP_CONTROLLERS_MAX);
	int length = (int)(strchrnul(file, '.') - file);
	cleanup_free char *name = strndup(file, (size_t)length);
	int r = cgroup_read_words(cgroup_fd, "cgroup.controllers", &controllers, e);

	if (r < 0)
		return r;
	if (!name)
		return err_oom(e);
	if (strcmp(name, "cgroup") == 0 || strv_has(&controllers, name))
		return err_set(e, -ENOENT, ERR_UNSUPPORTED,
			       "%s can't be set: this kernel's controller '%s' doesn't have it",
			       file, name);
	return err_set(e, -ENOENT, ERR_UNSUPPORTED,
		       "%s can't be set: the cgroup controller '%s' isn't available", file, name);
}

static int check_usage(const struct resource_write *w, int cgroup_fd, struct err *e)
{
	uint64_t used, limit;
	int r;

	if (!w->usage_file || w->may_be_missing)
		return 0;
	r = cgroup_read_number(cgroup_fd, w->usage_file, &used, e);
	if (r == -ENOENT) {
		err_clear(e); /* then the limit isn't there either, and that is the better error */
		return 0;
	}
	if (r < 0)
		return r;
	limit = strtoull(w->text, NULL, 10);
	if (used > limit)
		return err_set(e, -EBUSY, ERR_PRECONDITION,
			       "%s %s is refused: %" PRIu64 " bytes are in use", w->file, w->text,
			       used);
	return 0;
}

static int apply(const struct resource_write *w, int cgroup_fd, struct err *e)
{
	int r = check_usage(w, cgroup_fd, e);

	if (r < 0)
		return r;
	r = cgroup_write(cgroup_fd, w->file, w->text, e);
	if (r == -ENOENT && w->other_file) {
		err_clear(e);
		r = cgroup_write(cgroup_fd, w->other_file, w->other_text, e);
	}
	if (r != -ENOENT)
		return r;
	err_clear(e);
	return w->may_be_missing ? 0 : missing(cgroup_fd, w->other_file ?: w->file, e);
}

int resources_apply(const struct resource_writes *w, int cgroup_fd, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->n; i++)
		r = apply(&w->v[i], cgroup_fd, e);
	return r;
}
