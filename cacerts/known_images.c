/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/known_images.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "cacerts/install.h"
#include "vfs/seen.h"

void known_images_init(struct known_images *k)
{
	*k = (struct known_images){.clock = 0};
	pthread_mutex_init(&k->lock, NULL);
	pthread_mutex_init(&k->learning, NULL);
}

void known_images_done(struct known_images *k)
{
	for (size_t i = 0; i < ARRAY_SIZE(k->v); i++)
		known_image_unref(k->v[i]);
	free(k->underlays);
	pthread_mutex_destroy(&k->lock);
	pthread_mutex_destroy(&k->learning);
}

static struct known_image *ref(struct known_image *image)
{
	__atomic_add_fetch(&image->refs, 1, __ATOMIC_RELAXED);
	return image;
}

struct known_image *known_image_unref(struct known_image *image)
{
	if (!image || __atomic_sub_fetch(&image->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	strv_done(&image->env);
	authorities_unref(image->authorities);
	underlay_free(image->underlay);
	vfs_seen_free(image->seen);
	cacerts_plan_done(&image->plan);
	journal_done(&image->draft);
	free(image);
	return NULL;
}

/* ---- asking ------------------------------------------------------------------------------ */

static bool same_env(const struct strv *a, const struct strv *b)
{
	if (!b || a->n != b->n)
		return !b && a->n == 0;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

static bool same_authorities(const struct authorities *a, const struct authorities *b)
{
	if (a == b || a->n != b->n)
		return a == b;
	for (size_t i = 0; i < a->n; i++) /* sorted */
		if (strcmp(a->v[i].fingerprint, b->v[i].fingerprint) != 0)
			return false;
	return true;
}

static bool is_asked_for(const struct known_image *image, const struct cacerts_request *q)
{
	return image->strategies == q->strategies && same_env(&image->env, q->env) &&
	       same_authorities(image->authorities, q->authorities);
}

/* Those that ask for the same, of which one may fit; references of the caller's. */
static size_t candidates(struct known_images *k, const struct cacerts_request *q,
			 struct known_image *ret[LIMIT_KNOWN_IMAGES])
{
	size_t n = 0;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < ARRAY_SIZE(k->v); i++)
		if (k->v[i] && is_asked_for(k->v[i], q))
			ret[n++] = ref(k->v[i]);
	pthread_mutex_unlock(&k->lock);
	return n;
}

static struct known_image *find(struct known_images *k, const struct cacerts_request *q,
				const struct vfs *fs)
{
	struct known_image *v[LIMIT_KNOWN_IMAGES];
	struct known_image *found = NULL;
	size_t n = candidates(k, q, v);

	for (size_t i = 0; i < n; i++) {
		if (!found && vfs_seen_holds(v[i]->seen, fs))
			found = v[i];
		else
			known_image_unref(v[i]);
	}
	if (!found)
		return NULL;
	pthread_mutex_lock(&k->lock);
	found->used = ++k->clock;
	pthread_mutex_unlock(&k->lock);
	return found;
}

/* ---- making ------------------------------------------------------------------------------ */

static bool is_overlay(const struct mount_specs *rootfs)
{
	return rootfs->n > 0 && strcmp(rootfs->v[rootfs->n - 1].type, "overlay") == 0;
}

static struct known_image *image_new(const struct cacerts_request *q, struct err *e)
{
	struct known_image *image = calloc(1, sizeof(*image));

	if (!image) {
		err_oom(e);
		return NULL;
	}
	*image = (struct known_image){
		.refs = 1,
		.strategies = q->strategies,
		.env = STRV(LIMIT_ENV),
		.authorities = authorities_ref((struct authorities *)q->authorities),
		.draft = {.dirfd = -EBADF},
	};
	image->draft.authorities = authorities_ref(image->authorities);
	return image;
}

/* What the request asks for, and what is there before. */
static int fill(struct known_image *image, const struct cacerts_request *q, const struct vfs *fs,
		struct err *e)
{
	int r = q->env ? strv_extend(&image->env, q->env, e) : 0;

	if (r == 0)
		r = cacerts_plan(q, fs, &image->plan, e);
	image->draft.family = r == 0 ? image->plan.distro.family : NULL;
	return r == 0 && image->plan.changes.n > 0
		       ? install_draft(&image->draft, fs, &image->plan.changes, e)
		       : r;
}

/* An exec without one is slower, no more. */
static void add_underlay(const struct known_images *k, const struct cacerts_request *q,
			 const struct vfs *fs, struct known_image *image)
{
	const struct changes *changes = &image->plan.changes;
	struct err e = ERR_NONE;

	if (k->underlays && changes->n > 0 &&
	    underlay_make(k->underlays, q, fs, changes, &image->draft, &image->underlay, &e) < 0)
		log_debug("known_images.underlay", "%s", e.msg);
}

static int make(const struct cacerts_request *q, struct vfs *fs, struct known_image *image,
		struct err *e)
{
	int r = is_overlay(q->rootfs) ? vfs_seen_begin(fs, &image->seen, e) : 0;

	if (r == 0)
		r = fill(image, q, fs, e);
	if (image->seen && (!vfs_seen_end(fs, image->seen) || !image->plan.is_repeatable))
		image->seen = vfs_seen_free(image->seen);
	return r == 0 ? journal_draft_names(&image->draft, fs, e) : r;
}

static size_t bytes_of(const struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].n_bytes;
	return n;
}

/* An image may be large, and there are many. */
static bool is_worth_it(const struct known_image *image)
{
	return image->seen && bytes_of(&image->plan.changes) + bytes_of(&image->plan.masks) +
					      image->draft.data.n <=
				      LIMIT_KNOWN_IMAGE_DATA;
}

/* Keeps it in place of the one that was not used for longest. */
static void keep(struct known_images *k, struct known_image *image)
{
	struct known_image **at = &k->v[0];
	struct known_image *old;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < ARRAY_SIZE(k->v) && *at; i++)
		if (!k->v[i] || k->v[i]->used < (*at)->used)
			at = &k->v[i];
	old = *at;
	*at = ref(image);
	image->used = ++k->clock;
	pthread_mutex_unlock(&k->lock);
	known_image_unref(old);
}

/* Of execs that come at once each makes a plan, of which the first is kept, with its underlay. */
static struct known_image *learn(struct known_images *k, const struct cacerts_request *q,
				 const struct vfs *fs, struct known_image *image)
{
	struct known_image *other;

	pthread_mutex_lock(&k->learning);
	other = find(k, q, fs);
	if (!other) {
		add_underlay(k, q, fs, image);
		keep(k, image);
	}
	pthread_mutex_unlock(&k->learning);
	if (!other)
		return image;
	known_image_unref(image);
	return other;
}

int known_images_plan(struct known_images *k, const struct cacerts_request *q, struct vfs *fs,
		      struct known_image **ret, bool *ret_known, struct err *e)
{
	struct known_image *image = find(k, q, fs);
	bool known = image != NULL;
	int r = 0;

	if (!image) {
		image = image_new(q, e);
		r = image ? make(q, fs, image, e) : -ENOMEM;
	}
	if (r < 0) {
		known_image_unref(image);
		return r;
	}
	if (!known && is_worth_it(image))
		image = learn(k, q, fs, image);
	if (ret_known)
		*ret_known = known;
	*ret = image;
	return 0;
}
