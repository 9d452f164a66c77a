/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sd_bus - libsystemd's D-Bus, loaded when a scope is made and not before (private to runtime/)
 *
 * The library brings five others along, and loading them takes a quarter of the time of a whole
 * container, which mostly needs none of them. The members have the names of the functions.
 */
#include <systemd/sd-bus.h>

#include "base/err.h"

/* clang-format off */
#define SD_BUS_CALLS(X) \
	X(sd_bus_call) X(sd_bus_error_free) X(sd_bus_error_has_name) X(sd_bus_flush_close_unref) \
	X(sd_bus_match_signal) X(sd_bus_message_append) X(sd_bus_message_append_array) \
	X(sd_bus_message_close_container) X(sd_bus_message_new_method_call) \
	X(sd_bus_message_open_container) X(sd_bus_message_read) X(sd_bus_message_unref) \
	X(sd_bus_new) X(sd_bus_open_system) X(sd_bus_open_user) X(sd_bus_process) \
	X(sd_bus_set_address) X(sd_bus_start) X(sd_bus_wait)
/* clang-format on */

struct sd_bus_calls {
#define X(name) __typeof__(name) *name;
	SD_BUS_CALLS(X)
#undef X
};

/* Constant after the first success. Returns 0; -ENOENT (ERR_UNSUPPORTED) without the library. */
int sd_bus_load(const struct sd_bus_calls **ret, struct err *e);
