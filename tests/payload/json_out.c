/* SPDX-License-Identifier: Apache-2.0 */
#include "json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

FILE *out;
bool needs_comma;

void put_bytes(const char *s, size_t n)
{
	fputc('"', out);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
	needs_comma = true;
}

void comma(void)
{
	if (needs_comma)
		fputc(',', out);
	needs_comma = false;
}

void key(const char *name)
{
	comma();
	put_bytes(name, strlen(name));
	fputc(':', out);
	needs_comma = false;
}

void begin(char bracket)
{
	comma();
	fputc(bracket, out);
	needs_comma = false;
}

void end(char bracket)
{
	fputc(bracket, out);
	needs_comma = true;
}

void text(const char *s)
{
	comma();
	if (s)
		put_bytes(s, strlen(s));
	else
		fputs("null", out);
	needs_comma = true;
}

void number(long long n)
{
	comma();
	fprintf(out, "%lld", n);
	needs_comma = true;
}

void key_text(const char *name, const char *s)
{
	key(name);
	text(s);
}

void key_number(const char *name, long long n)
{
	key(name);
	number(n);
}

/* The result of a system call: "ok" or the name of its error. */
void key_result(const char *name, long r)
{
	key_text(name, r < 0 ? strerrorname_np(errno) : "ok");
}

/* The first 64 KiB of a descriptor, which is closed, or null. */
void key_content(const char *name, int fd)
{
	static char bytes[1 << 16];
	ssize_t n, size = 0;

	key(name);
	if (fd < 0) {
		text(NULL);
		return;
	}
	while (size < (ssize_t)sizeof(bytes) &&
	       (n = read(fd, bytes + size, sizeof(bytes) - (size_t)size)) > 0)
		size += n;
	close(fd);
	put_bytes(bytes, (size_t)size);
}

void key_file(const char *name, const char *path)
{
	key_content(name, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

void strings(const char *name, char **v)
{
	key(name);
	begin('[');
	for (; *v; v++)
		text(*v);
	end(']');
}
