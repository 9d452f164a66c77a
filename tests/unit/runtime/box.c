/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/box.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "runtime/capabilities.h"
#include "runtime/defaults.h"

#define NOTHING_LEFT 0x7fffffff

static void install_payload(struct box *box)
{
	cleanup_close int from = open(INSIDE, O_RDONLY | O_CLOEXEC);
	cleanup_close int to = -EBADF;
	struct err e = ERR_NONE;

	ck_assert_int_ge(from, 0);
	tree_file(&box->tree, "root/inside", "");
	to = open(tree_at(&box->tree, "root/inside"), O_WRONLY | O_CLOEXEC);
	ck_ok(io_copy(from, to, NOTHING_LEFT, &e), e);
	ck_assert_int_eq(fchmod(to, 0755), 0);
}

void box_init(struct box *box)
{
	static const char *const directories[] = {"root", "root/proc", "root/dev", "root/sys",
						  "staging"};

	*box = (struct box){.how = LAUNCH_NONE};
	tree_init(&box->tree);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		tree_dir(&box->tree, directories[i]);
	install_payload(box);
	box_init_spec(box);
	box->stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	box->stdio[1] = box->stdio[2] = memfd_create("out", MFD_CLOEXEC);
}

void box_init_spec(struct box *box)
{
	struct err e = ERR_NONE;

	container_spec_init(&box->spec);
	ck_ok(container_defaults(&box->spec, &e), e);
	box->spec.process.cwd = strdup("/");
	box->spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_NEW;
	box->spec.is_staged = getenv("BOX_IS_STAGED") != NULL;
	ck_ok(mount_specs_add(&box->spec.rootfs, "bind", tree_at(&box->tree, "root"), "/", "bind",
			      &e),
	      e);
}

void box_done(struct box *box)
{
	close(box->stdio[0]);
	close(box->stdio[1]);
	container_spec_done(&box->spec);
	tree_done(&box->tree);
}

void box_user(struct box *box, uid_t uid, gid_t gid)
{
	struct container_process *p = &box->spec.process;

	p->user.uid = uid;
	p->user.gid = gid;
	p->capabilities.permitted = p->capabilities.effective = 0;
}

void box_alone(void)
{
	suite_need_root();
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

void box_wipe(struct box *box)
{
	tree_wipe(&box->tree);
	ck_assert_int_eq(mkdir(box->tree.path, 0755), 0);
	box_done(box);
}

void box_mount(struct box *box, const char *type, const char *source, const char *destination,
	       const char *options)
{
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&box->spec.mounts, type, source, destination, options, &e), e);
}

void box_rootfs(struct box *box, const char *options)
{
	struct err e = ERR_NONE;

	mount_specs_done(&box->spec.rootfs);
	ck_ok(mount_specs_add(&box->spec.rootfs, "bind", tree_at(&box->tree, "root"), "/", options,
			      &e),
	      e);
}

void box_capable(struct box *box)
{
	uint64_t own = runtime_capabilities_own(UINT64_MAX);

	box->spec.process.capabilities = (struct container_capabilities){
		.bounding = own, .permitted = own, .effective = own};
	box->spec.has_default_filter = false;
}

void box_user_namespace(struct box *box)
{
	const struct id_map map = {.inside = 0, .outside = 100000, .count = 65536};
	struct err e = ERR_NONE;

	box->spec.namespaces[NAMESPACE_USER].mode = NAMESPACE_NEW;
	ck_ok(id_maps_add(&box->spec.uid_maps, &map, &e), e);
	ck_ok(id_maps_add(&box->spec.gid_maps, &map, &e), e);
}

void box_share(struct box *box, const struct runtime_process *target,
	       const enum namespace_kind *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct container_namespace *ns = &box->spec.namespaces[kinds[i]];

		ns->mode = NAMESPACE_PATH;
		ck_assert_int_gt(asprintf(&ns->path, "/proc/%d/ns/%s", target->pid,
					  namespace_kinds[kinds[i]].file),
				 0);
	}
}

int box_start(struct box *box, struct runtime_process *ret, struct err *e)
{
	struct runtime_plan *plan = NULL;
	int r = runtime_plan_new(&box->spec, tree_at(&box->tree, "staging"), &plan, e);

	if (r < 0)
		return r;
	memcpy(box->how.stdio, box->stdio, sizeof(box->stdio));
	r = runtime_launch(plan, &box->how, ret, e);
	runtime_plan_free(plan);
	return r;
}

static void forget_output(struct box *box)
{
	ck_assert_int_eq(ftruncate(box->stdio[1], 0), 0);
	ck_assert_int_eq(lseek(box->stdio[1], 0, SEEK_SET), 0);
}

int box_run(struct box *box, struct err *e)
{
	struct runtime_process process = {.pidfd = -EBADF};
	int r;

	forget_output(box);
	r = box_start(box, &process, e);
	if (r < 0)
		return r;
	r = runtime_reap(&process, &box->exit, e);
	fd_close(process.pidfd);
	return r;
}

static void set_command(struct box *box, const char *verb, va_list words)
{
	strv_done(&box->spec.process.args);
	ck_assert_int_eq(strv_add(&box->spec.process.args, "/inside", NULL), 0);
	for (const char *word = verb; word; word = va_arg(words, const char *))
		ck_assert_int_eq(strv_add(&box->spec.process.args, word, NULL), 0);
}

void box_command(struct box *box, const char *verb, ...)
{
	va_list words;

	va_start(words, verb);
	set_command(box, verb, words);
	va_end(words);
}

const char *box_says(struct box *box, const char *verb, ...)
{
	struct err e = ERR_NONE;
	va_list words;

	va_start(words, verb);
	set_command(box, verb, words);
	va_end(words);
	ck_ok(box_run(box, &e), e);
	return box_said(box);
}

const char *box_said(struct box *box)
{
	ssize_t n = pread(box->stdio[1], box->out, sizeof(box->out) - 1, 0);

	ck_assert_int_ge((int)n, 0);
	box->out[n] = '\0';
	return box->out;
}

const char *box_said_lines(struct box *box, int n)
{
	for (int tries = 0; tries < 5000; tries++) {
		int lines = 0;

		for (const char *c = box_said(box); *c; c++)
			lines += *c == '\n';
		if (lines >= n)
			return box->out;
		usleep(2000);
	}
	ck_abort_msg("it has only said '%s'", box->out);
}

void box_runs(struct box *box, struct runtime_process *ret, const char *verb, ...)
{
	struct err e = ERR_NONE;
	va_list words;

	va_start(words, verb);
	set_command(box, verb, words);
	va_end(words);
	forget_output(box);
	box->spec.die_with_parent = true; /* a test that fails doesn't end it */
	ck_ok(box_start(box, ret, &e), e);
	box->spec.die_with_parent = false;
	box_said_lines(box, 1);
}

void box_ended(struct box *box, struct runtime_process *p)
{
	struct err e = ERR_NONE;

	ck_ok(runtime_reap(p, &box->exit, &e), e);
	p->pidfd = fd_close(p->pidfd);
}

void box_end(struct runtime_process *p)
{
	struct runtime_exit ignored;
	struct err e = ERR_NONE;

	ck_assert_int_eq(kill(p->pid, SIGKILL), 0);
	ck_ok(runtime_reap(p, &ignored, &e), e);
	p->pidfd = fd_close(p->pidfd);
}

void box_refused(struct box *box, int r, const char *message)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(box_run(box, &e), r);
	ck_assert_str_eq(e.msg, message);
}
