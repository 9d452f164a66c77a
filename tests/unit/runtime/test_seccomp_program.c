/* SPDX-License-Identifier: Apache-2.0 */
/* Our programs against libseccomp's: the same answer for every architecture, number and argument.
 */
#include "runtime/seccomp_program.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/seccomp_library.h"
#include "tests/support/suite.h"
#include "tests/unit/runtime/bpf.h"
#include "tests/unit/runtime/policy.h"
#include "tests/unit/runtime/verdict.h"

enum {
	POLICIES = 250,
	NUMBERS = 1100,    /* above all that there are */
	SAMPLES = 60,      /* sets of arguments for a number that a condition is about */
	PLAIN_SAMPLES = 2, /* and for others */
	POOL = 4096,
};

/* Of the kernel; one that no policy here has is among them. */
static const uint32_t audits[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
				  AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64};

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

/* ---- what to try ---------------------------------------------------------------------- */

static struct {
	uint64_t v[POOL]; /* values of arguments on which a condition may turn */
	size_t n;
} pool;

static void add_values(uint64_t value)
{
	const uint64_t near[] = {value,           value - 1,          value + 1,
				 (uint32_t)value, value ^ 1ull << 32, value + (1ull << 32)};

	for (size_t i = 0; i < ARRAY_SIZE(near) && pool.n < POOL; i++)
		pool.v[pool.n++] = near[i];
}

static void fill_pool(const struct seccomp_policy *p)
{
	pool.n = 0;
	for (uint64_t i = 0; i < 25; i++) /* of socketcall() and ipc() */
		pool.v[pool.n++] = i;
	pool.v[pool.n++] = UINT64_MAX;
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].n_conditions; k++) {
			add_values(p->rules[i].conditions[k].value);
			add_values(p->rules[i].conditions[k].second);
		}
}

/* ---- comparing ------------------------------------------------------------------------ */

struct pair {
	struct verdicts verdicts;
	struct sock_fprog ours, theirs;
	size_t n_ours, n_theirs; /* steps */
	size_t n_runs;
	size_t len;         /* of ours */
	bool is_alone;      /* libseccomp has no program */
	size_t n_different; /* where libseccomp is wrong */
};

static void compare_once(struct pair *p, const struct verdict *v, const struct seccomp_data *d)
{
	uint32_t ours = bpf_run(&p->ours, d, &p->n_ours);
	uint32_t theirs = p->theirs.len ? bpf_run(&p->theirs, d, &p->n_theirs) : 0;
	uint32_t right = verdict_action(v, d);

	p->n_runs++;
	p->n_different += theirs != right && p->theirs.len > 0;
	if (ours != right || (theirs != right && p->theirs.len > 0 && !verdict_is_hard(v)))
		ck_abort_msg(
			"arch %#x nr %#x args %#llx %#llx %#llx %#llx %#llx %#llx: %#x, not %#x; "
			"libseccomp %#x",
			d->arch, (unsigned)d->nr, d->args[0], d->args[1], d->args[2], d->args[3],
			d->args[4], d->args[5], ours, right, theirs);
}

static void compare_call(struct pair *p, uint32_t audit, uint32_t nr)
{
	struct verdict v;
	unsigned samples;

	verdict_find(&p->verdicts, audit, nr, &v);
	samples = verdict_has_conditions(&v) ? SAMPLES : PLAIN_SAMPLES;
	for (unsigned i = 0; i < samples; i++) {
		struct seccomp_data d = {.nr = (int)nr, .arch = audit};

		for (int k = 0; k < 6; k++)
			d.args[k] = pool.v[below((unsigned)pool.n)];
		compare_once(p, &v, &d);
	}
}

static void compare_all(struct pair *p)
{
	static const uint32_t odd[] = {0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, UINT32_MAX};

	fill_pool(p->verdicts.policy);
	for (size_t i = 0; i < ARRAY_SIZE(audits); i++) {
		for (uint32_t nr = 0; nr < NUMBERS; nr++) {
			compare_call(p, audits[i], nr);
			compare_call(p, audits[i], 0x40000000 + nr); /* x32 */
		}
		for (size_t k = 0; k < ARRAY_SIZE(odd); k++)
			compare_call(p, audits[i], odd[k]);
	}
}

/* An instruction that there isn't: sanitizers make calls before a function that doesn't return. */
#if defined(__x86_64__)
#define BAD_INSTRUCTION "ud2"
#else
#define BAD_INSTRUCTION "udf #0"
#endif

/* The kernel looks at a program, too. Whatever it says of exit_group(), a signal ends the process.
 */
static void expect_installed(const struct sock_fprog *program)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		sys_signal_default(SIGILL); /* sanitizers have a handler */
		if (sys_seccomp_filter(program, 0) < 0)
			_exit(100);
		__asm__ volatile(BAD_INSTRUCTION);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL, "status %#x", status);
}

/*
 * In a process of its own, since it may never end. Then, and when it refuses rules that contradict
 * one another, there is no program to compare with.
 */
static void compile_theirs(const struct seccomp_policy *policy, struct sock_fprog *ret)
{
	const struct itimerval enough = {.it_value = {.tv_usec = 300000}}; /* it takes 20000 */
	size_t size = BPF_MAXINSNS * sizeof(struct sock_filter);
	struct sock_filter *shared =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t n = 0;
	pid_t pid;

	ck_assert_ptr_ne(shared, MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		setitimer(ITIMER_VIRTUAL, &enough, NULL);
		if (seccomp_library_compile(policy, ret, NULL) == 0)
			memcpy(shared, ret->filter, ret->len * sizeof(*shared));
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	while (n < BPF_MAXINSNS && shared[n].code != 0) /* no instruction has this code */
		n++;
	*ret = (struct sock_fprog){.len = (unsigned short)n, .filter = malloc(size)};
	ck_assert_ptr_nonnull(ret->filter);
	memcpy(ret->filter, shared, size);
	munmap(shared, size);
}

static void compare(const struct seccomp_policy *policy, struct pair *ret)
{
	struct err e = ERR_NONE;
	int r;

	*ret = (struct pair){.n_runs = 0};
	r = seccomp_program_compile(policy, &ret->ours, &e);
	ck_ok(r, e);
	ck_assert_int_eq(r, 0);
	compile_theirs(policy, &ret->theirs);
	ret->len = ret->ours.len;
	verdicts_start(&ret->verdicts, policy);
	compare_all(ret);
	expect_installed(&ret->ours);
	verdicts_done(&ret->verdicts);
	seccomp_program_done(&ret->ours);
	ret->is_alone = ret->theirs.len == 0;
	seccomp_program_done(&ret->theirs);
}

/* ---- the default policy --------------------------------------------------------------- */

START_TEST(the_default_policy_means_the_same)
{
	static struct pair p;

	compare(seccomp_default(), &p);
	/* Bisected, so a call takes few steps: a third of the binary tree's. */
	ck_assert_uint_lt(p.n_ours, p.n_theirs);
	ck_assert_uint_lt(p.n_ours / p.n_runs, 20);
	ck_assert_uint_eq(p.n_different, 0);
}
END_TEST

START_TEST(the_default_policy_with_another_default_means_the_same)
{
	static const uint32_t defaults[] = {SCMP_ACT_ERRNO(EPERM), SCMP_ACT_KILL_PROCESS,
					    SCMP_ACT_LOG, SCMP_ACT_ALLOW};

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		struct seccomp_policy p = *seccomp_default();
		static struct pair pair;

		p.default_action = defaults[i];
		compare(&p, &pair);
	}
}
END_TEST

/* ---- random policies ------------------------------------------------------------------ */

static const uint32_t actions[] = {
	SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ERRNO(ENOSYS), SCMP_ACT_KILL_PROCESS,
	SCMP_ACT_LOG,   SCMP_ACT_TRAP,         SCMP_ACT_KILL_THREAD,   SCMP_ACT_TRACE(3),
};

static const char *random_name(void)
{
	static const char *const multiplexed[] = {
		"socket", "bind",       "connect", "accept", "accept4",   "recv",
		"send",   "recvmmsg",   "semop",   "semctl", "msgget",    "shmat",
		"shmdt",  "semtimedop", "sendmsg", "ipc",    "socketcall"};
	const struct seccomp_rule *lists = seccomp_default()->rules;
	const struct strv *names = &lists[below(4) == 0].names;

	if (below(5) == 0)
		return multiplexed[below(ARRAY_SIZE(multiplexed))];
	return names->v[below((unsigned)names->n)];
}

static uint64_t random_value(void)
{
	uint64_t value = below(4) ? below(20) : (uint64_t)below(1u << 31) * 2 + below(2);

	return below(4) ? value : value | (uint64_t)below(7) << 32;
}

static size_t random_conditions(struct seccomp_condition v[4])
{
	size_t n = below(2) ? 0 : 1 + below(3);

	for (size_t i = 0; i < n; i++)
		v[i] = (struct seccomp_condition){.argument = below(6),
						  .op = SCMP_CMP_NE + below(7),
						  .value = random_value(),
						  .second = random_value()};
	return n;
}

static struct seccomp_policy *random_policy(void)
{
	static const char *const architectures[] = {"SCMP_ARCH_X86", "SCMP_ARCH_X32",
						    "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
						    "SCMP_ARCH_X86_64"};
	struct seccomp_policy *p = policy(actions[below(ARRAY_SIZE(actions))]);
	unsigned n_rules = 1 + below(30);
	uint32_t usual = actions[below(ARRAY_SIZE(actions))];

	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (below(2))
			policy_architecture(p, architectures[i]);
	for (unsigned i = 0; i < n_rules; i++) {
		struct seccomp_condition v[4];
		size_t n = random_conditions(v);
		uint32_t action = below(5) ? usual : actions[below(ARRAY_SIZE(actions))];
		char names[400] = "read";
		unsigned n_names = 1 + below(12);

		for (unsigned k = 0; k < n_names; k++) {
			strcat(names, " ");
			strcat(names, random_name());
		}
		policy_rule(p, strchr(names, ' ') + 1, action, v, n);
	}
	return p;
}

START_TEST(random_policies_mean_the_same)
{
	size_t n_alone = 0;

	for (seed = 1; seed <= POLICIES; seed++) {
		uint64_t start = seed;
		struct seccomp_policy *p = random_policy();
		static struct pair pair;

		compare(p, &pair);
		n_alone += pair.is_alone;
		seccomp_policy_free(p);
		seed = start;
	}
	ck_assert_uint_lt(n_alone, POLICIES / 4);
}
END_TEST

START_TEST(a_long_program_means_the_same)
{
	struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(EPERM));
	static struct pair pair;

	seed = 7;
	policy_architecture(p, "SCMP_ARCH_X86");
	policy_architecture(p, "SCMP_ARCH_X32");
	for (size_t i = 0; i < seccomp_default()->rules[0].names.n; i += 3) {
		const struct seccomp_condition c = {below(6), SCMP_CMP_EQ, random_value(), 0};

		policy_rule(p, seccomp_default()->rules[0].names.v[i], SCMP_ACT_ALLOW, &c, 1);
	}
	compare(p, &pair);
	ck_assert_uint_gt(pair.len, 1000);
	seccomp_policy_free(p);
}
END_TEST

/* ---- rules for the same call ---------------------------------------------------------- */

START_TEST(the_rules_for_audit_sockets_of_docker_mean_the_same)
{
	static const struct seccomp_condition audit[] = {
		{.argument = 0, .op = SCMP_CMP_EQ, .value = 16},
		{.argument = 2, .op = SCMP_CMP_EQ, .value = 9},
	};
	static const struct seccomp_condition other[] = {
		{.argument = 2, .op = SCMP_CMP_NE, .value = 9},
		{.argument = 0, .op = SCMP_CMP_NE, .value = 16},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(ENOSYS));
	static struct pair pair;

	policy_rule(p, "socket", SCMP_ACT_ERRNO(EINVAL), audit, 2);
	policy_rule(p, "socket", SCMP_ACT_ALLOW, &other[0], 1);
	policy_rule(p, "socket", SCMP_ACT_ALLOW, &other[1], 1);
	policy_rule(p, "socket", SCMP_ACT_ALLOW, &other[0], 1);
	compare(p, &pair);
	ck_assert(!pair.is_alone);
	ck_assert_uint_eq(pair.n_different, 0);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(of_conditions_with_different_actions_the_first_that_holds_counts)
{
	static const struct seccomp_condition one = {.argument = 1, .op = SCMP_CMP_EQ, .value = 1};
	static const struct seccomp_condition two = {.argument = 0, .op = SCMP_CMP_EQ, .value = 2};
	struct seccomp_policy *p = policy(SCMP_ACT_ALLOW);
	struct seccomp_data both = {.nr = SYS_read, .args = {2, 1}};
	struct sock_fprog program = {0};
	static struct pair pair;
	size_t n_steps = 0;

	both.arch = seccomp_arch_native();
	policy_rule(p, "read", SCMP_ACT_ERRNO(EPERM), &one, 1);
	policy_rule(p, "read", SCMP_ACT_LOG, &two, 1);
	compare(p, &pair);
	ck_assert_int_eq(seccomp_program_compile(p, &program, NULL), 0);
	ck_assert_uint_eq(bpf_run(&program, &both, &n_steps), SCMP_ACT_ERRNO(EPERM));
	seccomp_program_done(&program);
	seccomp_policy_free(p);
}
END_TEST

START_TEST(rules_with_which_libseccomp_does_not_end_make_a_program)
{
	static const struct seccomp_condition first[] = {
		{.argument = 3, .op = SCMP_CMP_GE, .value = 0x100000008},
		{.argument = 2, .op = SCMP_CMP_MASKED_EQ, .value = 0x668abd56, .second = 3},
		{.argument = 1, .op = SCMP_CMP_LE, .value = 14},
	};
	static const struct seccomp_condition second[] = {
		{.argument = 1, .op = SCMP_CMP_LE, .value = 14},
		{.argument = 3, .op = SCMP_CMP_NE, .value = 4},
	};
	struct seccomp_policy *p = policy(SCMP_ACT_ERRNO(EPERM));
	static struct pair pair;

	policy_rule(p, "shmat", SCMP_ACT_LOG, first, ARRAY_SIZE(first));
	policy_rule(p, "shmat", SCMP_ACT_LOG, second, ARRAY_SIZE(second));
	compare(p, &pair);
	policy_call(p, "shmat", SCMP_ACT_ALLOW);
	compare(p, &pair);
	seccomp_policy_free(p);
}
END_TEST

SUITE("runtime/seccomp_program", NULL, NULL, the_default_policy_means_the_same,
      the_default_policy_with_another_default_means_the_same, random_policies_mean_the_same,
      a_long_program_means_the_same, the_rules_for_audit_sockets_of_docker_mean_the_same,
      of_conditions_with_different_actions_the_first_that_holds_counts,
      rules_with_which_libseccomp_does_not_end_make_a_program)
