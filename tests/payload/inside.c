/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside - what a test lets a container do: one verb a run, its answer on standard output
 *
 * Linked statically, so that it is the only file that a rootfs needs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int do_exit(char **args)
{
	return atoi(args[0]);
}

static int do_kill(char **args)
{
	/* As the first process of a pid namespace, only a fault of its own kills it by signal. */
	signal(atoi(args[0]), SIG_DFL);
	if (atoi(args[0]) == SIGILL)
		__builtin_trap();
	return 1;
}

static int do_args(char **args)
{
	for (; *args; args++)
		printf("[%s]", *args);
	return 0;
}

static int do_env(char **args)
{
	(void)args;
	for (char **v = environ; *v; v++)
		printf("[%s]", *v);
	return 0;
}

static int do_cwd(char **args)
{
	char path[4096];

	(void)args;
	return printf("%s", getcwd(path, sizeof(path)) ? path : "?") < 0;
}

static int do_ids(char **args)
{
	uid_t u[3];
	gid_t g[3], groups[64];
	int n = getgroups(64, groups);

	(void)args;
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	printf("%u,%u,%u %u,%u,%u", u[0], u[1], u[2], g[0], g[1], g[2]);
	for (int i = 0; i < n; i++)
		printf(" %u", groups[i]);
	return 0;
}

static int do_identity(char **args)
{
	char host[64] = "";
	mode_t mask = umask(0);

	(void)args;
	gethostname(host, sizeof(host) - 1);
	printf("pid %d ppid %d sid %d host %s umask %03o", getpid(), getppid(), getsid(0), host,
	       mask);
	return 0;
}

/* Each file, one after the other; "name: error" for what can't be read. */
static int do_cat(char **args)
{
	for (; *args; args++) {
		char bytes[4096];
		ssize_t n;
		int fd = open(*args, O_RDONLY | O_CLOEXEC);

		if (fd < 0) {
			printf("%s: %s\n", *args, strerrorname_np(errno));
			continue;
		}
		while ((n = read(fd, bytes, sizeof(bytes))) > 0)
			fwrite(bytes, 1, (size_t)n, stdout);
		close(fd);
	}
	return 0;
}

static int do_list(char **args)
{
	struct dirent **names;
	int n = scandir(args[0], &names, NULL, alphasort);

	for (int i = 0; i < n; i++)
		if (names[i]->d_name[0] != '.')
			printf("%s ", names[i]->d_name);
	return n < 0;
}

static int do_stat(char **args)
{
	for (; *args; args++) {
		struct stat st;
		char text[256] = "";

		if (lstat(*args, &st) < 0) {
			printf("%s %s\n", *args, strerrorname_np(errno));
			continue;
		}
		if (S_ISLNK(st.st_mode) && readlink(*args, text, sizeof(text) - 1) < 0)
			return 1;
		printf("%s %o %u:%u %s\n", *args, st.st_mode, major(st.st_rdev), minor(st.st_rdev),
		       text);
	}
	return 0;
}

static int do_links(char **args)
{
	for (; *args; args++) {
		char text[256] = "";

		if (readlink(*args, text, sizeof(text) - 1) < 0)
			snprintf(text, sizeof(text), "%s", strerrorname_np(errno));
		printf("%s\n", text);
	}
	return 0;
}

static void answer(const char *what, long r)
{
	printf("%s %s\n", what, r < 0 ? strerrorname_np(errno) : "ok");
}

/* Create, or open for writing, each path. */
static int do_write(char **args)
{
	for (; *args; args++) {
		int fd = open(*args, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		answer(*args, fd < 0 || write(fd, "x", 1) != 1 ? -1 : 0);
	}
	return 0;
}

static int do_syscalls(char **args)
{
	(void)args;
	answer("mount", mount("none", "/proc", "tmpfs", 0, NULL));
	answer("swapon", syscall(SYS_swapon, "/none", 0));
	answer("unknown", syscall(9999));
	answer("bpf", syscall(SYS_bpf, 0, NULL, 0));
	answer("personality", syscall(SYS_personality, 0xffffffff));
	answer("personality 0x40000", syscall(SYS_personality, 0x40000));
	return 0;
}

/* Numbers of the open descriptors, without the one that looks. */
static int do_fds(char **args)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	(void)args;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			printf("%s ", entry->d_name);
	return 0;
}

/* A child with a child, and all of them sleep for ever. */
static int do_tree(char **args)
{
	(void)args;
	if (fork() == 0 && fork() == 0)
		setsid();
	for (;;)
		pause();
}

static int do_signals(char **args)
{
	struct sigaction action;
	sigset_t blocked;

	(void)args;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 1; i < 65; i++) {
		if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			printf("ignored %d ", i);
		if (sigismember(&blocked, i) == 1)
			printf("blocked %d ", i);
	}
	return 0;
}

static int do_keyring(char **args)
{
	(void)args;
	printf("%ld", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
	return 0;
}

/* Owners, with mode and link count or text. */
static int do_own(char **args)
{
	for (; *args; args++) {
		struct stat st;
		char text[256] = "";

		if (lstat(*args, &st) < 0) {
			printf("%s %s\n", *args, strerrorname_np(errno));
			continue;
		}
		if (S_ISLNK(st.st_mode) && readlink(*args, text, sizeof(text) - 1) < 0)
			return 1;
		printf("%s %o %u:%u%s%s\n", *args, st.st_mode, st.st_uid, st.st_gid,
		       *text ? " " : "", text);
	}
	return 0;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

/* It is there until it is killed. */
static int do_wait(char **args)
{
	(void)args;
	ready();
	for (;;)
		pause();
}

/* It waits for the end of its input, then does another verb. */
static int do_after(char **args);

/* Seconds of the clocks that a time namespace has of its own. */
static int do_clocks(char **args)
{
	struct timespec monotonic, boottime;

	(void)args;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boottime);
	printf("%lld %lld", (long long)monotonic.tv_sec, (long long)boottime.tv_sec);
	return 0;
}

/* Mount an empty tmpfs on a path. */
static int do_mount(char **args)
{
	answer(args[0], mount("inside", args[0], "tmpfs", 0, NULL));
	ready();
	for (; args[1];)
		pause();
	return 0;
}

static int do_mkdir(char **args)
{
	for (; *args; args++)
		answer(*args, mkdir(*args, 0755));
	return 0;
}

static int do_chown(char **args)
{
	uid_t uid = (uid_t)atoi(args[0]);

	for (args++; *args; args++)
		answer(*args, chown(*args, uid, uid));
	return 0;
}

/* Open each for writing, without making it. */
static int do_open(char **args)
{
	for (; *args; args++)
		answer(*args, open(*args, O_WRONLY | O_CLOEXEC));
	return 0;
}

static int do_schedule(char **args)
{
	cpu_set_t cpus;

	(void)args;
	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	printf("policy %d nice %d io %#lx personality %#x cpus", sched_getscheduler(0),
	       getpriority(PRIO_PROCESS, 0), syscall(SYS_ioprio_get, 1, 0),
	       (unsigned)personality(0xffffffff));
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &cpus))
			printf(" %d", i);
	return 0;
}

static int do_domain(char **args)
{
	char host[64] = "", domain[64] = "";

	(void)args;
	gethostname(host, sizeof(host) - 1);
	if (getdomainname(domain, sizeof(domain) - 1) < 0)
		return 1;
	printf("%s.%s", host, domain);
	return 0;
}

static int do_tty(char **args)
{
	struct winsize size = {0};
	struct stat st;
	int own = open("/dev/tty", O_RDWR | O_CLOEXEC);

	(void)args;
	ioctl(0, TIOCGWINSZ, &size);
	printf("%d%d%d %s %ux%u ", isatty(0), isatty(1), isatty(2), ttyname(0) ? ttyname(0) : "-",
	       size.ws_row, size.ws_col);
	printf("%s ", own >= 0 && tcgetsid(own) == getsid(0) ? "controlling" : "other");
	printf("%s ", tcgetpgrp(0) == getpgrp() ? "foreground" : "background");
	if (fstat(0, &st) == 0)
		printf("owner %u ", st.st_uid);
	printf("console %s", stat("/dev/console", &st) == 0 && S_ISCHR(st.st_mode) ? "yes" : "no");
	return 0;
}

/* A child leaves a child behind that ends at once. Is it reaped before long? */
static int do_orphan(char **args)
{
	pid_t pid;
	int ends[2];

	(void)args;
	if (pipe(ends) < 0)
		return 1;
	if (fork() == 0) {
		pid = fork();
		if (pid > 0 && write(ends[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		_exit(0);
	}
	wait(NULL);
	if (read(ends[0], &pid, sizeof(pid)) != sizeof(pid))
		return 1;
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		usleep(10000);
	printf("%s", kill(pid, 0) < 0 ? "reaped" : "there");
	return 0;
}

static void on_signal(int number)
{
	char text[] = "got 00\n";

	text[4] = (char)('0' + number / 10);
	text[5] = (char)('0' + number % 10);
	_exit(write(1, text, sizeof(text) - 1) < 0 ? 1 : 9);
}

static int do_trap(char **args)
{
	for (; *args; args++)
		signal(atoi(*args), on_signal);
	ready();
	for (;;)
		pause();
}

/* A hook: its name and its input are appended to a file. */
static int do_hook(char **args)
{
	char bytes[4096];
	ssize_t n;
	int out = open(args[0], O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (out < 0 || dup2(out, 1) < 0)
		return 1;
	printf("%s ", args[1]);
	fflush(stdout);
	while ((n = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)n) != n)
			return 1;
	return 0;
}

/* The last process that is neither this one nor process 1. */
static int do_pids(char **args)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int last = 0;

	(void)args;
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 1 && atoi(entry->d_name) != getpid())
			last = atoi(entry->d_name);
	printf("%d", last);
	return 0;
}

/* May it look into the memory of a process, or take its descriptors? */
static int do_peek(char **args)
{
	char path[64];
	pid_t pid = atoi(args[0]);
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	answer("mem", open(path, O_RDONLY));
	answer("ptrace", ptrace(PTRACE_SEIZE, pid, 0, 0));
	answer("getfd", syscall(SYS_pidfd_getfd, pidfd, 0, 0));
	return 0;
}

/* Calls by number: their errors. */
static int do_call(char **args)
{
	for (; *args; args++)
		answer(*args, syscall(atol(*args), 0, 0, 0, 0, 0, 0));
	return 0;
}

/* The text that follows an open descriptor. */
static int do_read(char **args)
{
	char text[256];
	ssize_t n = read(atoi(args[0]), text, sizeof(text));

	return n < 0 ? 1 : printf("%.*s", (int)n, text) < 0;
}

static const struct {
	const char *name;
	int (*run)(char **args);
} verbs[] = {
	{"exit", do_exit},         {"kill", do_kill},       {"args", do_args},
	{"env", do_env},           {"cwd", do_cwd},         {"ids", do_ids},
	{"cat", do_cat},           {"list", do_list},       {"stat", do_stat},
	{"write", do_write},       {"fds", do_fds},         {"tree", do_tree},
	{"identity", do_identity}, {"links", do_links},     {"syscalls", do_syscalls},
	{"signals", do_signals},   {"keyring", do_keyring}, {"own", do_own},
	{"wait", do_wait},         {"after", do_after},     {"clocks", do_clocks},
	{"mount", do_mount},       {"mkdir", do_mkdir},     {"chown", do_chown},
	{"open", do_open},         {"tty", do_tty},         {"schedule", do_schedule},
	{"domain", do_domain},     {"orphan", do_orphan},   {"trap", do_trap},
	{"hook", do_hook},         {"peek", do_peek},       {"call", do_call},
	{"read", do_read},         {"pids", do_pids},
};

static int run(char **words)
{
	for (size_t i = 0; *words && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(words[0], verbs[i].name) == 0)
			return verbs[i].run(words + 1);
	return 99;
}

static int do_after(char **args)
{
	char byte;

	ready();
	while (read(0, &byte, 1) > 0)
		;
	return run(args);
}

int main(int argc, char **argv)
{
	return argc > 1 ? run(argv + 1) : 99;
}
