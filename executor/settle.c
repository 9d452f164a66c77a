/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/settle.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cacerts/undo.h"
#include "executor/internal.h"

void settle_init(struct settle *s)
{
	*s = (struct settle){.first = NULL};
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
}

static bool syncs(const struct settle_job *job, dev_t dev)
{
	for (size_t i = 0; i < job->rest.n_tops; i++) {
		struct stat st;

		if (fstat(job->rest.tops[i], &st) == 0 && st.st_dev == dev)
			return true;
	}
	return false;
}

/* A sync serves all that were in the list when it began: those to come don't repeat it. */
static void forget_synced(struct settle_job *done)
{
	for (struct settle_job *job = done->next; job; job = job->next) {
		size_t kept = 0;

		for (size_t i = 0; i < job->rest.n_tops; i++) {
			struct stat st;

			if (fstat(job->rest.tops[i], &st) == 0 && syncs(done, st.st_dev))
				fd_close(job->rest.tops[i]);
			else
				job->rest.tops[kept++] = job->rest.tops[i];
		}
		job->rest.n_tops = kept;
	}
}

static int remove_journal(struct executor *ex, struct settle_job *job, struct err *e)
{
	cleanup_close int dir =
		openat(ex->execs_fd, job->owner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? err_sys(e, "opening the state directory of '%s'", job->owner)
			: undo_settle(dir, JOURNAL_TRUST, &job->rest, e);

	if (r == 0 && unlinkat(ex->execs_fd, job->owner, AT_REMOVEDIR) < 0)
		return err_sys(e, "removing the state directory of '%s'", job->owner);
	return r;
}

static void keep_journal(struct executor *ex, struct settle_job *job, const struct err *why)
{
	const struct target_trust *trust = targets_trust(&ex->targets, job->target);

	log_debug("exec.settle", "%s exec=%s", why->msg, job->owner);
	if (trust && trust->image->underlay)
		underlay_keep(trust->image->underlay);
}

static void end(struct executor *ex, struct settle_job *job)
{
	struct err e = ERR_NONE;

	if (remove_journal(ex, job, &e) == 0)
		forget_synced(job);
	else
		keep_journal(ex, job, &e);
	targets_forget(&ex->targets, job->target);
	claims_drop(&ex->claims, job->claim);
	vfs_unsynced_done(&job->rest);
	free(job);
}

/* All that there is, waiting for some; NULL when no more will come. */
static struct settle_job *take_all(struct settle *s)
{
	struct settle_job *all;

	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->is_closing)
		pthread_cond_wait(&s->changed, &s->lock);
	all = s->first;
	s->first = NULL;
	pthread_mutex_unlock(&s->lock);
	return all;
}

static void *work(void *arg)
{
	struct executor *ex = arg;
	struct settle_job *job;

	while ((job = take_all(&ex->settle))) {
		while (job) {
			struct settle_job *next = job->next;

			end(ex, job);
			job = next;
		}
	}
	return NULL;
}

void settle_add(struct executor *ex, struct settle_job *job)
{
	struct settle *s = &ex->settle;
	bool queued;

	pthread_mutex_lock(&s->lock);
	if (!s->has_thread)
		s->has_thread = pthread_create(&s->thread, NULL, work, ex) == 0;
	queued = s->has_thread;
	job->next = queued ? s->first : NULL;
	if (queued)
		s->first = job;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (!queued)
		end(ex, job);
}

void settle_done(struct settle *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_closing = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
}
