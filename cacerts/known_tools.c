/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/known_tools.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "distro/families.h"

enum { N_WORDS = 3 }; /* digest, family, generation */

void known_tools_done(struct known_tools *k)
{
	free(k->v);
	*k = (struct known_tools){.n = 0};
}

const char *known_tools_find(const struct known_tools *k, const struct distro_family *family,
			     const char *sha256)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->v[i].family == family && strcmp(k->v[i].sha256, sha256) == 0)
			return k->v[i].generation;
	return NULL;
}

/* Cut a line into words, in place. Returns how many there are; at most N_WORDS are stored. */
static size_t split(char *line, char *words[N_WORDS])
{
	size_t n = 0;
	char *rest;

	line[strcspn(line, "#")] = '\0';
	for (char *word = strtok_r(line, " \t\r", &rest); word;
	     word = strtok_r(NULL, " \t\r", &rest)) {
		if (n < N_WORDS)
			words[n] = word;
		n++;
	}
	return n;
}

static const char *find_generation(const struct distro_family *family, const char *word)
{
	for (const char *const *g = family->generations; g && *g; g++)
		if (strcmp(*g, word) == 0)
			return *g;
	return NULL;
}

/* The message of an unknown word, with those that there are. */
static int not_a_generation(const struct distro_family *family, const char *word, struct err *e)
{
	cleanup_buf struct buf list = BUF(256);

	if (!family->generations)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "no tool of '%s' can be known: it has no "
			       "engine",
			       family->name);
	for (const char *const *g = family->generations; *g; g++)
		buf_addf(&list, NULL, "%s%s", list.n ? ", " : "", *g);
	return err_set(e, -EINVAL, ERR_INVALID, "'%s' is not a generation of '%s': %s", word,
		       family->name, list.data);
}

static int parse_words(char *const words[N_WORDS], struct known_tool *ret, struct err *e)
{
	size_t n_digest = strlen(words[0]);

	if (n_digest != sizeof(ret->sha256) - 1 || strspn(words[0], "0123456789abcdef") != n_digest)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "'%.80s' is not a SHA-256 digest of 64 lower-case digits", words[0]);
	ret->family = distro_family_get(words[1]);
	if (!ret->family)
		return err_set(e, -EINVAL, ERR_INVALID, "'%.80s' is not a family", words[1]);
	ret->generation = find_generation(ret->family, words[2]);
	if (!ret->generation)
		return not_a_generation(ret->family, words[2], e);
	memcpy(ret->sha256, words[0], sizeof(ret->sha256));
	return 0;
}

static int add(struct known_tools *k, const struct known_tool *tool, struct err *e)
{
	struct known_tool *v;

	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->v[i].sha256, tool->sha256) == 0)
			return err_set(e, -EINVAL, ERR_INVALID, "the digest is there twice");
	if (k->n == LIMIT_KNOWN_TOOLS)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d tools", LIMIT_KNOWN_TOOLS);
	v = reallocarray(k->v, k->n + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	k->v = v;
	k->v[k->n++] = *tool;
	return 0;
}

static int parse_line(char *line, struct known_tools *k, struct err *e)
{
	struct known_tool tool;
	char *words[N_WORDS];
	size_t n = split(line, words);
	int r;

	if (n == 0)
		return 0;
	if (n != N_WORDS)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "there are %zu words and not three: digest, family, generation", n);
	r = parse_words(words, &tool, e);
	return r == 0 ? add(k, &tool, e) : r;
}

static int parse(const char *path, char *text, struct known_tools *k, struct err *e)
{
	unsigned number = 1;

	for (char *line = text; line; number++) {
		char *end = strchr(line, '\n');
		int r;

		if (end)
			*end = '\0';
		r = parse_line(line, k, e);
		if (r < 0)
			return err_wrap(e, r, "%s:%u", path, number);
		line = end ? end + 1 : NULL;
	}
	return 0;
}

int known_tools_load(const char *path, struct known_tools *ret, struct err *e)
{
	cleanup_known_tools struct known_tools k = {.n = 0};
	cleanup_buf struct buf text = BUF(LIMIT_CONFIG);
	int r = io_read_file_at(AT_FDCWD, path, &text, e);

	if (r == 0 && text.n > 0 && memchr(text.data, '\0', text.n))
		r = err_set(e, -EINVAL, ERR_INVALID, "%s: it is not text", path);
	if (r == 0 && text.n > 0)
		r = parse(path, text.data, &k, e);
	if (r < 0)
		return err_wrap(e, r, "reading the list of known tools");
	*ret = k;
	k = (struct known_tools){.n = 0};
	return 0;
}
