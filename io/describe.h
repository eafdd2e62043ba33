/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean, sd and quantiles of values, equally or otherwise weighted, with their errors. */
#ifndef ROVI_IO_DESCRIBE_H
#define ROVI_IO_DESCRIBE_H

#include <stddef.h>

#include "rovi.h"

#define DESCRIBED_QUANTILES 3 /* 5, 50 and 95 % */

struct described {
    rovi_estimate mean, sd, quantile[DESCRIBED_QUANTILES];
};

/* A value and its weight: room for sorting. */
struct weighed {
    double value, weight;
};

/* Of n values, independent draws, which are moved. weight: n, of sum 1, and work for n; or both NULL: equal weights.
 * All is NaN where a value is, or there are fewer than two. */
struct described describe(size_t n, double *values, const double *weight, struct weighed *work);

#endif
