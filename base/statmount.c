/* SPDX-License-Identifier: Apache-2.0 */
#include "base/statmount.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/stat.h, linux/mount.h and the number, of Linux 6.8; Debian 12's are older. */
enum {
	STATX_UNIQUE_MOUNT_ID = 0x4000,
	STATMOUNT_SB_BASIC = 0x1,
	STATMOUNT_MNT_ROOT = 0x8,
	STATMOUNT_NR = 457, /* of all architectures */
	STATMOUNT_TEXT = 512,
};

struct request {
	uint32_t size, spare;
	uint64_t mount_id, what;
};

struct answer {
	uint32_t size, options;
	uint64_t what;
	uint32_t major, minor;
	uint64_t magic;
	uint32_t others[18];
	uint32_t root; /* where in @text */
	uint32_t more_others[(STATMOUNT_TEXT - 108) / 4];
	char text[MOUNT_ROOT];
};

_Static_assert(offsetof(struct answer, text) == STATMOUNT_TEXT, "as in linux/mount.h");

static int find_id(const char *path, uint64_t *ret)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_UNIQUE_MOUNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_UNIQUE_MOUNT_ID))
		return -ENOSYS;
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return -EINVAL;
	*ret = st.stx_mnt_id;
	return 0;
}

int statmount_read(const char *path, struct mount_info *ret)
{
	struct request request = {
		.size = sizeof(request),
		.what = STATMOUNT_SB_BASIC | STATMOUNT_MNT_ROOT,
	};
	struct answer answer;
	int r = find_id(path, &request.mount_id);

	if (r < 0)
		return r;
	if (syscall(STATMOUNT_NR, &request, &answer, sizeof(answer), 0) < 0)
		return -errno;
	if ((answer.what & request.what) != request.what || answer.root >= MOUNT_ROOT)
		return -ENOSYS;
	ret->magic = answer.magic;
	snprintf(ret->root, sizeof(ret->root), "%s", answer.text + answer.root);
	return 0;
}
