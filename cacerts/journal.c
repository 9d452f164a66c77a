/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/journal_file.h"
#include "cacerts/store_format.h"

static void entry_done(struct journal_entry *entry)
{
	free(entry->path);
	free(entry->n_ours);
	state_done(&entry->t0);
	state_done(&entry->t1);
}

void journal_done(struct journal *j)
{
	for (size_t i = 0; i < j->n; i++)
		entry_done(&j->v[i]);
	free(j->v);
	free(j->id);
	free(j->underlay);
	buf_done(&j->data);
	mount_specs_done(&j->rootfs);
	mount_specs_done(&j->mounts);
	authorities_unref(j->authorities);
	record_done(&j->before);
	fd_close(j->dirfd);
	*j = (struct journal){.dirfd = -EBADF};
}

static size_t position_of(const struct journal *j, const char *path)
{
	size_t low = 0;
	size_t high = j->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(j->v[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct journal_entry *journal_find(const struct journal *j, const char *path)
{
	size_t at = position_of(j, path);

	return at < j->n && strcmp(j->v[at].path, path) == 0 ? &j->v[at] : NULL;
}

/* Adds an entry in its place; one that is there keeps the more telling role. */
int journal_add(struct journal *j, const char *path, enum change_role role, struct err *e)
{
	size_t at = position_of(j, path);
	struct journal_entry *v;
	char *copy;

	if (at < j->n && strcmp(j->v[at].path, path) == 0) {
		if (j->v[at].role == ROLE_PARENT)
			j->v[at].role = role;
		return 0;
	}
	if (j->n >= 2 * LIMIT_CHANGES)
		return err_set(e, -E2BIG, ERR_LIMIT, "a journal of more than %d paths",
			       2 * LIMIT_CHANGES);
	copy = strdup(path);
	v = copy ? realloc(j->v, (j->n + 1) * sizeof(*v)) : NULL;
	if (!v) {
		free(copy);
		return err_oom(e);
	}
	memmove(v + at + 1, v + at, (j->n - at) * sizeof(*v));
	v[at] = (struct journal_entry){.path = copy, .role = role};
	j->v = v;
	j->n++;
	return 0;
}

static int add_with_parents(struct journal *j, const char *path, enum change_role role,
			    struct err *e)
{
	char dir[LIMIT_PATH];
	int r = journal_add(j, path, role, e);

	snprintf(dir, sizeof(dir), "%s", path);
	while (r == 0 && strcmp(dir, "/") != 0) {
		path_parent(dir, dir);
		r = journal_add(j, dir, ROLE_PARENT, e);
	}
	return r;
}

static int add_watched(struct journal *j, const char *const *watch, struct err *e)
{
	int r = 0;

	for (; r == 0 && watch && *watch; watch++)
		r = add_with_parents(j, *watch, ROLE_PARENT, e);
	return r;
}

/* How often each authority stands in a file; only a file that holds one costs memory. */
static int count_ours(const struct authorities *set, const struct buf *content, size_t **ret,
		      struct err *e)
{
	const struct store_format *format = store_format_of(content->data, content->n);
	cleanup_free size_t *n = calloc(set->n + 1, sizeof(*n));
	int r = n ? format->count(content->data, content->n, set, n, e) : err_oom(e);

	for (size_t i = 0; r == 0 && i < set->n; i++)
		if (n[i] > 0) {
			*ret = take_ptr(n);
			return 0;
		}
	return r;
}

/* Is @after the same as @before but for bytes put in at one place? */
static bool is_within(const struct buf *before, const struct change *after,
		      struct journal_content *ret)
{
	size_t n = before->n;
	size_t head = 0;
	size_t tail = 0;

	if (after->n_bytes <= n)
		return false;
	while (head < n && before->data[head] == after->bytes[head])
		head++;
	while (tail < n - head &&
	       before->data[n - 1 - tail] == after->bytes[after->n_bytes - 1 - tail])
		tail++;
	*ret = (struct journal_content){CONTENT_WITHIN, head, after->n_bytes - n};
	return head + tail == n;
}

/*
 * Only what is changed needs its content again; a watched file is restored by nobody. Where a
 * lower layer has it nothing can be lost, and it needn't be written when it can be told from T1.
 */
static int keep_content(struct journal_entry *entry, const struct change *c,
			const struct buf *content, struct buf *data, struct err *e)
{
	if (!c)
		return 0;
	if (!entry->t0.st.in_top && c->kind == CHANGE_FILE && is_within(content, c, &entry->kept))
		return 0;
	entry->kept = (struct journal_content){CONTENT_KEPT, data->n, content->n};
	return buf_add(data, content->n ? content->data : "", content->n, e);
}

/* What T1 of a file will hold is known before. */
static int note_made(struct journal_entry *entry, const struct change *c, struct err *e)
{
	const struct buf bytes = {.data = c->bytes, .n = c->n_bytes};

	entry->has_made = true;
	return state_digest(&bytes, entry->made, e);
}

static int record_before(struct journal *j, size_t i, const struct vfs *fs, const struct change *c,
			 struct buf *data, struct err *e)
{
	cleanup_buf struct buf content = BUF(LIMIT_STORE_FILE);
	struct journal_entry *entry = &j->v[i];
	int r = state_capture(fs, entry->path, &entry->t0, &content, e);

	if (r == 0 && c && c->kind == CHANGE_FILE)
		r = note_made(entry, c, e);
	if (r < 0 || entry->t0.st.type != VFS_FILE)
		return r;
	if (state_is_large(&entry->t0))
		return !c ? 0
			  : err_set(e, -E2BIG, ERR_LIMIT, "'%s' exceeds %d bytes", entry->path,
				    LIMIT_STORE_FILE);
	r = count_ours(j->authorities, &content, &entry->n_ours, e);
	return r == 0 ? keep_content(entry, c, &content, data, e) : r;
}

static void read_boot_id(char ret[JOURNAL_BOOT_ID])
{
	cleanup_buf struct buf text = BUF(JOURNAL_BOOT_ID - 1);

	ret[0] = '\0';
	if (io_read_file_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &text, NULL) == 0 &&
	    text.n > 0)
		snprintf(ret, JOURNAL_BOOT_ID, "%.*s", (int)strcspn(text.data, "\n"), text.data);
}

bool journal_is_fresh(const struct journal *j)
{
	return j->ended.tv_sec != 0;
}

static long long nsec_between(struct timespec a, struct timespec b)
{
	return (b.tv_sec - a.tv_sec) * 1000000000LL + (b.tv_nsec - a.tv_nsec);
}

bool journal_may_hide(const struct journal *j, struct timespec ctime)
{
	struct timespec tick;

	if (!journal_is_fresh(j) || clock_getres(CLOCK_REALTIME_COARSE, &tick) < 0)
		return true;
	if (clock_compare(ctime, j->first) < 0) /* it's the image's, and one of today would show */
		return false;
	if (nsec_between(j->first, j->ended) > nsec_between((struct timespec){0}, tick))
		return true; /* there was a tick in between */
	return clock_compare(ctime, j->first) == 0 || clock_compare(ctime, j->ended) == 0;
}

bool journal_is_of_another_boot(const struct journal *j)
{
	char now[JOURNAL_BOOT_ID];

	read_boot_id(now);
	return j->boot[0] && now[0] && strcmp(j->boot, now) != 0;
}

static void note_start(struct journal *j)
{
	clock_gettime(CLOCK_REALTIME, &j->began);
	read_boot_id(j->boot);
}

/* All paths: changed ones, and those that a tool would make when the user runs it. */
static int list_entries(struct journal *j, const struct changes *changes, const char *const *watch,
			struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < changes->n; i++)
		r = add_with_parents(j, changes->v[i].path, changes->v[i].role, e);
	if (r == 0)
		r = add_watched(j, watch, e);
	return r == 0 && j->family ? add_watched(j, j->family->stores, e) : r;
}

int journal_draft(struct journal *j, const struct vfs *fs, const struct changes *changes,
		  const char *const *watch, struct err *e)
{
	int r;

	note_start(j);
	j->data = BUF(LIMIT_JOURNAL_DATA);
	r = journal_add_authorities(j, &j->data, e);
	if (r == 0)
		r = list_entries(j, changes, watch, e);
	for (size_t i = 0; r == 0 && i < j->n; i++)
		r = record_before(j, i, fs, changes_find(changes, j->v[i].path), &j->data, e);
	return r < 0 ? err_wrap(e, r, "drafting the journal") : 0;
}

int journal_draft_names(struct journal *j, const struct vfs *fs, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n; i++)
		r = state_capture_names(fs, j->v[i].path, &j->v[i].t0, e);
	return r < 0 ? err_wrap(e, r, "drafting the journal") : 0;
}

/* Counts are the same for the same authorities; what a layer on top may show is looked up. */
static int copy_entry(const struct journal_entry *from, size_t n_authorities, const struct vfs *fs,
		      struct journal_entry *ret, struct err *e)
{
	size_t size = (n_authorities + 1) * sizeof(*from->n_ours);
	enum vfs_type type = from->t0.st.type;
	int r;

	*ret = *from;
	ret->t0 = (struct state){0};
	ret->path = strdup(from->path);
	ret->n_ours = from->n_ours ? malloc(size) : NULL;
	if (!ret->path || (from->n_ours && !ret->n_ours))
		return err_oom(e);
	if (from->n_ours)
		memcpy(ret->n_ours, from->n_ours, size);
	if (type != VFS_DIR && type != VFS_LINK)
		return state_copy(&from->t0, &ret->t0, e);
	r = state_recapture(fs, from->path, &from->t0, &ret->t0, e);
	if (r == 0 && !state_untouched(&from->t0, &ret->t0))
		r = state_capture_names(fs, from->path, &ret->t0, e);
	return r;
}

int journal_redraft(struct journal *j, const struct journal *draft, const struct vfs *fs,
		    struct err *e)
{
	int r;

	note_start(j);
	j->data = BUF(LIMIT_JOURNAL_DATA);
	j->v = calloc(draft->n + 1, sizeof(*j->v));
	if (!j->v)
		return err_oom(e);
	r = buf_add(&j->data, draft->data.data, draft->data.n, e);
	while (r == 0 && j->n < draft->n) {
		size_t i = j->n++;

		r = copy_entry(&draft->v[i], j->authorities->n, fs, &j->v[i], e);
	}
	return r < 0 ? err_wrap(e, r, "drafting the journal") : 0;
}

/*
 * Does @t1, from an underlay, not show? The image's own doesn't change; and a directory is that of
 * a layer above, the upper or one that was put on top since the draft.
 */
static bool is_hidden(const struct state *t1, const struct journal_entry *drafted,
		      const struct journal_entry *entry)
{
	if (state_untouched(&drafted->t0, t1))
		return true;
	return entry->t0.st.type == VFS_DIR &&
	       (entry->t0.st.in_top || !state_same_object(&entry->t0, &drafted->t0));
}

int journal_lend(struct journal *j, const struct journal *draft, const struct state *t1,
		 const char *path, size_t n_below, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n; i++) {
		struct journal_entry *entry = &j->v[i];

		entry->is_left = is_hidden(&t1[i], &draft->v[i], entry);
		r = state_copy(entry->is_left ? &entry->t0 : &t1[i], &entry->t1, e);
	}
	j->underlay = r == 0 ? strdup(path) : NULL;
	j->n_below = n_below;
	if (r < 0 || !j->underlay)
		return r < 0 ? r : err_oom(e);
	clock_gettime(CLOCK_REALTIME_COARSE, &j->first);
	j->ended = j->first;
	j->installed = true;
	return 0;
}

int journal_begin(struct journal *j, struct err *e)
{
	int r = journal_save_before(j, e);

	if (r < 0)
		return err_wrap(e, r, "writing the journal");
	buf_done(&j->data); /* it can be read again */
	if (!j->underlay)
		clock_gettime(CLOCK_REALTIME_COARSE, &j->first);
	fault_point("journal.recorded");
	return 0;
}

/* Does any change touch the path, or something in it? */
static bool is_touched(const struct changes *changes, const char *path)
{
	for (size_t i = 0; i < changes->n; i++)
		if (path_is_below(changes->v[i].path, path))
			return true;
	return false;
}

/* Nobody but the install has touched anything. */
static int record_after(struct journal_entry *entry, const struct vfs *fs,
			const struct changes *changes, struct err *e)
{
	entry->is_left = !is_touched(changes, entry->path);
	if (entry->is_left)
		return state_copy(&entry->t0, &entry->t1, e);
	if (entry->has_made)
		return state_capture_written(fs, entry->path, entry->made, &entry->t1, e);
	return state_capture(fs, entry->path, &entry->t1, NULL, e);
}

int journal_commit(struct journal *j, const struct vfs *fs, const struct changes *changes,
		   struct record_open *ret_open, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n; i++)
		r = record_after(&j->v[i], fs, changes, e);
	if (r == 0)
		r = journal_save_after(j, ret_open, e);
	if (r < 0)
		return err_wrap(e, r, "completing the journal");
	j->installed = true;
	clock_gettime(CLOCK_REALTIME_COARSE, &j->ended);
	return 0;
}

/* The @n bytes of @now, without those that were put in, if that is T0. */
static int without_ours(const struct journal_entry *entry, const struct buf *now, size_t n,
			struct buf *to, struct err *e)
{
	size_t at = entry->kept.at < n ? entry->kept.at : n;
	size_t rest = n - at < entry->kept.n ? n : at + entry->kept.n;
	int r = buf_add(to, now->data, at, e);

	if (r == 0)
		r = buf_add(to, now->data + rest, n - rest, e);
	if (r == 0 && state_has_content(&entry->t0, to->data, to->n))
		return 0;
	buf_clear(to);
	return r < 0 ? r : JOURNAL_UNTOLD;
}

/* Nobody has changed T1, or he has added something to its end, or cut the end off. */
static int tell_from(const struct journal_entry *entry, const struct buf *now, struct buf *to,
		     struct err *e)
{
	size_t n_t1 = (size_t)entry->t0.st.size + entry->kept.n;

	if (!now || now->n == 0)
		return JOURNAL_UNTOLD;
	return without_ours(entry, now, now->n < n_t1 ? now->n : n_t1, to, e);
}

int journal_read_before(const struct journal *j, size_t i, const struct buf *now, struct buf *to,
			struct err *e)
{
	const struct journal_entry *entry = &j->v[i];
	int r;

	if (entry->kept.how == CONTENT_WITHIN)
		return tell_from(entry, now, to, e);
	r = record_read(j->dirfd, &j->before, entry->kept.at, entry->kept.n, to, e);
	return r == 0 ? state_check_content(&entry->t0, entry->path, to, e) : r;
}

int journal_remove(int parent, const char *name, enum record_sync sync, struct err *e)
{
	cleanup_close int dir =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0)
		return err_sys(e, "opening '%s'", name);
	r = record_remove(dir, sync, e);
	fault_point("journal.removed");
	return r == 0 ? io_remove_tree_at(parent, name, e) : r;
}
