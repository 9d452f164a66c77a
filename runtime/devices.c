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
 * Registers: r1 the request, then for use; r2 type; r3 what of the access is not decided yet;
 * r4 major; r5 minor; r0 the answer.
 */
enum {
	ANSWER = BPF_REG_0,
	TMP = BPF_REG_1,
	TYPE = BPF_REG_2,
	OPEN = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

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

static void answer(struct program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, ANSWER, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void begin(struct program *p)
{
	load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU | BPF_MOV | BPF_X, OPEN, TYPE, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, OPEN, 0, 0, 16);
	load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

static uint32_t kernel_access(unsigned access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & DEVICE_MAKE ? BPF_DEVCG_ACC_MKNOD : 0);
}

enum { DECIDE_INSNS = 4, REFUSE_INSNS = 5 };

/* What the rule grants is decided; nothing left means yes. */
static void grant(struct program *p, uint32_t access)
{
	emit(p, BPF_ALU | BPF_AND | BPF_K, OPEN, 0, 0, ~access);
	emit(p, BPF_JMP32 | BPF_JNE | BPF_K, OPEN, 0, 2, 0);
	answer(p, true);
}

/* A part of what is not decided yet is refused: no. */
static void refuse(struct program *p, uint32_t access)
{
	emit(p, BPF_ALU | BPF_MOV | BPF_X, TMP, OPEN, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, TMP, 0, 0, access);
	emit(p, BPF_JMP32 | BPF_JEQ | BPF_K, TMP, 0, 2, 0);
	answer(p, false);
}

static void add_rule(struct program *p, const struct device_rule *rule)
{
	const struct {
		bool is_any;
		unsigned reg;
		uint32_t value;
	} tests[] = {
		{rule->type == 'a', TYPE,
		 rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR},
		{rule->major < 0, MAJOR, (uint32_t)rule->major},
		{rule->minor < 0, MINOR, (uint32_t)rule->minor},
	};
	size_t left = rule->allow ? DECIDE_INSNS : REFUSE_INSNS;

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		left += !tests[i].is_any;
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		if (!tests[i].is_any)
			emit(p, BPF_JMP32 | BPF_JNE | BPF_K, tests[i].reg, 0, --left,
			     tests[i].value);
	if (rule->allow)
		grant(p, kernel_access(rule->access));
	else
		refuse(p, kernel_access(rule->access));
}

/* Backwards: the first rule that decides is the last that fits. */
static void add_rules(struct program *p, const struct device_rule *rules, size_t n)
{
	while (n > 0)
		add_rule(p, &rules[--n]);
}

ssize_t device_program(const struct device_rule *rules, size_t n, struct bpf_insn *ret, size_t max,
		       struct err *e)
{
	struct program p = {.v = ret, .max = max};

	begin(&p);
	add_rules(&p, defaults, ARRAY_SIZE(defaults));
	add_rules(&p, rules, n);
	answer(&p, false);
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
