/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether two points lie in one mode of the target: joined by a path along which its density does not fall far. */
#ifndef ROVI_CLIMB_VALLEY_H
#define ROVI_CLIMB_VALLEY_H

#include "climb/ascent.h"
#include "climb/segment.h"

#define VALLEY_BENDS 5 /* times that a path is halved */

struct valley {
    const struct progress *progress; /* of the target; its meter counts */
    size_t dim;
    size_t climbs;          /* of the present path */
    struct metric metric;   /* of the planes and of climbs */
    double *along, *normal; /* d: a segment, and of the plane across it that a climb is held to */
    double *bend;           /* (VALLEY_BENDS + 1) x d */
    struct segment segment;
    struct rovi_target view; /* the target in that plane */
    struct meter meter;
    struct progress in_plane;
    struct ascent ascent;
};

/* Takes memory from the arena, which may fail. Not to be moved. */
void valley_init(struct valley *v, struct arena *arena, const struct progress *progress, struct metric metric);

/* A point and its log density. */
struct place {
    const double *x;
    double logp;
};

/* Whether a and b are in one mode, as far as is found: false when every path from a to b falls below half of the lower
 * of their densities, *depth being by how many nats; INFINITY where that is not known, since no bend ended it. */
bool valley_joined(struct valley *v, struct place a, struct place b, double *depth);

#endif
