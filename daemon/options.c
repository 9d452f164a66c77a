/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/suggest.h"

enum {
	SETTING_FLAG = 1, /* takes no value; command line only */
	SETTING_PATH = 2, /* the value must be absolute */
	SETTING_LINE = 4, /* command line only */
};

/* clang-format off */
static const struct setting {
	const char *name;
	const char *value;    /* placeholder in --help */
	const char *help;
	const char *standard; /* default, or NULL */
	size_t offset;        /* of a string, or a bool for a flag, in struct options */
	unsigned flags;
} settings[] = {
#define ROW(name, value, field, standard, flags, help) \
	{name, value, help, standard, offsetof(struct options, field), flags}
	ROW("config", "FILE", config, NULL, SETTING_PATH | SETTING_LINE,
	    "read settings from FILE instead of " OPTIONS_CONFIG),
	ROW("socket", "PATH", socket, "/run/anchord/anchord.sock", SETTING_PATH,
	    "listen there"),
	ROW("authorities", "DIR", authorities, "/etc/anchord/authorities.d", SETTING_PATH,
	    "certificate authorities that containers trust, a PEM or DER file each"),
	ROW("known-tools", "FILE", known_tools, NULL, SETTING_PATH,
	    "digests of update commands of images that you vouch for (docs/known-tools.md)"),
	ROW("run-dir", "DIR", run_dir, "/run/anchord", SETTING_PATH,
	    "for what a reboot may forget"),
	ROW("state-dir", "DIR", state_dir, "/var/lib/anchord", SETTING_PATH,
	    "for what must survive a crash: the undo journals"),
	ROW("cgroup", "PATH", cgroup, NULL, SETTING_PATH,
	    "cgroup v2 directory for the containers; by default below our own"),
	ROW("log-format", "FORMAT", log_format, NULL, 0,
	    "text, journald or json; by default what standard error is"),
	ROW("help", NULL, help, NULL, SETTING_FLAG | SETTING_LINE, "say this"),
	ROW("version", NULL, version, NULL, SETTING_FLAG | SETTING_LINE, "say which anchord this is"),
#undef ROW
};
/* clang-format on */

static void *field_of(struct options *o, const struct setting *s)
{
	return (char *)o + s->offset;
}

void options_done(struct options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (!(settings[i].flags & SETTING_FLAG))
			free(*(char **)field_of(o, &settings[i]));
	*o = (struct options){0};
}

static const struct setting *find(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strlen(settings[i].name) == n && strncmp(settings[i].name, name, n) == 0)
			return &settings[i];
	return NULL;
}

static int set(struct options *o, const struct setting *s, const char *value, struct err *e)
{
	char **field = field_of(o, s);
	char *copy;

	if ((s->flags & SETTING_PATH) && value[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID, "%s: '%s' is not an absolute path", s->name,
			       value);
	copy = strdup(value);
	if (!copy)
		return err_oom(e);
	free(*field);
	*field = copy;
	return 0;
}

static int set_defaults(struct options *o, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		int r = s->standard ? set(o, s, s->standard, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* @n: bytes of @word that are the name. */
static int unknown(const char *what, const char *word, size_t n, struct err *e)
{
	struct suggest s = suggest_for(word, n);

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		suggest_offer(&s, settings[i].name);
	if (s.best)
		return err_set(e, -EINVAL, ERR_INVALID, "unknown %s '%.*s': did you mean '%s'?",
			       what, (int)n, word, s.best);
	return err_set(e, -EINVAL, ERR_INVALID, "unknown %s '%.*s': anchord --help lists them",
		       what, (int)n, word);
}

/* One option at @argv; @ret_used: how many words it took. */
static int parse_option(struct options *o, char *const *argv, size_t *ret_used, struct err *e)
{
	const struct setting *s;
	const char *equals;
	const char *name;
	size_t n_name;

	if (strncmp(argv[0], "--", 2) != 0)
		return err_set(e, -EINVAL, ERR_INVALID, "unexpected argument '%s': try --help",
			       argv[0]);
	name = argv[0] + 2;
	n_name = strcspn(name, "=");
	equals = name[n_name] ? name + n_name : NULL;
	s = find(name, n_name);
	if (!s)
		return unknown("option", name, n_name, e);
	if (s->flags & SETTING_FLAG) {
		if (equals)
			return err_set(e, -EINVAL, ERR_INVALID, "--%s takes no value", s->name);
		*(bool *)field_of(o, s) = true;
		*ret_used = 1;
		return 0;
	}
	if (!equals && !argv[1])
		return err_set(e, -EINVAL, ERR_INVALID, "--%s needs a %s", s->name, s->value);
	*ret_used = equals ? 1 : 2;
	return set(o, s, equals ? equals + 1 : argv[1], e);
}

static int parse_line(struct options *o, char *const *argv, struct err *e)
{
	for (size_t i = 1; argv[i];) {
		size_t used = 0;
		int r = parse_option(o, argv + i, &used, e);

		if (r < 0)
			return r;
		i += used;
	}
	return 0;
}

/* Without the blanks around it, in place. */
static char *trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

static int parse_config_line(struct options *o, char *line, struct err *e)
{
	const struct setting *s;
	char *equals;
	char *key;

	line[strcspn(line, "#")] = '\0';
	key = trim(line);
	if (!*key)
		return 0;
	equals = strchr(key, '=');
	if (!equals)
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' is not 'key = value'", key);
	*equals = '\0';
	key = trim(key);
	s = find(key, strlen(key));
	if (!s || (s->flags & SETTING_LINE))
		return unknown("key", key, strlen(key), e);
	return set(o, s, trim(equals + 1), e);
}

static int parse_config(struct options *o, const char *path, char *text, struct err *e)
{
	unsigned number = 1;

	for (char *line = text; line; number++) {
		char *end = strchr(line, '\n');
		int r;

		if (end)
			*end = '\0';
		r = parse_config_line(o, line, e);
		if (r < 0)
			return err_wrap(e, r, "%s:%u", path, number);
		line = end ? end + 1 : NULL;
	}
	return 0;
}

/* The default file may be missing; one that was asked for may not. */
static int load_config(struct options *o, const char *asked, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_CONFIG);
	const char *path = asked ? asked : OPTIONS_CONFIG;
	int r;

	r = io_read_file_at(AT_FDCWD, path, &text, e);
	if (r == -ENOENT && !asked) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return err_wrap(e, r, "reading the configuration");
	return text.n > 0 ? parse_config(o, path, text.data, e) : 0;
}

int options_load(struct options *ret, char *const *argv, struct err *e)
{
	cleanup_options struct options line = {0};
	int r;

	/* The line says which file; it is parsed again to win over it. */
	r = parse_line(&line, argv, e);
	if (r == 0)
		r = set_defaults(ret, e);
	if (r == 0 && !line.help && !line.version)
		r = load_config(ret, line.config, e);
	return r < 0 ? r : parse_line(ret, argv, e);
}

int options_log_format(const struct options *o, enum log_format *ret, struct err *e)
{
	if (o->log_format)
		return log_format_parse(o->log_format, ret, e);
	*ret = getenv("JOURNAL_STREAM") ? LOG_JOURNALD : LOG_TEXT;
	return 0;
}

void options_print_help(FILE *to)
{
	fputs("anchord - runs containers that trust the operator's certificate authorities\n\n"
	      "usage: anchord [OPTION]...\n\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", s->name, s->value ? " " : "",
			 s->value ? s->value : "");
		fprintf(to, "  %-22s %s\n", left, s->help);
		if (s->standard)
			fprintf(to, "  %-22s (%s)\n", "", s->standard);
	}
	fputs("\nIn the configuration file a line is 'socket = PATH', and so on.\n", to);
}
