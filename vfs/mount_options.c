/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/mount_options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/limits.h"

struct word;
typedef int apply_fn(struct mount_options *o, const struct word *w, const char *text,
		     struct err *e);

struct word {
	const char *name; /* the whole option; one that ends in '=' takes any value */
	apply_fn *apply;
	uint64_t arg;      /* for apply */
	bool overlay_only; /* elsewhere the word has no meaning of ours */
};

static int nothing(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	(void)o, (void)w, (void)text, (void)e;
	return 0;
}

static int unsupported(struct mount_options *o, const struct word *w, const char *text,
		       struct err *e)
{
	(void)o, (void)w;
	return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "mount option '%s' is not supported", text);
}

static int set_attr(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	(void)text, (void)e;
	o->attr_set |= w->arg;
	o->attr_clear &= ~w->arg;
	return 0;
}

static int clear_attr(struct mount_options *o, const struct word *w, const char *text,
		      struct err *e)
{
	(void)text, (void)e;
	o->attr_set &= ~w->arg;
	o->attr_clear |= w->arg;
	return 0;
}

/* The three kinds of access times are one field, which mount_setattr() wants cleared first. */
static int set_atime(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	(void)text, (void)e;
	o->attr_set = (o->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME) | w->arg;
	o->attr_clear |= MOUNT_ATTR__ATIME;
	return 0;
}

static int set_bind(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	(void)text, (void)e;
	o->recursive |= w->arg != 0;
	return 0;
}

static int set_readonly(struct mount_options *o, const struct word *w, const char *text,
			struct err *e)
{
	(void)text, (void)e;
	o->readonly = w->arg != 0;
	o->recursive_readonly &= o->readonly;
	return 0;
}

static int set_recursive_readonly(struct mount_options *o, const struct word *w, const char *text,
				  struct err *e)
{
	(void)w, (void)text, (void)e;
	o->readonly = true;
	o->recursive_readonly = true;
	return 0;
}

static int set_recursive(struct mount_options *o, const struct word *w, const char *text,
			 struct err *e)
{
	(void)text, (void)e;
	o->recursive_set |= w->arg;
	o->recursive_clear &= ~w->arg;
	return 0;
}

static int clear_recursive(struct mount_options *o, const struct word *w, const char *text,
			   struct err *e)
{
	(void)text, (void)e;
	o->recursive_set &= ~w->arg;
	o->recursive_clear |= w->arg;
	return 0;
}

static int set_recursive_atime(struct mount_options *o, const struct word *w, const char *text,
			       struct err *e)
{
	(void)text, (void)e;
	o->recursive_set = (o->recursive_set & ~(uint64_t)MOUNT_ATTR__ATIME) | w->arg;
	o->recursive_clear |= MOUNT_ATTR__ATIME;
	return 0;
}

static int set_copies_up(struct mount_options *o, const struct word *w, const char *text,
			 struct err *e)
{
	if (o->kind != MOUNT_SPECIAL)
		return unsupported(o, w, text, e);
	o->copies_up = true;
	return 0;
}

static int set_propagation(struct mount_options *o, const struct word *w, const char *text,
			   struct err *e)
{
	(void)text, (void)e;
	o->propagation = (unsigned long)w->arg & ~(unsigned long)MS_REC;
	o->recursive_propagation = (w->arg & MS_REC) != 0;
	return 0;
}

static int hand_on(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	(void)w;
	return strv_add(&o->fs_options, text, e);
}

/* A flag of a whole file system: a bind shares one that exists already. */
static int set_superblock(struct mount_options *o, const struct word *w, const char *text,
			  struct err *e)
{
	return o->kind == MOUNT_BIND ? 0 : hand_on(o, w, text, e);
}

/*
 * Copy @n bytes of @text without the backslashes that keep characters from meaning something.
 * One that is last keeps nothing, and goes as well.
 */
static int unescape(const char *text, size_t n, char **ret, struct err *e)
{
	char *out = malloc(n + 1);
	size_t used = 0;

	if (!out)
		return err_oom(e);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\' && ++i == n)
			break;
		out[used++] = text[i];
	}
	out[used] = '\0';
	*ret = out;
	return 0;
}

static int check_host_path(const char *path, const char *option, struct err *e)
{
	if (path[0] != '/')
		return err_set(e, -EINVAL, ERR_INVALID, "%s '%s' is not an absolute path", option,
			       path);
	return 0;
}

static int add_lower(struct mount_options *o, const char *path, struct err *e)
{
	int r = check_host_path(path, "lowerdir", e);

	if (r < 0)
		return r;
	r = strv_add(&o->lowers, path, e);
	return r < 0 ? err_wrap(e, r, "lowerdir") : 0;
}

static int set_lowers(struct mount_options *o, const struct word *w, const char *text,
		      struct err *e)
{
	const char *p = text + strlen(w->name);

	if (o->lowers.n)
		return err_set(e, -EINVAL, ERR_INVALID, "lowerdir is given twice");
	o->lowers_listed = true;
	for (;;) {
		cleanup_free char *path = NULL;
		size_t n = 0;
		int r;

		while (p[n] && p[n] != ':')
			n += p[n] == '\\' && p[n + 1] ? 2 : 1;
		if (p[n] == ':' && p[n + 1] == ':')
			return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
				       "data-only lower directories ('::') are not supported");
		r = unescape(p, n, &path, e);
		if (r < 0)
			return r;
		r = add_lower(o, path, e);
		if (r < 0)
			return r;
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

/* One path a word, in which neither colons nor backslashes mean anything. */
static int append_lower(struct mount_options *o, const struct word *w, const char *text,
			struct err *e)
{
	if (o->lowers_listed)
		return err_set(e, -EINVAL, ERR_INVALID, "lowerdir+ can't follow lowerdir");
	return add_lower(o, text + strlen(w->name), e);
}

/* arg is the offset of the string in struct mount_options. */
static int set_path(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	const char *value = text + strlen(w->name);
	char **to = (char **)((char *)o + w->arg);
	cleanup_free char *path = NULL;
	int r;

	if (*to)
		return err_set(e, -EINVAL, ERR_INVALID, "%s is given twice", w->name);
	r = unescape(value, strlen(value), &path, e);
	if (r < 0)
		return r;
	r = check_host_path(path, w->name, e);
	if (r < 0)
		return r;
	*to = take_ptr(path);
	return 0;
}

/* arg is the offset of the flag in struct mount_options. */
static int set_flag(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	(void)text, (void)e;
	*(bool *)((char *)o + w->arg) = true;
	return 0;
}

/* What both the file system and vfs have to know; arg is the value. */
static int set_redirect_dir(struct mount_options *o, const struct word *w, const char *text,
			    struct err *e)
{
	o->redirect_dir = (enum mount_redirect)w->arg;
	return hand_on(o, w, text, e);
}

static int set_metacopy(struct mount_options *o, const struct word *w, const char *text,
			struct err *e)
{
	o->metacopy = (enum mount_switch)w->arg;
	return hand_on(o, w, text, e);
}

static int set_index(struct mount_options *o, const struct word *w, const char *text, struct err *e)
{
	o->index = (enum mount_switch)w->arg;
	return hand_on(o, w, text, e);
}

static int set_subpath(struct mount_options *o, const struct word *w, const char *text,
		       struct err *e)
{
	const char *path = text + strlen(w->name);

	if (o->kind != MOUNT_BIND)
		return unsupported(o, w, text, e);
	if (o->subpath || !*path)
		return err_set(e, -EINVAL, ERR_INVALID, "%s is %s", w->name,
			       *path ? "given twice" : "empty");
	o->subpath = strdup(path);
	return o->subpath ? 0 : err_oom(e);
}

/* ---- idmap ----------------------------------------------------------------------------- */

/* "INSIDE-OUTSIDE-COUNT#..." up to ';' as the kernel's lines "INSIDE OUTSIDE COUNT". */
static int parse_id_map(const char *from, size_t n, char **ret, struct err *e)
{
	char *lines = malloc(n + 2);
	int numbers = 1;

	if (!lines)
		return err_oom(e);
	for (size_t i = 0; i < n; i++) {
		bool ends = from[i] == '-' || from[i] == '#';
		bool is_placed = i > 0 && i + 1 < n && from[i - 1] >= '0' && from[i - 1] <= '9';

		if (ends ? !is_placed || (from[i] == '#') != (numbers % 3 == 0)
			 : from[i] < '0' || from[i] > '9') {
			free(lines);
			return err_set(e, -EINVAL, ERR_INVALID,
				       "an id map is INSIDE-OUTSIDE-COUNT[#...]");
		}
		numbers += ends;
		lines[i] = (char)(from[i] == '-' ? ' ' : from[i] == '#' ? '\n' : from[i]);
	}
	lines[n] = '\n';
	lines[n + 1] = '\0';
	if (n == 0 || numbers % 3 != 0) {
		free(lines);
		return err_set(e, -EINVAL, ERR_INVALID, "an id map is INSIDE-OUTSIDE-COUNT[#...]");
	}
	free(*ret);
	*ret = lines;
	return 0;
}

/* "uids=...;gids=..." in any order. */
static int parse_id_maps(struct mount_options *o, const char *text, struct err *e)
{
	for (const char *at = text, *end;; at = end + 1) {
		bool is_uids = strncmp(at, "uids=", 5) == 0;
		int r;

		end = strchrnul(at, ';');
		if (!is_uids && strncmp(at, "gids=", 5) != 0)
			return err_set(e, -EINVAL, ERR_INVALID,
				       "an id-mapped mount has uids=...;gids=...");
		r = parse_id_map(at + 5, (size_t)(end - at) - 5,
				 is_uids ? &o->uid_map : &o->gid_map, e);
		if (r < 0)
			return r;
		if (!*end)
			break;
	}
	if (!o->uid_map || !o->gid_map)
		return err_set(e, -EINVAL, ERR_INVALID, "an id-mapped mount has uids and gids");
	return 0;
}

static int set_id_map(struct mount_options *o, const struct word *w, const char *text,
		      struct err *e)
{
	const char *maps = text + strlen(w->name);

	if (o->kind != MOUNT_BIND)
		return unsupported(o, w, text, e);
	o->is_id_mapped = true;
	o->id_map_is_recursive |= w->arg != 0;
	return w->name[strlen(w->name) - 1] == '=' ? parse_id_maps(o, maps, e) : 0;
}

/* clang-format off */
#define SET(flag)     set_attr, MOUNT_ATTR_##flag, false
#define CLEAR(flag)   clear_attr, MOUNT_ATTR_##flag, false
#define ATIME(mode)   set_atime, MOUNT_ATTR_##mode, false
#define R_SET(flag)   set_recursive, MOUNT_ATTR_##flag, false
#define R_CLEAR(flag) clear_recursive, MOUNT_ATTR_##flag, false
#define R_ATIME(mode) set_recursive_atime, MOUNT_ATTR_##mode, false
#define FIELD(member) offsetof(struct mount_options, member), true

static const struct word words[] = {
	{"bind",           set_bind, 0, false},
	{"rbind",          set_bind, 1, false},
	{"ro",             set_readonly, 1, false},
	{"rw",             set_readonly, 0, false},
	{"rro",            set_recursive_readonly, 0, false},

	/* attributes of the mount; a word and its opposite */
	{"nosuid",         SET(NOSUID)},
	{"suid",           CLEAR(NOSUID)},
	{"nodev",          SET(NODEV)},
	{"dev",            CLEAR(NODEV)},
	{"noexec",         SET(NOEXEC)},
	{"exec",           CLEAR(NOEXEC)},
	{"nosymfollow",    SET(NOSYMFOLLOW)},
	{"symfollow",      CLEAR(NOSYMFOLLOW)},
	{"nodiratime",     SET(NODIRATIME)},
	{"diratime",       CLEAR(NODIRATIME)},
	{"noatime",        ATIME(NOATIME)},
	{"atime",          ATIME(RELATIME)},
	{"strictatime",    ATIME(STRICTATIME)},
	{"nostrictatime",  ATIME(RELATIME)},
	{"relatime",       ATIME(RELATIME)},
	{"norelatime",     nothing, 0, false}, /* relatime is the absence of the others */

	{"private",        set_propagation, MS_PRIVATE, false},
	{"rprivate",       set_propagation, MS_PRIVATE | MS_REC, false},
	{"slave",          set_propagation, MS_SLAVE, false},
	{"rslave",         set_propagation, MS_SLAVE | MS_REC, false},
	{"shared",         set_propagation, MS_SHARED, false},
	{"rshared",        set_propagation, MS_SHARED | MS_REC, false},
	{"unbindable",     set_propagation, MS_UNBINDABLE, false},
	{"runbindable",    set_propagation, MS_UNBINDABLE | MS_REC, false},

	{"sync",           set_superblock, 0, false},
	{"async",          set_superblock, 0, false},
	{"dirsync",        set_superblock, 0, false},
	{"lazytime",       set_superblock, 0, false},
	{"nolazytime",     set_superblock, 0, false},

	/* about mount(8)'s messages, or without effect on any current kernel */
	{"defaults",       nothing, 0, false},
	{"loud",           nothing, 0, false},
	{"silent",         nothing, 0, false},
	{"mand",           nothing, 0, false},
	{"nomand",         nothing, 0, false},
	{"iversion",       nothing, 0, false},
	{"noiversion",     nothing, 0, false},

	{"remount",        unsupported, 0, false},
	{"tmpcopyup",      set_copies_up, 0, false},
	{"idmap",          set_id_map, 0, false},
	{"ridmap",         set_id_map, 1, false},
	{"idmap=",         set_id_map, 0, false},
	{"ridmap=",        set_id_map, 1, false},

	/* attributes of the mounts below, too */
	{"rrw",            R_CLEAR(RDONLY)},
	{"rnosuid",        R_SET(NOSUID)},
	{"rsuid",          R_CLEAR(NOSUID)},
	{"rnodev",         R_SET(NODEV)},
	{"rdev",           R_CLEAR(NODEV)},
	{"rnoexec",        R_SET(NOEXEC)},
	{"rexec",          R_CLEAR(NOEXEC)},
	{"rnosymfollow",   R_SET(NOSYMFOLLOW)},
	{"rsymfollow",     R_CLEAR(NOSYMFOLLOW)},
	{"rnodiratime",    R_SET(NODIRATIME)},
	{"rdiratime",      R_CLEAR(NODIRATIME)},
	{"rnoatime",       R_ATIME(NOATIME)},
	{"ratime",         R_ATIME(RELATIME)},
	{"rstrictatime",   R_ATIME(STRICTATIME)},
	{"rnostrictatime", R_ATIME(RELATIME)},
	{"rrelatime",      R_ATIME(RELATIME)},
	{"rnorelatime",    nothing, 0, false},

	{"lowerdir=",      set_lowers, 0, true},
	{"lowerdir+=",     append_lower, 0, true},
	{"upperdir=",      set_path, FIELD(upper)},
	{"workdir=",       set_path, FIELD(work)},
	{"volatile",       set_flag, FIELD(is_volatile)},
	{"fsync=volatile", set_flag, FIELD(is_volatile)}, /* as newer kernels show it */
	{"fsync=auto",     hand_on, 0, true},
	{"fsync=strict",   hand_on, 0, true},
	{"fsync=ordered",  hand_on, 0, true},
	{"userxattr",      set_flag, FIELD(userxattr)},

	/* what leaves every name and file where it is, or can't be kept */
	{"verity=off",            hand_on, 0, true},
	{"verity=on",             unsupported, 0, true},
	{"verity=require",        unsupported, 0, true},
	{"nfs_export=off",        hand_on, 0, true},
	{"nfs_export=on",         unsupported, 0, true},
	{"datadir+=",             unsupported, 0, true},
	{"xino=off",              hand_on, 0, true},
	{"xino=auto",             hand_on, 0, true},
	{"xino=on",               hand_on, 0, true},
	{"uuid=off",              hand_on, 0, true},
	{"uuid=null",             hand_on, 0, true},
	{"uuid=auto",             hand_on, 0, true},
	{"uuid=on",               hand_on, 0, true},
	{"default_permissions",   hand_on, 0, true},

	/* what moves names and content between layers */
	{"redirect_dir=off",      set_redirect_dir, MOUNT_REDIRECT_OFF, true},
	{"redirect_dir=nofollow", set_redirect_dir, MOUNT_REDIRECT_NOFOLLOW, true},
	{"redirect_dir=follow",   set_redirect_dir, MOUNT_REDIRECT_FOLLOW, true},
	{"redirect_dir=on",       set_redirect_dir, MOUNT_REDIRECT_ON, true},
	{"metacopy=off",          set_metacopy, MOUNT_SWITCH_OFF, true},
	{"metacopy=on",           set_metacopy, MOUNT_SWITCH_ON, true},
	{"index=off",             set_index, MOUNT_SWITCH_OFF, true},
	{"index=on",              set_index, MOUNT_SWITCH_ON, true},

	{"X-mount.subdir=",       set_subpath, 0, false},
};
/* clang-format on */

static bool fits(const struct word *w, const char *text)
{
	size_t n = strlen(w->name);

	return w->name[n - 1] == '=' ? strncmp(text, w->name, n) == 0 : strcmp(text, w->name) == 0;
}

static int apply(struct mount_options *o, const char *text, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct word *w = &words[i];

		if (fits(w, text) && (!w->overlay_only || o->kind == MOUNT_OVERLAY))
			return w->apply(o, w, text, e);
	}
	if (o->kind != MOUNT_SPECIAL)
		return err_set(e, -EINVAL, ERR_INVALID, "unknown mount option '%s'", text);
	return strv_add(&o->fs_options, text, e);
}

/* The word bind decides, as for mount(2) and the OCI runtimes: the type is not looked at then. */
static enum mount_kind kind_of(const struct mount_spec *spec)
{
	if (strv_has(&spec->options, "bind") || strv_has(&spec->options, "rbind") ||
	    strcmp(spec->type, "bind") == 0)
		return MOUNT_BIND;
	return strcmp(spec->type, "overlay") == 0 ? MOUNT_OVERLAY : MOUNT_SPECIAL;
}

static int check_special(const char *type, struct err *e)
{
	if (*type)
		return 0;
	return err_set(e, -EINVAL, ERR_INVALID, "a mount has neither a type nor the option bind");
}

static int check_overlay(struct mount_options *o, struct err *e)
{
	if (o->lowers.n == 0)
		return err_set(e, -EINVAL, ERR_INVALID, "an overlay needs a lowerdir");
	if (o->upper && !o->work)
		return err_set(e, -EINVAL, ERR_INVALID, "an overlay's upperdir needs a workdir");
	if (!o->upper) { /* the kernel ignores it too */
		free(o->work);
		o->work = NULL;
	}
	return 0;
}

static int check(const struct mount_spec *spec, struct mount_options *o, struct err *e)
{
	switch (o->kind) {
	case MOUNT_BIND:
		return check_host_path(spec->source, "the source of a bind", e);
	case MOUNT_OVERLAY:
		return check_overlay(o, e);
	default:
		return check_special(spec->type, e);
	}
}

int mount_options_parse(const struct mount_spec *spec, struct mount_options *ret, struct err *e)
{
	cleanup_mount_options struct mount_options o = {
		.kind = kind_of(spec),
		.lowers = STRV(LIMIT_LAYERS),
		.fs_options = STRV(LIMIT_MOUNT_OPTIONS),
	};
	int r;

	for (size_t i = 0; i < spec->options.n; i++) {
		r = apply(&o, spec->options.v[i], e);
		if (r < 0)
			return err_wrap(e, r, "mount at '%.200s'", spec->destination);
	}
	r = check(spec, &o, e);
	if (r < 0)
		return err_wrap(e, r, "mount at '%.200s'", spec->destination);
	*ret = o;
	o = (struct mount_options){0};
	return 0;
}

void mount_options_done(struct mount_options *o)
{
	strv_done(&o->lowers);
	strv_done(&o->fs_options);
	free(o->subpath);
	free(o->uid_map);
	free(o->gid_map);
	free(o->upper);
	free(o->work);
	*o = (struct mount_options){0};
}

int mount_specs_top(const struct mount_specs *rootfs, char **ret, struct err *e)
{
	cleanup_mount_options struct mount_options o = {0};
	const struct mount_spec *last = rootfs->n ? &rootfs->v[rootfs->n - 1] : NULL;
	const char *top;
	int r = last ? mount_options_parse(last, &o, e)
		     : err_set(e, -EINVAL, ERR_INVALID, "a rootfs without a mount");

	if (r < 0)
		return r;
	top = o.upper ? o.upper : o.kind == MOUNT_OVERLAY ? o.lowers.v[0] : last->source;
	if (asprintf(ret, "%s%s%s", top, o.subpath ? "/" : "", o.subpath ? o.subpath : "") < 0)
		return err_oom(e);
	return 0;
}
