/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/box.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
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
	struct err e = ERR_NONE;

	*box = (struct box){.how = LAUNCH_NONE};
	tree_init(&box->tree);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		tree_dir(&box->tree, directories[i]);
	install_payload(box);
	container_spec_init(&box->spec);
	ck_ok(container_defaults(&box->spec, &e), e);
	box->spec.process.cwd = strdup("/");
	box->spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_NEW;
	box->spec.is_staged = getenv("BOX_IS_STAGED") != NULL;
	ck_ok(mount_specs_add(&box->spec.rootfs, "bind", tree_at(&box->tree, "root"), "/", "bind",
			      &e),
	      e);
	box->stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	box->stdio[1] = box->stdio[2] = memfd_create("out", MFD_CLOEXEC);
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

int box_run(struct box *box, struct err *e)
{
	struct runtime_process process = {.pidfd = -EBADF};
	int r;

	ck_assert_int_eq(ftruncate(box->stdio[1], 0), 0);
	ck_assert_int_eq(lseek(box->stdio[1], 0, SEEK_SET), 0);
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
	ssize_t n;

	va_start(words, verb);
	set_command(box, verb, words);
	va_end(words);
	ck_ok(box_run(box, &e), e);
	n = pread(box->stdio[1], box->out, sizeof(box->out) - 1, 0);
	ck_assert_int_ge((int)n, 0);
	box->out[n] = '\0';
	return box->out;
}
