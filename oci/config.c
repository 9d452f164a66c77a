/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "oci/document.h"
#include "oci/parts.h"
#include "oci/values.h"

enum { HOST_NAME = 64 /* bytes of a hostname or a domain name, as in the kernel */ };

void oci_config_init(struct oci_config *c)
{
	*c = (struct oci_config){.annotations = STRV(LIMIT_ANNOTATIONS),
				 .warnings = STRV(LIMIT_OCI_WARNINGS)};
	container_spec_init(&c->container);
}

void oci_config_done(struct oci_config *c)
{
	container_spec_done(&c->container);
	container_resources_done(&c->resources);
	free(c->oci_version);
	free(c->root_path);
	free(c->cgroups_path);
	strv_done(&c->annotations);
	strv_done(&c->warnings);
	oci_config_init(c);
}

/* ---- members of config.json ------------------------------------------------------------ */

/* Versions of one major number can be read by each other's readers. */
static int read_version(const struct oci_node *at, void *to, struct err *e)
{
	const char *text = NULL;
	int r = oci_get_string(at, LIMIT_STRING - 1, &text, e);

	if (r < 0)
		return r;
	if (strncmp(text, "1.", 2) != 0 || text[2] < '0' || text[2] > '9')
		return oci_invalid(at, e, "'%.40s' is not a version 1.x", text);
	return oci_read_string(at, to, e);
}

static int read_root(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct oci_config, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("path", oci_read_string, FIELD(root_path), .max = LIMIT_PATH - 1,
			   .is_required = true),
		OCI_MEMBER("readonly", oci_read_bool, FIELD(container.readonly_rootfs)),
	};
#undef FIELD
	cleanup_free char *path = NULL;
	struct oci_config *c = to;
	int r = oci_read_table(at, members, c, e);

	if (r < 0)
		return r;
	if (!c->root_path)
		return oci_invalid(at, e, "the path is empty");
	if (c->root_path[0] == '/')
		path = strdup(c->root_path);
	else if (asprintf(&path, "%s/%s", at->surroundings->bundle, c->root_path) < 0)
		path = NULL;
	if (!path)
		return err_oom(e);
	r = mount_specs_add(&c->container.rootfs, "bind", path, "/", "rbind", e);
	return r < 0 ? oci_wrap(at, r, e) : 0;
}

/* The affinity is of processes to come, "not applicable to the container's init process". */
static int read_process(const struct oci_node *at, void *to, struct err *e)
{
	struct oci_config *c = to;
	struct container_process *p = &c->container.process;
	int r = oci_part_process(at, p, e);

	if (r < 0)
		return r;
	c->exec_cpus_initial = p->cpus_initial;
	c->exec_cpus_final = p->cpus_final;
	p->cpus_initial = (struct container_cpus){0};
	p->cpus_final = (struct container_cpus){0};
	return 0;
}

static int read_annotations(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_pairs(at, LIMIT_ANNOTATIONS, oci_add_setting, to, e);
}

static int read_config(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct oci_config, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("ociVersion", read_version, FIELD(oci_version), .is_required = true),
		OCI_MEMBER("process", read_process, 0, .is_required = true),
		OCI_MEMBER("root", read_root, 0, .is_required = true),
		OCI_MEMBER("hostname", oci_read_string, FIELD(container.hostname),
			   .max = HOST_NAME),
		OCI_MEMBER("domainname", oci_read_string, FIELD(container.domainname),
			   .max = HOST_NAME),
		OCI_MEMBER("mounts", oci_part_mounts, FIELD(container.mounts)),
		OCI_MEMBER("hooks", oci_part_hooks, FIELD(container.hooks)),
		OCI_MEMBER("annotations", read_annotations, FIELD(annotations)),
		OCI_MEMBER("linux", oci_part_linux, 0, .is_required = true),
	};
#undef FIELD

	return oci_read_table(at, members, to, e);
}

/* ---- documents ------------------------------------------------------------------------- */

/* Without the rules of the policy, in whose place there is an empty list. */
static int parse_without_rules(const struct oci_surroundings *s, json_t **ret, struct err *e)
{
	const struct oci_text *whole = &s->document;
	const char *end = s->rules.data + s->rules.n;
	cleanup_buf struct buf rest = BUF(LIMIT_OCI_CONFIG + 2);
	int r = buf_reserve(&rest, whole->n - s->rules.n + 2, e);

	if (r == 0)
		r = buf_add(&rest, whole->data, (size_t)(s->rules.data - whole->data), e);
	if (r == 0)
		r = buf_add(&rest, "[]", 2, e);
	if (r == 0)
		r = buf_add(&rest, end, (size_t)(whole->data + whole->n - end), e);
	return r < 0 ? r : oci_document_parse(rest.data, rest.n, ret, e);
}

/* What is wrong with it is said of the whole. */
static int parse(struct oci_surroundings *s, json_t **ret, struct err *e)
{
	static const char *const path[] = {"linux", "seccomp", "syscalls", NULL};

	if (s->knows_rules && s->document.n <= LIMIT_OCI_CONFIG &&
	    oci_find_list(s->document, path, &s->rules) && parse_without_rules(s, ret, NULL) == 0)
		return 0;
	s->rules = (struct oci_text){.n = 0};
	return oci_document_parse(s->document.data, s->document.n, ret, e);
}

static int read_document(const char *text, size_t n, struct oci_surroundings *surroundings,
			 oci_reader *read, void *to, struct err *e)
{
	cleanup_json json_t *j = NULL;
	int r;

	surroundings->document = (struct oci_text){.data = text, .n = n};
	r = parse(surroundings, &j, e);
	if (r < 0)
		return r;
	return read(&(struct oci_node){.value = j, .surroundings = surroundings}, to, e);
}

int oci_config_read(const char *text, size_t n, const struct oci_place *place,
		    struct oci_config *ret, struct err *e)
{
	cleanup_oci_config struct oci_config c;
	struct oci_surroundings surroundings = {
		.bundle = place->bundle,
		.last_capability = place->last_capability,
		.warnings = &c.warnings,
		.knows_rules = place->knows_rules,
	};
	int r;

	oci_config_init(&c);
	c.container.makes_mount_points = true;
	r = read_document(text, n, &surroundings, read_config, &c, e);
	if (r < 0)
		return r;
	*ret = c;
	oci_config_init(&c);
	return 0;
}

int oci_process_read(const char *text, size_t n, const struct oci_place *place,
		     struct container_process *ret, struct strv *warnings, struct err *e)
{
	cleanup(container_process_done) struct container_process p = {
		.args = STRV(LIMIT_ARGS), .env = STRV(2 * LIMIT_ENV), /* callers may add theirs */
	};
	struct oci_surroundings surroundings = {
		.bundle = place->bundle,
		.last_capability = place->last_capability,
		.warnings = warnings,
	};
	int r = read_document(text, n, &surroundings, oci_part_process, &p, e);

	if (r < 0)
		return r;
	*ret = p;
	p = (struct container_process){0};
	return 0;
}

int oci_resources_read(const char *text, size_t n, struct container_resources *ret, struct err *e)
{
	cleanup_container_resources struct container_resources resources = {0};
	struct oci_surroundings surroundings = {0};
	int r = read_document(text, n, &surroundings, oci_part_resources, &resources, e);

	if (r < 0)
		return r;
	*ret = resources;
	resources = (struct container_resources){0};
	return 0;
}
