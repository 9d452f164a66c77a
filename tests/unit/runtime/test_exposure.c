/* SPDX-License-Identifier: Apache-2.0 */
/* What a container could get of who launched it: descriptors, memory, its program. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/capabilities.h"
#include "tests/unit/runtime/box.h"
#include "tests/unit/runtime/policy.h"

static struct box box;

static void setup(void)
{
	box_alone();
	box_init(&box);
	tree_fifo(&box.tree, "start");
	tree_fifo(&box.tree, "result");
}

static void teardown(void)
{
	box_wipe(&box);
}

static void create(struct runtime_process *ret)
{
	struct err e = ERR_NONE;

	box.how.start = open(tree_at(&box.tree, "start"), O_RDWR | O_CLOEXEC);
	box.how.result = open(tree_at(&box.tree, "result"), O_RDWR | O_CLOEXEC);
	ck_ok(box_start(&box, ret, &e), e);
	box.how.start = fd_close(box.how.start);
	box.how.result = fd_close(box.how.result);
	box.how.start = box.how.result = -EBADF;
}

static void let_go(void)
{
	struct err e = ERR_NONE;

	ck_ok(runtime_start(tree_at(&box.tree, "start"), tree_at(&box.tree, "result"), &e), e);
}

/* ---- descriptors ----------------------------------------------------------------------- */

enum { OUT_OF_THE_WAY = 300 };

/* In a process of its own, whose descriptors from 3 on are taken for it; check's are among them. */
static void run_preserving(int n)
{
	struct runtime_process process;
	struct runtime_exit ended;
	int file = memfd_create("preserved", MFD_CLOEXEC);

	for (int i = 0; i < 2; i++)
		box.stdio[i] = fcntl(box.stdio[i], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
	box.stdio[2] = box.stdio[1];
	file = fcntl(file, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
	if (pwrite(file, "text", 4, 0) != 4)
		_exit(1);
	for (int i = 0; i < n; i++)
		dup2(file, 3 + i);
	box.how.n_preserved = (unsigned)n;
	_exit(box_start(&box, &process, NULL) < 0 || runtime_reap(&process, &ended, NULL) < 0);
}

static const char *preserving_says(int n)
{
	pid_t pid;
	int status;

	ck_assert_int_eq(ftruncate(box.stdio[1], 0), 0);
	ck_assert_int_eq(lseek(box.stdio[1], 0, SEEK_SET), 0);
	pid = fork();
	if (pid == 0)
		run_preserving(n);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	return box_said(&box);
}

START_TEST(preserved_descriptors_are_those_from_3_on)
{
	static const int numbers[] = {0, 1, 2, 7, 120, 200};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char wanted[2048] = "0 1 2 ";

		for (int k = 0; k < numbers[i]; k++)
			sprintf(wanted + strlen(wanted), "%d ", 3 + k);
		box_command(&box, "fds", NULL);
		ck_assert_str_eq(preserving_says(numbers[i]), wanted);
		box_command(&box, "read", "3", NULL);
		if (numbers[i] > 0)
			ck_assert_str_eq(preserving_says(numbers[i]), "text");
	}
}
END_TEST

START_TEST(a_created_process_holds_nothing_of_the_hosts_but_its_pipes)
{
	struct runtime_process process;
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int n = 0;

	box_command(&box, "fds", NULL);
	create(&process);
	snprintf(path, sizeof(path), "/proc/%d/fd", process.pid);
	dir = opendir(path);
	while ((entry = readdir(dir))) {
		char text[256] = "";

		if (entry->d_name[0] == '.' || atoi(entry->d_name) < 3)
			continue;
		ck_assert_int_gt((int)readlinkat(dirfd(dir), entry->d_name, text, sizeof(text) - 1),
				 0);
		ck_assert_msg(strstr(text, "/start") || strstr(text, "/result"), "%s is %s",
			      entry->d_name, text);
		n++;
	}
	closedir(dir);
	ck_assert_int_eq(n, 2);
	let_go();
	box_ended(&box, &process);
	ck_assert_str_eq(box_said(&box), "0 1 2 ");
}
END_TEST

/* ---- the program ----------------------------------------------------------------------- */

START_TEST(the_program_of_a_created_process_cannot_be_written)
{
	struct runtime_process process;
	char path[64], text[128] = "";

	box_command(&box, "wait", NULL);
	create(&process);
	snprintf(path, sizeof(path), "/proc/%d/exe", process.pid);
	ck_assert_int_gt((int)readlink(path, text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, "/memfd:anchord-init (deleted)");
	ck_assert_int_eq(open(path, O_WRONLY | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, ETXTBSY);
	box_end(&process);
}
END_TEST

/* The attack of CVE-2019-5736: the command is the runtime itself, which is then overwritten. */
START_TEST(a_script_of_proc_self_exe_executes_a_sealed_copy)
{
	struct runtime_process process;
	struct stat before, after;
	struct err e = ERR_NONE;
	char path[64];
	int exe, r;

	ck_assert_int_eq(stat("/proc/self/exe", &before), 0);
	tree_file(&box.tree, "root/script", "#!/proc/self/exe\n");
	ck_assert_int_eq(chmod(tree_at(&box.tree, "root/script"), 0755), 0);
	ck_assert_int_eq(strv_add(&box.spec.process.args, "/script", NULL), 0);
	box.how.cgroup_fd = -EBADF;
	r = box_start(&box, &process, &e);
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/exe", process.pid);
		exe = open(path, O_RDONLY | O_CLOEXEC);
		box_ended(&box, &process);
		ck_assert_int_ne(box.exit.code, 0);
		if (exe >= 0)
			ck_assert_int_eq(fcntl(exe, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);
		fd_close(exe);
	}
	ck_assert_int_eq(stat("/proc/self/exe", &after), 0);
	ck_assert_int_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	ck_assert_int_eq(before.st_size, after.st_size);
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------- */

/* What a process of the container can do to one that joins it, and waits. */
static void assert_peeks(const char *wanted)
{
	struct runtime_process target, joining;
	char number[16];

	box_runs(&box, &target, "wait", NULL);
	for (enum namespace_kind kind = 0; kind < NAMESPACE_TIME; kind++)
		if (box.spec.namespaces[kind].mode == NAMESPACE_NEW)
			box.spec.namespaces[kind].mode = NAMESPACE_PATH;
	free(box.spec.hostname);
	free(box.spec.uid_maps.v);
	free(box.spec.gid_maps.v);
	box.spec.hostname = NULL;
	box.spec.uid_maps = box.spec.gid_maps = (struct id_maps){.v = NULL};
	box.how.target = target.pidfd;
	box_command(&box, "wait", NULL);
	create(&joining);
	snprintf(number, sizeof(number), "%s", box_says(&box, "pids", NULL));
	ck_assert_str_eq(box_says(&box, "peek", number, NULL), wanted);
	box_end(&joining);
	box_end(&target);
}

START_TEST(a_process_that_joins_cannot_be_looked_into)
{
	box.spec.has_default_filter = false;
	assert_peeks("mem EACCES\nptrace EPERM\ngetfd EPERM\n");
}
END_TEST

/* The capability is one over processes of the container's users, and this one isn't that yet. */
START_TEST(in_a_user_namespace_not_even_with_cap_sys_ptrace)
{
	const uint64_t ptrace = UINT64_C(1) << CAP_SYS_PTRACE;

	box.spec.has_default_filter = false;
	box_user_namespace(&box);
	box.spec.process.capabilities.bounding |= ptrace;
	box.spec.process.capabilities.permitted |= ptrace;
	box.spec.process.capabilities.effective |= ptrace;
	assert_peeks("mem EACCES\nptrace EPERM\ngetfd EPERM\n");
}
END_TEST

/* ---- seccomp's listener ---------------------------------------------------------------- */

/* The message and the descriptor that came with it. */
static int receive(int socket, char *text, size_t size)
{
	struct iovec iov = {.iov_base = text, .iov_len = size - 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fd;

	ck_assert_int_gt((int)n, 0);
	text[n] = '\0';
	ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static void listen_to(int ends[2])
{
	struct seccomp_policy *p = policy(SECCOMP_RET_ALLOW);

	policy_call(p, "swapon", SECCOMP_RET_USER_NOTIF);
	p->listener_path = strdup("/run/listener");
	box.spec.seccomp = p;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	box.how.listener_socket = ends[1];
}

START_TEST(the_listener_gets_the_descriptor_and_the_container_process_state)
{
	struct runtime_process process;
	char text[1024], wanted[1024];
	int ends[2], fd;

	listen_to(ends);
	box.how.listener_state = "{\"ociVersion\":\"1.2.0\",\"pid\":";
	box_runs(&box, &process, "wait", NULL);
	fd = receive(ends[0], text, sizeof(text));
	snprintf(wanted, sizeof(wanted),
		 "{\"ociVersion\":\"1.2.0\",\"pid\":%d,\"fds\":[\"seccompFd\"]}", process.pid);
	ck_assert_str_eq(text, wanted);
	ck_assert_int_ge(fd, 0);
	close(fd);
	box_end(&process);
	box.spec.process.no_new_privileges = true;
	ck_assert_str_eq(box_says(&box, "fds", NULL), "0 1 2 ");
	close(receive(ends[0], text, sizeof(text)));
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* Annotations may be long. */
START_TEST(a_long_state_arrives_whole)
{
	static char state[100000], text[200000];
	struct runtime_process process;
	char tail[64];
	int ends[2];
	ssize_t n;

	listen_to(ends);
	memset(state, 'x', sizeof(state) - 1);
	box.how.listener_state = state;
	box_runs(&box, &process, "wait", NULL);
	close(receive(ends[0], text, sizeof(text)));
	while ((n = recv(ends[0], text + strlen(text), sizeof(text) - 1 - strlen(text),
			 MSG_DONTWAIT)) > 0)
		;
	snprintf(tail, sizeof(tail), "x%d,\"fds\":[\"seccompFd\"]}", process.pid);
	ck_assert_uint_eq(strlen(text), sizeof(state) - 1 + strlen(tail) - 1);
	ck_assert_str_eq(text + strlen(text) - strlen(tail), tail);
	box_end(&process);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(a_policy_that_notifies_nobody_is_refused)
{
	int ends[2];

	listen_to(ends);
	box.how.listener_socket = -EBADF;
	box_command(&box, "cwd", NULL);
	box_refused(&box, -EINVAL,
		    "starting the container: the seccomp policy notifies '/run/listener', which is "
		    "not connected");
	box.spec.is_staged = false;
	box_refused(&box, -EOPNOTSUPP,
		    "namespaces that are joined, users that are mapped, hooks, terminals and "
		    "seccomp's listeners need a staged launch");
	close(ends[0]);
	close(ends[1]);
}
END_TEST

SUITE("runtime/exposure", setup, teardown, preserved_descriptors_are_those_from_3_on,
      a_created_process_holds_nothing_of_the_hosts_but_its_pipes,
      the_program_of_a_created_process_cannot_be_written,
      a_script_of_proc_self_exe_executes_a_sealed_copy, a_process_that_joins_cannot_be_looked_into,
      in_a_user_namespace_not_even_with_cap_sys_ptrace,
      the_listener_gets_the_descriptor_and_the_container_process_state, a_long_state_arrives_whole,
      a_policy_that_notifies_nobody_is_refused)
