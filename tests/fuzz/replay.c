/* SPDX-License-Identifier: Apache-2.0 */
/* Feed a target each file named as an argument, each file of a directory, or standard input. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/fuzz/fuzz.h"

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return 0;
}

static unsigned replay(int dir, const char *name)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	cleanup_closedir DIR *list = NULL;
	cleanup_buf struct buf bytes = BUF(64 << 20);
	const struct dirent *entry;
	unsigned n = 0;

	fuzz_promise(fd >= 0, "%s: %m", name);
	list = fdopendir(dup(fd));
	while (list && (entry = readdir(list)))
		if (entry->d_name[0] != '.')
			n += replay(fd, entry->d_name);
	if (list)
		return n;
	fuzz_promise(io_read_all(fd, &bytes, NULL) == 0, "%s", name);
	LLVMFuzzerTestOneInput((const uint8_t *)(bytes.data ? bytes.data : ""), bytes.n);
	return 1;
}

int main(int argc, char **argv)
{
	cleanup_close int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned n = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	if (argc < 2)
		n = replay(here, "/dev/stdin");
	for (int i = 1; i < argc; i++)
		n += replay(here, argv[i]);
	printf("%u inputs\n", n);
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
