/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of the names that were looked up, a root for each mount. Links need no identity: another
 * one changes the directory that it is in, and callers ask for no more than its text.
 */
#include "vfs/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/path.h"
#include "vfs/cursor.h"
#include "vfs/meta.h"
#include "vfs/overlay_attr.h"
#include "vfs/place.h"
#include "vfs/seen_note.h"

/* A change within this time may have been made in two parts, of which the clock shows one. */
enum { SETTLED_SEC = 2 };

/* What one layer has at a node. */
struct part {
	size_t layer;
	dev_t dev;
	ino_t ino;
	off_t size; /* of files */
	struct timespec ctime;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

struct vfs_seen_node {
	struct vfs_seen *seen; /* borrowed */
	char *name;
	struct part *parts; /* topmost first; none of what isn't there, and of links */
	size_t n_parts;
	bool is_dir;
	bool is_listed;
	unsigned depth;
	struct vfs_seen_node **v; /* sorted by name */
	size_t n;
	size_t cap;
};

/* A mount as it was: where, how it is looked up, and what was looked up in it. */
struct seen_mount {
	char *destination;
	enum mount_kind kind;
	unsigned flags;
	size_t n_layers;
	size_t n_uppers; /* 1 if the first layer is an overlay's upper, else 0 */
	struct vfs_seen_node *root;
};

struct vfs_seen {
	struct seen_mount *mounts;
	size_t n_mounts;
	size_t n_nodes;
	struct timespec newest; /* change time */
	bool is_spoilt;
};

static void node_free(struct vfs_seen_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->n; i++)
		node_free(node->v[i]); /* no deeper than LIMIT_DEPTH */
	free(node->v);
	free(node->parts);
	free(node->name);
	free(node);
}

struct vfs_seen *vfs_seen_free(struct vfs_seen *s)
{
	for (size_t i = 0; s && i < s->n_mounts; i++) {
		free(s->mounts[i].destination);
		node_free(s->mounts[i].root);
	}
	if (s)
		free(s->mounts);
	free(s);
	return NULL;
}

/* ---- noting ------------------------------------------------------------------------------ */

void vfs_seen_spoil(struct vfs_seen_node *node)
{
	if (node)
		node->seen->is_spoilt = true;
}

static struct vfs_seen_node *node_new(struct vfs_seen *s, const char *name)
{
	struct vfs_seen_node *node = s->n_nodes < LIMIT_SEEN ? calloc(1, sizeof(*node)) : NULL;

	if (node)
		*node = (struct vfs_seen_node){.seen = s, .name = strdup(name)};
	if (node && node->name) {
		s->n_nodes++;
		return node;
	}
	node_free(node);
	s->is_spoilt = true;
	return NULL;
}

/* Where @name is, or belongs, among the children. */
static size_t position_of(const struct vfs_seen_node *in, const char *name)
{
	size_t low = 0;
	size_t high = in->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(in->v[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool grow(struct vfs_seen_node *in)
{
	size_t cap = in->cap ? 2 * in->cap : 8;
	struct vfs_seen_node **v =
		in->n < in->cap ? in->v : reallocarray(in->v, cap, sizeof(struct vfs_seen_node *));

	if (!v)
		return false;
	in->cap = in->n < in->cap ? in->cap : cap;
	in->v = v;
	return true;
}

/* The child of this name; a new one if there is none. NULL, and spoilt, if there can't be one. */
static struct vfs_seen_node *get_child(struct vfs_seen_node *in, const char *name)
{
	size_t at = position_of(in, name);
	struct vfs_seen_node *node;

	if (at < in->n && strcmp(in->v[at]->name, name) == 0)
		return in->v[at];
	node = in->depth < LIMIT_DEPTH ? node_new(in->seen, name) : NULL;
	if (!node || !grow(in)) {
		node_free(node);
		in->seen->is_spoilt = true;
		return NULL;
	}
	memmove(in->v + at + 1, in->v + at, (in->n - at) * sizeof(struct vfs_seen_node *));
	node->depth = in->depth + 1;
	in->v[at] = node;
	in->n++;
	return node;
}

static void add_part(struct vfs_seen_node *node, size_t layer, const struct stat *st)
{
	struct part *v = reallocarray(node->parts, node->n_parts + 1, sizeof(*v));

	if (!v) {
		node->seen->is_spoilt = true;
		return;
	}
	node->parts = v;
	v[node->n_parts++] = (struct part){
		.layer = layer,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = S_ISREG(st->st_mode) ? st->st_size : 0,
		.ctime = st->st_ctim,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
	};
	if (clock_compare(st->st_ctim, node->seen->newest) > 0)
		node->seen->newest = st->st_ctim;
}

/* An upper is another one each time; mounts of the host in a recursive bind are in no table. */
static bool can_note(const struct vfs_mount *m, size_t layer)
{
	return !(m->has_upper && layer == 0) && !m->has_submounts;
}

struct vfs_seen_node *vfs_seen_directory(struct vfs_seen_node *in, const char *name,
					 const struct vfs_dir *d)
{
	struct vfs_seen_node *node = in ? get_child(in, name) : NULL;

	if (!node || node->is_dir)
		return node;
	node->is_dir = true;
	node->n_parts = 0;
	for (size_t i = 0; i < d->n; i++) {
		struct stat st;

		if (!can_note(d->mount, d->v[i].layer) || fstat(d->v[i].fd, &st) < 0)
			in->seen->is_spoilt = true;
		else
			add_part(node, d->v[i].layer, &st);
	}
	return node;
}

void vfs_seen_entry(struct vfs_seen_node *in, const char *name, const struct vfs_dir *d,
		    const struct vfs_entry *entry)
{
	struct vfs_seen_node *node = in ? get_child(in, name) : NULL;
	bool is_there = entry->at < d->n; /* a whiteout is, too: some can be changed */
	size_t layer = is_there ? d->v[entry->at].layer : SIZE_MAX;

	if (!node)
		return;
	if (entry->whiteout || !can_note(d->mount, layer))
		in->seen->is_spoilt = true;
	else if (is_there && entry->type != VFS_LINK && node->n_parts == 0)
		add_part(node, layer, &entry->st);
}

void vfs_seen_no_directory(struct vfs_seen_node *in, const char *name)
{
	if (in)
		get_child(in, name);
}

void vfs_seen_list(struct vfs_seen_node *node)
{
	if (node)
		node->is_listed = true;
}

/* How names are looked up in a mount. */
static unsigned flags_of(const struct vfs_mount *m)
{
	const bool flags[] = {m->userxattr, m->follow_redirects, m->metacopy,
			      m->index,     m->has_submounts,    m->has_top,
			      m->is_dir,    m->noexec,           m->nosymfollow};
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		set |= (unsigned)flags[i] << i;
	return set;
}

static int note_mount(struct vfs_seen *s, struct vfs_mount *m, struct err *e)
{
	struct seen_mount *to = &s->mounts[s->n_mounts++];

	*to = (struct seen_mount){
		.destination = strdup(m->destination),
		.kind = m->kind,
		.flags = flags_of(m),
		.n_layers = m->n_layers,
		.n_uppers = m->has_upper ? 1 : 0,
		.root = node_new(s, ""),
	};
	if (!to->destination || !to->root)
		return err_oom(e);
	to->root->is_dir = true;
	for (size_t i = to->n_uppers; i < m->n_layers; i++) {
		struct stat st;

		if (m->layers[i].is_guarded || fstat(m->layers[i].fd, &st) < 0)
			s->is_spoilt = true;
		else
			add_part(to->root, i, &st);
	}
	m->seen = to->root;
	return 0;
}

int vfs_seen_begin(struct vfs *fs, struct vfs_seen **ret, struct err *e)
{
	struct vfs_seen *s = calloc(1, sizeof(*s));
	int r = 0;

	if (s)
		s->mounts = calloc(fs->n_mounts, sizeof(*s->mounts));
	if (!s || !s->mounts) {
		free(s);
		return err_oom(e);
	}
	vfs_cursor_forget(fs->cursor); /* what it leads to isn't looked up any more */
	for (size_t i = 0; r == 0 && i < fs->n_mounts; i++)
		r = note_mount(s, &fs->mounts[i], e);
	if (r < 0) {
		vfs_seen_end(fs, s);
		vfs_seen_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

bool vfs_seen_end(struct vfs *fs, struct vfs_seen *s)
{
	struct timespec now;

	vfs_cursor_forget(fs->cursor); /* its directories have nodes */
	for (size_t i = 0; i < fs->n_mounts; i++)
		fs->mounts[i].seen = NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec -= SETTLED_SEC;
	return !s->is_spoilt && clock_compare(s->newest, now) < 0;
}

/* ---- asking ------------------------------------------------------------------------------ */

static bool is_same(const struct part *p, const struct stat *st)
{
	return st->st_dev == p->dev && st->st_ino == p->ino && st->st_mode == p->mode &&
	       clock_compare(st->st_ctim, p->ctime) == 0 &&
	       (!S_ISREG(st->st_mode) || st->st_size == p->size);
}

/* Where one layer has a node: below a directory that is open. */
struct spot {
	int fd; /* borrowed */
	char path[LIMIT_PATH];
	size_t n;
};

enum { MANY = 4 }; /* names in a directory that is worth to be opened */

static void spot_init(struct spot *at, int fd)
{
	at->fd = fd;
	at->path[0] = '\0';
	at->n = 0;
}

/* Appends a name to the path. Returns false where there is no room. */
static bool go_down(struct spot *at, const char *name)
{
	size_t n = strlen(name);
	size_t from = at->n + (at->n > 0);

	if (from + n >= sizeof(at->path))
		return false;
	at->path[at->n] = '/';
	memcpy(at->path + from, name, n + 1);
	at->n = from + n;
	return true;
}

static void go_up(struct spot *at, size_t n)
{
	at->n = n;
	at->path[n] = '\0';
}

static const struct part *part_of(const struct vfs_seen_node *node, size_t layer)
{
	for (size_t i = 0; i < node->n_parts; i++)
		if (node->parts[i].layer == layer)
			return &node->parts[i];
	return NULL;
}

static bool part_holds(const struct part *p, const struct spot *at)
{
	int how = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
	struct stat st;

	return fstatat(at->fd, at->path, &st, how) == 0 && is_same(p, &st);
}

static bool node_holds(const struct vfs_seen_node *node, size_t layer, struct spot *at);

static bool children_hold(const struct vfs_seen_node *node, size_t layer, struct spot *at)
{
	size_t n = at->n;

	for (size_t i = 0; i < node->n; i++) {
		if (!part_of(node->v[i], layer)) /* the directory tells */
			continue;
		if (!go_down(at, node->v[i]->name) || !node_holds(node->v[i], layer, at))
			return false;
		go_up(at, n);
	}
	return true;
}

/* Is what one layer has at the node, and below it, as it was? */
static bool node_holds(const struct vfs_seen_node *node, size_t layer, struct spot *at)
{
	cleanup_close int fd = -EBADF;
	struct spot here;

	if (!part_holds(part_of(node, layer), at))
		return false;
	if (node->n >= MANY)
		fd = openat(at->fd, at->n ? at->path : ".",
			    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return children_hold(node, layer, at);
	spot_init(&here, fd);
	return children_hold(node, layer, &here);
}

/*
 * May a directory of a layer on top be merged over what was seen? It hides nothing below, and what
 * it shows of itself is as before, but for times.
 */
static bool is_plain(const struct vfs_seen_node *node, const struct vfs_mount *m, int fd)
{
	cleanup_vfs_xattrs struct vfs_xattrs shown = {0};
	const struct part *p = &node->parts[0];
	struct stat st;

	return node->n_parts > 0 && fstat(fd, &st) == 0 && st.st_mode == p->mode &&
	       st.st_uid == p->uid && st.st_gid == p->gid && vfs_overlay_marks(m, fd, NULL) == 0 &&
	       vfs_meta_read_xattrs(fd, vfs_xattrs_visible(m), &shown, NULL) == 0 && shown.n == 0;
}

static bool is_empty(int fd)
{
	cleanup_closedir DIR *d = NULL;

	return vfs_dir_open_list(fd, &d, NULL) == 0 && !io_next_entry(d) && errno == 0;
}

/* Has the directory @fd of a layer on top nothing to say about what was looked up at @node? */
static bool says_nothing(const struct vfs_seen_node *node, const struct vfs_mount *m, int fd)
{
	if (node->is_listed && !is_empty(fd))
		return false;
	for (size_t i = 0; i < node->n; i++) {
		const struct vfs_seen_node *child = node->v[i];
		cleanup_close int below =
			openat(fd, child->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (below < 0 && errno == ENOENT)
			continue;
		if (below < 0 || !child->is_dir || !is_plain(child, m, below) ||
		    !says_nothing(child, m, below))
			return false;
	}
	return true;
}

static bool mount_holds(const struct seen_mount *was, const struct vfs_mount *m)
{
	size_t n_more = m->n_layers - was->n_layers;

	if (strcmp(was->destination, m->destination) != 0 || was->kind != m->kind ||
	    was->flags != flags_of(m) || was->n_uppers != m->has_upper ||
	    m->n_layers < was->n_layers || (n_more > 0 && m->kind != MOUNT_OVERLAY))
		return false;
	if (m->kind == MOUNT_SPECIAL)
		return true;
	for (size_t i = 0; i < m->n_layers; i++)
		if (m->layers[i].is_guarded)
			return false;
	for (size_t i = 0; i < was->n_uppers + n_more; i++)
		if (!says_nothing(was->root, m, m->layers[i].fd))
			return false;
	for (size_t i = was->n_uppers; i < was->n_layers; i++) {
		struct spot root;

		spot_init(&root, m->layers[i + n_more].fd);
		if (!node_holds(was->root, i, &root))
			return false;
	}
	return true;
}

bool vfs_seen_holds(const struct vfs_seen *s, const struct vfs *fs)
{
	if (s->n_mounts != fs->n_mounts)
		return false;
	for (size_t i = 0; i < s->n_mounts; i++)
		if (!mount_holds(&s->mounts[i], &fs->mounts[i]))
			return false;
	return true;
}
