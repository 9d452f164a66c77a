/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/state.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/path.h"
#include "cacerts/state_json.h"

enum { NSEC_PER_SEC = 1000000000 };

void state_done(struct state *s)
{
	vfs_xattrs_done(&s->xattrs);
	free(s->target);
	*s = (struct state){0};
}

int state_digest(const struct buf *bytes, unsigned char ret[STATE_SHA256], struct err *e)
{
	const char *data = bytes->n ? bytes->data : "";

	return EVP_Digest(data, bytes->n, ret, NULL, EVP_sha256(), NULL) ? 0 : err_oom(e);
}

/* In place of a digest of what is too much to read: another one once anybody has touched it. */
static int digest_identity(struct state *s, struct err *e)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "too large %ju %ju %jd %jd.%ld", (uintmax_t)s->st.dev,
			 (uintmax_t)s->st.ino, (intmax_t)s->st.size, (intmax_t)s->st.ctime.tv_sec,
			 s->st.ctime.tv_nsec);

	return EVP_Digest(text, (size_t)n, s->sha256, NULL, EVP_sha256(), NULL) ? 0 : err_oom(e);
}

static int capture_file(const struct vfs *fs, const char *path, struct state *s,
			struct buf *content, struct err *e)
{
	cleanup_buf struct buf own = BUF(LIMIT_STORE_FILE);
	struct buf *text = content ? content : &own;
	int r;

	if (state_is_large(s))
		return digest_identity(s, e);
	r = vfs_read_file(fs, path, text, e);
	return r < 0 ? r : state_digest(text, s->sha256, e);
}

bool state_has_content(const struct state *s, const void *bytes, size_t n)
{
	unsigned char sha256[STATE_SHA256];

	return s->st.type == VFS_FILE &&
	       EVP_Digest(n ? bytes : "", n, sha256, NULL, EVP_sha256(), NULL) &&
	       memcmp(sha256, s->sha256, sizeof(sha256)) == 0;
}

int state_check_content(const struct state *s, const char *path, const struct buf *bytes,
			struct err *e)
{
	if (!state_has_content(s, bytes->data, bytes->n))
		return err_set(e, -EINVAL, ERR_INVALID, "what '%s' held can't be told", path);
	return 0;
}

static int capture_link(const struct vfs *fs, const char *path, struct state *s, struct err *e)
{
	char target[LIMIT_PATH];
	int r = vfs_readlink(fs, path, target, e);

	if (r < 0)
		return r;
	s->target = strdup(target);
	return s->target ? 0 : err_oom(e);
}

int state_digest_names(const struct strv *names, unsigned char ret[STATE_SHA256], struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

	for (size_t i = 0; good && i < names->n; i++)
		good = EVP_DigestUpdate(ctx, names->v[i], strlen(names->v[i]) + 1);
	good = good && EVP_DigestFinal_ex(ctx, ret, NULL);
	EVP_MD_CTX_free(ctx);
	return good ? 0 : err_oom(e);
}

int state_capture_names(const struct vfs *fs, const char *path, struct state *s, struct err *e)
{
	cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
	int r = s->st.type == VFS_DIR ? vfs_list(fs, path, &names, e) : 0;

	if (r == -E2BIG) {
		err_clear(e);
		return digest_identity(s, e);
	}
	return r == 0 && s->st.type == VFS_DIR ? state_digest_names(&names, s->sha256, e) : r;
}

/* With @sha256 the content is known by that. */
static int capture_all(const struct vfs *fs, const char *path, const unsigned char *sha256,
		       struct state *s, struct buf *content, struct err *e)
{
	int r = vfs_look(fs, path, &s->st, &s->xattrs, &s->dir, e);

	if (r == 0 && s->st.type == VFS_FILE && sha256)
		memcpy(s->sha256, sha256, sizeof(s->sha256));
	else if (r == 0 && s->st.type == VFS_FILE)
		r = capture_file(fs, path, s, content, e);
	return r == 0 && s->st.type == VFS_LINK ? capture_link(fs, path, s, e) : r;
}

static int capture(const struct vfs *fs, const char *path, const unsigned char *sha256,
		   struct state *ret, struct buf *content, struct err *e)
{
	cleanup_state struct state s = {0};
	int r = capture_all(fs, path, sha256, &s, content, e);

	if (r < 0)
		return err_wrap(e, r, "looking at '%s'", path);
	*ret = s;
	s = (struct state){0};
	return 0;
}

int state_capture(const struct vfs *fs, const char *path, struct state *ret, struct buf *content,
		  struct err *e)
{
	return capture(fs, path, NULL, ret, content, e);
}

int state_capture_written(const struct vfs *fs, const char *path, const unsigned char *sha256,
			  struct state *ret, struct err *e)
{
	return capture(fs, path, sha256, ret, NULL, e);
}

int state_copy(const struct state *s, struct state *ret, struct err *e)
{
	cleanup_state struct state copy = *s;
	int r;

	copy.xattrs = (struct vfs_xattrs){0};
	copy.target = s->target ? strdup(s->target) : NULL;
	if (s->target && !copy.target)
		return err_oom(e);
	r = vfs_xattrs_copy(&s->xattrs, &copy.xattrs, e);
	if (r < 0)
		return r;
	*ret = copy;
	copy = (struct state){0};
	return 0;
}

/* Is it the same entry, with the same change time? That is later than any birthday. */
static bool is_untouched(const struct vfs_stat *was, const struct vfs_stat *now)
{
	return was->type == now->type && was->dev == now->dev && was->ino == now->ino &&
	       clock_compare(was->ctime, now->ctime) == 0;
}

int state_recapture(const struct vfs *fs, const char *path, const struct state *was,
		    struct state *ret, struct err *e)
{
	cleanup_state struct state s = {0};
	struct vfs_stat now;
	int r = vfs_lstat(fs, path, &now, e);

	if (r < 0)
		return r;
	if (!is_untouched(&was->st, &now))
		return state_capture(fs, path, ret, NULL, e);
	r = state_copy(was, &s, e);
	if (r < 0)
		return err_wrap(e, r, "looking at '%s'", path);
	s.st = now;
	*ret = s;
	s = (struct state){0};
	return 0;
}

bool state_is_large(const struct state *s)
{
	return s->st.type == VFS_FILE && s->st.size > LIMIT_STORE_FILE;
}

bool state_same_object(const struct state *a, const struct state *b)
{
	return a->st.type == b->st.type && a->st.dev == b->st.dev && a->st.ino == b->st.ino &&
	       clock_compare(a->dir.born, b->dir.born) == 0;
}

bool state_untouched(const struct state *a, const struct state *b)
{
	return state_same_object(a, b) && clock_compare(a->st.ctime, b->st.ctime) == 0;
}

bool state_same_content(const struct state *a, const struct state *b)
{
	if (a->st.type != b->st.type)
		return false;
	switch (a->st.type) {
	case VFS_FILE:
		return memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
	case VFS_LINK:
		return strcmp(a->target, b->target) == 0;
	case VFS_DIR:
	case VFS_SPECIAL:
		return state_same_object(a, b);
	case VFS_ABSENT:
	case VFS_UNREACHABLE:
		return true;
	}
	return false;
}

bool state_same_mtime(const struct state *a, const struct state *b)
{
	return clock_compare(a->st.mtime, b->st.mtime) == 0;
}

bool state_same_xattrs(const struct state *a, const struct state *b)
{
	if (a->xattrs.n != b->xattrs.n)
		return false;
	for (size_t i = 0; i < a->xattrs.n; i++) {
		const struct vfs_xattr *x = &a->xattrs.v[i];
		const struct vfs_xattr *y = &b->xattrs.v[i];

		if (strcmp(x->name, y->name) != 0 || x->size != y->size ||
		    (x->size && memcmp(x->value, y->value, x->size) != 0))
			return false;
	}
	return true;
}

static bool same_owner(const struct state *a, const struct state *b)
{
	return a->st.uid == b->st.uid && a->st.gid == b->st.gid;
}

bool state_same_metadata(const struct state *a, const struct state *b)
{
	return a->st.mode == b->st.mode && same_owner(a, b) && state_same_mtime(a, b) &&
	       state_same_xattrs(a, b);
}

/* A symlink's mode means nothing and can't be set; its xattrs aren't captured. */
static unsigned fields_of(const struct state *s)
{
	if (s->st.type == VFS_LINK)
		return VFS_META_OWNER | VFS_META_MTIME;
	return VFS_META_MODE | VFS_META_OWNER | VFS_META_MTIME | VFS_META_XATTRS;
}

struct vfs_meta state_metadata(const struct state *s)
{
	return (struct vfs_meta){
		.fields = fields_of(s),
		.mode = s->st.mode,
		.uid = s->st.uid,
		.gid = s->st.gid,
		.mtime = s->st.mtime,
		.xattrs = &s->xattrs,
	};
}

void state_merge_metadata(const struct state *t0, const struct state *t1, const struct state *t2,
			  struct vfs_meta *ret)
{
	*ret = state_metadata(t0);
	if (t2->st.mode != t1->st.mode)
		ret->mode = t2->st.mode;
	if (t2->st.uid != t1->st.uid)
		ret->uid = t2->st.uid;
	if (t2->st.gid != t1->st.gid)
		ret->gid = t2->st.gid;
	if (!state_same_mtime(t2, t1))
		ret->mtime = t2->st.mtime;
	if (!state_same_xattrs(t2, t1))
		ret->xattrs = &t2->xattrs;
}

/* ---- JSON -------------------------------------------------------------------------------- */

static const char *const type_names[] = {
	[VFS_ABSENT] = "absent", [VFS_FILE] = "file",       [VFS_DIR] = "directory",
	[VFS_LINK] = "link",     [VFS_SPECIAL] = "special", [VFS_UNREACHABLE] = "unreachable",
};

static json_t *time_to_json(struct timespec t)
{
	return json_pack("[I,I]", (json_int_t)t.tv_sec, (json_int_t)t.tv_nsec);
}

static struct timespec time_from_json(const json_t *j)
{
	return (struct timespec){
		.tv_sec = (time_t)json_integer_value(json_array_get(j, 0)),
		.tv_nsec = (long)json_integer_value(json_array_get(j, 1)),
	};
}

json_t *state_xattrs_to_json(const struct vfs_xattrs *x)
{
	json_t *j = json_array();

	for (size_t i = 0; i < x->n; i++) {
		cleanup_free char *value = hex_encode(x->v[i].value, x->v[i].size);

		json_array_append_new(
			j, json_pack("[o,s]", json_path(x->v[i].name), value ? value : ""));
	}
	return j;
}

int state_xattrs_from_json(const json_t *j, struct vfs_xattrs *ret, struct err *e)
{
	size_t n = json_array_size(j);
	struct vfs_xattrs x = {0};

	if (n > LIMIT_XATTRS)
		return err_set(e, -E2BIG, ERR_LIMIT, "more than %d xattrs", LIMIT_XATTRS);
	x.v = calloc(n + 1, sizeof(*x.v));
	if (!x.v)
		return err_oom(e);
	for (; x.n < n; x.n++) {
		const json_t *pair = json_array_get(j, x.n);
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));
		char plain[LIMIT_PATH];

		if (!name || !value || path_unescape(name, plain, sizeof(plain), e) < 0)
			break;
		x.v[x.n].value = hex_decode(value, &x.v[x.n].size);
		if (!x.v[x.n].value)
			break;
		x.v[x.n].name = strdup(plain);
	}
	if (x.n < n) {
		vfs_xattrs_done(&x);
		return err_set(e, -EINVAL, ERR_INVALID, "malformed xattrs in a state file");
	}
	*ret = x;
	return 0;
}

json_t *state_to_json(const struct state *s)
{
	const struct vfs_stat *st = &s->st;
	json_t *j = json_pack("{s:s}", "type", type_names[st->type]);

	if (st->whiteout)
		json_object_set_new(j, "whiteout", json_true());
	if (st->type == VFS_ABSENT || st->type == VFS_UNREACHABLE)
		return j;
	json_object_update_new(
		j, json_pack("{s:i, s:i, s:i, s:I, s:o, s:o, s:I, s:I, s:b, s:b}", "mode", st->mode,
			     "uid", st->uid, "gid", st->gid, "size", (json_int_t)st->size, "mtime",
			     time_to_json(st->mtime), "ctime", time_to_json(st->ctime), "dev",
			     (json_int_t)st->dev, "ino", (json_int_t)st->ino, "in_top", st->in_top,
			     "below", st->below));
	json_object_set_new(j, "xattrs", state_xattrs_to_json(&s->xattrs));
	if (s->target)
		json_object_set_new(j, "target", json_path(s->target));
	if (st->type == VFS_DIR)
		json_object_update_new(j, json_pack("{s:o, s:b}", "born", time_to_json(s->dir.born),
						    "impure", s->dir.impure));
	if (st->type == VFS_FILE || st->type == VFS_DIR) {
		cleanup_free char *digest = hex_encode(s->sha256, sizeof(s->sha256));

		json_object_set_new(j, "sha256", json_string(digest));
	}
	return j;
}

static int type_from_json(const json_t *j, enum vfs_type *ret)
{
	const char *name = json_get_string(j, "type");

	for (size_t i = 0; name && i < ARRAY_SIZE(type_names); i++) {
		if (strcmp(type_names[i], name) == 0) {
			*ret = (enum vfs_type)i;
			return 0;
		}
	}
	return -EINVAL;
}

static void stat_from_json(const json_t *j, struct vfs_stat *st)
{
	st->whiteout = json_get_bool(j, "whiteout");
	st->mode = (mode_t)json_get_int(j, "mode", 0);
	st->uid = (uid_t)json_get_int(j, "uid", 0);
	st->gid = (gid_t)json_get_int(j, "gid", 0);
	st->size = (off_t)json_get_int(j, "size", 0);
	st->mtime = time_from_json(json_object_get(j, "mtime"));
	st->ctime = time_from_json(json_object_get(j, "ctime"));
	st->dev = (dev_t)json_get_int(j, "dev", 0);
	st->ino = (ino_t)json_get_int(j, "ino", 0);
	st->in_top = json_get_bool(j, "in_top");
	st->below = json_get_bool(j, "below");
}

/* A state that lacks what its type has would be compared as if it were there. */
static bool is_whole(const struct state *s, const char *digest)
{
	const struct vfs_stat *st = &s->st;
	bool has_digest = st->type == VFS_FILE || st->type == VFS_DIR;

	return (st->type == VFS_LINK) == (s->target != NULL) && has_digest == (digest != NULL) &&
	       st->mtime.tv_nsec >= 0 && st->mtime.tv_nsec < NSEC_PER_SEC;
}

int state_from_json(const json_t *j, struct state *ret, struct err *e)
{
	const char *target = json_get_string(j, "target");
	const char *digest = json_get_string(j, "sha256");
	cleanup_state struct state s = {0};
	char plain[LIMIT_PATH];
	size_t n = 0;
	int r = type_from_json(j, &s.st.type);

	if (r < 0)
		return err_set(e, r, ERR_INVALID, "malformed state in a state file");
	stat_from_json(j, &s.st);
	s.dir.born = time_from_json(json_object_get(j, "born"));
	s.dir.impure = json_get_bool(j, "impure");
	r = state_xattrs_from_json(json_object_get(j, "xattrs"), &s.xattrs, e);
	if (r == 0 && target) {
		r = path_unescape(target, plain, sizeof(plain), e);
		s.target = r == 0 ? strdup(plain) : NULL;
	}
	if (r < 0)
		return r;
	if (!is_whole(&s, digest))
		return err_set(e, -EINVAL, ERR_INVALID, "an incomplete state in a state file");
	if (digest) {
		cleanup_free unsigned char *bytes = hex_decode(digest, &n);

		if (n != sizeof(s.sha256))
			return err_set(e, -EINVAL, ERR_INVALID, "malformed digest in a state file");
		memcpy(s.sha256, bytes, n);
	}
	*ret = s;
	s = (struct state){0};
	return 0;
}
