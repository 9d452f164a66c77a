/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* journal_file - the documents of a journal; used by journal.c only */
#include "cacerts/journal.h"

/* Add an entry in its sorted place (journal.c). */
int journal_add(struct journal *j, const char *path, enum change_role role, struct err *e);

int journal_save_before(const struct journal *j, struct err *e); /* authorities.pem, journal.json */
int journal_save_after(const struct journal *j, struct err *e);  /* installed.json */
