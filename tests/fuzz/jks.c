/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cacerts/jks.h: adding and taking out is identity. Few inputs would have the right digest, so each
 * one is tried as it is, and again with the digest that it should have.
 */
#include "cacerts/jks.h"

#include <string.h>

#include "tests/fuzz/keystore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *bytes = (const char *)data;
	const struct store_format *f;
	cleanup_buf struct buf whole = BUF(LIMIT_STORE_FILE);
	cleanup_jks struct jks j = {.n = 0};
	struct store_why why;

	if (!jks_is(bytes, n))
		return 0;
	f = store_format_of(bytes, n);
	fuzz_keystore(f, bytes, n);
	if (jks_parse(bytes, n, &j, &why, NULL) != 0)
		return 0;
	j.password = "changeit";
	fuzz_promise(jks_write(&j, &whole, NULL) == 0, "can't be written");
	fuzz_promise(whole.n == n && memcmp(whole.data, bytes, n - 20) == 0, "other bytes");
	fuzz_keystore(f, whole.data, whole.n);
	return 0;
}
