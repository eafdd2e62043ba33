/* SPDX-License-Identifier: BSD-3-Clause */
/* Status and error: the one way in which a function says that and why it failed. */
#ifndef ROVI_BASE_STATUS_H
#define ROVI_BASE_STATUS_H

#include "rovi.h"

/* Write status and a printf-style sentence into *error (unless NULL) and return status: `return error_set(...)`. */
rovi_status error_set(rovi_error *error, rovi_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for ROVI_NO_MEMORY, with its one sentence. */
rovi_status error_no_memory(rovi_error *error);

#endif
