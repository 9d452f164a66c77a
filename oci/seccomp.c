/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "oci/document.h"
#include "oci/parts.h"
#include "oci/values.h"
#include "runtime/seccomp_names.h"

enum { ERRNO_MAX = 4095 /* MAX_ERRNO of the kernel */ };

/* ---- actions --------------------------------------------------------------------------- */

/* An action and the number that goes along with some. */
struct action {
	uint32_t code; /* SECCOMP_RET_* */
	uint64_t number;
	bool has_number;
};

static int read_code(const struct oci_node *at, void *to, struct err *e)
{
	const char *name = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &name, e);

	if (r < 0)
		return r;
	if (!seccomp_action_by_name(name, &((struct action *)to)->code))
		return oci_invalid(at, e, "'%.40s' is not an action ('SCMP_ACT_ERRNO')", name);
	return 0;
}

static int read_number(const struct oci_node *at, void *to, struct err *e)
{
	struct action *action = to;

	action->has_number = true;
	return oci_get_unsigned(at, UINT32_MAX, &action->number, e);
}

/* As a filter returns it. EPERM is what the specification says where no number is. */
static int combine(const struct oci_node *at, const struct action *action, uint32_t *ret,
		   struct err *e)
{
	bool takes_number = action->code == SECCOMP_RET_ERRNO || action->code == SECCOMP_RET_TRACE;
	uint64_t max = action->code == SECCOMP_RET_ERRNO ? ERRNO_MAX : SECCOMP_RET_DATA;
	uint64_t number = action->has_number ? action->number : EPERM;

	if (!takes_number && action->has_number)
		return oci_invalid(at, e, "this action takes no errno");
	if (takes_number && number > max)
		return oci_invalid(at, e, "the errno %" PRIu64 " is above %" PRIu64, number, max);
	*ret = takes_number ? action->code | (uint32_t)number : action->code;
	return 0;
}

/* ---- conditions ------------------------------------------------------------------------ */

struct conditions {
	struct seccomp_condition v[LIMIT_SECCOMP_CONDITIONS];
	size_t n;
};

static int read_operator(const struct oci_node *at, void *to, struct err *e)
{
	const char *name = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &name, e);

	if (r < 0)
		return r;
	if (!seccomp_op_by_name(name, to))
		return oci_invalid(at, e, "'%.40s' is not a comparison ('SCMP_CMP_EQ')", name);
	return 0;
}

static int read_index(const struct oci_node *at, void *to, struct err *e)
{
	uint64_t index = 0;
	int r = oci_get_unsigned(at, SECCOMP_ARGUMENTS - 1, &index, e);

	if (r == 0)
		*(unsigned *)to = (unsigned)index;
	return r;
}

static int add_condition(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct seccomp_condition, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("index", read_index, FIELD(argument), .is_required = true),
		OCI_MEMBER("value", oci_read_uint64, FIELD(value), .is_required = true),
		OCI_MEMBER("valueTwo", oci_read_uint64, FIELD(second)),
		OCI_MEMBER("op", read_operator, FIELD(op), .is_required = true),
	};
#undef FIELD
	struct conditions *conditions = to;

	return oci_read_table(at, members, &conditions->v[conditions->n++], e);
}

static int read_conditions(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_SECCOMP_CONDITIONS, add_condition, to, e);
}

/* ---- rules ----------------------------------------------------------------------------- */

struct rule_item {
	struct seccomp_rule rule; /* all but the conditions */
	struct action action;
	struct conditions conditions;
};

static void rule_item_done(struct rule_item *item)
{
	seccomp_rule_done(&item->rule);
}

/* Hand over the rule, with a copy of the conditions. */
static int append(struct seccomp_policy *p, struct rule_item *item, struct err *e)
{
	const struct conditions *c = &item->conditions;
	struct seccomp_rule *rule = &item->rule;

	rule->conditions = calloc(c->n + 1, sizeof(*rule->conditions));
	if (!rule->conditions)
		return err_oom(e);
	memcpy(rule->conditions, c->v, c->n * sizeof(*rule->conditions));
	rule->n_conditions = c->n;
	return seccomp_policy_add(p, rule, e);
}

static int add_rule(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct rule_item, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("names", oci_read_strings, FIELD(rule.names), .max = LIMIT_SECCOMP_NAMES,
			   .is_required = true),
		OCI_MEMBER("action", read_code, FIELD(action), .is_required = true),
		OCI_MEMBER("errnoRet", read_number, FIELD(action)),
		OCI_MEMBER("args", read_conditions, FIELD(conditions)),
	};
#undef FIELD
	cleanup(rule_item_done) struct rule_item item = {0};
	int r = oci_read_table(at, members, &item, e);

	if (r < 0)
		return r;
	if (item.rule.names.n == 0)
		return oci_invalid(at, e, "expected the name of a system call");
	r = combine(at, &item.action, &item.rule.action, e);
	if (r < 0)
		return r;
	r = append(to, &item, e);
	if (r < 0)
		return oci_wrap(at, r, e);
	item.rule = (struct seccomp_rule){0};
	return 0;
}

/*
 * Rules that weren't parsed with the document. Where they are no JSON the document isn't either,
 * which has the lines that its author knows.
 */
static int read_apart(const struct oci_node *at, struct seccomp_policy *p, struct err *e)
{
	const struct oci_surroundings *s = at->surroundings;
	cleanup_json json_t *rules = NULL, *whole = NULL;
	struct oci_node apart = *at;
	int r = oci_value_parse(s->rules.data, s->rules.n, &rules, e);

	if (r < 0) {
		int why = oci_document_parse(s->document.data, s->document.n, &whole, e);

		return why < 0 ? why : r;
	}
	apart.value = rules;
	return oci_read_items(&apart, LIMIT_SECCOMP_RULES, add_rule, p, e);
}

/* The last member that is read, so the rest is known. Who listens has to be told by rules. */
static int read_rules(const struct oci_node *at, void *to, struct err *e)
{
	const struct oci_surroundings *s = at->surroundings;
	struct seccomp_policy *p = to;

	if (s->rules.n == 0)
		return oci_read_items(at, LIMIT_SECCOMP_RULES, add_rule, p, e);
	if (!p->listener_path && s->knows_rules(p, s->rules.data, s->rules.n))
		return 0;
	return read_apart(at, p, e);
}

/* ---- the policy ------------------------------------------------------------------------ */

static int add_flag(const struct oci_node *at, void *to, struct err *e)
{
	const char *name = NULL;
	unsigned flag = 0;
	int r = oci_get_string(at, LIMIT_STRING - 1, &name, e);

	if (r < 0)
		return r;
	if (!seccomp_flag_by_name(name, &flag))
		return oci_invalid(at, e, "'%.40s' is not a flag ('SECCOMP_FILTER_FLAG_LOG')",
				   name);
	*(unsigned *)to |= flag;
	return 0;
}

static int read_flags(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_FLAGS, add_flag, to, e);
}

static int add_architecture(const struct oci_node *at, void *to, struct err *e)
{
	static const char prefix[] = "SCMP_ARCH_";
	const char *name = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &name, e);

	if (r < 0)
		return r;
	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return oci_invalid(at, e, "'%.40s' is not an architecture ('SCMP_ARCH_X86')", name);
	return strv_add(to, name, e);
}

static int read_architectures(const struct oci_node *at, void *to, struct err *e)
{
	struct strv *names = to;

	names->max = LIMIT_SECCOMP_ARCHITECTURES;
	return oci_read_items(at, LIMIT_SECCOMP_ARCHITECTURES, add_architecture, names, e);
}

static int read_default_action(const struct oci_node *at, uint32_t *ret, struct err *e)
{
	static const struct oci_member members[] = {
		OCI_MEMBER("defaultAction", read_code, 0, .is_required = true),
		OCI_MEMBER("defaultErrnoRet", read_number, 0),
	};
	struct action action = {0};
	int r = oci_read_table(at, members, &action, e);

	return r < 0 ? r : combine(at, &action, ret, e);
}

/* Notifications that nobody gets would stop the container for ever. The runtime knows libseccomp's
 * own rules, of architectures and of calls. */
static int check_listener(const struct oci_node *at, const struct seccomp_policy *p, struct err *e)
{
	if (p->default_action == SECCOMP_RET_USER_NOTIF)
		return oci_invalid(at, e, "SCMP_ACT_NOTIFY can't be the default action");
	if (p->listener_path)
		return 0;
	if (p->listener_metadata)
		return oci_invalid(at, e, "listenerMetadata needs a listenerPath");
	if (seccomp_policy_notifies(p))
		return oci_invalid(at, e, "SCMP_ACT_NOTIFY needs a listenerPath");
	return 0;
}

int oci_part_seccomp(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct seccomp_policy, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("architectures", read_architectures, FIELD(architectures)),
		OCI_MEMBER("flags", read_flags, FIELD(flags)),
		OCI_MEMBER("listenerPath", oci_read_string, FIELD(listener_path),
			   .max = LIMIT_PATH - 1),
		OCI_MEMBER("listenerMetadata", oci_read_string, FIELD(listener_metadata)),
		OCI_MEMBER("syscalls", read_rules, 0),
	};
#undef FIELD
	struct seccomp_policy *p = seccomp_policy_new();
	int r;

	if (!p)
		return err_oom(e);
	*(struct seccomp_policy **)to = p;
	r = read_default_action(at, &p->default_action, e);
	if (r < 0)
		return r;
	r = oci_read_table(at, members, p, e);
	return r < 0 ? r : check_listener(at, p, e);
}
