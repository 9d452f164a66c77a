/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * record_file - the one file of a journal: records that are there whole or not at all
 *
 *	journal = record, zeros
 *	record  = head, document (JSON), attachments
 *
 * A record begins with a sector of the disk and its head lies in it. The head of a durable one is
 * written when the rest is on the disk, so what a power cut leaves of it is no record. The first
 * record is written under another name, synced, then renamed. It takes more room than it needs,
 * so that the records that follow, which are small, are written into blocks that are there and
 * cost no transaction of the file system.
 *
 * A record whose digest, over document and attachments, is wrong is an error.
 *
 * Numbers have the byte order of the machine: a journal doesn't travel.
 *
 * Thread: any; blocks on the disk.
 */
#include "base/buf.h"
#include "base/json.h"

enum record_kind {
	RECORD_BEFORE = 1, /* what was there; the first of a file */
	RECORD_AFTER,      /* what the install made of it */
	RECORD_UNDO,       /* what will be done to take it back */
};

/* When a record, or its removal, must be on the disk. */
enum record_sync {
	RECORD_LATER,   /* whenever: a kill doesn't lose it, a power cut may */
	RECORD_DURABLE, /* before the function returns */
};

struct record {
	json_t *doc; /* owned */
	off_t data;  /* where its attachments begin in the file */
	size_t n_data;
};

void record_done(struct record *r);
#define cleanup_record cleanup(record_done)

/*
 * Make the file in the directory, with its first record; durable after 0. @ret, which may be NULL,
 * gets what record_read() needs, but no document.
 */
int record_create(int dirfd, const json_t *doc, const struct buf *data, struct record *ret,
		  struct err *e);

/* Add a record. @data may be NULL. -ENOENT (ERR_NOT_FOUND) without a file. */
int record_append(int dirfd, enum record_kind kind, const json_t *doc, const struct buf *data,
		  enum record_sync sync, struct err *e);

/*
 * The same, durable, in two steps, of which the second waits for the disk: until record_seal() has
 * returned 0 the record isn't there.
 */
enum { RECORD_HEAD = 64 };
struct record_open {
	int fd; /* owned */
	off_t at;
	char head[RECORD_HEAD];
};
int record_append_open(int dirfd, enum record_kind kind, const json_t *doc, const struct buf *data,
		       struct record_open *ret, struct err *e);
int record_seal(struct record_open *rec, struct err *e);
void record_open_done(struct record_open *rec);

/*
 * record_find - the last record of a kind
 *
 * Returns: 0; -ENOENT (ERR_NOT_FOUND) if there is none; -EINVAL (ERR_INVALID) for one that isn't
 *          what was written.
 */
int record_find(int dirfd, enum record_kind kind, struct record *ret, struct err *e);

/* @n bytes of the attachments, from @at. -EINVAL beyond their end. */
int record_read(int dirfd, const struct record *r, size_t at, size_t n, struct buf *to,
		struct err *e);

/*
 * Make the last record of the file nothing, if it is one of @kind; it isn't waited for.
 * Returns 0, also if there is none.
 */
int record_void(int dirfd, enum record_kind kind, struct err *e);

/* Take the file away; missing is fine. */
int record_remove(int dirfd, enum record_sync sync, struct err *e);
