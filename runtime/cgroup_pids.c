/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup_pids.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "runtime/cgroup_ops.h"
#include "runtime/resources_list.h"

void cgroup_pids_done(struct cgroup_pids *pids)
{
	free(pids->v);
	*pids = (struct cgroup_pids){.n = 0};
}

static int add(struct cgroup_pids *pids, pid_t pid, struct err *e)
{
	int r = resource_list_grow(&pids->v, pids->n, LIMIT_PIDS, sizeof(*pids->v), e);

	if (r == 0)
		pids->v[pids->n++] = pid;
	return r;
}

/* The processes of one cgroup; a threaded one names none, the domain above does. */
static int read_procs(int dirfd, struct cgroup_pids *pids, struct err *e)
{
	cleanup_strv struct strv words = STRV(LIMIT_PIDS);
	int r = cgroup_read_words(dirfd, "cgroup.procs", &words, e);

	if (r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT) { /* the latter: just removed */
		err_clear(e);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = add(pids, atoi(words.v[i]), e);
	return r;
}

/* Takes @fd. */
static int collect(int fd, int depth, struct cgroup_pids *pids, struct err *e)
{
	cleanup_closedir DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int r;

	if (!dir) {
		fd_close(fd);
		return err_sys(e, "listing a cgroup");
	}
	if (depth >= LIMIT_DEPTH)
		return err_set(e, -ELOOP, ERR_LIMIT, "cgroups are nested deeper than %d",
			       LIMIT_DEPTH);
	r = read_procs(dirfd(dir), pids, e);
	while (r == 0 && (entry = io_next_entry(dir))) {
		int child;

		if (entry->d_type != DT_DIR)
			continue;
		child = openat(dirfd(dir), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			r = collect(child, depth + 1, pids, e);
		else if (errno != ENOENT)
			r = err_sys(e, "cgroup '%s'", entry->d_name);
	}
	return r;
}

int cgroup_pids_read(int dirfd, struct cgroup_pids *ret, struct err *e)
{
	cleanup_cgroup_pids struct cgroup_pids pids = {.n = 0};
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "listing a cgroup");
	r = collect(fd, /* depth= */ 0, &pids, e);
	if (r < 0)
		return r;
	*ret = pids;
	pids = (struct cgroup_pids){.n = 0};
	return 0;
}
