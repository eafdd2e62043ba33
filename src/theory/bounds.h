/* SPDX-License-Identifier: BSD-3-Clause */
/* What the theory bounds in closed form: equations (4) to (8), (31) and (32) of docs/math.md. */
#ifndef ROVI_THEORY_BOUNDS_H
#define ROVI_THEORY_BOUNDS_H

#include "target/gaussians.h"

/* Equations (4) and (5) for this epsilon, b and its error */
rovi_collapse_bound bounds_collapse(double epsilon, rovi_estimate b);

/* (32): least KL of a product density to N(m, S); S: d*d. work: bounds_work(d) doubles, here and below */
double bounds_product_gap(size_t d, const double *S, double *work);

/* (6), and the form that summaries print */
double bounds_critical_weight(const double h[2]);
double bounds_printed_weight(const double h[2]);

/* Bounds on the least KL of rotated product densities to the mixture of components a and b, weights relative to each
 * other */
struct rotation_bounds {
    double along_line, shared_line, shared_axes; /* (31), (7), (8); the last two NaN if the covariances differ */
};
struct rotation_bounds bounds_rotation(const struct gaussians *all, size_t a, size_t b, double *work);

size_t bounds_work(size_t d);

#endif
