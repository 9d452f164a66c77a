/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/undo_edits.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/names.h"
#include "tests/fuzz/authority.h"

enum { MAX_EDITS = 12, CUT = 20 /* bytes that T0 has before anything of ours */ };

static char dropin[LIMIT_PATH], pem_link[LIMIT_PATH], hash_0[LIMIT_PATH], hash_1[LIMIT_PATH];

/* clang-format off */
static const char *const paths[] = {
	/* A */ BUNDLE_AT,
	/* B */ HASHED_AT,
	/* C */ "/etc/ssl",
	/* D */ DROPIN_AT,
	/* E */ "/usr/local",
	/* F */ dropin,
	/* G */ pem_link,
	/* H */ hash_0,
	/* I */ hash_1,
	/* J */ DROPIN_AT "/mine.crt",
	/* K */ DROPIN_AT "/sub/mine.crt",
	/* L */ HASHED_AT "/mine.pem",
	/* M */ HASHED_AT "/two.pem",
	/* N */ "/usr/share/ca-certificates/two.crt",
	/* O */ "/opt",
	/* P */ "/opt/x",
	/* Q */ "/opt/d",
	/* R */ "/opt/d/y",
	/* S */ "/usr/local/share",
};

static const char copy[] = AUTHORITY_ONE;

static const char *const texts[] = {
	/* A */ "# mine\n",
	/* B */ EDITS_OTHER,
	/* C */ "no line end",
	/* D */ "",
	/* E */ copy,
};

static const char *const targets[] = {
	/* A */ "/opt/x",
	/* B */ "/opt/d",
	/* C */ "mine.crt",
	/* D */ "../d",
	/* E */ BUNDLE_AT,
};

/* Directories that an install may have made. */
static const char *const made_dirs[] = {"/etc", "/etc/ssl", HASHED_AT, "/usr/local/share", DROPIN_AT};

static const mode_t modes[] = {0600, 0644, 0700, 0755};
static const uid_t owners[] = {0, 1000};
/* clang-format on */

enum { N_PATHS = ARRAY_SIZE(paths), N_TEXTS = ARRAY_SIZE(texts) };

struct edit {
	unsigned op;
	unsigned from; /* of paths; what most edits are about */
	unsigned to;   /* of paths */
	unsigned how;
};

/* What stands at a path in each tree; 0 is nothing. */
struct look {
	mode_t type[EDITS_TREES];
};

struct player {
	const char *const *trees;
	int host;
	bool made[ARRAY_SIZE(made_dirs)]; /* by the install */
	bool was_file[N_PATHS];           /* at T0 */
	bool spoilt[N_PATHS];             /* the edit of a file of ours left something there */
	bool any_spoilt;
	bool hashed;     /* the user has made a hash link */
	bool has_read;   /* and written what he read */
	struct buf *log; /* borrowed */
};

void edits_init(const struct authority *ours)
{
	struct err e = ERR_NONE;

	fuzz_promise(
		names_dropin(ours, DROPIN_AT, ".crt", dropin, sizeof(dropin), &e) == 0 &&
			names_dropin(ours, HASHED_AT, ".pem", pem_link, sizeof(pem_link), &e) == 0,
		"%s", e.msg);
	snprintf(hash_0, sizeof(hash_0), HASHED_AT "/%08x.0", ours->subject_hash);
	snprintf(hash_1, sizeof(hash_1), HASHED_AT "/%08x.1", ours->subject_hash);
}

/* ---- a look into both ---------------------------------------------------------------- */

static void enter(const struct player *p, size_t tree)
{
	fuzz_promise(chroot(p->trees[tree]) == 0 && chdir("/") == 0, "%m");
}

static void leave(const struct player *p)
{
	fuzz_promise(fchdir(p->host) == 0 && chroot(".") == 0, "%m");
}

static struct look look_at(const struct player *p, const char *path)
{
	struct look l = {0};

	for (size_t i = 0; i < EDITS_TREES; i++) {
		struct stat st;

		enter(p, i);
		if (lstat(path, &st) == 0)
			l.type[i] = st.st_mode & S_IFMT;
		leave(p);
	}
	return l;
}

static bool same(const struct look *l)
{
	return l->type[EDITS_WITH] == l->type[EDITS_ALONE];
}

static bool both(const struct look *l, mode_t type)
{
	return same(l) && l->type[EDITS_WITH] == type;
}

static bool only_ours(const struct look *l)
{
	return l->type[EDITS_WITH] && !l->type[EDITS_ALONE];
}

/* Can a new file or link take its place? */
static bool replaceable(const struct look *l)
{
	return (same(l) || only_ours(l)) && l->type[EDITS_WITH] != S_IFDIR;
}

static void read_both(const struct player *p, const char *path, struct buf ret[EDITS_TREES])
{
	for (size_t i = 0; i < EDITS_TREES; i++) {
		enter(p, i);
		io_read_file_at(AT_FDCWD, path, &ret[i], NULL);
		leave(p);
	}
}

static size_t count_of(const struct buf *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text->n ? text->data : NULL; at && (at = strstr(at, what)); n++)
		at += strlen(what);
	return n;
}

/* How many bytes have both files in common, from the beginning? */
static size_t common(const struct player *p, const char *path)
{
	struct buf text[EDITS_TREES] = {BUF(1 << 20), BUF(1 << 20)};
	size_t n = 0;

	read_both(p, path, text);
	while (n < text[0].n && n < text[1].n && text[0].data[n] == text[1].data[n])
		n++;
	buf_done(&text[0]);
	buf_done(&text[1]);
	return n;
}

static size_t count_entries(const struct player *p, const char *dir)
{
	size_t n = 0;
	DIR *d;

	enter(p, EDITS_ALONE);
	d = opendir(dir);
	while (d && io_next_entry(d))
		n++;
	if (d)
		closedir(d);
	leave(p);
	return n;
}

/* ---- what isn't played: docs/undo.md --------------------------------------------------- */

/* A file of ours that was moved or linked is only in one of the trees. */
static bool is_below_spoilt(const struct player *p, unsigned path)
{
	for (size_t i = 0; i < N_PATHS; i++) {
		size_t n = strlen(paths[i]);

		if (p->spoilt[i] && strncmp(paths[i], paths[path], n) == 0 && paths[path][n] == '/')
			return true;
	}
	return false;
}

static bool is_spoilt(const struct player *p, unsigned path)
{
	return p->spoilt[path] || is_below_spoilt(p, path);
}

/* "Hash links": a number is a tool's to give (do_hash); by hand one is only removed. */
static bool is_hash(unsigned path)
{
	return paths[path] == hash_0 || paths[path] == hash_1;
}

/*
 * "mkdir -p of a directory that we had made leaves no mark": the user put something there, and it
 * is the last to leave.
 */
static bool empties_made(const struct player *p, unsigned path)
{
	char parent[LIMIT_PATH];

	path_parent(paths[path], parent);
	for (size_t i = 0; i < ARRAY_SIZE(made_dirs); i++)
		if (p->made[i] && strcmp(made_dirs[i], parent) == 0)
			return count_entries(p, parent) == 1;
	return false;
}

/*
 * "Our certificate in a bundle that the user writes anew ... goes": he may append his own copy
 * where ours is, and nowhere else. "A process that reads the stores writes what it read": then one
 * copy is as good as the other.
 */
static bool may_copy(const struct player *p, unsigned path)
{
	struct buf text[EDITS_TREES] = {BUF(1 << 20), BUF(1 << 20)};
	bool may;

	if (p->has_read || strcmp(paths[path], BUNDLE_AT) != 0)
		return false;
	read_both(p, paths[path], text);
	may = count_of(&text[EDITS_WITH], AUTHORITY_ONE) ==
	      count_of(&text[EDITS_ALONE], AUTHORITY_ONE) + 1;
	buf_done(&text[0]);
	buf_done(&text[1]);
	return may;
}

/* "A process that reads the stores": what only the install has can be replaced, not looked at. */
static bool may_write(const struct player *p, const struct edit *e, const struct look *from)
{
	if (is_hash(e->from) || is_spoilt(p, e->from) || texts[e->how % N_TEXTS] == copy)
		return false;
	return same(from) || (only_ours(from) && from->type[EDITS_WITH] == S_IFREG);
}

static bool may_replace(const struct player *p, const struct edit *e, const struct look *from)
{
	return !is_hash(e->from) && !is_spoilt(p, e->from) && replaceable(from) &&
	       texts[e->how % N_TEXTS] != copy;
}

static bool may_append(const struct player *p, const struct edit *e, const struct look *from)
{
	struct edit plain = *e;

	if (texts[e->how % N_TEXTS] == copy && !may_copy(p, e->from))
		return false;
	if (only_ours(from) && !texts[e->how % N_TEXTS][0])
		return false; /* "a path that exists only because of us": touched, it stays ours */
	plain.how = 0;
	return may_write(p, &plain, from);
}

static bool may_prepend(const struct player *p, const struct edit *e, const struct look *from)
{
	return both(from, S_IFREG) && !is_spoilt(p, e->from) && texts[e->how % N_TEXTS] != copy;
}

/* "A size set by number": before anything of ours only. */
static bool may_truncate(const struct player *p, const struct edit *e, const struct look *from)
{
	if (!both(from, S_IFREG) || is_spoilt(p, e->from))
		return false;
	return e->how % 2 == 0 || (p->was_file[e->from] && common(p, paths[e->from]) >= CUT);
}

/* A tool leaves no gap in the numbers of hash links: none is removed below the user's own. */
static bool may_remove(const struct player *p, const struct edit *e, const struct look *from)
{
	return (same(from) || only_ours(from)) && !empties_made(p, e->from) &&
	       !is_below_spoilt(p, e->from) && !(is_hash(e->from) && p->hashed);
}

/* A directory that the install made in one that is moved is not looked for. */
static bool holds_made(const struct player *p, const char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(made_dirs); i++)
		if (p->made[i] && strncmp(made_dirs[i], dir, strlen(dir)) == 0)
			return true;
	return false;
}

static bool may_rename_dir(const struct player *p, const struct edit *e, const struct look *from,
			   const struct look *to)
{
	size_t n = strlen(paths[e->from]);

	return both(from, S_IFDIR) && both(to, 0) && !p->any_spoilt && !p->hashed &&
	       !holds_made(p, paths[e->from]) && strncmp(paths[e->from], paths[e->to], n) != 0;
}

static bool may_rename(const struct player *p, const struct edit *e, const struct look *from)
{
	const struct look to = look_at(p, paths[e->to]);
	struct look parent;
	char dir[LIMIT_PATH];

	if (e->from == e->to || is_hash(e->from) || is_hash(e->to) || is_spoilt(p, e->from) ||
	    is_spoilt(p, e->to) || empties_made(p, e->from) || from->type[EDITS_WITH] == 0)
		return false;
	if (from->type[EDITS_WITH] == S_IFDIR)
		return may_rename_dir(p, e, from, &to);
	path_parent(paths[e->to], dir);
	parent = look_at(p, dir);
	if (only_ours(from))
		return both(&to, 0) && both(&parent, S_IFDIR);
	return same(from) && replaceable(&to);
}

static bool may_link(const struct player *p, const struct edit *e, const struct look *from)
{
	return from->type[EDITS_WITH] == S_IFREG && may_rename(p, e, from);
}

/* "mkdir -p of a directory that we had made leaves no mark" */
static bool may_make(const struct player *p, const struct edit *e, const struct look *from)
{
	return same(from) && !is_spoilt(p, e->from) && !is_hash(e->from);
}

static bool may_set(const struct player *p, const struct edit *e, const struct look *from)
{
	return may_make(p, e, from) && from->type[EDITS_WITH] && !both(from, S_IFLNK);
}

static bool may_symlink(const struct player *p, const struct edit *e, const struct look *from)
{
	return !is_hash(e->from) && !is_spoilt(p, e->from) && replaceable(from);
}

/* One is enough, of a certificate that isn't another one's copy. */
static bool may_hash(const struct player *p, const struct edit *e, const struct look *from)
{
	const struct look dir = look_at(p, HASHED_AT);

	(void)e, (void)from;
	return !p->hashed && both(&dir, S_IFDIR);
}

/* ---- the edits, in a tree ---------------------------------------------------------------- */

static int result(int r)
{
	return r < 0 ? -errno : 0;
}

static void make_parent(const char *path)
{
	char parent[LIMIT_PATH];

	path_parent(path, parent);
	io_mkdir_p(parent, 0755, NULL);
}

static int put(const char *path, const char *text, size_t n, int flags)
{
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0644);

	return fd < 0 ? -errno : io_write_all(fd, text, n, NULL);
}

static int put_text(const struct edit *e, int flags)
{
	const char *text = texts[e->how % N_TEXTS];

	make_parent(paths[e->from]);
	return put(paths[e->from], text, strlen(text), flags);
}

static int do_write(const struct edit *e)
{
	return put_text(e, O_TRUNC);
}

static int do_replace(const struct edit *e)
{
	unlink(paths[e->from]);
	return put_text(e, O_EXCL);
}

static int do_append(const struct edit *e)
{
	return put_text(e, O_APPEND);
}

static int do_prepend(const struct edit *e)
{
	cleanup_buf struct buf text = BUF(1 << 20);

	buf_addf(&text, NULL, "%s", texts[e->how % N_TEXTS]);
	io_read_file_at(AT_FDCWD, paths[e->from], &text, NULL);
	return put(paths[e->from], text.data ? text.data : "", text.n, O_TRUNC);
}

static int do_truncate(const struct edit *e)
{
	return result(truncate(paths[e->from], e->how % 2 ? CUT : 0));
}

static int do_remove(const struct edit *e)
{
	int r = result(unlink(paths[e->from]));

	if (r == -EISDIR)
		r = io_remove_tree_at(AT_FDCWD, paths[e->from], NULL);
	return r == -ENOENT ? 0 : r;
}

static int do_rename(const struct edit *e)
{
	make_parent(paths[e->to]);
	return result(rename(paths[e->from], paths[e->to]));
}

static int do_link(const struct edit *e)
{
	make_parent(paths[e->to]);
	unlink(paths[e->to]);
	return result(link(paths[e->from], paths[e->to]));
}

static int do_mkdir(const struct edit *e)
{
	make_parent(paths[e->from]);
	return result(mkdir(paths[e->from], 0755));
}

static int do_chmod(const struct edit *e)
{
	return result(chmod(paths[e->from], modes[e->how % ARRAY_SIZE(modes)]));
}

static int do_chown(const struct edit *e)
{
	return result(chown(paths[e->from], owners[e->how % ARRAY_SIZE(owners)], 50));
}

static int do_symlink(const struct edit *e)
{
	make_parent(paths[e->from]);
	unlink(paths[e->from]);
	return result(symlink(targets[e->how % ARRAY_SIZE(targets)], paths[e->from]));
}

/* As openssl rehash: the lowest number that is free. */
static int do_hash(const struct edit *e)
{
	char path[sizeof(hash_0)];
	int r;

	(void)e;
	memcpy(path, hash_0, sizeof(path));
	do
		r = result(symlink("mine.pem", path));
	while (r == -EEXIST && path[strlen(path) - 1]++ < '9');
	return r;
}

/* clang-format off */
static const struct {
	const char *name;
	bool (*may)(const struct player *p, const struct edit *e, const struct look *from);
	int (*play)(const struct edit *e);
} ops[] = {
	/* A */ {"write", may_write, do_write},
	/* B */ {"replace", may_replace, do_replace},
	/* C */ {"append", may_append, do_append},
	/* D */ {"prepend", may_prepend, do_prepend},
	/* E */ {"truncate", may_truncate, do_truncate},
	/* F */ {"remove", may_remove, do_remove},
	/* G */ {"rename", may_rename, do_rename},
	/* H */ {"link", may_link, do_link},
	/* I */ {"mkdir", may_make, do_mkdir},
	/* J */ {"chmod", may_set, do_chmod},
	/* K */ {"chown", may_set, do_chown},
	/* L */ {"symlink", may_symlink, do_symlink},
	/* M */ {"hash", may_hash, do_hash},
};
/* clang-format on */

/* ---- the play ------------------------------------------------------------------------------ */

static int play_in(const struct player *p, size_t tree, const struct edit *e)
{
	int r;

	enter(p, tree);
	r = ops[e->op].play(e);
	leave(p);
	return r;
}

/* What only the install has is moved or linked: the other tree has nothing there. */
static void spoil(struct player *p, const struct edit *e)
{
	play_in(p, EDITS_WITH, e);
	p->spoilt[e->from] = p->spoilt[e->to] = p->any_spoilt = true;
}

static void play(struct player *p, const struct edit *e)
{
	const struct look from = look_at(p, paths[e->from]);
	int r;

	if (!ops[e->op].may(p, e, &from))
		return;
	buf_addf(p->log, NULL, "%s %s %s %u\n", ops[e->op].name, paths[e->from], paths[e->to],
		 e->how);
	if (only_ours(&from) && (ops[e->op].play == do_rename || ops[e->op].play == do_link)) {
		spoil(p, e);
		return;
	}
	p->hashed |= ops[e->op].play == do_hash;
	p->has_read |= ops[e->op].play == do_prepend;
	r = play_in(p, EDITS_WITH, e);
	fuzz_promise(r == play_in(p, EDITS_ALONE, e), "%s of '%s': one is %d", ops[e->op].name,
		     paths[e->from], r);
}

static void look_around(struct player *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(made_dirs); i++) {
		const struct look l = look_at(p, made_dirs[i]);

		p->made[i] = only_ours(&l);
	}
	for (size_t i = 0; i < N_PATHS; i++) {
		const struct look l = look_at(p, paths[i]);

		p->was_file[i] = both(&l, S_IFREG);
	}
}

void edits_play(struct fuzz_input *in, const char *const trees[EDITS_TREES], struct buf *log)
{
	cleanup_close int host = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct player p = {.trees = trees, .host = host, .log = log};

	fuzz_promise(host >= 0, "%m");
	look_around(&p);
	for (size_t i = 0; i < MAX_EDITS && in->n > 0; i++) {
		struct edit e = {.op = edits_letter(in, ARRAY_SIZE(ops))};

		e.from = edits_letter(in, N_PATHS);
		e.to = edits_letter(in, N_PATHS);
		e.how = edits_letter(in, 26);
		play(&p, &e);
	}
}
