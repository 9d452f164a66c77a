/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sys.h"

enum {
	ANY = -1,
	ALL = DEVICE_READ | DEVICE_WRITE | DEVICE_MAKE,
	ATTACHED_MAX = 64, /* programs of one kind at one cgroup, as in the kernel */
};

/* clang-format off */
static const struct device_rule defaults[] = {
	{true, 'c', ANY, ANY, DEVICE_MAKE}, /* a node is no access */
	{true, 'b', ANY, ANY, DEVICE_MAKE},
	{true, 'c', 1, 3,     ALL}, /* null */
	{true, 'c', 1, 5,     ALL}, /* zero */
	{true, 'c', 1, 7,     ALL}, /* full */
	{true, 'c', 1, 8,     ALL}, /* random */
	{true, 'c', 1, 9,     ALL}, /* urandom */
	{true, 'c', 5, 0,     ALL}, /* tty */
	{true, 'c', 5, 1,     ALL}, /* console */
	{true, 'c', 5, 2,     ALL}, /* ptmx */
	{true, 'c', 136, ANY, ALL}, /* pts */
	{true, 'c', 10, 200,  ALL}, /* net/tun: as runc and crun do, of use with CAP_NET_ADMIN only */
};
/* clang-format on */

const struct device_rule *devices_default(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(defaults);
	return defaults;
}

/* ---- the program ----------------------------------------------------------------------- */

/*
 * Without a branch: the kernel's verifier follows each way through a program, and a dozen rules
 * with branches took it ten times as long as these instructions, of which each is looked at once.
 *
 * Registers: r1 the request, then for use; r2 the access that is asked for; r3 the device, its
 * numbers in one as the kernel has them; r4 and r5 are 0 for a block and a character device; r0
 * the access that is granted, at the end the answer.
 */
enum {
	GRANTED = BPF_REG_0,
	TMP = BPF_REG_1,
	ASKED = BPF_REG_2,
	DEVICE = BPF_REG_3,
	NO_BLOCK = BPF_REG_4,
	NO_CHAR = BPF_REG_5,
};

/* linux/kdev_t.h; no device has greater numbers. */
enum { MINOR_BITS = 20, MAJORS = 1 << 12, MINORS = 1 << MINOR_BITS };

struct program {
	struct bpf_insn *v;
	size_t n, max; /* @n counts on when it is full */
};

static void emit(struct program *p, unsigned code, unsigned dst, unsigned src, size_t off,
		 uint32_t imm)
{
	if (p->n < p->max)
		p->v[p->n] = (struct bpf_insn){
			.code = (uint8_t)code,
			.dst_reg = dst & 0xf,
			.src_reg = src & 0xf,
			.off = (int16_t)off,
			.imm = (int32_t)imm,
		};
	p->n++;
}

static void load(struct program *p, unsigned to, size_t offset)
{
	emit(p, BPF_LDX | BPF_W | BPF_MEM, to, TMP, offset, 0);
}

/* On the lower half of a register; the upper becomes 0. */
static void with_number(struct program *p, unsigned op, unsigned reg, uint32_t number)
{
	emit(p, BPF_ALU | op | BPF_K, reg, 0, 0, number);
}

static void with_register(struct program *p, unsigned op, unsigned reg, unsigned other)
{
	emit(p, BPF_ALU | op | BPF_X, reg, other, 0, 0);
}

static void begin(struct program *p)
{
	load(p, ASKED, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	load(p, DEVICE, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(p, TMP, offsetof(struct bpf_cgroup_dev_ctx, minor));
	with_number(p, BPF_LSH, DEVICE, MINOR_BITS);
	with_register(p, BPF_OR, DEVICE, TMP);
	with_register(p, BPF_MOV, NO_BLOCK, ASKED);
	with_number(p, BPF_AND, NO_BLOCK, 0xffff);
	with_register(p, BPF_MOV, NO_CHAR, NO_BLOCK);
	with_number(p, BPF_XOR, NO_BLOCK, BPF_DEVCG_DEV_BLOCK);
	with_number(p, BPF_XOR, NO_CHAR, BPF_DEVCG_DEV_CHAR);
	with_number(p, BPF_RSH, ASKED, 16);
	with_number(p, BPF_MOV, GRANTED, 0);
}

static uint32_t kernel_access(unsigned access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & DEVICE_MAKE ? BPF_DEVCG_ACC_MKNOD : 0);
}

/*
 * A number of 32 bits becomes 1 where it is 0, and 0 where it isn't. Not a mask by an arithmetic
 * shift: newer verifiers take that for a branch.
 */
static void is_zero(struct program *p, unsigned reg)
{
	emit(p, BPF_ALU64 | BPF_SUB | BPF_K, reg, 0, 0, 1);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, reg, 0, 0, 63);
}

/* TMP: 1 where the rule fits, else 0. */
static void compare(struct program *p, const struct device_rule *rule)
{
	uint32_t major = rule->major < 0 ? 0 : (uint32_t)rule->major << MINOR_BITS;
	uint32_t minor = rule->minor < 0 ? 0 : (uint32_t)rule->minor;
	uint32_t any = (rule->major < 0 ? ~0u << MINOR_BITS : 0) |
		       (rule->minor < 0 ? (uint32_t)MINORS - 1 : 0);

	with_register(p, BPF_MOV, TMP, DEVICE);
	with_number(p, BPF_XOR, TMP, major | minor);
	with_number(p, BPF_AND, TMP, ~any);
	if (rule->type != 'a')
		with_register(p, BPF_OR, TMP, rule->type == 'b' ? NO_BLOCK : NO_CHAR);
	is_zero(p, TMP);
}

static void add_rule(struct program *p, const struct device_rule *rule)
{
	if (rule->major >= MAJORS || rule->minor >= MINORS)
		return; /* it fits none */
	compare(p, rule);
	with_number(p, BPF_MUL, TMP, kernel_access(rule->access));
	if (rule->allow) {
		with_register(p, BPF_OR, GRANTED, TMP);
	} else {
		with_number(p, BPF_XOR, TMP, ~0u);
		with_register(p, BPF_AND, GRANTED, TMP);
	}
}

/* Engines send half of the rules that stand behind theirs anyway. */
static bool is_default(const struct device_rule *rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (rule->allow && rule->type == defaults[i].type &&
		    rule->major == defaults[i].major && rule->minor == defaults[i].minor &&
		    !(rule->access & ~defaults[i].access))
			return true;
	return false;
}

/* Yes, when nothing is asked for that isn't granted. */
static void answer(struct program *p)
{
	with_number(p, BPF_XOR, GRANTED, ~0u);
	with_register(p, BPF_AND, GRANTED, ASKED);
	is_zero(p, GRANTED);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

ssize_t device_program(const struct device_rule *rules, size_t n, struct bpf_insn *ret, size_t max,
		       struct err *e)
{
	struct program p = {.v = ret, .max = max};

	begin(&p);
	for (size_t i = 0; i < n; i++)
		if (!is_default(&rules[i]))
			add_rule(&p, &rules[i]);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		add_rule(&p, &defaults[i]);
	answer(&p);
	if (p.n > max)
		return err_set(e, -E2BIG, ERR_LIMIT,
			       "%zu device rules are more than %zu instructions", n, max);
	return (ssize_t)p.n;
}

/* ---- attaching ------------------------------------------------------------------------- */

static int bpf_failed(const char *what, struct err *e)
{
	int code = -errno;

	if (code == -EPERM || code == -ENOSYS)
		return err_set(e, code, ERR_UNSUPPORTED,
			       "device rules need bpf(2), which is not allowed here: %s",
			       strerror(-code));
	return err_sys(e, "%s the program of the device rules", what);
}

/* The fd of a loaded program. */
static int load_program(const struct device_rule *rules, size_t n, struct err *e)
{
	size_t max = (n + ARRAY_SIZE(defaults)) * DEVICE_RULE_INSNS + DEVICE_FIXED_INSNS;
	cleanup_free struct bpf_insn *insns = calloc(max, sizeof(*insns));
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE};
	ssize_t count;
	int fd;

	if (!insns)
		return err_oom(e);
	count = device_program(rules, n, insns, max, e);
	if (count < 0)
		return (int)count;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = (uint32_t)count;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0"; /* no helper is called */
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	return fd < 0 ? bpf_failed("loading", e) : fd;
}

struct attached {
	uint32_t ids[ATTACHED_MAX], n, flags;
};

static int query(int cgroup_fd, struct attached *ret, struct err *e)
{
	union bpf_attr attr = {.query = {.target_fd = (uint32_t)cgroup_fd}};

	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ret->ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
		return bpf_failed("looking for", e);
	ret->n = attr.query.prog_cnt;
	ret->flags = attr.query.attach_flags;
	return 0;
}

static int attach(int cgroup_fd, int program, uint32_t flags, struct err *e)
{
	union bpf_attr attr = {.target_fd = (uint32_t)cgroup_fd};

	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = flags;
	return sys_bpf(BPF_PROG_ATTACH, &attr) < 0 ? bpf_failed("attaching", e) : 0;
}

/* One that is gone already is fine. */
static int detach(int cgroup_fd, uint32_t id, struct err *e)
{
	union bpf_attr by_id = {.prog_id = id}, attr = {.target_fd = (uint32_t)cgroup_fd};
	cleanup_close int program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &by_id);

	if (program < 0)
		return errno == ENOENT ? 0 : bpf_failed("opening", e);
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (sys_bpf(BPF_PROG_DETACH, &attr) < 0 && errno != ENOENT)
		return bpf_failed("detaching", e);
	return 0;
}

int devices_apply(const struct device_rule *rules, size_t n, int cgroup_fd, struct err *e)
{
	cleanup_close int program = -EBADF;
	struct attached old;
	int r;

	if (n == 0)
		return 0;
	program = load_program(rules, n, e);
	if (program < 0)
		return program;
	r = query(cgroup_fd, &old, e);
	if (r < 0)
		return r;
	/* One that was attached to be alone is replaced by the next of its kind. */
	if (old.n > 0 && !(old.flags & BPF_F_ALLOW_MULTI))
		return attach(cgroup_fd, program, old.flags, e);
	r = attach(cgroup_fd, program, BPF_F_ALLOW_MULTI, e);
	for (uint32_t i = 0; r == 0 && i < old.n; i++)
		r = detach(cgroup_fd, old.ids[i], e);
	return r;
}
