/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* stats - what a cgroup has used, in the shape of `runc events` */
#include "base/buf.h"
#include "runtime/cgroup_stats.h"

/* Append one line, {"type":"stats","id":"x","data":{...}}. Returns 0, -E2BIG, -ENOMEM. */
int stats_print(const char *id, const struct cgroup_stats *stats, struct buf *to, struct err *e);
