/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/targets.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

enum target_state { TARGET_BUSY, TARGET_READY, TARGET_BARE };

struct target {
	struct target *next;
	dev_t dev;
	ino_t ino;
	enum target_state state;
	unsigned n_inside;
	char owner[LIMIT_ID + 1];
};

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

		free(t->first);
		t->first = next;
	}
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
}

static struct target *find(struct targets *t, dev_t dev, ino_t ino)
{
	for (struct target *x = t->first; x; x = x->next)
		if (x->dev == dev && x->ino == ino)
			return x;
	return NULL;
}

static struct target *add(struct targets *t, dev_t dev, ino_t ino, const char *owner)
{
	struct target *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	*x = (struct target){.next = t->first, .dev = dev, .ino = ino, .state = TARGET_BUSY};
	snprintf(x->owner, sizeof(x->owner), "%s", owner);
	t->first = x;
	return x;
}

int targets_enter(struct targets *t, dev_t dev, ino_t ino, const char *owner, struct target **ret,
		  bool *ret_installer, struct err *e)
{
	struct target *x;

	pthread_mutex_lock(&t->lock);
	/* Looked up again after each wait: the last one to leave frees it. */
	while ((x = find(t, dev, ino)) && x->state == TARGET_BUSY)
		pthread_cond_wait(&t->changed, &t->lock);
	*ret_installer = !x;
	if (!x)
		x = add(t, dev, ino, owner);
	if (x)
		x->n_inside++;
	pthread_mutex_unlock(&t->lock);
	if (!x)
		return err_oom(e);
	*ret = x;
	return 0;
}

static void set_state(struct targets *t, struct target *target, enum target_state state)
{
	pthread_mutex_lock(&t->lock);
	target->state = state;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void targets_settled(struct targets *t, struct target *target, bool installed)
{
	set_state(t, target, installed ? TARGET_READY : TARGET_BARE);
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
	free(target);
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

bool targets_is_installed(struct targets *t, const struct target *target)
{
	bool installed;

	pthread_mutex_lock(&t->lock);
	installed = target->state == TARGET_READY;
	pthread_mutex_unlock(&t->lock);
	return installed;
}
