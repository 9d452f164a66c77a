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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
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

static const struct {
	const char *name;
	int (*run)(char **args);
} verbs[] = {
	{"exit", do_exit},         {"kill", do_kill},       {"args", do_args},
	{"env", do_env},           {"cwd", do_cwd},         {"ids", do_ids},
	{"cat", do_cat},           {"list", do_list},       {"stat", do_stat},
	{"write", do_write},       {"fds", do_fds},         {"tree", do_tree},
	{"identity", do_identity}, {"links", do_links},     {"syscalls", do_syscalls},
	{"signals", do_signals},   {"keyring", do_keyring},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argv + 2);
	return 99;
}
