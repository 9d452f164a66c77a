/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/pkcs12_file.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"

#define BYTES(text) ((struct der){(const unsigned char *)(text), sizeof(text) - 1})

static const struct der oid_data = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");
static const struct der oid_encrypted = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06");
static const struct der oid_cert_bag = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03");
static const struct der oid_x509 = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01");
static const struct der oid_friendly_name = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14");
static const struct der oid_trusted_usage =
	BYTES("\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01");
static const struct der oid_any_usage = BYTES("\x55\x1d\x25\x00");
static const struct der version_3 = BYTES("\x03");

void pkcs12_file_done(struct pkcs12_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		buf_done(&f->v[i].plain);
	for (size_t i = 0; i < f->n_bags; i++)
		free(f->bags[i].owned);
	free(f->v);
	free(f->bags);
	*f = (struct pkcs12_file){.n = 0};
}

static struct der as_der(const struct buf *b)
{
	return (struct der){(const unsigned char *)b->data, b->n};
}

/* ---- reading ----------------------------------------------------------------------------- */

static int damaged(struct store_why *why)
{
	return store_cant(why, "it is a PKCS12 keystore that is damaged or not in DER");
}

static void take_attribute(struct der attribute, struct der *ret_alias, bool *ret_trusted)
{
	struct der values;
	struct der oid;

	if (!der_take(&attribute, DER_OID, &oid) || !der_only(attribute, DER_SET, &values))
		return;
	if (der_equal(oid, oid_friendly_name))
		der_take(&values, DER_BMP_STRING, ret_alias);
	if (der_equal(oid, oid_trusted_usage))
		*ret_trusted = true;
}

/* What isn't understood is a bag all the same: of some other kind. */
static void read_bag(struct der bag, struct pkcs12_bag *ret)
{
	struct der attributes = {0};
	struct der attribute;
	struct der cert;
	struct der oid;
	struct der value;
	bool is_trusted = false;

	if (!der_take(&bag, DER_OID, &oid) || !der_take(&bag, DER_CONTEXT_0, &value))
		return;
	der_take(&bag, DER_SET, &attributes);
	while (der_take(&attributes, DER_SEQUENCE, &attribute))
		take_attribute(attribute, &ret->alias, &is_trusted);
	if (is_trusted && der_equal(oid, oid_cert_bag) && der_only(value, DER_SEQUENCE, &value) &&
	    der_take(&value, DER_OID, &oid) && der_equal(oid, oid_x509) &&
	    der_only(value, DER_CONTEXT_0, &cert) && der_only(cert, DER_OCTETS, &cert))
		ret->cert = cert;
}

static int add_bag(struct pkcs12_file *f, const struct pkcs12_bag *bag, size_t at, struct err *e)
{
	struct pkcs12_bag *v;

	if (f->n_bags >= LIMIT_KEYSTORE_ENTRIES)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d entries",
			       LIMIT_KEYSTORE_ENTRIES);
	v = reallocarray(f->bags, f->n_bags + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	f->bags = v;
	memmove(v + at + 1, v + at, (f->n_bags - at) * sizeof(*v));
	v[at] = *bag;
	f->n_bags++;
	return 0;
}

/* @text: SafeContents */
static int read_bags(struct pkcs12_file *f, size_t safe, struct der text, struct store_why *why,
		     struct err *e)
{
	struct der bags;

	if (!der_only(text, DER_SEQUENCE, &bags))
		return damaged(why);
	while (bags.n > 0) {
		struct pkcs12_bag bag = {.safe = safe};
		struct der content;
		unsigned tag;
		int r;

		if (!der_take_any(&bags, &tag, &content, &bag.whole) || tag != DER_SEQUENCE)
			return damaged(why);
		if (f->n_bags >= LIMIT_KEYSTORE_ENTRIES)
			return store_cant(why, "it has more than %d entries",
					  LIMIT_KEYSTORE_ENTRIES);
		read_bag(content, &bag);
		r = add_bag(f, &bag, f->n_bags, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without a MAC nothing has told the password: the first one that gives a list is taken. */
static int decrypt(struct pkcs12_file *f, struct pkcs12_safe *s, struct der bytes,
		   struct store_why *why, struct err *e)
{
	const char *const known[] = {f->password, NULL};
	struct der content;
	int r = STORE_CANT;

	for (const char *const *p = f->password ? known : store_passwords; r == STORE_CANT && *p;
	     p++) {
		buf_clear(&s->plain);
		r = pkcs12_crypt(s->algorithm, bytes, *p, /* encrypt= */ false, &f->budget,
				 &s->plain, why, e);
		if (r == 0 && !der_only(as_der(&s->plain), DER_SEQUENCE, &content))
			r = store_cant(why, "its password isn't one that everybody knows");
		if (r == 0)
			f->password = *p;
	}
	return r;
}

/* @value: of [0] in the ContentInfo */
static int read_encrypted(struct pkcs12_file *f, struct der value, struct store_why *why,
			  struct err *e)
{
	struct pkcs12_safe *s = &f->v[f->n];
	struct der data;
	struct der info;
	struct der bytes;
	struct der number;
	struct der oid;
	int r;

	if (!der_only(value, DER_SEQUENCE, &data) || !der_take(&data, DER_INTEGER, &number) ||
	    number.n != 1 || number.p[0] != 0 || !der_only(data, DER_SEQUENCE, &info))
		return damaged(why);
	s->head = info;
	if (!der_take(&info, DER_OID, &oid) || !der_take(&info, DER_SEQUENCE, &s->algorithm))
		return damaged(why);
	s->head.n -= info.n;
	if (!der_only(info, DER_CONTEXT_0_BYTES, &bytes))
		return damaged(why);
	s->kind = PKCS12_ENCRYPTED;
	s->plain = BUF(LIMIT_STORE_FILE);
	f->n++; /* it owns its text from here on */
	r = decrypt(f, s, bytes, why, e);
	return r == 0 ? read_bags(f, f->n - 1, as_der(&s->plain), why, e) : r;
}

/* @content: of a ContentInfo */
static int read_safe(struct pkcs12_file *f, struct der content, struct der whole,
		     struct store_why *why, struct err *e)
{
	struct pkcs12_safe *s = &f->v[f->n];
	struct der value;
	struct der text;
	struct der oid;

	*s = (struct pkcs12_safe){.kind = PKCS12_OTHER, .whole = whole};
	if (!der_take(&content, DER_OID, &oid) || !der_only(content, DER_CONTEXT_0, &value))
		return damaged(why);
	if (der_equal(oid, oid_encrypted))
		return read_encrypted(f, value, why, e);
	f->n++;
	if (!der_equal(oid, oid_data))
		return 0;
	s->kind = PKCS12_CLEAR;
	return der_only(value, DER_OCTETS, &text) ? read_bags(f, f->n - 1, text, why, e)
						  : damaged(why);
}

static int read_safes(struct pkcs12_file *f, struct store_why *why, struct err *e)
{
	struct der list;
	int r = 0;

	f->v = calloc(LIMIT_SAFES + 1, sizeof(*f->v)); /* one for ours */
	if (!f->v)
		return err_oom(e);
	if (!der_only(f->text, DER_SEQUENCE, &list))
		return damaged(why);
	while (r == 0 && list.n > 0) {
		struct der content;
		struct der whole;
		unsigned tag;

		if (f->n >= LIMIT_SAFES)
			return store_cant(why, "it has more than %d parts", LIMIT_SAFES);
		if (!der_take_any(&list, &tag, &content, &whole) || tag != DER_SEQUENCE)
			return damaged(why);
		r = read_safe(f, content, whole, why, e);
	}
	return r;
}

static int find_password(struct pkcs12_file *f, struct store_why *why, struct err *e)
{
	bool is_right = false;
	int r = 0;

	for (const char *const *p = store_passwords; r == 0 && !is_right && *p; p++) {
		f->password = *p;
		r = pkcs12_mac_check(&f->mac, f->text, *p, &f->budget, &is_right, why, e);
	}
	if (r == 0 && !is_right)
		return store_cant(why, "its password isn't one that everybody knows");
	return r;
}

/* The outermost: version, the safes, maybe a MAC. */
static bool read_frame(const char *bytes, size_t n, struct pkcs12_file *f)
{
	struct der pfx = {(const unsigned char *)bytes, n};
	struct der info;
	struct der value;
	struct der oid;
	struct der mac;

	if (!der_only(pfx, DER_SEQUENCE, &pfx) || !der_take(&pfx, DER_INTEGER, &value) ||
	    !der_equal(value, version_3) || !der_take(&pfx, DER_SEQUENCE, &info) ||
	    !der_take(&info, DER_OID, &oid) || !der_equal(oid, oid_data) ||
	    !der_only(info, DER_CONTEXT_0, &value) || !der_only(value, DER_OCTETS, &f->text))
		return false;
	return pfx.n == 0 || (der_only(pfx, DER_SEQUENCE, &mac) && pkcs12_mac_parse(mac, &f->mac));
}

int pkcs12_file_parse(const char *bytes, size_t n, struct pkcs12_file *ret, struct store_why *why,
		      struct err *e)
{
	cleanup_pkcs12_file struct pkcs12_file f = {.budget = {LIMIT_KEY_ITERATIONS}};
	int r = read_frame(bytes, n, &f) ? 0 : damaged(why);

	if (r == 0 && f.mac.algorithm.n > 0)
		r = find_password(&f, why, e);
	if (r == 0)
		r = read_safes(&f, why, e);
	if (r != 0)
		return r;
	*ret = f;
	f = (struct pkcs12_file){.n = 0};
	return 0;
}

/* ---- changing ---------------------------------------------------------------------------- */

void pkcs12_file_remove(struct pkcs12_file *f, size_t bag)
{
	f->v[f->bags[bag].safe].changed = true;
	free(f->bags[bag].owned);
	memmove(&f->bags[bag], &f->bags[bag + 1], (f->n_bags - bag - 1) * sizeof(*f->bags));
	f->n_bags--;
}

static int add_attribute(struct buf *b, struct der oid, unsigned tag, struct der value,
			 struct err *e)
{
	size_t from = b->n;
	size_t from_value;
	int r = der_add(b, DER_OID, oid, e);

	from_value = b->n;
	if (r == 0)
		r = der_add(b, tag, value, e);
	if (r == 0)
		r = der_wrap(b, from_value, DER_SET, e);
	return r == 0 ? der_wrap(b, from, DER_SEQUENCE, e) : r;
}

static int add_attributes(struct buf *b, const char *alias, struct err *e)
{
	cleanup_buf struct buf wide = BUF(2 * LIMIT_ALIAS);
	size_t from = b->n;
	int r = 0;

	for (; r == 0 && *alias; alias++)
		r = buf_add(&wide, (const char[]){0, *alias}, 2, e);
	if (r == 0)
		r = add_attribute(b, oid_friendly_name, DER_BMP_STRING, as_der(&wide), e);
	if (r == 0)
		r = add_attribute(b, oid_trusted_usage, DER_OID, oid_any_usage, e);
	return r == 0 ? der_wrap(b, from, DER_SET, e) : r;
}

static int add_certificate(struct buf *b, const struct authority *a, struct err *e)
{
	size_t from = b->n;
	size_t from_value;
	int r = der_add(b, DER_OID, oid_x509, e);

	from_value = b->n;
	if (r == 0)
		r = der_add(b, DER_OCTETS, (struct der){a->der, a->n_der}, e);
	if (r == 0)
		r = der_wrap(b, from_value, DER_CONTEXT_0, e);
	if (r == 0)
		r = der_wrap(b, from, DER_SEQUENCE, e);
	return r == 0 ? der_wrap(b, from, DER_CONTEXT_0, e) : r;
}

static int make_bag(const char *alias, const struct authority *a, struct buf *ret, struct err *e)
{
	int r = der_add(ret, DER_OID, oid_cert_bag, e);

	if (r == 0)
		r = add_certificate(ret, a, e);
	if (r == 0)
		r = add_attributes(ret, alias, e);
	return r == 0 ? der_wrap(ret, 0, DER_SEQUENCE, e) : r;
}

/* Where a bag of ours goes: behind the last one of this safe. */
static size_t find_place(const struct pkcs12_file *f, size_t *ret_safe)
{
	size_t at = f->n_bags;

	*ret_safe = f->n;
	for (size_t i = 0; i < f->n_bags; i++) {
		const struct pkcs12_bag *bag = &f->bags[i];

		if (*ret_safe == f->n && bag->cert.n > 0 && f->v[bag->safe].kind == PKCS12_CLEAR)
			*ret_safe = bag->safe;
		if (bag->safe == *ret_safe)
			at = i + 1;
	}
	return at;
}

int pkcs12_file_append(struct pkcs12_file *f, const char *alias, const struct authority *a,
		       struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	struct pkcs12_bag bag = {0};
	struct der whole;
	size_t at = find_place(f, &bag.safe);
	int r = make_bag(alias, a, &text, e);

	if (r < 0)
		return r;
	bag.whole = as_der(&text);
	whole = bag.whole;
	der_take(&whole, DER_SEQUENCE, &whole);
	read_bag(whole, &bag);
	bag.owned = text.data;
	r = add_bag(f, &bag, at, e);
	if (r < 0)
		return r;
	buf_take(&text); /* the bag's */
	if (bag.safe == f->n)
		f->v[f->n++] = (struct pkcs12_safe){.kind = PKCS12_CLEAR};
	f->v[bag.safe].changed = true;
	return 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* What was added to @b since @from becomes [0] of a ContentInfo. */
static int wrap_info(struct buf *b, size_t from, struct der oid, struct err *e)
{
	cleanup_buf struct buf head = BUF(64);
	int r = der_wrap(b, from, DER_CONTEXT_0, e);

	if (r == 0)
		r = der_add(&head, DER_OID, oid, e);
	if (r == 0)
		r = buf_add(b, head.data, head.n, e); /* for the room */
	if (r < 0)
		return r;
	memmove(b->data + from + head.n, b->data + from, b->n - from - head.n);
	memcpy(b->data + from, head.data, head.n);
	return der_wrap(b, from, DER_SEQUENCE, e);
}

static int add_bags(const struct pkcs12_file *f, size_t safe, struct buf *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->n_bags; i++)
		if (f->bags[i].safe == safe)
			r = buf_add(ret, f->bags[i].whole.p, f->bags[i].whole.n, e);
	return r == 0 && ret->n > 0 ? der_wrap(ret, 0, DER_SEQUENCE, e) : r;
}

static int add_encrypted(struct pkcs12_file *f, const struct pkcs12_safe *s, struct der text,
			 struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_buf struct buf bytes = BUF(LIMIT_STORE_FILE);
	size_t from = ret->n;
	int r = pkcs12_crypt(s->algorithm, text, f->password, /* encrypt= */ true, &f->budget,
			     &bytes, why, e);

	if (r == 0)
		r = buf_add(ret, "\x02\x01\x00", 3, e); /* the version */
	if (r == 0)
		r = buf_add(ret, s->head.p, s->head.n, e);
	if (r == 0)
		r = der_add(ret, DER_CONTEXT_0_BYTES, as_der(&bytes), e);
	if (r == 0)
		r = der_wrap(ret, from + 3, DER_SEQUENCE, e);
	if (r == 0)
		r = der_wrap(ret, from, DER_SEQUENCE, e);
	return r == 0 ? wrap_info(ret, from, oid_encrypted, e) : r;
}

static int add_safe(struct pkcs12_file *f, size_t i, struct buf *ret, struct store_why *why,
		    struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_STORE_FILE);
	const struct pkcs12_safe *s = &f->v[i];
	size_t from = ret->n;
	int r;

	if (!s->changed)
		return buf_add(ret, s->whole.p, s->whole.n, e);
	r = add_bags(f, i, &text, e);
	if (r < 0 || text.n == 0)
		return r;
	if (s->kind == PKCS12_ENCRYPTED)
		return add_encrypted(f, s, as_der(&text), ret, why, e);
	r = der_add(ret, DER_OCTETS, as_der(&text), e);
	return r == 0 ? wrap_info(ret, from, oid_data, e) : r;
}

int pkcs12_file_write(struct pkcs12_file *f, struct buf *ret, struct store_why *why, struct err *e)
{
	cleanup_buf struct buf safes = BUF(LIMIT_STORE_FILE);
	size_t from;
	int r = der_add(ret, DER_INTEGER, version_3, e);

	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = add_safe(f, i, &safes, why, e);
	if (r == 0)
		r = der_wrap(&safes, 0, DER_SEQUENCE, e);
	from = ret->n;
	if (r == 0)
		r = der_add(ret, DER_OCTETS, as_der(&safes), e);
	if (r == 0)
		r = wrap_info(ret, from, oid_data, e);
	if (r == 0 && f->mac.algorithm.n > 0)
		r = pkcs12_mac_add(&f->mac, as_der(&safes), f->password, &f->budget, ret, why, e);
	return r == 0 ? der_wrap(ret, 0, DER_SEQUENCE, e) : r;
}
