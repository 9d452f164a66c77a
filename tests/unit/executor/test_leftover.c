/* SPDX-License-Identifier: Apache-2.0 */
/* What is found and shown; that it is undone is tested end to end (tests/e2e/test_repair.py). */
#include "executor/leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "cacerts/shared_tree.h"
#include "executor/executor.h"
#include "tests/support/suite.h"
#include "tests/support/tree.h"

static struct executor ex;
static struct tree t;

static void setup(void)
{
	tree_init(&t);
	tree_dir(&t, "execs");
	tree_dir(&t, "scratch");
	ex = (struct executor){
		.state_dir = t.path,
		.execs_fd = open(tree_at(&t, "execs"), O_RDONLY | O_DIRECTORY),
		.scratch_fd = open(tree_at(&t, "scratch"), O_RDONLY | O_DIRECTORY),
	};
	pthread_mutex_init(&ex.repairing, NULL);
	targets_init(&ex.targets);
	claims_init(&ex.claims);
}

static void teardown(void)
{
	fd_close(ex.execs_fd);
	fd_close(ex.scratch_fd);
	claims_done(&ex.claims);
	targets_done(&ex.targets);
	pthread_mutex_destroy(&ex.repairing);
	tree_wipe(&t);
}

/* A journal of this second. */
static void journal(const char *id, const char *name, time_t second)
{
	const struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
	char rel[128];

	snprintf(rel, sizeof(rel), "execs/%s/%s/journal", id, name);
	tree_file(&t, rel, "{");
	*strrchr(rel, '/') = '\0';
	ck_assert_int_eq(utimensat(AT_FDCWD, tree_at(&t, rel), times, 0), 0);
}

static void expect_list(const char *const *wanted, size_t n)
{
	cleanup_strv struct strv ids = STRV(10);
	struct err e = ERR_NONE;

	ck_ok(leftover_list(&ex, &ids, &e), e);
	ck_assert_uint_eq(ids.n, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(ids.v[i], wanted[i]);
}

START_TEST(the_newest_comes_first_and_who_lives_is_none)
{
	struct claim *claim;
	struct target *target;
	bool installer;
	struct err e = ERR_NONE;

	journal("old", JOURNAL_TRUST, 100);
	journal("new", JOURNAL_TRUST, 300);
	journal("middle", JOURNAL_MOUNT_POINTS, 200);
	journal("alive", JOURNAL_TRUST, 400);
	journal("owner", JOURNAL_TRUST, 500);
	ck_ok(claims_take(&ex.claims, CLAIM_EXEC, "alive", &claim, &e), e);
	ck_ok(targets_enter(&ex.targets, 1, 2, true, "owner", &target, &installer, &e), e);
	expect_list((const char *const[]){"new", "middle", "old"}, 3);
	targets_forget(&ex.targets, target);
	claims_drop(&ex.claims, claim);
	expect_list((const char *const[]){"owner", "alive", "new", "middle", "old"}, 5);
}
END_TEST

START_TEST(a_tree_of_anchor_runc_is_left_when_nobody_lives_in_it)
{
	cleanup_shared_tree struct shared_tree tree = SHARED_TREE;
	cleanup_json json_t *doc = json_object();
	char user[] = "0123456789abcdef-0123456789abcdef-ctr", id[SHARED_TREE_NAME + 8];
	struct leftover l = {.ex = &ex, .id = id, .doc = doc};
	struct err e = ERR_NONE;

	ck_ok(shared_tree_open(tree_at(&t, "runc"), 1, 2, (struct timespec){0}, &tree, &e), e);
	snprintf(id, sizeof(id), EXECUTOR_RUNC_TREE "%s", tree.name);
	ck_ok(shared_tree_use(&tree, user, getpid(), &e), e);
	expect_list(NULL, 0); /* it is open */
	ck_assert(leftover_is_alive(&ex, id));
	shared_tree_done(&tree);
	expect_list(NULL, 0);
	ck_assert(leftover_is_alive(&ex, id));
	ck_assert_int_eq(leftover_settle(&l, &e), -EBUSY);
	ck_assert_int_eq(leftover_forget(&l, &e), -EBUSY);

	tree_file(&t, "runc/trees/3-4-0/trust/journal", "{");
	expect_list((const char *const[]){"runc:3-4-0"}, 1);
	l.id = "runc:3-4-0";
	ck_assert_int_eq(leftover_settle(&l, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "tree 'runc:3-4-0'"));
	ck_assert_str_eq(json_get_string(doc, "kind"), "runc");
	ck_assert_int_eq(leftover_forget(&l, &e), 0);
	ck_assert_int_eq(leftover_forget(&l, &e), LEFTOVER_GONE);
	expect_list(NULL, 0);
}
END_TEST

START_TEST(a_tree_of_anchor_runc_is_shown_with_its_containers)
{
	cleanup_json json_t *doc = json_object();
	struct leftover l = {.ex = &ex, .id = "runc:3-4-0", .doc = doc, .dry_run = true};
	const char *user = "0123456789abcdef-fedcba9876543210-ctr";
	const json_t *ids;
	struct err e = ERR_NONE;
	char path[128];

	snprintf(path, sizeof(path), "runc/trees/3-4-0/users/%s", user);
	tree_file(&t, path, "1 1 x\n");
	ck_ok(leftover_settle(&l, &e), e);
	ids = json_object_get(doc, "containers");
	ck_assert_uint_eq(json_array_size(ids), 1);
	ck_assert_str_eq(json_string_value(json_array_get(ids, 0)), "ctr");
	l.dry_run = false;
	ck_ok(leftover_settle(&l, &e), e);
	expect_list(NULL, 0);
}
END_TEST

START_TEST(a_journal_that_can_not_be_read_stays_and_is_named)
{
	cleanup_json json_t *doc = json_object();
	struct leftover l = {.ex = &ex, .id = "x", .doc = doc};
	struct err e = ERR_NONE;

	journal("x", JOURNAL_TRUST, 100);
	ck_assert_int_eq(leftover_settle(&l, &e), -EINVAL);
	ck_assert_int_eq(l.step, LEFTOVER_READ);
	ck_assert_ptr_nonnull(strstr(e.msg, "exec 'x'"));
	ck_assert_ptr_nonnull(strstr(e.msg, "the journal is damaged"));
	expect_list((const char *const[]){"x"}, 1);
	ck_assert_int_eq(leftover_forget(&l, &e), 0);
	expect_list(NULL, 0);
	ck_assert_int_eq(leftover_forget(&l, &e), LEFTOVER_GONE);
}
END_TEST

START_TEST(what_was_thrown_away_needs_no_tree)
{
	cleanup_json json_t *doc = json_object();
	struct leftover l = {.ex = &ex, .id = "x", .doc = doc, .dry_run = true};
	struct err e = ERR_NONE;

	journal("x", JOURNAL_TRUST, 100);
	tree_file(&t, "execs/x/throwaway", "");
	tree_file(&t, "scratch/x/upper/file", "");
	ck_ok(leftover_settle(&l, &e), e);
	ck_assert(json_get_bool(doc, "throwaway"));
	ck_assert_int_eq(faccessat(ex.scratch_fd, "x/upper/file", F_OK, 0), 0);
	l.dry_run = false;
	ck_ok(leftover_settle(&l, &e), e);
	ck_assert_int_eq(faccessat(ex.scratch_fd, "x", F_OK, 0), -1);
	expect_list(NULL, 0);
}
END_TEST

START_TEST(long_lists_are_cut_and_counted)
{
	cleanup_changes struct changes plan = {0};
	cleanup_json json_t *doc = json_object();

	for (size_t i = 0; i < LIMIT_REPAIR_PATHS + 3; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/%zu", i);
		ck_assert_int_eq(changes_add_drop(&plan, path, NULL), 0);
	}
	leftover_show_plan(doc, &plan, NULL);
	ck_assert_int_eq(json_get_int(doc, "n_changes", 0), LIMIT_REPAIR_PATHS + 3);
	ck_assert_uint_eq(json_array_size(json_object_get(doc, "changes")), LIMIT_REPAIR_PATHS);
	ck_assert_str_eq(
		json_get_string(json_array_get(json_object_get(doc, "changes"), 0), "change"),
		"drop");
}
END_TEST

START_TEST(a_report_stays_below_a_reply)
{
	struct repair_request q = {.dry_run = true, .ids = STRV(1)};
	cleanup_json json_t *doc = NULL;
	struct err e = ERR_NONE;
	long long shown;

	for (int i = 0; i < 3000; i++) {
		char id[160];

		snprintf(id, sizeof(id), "%0150d", i);
		ck_assert_int_eq(mknodat(ex.execs_fd, id, S_IFREG | 0600, 0), 0); /* no directory */
	}
	ck_ok(executor_repair(&ex, &q, &doc, &e), e);
	shown = (long long)json_array_size(json_object_get(doc, "leftovers"));
	ck_assert_int_eq(json_get_int(doc, "n_leftovers", 0), 3000);
	ck_assert_int_eq(json_get_int(doc, "n_left", 0), 3000);
	ck_assert_int_gt(shown, 100);
	ck_assert_int_eq(json_get_int(doc, "n_omitted", 0), 3000 - shown);
	ck_assert_uint_lt(json_dumpb(doc, NULL, 0, JSON_COMPACT), LIMIT_REPLY - 1000);
}
END_TEST

START_TEST(one_repair_works_at_a_time)
{
	struct repair_request q = {.ids = STRV(1)};
	json_t *doc = NULL;
	struct err e = ERR_NONE;

	pthread_mutex_lock(&ex.repairing);
	ck_assert_int_eq(executor_repair(&ex, &q, &doc, &e), -EBUSY);
	ck_assert_int_eq(e.kind, ERR_PRECONDITION);
	pthread_mutex_unlock(&ex.repairing);
}
END_TEST

SUITE("executor/leftover", setup, teardown, the_newest_comes_first_and_who_lives_is_none,
      a_tree_of_anchor_runc_is_left_when_nobody_lives_in_it,
      a_tree_of_anchor_runc_is_shown_with_its_containers,
      a_journal_that_can_not_be_read_stays_and_is_named, what_was_thrown_away_needs_no_tree,
      long_lists_are_cut_and_counted, a_report_stays_below_a_reply, one_repair_works_at_a_time)
