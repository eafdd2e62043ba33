/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four small targets with names: many wells (multimodal in half of the coordinates), funnel (scales that differ by
 * orders of magnitude), banana (a bent ridge) and ring (no mode at all). Equations (19)-(22) of docs/math.md.
 *
 * Each is one function of one point, value and gradient together; evaluate_points makes a block of it.
 */
#include <math.h>

#include "base/normal.h"
#include "base/status.h"
#include "target/target.h"

/* log density at x, its gradient into grad unless NULL; shift: what normalises, found at construction */
typedef double (*point_fn)(size_t d, const double *x, double *grad, double shift);

struct builtin {
    point_fn point;
    double shift;
};

static int evaluate_points(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                           double *scratch)
{
    (void)scratch;
    const struct builtin *self = target->self;
    const size_t d = target->dim;
    for (size_t i = 0; i < n; i++) {
        logp[i] = self->point(d, x + i * d, grad == NULL ? NULL : grad + i * d, self->shift);
    }
    return 0;
}

static rovi_status builtin_new(size_t d, struct builtin builtin, double log_z, rovi_target **target, rovi_error *error)
{
    struct rovi_target *made = target_make(d);
    struct builtin *self = made == NULL ? NULL : arena_take(&made->memory, 1, sizeof *self);
    if (self != NULL) {
        *self = builtin;
        made->log_z = log_z;
        made->concurrent = true;
        made->evaluate = evaluate_points;
        made->self = self;
    }
    return target_finish(made, target, error);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Many-well (19): pairs of a coordinate with potential e(t) = -t/2 - 6 t^2 + t^4 and a unit normal one
 */

static double many_well(size_t d, const double *x, double *grad, double shift)
{
    double logp = shift;
    for (size_t j = 0; j < d; j += 2) {
        const double t = x[j], s = x[j + 1];
        logp += t * (0.5 + t * (6 - t * t)) - 0.5 * s * s;
        if (grad != NULL) {
            grad[j] = 0.5 + t * (12 - 4 * t * t);
            grad[j + 1] = -s;
        }
    }
    return logp;
}

/* log of the integral of exp(-e). The trapezoid rule is exact to rounding here: the integrand is entire and below
 * 1e-400 at the ends, where the terms of the error begin. */
static double log_integral_of_well(void)
{
    const double step = 1.0 / 64;
    double sum = 0;
    for (int i = -6 * 64; i <= 6 * 64; i++) {
        const double t = i * step;
        sum += exp(t * (0.5 + t * (6 - t * t)));
    }
    return log(sum * step);
}

rovi_status rovi_target_new_many_well(size_t d, rovi_target **target, rovi_error *error)
{
    const rovi_status status = target_accept(d, target, error);
    if (status != ROVI_OK) {
        return status;
    }
    if (d % 2 != 0) {
        return error_set(error, ROVI_BAD_INPUT, "the dimension of many_well is %zu; it must be even", d);
    }
    const double shift = -0.5 * (double)d * (log_integral_of_well() + NORMAL_LOG_SQRT_2PI);
    return builtin_new(d, (struct builtin){many_well, shift}, 0, target, error);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Funnel (20): x_1 ~ N(0, 3^2), x_j ~ N(0, exp(x_1))
 */

static double funnel(size_t d, const double *x, double *grad, double shift)
{
    const double neck = x[0], precision = exp(-neck), others = (double)(d - 1);
    double sum = 0;
    for (size_t j = 1; j < d; j++) {
        sum += x[j] * x[j];
    }
    if (grad != NULL) {
        grad[0] = -neck / 9 - 0.5 * others + 0.5 * precision * sum;
        for (size_t j = 1; j < d; j++) {
            grad[j] = -precision * x[j];
        }
    }
    return shift - neck * neck / 18 - 0.5 * others * neck - 0.5 * precision * sum;
}

rovi_status rovi_target_new_funnel(size_t d, rovi_target **target, rovi_error *error)
{
    const rovi_status status = target_accept(d, target, error);
    if (status != ROVI_OK) {
        return status;
    }
    if (d < 2) {
        return error_set(error, ROVI_BAD_INPUT, "the dimension of funnel is %zu; it must be at least 2", d);
    }
    const double shift = -log(3) - (double)d * NORMAL_LOG_SQRT_2PI;
    return builtin_new(d, (struct builtin){funnel, shift}, 0, target, error);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Banana (21): x_1 ~ N(0, 2^2), x_2 ~ N(x_1^2/4, 1)
 */

static double banana(size_t d, const double *x, double *grad, double shift)
{
    (void)d;
    const double off = x[1] - 0.25 * x[0] * x[0];
    if (grad != NULL) {
        grad[0] = -0.25 * x[0] + 0.5 * x[0] * off;
        grad[1] = -off;
    }
    return shift - x[0] * x[0] / 8 - 0.5 * off * off;
}

rovi_status rovi_target_new_banana(rovi_target **target, rovi_error *error)
{
    const double shift = -log(2) - 2 * NORMAL_LOG_SQRT_2PI;
    const rovi_status status = target_accept(2, target, error);
    return status != ROVI_OK ? status : builtin_new(2, (struct builtin){banana, shift}, 0, target, error);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Ring (22): log density -(|x| - 4)^2/(2 * 0.4^2), not normalised
 */

#define RING_RADIUS 4.0
#define RING_WIDTH  0.4

static double ring(size_t d, const double *x, double *grad, double shift)
{
    (void)d;
    (void)shift;
    const double r = sqrt(x[0] * x[0] + x[1] * x[1]), z = (r - RING_RADIUS) / RING_WIDTH;
    if (grad != NULL) {
        const double slope = r > 0 ? -z / (RING_WIDTH * r) : 0; /* the centre is a cusp: 0 by symmetry */
        grad[0] = slope * x[0];
        grad[1] = slope * x[1];
    }
    return -0.5 * z * z;
}

/* log of 2 pi times the integral of r exp(-(r - m)^2/(2 s^2)) over r > 0, in closed form */
static double ring_log_z(void)
{
    const double two_pi = 2 * acos(-1), m = RING_RADIUS, s = RING_WIDTH;
    return log(two_pi * sqrt(two_pi) * s * (m * normal_cdf(m / s) + s * normal_density(m / s)));
}

rovi_status rovi_target_new_ring(rovi_target **target, rovi_error *error)
{
    const rovi_status status = target_accept(2, target, error);
    return status != ROVI_OK ? status : builtin_new(2, (struct builtin){ring, 0}, ring_log_z(), target, error);
}
