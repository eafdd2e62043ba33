/* SPDX-License-Identifier: BSD-3-Clause */
/* Natural cubic splines, which are linear in the values that they interpolate. */
#ifndef ROVI_BASE_SPLINE_H
#define ROVI_BASE_SPLINE_H

#include <stddef.h>

#define SPLINE_MOST 32 /* knots */

/* W (n x m) with spline(t_j) = sum_k W[j*m + k] value_k, for the natural cubic spline through m knots (2 <= m <=
 * SPLINE_MOST), increasing; t within them. */
void spline_weights(size_t m, const double *knot, size_t n, const double *t, double *W);

#endif
