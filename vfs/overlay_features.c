/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/overlay_features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/sys.h"

static bool kernel_default(const char *parameter, bool upstream)
{
	cleanup_close int fd = -EBADF;
	char path[128];
	char value;

	snprintf(path, sizeof(path), "/sys/module/overlay/parameters/%s", parameter);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &value, 1) != 1)
		return upstream;
	return value == 'Y';
}

/* The inode number of the initial user namespace (include/linux/proc_ns.h in the kernel). */
enum { INITIAL_USER_NAMESPACE = (int)0xEFFFFFFD };

bool vfs_has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return sys_capget(&header, data) == 0 &&
	       (data[capability / 32].effective & (1u << capability % 32));
}

int vfs_overlay_check_rights(const struct mount_options *o, struct err *e)
{
	struct stat st;

	if (o->userxattr)
		return 0;
	if (vfs_has_capability(CAP_SYS_ADMIN) &&
	    (stat("/proc/self/ns/user", &st) < 0 || (int)st.st_ino == INITIAL_USER_NAMESPACE))
		return 0;
	return err_set(e, -EPERM, ERR_UNSUPPORTED,
		       "an overlay without userxattr needs CAP_SYS_ADMIN in the initial user "
		       "namespace: its marks can't be read");
}

static bool switched_on(enum mount_switch given, const char *parameter)
{
	return given == MOUNT_SWITCH_DEFAULT ? kernel_default(parameter, false)
					     : given == MOUNT_SWITCH_ON;
}

static enum mount_redirect redirect_mode(const struct mount_options *o)
{
	enum mount_redirect mode = o->redirect_dir;

	if (mode == MOUNT_REDIRECT_DEFAULT)
		mode = kernel_default("redirect_dir", false) ? MOUNT_REDIRECT_ON
							     : MOUNT_REDIRECT_OFF;
	if (mode == MOUNT_REDIRECT_OFF)
		mode = kernel_default("redirect_always_follow", true) ? MOUNT_REDIRECT_FOLLOW
								      : MOUNT_REDIRECT_NOFOLLOW;
	/* "on" only adds that redirects are written */
	return mode == MOUNT_REDIRECT_FOLLOW && !o->upper ? MOUNT_REDIRECT_ON : mode;
}

static int conflict(const char *a, const char *b, struct err *e)
{
	return err_set(e, -EINVAL, ERR_INVALID, "the overlay options %s and %s exclude each other",
		       a, b);
}

int vfs_overlay_features(const struct mount_options *o, struct vfs_overlay_features *ret,
			 struct err *e)
{
	bool redirect_given = o->redirect_dir != MOUNT_REDIRECT_DEFAULT;
	bool metacopy_given = o->metacopy != MOUNT_SWITCH_DEFAULT;
	bool metacopy = switched_on(o->metacopy, "metacopy");
	enum mount_redirect mode = redirect_mode(o);

	if (metacopy && mode != MOUNT_REDIRECT_ON) {
		if (metacopy_given && redirect_given)
			return conflict("metacopy", "redirect_dir", e);
		if (redirect_given)
			metacopy = false;
		else
			mode = MOUNT_REDIRECT_ON;
	}
	if (o->userxattr) {
		if (redirect_given && mode != MOUNT_REDIRECT_NOFOLLOW)
			return conflict("userxattr", "redirect_dir", e);
		if (metacopy_given && metacopy)
			return conflict("userxattr", "metacopy", e);
		mode = MOUNT_REDIRECT_NOFOLLOW;
		metacopy = false;
	}
	*ret = (struct vfs_overlay_features){
		.follow_redirects = mode != MOUNT_REDIRECT_NOFOLLOW,
		.write_redirects = o->upper && mode == MOUNT_REDIRECT_ON,
		.metacopy = metacopy,
		.index = o->upper && switched_on(o->index, "index"),
	};
	return 0;
}
