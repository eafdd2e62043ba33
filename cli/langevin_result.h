/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of `rovi langevin`: a table for people, or one JSON object. */
#ifndef ROVI_CLI_LANGEVIN_RESULT_H
#define ROVI_CLI_LANGEVIN_RESULT_H

#include <stdbool.h>
#include <stdio.h>

#include "rovi.h"

struct langevin_context {
    const char *target; /* as named on the command line */
    const char *saved;  /* name of the file of draws; NULL when it could not be written */
    uint64_t seed;
    double total_s;     /* of the whole run so far */
    bool by_components; /* modes are components of a mixture rather than centers */
};

const char *langevin_status(const rovi_langevin_parts *parts);

rovi_status langevin_print_table(const struct langevin_context *context, const rovi_langevin_parts *parts, FILE *stream,
                                 rovi_error *error);
rovi_status langevin_print_json(const struct langevin_context *context, const rovi_langevin_parts *parts, FILE *stream,
                                rovi_error *error);

#endif
