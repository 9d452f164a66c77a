/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "oci/parts.h"
#include "oci/values.h"

/* An item of "mounts", before it is a mount_spec. */
struct mount_item {
	char *type;
	char *source;
	char *destination;
	struct strv options;
	struct id_maps uid_maps;
	struct id_maps gid_maps;
};

static void mount_item_done(struct mount_item *m)
{
	free(m->type);
	free(m->source);
	free(m->destination);
	strv_done(&m->options);
	free(m->uid_maps.v);
	free(m->gid_maps.v);
}

/* ---- idmapped mounts ------------------------------------------------------------------- */

static void print_maps(FILE *f, const char *name, const struct id_maps *maps)
{
	fprintf(f, "%s=", name);
	for (size_t i = 0; i < maps->n; i++)
		fprintf(f, "%s%" PRIu32 "-%" PRIu32 "-%" PRIu32, i ? "#" : "", maps->v[i].inside,
			maps->v[i].outside, maps->v[i].count);
}

/* "idmap=uids=0-1000-10#10-2000-5;gids=0-1000-10"; NULL without memory. */
static char *idmap_text(const struct mount_item *m, const char *word)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "%s=", word);
	print_maps(f, "uids", &m->uid_maps);
	fputc(';', f);
	print_maps(f, "gids", &m->gid_maps);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static bool is_idmap(const char *option)
{
	return strcmp(option, "idmap") == 0 || strcmp(option, "ridmap") == 0;
}

/* The options, in which the word that stands for the maps is followed by them. */
static int add_options(struct strv *to, const struct mount_item *m, struct err *e)
{
	const char *word = strv_has(&m->options, "ridmap") ? "ridmap" : "idmap";
	bool has_maps = m->uid_maps.n > 0;
	cleanup_free char *text = NULL;

	for (size_t i = 0; i < m->options.n; i++) {
		int r = has_maps && is_idmap(m->options.v[i]) ? 0
							      : strv_add(to, m->options.v[i], e);

		if (r < 0)
			return r;
	}
	if (!has_maps)
		return 0;
	text = idmap_text(m, word);
	return text ? strv_add(to, text, e) : err_oom(e);
}

/* ---- one mount ------------------------------------------------------------------------- */

/* The type of a bind mount is "a dummy, often indicated as none". */
static bool is_bind(const struct mount_item *m)
{
	return strv_has(&m->options, "bind") || strv_has(&m->options, "rbind") ||
	       (m->type && strcmp(m->type, "bind") == 0);
}

/* A relative source of a bind mount is one of the bundle's files. */
static int make_bind(const struct oci_node *at, struct mount_item *m, struct err *e)
{
	char *source;

	free(m->type);
	m->type = strdup("bind");
	if (!m->type)
		return err_oom(e);
	if (!m->source)
		return oci_invalid(at, e, "a bind mount needs a source");
	if (m->source[0] == '/')
		return 0;
	if (asprintf(&source, "%s/%s", at->surroundings->bundle, m->source) < 0)
		return err_oom(e);
	free(m->source);
	m->source = source;
	return 0;
}

static int check_item(const struct oci_node *at, struct mount_item *m, struct err *e)
{
	if (!m->destination)
		return oci_invalid(at, e, "the destination is empty");
	if ((m->uid_maps.n > 0) != (m->gid_maps.n > 0))
		return oci_invalid(at, e, "uidMappings and gidMappings need each other");
	if (m->destination[0] != '/')
		return oci_warn(at, e, "the destination '%.80s' is relative; taking it from '/'",
				m->destination);
	return 0;
}

static int append(struct mount_specs *specs, const struct mount_item *m, struct err *e)
{
	int r = mount_specs_add(specs, m->type, m->source, m->destination, /* options= */ "", e);

	return r < 0 ? r : add_options(&specs->v[specs->n - 1].options, m, e);
}

static int add_mount(const struct oci_node *at, void *to, struct err *e)
{
#define FIELD(name) offsetof(struct mount_item, name)
	static const struct oci_member members[] = {
		OCI_MEMBER("destination", oci_read_string, FIELD(destination),
			   .max = LIMIT_PATH - 1, .is_required = true),
		OCI_MEMBER("type", oci_read_string, FIELD(type)),
		OCI_MEMBER("source", oci_read_string, FIELD(source)),
		OCI_MEMBER("options", oci_read_strings, FIELD(options), .max = LIMIT_MOUNT_OPTIONS),
		OCI_MEMBER("uidMappings", oci_part_id_maps, FIELD(uid_maps)),
		OCI_MEMBER("gidMappings", oci_part_id_maps, FIELD(gid_maps)),
	};
#undef FIELD
	cleanup(mount_item_done) struct mount_item m = {0};
	int r = oci_read_table(at, members, &m, e);

	if (r < 0)
		return r;
	r = check_item(at, &m, e);
	if (r < 0)
		return r;
	r = is_bind(&m) ? make_bind(at, &m, e) : 0;
	if (r < 0)
		return r;
	r = append(to, &m, e);
	return r < 0 ? oci_wrap(at, r, e) : 0;
}

int oci_part_mounts(const struct oci_node *at, void *to, struct err *e)
{
	return oci_read_items(at, LIMIT_MOUNTS, add_mount, to, e);
}
