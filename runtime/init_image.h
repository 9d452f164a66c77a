/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* init_image - the program of runtime/init/, which lies in ours (private to runtime/) */
#include "base/err.h"

/*
 * A descriptor to execute it by, sealed against changes; borrowed, for the life of the process.
 * Thread: any.
 */
int init_image_fd(struct err *e);
