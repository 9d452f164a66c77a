/* SPDX-License-Identifier: Apache-2.0 */
/* cacerts/pkcs12.h: what is read is written byte by byte; adding and taking out is identity. */
#include "cacerts/pkcs12.h"

#include <string.h>

#include "cacerts/pkcs12_file.h"
#include "tests/fuzz/keystore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *bytes = (const char *)data;
	cleanup_buf struct buf whole = BUF(LIMIT_STORE_FILE);
	cleanup_pkcs12_file struct pkcs12_file f = {.n = 0};
	struct store_why why;

	if (!pkcs12_is(bytes, n))
		return 0;
	fuzz_keystore(store_format_of(bytes, n), bytes, n);
	if (pkcs12_file_parse(bytes, n, &f, &why, NULL) != 0 ||
	    pkcs12_file_write(&f, &whole, &why, NULL) != 0)
		return 0;
	fuzz_promise(whole.n == n && memcmp(whole.data, bytes, n) == 0, "other bytes");
	return 0;
}
