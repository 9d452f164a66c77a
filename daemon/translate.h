/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * translate - from the protocol's messages to the executor's structs
 *
 * The one place where both are known. It copies and bounds: every list, string and enum is
 * checked against its limit, and an error names the field as the .proto file does. Whether the
 * request makes sense is the executor's to say.
 *
 * Thread: any.
 */
#include "executor/exec.h"
#include "proto/anchord/v1/executor.pb-c.h"

/*
 * translate_run - all of a Run request but its stdio, until and lease
 * @ret: empty, from exec_request_init(); id may stay "". On failure it holds a part.
 *
 * Returns: 0; -EINVAL (ERR_INVALID), -E2BIG (ERR_LIMIT), naming the field; -ENOMEM.
 */
int translate_run(const Anchord__V1__RunRequest *q, struct exec_request *ret, struct err *e);

/*
 * translate_explain - what of an Explain request a Run request has too
 * @ret: as above
 */
int translate_explain(const Anchord__V1__ExplainRequest *q, struct exec_request *ret,
		      struct err *e);

/* translate_repair - all of a Repair request; @ret is empty and is filled as above */
int translate_repair(const Anchord__V1__RepairRequest *q, struct repair_request *ret,
		     struct err *e);

/*
 * Append copies of @n mounts to @ret. @field is "rootfs" or "mounts", for messages.
 * Returns: as translate_run().
 */
int translate_mounts(const char *field, Anchord__V1__Mount *const *mounts, size_t n,
		     struct mount_specs *ret, struct err *e);

/* Replace *@ret by a copy of @path, or by NULL if that is "". Returns: as translate_run(). */
int translate_path(const char *field, const char *path, char **ret, struct err *e);

/* Is @id one that an exec may have: [A-Za-z0-9_.-]{1,64}, not "." or ".."? */
int translate_check_id(const char *id, struct err *e);
