/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * config - config.json and its kin, as what the runtime is asked to run
 *
 * The documents of the OCI runtime-spec 1.x for Linux. Reading is pure: nothing on the system is
 * looked at. What is read, refused and ignored: docs/oci.md. An error begins with the place in the
 * document, "linux.namespaces[2].type: ...".
 *
 * What no document says is left for the caller: the keyring, the kind of root change, the gate.
 */
#include "base/err.h"
#include "base/strv.h"
#include "runtime/container.h"
#include "runtime/resources.h"

/* Where a document is read; all borrowed. */
struct oci_place {
	const char *bundle;       /* absolute host path of the bundle; relative paths begin there */
	unsigned last_capability; /* the highest that the kernel has (runtime/capabilities.h) */
	/*
	 * Is it known already what comes of these rules, as they are written in "syscalls"? Asked
	 * when the rest of the policy is read. They are three quarters of the document, and engines
	 * send the same ones each time: known ones are not read. A document with two errors may be
	 * refused for the other one then. NULL: they are always read
	 */
	bool (*knows_rules)(struct seccomp_policy *policy, const char *text, size_t n);
};

/* All strings and lists are owned; oci_config_done() frees them. */
struct oci_config {
	struct container_spec container;
	struct container_resources resources;
	char *oci_version;
	char *root_path;         /* as written; container.rootfs has it as a bind */
	char *cgroups_path;      /* as written; NULL: not given */
	struct strv annotations; /* "key=value" */
	/* process.execCPUAffinity: of processes that join later, not of the container's first */
	struct container_cpus exec_cpus_initial;
	struct container_cpus exec_cpus_final;
	struct strv warnings; /* what was passed over, as sentences; at most LIMIT_OCI_WARNINGS */
};

void oci_config_init(struct oci_config *c);
void oci_config_done(struct oci_config *c);
#define cleanup_oci_config cleanup(oci_config_done)

/*
 * oci_config_read - a container from the text of its config.json
 * @n:   bytes of @text, at most LIMIT_OCI_CONFIG
 * @ret: written on success only; freed by oci_config_done()
 *
 * Returns: 0; -EINVAL (ERR_INVALID) for what is no JSON or against the specification;
 *          -EOPNOTSUPP (ERR_UNSUPPORTED) for what isn't done here; -E2BIG (ERR_LIMIT); -ENOMEM.
 *          Whether the parts fit together runtime_plan_new() and resources_plan() find out.
 * Thread:  any; doesn't block.
 */
int oci_config_read(const char *text, size_t n, const struct oci_place *place,
		    struct oci_config *ret, struct err *e);

/*
 * oci_process_read - a process of an existing container: the "process" object as a document
 * @warnings: sentences are appended, while it has room; NULL: none
 *
 * Its personality is not in there: the caller has the container's. Returns as oci_config_read().
 */
int oci_process_read(const char *text, size_t n, const struct oci_place *place,
		     struct container_process *ret, struct strv *warnings, struct err *e);

/* oci_resources_read - the "resources" object as a document. Returns as oci_config_read(). */
int oci_resources_read(const char *text, size_t n, struct container_resources *ret, struct err *e);
