/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_store.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "runtime/seccomp_key.h"

#define MAGIC  "anchord\nseccomp" /* with its NUL */
#define SUFFIX ".bpf"

/* A file: this, the key, the instructions. */
struct head {
	char magic[sizeof(MAGIC)];
	uint64_t checksum; /* of all that follows, and of the two lengths */
	uint64_t n_key;    /* bytes */
	uint64_t n_code;   /* bytes */
};

#define FILE_MAX                                                                                   \
	(sizeof(struct head) + LIMIT_SECCOMP_KEY + BPF_MAXINSNS * sizeof(struct sock_filter))

enum { NAME_DIGITS = 16, NAME_SIZE = 64 };

static void name_of(const struct buf *key, char ret[NAME_SIZE])
{
	unsigned long long hash = seccomp_hash(SECCOMP_HASH_START, key->data, key->n);

	snprintf(ret, NAME_SIZE, "%0*llx" SUFFIX, NAME_DIGITS, hash);
}

/* Files that are being written have more behind the suffix. */
static bool is_ours(const char *name)
{
	return strspn(name, "0123456789abcdef") == NAME_DIGITS &&
	       strncmp(name + NAME_DIGITS, SUFFIX, strlen(SUFFIX)) == 0;
}

static uint64_t checksum(const struct head *head, const void *key, const void *code)
{
	uint64_t hash = seccomp_hash(SECCOMP_HASH_START, &head->n_key, 2 * sizeof(uint64_t));

	hash = seccomp_hash(hash, key, head->n_key);
	return seccomp_hash(hash, code, head->n_code);
}

/* ---- the directory -------------------------------------------------------------------- */

static bool only_root_writes(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == 0 &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_directory(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && only_root_writes(fd, S_IFDIR) ? take_fd(&fd) : -EBADF;
}

/* Count our files; the name of the oldest one. */
static size_t oldest(int dirfd, char ret[NAME_MAX + 1])
{
	cleanup_closedir DIR *d = NULL;
	cleanup_close int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct timespec first = {0};
	struct dirent *entry;
	struct stat st;
	size_t n = 0;

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d)
		return 0;
	copy = -EBADF; /* owned by d */
	while ((entry = io_next_entry(d))) {
		const struct timespec *t = &st.st_mtim;

		if (!is_ours(entry->d_name) ||
		    fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (n++ == 0 || t->tv_sec < first.tv_sec ||
		    (t->tv_sec == first.tv_sec && t->tv_nsec < first.tv_nsec)) {
			first = *t;
			strcpy(ret, entry->d_name);
		}
	}
	return n;
}

static void remove_oldest(int dirfd)
{
	char name[NAME_MAX + 1];

	/* One more than allowed is usual; what else there may be goes with the next ones. */
	for (int i = 0; i < LIMIT_SECCOMP_PROGRAMS; i++)
		if (oldest(dirfd, name) <= LIMIT_SECCOMP_PROGRAMS || unlinkat(dirfd, name, 0) < 0)
			return;
}

/* ---- reading -------------------------------------------------------------------------- */

static bool good_jump(const struct sock_filter *x, size_t left)
{
	switch (BPF_OP(x->code)) {
	case BPF_JA:
		return x->k < left;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
		return BPF_SRC(x->code) == BPF_K && x->jt < left && x->jf < left;
	default:
		return false;
	}
}

/* What both ways of making a program use; the kernel allows more. @left: how many follow. */
static bool good_instruction(const struct sock_filter *x, size_t left)
{
	switch (BPF_CLASS(x->code)) {
	case BPF_LD:
		return x->code == (BPF_LD | BPF_W | BPF_ABS) && x->k % 4 == 0 &&
		       x->k < sizeof(struct seccomp_data) && left > 0;
	case BPF_ALU:
		return x->code == (BPF_ALU | BPF_AND | BPF_K) && left > 0;
	case BPF_JMP:
		return good_jump(x, left);
	case BPF_RET:
		return x->code == (BPF_RET | BPF_K);
	default:
		return false;
	}
}

/* All jumps go forward and inside, so it ends, in a return. */
static bool good_program(const struct sock_filter *code, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!good_instruction(&code[i], n - 1 - i))
			return false;
	return n > 0 && n <= BPF_MAXINSNS;
}

/* The instructions inside @file, if it is what was written for @key. */
static const struct sock_filter *code_of(const struct buf *file, const struct buf *key, size_t *n)
{
	struct head head;
	const char *rest;

	if (file->n < sizeof(head))
		return NULL;
	memcpy(&head, file->data, sizeof(head));
	rest = file->data + sizeof(head);
	if (memcmp(head.magic, MAGIC, sizeof(MAGIC)) != 0 || head.n_key != key->n ||
	    file->n - sizeof(head) < key->n || head.n_code != file->n - sizeof(head) - key->n ||
	    memcmp(rest, key->data, key->n) != 0 ||
	    head.checksum != checksum(&head, rest, rest + key->n))
		return NULL;
	*n = head.n_code / sizeof(struct sock_filter);
	return head.n_code % sizeof(struct sock_filter) == 0 ? (const void *)(rest + key->n) : NULL;
}

static int program_of(const struct buf *file, const struct buf *key, struct sock_fprog *ret)
{
	size_t n = 0;
	const struct sock_filter *code = code_of(file, key, &n);
	cleanup_free struct sock_filter *copy = NULL;

	if (!code)
		return 0;
	copy = malloc(n * sizeof(*copy) + 1);
	if (!copy)
		return 0;
	memcpy(copy, code, n * sizeof(*copy)); /* the key's length leaves it unaligned */
	if (!good_program(copy, n))
		return 0;
	*ret = (struct sock_fprog){.len = (unsigned short)n, .filter = take_ptr(copy)};
	return 1;
}

int seccomp_store_load(const char *directory, const struct buf *key, struct sock_fprog *ret)
{
	cleanup_buf struct buf file = BUF(FILE_MAX);
	cleanup_close int dirfd = open_directory(directory);
	cleanup_close int fd = -EBADF;
	char name[NAME_SIZE];

	if (dirfd < 0)
		return 0;
	name_of(key, name);
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || !only_root_writes(fd, S_IFREG) || io_read_all(fd, &file, NULL) < 0)
		return 0;
	return program_of(&file, key, ret);
}

/* ---- writing -------------------------------------------------------------------------- */

static int fill(struct buf *file, const struct buf *key, const struct sock_fprog *program)
{
	struct head head = {.magic = MAGIC,
			    .n_key = key->n,
			    .n_code = program->len * sizeof(struct sock_filter)};
	int r;

	head.checksum = checksum(&head, key->data, program->filter);
	r = buf_add(file, &head, sizeof(head), NULL);
	if (r == 0)
		r = buf_add(file, key->data, key->n, NULL);
	return r < 0 ? r : buf_add(file, program->filter, head.n_code, NULL);
}

static bool write_new(int dirfd, const char *tmp, const struct buf *file)
{
	cleanup_close int fd =
		openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd >= 0 && io_write_all(fd, file->data, file->n, NULL) == 0;
}

void seccomp_store_save(const char *directory, const struct buf *key,
			const struct sock_fprog *program)
{
	static atomic_uint n_written; /* threads write different files */
	cleanup_buf struct buf file = BUF(FILE_MAX);
	cleanup_close int dirfd = -EBADF;
	char name[NAME_SIZE];
	char tmp[2 * NAME_SIZE];

	if (io_mkdir_p(directory, 0700, NULL) < 0 || fill(&file, key, program) < 0)
		return;
	dirfd = open_directory(directory);
	if (dirfd < 0)
		return;
	name_of(key, name);
	snprintf(tmp, sizeof(tmp), "%s.%d.%u", name, getpid(), atomic_fetch_add(&n_written, 1));
	if (!write_new(dirfd, tmp, &file) || renameat(dirfd, tmp, dirfd, name) < 0)
		unlinkat(dirfd, tmp, 0);
	remove_oldest(dirfd);
}
