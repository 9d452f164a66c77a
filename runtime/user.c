/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/user.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sys.h"

enum { FIELDS_MAX = 7 /* name:password:uid:gid:gecos:home:shell */ };

/* (uid_t)-1 means "leave as it is" to the kernel, so it is nobody's id. */
#define ID_MAX (UINT32_MAX - 1)

/* A line of passwd or group, cut at its colons. */
struct line {
	char *field[FIELDS_MAX]; /* unused ones are "" */
};

/* One user as far as it is known. */
struct found {
	const char *name; /* NULL: a number that /etc/passwd doesn't know */
	uid_t uid;
	gid_t gid;
	const char *home;
};

/* The whole of @text as an id. Returns false for anything but digits in range. */
static bool parse_id(const char *text, uint32_t *ret)
{
	uint64_t id = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		id = id * 10 + (uint64_t)(*text - '0');
		if (id > ID_MAX)
			return false;
	}
	*ret = (uint32_t)id;
	return true;
}

/* The file's text; empty when the container has none. */
static int read_file(const struct vfs *fs, const char *path, struct buf *to, struct err *e)
{
	char real[LIMIT_PATH];
	struct vfs_stat st;
	int r = vfs_resolve(fs, path, /* follow_last= */ true, real, e);

	if (r >= 0)
		r = vfs_lstat(fs, real, &st, e);
	if (r < 0)
		return r;
	if (st.type == VFS_ABSENT || st.type == VFS_UNREACHABLE)
		return buf_add(to, "", 0, e);
	r = vfs_read_file(fs, real, to, e);
	return r == 0 ? buf_add(to, "", 0, e) : r;
}

/* Numbers and "root" mean something without any file: a broken one is no obstacle then. */
static int read_optional(const struct vfs *fs, const char *path, const char *word, struct buf *to,
			 struct err *e)
{
	uint32_t id;
	int r = read_file(fs, path, to, e);

	if (r == 0 || !(parse_id(word, &id) || strcmp(word, "root") == 0))
		return r;
	err_clear(e);
	buf_clear(to);
	return buf_add(to, "", 0, e);
}

/* Cut the next line off @*text, in place. Returns false at the end. */
static bool next_line(char **text, struct line *ret)
{
	char *at = *text, *end;

	if (!at || !*at)
		return false;
	end = strchrnul(at, '\n');
	*text = *end ? end + 1 : end;
	*end = '\0';
	for (int i = 0; i < FIELDS_MAX; i++) {
		ret->field[i] = at;
		at = strchrnul(at, ':');
		if (*at)
			*at++ = '\0';
	}
	return true;
}

/* The entry of passwd with this name or number. */
static bool find_user(char *passwd, const char *user, struct found *ret)
{
	struct line line;
	uint32_t wanted = 0, uid, gid;
	bool by_number = parse_id(user, &wanted);

	while (next_line(&passwd, &line)) {
		if (!parse_id(line.field[2], &uid) || !parse_id(line.field[3], &gid))
			continue;
		if (by_number ? uid != wanted : strcmp(line.field[0], user) != 0)
			continue;
		*ret = (struct found){line.field[0], uid, gid, line.field[5]};
		return true;
	}
	return false;
}

static int lookup_user(char *passwd, const char *user, struct found *ret, struct err *e)
{
	uint32_t uid = 0;

	if (find_user(passwd, user, ret))
		return 0;
	if (!parse_id(user, &uid) && strcmp(user, "root") != 0)
		return err_set(e, -ENOENT, ERR_NOT_FOUND,
			       "the image's /etc/passwd has no user '%s': add it to the image or "
			       "give a number",
			       user);
	*ret = (struct found){.uid = uid, .home = uid == 0 ? "/root" : "/"};
	if (uid == 0)
		ret->name = "root";
	return 0;
}

static int lookup_group(char *group, const char *name, gid_t *ret, struct err *e)
{
	struct line line;
	uint32_t gid;

	if (parse_id(name, &gid)) {
		*ret = gid;
		return 0;
	}
	while (next_line(&group, &line))
		if (strcmp(line.field[0], name) == 0 && parse_id(line.field[2], ret))
			return 0;
	if (strcmp(name, "root") == 0) {
		*ret = 0;
		return 0;
	}
	return err_set(e, -ENOENT, ERR_NOT_FOUND,
		       "the image's /etc/group has no group '%s': add it to the image or give a "
		       "number",
		       name);
}

static bool lists(const char *members, const char *name)
{
	size_t n = strlen(name);

	for (; *members; members += *members == ',') {
		const char *end = strchrnul(members, ',');

		if ((size_t)(end - members) == n && memcmp(members, name, n) == 0)
			return true;
		members = end;
	}
	return false;
}

/* The groups that list @name; those above the limit are refused, not dropped. */
static int find_memberships(char *group, const char *name, struct container_user *user,
			    struct err *e)
{
	struct line line;
	uint32_t gid;

	user->groups = calloc(LIMIT_GROUPS, sizeof(*user->groups));
	if (!user->groups)
		return err_oom(e);
	while (next_line(&group, &line)) {
		if (!lists(line.field[3], name) || !parse_id(line.field[2], &gid) ||
		    gid == user->gid)
			continue;
		if (user->n_groups == LIMIT_GROUPS)
			return err_set(e, -E2BIG, ERR_LIMIT, "user '%s' is in more than %d groups",
				       name, LIMIT_GROUPS);
		user->groups[user->n_groups++] = gid;
	}
	return 0;
}

/* "user" or "user:group", cut in place; @ret_group is NULL without a colon. */
static int split(char *text, const char **ret_user, const char **ret_group, struct err *e)
{
	char *colon = strchr(text, ':');

	if (colon)
		*colon++ = '\0';
	if (colon && (!*colon || strchr(colon, ':')))
		return err_set(e, -EINVAL, ERR_INVALID,
			       "a user is 'name', 'uid', 'name:group' "
			       "or 'uid:gid'");
	*ret_user = *text ? text : "root";
	*ret_group = colon;
	return 0;
}

static int fill_groups(const struct vfs *fs, const struct found *found, const char *group,
		       struct container_user *user, struct err *e)
{
	cleanup_buf struct buf text = BUF(LIMIT_PASSWD);
	uint32_t gid;
	int r;

	user->gid = found->gid;
	if (group && parse_id(group, &gid)) {
		user->gid = gid;
		return 0;
	}
	if (!group && !found->name)
		return 0;
	r = read_optional(fs, "/etc/group", group ? group : found->name, &text, e);
	if (r < 0)
		return r;
	return group ? lookup_group(text.data, group, &user->gid, e)
		     : find_memberships(text.data, found->name, user, e);
}

int runtime_user_lookup(const struct vfs *fs, const char *user, struct container_user *ret,
			char *ret_home, struct err *e)
{
	cleanup_buf struct buf passwd = BUF(LIMIT_PASSWD);
	cleanup_free char *text = strdup(user);
	struct container_user result = {0};
	struct found found = {.home = "/"};
	const char *name = NULL, *group = NULL;
	int r;

	if (!text)
		return err_oom(e);
	r = split(text, &name, &group, e);
	if (r == 0)
		r = read_optional(fs, "/etc/passwd", name, &passwd, e);
	if (r == 0)
		r = lookup_user(passwd.data, name, &found, e);
	if (r == 0)
		r = fill_groups(fs, &found, group, &result, e);
	if (r == 0 && ret_home && strlen(found.home) >= LIMIT_PATH)
		r = err_set(e, -EINVAL, ERR_INVALID, "the home directory of '%s' is too long",
			    name);
	if (r < 0) {
		free(result.groups);
		return err_wrap(e, r, "user '%s'", user);
	}
	result.uid = found.uid;
	*ret = result;
	if (ret_home)
		strcpy(ret_home, found.home[0] == '/' ? found.home : "/");
	return 0;
}

/* A regular file, found inside @root_fd. */
static int read_inside(int root_fd, const char *path, struct buf *to)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	cleanup_close int found = -EBADF;
	cleanup_close int fd = -EBADF;
	struct open_how look = how;
	struct stat st;

	look.flags = O_PATH | O_CLOEXEC;
	found = sys_openat2(root_fd, path, &look);
	if (found < 0 || fstat(found, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT; /* nothing that could block is ever opened */
	fd = sys_openat2(root_fd, path, &how);
	return fd < 0 ? -ENOENT : io_read_all(fd, to, NULL);
}

void runtime_user_home(int root_fd, uid_t uid, char ret[LIMIT_PATH])
{
	cleanup_buf struct buf passwd = BUF(LIMIT_PASSWD);
	struct found found = {.home = ""};
	char number[16];

	strcpy(ret, uid == 0 ? "/root" : "/");
	snprintf(number, sizeof(number), "%u", uid);
	if (read_inside(root_fd, "etc/passwd", &passwd) < 0 || buf_add(&passwd, "", 0, NULL) < 0)
		return;
	if (find_user(passwd.data, number, &found) && found.home[0] == '/' &&
	    strlen(found.home) < LIMIT_PATH)
		strcpy(ret, found.home);
}
