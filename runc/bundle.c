/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "runc/output.h"
#include "runtime/capabilities.h"

void bundle_init(struct bundle *b)
{
	*b = (struct bundle){.text = BUF(LIMIT_OCI_CONFIG)};
	oci_config_init(&b->config);
}

void bundle_done(struct bundle *b)
{
	oci_config_done(&b->config);
	buf_done(&b->text);
	free(b->path);
	b->path = NULL;
}

void bundle_warn(const struct strv *warnings)
{
	for (size_t i = 0; i < warnings->n; i++)
		output_warning("%s", warnings->v[i]);
}

/* ---- files ----------------------------------------------------------------------------- */

static int read_regular(int fd, const char *path, struct buf *ret, struct err *e)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "'%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, ERR_INVALID, "'%s' is not a regular file", path);
	r = io_read_all(fd, ret, e);
	return r < 0 ? err_wrap(e, r, "'%s'", path) : 0;
}

static int open_document(int dirfd, const char *path)
{
	return openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int bundle_read_document(const char *path, struct buf *ret, struct err *e)
{
	cleanup_close int fd = -EBADF;

	if (strcmp(path, "-") == 0)
		return io_read_all(STDIN_FILENO, ret, e);
	fd = open_document(AT_FDCWD, path);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	return read_regular(fd, path, ret, e);
}

/* ---- the bundle ------------------------------------------------------------------------ */

static bool knows_rules(struct seccomp_policy *policy, const char *text, size_t n)
{
	return seccomp_recall(policy, RUNC_SECCOMP_CACHE, text, n);
}

static int understand(struct bundle *b, struct err *e)
{
	const struct oci_place place = {
		.bundle = b->path,
		.last_capability = runtime_capabilities_last(),
		.knows_rules = knows_rules,
	};
	int r = oci_config_read(b->text.data ? b->text.data : "", b->text.n, &place, &b->config, e);

	return r < 0 ? err_wrap(e, r, "config.json") : 0;
}

static int read_config(int dirfd, const char *config, struct bundle *b, struct err *e)
{
	cleanup_close int fd = open_document(dirfd, config);

	if (fd < 0)
		return errno == ENOENT ? err_set(e, -ENOENT, ERR_NOT_FOUND,
						 "JSON specification file %s not found", config)
				       : err_sys(e, "open %s", config);
	return read_regular(fd, config, &b->text, e);
}

static int find_bundle(const char *path, struct bundle *b, struct err *e)
{
	b->path = realpath(path, NULL);
	if (!b->path)
		return errno == ENOENT ? err_set(e, -ENOENT, ERR_NOT_FOUND,
						 "chdir %s: no such file or directory", path)
				       : err_sys(e, "chdir %s", path);
	return 0;
}

int bundle_read(const char *path, const char *config, struct bundle *ret, struct err *e)
{
	cleanup_close int fd = -EBADF;
	int r = find_bundle(path && *path ? path : ".", ret, e);

	if (r < 0)
		return r;
	fd = open(ret->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "chdir %s", ret->path);
	r = config ? read_config(AT_FDCWD, config, ret, e) : read_config(fd, "config.json", ret, e);
	return r < 0 ? r : understand(ret, e);
}

int bundle_read_copy(int dirfd, const char *path, struct bundle *ret, struct err *e)
{
	int r;

	ret->path = strdup(path);
	if (!ret->path)
		return err_oom(e);
	r = read_config(dirfd, "config.json", ret, e);
	return r < 0 ? r : understand(ret, e);
}
