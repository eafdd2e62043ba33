/* SPDX-License-Identifier: BSD-3-Clause */
/* Pareto-smoothed importance sampling: k-hat, smoothed weights, and what they say of log Z. */
#ifndef ROVI_EVIDENCE_PSIS_H
#define ROVI_EVIDENCE_PSIS_H

#include <stdbool.h>

#include "rovi.h"

struct psis {
    double k_hat;        /* shape of the weights' tail; NaN where it is undefined: a constant tail, or too few draws */
    rovi_estimate log_z; /* log of the mean weight, smoothed; NaN when no weight is positive */
    double met;          /* the part of its error that the weights which were met account for */
    double ess;          /* effective sample size of the smoothed weights */
};

/* What k-hat may be for n draws: min(1 - 1/log10 n, 0.7). */
double psis_threshold(size_t n);

/* Whether k-hat of n draws lies so far below 1/2 that the variance of the weights is finite, and the error of their
 * mean to be trusted, equation (38a); NaN, a constant tail, does. */
bool psis_error_holds(double k_hat, size_t n);

/* The largest of n log ratios (-infinity allowed) are replaced by smoothed ones, in place. False when out of memory. */
bool psis_smooth(size_t n, double *log_ratio, struct psis *out);

#endif
