/* SPDX-License-Identifier: Apache-2.0 */
/* FILESYSTEM: a file system made from its parameters, detached. */
#include <string.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"

enum { OPTIONS_MAX = 4096 }; /* bytes of mount(2)'s data with its NUL: one page */

/* "/proc/self/fd/<n>", so that the length of a layer's path and its bytes don't matter. */
struct fd_path {
	char text[40];
};

static struct fd_path fd_path(int fd)
{
	struct child_number number = child_number((uint64_t)fd);
	struct fd_path path;
	size_t n = child_append(path.text, 0, sizeof(path.text), "/proc/self/fd/");

	child_append(path.text, n, sizeof(path.text), number.text);
	return path;
}

/* Opened layers stay open: older kernels look at the path only when the overlay is created. */
static int open_layer(struct child *c, const char *path)
{
	int fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		child_blame(c, path);
		return -errno;
	}
	return fd;
}

static int set_param(struct child *c, int fs, const struct op_param *p)
{
	struct fd_path path;
	int layer;

	switch (p->kind) {
	case PARAM_FLAG:
		return child_result(fsconfig(fs, FSCONFIG_SET_FLAG, p->key, NULL, 0));
	case PARAM_STRING:
		return child_result(fsconfig(fs, FSCONFIG_SET_STRING, p->key, p->value, 0));
	case PARAM_LOWER:
	case PARAM_DIR:
		layer = open_layer(c, p->value);
		if (layer < 0)
			return layer;
		path = fd_path(layer);
		return child_result(fsconfig(fs, FSCONFIG_SET_STRING, p->key, path.text, 0));
	}
	return -EINVAL;
}

/* The kernel explains what it refused as a line that starts with "e ". */
static void read_detail(struct child *c, int fs)
{
	char *detail = c->report->detail;
	ssize_t n = read(fs, detail, CHILD_DETAIL - 1);

	while (n > 0 && detail[n - 1] == '\n')
		n--;
	detail[n > 0 ? n : 0] = '\0';
}

static int create(struct child *c, int fs, const struct op *op)
{
	const char *source = op->target ? op->target : op->path;

	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return -errno;
	for (size_t i = 0; i < op->n_params; i++) {
		int r = set_param(c, fs, &c->orders->params[op->first_param + i]);

		if (r < 0)
			return r;
	}
	return child_result(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

/* ---- kernels before 6.7, which don't know "lowerdir+" ----------------------------------- */

struct options {
	char text[OPTIONS_MAX];
	size_t n;
};

static int append(struct options *o, const char *text)
{
	size_t n = strlen(text);

	if (n >= sizeof(o->text) - o->n)
		return -E2BIG;
	memcpy(o->text + o->n, text, n + 1);
	o->n += n;
	return 0;
}

/* "key=value" after a comma; a second lower joins the first one after a colon. */
static int append_param(struct child *c, struct options *o, const struct op_param *p, bool joins)
{
	const char *value = p->value;
	struct fd_path path;
	int r = 0;

	if (p->kind == PARAM_LOWER || p->kind == PARAM_DIR) {
		int layer = open_layer(c, value);

		if (layer < 0)
			return layer;
		path = fd_path(layer);
		value = path.text;
	}
	if (joins)
		r = append(o, ":");
	else if (o->n > 0)
		r = append(o, ",");
	if (r == 0 && !joins)
		r = append(o, p->kind == PARAM_LOWER ? "lowerdir" : p->key);
	if (r == 0 && !joins && value)
		r = append(o, "=");
	return r == 0 && value ? append(o, value) : r;
}

/* mount(2) takes a page of options, room for 220 layers. It attaches to a path: staging. */
static int mount_overlay(struct child *c, const struct op *op)
{
	const struct op_param *params = &c->orders->params[op->first_param];
	struct mount_attr attr = {.attr_set = op->value};
	struct options o = {.n = 0};
	int fd;

	for (size_t i = 0; i < op->n_params; i++) {
		bool joins =
			i > 0 && params[i].kind == PARAM_LOWER && params[i - 1].kind == PARAM_LOWER;
		int r = append_param(c, &o, &params[i], joins);

		if (r < 0)
			return r;
	}
	if (mount("overlay", c->orders->staging, op->path, 0, o.text) < 0)
		return -errno;
	fd = open_tree(AT_FDCWD, c->orders->staging, OPEN_TREE_CLOEXEC);
	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return fd;
}

/* ---------------------------------------------------------------------------------------- */

static bool has_lowers(const struct child *c, const struct op *op)
{
	return op->n_params > 0 && c->orders->params[op->first_param].kind == PARAM_LOWER;
}

int child_filesystem(struct child *c, const struct op *op)
{
	int fs, fd, r;

	child_set_current(c, -EBADF);
	fs = fsopen(op->path, FSOPEN_CLOEXEC);
	if (fs < 0)
		return errno == ENODEV && op->flags & OP_OPTIONAL ? 0 : -errno;

	r = create(c, fs, op);
	if (r < 0)
		read_detail(c, fs);
	if (r == -EINVAL && has_lowers(c, op)) {
		fd = mount_overlay(c, op);
		c->on_staging = fd >= 0;
	} else {
		fd = r < 0 ? r : child_result(fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)op->value));
	}
	close(fs);
	if (fd < 0)
		return fd;
	c->report->detail[0] = '\0';
	c->current = fd;
	return 0;
}
