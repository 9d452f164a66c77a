/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sd_bus.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#define LIBRARY "libsystemd.so.0"

/* Written once, before pthread_once() lets anybody read it. */
static struct sd_bus_calls calls;
static struct err failure;
static bool is_loaded;

static bool find(void *library, const char *name, void *to)
{
	void *symbol = dlsym(library, name);

	*(void **)to = symbol;
	return symbol != NULL;
}

static void load_once(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

#define X(name) &&find(library, #name, &calls.name)
	is_loaded = library SD_BUS_CALLS(X);
#undef X
	if (!is_loaded)
		err_set(&failure, -ENOENT, ERR_UNSUPPORTED,
			"the systemd cgroup driver needs " LIBRARY ": %s", dlerror());
}

int sd_bus_load(const struct sd_bus_calls **ret, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_once);
	if (!is_loaded) {
		if (e)
			*e = failure;
		return failure.code;
	}
	*ret = &calls;
	return 0;
}
