/* SPDX-License-Identifier: Apache-2.0 */
/* config.md, "Process", and what of config-linux.md is about the process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "runtime/capabilities.h"
#include "tests/unit/runtime/box.h"
#include "tests/unit/runtime/policy.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static struct box box;

static void setup(void)
{
	box_alone();
	box_init(&box);
}

static void teardown(void)
{
	box_wipe(&box);
}

static void assert_status(const char *line)
{
	const char *status = box_says(&box, "cat", "/proc/self/status", NULL);

	ck_assert_msg(strstr(status, line) != NULL, "no '%s' in\n%s", line, status);
}

/* ---- capabilities ---------------------------------------------------------------------- */

static void give_sets(void)
{
	box.spec.process.capabilities = (struct container_capabilities){
		.bounding = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_RAW) | BIT(CAP_SETUID),
		.permitted = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_RAW),
		.effective = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_RAW),
		.inheritable = BIT(CAP_CHOWN) | BIT(CAP_KILL),
		.ambient = BIT(CAP_KILL),
	};
}

START_TEST(the_five_sets_of_root_are_those_that_execve_leaves)
{
	give_sets();
	assert_status("CapInh:\t0000000000000021\n"
		      "CapPrm:\t00000000000020a1\n"
		      "CapEff:\t00000000000020a1\n"
		      "CapBnd:\t00000000000020a1\n");
}
END_TEST

/* Of another user only the ambient ones survive the execution of a file without any. */
START_TEST(a_user_but_root_has_the_ambient_ones)
{
	give_sets();
	box.spec.process.user.uid = box.spec.process.user.gid = 1000;
	assert_status("CapInh:\t0000000000000021\n"
		      "CapPrm:\t0000000000000020\n"
		      "CapEff:\t0000000000000020\n"
		      "CapBnd:\t00000000000020a1\n"
		      "CapAmb:\t0000000000000020\n");
}
END_TEST

START_TEST(ambient_ones_that_are_not_inheritable_are_left_out)
{
	give_sets();
	box.spec.process.capabilities.ambient |= BIT(CAP_NET_RAW);
	box.spec.process.user.uid = 1000;
	assert_status("CapAmb:\t0000000000000020\n");
}
END_TEST

START_TEST(capabilities_that_the_runtime_lacks_are_left_out)
{
	char line[64];
	uint64_t own = runtime_capabilities_own(UINT64_MAX);

	box.spec.process.capabilities = (struct container_capabilities){~0ull, ~0ull, ~0ull, 0, 0};
	snprintf(line, sizeof(line), "CapEff:\t%016llx\n", (unsigned long long)own);
	assert_status(line);
}
END_TEST

START_TEST(no_capability_at_all)
{
	box.spec.process.capabilities = (struct container_capabilities){.bounding = 0};
	assert_status("CapInh:\t0000000000000000\n"
		      "CapPrm:\t0000000000000000\n"
		      "CapEff:\t0000000000000000\n"
		      "CapBnd:\t0000000000000000\n"
		      "CapAmb:\t0000000000000000\n");
}
END_TEST

/* ---- privileges and filters ------------------------------------------------------------ */

START_TEST(no_new_privileges_is_set_with_and_without_a_filter)
{
	box.spec.process.no_new_privileges = true;
	assert_status("NoNewPrivs:\t1\n");
	assert_status("Seccomp:\t2\n");
	box_user(&box, 1000, 1000);
	assert_status("Seccomp:\t2\n");
	box.spec.has_default_filter = false;
	assert_status("NoNewPrivs:\t1\n");
	assert_status("Seccomp:\t0\n");
}
END_TEST

START_TEST(a_policy_of_the_document_is_what_filters)
{
	struct seccomp_policy *p = policy(SECCOMP_RET_ALLOW);

	policy_call(p, "swapon", SECCOMP_RET_ERRNO | ENOTTY);
	box.spec.seccomp = p;
	ck_assert_str_eq(box_says(&box, "call", "167", NULL), "167 ENOTTY\n");
	box.spec.process.no_new_privileges = true;
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(box_says(&box, "call", "167", NULL), "167 ENOTTY\n");
}
END_TEST

/* With no_new_privileges it comes last: what is done before needn't be allowed. */
START_TEST(a_policy_need_not_allow_what_the_runtime_does)
{
	struct seccomp_policy *p = policy(SECCOMP_RET_ERRNO | EPERM);

	policy_call(p,
		    "execve exit_group write brk mmap arch_prctl set_tid_address "
		    "set_robust_list rseq prlimit64 readlinkat readlink getrandom mprotect "
		    "newfstatat fstat rt_sigaction rt_sigprocmask getresuid getresgid getgroups",
		    SECCOMP_RET_ALLOW);
	box.spec.seccomp = p;
	box.spec.process.no_new_privileges = true;
	ck_assert_str_eq(box_says(&box, "ids", NULL), "0,0,0 0,0,0");
}
END_TEST

/* ---- limits ---------------------------------------------------------------------------- */

static void add_rlimit(int resource, uint64_t soft, uint64_t hard)
{
	box.spec.process.rlimits.v[box.spec.process.rlimits.n++] =
		(struct container_rlimit){.resource = resource, .soft = soft, .hard = hard};
}

START_TEST(rlimits_are_soft_and_hard)
{
	const char *limits;

	add_rlimit(RLIMIT_NOFILE, 77, 99);
	add_rlimit(RLIMIT_CORE, 0, 0);
	add_rlimit(RLIMIT_STACK, 1 << 20, RLIM_INFINITY);
	limits = box_says(&box, "cat", "/proc/self/limits", NULL);
	ck_assert_ptr_nonnull(strstr(limits, "Max open files            77                   99"));
	ck_assert_ptr_nonnull(strstr(limits, "Max core file size        0                    0"));
	ck_assert_ptr_nonnull(
		strstr(limits, "Max stack size            1048576              unlimited"));
}
END_TEST

/* The runtime itself needs more descriptors than such a container may have. */
START_TEST(a_limit_of_few_descriptors_does_not_keep_it_from_being_set_up)
{
	add_rlimit(RLIMIT_NOFILE, 4, 4);
	ck_assert_str_eq(box_says(&box, "args", "a", NULL), "[a]");
}
END_TEST

START_TEST(oom_score_adj_is_set)
{
	box.spec.process.has_oom_score_adj = true;
	box.spec.process.oom_score_adj = 500;
	ck_assert_str_eq(box_says(&box, "cat", "/proc/self/oom_score_adj", NULL), "500\n");
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(box_says(&box, "cat", "/proc/self/oom_score_adj", NULL), "500\n");
}
END_TEST

START_TEST(the_callers_oom_score_adj_stays)
{
	int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	char before[16] = "", after[16] = "";

	ck_assert_int_gt((int)read(fd, before, sizeof(before) - 1), 0);
	box.spec.process.has_oom_score_adj = true;
	box.spec.process.oom_score_adj = 500;
	box_says(&box, "exit", "0", NULL);
	ck_assert_int_gt((int)pread(fd, after, sizeof(after) - 1, 0), 0);
	ck_assert_str_eq(before, after);
	close(fd);
}
END_TEST

START_TEST(umask_is_that_of_the_user)
{
	box.spec.process.umask = 0;
	ck_assert_ptr_nonnull(strstr(box_says(&box, "identity", NULL), "umask 000"));
	box.spec.process.umask = 0077;
	ck_assert_ptr_nonnull(strstr(box_says(&box, "identity", NULL), "umask 077"));
}
END_TEST

/* ---- scheduling ------------------------------------------------------------------------ */

START_TEST(policy_and_nice_value_are_those_of_the_scheduler)
{
	box.spec.process.scheduler =
		(struct container_scheduler){.is_set = true, .policy = SCHED_BATCH, .nice = 7};
	ck_assert_ptr_nonnull(strstr(box_says(&box, "schedule", NULL), "policy 3 nice 7 "));
	box.spec.process.scheduler =
		(struct container_scheduler){.is_set = true, .policy = SCHED_IDLE};
	ck_assert_ptr_nonnull(strstr(box_says(&box, "schedule", NULL), "policy 5 "));
}
END_TEST

START_TEST(a_scheduler_that_the_kernel_refuses_is_an_error)
{
	box.spec.process.scheduler = (struct container_scheduler){.is_set = true, .policy = 77};
	box_command(&box, "schedule", NULL);
	box_refused(&box, -EINVAL, "starting the container: scheduler: Invalid argument");
}
END_TEST

START_TEST(io_priority_is_class_and_level)
{
	box.spec.process.has_io_priority = true;
	box.spec.process.io_priority = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);
	ck_assert_ptr_nonnull(strstr(box_says(&box, "schedule", NULL), " io 0x4006 "));
}
END_TEST

START_TEST(personality_is_set_for_the_process)
{
	box.spec.process.has_personality = true;
	box.spec.process.personality = PER_LINUX32;
	ck_assert_ptr_nonnull(strstr(box_says(&box, "schedule", NULL), " personality 0x8 "));
}
END_TEST

START_TEST(cpus_are_the_final_ones_when_the_command_runs)
{
	box.spec.process.cpus_initial.is_set = true;
	box.spec.process.cpus_initial.bits[0] = 2;
	ck_assert_ptr_nonnull(strstr(box_says(&box, "schedule", NULL), " cpus 1"));
	box.spec.process.cpus_final.is_set = true;
	box.spec.process.cpus_final.bits[0] = 1;
	ck_assert_ptr_nonnull(strstr(box_says(&box, "schedule", NULL), " cpus 0"));
	box.spec.process.cpus_final.bits[0] = 3;
	box_user(&box, 1000, 1000);
	ck_assert_ptr_nonnull(strstr(box_says(&box, "schedule", NULL), " cpus 0 1"));
}
END_TEST

/* ---- names and kernel parameters ------------------------------------------------------- */

START_TEST(hostname_and_domainname_are_those_of_the_container)
{
	free(box.spec.hostname);
	box.spec.hostname = strdup("host");
	box.spec.domainname = strdup("example.com");
	ck_assert_str_eq(box_says(&box, "domain", NULL), "host.example.com");
}
END_TEST

START_TEST(sysctl_sets_what_the_container_has_a_namespace_for)
{
	struct err e = ERR_NONE;

	ck_ok(strv_add(&box.spec.sysctl, "net.ipv4.ip_forward=1", &e), e);
	ck_ok(strv_add(&box.spec.sysctl, "net/ipv4/conf/lo/forwarding=0", &e), e);
	ck_ok(strv_add(&box.spec.sysctl, "kernel.shm_rmid_forced=1", &e), e);
	ck_ok(strv_add(&box.spec.sysctl, "kernel.domainname=example.org", &e), e);
	ck_ok(strv_add(&box.spec.sysctl, "fs.mqueue.msg_max=7", &e), e);
	ck_assert_str_eq(box_says(&box, "cat", "/proc/sys/net/ipv4/ip_forward",
				  "/proc/sys/net/ipv4/conf/lo/forwarding",
				  "/proc/sys/kernel/shm_rmid_forced", "/proc/sys/kernel/domainname",
				  "/proc/sys/fs/mqueue/msg_max", NULL),
			 "1\n0\n1\nexample.org\n7\n");
}
END_TEST

START_TEST(sysctl_of_the_host_is_refused)
{
	static const struct {
		const char *setting;
		enum namespace_kind host;
		const char *message;
	} cases[] = {
		{"kernel.printk=1", NAMESPACE_MAX,
		 "sysctl 'kernel.printk' is not in a separate kernel namespace"},
		{"kernel.shm_rmid_forced.x=1", NAMESPACE_MAX,
		 "sysctl 'kernel.shm_rmid_forced.x' is not in a separate kernel namespace"},
		{"net.ipv4.ip_forward=1", NAMESPACE_NETWORK,
		 "sysctl 'net.ipv4.ip_forward' would be set for the host: the container has no "
		 "network namespace of its own"},
		{"kernel.shmmax=1", NAMESPACE_IPC,
		 "sysctl 'kernel.shmmax' would be set for the host: the container has no ipc "
		 "namespace of its own"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_NONE;

		strv_done(&box.spec.sysctl);
		ck_ok(strv_add(&box.spec.sysctl, cases[i].setting, &e), e);
		if (cases[i].host < NAMESPACE_MAX)
			box.spec.namespaces[cases[i].host].mode = NAMESPACE_HOST;
		box_command(&box, "cwd", NULL);
		box_refused(&box, -EINVAL, cases[i].message);
		if (cases[i].host < NAMESPACE_MAX)
			box.spec.namespaces[cases[i].host].mode = NAMESPACE_NEW;
	}
}
END_TEST

START_TEST(a_sysctl_cannot_lead_out_of_its_part)
{
	static const char *const names[] = {"net/../kernel/printk_delay", "net/./x", "net//x"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char message[128], setting[128];
		struct err e = ERR_NONE;

		snprintf(setting, sizeof(setting), "%s=0", names[i]);
		snprintf(message, sizeof(message), "'%s' is not the name of a sysctl", names[i]);
		strv_done(&box.spec.sysctl);
		ck_ok(strv_add(&box.spec.sysctl, setting, &e), e);
		box_command(&box, "cwd", NULL);
		box_refused(&box, -EINVAL, message);
	}
}
END_TEST

START_TEST(the_session_keyring_is_the_callers_unless_it_has_its_own)
{
	long own = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	box.spec.has_default_filter = false;
	ck_assert_int_ne(own, atol(box_says(&box, "keyring", NULL)));
	box.spec.has_own_keyring = false;
	ck_assert_int_eq(own, atol(box_says(&box, "keyring", NULL)));
}
END_TEST

START_TEST(labels_are_an_error_where_the_kernel_has_no_module_for_them)
{
	if (access("/sys/kernel/security/apparmor", F_OK) == 0)
		return;
	box_command(&box, "cwd", NULL);
	box.spec.process.apparmor_profile = strdup("docker-default");
	box_refused(&box, -EOPNOTSUPP,
		    "starting the container: label in 'self/attr/apparmor/exec': this kernel has "
		    "no security module for it");
	free(box.spec.process.apparmor_profile);
	box.spec.process.apparmor_profile = NULL;
	box.spec.process.selinux_label = strdup("system_u:system_r:container_t:s0");
	box_refused(&box, -EOPNOTSUPP,
		    "starting the container: label in 'self/attr/exec': this kernel has no "
		    "security module for it");
}
END_TEST

/* ---- the working directory ------------------------------------------------------------- */

static void set_cwd(const char *path)
{
	free(box.spec.process.cwd);
	box.spec.process.cwd = strdup(path);
}

START_TEST(a_missing_cwd_is_made_where_mount_points_are)
{
	struct stat st;

	box.spec.makes_mount_points = true;
	set_cwd("/a/b/c");
	ck_assert_str_eq(box_says(&box, "cwd", NULL), "/a/b/c");
	ck_assert_int_eq(stat(tree_at(&box.tree, "root/a/b/c"), &st), 0);
	ck_assert_int_eq(st.st_mode, S_IFDIR | 0755);
}
END_TEST

START_TEST(a_cwd_through_links_stays_in_the_container)
{
	tree_dir(&box.tree, "root/tmp");
	tree_link(&box.tree, "root/out", "../../../../../../../../tmp");
	set_cwd("/out");
	ck_assert_str_eq(box_says(&box, "cwd", NULL), "/tmp");
	ck_assert_str_eq(box_says(&box, "list", ".", NULL), "");
}
END_TEST

/* Mode 0700 of a user, as in a home directory on a network file system. */
START_TEST(a_cwd_that_only_the_user_may_enter_is_entered)
{
	tree_dir(&box.tree, "root/home");
	ck_assert_int_eq(chown(tree_at(&box.tree, "root/home"), 1000, 1000), 0);
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/home"), 0700), 0);
	set_cwd("/home");
	box_user(&box, 1000, 1000);
	ck_assert_str_eq(box_says(&box, "cwd", NULL), "/home");
}
END_TEST

SUITE("runtime/process", setup, teardown, the_five_sets_of_root_are_those_that_execve_leaves,
      a_user_but_root_has_the_ambient_ones, ambient_ones_that_are_not_inheritable_are_left_out,
      capabilities_that_the_runtime_lacks_are_left_out, no_capability_at_all,
      no_new_privileges_is_set_with_and_without_a_filter, a_policy_of_the_document_is_what_filters,
      a_policy_need_not_allow_what_the_runtime_does, rlimits_are_soft_and_hard,
      a_limit_of_few_descriptors_does_not_keep_it_from_being_set_up, oom_score_adj_is_set,
      the_callers_oom_score_adj_stays, umask_is_that_of_the_user,
      policy_and_nice_value_are_those_of_the_scheduler,
      a_scheduler_that_the_kernel_refuses_is_an_error, io_priority_is_class_and_level,
      personality_is_set_for_the_process, cpus_are_the_final_ones_when_the_command_runs,
      hostname_and_domainname_are_those_of_the_container,
      sysctl_sets_what_the_container_has_a_namespace_for, sysctl_of_the_host_is_refused,
      a_sysctl_cannot_lead_out_of_its_part,
      the_session_keyring_is_the_callers_unless_it_has_its_own,
      labels_are_an_error_where_the_kernel_has_no_module_for_them,
      a_missing_cwd_is_made_where_mount_points_are, a_cwd_through_links_stays_in_the_container,
      a_cwd_that_only_the_user_may_enter_is_entered)
