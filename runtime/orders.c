/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk over all pointers serves both ways. Packing copies what a pointer leads to behind what
 * is there and puts the offset in its place; unpacking puts the address in place of the offset.
 *
 * Compiled for runtime/init/, too.
 */
#include "runtime/orders.h"

#include <errno.h>
#include <string.h>

#define ORDERS_MAGIC 0x616e63686f726431ull /* "anchord1" */

enum { ALIGN = 8 };

struct image {
	uint64_t magic;
	uint64_t size; /* bytes used */
	struct orders orders;
};

struct walk {
	char *base;
	size_t used, size;
	bool packs;
	bool is_full; /* sticky */
};

/* Room for @n bytes; NULL when there is none. */
static void *append(struct walk *w, const void *from, size_t n)
{
	size_t at = (w->used + ALIGN - 1) & ~(size_t)(ALIGN - 1);

	if (w->is_full || at > w->size || n > w->size - at) {
		w->is_full = true;
		return NULL;
	}
	memset(w->base + w->used, 0, at - w->used);
	memcpy(w->base + at, from, n);
	w->used = at + n;
	return w->base + at;
}

/* What stands for an address in the image. */
static void *as_offset(const struct walk *w, const void *address)
{
	return (void *)(uintptr_t)((const char *)address - w->base);
}

/*
 * Visit one pointer to @n bytes, which stands in the image. Returns the address of what it leads
 * to, to go on with what is in there; NULL for none.
 */
static void *visit(struct walk *w, void *pointer, size_t n)
{
	void **at = pointer;
	void *there = *at;

	if (!there)
		return NULL;
	if (w->packs) {
		there = append(w, there, n);
		*at = there ? as_offset(w, there) : NULL;
	} else {
		there = w->base + (uintptr_t)there;
		*at = there;
	}
	return there;
}

static void visit_text(struct walk *w, const char **text)
{
	visit(w, text, w->packs && *text ? strlen(*text) + 1 : 0);
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

/* A NULL-terminated list of strings. */
static void visit_list(struct walk *w, char ***list)
{
	size_t n = w->packs && *list ? count(*list) : 0;
	char **v = visit(w, list, (n + 1) * sizeof(*v));

	for (; v && *v; v++)
		visit_text(w, (const char **)v);
}

static void visit_ops(struct walk *w, struct ops *ops)
{
	struct op *v = visit(w, &ops->v, ops->n * sizeof(*v));

	for (size_t i = 0; v && i < ops->n; i++) {
		visit_text(w, &v[i].path);
		visit_text(w, &v[i].target);
		visit_text(w, &v[i].source);
	}
}

static void visit_params(struct walk *w, struct orders *o)
{
	struct op_param *v = visit(w, &o->params, o->n_params * sizeof(*v));

	for (size_t i = 0; v && i < o->n_params; i++) {
		visit_text(w, &v[i].key);
		visit_text(w, &v[i].value);
	}
}

static void visit_hooks(struct walk *w, struct order_hooks *hooks)
{
	struct order_hook *v = visit(w, &hooks->v, hooks->n * sizeof(*v));

	for (size_t i = 0; v && i < hooks->n; i++) {
		visit_text(w, &v[i].path);
		visit_list(w, &v[i].args);
		visit_list(w, &v[i].env);
	}
}

static void visit_all(struct walk *w, struct orders *o)
{
	visit_ops(w, &o->outside);
	visit_ops(w, &o->inside);
	visit_params(w, o);
	visit_list(w, &o->args);
	visit_list(w, &o->env);
	visit_list(w, &o->candidates);
	visit(w, &o->groups, o->n_groups * sizeof(*o->groups));
	visit_text(w, &o->uid_map);
	visit_text(w, &o->gid_map);
	visit_text(w, &o->staging);
	visit(w, &o->filter, o->n_filter * sizeof(*o->filter));
	visit_text(w, &o->listener_state);
	for (size_t i = 0; i < ORDER_CPU_SETS; i++)
		visit(w, &o->cpus[i], o->cpu_bytes);
	for (size_t i = 0; i < ORDER_HOOKS; i++)
		visit_hooks(w, &o->hooks[i]);
	visit_text(w, &o->state);
	visit_list(w, &o->host_env);
	visit_text(w, &o->directory);
}

int orders_pack(const struct orders *o, void *room, size_t size, size_t *ret_used)
{
	struct walk w = {.base = room, .used = sizeof(struct image), .size = size, .packs = true};
	struct image *image = room;

	if (size < sizeof(*image))
		return -E2BIG;
	image->magic = ORDERS_MAGIC;
	image->orders = *o;
	visit_all(&w, &image->orders);
	if (w.is_full)
		return -E2BIG;
	image->size = w.used;
	*ret_used = w.used;
	return 0;
}

struct orders *orders_unpack(void *room, size_t size)
{
	struct walk w = {.base = room, .size = size};
	struct image *image = room;

	if (size < sizeof(*image) || image->magic != ORDERS_MAGIC || image->size > size)
		return NULL;
	visit_all(&w, &image->orders);
	return &image->orders;
}
