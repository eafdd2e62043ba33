/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A climb costs ten to forty gradients and looks at one place; a ray costs twelve densities and looks from the edge of
 * a mode to forty times as far. Along a ray that begins at the top of a normal law, or of one with a heavy tail such as
 * Student's t, the log density is concave in the logarithm s of the distance: -e^(2s)/2, -c log(1 + e^(2s)/nu). A
 * second difference above zero is what another mode leaves there, long before the density rises again, and most rays
 * that touch the basin of a narrow mode see no rise at all. What the fit has beyond the ray's own mode explains such a
 * bend too: its second difference is taken off.
 */
#include "diagnose/rays.h"

#include <math.h>
#include <stdlib.h>

#include "family/draw.h"

#define RAYS_AT_ONCE 64
#define BEND_LEAST                                                                                                     \
    0.5 /* nats: less than a valley between modes has; a fit near the target bends like it up to this                  \
         */

struct bend { /* the largest second difference along a ray, in nats, and where */
    double nats;
    size_t ray, point;
};

struct look {
    const struct rays *rays;
    struct bend *bend;
    size_t first; /* of the rays looked along side by side */
    double *work; /* work_size doubles for each worker: points, log densities of target and fit, scratch */
    size_t work_size;
};

static const double *nearest_center(const struct rays *rays, const double *x)
{
    const size_t d = rays->draws->dim;
    const double *nearest = rays->center;
    double least = INFINITY;
    for (size_t k = 0; k < rays->center_count; k++) {
        double far = 0;
        for (size_t j = 0; j < d; j++) {
            far += pow((x[j] - rays->center[k * d + j]) / rays->sd[j], 2);
        }
        if (far < least) {
            least = far;
            nearest = rays->center + k * d;
        }
    }
    return nearest;
}

static void set_point(const struct rays *rays, size_t ray, size_t point, double *x)
{
    const size_t d = rays->draws->dim;
    const double *draw = rays->draws->x + ray / 2 * d, *center = nearest_center(rays, draw);
    const double far = (ray % 2 == 0 ? 1 : -1) * exp2(0.5 * (double)point);
    for (size_t j = 0; j < d; j++) {
        x[j] = center[j] + far * (draw[j] - center[j]);
    }
}

static double second_difference(const double *f, size_t k)
{
    return f[k] - 2 * f[k - 1] + f[k - 2];
}

static void look_along(void *context, size_t index, size_t worker)
{
    const struct look *look = context;
    const struct rays *rays = look->rays;
    const size_t ray = look->first + index;
    double *x = look->work + worker * look->work_size, *logp = x + RAY_POINTS * rays->draws->dim;
    double *log_q = logp + RAY_POINTS, *scratch = log_q + RAY_POINTS;
    struct bend *bend = &look->bend[ray];
    for (size_t k = 0; k < RAY_POINTS; k++) {
        set_point(rays, ray, k, x + k * rays->draws->dim);
        log_q[k] = 0;
    }
    *bend = (struct bend){.nats = -INFINITY, .ray = ray};
    if (meter_evaluate(rays->progress->meter, RAY_POINTS, x, logp, NULL, scratch) == RAY_POINTS) {
        return;
    }
    if (rays->center_count > 1) {
        draw_log_density(rays->q, RAY_POINTS, x, log_q, scratch);
    }
    for (size_t k = 2; k < RAY_POINTS; k++) {
        const double nats = second_difference(logp, k) - fmax(0, second_difference(log_q, k));
        if (nats > bend->nats) { /* never with what is outside the support */
            bend->nats = nats;
            bend->point = k;
        }
    }
}

static int sharpest_first(const void *a, const void *b)
{
    const struct bend *p = a, *q = b;
    return p->nats != q->nats ? (p->nats < q->nats) - (p->nats > q->nats) : (p->ray > q->ray) - (p->ray < q->ray);
}

size_t rays_look(const struct rays *rays, size_t count, size_t room, double *x)
{
    const size_t d = rays->draws->dim;
    const size_t size = RAY_POINTS * (d + 2) + draw_work_or_scratch(rays->q, rays->progress->meter->target);
    struct arena memory = {0};
    size_t found = 0;
    rovi_stop stop;
    count = count < 2 * rays->draws->n ? count : 2 * rays->draws->n;
    struct look look = {.rays = rays,
                        .bend = arena_take(&memory, count, sizeof *look.bend),
                        .work = arena_doubles(&memory, team_size(rays->team) * size),
                        .work_size = size};
    if (memory.failed) {
        arena_free(&memory);
        return SIZE_MAX;
    }
    for (; look.first < count && !supervisor_ends(rays->progress, &stop); look.first += RAYS_AT_ONCE) {
        const size_t left = count - look.first;
        team_for(rays->team, left < RAYS_AT_ONCE ? left : RAYS_AT_ONCE, look_along, &look);
    }
    const size_t seen = look.first < count ? look.first : count;
    qsort(look.bend, seen, sizeof *look.bend, sharpest_first);
    for (; found < room && found < seen && look.bend[found].nats > BEND_LEAST; found++) {
        set_point(rays, look.bend[found].ray, look.bend[found].point, x + found * d);
    }
    arena_free(&memory);
    return found;
}
