/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"
#include "cacerts/cacerts.h"
#include "cacerts/shared_tree.h"
#include "runc/trust_rootfs.h"
#include "runtime/defaults.h"
#include "runtime/tool.h"
#include "vfs/vfs.h"

#define ANNOTATION  "org.anchord.trust"
#define VARIABLE    "ANCHORD_TRUST"
#define KNOWN_TOOLS "/etc/anchord/known-tools"

/* One install, from request to container. */
struct install {
	const struct trust_request *q;
	struct oci_config *config;
	struct authorities *authorities; /* one reference */
	struct trust_rootfs rootfs;
	struct mount_specs mounts; /* as a view has them, see trust_rootfs.h */
	struct vfs *view;
	struct shared_tree tree;
	struct known_tools known_tools;
	char user[LIMIT_TREE_USER];
	char *scratch; /* <state>/scratch/<user> */
};

static void install_done(struct install *x)
{
	authorities_unref(x->authorities);
	trust_rootfs_done(&x->rootfs);
	mount_specs_done(&x->mounts);
	vfs_free(x->view);
	shared_tree_done(&x->tree);
	known_tools_done(&x->known_tools);
	free(x->scratch);
}

/* ---- who and whether ------------------------------------------------------------------- */

/* FNV-1a: names are told apart by it, not protected. */
static uint64_t digest(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

/* Ids are unique in one --root. A long one is told by its beginning and a digest. */
static void name_user(const struct trust_request *q, char ret[LIMIT_TREE_USER])
{
	snprintf(ret, LIMIT_TREE_USER, "%016jx-%016jx-%.100s", (uintmax_t)digest(q->root),
		 (uintmax_t)digest(q->id), q->id);
}

static bool says(const struct oci_config *config, const char *word)
{
	const char *annotation = strv_value(&config->annotations, ANNOTATION);
	const char *variable = strv_value(&config->container.process.env, VARIABLE);
	const char *own = getenv(VARIABLE);

	return (annotation && strcmp(annotation, word) == 0) ||
	       (variable && strcmp(variable, word) == 0) || (own && strcmp(own, word) == 0);
}

/* ---- the tool -------------------------------------------------------------------------- */

/* A cacerts_helper_fn: the image's own tool, in a container beside the one that is made. */
static int run_tool(void *arg, const struct mount_specs *rootfs, const struct mount_specs *mounts,
		    const char *const *argv, struct buf *output, int *ret_status, struct err *e)
{
	cleanup_container_spec struct container_spec spec;
	const struct install *x = arg;
	char staging[LIMIT_PATH];
	const struct runtime_tool tool = {
		.staging = staging,
		.cgroup_fd = -EBADF,
		.cancel_fd = -EBADF,
		.limit_usec = LIMIT_HELPER_USEC,
	};
	struct runtime_exit exit = {0};
	int r;

	container_spec_init(&spec);
	snprintf(staging, sizeof(staging), "%s/staging", x->scratch);
	r = io_mkdir_p(staging, 0700, e);
	if (r == 0)
		r = container_defaults(&spec, e);
	spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_NEW;
	spec.is_staged = true;
	if (r == 0)
		r = runtime_tool_spec(&spec, rootfs, mounts, argv, e);
	if (r == 0)
		r = runtime_tool_run(&spec, &tool, output, &exit, e);
	*ret_status = exit.code;
	return r;
}

/* ---- masks ----------------------------------------------------------------------------- */

/* Private copies in the scratch directory, bound over what can't be written. */
static int play_masks(const struct changes *masks, const char *dir, struct err *e)
{
	cleanup_mount_specs struct mount_specs root = {.n = 0};
	cleanup_vfs struct vfs *fs = NULL;
	int r = io_mkdir_p(dir, 0755, e);

	if (r == 0)
		r = mount_specs_add(&root, "bind", dir, "/", "bind", e);
	if (r == 0)
		r = vfs_new(&root, NULL, &fs, e);
	return r == 0 ? changes_apply(masks, fs, e) : r;
}

static int show_masks(const struct install *x, const struct cacerts_plan *p, struct err *e)
{
	char dir[LIMIT_PATH], source[LIMIT_PATH + 32];
	int r = 0;

	if (p->masked.n == 0)
		return 0;
	snprintf(dir, sizeof(dir), "%s/masks", x->scratch);
	r = play_masks(&p->masks, dir, e);
	for (size_t i = 0; r == 0 && i < p->masked.n; i++) {
		snprintf(source, sizeof(source), "%s/%zu", dir, i);
		r = mount_specs_add(&x->config->container.mounts, "bind", source, p->masked.v[i],
				    "bind,ro,nosuid,nodev", e);
	}
	return r;
}

/* ---- install --------------------------------------------------------------------------- */

static int fill_journal(const struct install *x, const struct cacerts_plan *p, struct journal *j,
			struct err *e)
{
	int r;

	j->id = strdup(x->q->id);
	j->family = p->distro.family;
	j->authorities = authorities_ref(x->authorities);
	if (!j->id)
		return err_oom(e);
	r = mount_specs_extend(&j->rootfs, &x->rootfs.specs, e);
	return r == 0 ? mount_specs_extend(&j->mounts, &x->mounts, e) : r;
}

static int play(const struct install *x, const struct cacerts_plan *p, struct err *e)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	int r = fill_journal(x, p, &j, e);

	if (r == 0)
		r = shared_tree_set_mounted(&x->tree, x->rootfs.mounted ? x->rootfs.mounted : "",
					    e);
	if (r == 0)
		r = shared_tree_install(&x->tree, &j, x->view, &p->changes, &p->env, e);
	fault_point("runc.trust.installed");
	if (r == 0)
		r = trust_rootfs_refresh(&x->rootfs, &p->changes, e);
	return r;
}

static int plan(struct install *x, struct cacerts_plan *ret, struct err *e)
{
	const struct cacerts_request q = {
		.rootfs = &x->rootfs.specs,
		.mounts = &x->mounts,
		.authorities = x->authorities,
		.strategies = CACERTS_ALL,
		.env = &x->config->container.process.env,
		.known_tools = &x->known_tools,
		.scratch = x->scratch,
		.helper = run_tool,
		.helper_arg = x,
	};
	int r = io_mkdir_p(x->scratch, 0700, e);

	return r == 0 ? cacerts_plan(&q, x->view, ret, e) : r;
}

/* A container without a store goes on, and its caller is told. */
static void warn_of_incomplete(const struct cacerts_plan *p, struct err *ret)
{
	if (!p->complete)
		err_set(ret, -EOPNOTSUPP, ERR_UNSUPPORTED,
			"the image has no trust store that the authorities could be installed in");
}

static int install_first(struct install *x, struct err *ret_warning, struct err *e)
{
	cleanup_cacerts_plan struct cacerts_plan p = {.report = NULL};
	int r = plan(x, &p, e);

	if (r == 0)
		r = show_masks(x, &p, e);
	if (r == 0 && p.changes.n > 0)
		r = play(x, &p, e);
	if (r == 0)
		r = strv_extend(&x->config->container.process.env, &p.env, e);
	if (r == 0)
		warn_of_incomplete(&p, ret_warning);
	return r;
}

/* What a failed install has done so far; the kernel must not go on showing it. */
static int take_back(struct install *x, int r, struct err *e)
{
	cleanup_json json_t *report = json_object();
	struct err why = ERR_NONE;

	if (shared_tree_undo(&x->tree, report, &why) < 0) {
		*e = why;
		return why.code;
	}
	trust_rootfs_forget(x->rootfs.mounted, NULL);
	if (shared_tree_count_others(&x->tree, x->user, NULL) == 0)
		shared_tree_remove(&x->tree, NULL);
	else
		shared_tree_leave(&x->tree, x->user, NULL);
	return r;
}

/* Somebody lives in the tree with what was installed for him; or nobody does any more. */
static int install_locked(struct install *x, struct err *ret_warning, struct err *e)
{
	cleanup_json json_t *report = json_object();
	int n = shared_tree_count_others(&x->tree, x->user, e);
	int r = n < 0 ? n : shared_tree_use(&x->tree, x->user, getpid(), e);

	if (r < 0)
		return r;
	if (n > 0 && shared_tree_is_installed(&x->tree))
		return shared_tree_env(&x->tree, &x->config->container.process.env, e);
	r = shared_tree_undo(&x->tree, report, e);
	if (r < 0)
		return r;
	r = install_first(x, ret_warning, e);
	return r < 0 ? take_back(x, r, e) : 0;
}

static int open_tree_of(struct install *x, struct err *e)
{
	struct timespec born = {0};
	struct vfs_stat root;
	int r = vfs_lstat(x->view, "/", &root, e);

	if (r == 0)
		r = vfs_get_birth(x->view, "/", &born, e);
	return r == 0 ? shared_tree_open(x->q->state_dir, root.dev, root.ino, born, &x->tree, e)
		      : r;
}

static int remember_scratch(struct install *x, struct err *e)
{
	if (asprintf(&x->scratch, "%s/scratch/%s", x->q->state_dir, x->user) >= 0)
		return 0;
	x->scratch = NULL;
	return err_oom(e);
}

static int prepare(struct install *x, struct err *e)
{
	const struct container_spec *spec = &x->config->container;
	int r = remember_scratch(x, e);

	if (r == 0 && access(KNOWN_TOOLS, F_OK) == 0)
		r = known_tools_load(KNOWN_TOOLS, &x->known_tools, e);
	if (r == 0)
		r = trust_rootfs_read(spec, &x->rootfs, e);
	if (r == 0)
		r = mount_specs_extend(&x->mounts, &spec->mounts, e);
	if (r == 0)
		r = vfs_new(&x->rootfs.specs, &x->mounts, &x->view, e);
	return r == 0 ? open_tree_of(x, e) : r;
}

/* A failure that left nothing behind costs the container its authorities, not its life. */
static int tolerate(bool is_required, int r, struct err *ret_warning, struct err *e)
{
	if (r == 0 && is_required && ret_warning->code < 0) {
		*e = *ret_warning;
		return e->code;
	}
	if (r >= 0 || is_required || e->dirty)
		return r;
	*ret_warning = *e;
	err_clear(e);
	return 0;
}

static int install(struct install *x, struct err *ret_warning, struct err *e)
{
	int r = authorities_load(x->q->authorities, &x->authorities, e);

	if (r < 0)
		return r;
	if (x->authorities->n == 0) {
		err_set(ret_warning, -ENOENT, ERR_PRECONDITION, "'%s' has no authorities",
			x->q->authorities);
		return 0;
	}
	name_user(x->q, x->user);
	r = prepare(x, e);
	return r == 0 ? install_locked(x, ret_warning, e) : r;
}

int trust_install(const struct trust_request *q, struct oci_config *config, struct err *ret_warning,
		  struct err *e)
{
	struct install x = {.q = q, .config = config, .tree = SHARED_TREE};
	int r;

	if (says(config, "off") || config->container.rootfs.n == 0)
		return 0;
	r = install(&x, ret_warning, e);
	if (r < 0)
		err_wrap(e, r, "trusting the authorities");
	install_done(&x);
	r = tolerate(says(config, "require"), r, ret_warning, e);
	if (ret_warning->code == -ENOENT && ret_warning->kind == ERR_PRECONDITION)
		err_clear(ret_warning); /* nobody to trust is the normal case */
	return r;
}

/* ---- while it lives, and after --------------------------------------------------------- */

int trust_started(const struct trust_request *q, pid_t pid, struct err *e)
{
	cleanup_shared_tree struct shared_tree tree = SHARED_TREE;
	char user[LIMIT_TREE_USER];
	int r;

	name_user(q, user);
	r = shared_tree_open_of(q->state_dir, user, &tree, e);
	return r == 0 ? shared_tree_use(&tree, user, pid, e) : r < 0 ? r : 0;
}

static int remove_scratch(const struct trust_request *q, const char *user, struct err *e)
{
	char dir[LIMIT_PATH];
	cleanup_close int fd = -EBADF;

	snprintf(dir, sizeof(dir), "%s/scratch", q->state_dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "opening '%s'", dir);
	return io_remove_tree_at(fd, user, e);
}

/* The last one takes back what the first one did. */
static int leave(const struct shared_tree *tree, const char *user, struct err *e)
{
	cleanup_json json_t *report = json_object();
	char mounted[LIMIT_PATH];
	int n = shared_tree_count_others(tree, user, e);
	int r = n < 0 ? n : shared_tree_mounted(tree, mounted, e);

	cacerts_ignore_openssl_conf();
	if (r == 0 && n == 0)
		r = shared_tree_undo(tree, report, e);
	if (r == 0 && n == 0)
		r = trust_rootfs_forget(mounted, e);
	fault_point("runc.trust.undone");
	if (r == 0 && n == 0)
		r = shared_tree_remove(tree, e);
	/* Also where a removal was cut off that had begun with the list of users. */
	return r == 0 ? shared_tree_leave(tree, user, e) : r;
}

int trust_undo(const struct trust_request *q, struct err *e)
{
	cleanup_shared_tree struct shared_tree tree = SHARED_TREE;
	char user[LIMIT_TREE_USER];
	int r;

	name_user(q, user);
	r = shared_tree_open_of(q->state_dir, user, &tree, e);
	if (r == 0)
		r = leave(&tree, user, e);
	if (r == SHARED_TREE_NONE)
		r = 0;
	if (r == 0)
		r = remove_scratch(q, user, e);
	return r < 0 ? err_wrap(e, r, "taking the authorities back") : 0;
}
