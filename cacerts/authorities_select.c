/* SPDX-License-Identifier: Apache-2.0 */
/* Some of a set, by their fingerprints. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cacerts/authorities.h"

enum { DIGITS = 2 * AUTHORITY_SHA256 };

/* To lower case and without colons; @ret holds DIGITS + 1 bytes. */
static int normalize(const char *text, char *ret, struct err *e)
{
	size_t n = 0;

	for (const char *at = text; *at; at++) {
		if (*at == ':' && n > 0 && n % 2 == 0)
			continue;
		if (n == DIGITS || !isxdigit((unsigned char)*at))
			break;
		ret[n++] = (char)tolower((unsigned char)*at);
		ret[n] = '\0';
		if (n == DIGITS && at[1] == '\0')
			return 0;
	}
	return err_set(e, -EINVAL, ERR_INVALID,
		       "'%.80s' is no fingerprint: the SHA-256 of a certificate has %d hex digits",
		       text, DIGITS);
}

static void *copy(const void *from, size_t n)
{
	void *to = malloc(n);

	return to ? memcpy(to, from, n) : NULL;
}

/* The set owns the copy at once, so what could not be copied is freed with it. */
static int add_copy(struct authorities *set, const struct authority *a, struct err *e)
{
	struct authority *one = &set->v[set->n++];

	*one = *a;
	one->der = copy(a->der, a->n_der);
	one->pem = strdup(a->pem);
	one->subject = strdup(a->subject);
	one->file = strdup(a->file);
	return one->der && one->pem && one->subject && one->file ? 0 : err_oom(e);
}

static int mark(const struct authorities *set, const char *text, bool *wanted, struct err *e)
{
	char fingerprint[DIGITS + 1];
	int r = normalize(text, fingerprint, e);

	for (size_t i = 0; r == 0 && i < set->n; i++) {
		if (strcmp(set->v[i].fingerprint, fingerprint) != 0)
			continue;
		wanted[i] = true;
		return 0;
	}
	return r < 0 ? r
		     : err_set(e, -ENOENT, ERR_NOT_FOUND,
			       "no authority has the fingerprint '%s': 'anchorctl authorities' "
			       "lists them",
			       fingerprint);
}

int authorities_select(const struct authorities *set, const struct strv *fingerprints,
		       struct authorities **ret, struct err *e)
{
	cleanup_authorities struct authorities *some = authorities_new();
	cleanup_free bool *wanted = calloc(set->n + 1, sizeof(*wanted));
	int r = 0;

	if (!some || !wanted)
		return err_oom(e);
	some->v = calloc(set->n + 1, sizeof(*some->v));
	if (!some->v)
		return err_oom(e);
	for (size_t i = 0; r == 0 && i < fingerprints->n; i++)
		r = mark(set, fingerprints->v[i], wanted, e);
	for (size_t i = 0; r == 0 && i < set->n; i++)
		if (wanted[i])
			r = add_copy(some, &set->v[i], e);
	if (r == 0)
		*ret = take_ptr(some);
	return r;
}
