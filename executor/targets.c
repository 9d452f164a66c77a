/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum target_state { TARGET_BUSY, TARGET_READY, TARGET_BARE };

struct target {
	struct target *next;
	dev_t dev;
	ino_t ino;
	bool writable;
	enum target_state state;
	unsigned n_inside;
	char owner[LIMIT_ID + 1];
	struct target_trust *trust; /* owned; NULL: nothing was done */
};

struct target_trust *target_trust_new(void)
{
	struct target_trust *trust = calloc(1, sizeof(*trust));

	if (trust)
		trust->journal.dirfd = -EBADF;
	return trust;
}

struct target_trust *target_trust_free(struct target_trust *trust)
{
	if (!trust)
		return NULL;
	known_image_unref(trust->image);
	journal_done(&trust->journal);
	free(trust);
	return NULL;
}

static void target_free(struct target *target)
{
	target_trust_free(target->trust);
	free(target);
}

void targets_init(struct targets *t)
{
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	t->first = NULL;
}

void targets_done(struct targets *t)
{
	while (t->first) {
		struct target *next = t->first->next;

		target_free(t->first);
		t->first = next;
	}
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
}

/* One that can be written comes first: its install is seen by all. */
static struct target *find(struct targets *t, dev_t dev, ino_t ino, bool writable)
{
	struct target *found = NULL;

	for (struct target *x = t->first; x; x = x->next)
		if (x->dev == dev && x->ino == ino && (x->writable || (!writable && !found)))
			found = x;
	return found;
}

static struct target *add(struct targets *t, const struct target *like)
{
	struct target *x = malloc(sizeof(*x));

	if (!x)
		return NULL;
	*x = *like;
	x->next = t->first;
	t->first = x;
	return x;
}

int targets_enter(struct targets *t, dev_t dev, ino_t ino, bool writable, const char *owner,
		  struct target **ret, bool *ret_installer, struct err *e)
{
	struct target first = {.dev = dev, .ino = ino, .writable = writable, .state = TARGET_BUSY};
	struct target *x;

	snprintf(first.owner, sizeof(first.owner), "%s", owner);
	pthread_mutex_lock(&t->lock);
	/* Looked up again after each wait: the last one to leave frees it. */
	while ((x = find(t, dev, ino, writable)) && x->state == TARGET_BUSY)
		pthread_cond_wait(&t->changed, &t->lock);
	*ret_installer = !x;
	if (!x)
		x = add(t, &first);
	if (x)
		x->n_inside++;
	pthread_mutex_unlock(&t->lock);
	if (!x)
		return err_oom(e);
	*ret = x;
	return 0;
}

void targets_settled(struct targets *t, struct target *target, bool installed,
		     struct target_trust *trust)
{
	pthread_mutex_lock(&t->lock);
	target->state = installed ? TARGET_READY : TARGET_BARE;
	target->trust = trust;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void targets_leave(struct targets *t, struct target *target, char *ret_owner)
{
	bool last;

	pthread_mutex_lock(&t->lock);
	last = --target->n_inside == 0;
	snprintf(ret_owner, LIMIT_ID + 1, "%s",
		 last && target->state != TARGET_BARE ? target->owner : "");
	if (last)
		target->state = TARGET_BUSY; /* nobody enters until it is forgotten */
	pthread_mutex_unlock(&t->lock);
	if (last && ret_owner[0] == '\0')
		targets_forget(t, target);
}

void targets_forget(struct targets *t, struct target *target)
{
	pthread_mutex_lock(&t->lock);
	for (struct target **p = &t->first; *p; p = &(*p)->next) {
		if (*p == target) {
			*p = target->next;
			break;
		}
	}
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	target_free(target); /* which may remove files */
}

bool targets_owns(struct targets *t, const char *id)
{
	bool owns = false;

	pthread_mutex_lock(&t->lock);
	for (const struct target *x = t->first; x && !owns; x = x->next)
		owns = strcmp(x->owner, id) == 0;
	pthread_mutex_unlock(&t->lock);
	return owns;
}

struct target_trust *targets_trust(struct targets *t, const struct target *target)
{
	struct target_trust *trust;

	pthread_mutex_lock(&t->lock);
	trust = target->trust;
	pthread_mutex_unlock(&t->lock);
	return trust;
}
