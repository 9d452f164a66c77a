/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle - random worlds and operations, through vfs and through the kernel
 *
 *	oracle [play|restore] [--seed S] [--count N] [--first I] [--verbose]
 *	       [--shell COMMAND]
 *
 * COMMAND runs where a difference was found, while everything is still mounted below /tmp.
 * Sequence I of seed S is always the same. Without --seed one is made up and printed.
 */
#include <getopt.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/oracle/dice.h"
#include "tests/oracle/must.h"
#include "tests/oracle/sequence.h"

enum { MAX_FAILURES = 10 /* then the run ends */, SKIP = 77 };

typedef enum sequence_result play(uint64_t seed, const struct sequence_options *o);

struct run {
	play *play;
	const char *mode;
	uint64_t seed;
	uint64_t first;
	uint64_t count;
	struct sequence_options options;
	unsigned long n[256]; /* sequences by exit status */
};

static int wait_for(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run_one(struct run *run, uint64_t i)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		struct dice d = dice_of(run->seed, i);

		exit((int)run->play(dice_next(&d), &run->options));
	}
	status = wait_for(pid);
	run->n[status]++;
	if (status != SEQUENCE_SAME && status != SEQUENCE_REFUSED && status != SEQUENCE_DIVERGED) {
		printf("^^ status %d: oracle %s --seed %llu --first %llu --count 1 --verbose\n\n",
		       status, run->mode, (unsigned long long)run->seed, (unsigned long long)i);
	}
}

static unsigned long n_failed(const struct run *run)
{
	unsigned long n = 0;

	for (int i = 0; i < 256; i++)
		if (i != SEQUENCE_SAME && i != SEQUENCE_REFUSED && i != SEQUENCE_DIVERGED)
			n += run->n[i];
	return n;
}

static int usage(void)
{
	fputs("Usage: oracle [play|restore] [--seed S] [--count N] [--first I] [--verbose]"
	      " [--shell COMMAND]\n",
	      stderr);
	return 2;
}

static int parse(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},  {"count", required_argument, NULL, 'c'},
		{"first", required_argument, NULL, 'f'}, {"verbose", no_argument, NULL, 'v'},
		{"shell", required_argument, NULL, 'x'}, {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			run->seed = strtoull(optarg, NULL, 10);
		else if (c == 'c')
			run->count = strtoull(optarg, NULL, 10);
		else if (c == 'f')
			run->first = strtoull(optarg, NULL, 10);
		else if (c == 'v')
			run->options.verbose = true;
		else if (c == 'x')
			run->options.shell = optarg;
		else
			return usage();
	}
	run->mode = optind < argc ? argv[optind] : "play";
	run->play = strcmp(run->mode, "restore") == 0 ? sequence_restore : sequence_play;
	return 0;
}

int main(int argc, char **argv)
{
	static struct run run = {.count = 100};
	uint64_t start = clock_mono_usec();
	int status;

	if (geteuid() != 0) {
		puts("needs root");
		return SKIP;
	}
	must(getrandom(&run.seed, 4, 0) == 4, "getrandom");
	status = parse(&run, argc, argv);
	if (status)
		return status;
	printf("oracle %s --seed %llu --first %llu --count %llu\n", run.mode,
	       (unsigned long long)run.seed, (unsigned long long)run.first,
	       (unsigned long long)run.count);
	for (uint64_t i = run.first; i < run.first + run.count && n_failed(&run) < MAX_FAILURES;
	     i++)
		run_one(&run, i);
	printf("%lu the same, %lu ended early at a named difference, %lu refused, %lu differ; "
	       "%.1f s\n",
	       run.n[SEQUENCE_SAME], run.n[SEQUENCE_DIVERGED], run.n[SEQUENCE_REFUSED],
	       n_failed(&run), (double)(clock_mono_usec() - start) / 1e6);
	return n_failed(&run) ? EXIT_FAILURE : EXIT_SUCCESS;
}
