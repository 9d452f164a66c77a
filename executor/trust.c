/* SPDX-License-Identifier: Apache-2.0 */
/* The authorities of one exec: planned, installed once for all that share the tree. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "executor/internal.h"
#include "vfs/overlay_spec.h"

static json_t *trust_of(const struct exec *x)
{
	return json_object_get(x->receipt, "trust");
}

static void set_result(struct exec *x, const char *result)
{
	json_object_set_new(trust_of(x), "result", json_string(result));
}

static void add_authorities(struct exec *x, const struct authorities *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "fingerprint", set->v[i].fingerprint,
						"subject", set->v[i].subject));
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

int exec_open_view(const struct mount_specs *rootfs, const struct mount_specs *mounts,
		   bool readonly, struct vfs **ret, struct err *e)
{
	cleanup_mount_specs struct mount_specs copy = {.n = 0};
	int r = mount_specs_extend(&copy, rootfs, e);

	for (size_t i = 0; r == 0 && readonly && i < copy.n; i++)
		r = strv_add(&copy.v[i].options, "ro", e);
	return r == 0 ? vfs_new(&copy, mounts, ret, e) : r;
}

/* Looks, decides, runs the tool if there is one; or knows the image. */
static int plan(struct exec *x, struct vfs *fs, struct known_image **ret, struct err *e)
{
	const struct cacerts_request q = {
		.rootfs = &x->rootfs,
		.mounts = &x->q.mounts,
		.authorities = x->authorities,
		.strategies = x->strategies,
		.env = &x->q.env,
		.known_tools = &x->ex->known_tools,
		.scratch = x->scratch,
		.helper = exec_run_helper,
		.helper_arg = x,
	};
	int r = known_images_plan(&x->ex->known_images, &q, fs, ret, NULL, e);

	if (r == 0)
		json_object_update_new(trust_of(x), json_deep_copy((*ret)->plan.report));
	return r;
}

static int not_complete(const struct exec *x, struct err *e)
{
	if (x->q.trust != TRUST_REQUIRE)
		return 0;
	return err_set(e, -EOPNOTSUPP, ERR_PRECONDITION,
		       "the authorities are required but can't be installed: see \"skipped\" in "
		       "the receipt, or use --ca on");
}

/* Plays the plan; @ret_installed: there is something to undo. */
static int apply(struct exec *x, struct vfs *fs, struct target_trust *trust, bool *ret_installed,
		 struct err *e)
{
	const struct cacerts_plan *p = &trust->image->plan;
	int r = p->complete ? 0 : not_complete(x, e);

	if (r == 0)
		r = exec_show_trust(x, p, e);
	if (r == 0 && p->changes.n > 0) {
		r = exec_install_plan(x, fs, trust, e);
		*ret_installed = r == 0;
	}
	if (r < 0)
		return r;
	if (p->complete)
		set_result(x, "installed");
	else
		set_result(x, p->changes.n + p->masked.n + p->env.n > 0 ? "partial" : "skipped");
	return 0;
}

/* Forgets what a failed install would have shown. */
static void show_nothing(struct exec *x)
{
	strv_done(&x->trust_env);
	x->trust_env = STRV(LIMIT_ENV);
	mount_specs_done(&x->trust_mounts);
	x->trust_mounts = (struct mount_specs){.n = 0};
	mount_specs_done(&x->shown);
	x->underlay = NULL;
	x->gate = NULL;
	json_object_del(trust_of(x), "underlay");
}

/* The receipt says where the authorities lie. */
static void report_underlay(struct exec *x)
{
	if (x->underlay)
		json_object_set_new(trust_of(x), "underlay", json_path(x->underlay->path));
}

static int install(struct exec *x, struct vfs *fs, struct err *e)
{
	struct target_trust *trust = target_trust_new();
	bool installed = false;
	int r = trust ? plan(x, fs, &trust->image, e) : err_oom(e);

	if (r == 0)
		r = apply(x, fs, trust, &installed, e);
	if (r < 0) {
		trust = target_trust_free(trust);
		show_nothing(x);
	}
	if (installed)
		x->trust = trust; /* others learn of it when it is durable */
	else
		targets_settled(&x->ex->targets, x->target, r < 0 && e && e->dirty, trust);
	return r;
}

static bool has_all(const struct authorities *set, const struct authorities *wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < wanted->n; i++)
		for (size_t k = 0; k < set->n; k++)
			n += strcmp(set->v[k].fingerprint, wanted->v[i].fingerprint) == 0;
	return n == wanted->n;
}

/* Another exec over the same upper has an underlay: other lower directories go without. */
static bool share_underlay(struct exec *x, const struct vfs *fs, const struct target_trust *trust)
{
	if (!trust->journal.underlay)
		return true; /* it is in the tree */
	return overlay_spec_same_lowers(&x->rootfs, &trust->journal.rootfs) &&
	       (!vfs_is_writable(fs, "/", NULL) || underlay_fits(trust->image->underlay, fs)) &&
	       exec_show_underlay(x, trust->image->underlay, NULL) == 0;
}

static int refuse_to_share(struct exec *x, struct err *e)
{
	static const char why[] = "another exec over the same upper directory, with other lower "
				  "directories or options, has the authorities while it runs";

	set_result(x, "skipped");
	if (x->q.trust == TRUST_REQUIRE)
		return err_set(e, -EBUSY, ERR_PRECONDITION,
			       "%s: wait for its end, or use an upper of your own", why);
	warn(x, why);
	return 0;
}

/* Another exec has installed: what the tree trusts now is what this one gets. */
static int share(struct exec *x, const struct vfs *fs, struct err *e)
{
	const struct target_trust *trust = targets_trust(&x->ex->targets, x->target);
	int r;

	if (trust && !share_underlay(x, fs, trust))
		return refuse_to_share(x, e);
	set_result(x, trust ? "shared" : "skipped");
	if (!trust)
		return not_complete(x, e);
	if (!has_all(trust->image->authorities, x->authorities)) {
		if (x->q.trust == TRUST_REQUIRE)
			return err_set(
				e, -EBUSY, ERR_PRECONDITION,
				"another exec over the same tree trusts other authorities "
				"while it runs: wait for its end, or use a tree of your own");
		warn(x, "another exec over the same tree trusts other authorities while it runs: "
			"these hold here too");
	}
	add_authorities(x, trust->image->authorities);
	r = trust->image->plan.complete ? 0 : not_complete(x, e);
	return r == 0 ? exec_show_trust(x, &trust->image->plan, e) : r;
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

/* The journal of an underlay couldn't be written: nothing was done yet. */
static int give_up(struct exec *x, struct target_trust *trust, int r, struct err *e)
{
	if (e->dirty) /* but it may be there */
		underlay_keep(x->underlay);
	show_nothing(x);
	targets_settled(&x->ex->targets, x->target, /* installed= */ false, NULL);
	target_trust_free(trust);
	r = tolerate(x, r, e);
	return r < 0 ? r : SEALED_NOTHING;
}

int exec_wait_sealed(struct exec *x, struct err *e)
{
	struct target_trust *trust = take_ptr(x->trust);
	struct err why = ERR_NONE;
	int r;

	if (!trust)
		return 0;
	r = seal_wait(&x->seal, &why);
	x->gate = NULL;
	if (r < 0)
		err_wrap(&why, r, "completing the journal");
	if (r < 0 && x->underlay)
		r = give_up(x, trust, r, &why);
	else
		targets_settled(&x->ex->targets, x->target, /* installed= */ true, trust);
	if (r < 0 && e)
		*e = why;
	return r;
}

static int nobody_to_trust(struct exec *x, struct err *e)
{
	set_result(x, x->q.trust == TRUST_OFF ? "off" : "no-authorities");
	if (x->q.trust != TRUST_REQUIRE)
		return 0;
	return err_set(e, -ENOENT, ERR_PRECONDITION,
		       "authorities are required but none is configured: put CA certificates into "
		       "'%s'",
		       x->ex->authorities_dir);
}

int exec_install_trust(struct exec *x, struct err *e)
{
	cleanup_vfs struct vfs *fs = NULL;
	struct vfs_stat root;
	bool installer;
	int r;

	if (x->authorities->n == 0)
		return nobody_to_trust(x, e);
	add_authorities(x, x->authorities);
	r = exec_open_view(&x->rootfs, &x->q.mounts, x->q.readonly_rootfs, &fs, e);
	if (r == 0)
		r = vfs_lstat(fs, "/", &root, e);
	if (r == 0)
		r = targets_enter(&x->ex->targets, root.dev, root.ino, root.writable, x->q.id,
				  &x->target, &installer, e);
	if (r < 0)
		return r;
	r = installer ? install(x, fs, e) : share(x, fs, e);
	report_underlay(x);
	if (x->trust) {
		x->seal.view = take_ptr(fs);
		seal_start(&x->seal);
	}
	return tolerate(x, r, e);
}
