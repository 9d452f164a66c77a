/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/child.h"

#include <string.h>

#include "base/sys.h"
#include "runtime/child_calls.h"

void child_blame(struct child *c, const char *path)
{
	child_append(c->report->path, 0, sizeof(c->report->path), path);
}

static void fill_report(struct child *c, const struct op *op, int r)
{
	c->report->kind = op->kind;
	c->report->value = op->value;
	if (!c->report->path[0] && op->path)
		child_blame(c, op->path);
	c->report->code = r;
}

int child_play(struct child *c, const struct ops *ops)
{
	/* clang-format off */
	static int (*const steps[OP_KIND_MAX])(struct child *, const struct op *) = {
#define X(kind, function, words) [OP_##kind] = child_##function,
		OP_KINDS(X)
#undef X
	};
	/* clang-format on */

	for (size_t i = 0; i < ops->n; i++) {
		int r = steps[ops->v[i].kind](c, &ops->v[i]);

		if (r < 0) {
			fill_report(c, &ops->v[i], r);
			return r;
		}
	}
	return 0;
}

struct child_number child_number(uint64_t n)
{
	struct child_number number;
	char digits[24];
	size_t k = 0, i = 0;

	do
		digits[k++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (k > 0)
		number.text[i++] = digits[--k];
	number.text[i] = '\0';
	return number;
}

int child_write_file(const char *path, const char *text)
{
	int fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = child_result(write(fd, text, strlen(text)));
	close(fd);
	return r < 0 ? r : 0;
}

size_t child_append(char *to, size_t n, size_t size, const char *text)
{
	size_t more = strlen(text);

	if (more > size - 1 - n)
		more = size - 1 - n;
	memcpy(to + n, text, more);
	to[n + more] = '\0';
	return n + more;
}
