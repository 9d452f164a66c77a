/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/destroy.h"

#include <errno.h>
#include <string.h>

#include "runc/bundle.h"
#include "runc/output.h"
#include "runc/trust.h"
#include "runtime/hooks.h"

#define CGROUP_USEC UINT64_C(10000000)

static int remove_cgroup(const struct container *c, struct err *e)
{
	cleanup_container_cgroup struct container_cgroup cgroup = CONTAINER_CGROUP;
	int r = container_find_cgroup(c, &cgroup, e);

	if (r == -ENOENT || r == -EOPNOTSUPP) {
		err_clear(e);
		return 0;
	}
	if (r == 0 && c->state.is_cgroup_planned)
		r = container_cgroup_is_populated(&cgroup, e);
	if (r > 0)
		return 0; /* before this container had a process: it is another one's */
	return r < 0 ? r : container_cgroup_remove(&cgroup, CGROUP_USEC, e);
}

/* ---- trust ----------------------------------------------------------------------------- */

static int undo_trust(const struct container *c, struct err *e)
{
	const struct trust_request request = container_trust(c);

	return c->state.is_trusting ? trust_undo(&request, e) : 0;
}

int destroy_trust(struct container *c, struct err *e)
{
	int r = undo_trust(c, e);

	if (r < 0 || !c->state.is_trusting)
		return r;
	c->state.is_trusting = false;
	return container_save(c, e);
}

int destroy_traces(const char *id, const struct globals *globals, struct err *e)
{
	cleanup_free char *root = realpath(globals->root, NULL);
	const struct trust_request request = {
		.state_dir = globals->trust_state,
		.authorities = globals->authorities,
		.id = id,
		.root = root ? root : globals->root,
	};

	return trust_undo(&request, e);
}

/* The state goes next, so it needn't say that this is done. */
static int end_trust(const struct container *c, const struct globals *globals, struct err *e)
{
	return c->state.id ? undo_trust(c, e) : destroy_traces(c->id, globals, e);
}

/* ---- hooks ----------------------------------------------------------------------------- */

/* Read them while the directory is there. */
static void read_hooks(const struct container *c, struct bundle *ret)
{
	struct err e = ERR_NONE;

	if (c->state.has_poststop && bundle_read_copy(c->fd, c->state.bundle, ret, &e) < 0)
		output_warning("poststop hooks can't be read: %s", e.msg);
}

static void run_hooks(const struct container *c, const struct bundle *bundle)
{
	cleanup_free char *head =
		c->state.has_poststop ? container_state_document_head(&c->state) : NULL;
	struct err e = ERR_NONE;

	if (head && hooks_run(&bundle->config.container.hooks, HOOK_POSTSTOP, head, "stopped", 0,
			      c->state.bundle, &e) < 0)
		output_warning("%s", e.msg);
}

/* ---------------------------------------------------------------------------------------- */

int destroy_container(struct container *c, const struct globals *globals, struct err *e)
{
	cleanup_bundle struct bundle bundle;
	int r;

	bundle_init(&bundle);
	r = remove_cgroup(c, e);
	if (r == 0)
		r = end_trust(c, globals, e);
	if (r < 0)
		return r;
	read_hooks(c, &bundle);
	r = container_remove(c, e);
	if (r == 0)
		run_hooks(c, &bundle);
	return r;
}
