/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that runc, crun, podman and docker write, and one with every member; whole and damaged.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "runtime/plan.h"
#include "tests/unit/oci/documents.h"
#include "tests/unit/oci/fixtures.h"

enum {
	FLIPS = 1500,      /* documents with one bit flipped, of each fixture */
	TRUNCATIONS = 300, /* documents that end early */
	SWAPS = 1500,      /* documents in which one token is another */
};

static const char *const names[] = {"runc_spec", "crun_spec", "podman", "docker", "every_member"};

static void read_fixture(const char *name, struct oci_config *ret)
{
	size_t n;
	cleanup_free char *text = fixture_text(name, &n);
	struct err e = ERR_NONE;

	ck_ok(oci_config_read(text, n, &documents_place, ret, &e), e);
}

START_TEST(what_runtimes_propose_is_read)
{
	for (size_t i = 0; i < 2; i++) {
		cleanup_oci_config struct oci_config c;
		const struct container_process *p = &c.container.process;

		read_fixture(names[i], &c);
		ck_assert_uint_eq(c.warnings.n, 0);
		ck_assert_str_eq(p->args.v[0], "sh");
		ck_assert_uint_eq(p->capabilities.bounding, 1ul << CAP_AUDIT_WRITE |
								    1ul << CAP_KILL |
								    1ul << CAP_NET_BIND_SERVICE);
		ck_assert_uint_eq(p->rlimits.n, 1);
		ck_assert(p->no_new_privileges);
		ck_assert(c.container.readonly_rootfs);
		ck_assert_uint_eq(c.container.mounts.n, 7);
		ck_assert_str_eq(c.container.mounts.v[1].destination, "/dev");
		ck_assert_int_eq(c.container.namespaces[NAMESPACE_PID].mode, NAMESPACE_NEW);
		ck_assert_int_eq(c.container.namespaces[NAMESPACE_USER].mode, NAMESPACE_HOST);
		ck_assert_uint_eq(c.resources.n_device_rules, 1);
		ck_assert(!c.resources.device_rules[0].allow);
	}
}
END_TEST

START_TEST(what_podman_writes_is_read)
{
	cleanup_oci_config struct oci_config c;

	read_fixture("podman", &c);
	ck_assert_uint_eq(c.warnings.n, 0);
	ck_assert_str_eq(c.container.rootfs.v[0].source, "/srv/rootfs");
	ck_assert_int_eq(c.container.process.rlimits.v[0].resource, RLIMIT_NOFILE);
	ck_assert_uint_eq(c.container.process.rlimits.v[0].hard, UINT64_MAX);
	ck_assert_int_eq(c.resources.memory_limit.value, 67108864);
	ck_assert_uint_eq(c.container.seccomp->default_action, SECCOMP_RET_ERRNO | ENOSYS);
	ck_assert_str_eq(strv_value(&c.annotations, "io.container.manager"), "libpod");
}
END_TEST

START_TEST(what_docker_writes_is_read)
{
	cleanup_oci_config struct oci_config c;

	read_fixture("docker", &c);
	ck_assert_uint_eq(c.warnings.n, 0);
	ck_assert_str_eq(c.cgroups_path, "system.slice:docker:8b2c1f0a9d3e");
	ck_assert_uint_eq(c.container.hooks.of[HOOK_PRESTART].n, 1);
	ck_assert_int_eq(c.resources.cpu_shares.value, 0);
	ck_assert_uint_eq(c.container.sysctl.n, 2);
	ck_assert_uint_eq(c.container.process.user.n_groups, 2);
	ck_assert_uint_gt(c.container.seccomp->n_rules, 5);
}
END_TEST

START_TEST(every_member_is_read_without_a_warning_but_for_capabilities)
{
	cleanup_oci_config struct oci_config c;

	read_fixture("every_member", &c);
	ck_assert_uint_eq(c.warnings.n, 5); /* a capability that nobody knows, in five sets */
	ck_assert_uint_eq(c.container.rootfs_propagation, MS_SLAVE | MS_REC);
	ck_assert(c.exec_cpus_final.is_set);
}
END_TEST

START_TEST(what_is_read_can_be_planned)
{
	for (size_t i = 0; i < ARRAY_SIZE(names) - 1; i++) {
		cleanup_oci_config struct oci_config c;
		cleanup_resource_writes struct resource_writes writes = {0};
		struct runtime_plan *plan = NULL;
		struct err e = ERR_NONE;

		read_fixture(names[i], &c);
		c.container.is_staged = true;
		ck_ok(runtime_plan_new(&c.container, "/staging", &plan, &e), e);
		runtime_plan_free(plan);
		ck_ok(resources_plan(&c.resources, &writes, &e), e);
	}
}
END_TEST

/* Read what may be broken; all that is promised is one of two clean ends. */
static void read_damaged(const char *text, size_t n)
{
	cleanup_free char *exact = malloc(n ? n : 1); /* so that reading beyond it is seen */
	struct oci_config c = {.root_path = (char *)"untouched"};
	struct err e = ERR_NONE;

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, n);
	if (oci_config_read(exact, n, &documents_place, &c, &e) == 0) {
		oci_config_done(&c);
		return;
	}
	ck_assert_int_lt(e.code, 0);
	ck_assert_int_ne(e.msg[0], '\0');
	ck_assert_str_eq(c.root_path, "untouched");
}

/* A small generator of our own: the same documents on every machine. */
static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

START_TEST(a_flipped_bit_never_breaks_the_reader)
{
	unsigned state = 1;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n;
		cleanup_free char *text = fixture_text(names[i], &n);

		for (int k = 0; k < FLIPS; k++) {
			size_t at = next_random(&state) % n;
			char bit = (char)(1 << next_random(&state) % 8);

			text[at] = (char)(text[at] ^ bit);
			read_damaged(text, n);
			text[at] = (char)(text[at] ^ bit);
		}
	}
}
END_TEST

START_TEST(a_document_that_ends_early_never_breaks_the_reader)
{
	unsigned state = 2;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n;
		cleanup_free char *text = fixture_text(names[i], &n);

		for (int k = 0; k < TRUNCATIONS; k++)
			read_damaged(text, next_random(&state) % n);
	}
}
END_TEST

/* Where a value begins at or behind @at, and how long it is; 0 if there is none. */
static size_t value_at(const char *text, size_t *at)
{
	const char *begin = strstr(text + *at, ": ");
	size_t n;

	if (!begin)
		return 0;
	*at = (size_t)(begin - text) + 2;
	n = strcspn(text + *at, ",\n[]{}");
	return n;
}

/* Well-formed documents get further into the readers: a value becomes another kind of value. */
START_TEST(a_value_of_another_type_never_breaks_the_reader)
{
	static const char *const others[] = {
		"null", "-1", "1.5", "18446744073709551615", "\"\"", "[]", "{}", "[null]", "true",
	};
	unsigned state = 3;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n;
		cleanup_free char *text = fixture_text(names[i], &n);

		for (int k = 0; k < SWAPS; k++) {
			const char *other = others[next_random(&state) % ARRAY_SIZE(others)];
			size_t at = next_random(&state) % n;
			size_t length = value_at(text, &at);
			cleanup_free char *swapped = NULL;

			if (length == 0)
				continue;
			ck_assert_int_gt(asprintf(&swapped, "%.*s%s%s", (int)at, text, other,
						  text + at + length),
					 0);
			read_damaged(swapped, strlen(swapped));
		}
	}
}
END_TEST

SUITE("oci/fixtures", NULL, NULL, what_runtimes_propose_is_read, what_podman_writes_is_read,
      what_docker_writes_is_read, every_member_is_read_without_a_warning_but_for_capabilities,
      what_is_read_can_be_planned, a_flipped_bit_never_breaks_the_reader,
      a_document_that_ends_early_never_breaks_the_reader,
      a_value_of_another_type_never_breaks_the_reader)
