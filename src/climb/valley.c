/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment between the points is looked along first. Where the density falls too low, the lowest point climbs in the
 * plane across the segment, which any path has to cross; if it cannot get high enough there, the points are parted.
 * Else the path is bent through that point, and its halves are looked at. Straight segments alone would take every bent
 * mode (a ring, a banana, the neck of a funnel) for several.
 */
#include "climb/valley.h"

#include <math.h>

#include "base/linalg.h"

#define CLIMBS 8  /* across segments of one path */
#define DEEP   20 /* nats below what is high enough, to which a segment falls that a few bends do not mend */

/* ---- the target with its gradient projected onto the plane: climbs that begin in it stay in it ---- */

static int evaluate_in_plane(const struct rovi_target *view, size_t n, const double *x, double *logp, double *grad,
                             double *scratch)
{
    struct valley *v = view->self;
    meter_evaluate(v->progress->meter, n, x, logp, grad, scratch);
    if (atomic_load(&v->progress->meter->failed)) {
        return -1;
    }
    for (size_t p = 0; grad != NULL && p < n; p++) {
        const double along = linalg_dot(v->dim, v->along, grad + p * v->dim);
        for (size_t j = 0; j < v->dim; j++) {
            grad[p * v->dim + j] -= along * v->normal[j];
        }
    }
    return 0;
}

void valley_init(struct valley *v, struct arena *arena, const struct progress *progress, struct metric metric)
{
    const size_t d = progress->meter->target->dim;
    *v = (struct valley){.progress = progress, .dim = d, .metric = metric};
    v->along = arena_doubles(arena, d);
    v->normal = arena_doubles(arena, d);
    v->bend = arena_doubles(arena, (VALLEY_BENDS + 1) * d);
    segment_init(&v->segment, arena, progress->meter);
    v->view = (struct rovi_target){.dim = d,
                                   .log_z = NAN,
                                   .evaluate = evaluate_in_plane,
                                   .scratch = progress->meter->target->scratch,
                                   .through = progress->meter,
                                   .self = v};
    meter_init(&v->meter, &v->view);
    v->in_plane = *progress;
    v->in_plane.meter = &v->meter;
    ascent_init(&v->ascent, arena, &v->in_plane, NULL);
}

/* v->along, and the v->normal of the plane across it, in the metric of L L^T: normal^T along = 1. */
static void set_plane(struct valley *v, const double *a, const double *b)
{
    const size_t d = v->dim;
    for (size_t j = 0; j < d; j++) {
        v->normal[j] = b[j] - a[j];
    }
    metric_to_u(v->metric, d, v->normal);
    const double length = sqrt(linalg_dot(d, v->normal, v->normal));
    metric_to_normal(v->metric, d, v->normal);
    for (size_t j = 0; j < d; j++) {
        v->along[j] = (b[j] - a[j]) / length;
        v->normal[j] /= length;
    }
}

/* From `x` up in the plane through it across the segment, to the log density `enough`; what was reached. */
static double climb_across(struct valley *v, const double *a, const double *b, double enough, double *x)
{
    double logp = -INFINITY;
    set_plane(v, a, b);
    v->ascent.enough = enough;
    return ascent_climb(&v->ascent, v->metric, x, &logp) ? logp : -INFINITY;
}

/* What is left undecided, after so many bends or climbs, is no valley, unless it is deep: planes across the way from
 * one of a hundred modes to another all cross others, so that a path finds high ground again and again, and never ends.
 */
static bool parted(struct valley *v, const double *a, const double *b, double least, size_t bends, double *low)
{
    double *middle = v->bend + bends * v->dim;
    const double straight = segment_lowest(&v->segment, a, b, middle);
    *low = straight;
    if (straight >= least) {
        return false;
    }
    if (isinf(straight) || bends == VALLEY_BENDS || v->climbs == CLIMBS) {
        const bool deep = least - straight > DEEP;
        *low = deep ? -INFINITY : straight;
        return deep;
    }
    v->climbs++;
    const double bent = climb_across(v, a, b, least, middle);
    *low = bent;
    return bent < least || parted(v, a, middle, least, bends + 1, low) || parted(v, middle, b, least, bends + 1, low);
}

bool valley_joined(struct valley *v, struct place a, struct place b, double *depth)
{
    const double lower = fmin(a.logp, b.logp);
    double low = lower;
    v->climbs = 0;
    v->in_plane.shown = v->progress->shown;
    const bool no = parted(v, a.x, b.x, lower - log(2), 0, &low);
    *depth = lower - low;
    return !no;
}
