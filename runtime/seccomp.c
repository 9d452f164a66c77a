/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp.h"

#include <pthread.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/seccomp_profile.h"

enum { PROGRAM_BYTES = BPF_MAXINSNS * sizeof(struct sock_filter), BINARY_TREE = 2 };

static void cleanup_filter_p(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int filter_error(int r, struct err *e, const char *what)
{
	errno = -r;
	return err_sys(e, "seccomp: %s", what);
}

/* A container may run 32-bit programs of the same machine. */
static int add_architectures(scmp_filter_ctx ctx, struct err *e)
{
#if defined(__x86_64__)
	static const uint32_t others[] = {SCMP_ARCH_X86, SCMP_ARCH_X32};
#elif defined(__aarch64__)
	static const uint32_t others[] = {SCMP_ARCH_ARM};
#else
	static const uint32_t others[] = {SCMP_ARCH_NATIVE};
#endif

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		int r = seccomp_arch_add(ctx, others[i]);

		if (r < 0 && r != -EEXIST)
			return filter_error(r, e, "adding an architecture");
	}
	return 0;
}

static int add_rules(scmp_filter_ctx ctx, uint32_t action, const char *const *names, struct err *e)
{
	for (; *names; names++) {
		int nr = seccomp_syscall_resolve_name(*names);
		int r = nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(ctx, action, nr, 0);

		if (r < 0)
			return filter_error(r, e, *names);
	}
	return 0;
}

static int add_value_rules(scmp_filter_ctx ctx, struct err *e)
{
	for (size_t i = 0; i < seccomp_profile_n_values; i++) {
		const struct seccomp_profile_value *v = &seccomp_profile_values[i];
		int nr = seccomp_syscall_resolve_name(v->name);
		struct scmp_arg_cmp first = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = v->value};
		int r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, 1, &first);

		if (r < 0)
			return filter_error(r, e, v->name);
	}
	return 0;
}

static int add_profile(scmp_filter_ctx ctx, struct err *e)
{
	int r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);

	if (r < 0)
		return filter_error(r, e, "asking for a binary tree");
	r = add_architectures(ctx, e);
	if (r == 0)
		r = add_rules(ctx, SCMP_ACT_ALLOW, seccomp_profile_allowed, e);
	if (r == 0)
		r = add_rules(ctx, SCMP_ACT_ERRNO(EPERM), seccomp_profile_denied, e);
	return r == 0 ? add_value_rules(ctx, e) : r;
}

/* libseccomp 2.5 writes programs to descriptors only. */
static int export(scmp_filter_ctx ctx, struct sock_fprog *ret, struct err *e)
{
	cleanup_buf struct buf bytes = BUF(PROGRAM_BYTES);
	cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "seccomp: memfd_create");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return filter_error(r, e, "compiling");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "seccomp: reading the program");
	r = io_read_all(fd, &bytes, e);
	if (r < 0)
		return r;
	ret->len = (unsigned short)(bytes.n / sizeof(struct sock_filter));
	ret->filter = (struct sock_filter *)(void *)buf_take(&bytes);
	return 0;
}

static int compile(struct sock_fprog *ret, struct err *e)
{
	cleanup(cleanup_filter_p) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r;

	if (!ctx)
		return err_oom(e);
	r = add_profile(ctx, e);
	return r < 0 ? r : export(ctx, ret, e);
}

/* Written once, before pthread_once() lets anybody read it. */
static struct {
	struct sock_fprog program;
	struct err err;
	int r;
} compiled;

static void compile_once(void)
{
	compiled.r = compile(&compiled.program, &compiled.err);
}

int runtime_seccomp_default(const struct sock_fprog **ret, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, compile_once);
	if (compiled.r < 0) {
		if (e)
			*e = compiled.err;
		return compiled.r;
	}
	*ret = &compiled.program;
	return 0;
}
