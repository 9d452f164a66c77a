/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document of the runtime-spec, read as each of the three kinds: refused with a message that a
 * terminal can show, or what was read is what its header promises, and can be planned or is
 * refused.
 */
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "oci/config.h"
#include "runtime/plan.h"
#include "runtime/seccomp_key.h"
#include "tests/fuzz/fuzz.h"

static void check_refusal(int r, const struct err *e)
{
	fuzz_promise(e->code == r && e->msg[0], "refused without a word");
	for (const char *c = e->msg; *c; c++)
		fuzz_promise((unsigned char)*c >= ' ' && *c != 0x7f, "a control character in '%s'",
			     e->msg);
}

static void check_paths(const struct strv *paths)
{
	fuzz_promise(paths->n <= LIMIT_GUARDED_PATHS, "%zu paths", paths->n);
	for (size_t i = 0; i < paths->n; i++)
		fuzz_promise(paths->v[i][0] == '/', "a path '%s'", paths->v[i]);
}

static void check_settings(const struct strv *settings)
{
	for (size_t i = 0; i < settings->n; i++) {
		const char *equals = strchr(settings->v[i], '=');

		fuzz_promise(equals && equals > settings->v[i], "a setting '%s'", settings->v[i]);
	}
}

static void check_process(const struct container_process *p)
{
	fuzz_promise(p->args.n > 0 && p->args.n <= LIMIT_ARGS, "%zu arguments", p->args.n);
	fuzz_promise(p->cwd && p->cwd[0] == '/', "a directory '%s'", p->cwd);
	fuzz_promise(p->umask <= 0777, "umask %o", p->umask);
	fuzz_promise(p->user.uid != (uid_t)-1 && p->user.gid != (gid_t)-1, "no user");
	fuzz_promise(p->user.n_groups <= LIMIT_GROUPS, "%zu groups", p->user.n_groups);
	fuzz_promise(p->rlimits.n <= ARRAY_SIZE(p->rlimits.v), "%zu limits", p->rlimits.n);
	for (size_t i = 0; i < p->rlimits.n; i++)
		fuzz_promise(p->rlimits.v[i].soft <= p->rlimits.v[i].hard, "limit %zu", i);
	check_settings(&p->env);
}

static void check_mounts(const struct mount_specs *mounts)
{
	fuzz_promise(mounts->n <= LIMIT_MOUNTS, "%zu mounts", mounts->n);
	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount_spec *m = &mounts->v[i];

		fuzz_promise(m->destination[0], "mount %zu is nowhere", i);
		fuzz_promise(strcmp(m->type, "bind") != 0 || m->source[0] == '/', "a bind of '%s'",
			     m->source);
	}
}

static void check_resources(const struct container_resources *r)
{
	for (size_t i = 0; i < r->unified.n; i++)
		fuzz_promise(!strchr(r->unified.v[i].name, '/'), "a file '%s'",
			     r->unified.v[i].name);
	for (size_t i = 0; i < r->hugepage_limits.n; i++)
		fuzz_promise(!strchr(r->hugepage_limits.v[i].name, '/'), "a size '%s'",
			     r->hugepage_limits.v[i].name);
	for (size_t i = 0; i < r->n_device_rules; i++)
		fuzz_promise(strchr("abc", r->device_rules[i].type), "rule %zu", i);
}

static void check_namespaces(const struct container_namespace *n)
{
	for (size_t i = 0; i < NAMESPACE_MAX; i++)
		fuzz_promise(n[i].mode == NAMESPACE_PATH ? n[i].path[0] == '/' : !n[i].path,
			     "namespace %zu", i);
}

/* Names become paths below /proc/sys, with dots and slashes swapped or not. */
static void check_sysctl(const struct strv *sysctl)
{
	check_settings(sysctl);
	for (size_t i = 0; i < sysctl->n; i++) {
		size_t n = strcspn(sysctl->v[i], "=");

		fuzz_promise(!memmem(sysctl->v[i], n, "..", 2) && !memmem(sysctl->v[i], n, "//", 2),
			     "a parameter '%s'", sysctl->v[i]);
	}
}

static void check_config(const struct oci_config *c)
{
	const struct container_spec *s = &c->container;

	check_namespaces(s->namespaces);
	check_process(&s->process);
	check_mounts(&s->rootfs);
	check_mounts(&s->mounts);
	check_paths(&s->masked_paths);
	check_paths(&s->readonly_paths);
	check_sysctl(&s->sysctl);
	check_settings(&c->annotations);
	check_resources(&c->resources);
	fuzz_promise(c->warnings.n <= LIMIT_OCI_WARNINGS, "%zu warnings", c->warnings.n);
}

/* What was read can be planned, or is refused. */
static void plan_config(struct oci_config *c)
{
	struct resource_writes writes = {0};
	struct runtime_plan *plan = NULL;
	struct err e = ERR_NONE;
	int r;

	c->container.is_staged = true;
	r = runtime_plan_new(&c->container, "/staging", &plan, &e);
	fuzz_promise(r == 0 || (e.code == r && e.msg[0]), "refused without a word");
	runtime_plan_free(plan);
	e = ERR_NONE;
	r = resources_plan(&c->resources, &writes, &e);
	fuzz_promise(r == 0 || (e.code == r && e.msg[0]), "refused without a word");
	resource_writes_done(&writes);
}

static const struct oci_place place = {.bundle = "/bundle", .last_capability = 40};

static bool knows_nothing(struct seccomp_policy *policy, const char *text, size_t n)
{
	fuzz_promise(policy->n_rules == 0 && n >= 2 && text[0] == '[' && text[n - 1] == ']',
		     "no list of rules");
	return false;
}

/* Rules that are parsed apart from the document are the same ones; of two errors another is said.
 */
static void read_rules_apart(const char *text, size_t n, int r, const struct seccomp_policy *p)
{
	const struct oci_place asking = {
		.bundle = "/bundle", .last_capability = 40, .knows_rules = knows_nothing};
	struct buf key = BUF(LIMIT_SECCOMP_KEY), other = BUF(LIMIT_SECCOMP_KEY);
	struct oci_config c;
	struct err e = ERR_NONE;
	int result = oci_config_read(text, n, &asking, &c, &e);

	fuzz_promise((result < 0) == (r < 0), "%d in place of %d: %s", result, r, e.msg);
	if (result < 0) {
		check_refusal(result, &e);
		return;
	}
	if (p && seccomp_key(p, &key, NULL) == 0) {
		fuzz_promise(seccomp_key(c.container.seccomp, &other, NULL) == 0, "no key");
		fuzz_promise(key.n == other.n && memcmp(key.data, other.data, key.n) == 0,
			     "another policy");
	}
	buf_done(&key);
	buf_done(&other);
	oci_config_done(&c);
}

static void read_config(const char *text, size_t n)
{
	struct oci_config c;
	struct err e = ERR_NONE;
	int r = oci_config_read(text, n, &place, &c, &e);

	read_rules_apart(text, n, r, r < 0 ? NULL : c.container.seccomp);
	if (r < 0) {
		check_refusal(r, &e);
		return;
	}
	check_config(&c);
	plan_config(&c);
	oci_config_done(&c);
}

static void read_process(const char *text, size_t n)
{
	struct container_process p;
	struct err e = ERR_NONE;
	int r = oci_process_read(text, n, &place, &p, /* warnings= */ NULL, &e);

	if (r < 0) {
		check_refusal(r, &e);
		return;
	}
	check_process(&p);
	container_process_done(&p);
}

static void read_resources(const char *text, size_t n)
{
	struct container_resources resources;
	struct err e = ERR_NONE;
	int r = oci_resources_read(text, n, &resources, &e);

	if (r < 0) {
		check_refusal(r, &e);
		return;
	}
	check_resources(&resources);
	container_resources_done(&resources);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;

	read_config(text, n);
	read_process(text, n);
	read_resources(text, n);
	return 0;
}
