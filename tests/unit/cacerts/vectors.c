/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cacerts/vectors.h"

#include <fcntl.h>

#include "base/io.h"
#include "base/limits.h"
#include "tests/support/suite.h"

struct buf vector_read(const char *name)
{
	cleanup_close int dir = open(VECTORS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf bytes = BUF(LIMIT_STORE_FILE);
	struct err e = ERR_NONE;

	ck_ok(io_read_file_at(dir, name, &bytes, &e), e);
	return bytes;
}

struct authorities *vector_authorities(void)
{
	cleanup_buf struct buf pem = vector_read("ours.pem");
	struct authorities *set = NULL;
	struct err e = ERR_NONE;

	ck_ok(authorities_parse(pem.data, pem.n, "ours.pem", &set, &e), e);
	return set;
}
