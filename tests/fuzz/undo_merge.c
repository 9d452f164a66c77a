/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The law of cacerts/undo.h: (install; E; undo) = E alone, for random T0, T1 and E, on a bind
 *
 * An input is letters: 'A' is 0. Two say what is there and what is installed (enum shape, enum
 * install, as bits), then four are an edit: what, where, where to, how (enum op, paths[], texts[]).
 * It is played twice: on a tree with install and undo around it, and on one alone. Then
 *
 *	both trees are equal: type, mode, owner, content, text of links; times are left out
 *	so nothing of the authorities is left but what the user put there himself
 *	a second undo changes nothing
 *
 * What docs/undo.md says can't be given back is not played: undo_edits.c leaves it out, by name.
 */
#include "cacerts/undo.h"

#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/install.h"
#include "cacerts/names.h"
#include "distro/families.h"
#include "tests/fuzz/authority.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/undo_edits.h"

#define JOURNAL_AT FUZZ_AT "/journal"
#define TWO_AT     "/usr/share/ca-certificates/two.crt"

static const char *const trees[] = {
	[EDITS_WITH] = FUZZ_AT "/with", [EDITS_ALONE] = FUZZ_AT "/alone"};

enum shape {
	HAS_BUNDLE = 1,
	HAS_HASHED = 2,
	HAS_TWIN = 4, /* of our subject: it has the number 0 */
	HAS_SHARE = 8,
	HAS_DROPIN = 16,
	HAS_FILE = 32, /* in the drop-in directory */
};

enum install {
	PUTS_BUNDLE = 1,
	PUTS_DROPIN = 2,
	PUTS_LINKS = 4,
	PUTS_BOTH = 8, /* a second authority */
};

static struct authorities *one;
static struct authorities *both;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char pem[] = AUTHORITY_ONE AUTHORITY_TWO;
	struct err e = ERR_NONE;

	(void)argc, (void)argv;
	fuzz_isolate();
	umask(022);
	fuzz_promise(authorities_parse(pem, strlen(AUTHORITY_ONE), "one", &one, &e) == 0 &&
			     authorities_parse(pem, strlen(pem), "both", &both, &e) == 0,
		     "%s", e.msg);
	edits_init(&one->v[0]);
	return 0;
}

/* ---- T0 ------------------------------------------------------------------------------- */

static void make_dir(const char *root, const char *path)
{
	char host[LIMIT_PATH];
	struct err e = ERR_NONE;

	snprintf(host, sizeof(host), "%s%s", root, path);
	fuzz_promise(io_mkdir_p(host, 0755, &e) == 0, "%s", e.msg);
}

static void make_file(const char *root, const char *path, const char *text)
{
	cleanup_close int fd = -EBADF;
	char host[LIMIT_PATH];

	path_parent(path, host);
	make_dir(root, host);
	snprintf(host, sizeof(host), "%s%s", root, path);
	fd = open(host, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	fuzz_promise(fd >= 0 && io_write_all(fd, text, strlen(text), NULL) == 0, "%s: %m", host);
}

static void make_link(const char *root, const char *path, const char *target)
{
	char host[LIMIT_PATH];

	snprintf(host, sizeof(host), "%s%s", root, path);
	fuzz_promise(symlink(target, host) == 0, "%s: %m", host);
}

static void make_tree(const char *root, unsigned shape)
{
	char hash[LIMIT_PATH];

	make_dir(root, "/opt");
	make_dir(root, "/usr/local");
	make_file(root, TWO_AT, shape & HAS_TWIN ? AUTHORITY_TWO : EDITS_OTHER);
	if (shape & (HAS_HASHED | HAS_TWIN))
		make_dir(root, HASHED_AT);
	if (shape & HAS_BUNDLE)
		make_file(root, BUNDLE_AT,
			  shape & HAS_TWIN ? "# of the image\n" EDITS_OTHER AUTHORITY_TWO
					   : "# of the image\n" EDITS_OTHER);
	if (shape & HAS_TWIN) {
		snprintf(hash, sizeof(hash), HASHED_AT "/%08x.0", one->v[0].subject_hash);
		make_link(root, HASHED_AT "/two.pem", TWO_AT);
		make_link(root, hash, "two.pem");
	}
	if (shape & HAS_SHARE)
		make_dir(root, "/usr/local/share");
	if (shape & HAS_DROPIN)
		make_dir(root, DROPIN_AT);
	if (shape & HAS_FILE)
		make_file(root, DROPIN_AT "/mine.crt", EDITS_OTHER);
}

/* ---- T1 ------------------------------------------------------------------------------- */

static const struct vfs_meta file_meta = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0644};
static const struct vfs_meta dir_meta = {.fields = VFS_META_MODE | VFS_META_OWNER, .mode = 0755};

/* The directory and those above it, if they are missing. */
static void plan_dir(const struct vfs *fs, struct changes *c, const char *path)
{
	char parent[LIMIT_PATH];
	struct err e = ERR_NONE;
	struct vfs_stat st;

	fuzz_promise(vfs_lstat(fs, path, &st, &e) == 0, "%s", e.msg);
	if (st.type != VFS_ABSENT || changes_find(c, path))
		return;
	path_parent(path, parent);
	plan_dir(fs, c, parent);
	fuzz_promise(changes_add_dir(c, ROLE_PARENT, path, &dir_meta, &e) == 0, "%s", e.msg);
}

static void plan_links(struct changes *c, const struct authority *a, const char *file,
		       unsigned number)
{
	struct err e = ERR_NONE;
	char link[LIMIT_PATH];
	char hash[LIMIT_PATH];

	snprintf(hash, sizeof(hash), HASHED_AT "/%08x.%u", a->subject_hash, number);
	fuzz_promise(names_dropin(a, HASHED_AT, ".pem", link, sizeof(link), &e) == 0 &&
			     changes_add_link(c, ROLE_STORE, link, file, NULL, &e) == 0 &&
			     changes_add_link(c, ROLE_STORE, hash, path_name(link), NULL, &e) == 0,
		     "%s", e.msg);
}

static void plan_dropins(const struct vfs *fs, struct changes *c, const struct authorities *set,
			 unsigned shape, unsigned install)
{
	unsigned number = shape & HAS_TWIN ? 1 : 0;

	plan_dir(fs, c, DROPIN_AT);
	if (install & PUTS_LINKS)
		plan_dir(fs, c, HASHED_AT);
	for (size_t i = 0; i < set->n; i++) {
		const struct authority *a = &set->v[i];
		struct err e = ERR_NONE;
		char file[LIMIT_PATH];

		fuzz_promise(names_dropin(a, DROPIN_AT, ".crt", file, sizeof(file), &e) == 0 &&
				     changes_add_file(c, ROLE_DROPIN, file, a->pem, strlen(a->pem),
						      &file_meta, &e) == 0,
			     "%s", e.msg);
		if (install & PUTS_LINKS)
			plan_links(c, a, file, number++);
	}
}

static void plan_bundle(const struct vfs *fs, struct changes *c, const struct authorities *set)
{
	cleanup_buf struct buf text = BUF(1 << 20);
	struct err e = ERR_NONE;
	struct vfs_stat st;

	plan_dir(fs, c, HASHED_AT);
	fuzz_promise(vfs_lstat(fs, BUNDLE_AT, &st, &e) == 0, "%s", e.msg);
	if (st.type == VFS_FILE)
		fuzz_promise(vfs_read_file(fs, BUNDLE_AT, &text, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < set->n; i++)
		buf_addf(&text, NULL, "%s", set->v[i].pem);
	fuzz_promise(
		changes_add_file(c, ROLE_STORE, BUNDLE_AT, text.data, text.n, &file_meta, &e) == 0,
		"%s", e.msg);
}

static void begin_journal(struct journal *j, struct authorities *set)
{
	struct err e = ERR_NONE;

	fuzz_promise(mkdir(JOURNAL_AT, 0700) == 0, "%m");
	*j = (struct journal){.dirfd = open(JOURNAL_AT, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			      .id = strdup("fuzz"),
			      .family = distro_family_get("debian"),
			      .authorities = authorities_ref(set)};
	fuzz_promise(j->dirfd >= 0 && j->id && j->family, "%m");
	fuzz_promise(mount_specs_add(&j->rootfs, "bind", trees[EDITS_WITH], "/", "bind", &e) == 0,
		     "%s", e.msg);
}

/* A change in the same tick of the clock can't be told apart. */
static void await_tick(void)
{
	struct timespec then;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &then);
	do
		nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
	while (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 && now.tv_sec == then.tv_sec &&
	       now.tv_nsec == then.tv_nsec);
}

static void run_install(unsigned shape, unsigned install)
{
	struct authorities *set = install & PUTS_BOTH && !(shape & HAS_TWIN) ? both : one;
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_changes struct changes c = {0};
	cleanup_vfs struct vfs *fs = NULL;
	struct err e = ERR_NONE;

	begin_journal(&j, set);
	fuzz_promise(vfs_new(&j.rootfs, &j.mounts, &fs, &e) == 0, "%s", e.msg);
	if (install & (PUTS_DROPIN | PUTS_LINKS))
		plan_dropins(fs, &c, set, shape, install);
	if (install & PUTS_BUNDLE)
		plan_bundle(fs, &c, set);
	fuzz_promise(install_run(&j, fs, &c, &e) == 0 && j.installed, "%s", e.msg);
	await_tick();
}

/* ---- T2 and after ----------------------------------------------------------------------- */

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add_content(struct buf *to, const FTSENT *entry)
{
	cleanup_buf struct buf text = BUF(1 << 20);
	char target[LIMIT_PATH] = "";

	if (S_ISREG(entry->fts_statp->st_mode)) {
		fuzz_promise(io_read_file_at(AT_FDCWD, entry->fts_path, &text, NULL) == 0, "%s: %m",
			     entry->fts_path);
		buf_addf(to, NULL, "%zu bytes\n%s", text.n, text.data ? text.data : "");
	} else if (S_ISLNK(entry->fts_statp->st_mode)) {
		fuzz_promise(readlink(entry->fts_path, target, sizeof(target) - 1) > 0, "%m");
		buf_addf(to, NULL, "to %s", target);
	}
}

/* All of a tree but its times. */
static char *picture(const char *root)
{
	char *roots[] = {(char *)root, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	struct buf text = BUF(4 << 20);
	FTSENT *entry;

	fuzz_promise(fts, "%m");
	while ((entry = fts_read(fts))) {
		const struct stat *st = entry->fts_statp;

		if (entry->fts_info == FTS_DP)
			continue;
		buf_addf(&text, NULL, "%s %o %u:%u ", entry->fts_path + strlen(root), st->st_mode,
			 st->st_uid, st->st_gid);
		add_content(&text, entry);
		buf_addf(&text, NULL, "\n");
	}
	fts_close(fts);
	return buf_take(&text);
}

static void undo(void)
{
	cleanup_close int fd = open(JOURNAL_AT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_json json_t *report = json_object();
	struct err e = ERR_NONE;

	fuzz_promise(fd >= 0, "%m");
	fuzz_promise(undo_run(fd, report, &e) == 0, "%s", e.msg);
}

static void check_law(const char *played)
{
	cleanup_free char *wanted = picture(trees[EDITS_ALONE]);

	for (int i = 0; i < 2; i++) {
		cleanup_free char *got = NULL;

		undo();
		got = picture(trees[EDITS_WITH]);
		fuzz_promise(strcmp(got, wanted) == 0, "undo %d, after\n%sgot\n%s\nand not\n%s",
			     i + 1, played, got, wanted);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_input in = {data, n};
	unsigned shape = edits_letter(&in, 64);
	unsigned install = edits_letter(&in, 16);
	cleanup_buf struct buf log = BUF(1 << 16);
	struct err e = ERR_NONE;

	for (size_t i = 0; i < EDITS_TREES; i++) {
		make_dir(trees[i], "");
		make_tree(trees[i], shape);
	}
	run_install(shape, install);
	edits_play(&in, trees, &log);
	check_law(log.data ? log.data : "");
	for (size_t i = 0; i < EDITS_TREES; i++)
		fuzz_promise(io_remove_tree_at(AT_FDCWD, trees[i], &e) == 0, "%s", e.msg);
	fuzz_promise(io_remove_tree_at(AT_FDCWD, JOURNAL_AT, &e) == 0, "%s", e.msg);
	return 0;
}
