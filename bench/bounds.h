/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What rotation alone, without whitening, can reach on two normals of one covariance R diag(value) R^T whose means
 * differ along the unit vector u: the least of three fits that can be written down.
 */
#ifndef ROVI_BENCH_BOUNDS_H
#define ROVI_BENCH_BOUNDS_H

#include <stddef.h>

struct direction {
    double variance, precision; /* u^T S u and u^T S^-1 u */
};

struct direction direction_in_frame(size_t d, const double *R, const double *value, const double *u);

/* The least KL of: both modes along u, in the frame turned to u; both modes along one eigenvector, the other shifts
 * absorbed; one mode alone. Weights are equal, the means `apart`. */
double least_bound(size_t d, const double *R, const double *value, const double *u, double apart);

#endif
