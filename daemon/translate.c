/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/translate.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"

/* clang-format off */
/* Strings that are copied as they are. */
static const struct {
	const char *field;
	size_t from; /* in the message */
	size_t to;   /* in the request */
	size_t max;  /* bytes with the NUL */
} strings[] = {
#define ROW(name, max) {#name, offsetof(Anchord__V1__RunRequest, name), \
			offsetof(struct exec_request, name), (max)}
	ROW(id,            LIMIT_ID + 1),
	ROW(cwd,           LIMIT_PATH),
	ROW(user,          LIMIT_PATH),
	ROW(hostname,      LIMIT_PATH),
	ROW(default_upper, LIMIT_PATH),
#undef ROW
};

/* Our words for the protocol's enum values. */
static const enum network_mode networks[] = {
	[ANCHORD__V1__NETWORK__MODE__HOST] = NETWORK_HOST,
	[ANCHORD__V1__NETWORK__MODE__NONE] = NETWORK_NONE,
	[ANCHORD__V1__NETWORK__MODE__PATH] = NETWORK_PATH,
};

static const enum trust_mode trusts[] = {
	[ANCHORD__V1__TRUST__TRUST_ON]      = TRUST_ON,
	[ANCHORD__V1__TRUST__TRUST_OFF]     = TRUST_OFF,
	[ANCHORD__V1__TRUST__TRUST_REQUIRE] = TRUST_REQUIRE,
};
/* clang-format on */

static int check_length(const char *field, const char *text, size_t max, struct err *e)
{
	if (strlen(text) < max)
		return 0;
	return err_set(e, -E2BIG, ERR_LIMIT, "%s: at most %zu bytes are accepted", field, max - 1);
}

static int check_enum(const char *field, int value, size_t n, struct err *e)
{
	if (value >= 0 && (size_t)value < n)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID, "%s: %d is not a known value", field, value);
}

/* Replaces what @to holds. */
static int copy_string(const char *field, const char *text, size_t max, char **to, struct err *e)
{
	char *copy;
	int r;

	r = check_length(field, text, max, e);
	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return err_oom(e);
	free(*to);
	*to = copy;
	return 0;
}

static int copy_list(const char *field, char *const *list, size_t n, struct strv *to, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = check_length(field, list[i], LIMIT_STRING, e);

		if (r < 0)
			return r;
		r = strv_add(to, list[i], e);
		if (r < 0)
			return err_wrap(e, r, "%s", field);
	}
	return 0;
}

static bool is_id_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

int translate_check_id(const char *id, struct err *e)
{
	size_t n = 0;

	while (is_id_char(id[n]))
		n++;
	if (n > 0 && n <= LIMIT_ID && id[n] == '\0' && strcmp(id, ".") != 0 &&
	    strcmp(id, "..") != 0)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID,
		       "id: use 1 to %d letters, digits, '_', '.' or '-', and not '.' or '..'",
		       LIMIT_ID);
}

static int add_mount(const Anchord__V1__Mount *m, struct mount_specs *to, struct err *e)
{
	int r;

	r = check_length("type", m->type, LIMIT_PATH, e);
	if (r == 0)
		r = check_length("source", m->source, LIMIT_PATH, e);
	if (r == 0)
		r = check_length("target", m->target, LIMIT_PATH, e);
	if (r == 0)
		r = mount_specs_add(to, m->type, m->source, m->target, /* options= */ "", e);
	if (r < 0)
		return r;
	/* One by one: the protocol does not separate options by commas, so they may hold some. */
	return copy_list("options", m->options, m->n_options, &to->v[to->n - 1].options, e);
}

int translate_mounts(const char *field, Anchord__V1__Mount *const *mounts, size_t n,
		     struct mount_specs *ret, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = add_mount(mounts[i], ret, e);

		if (r < 0)
			return err_wrap(e, r, "%s[%zu]", field, i);
	}
	return 0;
}

int translate_path(const char *field, const char *path, char **ret, struct err *e)
{
	if (*path)
		return copy_string(field, path, LIMIT_PATH, ret, e);
	free(*ret);
	*ret = NULL;
	return 0;
}

static int translate_network(const Anchord__V1__Network *network, struct exec_request *ret,
			     struct err *e)
{
	int r;

	if (!network)
		return 0;
	r = check_enum("network.mode", (int)network->mode, ARRAY_SIZE(networks), e);
	if (r < 0)
		return r;
	ret->network = networks[network->mode];
	return copy_string("network.path", network->path, LIMIT_PATH, &ret->network_path, e);
}

static int translate_policy(const Anchord__V1__TrustPolicy *policy, struct exec_request *ret,
			    struct err *e)
{
	int r;

	if (!policy)
		return 0;
	r = copy_list("trust_policy.authorities", policy->authorities, policy->n_authorities,
		      &ret->authorities, e);
	return r == 0 ? copy_list("trust_policy.strategies", policy->strategies,
				  policy->n_strategies, &ret->strategies, e)
		      : r;
}

static int translate_strings(const Anchord__V1__RunRequest *q, struct exec_request *ret,
			     struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		const char *const *from = (const void *)((const char *)q + strings[i].from);
		char **to = (void *)((char *)ret + strings[i].to);
		int r = copy_string(strings[i].field, *from, strings[i].max, to, e);

		if (r < 0)
			return r;
	}
	return ret->id[0] ? translate_check_id(ret->id, e) : 0;
}

int translate_run(const Anchord__V1__RunRequest *q, struct exec_request *ret, struct err *e)
{
	int r;

	r = translate_strings(q, ret, e);
	if (r == 0)
		r = check_enum("trust", (int)q->trust, ARRAY_SIZE(trusts), e);
	if (r < 0)
		return r;
	ret->trust = trusts[q->trust];
	ret->readonly_rootfs = q->readonly_rootfs;
	ret->has_init = q->init;
	r = translate_mounts("rootfs", q->rootfs, q->n_rootfs, &ret->rootfs, e);
	if (r == 0)
		r = translate_mounts("mounts", q->mounts, q->n_mounts, &ret->mounts, e);
	if (r == 0)
		r = copy_list("args", q->args, q->n_args, &ret->args, e);
	if (r == 0)
		r = copy_list("env", q->env, q->n_env, &ret->env, e);
	if (r == 0)
		r = translate_policy(q->trust_policy, ret, e);
	return r < 0 ? r : translate_network(q->network, ret, e);
}

int translate_explain(const Anchord__V1__ExplainRequest *q, struct exec_request *ret, struct err *e)
{
	int r;

	ret->readonly_rootfs = q->readonly_rootfs;
	r = translate_mounts("rootfs", q->rootfs, q->n_rootfs, &ret->rootfs, e);
	if (r == 0)
		r = translate_mounts("mounts", q->mounts, q->n_mounts, &ret->mounts, e);
	if (r == 0)
		r = copy_list("env", q->env, q->n_env, &ret->env, e);
	return r == 0 ? translate_policy(q->trust_policy, ret, e) : r;
}

/* What containers of anchor-runc left has a word before it, which no exec has. */
static int check_leftover_id(const char *id, struct err *e)
{
	size_t n = strlen(EXECUTOR_RUNC_TREE);

	return translate_check_id(strncmp(id, EXECUTOR_RUNC_TREE, n) == 0 ? id + n : id, e);
}

int translate_repair(const Anchord__V1__RepairRequest *q, struct repair_request *ret, struct err *e)
{
	ret->ids = STRV(LIMIT_REPAIR_IDS);
	ret->dry_run = q->dry_run;
	ret->forget = q->forget;
	for (size_t i = 0; i < q->n_ids; i++) {
		int r = check_leftover_id(q->ids[i], e);

		if (r < 0)
			return err_wrap(e, r, "ids[%zu]", i);
	}
	return copy_list("ids", q->ids, q->n_ids, &ret->ids, e);
}
