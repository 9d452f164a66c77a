/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci-probe - what a process in a container sees, as one JSON document on standard output
 *
 *   oci-probe [quiet] [look=PATH]... [calls] [STEP]...
 *     STEP: text=LINE, on-term=N, children=N, notify, waits=FILE, exit=N, trap, fault, hold
 *   oci-probe hook NAME FILE [N]   append what a hook sees as one line to FILE, exit with N
 *
 * Linked statically, so that it is the only file that a rootfs needs. What a missing /proc hides
 * is null. Nothing is interpreted here: tests/e2e/support/oci/normal.py does that.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json_out.h"

extern char **environ;

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

/* ---- files ----------------------------------------------------------------------------- */

static void put_stat(const char *path)
{
	char link[4096] = "";
	struct stat st;

	if (lstat(path, &st) < 0) {
		key_text("stat", strerrorname_np(errno));
		return;
	}
	key("mode");
	comma();
	fprintf(out, "\"%o\"", st.st_mode);
	needs_comma = true;
	key_number("uid", st.st_uid);
	key_number("gid", st.st_gid);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		key_number("major", major(st.st_rdev));
		key_number("minor", minor(st.st_rdev));
	}
	if (S_ISLNK(st.st_mode) && readlink(path, link, sizeof(link) - 1) > 0)
		key_text("link", link);
}

static void put_names(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, not_dots, by_name);

	key("names");
	if (n < 0) {
		text(strerrorname_np(errno));
		return;
	}
	begin('[');
	for (int i = 0; i < n && i < 64; i++)
		text(names[i]->d_name);
	end(']');
}

/* What can be done with a path: reading, writing, listing, making a file in it, running it. */
static void look(const char *path)
{
	char made[4096];
	struct stat st;
	struct statfs fs;
	int fd;

	key(path);
	begin('{');
	put_stat(path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	key_result("open", fd);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		char bytes[64];
		ssize_t n = read(fd, bytes, sizeof(bytes));

		key("read");
		if (n < 0)
			text(strerrorname_np(errno));
		else
			put_bytes(bytes, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		put_names(path);
		snprintf(made, sizeof(made), "%s/made-by-probe", path);
		fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		key_result("create", fd);
		if (fd >= 0)
			unlink(made);
	} else {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		key_result("write", fd);
		key_result("execute", access(path, X_OK));
	}
	if (fd >= 0)
		close(fd);
	if (statfs(path, &fs) == 0) {
		key_number("fs", (long long)fs.f_type);
		key_number("fs_flags", (long long)fs.f_flags);
	}
	end('}');
}

static void list_devices(const char *path, int depth)
{
	struct dirent **names;
	int n = scandir(path, &names, not_dots, by_name);

	for (int i = 0; i < n; i++) {
		char below[4096];
		struct stat st;

		snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
		key(below);
		begin('{');
		put_stat(below);
		end('}');
		if (depth > 0 && lstat(below, &st) == 0 && S_ISDIR(st.st_mode))
			list_devices(below, depth - 1);
	}
}

/* Descriptors up to 255, whether there is a /proc or not. */
static void list_fds(void)
{
	key("fds");
	begin('{');
	for (int fd = 0; fd < 256; fd++) {
		char path[64], link[4096] = "", name[16];
		struct stat st;
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0 || fd == fileno(out))
			continue;
		snprintf(name, sizeof(name), "%d", fd);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		key(name);
		begin('{');
		key_text("link", readlink(path, link, sizeof(link) - 1) > 0 ? link : NULL);
		key_number("access", flags & O_ACCMODE);
		if (fstat(fd, &st) == 0) {
			key_number("type", (st.st_mode & S_IFMT) >> 12);
			key_number("uid", st.st_uid);
		}
		key_number("tty", isatty(fd));
		end('}');
	}
	end('}');
}

static void files(char **args)
{
	key_file("mountinfo", "/proc/self/mountinfo");
	key("root");
	begin('{');
	put_stat("/");
	put_names("/");
	end('}');
	key("dev");
	begin('{');
	list_devices("/dev", 2);
	end('}');
	key("look");
	begin('{');
	for (; *args; args++)
		if (strncmp(*args, "look=", 5) == 0)
			look(*args + 5);
	end('}');
}

/* ---- the process ----------------------------------------------------------------------- */

static void ids(void)
{
	uid_t u[3];
	gid_t g[3], groups[256];
	int n = getgroups(256, groups);
	mode_t mask = umask(0);

	umask(mask);
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	key("ids");
	begin('[');
	for (int i = 0; i < 3; i++)
		number(u[i]);
	for (int i = 0; i < 3; i++)
		number(g[i]);
	end(']');
	key("groups");
	begin('[');
	for (int i = 0; i < n; i++)
		number(groups[i]);
	end(']');
	key_number("umask", mask);
}

static void limits(void)
{
	key("limits");
	begin('[');
	for (int i = 0; i < 16; i++) {
		struct rlimit l = {0, 0};

		getrlimit((__rlimit_resource_t)i, &l);
		begin('[');
		number((long long)l.rlim_cur);
		number((long long)l.rlim_max);
		end(']');
	}
	end(']');
}

static void signals(void)
{
	struct sigaction action;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	key("signals");
	begin('[');
	for (int i = 1; i < 65; i++) {
		char line[32];

		if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL) {
			snprintf(line, sizeof(line), "ignored %d", i);
			text(line);
		}
		if (sigismember(&blocked, i) == 1) {
			snprintf(line, sizeof(line), "blocked %d", i);
			text(line);
		}
	}
	end(']');
}

static void session(void)
{
	struct winsize size = {0, 0, 0, 0};

	key_number("pid", getpid());
	key_number("ppid", getppid());
	key_number("sid", getsid(0));
	key_number("pgrp", getpgrp());
	key_number("foreground", tcgetpgrp(0));
	key("window");
	begin('[');
	if (ioctl(0, TIOCGWINSZ, &size) == 0) {
		number(size.ws_row);
		number(size.ws_col);
	}
	end(']');
	key_text("tty", isatty(0) ? ttyname(0) : "");
}

static void scheduling(void)
{
	struct sched_param param = {0};
	cpu_set_t cpus;

	sched_getparam(0, &param);
	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	key("scheduling");
	begin('{');
	key_number("policy", sched_getscheduler(0));
	key_number("priority", param.sched_priority);
	key_number("nice", getpriority(PRIO_PROCESS, 0));
	key_number("ioprio", syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, 0));
	key_number("cpus", CPU_COUNT(&cpus));
	end('}');
}

static void controls(void)
{
	int death = 0, reaper = 0;

	prctl(PR_GET_PDEATHSIG, &death);
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	key("prctl");
	begin('{');
	key_number("dumpable", prctl(PR_GET_DUMPABLE));
	key_number("pdeathsig", death);
	key_number("subreaper", reaper);
	key_number("securebits", prctl(PR_GET_SECUREBITS));
	key_number("keepcaps", prctl(PR_GET_KEEPCAPS));
	key_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	key_number("seccomp", prctl(PR_GET_SECCOMP));
	key_number("thp_disable", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	key_number("timerslack", prctl(PR_GET_TIMERSLACK));
	end('}');
	key_number("personality", personality(0xffffffff));
}

static void keyring(void)
{
	char description[256] = "";
	long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	key_number("keyring", id);
	if (id > 0 &&
	    syscall(SYS_keyctl, KEYCTL_DESCRIBE, id, description, sizeof(description) - 1) > 0)
		key_text("keyring_description", description);
}

static void network(void)
{
	struct if_nameindex *all = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	key("network");
	begin('{');
	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		struct ifreq request = {0};

		memcpy(request.ifr_name, i->if_name, strnlen(i->if_name, IFNAMSIZ - 1));
		key_number(i->if_name,
			   ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -1 : request.ifr_flags);
	}
	end('}');
	close(fd);
}

static void processes(void)
{
	struct dirent **names;
	int n = scandir("/proc", &names, not_dots, by_name), count = 0;

	for (int i = 0; i < n; i++)
		count += names[i]->d_name[0] >= '1' && names[i]->d_name[0] <= '9';
	key_number("processes", n < 0 ? -1 : count);
	key_file("cmdline_1", "/proc/1/cmdline");
}

static void namespaces(void)
{
	static const char *const kinds[] = {"cgroup", "ipc",
					    "mnt",    "net",
					    "pid",    "pid_for_children",
					    "time",   "time_for_children",
					    "user",   "uts"};

	key("namespaces");
	begin('{');
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char path[64], link[256] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		key_text(kinds[i], readlink(path, link, sizeof(link) - 1) > 0 ? link : NULL);
	}
	end('}');
}

static void process(char **args)
{
	struct utsname uts;
	char cwd[4096];

	strings("argv", args);
	strings("env", environ);
	key_text("cwd", getcwd(cwd, sizeof(cwd)));
	uname(&uts);
	key_text("hostname", uts.nodename);
	key_text("domainname", uts.domainname);
	key_text("machine", uts.machine);
	ids();
	limits();
	signals();
	session();
	scheduling();
	controls();
	keyring();
	network();
	processes();
	namespaces();
	key_file("status", "/proc/self/status");
	key_file("oom_score_adj", "/proc/self/oom_score_adj");
	key_file("cgroup", "/proc/self/cgroup");
	key_file("uid_map", "/proc/self/uid_map");
	key_file("gid_map", "/proc/self/gid_map");
	key_file("setgroups", "/proc/self/setgroups");
	key_file("timens_offsets", "/proc/self/timens_offsets");
	key_file("label", "/proc/self/attr/current");
	key_file("exe", "/proc/self/comm");
}

/* ---- system calls, each in a child, as a filter may kill it ----------------------------- */

static long call_int80(void)
{
#ifdef __x86_64__
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L /* getpid of i386 */) : "memory");
	return r > 0 ? 0 : -1;
#else
	return 0;
#endif
}

#define TEXT(s) ((long)(s))
#define MADE    AT_FDCWD, TEXT("/made-by-probe")

/* clang-format off */
static const struct {
	const char *name;
	long number;
	long args[6];
} calls[] = {
	{"getpid",               SYS_getpid,            {0}},
	{"mkdirat",              SYS_mkdirat,           {MADE, 0755}},
	{"rmdir",                SYS_unlinkat,          {MADE, AT_REMOVEDIR}},
	{"personality",          SYS_personality,       {0xffffffff}},
	{"personality 8",        SYS_personality,       {8}},
	{"personality 0x40000",  SYS_personality,       {0x40000}},
	{"swapon",               SYS_swapon,            {TEXT("/none")}},
	{"mount",                SYS_mount,             {TEXT("x"), TEXT("/none"), TEXT("tmpfs")}},
	{"unshare uts",          SYS_unshare,           {CLONE_NEWUTS}},
	{"unshare user",         SYS_unshare,           {CLONE_NEWUSER}},
	{"ptrace",               SYS_ptrace,            {0xff}},
	{"bpf",                  SYS_bpf,               {0}},
	{"keyctl",               SYS_keyctl,            {0xff}},
	{"sethostname",          SYS_sethostname,       {TEXT("x"), -1}},
	{"socket vsock",         SYS_socket,            {AF_VSOCK}},
	{"socket raw",           SYS_socket,            {AF_INET, SOCK_RAW, 1}},
	{"clock_settime",        SYS_clock_settime,     {99}},
	{"setns",                SYS_setns,             {-1}},
	{"chroot",               SYS_chroot,            {TEXT("/none")}},
	{"open_by_handle_at",    SYS_open_by_handle_at, {-1}},
	{"clone3",               SYS_clone3,            {0}},
	{"unknown",              99999,                 {0}},
	{"int80",                -1,                    {0}},
	{"chown",                SYS_fchownat,          {AT_FDCWD, TEXT("/")}},
	{"kill",                 SYS_kill,              {1, 0}},
	{"setuid 0",             SYS_setuid,            {0}},
	{"setuid 4242",          SYS_setuid,            {4242}},
	{"mknod",                SYS_mknodat,           {AT_FDCWD, TEXT("/node-by-probe"),
							 S_IFCHR | 0600, 0x103}},
	{"reboot",               SYS_reboot,            {0}},
};
/* clang-format on */

static long call(int i)
{
	const long *a = calls[i].args;

	if (calls[i].number < 0)
		return call_int80();
	return syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void try_calls(void)
{
	key("calls");
	begin('{');
	for (int i = 0; i < (int)(sizeof(calls) / sizeof(calls[0])); i++) {
		char line[32];
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_DUMPABLE, 0);
			_exit(call(i) < 0 ? errno : 0);
		}
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status))
			snprintf(line, sizeof(line), "signal %d", WTERMSIG(status));
		else
			snprintf(line, sizeof(line), "%s",
				 WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "ok");
		key_text(calls[i].name, line);
	}
	end('}');
	rmdir("/made-by-probe");
	unlink("/node-by-probe");
}

/* ---- hooks ----------------------------------------------------------------------------- */

static int hook(char **args)
{
	char *line = NULL;
	size_t size = 0;
	int fd;

	out = open_memstream(&line, &size);
	begin('{');
	key_text("hook", args[0]);
	strings("argv", args);
	strings("env", environ);
	key_text("cwd", getcwd((char[4096]){0}, 4096));
	key_content("state", STDIN_FILENO);
	ids();
	signals();
	namespaces();
	key_file("status", "/proc/self/status");
	key("root");
	begin('{');
	put_names("/");
	end('}');
	end('}');
	fputc('\n', out);
	fclose(out);
	fd = open(args[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, line, size) != (ssize_t)size)
		return 1;
	return args[2] ? atoi(args[2]) : 0;
}

/* ---- and how it ends ------------------------------------------------------------------- */

static bool has(char **args, const char *word)
{
	for (; *args; args++)
		if (strcmp(*args, word) == 0)
			return true;
	return false;
}

static int at_term;

static void on_term(int number)
{
	(void)number;
	_exit(at_term);
}

/* Tell who waits for NOTIFY_SOCKET that the service is up. */
static int notify(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return (int)sendto(fd, "READY=1\n", 8, 0, (struct sockaddr *)&address, sizeof(address));
}

static void hold(void)
{
	for (;;)
		pause();
}

static void step(const char *word)
{
	if (strncmp(word, "text=", 5) == 0)
		dprintf(STDOUT_FILENO, "%s\n", word + 5);
	if (strncmp(word, "on-term=", 8) == 0) {
		at_term = atoi(word + 8);
		signal(SIGTERM, on_term);
	}
	for (int n = strncmp(word, "children=", 9) == 0 ? atoi(word + 9) : 0; n > 0; n--)
		if (fork() == 0)
			hold();
	if (strcmp(word, "notify") == 0 && notify() < 0)
		_exit(96);
	while (strncmp(word, "waits=", 6) == 0 && access(word + 6, F_OK) < 0)
		usleep(2000);
	if (strncmp(word, "exit=", 5) == 0)
		_exit(atoi(word + 5));
	if (strcmp(word, "trap") == 0) /* process 1 dies of no other signal */
		__builtin_trap();
	if (strcmp(word, "fault") == 0)
		*(volatile int *)8 = 0;
	if (strcmp(word, "hold") == 0)
		hold();
}

static int answer(char **argv)
{
	begin('{');
	list_fds();
	process(argv);
	files(argv + 1);
	if (has(argv + 1, "calls"))
		try_calls();
	end('}');
	fputc('\n', out);
	return fflush(out);
}

int main(int argc, char **argv)
{
	/* The document goes to a descriptor that list_fds() can leave out. */
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 200);

	if (fd < 0) /* a low RLIMIT_NOFILE */
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (argc > 3 && strcmp(argv[1], "hook") == 0)
		return hook(argv + 2);
	out = fdopen(fd, "w");
	if (!out)
		return 98;
	if (!has(argv + 1, "quiet") && answer(argv) < 0)
		return 97;
	for (char **word = argv + 1; *word; word++)
		step(*word);
	return 0;
}
