/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plan.h"

#include <string.h>

#include "runtime/defaults.h"
#include "tests/support/suite.h"

static struct container_spec spec;
static struct runtime_plan *plan;

static void fill(void)
{
	struct err e = ERR_NONE;

	spec.process.cwd = strdup("/src");
	ck_ok(mount_specs_add(&spec.rootfs, "bind", "/image", "/", "rbind", &e), e);
	ck_ok(strv_add(&spec.process.args, "make", &e), e);
	ck_ok(strv_add(&spec.process.args, "all\n", &e), e);
	ck_ok(strv_add(&spec.process.env, "PATH=/bin::/usr/bin", &e), e);
}

static void setup(void)
{
	struct err e = ERR_NONE;

	container_spec_init(&spec);
	ck_ok(container_defaults(&spec, &e), e);
	fill();
}

static void teardown(void)
{
	plan = runtime_plan_free(plan);
	container_spec_done(&spec);
}

static char *print(void)
{
	struct buf text = BUF(65536);
	struct err e = ERR_NONE;

	ck_ok(runtime_plan_new(&spec, "/run/staging", &plan, &e), e);
	ck_ok(runtime_plan_print(plan, &text, &e), e);
	return buf_take(&text);
}

static void assert_has(const char *wanted)
{
	char *text = print();

	ck_assert_msg(strstr(text, wanted) != NULL, "no\n%s\nin\n%s", wanted, text);
	free(text);
}

/* clang-format off */
static const char whole_plan[] =
	"namespaces mount pid ipc uts cgroup\n"
	"propagation of all mounts 0x40000\n"
	"bind '/image' recursive\n"
	"root on '/run/staging'\n"
	"file system 'proc' from 'proc' nosuid nodev noexec\n"
	"mount on '/proc'\n"
	"file system 'tmpfs' from 'tmpfs' mode='755' size='65536k' nosuid strictatime\n"
	"mount on '/dev'\n"
	"file system 'devpts' from 'devpts' newinstance ptmxmode='0666' mode='0620' gid='5' nosuid noexec\n"
	"mount on '/dev/pts' create\n"
	"file system 'tmpfs' from 'tmpfs' mode='1777' size='65536k' nosuid nodev noexec\n"
	"mount on '/dev/shm' create\n"
	"file system 'mqueue' from 'mqueue' nosuid nodev noexec\n"
	"mount on '/dev/mqueue' create\n"
	"file system 'sysfs' from 'sysfs' ro nosuid nodev noexec\n"
	"mount on '/sys'\n"
	"file system 'cgroup2' from 'cgroup2' ro nosuid nodev noexec\n"
	"mount on '/sys/fs/cgroup'\n"
	"in '/dev'\n"
	"device node 'null' 1:3 020666\n"
	"device node 'zero' 1:5 020666\n"
	"device node 'full' 1:7 020666\n"
	"device node 'random' 1:8 020666\n"
	"device node 'urandom' 1:9 020666\n"
	"device node 'tty' 5:0 020666\n"
	"symlink 'fd' -> '/proc/self/fd'\n"
	"symlink 'stdin' -> '/proc/self/fd/0'\n"
	"symlink 'stdout' -> '/proc/self/fd/1'\n"
	"symlink 'stderr' -> '/proc/self/fd/2'\n"
	"symlink 'core' -> '/proc/kcore'\n"
	"symlink 'ptmx' -> 'pts/ptmx'\n"
	"mask '/proc/acpi'\n"
	"mask '/proc/asound'\n"
	"mask '/proc/kcore'\n"
	"mask '/proc/keys'\n"
	"mask '/proc/latency_stats'\n"
	"mask '/proc/timer_list'\n"
	"mask '/proc/timer_stats'\n"
	"mask '/proc/sched_debug'\n"
	"mask '/proc/scsi'\n"
	"mask '/sys/firmware'\n"
	"mask '/sys/devices/virtual/powercap'\n"
	"read-only '/proc/bus'\n"
	"read-only '/proc/fs'\n"
	"read-only '/proc/irq'\n"
	"read-only '/proc/sys'\n"
	"read-only '/proc/sysrq-trigger'\n"
	"pivot root\n"
	"host name 'anchord'\n"
	"new session\n"
	"standard streams\n"
	"session keyring\n"
	"umask 0022\n"
	"bounding set 0xa80425fb\n"
	"close descriptors\n"
	"working directory '/src'\n"
	"seccomp filter\n"
	"user 0:0\n"
	"capabilities effective 0xa80425fb permitted 0xa80425fb\n"
	"default signals\n"
	"execute 'make'\n"
	"argument 'make'\n"
	"argument 'all%0A'\n"
	"environment 'PATH=/bin::/usr/bin'\n"
	"candidate '/bin/make'\n"
	"candidate './make'\n"
	"candidate '/usr/bin/make'\n";
/* clang-format on */

START_TEST(the_whole_plan_of_a_plain_container)
{
	char *text = print();

	ck_assert_str_eq(text, whole_plan);
	free(text);
}
END_TEST

START_TEST(an_overlay_is_one_file_system_with_its_layers_from_the_top)
{
	struct err e = ERR_NONE;

	mount_specs_done(&spec.rootfs);
	ck_ok(mount_specs_add(&spec.rootfs, "overlay", "overlay", "/",
			      "lowerdir=/a:/b,upperdir=/u,workdir=/w,volatile,index=off", &e),
	      e);
	assert_has("file system 'overlay' from 'overlay' lowerdir+='/a' lowerdir+='/b' "
		   "upperdir='/u' workdir='/w' volatile index='off'\n"
		   "root on '/run/staging'\n");
}
END_TEST

START_TEST(mounts_of_the_caller_come_after_the_defaults_and_before_the_masks)
{
	struct err e = ERR_NONE;

	ck_ok(mount_specs_add(&spec.mounts, "bind", "/cache", "/var/cache",
			      "rbind,ro,nosuid,X-mount.subdir=a/b", &e),
	      e);
	ck_ok(mount_specs_add(&spec.mounts, "tmpfs", "tmpfs", "/dev/x/../tmp", "size=1m", &e), e);
	assert_has("mount on '/sys/fs/cgroup'\n"
		   "bind '/cache' inside it 'a/b' recursive\n"
		   "mount attributes '/var/cache' ro nosuid\n"
		   "mount on '/var/cache'\n"
		   "file system 'tmpfs' from 'tmpfs' size='1m'\n"
		   "mount on '/dev/tmp' create\n"
		   "in '/dev'\n");
}
END_TEST

START_TEST(another_user_is_left_without_capabilities)
{
	struct err e = ERR_NONE;

	teardown();
	container_spec_init(&spec);
	spec.process.user = (struct container_user){.uid = 1000, .gid = 100};
	ck_ok(container_defaults(&spec, &e), e);
	fill();
	assert_has("user 1000:100\ncapabilities effective 0 permitted 0\n");
}
END_TEST

START_TEST(the_network_decides_the_namespaces)
{
	spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_NEW;
	assert_has("namespaces mount pid network ipc uts cgroup\n");
	runtime_plan_free(plan);
	spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_PATH;
	spec.namespaces[NAMESPACE_NETWORK].path = strdup("/run/netns/a");
	assert_has("outside: open namespace '/run/netns/a'\n"
		   "outside: join namespace '/run/netns/a'\nnamespaces mount pid ipc uts cgroup\n");
}
END_TEST

static void no_rootfs(void)
{
	mount_specs_done(&spec.rootfs);
}

static void no_command(void)
{
	strv_done(&spec.process.args);
}

static void relative_cwd(void)
{
	strcpy(spec.process.cwd, "src");
}

static void mount_on_root(void)
{
	mount_specs_add(&spec.mounts, "bind", "/x", "/a/..", "bind", NULL);
}

static void unknown_option(void)
{
	mount_specs_add(&spec.mounts, "bind", "/x", "/y", "bind,uid=nobody\n", NULL);
}

START_TEST(an_incomplete_spec_is_refused)
{
	static void (*const breaks[])(void) = {no_rootfs, no_command, relative_cwd, mount_on_root,
					       unknown_option};

	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		struct err e = ERR_NONE;
		int r;

		teardown();
		setup();
		breaks[i]();
		r = runtime_plan_new(&spec, "/run/staging", &plan, &e);
		ck_assert_msg(r == -EINVAL || r == -EOPNOTSUPP, "case %zu: %d %s", i, r, e.msg);
		ck_assert_int_lt(e.code, 0);
		ck_assert_ptr_null(plan);
	}
}
END_TEST

START_TEST(a_parameter_of_the_kernel_belongs_to_a_namespace_of_the_container)
{
	static const char *const bad[] = {
		"kernel.panic=1",          "net/../kernel/panic=1",
		"net.//.kernel.panic=1",   "net.ipv4../kernel/panic=1",
		"/net/ipv4/ip_forward=1",  "kernel.domainname",
		"net/./../kernel/panic=1",
	};

	spec.namespaces[NAMESPACE_NETWORK].mode = NAMESPACE_NEW;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = ERR_NONE;

		strv_done(&spec.sysctl);
		spec.sysctl = STRV(1);
		ck_ok(strv_add(&spec.sysctl, bad[i], &e), e);
		ck_assert_msg(runtime_plan_new(&spec, "/run/staging", &plan, &e) == -EINVAL, "%s",
			      bad[i]);
	}
	strv_done(&spec.sysctl);
	spec.sysctl = STRV(2);
	ck_assert_int_eq(strv_add(&spec.sysctl, "net.ipv4.ip_forward=1", NULL), 0);
	ck_assert_int_eq(strv_add(&spec.sysctl, "net/ipv4/conf/eth0.1/forwarding=1", NULL), 0);
	assert_has("sysctl 'sys/net/ipv4/ip_forward' = '1'\n"
		   "sysctl 'sys/net/ipv4/conf/eth0.1/forwarding' = '1'\n");
}
END_TEST

SUITE("runtime/plan", setup, teardown, the_whole_plan_of_a_plain_container,
      an_overlay_is_one_file_system_with_its_layers_from_the_top,
      mounts_of_the_caller_come_after_the_defaults_and_before_the_masks,
      another_user_is_left_without_capabilities, the_network_decides_the_namespaces,
      an_incomplete_spec_is_refused,
      a_parameter_of_the_kernel_belongs_to_a_namespace_of_the_container)
