/* SPDX-License-Identifier: BSD-3-Clause */
/* What people look for first: mean, sd and quantiles of each parameter, by draws of the fit. */
#ifndef ROVI_CLI_SUMMARY_H
#define ROVI_CLI_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "io/json.h"
#include "io/memory.h"
#include "rovi.h"

#define SUMMARY_QUANTILES 3 /* 5, 50 and 95 % */

struct summary_row {
    const char *name; /* the target's */
    rovi_estimate mean, sd, quantile[SUMMARY_QUANTILES];
};

struct summary {
    size_t rows, outputs, draws; /* rows are the first of the outputs */
    size_t failed, vague;        /* draws left out, as all is NaN; draws that hold NaN */
    struct summary_row *row;
    bool constrained, by_differences;
    rovi_failures failures;
    struct pool pool;
};

/* Parameters and transformed parameters, the first `most` of them. On failure *summary is empty. */
rovi_status summary_make(const rovi_fit *fit, const rovi_target *target, uint64_t seed, size_t most,
                         struct summary *summary, rovi_error *error);
void summary_clear(struct summary *summary);

void summary_print(const struct summary *summary, FILE *stream);

/* Adds the keys to the object; false when out of memory. */
bool summary_put(json_t *object, const struct summary *summary);

#endif
