/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"

#define NAME     "journal"
#define NAME_NEW "journal.new"

enum {
	ALIGN = 512,      /* a sector: written whole or not at all */
	ROOM = 32 << 10,  /* for the records that follow the first one */
	MAX_RECORDS = 64, /* an undo that is planned anew adds one */
	MAX_SIZE = LIMIT_JOURNAL + LIMIT_JOURNAL_DATA, /* of a record */
};

static const char magic[8] = {'a', 'n', 'c', 'h', 'o', 'r', 'd', '\n'};

struct head {
	char magic[8];
	uint32_t version;
	uint32_t kind;
	uint64_t n_doc;
	uint64_t n_data;
	unsigned char sha256[32]; /* of document and attachments */
};

enum { HEAD = sizeof(struct head), VERSION = 3 };
_Static_assert(sizeof(struct head) <= ALIGN, "a head lies in one sector");
_Static_assert(sizeof(struct head) == RECORD_HEAD, "a head is kept as it is");

void record_done(struct record *r)
{
	json_decref(r->doc);
	*r = (struct record){.doc = NULL};
}

static off_t round_up(off_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static int digest(const void *bytes, size_t n, unsigned char ret[32], struct err *e)
{
	return EVP_Digest(n ? bytes : "", n, ret, NULL, EVP_sha256(), NULL) ? 0 : err_oom(e);
}

/* Head, document, attachments. */
static int build(enum record_kind kind, const json_t *doc, const struct buf *data, struct buf *ret,
		 struct err *e)
{
	struct head h = {.version = VERSION, .kind = kind, .n_data = data ? data->n : 0};
	cleanup_free char *text = json_line(doc);
	int r;

	if (!text)
		return err_oom(e);
	memcpy(h.magic, magic, sizeof(magic));
	h.n_doc = strlen(text);
	r = buf_add(ret, &h, sizeof(h), e);
	if (r == 0)
		r = buf_add(ret, text, h.n_doc, e);
	if (r == 0 && h.n_data > 0)
		r = buf_add(ret, data->data, data->n, e);
	if (r == 0)
		r = digest(ret->data + HEAD, ret->n - HEAD, h.sha256, e);
	if (r == 0)
		memcpy(ret->data, &h, sizeof(h));
	return r;
}

static int write_at(int fd, const char *bytes, size_t n, off_t at, struct err *e)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, bytes, n, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(e, "writing the journal");
		bytes += done;
		n -= (size_t)done;
		at += done;
	}
	return 0;
}

static int sync_data(int fd, struct err *e)
{
	return fdatasync(fd) < 0 ? err_sys(e, "syncing the journal") : 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

static int add_room(struct buf *text, struct err *e)
{
	static const char zeros[ROOM];

	return buf_add(text, zeros, sizeof(zeros), e);
}

/*
 * These make a new file's name durable with the file: the sync commits all that was done before
 * it, or logs the names that lead to the file.
 */
static bool names_follow_files(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
		fs.f_type == BTRFS_SUPER_MAGIC);
}

static int write_new(int dirfd, const struct buf *text, struct err *e)
{
	cleanup_close int fd = openat(dirfd, NAME_NEW,
				      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return err_sys(e, "creating the journal");
	fault_point("record.created");
	r = write_at(fd, text->data, text->n, 0, e);
	if (r < 0)
		return r;
	fault_point("record.written");
	if (fsync(fd) < 0 || (!names_follow_files(fd) && fsync(dirfd) < 0))
		return err_sys(e, "syncing the journal");
	fault_point("record.synced");
	if (renameat(dirfd, NAME_NEW, dirfd, NAME) < 0)
		return err_sys(e, "naming the journal");
	fault_point("record.named");
	return 0;
}

int record_create(int dirfd, const json_t *doc, const struct buf *data, struct record *ret,
		  struct err *e)
{
	cleanup_buf struct buf text = BUF(MAX_SIZE);
	size_t n_data = data ? data->n : 0;
	size_t n = 0;
	int r = build(RECORD_BEFORE, doc, data, &text, e);

	if (r == 0)
		n = text.n;
	if (r == 0)
		r = add_room(&text, e);
	if (r == 0)
		r = write_new(dirfd, &text, e);
	if (r < 0)
		unlinkat(dirfd, NAME_NEW, 0);
	else if (ret)
		*ret = (struct record){.data = (off_t)(n - n_data), .n_data = n_data};
	return r;
}

/* ---- reading ----------------------------------------------------------------------------- */

static int refuse(struct err *e, const char *what)
{
	return err_set(e, -EINVAL, ERR_INVALID, "the journal is damaged: %s", what);
}

/* The head at @at. Returns 1; 0 if there is none; -EINVAL. */
static int read_head(int fd, off_t at, off_t size, struct head *ret, struct err *e)
{
	ssize_t n = pread(fd, ret, sizeof(*ret), at);

	if (n < 0)
		return err_sys(e, "reading the journal");
	if (n < HEAD || memcmp(ret->magic, magic, sizeof(magic)) != 0)
		return 0;
	if (ret->version != VERSION)
		return err_set(e, -EINVAL, ERR_UNSUPPORTED, "a journal of another version");
	if (ret->n_doc > LIMIT_JOURNAL || ret->n_data > LIMIT_JOURNAL_DATA ||
	    at + HEAD + (off_t)(ret->n_doc + ret->n_data) > size)
		return refuse(e, "a record is cut off");
	return 1;
}

static off_t end_of(const struct head *h, off_t at)
{
	return round_up(at + HEAD + (off_t)(h->n_doc + h->n_data));
}

static int open_file(int dirfd, const char *name, int how, off_t *ret_size, struct err *e)
{
	cleanup_close int fd = openat(dirfd, name, how | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "opening the journal");
	if (fstat(fd, &st) < 0)
		return err_sys(e, "looking at the journal");
	*ret_size = st.st_size;
	return take_fd(&fd);
}

/* A record, and where it begins. */
struct found {
	struct head head;
	off_t at;
};

static int too_many(struct err *e)
{
	return err_set(e, -E2BIG, ERR_LIMIT, "a journal of more than %d records", MAX_RECORDS);
}

/*
 * @ret becomes the last record of a kind, if there is one; @ret_end: behind all records. Returns
 * how many there are.
 */
static int scan(int fd, off_t size, uint32_t kind, struct found *ret, off_t *ret_end, struct err *e)
{
	struct head h;
	off_t at = 0;

	for (int i = 0; i <= MAX_RECORDS; i++) {
		int r = read_head(fd, at, size, &h, e);

		if (r < 0)
			return r;
		if (r == 0 && i == 0)
			return refuse(e, "it doesn't begin with a record");
		*ret_end = at;
		if (r == 0)
			return i;
		if (h.kind == kind)
			*ret = (struct found){.head = h, .at = at};
		at = end_of(&h, at);
	}
	return too_many(e);
}

static int load(int fd, const struct found *f, struct record *ret, struct err *e)
{
	const struct head *h = &f->head;
	cleanup_free char *text = malloc(h->n_doc + h->n_data + 1);
	unsigned char sha256[32];
	ssize_t n;
	int r;

	if (!text)
		return err_oom(e);
	n = pread(fd, text, h->n_doc + h->n_data, f->at + HEAD);
	if (n < 0)
		return err_sys(e, "reading the journal");
	if ((size_t)n != h->n_doc + h->n_data)
		return refuse(e, "a record is cut off");
	r = digest(text, (size_t)n, sha256, e);
	if (r == 0 && memcmp(sha256, h->sha256, sizeof(sha256)) != 0)
		r = refuse(e, "a record isn't what was written");
	if (r == 0)
		r = json_parse(text, h->n_doc, &ret->doc, e);
	ret->data = f->at + HEAD + (off_t)h->n_doc;
	ret->n_data = h->n_data;
	return r;
}

/*
 * Open the file and look for the last record of a kind; @ret->at stays -1 if there is none.
 * @ret_n: how many records there are, of any kind
 */
static int open_and_scan(int dirfd, const char *name, int how, uint32_t kind, struct found *ret,
			 off_t *ret_end, int *ret_n, struct err *e)
{
	off_t size;
	cleanup_close int fd = open_file(dirfd, name, how, &size, e);

	*ret = (struct found){.at = -1};
	if (fd < 0)
		return fd;
	*ret_n = scan(fd, size, kind, ret, ret_end, e);
	return *ret_n < 0 ? *ret_n : take_fd(&fd);
}

static int find_in(int dirfd, const char *name, enum record_kind kind, struct record *ret,
		   struct err *e)
{
	struct record loaded = {.doc = NULL};
	struct found found;
	off_t end;
	int n;
	cleanup_close int fd = open_and_scan(dirfd, name, O_RDONLY, kind, &found, &end, &n, e);
	int r;

	if (fd < 0)
		return fd;
	if (found.at < 0)
		return err_set(e, -ENOENT, ERR_NOT_FOUND, "the journal has no such record");
	r = load(fd, &found, &loaded, e);
	if (r == 0)
		*ret = loaded;
	return r;
}

/*
 * A power cut may have come between the sync of a new file and its name. It is the journal if it
 * is whole; if not, nothing had been touched yet.
 */
static int settle_new(int dirfd, struct err *e)
{
	cleanup_record struct record r = {.doc = NULL};

	if (faccessat(dirfd, NAME_NEW, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (faccessat(dirfd, NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    find_in(dirfd, NAME_NEW, RECORD_BEFORE, &r, NULL) == 0) {
		if (renameat(dirfd, NAME_NEW, dirfd, NAME) < 0)
			return err_sys(e, "naming the journal");
		return 0;
	}
	return unlinkat(dirfd, NAME_NEW, 0) < 0 ? err_sys(e, "removing half a journal") : 0;
}

int record_find(int dirfd, enum record_kind kind, struct record *ret, struct err *e)
{
	int r = kind == RECORD_BEFORE ? settle_new(dirfd, e) : 0;

	return r < 0 ? r : find_in(dirfd, NAME, kind, ret, e);
}

/* Writes all but the head: where that is, the rest is. */
int record_append_open(int dirfd, enum record_kind kind, const json_t *doc, const struct buf *data,
		       struct record_open *ret, struct err *e)
{
	cleanup_buf struct buf text = BUF(MAX_SIZE);
	cleanup_close int fd = -EBADF;
	struct found ignored;
	off_t at = 0;
	int n;
	int r = build(kind, doc, data, &text, e);

	if (r < 0)
		return r;
	fd = open_and_scan(dirfd, NAME, O_RDWR, kind, &ignored, &at, &n, e);
	if (fd < 0)
		return fd;
	r = n < MAX_RECORDS ? 0 : too_many(e);
	if (r == 0)
		r = write_at(fd, text.data + HEAD, text.n - HEAD, at + HEAD, e);
	if (r < 0)
		return r;
	fault_point("record.body");
	*ret = (struct record_open){.fd = take_fd(&fd), .at = at};
	memcpy(ret->head, text.data, HEAD);
	return 0;
}

static int write_head(const struct record_open *rec, struct err *e)
{
	int r = write_at(rec->fd, rec->head, HEAD, rec->at, e);

	fault_point("record.head");
	return r;
}

int record_seal(struct record_open *rec, struct err *e)
{
	int r = sync_data(rec->fd, e);

	if (r == 0)
		r = write_head(rec, e);
	return r == 0 ? sync_data(rec->fd, e) : r;
}

void record_open_done(struct record_open *rec)
{
	rec->fd = fd_close(rec->fd);
}

int record_append(int dirfd, enum record_kind kind, const json_t *doc, const struct buf *data,
		  enum record_sync sync, struct err *e)
{
	cleanup(record_open_done) struct record_open rec = {.fd = -EBADF};
	int r = record_append_open(dirfd, kind, doc, data, &rec, e);

	if (r < 0)
		return r;
	return sync == RECORD_DURABLE ? record_seal(&rec, e) : write_head(&rec, e);
}

int record_read(int dirfd, const struct record *rec, size_t at, size_t n, struct buf *to,
		struct err *e)
{
	cleanup_close int fd = -EBADF;
	cleanup_free char *bytes = NULL;
	off_t size;

	if (at > rec->n_data || n > rec->n_data - at)
		return refuse(e, "an attachment is missing");
	fd = open_file(dirfd, NAME, O_RDONLY, &size, e);
	if (fd < 0)
		return fd;
	bytes = malloc(n + 1);
	if (!bytes)
		return err_oom(e);
	if (pread(fd, bytes, n, rec->data + (off_t)at) != (ssize_t)n)
		return refuse(e, "an attachment is cut off");
	return buf_add(to, bytes, n, e);
}

int record_void(int dirfd, enum record_kind kind, struct err *e)
{
	static const struct head none;
	struct found found;
	off_t end;
	int n;
	cleanup_close int fd = open_and_scan(dirfd, NAME, O_RDWR, kind, &found, &end, &n, e);

	if (fd < 0)
		return fd;
	if (found.at < 0 || end_of(&found.head, found.at) != end)
		return 0;
	return write_at(fd, (const char *)&none, sizeof(none), found.at, e);
}

int record_remove(int dirfd, enum record_sync sync, struct err *e)
{
	static const char *const names[] = {NAME, NAME_NEW};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (unlinkat(dirfd, names[i], 0) < 0 && errno != ENOENT)
			return err_sys(e, "removing the journal");
	if (sync == RECORD_DURABLE && fsync(dirfd) < 0)
		return err_sys(e, "syncing the directory of the journal");
	return 0;
}
