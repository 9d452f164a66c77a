/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/methods.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "daemon/daemon.h"
#include "daemon/documents.h"
#include "daemon/exec_run.h"
#include "daemon/session.h"

/* What a page of List may hold besides what is counted: tags and lengths. */
enum { LIST_SLACK = 16 };

static struct daemon *daemon_of(const struct call *c)
{
	return c->session->server->daemon;
}

static void run(struct call *c)
{
	struct err e = ERR_NONE;

	if (exec_run_start(daemon_of(c), c, &e) < 0)
		call_fail(c, &e);
}

static void wait_for(struct call *c)
{
	const Anchord__V1__WaitRequest *q = (const Anchord__V1__WaitRequest *)c->request;
	struct err e = ERR_NONE;
	struct exec_run *x;

	if (registry_find(&daemon_of(c)->registry, q->id, &x, &e) < 0)
		call_fail(c, &e);
	else
		exec_run_wait(x, c);
}

static void kill_exec(struct call *c)
{
	const Anchord__V1__KillRequest *q = (const Anchord__V1__KillRequest *)c->request;
	Anchord__V1__KillResponse reply = ANCHORD__V1__KILL_RESPONSE__INIT;
	struct err e = ERR_NONE;
	struct exec_run *x;

	if (registry_find(&daemon_of(c)->registry, q->id, &x, &e) < 0 ||
	    exec_run_kill(x, q->signal, q->all, &e) < 0)
		call_fail(c, &e);
	else
		call_reply(c, &reply.base);
}

static void delete_exec(struct call *c)
{
	const Anchord__V1__DeleteRequest *q = (const Anchord__V1__DeleteRequest *)c->request;
	struct err e = ERR_NONE;
	struct exec_run *x;

	if (registry_find(&daemon_of(c)->registry, q->id, &x, &e) < 0 ||
	    exec_run_delete(x, c, q->force, &e) < 0)
		call_fail(c, &e);
}

static void state(struct call *c)
{
	const Anchord__V1__StateRequest *q = (const Anchord__V1__StateRequest *)c->request;
	Anchord__V1__StateResponse reply = ANCHORD__V1__STATE_RESPONSE__INIT;
	struct exec_run_view view;
	struct err e = ERR_NONE;
	struct exec_run *x;

	if (registry_find(&daemon_of(c)->registry, q->id, &x, &e) < 0) {
		call_fail(c, &e);
		return;
	}
	exec_run_view(x, &view);
	reply.state = &view.state;
	call_reply(c, &reply.base);
}

/* Take as many execs from @first on as a reply holds; @views and @list have room for all. */
static size_t fill_page(const struct registry *g, size_t first, struct exec_run_view *views,
			Anchord__V1__ExecState **list)
{
	size_t bytes = LIST_SLACK;
	size_t n = 0;

	for (size_t i = first; i < g->n; i++, n++) {
		exec_run_view(g->v[i], &views[n]);
		list[n] = &views[n].state;
		bytes += anchord__v1__exec_state__get_packed_size(list[n]) + LIST_SLACK;
		if (bytes > LIMIT_REPLY)
			break;
	}
	return n;
}

static void list_execs(struct call *c)
{
	const Anchord__V1__ListRequest *q = (const Anchord__V1__ListRequest *)c->request;
	const struct registry *g = &daemon_of(c)->registry;
	Anchord__V1__ListResponse reply = ANCHORD__V1__LIST_RESPONSE__INIT;
	size_t first = q->after[0] ? registry_after(g, q->after) : 0;
	cleanup_free struct exec_run_view *views = calloc(g->n + 1, sizeof(*views));
	cleanup_free Anchord__V1__ExecState **list =
		calloc(g->n + 1, sizeof(Anchord__V1__ExecState *));
	struct err e = ERR_NONE;

	if (!views || !list) {
		err_oom(&e);
		call_fail(c, &e);
		return;
	}
	reply.n_execs = fill_page(g, first, views, list);
	reply.execs = list;
	reply.more = first + reply.n_execs < g->n;
	call_reply(c, &reply.base);
}

/* clang-format off */
#define ROW(name, message, handle) \
	{name, &anchord__v1__##message##_request__descriptor, \
	       &anchord__v1__##message##_response__descriptor, handle}
static const struct method methods[] = {
	ROW("Run",         run,         run),
	ROW("Wait",        wait,        wait_for),
	ROW("Kill",        kill,        kill_exec),
	ROW("Delete",      delete,      delete_exec),
	ROW("State",       state,       state),
	ROW("List",        list,        list_execs),
	ROW("Explain",     explain,     documents_explain),
	ROW("Authorities", authorities, documents_authorities),
	ROW("Info",        info,        documents_info),
	ROW("Repair",      repair,      documents_repair),
};
#undef ROW
/* clang-format on */

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}
