/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The density of a hierarchical model is highest where there is no mass, so that a climb must not be followed to its
 * end: of points along it the one with the greatest ELBO is taken (the idea of Pathfinder, Zhang et al. 2022). The
 * width of each coordinate there is from the diagonal of the Hessian, for all coordinates at once from gradients at x
 * -+ delta s, s random signs (Hutchinson's estimator, which errs by the entries beside the diagonal).
 */
#include "directions/launch.h"

#include <math.h>
#include <string.h>

#define PATH       10   /* points along a climb: before its steps 0, 1, 2, 4, ..., 128, and its end */
#define CLIMB      200  /* steps at most */
#define STILL      1e-3 /* times d, nats: expected gain below which a climb ends */
#define STILL_END  1e-5 /* the same, where its end is what counts */
#define CLIMBS     4    /* of which the highest end is taken, */
#define NARROW     0.1  /* so many times as wide as the curvature there says */
#define WIDTHS     4    /* of the scatter of starts */
#define PROBES     4    /* sign vectors: two gradients each */
#define POINTS     8    /* of an ELBO along the climb */
#define DIFFERENCE 1e-5 /* of the coordinate, or of 1 */
#define SHRINKS    4    /* widths that are tried at a point, */
#define SHRINK     0.3  /* each so many times the one before */

void launch_init(struct launch *l, struct arena *arena, const struct progress *progress, struct average *average)
{
    const struct rovi_target *target = progress->meter->target;
    const size_t d = target->dim;
    *l = (struct launch){.progress = progress, .average = average, .dim = d};
    ascent_init(&l->ascent, arena, progress, NULL);
    l->ascent.still = STILL * (double)d;
    l->ascent.most_steps = CLIMB;
    l->path = (struct ascent_path){.room = PATH - 1, .x = arena_doubles(arena, PATH * d)};
    l->ascent.path = &l->path;
    l->x = arena_doubles(arena, d);
    l->top = arena_doubles(arena, d);
    l->scale = arena_doubles(arena, d);
    l->zero = arena_doubles(arena, 2 * d);
    l->gradient = arena_doubles(arena, 2 * d);
    l->work = arena_doubles(arena, 2 * PROBES * 2 * d + PROBES * d + target->scratch);
}

/* The widths 1/sqrt(H_ii) at x; false when the target rejects a point next to it. */
static bool find_scale(struct launch *l, const double *x, struct rng_stream stream)
{
    const size_t d = l->dim, n = 2 * PROBES;
    double *point = l->work, *grad = point + n * d, *sign = grad + n * d, *scratch = sign + PROBES * d,
           logp[2 * PROBES];
    for (size_t p = 0; p < PROBES; p++) {
        rng_uniforms(stream, p, d, sign + p * d);
        for (size_t i = 0; i < d; i++) {
            double *s = sign + p * d + i;
            *s = copysign(DIFFERENCE * fmax(1, fabs(x[i])), *s - 0.5);
            point[2 * p * d + i] = x[i] + *s;
            point[(2 * p + 1) * d + i] = x[i] - *s;
        }
    }
    if (meter_evaluate(l->progress->meter, n, point, logp, grad, scratch) > 0) {
        return false;
    }
    for (size_t i = 0; i < d; i++) {
        double h = 0;
        for (size_t p = 0; p < PROBES; p++) {
            h += (grad[(2 * p + 1) * d + i] - grad[2 * p * d + i]) / (2 * PROBES * sign[p * d + i]);
        }
        l->scale[i] = h != 0 && isfinite(1 / sqrt(fabs(h))) ? 1 / sqrt(fabs(h)) : 1;
    }
    return true;
}

/* The ELBO of q with this center and scale, up to a constant; -infinity where it is not to be had. */
static double look(struct launch *l, rovi_approximation *q, const double *x, double shrink, struct rng_stream stream)
{
    double value = 0;
    memcpy(q->center, x, l->dim * sizeof *x);
    for (size_t i = 0; i < l->dim; i++) {
        q->scale[i] = shrink * l->scale[i];
    }
    approximation_prepare_rotation(q);
    average_set(l->average, q, POINTS, stream);
    return average_evaluate(l->average, l->zero, &value, l->gradient) ? value + q->log_det : -INFINITY;
}

/* Scattered about the target's start or the origin, wider every time; a given start itself is the first. */
static void scatter(struct launch *l, const rovi_settings *settings, uint64_t seed, size_t index)
{
    const struct rng_stream stream = {.seed = seed & ~(uint64_t)1, .purpose = RNG_START, .substream = 3};
    const double side = seed % 2 == 0 ? 1 : -1;
    const struct rovi_target *target = l->progress->meter->target;
    const double far = target->start != NULL && index == 0 ? 0 : settings->start_spread * (double)(1 + index % WIDTHS);
    rng_normals(stream, index, l->dim, l->x);
    for (size_t i = 0; i < l->dim; i++) {
        l->x[i] = target_origin(target, i) + side * far * l->x[i];
    }
}

/* From l->x, or from nearer to the origin; its end is the last point of the path. */
static bool climb(struct launch *l, double *logp)
{
    const double *origin = l->progress->meter->target->start;
    if (!ascent_climb_nearer(&l->ascent, (struct metric){0}, origin, l->x, logp)) {
        return false;
    }
    memcpy(l->path.x + l->path.count++ * l->dim, l->x, l->dim * sizeof *l->x);
    return true;
}

/* The best of the points along l->path, at most `wide` times as wide as the curvature there says. */
static bool choose(struct launch *l, uint64_t seed, double wide, rovi_approximation *q)
{
    struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 3};
    double best = -INFINITY, best_shrink = wide;
    size_t best_point = 0;
    for (size_t k = l->path.count; k-- > 0;) {
        const double *x = l->path.x + k * l->dim;
        double shrink = wide, value = -INFINITY;
        stream.substream = 1000 + k;
        if (!find_scale(l, x, stream)) {
            continue;
        }
        for (int s = 0; s < SHRINKS && isinf(value); s++, shrink *= SHRINK) {
            value = look(l, q, x, shrink, stream);
        }
        if (value > best) {
            best = value;
            best_point = k;
            best_shrink = shrink / SHRINK;
        }
    }
    stream.substream = 1000 + best_point;
    const double *x = l->path.x + best_point * l->dim;
    return best > -INFINITY && find_scale(l, x, stream) && !isinf(look(l, q, x, best_shrink, stream));
}

static bool launch_from(struct launch *l, const double *x, uint64_t seed, double wide, rovi_approximation *q)
{
    memcpy(l->path.x, x, l->dim * sizeof *x);
    l->path.count = 1;
    return choose(l, seed, wide, q);
}

bool launch_run(struct launch *l, const rovi_settings *settings, uint64_t seed, size_t index, rovi_approximation *q)
{
    double logp = 0;
    scatter(l, settings, seed, index);
    return climb(l, &logp) && choose(l, seed, 1, q);
}

bool launch_highest(struct launch *l, const rovi_settings *settings, uint64_t seed, rovi_approximation *q)
{
    double highest = -INFINITY, logp = 0;
    l->ascent.still = STILL_END * (double)l->dim;
    for (size_t k = 0; k < CLIMBS; k++) {
        scatter(l, settings, seed, WIDTHS * (k + 1));
        if (climb(l, &logp) && logp > highest) {
            highest = logp;
            memcpy(l->top, l->x, l->dim * sizeof *l->x);
        }
    }
    l->ascent.still = STILL * (double)l->dim;
    return highest > -INFINITY && launch_from(l, l->top, seed, NARROW, q);
}

bool launch_at(struct launch *l, const double *x, uint64_t seed, rovi_approximation *q)
{
    return launch_from(l, x, seed, 1, q);
}
