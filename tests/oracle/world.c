/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/world.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tests/oracle/layer.h"
#include "tests/oracle/must.h"
#include "tests/oracle/prune.h"

enum { MAX_LOWERS = 5, MAX_MOUNTS = 6, N_VOLUMES = 3 };

/* What is decided once and then built on both sides. */
struct draft {
	unsigned n_lowers;
	unsigned by_kernel; /* bit i: lower i is made by the kernel over those below it */
	bool upper_by_kernel;
	bool readonly; /* no upper */
	bool userxattr;
	bool bind_root;
	bool submount;  /* volume 1 holds a mount of the host */
	bool odd_names; /* layer directories whose names need escapes */
	unsigned extra; /* index into extras */
	struct layer_style style;
	uint64_t seed;
};

/* Options that come along with an overlay. */
static const char *const extras[] = {"",         "",        "",         "index=off", "index=on",
				     "xino=off", "xino=on", "volatile", "ro"};
/* Options of an overlay whose layers have redirects and metacopies. */
static const char *const redirect_extras[] = {
	"",
	"redirect_dir=on,metacopy=on",
	"redirect_dir=on,metacopy=on",
	"redirect_dir=on,metacopy=on",
	"redirect_dir=on",
	"metacopy=on",
	"redirect_dir=off",
	"redirect_dir=nofollow",
};

const char *world_at(enum world_side side)
{
	return side == OURS ? WORLD_AT "/0" : WORLD_AT "/1";
}

static struct draft draft_make(struct world *w, struct dice *d)
{
	struct draft t = {.n_lowers = 1 + dice_roll(d, MAX_LOWERS)};

	t.userxattr = dice_chance(d, 10);
	w->has_redirects = !t.userxattr && dice_chance(d, 30);
	w->has_file_whiteouts = !w->has_redirects && dice_chance(d, 15);
	if (w->has_redirects) {
		t.n_lowers += t.n_lowers < 2;
		t.by_kernel = dice_roll(d, 1u << MAX_LOWERS);
		t.upper_by_kernel = dice_chance(d, 50);
		t.extra = dice_roll(d, ARRAY_SIZE(redirect_extras));
	} else {
		t.extra = dice_roll(d, ARRAY_SIZE(extras));
	}
	t.readonly = t.n_lowers > 1 && dice_chance(d, 10);
	t.bind_root = dice_chance(d, 10);
	t.submount = dice_chance(d, 30);
	t.odd_names = dice_chance(d, 10);
	t.style = (struct layer_style){.whiteouts = true,
				       .file_whiteouts = w->has_file_whiteouts,
				       .opaque = true,
				       .xattr_space = t.userxattr ? "user" : "trusted",
				       /* with an index links stay together, which vfs refuses */
				       .hard_links = w->has_redirects ||
						     strcmp(extras[t.extra], "index=on") != 0,
				       .hostile = dice_chance(d, 30)};
	t.seed = dice_next(d);
	w->n_lowers = t.n_lowers;
	w->has_odd_names = t.odd_names;
	snprintf(w->features, sizeof(w->features), "%u lowers%s%s%s%s%s%s%s%s, '%s'", t.n_lowers,
		 w->has_redirects ? ", redirects" : "", t.readonly ? ", no upper" : "",
		 t.userxattr ? ", userxattr" : "", t.bind_root ? ", bind root" : "",
		 w->has_file_whiteouts ? ", file whiteouts" : "", t.submount ? ", submount" : "",
		 t.odd_names ? ", odd names" : "", t.style.hostile ? ", hostile" : "",
		 w->has_redirects ? redirect_extras[t.extra] : extras[t.extra]);
	return t;
}

/* Lower @i below @base; as an option's value too, with escapes, if @escape. */
static void lower_path(const struct draft *t, const char *base, unsigned i, bool escape, char *ret)
{
	const char *odd = escape ? "\\:\\,\\\\" : ":,\\";

	snprintf(ret, LIMIT_PATH, "%s/l%u%s", base, i, t->odd_names && i == 0 ? odd : "");
}

/* "l<from>:...:l<n-1>", topmost first. */
static void lower_list(const struct draft *t, const char *base, unsigned from, char *ret)
{
	ret[0] = '\0';
	for (unsigned i = from; i < t->n_lowers; i++) {
		char path[LIMIT_PATH];

		lower_path(t, base, i, /* escape= */ true, path);
		snprintf(ret + strlen(ret), LIMIT_PATH - strlen(ret), "%s%s", i > from ? ":" : "",
			 path);
	}
}

static void make_by_kernel(struct dice *d, const struct draft *t, const char *base, unsigned over,
			   const char *name)
{
	char lowers[LIMIT_PATH];
	char work[LIMIT_PATH + sizeof(".work")];

	lower_list(t, base, over, lowers);
	snprintf(work, sizeof(work), "%s.work", name);
	layer_make_by_kernel(d, lowers, name, work, "redirect_dir=on,metacopy=on");
}

static void make_layers(const struct draft *t, const char *base)
{
	struct dice d = {.state = t->seed};
	char path[LIMIT_PATH];

	for (unsigned i = t->n_lowers; i-- > 0;) {
		lower_path(t, base, i, /* escape= */ false, path);
		if (i + 1 < t->n_lowers && (t->by_kernel & (1u << i)) && !(t->odd_names && i == 0))
			make_by_kernel(&d, t, base, i + 1, path);
		else
			layer_make(&d, path, &t->style);
	}
	snprintf(path, sizeof(path), "%s/u", base);
	if (t->upper_by_kernel) {
		make_by_kernel(&d, t, base, 0, path);
	} else {
		layer_make(&d, path, &t->style);
		prune_upper(path, base, t->n_lowers, t->userxattr, t->odd_names);
	}
	snprintf(path, sizeof(path), "%s/w", base);
	must(mkdir(path, 0755) == 0, "mkdir %s", path);
}

/* Directories for binds; one may hold a mount of the host, as "a" or "b". */
static void make_volumes(const struct draft *t, const char *base)
{
	const struct layer_style plain = {.hard_links = true, .hostile = t->style.hostile};
	struct dice d = {.state = ~t->seed};
	char path[LIMIT_PATH];
	char other[LIMIT_PATH - 8];

	for (int i = 0; i < N_VOLUMES; i++) {
		snprintf(path, sizeof(path), "%s/v%d", base, i);
		layer_make(&d, path, &plain);
	}
	snprintf(path, sizeof(path), "%s/file", base);
	must(mknod(path, S_IFREG | 0640, 0) == 0, "%s", path);
	snprintf(other, sizeof(other), "%s/vlink", base);
	must(symlink("v0", other) == 0, "%s", other);
	if (!t->submount)
		return;
	snprintf(path, sizeof(path), "%s/v1/sub", base);
	snprintf(other, sizeof(other), "%s/v2", base);
	must(mkdir(path, 0755) == 0 && mount(other, path, NULL, MS_BIND, NULL) == 0, "%s", path);
	lower_path(t, base, t->n_lowers - 1, /* escape= */ false, other);
	snprintf(path, sizeof(path), "%s/sub", other); /* overlays don't show this one */
	snprintf(other, sizeof(other), "%s/v2", base);
	must(mkdir(path, 0755) == 0 && mount(other, path, NULL, MS_BIND, NULL) == 0, "%s", path);
}

static void add_spec(struct mount_specs *to, const char *type, const char *source,
		     const char *destination, const char *options)
{
	struct err e = ERR_NONE;

	must(mount_specs_add(to, type, source, destination, options, &e) == 0, "%s", e.msg);
}

static void add_overlay(const struct world *w, const struct draft *t, const char *base,
			struct mount_specs *to)
{
	const char *extra = w->has_redirects ? redirect_extras[t->extra] : extras[t->extra];
	char lowers[LIMIT_PATH];
	char options[2 * LIMIT_PATH];
	size_t n;

	lower_list(t, base, 0, lowers);
	n = (size_t)snprintf(options, sizeof(options), "lowerdir=%s", lowers);
	if (!t->readonly)
		n += (size_t)snprintf(options + n, sizeof(options) - n,
				      ",upperdir=%s/u,workdir=%s/w", base, base);
	snprintf(options + n, sizeof(options) - n, "%s%s%s", t->userxattr ? ",userxattr" : "",
		 *extra && !(t->readonly && strcmp(extra, "volatile") == 0) ? "," : "",
		 t->readonly && strcmp(extra, "volatile") == 0 ? "" : extra);
	add_spec(to, "overlay", "overlay", "/", options);
}

static void add_rootfs(struct world *w, const struct draft *t, enum world_side side)
{
	char source[LIMIT_PATH];

	snprintf(source, sizeof(source), "%s/v0", world_at(side));
	if (t->bind_root || (t->seed & 15) == 0)
		add_spec(&w->rootfs[side], "bind", source, "/", "rbind");
	if (!t->bind_root)
		add_overlay(w, t, world_at(side), &w->rootfs[side]);
}

/* A container path for a destination: mostly one that may exist. */
static void roll_destination(struct dice *d, char *ret)
{
	unsigned depth = 1 + dice_roll(d, 3);

	ret[0] = '\0';
	for (unsigned i = 0; i < depth; i++) {
		strcat(ret,
		       i == 0 && dice_chance(d, 10) ? "" : "/"); /* relative ones are from "/" */
		strcat(ret, dice_chance(d, 5) ? ".." : layer_name(d));
	}
}

struct kind {
	const char *type;
	const char *source; /* below the side's directory */
	const char *options;
};

/*
 * Sources are directories that this file has made: a random one may be a link, and links in a
 * source lead all over the host. "X-mount.subdir=" keeps them inside.
 */
/* clang-format off */
static const struct kind kinds[] = {
	{"bind",  "v0",      "bind"},
	{"bind",  "v0",      "bind"},
	{"bind",  "v1",      "rbind"},
	{"bind",  "v1",      "bind"},
	{"bind",  "v2/.",    "rbind,ro"},
	{"bind",  "v1",      "rbind,rro"},
	{"bind",  "vlink",   "bind"},         /* the source is a symlink */
	{"bind",  "file",    "bind"},
	{"bind",  "file",    "bind,ro"},
	{"bind",  "v0",      "bind,X-mount.subdir=a"},
	{"bind",  "v0",      "bind,X-mount.subdir=b/../a"},
	{"bind",  "l0",      "bind,ro,X-mount.subdir=a"}, /* a part of a lower layer */
	{"tmpfs", "tmpfs",   "mode=0755"},
	{"proc",  "proc",    ""},
};
/* clang-format on */

static bool has_destination(const struct real *r, const char *destination)
{
	cleanup_close int fd = real_open(r, destination, 0);

	return fd >= 0;
}

/*
 * Only in overlays a destination is made: a directory that is bound twice would show it at both
 * places.
 */
static bool may_make(const struct real *r, const char *destination)
{
	char path[LIMIT_PATH];

	if (real_walk(r, destination, /* follow_last= */ true, path) < 0)
		return false;
	for (size_t i = r->n_mounts; i-- > 0;)
		if (path_is_below(path, r->mounts[i].destination))
			return r->mounts[i].is_overlay;
	return false;
}

/* A mount that the kernel takes is a mount of both sides. */
static void add_mount(struct world *w, struct dice *d, struct real *r)
{
	const struct kind *k = &kinds[dice_roll(d, ARRAY_SIZE(kinds))];
	struct mount_specs one[N_SIDES] = {0};
	char destination[LIMIT_PATH];
	bool may_be_made = dice_chance(d, 15);

	roll_destination(d, destination);
	for (int side = 0; side < N_SIDES; side++) {
		char source[LIMIT_PATH];

		snprintf(source, sizeof(source), "%s/%s", world_at(side), k->source);
		add_spec(&one[side], k->type, source, destination, k->options);
	}
	/* what is made for one mount doesn't lead to another one: vfs makes nothing by looking */
	if (!real_walk_needs_made(r, destination, /* follow_last= */ true) &&
	    (has_destination(r, destination) || (may_be_made && may_make(r, destination))) &&
	    real_mount_add(r, &one[KERNELS].v[0]) == 0) {
		w->has_made_mountpoints |= r->mounts[r->n_mounts - 1].made[0];
		for (int side = 0; side < N_SIDES; side++)
			must(mount_specs_extend(&w->mounts[side], &one[side], NULL) == 0, "spec");
	}
	for (int side = 0; side < N_SIDES; side++)
		mount_specs_done(&one[side]);
}

void world_make(struct world *w, uint64_t seed, struct real *r)
{
	struct dice d = {.state = seed};
	struct draft t;
	unsigned n_mounts;

	*w = (struct world){0};
	t = draft_make(w, &d);
	must(mkdir(WORLD_AT, 0755) == 0 && mkdir(WORLD_AT "/root", 0755) == 0, WORLD_AT);
	for (int side = 0; side < N_SIDES; side++) {
		must(mkdir(world_at(side), 0755) == 0, "%s", world_at(side));
		make_layers(&t, world_at(side));
		make_volumes(&t, world_at(side));
		add_rootfs(w, &t, side);
	}
	real_mount_rootfs(r, WORLD_AT "/root", &w->rootfs[KERNELS]);
	n_mounts = dice_chance(&d, 60) ? dice_roll(&d, MAX_MOUNTS) : 0;
	for (unsigned i = 0; i < n_mounts; i++)
		add_mount(w, &d, r);
	r->rootfs = &w->rootfs[KERNELS];
	r->specs = &w->mounts[KERNELS];
}

void world_done(struct world *w)
{
	for (int side = 0; side < N_SIDES; side++) {
		mount_specs_done(&w->rootfs[side]);
		mount_specs_done(&w->mounts[side]);
	}
}

void world_lower(const struct world *w, enum world_side side, unsigned i, char *ret)
{
	snprintf(ret, LIMIT_PATH, "%s/l%u%s", world_at(side), i,
		 w->has_odd_names && i == 0 ? ":,\\" : "");
}

static void print_specs(const char *what, const struct mount_specs *specs)
{
	for (size_t i = 0; i < specs->n; i++) {
		const struct mount_spec *s = &specs->v[i];

		printf("%s %s of %s at %s", what, s->type, s->source, s->destination);
		for (size_t j = 0; j < s->options.n; j++)
			printf("%s%s", j ? "," : " ", s->options.v[j]);
		puts("");
	}
}

void world_print(const struct world *w)
{
	printf("world: %s\n", w->features);
	print_specs("rootfs", &w->rootfs[OURS]);
	print_specs("mount", &w->mounts[OURS]);
}
