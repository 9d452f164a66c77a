/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "proto/anchord/v1/executor.pb-c.h"

#define COMMAND_WIDTH 60 /* bytes of the command that a table shows */

struct settings {
	struct cli cli;
};

static const struct option options[] = {CLI_OPTIONS(struct settings)};

static json_t *exec_json(const Anchord__V1__ExecState *x)
{
	json_t *j =
		json_pack("{s:s, s:s, s:i, s:I, s:[]}", "id", x->id, "status", x->status, "pid",
			  (int)x->pid, "created_at_usec", (json_int_t)x->created_at_usec, "args");

	for (size_t i = 0; i < x->n_args; i++)
		json_array_append_new(json_object_get(j, "args"), json_string(x->args[i]));
	if (x->exit)
		json_object_set_new(j, "exit",
				    json_pack("{s:i, s:i, s:I}", "code", (int)x->exit->code,
					      "signal", (int)x->exit->signal, "exited_at_usec",
					      (json_int_t)x->exit->exited_at_usec));
	return j;
}

static void command_text(const Anchord__V1__ExecState *x, char *ret, size_t size)
{
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < x->n_args && n < size - 1; i++) {
		n += (size_t)snprintf(ret + n, size - n, "%s%s", i ? " " : "", x->args[i]);
		if (n >= size - 1)
			memcpy(ret + size - 4, "...", 4);
	}
}

static int add_row(struct table *t, const Anchord__V1__ExecState *x, struct err *e)
{
	uint64_t now = clock_wall_usec();
	uint64_t created = (uint64_t)x->created_at_usec;
	char pid[16] = "-", age[32], command[COMMAND_WIDTH + 1];
	int r;

	if (x->pid)
		snprintf(pid, sizeof(pid), "%" PRIu32, x->pid);
	output_age(now > created ? now - created : 0, age, sizeof(age));
	command_text(x, command, sizeof(command));
	const char *const cells[] = {x->id, x->status, pid, age, command};

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		r = table_add(t, cells[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One page of the list, into the table and the document. *@after becomes its last id. */
static int add_page(struct ttrpc_client *c, char after[LIMIT_ID + 1], struct table *t, json_t *all,
		    bool *ret_more, struct err *e)
{
	Anchord__V1__ListRequest request = ANCHORD__V1__LIST_REQUEST__INIT;
	Anchord__V1__ListResponse *page;
	ProtobufCMessage *reply;
	int r;

	request.after = after;
	r = ttrpc_client_call(c, "List", &request.base, &anchord__v1__list_response__descriptor,
			      &reply, e);
	if (r < 0)
		return r;
	page = (Anchord__V1__ListResponse *)reply;
	for (size_t i = 0; i < page->n_execs && r >= 0; i++) {
		json_array_append_new(all, exec_json(page->execs[i]));
		r = add_row(t, page->execs[i], e);
	}
	*ret_more = page->more && page->n_execs > 0;
	if (page->n_execs > 0)
		snprintf(after, LIMIT_ID + 1, "%s", page->execs[page->n_execs - 1]->id);
	protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

static void free_client_p(struct ttrpc_client **c)
{
	*c = ttrpc_client_free(*c);
}

static int ps_main(const struct verb *v, char *const *argv, struct cli *cli, struct err *e)
{
	static const char *const head[] = {"ID", "STATUS", "PID", "AGE", "COMMAND"};
	cleanup(free_client_p) struct ttrpc_client *c = NULL;
	cleanup_table struct table table = TABLE(ARRAY_SIZE(head));
	cleanup_json json_t *all = json_array();
	cleanup_strv struct strv args = STRV(LIMIT_ARGS);
	char after[LIMIT_ID + 1] = "";
	struct settings s = {0};
	bool more = true;
	int r;

	r = verb_parse(v, argv, cli, &s, &args, e);
	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < ARRAY_SIZE(head); i++) {
		r = table_add(&table, head[i], e);
		if (r < 0)
			return r;
	}
	r = ttrpc_client_new(s.cli.socket, &c, e);
	while (r >= 0 && more)
		r = add_page(c, after, &table, all, &more, e);
	if (r < 0)
		return r;
	if (s.cli.json)
		output_json(stdout, all);
	else
		table_print(&table, stdout);
	return 0;
}

const struct verb verb_ps = {
	.name = "ps",
	.args = "",
	.summary = "List the execs that the daemon knows.",
	.options = OPTION_TABLE_INIT(options),
	.main = ps_main,
};
