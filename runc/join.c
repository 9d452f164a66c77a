/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/join.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "runc/environment.h"
#include "runtime/capabilities.h"

/* ---- a process of the command line ----------------------------------------------------- */

static int parse_id(const char *text, uint32_t *ret, struct err *e)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || n >= UINT32_MAX)
		return err_set(e, -EINVAL, ERR_INVALID, "'%.40s' is no id of a user or group",
			       text);
	*ret = (uint32_t)n;
	return 0;
}

static int set_user(const char *text, struct container_user *user, struct err *e)
{
	cleanup_free char *uid = text ? strdup(text) : NULL;
	char *gid = uid ? strchr(uid, ':') : NULL;
	int r;

	if (!text)
		return 0;
	if (!uid)
		return err_oom(e);
	if (gid)
		*gid++ = '\0';
	r = parse_id(uid, &user->uid, e);
	return r < 0 || !gid ? r : parse_id(gid, &user->gid, e);
}

static int add_groups(const struct strv *groups, struct container_user *user, struct err *e)
{
	gid_t *all;
	int r = 0;

	if (groups->n == 0)
		return 0;
	all = reallocarray(user->groups, user->n_groups + groups->n, sizeof(*all));
	if (!all)
		return err_oom(e);
	user->groups = all;
	for (size_t i = 0; r == 0 && i < groups->n; i++) {
		r = parse_id(groups->v[i], &all[user->n_groups], e);
		user->n_groups += r == 0;
	}
	return r;
}

/* Names are understood by the reader of documents. */
static int read_capabilities(const struct strv *names, const struct oci_place *place, uint64_t *ret,
			     struct err *e)
{
	struct container_process process = {.args = STRV(LIMIT_ARGS), .env = STRV(LIMIT_ENV)};
	cleanup_json json_t *j =
		json_pack("{s:[s], s:s, s:{s:i, s:i}, s:{s:[]}}", "args", "-", "cwd", "/", "user",
			  "uid", 0, "gid", 0, "capabilities", "bounding");
	json_t *list = json_object_get(json_object_get(j, "capabilities"), "bounding");
	cleanup_free char *text = NULL;
	int r;

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_sentence(names->v[i]));
	text = j ? json_line(j) : NULL;
	if (!text)
		return err_oom(e);
	r = oci_process_read(text, strlen(text), place, &process, NULL, e);
	if (r == 0)
		*ret = process.capabilities.bounding;
	container_process_done(&process);
	return r;
}

static int add_capabilities(const struct strv *names, const struct oci_place *place,
			    struct container_capabilities *set_of, struct err *e)
{
	uint64_t more = 0;
	int r = names->n > 0 ? read_capabilities(names, place, &more, e) : 0;

	set_of->bounding |= more;
	set_of->effective |= more;
	set_of->permitted |= more;
	set_of->ambient |= more;
	return r;
}

static int set_string(char **to, const char *text, struct err *e)
{
	char *copy = text ? strdup(text) : NULL;

	if (!text)
		return 0;
	if (!copy)
		return err_oom(e);
	free(*to);
	*to = copy;
	return 0;
}

static int set_args(struct strv *to, char *const *args, struct err *e)
{
	int r = 0;

	strv_done(to);
	*to = STRV(LIMIT_ARGS);
	for (; r == 0 && *args; args++)
		r = strv_add(to, *args, e);
	if (r == 0 && to->n == 0)
		r = err_set(e, -EINVAL, ERR_INVALID, "process args cannot be empty");
	return r;
}

static int change(const struct join_settings *s, const struct oci_place *place, char *const *args,
		  struct container_process *p, struct err *e)
{
	int r = set_args(&p->args, args, e);

	for (size_t i = 0; r == 0 && i < s->env.n; i++)
		r = environment_set(&p->env, s->env.v[i], e);
	if (r == 0)
		r = set_string(&p->cwd, s->cwd, e);
	if (r == 0)
		r = set_string(&p->apparmor_profile, s->apparmor, e);
	if (r == 0)
		r = set_string(&p->selinux_label, s->process_label, e);
	if (r == 0)
		r = set_user(s->user, &p->user, e);
	if (r == 0)
		r = add_groups(&s->groups, &p->user, e);
	if (r == 0)
		r = add_capabilities(&s->capabilities, place, &p->capabilities, e);
	p->terminal = (struct container_terminal){.is_wanted = s->tty};
	p->no_new_privileges |= s->no_new_privileges;
	return r;
}

/* ---- a process of a document ----------------------------------------------------------- */

static int read_document(const char *path, const struct oci_place *place,
			 const struct bundle *bundle, struct container_process *ret, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_OCI_CONFIG);
	cleanup_strv struct strv warnings = STRV(LIMIT_OCI_WARNINGS);
	const struct container_process *own = &bundle->config.container.process;
	int r = bundle_read_document(path, &text, e);

	if (r == 0)
		r = oci_process_read(text.data ? text.data : "", text.n, place, ret, &warnings, e);
	if (r < 0)
		return err_wrap(e, r, "process.json");
	bundle_warn(&warnings);
	ret->has_personality = own->has_personality;
	ret->personality = own->personality;
	return 0;
}

/* ---------------------------------------------------------------------------------------- */

static void take_affinity(const struct oci_config *config, struct container_process *p)
{
	if (p->cpus_initial.is_set || p->cpus_final.is_set)
		return;
	p->cpus_initial = config->exec_cpus_initial;
	p->cpus_final = config->exec_cpus_final;
}

static void take_process(struct container_process *from, struct container_process *to)
{
	*to = *from;
	*from = (struct container_process){.args = STRV(LIMIT_ARGS), .env = STRV(LIMIT_ENV)};
	to->cpus_initial.is_set = to->cpus_final.is_set = false; /* of the first process only */
}

int join_spec(const struct join_settings *s, const struct container *c, struct bundle *bundle,
	      char *const *args, struct container_spec *ret, struct err *e)
{
	struct container_spec *own = &bundle->config.container;
	const struct oci_place place = {
		.bundle = bundle->path,
		.last_capability = runtime_capabilities_last(),
	};
	int r;

	ret->is_staged = true;
	ret->has_own_keyring = c->state.has_own_keyring;
	if (s->process) {
		r = read_document(s->process, &place, bundle, &ret->process, e);
	} else {
		take_process(&own->process, &ret->process);
		r = change(s, &place, args, &ret->process, e);
	}
	if (r < 0)
		return r;
	take_affinity(&bundle->config, &ret->process);
	ret->process.owns_streams = true;
	environment_make_unique(&ret->process.env);
	ret->seccomp = take_ptr(own->seccomp);
	return environment_add_missing(&ret->process.env, &c->state.trust_env, e);
}

int join_namespaces(pid_t pid, struct container_namespace ret[NAMESPACE_MAX], struct err *e)
{
	for (enum namespace_kind kind = 0; kind < NAMESPACE_MAX; kind++) {
		char theirs[64], ours[64];
		struct stat their, our;

		snprintf(theirs, sizeof(theirs), "/proc/%d/ns/%s", pid, namespace_kinds[kind].file);
		snprintf(ours, sizeof(ours), "/proc/self/ns/%s", namespace_kinds[kind].file);
		if (stat(ours, &our) < 0)
			continue; /* this kernel has none of this kind */
		if (stat(theirs, &their) < 0)
			return err_sys(e, "'%s'", theirs);
		if (our.st_ino != their.st_ino || our.st_dev != their.st_dev)
			ret[kind].mode = NAMESPACE_PATH;
	}
	return 0;
}
