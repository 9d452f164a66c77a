/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text: one operation a line, the same for the same spec. */
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "runtime/plan_build.h"

struct word {
	uint64_t bit;
	const char *name;
};

/* clang-format off */
static const struct word attributes[] = {
	{MOUNT_ATTR_RDONLY, "ro"}, {MOUNT_ATTR_NOSUID, "nosuid"}, {MOUNT_ATTR_NODEV, "nodev"},
	{MOUNT_ATTR_NOEXEC, "noexec"}, {MOUNT_ATTR_NOATIME, "noatime"},
	{MOUNT_ATTR_STRICTATIME, "strictatime"}, {MOUNT_ATTR_NODIRATIME, "nodiratime"},
	{MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
};

static const struct word flags[] = {
	{OP_RECURSIVE, "recursive"}, {OP_OPTIONAL, "optional"}, {OP_CREATE, "create"},
	{OP_KEEP_HARD, "at most the hard one"},
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

static void print_params(struct printer *p, const struct orders *o, const struct op *op)
{
	for (size_t i = 0; i < op->n_params; i++) {
		const struct op_param *param = &o->params[op->first_param + i];

		print(p, " %s", param->key);
		if (param->value)
			print_text(p, "=", param->value);
	}
}

static void print_user(struct printer *p, const struct orders *o)
{
	print(p, " %u:%u", o->uid, o->gid);
	for (size_t i = 0; i < o->n_groups; i++)
		print(p, ",%u", o->groups[i]);
}

static void print_capabilities(struct printer *p, const struct orders *o, const struct op *op)
{
	print(p, " effective %#" PRIx64 " permitted %#" PRIx64, op->value, op->other);
	if (o->inheritable)
		print(p, " inheritable %#" PRIx64, o->inheritable);
	if (o->ambient)
		print(p, " ambient %#" PRIx64, o->ambient);
}

static void print_node(struct printer *p, const struct op *op)
{
	print(p, " %u:%u %06" PRIo64, major(op->value), minor(op->value), op->other);
	if (op->uid || op->gid)
		print(p, " of %u:%u", op->uid, op->gid);
}

static void print_value(struct printer *p, const struct orders *o, const struct op *op)
{
	switch (op->kind) {
	case OP_FILESYSTEM:
	case OP_ATTRIBUTES:
		print_words(p, attributes, ARRAY_SIZE(attributes), op->value, "");
		print_words(p, attributes, ARRAY_SIZE(attributes), op->other, "-");
		break;
	case OP_NODE:
		print_node(p, op);
		break;
	case OP_UMASK:
		print(p, " %04" PRIo64, op->value);
		break;
	case OP_RLIMIT:
		print(p, " %u: %" PRIu64 " %" PRIu64, op->number, op->value, op->other);
		break;
	case OP_TERMINAL:
		print(p, " %" PRIu64 "x%" PRIu64, op->value, op->other);
		break;
	case OP_HOLD:
	case OP_TAKE:
	case OP_IO_PRIORITY:
	case OP_CPUS:
		print(p, " %" PRIu64, op->value);
		break;
	case OP_JOIN_TARGET:
	case OP_PERSONALITY:
	case OP_BOUNDING_SET:
	case OP_PROPAGATION:
	case OP_PRIVATE_MOUNTS:
	case OP_ROOT_PROPAGATION:
	case OP_UNSHARE:
		print(p, " %#" PRIx64, op->value);
		break;
	case OP_CAPABILITIES:
		print_capabilities(p, o, op);
		break;
	case OP_USER:
		print_user(p, o);
		break;
	default:
		break; /* what follows from the kind is not repeated */
	}
}

static const char *target_words(enum op_kind kind)
{
	switch (kind) {
	case OP_LINK:
		return " -> ";
	case OP_BIND:
		return " inside it ";
	case OP_FILESYSTEM:
		return " from ";
	case OP_ID_MAPPED:
		return " groups ";
	default:
		return " = ";
	}
}

static void print_op(struct printer *p, const struct orders *o, const struct op *op)
{
	print(p, "%s", op_words(op->kind));
	if (op->path && op->kind != OP_PRIVATE_MOUNTS)
		print_text(p, " ", op->path);
	if (op->source)
		print_text(p, " users ", op->source);
	if (op->target)
		print_text(p, target_words(op->kind), op->target);
	print_params(p, o, op);
	print_value(p, o, op);
	print_words(p, flags, ARRAY_SIZE(flags), op->flags, "");
	print(p, "\n");
}

static void print_list(struct printer *p, const char *what, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++) {
		print(p, "%s", what);
		print_text(p, " ", list->v[i]);
		print(p, "\n");
	}
}

static void print_namespaces(struct printer *p, uint64_t made)
{
	print(p, "namespaces");
	for (size_t i = 0; i < NAMESPACE_MAX; i++)
		if (made & namespace_kinds[i].flag)
			print(p, " %s", namespace_kinds[i].name);
	print(p, "\n");
}

int runtime_plan_print(const struct runtime_plan *plan, struct buf *to, struct err *e)
{
	const struct orders *o = &plan->orders;
	struct printer p = {to, e, 0};

	for (size_t i = 0; i < o->outside.n; i++) {
		print(&p, "outside: ");
		print_op(&p, o, &o->outside.v[i]);
	}
	print_namespaces(&p, o->clone_flags);
	for (size_t i = 0; i < o->inside.n; i++)
		print_op(&p, o, &o->inside.v[i]);
	print_list(&p, "argument", &plan->args);
	print_list(&p, "environment", &plan->env);
	print_list(&p, "candidate", &plan->candidates);
	return p.r;
}
