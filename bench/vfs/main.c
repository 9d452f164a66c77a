/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-vfs - a look into a container through vfs, against mounting it for that
 *
 *	bench-vfs [ROUNDS]
 *
 * A round is one look of each kind, in changing order, so that what else the machine does hits
 * both alike. Prints medians and the ratio of the medians.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "bench/vfs/typical.h"
#include "tests/oracle/must.h"

enum { ROUNDS = 2000, MAX_ROUNDS = 1000000, WARM_UP = 20 };

#define DIR_AT   "/tmp/typical"
#define MOUNT_AT "/tmp/mount"

static double now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double time_look(const struct mount_specs *rootfs, bool by_mount)
{
	struct err e = ERR_NONE;
	double start = now_usec();
	int r = by_mount ? typical_mount_and_look(rootfs, MOUNT_AT, &e) : typical_look(rootfs, &e);

	must(r == 0, "%s", e.msg);
	return now_usec() - start;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_number);
	return v[n / 2];
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : ROUNDS;
	cleanup_mount_specs struct mount_specs rootfs = {0};
	cleanup_free double *times[2] = {0};
	double medians[2];

	must(n > 0 && n <= MAX_ROUNDS, "1 to %d rounds", MAX_ROUNDS);
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0,
	     "a mount namespace (needs root)");
	must(mkdir(DIR_AT, 0755) == 0 && mkdir(MOUNT_AT, 0755) == 0, "directories");
	typical_make(DIR_AT, &rootfs);
	for (int kind = 0; kind < 2; kind++) {
		times[kind] = calloc(n, sizeof(double));
		must(times[kind], "memory");
		for (int i = 0; i < WARM_UP; i++)
			time_look(&rootfs, kind == 1);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 2; k++)
			times[(i + k) % 2][i] = time_look(&rootfs, (i + k) % 2 == 1);
	for (int kind = 0; kind < 2; kind++)
		medians[kind] = median(times[kind], n);
	printf("rounds:         %zu\n", n);
	printf("vfs:            median %8.1f us\n", medians[0]);
	printf("mount, unmount: median %8.1f us\n", medians[1]);
	printf("ratio:          %.1f\n", medians[1] / medians[0]);
	free(take_ptr(times[1]));
	return 0;
}
