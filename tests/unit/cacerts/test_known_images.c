/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/known_images.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cacerts/install.h"
#include "cacerts/undo.h"
#include "tests/unit/cacerts/box.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"

static struct known_images known;
static struct strv env;
static struct box b;

/* What changed a moment ago isn't relied on. */
static void let_it_settle(void)
{
	static const struct timespec a_while = {.tv_sec = 2, .tv_nsec = 100 * 1000 * 1000};

	nanosleep(&a_while, NULL);
}

static void setup(void)
{
	box_begin();
	known_images_init(&known);
	env = STRV(LIMIT_ENV);
	box_make(&b, BOX_OVERLAY, /* has_dropin_dir= */ true);
	let_it_settle();
}

static void teardown(void)
{
	strv_done(&env);
	box_done(&b);
	known_images_done(&known);
	box_end();
}

static int n_calls;

static int fake_helper(void *arg, const struct mount_specs *rootfs,
		       const struct mount_specs *mounts, const char *const *argv,
		       struct buf *output, int *ret_status, struct err *e)
{
	(void)arg;
	(void)rootfs;
	(void)mounts;
	(void)argv;
	(void)output;
	(void)e;
	n_calls++;
	*ret_status = 1;
	return 0;
}

static struct cacerts_request request(void)
{
	return (struct cacerts_request){
		.rootfs = &b.v.rootfs,
		.mounts = &b.v.mounts,
		.authorities = box_authorities(),
		.strategies = (1u << CACERTS_APPEND) | (1u << CACERTS_DROPIN),
		.env = &env,
		.scratch = tree_at(&b.v.t, "scratch"),
		.helper = fake_helper,
	};
}

/* Asks for the plan, in a view of its own. Returns whether it was known. */
static bool ask(const struct cacerts_request *q, struct known_image **ret)
{
	struct known_image *image = NULL;
	struct err e = ERR_NONE;
	bool was_known;

	view_open(&b.v);
	ck_ok(known_images_plan(&known, q, b.v.fs, &image, &was_known, &e), e);
	ck_assert_ptr_nonnull(image);
	if (ret)
		*ret = image;
	else
		known_image_unref(image);
	b.v.fs = ret ? b.v.fs : vfs_free(b.v.fs);
	return was_known;
}

static bool is_known(void)
{
	const struct cacerts_request q = request();

	return ask(&q, NULL);
}

START_TEST(an_image_is_known_the_second_time)
{
	const struct cacerts_request q = request();
	struct known_image *first;
	struct known_image *second;

	ck_assert(!ask(&q, &first));
	b.v.fs = vfs_free(b.v.fs);
	ck_assert(ask(&q, &second));
	b.v.fs = vfs_free(b.v.fs);
	ck_assert_ptr_eq(first, second);
	ck_assert_ptr_nonnull(changes_find(&second->plan.changes, BUNDLE));
	known_image_unref(first);
	known_image_unref(second);
}
END_TEST

START_TEST(another_request_is_another_plan)
{
	struct authorities *some = authorities_new();
	struct cacerts_request q = request();

	ck_assert(!is_known());
	q.strategies |= 1u << CACERTS_JAVA;
	ck_assert(!ask(&q, NULL));
	q = request();
	q.authorities = some;
	ck_assert(!ask(&q, NULL));
	authorities_unref(some);
	ck_assert_int_eq(strv_add(&env, "SSL_CERT_FILE=/etc/hosts", NULL), 0);
	ck_assert(!is_known());
	ck_assert(is_known());
}
END_TEST

START_TEST(an_image_that_changed_is_looked_at_again)
{
	ck_assert(!is_known());
	ck_assert(is_known());
	box_user(&b, "cp $OTHER $S/new.pem"); /* in the upper, in a directory that counts */
	ck_assert(!is_known());
}
END_TEST

/* What the steps of a build before this one have written lies on top of the image. */
START_TEST(an_image_is_known_below_what_says_nothing_of_its_stores)
{
	ck_assert(!is_known());
	tree_file(&b.v.t, "step/etc/motd", "x");
	tree_file(&b.v.t, "step/opt/tool/x", "x");
	mount_specs_done(&b.v.rootfs);
	view_rootfs(&b.v, "overlay", "", "lowerdir=@/step:@/lower,upperdir=@/upper,workdir=@/work");
	ck_assert(is_known());
	tree_file(&b.v.t, "step" BUNDLE, "x");
	ck_assert(!is_known());
}
END_TEST

START_TEST(a_plan_of_a_tool_is_made_each_time)
{
	struct cacerts_request q = request();

	box_user(&b, "mkdir -p usr/sbin; echo '#!' > usr/sbin/update-ca-certificates;"
		     "chmod 755 usr/sbin/update-ca-certificates");
	q.strategies |= 1u << CACERTS_HELPER;
	n_calls = 0;
	ck_assert(!ask(&q, NULL));
	ck_assert(!ask(&q, NULL));
	ck_assert_int_eq(n_calls, 2);
}
END_TEST

START_TEST(a_plan_of_large_files_is_not_kept)
{
	static char line[LIMIT_KNOWN_IMAGE_DATA];
	cleanup_close int fd =
		open(tree_at(&b.v.t, "lower" BUNDLE), O_WRONLY | O_APPEND | O_CLOEXEC);

	memset(line, '#', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	ck_assert_int_eq(write(fd, line, sizeof(line)), (ssize_t)sizeof(line));
	let_it_settle();
	ck_assert(!is_known());
	ck_assert(!is_known());
}
END_TEST

/* The whole of what an exec does with it. */
static void install_and_undo(struct known_image *image)
{
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_json json_t *report = json_object();
	struct err e = ERR_NONE;

	box_journal(&b, &j);
	ck_ok(journal_redraft(&j, &image->draft, b.v.fs, &e), e);
	ck_ok(install_drafted(&j, b.v.fs, &image->plan.changes, NULL, &e), e);
	b.v.fs = vfs_free(b.v.fs);
	box_user(&b, "grep -c BEGIN $B > count; echo mine >> $B");
	ck_ok(undo_run(b.journal, report, &e), e);
	known_image_unref(image);
}

START_TEST(what_is_known_installs_and_undoes_as_what_was_planned)
{
	const struct cacerts_request q = request();
	cleanup_free char *wanted = NULL;
	struct known_image *image;

	for (int i = 0; i < 2; i++) {
		cleanup_free char *got = NULL;

		ck_assert(ask(&q, &image) == (i > 0));
		install_and_undo(image);
		got = box_picture(&b);
		box_compare("known", got, wanted ? wanted : got);
		if (!wanted)
			wanted = take_ptr(got);
		box_done(&b);
		box_make(&b, BOX_OVERLAY, /* has_dropin_dir= */ true);
		if (i == 0) { /* the same image: a plan is known by its inodes */
			known_images_done(&known);
			known_images_init(&known);
			let_it_settle();
			ck_assert(!ask(&q, NULL));
		}
	}
}
END_TEST

START_TEST(of_too_many_the_one_that_was_not_used_for_longest_goes)
{
	char text[64];

	ck_assert(!is_known());
	for (int i = 0; i < LIMIT_KNOWN_IMAGES; i++) {
		if (i == LIMIT_KNOWN_IMAGES / 2) {
			strv_done(&env);
			env = STRV(LIMIT_ENV);
			ck_assert(is_known()); /* used: it stays */
		}
		strv_done(&env);
		env = STRV(LIMIT_ENV);
		snprintf(text, sizeof(text), "NUMBER=%d", i);
		ck_assert_int_eq(strv_add(&env, text, NULL), 0);
		ck_assert(!is_known());
	}
	strv_done(&env);
	env = STRV(LIMIT_ENV);
	ck_assert(is_known());
	ck_assert_int_eq(strv_add(&env, "NUMBER=0", NULL), 0);
	ck_assert(!is_known());
}
END_TEST

SUITE("cacerts/known_images", setup, teardown, an_image_is_known_the_second_time,
      another_request_is_another_plan, an_image_that_changed_is_looked_at_again,
      an_image_is_known_below_what_says_nothing_of_its_stores, a_plan_of_a_tool_is_made_each_time,
      a_plan_of_large_files_is_not_kept, what_is_known_installs_and_undoes_as_what_was_planned,
      of_too_many_the_one_that_was_not_used_for_longest_goes)
