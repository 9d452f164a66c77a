/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * oracle - the kernel's own mounts of the same directories, an overlay above all
 *
 * oracle_isolate() gives the test process a mount namespace and a /tmp of its own, so nothing
 * that is mounted or made is seen outside or outlives the test, even one that fails.
 */
#include "tests/unit/vfs/view.h"

void oracle_isolate(void);
/* Mount an overlay with @options ('@' is the tree) at tree path @at, which is made. */
void oracle_mount(struct view *v, const char *options, const char *at);
/* Bind tree path @source to @at, which exists, and let that have @flags (MS_NOEXEC, ...). */
void oracle_bind(const struct view *v, const char *source, const char *at, unsigned long flags);
/* Mount a tmpfs at tree path @at, which exists. */
void oracle_tmpfs(const struct view *v, const char *at);
void oracle_unmount(struct view *v, const char *at);

/*
 * Fail unless the view and the host directory @host show the same: names, types, modes,
 * owners, sizes, link texts, contents, attributes and times. Times in this century stand for
 * "just written" and equal each other; tests give everything else older ones.
 */
void oracle_compare(const struct view *v, const char *host);
/* The same for an overlay with @options, mounted for the purpose. */
void oracle_compare_overlay(struct view *v, const char *options);

/*
 * Fail unless two upper directories have the same shape: entries, whiteouts, metadata. The
 * kernel makes more directories opaque than it has to, so opaque in @ours must be in @kernels.
 */
void oracle_compare_uppers(const char *ours, const char *kernels);

/*
 * Take whiteouts over nothing out of the upper at tree path @path ("u") and of its twin, whose
 * name has a "k" before it. They come from no kernel, and its rmdir() fails on a directory that
 * holds one.
 */
void oracle_remove_stale_whiteouts(const struct view *v, const char *path);
