/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/p11_ours.h"

#include <ctype.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

void p11_ours_done(struct p11_ours *o)
{
	free(o->v);
	*o = (struct p11_ours){.n = 0};
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

void p11_name_of(const char *label, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = is_name_char(label[i]) ? label[i] : '_';
	ret[n] = '\0';
}

/* Returns how many attributes of that kind the name has; the only one's text, if it is plain. */
static int find_attribute(const X509_NAME *name, int nid, char *ret)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	const ASN1_STRING *s;
	const unsigned char *p;
	int n;

	if (at < 0)
		return 0;
	if (X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return 2;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	p = ASN1_STRING_get0_data(s);
	n = ASN1_STRING_length(s);
	if (n < 1 || n > P11_LABEL_MAX ||
	    (ASN1_STRING_type(s) != V_ASN1_UTF8STRING &&
	     ASN1_STRING_type(s) != V_ASN1_PRINTABLESTRING))
		return 2;
	for (int i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '~')
			return 2;
	memcpy(ret, p, (size_t)n);
	ret[n] = '\0';
	return 1;
}

static const char *find_label(const X509 *x, char *ret)
{
	static const int nids[] = {NID_commonName, NID_organizationalUnitName,
				   NID_organizationName};

	for (size_t i = 0; i < ARRAY_SIZE(nids); i++)
		switch (find_attribute(X509_get_subject_name(x), nids[i], ret)) {
		case 0:
			continue;
		case 1:
			return NULL;
		default:
			return "the subject of an authority is out of the ordinary";
		}
	memcpy(ret, "certificate", sizeof("certificate"));
	return NULL;
}

bool p11_label_of(const struct authority *a, char *ret)
{
	const unsigned char *der = a->der;
	X509 *x = d2i_X509(NULL, &der, (long)a->n_der);
	bool found = x && !find_label(x, ret);

	X509_free(x);
	return found;
}

static const char *check(X509 *x)
{
	uint32_t flags = X509_get_extension_flags(x);

	if ((flags & EXFLAG_INVALID) || !(flags & EXFLAG_BCONS) || !(flags & EXFLAG_CA))
		return "an authority doesn't say that it is one";
	if (flags & EXFLAG_XKUSAGE)
		return "an authority is for some purposes only";
	return NULL;
}

/* A SEQUENCE of nothing but the label. */
static void make_aux(struct p11_our *our)
{
	size_t n = strlen(our->label);

	our->aux[0] = 0x30;
	our->aux[1] = (unsigned char)(n + 2);
	our->aux[2] = 0x0c;
	our->aux[3] = (unsigned char)n;
	memcpy(our->aux + 4, our->label, n);
	our->n_aux = n + 4;
}

/* Zero is what a libcrypto without MD5 says. */
static bool make_links(X509 *x, const struct authority *a, char ret[2][P11_LINK_SIZE])
{
	unsigned long old = X509_NAME_hash_old(X509_get_subject_name(x));

	snprintf(ret[0], P11_LINK_SIZE, "%08x.0", a->subject_hash);
	snprintf(ret[1], P11_LINK_SIZE, "%08lx.0", old & 0xffffffff);
	return old != 0;
}

bool p11_links_of(const struct authority *a, char ret[2][P11_LINK_SIZE])
{
	const unsigned char *der = a->der;
	X509 *x = d2i_X509(NULL, &der, (long)a->n_der);
	bool found = x && make_links(x, a, ret);

	X509_free(x);
	return found;
}

static const char *make_names(X509 *x, struct p11_our *our)
{
	size_t n_alias = 0;

	for (const char *p = our->label; *p; p++)
		if (!isspace((unsigned char)*p))
			our->alias[n_alias++] = (char)tolower((unsigned char)*p);
	our->alias[n_alias] = '\0';
	if (n_alias == 0)
		return "the subject of an authority is out of the ordinary";
	p11_name_of(our->label, strlen(our->label), our->name);
	strcat(our->name, ".pem");
	make_aux(our);
	return make_links(x, our->a, our->links) ? NULL : "this machine's libcrypto has no MD5";
}

static int make(const struct authority *a, struct p11_our *ret, const char **ret_why, struct err *e)
{
	const unsigned char *der = a->der;
	X509 *x = d2i_X509(NULL, &der, (long)a->n_der);
	const char *why;

	if (!x)
		return err_oom(e); /* it was parsed before */
	ret->a = a;
	why = check(x);
	if (!why)
		why = find_label(x, ret->label);
	if (!why)
		why = make_names(x, ret);
	X509_free(x);
	if (why)
		*ret_why = why;
	return why ? P11_ODD : 0;
}

static bool same_link(const struct p11_our *a, const struct p11_our *b)
{
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 2; k++)
			if (strcmp(a->links[i], b->links[k]) == 0)
				return true;
	return false;
}

static bool is_like_another(const struct p11_ours *o, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(o->v[k].alias, o->v[i].alias) == 0 ||
		    strcmp(o->v[k].name, o->v[i].name) == 0 || same_link(&o->v[k], &o->v[i]))
			return true;
	return false;
}

int p11_ours_make(const struct authorities *set, struct p11_ours *ret, const char **ret_why,
		  struct err *e)
{
	cleanup_p11_ours struct p11_ours o = {.v = calloc(set->n + 1, sizeof(*o.v))};
	int r = o.v ? 0 : err_oom(e);

	for (size_t i = 0; r == 0 && i < set->n; i++) {
		r = make(&set->v[i], &o.v[i], ret_why, e);
		if (r == 0 && is_like_another(&o, i)) {
			*ret_why = "two authorities have the same name";
			return P11_ODD;
		}
		o.n = i + 1;
	}
	if (r != 0)
		return r;
	*ret = o;
	o = (struct p11_ours){.n = 0};
	return 0;
}

struct p11_cert p11_our_cert(const struct p11_our *our, enum p11_format format)
{
	const char *label = format == P11_JKS ? our->alias : our->label;

	return (struct p11_cert){.label = label,
				 .n_label = strlen(label),
				 .der = our->a->der,
				 .n_der = our->a->n_der,
				 .aux = our->aux,
				 .n_aux = our->n_aux};
}

/* As far as names of files and aliases tell characters apart. */
static int folded(char c)
{
	return is_name_char(c) ? tolower((unsigned char)c) : '_';
}

/* Would both be named alike? In a keystore labels are aliases. */
static bool is_named_alike(const struct p11_our *our, const struct p11_cert *cert,
			   enum p11_format format)
{
	const char *label = format == P11_JKS ? our->alias : our->label;

	if (!cert->label || strlen(label) != cert->n_label)
		return false;
	for (size_t i = 0; i < cert->n_label; i++)
		if (folded(label[i]) != folded(cert->label[i]))
			return false;
	return true;
}

bool p11_ours_clash(const struct p11_ours *o, const struct p11_certs *certs, enum p11_format format)
{
	for (size_t i = 0; i < o->n; i++)
		for (size_t k = 0; k < certs->n; k++)
			if (p11_cert_is(&certs->v[k], o->v[i].a) ||
			    is_named_alike(&o->v[i], &certs->v[k], format))
				return true;
	return false;
}

int p11_put_before(const struct p11_ours *o, const struct p11_certs *certs, enum p11_format format,
		   struct p11_certs *ret, struct err *e)
{
	cleanup_p11_certs struct p11_certs both = {.n = 0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->n; i++) {
		const struct p11_cert cert = p11_our_cert(&o->v[i], format);

		r = p11_certs_add(&both, &cert, e);
	}
	for (size_t i = 0; r == 0 && i < certs->n; i++)
		r = p11_certs_add(&both, &certs->v[i], e);
	if (r < 0)
		return r;
	*ret = both;
	both = (struct p11_certs){.n = 0};
	return 0;
}
