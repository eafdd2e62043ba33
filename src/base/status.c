/* SPDX-License-Identifier: BSD-3-Clause */
/* Status, stop reasons and version: one list each in rovi.h makes both the names and the texts. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_OF(name, text)                                                                                            \
    case name:                                                                                                         \
        return text;

const char *rovi_status_text(rovi_status status)
{
    switch (status) {
        ROVI_STATUS_LIST(TEXT_OF)
    }
    return "unknown status";
}

const char *rovi_stop_text(rovi_stop stop)
{
    switch (stop) {
        ROVI_STOP_LIST(TEXT_OF)
    }
    return "unknown";
}

const char *rovi_version(void)
{
    return ROVI_VERSION;
}

int rovi_abi_version(void)
{
    return ROVI_ABI_VERSION;
}

rovi_status error_set(rovi_error *error, rovi_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

rovi_status error_no_memory(rovi_error *error)
{
    return error_set(error, ROVI_NO_MEMORY, "out of memory");
}
