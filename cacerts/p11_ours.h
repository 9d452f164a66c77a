/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * p11_ours - our authorities as p11-kit shows them when they are anchors
 *
 * The label of a certificate is its subject's common name, else the organizational unit, else the
 * organization, else "certificate". From it come the alias in a keystore (lower case, no blanks)
 * and the name in hashed directories (other characters than letters, digits, '.', '-', '_' become
 * '_'). Versions of p11-kit differ for subjects with several common names and for text that isn't
 * ASCII; such certificates, and those that aren't authorities for everything, are refused.
 *
 * Thread: any.
 */
#include "cacerts/p11_formats.h"

enum {
	P11_LABEL_MAX = 100, /* bytes; the usual bound of a common name is 64 */
	P11_LINK_SIZE = 16,
	P11_OURS_NAME_SIZE = P11_LABEL_MAX + sizeof(".pem"),
};

struct p11_our {
	const struct authority *a; /* borrowed */
	char label[P11_LABEL_MAX + 1];
	char alias[P11_LABEL_MAX + 1];
	char name[P11_OURS_NAME_SIZE];        /* of its file in a hashed directory */
	char links[2][P11_LINK_SIZE];         /* "<hash>.0", by SHA-1 and by MD5 */
	unsigned char aux[P11_LABEL_MAX + 4]; /* behind the DER of a TRUSTED CERTIFICATE */
	size_t n_aux;
};

struct p11_ours {
	struct p11_our *v; /* owned; in the order of the set, as in our drop-in file */
	size_t n;
};

void p11_ours_done(struct p11_ours *o);
#define cleanup_p11_ours cleanup(p11_ours_done)

enum { P11_ODD = 1 };

/*
 * @ret_why: what is wrong with an authority; constant
 * Returns: 0; P11_ODD: it can't be told what p11-kit would do; -ENOMEM.
 */
int p11_ours_make(const struct authorities *set, struct p11_ours *ret, const char **ret_why,
		  struct err *e);

/* As it stands in a list of that format; borrows from @our. */
struct p11_cert p11_our_cert(const struct p11_our *our, enum p11_format format);

/* The label of an authority; false if it can't be told. @ret: P11_LABEL_MAX + 1 bytes. */
bool p11_label_of(const struct authority *a, char *ret);

/* The names of its hash links, numbered 0: by SHA-1 and by MD5. False if that can't be told. */
bool p11_links_of(const struct authority *a, char ret[2][P11_LINK_SIZE]);

/* The name that p11-kit makes of a label. @ret: at least @n + 1 bytes. */
void p11_name_of(const char *label, size_t n, char *ret);

/* Ours, then @certs: a list that borrows from both. */
int p11_put_before(const struct p11_ours *o, const struct p11_certs *certs, enum p11_format format,
		   struct p11_certs *ret, struct err *e);

/* Would one of ours and one of @certs get the same label, alias or name, or be the same? */
bool p11_ours_clash(const struct p11_ours *o, const struct p11_certs *certs,
		    enum p11_format format);
