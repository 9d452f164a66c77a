/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vfs/mount_options.h against the kernel: the same words, given to mount(2), use the same layers
 * in the same order, or fail.
 *
 * Every directory that the texts can name exists and holds, for each other one, a file with its
 * own number under a name that both have: so a merged listing tells which layers are used, and
 * the content of a common name which is on top. Where we refuse, the kernel is not asked: to
 * refuse more is our right.
 */
#include "vfs/mount_options.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/fuzz/fuzz.h"

#define LAYERS_AT FUZZ_AT "/l"
#define MOUNT_AT  FUZZ_AT "/m"

/* Names of directories with every character that means something in an option. */
static const char *const names[] = {"a", "b", "a:", "a,b", "\\", "b\\a", ":", ",", "a:b"};

enum { N_NAMES = ARRAY_SIZE(names) };

static void write_file(const char *path, unsigned number)
{
	cleanup_close int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	char digit = (char)('0' + number);

	fuzz_promise(fd >= 0 && write(fd, &digit, 1) == 1, "%s: %m", path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[256];

	(void)argc, (void)argv;
	fuzz_isolate();
	fuzz_promise(mkdir(LAYERS_AT, 0755) == 0 && mkdir(MOUNT_AT, 0755) == 0, "%m");
	for (unsigned i = 0; i < N_NAMES; i++) {
		snprintf(path, sizeof(path), LAYERS_AT "/%s", names[i]);
		fuzz_promise(mkdir(path, 0755) == 0, "%s: %m", path);
		for (unsigned j = 0; j < N_NAMES; j++) {
			snprintf(path, sizeof(path), LAYERS_AT "/%s/%u-%u", names[i], i < j ? i : j,
				 i < j ? j : i);
			write_file(path, i);
		}
	}
	fuzz_promise(mkdir(FUZZ_AT "/u", 0755) == 0 && mkdir(FUZZ_AT "/w", 0755) == 0, "%m");
	return chdir(LAYERS_AT);
}

/* Letters of an input stand for what may be in a list of directories. */
static void make_text(struct fuzz_input *in, char *ret, size_t size)
{
	static const char *const words[] = {"a",
					    "b",
					    ":",
					    ",",
					    "\\",
					    "/",
					    LAYERS_AT "/a",
					    LAYERS_AT "/b",
					    ":" LAYERS_AT "/",
					    "\\:",
					    "\\,",
					    "\\\\",
					    LAYERS_AT "/",
					    "::",
					    "ro",
					    ",xino=off"};
	size_t n = (size_t)snprintf(ret, size, "lowerdir=");

	while (in->n > 0 && n < size)
		n += (size_t)snprintf(ret + n, size - n, "%s",
				      words[fuzz_byte(in) % ARRAY_SIZE(words)]);
}

/* Which number is in the file that the layers @i and @j share; -1 if neither is used. */
static int top_of(unsigned i, unsigned j)
{
	cleanup_close int fd = -EBADF;
	char path[64];
	char digit;

	snprintf(path, sizeof(path), MOUNT_AT "/%u-%u", i < j ? i : j, i < j ? j : i);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || read(fd, &digit, 1) != 1 ? -1 : digit - '0';
}

static int number_of(const char *lower)
{
	struct stat want;
	struct stat st;

	if (stat(lower, &want) < 0)
		return -1;
	for (unsigned i = 0; i < N_NAMES; i++)
		if (stat(names[i], &st) == 0 && st.st_ino == want.st_ino)
			return (int)i;
	return -1;
}

/* The mount at MOUNT_AT has exactly the layers of @o, in this order. */
static void compare_layers(const struct mount_options *o, const char *text)
{
	int position[N_NAMES];

	for (unsigned i = 0; i < N_NAMES; i++)
		position[i] = -1;
	for (size_t k = o->lowers.n; k-- > 0;) {
		int number = number_of(o->lowers.v[k]);

		if (number >= 0)
			position[number] = (int)k;
	}
	for (unsigned i = 0; i < N_NAMES; i++) {
		fuzz_promise((top_of(i, i) >= 0) == (position[i] >= 0), "%s: layer '%s'", text,
			     names[i]);
		for (unsigned j = 0; j < i; j++)
			if (position[i] >= 0 && position[j] >= 0)
				fuzz_promise(top_of(i, j) ==
						     (int)(position[i] < position[j] ? i : j),
					     "%s: '%s' or '%s' first", text, names[i], names[j]);
	}
}

static bool all_exist(const struct mount_options *o)
{
	struct stat st;

	for (size_t i = 0; i < o->lowers.n; i++)
		if (stat(o->lowers.v[i], &st) < 0 || !S_ISDIR(st.st_mode))
			return false;
	return true;
}

static void ask_kernel(const struct mount_options *o, const char *text)
{
	char data[4096];

	/* the kernel wants two layers */
	snprintf(data, sizeof(data), "%s%s",
		 o->lowers.n == 1 ? "upperdir=" FUZZ_AT "/u,workdir=" FUZZ_AT "/w," : "", text);
	if (mount("overlay", MOUNT_AT, "overlay", 0, data) < 0) {
		/* ELOOP: one layer is inside of another, which a look at the host tells */
		fuzz_promise(!all_exist(o) || errno == ELOOP, "we take '%s', the kernel says: %m",
			     data);
		return;
	}
	compare_layers(o, data);
	fuzz_promise(umount2(MOUNT_AT, MNT_DETACH) == 0, "%m");
}

static void parse(const char *text, bool ask)
{
	cleanup_mount_specs struct mount_specs specs = {0};
	struct mount_options o = {0};
	struct err e = ERR_NONE;
	int r = mount_specs_add(&specs, "overlay", "overlay", "/", text, &e);

	if (r < 0)
		return;
	r = mount_options_parse(&specs.v[0], &o, &e);
	if (r < 0)
		fuzz_promise(e.code == r && e.msg[0], "%s: refused without a word", text);
	else
		fuzz_promise(o.kind == MOUNT_OVERLAY && o.lowers.n >= 1, "%s", text);
	if (r == 0 && ask && !o.upper)
		ask_kernel(&o, text);
	mount_options_done(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_input in = {data, n};
	char text[2048];

	if (fuzz_byte(&in) % 8 != 0) {
		make_text(&in, text, sizeof(text));
		parse(text, /* ask= */ true);
		return 0;
	}
	snprintf(text, sizeof(text), "%.*s", (int)in.n, (const char *)in.data);
	parse(text, /* ask= */ false);
	return 0;
}
