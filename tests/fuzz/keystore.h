/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * keystore - what must hold for any bytes, whatever the format
 *
 *	what holds an authority can lose it: then it holds one less
 *	what an authority was added to holds it, and without it is the same bytes as before
 *	nothing but a reason is given otherwise
 */
#include <string.h>

#include "base/limits.h"
#include "cacerts/store_format.h"
#include "tests/fuzz/fuzz.h"

static inline void fuzz_keystore(const struct store_format *f, const char *bytes, size_t n)
{
	static const unsigned char der[] = {0x30, 0x03, 0x02, 0x01, 0x07};
	struct authority a = {.der = (unsigned char *)der,
			      .n_der = sizeof(der),
			      .fingerprint = "0123456789abcdef"};
	const struct authorities set = {.v = &a, .n = 1};
	cleanup_buf struct buf more = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf rest = BUF(LIMIT_STORE_FILE);
	struct store_why why = {""};
	const size_t one = 1;
	size_t n_before = 0;
	size_t n_after = 0;
	int r;

	f->is_empty(bytes, n);
	fuzz_promise(f->count(bytes, n, &set, &n_before, NULL) == 0, "no memory");
	r = f->add(bytes, n, &set, 1, &more, &why, NULL);
	if (r != 0) {
		fuzz_promise(r < 0 || why.text[0], "refused without a reason");
		return;
	}
	f->count(more.data, more.n, &set, &n_after, NULL);
	fuzz_promise(n_after == (n_before ? n_before : 1), "%zu, then %zu", n_before, n_after);
	fuzz_promise((more.n > n) == (n_before == 0), "%zu bytes, then %zu", n, more.n);
	r = f->strip(more.data, more.n, &set, &one, &rest, &why, NULL);
	fuzz_promise(r == 0, "%d %s", r, why.text);
	f->count(rest.data, rest.n, &set, &n_after, NULL);
	fuzz_promise(n_after == (n_before ? n_before - 1 : 0), "%zu are left", n_after);
	if (n_before == 0)
		fuzz_promise(rest.n == n && memcmp(rest.data, bytes, n) == 0, "other bytes");
}
