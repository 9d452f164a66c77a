/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint and restore: callers ask before they need them, and print what is said here. */
#include <errno.h>

#include "runc/verb.h"

static int refuse(const struct call *call, struct err *e)
{
	(void)call;
	return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
		       "checkpoint and restore are not supported by anchor-runc");
}

/* clang-format off */
/* Accepted, so that callers get to read the sentence. */
static const struct option options[] = {
#define VALUE(name) {name, NULL, "VALUE", "accepted, without effect", option_string, 0}
#define FLAG(name)  {name, NULL, NULL, "accepted, without effect", option_flag, sizeof(char *)}
	VALUE("image-path"), VALUE("work-path"), VALUE("parent-path"), VALUE("page-server"),
	VALUE("status-fd"), VALUE("manage-cgroups-mode"), VALUE("empty-ns"), VALUE("lsm-profile"),
	VALUE("lsm-mount-context"), VALUE("bundle"), VALUE("console-socket"), VALUE("pid-file"),
	VALUE("preserve-fds"),
	FLAG("leave-running"), FLAG("tcp-established"), FLAG("tcp-skip-in-flight"),
	FLAG("ext-unix-sk"), FLAG("shell-job"), FLAG("lazy-pages"), FLAG("file-locks"),
	FLAG("pre-dump"), FLAG("auto-dedup"), FLAG("link-remap"), FLAG("detach"),
	FLAG("no-subreaper"), FLAG("no-pivot"),
#undef VALUE
#undef FLAG
};
/* clang-format on */

struct settings {
	const char *value;
	bool flag;
};

_Static_assert(offsetof(struct settings, flag) == sizeof(char *), "as the rows say");

const struct verb verb_checkpoint = {
	.name = "checkpoint",
	.args = "<container-id>",
	.summary = "not supported",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.min_args = 1,
	.max_args = 1,
	.main = refuse,
};

const struct verb verb_restore = {
	.name = "restore",
	.args = "<container-id>",
	.summary = "not supported",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.min_args = 1,
	.max_args = 1,
	.main = refuse,
};
