/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fuzz - what all fuzz targets share
 *
 * A target is one file <name>.c with LLVMFuzzerTestOneInput(). tools/dev fuzz links it with
 * libFuzzer; every other build links replay.c, which feeds it files: the corpus, as a test.
 * A broken promise ends the process, so that libFuzzer keeps the input.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
/* Called once before the first input; for targets that need a place of their own. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define fuzz_promise(condition, ...)                                                               \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not %s: ", __FILE__, __LINE__, #condition);        \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A mount namespace with an empty tmpfs at FUZZ_AT, where no corpus is; else exit 77. */
#define FUZZ_AT "/dev/shm"
void fuzz_isolate(void);

/* The next byte of an input, 0 behind its end. */
struct fuzz_input {
	const uint8_t *data;
	size_t n;
};

static inline unsigned fuzz_byte(struct fuzz_input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->data++;
}
