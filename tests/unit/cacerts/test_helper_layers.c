/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/helper_layers.h"

#include "tests/unit/vfs/oracle.h"

static struct view v;
static struct helper_layers layers;

static void setup(void)
{
	suite_need_root();
	oracle_isolate();
	view_init(&v);
	layers = (struct helper_layers){.n = 0};
}

static void teardown(void)
{
	helper_layers_done(&layers);
	view_done(&v);
}

/* "type: options" of each spec, with the tree's path as '@'. */
static void expect(const struct mount_specs *specs, const char *wanted)
{
	cleanup_free char *expanded = view_expand(&v, wanted);
	cleanup_buf struct buf text = BUF(65536);

	for (size_t i = 0; i < specs->n; i++) {
		const struct strv *options = &specs->v[i].options;

		buf_addf(&text, NULL, "%s:", specs->v[i].type);
		for (size_t k = 0; k < options->n; k++)
			buf_addf(&text, NULL, " %s", options->v[k]);
		buf_addf(&text, NULL, "\n");
	}
	ck_assert_str_eq(text.data ? text.data : "", expanded);
}

static void make(void)
{
	struct err e = ERR_NONE;

	view_open(&v);
	ck_ok(helper_layers_make(&v.rootfs, &v.mounts, v.fs, tree_at(&v.t, "scratch"), &layers, &e),
	      e);
}

START_TEST(an_overlay_gets_another_upper_and_keeps_what_its_options_mean)
{
	for (const char *rel = "l\0u\0w\0"; *rel; rel += 2)
		tree_dir(&v.t, rel);
	view_rootfs(&v, "overlay", "overlay",
		    "lowerdir=@/l,upperdir=@/u,workdir=@/w,redirect_dir=on,metacopy=on,index=on,"
		    "volatile");
	make();
	expect(&layers.rootfs, "overlay: lowerdir+=@/u lowerdir+=@/l upperdir=@/scratch/0/upper "
			       "workdir=@/scratch/0/work redirect_dir=on metacopy=on\n");
}
END_TEST

START_TEST(a_directory_becomes_a_lower_and_all_else_takes_no_writes)
{
	tree_dir(&v.t, "r/mnt");
	tree_file(&v.t, "r/file", "");
	tree_file(&v.t, "source/part/file", "");
	tree_file(&v.t, "one", "");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
	view_mount(&v, "bind", "@/source", "/mnt", "X-mount.subdir=part");
	view_mount(&v, "bind", "@/one", "/file", "bind");
	view_mount(&v, "tmpfs", "tmpfs", "/tmp", "size=1m");
	make();
	expect(&layers.rootfs, "overlay: lowerdir+=@/r upperdir=@/scratch/0/upper "
			       "workdir=@/scratch/0/work\n");
	expect(&layers.mounts, "bind: X-mount.subdir=part ro\nbind: bind ro\ntmpfs: size=1m\n");
}
END_TEST

SUITE("cacerts/helper_layers", setup, teardown,
      an_overlay_gets_another_upper_and_keeps_what_its_options_mean,
      a_directory_becomes_a_lower_and_all_else_takes_no_writes)
