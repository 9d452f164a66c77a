/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runc/container.h"
#include "runc/output.h"
#include "runc/verb.h"

enum { COLUMNS = 6, COLUMN_MIN = 12, COLUMN_PAD = 3 };

struct settings {
	const char *format;
	bool quiet;
};

static const struct option options[] = {
	{"format", "f", "FORMAT", "table (default) or json", option_string,
	 offsetof(struct settings, format)},
	{"quiet", "q", NULL, "print ids only", option_flag, offsetof(struct settings, quiet)},
};

/* As runc does, without what nsswitch.conf might name: a static program can't load that. */
static void name_owner(const struct container *c, char *ret, size_t size)
{
	cleanup_fclose FILE *users = fopen("/etc/passwd", "re");
	struct stat st = {.st_uid = 0};
	const struct passwd *user;

	fstat(c->fd, &st);
	snprintf(ret, size, "#%u", st.st_uid);
	while (users && (user = fgetpwent(users)))
		if (user->pw_uid == st.st_uid) {
			snprintf(ret, size, "%s", user->pw_name);
			return;
		}
}

/* One that is just being made, or removed, is left out. */
static int add_container(const struct globals *g, const char *id, json_t *to)
{
	cleanup_container struct container c = CONTAINER;
	struct err e = ERR_NONE;
	enum container_status status;
	char owner[256];
	int r = container_open(g->root, id, CONTAINER_LOOK, &c, &e);

	if (r == -ENOENT || r == -ENODATA)
		return 0;
	if (r == 0)
		r = container_status(&c, &status, NULL, &e);
	if (r < 0) {
		output_warning("load container %s: %s", id, e.msg);
		return 0;
	}
	name_owner(&c, owner, sizeof(owner));
	return json_array_append_new(to, container_state_document(&c.state, status, owner));
}

static int is_container(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && container_check_id(entry->d_name, NULL) == 0;
}

static int collect(const struct globals *g, json_t *to, struct err *e)
{
	struct dirent **entries = NULL;
	int n = scandir(g->root, &entries, is_container, alphasort);
	int r = 0;

	if (n < 0)
		return errno == ENOENT ? 0 : err_sys(e, "reading '%s'", g->root);
	for (int i = 0; i < n; i++) {
		if (r == 0 && add_container(g, entries[i]->d_name, to) < 0)
			r = err_oom(e);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* ---- forms ----------------------------------------------------------------------------- */

static void print_quiet(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		puts(json_get_string(item, "id"));
}

static void add_row(struct strv *cells, const json_t *item)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%lld", json_get_int(item, "pid", 0));
	strv_add(cells, json_get_string(item, "id"), NULL);
	strv_add(cells, pid, NULL);
	strv_add(cells, json_get_string(item, "status"), NULL);
	strv_add(cells, json_get_string(item, "bundle"), NULL);
	strv_add(cells, json_get_string(item, "created"), NULL);
	strv_add(cells, json_get_string(item, "owner"), NULL);
}

static int width_of(const struct strv *cells, size_t column)
{
	size_t width = COLUMN_MIN;

	for (size_t i = column; i < cells->n; i += COLUMNS) {
		size_t n = strlen(cells->v[i]) + COLUMN_PAD;

		width = n > width ? n : width;
	}
	return (int)width;
}

static void print_table(const json_t *list)
{
	cleanup_strv struct strv cells = STRV((size_t)LIMIT_CONTAINERS * COLUMNS);
	const json_t *item;
	size_t i;

	strv_split(&cells, "ID,PID,STATUS,BUNDLE,CREATED,OWNER", ',', NULL);
	json_array_foreach (list, i, item)
		add_row(&cells, item);
	for (i = 0; i < cells.n; i++) {
		if (i % COLUMNS == COLUMNS - 1)
			puts(cells.v[i]);
		else
			printf("%-*s", width_of(&cells, i % COLUMNS), cells.v[i]);
	}
}

static int list_main(const struct call *call, struct err *e)
{
	const struct settings *s = call->settings;
	cleanup_json json_t *list = json_array();
	bool is_json = s->format && strcmp(s->format, "json") == 0;
	int r;

	if (!list)
		return err_oom(e);
	r = collect(call->globals, list, e);
	if (r < 0)
		return r;
	if (s->quiet) {
		print_quiet(list);
	} else if (is_json) {
		if (json_array_size(list) > 0)
			json_dumpf(list, stdout, JSON_COMPACT);
		puts(json_array_size(list) > 0 ? "" : "null");
	} else if (!s->format || strcmp(s->format, "table") == 0) {
		print_table(list);
	} else {
		return err_set(e, -EINVAL, ERR_INVALID, "invalid format option");
	}
	return 0;
}

const struct verb verb_list = {
	.name = "list",
	.args = "",
	.summary = "list containers",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.main = list_main,
};
