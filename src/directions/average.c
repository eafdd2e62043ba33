/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With fixed points the ELBO is a smooth function without noise, which quasi-Newton steps climb in tens of evaluations
 * (Giordano, Ingram and Broderick 2024), whatever the dimension. What fixed points cost is that the optimum is that of
 * the points; balanced points keep that small: every coordinate sees the same moments.
 */
#include "directions/average.h"

#include <math.h>
#include <string.h>

#include "family/reference.h"

#define WIDEST 20 /* log factors beyond which nothing is asked: exp would leave the numbers */

/* w and logp at the points y; false when one is rejected. */
static bool ask(struct average *a)
{
    const size_t d = a->dim;
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    for (size_t p = 0; p < a->n; p += TARGET_BLOCK) {
        const size_t n = a->n - p < TARGET_BLOCK ? a->n - p : TARGET_BLOCK, at = p * d;
        if (supervisor_ends_all(a->progress, &stop)) {
            return false;
        }
        approximation_place(a->q, n, a->y + at, a->z);
        if (meter_evaluate(a->progress->meter, n, a->z, a->logp + p, a->grad, a->scratch) > 0) {
            return false;
        }
        approximation_pull(a->q, n, a->grad, a->u, a->w + at);
    }
    return true;
}

static bool lay(struct average *a, const double *theta)
{
    const size_t d = a->dim;
    for (size_t i = 0; i < d; i++) {
        if (!(fabs(theta[d + i]) < WIDEST)) {
            return false;
        }
        a->v[i] = a->q->maps[i].v + a->unit[i] * theta[i];
        a->factor[i] = exp(theta[d + i]);
    }
    for (size_t p = 0; p < a->n; p++) {
        for (size_t i = 0; i < d; i++) {
            a->y[p * d + i] = a->v[i] + a->factor[i] * a->t[p * d + i];
        }
    }
    return true;
}

bool average_evaluate(struct average *a, const double *theta, double *value, double *gradient)
{
    const size_t d = a->dim;
    const double n = (double)a->n;
    if (!lay(a, theta) || !ask(a)) {
        return false;
    }
    *value = 0;
    memset(gradient, 0, 2 * d * sizeof *gradient);
    for (size_t p = 0; p < a->n; p++) {
        *value += a->logp[p] / n;
        for (size_t i = 0; i < d; i++) {
            gradient[i] += a->w[p * d + i];
            gradient[d + i] += a->w[p * d + i] * a->t[p * d + i];
        }
    }
    for (size_t i = 0; i < d; i++) {
        *value += theta[d + i];
        gradient[i] *= a->unit[i] / n;
        gradient[d + i] = a->factor[i] * gradient[d + i] / n + 1;
    }
    return true;
}

static int evaluate(const struct rovi_target *target, size_t n, const double *theta, double *logp, double *grad,
                    double *scratch)
{
    struct average *a = target->self;
    for (size_t k = 0; k < n; k++) {
        double *gradient = grad != NULL ? grad + k * target->dim : scratch;
        if (!average_evaluate(a, theta + k * target->dim, &logp[k], gradient)) {
            logp[k] = -INFINITY;
        }
    }
    return atomic_load(&a->progress->meter->failed) ? -1 : 0;
}

void average_init(struct average *a, struct arena *arena, size_t room, const struct progress *progress)
{
    const struct rovi_target *target = progress->meter->target;
    const size_t d = target->dim, block = room < TARGET_BLOCK ? room : TARGET_BLOCK;
    *a = (struct average){.progress = progress, .room = room, .dim = d};
    a->x = arena_doubles(arena, room * d);
    a->t = arena_doubles(arena, room * d);
    a->y = arena_doubles(arena, room * d);
    a->w = arena_doubles(arena, room * d);
    a->z = arena_doubles(arena, block * d);
    a->grad = arena_doubles(arena, block * d);
    a->u = arena_doubles(arena, block * d);
    a->unit = arena_doubles(arena, d);
    a->v = arena_doubles(arena, d);
    a->factor = arena_doubles(arena, d);
    a->logp = arena_doubles(arena, room);
    a->scratch = arena_doubles(arena, target->scratch);
    a->target = target_make(2 * d);
    if (a->target == NULL) {
        arena->failed = true;
        return;
    }
    a->target->evaluate = evaluate;
    a->target->scratch = 2 * d;
    a->target->self = a;
    a->target->through = progress->meter;
    meter_init(&a->meter, a->target);
}

void average_free(struct average *a)
{
    rovi_target_free(a->target);
}

void average_set(struct average *a, const rovi_approximation *q, size_t n, struct rng_stream stream)
{
    const size_t d = a->dim;
    a->q = q;
    a->n = n;
    reference_balanced(stream, n, d, a->x);
    approximation_maps(q, n, a->x, a->t);
    memset(a->unit, 0, d * sizeof *a->unit);
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < d; i++) {
            a->t[p * d + i] -= q->maps[i].v;
            a->unit[i] += a->t[p * d + i] * a->t[p * d + i] / (double)n;
        }
    }
    for (size_t i = 0; i < d; i++) {
        a->unit[i] = sqrt(a->unit[i]);
    }
}

void average_apply(const struct average *a, const double *theta, rovi_approximation *q)
{
    for (size_t i = 0; i < a->dim; i++) {
        struct map *T = &q->maps[i];
        const double factor = exp(theta[a->dim + i]);
        T->v += a->unit[i] * theta[i];
        T->alpha *= factor;
        for (size_t k = 0; k < T->D.cells; k++) {
            T->lambda[k] *= factor;
        }
        map_prepare(T);
    }
}
