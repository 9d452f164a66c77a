/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sysctl - kernel parameters that belong to a namespace
 *
 * All others are the host's, and a container may not set them. A name is written with dots
 * ("net.ipv4.ip_forward") or with slashes ("net/ipv4/conf/eth0.1/forwarding", where the dot is part
 * of a name), as in sysctl(8).
 */
#include "oci/json_reader.h"
#include "runtime/container.h"

oci_reader oci_part_sysctl; /* struct strv of "name=value" */

/* The kind of namespace that has its own @name, which ends with its string or at a '='. Returns
 * NAMESPACE_MAX if none has. */
enum namespace_kind oci_sysctl_namespace(const char *name);
