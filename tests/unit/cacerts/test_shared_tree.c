/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses a tree, and who has it open; install and undo are tested end to end. */
#include "cacerts/shared_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct tree root;
static char state[300];

static void setup(void)
{
	tree_init(&root);
	snprintf(state, sizeof(state), "%s", tree_at(&root, "state"));
}

static void teardown(void)
{
	tree_wipe(&root);
}

static void open_tree(ino_t ino, struct shared_tree *t)
{
	struct err e = ERR_NONE;

	ck_ok(shared_tree_open(state, 1, ino, (struct timespec){.tv_sec = 5}, t, &e), e);
}

/* A process that lives until it is reaped. */
static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int count(const struct shared_tree *t, const char *user)
{
	struct err e = ERR_NONE;
	int n = shared_tree_count_others(t, user, &e);

	ck_ok(n, e);
	return n;
}

static bool exists(const char *rel)
{
	struct stat st;

	return lstat(tree_at(&root, rel), &st) == 0;
}

static void use(const struct shared_tree *t, const char *user, pid_t pid)
{
	struct err e = ERR_NONE;

	ck_ok(shared_tree_use(t, user, pid, &e), e);
}

START_TEST(users_that_live_are_counted)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	pid_t pid = spawn();
	siginfo_t info;

	open_tree(7, &t);
	ck_assert_int_eq(count(&t, ""), 0);
	use(&t, "a", pid);
	use(&t, "b", getpid());
	ck_assert_int_eq(count(&t, ""), 2);
	ck_assert_int_eq(count(&t, "a"), 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(count(&t, ""), 1); /* a zombie lives no more */
	reap(pid);
	ck_assert_int_eq(count(&t, ""), 1);
	use(&t, "a", getpid());
	ck_assert_int_eq(count(&t, ""), 2);
}
END_TEST

/* A line of a user's file that isn't of a process that lives: of another start, boot, or damaged.
 */
START_TEST(whoever_is_not_that_process_does_not_count)
{
	static const char *const others[] = {"", "x", "1", "-1 5 x", "1 99999999999 x", "\n\n"};
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	cleanup_buf struct buf text = BUF(256);
	cleanup_close int users = -EBADF;
	char start[64], boot[64], line[256];
	struct err e = ERR_NONE;
	int pid;

	open_tree(7, &t);
	use(&t, "a", getpid());
	users = openat(t.fd, "users", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_ok(io_read_file_at(users, "a", &text, &e), e);
	ck_assert_int_eq(sscanf(text.data, "%d %63s %63s", &pid, start, boot), 3);
	ck_assert_int_eq(pid, getpid());
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		ck_ok(io_replace_file_at(users, "a", others[i], strlen(others[i]), 0600, &e), e);
		ck_assert_msg(count(&t, "") == 0, "'%s'", others[i]);
	}
	snprintf(line, sizeof(line), "%d %s another-boot\n", pid, start);
	ck_ok(io_replace_file_at(users, "a", line, strlen(line), 0600, &e), e);
	ck_assert_int_eq(count(&t, ""), 0);
	snprintf(line, sizeof(line), "%d 1%s %s\n", pid, start, boot);
	ck_ok(io_replace_file_at(users, "a", line, strlen(line), 0600, &e), e);
	ck_assert_int_eq(count(&t, ""), 0);
}
END_TEST

START_TEST(a_user_that_was_not_written_to_its_end_is_none)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	cleanup_strv struct strv users = STRV(4);
	char path[300];
	struct err e = ERR_NONE;

	open_tree(7, &t);
	use(&t, "a", getpid());
	snprintf(path, sizeof(path), "state/trees/%s/users/.b.tmp", t.name);
	tree_file(&root, path, "");
	ck_assert_int_eq(count(&t, ""), 1);
	ck_ok(shared_tree_users(&t, &users, &e), e);
	ck_assert_uint_eq(users.n, 1);
	ck_ok(shared_tree_remove(&t, &e), e);
}
END_TEST

START_TEST(a_user_finds_its_tree)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE, found = SHARED_TREE;
	char name[SHARED_TREE_NAME];
	struct err e = ERR_NONE;

	ck_assert_int_eq(shared_tree_open_of(state, "a", &found, &e), SHARED_TREE_NONE);
	open_tree(7, &t);
	use(&t, "a", getpid());
	strcpy(name, t.name);
	ck_assert_str_eq(name, "1-7-12a05f200");
	shared_tree_done(&t);
	ck_assert_int_eq(shared_tree_open_of(state, "a", &found, &e), 0);
	ck_assert_str_eq(found.name, name);
	ck_ok(shared_tree_leave(&found, "a", &e), e);
	ck_ok(shared_tree_leave(&found, "a", &e), e); /* again is fine */
	ck_assert_int_eq(count(&found, ""), 0);
	shared_tree_done(&found);
	ck_assert_int_eq(shared_tree_open_of(state, "a", &found, &e), SHARED_TREE_NONE);
}
END_TEST

START_TEST(a_directory_with_the_number_of_another_is_another_tree)
{
	cleanup_shared_tree struct shared_tree old = SHARED_TREE, new = SHARED_TREE;
	struct err e = ERR_NONE;

	open_tree(7, &old);
	ck_ok(shared_tree_open(state, 1, 7, (struct timespec){.tv_sec = 6}, &new, &e), e);
	ck_assert_str_ne(old.name, new.name);
}
END_TEST

START_TEST(all_leave_a_tree_that_is_removed)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE, other = SHARED_TREE;
	struct err e = ERR_NONE;

	open_tree(7, &t);
	open_tree(8, &other);
	use(&t, "dead", getpid());
	use(&t, "moved", getpid());
	use(&other, "moved", getpid());
	tree_file(&root, "state/scratch/dead/x", "x");
	tree_file(&root, "state/scratch/moved/x", "x");
	ck_ok(shared_tree_remove(&t, &e), e);
	ck_assert(!exists("state/users/dead"));
	ck_assert(!exists("state/scratch/dead"));
	ck_assert(exists("state/users/moved")); /* he uses another one by now */
	ck_assert(exists("state/scratch/moved/x"));
	ck_ok(shared_tree_remove(&other, &e), e);
	ck_assert(!exists("state/users/moved"));
}
END_TEST

START_TEST(a_link_to_a_tree_that_is_gone_goes)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	struct err e = ERR_NONE;

	tree_link(&root, "state/users/a", "1-7-5");
	tree_dir(&root, "state/trees");
	ck_assert_int_eq(shared_tree_open_of(state, "a", &t, &e), SHARED_TREE_NONE);
	ck_assert(!exists("state/users/a"));
}
END_TEST

/* Waits for the tree in another process, which then ends with 0 if it got a directory that counts.
 */
static pid_t wait_for_tree(struct shared_tree *ours, ino_t ino, int ready)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct shared_tree t = SHARED_TREE;
		struct stat open, named;
		char path[LIMIT_PATH];

		shared_tree_done(ours); /* the lock is that of the description, which we have too */
		if (write(ready, "x", 1) != 1 ||
		    shared_tree_open(state, 1, ino, (struct timespec){.tv_sec = 5}, &t, NULL) < 0)
			_exit(1);
		snprintf(path, sizeof(path), "%s/trees/%s", state, t.name);
		_exit(fstat(t.fd, &open) == 0 && stat(path, &named) == 0 &&
				      open.st_ino == named.st_ino && open.st_nlink > 0
			      ? 0
			      : 2);
	}
	return pid;
}

static bool has_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

START_TEST(who_has_it_open_is_waited_for_also_when_he_removes_it)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE, tried = SHARED_TREE;
	struct err e = ERR_NONE;
	int ends[2], status = 0;
	char byte, name[SHARED_TREE_NAME];
	pid_t pid;

	open_tree(7, &t);
	strcpy(name, t.name);
	ck_assert_int_eq(shared_tree_open_named(state, name, &tried, &e), SHARED_TREE_BUSY);
	ck_assert_int_eq(pipe(ends), 0);
	pid = wait_for_tree(&t, 7, ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	usleep(50000);
	ck_assert(!has_ended(pid, &status));
	ck_ok(shared_tree_remove(&t, &e), e);
	shared_tree_done(&t);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(shared_tree_open_named(state, name, &tried, &e), 0);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(names_are_checked)
{
	static const char *const users[] = {"", ".", "..", ".a", "a/b", "../a"};
	static const char *const trees[] = {".", "..", "a/b", "../x"};
	cleanup_shared_tree struct shared_tree t = SHARED_TREE, named = SHARED_TREE;
	char longest[LIMIT_TREE_USER + 1];
	struct err e = ERR_NONE;

	open_tree(7, &t);
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		ck_assert_int_eq(shared_tree_use(&t, users[i], getpid(), &e), -EINVAL);
		ck_assert_int_eq(shared_tree_leave(&t, users[i], &e), -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		ck_assert_int_eq(shared_tree_open_named(state, trees[i], &named, &e), -EINVAL);
	memset(longest, 'x', LIMIT_TREE_USER);
	longest[LIMIT_TREE_USER] = '\0';
	ck_assert_int_eq(shared_tree_use(&t, longest, getpid(), &e), -EINVAL);
	longest[LIMIT_TREE_USER - 1] = '\0';
	use(&t, longest, getpid());
	ck_assert_int_eq(count(&t, ""), 1);
}
END_TEST

START_TEST(trees_are_listed)
{
	cleanup_shared_tree struct shared_tree a = SHARED_TREE, b = SHARED_TREE;
	cleanup_strv struct strv none = STRV(4), names = STRV(4);
	struct err e = ERR_NONE;

	ck_ok(shared_tree_list(state, &none, &e), e);
	ck_assert_uint_eq(none.n, 0);
	open_tree(7, &a);
	open_tree(8, &b);
	ck_ok(shared_tree_list(state, &names, &e), e);
	ck_assert_uint_eq(names.n, 2);
	ck_assert(strv_has(&names, a.name) && strv_has(&names, b.name));
}
END_TEST

START_TEST(where_it_is_mounted_and_its_variables_are_kept)
{
	cleanup_shared_tree struct shared_tree t = SHARED_TREE;
	cleanup_strv struct strv env = STRV(4);
	char mounted[LIMIT_PATH];
	struct err e = ERR_NONE;

	open_tree(7, &t);
	ck_ok(shared_tree_mounted(&t, mounted, &e), e);
	ck_assert_str_eq(mounted, "");
	ck_ok(shared_tree_set_mounted(&t, "/a b/c", &e), e);
	ck_ok(shared_tree_mounted(&t, mounted, &e), e);
	ck_assert_str_eq(mounted, "/a b/c");
	ck_ok(shared_tree_set_mounted(&t, "", &e), e);
	ck_ok(shared_tree_mounted(&t, mounted, &e), e);
	ck_assert_str_eq(mounted, "");
	ck_assert(!shared_tree_is_installed(&t));
	ck_assert_int_eq(shared_tree_env(&t, &env, &e), -ENOENT);
	ck_ok(io_replace_file_at(t.fd, "env", "", 0, 0600, &e), e);
	ck_ok(shared_tree_env(&t, &env, &e), e);
	ck_assert_uint_eq(env.n, 0);
	ck_ok(io_replace_file_at(t.fd, "env", "A=1\nB=x y\n", 10, 0600, &e), e);
	ck_ok(shared_tree_env(&t, &env, &e), e);
	ck_assert_uint_eq(env.n, 2);
	ck_assert_str_eq(env.v[1], "B=x y");
}
END_TEST

SUITE("cacerts/shared_tree", setup, teardown, users_that_live_are_counted,
      whoever_is_not_that_process_does_not_count, a_user_that_was_not_written_to_its_end_is_none,
      a_user_finds_its_tree, a_directory_with_the_number_of_another_is_another_tree,
      all_leave_a_tree_that_is_removed, a_link_to_a_tree_that_is_gone_goes,
      who_has_it_open_is_waited_for_also_when_he_removes_it, names_are_checked, trees_are_listed,
      where_it_is_mounted_and_its_variables_are_kept)
