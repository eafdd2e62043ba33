/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lanczos steps on the mean Hessian P of -log p under q, in units of the maps' widths, by differences of the average's
 * gradient. At the mean-field optimum P has a unit diagonal; what a direction of curvature c is worth is
 * (c - 1 - log c)/2, equation (43), which is greatest at both ends of the spectrum: where Lanczos steps converge first.
 */
#include "directions/leading.h"

#include <math.h>
#include <string.h>

#include "base/diagonalize.h"
#include "base/linalg.h"

#define DIFFERENCE 1e-3 /* length of a difference: truncation of that order, rounding 1e-12 */
#define STRIDE     8    /* Lanczos steps between looks at what directions are worth, which may show that it is enough */
#define FLATTEST   0.01 /* curvature that a direction is taken to have at least */
#define BREAKDOWN  1e-8 /* length of a residual that is none */

void leading_init(struct leading *l, struct arena *arena, size_t dim, size_t room)
{
    *l = (struct leading){.dim = dim, .room = room};
    l->U = arena_doubles(arena, room * dim);
    l->Q = arena_doubles(arena, room * dim);
    l->curvature = arena_doubles(arena, room);
    l->ritz = arena_doubles(arena, room);
    l->diagonal = arena_doubles(arena, room);
    l->beside = arena_doubles(arena, room);
    l->T = arena_doubles(arena, room * room);
    l->E = arena_doubles(arena, room * room);
    l->theta = arena_doubles(arena, 2 * dim);
    l->residual = arena_doubles(arena, 2 * dim);
    l->base = arena_doubles(arena, 2 * dim);
}

/* residual <- P q, in its first d places */
static bool multiply(struct leading *l, struct average *a, const double *q)
{
    double value = 0;
    for (size_t i = 0; i < l->dim; i++) {
        l->theta[i] = DIFFERENCE * q[i];
    }
    if (!average_evaluate(a, l->theta, &value, l->residual)) {
        return false;
    }
    for (size_t i = 0; i < l->dim; i++) {
        l->residual[i] = (l->base[i] - l->residual[i]) / DIFFERENCE;
    }
    return true;
}

/* What is left of x beside the first `count` Lanczos vectors; twice, for rounding's sake. */
static double orthogonalise(const struct leading *l, size_t count, double *x)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < count; k++) {
            const double *q = l->Q + k * l->dim, along = linalg_dot(l->dim, q, x);
            for (size_t i = 0; i < l->dim; i++) {
                x[i] -= along * q[i];
            }
        }
    }
    return sqrt(linalg_dot(l->dim, x, x));
}

/* Lanczos steps on from `steps`, up to `most`; returns how many there are then: fewer when there are no more. */
static size_t iterate(struct leading *l, struct average *a, size_t steps, size_t most)
{
    const size_t d = l->dim;
    for (size_t k = steps; k < most; k++) {
        double *q = l->Q + k * d;
        if (k > 0) {
            memcpy(q, l->residual, d * sizeof *q);
        }
        const double length = k > 0 ? l->beside[k - 1] : sqrt(linalg_dot(d, q, q));
        for (size_t i = 0; i < d; i++) {
            q[i] /= length;
        }
        if (!multiply(l, a, q)) {
            return k;
        }
        l->diagonal[k] = linalg_dot(d, q, l->residual);
        l->beside[k] = orthogonalise(l, k + 1, l->residual);
        if (!(l->beside[k] > BREAKDOWN)) {
            return k + 1;
        }
    }
    return most;
}

/* Column j of E becomes direction `count`. */
static void take(struct leading *l, size_t steps, size_t j, double curvature)
{
    double *u = l->U + l->count * l->dim;
    memset(u, 0, l->dim * sizeof *u);
    for (size_t k = 0; k < steps; k++) {
        for (size_t i = 0; i < l->dim; i++) {
            u[i] += l->E[k * steps + j] * l->Q[k * l->dim + i];
        }
    }
    l->curvature[l->count++] = curvature;
}

static double curvature_of(const struct leading *l, size_t steps, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < steps; k++) {
        const double e = l->E[k * steps + j];
        sum += l->diagonal[k] * e * e;
        sum += k + 1 < steps ? 2 * l->beside[k] * e * l->E[(k + 1) * steps + j] : 0;
    }
    return fmax(sum, FLATTEST);
}

static double gain_of(double curvature)
{
    return 0.5 * (curvature - 1 - log(curvature));
}

/* E, and curvatures, of the steps made so far. Returns what the directions that are worth `least` or more are worth. */
static double decompose(struct leading *l, size_t steps, double least)
{
    double sum = 0;
    memset(l->T, 0, steps * steps * sizeof *l->T);
    for (size_t k = 0; k < steps; k++) {
        l->T[k * steps + k] = l->diagonal[k];
        if (k + 1 < steps) {
            l->T[k * steps + k + 1] = l->T[(k + 1) * steps + k] = l->beside[k];
        }
    }
    linalg_identity(steps, l->E);
    diagonalize_jointly(steps, 1, l->T, l->E);
    for (size_t j = 0; j < steps; j++) {
        l->ritz[j] = curvature_of(l, steps, j);
        sum += gain_of(l->ritz[j]) >= least ? gain_of(l->ritz[j]) : 0;
    }
    return sum;
}

/* The `most` columns of E that gain most. */
static void choose(struct leading *l, size_t steps, size_t most, double least)
{
    for (l->count = 0; l->count < most;) {
        size_t best = 0;
        for (size_t j = 1; j < steps; j++) {
            best = gain_of(l->ritz[j]) > gain_of(l->ritz[best]) ? j : best;
        }
        if (steps == 0 || !(gain_of(l->ritz[best]) >= least)) {
            return;
        }
        take(l, steps, best, l->ritz[best]);
        l->ritz[best] = 1; /* taken: gains nothing more */
    }
}

void leading_find(struct leading *l, struct average *a, struct rng_stream stream, size_t most, double least)
{
    const size_t room = l->room < l->dim ? l->room : l->dim;
    double value = 0, gain = 0, more = INFINITY;
    size_t steps = 0;
    l->count = 0;
    memset(l->theta, 0, 2 * l->dim * sizeof *l->theta);
    if (!average_evaluate(a, l->theta, &value, l->base)) {
        return;
    }
    rng_normals(stream, 0, l->dim, l->Q);
    for (size_t next = STRIDE; steps < room && more > least; next += STRIDE) {
        const size_t end = next < room ? next : room;
        steps = iterate(l, a, steps, end);
        more = decompose(l, steps, least) - gain;
        gain += more;
        if (steps < end || !(l->beside[steps - 1] > BREAKDOWN)) {
            break;
        }
    }
    choose(l, steps, most, least);
}
