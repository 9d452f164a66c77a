/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * json_out - a JSON document, written as it comes
 *
 * Commas are its own business; what is begun must be ended. Bytes that aren't ASCII are written one
 * by one, as the characters of those numbers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

extern FILE *out; /* where it goes */
extern bool needs_comma;

void begin(char bracket); /* '{' or '[' */
void end(char bracket);
void comma(void); /* before a value that is written by hand */
void put_bytes(const char *s, size_t n);
void key(const char *name);
void text(const char *s); /* NULL: null */
void number(long long n);
void key_text(const char *name, const char *s);
void key_number(const char *name, long long n);
/* What a system call returned: "ok" or the name of errno. */
void key_result(const char *name, long r);
/* The first 64 KiB of a descriptor, which is closed, or null if it is negative. */
void key_content(const char *name, int fd);
void key_file(const char *name, const char *path);
void strings(const char *name, char **v);
