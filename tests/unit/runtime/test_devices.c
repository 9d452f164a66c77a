/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/sys.h"
#include "runtime/cgroup_find.h"
#include "runtime/cgroup_ops.h"
#include "tests/support/suite.h"

enum { ALL = DEVICE_READ | DEVICE_WRITE | DEVICE_MAKE, ANY = -1, INSNS_MAX = 16384 };

struct request {
	char type;
	int64_t major, minor;
	unsigned access;
};

/* ---- the rules, said directly ------------------------------------------------------------ */

static bool fits(const struct device_rule *rule, const struct request *q, unsigned bit)
{
	return (rule->type == 'a' || rule->type == q->type) &&
	       (rule->major < 0 || rule->major == q->major) &&
	       (rule->minor < 0 || rule->minor == q->minor) && (rule->access & bit);
}

static bool allows_bit(const struct device_rule *rules, size_t n, const struct request *q,
		       unsigned bit)
{
	bool allow = false;
	size_t n_default;
	const struct device_rule *defaults = devices_default(&n_default);

	for (size_t i = 0; i < n; i++)
		allow = fits(&rules[i], q, bit) ? rules[i].allow : allow;
	for (size_t i = 0; i < n_default; i++)
		allow = fits(&defaults[i], q, bit) ? defaults[i].allow : allow;
	return allow;
}

static bool allows(const struct device_rule *rules, size_t n, const struct request *q)
{
	for (unsigned bit = 1; bit <= DEVICE_MAKE; bit <<= 1)
		if ((q->access & bit) && !allows_bit(rules, n, q, bit))
			return false;
	return true;
}

/* ---- an interpreter of the instructions that the program uses ----------------------------- */

static uint64_t alu(unsigned op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_SUB:
		return a - b;
	case BPF_LSH:
		return a << b;
	case BPF_RSH:
		return a >> b;
	case BPF_MUL:
		return a * b;
	case BPF_MOV:
		return b;
	}
	abort();
}

/* A jump aborts: there are none, see devices.c. */
static uint64_t run(const struct bpf_insn *insns, size_t n, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[16] = {0};

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &insns[pc];
		uint64_t value =
			BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint64_t)(int64_t)i->imm;
		uint64_t *to = &reg[i->dst_reg];

		if (i->code == (BPF_JMP | BPF_EXIT))
			return reg[BPF_REG_0];
		if (BPF_CLASS(i->code) == BPF_LDX)
			*to = *(const uint32_t *)((const char *)ctx + i->off);
		else if (BPF_CLASS(i->code) == BPF_ALU64)
			*to = alu(BPF_OP(i->code), *to, value);
		else if (BPF_CLASS(i->code) == BPF_ALU)
			*to = (uint32_t)alu(BPF_OP(i->code), (uint32_t)*to, (uint32_t)value);
		else
			abort();
	}
	abort(); /* out of its end */
}

static uint64_t ask(const struct bpf_insn *insns, size_t n, const struct request *q)
{
	uint32_t access = (q->access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
			  (q->access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
			  (q->access & DEVICE_MAKE ? BPF_DEVCG_ACC_MKNOD : 0);
	uint32_t type = q->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type = access << 16 | type,
		.major = (uint32_t)q->major,
		.minor = (uint32_t)q->minor,
	};

	return run(insns, n, &ctx);
}

/* ---- the tests ---------------------------------------------------------------------------- */

static struct bpf_insn insns[INSNS_MAX];

static void assert_same(const struct device_rule *rules, size_t n_rules, size_t n_insns,
			const struct request *q)
{
	bool wanted = allows(rules, n_rules, q);

	/* An assertion is a write to a pipe, also when it holds. */
	if (ask(insns, n_insns, q) != wanted)
		ck_abort_msg("%c %d:%d access %u isn't %d", q->type, (int)q->major, (int)q->minor,
			     q->access, wanted);
}

/* All requests around what rules speak of. */
static void assert_as_said(const struct device_rule *rules, size_t n_rules)
{
	static const int64_t numbers[] = {1, 2, 8, 10, 200};
	struct err e = ERR_NONE;
	ssize_t n = device_program(rules, n_rules, insns, INSNS_MAX, &e);

	if (n < 0)
		ck_abort_msg("%s", e.msg);
	for (unsigned access = 0; access <= ALL; access++)
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			for (size_t j = 0; j < ARRAY_SIZE(numbers); j++)
				for (const char *type = "bc"; *type; type++) {
					struct request q = {*type, numbers[i], numbers[j], access};

					assert_same(rules, n_rules, (size_t)n, &q);
				}
}

START_TEST(the_usual_rules_mean_what_they_say)
{
	static const struct device_rule rules[] = {
		{false, 'a', ANY, ANY, ALL},
		{true, 'c', 10, ANY, DEVICE_READ | DEVICE_WRITE},
		{false, 'c', 10, 1, DEVICE_WRITE}, /* reading is left, reading and writing isn't */
		{true, 'b', 8, 0, DEVICE_READ},
	};

	for (size_t n = 0; n <= ARRAY_SIZE(rules); n++)
		assert_as_said(rules, n);
}
END_TEST

START_TEST(any_single_rule_and_any_pair_mean_what_they_say)
{
	static const int64_t numbers[] = {ANY, 1, 8};
	struct device_rule rules[256];
	size_t n = 0;

	for (int allow = 0; allow < 2; allow++)
		for (const char *type = "abc"; *type; type++)
			for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
				for (unsigned access = 1; access <= ALL; access += 2)
					rules[n++] = (struct device_rule){allow, *type, numbers[i],
									  numbers[(i + access) % 3],
									  access};
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			assert_as_said((struct device_rule[]){rules[i], rules[j]}, 2);
}
END_TEST

static struct device_rule random_rule(void)
{
	static const int64_t numbers[] = {ANY, ANY, 1, 2, 8, 10, 200};

	return (struct device_rule){
		.allow = rand() & 1,
		.type = "abc"[rand() % 3],
		.major = numbers[rand() % ARRAY_SIZE(numbers)],
		.minor = numbers[rand() % ARRAY_SIZE(numbers)],
		.access = (unsigned)rand() & ALL,
	};
}

START_TEST(long_lists_of_rules_mean_what_they_say)
{
	struct device_rule rules[LIMIT_RESOURCES];

	srand(1);
	for (int round = 0; round < 40; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
			rules[i] = random_rule();
		assert_as_said(rules, round == 0 ? ARRAY_SIZE(rules) : (size_t)round);
	}
}
END_TEST

START_TEST(the_devices_of_every_container_cannot_be_denied)
{
	static const struct device_rule none = {false, 'a', ANY, ANY, ALL};
	const struct request null = {'c', 1, 3, ALL}, pts = {'c', 136, 7, ALL};
	const struct request memory = {'c', 1, 1, DEVICE_READ}, make = {'b', 8, 0, DEVICE_MAKE};
	ssize_t n = device_program(&none, 1, insns, INSNS_MAX, NULL);

	ck_assert_uint_eq(ask(insns, (size_t)n, &null), 1);
	ck_assert_uint_eq(ask(insns, (size_t)n, &pts), 1);
	ck_assert_uint_eq(ask(insns, (size_t)n, &make), 1);
	ck_assert_uint_eq(ask(insns, (size_t)n, &memory), 0);
}
END_TEST

/* They would be others', where the two are one number. */
START_TEST(numbers_that_no_device_has_fit_none)
{
	static const struct device_rule rules[] = {
		{false, 'a', ANY, ANY, ALL},
		{true, 'c', 1 << 12, 11, ALL},
		{true, 'c', 0, (1 << 20) + 11, ALL},
		{true, 'c', UINT32_MAX, ANY, ALL},
	};
	const struct request null = {'c', 0, 11, DEVICE_READ}, next = {'c', 1, 11, DEVICE_READ};
	ssize_t n = device_program(rules, ARRAY_SIZE(rules), insns, INSNS_MAX, NULL);

	ck_assert_uint_eq(ask(insns, (size_t)n, &null), 0);
	ck_assert_uint_eq(ask(insns, (size_t)n, &next), 0);
}
END_TEST

START_TEST(a_program_that_is_too_long_is_refused)
{
	static const struct device_rule rule = {true, 'c', 1, 1, DEVICE_READ};
	struct err e = ERR_NONE;

	ck_assert_int_eq((int)device_program(&rule, 1, insns, 10, &e), -E2BIG);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

/* The time of a start hangs on it: with branches a dozen rules took the verifier 0.4 ms. */
START_TEST(the_verifier_looks_at_each_instruction_once)
{
	static char log[65536];
	struct device_rule rules[40];
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE};
	const char *processed;
	ssize_t n;
	int fd;

	srand(3);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = random_rule();
	n = device_program(rules, ARRAY_SIZE(rules), insns, INSNS_MAX, NULL);
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	attr.log_level = 4; /* numbers only */
	attr.log_buf = (uint64_t)(uintptr_t)log;
	attr.log_size = sizeof(log);
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0 && errno == EPERM) {
		fprintf(stderr, "skipped: no bpf(2)\n");
		return;
	}
	ck_assert_int_ge(fd, 0);
	close(fd);
	processed = strstr(log, "processed ");
	ck_assert_ptr_nonnull(processed);
	ck_assert_int_eq(atoi(processed + strlen("processed ")), (int)n);
}
END_TEST

/* ---- with the kernel ---------------------------------------------------------------------- */

static char cgroup[LIMIT_PATH];
static int cgroup_fd = -EBADF;

/* A cgroup of our own; false where there can't be one or no BPF program in it. */
static bool open_cgroup(void)
{
	static const struct device_rule rule = {true, 'a', ANY, ANY, ALL};
	char mount[LIMIT_PATH], name[64];

	snprintf(name, sizeof(name), "/anchord-test-devices-%d", getpid());
	if (cgroup_find_mount(mount, NULL) < 0 ||
	    cgroup_find_host_path(mount, name, cgroup, NULL) < 0 || mkdir(cgroup, 0755) < 0)
		return false;
	cgroup_fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (devices_apply(&rule, 1, cgroup_fd, NULL) == 0)
		return true;
	fprintf(stderr, "skipped: no BPF program can be attached to a cgroup here\n");
	return false;
}

static void teardown(void)
{
	cgroup_fd = fd_close(cgroup_fd);
	if (*cgroup)
		ck_assert_int_eq(rmdir(cgroup), 0);
	*cgroup = '\0';
}

/* The errno of opening the node @path in the cgroup, or of making one of @device there. */
static int try(const char *path, int flags, dev_t device)
{
	int status, r;
	pid_t pid = fork();

	if (pid == 0) {
		if (cgroup_write(cgroup_fd, "cgroup.procs", "0", NULL) < 0)
			_exit(255);
		r = device ? mknod(path, S_IFCHR | 0600, device) : open(path, flags);
		_exit(r < 0 ? errno : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(the_kernel_follows_the_rules)
{
	static const struct device_rule deny = {false, 'a', ANY, ANY, ALL};
	static const struct device_rule read[] = {{false, 'a', ANY, ANY, ALL},
						  {true, 'c', 1, 11, DEVICE_READ}};
	char dir[] = "/tmp/anchord-test-XXXXXX", node[64];
	struct err e = ERR_NONE;

	if (!open_cgroup())
		return;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(node, sizeof(node), "%s/node", dir);
	ck_ok(devices_apply(&deny, 1, cgroup_fd, &e), e);
	ck_assert_int_eq(try(node, 0, makedev(1, 11)), 0); /* kmsg: made, not opened */
	ck_assert_int_eq(try(node, O_RDONLY, 0), EPERM);
	ck_assert_int_eq(try("/dev/null", O_RDWR, 0), 0);
	ck_ok(devices_apply(read, 2, cgroup_fd, &e), e); /* in place of the first */
	ck_assert_int_ne(try(node, O_RDONLY, 0), EPERM);
	ck_assert_int_eq(try(node, O_RDWR, 0), EPERM);
	unlink(node);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(the_kernel_takes_the_longest_program)
{
	struct device_rule rules[LIMIT_RESOURCES];
	struct err e = ERR_NONE;

	if (!open_cgroup())
		return;
	srand(2);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = random_rule();
	ck_ok(devices_apply(rules, ARRAY_SIZE(rules), cgroup_fd, &e), e);
}
END_TEST

SUITE("runtime/devices", suite_need_root, teardown, the_usual_rules_mean_what_they_say,
      any_single_rule_and_any_pair_mean_what_they_say, long_lists_of_rules_mean_what_they_say,
      the_devices_of_every_container_cannot_be_denied, numbers_that_no_device_has_fit_none,
      a_program_that_is_too_long_is_refused, the_verifier_looks_at_each_instruction_once,
      the_kernel_follows_the_rules, the_kernel_takes_the_longest_program)
