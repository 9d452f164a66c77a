/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/op.h"

#include <fcntl.h>
#include <string.h>

#include "base/path.h"
#include "tests/oracle/facts.h"
#include "tests/oracle/layer.h"
#include "tests/oracle/must.h"

const struct op_kind op_kinds[OP_VERB_MAX] = {
#define X(verb, weight, writes, makes)                                                             \
	[OP_##verb] = {#verb, weight, writes, makes, op_vfs_##verb, op_kernel_##verb},
	OP_VERBS(X)
#undef X
};

static enum op_verb roll_verb(struct dice *d, bool may_write)
{
	unsigned total = 0;
	unsigned left;
	int verb;

	for (verb = 0; verb < OP_VERB_MAX; verb++)
		if (may_write || !op_kinds[verb].writes)
			total += op_kinds[verb].weight;
	left = dice_roll(d, total);
	for (verb = 0;; verb++) {
		if (op_kinds[verb].writes && !may_write)
			continue;
		if (left < op_kinds[verb].weight)
			return verb;
		left -= op_kinds[verb].weight;
	}
}

/* Go down the kernel's tree from the root, some steps. */
static void roll_existing(struct dice *d, const struct real *r, char *ret)
{
	strcpy(ret, "/");
	for (unsigned left = dice_roll(d, 5); left > 0; left--) {
		cleanup_strv struct strv names = STRV(LIMIT_DIR_ENTRIES);
		cleanup_close int fd = real_open(r, ret, 0);
		char next[LIMIT_PATH];
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
			return;
		facts_list(fd, &names);
		if (names.n == 0)
			return;
		snprintf(next, sizeof(next), "%s%s%s", ret, ret[1] ? "/" : "",
			 names.v[dice_roll(d, (unsigned)names.n)]);
		strcpy(ret, next);
	}
}

/* The text of a path as somebody might write it. */
static void roll_text(struct dice *d, const struct real *r, char *ret)
{
	static const char *const decorations[] = {"/..",   "/.",       "/",        "//",
						  "/../a", "/missing", "/../../b", "/missing/x"};
	size_t n;

	if (dice_chance(d, 60)) {
		roll_existing(d, r, ret);
	} else {
		ret[0] = '\0';
		for (unsigned left = 1 + dice_roll(d, 4); left > 0; left--)
			snprintf(ret + strlen(ret), LIMIT_PATH - strlen(ret), "/%s", layer_name(d));
	}
	n = strlen(ret);
	if (dice_chance(d, 25))
		n += (size_t)snprintf(ret + n, LIMIT_PATH - n, "%s",
				      decorations[dice_roll(d, ARRAY_SIZE(decorations))]);
	if (dice_chance(d, 20))
		snprintf(ret + n, LIMIT_PATH - n, "/%s", layer_name(d));
	if (dice_chance(d, 1))
		snprintf(ret, LIMIT_PATH, "/%0300d", 7); /* a component that no directory takes */
}

static void roll_canonical(struct dice *d, const struct real *r, bool makes, char *ret)
{
	char text[LIMIT_PATH];
	char path[LIMIT_PATH];

	roll_text(d, r, text);
	if (dice_chance(d, 20) || real_walk(r, text, dice_chance(d, 50), path) < 0)
		must(path_canonical(text, path, sizeof(path), NULL) == 0, "canonical");
	if (!makes || dice_chance(d, 40) ||
	    path_join(path, layer_name(d), ret, LIMIT_PATH, NULL) < 0)
		strcpy(ret, path);
}

/* The type of what is at @path; 0 for nothing. */
static mode_t type_at(const struct real *r, const char *path)
{
	cleanup_close int fd = real_open_canonical(r, path);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_mode & S_IFMT : 0;
}

/* Links and special files take no attributes of users. */
static void roll_xattr(struct dice *d, const struct real *r, struct op *op)
{
	mode_t type = type_at(r, op->path);
	bool may_be_link = op->verb == OP_put_link || (type != S_IFREG && type != S_IFDIR);

	op->xattr = (struct vfs_xattr){
		.name = strcpy(op->xattr_name, may_be_link ? "trusted.mark" : "user.mark"),
		.value = op->bytes,
		.size = 1 + dice_roll(d, 3)};
	op->xattrs = (struct vfs_xattrs){.v = &op->xattr, .n = dice_roll(d, 2)};
	op->meta.xattrs = &op->xattrs;
}

static void roll_meta(struct dice *d, const struct real *r, struct op *op)
{
	static const unsigned optional[] = {VFS_META_MTIME, VFS_META_ATIME, VFS_META_XATTRS};

	op->meta = (struct vfs_meta){
		.fields = VFS_META_MODE | VFS_META_OWNER,
		.mode = 0400 | dice_roll(d, 0400),
		.uid = dice_roll(d, 3),
		.gid = dice_roll(d, 3),
		.mtime = {.tv_sec = 9000 + dice_roll(d, 1000), .tv_nsec = dice_roll(d, 1000)},
		.atime = {.tv_sec = 3000 + dice_roll(d, 1000), .tv_nsec = dice_roll(d, 1000)},
	};
	if (dice_chance(d, 10))
		op->meta.mode |= dice_roll(d, 8) << 9;
	if (op->verb == OP_set_meta && dice_chance(d, 40))
		op->meta.fields = 1u << dice_roll(d, 2);
	if (type_at(r, op->path) == S_IFLNK)
		op->meta.fields |= VFS_META_OWNER; /* its mode alone can't be set */
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		if (dice_chance(d, 50))
			op->meta.fields |= optional[i];
	if (op->meta.fields & VFS_META_XATTRS)
		roll_xattr(d, r, op);
}

void op_roll(struct dice *d, const struct real *r, bool may_write, struct op *op)
{
	memset(op, 0, sizeof(*op));
	op->verb = roll_verb(d, may_write);
	op->follow = dice_chance(d, 60);
	if (op->verb == OP_resolve || op->verb == OP_exists)
		roll_text(d, r, op->path);
	else
		roll_canonical(d, r, op_kinds[op->verb].makes, op->path);
	op->n_bytes = dice_roll(d, 4) ? dice_roll(d, 40) : dice_roll(d, 20000);
	snprintf(op->bytes, sizeof(op->bytes), "%u new bytes", dice_roll(d, 1000));
	if (op->verb == OP_rename)
		roll_canonical(d, r, /* makes= */ true, op->to);
	else
		strcpy(op->to, op->verb == OP_put_link ? layer_target(d) : layer_name(d));
	roll_meta(d, r, op);
}

char *op_content(const struct op *op, size_t *ret_n)
{
	size_t n = strlen(op->bytes);
	char *ret = malloc(op->n_bytes + 1);

	must(ret != NULL, "memory");
	for (size_t i = 0; i < op->n_bytes; i++)
		ret[i] = op->bytes[i % n];
	*ret_n = op->n_bytes;
	return ret;
}

void op_print(const struct op *op)
{
	cleanup_buf struct buf b = BUF(4 * LIMIT_PATH);

	buf_addf(&b, NULL, "%s ", op_kinds[op->verb].name);
	facts_path(op->path, &b);
	buf_addf(&b, NULL, " -> ");
	facts_path(op->to, &b);
	printf("%s, follow %d, meta fields %x mode %o owner %u:%u, %zu bytes\n", b.data, op->follow,
	       op->meta.fields, op->meta.mode, op->meta.uid, op->meta.gid, op->n_bytes);
}
