/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* state_json - the parts of states and changes that state files share */
#include "base/json.h"
#include "vfs/vfs.h"

json_t *state_xattrs_to_json(const struct vfs_xattrs *x);
/* @ret is given to vfs_xattrs_done(). Returns 0; -EINVAL, -E2BIG for what we didn't write. */
int state_xattrs_from_json(const json_t *j, struct vfs_xattrs *ret, struct err *e);
