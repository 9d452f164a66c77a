/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of ours fails once: what was read before is freed, and nothing is handed out.
 * jansson's own are left alone: its 2.14 writes where it got nothing.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "tests/unit/oci/documents.h"
#include "tests/unit/oci/fixtures.h"

/* The linker leads the allocations of all that is tested here (--wrap); failing: 0 is the next. */
static long until_failure = -1;

static bool fails(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

#define WRAP(type, name, parameters, arguments)                                                    \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails() ? NULL : __real_##name arguments;                                   \
	}

WRAP(void *, malloc, (size_t n), (n))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t n), (p, n))
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, (const char *s), (s))
WRAP(char *, strndup, (const char *s, size_t n), (s, n))
WRAP(FILE *, open_memstream, (char **p, size_t *n), (p, n))

int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (fails())
		return -1;
	va_start(ap, fmt);
	n = vasprintf(ret, fmt, ap);
	va_end(ap);
	return n;
}

START_TEST(no_allocation_has_to_succeed)
{
	size_t n;
	cleanup_free char *text = fixture_text("every_member", &n);
	long failed = 0;
	int r = -1;

	for (; r < 0; failed++) {
		struct oci_config c = {.root_path = (char *)"untouched"};
		struct err e = ERR_NONE;

		until_failure = failed;
		r = oci_config_read(text, n, &documents_place, &c, &e);
		if (until_failure >= 0) { /* fewer allocations than that */
			until_failure = -1;
			ck_ok(r, e);
			oci_config_done(&c);
		} else {
			ck_assert_int_eq(r, -ENOMEM);
			ck_assert_int_eq(e.code, -ENOMEM);
			ck_assert_str_eq(c.root_path, "untouched");
		}
	}
	ck_assert_int_gt(failed, 100);
}
END_TEST

SUITE("oci/memory", NULL, NULL, no_allocation_has_to_succeed)
