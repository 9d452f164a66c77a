/* SPDX-License-Identifier: Apache-2.0 */
/* The authorities of one exec: planned, installed once for all that share the tree. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/io.h"
#include "executor/internal.h"

static json_t *trust_of(const struct exec *x)
{
	return json_object_get(x->receipt, "trust");
}

static void set_result(struct exec *x, const char *result)
{
	json_object_set_new(trust_of(x), "result", json_string(result));
}

static void add_authorities(struct exec *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->authorities->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "fingerprint",
						      x->authorities->v[i].fingerprint, "subject",
						      x->authorities->v[i].subject));
	json_object_set_new(trust_of(x), "authorities", list);
}

static void warn(struct exec *x, const char *text)
{
	json_t *warnings = json_object_get(trust_of(x), "warnings");

	if (!warnings) {
		warnings = json_array();
		json_object_set_new(trust_of(x), "warnings", warnings);
	}
	json_array_append_new(warnings, json_string(text));
}

/* Looks, decides, runs the tool if there is one. */
static int plan(struct exec *x, const struct vfs *fs, struct cacerts_plan *ret, struct err *e)
{
	const struct cacerts_request q = {
		.rootfs = &x->rootfs,
		.mounts = &x->q.mounts,
		.authorities = x->authorities,
		.scratch = x->scratch,
		.helper = exec_run_helper,
		.helper_arg = x,
	};
	int r = cacerts_plan(&q, fs, ret, e);

	if (r == 0)
		json_object_update(trust_of(x), ret->report);
	return r;
}

static int install(struct exec *x, const struct vfs *fs, bool *ret_installed, struct err *e)
{
	cleanup_cacerts_plan struct cacerts_plan p = {.report = NULL};
	int r = plan(x, fs, &p, e);

	if (r < 0)
		return r;
	if (!p.complete && x->q.trust == TRUST_REQUIRE)
		return err_set(e, -EOPNOTSUPP, ERR_PRECONDITION,
			       "the authorities are required but can't be installed: see "
			       "\"skipped\" in the receipt, or use --ca on");
	if (p.changes.n == 0) {
		set_result(x, "skipped");
		return 0;
	}
	r = exec_install_changes(x, JOURNAL_TRUST, &x->q.mounts, &p.changes, p.distro.family,
				 x->authorities, e);
	if (r < 0)
		return r;
	set_result(x, p.complete ? "installed" : "partial");
	*ret_installed = true;
	return 0;
}

/* A failure that left nothing behind costs the exec its authorities, not its life. */
static int tolerate(struct exec *x, int r, struct err *e)
{
	if (r >= 0 || x->q.trust == TRUST_REQUIRE || (e && e->dirty))
		return r;
	set_result(x, "failed");
	warn(x, e ? e->msg : strerror(-r));
	err_clear(e);
	return 0;
}

int exec_install_trust(struct exec *x, struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;
	struct vfs_stat root;
	bool installed = false;
	bool installer;
	int r;

	if (x->authorities->n == 0) {
		set_result(x, x->q.trust == TRUST_OFF ? "off" : "no-authorities");
		if (x->q.trust == TRUST_REQUIRE)
			return err_set(e, -ENOENT, ERR_PRECONDITION,
				       "authorities are required but none is configured: put CA "
				       "certificates into '%s'",
				       x->ex->authorities_dir);
		return 0;
	}
	add_authorities(x);
	r = vfs_new(&x->rootfs, &x->q.mounts, &fs, e);
	if (r == 0)
		r = vfs_lstat(fs, "/", &root, e);
	if (r == 0)
		r = targets_enter(&x->ex->targets, root.dev, root.ino, x->q.id, &x->target,
				  &installer, e);
	if (r < 0)
		return r;
	if (!installer) {
		set_result(x,
			   targets_is_installed(&x->ex->targets, x->target) ? "shared" : "skipped");
		return 0;
	}
	r = install(x, fs, &installed, e);
	targets_settled(&x->ex->targets, x->target, installed || (r < 0 && e && e->dirty));
	return tolerate(x, r, e);
}
