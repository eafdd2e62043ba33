/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Power iterations, v <- (H + s I) v normalised, on products with H = - Hessian of log p that are central differences
 * of the gradient: (grad log p(x - e v) - grad log p(x + e v)) / 2e. With s = 0 they end in the eigenvalue of greatest
 * magnitude; where that is negative, as between two modes, iterations with s its magnitude go on to the greatest one.
 * All points take their steps together, so that the target sees blocks. The few iterations made find the eigenvalue to
 * ten percent or so, from below, which is enough to choose a step far from its bound.
 */
#include "langevin/curvature.h"

#include <math.h>

#include "base/linalg.h"
#include "base/rng.h"

#define ROUNDS   8    /* power iterations with either shift */
#define FIRST    1e-4 /* step of the first difference */
#define RELATIVE 1e-3 /* of the later ones: times 1/sqrt(curvature), the length over which the gradient changes */
#define LEAST    1e-8 /* times the size of x: below, rounding is all that is left */

void curvature_init(struct curvature *c, struct arena *arena, const struct progress *progress, uint64_t seed)
{
    const size_t d = progress->meter->target->dim;
    *c = (struct curvature){.progress = progress, .seed = seed};
    c->v = arena_doubles(arena, TARGET_BLOCK * d);
    c->w = arena_doubles(arena, TARGET_BLOCK * d);
    c->y = arena_doubles(arena, TARGET_BLOCK * d);
    c->grad = arena_doubles(arena, TARGET_BLOCK * d);
    c->logp = arena_doubles(arena, TARGET_BLOCK);
    c->value = arena_doubles(arena, TARGET_BLOCK);
    c->step = arena_doubles(arena, TARGET_BLOCK);
    c->scratch = arena_doubles(arena, progress->meter->target->scratch);
}

/* w += sign grad log p(x + sign e v) / 2e; points without a value there get the value NaN */
static void add_gradients(struct curvature *c, size_t n, const double *x, double sign)
{
    struct meter *meter = c->progress->meter;
    const size_t d = meter->target->dim;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            c->y[i * d + j] = x[i * d + j] + sign * c->step[i] * c->v[i * d + j];
        }
    }
    meter_evaluate(meter, n, c->y, c->logp, c->grad, c->scratch);
    for (size_t i = 0; i < n; i++) {
        c->value[i] = isinf(c->logp[i]) ? NAN : c->value[i];
        for (size_t j = 0; j < d; j++) {
            c->w[i * d + j] -= sign * c->grad[i * d + j] / (2 * c->step[i]);
        }
    }
}

static double step_of(size_t d, const double *x, double curvature)
{
    double size = 0;
    for (size_t j = 0; j < d; j++) {
        size = fmax(size, fabs(x[j]));
    }
    return fmax(fmin(1, RELATIVE / sqrt(fabs(curvature))), LEAST * size);
}

/* w = H v, value = v^T H v for unit v, and v <- (H + shift I) v, normalised again */
static void iterate(struct curvature *c, size_t n, const double *x, const double *shift)
{
    const size_t d = c->progress->meter->target->dim;
    for (size_t i = 0; i < n * d; i++) {
        c->w[i] = 0;
    }
    add_gradients(c, n, x, 1);
    add_gradients(c, n, x, -1);
    for (size_t i = 0; i < n; i++) {
        double *v = c->v + i * d, *w = c->w + i * d;
        c->value[i] = isnan(c->value[i]) ? NAN : linalg_dot(d, v, w);
        for (size_t j = 0; j < d; j++) {
            w[j] += shift[i] * v[j];
        }
        const double norm = sqrt(linalg_dot(d, w, w));
        for (size_t j = 0; j < d && norm > 0 && isfinite(norm); j++) {
            v[j] = w[j] / norm;
        }
        c->step[i] = isfinite(c->value[i]) ? step_of(d, x + i * d, c->value[i]) : c->step[i];
    }
}

static void begin(struct curvature *c, size_t n)
{
    const size_t d = c->progress->meter->target->dim;
    const struct rng_stream stream = {.seed = c->seed, .purpose = RNG_PROBE};
    for (size_t i = 0; i < n; i++) {
        double *v = c->v + i * d;
        rng_normals(stream, i, d, v);
        const double norm = sqrt(linalg_dot(d, v, v));
        for (size_t j = 0; j < d; j++) {
            v[j] /= norm;
        }
        c->step[i] = FIRST;
        c->value[i] = 0;
    }
}

double curvature_at(struct curvature *c, size_t n, const double *x, rovi_stop *stop)
{
    double shift[TARGET_BLOCK] = {0}, greatest = NAN;
    begin(c, n);
    for (int round = 0; round < 2 * ROUNDS; round++) {
        if (supervisor_ends_all(c->progress, stop)) {
            return NAN;
        }
        bool negative = false;
        for (size_t i = 0; i < n && round == ROUNDS; i++) {
            shift[i] = fmax(0, -c->value[i]);
            negative = negative || c->value[i] < 0;
        }
        if (round == ROUNDS && !negative) {
            break;
        }
        iterate(c, n, x, shift);
    }
    for (size_t i = 0; i < n; i++) {
        greatest = fmax(greatest, c->value[i]); /* of a number and NaN, fmax takes the number */
    }
    return greatest;
}
