/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verb.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "cli/output.h"

static void print_help(const struct verb *v)
{
	printf("Usage: anchorctl %s [options]%s%s\n\n%s\n\nOptions:\n", v->name,
	       *v->args ? " " : "", v->args, v->summary);
	options_help(v->options, stdout);
	if (v->notes)
		printf("\n%s", v->notes);
}

static int check_count(const struct verb *v, const struct strv *args, struct err *e)
{
	if (args->n < v->min_args)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "an argument is missing: anchorctl %s [options] %s", v->name,
			       v->args);
	if (args->n > v->max_args)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "'%s' is too much: anchorctl %s [options]%s%s", args->v[v->max_args],
			       v->name, *v->args ? " " : "", v->args);
	return 0;
}

int verb_parse(const struct verb *v, char *const *argv, struct cli *cli, void *settings,
	       struct strv *ret_args, struct err *e)
{
	struct cli *own = settings;
	int r;

	*own = *cli;
	r = options_parse(v->options, v->order, argv, settings, ret_args, e);
	*cli = *own;
	if (r < 0)
		return err_wrap(e, r, "%s", v->name);
	if (own->help) {
		print_help(v);
		return VERB_HELPED;
	}
	return check_count(v, ret_args, e);
}

static void free_client_p(struct ttrpc_client **c)
{
	*c = ttrpc_client_free(*c);
}

int verb_ask(const struct cli *cli, const char *method, const ProtobufCMessage *request,
	     const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret, struct err *e)
{
	cleanup(free_client_p) struct ttrpc_client *c = NULL;
	int r;

	r = ttrpc_client_new(cli->socket, &c, e);
	if (r < 0)
		return r;
	return ttrpc_client_call(c, method, request, type, ret, e);
}

int verb_print_document(const struct cli *cli, const char *text, struct err *e)
{
	cleanup_json json_t *j = NULL;
	int r;

	r = json_parse(text, strlen(text), &j, e);
	if (r < 0)
		return err_wrap(e, r, "the daemon's answer");
	if (cli->json)
		output_json(stdout, j);
	else
		output_document(stdout, j);
	return 0;
}
