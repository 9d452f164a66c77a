/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-seccomp - what the default policy's filter costs: ours against libseccomp's
 *
 *	bench-seccomp [ROUNDS]
 *
 * A round does everything once, so that what else the machine does hits all alike. Prints medians.
 * Installing is what a process takes to begin, install and end, less one that installs nothing.
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sys.h"
#include "runtime/seccomp_key.h"
#include "runtime/seccomp_library.h"
#include "runtime/seccomp_program.h"
#include "runtime/seccomp_store.h"
#include "tests/oracle/must.h"

enum { ROUNDS = 300, MAX_ROUNDS = 100000 };

static char top[] = "/tmp/bench-seccomp-XXXXXX";
static struct sock_fprog ours, theirs;
static struct buf key = BUF(LIMIT_SECCOMP_KEY);

/* ---- what is timed -------------------------------------------------------------------- */

static void make_ours(void)
{
	struct sock_fprog program;

	must(seccomp_program_compile(seccomp_default(), &program, NULL) == 0, "ours");
	seccomp_program_done(&program);
}

static void make_theirs(void)
{
	struct sock_fprog program;

	must(seccomp_library_compile(seccomp_default(), &program, NULL) == 0, "libseccomp's");
	seccomp_program_done(&program);
}

static void load_file(void)
{
	struct sock_fprog program;

	must(seccomp_store_load(top, &key, &program), "a file");
	seccomp_program_done(&program);
}

static void load_memory(void)
{
	struct sock_fprog program;

	must(seccomp_compile(seccomp_default(), NULL, &program, NULL) == 0, "a program");
	seccomp_program_done(&program);
}

static void run(const struct sock_fprog *program)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(program && sys_seccomp_filter(program, 0) < 0);
	must(pid > 0 && waitpid(pid, NULL, 0) == pid, "a process");
}

static void install_nothing(void)
{
	run(NULL);
}

static void install_ours(void)
{
	run(&ours);
}

static void install_theirs(void)
{
	run(&theirs);
}

static const struct {
	const char *words;
	void (*run)(void);
} kinds[] = {
	{"make, ours", make_ours},
	{"make, libseccomp", make_theirs},
	{"load from a file", load_file},
	{"find in memory", load_memory},
	{"a process", install_nothing},
	{"a process that installs ours", install_ours},
	{"a process that installs libseccomp's", install_theirs},
};

/* ---- timing --------------------------------------------------------------------------- */

static double now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void prepare(void)
{
	must(mkdtemp(top) && seccomp_key(seccomp_default(), &key, NULL) == 0 &&
		     seccomp_program_compile(seccomp_default(), &ours, NULL) == 0 &&
		     seccomp_library_compile(seccomp_default(), &theirs, NULL) == 0,
	     "programs");
	seccomp_store_save(top, &key, &ours);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : ROUNDS;
	double *times[ARRAY_SIZE(kinds)];

	must(n > 0 && n <= MAX_ROUNDS, "1 to %d rounds", MAX_ROUNDS);
	prepare();
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		times[k] = calloc(n, sizeof(double));
		must(times[k], "memory");
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			double start = now_usec();

			kinds[k].run();
			times[k][i] = now_usec() - start;
		}
	printf("instructions: ours %u, libseccomp's %u\n", ours.len, theirs.len);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		qsort(times[k], n, sizeof(double), by_number);
		printf("%-40s %8.1f us (best %.1f)\n", kinds[k].words, times[k][n / 2],
		       times[k][0]);
		free(times[k]);
	}
	io_remove_tree_at(AT_FDCWD, top, NULL);
	return 0;
}
