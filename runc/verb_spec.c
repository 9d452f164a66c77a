/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "runc/spec.h"
#include "runc/verb.h"

struct settings {
	const char *bundle;
	bool rootless;
};

static const struct option options[] = {
	{"bundle", "b", "DIR", "where it is written (default: the working directory)",
	 option_string, offsetof(struct settings, bundle)},
	{"rootless", NULL, NULL, "for a user who isn't root", option_flag,
	 offsetof(struct settings, rootless)},
};

static int spec_main(const struct call *call, struct err *e)
{
	const struct settings *s = call->settings;
	const char *bundle = s->bundle ? s->bundle : ".";
	cleanup_close int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	cleanup_json json_t *j = spec_document(s->rootless);
	cleanup_free char *text = j ? json_dumps(j, JSON_INDENT(4)) : NULL;

	if (dir < 0)
		return err_sys(e, "chdir %s", bundle);
	if (!text)
		return err_oom(e);
	fd = openat(dir, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno == EEXIST ? err_set(e, -EEXIST, ERR_EXISTS,
						 "File config.json exists. Remove it first")
				       : err_sys(e, "open config.json");
	return io_write_all(fd, text, strlen(text), e);
}

const struct verb verb_spec = {
	.name = "spec",
	.args = "",
	.summary = "write a first config.json",
	.options = OPTION_TABLE_INIT(options),
	.settings_size = sizeof(struct settings),
	.main = spec_main,
};
