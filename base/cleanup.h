/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cleanup - what a function owns goes away when the function ends
 *
 * Memory and file descriptors that live in one function are declared with a cleanup_*
 * attribute. Descriptors start at -EBADF. Ownership leaves a variable only through take_fd()
 * or take_ptr(), which empty it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#define cleanup(f) __attribute__((cleanup(f)))

/* Close @fd if it is one; errno survives. Returns -EBADF, for `x = fd_close(x)`. */
static inline int fd_close(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return -EBADF;
}

static inline void cleanup_close_p(int *fd)
{
	fd_close(*fd);
}

static inline void cleanup_free_p(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closedir_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

static inline void cleanup_fclose_p(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_json_p(json_t **j)
{
	json_decref(*j);
}

#define cleanup_close    cleanup(cleanup_close_p)
#define cleanup_free     cleanup(cleanup_free_p)
#define cleanup_closedir cleanup(cleanup_closedir_p)
#define cleanup_fclose   cleanup(cleanup_fclose_p)
#define cleanup_json     cleanup(cleanup_json_p)

/* Hand over a descriptor: the variable no longer owns it. */
static inline int take_fd(int *fd)
{
	int r = *fd;

	*fd = -EBADF;
	return r;
}

/* Hand over a pointer of any type: the variable no longer owns it. */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) *take_p_ = &(p);                                                     \
		__typeof__(p) take_v_ = *take_p_;                                                  \
		*take_p_ = NULL;                                                                   \
		take_v_;                                                                           \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
