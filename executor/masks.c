/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user process sees beside the installed tree: masks, which are made in the exec's scratch
 * directory and bound over stores that can't be written, and variables.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "executor/internal.h"

/* Plays the masks in a directory of the exec's own; they go with it. */
static int play(const char *dir, const struct changes *masks, struct err *e)
{
	cleanup_mount_specs struct mount_specs root = {.n = 0};
	cleanup_vfs struct vfs *fs = NULL;
	int r;

	if (mkdir(dir, 0755) < 0)
		return err_sys(e, "creating '%s'", dir);
	r = mount_specs_add(&root, "bind", dir, "/", "bind", e);
	if (r == 0)
		r = vfs_new(&root, NULL, &fs, e);
	return r == 0 ? changes_apply(masks, fs, e) : r;
}

static int add_mounts(struct exec *x, const char *dir, const struct strv *masked, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < masked->n; i++) {
		char source[LIMIT_PATH + 32];

		snprintf(source, sizeof(source), "%s/%zu", dir, i);
		r = mount_specs_add(&x->trust_mounts, "bind", source, masked->v[i],
				    "bind,ro,nosuid,nodev", e);
	}
	return r;
}

int exec_show_trust(struct exec *x, const struct cacerts_plan *p, struct err *e)
{
	cleanup_free char *dir = NULL;
	int r = strv_extend(&x->trust_env, &p->env, e);

	if (r < 0 || p->masked.n == 0)
		return r;
	if (asprintf(&dir, "%s/masks", x->scratch) < 0)
		return err_oom(e);
	r = play(dir, &p->masks, e);
	if (r == 0)
		r = add_mounts(x, dir, &p->masked, e);
	return r < 0 ? err_wrap(e, r, "masking the trust stores") : 0;
}
