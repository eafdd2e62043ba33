/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gradients of a target that has none, by central differences: with step h the error is h^2 f'''/6 from the formula and
 * eps |f|/h from rounding, which h = eps^(1/3) max(1, |x_j|) balances for f and f''' of the same size. Beside the edge
 * of the support the difference is one-sided.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "target/target.h"

#define PAIRS (TARGET_BLOCK / 2) /* coordinates in one call */

/* Slope along a coordinate from the values above, at and below x; NaN when there is nothing but x. */
static double slope(double above, double at, double below, double up, double down)
{
    if (isfinite(above) && isfinite(below)) {
        return (above - below) / (up + down);
    }
    return isfinite(above) ? (above - at) / up : isfinite(below) ? (at - below) / down : NAN;
}

/* grad[first .. first + count) at x; y: 2 count points of scratch, then rest */
static int differentiate(const struct rovi_target *target, const double *x, double logp, size_t first, size_t count,
                         double *grad, double *scratch)
{
    const size_t d = target->dim;
    double *y = scratch, *values = y + TARGET_BLOCK * d, *rest = values + TARGET_BLOCK;
    for (size_t k = 0; k < count; k++) {
        const size_t j = first + k;
        const double h = cbrt(DBL_EPSILON) * fmax(1, fabs(x[j]));
        memcpy(y + 2 * k * d, x, d * sizeof *x);
        memcpy(y + (2 * k + 1) * d, x, d * sizeof *x);
        y[2 * k * d + j] += h;
        y[(2 * k + 1) * d + j] -= h;
    }
    const int code = target->plain(target, 2 * count, y, values, NULL, rest);
    for (size_t k = 0; code == 0 && k < count; k++) {
        const size_t j = first + k;
        const double up = y[2 * k * d + j] - x[j], down = x[j] - y[(2 * k + 1) * d + j];
        grad[j] = slope(values[2 * k], logp, values[2 * k + 1], up, down);
    }
    return code;
}

static int evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                    double *scratch)
{
    const size_t d = target->dim;
    int code = target->plain(target, n, x, logp, NULL, scratch + TARGET_BLOCK * d + TARGET_BLOCK);
    for (size_t i = 0; code == 0 && grad != NULL && i < n; i++) {
        for (size_t j = 0; code == 0 && isfinite(logp[i]) && j < d; j += PAIRS) {
            code = differentiate(target, x + i * d, logp[i], j, d - j < PAIRS ? d - j : PAIRS, grad + i * d, scratch);
        }
    }
    return code;
}

static size_t extra_scratch(const struct rovi_target *target)
{
    return TARGET_BLOCK * target->dim + TARGET_BLOCK;
}

void rovi_target_set_gradient(rovi_target *target, int has)
{
    if (has == 0 && target->plain == NULL) {
        target->plain = target->evaluate;
        target->evaluate = evaluate;
        target->scratch += extra_scratch(target);
    } else if (has != 0 && target->plain != NULL) {
        target->evaluate = target->plain;
        target->plain = NULL;
        target->scratch -= extra_scratch(target);
    }
}

int rovi_target_has_gradient(const rovi_target *target)
{
    while (target->base != NULL && target->plain == NULL) {
        target = target->base;
    }
    return target->plain == NULL;
}
