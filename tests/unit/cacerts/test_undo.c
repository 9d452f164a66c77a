/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The law, row by row: a box with install and undo around the user's script shows the same
 * picture as a box with the script alone.
 */
#include "cacerts/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cacerts/install.h"
#include "cacerts/names.h"
#include "tests/unit/cacerts/box.h"

/* What update-ca-certificates does with a file of the user's. */
#define ADDS_OURS                                                                                  \
	"mkdir -p $D; cp $OURS $D/mine.crt; "                                                      \
	"cat usr/share/ca-certificates/*.crt $D/*.crt > $B.new; mv $B.new $B; "                    \
	"ln -s /$D/mine.crt $S/mine.pem; n=$(readlink $H || echo mine.pem); "                      \
	"rm -f $H; ln -s $n $H; "

/* clang-format off */
static const struct {
	const char *script;
	/* The user takes away what only we put there: the times of its directory are his. */
	bool times_are_free;
} rows[] = {
	/* nothing of ours is touched */
	{":", false},
	{"echo x > etc/motd", false},
	{"echo x > $S/notes", false},
	{"mkdir $S/sub; echo x > $S/sub/file", false},
	{"rm usr/share/ca-certificates/sys.crt", false},
	{"chmod 711 .", false},
	{"touch -d @5 .", false},
	{"touch $S", false},
	{"touch -d @777 $S", false},
	{"touch -d @777 usr/local/share", false},
	{"chmod 700 $S; chown 3:4 $S", false},
	{"setfattr -n user.note -v x usr/local/share", false},
	{"chmod 2775 usr/local/share usr/local; chown 0:50 usr/local", false},
	/* the bundle's attributes */
	{"chmod 600 $B", false},
	{"chown 12:34 $B", false},
	{"touch $B", false},
	{"touch -d @50000 $B", false},
	{"setfattr -n user.note -v x $B", false},
	{"chmod 640 $B; chown 1:2 $B; touch -d @60000 $B", false},
	/* the bundle's bytes */
	{"echo '# mine' >> $B", false},
	{"cat $OTHER >> $B", false},
	{"printf 'no line end' >> $B", false},
	{"cat $B > /tmp/x; (echo '# first'; cat /tmp/x) > $B; rm /tmp/x", false},
	{"sed -i 1d $B", false},
	{"sed -i 's/$/\\r/' $B", false},
	{"cat $OTHER >> $B; chmod 600 $B; setfattr -n user.note -v x $B", false},
	{"echo '# mine' >> $B; touch -d @70000 $B", false},
	{": > $B", false},
	{"cat usr/share/ca-certificates/*.crt > $B", false},
	{"cat usr/share/ca-certificates/*.crt $(ls $D/*.crt 2>&-) > $B", false},
	{"cat usr/share/ca-certificates/*.crt $(ls $D/*.crt 2>&-) > $B.new; mv $B.new $B", false},
	{"cat $OURS >> $B", false},
	{"cat $WIDE >> $B", false},
	{"cat $WIDE $WIDE $OTHER >> $B", false},
	{"echo '# mine' >> $B; cat $OURS $OTHER >> $B", false},
	{"cat $OURS >> $B; truncate -s -1 $B", false},
	/* the same certificate is the user's own too, and a tool that drops duplicates runs */
	{"mkdir -p opt usr/share/ca-certificates; cp $OURS usr/share/ca-certificates/corp.crt; "
	 "cat usr/share/ca-certificates/*.crt > $B", false},
	/* ... and none runs after he had put it there */
	{"sed -i 1d $B; sleep 0.02; mkdir -p $D; cp $OURS $D/mine.crt", false},
	{"cat $OTHER $B > /tmp/x; cat /tmp/x > $B; rm /tmp/x; sleep 0.02; mkdir -p $D; "
	 "cp $OURS opt/x; mv opt/x $D/mine.crt", false},
	/* the bundle is something else */
	{"rm $B", false},
	{"rm $B; echo anew > $B", false},
	{"rm $B; ln -s /opt/elsewhere $B", false},
	{"ln -sf ../../../usr/share/ca-certificates/sys.crt $B", false},
	{"rm $B; mkfifo $B", false},
	{"rm $B; mkdir $B; echo x > $B/x", false},
	/* the bundle has another name */
	{"mv $B opt/bundle", false},
	{"mv $B $B.old", false},
	{"mv $B $B.old; cat $OTHER > $B", false},
	{"mv $B $B.old; cat $OTHER >> $B.old; chmod 600 $B.old", false},
	{"mv $B opt/moved; ln -s /opt/moved $B", false},
	{"mv $B opt/moved; mv opt/moved $B", false},
	{"mv $B opt/x; rm opt/x", false},
	{"mkdir -p opt/a/b; mv $B opt/a/b/bundle; mv opt/a opt/c", false},
	{"ln $B opt/hard", false},
	{"ln $B opt/hard; ln $B $S/hard", false},
	{"ln $B opt/hard; cat $OTHER >> opt/hard", false},
	{"ln $B opt/hard; rm $B", false},
	{"ln $B opt/hard; ln opt/hard opt/harder; mv opt/hard $B.old; rm $B", false},
	{"ln $B opt/hard; chmod 600 opt/hard; touch -d @40000 opt", false},
	{"ln $B opt/hard; mv $B opt/moved; touch -d @40000 opt", false},
	{"cp -p $B $B.new; mv $B.new $B; ln $B opt/hard", false},
	{"cat usr/share/ca-certificates/*.crt $(ls $D/*.crt 2>&-) > $B.new; mv $B.new $B; "
	 "ln $B opt/hard; ln $B $S/hard; chmod 600 $B", false},
	/* a tool notes what it has linked */
	{"mkdir -p var/lib/ca-certificates-java; cd $S; ls *.pem | sed s,^,+/etc/ssl/certs/, "
	 "> ../../../var/lib/ca-certificates-java/pending; echo '# none' "
	 "> ../../../var/lib/ca-certificates-java/fresh", false},
	/* its directories */
	{"rm -r etc/ssl", false},
	{"rm -r etc/ssl; echo file > etc/ssl", false},
	{"rm -r etc/ssl; mkdir -p $S", false},
	{"rm -r etc/ssl; mkdir -p $S; cat $OTHER > $B", false},
	{"rm -r etc/ssl; mkdir -p $S; cat $OTHER $OURS $WIDE > $B", false},
	{"cp -a etc/ssl opt/ssl; rm -r etc/ssl; cp -a opt/ssl etc/ssl; rm -r opt/ssl", true},
	{"rm -r $S; mkdir opt/certs; echo x > opt/certs/x; ln -s ../../opt/certs $S", false},
	{"rm -r $S; ln -s $OUTSIDE $S", false},
	{"rm -r $S; ln -s / $S", false},
	/* the drop-in directory */
	{"rm -r usr/local", false},
	{"rm -rf $D", true},
	{"rm -rf usr/local; mkdir -p $D", false},
	{"mkdir -p $D; cp $OTHER $D/mine.crt", false},
	{"mkdir -p $D/sub; cp $OTHER $D/sub/mine.crt", false},
	{"mkdir -p $D; cp $OTHER $D/mine.crt; rm $D/mine.crt", false},
	{"rm -rf $D; ln -s $OUTSIDE $D", false},
	{"rm -rf $D; ln -s /opt $D", false},
	{"rm -rf $D; echo file > $D", false},
	{"rm -rf $D; mkdir -m 700 $D; cp $OURS $D/corp.crt", false},
	/* what is ours */
	{"[ ! -e $F ] || rm $F", true},
	{"[ ! -e $F ] || chmod 600 $F", false},
	{"[ ! -e $F ] || chown 1:1 $F", false},
	{"[ ! -e $F ] || touch $F", false},
	{"[ ! -e $F ] || setfattr -n user.note -v x $F", false},
	{"rm -f $L $H", true},
	{"rm -f $D/*", true},
	{"rm -rf $D; mkdir $D; echo mine > $F", false},
	{"rm -f $L; echo mine > $L", false},
	{"rm -f $H; ln -s sys.pem $H", false},
	{"rm -f $L; mkdir $L", false},
	{"rm -f $L; ln -s $OUTSIDE/canary $L", false},
	{"[ ! -e $F ] || mv $F $F.old", true},
	{"[ ! -L $L ] || mv $L $L.was", true},
	{"[ ! -L $L ] || mv $L $S/mine.pem", true},
	{"n=$(openssl x509 -noout -subject_hash_old -in $OURS); "
	 "[ ! -e $L ] || ln -s ${L##*/} $S/$n.0", true},
	/* the competition for a hash: the tool gives the next free number */
	{"cp $OTHER $S/third.pem; n=1; while [ -L $S/$TWIN.$n ]; do n=$((n+1)); done; "
	 "ln -s third.pem $S/$TWIN.$n", false},
	{"rm $S/$TWIN.0 $S/twin.pem", false},
	/* his own file of the same certificate: the tool takes it for a duplicate of ours */
	{ADDS_OURS, false},
	{ADDS_OURS "rm -r $D; ln -s /opt $D", false},
	{ADDS_OURS "rm -f $D/*; echo x > $D/notes", false},
	{"ln -s /$D/never.crt $S/never.pem; rm -rf $D; ln -s /opt $D", false},
	/* several at once */
	{"rm $S/sys.pem; cat $OTHER >> $B; mkdir -p $D; cp $OTHER $D/mine.crt; chmod 750 $D; "
	 "ln -s ../../../$D/mine.crt $S/mine.pem", false},
};
/* clang-format on */

static void setup(void)
{
	box_begin();
}

static void teardown(void)
{
	box_end();
}

/* Take the fifth word, the time, out of each line of a picture. */
static void cut_times(char *picture)
{
	char *to = picture;
	int word = 0;

	for (const char *from = picture; *from; from++) {
		if (*from == '\n')
			word = 0;
		else if (*from == ' ')
			word++;
		if (word != 4 || *from == ' ')
			*to++ = *from;
	}
	*to = '\0';
}

static void check_row(size_t row, enum box_backing backing, bool has_dropin_dir)
{
	cleanup_free char *got = NULL;
	cleanup_free char *wanted = NULL;
	struct box b;
	char what[512];

	snprintf(what, sizeof(what), "%s, directory of %s: %s", box_backing_name(backing),
		 has_dropin_dir ? "the image" : "ours", rows[row].script);
	box_make(&b, backing, has_dropin_dir);
	box_user(&b, rows[row].script);
	wanted = box_picture(&b);
	box_done(&b);

	box_make(&b, backing, has_dropin_dir);
	box_install(&b);
	box_user(&b, rows[row].script);
	box_undo(&b);
	box_undo(&b); /* once more changes nothing */
	got = box_picture(&b);
	box_done(&b);
	if (rows[row].times_are_free) {
		cut_times(got);
		cut_times(wanted);
	}
	box_compare(what, got, wanted);
}

START_TEST(what_the_user_did_is_all_that_remains)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int backing = 0; backing < BOX_BACKING_MAX; backing++)
			for (int has_dir = 0; has_dir < 2; has_dir++)
				check_row(i, (enum box_backing)backing, has_dir);
}
END_TEST

/* An image without a bundle, and an install that makes one: there is no tool. */
static void make_bare(struct box *b, enum box_backing backing)
{
	char command[LIMIT_PATH];

	box_make(b, backing, /* has_dropin_dir= */ true);
	snprintf(command, sizeof(command), "rm -r %s/etc/ssl",
		 tree_at(&b->v.t, backing == BOX_BIND ? "root" : "lower"));
	ck_assert_int_eq(system(command), 0);
}

static void install_bundle(struct box *b)
{
	static const struct vfs_meta meta = {.fields = VFS_META_MODE | VFS_META_OWNER,
					     .mode = 0755};
	const char *pem = box_ours()->pem;
	char dropin[LIMIT_PATH];
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	ck_ok(changes_add_dir(&c, ROLE_PARENT, "/etc/ssl", &meta, &e), e);
	ck_ok(changes_add_dir(&c, ROLE_PARENT, "/etc/ssl/certs", &meta, &e), e);
	ck_ok(changes_add_file(&c, ROLE_STORE, "/etc/ssl/certs/ca-certificates.crt", pem,
			       strlen(pem), &meta, &e),
	      e);
	ck_ok(names_dropin(box_ours(), "/usr/local/share/ca-certificates", ".crt", dropin,
			   sizeof(dropin), &e),
	      e);
	ck_ok(changes_add_file(&c, ROLE_DROPIN, dropin, pem, strlen(pem), &meta, &e), e);
	box_install_changes(b, &c);
}

/* The user takes away the directories that we made, with all that is in them. */
static const char *const anew[] = {
	"rm -rf etc/ssl; mkdir -p $S; cat $OURS >> $B",
	"rm -rf etc/ssl; mkdir -p $S; cat $OURS $OURS >> $B",
	"rm -rf $S; mkdir -p $S; cat $OTHER $WIDE > $B",
	"mkdir -p $S; echo '# mine' >> $B; rm -r etc/ssl; mkdir -p $S; cat $WIDE >> $B",
	/* his tool reads his own file */
	"rm -f $D/*; cp $OURS $D/mine.crt; mkdir -p $S; cat $D/*.crt > $B.new; mv $B.new $B",
	"rm -f $D/*; cp $OURS $D/mine.crt; mkdir -p $S; cat $D/*.crt > $B.new; mv $B.new $B; "
	"echo '# mine' >> $B",
	"rm -f $D/*; cp $OURS opt/mine.crt; ln -s /opt/mine.crt $D/mine.crt; mkdir -p $S; "
	"cat opt/*.crt > $B.new; mv $B.new $B",
	"rm -rf $D; ln -s /opt $D; cp $OURS opt/mine.crt; mkdir -p $S; cat opt/*.crt > $B.new; "
	"mv $B.new $B",
	/* he has a tool by now */
	"rm -rf etc/ssl; mkdir -p $S; cp $OTHER $D/mine.crt; cat $D/*.crt > $B; "
	"for f in $(cd $D; echo *.crt); do ln -s /$D/$f $S/${f%.crt}.pem; done",
};

static void check_anew(const char *script, enum box_backing backing)
{
	cleanup_free char *wanted = NULL;
	cleanup_free char *got = NULL;
	struct box b;

	make_bare(&b, backing);
	box_user(&b, script);
	wanted = box_picture(&b);
	box_done(&b);

	make_bare(&b, backing);
	install_bundle(&b);
	box_user(&b, script);
	box_undo(&b);
	got = box_picture(&b);
	box_done(&b);
	box_compare(script, got, wanted);
}

START_TEST(what_the_user_makes_where_nothing_of_ours_is_left_is_his)
{
	for (size_t i = 0; i < ARRAY_SIZE(anew); i++)
		for (int backing = 0; backing < BOX_BACKING_MAX; backing++)
			check_anew(anew[i], (enum box_backing)backing);
}
END_TEST

/* What is at @path now becomes what was there after the install, but for the content. */
static void have_installed(struct journal *j, const struct vfs *fs, const char *path)
{
	struct journal_entry *entry = (struct journal_entry *)journal_find(j, path);
	struct err e = ERR_NONE;

	ck_ok(vfs_lstat(fs, path, &entry->t1.st, &e), e);
}

static void check_torn(enum box_backing backing)
{
	static const char bundle[] = "/etc/ssl/certs/ca-certificates.crt";
	cleanup_free char *wanted = NULL;
	cleanup_free char *got = NULL;
	cleanup_changes struct changes plan = {0};
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	struct err e = ERR_NONE;
	struct box b;

	box_make(&b, backing, /* has_dropin_dir= */ false);
	wanted = box_picture(&b);
	box_install(&b);
	box_user(&b, ": > $B");
	view_open(&b.v);
	ck_ok(journal_load(fcntl(b.journal, F_DUPFD_CLOEXEC, 3), &j, &e), e);
	have_installed(&j, b.v.fs, bundle);

	/* On a machine that was not started anew nothing but the user can have done it. */
	ck_ok(undo_plan(&j, b.v.fs, &plan, NULL, &e), e);
	ck_assert_ptr_null(changes_find(&plan, bundle));
	changes_done(&plan);

	strcpy(j.boot, "another");
	ck_ok(undo_plan(&j, b.v.fs, &plan, NULL, &e), e);
	ck_ok(changes_apply(&plan, b.v.fs, &e), e);
	b.v.fs = vfs_free(b.v.fs);
	journal_done(&j);
	got = box_picture(&b);
	box_done(&b);
	box_compare(box_backing_name(backing), got, wanted);
}

START_TEST(a_file_that_a_power_cut_tore_is_ours)
{
	for (int backing = 0; backing <= BOX_OVERLAY; backing++) /* an underlay is synced */
		check_torn((enum box_backing)backing);
}
END_TEST

static void move(struct box *b, const char *from, const char *to)
{
	ck_assert_int_eq(rename(tree_at(&b->v.t, from), tree_at(&b->v.t, to)), 0);
}

START_TEST(an_empty_directory_in_place_of_the_tree_is_not_taken_for_it)
{
	cleanup_free char *got = NULL;
	cleanup_free char *wanted = NULL;
	struct err e = ERR_NONE;
	struct box b;

	box_make(&b, BOX_BIND, /* has_dropin_dir= */ true);
	wanted = box_picture(&b);
	box_install(&b);
	move(&b, b.root, "away");
	ck_assert_int_eq(mkdir(tree_at(&b.v.t, b.root), 0755), 0);
	ck_assert_int_eq(box_try_undo(&b, &e), -ESTALE);
	ck_assert(e.kind == ERR_CLEANUP && e.dirty);
	ck_assert_ptr_nonnull(strstr(e.msg, tree_at(&b.v.t, b.root)));
	ck_assert_int_eq(rmdir(tree_at(&b.v.t, b.root)), 0);
	move(&b, "away", b.root);
	box_undo(&b);
	got = box_picture(&b);
	box_compare("the tree is back", got, wanted);
	box_done(&b);
}
END_TEST

START_TEST(a_bundle_cut_in_our_certificate_keeps_no_piece_of_it)
{
	static const char *const cuts[] = {"truncate -s -1 $B", "truncate -s -300 $B",
					   "truncate -s -700 $B", "head -c -20 $B > x; mv x $B"};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cuts); i++) {
		cleanup_free char *wanted = NULL;
		cleanup_free char *got = NULL;
		struct box b;

		box_make(&b, i % 2 ? BOX_OVERLAY : BOX_BIND, /* has_dropin_dir= */ true);
		view_open(&b.v);
		wanted = strdup(view_read(&b.v, "/etc/ssl/certs/ca-certificates.crt"));
		b.v.fs = vfs_free(b.v.fs);
		box_install(&b);
		box_user(&b, cuts[i / 2]);
		box_undo(&b);
		view_open(&b.v);
		got = strdup(view_read(&b.v, "/etc/ssl/certs/ca-certificates.crt"));
		b.v.fs = vfs_free(b.v.fs);
		box_compare(cuts[i / 2], got, wanted);
		box_done(&b);
	}
}
END_TEST

/* A tool may set the mode of a file that it has no authority for (helper_diff). */
static void set_mode(struct box *b, const char *path, mode_t mode)
{
	const struct vfs_meta meta = {.fields = VFS_META_MODE, .mode = mode};
	cleanup_journal struct journal j = {.dirfd = -EBADF};
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;
	const char *text;

	view_open(&b->v);
	text = view_read(&b->v, path);
	ck_ok(changes_add_file(&c, ROLE_STORE, path, text, strlen(text), &meta, &e), e);
	box_journal(b, &j);
	ck_ok(install_run(&j, b->v.fs, &c, &e), e);
	b->v.fs = vfs_free(b->v.fs);
	nanosleep(&(const struct timespec){.tv_nsec = 10000000}, NULL);
}

static void check_mode(const char *script, enum box_backing backing)
{
	cleanup_free char *wanted = NULL;
	cleanup_free char *got = NULL;
	struct box b;

	box_make(&b, backing, /* has_dropin_dir= */ true);
	box_user(&b, script);
	wanted = box_picture(&b);
	box_done(&b);
	box_make(&b, backing, /* has_dropin_dir= */ true);
	set_mode(&b, "/etc/ssl/certs/ca-certificates.crt", 0744);
	box_user(&b, script);
	box_undo(&b);
	got = box_picture(&b);
	box_done(&b);
	box_compare(script, got, wanted);
}

START_TEST(a_mode_that_the_install_set_goes_the_users_stays)
{
	static const char *const scripts[] = {":", "chmod 600 $B", "chown 3:4 $B; touch -d @9 $B"};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		for (int backing = 0; backing < BOX_BACKING_MAX; backing++)
			check_mode(scripts[i], (enum box_backing)backing);
}
END_TEST

static struct timespec mtime_of(struct box *b, const char *rel)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", b->backing == BOX_BIND ? "root" : "upper", rel);
	ck_assert_int_eq(lstat(tree_at(&b->v.t, path), &st), 0);
	return st.st_mtim;
}

#define LATER "; sleep 0.02; touch opt/between; sleep 0.02; "

/* The image has $D; the user takes ours out of a directory, after he put something there. */
static const struct {
	const char *script;
	const char *dir;
} taken[] = {
	{"cp $OTHER $D/mine.crt" LATER "rm $F", "usr/local/share/ca-certificates"},
	{"sed -i 1d $B" LATER "rm $L $H", "etc/ssl/certs"},
	{"cp $OTHER $S/mine.txt" LATER "rm $L $H", "etc/ssl/certs"},
};

static void check_taken(size_t i, enum box_backing backing)
{
	struct timespec removed;
	struct timespec time;
	struct box b;

	box_make(&b, backing, /* has_dropin_dir= */ true);
	box_install(&b);
	box_user(&b, taken[i].script);
	box_undo(&b);
	time = mtime_of(&b, taken[i].dir);
	removed = mtime_of(&b, "opt/between");
	ck_assert_msg(clock_compare(time, removed) < 0 && time.tv_sec > 1000000000, "%s: %s",
		      box_backing_name(backing), taken[i].script);
	box_done(&b);
}

START_TEST(what_the_user_takes_out_of_ours_leaves_no_time)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		for (int backing = 0; backing < BOX_BACKING_MAX; backing++)
			check_taken(i, (enum box_backing)backing);
}
END_TEST

START_TEST(a_hash_link_that_changes_hands_has_the_time_of_the_last_rehash)
{
	for (int backing = 0; backing < BOX_BACKING_MAX; backing++) {
		struct timespec between;
		struct box b;

		box_make(&b, (enum box_backing)backing, /* has_dropin_dir= */ true);
		box_install(&b);
		box_user(&b, ADDS_OURS "sleep 0.02; touch opt/between; sleep 0.02; "
				       "rm $H; ln -s $n $H");
		box_undo(&b);
		between = mtime_of(&b, "opt/between");
		ck_assert_msg(clock_compare(mtime_of(&b, getenv("H")), between) > 0, "%s",
			      box_backing_name((enum box_backing)backing));
		box_done(&b);
	}
}
END_TEST

/* The install makes $D; the user's way to put something there. */
static const char *const arrivals[] = {
	"sleep 0.02; mkdir -p $D; echo x > $D/mine",
	"sleep 0.02; mkdir -p $D; cat $OTHER >> $F", /* the directory's own time doesn't move */
	"sleep 0.02; chmod 700 $D; mkdir -p $D/sub",
	"touch -d @5 usr/local/share; sleep 0.02; cat $OTHER >> $F",
};

static void check_arrival(const char *script, enum box_backing backing)
{
	const char *dirs[] = {"usr/local/share", "usr/local/share/ca-certificates"};
	struct timespec installed;
	struct box b;

	box_make(&b, backing, /* has_dropin_dir= */ false);
	box_install(&b);
	clock_gettime(CLOCK_REALTIME, &installed);
	box_user(&b, script);
	box_undo(&b);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		ck_assert_msg(clock_compare(mtime_of(&b, dirs[i]), installed) > 0,
			      "%s, %s, after: %s", box_backing_name(backing), dirs[i], script);
	box_done(&b);
}

START_TEST(a_directory_of_ours_that_stays_came_when_the_user_did)
{
	for (size_t i = 0; i < ARRAY_SIZE(arrivals); i++)
		for (int backing = 0; backing < BOX_BACKING_MAX; backing++)
			check_arrival(arrivals[i], (enum box_backing)backing);
}
END_TEST

SUITE("cacerts/undo", setup, teardown, what_the_user_did_is_all_that_remains,
      a_directory_of_ours_that_stays_came_when_the_user_did,
      a_mode_that_the_install_set_goes_the_users_stays,
      what_the_user_takes_out_of_ours_leaves_no_time,
      a_hash_link_that_changes_hands_has_the_time_of_the_last_rehash,
      what_the_user_makes_where_nothing_of_ours_is_left_is_his,
      a_bundle_cut_in_our_certificate_keeps_no_piece_of_it, a_file_that_a_power_cut_tore_is_ours,
      an_empty_directory_in_place_of_the_tree_is_not_taken_for_it)
