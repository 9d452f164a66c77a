/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/mount_options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "tests/support/suite.h"
#include "tests/unit/vfs/oracle.h"

static int parse(const char *type, const char *source, const char *options,
		 struct mount_options *ret, struct err *e)
{
	struct mount_specs s = {0};
	int r;

	ck_assert_int_eq(mount_specs_add(&s, type, source, "/d", options, NULL), 0);
	r = mount_options_parse(&s.v[0], ret, e);
	mount_specs_done(&s);
	return r;
}

#define ATIME_FIELD MOUNT_ATTR__ATIME

static const struct {
	const char *options;
	uint64_t set;
	uint64_t clear;
	bool readonly;
} attributes[] = {
	{"", 0, 0, false},
	{"nosuid,nodev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, false},
	{"noexec,exec", 0, MOUNT_ATTR_NOEXEC, false}, /* the last word wins */
	{"exec,noexec", MOUNT_ATTR_NOEXEC, 0, false},
	{"ro", 0, 0, true},
	{"ro,rw", 0, 0, false},
	{"rw,rro", 0, 0, true},
	{"rro,rw", 0, 0, false},
	{"noatime", MOUNT_ATTR_NOATIME, ATIME_FIELD, false},
	{"noatime,strictatime", MOUNT_ATTR_STRICTATIME, ATIME_FIELD, false},
	{"noatime,relatime,nodiratime", MOUNT_ATTR_NODIRATIME, ATIME_FIELD, false},
};

START_TEST(words_become_attributes)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		cleanup_mount_options struct mount_options o = {0};
		struct err e = ERR_NONE;

		ck_ok(parse("bind", "/s", attributes[i].options, &o, &e), e);
		ck_assert_msg(o.attr_set == attributes[i].set &&
				      o.attr_clear == attributes[i].clear &&
				      o.readonly == attributes[i].readonly,
			      "'%s': set %lx clear %lx ro %d", attributes[i].options,
			      (unsigned long)o.attr_set, (unsigned long)o.attr_clear, o.readonly);
		ck_assert(!o.recursive_readonly || strstr(attributes[i].options, "rw,rro"));
	}
}
END_TEST

static const struct {
	const char *type;
	const char *options;
	enum mount_kind kind;
	bool recursive;
} kinds[] = {
	{"bind", "", MOUNT_BIND, false},          {"none", "bind", MOUNT_BIND, false},
	{"", "rbind", MOUNT_BIND, true},          {"overlay", "lowerdir=/l", MOUNT_OVERLAY, false},
	{"proc", "nosuid", MOUNT_SPECIAL, false}, {"tmpfs", "size=1m", MOUNT_SPECIAL, false},
};

START_TEST(the_kind_follows_from_type_and_bind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		cleanup_mount_options struct mount_options o = {0};
		struct err e = ERR_NONE;

		ck_ok(parse(kinds[i].type, "/s", kinds[i].options, &o, &e), e);
		ck_assert_int_eq(o.kind, kinds[i].kind);
		ck_assert_int_eq(o.recursive, kinds[i].recursive);
	}
}
END_TEST

START_TEST(propagation_is_one_of_four_and_recursive_or_not)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("bind", "/s", "rprivate,slave", &o, &e), e);
	ck_assert_uint_eq(o.propagation, MS_SLAVE);
	ck_assert(!o.recursive_propagation);
	ck_ok(parse("bind", "/s", "rshared", &o, &e), e);
	ck_assert_uint_eq(o.propagation, MS_SHARED);
	ck_assert(o.recursive_propagation);
}
END_TEST

START_TEST(words_of_a_special_file_system_are_handed_to_it)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("tmpfs", "tmpfs", "nosuid,size=65536k,mode=755,upperdir=/x", &o, &e), e);
	ck_assert_uint_eq(o.fs_options.n, 3);
	ck_assert_str_eq(o.fs_options.v[0], "size=65536k");
	ck_assert_str_eq(o.fs_options.v[2], "upperdir=/x");
	ck_assert_ptr_null(o.upper);
}
END_TEST

START_TEST(overlay_directories_are_unescaped)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("overlay", "o",
		    "lowerdir=/a\\:b:/c\\\\d:/e,upperdir=/u\\,v,workdir=/w,index=off,xino=auto,"
		    "volatile,userxattr",
		    &o, &e),
	      e);
	ck_assert_uint_eq(o.lowers.n, 3);
	ck_assert_str_eq(o.lowers.v[0], "/a:b");
	ck_assert_str_eq(o.lowers.v[1], "/c\\d");
	ck_assert_str_eq(o.upper, "/u,v");
	ck_assert_str_eq(o.work, "/w");
	ck_assert(o.is_volatile && o.userxattr);
	ck_assert_uint_eq(o.fs_options.n, 2);
}
END_TEST

START_TEST(lower_directories_can_be_appended_one_by_one)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("overlay", "o", "lowerdir+=/a:b,lowerdir+=/c", &o, &e), e);
	ck_assert_uint_eq(o.lowers.n, 2);
	ck_assert_str_eq(o.lowers.v[0], "/a:b");
	ck_assert_ptr_null(o.upper);
}
END_TEST

static const struct {
	const char *type;
	const char *source;
	const char *options;
	int r;
	const char *word; /* what the message must name */
} refused[] = {
	{"bind", "", "", -EINVAL, "source"},
	{"bind", "/s", "frobnicate", -EINVAL, "frobnicate"},
	{"bind", "/s", "lowerdir=/l", -EINVAL, "lowerdir=/l"},
	{"tmpfs", "", "idmap", -EOPNOTSUPP, "idmap"},
	{"bind", "/s", "tmpcopyup", -EOPNOTSUPP, "tmpcopyup"},
	{"bind", "/s", "remount", -EOPNOTSUPP, "remount"},
	{"bind", "/s", "idmap=uids=0-1-1", -EINVAL, "gids"},
	{"bind", "/s", "idmap=uids=0-1;gids=0-1-1", -EINVAL, "INSIDE-OUTSIDE-COUNT"},
	{"bind", "/s", "idmap=uids=0-1-1#;gids=0-1-1", -EINVAL, "INSIDE-OUTSIDE-COUNT"},
	{"bind", "/s", "idmap=uids=0-1#2-3-4;gids=0-1-1", -EINVAL, "INSIDE-OUTSIDE-COUNT"},
	{"bind", "/s", "idmap=uids=0--1-1;gids=0-1-1", -EINVAL, "INSIDE-OUTSIDE-COUNT"},
	{"bind", "/s", "ridmap=uids=;gids=", -EINVAL, "INSIDE-OUTSIDE-COUNT"},
	{"bind", "/s", "idmap=users=0-1-1", -EINVAL, "uids="},
	{"", "/s", "ro", -EINVAL, "type"},
	{"overlay", "", "", -EINVAL, "lowerdir"},
	{"overlay", "", "lowerdir=/l,upperdir=/u", -EINVAL, "workdir"},
	{"overlay", "", "lowerdir=/l,frobnicate", -EINVAL, "frobnicate"},
	{"overlay", "", "lowerdir=/a::/b", -EOPNOTSUPP, "data-only"},
	{"overlay", "", "lowerdir=/a:", -EINVAL, "lowerdir"},
	{"overlay", "", "lowerdir=:/a", -EINVAL, "lowerdir"},
	{"overlay", "", "lowerdir=a", -EINVAL, "lowerdir"},
	{"overlay", "", "lowerdir=/a,lowerdir=/b", -EINVAL, "twice"},
	{"overlay", "", "lowerdir=/a,upperdir=/u,upperdir=/v", -EINVAL, "twice"},
	{"overlay", "", "lowerdir=/l,datadir+=/d", -EOPNOTSUPP, "datadir"},
	{"overlay", "", "lowerdir=/l,lowerdir+=/m", -EINVAL, "lowerdir+"},
	{"overlay", "", "lowerdir=/l,redirect_dir=maybe", -EINVAL, "redirect_dir=maybe"},
	{"overlay", "", "lowerdir=/l,metacopy=1", -EINVAL, "metacopy=1"},
	{"overlay", "", "lowerdir=/l,index=1", -EINVAL, "index=1"},
	{"overlay", "", "lowerdir=/l,xino=1", -EINVAL, "xino=1"},
	{"overlay", "", "lowerdir=/l,nfs_export=on", -EOPNOTSUPP, "nfs_export=on"},
	{"overlay", "", "lowerdir=/l,verity=require", -EOPNOTSUPP, "verity"},
	{"bind", "/s", "X-mount.subdir=", -EINVAL, "X-mount.subdir"},
	{"overlay", "", "lowerdir=/l,X-mount.subdir=a", -EOPNOTSUPP, "X-mount.subdir=a"},
	{"bind", "/s", "X-mount.subdir=a,X-mount.subdir=b", -EINVAL, "twice"},
};

START_TEST(words_with_an_r_count_for_the_mounts_below_too)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("bind", "/s", "rbind,rnosuid,rdev,rnoatime,rrw", &o, &e), e);
	ck_assert_uint_eq(o.recursive_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME);
	ck_assert_uint_eq(o.recursive_clear,
			  MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
	ck_assert_uint_eq(o.attr_set, 0);
}
END_TEST

START_TEST(maps_of_ids_become_lines_for_the_kernel)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("bind", "/s", "ridmap=gids=0-7-1;uids=0-1000-1#1-2000-65536", &o, &e), e);
	ck_assert(o.is_id_mapped && o.id_map_is_recursive);
	ck_assert_str_eq(o.uid_map, "0 1000 1\n1 2000 65536\n");
	ck_assert_str_eq(o.gid_map, "0 7 1\n");
}
END_TEST

START_TEST(what_can_not_be_kept_is_refused_by_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct mount_options o = {.kind = 77};
		struct err e = ERR_NONE;
		int r = parse(refused[i].type, refused[i].source, refused[i].options, &o, &e);

		ck_assert_msg(r == refused[i].r, "'%s': %d", refused[i].options, r);
		ck_assert_int_eq(e.kind, r == -EINVAL ? ERR_INVALID : ERR_UNSUPPORTED);
		ck_assert_msg(strstr(e.msg, refused[i].word) != NULL, "'%s': %s",
			      refused[i].options, e.msg);
		ck_assert_int_eq(o.kind, 77);
	}
}
END_TEST

START_TEST(features_of_an_overlay_are_told_to_us_and_to_the_kernel)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("overlay", "o", "lowerdir=/l,redirect_dir=follow,metacopy=off,index=on", &o,
		    &e),
	      e);
	ck_assert_int_eq(o.redirect_dir, MOUNT_REDIRECT_FOLLOW);
	ck_assert_int_eq(o.metacopy, MOUNT_SWITCH_OFF);
	ck_assert_int_eq(o.index, MOUNT_SWITCH_ON);
	ck_assert_uint_eq(o.fs_options.n, 3);
	mount_options_done(&o);
	ck_ok(parse("overlay", "o", "lowerdir=/l", &o, &e), e);
	ck_assert_int_eq(o.redirect_dir, MOUNT_REDIRECT_DEFAULT);
	ck_assert_int_eq(o.metacopy, MOUNT_SWITCH_DEFAULT);
}
END_TEST

START_TEST(a_bind_may_have_a_subpath)
{
	cleanup_mount_options struct mount_options o = {0};
	struct err e = ERR_NONE;

	ck_ok(parse("bind", "/s", "X-mount.subdir=a/b", &o, &e), e);
	ck_assert_str_eq(o.subpath, "a/b");
}
END_TEST

/* Is what one says about a list of lower directories what the other says? */
static const char *const lists[] = {
	"@/a",       "@/a:@/b", "@/a:",  ":@/a",       "@/a\\:b",   "@/a\\", "@/a\\\\b",
	"@/a:::@/b", "@/a\\,b", "@/\\a", "@/a:@/none", "@/a\\:@/b", "",
};

START_TEST(the_top_of_a_rootfs_is_what_takes_its_writes)
{
	static const struct {
		const char *type, *source, *options, *top;
	} rows[] = {
		{"bind", "/a", "rbind", "/a"},
		{"bind", "/a", "X-mount.subdir=b/c", "/a/b/c"},
		{"overlay", "", "lowerdir=/l:/m,upperdir=/u\\:x,workdir=/w", "/u:x"},
		{"overlay", "", "lowerdir=/l:/m", "/l"},
	};
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_mount_specs struct mount_specs specs = {.n = 0};
		cleanup_free char *top = NULL;

		ck_assert_int_eq(mount_specs_top(&specs, &top, NULL), -EINVAL);
		ck_ok(mount_specs_add(&specs, "bind", "/below", "", "", &e), e);
		ck_ok(mount_specs_add(&specs, rows[i].type, rows[i].source, "", rows[i].options,
				      &e),
		      e);
		ck_ok(mount_specs_top(&specs, &top, &e), e);
		ck_assert_str_eq(top, rows[i].top);
	}
}
END_TEST

START_TEST(the_kernel_splits_lists_in_the_same_way)
{
	struct view v;

	suite_need_root();
	oracle_isolate();
	view_init(&v);
	for (const char *rel = "a\0b\0a:b\0a\\b\0a,b\0m\0u\0w\0"; *rel; rel += strlen(rel) + 1)
		tree_dir(&v.t, rel);
	tree_file(&v.t, "a:b/colon", "");
	tree_file(&v.t, "a\\b/backslash", "");
	tree_file(&v.t, "a,b/comma", "");
	tree_file(&v.t, "a/a", "");
	tree_file(&v.t, "b/b", "");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		cleanup_free char *words = NULL;
		char options[128];
		int theirs;

		snprintf(options, sizeof(options), "upperdir=@/u,workdir=@/w,lowerdir=%s",
			 lists[i]);
		words = view_expand(&v, options);
		theirs = mount("overlay", tree_at(&v.t, "m"), "overlay", 0, words);
		mount_specs_done(&v.rootfs);
		view_rootfs(&v, "overlay", "", options);
		ck_assert_msg((view_try(&v, NULL) == 0) == (theirs == 0), "%s: the kernel's %d",
			      lists[i], theirs);
		if (theirs == 0) {
			oracle_compare(&v, tree_at(&v.t, "m"));
			oracle_unmount(&v, "m");
		}
	}
	view_done(&v);
}
END_TEST

START_TEST(the_kernel_reads_escapes_in_the_same_way)
{
	static const char options[] = "lowerdir=@/l\\:1:@/l2\\,x:@/l\\\\3,upperdir=@/u\\,x,"
				      "workdir=@/w\\:y";
	struct view v;

	suite_need_root();
	oracle_isolate();
	view_init(&v);
	tree_file(&v.t, "l:1/one", "");
	tree_file(&v.t, "l2,x/two", "");
	tree_file(&v.t, "l\\3/three", "");
	tree_file(&v.t, "u,x/top", "");
	tree_dir(&v.t, "w:y");
	view_rootfs(&v, "overlay", "", options);
	view_open(&v);
	oracle_mount(&v, options, "m");
	oracle_compare(&v, tree_at(&v.t, "m"));
	ck_assert_str_eq(view_list(&v, "/"), "one three top two");
	oracle_unmount(&v, "m");
	view_done(&v);
}
END_TEST

SUITE("vfs/mount_options", NULL, NULL, words_become_attributes, the_kind_follows_from_type_and_bind,
      propagation_is_one_of_four_and_recursive_or_not,
      words_of_a_special_file_system_are_handed_to_it, overlay_directories_are_unescaped,
      lower_directories_can_be_appended_one_by_one, words_with_an_r_count_for_the_mounts_below_too,
      maps_of_ids_become_lines_for_the_kernel, what_can_not_be_kept_is_refused_by_name,
      features_of_an_overlay_are_told_to_us_and_to_the_kernel, a_bind_may_have_a_subpath,
      the_top_of_a_rootfs_is_what_takes_its_writes, the_kernel_splits_lists_in_the_same_way,
      the_kernel_reads_escapes_in_the_same_way)
