/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cacerts/debian_sources.h: /etc/ca-certificates.conf as Debian's tool reads it
 *
 * The input is the file. Either the engine declines, with a reason, or its list is that of a model
 * of the script: lines that are empty or begin with "#" or "!" name nothing, any other names a
 * file below /usr/share/ca-certificates, which counts if it is one; the local files follow.
 */
#include "cacerts/debian_sources.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "tests/fuzz/fuzz.h"

#define ROOT   FUZZ_AT "/root"
#define SHARED "/usr/share/ca-certificates"
#define LOCAL  "/usr/local/share/ca-certificates"

static void make_file(const char *path)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	fuzz_promise(fd >= 0, "%s: %m", path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const dirs[] = {ROOT "/etc/ssl/certs", ROOT SHARED "/m/d.crt",
					   ROOT LOCAL};
	static const char *const files[] = {ROOT SHARED "/a.crt",      ROOT SHARED "/m/b.crt",
					    ROOT SHARED "/m/c, d.crt", ROOT SHARED "/e",
					    ROOT LOCAL "/z.crt",       ROOT LOCAL "/Y.crt",
					    ROOT LOCAL "/README",      ROOT "/etc/ssl/certs/b.pem",
					    ROOT SHARED "/#h.crt",     ROOT SHARED "/!i.crt"};

	(void)argc, (void)argv;
	fuzz_isolate();
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		fuzz_promise(io_mkdir_p(dirs[i], 0755, NULL) == 0, "%s", dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		make_file(files[i]);
	fuzz_promise(symlink("../a.crt", ROOT SHARED "/m/link.crt") == 0 &&
			     symlink("/nowhere", ROOT SHARED "/gone.crt") == 0,
		     "%m");
	return 0;
}

static void put_conf(const uint8_t *data, size_t n)
{
	cleanup_close int fd = open(ROOT "/etc/ca-certificates.conf",
				    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	fuzz_promise(fd >= 0 && io_write_all(fd, data, n, NULL) == 0, "%m");
}

/* Does the tool find a file there? Links in the image stay inside of it: only these two are. */
static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The next line that names a file, as a path in the container; false at the end. */
static bool next_of_model(const char **text, char *ret, size_t size)
{
	while (**text) {
		size_t n = strcspn(*text, "\n");
		const char *line = *text;
		char host[LIMIT_PATH + sizeof(ROOT)];

		*text += n + ((*text)[n] == '\n');
		if (n == 0 || line[0] == '#' || line[0] == '!')
			continue;
		if ((size_t)snprintf(ret, size, SHARED "/%.*s", (int)n, line) >= size)
			continue;
		snprintf(host, sizeof(host), ROOT "%s", ret);
		if (is_file(host))
			return true;
	}
	return false;
}

static void compare(const struct debian_sources *s, const char *text)
{
	static const char *const local[] = {LOCAL "/Y.crt", LOCAL "/z.crt"};
	char wanted[LIMIT_PATH];
	size_t i = 0;

	for (; next_of_model(&text, wanted, sizeof(wanted)); i++)
		fuzz_promise(i < s->n && strcmp(s->v[i].file, wanted) == 0, "%zu is '%s', not '%s'",
			     i, i < s->n ? s->v[i].file : "nothing", wanted);
	for (size_t k = 0; k < ARRAY_SIZE(local); k++, i++)
		fuzz_promise(i < s->n && strcmp(s->v[i].file, local[k]) == 0, "without '%s'",
			     local[k]);
	fuzz_promise(i == s->n, "%zu instead of %zu", s->n, i);
}

static void read_and_compare(const struct vfs *fs, const char *text)
{
	cleanup(debian_sources_done) struct debian_sources s = {0};
	struct native n = {.fs = fs};
	struct err e = ERR_NONE;
	int r = debian_sources_read(&n, &s, &e);

	fuzz_promise(r >= 0, "%s", e.msg);
	if (r == NATIVE_DECLINED)
		fuzz_promise(n.why[0] && s.n == 0, "declined without a reason");
	else
		compare(&s, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_mount_specs struct mount_specs rootfs = {0};
	const struct mount_specs none = {0};
	cleanup_free char *text = strndup((const char *)data, n);
	cleanup_vfs struct vfs *fs = NULL;

	fuzz_promise(text && mount_specs_add(&rootfs, "bind", ROOT, "", "", NULL) == 0, "%m");
	put_conf(data, n);
	fuzz_promise(vfs_new(&rootfs, &none, &fs, NULL) == 0, "no view");
	read_and_compare(fs, text);
	return 0;
}
