/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack - vfs reads and writes while its directories become links to a canary
 *
 *	attack [SECONDS]
 *
 * For each scene a child swaps as fast as it can. First a careless reader, who opens by path,
 * must get the canary: else the swapping proves nothing. Then vfs must never.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/io.h"
#include "tests/attack/canary.h"
#include "tests/attack/scene.h"
#include "tests/attack/tries.h"
#include "tests/oracle/must.h"

enum { SKIP = 77, VIEW_TRIES = 200 /* then a view is opened anew */ };

static pid_t start_attacker(const struct scene *s, volatile unsigned long *swaps)
{
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		scene_swap(s);
		++*swaps;
	}
}

static bool reads_canary(const char *dir)
{
	cleanup_close int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = at < 0 ? -EBADF : openat(at, "file", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));

	return n > 0 && memmem(text, (size_t)n, CANARY_TEXT, strlen(CANARY_TEXT));
}

/*
 * Somebody who trusts paths, and links in directories that he has open. He is what shows that the
 * scene can be lost, so on a busy machine he gets more time for his first hit.
 */
static unsigned careless_hits(uint64_t until)
{
	enum { PATIENCE_USEC = 30 * 1000 * 1000 };
	unsigned hits = 0;

	while (clock_mono_usec() < until ||
	       (hits == 0 && clock_mono_usec() < until + PATIENCE_USEC))
		hits += reads_canary(SCENE_AT "/root/d") || reads_canary(SCENE_AT "/root/e/d") ||
			reads_canary(SCENE_AT "/u/d") || reads_canary(SCENE_AT "/volume/d");
	return hits;
}

static struct vfs *open_view(const struct mount_specs *rootfs, const struct mount_specs *mounts)
{
	struct vfs *fs = NULL;

	/* a destination or source may be away at the moment */
	while (vfs_new(rootfs, mounts, &fs, NULL) < 0)
		;
	return fs;
}

static unsigned long try_until(const struct mount_specs *rootfs, const struct mount_specs *mounts,
			       struct canary *c, uint64_t until, bool *good)
{
	struct dice d = {.state = until};
	unsigned long n = 0;

	while (*good && clock_mono_usec() < until) {
		struct vfs *fs = open_view(rootfs, mounts);

		for (int i = 0; i < VIEW_TRIES && *good; i++, n++)
			*good = try_once(fs, &d);
		vfs_free(fs);
		*good = *good && !canary_was_touched(c);
	}
	return n;
}

static void watch_all(struct canary *c)
{
	static const char *const watched[] = {SCENE_AT "/outside", SCENE_AT "/outside/sub",
					      SCENE_AT "/elsewhere/d", SCENE_AT "/elsewhere/d/sub",
					      SCENE_AT "/elsewhere/file"};

	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		if (access(watched[i], F_OK) == 0)
			canary_watch(c, watched[i]);
}

static bool run_scene(const struct scene *s, uint64_t usec, unsigned long *n_all)
{
	volatile unsigned long *swaps = mmap(NULL, sizeof(*swaps), PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct mount_specs rootfs = {0};
	struct mount_specs mounts = {0};
	struct canary canary = {.watch = -EBADF};
	struct err e = ERR_NONE;
	bool good = true;
	unsigned long n;
	unsigned hits;
	pid_t pid;

	must(swaps != MAP_FAILED && mkdir(SCENE_AT, 0755) == 0, SCENE_AT);
	canary_make(SCENE_AT "/outside");
	s->make();
	s->specs(&rootfs, &mounts);
	pid = start_attacker(s, swaps);
	hits = careless_hits(clock_mono_usec() + usec / 10);
	watch_all(&canary);
	n = try_until(&rootfs, &mounts, &canary, clock_mono_usec() + usec * 9 / 10, &good);
	printf("%-24s %9lu tries, %9lu swaps, %6u hits of a careless reader%s\n", s->name, n,
	       *swaps, hits, good ? "" : ": FAILED");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fd_close(canary.watch);
	mount_specs_done(&rootfs);
	mount_specs_done(&mounts);
	must(io_remove_tree_at(AT_FDCWD, SCENE_AT, &e) == 0, "%s", e.msg);
	munmap((void *)swaps, sizeof(*swaps));
	*n_all += n;
	return good && hits > 0;
}

int main(int argc, char **argv)
{
	unsigned long n_scenes = 0;
	unsigned long n_all = 0;
	uint64_t usec;
	bool good = true;

	if (geteuid() != 0) {
		puts("needs root");
		return SKIP;
	}
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0,
	     "a mount namespace");
	while (scenes[n_scenes].name)
		n_scenes++;
	usec = (argc > 1 ? strtoull(argv[1], NULL, 10) : 5) * 1000000 / n_scenes;
	for (const struct scene *s = scenes; s->name; s++)
		good &= run_scene(s, usec, &n_all);
	printf("%lu tries\n", n_all);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
