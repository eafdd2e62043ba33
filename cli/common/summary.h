/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What people look for first: mean, sd and quantiles of each parameter, by draws of the fit; where their importance
 * weights matter and can be trusted, by those, which takes out what the fit's shape gets wrong.
 */
#ifndef ROVI_CLI_COMMON_SUMMARY_H
#define ROVI_CLI_COMMON_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/common/diagnosis.h"
#include "io/describe.h"
#include "io/json.h"
#include "io/memory.h"
#include "rovi.h"

struct summary_row {
    const char *name; /* the target's */
    struct described described;
};

struct summary {
    size_t rows, outputs, draws; /* rows are the first of the outputs */
    size_t failed, vague;        /* draws left out, as all is NaN; draws that hold NaN */
    size_t outside;              /* draws left out, as they lie outside the target's support */
    struct summary_row *row;
    double ess;         /* draws that the weighted ones are worth; NaN where they are not weighted */
    struct k_hat k_hat; /* of these draws' weights, where it was asked for: the value is NaN where it was not */
    bool constrained, by_differences;
    rovi_failures failures;
    struct pool pool;
};

struct summary_request {
    const rovi_fit *fit;
    const rovi_diagnosis_parts *diagnosis; /* of the fit, which tells whether to weigh; or NULL: no weights */
    const rovi_target *target;
    uint64_t seed;
    size_t most; /* of the parameters and transformed parameters: the first */
};

/* On failure *summary is empty. */
rovi_status summary_make(const struct summary_request *request, struct summary *summary, rovi_error *error);
void summary_clear(struct summary *summary);

/* Whether the fit's draws are better weighted, at little beside the fit, as far as diagnosis and summary tell. Either
 * may be NULL. */
bool summary_weighs(const rovi_fit *fit, const rovi_diagnosis_parts *diagnosis, const struct summary *summary);

/* Of the summary's draws, where it asked, as they are more; else the diagnosis'. */
struct k_hat summary_k_hat(const struct summary *summary, const rovi_diagnosis_parts *diagnosis);

/* "4000 draws of the fit, weighted by importance (worth 2320), on the constrained scale" */
void summary_print_origin(const struct summary *summary, FILE *stream);

void summary_print(const struct summary *summary, FILE *stream);

/* A row's numbers: mean, its error, sd and quantiles, to the second digit of that error. */
#define SUMMARY_CELLS  (3 + DESCRIBED_QUANTILES)
#define SUMMARY_NUMBER 32
struct summary_cells {
    char text[SUMMARY_CELLS][SUMMARY_NUMBER];
};
struct summary_cells summary_cells(const struct summary_row *row);

/* Adds the keys to the object; false when out of memory. */
bool summary_put(json_t *object, const struct summary *summary);

#endif
