/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * undo_edits - a user process for undo_merge.c: the same edits on two trees
 *
 * An edit is four letters: what (enum op), where and where to (paths), how (texts, modes, ...).
 * Each is looked at in both trees first: one for which there are no two equal answers, because it
 * reads what only the install put there, is not played in either.
 */
#include "base/buf.h"
#include "cacerts/authorities.h"
#include "tests/fuzz/fuzz.h"

#define BUNDLE_AT HASHED_AT "/ca-certificates.crt"
#define HASHED_AT "/etc/ssl/certs"
#define DROPIN_AT "/usr/local/share/ca-certificates"

/* What isn't one of ours. */
#define EDITS_OTHER "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

enum { EDITS_WITH /* install and undo */, EDITS_ALONE, EDITS_TREES };

/* 'A' is 0; what is no letter is something below @n too. */
static inline unsigned edits_letter(struct fuzz_input *in, unsigned n)
{
	return (fuzz_byte(in) + 256u - 'A') % 256u % n;
}

/* Before the first; @ours names the paths. */
void edits_init(const struct authority *ours);

/* Play what is left of an input. @trees: where their roots are, on the host. @log: gets a line
 * each. */
void edits_play(struct fuzz_input *in, const char *const trees[EDITS_TREES], struct buf *log);
