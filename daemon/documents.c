/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/documents.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

#include "base/json.h"
#include "base/log.h"
#include "daemon/call.h"
#include "daemon/daemon.h"
#include "daemon/session.h"
#include "daemon/translate.h"

/* What a worker needs, copied, and what comes out of it. */
struct job {
	uv_work_t work;
	struct call *call; /* answered when the worker is done */
	struct executor *executor;
	int (*make)(struct job *job, json_t **ret, struct err *e);
	void (*answer)(struct call *c, char *text);

	bool reload;                  /* Authorities */
	struct exec_request request;  /* Explain */
	char *path;                   /* or NULL; owned */
	struct repair_request repair; /* Repair */
	json_t *daemon;               /* Info: what the loop knows; owned */

	char *text; /* the document; owned */
	struct err error;
};

static void job_free(struct job *job)
{
	exec_request_done(&job->request);
	free(job->path);
	strv_done(&job->repair.ids);
	json_decref(job->daemon);
	free(job->text);
	free(job);
}

static void in_worker(uv_work_t *work)
{
	struct job *job = work->data;
	cleanup_json json_t *document = NULL;

	if (job->make(job, &document, &job->error) < 0)
		return;
	job->text = document ? json_line(document) : NULL;
	if (!job->text)
		err_oom(&job->error);
}

static void after_worker(uv_work_t *work, int status)
{
	struct job *job = work->data;

	(void)status; /* never cancelled */
	if (job->error.code)
		call_fail(job->call, &job->error);
	else
		job->answer(job->call, job->text);
	job_free(job);
}

/* Fails the call itself when there is no memory: NULL then. */
static struct job *job_new(struct call *c)
{
	struct job *job = calloc(1, sizeof(*job));
	struct daemon *d = c->session->server->daemon;
	struct err e = ERR_NONE;

	if (!job) {
		err_oom(&e);
		call_fail(c, &e);
		return NULL;
	}
	exec_request_init(&job->request);
	job->call = c;
	job->executor = d->executor;
	job->work.data = job;
	return job;
}

static void job_start(struct job *job)
{
	uv_queue_work(session_loop(job->call->session), &job->work, in_worker, after_worker);
}

static int make_explain(struct job *job, json_t **ret, struct err *e)
{
	return executor_explain(job->executor, &job->request, job->path, ret, e);
}

static void answer_explain(struct call *c, char *text)
{
	Anchord__V1__ExplainResponse reply = ANCHORD__V1__EXPLAIN_RESPONSE__INIT;

	reply.plan_json = text;
	call_reply(c, &reply.base);
}

void documents_explain(struct call *c)
{
	const Anchord__V1__ExplainRequest *q = (const Anchord__V1__ExplainRequest *)c->request;
	struct job *job = job_new(c);
	struct err e = ERR_NONE;

	if (!job)
		return;
	if (translate_explain(q, &job->request, &e) < 0 ||
	    translate_path("path", q->path, &job->path, &e) < 0) {
		job_free(job);
		call_fail(c, &e);
		return;
	}
	job->make = make_explain;
	job->answer = answer_explain;
	job_start(job);
}

static int make_authorities(struct job *job, json_t **ret, struct err *e)
{
	int r = job->reload ? executor_reload(job->executor, e) : 0;

	if (r < 0)
		return r;
	*ret = executor_authorities_json(job->executor);
	return 0;
}

static void answer_authorities(struct call *c, char *text)
{
	Anchord__V1__AuthoritiesResponse reply = ANCHORD__V1__AUTHORITIES_RESPONSE__INIT;

	reply.authorities_json = text;
	call_reply(c, &reply.base);
}

void documents_authorities(struct call *c)
{
	const Anchord__V1__AuthoritiesRequest *q =
		(const Anchord__V1__AuthoritiesRequest *)c->request;
	struct job *job = job_new(c);

	if (!job)
		return;
	job->reload = q->reload;
	job->make = make_authorities;
	job->answer = answer_authorities;
	job_start(job);
}

static int make_info(struct job *job, json_t **ret, struct err *e)
{
	json_t *info = executor_info_json(job->executor);

	if (!info || json_object_set(info, "daemon", job->daemon) < 0) {
		json_decref(info);
		return err_oom(e);
	}
	*ret = info;
	return 0;
}

static void answer_info(struct call *c, char *text)
{
	Anchord__V1__InfoResponse reply = ANCHORD__V1__INFO_RESPONSE__INIT;

	reply.info_json = text;
	call_reply(c, &reply.base);
}

void documents_info(struct call *c)
{
	const struct daemon *d = c->session->server->daemon;
	struct job *job = job_new(c);

	if (!job)
		return;
	job->daemon = json_pack("{s:i, s:i, s:i, s:b}", "pid", (int)uv_os_getpid(), "execs",
				(int)d->registry.n, "connections", (int)d->server.n_sessions,
				"draining", d->phase != DAEMON_SERVING);
	job->make = make_info;
	job->answer = answer_info;
	job_start(job);
}

static void log_repaired(const json_t *document)
{
	const json_t *left;
	size_t i;

	json_array_foreach (json_object_get(document, "leftovers"), i, left) {
		const char *id = json_get_string(left, "id");
		const char *result = json_get_string(left, "result");
		const char *error = json_get_string(left, "error");

		if (error)
			log_warn("repair.failed", "a trace remains: %s exec=%s", error, id);
		else
			log_info("repair.done", "%s on request exec=%s", result, id);
	}
}

static int make_repair(struct job *job, json_t **ret, struct err *e)
{
	int r = executor_repair(job->executor, &job->repair, ret, e);

	if (r == 0 && !job->repair.dry_run)
		log_repaired(*ret);
	return r;
}

static void answer_repair(struct call *c, char *text)
{
	Anchord__V1__RepairResponse reply = ANCHORD__V1__REPAIR_RESPONSE__INIT;

	reply.repair_json = text;
	call_reply(c, &reply.base);
}

void documents_repair(struct call *c)
{
	const Anchord__V1__RepairRequest *q = (const Anchord__V1__RepairRequest *)c->request;
	struct job *job = job_new(c);
	struct err e = ERR_NONE;
	int r;

	if (!job)
		return;
	r = c->session->server->daemon->phase == DAEMON_SERVING
		    ? translate_repair(q, &job->repair, &e)
		    : err_set(&e, -ESHUTDOWN, ERR_UNAVAILABLE, "anchord is stopping");
	if (r < 0) {
		job_free(job);
		call_fail(c, &e);
		return;
	}
	job->make = make_repair;
	job->answer = answer_repair;
	job_start(job);
}
