/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/p11_jks.h"

#include "cacerts/jks.h"

static int take_entries(const struct jks *j, struct p11_certs *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n; i++) {
		const struct jks_entry *entry = &j->v[i];
		const struct p11_cert cert = {
			.label = entry->alias,
			.n_label = entry->n_alias,
			.der = (const unsigned char *)entry->der,
			.n_der = entry->n_der,
		};

		r = entry->der ? p11_certs_add(ret, &cert, e) : P11_OTHER; /* a private key */
	}
	return r;
}

int p11_jks_parse(const char *bytes, size_t n, uint64_t *ret_date, struct p11_certs *ret,
		  struct err *e)
{
	cleanup_p11_certs struct p11_certs certs = {.n = 0};
	cleanup_jks struct jks j = {.n = 0};
	struct store_why why;
	int r = jks_parse(bytes, n, &j, &why, e);

	if (r == 0)
		r = take_entries(&j, &certs, e);
	if (r != 0)
		return r < 0 ? r : P11_OTHER;
	*ret_date = j.n > 0 ? j.v[0].time_ms : 0;
	*ret = certs;
	certs = (struct p11_certs){.n = 0};
	return 0;
}

int p11_jks_write(const struct p11_certs *certs, uint64_t date, struct buf *ret, struct err *e)
{
	cleanup_jks struct jks j = {.password = "changeit"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < certs->n; i++) {
		const struct p11_cert *cert = &certs->v[i];
		const struct jks_entry entry = {
			.alias = cert->label,
			.n_alias = cert->n_label,
			.time_ms = date,
			.der = (const char *)cert->der,
			.n_der = cert->n_der,
		};

		r = jks_append(&j, &entry, e);
	}
	return r == 0 ? jks_write(&j, ret, e) : r;
}
