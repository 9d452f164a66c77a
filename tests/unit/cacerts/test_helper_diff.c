/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/helper_diff.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "tests/unit/vfs/oracle.h"

static const char *const outputs[] = {"/etc/ssl/certs", NULL};

static struct view v;
static struct helper_layers layers;

static void make_image(void)
{
	view_init(&v);
	tree_dir(&v.t, "scratch");
	tree_file(&v.t, "r/etc/ssl/certs/bundle", "before");
	tree_file(&v.t, "r/etc/ssl/certs/dir/file", "x");
	tree_link(&v.t, "r/etc/ssl/certs/link", "bundle");
	tree_file(&v.t, "r/var/cache", "x");
}

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	make_image();
}

static void teardown(void)
{
	helper_layers_done(&layers);
	view_done(&v);
}

static void make_layers(void)
{
	struct err e = ERR_NONE;

	view_open(&v);
	ck_ok(helper_layers_make(&v.rootfs, &v.mounts, v.fs, tree_at(&v.t, "scratch"), &layers, &e),
	      e);
}

/* The tool: a script in the root directory of the overlay that helper_layers made. */
static void run_tool(const char *script)
{
	cleanup_buf struct buf command = BUF(65536);
	const char *work;

	view_rootfs(&v, "bind", "@/r", "rbind,rw");
	make_layers();
	work = strv_value(&layers.rootfs.v[0].options, "workdir");
	tree_dir(&v.t, "m");
	buf_addf(&command, NULL,
		 "set -e; mount -t overlay overlay -o lowerdir=%s,upperdir=%s,workdir=%s %s; "
		 "cd %s; %s",
		 tree_at(&v.t, "r"), layers.v[0].upper, work, tree_at(&v.t, "m"),
		 tree_at(&v.t, "m"), script);
	ck_assert_msg(system(command.data) == 0, "%s", script);
	ck_assert_int_eq(umount2(tree_at(&v.t, "m"), MNT_DETACH), 0);
}

/* "kind path;" for each change, in order. */
static void expect(const char *wanted)
{
	cleanup_changes struct changes c = {0};
	cleanup_buf struct buf text = BUF(65536);
	struct err e = ERR_NONE;

	ck_ok(helper_diff(&layers, v.fs, outputs, &c, &e), e);
	buf_add(&text, "", 0, NULL);
	for (size_t i = 0; i < c.n; i++)
		buf_addf(&text, NULL, "%s %s;", change_kind_name(c.v[i].kind),
			 c.v[i].path + strlen(outputs[0]));
	ck_assert_str_eq(text.data, wanted);
}

static void expect_refused(void)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	ck_assert_int_eq(helper_diff(&layers, v.fs, outputs, &c, &e), -EOPNOTSUPP);
	ck_assert_int_eq(e.kind, ERR_UNSUPPORTED);
	ck_assert_msg(strstr(e.msg, "/etc") != NULL, "%s", e.msg);
	ck_assert_uint_eq(c.n, 0);
}

/* clang-format off */
static const struct {
	const char *script;
	const char *changes; /* NULL: refused */
} rows[] = {
	{":", ""},
	{"echo after > etc/ssl/certs/bundle", "file /bundle;"},
	{"printf before > etc/ssl/certs/x; mv etc/ssl/certs/x etc/ssl/certs/bundle", ""},
	{"chmod 600 etc/ssl/certs/bundle", "file /bundle;"},
	{"rm etc/ssl/certs/bundle", "remove /bundle;"},
	{"mkdir etc/ssl/certs/a; echo x > etc/ssl/certs/a/b", "mkdir /a;file /a/b;"},
	{"echo x > etc/ssl/certs/dir/other", "file /dir/other;"},
	{"ln -s bundle etc/ssl/certs/z.0; ln -sf elsewhere etc/ssl/certs/link",
	 "link /link;link /z.0;"},
	{"ln -sf bundle etc/ssl/certs/link", ""},
	{"ln -sf bundle etc/ssl/certs/bundle2; rm etc/ssl/certs/bundle2", ""},
	/* not our business */
	{"echo x > etc/passwd; rm var/cache; mkdir -p tmp/a/b; mkfifo tmp/pipe", ""},
	{"mkdir etc/ssl/certs.d; echo x > etc/ssl/certs.d/x; rm -r var", ""},
	/* no business of a trust store tool */
	{"mkfifo etc/ssl/certs/pipe", NULL},
	{"mknod etc/ssl/certs/null c 1 3", NULL},
	{"mknod etc/ssl/certs/disk b 8 0", NULL},
	{"rm -r etc/ssl/certs/dir", NULL},
	{"rm -r etc/ssl/certs/dir; mkdir etc/ssl/certs/dir", NULL},
	{"rm -r etc/ssl/certs/dir; echo x > etc/ssl/certs/dir", NULL},
	{"rm -r etc/ssl/certs/dir; ln -s / etc/ssl/certs/dir", NULL},
	{"rm etc/ssl/certs/bundle; mkdir etc/ssl/certs/bundle", NULL},
	{"rm -r etc/ssl/certs", NULL},
	{"rm -r etc", NULL},
	{"rm -r etc; ln -s /var etc", NULL},
	{"rm -r etc; mkdir -p etc/ssl/certs; echo x > etc/ssl/certs/x", NULL},
	{"d=etc/ssl/certs; for i in $(seq 40); do d=$d/d; done; mkdir -p $d", NULL},
};
/* clang-format on */

START_TEST(only_what_a_trust_store_tool_may_do_is_taken_over)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		run_tool(rows[i].script);
		if (rows[i].changes)
			expect(rows[i].changes);
		else
			expect_refused();
		teardown();
		make_image();
	}
}
END_TEST

START_TEST(an_oversized_output_is_refused)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	run_tool("truncate -s 17M etc/ssl/certs/bundle");
	ck_assert_int_eq(helper_diff(&layers, v.fs, outputs, &c, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

START_TEST(modes_and_owners_come_along)
{
	cleanup_changes struct changes c = {0};
	struct err e = ERR_NONE;

	run_tool("echo x > etc/ssl/certs/new; chmod 640 etc/ssl/certs/new; chown 3:4 "
		 "etc/ssl/certs/new");
	ck_ok(helper_diff(&layers, v.fs, outputs, &c, &e), e);
	ck_assert_uint_eq(c.n, 1);
	ck_assert_uint_eq(c.v[0].meta.mode, 0640);
	ck_assert_uint_eq(c.v[0].meta.uid, 3);
	ck_assert_uint_eq(c.v[0].meta.gid, 4);
	ck_assert_mem_eq(c.v[0].bytes, "x\n", 2);
}
END_TEST

START_TEST(every_directory_gets_a_layer_and_a_single_file_becomes_read_only)
{
	const struct vfs_meta meta = {.fields = 0};
	struct vfs *fs = NULL;
	struct err e = ERR_NONE;
	struct vfs_stat st;

	tree_dir(&v.t, "r/mnt");
	tree_file(&v.t, "r/one", "");
	tree_dir(&v.t, "data");
	tree_file(&v.t, "data/f", "data");
	tree_link(&v.t, "r/alias", "mnt");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
	view_mount(&v, "bind", "@/data", "/alias", "rbind,rw");
	view_mount(&v, "bind", "@/data/f", "/one", "bind,rw");
	view_mount(&v, "tmpfs", "tmpfs", "/run", "");
	make_layers();
	ck_assert_uint_eq(layers.n, 2);
	ck_assert_str_eq(layers.v[0].destination, "/");
	ck_assert_str_eq(layers.v[1].destination, "/mnt");
	ck_assert_uint_eq(layers.mounts.n, 3);
	ck_ok(vfs_new(&layers.rootfs, &layers.mounts, &fs, &e), e);
	ck_ok(vfs_put_file(fs, "/mnt/f", "tool", 4, &meta, &e), e);
	ck_assert_int_eq(vfs_put_file(fs, "/one", "tool", 4, &meta, &e), -EROFS);
	ck_ok(vfs_lstat(fs, "/run", &st, &e), e);
	ck_assert_int_eq(st.type, VFS_UNREACHABLE);
	vfs_free(fs);
	ck_assert_str_eq(view_read(&v, "/mnt/f"), "data");
}
END_TEST

SUITE("cacerts/helper_diff", setup, teardown, only_what_a_trust_store_tool_may_do_is_taken_over,
      an_oversized_output_is_refused, modes_and_owners_come_along,
      every_directory_gets_a_layer_and_a_single_file_becomes_read_only)
