/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/text.h"

#include <string.h>

#include "base/path.h"

enum { TAIL = 60 /* bytes that fit even if each of them is escaped */ };

struct vfs_text vfs_text(const char *path)
{
	struct vfs_text t = {"..."};

	if (path_escape(path, t.s, sizeof(t.s), NULL) == 0)
		return t;
	memcpy(t.s, "...", 4);
	path_escape(path + strlen(path) - TAIL, t.s + 3, sizeof(t.s) - 3, NULL);
	return t;
}
