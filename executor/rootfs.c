/* SPDX-License-Identifier: Apache-2.0 */
/* What "/" is: what the request says, or the built-in default, an overlay over the host's "/". */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "executor/internal.h"

/* overlayfs refuses an upper that lies in its own lower, and "/" holds its whole file system. */
static int check_apart(const char *upper, struct err *e)
{
	struct stat host;
	struct stat st;

	if (stat("/", &host) < 0 || stat(upper, &st) < 0)
		return err_sys(e, "looking at '%s'", upper);
	if (host.st_dev == st.st_dev)
		return err_set(
			e, -EXDEV, ERR_PRECONDITION,
			"the built-in default rootfs is an overlay over '/', so '%s' must be on "
			"another file system: put --run-dir (or --upper) on a tmpfs such as "
			"/run or /dev/shm, or give a rootfs",
			upper);
	return 0;
}

static int choose_directories(struct exec *x, struct err *e)
{
	const char *kept = x->q.default_upper;
	bool keep = kept && kept[0] != '\0';
	int n_upper = keep ? asprintf(&x->upper, "%s", kept)
			   : asprintf(&x->upper, "%s/upper", x->scratch);
	int n_work = keep ? asprintf(&x->work, "%s.anchord-work", kept)
			  : asprintf(&x->work, "%s/work", x->scratch);
	int r;

	if (n_upper < 0 || n_work < 0)
		return err_oom(e);
	r = io_mkdir_p(x->upper, 0755, e);
	if (r == 0)
		r = io_mkdir_p(x->work, 0700, e);
	return r == 0 ? check_apart(x->upper, e) : r;
}

static int add_option(struct strv *options, const char *key, const char *value, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_PATH + 64);
	int r = buf_addf(&text, e, "%s=%s", key, value);

	return r < 0 ? r : strv_add(options, text.data, e);
}

static int make_default(struct exec *x, struct err *e)
{
	struct strv *options;
	int r = choose_directories(x, e);

	if (r == 0)
		r = mount_specs_add(&x->rootfs, "overlay", "overlay", "/", "", e);
	if (r < 0)
		return r;
	options = &x->rootfs.v[0].options;
	r = add_option(options, "lowerdir+", "/", e);
	if (r == 0)
		r = add_option(options, "upperdir", x->upper, e);
	if (r == 0)
		r = add_option(options, "workdir", x->work, e);
	x->is_default = true;
	return r;
}

int exec_make_rootfs(struct exec *x, struct err *e)
{
	return x->q.rootfs.n ? mount_specs_extend(&x->rootfs, &x->q.rootfs, e) : make_default(x, e);
}

int exec_count_upper(const char *upper, size_t *ret, struct err *e)
{
	char *const roots[] = {(char *)upper, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	FTSENT *entry;
	size_t n = 0;

	if (!fts)
		return err_sys(e, "walking '%s'", upper);
	while ((entry = fts_read(fts)))
		n += entry->fts_info != FTS_DP && entry->fts_level > 0;
	fts_close(fts);
	*ret = n;
	return 0;
}
