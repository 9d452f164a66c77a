/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn - times programs from posix_spawn() to their end; bench/run builds it
 *
 *	spawn ROUNDS -- PROGRAM [ARG...] -- PROGRAM [ARG...] ...
 *
 * Each round runs each program once, in an order of its own. "%" in an argument becomes the number
 * of the round. Prints a line for each run, "INDEX MICROSECONDS", also of those that fail: they end
 * it. The first rounds, which fill caches, aren't printed.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROGRAMS = 64, ARGS = 64, TEXT = 256, WARM_UP = 3 };

struct program {
	char **words;
	int n;
};

static int parse(char **words, struct program ret[PROGRAMS])
{
	int n = -1;

	for (; *words; words++) {
		if (strcmp(*words, "--") == 0) {
			if (++n == PROGRAMS)
				exit(2);
			ret[n] = (struct program){.words = words + 1};
		} else if (n < 0 || ++ret[n].n == ARGS) {
			exit(2);
		}
	}
	return n + 1;
}

static void shuffle(int *v, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int other = rand() % (i + 1), before = v[i];

		v[i] = v[other];
		v[other] = before;
	}
}

static void fill_in(const char *word, int round, char ret[TEXT])
{
	const char *mark = strchr(word, '%');

	if (mark)
		snprintf(ret, TEXT, "%.*s%d%s", (int)(mark - word), word, round, mark + 1);
	else
		snprintf(ret, TEXT, "%s", word);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double run(const struct program *p, int round, const posix_spawn_file_actions_t *streams)
{
	static char texts[ARGS][TEXT];
	char *argv[ARGS + 1] = {NULL};
	int status, code;
	double began;
	pid_t pid;

	for (int i = 0; i < p->n; i++) {
		fill_in(p->words[i], round, texts[i]);
		argv[i] = texts[i];
	}
	began = now();
	code = posix_spawn(&pid, argv[0], streams, NULL, argv, environ);
	if (code == 0 && waitpid(pid, &status, 0) == pid && status == 0)
		return now() - began;
	fprintf(stderr, "%s: %s\n", argv[0], code ? strerror(code) : "it failed");
	exit(1);
}

int main(int argc, char **argv)
{
	struct program programs[PROGRAMS];
	posix_spawn_file_actions_t streams;
	int order[PROGRAMS], n, rounds;

	if (argc < 4)
		return 2;
	rounds = atoi(argv[1]);
	n = parse(argv + 2, programs);
	posix_spawn_file_actions_init(&streams);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&streams, fd, "/dev/null", O_RDWR, 0);
	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int round = -WARM_UP; round < rounds; round++) {
		shuffle(order, n);
		for (int i = 0; i < n; i++) {
			double took = run(&programs[order[i]], round + WARM_UP, &streams);

			if (round >= 0)
				printf("%d %.1f\n", order[i], took);
		}
	}
	return 0;
}
