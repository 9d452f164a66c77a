/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cacerts/journal.h, changes.h, undo.h: a journal directory that is damaged, or was never a journal
 *
 * An input is the documents of its records, each ended by a NUL: before, after, undo; then the
 * authorities, in which '1' and '2' stand for whole certificates. A document that is JSON becomes a
 * record with a right digest; one that isn't stands in the file as it is. What must hold:
 *
 *	it is refused with a reason, or it can be saved and read again, and is the same
 *	so is the list of changes of an undo
 *	undo_run() ends, with a reason if it fails, and touches nothing outside of the rootfs; it is
 *	tried where the journal is of our own directory, and of nothing else
 */
#include "cacerts/journal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "cacerts/journal_file.h"
#include "cacerts/undo.h"
#include "tests/fuzz/authority.h"
#include "tests/fuzz/fuzz.h"

#define ROOT_AT   FUZZ_AT "/root"
#define CANARY_AT FUZZ_AT "/canary"

enum { BEFORE, AFTER, UNDO, AUTHORITIES, SECTIONS };

struct section {
	const char *text; /* borrowed from the input */
	size_t n;
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_isolate();
	return 0;
}

static void put(int dirfd, const char *name, const void *bytes, size_t n)
{
	cleanup_close int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	fuzz_promise(fd >= 0 && io_write_all(fd, bytes, n, NULL) == 0, "%s: %m", name);
}

static int make_dir(const char *path)
{
	int fd;

	fuzz_promise(mkdir(path, 0755) == 0, "%s: %m", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_promise(fd >= 0, "%s: %m", path);
	return fd;
}

static void split(const uint8_t *data, size_t n, struct section ret[SECTIONS])
{
	for (size_t i = 0; i < SECTIONS; i++) {
		const uint8_t *end = n ? memchr(data, '\0', n) : NULL;
		size_t size = end ? (size_t)(end - data) : n;

		ret[i] = (struct section){(const char *)data, size};
		data += end ? size + 1 : size;
		n -= end ? size + 1 : size;
	}
}

/* The attachments of the first record: authorities, then what contents of entries are taken of. */
static void make_data(const struct section *s, struct buf *ret, size_t *ret_n_authorities)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->text[i] == '1' || s->text[i] == '2')
			buf_addf(ret, NULL, "%s",
				 s->text[i] == '1' ? AUTHORITY_ONE : AUTHORITY_TWO);
		else
			buf_add(ret, s->text + i, 1, NULL);
	*ret_n_authorities = ret->n;
	buf_add(ret, "old\n", 4, NULL);
}

static void put_before(int dirfd, const struct section *s, const struct section *authorities)
{
	cleanup_buf struct buf data = BUF(LIMIT_JOURNAL);
	cleanup_json json_t *doc = NULL;
	size_t n;

	if (json_parse(s->text, s->n, &doc, NULL) < 0) {
		put(dirfd, "journal", s->text, s->n);
		return;
	}
	make_data(authorities, &data, &n);
	if (json_is_object(doc) && !json_object_get(doc, "n_authorities_bytes"))
		json_object_set_new(doc, "n_authorities_bytes", json_integer((json_int_t)n));
	fuzz_promise(record_create(dirfd, doc, &data, NULL, NULL) == 0, "%m");
}

static void put_more(int dirfd, enum record_kind kind, const struct section *s)
{
	cleanup_buf struct buf data = BUF(16);
	cleanup_json json_t *doc = NULL;

	buf_add(&data, "old\n", 4, NULL);
	if (s->n > 0 && json_parse(s->text, s->n, &doc, NULL) == 0)
		record_append(dirfd, kind, doc, &data, RECORD_LATER, NULL);
}

/* A section that isn't there makes no record. */
static void put_sections(int dirfd, const uint8_t *data, size_t n)
{
	struct section s[SECTIONS];

	split(data, n, s);
	if (s[BEFORE].n > 0)
		put_before(dirfd, &s[BEFORE], &s[AUTHORITIES]);
	put_more(dirfd, RECORD_AFTER, &s[AFTER]);
	put_more(dirfd, RECORD_UNDO, &s[UNDO]);
}

static void same_file(int a, int b, const char *name)
{
	cleanup_buf struct buf x = BUF(LIMIT_JOURNAL);
	cleanup_buf struct buf y = BUF(LIMIT_JOURNAL);

	fuzz_promise(io_read_file_at(a, name, &x, NULL) == 0 &&
			     io_read_file_at(b, name, &y, NULL) == 0,
		     "%s can't be read", name);
	fuzz_promise(x.n == y.n && memcmp(x.data, y.data, x.n) == 0, "%s:\n%s\nand then\n%s", name,
		     x.data, y.data);
}

/* Takes @dirfd. */
static bool load(int dirfd, struct journal *ret)
{
	struct err e = ERR_NONE;
	int r = journal_load(dirfd, ret, &e);

	fuzz_promise(r <= 0 && (r == 0 || e.msg[0]), "%d, without a reason", r);
	if (r < 0)
		close(dirfd);
	return r == 0;
}

static void save(struct journal *j, int dirfd)
{
	struct err e = ERR_NONE;
	int own = j->dirfd;

	j->dirfd = dirfd;
	j->data = BUF(LIMIT_JOURNAL);
	fuzz_promise(journal_add_authorities(j, &j->data, &e) == 0, "%s", e.msg);
	fuzz_promise(journal_save_before(j, &e) == 0, "%s", e.msg);
	buf_done(&j->data);
	if (j->installed)
		fuzz_promise(journal_save_after(j, NULL, &e) == 0, "%s", e.msg);
	j->dirfd = own;
}

static void check_journal(const struct journal *j, int first, int second)
{
	cleanup_journal struct journal again = {.dirfd = -EBADF};

	fuzz_promise(load(fcntl(first, F_DUPFD_CLOEXEC, 3), &again), "what was saved is refused");
	fuzz_promise(j->installed == again.installed && j->n == again.n, "%zu entries, then %zu",
		     j->n, again.n);
	save(&again, second);
	same_file(first, second, "journal");
}

/* The directories hold the same journal; each gets the list once more. */
static void check_changes(int from, int first, int second)
{
	cleanup_changes struct changes c = {0};
	cleanup_changes struct changes again = {0};
	struct err e = ERR_NONE;

	if (changes_load(from, &c, &e) < 0) {
		fuzz_promise(e.msg[0], "refused without a reason");
		return;
	}
	fuzz_promise(changes_save(&c, first, RECORD_LATER, &e) == 0, "%s", e.msg);
	fuzz_promise(changes_load(first, &again, &e) == 0, "%s", e.msg);
	fuzz_promise(changes_save(&again, second, RECORD_LATER, &e) == 0, "%s", e.msg);
	same_file(first, second, "journal");
}

/* Is it a bind of our own directory, and nothing else? */
static bool is_harmless(const struct journal *j)
{
	const struct mount_spec *root = j->rootfs.v;

	return j->rootfs.n == 1 && j->mounts.n == 0 && strcmp(root->type, "bind") == 0 &&
	       strcmp(root->source, ROOT_AT) == 0;
}

static void try_undo(int dirfd, bool loads)
{
	cleanup_close int root = make_dir(ROOT_AT);
	cleanup_json json_t *report = json_object();
	struct err e = ERR_NONE;
	struct stat st;
	int r;

	put(root, "motd", "old\n" AUTHORITY_ONE, 4 + strlen(AUTHORITY_ONE));
	fuzz_promise(mkdirat(root, "etc", 0755) == 0 && symlinkat("../canary", root, "up") == 0 &&
			     symlinkat("../x", root, "link") == 0,
		     "%m");
	r = undo_run(dirfd, report, &e);
	fuzz_promise(json_object_get(report, "result"), "no result");
	fuzz_promise(r == 0 || (e.dirty && e.msg[0]), "%d, without a reason", r);
	fuzz_promise(r < 0 || loads, "a damaged journal is undone");
	fuzz_promise(stat(CANARY_AT, &st) == 0 && st.st_size == 6 && st.st_mode == 0100644,
		     "the canary is gone");
	fuzz_promise(io_remove_tree_at(AT_FDCWD, ROOT_AT, &e) == 0, "%s", e.msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_close int input = make_dir(FUZZ_AT "/input");
	cleanup_close int first = make_dir(FUZZ_AT "/first");
	cleanup_close int second = make_dir(FUZZ_AT "/second");
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	bool loads;

	put(AT_FDCWD, CANARY_AT, "tweet\n", 6);
	put_sections(input, data, n);
	loads = load(fcntl(input, F_DUPFD_CLOEXEC, 3), &j);
	if (loads) {
		save(&j, first);
		check_journal(&j, first, second);
		check_changes(input, first, second);
	}
	if (loads ? is_harmless(&j) : faccessat(input, "journal", F_OK, 0) == 0)
		try_undo(input, loads);
	for (const char *name = FUZZ_AT "/input\0" FUZZ_AT "/first\0" FUZZ_AT "/second\0"; *name;
	     name += strlen(name) + 1)
		fuzz_promise(io_remove_tree_at(AT_FDCWD, name, NULL) == 0, "%s: %m", name);
	return 0;
}
