/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcrypto_start - a static libcrypto that sleeps until it is used
 *
 * It asks the processor what that can before main(), in each program that it is part of, and again
 * when it is initialized, which is before any of its functions does anything. To ask is nothing on
 * a machine, but an exit of a virtual one, 0.03 ms in all. The linker puts these functions before
 * its own (--wrap).
 */
#include <stdbool.h>

void __real_OPENSSL_cpuid_setup(void);
void __wrap_OPENSSL_cpuid_setup(void);

static bool is_loaded;

__attribute__((constructor)) static void loaded(void)
{
	is_loaded = true;
}

void __wrap_OPENSSL_cpuid_setup(void)
{
	if (is_loaded)
		__real_OPENSSL_cpuid_setup();
}
