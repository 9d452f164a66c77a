/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp.h"

#include "base/limits.h"
#include "runtime/seccomp_cache.h"
#include "runtime/seccomp_key.h"
#include "runtime/seccomp_library.h"
#include "runtime/seccomp_program.h"
#include "runtime/seccomp_store.h"

void seccomp_program_done(struct sock_fprog *program)
{
	free(program->filter);
	*program = (struct sock_fprog){.len = 0};
}

/* libseccomp knows more machines. */
static int make(const struct seccomp_policy *p, struct sock_fprog *ret, struct err *e)
{
	int r = seccomp_program_compile(p, ret, e);

	return r == SECCOMP_FOREIGN ? seccomp_library_compile(p, ret, e) : r;
}

/* From the disk, or made and written there. */
static int load_or_make(const struct seccomp_policy *p, const struct buf *key, const char *cache,
			struct sock_fprog *ret, struct err *e)
{
	int r;

	if (cache && seccomp_store_load(cache, key, ret))
		return 0;
	r = make(p, ret, e);
	if (r == 0 && cache)
		seccomp_store_save(cache, key, ret);
	return r;
}

/* Its text, where there is one: that is what is asked for the next time. */
static int make_key(const struct seccomp_policy *p, struct buf *ret, struct err *e)
{
	if (p->text && !seccomp_policy_notifies(p) && seccomp_text_key(p, ret, NULL) == 0)
		return 0;
	buf_clear(ret);
	return seccomp_key(p, ret, e);
}

static int compile(const struct seccomp_policy *p, const char *cache, struct sock_fprog *ret,
		   struct err *e)
{
	cleanup_buf struct buf key = BUF(LIMIT_SECCOMP_KEY);
	int r = seccomp_policy_check(p, e);

	if (r == 0)
		r = make_key(p, &key, e);
	if (r < 0 || seccomp_cache_find(&key, ret))
		return r;
	r = load_or_make(p, &key, cache, ret, e);
	if (r == 0)
		seccomp_cache_keep(&key, ret);
	return r;
}

bool seccomp_recall(struct seccomp_policy *p, const char *cache, const char *text, size_t n)
{
	cleanup_buf struct buf key = BUF(LIMIT_SECCOMP_KEY);

	p->text = text;
	p->n_text = n;
	return seccomp_text_key(p, &key, NULL) == 0 && seccomp_store_load(cache, &key, &p->program);
}

int seccomp_compile(const struct seccomp_policy *p, const char *cache, struct sock_fprog *ret,
		    struct err *e)
{
	int r;

	if (p->program.len > 0)
		return seccomp_program_copy(&p->program, ret) ? 0 : err_oom(e);
	r = compile(p, cache, ret, e);
	return r < 0 ? err_wrap(e, r, "seccomp") : 0;
}
