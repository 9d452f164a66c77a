/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * helper_diff - what a tool wrote to its scratch layers, as changes to the real container
 *
 * Only paths below the family's outputs are taken over; what else the tool touched (temporary
 * files, package-manager state) is counted and forgotten. The tool is hostile: links are never
 * followed, special files and replaced directories are refused, all sizes are bounded.
 */
#include "cacerts/changes.h"
#include "cacerts/helper_layers.h"

/*
 * @fs:      view of the container as it is
 * @outputs: NULL-terminated path prefixes
 * Returns: 0; -EOPNOTSUPP (ERR_UNSUPPORTED) for what a trust store tool has no business doing.
 */
int helper_diff(const struct helper_layers *layers, const struct vfs *fs,
		const char *const *outputs, struct changes *ret, struct err *e);
