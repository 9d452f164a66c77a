/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/state.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/path.h"

/* clang-format off */
const char *const container_status_words[CONTAINER_STATUS_MAX] = {
#define X(status, word) [CONTAINER_##status] = word,
	CONTAINER_STATUSES(X)
#undef X
};

/* Strings of the document. */
static const struct {
	const char *key;
	size_t offset;
	bool is_path;     /* escaped, since JSON can't carry every path */
	bool is_required;
} strings[] = {
#define FIELD(name) offsetof(struct container_state, name)
	{"ociVersion",       FIELD(oci_version),       false, true},
	{"id",               FIELD(id),                false, true},
	{"bundle",           FIELD(bundle),            true,  true},
	{"rootfs",           FIELD(rootfs),            true,  true},
	{"created",          FIELD(created),           false, true},
	{"cgroup",           FIELD(cgroup),            true,  false},
	{"trustState",       FIELD(trust_state),       true,  false},
	{"trustAuthorities", FIELD(trust_authorities), true,  false},
};

static const struct {
	const char *key;
	size_t offset;
} flags[] = {
	{"isScope",         FIELD(is_scope)},
	{"isOver",          FIELD(is_over)},
	{"isCgroupPlanned", FIELD(is_cgroup_planned)},
	{"hasPidNamespace", FIELD(has_pid_namespace)},
	{"hasOwnKeyring",   FIELD(has_own_keyring)},
	{"hasPoststart",    FIELD(has_poststart)},
	{"hasPoststop",     FIELD(has_poststop)},
	{"isTrusting",      FIELD(is_trusting)},
};

static const struct {
	const char *key;
	size_t offset;
} lists[] = {
	{"annotations", FIELD(annotations)},
	{"trustEnv",    FIELD(trust_env)},
#undef FIELD
};
/* clang-format on */

static char **string_of(const struct container_state *s, size_t i)
{
	return (char **)((uintptr_t)s + strings[i].offset);
}

static bool *flag_of(const struct container_state *s, size_t i)
{
	return (bool *)((uintptr_t)s + flags[i].offset);
}

static struct strv *list_of(const struct container_state *s, size_t i)
{
	return (struct strv *)((uintptr_t)s + lists[i].offset);
}

void container_state_init(struct container_state *s)
{
	*s = (struct container_state){.annotations = STRV(LIMIT_ENV), .trust_env = STRV(LIMIT_ENV)};
}

void container_state_done(struct container_state *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(*string_of(s, i));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(list_of(s, i));
	container_state_init(s);
}

/* ---- to text --------------------------------------------------------------------------- */

static json_t *list_to_json(const struct strv *list)
{
	json_t *j = json_array();

	for (size_t i = 0; j && i < list->n; i++)
		json_array_append_new(j, json_sentence(list->v[i]));
	return j;
}

char *container_state_to_text(const struct container_state *s)
{
	cleanup_json json_t *j = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		const char *text = *string_of(s, i);

		if (text)
			json_object_set_new(j, strings[i].key,
					    strings[i].is_path ? json_path(text)
							       : json_sentence(text));
	}
	json_object_set_new(j, "pid", json_integer(s->pid));
	json_object_set_new(j, "startTime", json_integer((json_int_t)s->start_time));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		json_object_set_new(j, flags[i].key, json_boolean(*flag_of(s, i)));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_object_set_new(j, lists[i].key, list_to_json(list_of(s, i)));
	return j ? json_line(j) : NULL;
}

/* ---- from text ------------------------------------------------------------------------- */

static int damaged(const char *key, struct err *e)
{
	return err_set(e, -EINVAL, ERR_INVALID, "state.json is damaged at '%s'", key);
}

static int read_string(const json_t *j, size_t i, struct container_state *s, struct err *e)
{
	const char *text = json_get_string(j, strings[i].key);
	char path[LIMIT_PATH];

	if (!text)
		return strings[i].is_required ? damaged(strings[i].key, e) : 0;
	if (strings[i].is_path) {
		if (path_unescape(text, path, sizeof(path), NULL) < 0 || path[0] != '/')
			return damaged(strings[i].key, e);
		text = path;
	}
	*string_of(s, i) = strdup(text);
	return *string_of(s, i) ? 0 : err_oom(e);
}

static int read_list(const json_t *j, size_t i, struct container_state *s, struct err *e)
{
	const json_t *list = json_object_get(j, lists[i].key), *item;
	size_t n;

	if (list && !json_is_array(list))
		return damaged(lists[i].key, e);
	json_array_foreach (list, n, item) {
		if (!json_is_string(item) || !strchr(json_string_value(item), '='))
			return damaged(lists[i].key, e);
		if (strv_add(list_of(s, i), json_string_value(item), e) < 0)
			return e->code;
	}
	return 0;
}

static int read_numbers(const json_t *j, struct container_state *s, struct err *e)
{
	long long pid = json_get_int(j, "pid", -1);
	long long start = json_get_int(j, "startTime", -1);

	if (pid < 0 || pid > INT32_MAX)
		return damaged("pid", e);
	if (start < 0)
		return damaged("startTime", e);
	s->pid = (pid_t)pid;
	s->start_time = (uint64_t)start;
	return 0;
}

static int read_all(const json_t *j, const char *id, struct container_state *s, struct err *e)
{
	int r = json_is_object(j) ? read_numbers(j, s, e) : damaged("", e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(strings); i++)
		r = read_string(j, i, s, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = read_list(j, i, s, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(flags); i++)
		*flag_of(s, i) = json_get_bool(j, flags[i].key);
	if (r == 0 && strcmp(s->id, id) != 0)
		r = damaged("id", e);
	if (r == 0 && s->is_trusting && (!s->trust_state || !s->trust_authorities))
		r = damaged("isTrusting", e);
	return r;
}

int container_state_from_text(const char *text, size_t n, const char *id,
			      struct container_state *ret, struct err *e)
{
	cleanup_container_state struct container_state s;
	cleanup_json json_t *j = NULL;
	int r;

	container_state_init(&s);
	r = json_parse(text, n, &j, e);
	if (r < 0)
		return err_wrap(e, r, "state.json is damaged");
	r = read_all(j, id, &s, e);
	if (r < 0)
		return r;
	*ret = s;
	container_state_init(&s);
	return 0;
}

/* ---- documents ------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In order of their names, as Go prints maps. */
static json_t *annotations_to_json(const struct strv *list)
{
	cleanup_free char **sorted = calloc(list->n + 1, sizeof(*sorted));
	json_t *j = json_object();

	if (!sorted || !j)
		return j;
	for (size_t i = 0; i < list->n; i++)
		sorted[i] = list->v[i];
	qsort(sorted, list->n, sizeof(*sorted), compare);
	for (size_t i = 0; i < list->n; i++) {
		const char *equals = strchr(sorted[i], '=');

		json_object_setn_new(j, sorted[i], (size_t)(equals - sorted[i]),
				     json_sentence(equals + 1));
	}
	return j;
}

static void add_annotations(const struct container_state *s, json_t *to)
{
	if (s->annotations.n > 0)
		json_object_set_new(to, "annotations", annotations_to_json(&s->annotations));
}

char *container_state_document_head(const struct container_state *s)
{
	cleanup_json json_t *j = json_pack("{s:s, s:o}", "ociVersion", s->oci_version, "bundle",
					   json_sentence(s->bundle));
	char *text;

	if (!j)
		return NULL;
	add_annotations(s, j);
	json_object_set_new(j, "id", json_string(s->id));
	text = json_line(j);
	if (text)
		text[strlen(text) - 1] = '\0';
	return text;
}

json_t *container_state_document(const struct container_state *s, enum container_status status,
				 const char *owner)
{
	json_t *j =
		json_pack("{s:s, s:s, s:i, s:s, s:o, s:o, s:s}", "ociVersion", s->oci_version, "id",
			  s->id, "pid", status == CONTAINER_STOPPED ? 0 : (int)s->pid, "status",
			  container_status_words[status], "bundle", json_sentence(s->bundle),
			  "rootfs", json_sentence(s->rootfs), "created", s->created);

	if (!j)
		return NULL;
	add_annotations(s, j);
	json_object_set_new(j, "owner", json_string(owner));
	return j;
}
