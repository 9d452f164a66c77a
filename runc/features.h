/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* features - the features document of the runtime-spec: what callers may ask for */
#include <jansson.h>

/* NULL without memory. */
json_t *features_document(void);
