/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors of io/: the status and sentence of rovi_error, and the "did you mean" that many of the sentences end with. */
#ifndef ROVI_IO_REPORT_H
#define ROVI_IO_REPORT_H

#include <stddef.h>

#include "rovi.h"

/* Write status and sentence into *error (unless NULL) and return status. */
rovi_status report(rovi_error *error, rovi_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
rovi_status report_no_memory(rovi_error *error);

/* Put "file: " before a sentence that the library wrote, unless it is about memory, which no file is to blame for. */
rovi_status report_in_file(rovi_error *error, rovi_status status, const char *file);

/* Returns the status from the function that it stands in, unless all went well. */
#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        rovi_status check_status = (call);                                                                             \
        if (check_status)                                                                                              \
            return check_status;                                                                                       \
    } while (0)

/* The closest of the names to what was typed, for "did you mean"; '-' and '_' are the same. Feed it names one by one,
 * `best` is NULL when none was close. */
struct suggestion {
    const char *typed, *best;
    size_t distance;
};
void suggestion_consider(struct suggestion *suggestion, const char *name);

/* " (did you mean NAME?)" for the end of a sentence, or nothing; returns text. */
#define SUGGESTION_ROOM 96
const char *suggestion_text(const struct suggestion *suggestion, char text[SUGGESTION_ROOM]);

#endif
