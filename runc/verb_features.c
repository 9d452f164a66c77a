/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "runc/features.h"
#include "runc/verb.h"

static int features_main(const struct call *call, struct err *e)
{
	cleanup_json json_t *j = features_document();

	(void)call;
	if (!j)
		return err_oom(e);
	json_dumpf(j, stdout, JSON_INDENT(4));
	putchar('\n');
	return 0;
}

const struct verb verb_features = {
	.name = "features",
	.args = "",
	.summary = "print what configurations may ask for, as JSON",
	.main = features_main,
};
