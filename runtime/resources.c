/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resources.h"

#include <string.h>

#include "base/limits.h"
#include "runtime/resources_list.h"

int resource_list_grow(void *v, size_t n, size_t max, size_t size, struct err *e)
{
	void *old, *grown;

	if (n >= max)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %zu values of one kind", max);
	if ((n & (n - 1)) != 0) /* neither 0 nor a power of two: there is room */
		return 0;
	memcpy(&old, v, sizeof(old));
	grown = realloc(old, (n ? 2 * n : 1) * size);
	if (!grown)
		return err_oom(e);
	memcpy(v, &grown, sizeof(grown));
	return 0;
}

static void nameds_done(struct resource_nameds *nameds)
{
	for (size_t i = 0; i < nameds->n; i++) {
		free(nameds->v[i].name);
		free(nameds->v[i].text);
	}
	free(nameds->v);
}

void container_resources_done(struct container_resources *r)
{
	free(r->cpus);
	free(r->mems);
	free(r->io_weight_device.v);
	free(r->io_read_bps.v);
	free(r->io_write_bps.v);
	free(r->io_read_iops.v);
	free(r->io_write_iops.v);
	nameds_done(&r->hugepage_limits);
	nameds_done(&r->rdma);
	nameds_done(&r->unified);
	free(r->device_rules);
	*r = (struct container_resources){.n_device_rules = 0};
}

int resource_rates_add(struct resource_device_rates *rates, const struct resource_device_rate *rate,
		       struct err *e)
{
	int r = resource_list_grow(&rates->v, rates->n, LIMIT_RESOURCES, sizeof(*rates->v), e);

	if (r == 0)
		rates->v[rates->n++] = *rate;
	return r;
}

int resource_nameds_add(struct resource_nameds *nameds, const char *name, const char *text,
			struct err *e)
{
	cleanup_free char *name_copy = strdup(name), *text_copy = strdup(text);
	int r;

	if (!name_copy || !text_copy)
		return err_oom(e);
	r = resource_list_grow(&nameds->v, nameds->n, LIMIT_RESOURCES, sizeof(*nameds->v), e);
	if (r < 0)
		return r;
	nameds->v[nameds->n++] = (struct resource_named){
		.name = take_ptr(name_copy),
		.text = take_ptr(text_copy),
	};
	return 0;
}

int resource_device_rules_add(struct container_resources *r, const struct device_rule *rule,
			      struct err *e)
{
	int grown = resource_list_grow(&r->device_rules, r->n_device_rules, LIMIT_RESOURCES,
				       sizeof(*r->device_rules), e);

	if (grown == 0)
		r->device_rules[r->n_device_rules++] = *rule;
	return grown;
}

void resource_writes_done(struct resource_writes *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].file);
		free(w->v[i].text);
		free(w->v[i].other_file);
		free(w->v[i].other_text);
	}
	free(w->v);
	*w = (struct resource_writes){.n = 0};
}
