/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of `rovi fit` on stdout: a table for people, or one JSON object. */
#ifndef ROVI_CLI_FIT_RESULT_H
#define ROVI_CLI_FIT_RESULT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/common/summary.h"
#include "io/fit_file.h"

#define MODES_LISTED   64  /* at most, in JSON */
#define MATRICES_UP_TO 100 /* dimensions: above, matrices are shown on demand only */

/* `summary` is NULL where there is none. */
rovi_status fit_print_json(const struct fit_context *context, const rovi_fit *fit, const struct summary *summary,
                           bool full, FILE *stream, rovi_error *error);

/* `saved` is the name of the fit file; NULL when it could not be written. */
rovi_status fit_print_table(const struct fit_context *context, const rovi_fit *fit, const struct summary *summary,
                            const char *saved, FILE *stream, rovi_error *error);

#endif
