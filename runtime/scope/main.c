/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchord-scope - a conversation with systemd about one transient scope, see scope_words.h
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "runtime/scope_words.h"

#define MANAGER         "org.freedesktop.systemd1"
#define MANAGER_PATH    "/org/freedesktop/systemd1"
#define MANAGER_IFACE   "org.freedesktop.systemd1.Manager"
#define MANAGER_PRIVATE "unix:path=/run/systemd/private"

enum { START_USEC = 30000000 };

static void error_done(sd_bus_error *error)
{
	sd_bus_error_free(error);
}

static void bus_done(sd_bus **bus)
{
	if (*bus)
		sd_bus_flush_close_unref(*bus);
}

static void message_done(sd_bus_message **m)
{
	if (*m)
		sd_bus_message_unref(*m);
}

/* ---- the message ----------------------------------------------------------------------- */

static int append_property(sd_bus_message *m, const struct systemd_property *p)
{
	int r;

	if (p->type == 't')
		return sd_bus_message_append(m, "(sv)", p->name, "t", p->number);
	r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', p->mask, p->n_mask);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r;
}

/* What every scope of ours has; a failed one is forgotten, or its name could not be used again. */
static int append_fixed(sd_bus_message *m, const struct scope_request *q)
{
	/* clang-format off */
	return sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)",
		"Description",         "s",  q->description,
		"Slice",               "s",  q->names.slice,
		"PIDs",                "au", 1, (uint32_t)q->keeper,
		"Delegate",            "b",  1,
		"DefaultDependencies", "b",  0,
		"CollectMode",         "s",  "inactive-or-failed",
		"CPUAccounting",       "b",  1,
		"MemoryAccounting",    "b",  1,
		"IOAccounting",        "b",  1,
		"TasksAccounting",     "b",  1);
	/* clang-format on */
}

static int append_all(sd_bus_message *m, const struct scope_request *q)
{
	int r = sd_bus_message_append(m, "ss", q->names.unit, "fail");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = append_fixed(m, q);
	for (size_t i = 0; r >= 0 && i < q->n_properties; i++)
		r = append_property(m, &q->properties[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_append(m, "a(sa(sv))", 0);
}

/* ---- the conversation ------------------------------------------------------------------ */

/* The socket of systemd itself serves where no message bus runs. */
static int connect_private(sd_bus **ret)
{
	int r = sd_bus_new(ret);

	if (r >= 0)
		r = sd_bus_set_address(*ret, MANAGER_PRIVATE);
	return r < 0 ? r : sd_bus_start(*ret);
}

static int connect_manager(sd_bus **ret, struct err *e)
{
	int r = geteuid() == 0 ? sd_bus_open_system(ret) : sd_bus_open_user(ret);
	if (r < 0 && geteuid() == 0)
		r = connect_private(ret);
	if (r < 0)
		return err_set(e, -EHOSTDOWN, ERR_UNSUPPORTED,
			       "cgroups by systemd can't be had: no systemd can be reached (%s)",
			       strerror(-r));
	return 0;
}

/* A job that we wait for. */
struct job {
	const char *path; /* NULL while we don't know it */
	char result[64];  /* "done", or "" while it runs */
};

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *unit, *result;
	uint32_t number;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &number, &path, &unit, &result) < 0)
		return 0;
	if (job->path && strcmp(path, job->path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static int wait_for_job(sd_bus *bus, struct job *job, const char *unit, struct err *e)
{
	uint64_t deadline = clock_mono_usec() + START_USEC;

	while (!*job->result) {
		uint64_t at = clock_mono_usec();
		int r = sd_bus_process(bus, NULL);

		if (r == 0 && at >= deadline)
			return err_set(e, -ETIMEDOUT, ERR_DEADLINE,
				       "systemd isn't done with unit '%s' in time", unit);
		if (r == 0)
			r = sd_bus_wait(bus, deadline - at);
		if (r < 0 && r != -EINTR)
			return err_set(e, r, ERR_INTERNAL, "waiting for unit '%s': %s", unit,
				       strerror(-r));
	}
	if (strcmp(job->result, "done") != 0)
		return err_set(e, -EIO, ERR_INTERNAL, "systemd's job for unit '%s' ends as '%s'",
			       unit, job->result);
	return 0;
}

/* clang-format off */
static const struct {
	const char *name;
	int code;
	enum err_kind kind;
} answers[] = {
	{MANAGER ".UnitExists", -EEXIST, ERR_EXISTS},
	{MANAGER ".NoSuchUnit", -ENOENT, ERR_NOT_FOUND},
};
/* clang-format on */

static int call_failed(int r, const sd_bus_error *error, const char *unit, struct err *e)
{
	enum err_kind kind = ERR_INTERNAL;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (sd_bus_error_has_name(error, answers[i].name)) {
			r = answers[i].code;
			kind = answers[i].kind;
		}
	}
	return err_set(e, r, kind, "unit '%s': %s", unit,
		       error->message ? error->message : strerror(-r));
}

/* Send @m, which starts a job for @unit, and wait for its end. */
static int call(sd_bus *bus, sd_bus_message *m, const char *unit, struct err *e)
{
	cleanup(message_done) sd_bus_message *reply = NULL;
	cleanup(error_done) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct job job = {.path = NULL};
	/* Before the call: the signal may be there as soon as its reply. */
	int r = sd_bus_match_signal(bus, NULL, NULL, MANAGER_PATH, MANAGER_IFACE, "JobRemoved",
				    on_job_removed, &job);

	if (r >= 0)
		r = sd_bus_call(bus, m, START_USEC, &error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &job.path);
	return r < 0 ? call_failed(r, &error, unit, e) : wait_for_job(bus, &job, unit, e);
}

static int append_unit(sd_bus_message *m, const struct scope_request *q)
{
	return sd_bus_message_append(m, "ss", q->names.unit, "replace");
}

/* clang-format off */
static const struct {
	const char *method, *words; /* for an error */
	int (*append)(sd_bus_message *m, const struct scope_request *q);
} calls[] = {
	[SCOPE_START] = {"StartTransientUnit", "asking for", append_all},
	[SCOPE_STOP]  = {"StopUnit",           "stopping",   append_unit},
};
/* clang-format on */

static int converse(const struct scope_request *q, struct err *e)
{
	cleanup(bus_done) sd_bus *bus = NULL;
	cleanup(message_done) sd_bus_message *m = NULL;
	int r = connect_manager(&bus, e);

	if (r < 0)
		return r;
	r = sd_bus_message_new_method_call(bus, &m, MANAGER, MANAGER_PATH, MANAGER_IFACE,
					   calls[q->call].method);
	if (r >= 0)
		r = calls[q->call].append(m, q);
	if (r < 0)
		return err_set(e, r, ERR_INTERNAL, "%s unit '%s': %s", calls[q->call].words,
			       q->names.unit, strerror(-r));
	return call(bus, m, q->names.unit, e);
}

/* ---------------------------------------------------------------------------------------- */

static int not_for_people(void)
{
	fprintf(stderr, "anchord-scope: anchor-runc asks it to make and stop scopes of systemd; it "
			"is of no use by hand\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct scope_answer answer = {.error = ERR_NONE};
	struct scope_request q;

	(void)argv;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody waits for the scope then ... */
	if (argc > 1 || recv(STDIN_FILENO, &q, sizeof(q), MSG_WAITALL) != sizeof(q) ||
	    strncmp(q.version, ANCHOR_VERSION, sizeof(q.version)) != 0 ||
	    q.call >= ARRAY_SIZE(calls))
		return not_for_people();
	if (getppid() != q.asker)
		return 1; /* ... nor if it has died before */
	answer.result = converse(&q, &answer.error);
	return send(STDIN_FILENO, &answer, sizeof(answer), MSG_NOSIGNAL) == sizeof(answer) ? 0 : 1;
}
