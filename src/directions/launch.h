/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a fit in many dimensions begins: the best point along a climb, or the highest end of several, and a width for
 * every coordinate there. */
#ifndef ROVI_DIRECTIONS_LAUNCH_H
#define ROVI_DIRECTIONS_LAUNCH_H

#include "base/settings.h"
#include "climb/ascent.h"
#include "directions/average.h"

struct launch {
    const struct progress *progress;
    struct average *average; /* borrowed */
    size_t dim;
    struct ascent ascent;
    struct ascent_path path;
    double *x, *top, *scale, *work; /* d each, and what the curvature needs */
    double *zero;                   /* 2 d */
    double *gradient;               /* 2 d */
};

/* Takes its memory from the arena, which may fail: O(d). */
void launch_init(struct launch *l, struct arena *arena, const struct progress *progress, struct average *average);

/* Center and scale of q (compact, its maps the identity) become those of the best of the points along a climb, from
 * scattered start `index`; those of the seeds 2k and 2k + 1 are opposite each other. False when the target rejects all
 * of them, or the supervisor ended it. */
bool launch_run(struct launch *l, const rovi_settings *settings, uint64_t seed, size_t index, rovi_approximation *q);

/* The same at the highest of the ends of several climbs, and narrow: for where widths that the curvature shows at the
 * end of one climb lead away from the mass. */
bool launch_highest(struct launch *l, const rovi_settings *settings, uint64_t seed, rovi_approximation *q);

/* The same at x (d), without a climb. */
bool launch_at(struct launch *l, const double *x, uint64_t seed, rovi_approximation *q);

#endif
