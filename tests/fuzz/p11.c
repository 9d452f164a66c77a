/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cacerts/p11_formats.h, edk2.h, der.h: what was read and is written again is the same
 *
 * The first byte of an input chooses the format. What must hold for any bytes:
 *
 *	the certificates of what was written are those that were read, and writing them again gives
 *	the same bytes: so p11-kit's own work is told from a look-alike
 *	a list of EFI signatures is written as it was but for the owner of each
 *	each DER value is written again as it was
 *	all that is returned is inside of what was read
 */
#include "cacerts/p11_formats.h"

#include <string.h>

#include "cacerts/der.h"
#include "cacerts/edk2.h"
#include "tests/fuzz/keystore.h"

enum { DEPTH_MAX = 8, CHOICES = 7, CHOICE_DER = 6 };

static void look_at_purposes(const struct p11_certs *certs)
{
	for (size_t i = 0; i < certs->n; i++) {
		struct p11_cert cert = certs->v[i];

		for (int purpose = P11_ANY; purpose <= P11_CODE; purpose++)
			p11_is_trusted_for(&cert, (enum p11_purpose)purpose);
		if (cert.n_aux > 0 && p11_take_label(&cert))
			fuzz_promise((const unsigned char *)cert.label >= cert.aux &&
					     (const unsigned char *)cert.label + cert.n_label <=
						     cert.aux + cert.n_aux,
				     "a label outside");
	}
}

static bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->data, b->data, a->n) == 0);
}

static void check_format(const char *text, size_t n, struct p11_style style)
{
	cleanup_p11_certs struct p11_certs first = {.n = 0};
	cleanup_p11_certs struct p11_certs second = {.n = 0};
	cleanup_buf struct buf once = BUF(LIMIT_STORE_FILE);
	cleanup_buf struct buf twice = BUF(LIMIT_STORE_FILE);
	struct err e = ERR_NONE;

	if (p11_parse(text, n, &style, &first, &e) != 0)
		return;
	look_at_purposes(&first);
	fuzz_promise(p11_write(&first, &style, &once, &e) == 0, "%s", e.msg);
	if (style.format == P11_EDK2)
		fuzz_promise(once.n == n, "%zu bytes, then %zu", n, once.n);
	fuzz_promise(p11_parse(once.n ? once.data : "", once.n, &style, &second, &e) == 0,
		     "what was written can't be read: %s", e.msg);
	fuzz_promise(p11_certs_equal(&first, &second), "%zu certificates, then %zu", first.n,
		     second.n);
	fuzz_promise(p11_write(&second, &style, &twice, &e) == 0, "%s", e.msg);
	fuzz_promise(same_bytes(&once, &twice), "%zu bytes, then %zu", once.n, twice.n);
}

/* Every value, and those in it, is what der_add() would make of it. */
static void check_der(struct der in, int depth)
{
	struct der content;
	struct der whole;
	unsigned tag;

	while (der_take_any(&in, &tag, &content, &whole)) {
		cleanup_buf struct buf again = BUF(LIMIT_STORE_FILE);

		fuzz_promise(content.p >= whole.p && content.p + content.n == whole.p + whole.n,
			     "a content outside of its value");
		fuzz_promise(der_add(&again, tag, content, NULL) == 0, "no memory");
		fuzz_promise(again.n == whole.n && memcmp(again.data, whole.p, whole.n) == 0,
			     "%zu bytes, then %zu", whole.n, again.n);
		if (depth < DEPTH_MAX)
			check_der(content, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct p11_style styles[] = {
		{.format = P11_PEM},  {.format = P11_PEM, .comments = true},
		{.format = P11_JKS},  {.format = P11_TRUSTED, .comments = true},
		{.format = P11_EDK2}, {.format = P11_TRUSTED},
	};
	struct fuzz_input in = {data, n};
	unsigned choice = fuzz_byte(&in) % CHOICES;
	const char *text = in.n > 0 ? (const char *)in.data : "";

	if (choice == CHOICE_DER) {
		check_der((struct der){in.data, in.n}, 0);
		return 0;
	}
	check_format(text, in.n, styles[choice]);
	if (styles[choice].format == P11_EDK2 && edk2_is(text, in.n))
		fuzz_keystore(store_format_of(text, in.n), text, in.n);
	return 0;
}
