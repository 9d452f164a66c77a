/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * parts - the readers of the parts of a document (json_reader.h), one file each
 *
 * The comment says what @to is.
 */
#include "oci/config.h"
#include "oci/json_reader.h"

oci_reader oci_part_process;      /* process.c: struct container_process */
oci_reader oci_part_capabilities; /* capabilities.c: struct container_capabilities */
oci_reader oci_part_scheduler;    /* scheduling.c: struct container_scheduler */
oci_reader oci_part_io_priority;  /* scheduling.c: struct container_process */
oci_reader oci_part_cpu_affinity; /* scheduling.c: struct container_process */
oci_reader oci_part_mounts;       /* mounts.c: struct mount_specs */
oci_reader oci_part_hooks;        /* hooks.c: struct container_hooks */
oci_reader oci_part_linux;        /* linux.c: struct oci_config */
oci_reader oci_part_namespaces;   /* namespaces.c: struct container_namespace[NAMESPACE_MAX] */
oci_reader oci_part_id_maps;      /* namespaces.c: struct id_maps */
oci_reader oci_part_time_offsets; /* namespaces.c: struct container_spec */
oci_reader oci_part_devices;      /* devices.c: struct container_devices */
oci_reader oci_part_resources;    /* resources.c: struct container_resources */
oci_reader oci_part_block_io;     /* resources_lists.c: struct container_resources, as the next */
oci_reader oci_part_device_rules;
oci_reader oci_part_hugepages; /* resources_lists.c: struct resource_nameds, as the next two */
oci_reader oci_part_rdma;
oci_reader oci_part_unified;
oci_reader oci_part_seccomp; /* seccomp.c: struct seccomp_policy * */
