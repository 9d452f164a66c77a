/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init_image.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u /* Linux 6.3; where it is needed the kernel has it */
#endif

extern const unsigned char init_image[];
extern const unsigned char init_image_end[];

__asm__(".pushsection .rodata\n"
	".balign 16\n"
	".global init_image\n"
	"init_image:\n"
	".incbin \"" ANCHOR_INIT_IMAGE "\"\n"
	".global init_image_end\n"
	"init_image_end:\n"
	".popsection\n");

/* Written once, before pthread_once() lets anybody read it. */
static struct {
	int fd;
	struct err err;
} image = {.fd = -EBADF};

static int create(void)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("anchord-init", flags | MFD_EXEC);

	return fd < 0 && errno == EINVAL ? memfd_create("anchord-init", flags) : fd;
}

static int fill(int fd)
{
	const unsigned char *at = init_image;

	while (at < init_image_end) {
		ssize_t n = write(fd, at, (size_t)(init_image_end - at));

		if (n < 0)
			return -1;
		at += n;
	}
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

static void open_once(void)
{
	int fd = create();

	if (fd < 0 || fill(fd) < 0) {
		err_sys(&image.err, "making the program that sets containers up");
		if (fd >= 0)
			close(fd);
		return;
	}
	image.fd = fd;
}

int init_image_fd(struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_once);
	/* A container can't write to it, but its root may have taken the permissions away. */
	if (image.fd >= 0)
		fchmod(image.fd, 0700);
	if (image.fd < 0 && e)
		*e = image.err;
	return image.fd < 0 ? image.err.code : image.fd;
}
