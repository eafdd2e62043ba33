/* SPDX-License-Identifier: BSD-3-Clause */
/* How low the target's density falls on the straight line between two points. */
#ifndef ROVI_CLIMB_SEGMENT_H
#define ROVI_CLIMB_SEGMENT_H

#include "base/arena.h"
#include "target/meter.h"

struct segment {
    struct meter *meter;
    double *points, *logp; /* those looked at */
    double *scratch;
};

/* Takes memory from the arena, which may fail. */
void segment_init(struct segment *s, struct arena *arena, struct meter *meter);

/* The log density at the lowest of 15 points evenly spaced inside the segment from a to b (d each), -infinity when all
 * are rejected. The point itself into `lowest` (d), unless that is NULL. */
double segment_lowest(struct segment *s, const double *a, const double *b, double *lowest);

#endif
