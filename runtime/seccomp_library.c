/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_library.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"
#include "runtime/seccomp_arch.h"

enum { BINARY_TREE = 2 /* SCMP_FLTATR_CTL_OPTIMIZE */ };

static void cleanup_filter_p(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static const char *words(int r)
{
	switch (r) {
	case -EEXIST:
		return "rules contradict one another";
	case -EDOM:
		return "its byte order isn't the machine's";
	default:
		return strerror(-r);
	}
}

/* libseccomp refuses what @what names. */
static int refused(int r, struct err *e, const char *what)
{
	if (r == -ENOMEM)
		return err_oom(e);
	return err_set(e, -EINVAL, ERR_INVALID, "'%.64s': %s", what, words(r));
}

static int add_architectures(scmp_filter_ctx ctx, const struct seccomp_archs *archs, struct err *e)
{
	for (size_t i = 1; i < archs->n; i++) { /* the first is the machine's own */
		int r = seccomp_arch_add(ctx, archs->v[i].token);

		if (r < 0)
			return refused(r, e, archs->v[i].name);
	}
	return 0;
}

static int add_call(scmp_filter_ctx ctx, const struct seccomp_rule *rule, int nr)
{
	struct scmp_arg_cmp all[LIMIT_SECCOMP_CONDITIONS];
	size_t n = rule->n_conditions;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct scmp_arg_cmp){.arg = rule->conditions[i].argument,
					       .op = rule->conditions[i].op,
					       .datum_a = rule->conditions[i].value,
					       .datum_b = rule->conditions[i].second};
	if (!seccomp_rule_has_alternatives(rule))
		return seccomp_rule_add_array(ctx, rule->action, nr, (unsigned)n, all);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add_array(ctx, rule->action, nr, 1, &all[i]);
	return r;
}

static int add_rule(scmp_filter_ctx ctx, const struct seccomp_rule *rule, struct err *e)
{
	for (size_t i = 0; i < rule->names.n; i++) {
		const char *name = rule->names.v[i];
		int nr = seccomp_syscall_resolve_name(name);
		int r = nr == __NR_SCMP_ERROR ? 0 : add_call(ctx, rule, nr);

		if (r < 0)
			return refused(r, e, name);
	}
	return 0;
}

static int fill(scmp_filter_ctx ctx, const struct seccomp_policy *p,
		const struct seccomp_archs *archs, struct err *e)
{
	int r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);

	if (r < 0)
		return refused(r, e, "a binary tree");
	r = add_architectures(ctx, archs, e);
	for (size_t i = 0; r == 0 && i < p->n_rules; i++)
		if (p->rules[i].action != p->default_action)
			r = add_rule(ctx, &p->rules[i], e);
	return r;
}

/* In front of the program: a call of @a above its newest one gets ENOSYS. */
static int add_newer(struct buf *b, const struct seccomp_arch *a, struct err *e)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, a->audit, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)a->newest, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, seccomp_arch_last(a), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(ENOSYS)),
	};

	return a->newest < 0 ? 0 : buf_add(b, code, sizeof(code), e);
}

/* libseccomp 2.5 writes programs to descriptors only. */
static int export(scmp_filter_ctx ctx, struct buf *to, struct err *e)
{
	cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "memfd_create");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return refused(r, e, "the program");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "reading the program");
	return io_read_all(fd, to, e);
}

static int make(scmp_filter_ctx ctx, const struct seccomp_archs *archs, struct buf *to,
		struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < archs->n; i++)
		r = add_newer(to, &archs->v[i], e);
	if (r == 0)
		r = export(ctx, to, e);
	if (r == -E2BIG)
		return err_set(e, r, ERR_LIMIT, "the program has more than %d instructions",
			       BPF_MAXINSNS);
	return r;
}

int seccomp_library_compile(const struct seccomp_policy *p, struct sock_fprog *ret, struct err *e)
{
	cleanup(cleanup_filter_p) scmp_filter_ctx ctx = seccomp_init(p->default_action);
	cleanup_buf struct buf code = BUF(BPF_MAXINSNS * sizeof(struct sock_filter));
	struct seccomp_archs archs;
	int r = seccomp_archs(p, &archs, e);

	if (r < 0)
		return r;
	if (!ctx)
		return err_set(e, -EINVAL, ERR_INVALID, "libseccomp refuses default action %#x",
			       p->default_action);
	r = fill(ctx, p, &archs, e);
	if (r == 0)
		r = make(ctx, &archs, &code, e);
	if (r < 0)
		return r;
	ret->len = (unsigned short)(code.n / sizeof(struct sock_filter));
	ret->filter = (struct sock_filter *)(void *)buf_take(&code);
	return 0;
}
