/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/claims.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void claims_init(struct claims *c)
{
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->first = NULL;
}

void claims_done(struct claims *c)
{
	while (c->first) {
		struct claim *next = c->first->next;

		free(c->first);
		c->first = next;
	}
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
}

static struct claim *find(const struct claims *c, const char *id)
{
	for (struct claim *x = c->first; x; x = x->next)
		if (strcmp(x->id, id) == 0)
			return x;
	return NULL;
}

int claims_take(struct claims *c, enum claimant by, const char *id, struct claim **ret,
		struct err *e)
{
	struct claim *mine = calloc(1, sizeof(*mine));
	const struct claim *other;

	if (!mine)
		return err_oom(e);
	mine->by = by;
	snprintf(mine->id, sizeof(mine->id), "%s", id);
	pthread_mutex_lock(&c->lock);
	while ((other = find(c, id)) && other->is_ending)
		pthread_cond_wait(&c->changed, &c->lock);
	if (!other) {
		mine->next = c->first;
		c->first = mine;
	}
	pthread_mutex_unlock(&c->lock);
	if (other) {
		free(mine);
		return err_set(e, -EEXIST, ERR_EXISTS, "exec '%s' lives, or is being repaired", id);
	}
	*ret = mine;
	return 0;
}

/* Somebody that @mine can't share the tree with. */
static const struct claim *rival(const struct claims *c, const struct claim *mine, dev_t dev,
				 ino_t ino)
{
	for (const struct claim *x = c->first; x; x = x->next)
		if (x != mine && x->has_tree && x->dev == dev && x->ino == ino &&
		    (x->by == CLAIM_REPAIR || mine->by == CLAIM_REPAIR))
			return x;
	return NULL;
}

int claims_take_tree(struct claims *c, struct claim *claim, dev_t dev, ino_t ino, struct err *e)
{
	const struct claim *other;
	int r = 0;

	pthread_mutex_lock(&c->lock);
	while ((other = rival(c, claim, dev, ino)) && (claim->by == CLAIM_EXEC || other->is_ending))
		pthread_cond_wait(&c->changed, &c->lock);
	if (other) {
		r = err_set(e, -EBUSY, ERR_PRECONDITION, "exec '%s' runs over the same tree",
			    other->id);
	} else {
		claim->has_tree = true;
		claim->dev = dev;
		claim->ino = ino;
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}

void claims_end(struct claims *c, struct claim *claim)
{
	pthread_mutex_lock(&c->lock);
	claim->is_ending = true;
	pthread_mutex_unlock(&c->lock);
}

void claims_drop(struct claims *c, struct claim *claim)
{
	if (!claim)
		return;
	pthread_mutex_lock(&c->lock);
	for (struct claim **p = &c->first; *p; p = &(*p)->next) {
		if (*p == claim) {
			*p = claim->next;
			break;
		}
	}
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	free(claim);
}

bool claims_has(struct claims *c, const char *id)
{
	bool has;

	pthread_mutex_lock(&c->lock);
	has = find(c, id) != NULL;
	pthread_mutex_unlock(&c->lock);
	return has;
}
