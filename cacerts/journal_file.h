/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* journal_file - the documents of a journal; used by journal.c only */
#include "cacerts/journal.h"

/* Add an entry in its sorted place (journal.c). */
int journal_add(struct journal *j, const char *path, enum change_role role, struct err *e);

/* The first record: j->data has the authorities, then the contents that entries speak of. */
int journal_save_before(struct journal *j, struct err *e);
/* @ret_open: NULL, or gets the record, which is still to be sealed. */
int journal_save_after(const struct journal *j, struct record_open *ret_open, struct err *e);
/* The authorities as one text, for the start of @data. */
int journal_add_authorities(const struct journal *j, struct buf *data, struct err *e);
