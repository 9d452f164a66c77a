/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text: one operation a line, the same for the same spec. */
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "runtime/plan_ops.h"

struct word {
	uint64_t bit;
	const char *name;
};

/* clang-format off */
static const struct word namespaces[] = {
	{CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWIPC, "ipc"},
	{CLONE_NEWUTS, "uts"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWNET, "network"},
};

static const struct word attributes[] = {
	{MOUNT_ATTR_RDONLY, "ro"}, {MOUNT_ATTR_NOSUID, "nosuid"}, {MOUNT_ATTR_NODEV, "nodev"},
	{MOUNT_ATTR_NOEXEC, "noexec"}, {MOUNT_ATTR_NOATIME, "noatime"},
	{MOUNT_ATTR_STRICTATIME, "strictatime"}, {MOUNT_ATTR_NODIRATIME, "nodiratime"},
	{MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
};

static const struct word flags[] = {
	{OP_RECURSIVE, "recursive"}, {OP_OPTIONAL, "optional"}, {OP_CREATE, "create"},
};
/* clang-format on */

/* The output and the first failure, so that lines read as a sequence. */
struct printer {
	struct buf *to;
	struct err *e;
	int r;
};

#define print(p, ...)                                                                              \
	do {                                                                                       \
		if ((p)->r == 0)                                                                   \
			(p)->r = buf_addf((p)->to, (p)->e, __VA_ARGS__);                           \
	} while (0)

static void print_words(struct printer *p, const struct word *words, size_t n, uint64_t bits,
			const char *prefix)
{
	for (size_t i = 0; i < n; i++)
		if (bits & words[i].bit)
			print(p, " %s%s", prefix, words[i].name);
}

/* A quoted path or string; bytes that a terminal can't carry as %XX. */
static void print_text(struct printer *p, const char *before, const char *text)
{
	cleanup_free char *escaped = NULL;
	size_t size = 3 * strlen(text) + 1;

	escaped = malloc(size);
	if (!escaped && p->r == 0)
		p->r = err_oom(p->e);
	if (p->r == 0)
		p->r = path_escape(text, escaped, size, p->e);
	print(p, "%s'%s'", before, escaped);
}

static void print_params(struct printer *p, const struct runtime_plan *plan, const struct op *op)
{
	for (size_t i = 0; i < op->n_params; i++) {
		const struct op_param *param = &plan->params[op->first_param + i];

		print(p, " %s", param->key);
		if (param->value)
			print_text(p, "=", param->value);
	}
}

static void print_value(struct printer *p, const struct op *op)
{
	switch (op->kind) {
	case OP_FILESYSTEM:
	case OP_ATTRIBUTES:
		print_words(p, attributes, ARRAY_SIZE(attributes), op->value, "");
		print_words(p, attributes, ARRAY_SIZE(attributes), op->clear, "-");
		break;
	case OP_NODE:
		print(p, " %u:%u", major(op->value), minor(op->value));
		break;
	case OP_UMASK:
		print(p, " %04" PRIo64, op->value);
		break;
	case OP_OPEN_FILES:
		print(p, " %" PRIu64, op->value);
		break;
	case OP_BOUNDING_SET:
	case OP_CAPABILITIES:
	case OP_PROPAGATION:
		print(p, " %#" PRIx64, op->value);
		break;
	default:
		break; /* what follows from the kind is not repeated */
	}
}

static const char *target_words(enum op_kind kind)
{
	return kind == OP_LINK ? " -> " : kind == OP_BIND ? " inside it " : " from ";
}

static void print_op(struct printer *p, const struct runtime_plan *plan, const struct op *op)
{
	print(p, "%s", op_words(op->kind));
	if (op->path)
		print_text(p, " ", op->path);
	if (op->target)
		print_text(p, target_words(op->kind), op->target);
	print_params(p, plan, op);
	print_value(p, op);
	print_words(p, flags, ARRAY_SIZE(flags), op->flags, "");
	if (op->kind == OP_USER) {
		print(p, " %u:%u", plan->user.uid, plan->user.gid);
		for (size_t i = 0; i < plan->user.n_groups; i++)
			print(p, ",%u", plan->user.groups[i]);
	}
	print(p, "\n");
}

int runtime_plan_print(const struct runtime_plan *plan, struct buf *to, struct err *e)
{
	struct printer p = {to, e, 0};

	print(&p, "namespaces");
	print_words(&p, namespaces, ARRAY_SIZE(namespaces), plan->clone_flags, "");
	print(&p, "\n");
	for (size_t i = 0; i < plan->n_ops; i++)
		print_op(&p, plan, &plan->ops[i]);
	for (size_t i = 0; i < plan->args.n; i++) {
		print_text(&p, "argument ", plan->args.v[i]);
		print(&p, "\n");
	}
	for (size_t i = 0; i < plan->env.n; i++) {
		print_text(&p, "environment ", plan->env.v[i]);
		print(&p, "\n");
	}
	for (size_t i = 0; i < plan->candidates.n; i++) {
		print_text(&p, "candidate ", plan->candidates.v[i]);
		print(&p, "\n");
	}
	return p.r;
}
