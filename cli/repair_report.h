/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* repair_report - the document of Repair (docs/json.md), for people */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* @now_usec: since 1970, for ages. */
void repair_report_print(FILE *to, const json_t *document, uint64_t now_usec);
