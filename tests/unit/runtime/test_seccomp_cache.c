/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are kept in memory (seccomp_cache.c) and on the disk (seccomp_store.c). */
#include "runtime/seccomp_cache.h"

#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/limits.h"
#include "runtime/seccomp_key.h"
#include "runtime/seccomp_library.h"
#include "runtime/seccomp_store.h"
#include "tests/support/suite.h"
#include "tests/unit/runtime/policy.h"

static char top[] = "/tmp/anchord-seccomp-XXXXXX";
static char directory[64]; /* below it, not made yet */
static struct buf key;

static void setup(void)
{
	suite_need_root();
	strcpy(top, "/tmp/anchord-seccomp-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(directory, sizeof(directory), "%s/a/programs", top);
	key = BUF(LIMIT_SECCOMP_KEY);
}

static void teardown(void)
{
	struct err e = ERR_NONE;

	buf_done(&key);
	ck_ok(io_remove_tree_at(AT_FDCWD, top, &e), e);
}

/* A program that returns @k, and the key of a policy with that default errno. */
static struct sock_filter code[2];
static struct sock_fprog program;

static void make(unsigned k)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(k));
	struct err e = ERR_NONE;

	buf_clear(&key);
	ck_ok(seccomp_key(p, &key, &e), e);
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	code[1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(k));
	program = (struct sock_fprog){.len = 2, .filter = code};
	seccomp_policy_free(p);
}

static bool loads(void)
{
	struct sock_fprog got = {0};

	if (!seccomp_store_load(directory, &key, &got))
		return false;
	ck_assert_uint_eq(got.len, program.len);
	ck_assert_mem_eq(got.filter, program.filter, program.len * sizeof(*got.filter));
	seccomp_program_done(&got);
	return true;
}

/* The only file; the name is in ret, relative to the working directory. */
static void only_file(char ret[PATH_MAX])
{
	DIR *d = opendir(directory);
	struct dirent *entry;
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while ((entry = io_next_entry(d))) {
		snprintf(ret, PATH_MAX, "%.60s/%s", directory, entry->d_name);
		n++;
	}
	closedir(d);
	ck_assert_int_eq(n, 1);
}

static size_t count_files(void)
{
	DIR *d = opendir(directory);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (io_next_entry(d))
		n++;
	closedir(d);
	return n;
}

/* ---- keys ----------------------------------------------------------------------------- */

static void change_nothing(struct seccomp_policy *p)
{
	p->flags = SECCOMP_FILTER_FLAG_LOG; /* isn't part of the program */
}

static void change_default(struct seccomp_policy *p)
{
	p->default_action = SCMP_ACT_LOG;
}

static void change_action(struct seccomp_policy *p)
{
	p->rules[0].action = SCMP_ACT_KILL_THREAD;
}

static void change_name(struct seccomp_policy *p)
{
	p->rules[0].names.v[0][0] = 'b';
}

static void change_value(struct seccomp_policy *p)
{
	p->rules[1].conditions[0].second++;
}

static void change_architecture(struct seccomp_policy *p)
{
	policy_architecture(p, "SCMP_ARCH_X86");
}

static void key_of(void (*change)(struct seccomp_policy *p), struct buf *ret)
{
	static const struct seccomp_condition c = {1, SCMP_CMP_MASKED_EQ, 3, 1};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct err e = ERR_NONE;

	policy_call(p, "accept bind", SCMP_ACT_ERRNO(EPERM));
	policy_rule(p, "connect", SCMP_ACT_ERRNO(EPERM), &c, 1);
	if (change)
		change(p);
	ck_ok(seccomp_key(p, ret, &e), e);
	seccomp_policy_free(p);
}

START_TEST(policies_that_differ_have_different_keys)
{
	void (*const changes[])(struct seccomp_policy * p) = {
		change_default, change_action, change_name, change_value, change_architecture};
	struct buf plain = BUF(LIMIT_SECCOMP_KEY), same = BUF(LIMIT_SECCOMP_KEY);

	key_of(NULL, &plain);
	key_of(change_nothing, &same);
	ck_assert_uint_eq(plain.n, same.n);
	ck_assert_mem_eq(plain.data, same.data, plain.n);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct buf changed = BUF(LIMIT_SECCOMP_KEY);

		key_of(changes[i], &changed);
		ck_assert(changed.n != plain.n || memcmp(changed.data, plain.data, plain.n) != 0);
		buf_done(&changed);
	}
	buf_done(&plain);
	buf_done(&same);
}
END_TEST

/* ---- in memory ------------------------------------------------------------------------ */

static bool cached(unsigned k)
{
	struct sock_fprog got = {0};

	make(k);
	if (!seccomp_cache_find(&key, &got))
		return false;
	ck_assert_uint_eq(got.filter[1].k, SCMP_ACT_ERRNO(k));
	ck_assert_ptr_ne(got.filter, code);
	seccomp_program_done(&got);
	return true;
}

START_TEST(the_program_that_was_not_asked_for_longest_goes_first)
{
	ck_assert(!cached(1));
	for (unsigned k = 1; k <= LIMIT_SECCOMP_PROGRAMS; k++) {
		make(k);
		seccomp_cache_keep(&key, &program);
		seccomp_cache_keep(&key, &program); /* passed over */
	}
	ck_assert_uint_eq(seccomp_cache_size(), LIMIT_SECCOMP_PROGRAMS);
	ck_assert(cached(1));
	make(1000);
	seccomp_cache_keep(&key, &program);
	ck_assert_uint_eq(seccomp_cache_size(), LIMIT_SECCOMP_PROGRAMS);
	ck_assert(cached(1));
	ck_assert(!cached(2));
	ck_assert(cached(3));
	ck_assert(cached(1000));
}
END_TEST

static void *compile_many(void *arg)
{
	(void)arg;
	for (unsigned k = 1; k < 200; k++) {
		struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(k % 90));
		struct sock_fprog got = {0};
		struct err e = ERR_NONE;

		policy_call(p, "read", SCMP_ACT_ALLOW);
		ck_ok(seccomp_compile(p, NULL, &got, &e), e);
		seccomp_program_done(&got);
		seccomp_policy_free(p);
	}
	return NULL;
}

START_TEST(threads_share_the_programs)
{
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, compile_many, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(seccomp_cache_size(), LIMIT_SECCOMP_PROGRAMS);
}
END_TEST

/* ---- on the disk ---------------------------------------------------------------------- */

START_TEST(what_was_saved_is_loaded)
{
	char file[PATH_MAX];
	struct stat st;

	make(1);
	ck_assert(!loads());
	seccomp_store_save(directory, &key, &program);
	ck_assert(loads());
	ck_assert_int_eq(stat(directory, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0700);
	only_file(file);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	make(2);
	ck_assert(!loads());
}
END_TEST

static struct seccomp_policy *reading(uint32_t action)
{
	static const struct seccomp_condition masked = {2, SCMP_CMP_MASKED_EQ, 7ull << 31,
							1ull << 31};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct err e = ERR_NONE;

	policy_rule(p, "read", action, &masked, 1);
	buf_clear(&key);
	ck_ok(seccomp_key(p, &key, &e), e);
	return p;
}

START_TEST(a_compiled_policy_is_saved)
{
	struct seccomp_policy *p = reading(SCMP_ACT_LOG);
	struct err e = ERR_NONE;

	ck_ok(seccomp_compile(p, directory, &program, &e), e);
	ck_assert(loads());
	seccomp_program_done(&program);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(a_saved_program_is_what_another_process_gets)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(9));
	struct sock_fprog got = {0};
	struct err e = ERR_NONE;

	make(9);
	code[1].k = SCMP_ACT_LOG; /* not what would be made */
	seccomp_store_save(directory, &key, &program);
	ck_ok(seccomp_compile(p, directory, &got, &e), e);
	ck_assert_uint_eq(got.len, 2);
	ck_assert_uint_eq(got.filter[1].k, SCMP_ACT_LOG);
	seccomp_program_done(&got);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(programs_of_libseccomp_can_be_saved)
{
	struct seccomp_policy *p = reading(SCMP_ACT_TRAP);
	struct err e = ERR_NONE;

	ck_ok(seccomp_library_compile(p, &program, &e), e);
	seccomp_store_save(directory, &key, &program);
	ck_assert(loads());
	seccomp_program_done(&program);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(a_directory_that_cannot_be_made_is_no_error)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct sock_fprog got = {0};
	struct err e = ERR_NONE;

	ck_ok(seccomp_compile(p, "/proc/self/no/such", &got, &e), e);
	ck_assert_str_eq(e.msg, "");
	seccomp_program_done(&got);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(a_damaged_file_is_ignored_and_replaced)
{
	char file[PATH_MAX];
	struct stat st;

	make(1);
	seccomp_store_save(directory, &key, &program);
	only_file(file);
	ck_assert_int_eq(stat(file, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		int fd = open(file, O_RDWR);
		unsigned char byte;

		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= 0x40;
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		ck_assert_msg(!loads(), "byte %lld", (long long)at);
		seccomp_store_save(directory, &key, &program);
		ck_assert(loads());
	}
	for (off_t size = 0; size < st.st_size; size++) {
		ck_assert_int_eq(truncate(file, size), 0);
		ck_assert_msg(!loads(), "size %lld", (long long)size);
	}
	ck_assert_int_eq(truncate(file, st.st_size + 8), 0);
	ck_assert(!loads());
	seccomp_store_save(directory, &key, &program);
	ck_assert(loads());
}
END_TEST

START_TEST(an_instruction_that_no_program_has_is_not_loaded)
{
	static const struct sock_filter bad[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64),       /* behind the data */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2),        /* between words */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),        /* the kernel wants words */
		BPF_STMT(BPF_JMP | BPF_JA, 1),                /* out of the program */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), /* out of the program */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 0), /* nobody sets X */
		BPF_STMT(BPF_RET | BPF_A, 0),                 /* what the caller says */
		BPF_STMT(BPF_ST, 0),
		BPF_STMT(0xffff, 0),
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		make(1);
		code[0] = bad[i];
		seccomp_store_save(directory, &key, &program);
		ck_assert_msg(!loads(), "instruction %zu", i);
	}
	make(1);
	program.len = 1; /* it doesn't end in a return */
	seccomp_store_save(directory, &key, &program);
	ck_assert(!loads());
	program.len = 0;
	seccomp_store_save(directory, &key, &program);
	ck_assert(!loads());
}
END_TEST

START_TEST(a_file_that_others_could_have_written_is_ignored)
{
	char file[PATH_MAX], other[PATH_MAX + 8];

	make(1);
	seccomp_store_save(directory, &key, &program);
	only_file(file);
	ck_assert_int_eq(chmod(file, 0620), 0);
	ck_assert(!loads());
	ck_assert_int_eq(chmod(file, 0602), 0);
	ck_assert(!loads());
	ck_assert_int_eq(chmod(file, 0600) | chown(file, 65534, 0), 0);
	ck_assert(!loads());
	ck_assert_int_eq(chown(file, 0, 0), 0);
	ck_assert(loads());
	snprintf(other, sizeof(other), "%s.moved", file);
	ck_assert_int_eq(rename(file, other) | symlink(other, file), 0);
	ck_assert(!loads());
	seccomp_store_save(directory, &key, &program); /* replaces the link, not what it leads to */
	ck_assert(loads());
}
END_TEST

START_TEST(a_directory_of_others_is_not_used)
{
	char link[sizeof(directory)];

	make(1);
	seccomp_store_save(directory, &key, &program);
	ck_assert_int_eq(chmod(directory, 0770), 0);
	ck_assert(!loads());
	make(2);
	seccomp_store_save(directory, &key, &program);
	ck_assert_uint_eq(count_files(), 1);
	ck_assert_int_eq(chmod(directory, 0700) | chown(directory, 65534, 0), 0);
	seccomp_store_save(directory, &key, &program);
	ck_assert_uint_eq(count_files(), 1);
	make(1);
	ck_assert(!loads());
	ck_assert_int_eq(chown(directory, 0, 0), 0);
	ck_assert(loads());
	snprintf(link, sizeof(link), "%.40s/link", top);
	ck_assert_int_eq(symlink(directory, link), 0);
	strcpy(directory, link);
	ck_assert(!loads());
}
END_TEST

START_TEST(the_oldest_files_go_and_those_of_others_stay)
{
	char foreign[PATH_MAX];
	int fd;

	make(1);
	seccomp_store_save(directory, &key, &program);
	snprintf(foreign, sizeof(foreign), "%s/notes", directory);
	fd = open(foreign, O_WRONLY | O_CREAT, 0600);
	close(fd);
	for (unsigned k = 2; k <= LIMIT_SECCOMP_PROGRAMS + 10; k++) {
		char file[PATH_MAX];
		struct timespec when[2] = {{.tv_sec = k}, {.tv_sec = k}};

		make(k);
		seccomp_store_save(directory, &key, &program);
		snprintf(file, sizeof(file), "%s/%016llx.bpf", directory,
			 (unsigned long long)seccomp_hash(SECCOMP_HASH_START, key.data, key.n));
		ck_assert_int_eq(utimensat(AT_FDCWD, file, when, 0), 0);
	}
	ck_assert_uint_eq(count_files(), LIMIT_SECCOMP_PROGRAMS + 1);
	ck_assert_int_eq(access(foreign, F_OK), 0);
	make(LIMIT_SECCOMP_PROGRAMS + 10);
	ck_assert(loads());
	make(5);
	ck_assert(!loads());
}
END_TEST

/* ---- by the text of its rules --------------------------------------------------------- */

#define RULES "[{\"names\": [\"read\"]}]"

/* As a reader of documents would: the rules follow when they aren't known. */
static bool recalls(struct seccomp_policy *p, const char *text)
{
	bool is_known = seccomp_recall(p, directory, text, strlen(text));

	ck_assert_int_eq(is_known, p->program.len > 0);
	if (!is_known)
		policy_call(p, "read", SCMP_ACT_TRAP);
	return is_known;
}

START_TEST(rules_of_a_known_text_need_not_be_read)
{
	struct seccomp_policy *first = policy(SCMP_ACT_ALLOW), *second = policy(SCMP_ACT_ALLOW);
	struct sock_fprog made = {0}, got = {0};
	struct err e = ERR_NONE;

	ck_assert(!recalls(first, RULES));
	ck_ok(seccomp_compile(first, directory, &made, &e), e);
	ck_assert(recalls(second, RULES));
	ck_ok(seccomp_compile(second, directory, &got, &e), e);
	ck_assert_uint_eq(got.len, made.len);
	ck_assert_mem_eq(got.filter, made.filter, made.len * sizeof(*made.filter));
	seccomp_program_done(&made);
	seccomp_program_done(&got);
	seccomp_policy_free(first);
	seccomp_policy_free(second);
}
END_TEST

START_TEST(a_text_of_another_policy_is_another_text)
{
	struct seccomp_policy *p[] = {policy(SCMP_ACT_ALLOW), policy(SCMP_ACT_ALLOW),
				      policy(SCMP_ACT_LOG), policy(SCMP_ACT_ALLOW)};
	struct err e = ERR_NONE;

	recalls(p[0], RULES);
	ck_ok(seccomp_compile(p[0], directory, &program, &e), e);
	ck_assert(!recalls(p[1], RULES " "));
	ck_assert(!recalls(p[2], RULES));
	policy_architecture(p[3], "SCMP_ARCH_X86");
	ck_assert(!recalls(p[3], RULES));
	seccomp_program_done(&program);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		seccomp_policy_free(p[i]);
}
END_TEST

/* The filter of a listener is asked for by rules, which say who listens. */
START_TEST(rules_that_notify_are_not_kept_by_their_text)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW), *next = policy(SCMP_ACT_ALLOW);
	struct err e = ERR_NONE;

	ck_assert(!seccomp_recall(p, directory, RULES, strlen(RULES)));
	policy_call(p, "read", SCMP_ACT_NOTIFY);
	ck_ok(seccomp_compile(p, directory, &program, &e), e);
	ck_assert(!recalls(next, RULES));
	seccomp_program_done(&program);
	seccomp_policy_free(p);
	seccomp_policy_free(next);
}
END_TEST

SUITE("runtime/seccomp_cache", setup, teardown, policies_that_differ_have_different_keys,
      the_program_that_was_not_asked_for_longest_goes_first, threads_share_the_programs,
      what_was_saved_is_loaded, a_compiled_policy_is_saved,
      a_saved_program_is_what_another_process_gets, programs_of_libseccomp_can_be_saved,
      a_directory_that_cannot_be_made_is_no_error, a_damaged_file_is_ignored_and_replaced,
      an_instruction_that_no_program_has_is_not_loaded,
      a_file_that_others_could_have_written_is_ignored, a_directory_of_others_is_not_used,
      the_oldest_files_go_and_those_of_others_stay, rules_of_a_known_text_need_not_be_read,
      a_text_of_another_policy_is_another_text, rules_that_notify_are_not_kept_by_their_text)
