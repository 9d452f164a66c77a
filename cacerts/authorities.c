/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/authorities.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "base/json.h"
#include "base/limits.h"
#include "vfs/text.h"

static void cleanup_x509_p(X509 **x)
{
	X509_free(*x);
}

static void cleanup_bio_p(BIO **b)
{
	BIO_free(*b);
}

#define cleanup_x509 cleanup(cleanup_x509_p)
#define cleanup_bio  cleanup(cleanup_bio_p)

static void authority_done(struct authority *a)
{
	free(a->der);
	free(a->pem);
	free(a->subject);
	free(a->file);
}

static void authorities_free(struct authorities *a)
{
	for (size_t i = 0; i < a->n; i++)
		authority_done(&a->v[i]);
	free(a->v);
	strv_done(&a->warnings);
	free(a);
}

struct authorities *authorities_new(void)
{
	struct authorities *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->warnings = STRV(LIMIT_AUTHORITIES);
	a->refs = 1;
	return a;
}

struct authorities *authorities_ref(struct authorities *a)
{
	__atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
	return a;
}

struct authorities *authorities_unref(struct authorities *a)
{
	if (a && __atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL) == 0)
		authorities_free(a);
	return NULL;
}

/* ---- one certificate ----------------------------------------------------------------- */

static char *bio_string(BIO *bio)
{
	char *data;
	long n = BIO_get_mem_data(bio, &data);

	return n < 0 ? NULL : strndup(data, (size_t)n);
}

static char *pem_of(X509 *x)
{
	cleanup_bio BIO *bio = BIO_new(BIO_s_mem());

	return bio && PEM_write_bio_X509(bio, x) ? bio_string(bio) : NULL;
}

static char *subject_of(X509 *x)
{
	cleanup_bio BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_ONELINE) < 0)
		return NULL;
	return bio_string(bio);
}

static long long seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? timegm(&tm) : 0;
}

static int fill(struct authority *a, X509 *x, const char *file, struct err *e)
{
	unsigned char digest[AUTHORITY_SHA256];
	int n_der = i2d_X509(x, &a->der);

	if (n_der <= 0)
		return err_set(e, -EINVAL, ERR_INVALID, "a certificate can't be encoded");
	a->n_der = (size_t)n_der;
	a->pem = pem_of(x);
	a->subject = subject_of(x);
	a->file = strdup(file);
	if (!a->pem || !a->subject || !a->file ||
	    !EVP_Digest(a->der, a->n_der, digest, NULL, EVP_sha256(), NULL))
		return err_oom(e);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(a->fingerprint + 2 * i, 3, "%02x", digest[i]);
	a->subject_hash = (uint32_t)X509_NAME_hash_ex(X509_get_subject_name(x), NULL, NULL, NULL);
	a->not_after = seconds_of(X509_get0_notAfter(x));
	return 0;
}

/* Why a certificate can't be an authority, or NULL. */
static const char *refusal(X509 *x)
{
	if (!X509_check_ca(x))
		return "it is not a CA certificate (basicConstraints CA:TRUE is missing)";
	return NULL;
}

/* Adds a copy of @x unless the set has it. */
static int add(struct authorities *set, X509 *x, const char *file, struct err *e)
{
	struct authority a = {0};
	struct authority *v;
	size_t at = 0;
	int r = fill(&a, x, file, e);

	if (r < 0) {
		authority_done(&a);
		return r;
	}
	while (at < set->n && strcmp(set->v[at].fingerprint, a.fingerprint) < 0)
		at++;
	if (at < set->n && strcmp(set->v[at].fingerprint, a.fingerprint) == 0) {
		authority_done(&a);
		return 0;
	}
	v = set->n < LIMIT_AUTHORITIES ? realloc(set->v, (set->n + 1) * sizeof(*v)) : NULL;
	if (!v) {
		authority_done(&a);
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d authorities", LIMIT_AUTHORITIES);
	}
	memmove(v + at + 1, v + at, (set->n - at) * sizeof(*v));
	v[at] = a;
	set->v = v;
	set->n++;
	return 0;
}

/* ---- one file -------------------------------------------------------------------------- */

static bool has_private_key(const struct buf *text)
{
	return text->data && memmem(text->data, text->n, "PRIVATE KEY-----", 16) != NULL;
}

static int add_checked(struct authorities *set, X509 *x, const char *file, struct err *e)
{
	const char *why = refusal(x);

	if (why)
		return err_set(e, -EINVAL, ERR_INVALID, "%s", why);
	if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0) {
		char warning[512];

		snprintf(warning, sizeof(warning), "'%s': the authority has expired",
			 vfs_text(file).s);
		strv_add(&set->warnings, warning, NULL); /* a warning more or less */
	}
	return add(set, x, file, e);
}

/* All PEM certificates of a file; the first refusal ends it. */
static int add_pem(struct authorities *set, BIO *bio, const char *file, struct err *e)
{
	size_t n = 0;

	for (;;) {
		cleanup_x509 X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		unsigned long why = ERR_peek_last_error();
		int r;

		if (!x) {
			ERR_clear_error();
			if (n > 0 && ERR_GET_REASON(why) == PEM_R_NO_START_LINE)
				return 0;
			return err_set(e, -EINVAL, ERR_INVALID,
				       n ? "a PEM certificate in it is damaged"
					 : "it holds no certificate");
		}
		r = add_checked(set, x, file, e);
		if (r < 0)
			return r;
		n++;
	}
}

static int add_text(struct authorities *set, const struct buf *text, const char *file,
		    struct err *e)
{
	cleanup_bio BIO *bio = BIO_new_mem_buf(text->n ? text->data : "", (int)text->n);
	const unsigned char *p = (const unsigned char *)text->data;
	cleanup_x509 X509 *x = NULL;

	if (!bio)
		return err_oom(e);
	if (has_private_key(text))
		return err_set(
			e, -EINVAL, ERR_INVALID,
			"it holds a private key: keys must not be in the authorities directory");
	if (text->n == 0 || p[0] != 0x30) /* not a DER SEQUENCE */
		return add_pem(set, bio, file, e);
	x = d2i_X509(NULL, &p, (long)text->n);
	ERR_clear_error();
	if (!x || p != (const unsigned char *)text->data + text->n)
		return err_set(e, -EINVAL, ERR_INVALID,
			       "it is neither PEM nor one DER certificate");
	return add_checked(set, x, file, e);
}

static int add_file(struct authorities *set, int dirfd, const char *name, struct err *e)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	cleanup_buf struct buf text = BUF(LIMIT_AUTHORITY_FILE);
	struct authorities *part;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "opening it");
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, ERR_INVALID, "it is not a regular file");
	r = io_read_all(fd, &text, e);
	if (r < 0)
		return r;
	r = authorities_parse(text.data, text.n, name, &part, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < part->n && r == 0; i++) {
		const unsigned char *p = part->v[i].der;
		cleanup_x509 X509 *x = d2i_X509(NULL, &p, (long)part->v[i].n_der);

		r = x ? add(set, x, name, e) : err_oom(e);
	}
	strv_extend(&set->warnings, &part->warnings, NULL);
	authorities_unref(part);
	return r;
}

int authorities_parse(const char *pem, size_t n, const char *name, struct authorities **ret,
		      struct err *e)
{
	const struct buf text = {.data = (char *)pem, .n = n};
	struct authorities *set = authorities_new();
	int r;

	if (!set)
		return err_oom(e);
	r = add_text(set, &text, name, e);
	if (r < 0) {
		authorities_free(set);
		return r;
	}
	*ret = set;
	return 0;
}

/* ---- the directory --------------------------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_candidate(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && d->d_type != DT_DIR && d->d_name[n - 1] != '~' &&
	       !(n > 4 && strcmp(d->d_name + n - 4, ".tmp") == 0);
}

static int add_directory(struct authorities *set, int fd, struct dirent **names, int n,
			 struct err *e)
{
	for (int i = 0; i < n; i++) {
		struct err why = ERR_NONE;
		char warning[768];
		int r = add_file(set, fd, names[i]->d_name, &why);

		if (r == -E2BIG && set->n == LIMIT_AUTHORITIES)
			return err_set(e, r, ERR_LIMIT, "%s", why.msg);
		if (r < 0) {
			snprintf(warning, sizeof(warning), "'%s' is refused: %s",
				 vfs_text(names[i]->d_name).s, why.msg);
			strv_add(&set->warnings, warning, NULL);
		}
	}
	return 0;
}

void cacerts_ignore_openssl_conf(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

int authorities_load(const char *dir, struct authorities **ret, struct err *e)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_authorities struct authorities *set = authorities_new();
	struct dirent **names = NULL;
	int r = 0;
	int n;

	if (!set)
		return err_oom(e);
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "opening the authorities directory '%s'", dir);
	if (fd >= 0) {
		cacerts_ignore_openssl_conf();
		n = scandirat(fd, ".", &names, is_candidate, by_name);
		if (n < 0)
			return err_sys(e, "listing the authorities directory '%s'", dir);
		r = add_directory(set, fd, names, n, e);
		for (int i = 0; i < n; i++)
			free(names[i]);
		free(names);
	}
	if (r < 0)
		return err_wrap(e, r, "authorities directory '%s'", dir);
	*ret = take_ptr(set);
	return 0;
}

/* File names are bytes; one that isn't text is shown escaped. */
static json_t *name_to_json(const char *name)
{
	json_t *j = json_string(name);

	return j ? j : json_path(name);
}

json_t *authorities_json(const struct authorities *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n; i++) {
		const struct authority *c = &a->v[i];
		char hash[9];

		snprintf(hash, sizeof(hash), "%08x", c->subject_hash);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:I, s:o}", "fingerprint", c->fingerprint,
					"subject", c->subject, "subject_hash", hash, "not_after",
					(json_int_t)c->not_after, "file", name_to_json(c->file)));
	}
	return list;
}
